//! A protocol that the user declares: the code-free way to evaluate one's own application's endpoint.
//!
//! It is written in the user's own settings, never in a repository. A JSON template says what is sent, paths into the
//! reply say what is read:
//!
//! ```
//! # let spec: assay_model::wire::CustomSpec = serde_json::from_str(r#"
//! {
//!   "path": "ask",
//!   "request": {"question": "{{prompt}}", "options": {"model": "{{model}}", "limit": "{{max_output_tokens}}"}},
//!   "output": "/answer/text",
//!   "usage": {"input": "/tokens/in", "output": "/tokens/out"},
//!   "headers": {"x-tenant": "evaluation"}
//! }
//! # "#)?;
//! # assert_eq!(spec.check(), Ok(()));
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! Values are put into the template as JSON values, never into its text, so no prompt can change the form of a request
//! (see [`template`]). A path is a JSON Pointer (RFC 6901, `/answer/text`) or a JSONPath (RFC 9535, `$.answer.text`).
//!
//! A plain reply is complete when it is whole JSON in which `output`, and `finish` where it is declared, find something.
//! With `delta` the replies are
//! streams; such a stream is complete when its `closing_mark` came (`[DONE]` where none is named), or, where `finish` is
//! declared, when its body ended in good order and that path found something. To find `false`, 0, an empty text or the
//! text `null` is to find nothing: `"done": false` says that a reply is not finished. A server says that something went
//! wrong by its status, or by an `error` field that is none of those.
//!
//! The template is the user's word on what is sent: an option that it does not name is not sent. What a prompt is made
//! of is another matter: pictures, tools, or messages that the template has no place for are refused.

mod path;
mod reply;
mod template;

use std::collections::BTreeMap;

use assay_net::Url;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Address, Assembly, ModelPage, Wire, malformed, parse};
use crate::{Content, Failure, Request, Setting, Unsupported};
use path::Path;
use template::Template;

pub(super) const NAME: &str = "custom-http";

/// A declared protocol.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomSpec {
    /// What comes below the base URL, if anything: `v2/ask`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// The request's body, with placeholders: `{{messages}}`, `{{prompt}}`, `{{system}}`, `{{model}}`,
    /// `{{temperature}}`, `{{top_p}}`, `{{max_output_tokens}}`, `{{seed}}`, `{{stop}}`, `{{json_schema}}`,
    /// `{{reasoning_effort}}`, `{{stream}}`.
    pub request: Value,
    /// Where the text is in a whole reply.
    pub output: String,
    /// Where the text is in an event of a stream. Without it nothing is streamed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delta: Option<String>,
    /// Where the reason is for which the model stopped, in a whole reply and in an event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish: Option<String>,
    /// The payload that closes a stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closing_mark: Option<String>,
    /// Where tokens are counted, in a whole reply and in an event.
    #[serde(default, skip_serializing_if = "UsagePaths::is_empty")]
    pub usage: UsagePaths,
    /// Headers of every request. A key is none of them: it is kept apart, and bound to its origin.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
}

/// Where tokens are counted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsagePaths {
    /// The whole input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// The whole output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// Of the input, what came from a cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached: Option<String>,
}

/// What is wrong with a declaration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CustomSpecError {
    /// A path that is neither a pointer nor a JSONPath.
    #[error(
        "`{field}`: `{path}` is neither a JSON Pointer (`/a/b`) nor a JSONPath (`$.a.b`): {reason}"
    )]
    Path {
        /// The field of the declaration.
        field: &'static str,
        /// What stands there.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A placeholder of no known name.
    #[error("there is no placeholder `{{{{{name}}}}}`; there are {known}")]
    Placeholder {
        /// Its name.
        name: String,
        /// Those there are.
        known: String,
    },
    /// A list among other text: `"Say {{messages}}"`.
    #[error("`{{{{{name}}}}}` is no text and must stand alone in its quotes")]
    NotText {
        /// The placeholder.
        name: &'static str,
    },
    /// The template has no place for a prompt.
    #[error(
        "the request has neither `{{{{messages}}}}` nor `{{{{prompt}}}}`: nothing of a prompt would be sent"
    )]
    NoPrompt,
    /// The template is nested deeper than anything sensible.
    #[error("the request is nested too deeply")]
    TooDeep,
}

impl CustomSpec {
    /// Says what is wrong with the declaration, so that a person can put it right before it is used.
    pub fn check(&self) -> Result<(), CustomSpecError> {
        Custom::new(self.clone()).map(drop)
    }
}

impl UsagePaths {
    fn is_empty(&self) -> bool {
        *self == UsagePaths::default()
    }
}

/// The protocol, ready for use.
#[derive(Debug, Clone)]
pub(super) struct Custom {
    spec: CustomSpec,
    template: Template,
    paths: Paths,
}

#[derive(Debug, Clone)]
struct Paths {
    output: Path,
    delta: Option<Path>,
    finish: Option<Path>,
    input_tokens: Option<Path>,
    output_tokens: Option<Path>,
    cached_tokens: Option<Path>,
    closing_mark: String,
}

impl Custom {
    pub fn new(spec: CustomSpec) -> Result<Custom, CustomSpecError> {
        let template = Template::parse(&spec.request)?;
        let optional = |field, path: &Option<String>| {
            path.as_ref().map(|path| Path::parse(field, path)).transpose()
        };
        let paths = Paths {
            output: Path::parse("output", &spec.output)?,
            delta: optional("delta", &spec.delta)?,
            finish: optional("finish", &spec.finish)?,
            input_tokens: optional("usage.input", &spec.usage.input)?,
            output_tokens: optional("usage.output", &spec.usage.output)?,
            cached_tokens: optional("usage.cached", &spec.usage.cached)?,
            closing_mark: spec.closing_mark.clone().unwrap_or(crate::stream::DONE.to_owned()),
        };
        Ok(Custom { spec, template, paths })
    }
}

impl Wire for Custom {
    fn name(&self) -> &'static str {
        NAME
    }

    fn address(&self, _model: &str, _stream: bool) -> Result<Address, Unsupported> {
        let segments = self.spec.path.split('/').filter(|segment| !segment.is_empty());
        Ok(Address { segments: segments.map(str::to_owned).collect(), query: None })
    }

    fn models_url(&self, _base_url: &Url) -> Option<Url> {
        None
    }

    fn headers(&self) -> Vec<(&str, &str)> {
        self.spec.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    fn streams(&self) -> bool {
        self.paths.delta.is_some()
    }

    fn takes(&self, setting: Setting) -> bool {
        self.template.takes(setting)
    }

    fn sends(&self, _field: &str) -> bool {
        false
    }

    fn answers_before_work(&self) -> bool {
        false
    }

    fn body(&self, request: &Request, stream: bool) -> Result<Vec<u8>, Unsupported> {
        self.template.fill(request, stream)
    }

    fn assembly(&self) -> Box<dyn Assembly> {
        Box::new(reply::Parts::new(self.paths.clone()))
    }

    fn decode(&self, raw: &[u8]) -> Result<Content, Failure> {
        reply::of_whole(&self.paths, &parse(raw, "JSON")?)
    }

    fn decode_models(&self, _raw: &[u8]) -> Result<ModelPage, Failure> {
        Err(malformed("the protocol has no list of models"))
    }
}
