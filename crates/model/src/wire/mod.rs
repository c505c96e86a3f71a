//! The wire protocols: pure functions from a request to bytes, and from bytes to a reply.
//!
//! A wire does no I/O, reads no clock and keeps nothing between two exchanges, so that everything it decides can be
//! tested on bytes alone. Sending, time limits, cancelling and the keeping of raw bytes are [`crate::Caller`]'s.
//!
//! Each module opens with its source, with what makes a reply complete, and with the tables from its own words for
//! finish reasons and usage to ours.

mod anthropic;
mod custom;
mod gemini;
mod openai_chat;
mod openai_responses;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use assay_net::{KeyPlace, Url};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::sse::Event;
use crate::{Content, Failure, FailureKind, Request, Setting, Unsupported, classify};
use anthropic::Anthropic;
use custom::Custom;
use gemini::Gemini;
use openai_chat::OpenAiChat;
use openai_responses::OpenAiResponses;

pub use anthropic::DEFAULT_MAX_TOKENS as ANTHROPIC_DEFAULT_MAX_TOKENS;
pub use custom::{CustomSpec, CustomSpecError, UsagePaths};

/// The protocols.
#[derive(Debug, Clone, PartialEq)]
pub enum WireKind {
    /// OpenAI chat completions, which many servers speak.
    OpenAiChat,
    /// OpenAI Responses.
    OpenAiResponses,
    /// Anthropic Messages.
    Anthropic,
    /// Gemini `generateContent`, of AI Studio and Vertex AI.
    Gemini,
    /// What the user declares.
    Custom(Box<CustomSpec>),
}

impl WireKind {
    /// A stable name, as in settings and stored records.
    pub fn as_str(&self) -> &'static str {
        match self {
            WireKind::OpenAiChat => openai_chat::NAME,
            WireKind::OpenAiResponses => openai_responses::NAME,
            WireKind::Anthropic => anthropic::NAME,
            WireKind::Gemini => gemini::NAME,
            WireKind::Custom(_) => custom::NAME,
        }
    }

    /// The protocol of a name, but for the one that has to be declared.
    pub fn named(name: &str) -> Option<WireKind> {
        let kinds = [
            WireKind::OpenAiChat,
            WireKind::OpenAiResponses,
            WireKind::Anthropic,
            WireKind::Gemini,
        ];
        kinds.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The header in which this protocol's own servers look for a key. The key itself says where it goes; this is for
    /// whoever binds it.
    pub fn key_place(&self) -> KeyPlace {
        match self {
            WireKind::OpenAiChat | WireKind::OpenAiResponses | WireKind::Custom(_) => {
                KeyPlace::Bearer
            }
            WireKind::Anthropic => KeyPlace::XApiKey,
            WireKind::Gemini => KeyPlace::XGoogApiKey,
        }
    }

    /// The protocol, as the server at `base_url` speaks it.
    ///
    /// # Errors
    /// When a custom protocol's declaration is wrong.
    pub fn wire(self, base_url: &Url) -> Result<Arc<dyn Wire>, CustomSpecError> {
        Ok(match self {
            WireKind::OpenAiChat => Arc::new(OpenAiChat::at(base_url)),
            WireKind::OpenAiResponses => Arc::new(OpenAiResponses),
            WireKind::Anthropic => Arc::new(Anthropic),
            WireKind::Gemini => Arc::new(Gemini),
            WireKind::Custom(spec) => Arc::new(Custom::new(*spec)?),
        })
    }
}

/// A protocol between us and a model's server.
pub trait Wire: fmt::Debug + Send + Sync {
    /// Its name, as [`WireKind::as_str`].
    fn name(&self) -> &'static str;

    /// Where a request for `model` goes.
    fn address(&self, model: &str, stream: bool) -> Result<Address, Unsupported>;

    /// Where the server at `base_url` has its list of models, if it has one.
    fn models_url(&self, base_url: &Url) -> Option<Url> {
        Some(Address::of(&["models"]).below(base_url))
    }

    /// Headers beside those that every request has.
    fn headers(&self) -> Vec<(&str, &str)> {
        Vec::new()
    }

    /// Whether replies can come piece by piece.
    fn streams(&self) -> bool {
        true
    }

    /// Whether a request can ask for this. What cannot be said is refused by [`Wire::body`].
    fn takes(&self, _setting: Setting) -> bool {
        true
    }

    /// Whether a field of [`Request::extra`] is sent. Those are not that the wire writes itself.
    fn sends(&self, field: &str) -> bool;

    /// Whether a streamed reply's headers come before its work, so that a connection lost before them has cost nothing.
    /// Only where that is known: else a repeat may be paid for twice.
    fn answers_before_work(&self) -> bool {
        true
    }

    /// The body of a request. Canonical: the same request gives the same bytes, so they can stand in a cache key.
    fn body(&self, request: &Request, stream: bool) -> Result<Vec<u8>, Unsupported>;

    /// Begins to put a streamed reply together.
    fn assembly(&self) -> Box<dyn Assembly>;

    /// Reads a reply that came all at once.
    fn decode(&self, raw: &[u8]) -> Result<Content, Failure>;

    /// Reads a page of the list of models.
    fn decode_models(&self, raw: &[u8]) -> Result<ModelPage, Failure>;
}

/// One page of a list of models.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ModelPage {
    /// The models' names, in the order of the list.
    pub names: Vec<String>,
    /// The parameter of the query that asks for the page after this one, if there is one.
    pub next: Option<(&'static str, String)>,
}

/// A streamed reply in the making.
pub trait Assembly: Send {
    /// Takes one event and hands over the text in it.
    fn take(&mut self, event: &Event, on_text: &mut dyn FnMut(&str)) -> Result<(), Failure>;

    /// Whether the closing mark has come. What follows it means nothing.
    fn is_done(&self) -> bool;

    /// The reply, if it is complete. The stream has ended.
    fn end(self: Box<Self>) -> Result<Content, Failure>;
}

/// A place below an endpoint's base URL.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Address {
    /// Path segments. Each is encoded as one, whatever characters it holds.
    pub segments: Vec<String>,
    /// A parameter of the query, after those of the base URL.
    pub query: Option<(&'static str, &'static str)>,
}

impl Address {
    pub(crate) fn of(segments: &[&str]) -> Address {
        Address { segments: segments.iter().map(ToString::to_string).collect(), query: None }
    }

    /// The place as a URL. The query of `base`, where an API's version may stand, is kept.
    pub fn below(&self, base: &Url) -> Url {
        let mut url = base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(&self.segments);
        }
        if let Some((name, value)) = self.query {
            url.query_pairs_mut().append_pair(name, value);
        }
        url
    }
}

/// Reads a body as JSON, or says why it is none. A byte order mark before it is passed over.
fn parse<'a, T: Deserialize<'a>>(raw: &'a [u8], what: &str) -> Result<T, Failure> {
    let body = raw.strip_prefix(b"\xef\xbb\xbf").unwrap_or(raw);
    serde_json::from_slice(body).map_err(|error| not_a_reply(body, what, &error))
}

/// Why a body is no reply. An array of one error object is how Gemini's endpoints may report.
fn not_a_reply(body: &[u8], what: &str, error: &serde_json::Error) -> Failure {
    if body.trim_ascii().is_empty() {
        return Failure::of_reply(FailureKind::Malformed, "the reply is empty");
    }
    if error.is_eof() {
        return Failure::of_reply(FailureKind::Truncated, "the reply ends in the middle");
    }
    match serde_json::from_slice::<Value>(body) {
        Ok(value) if has_error(&value) => classify::of_reported(&value, false),
        Ok(_) => {
            Failure::of_reply(FailureKind::Malformed, format!("the reply is not {what}: {error}"))
        }
        Err(error) => {
            Failure::of_reply(FailureKind::Malformed, format!("the reply is not JSON: {error}"))
        }
    }
}

/// Whether JSON that should be a reply, or a piece of one, is an error object, alone or first in a list.
fn has_error(value: &Value) -> bool {
    let error = value.get("error").or_else(|| value.pointer("/0/error"));
    error.is_some_and(says_something)
}

/// Whether a field that stands for a state says that there is one. Servers that write every field in every event deny
/// a state in many ways; `"null"` is DashScope's.
fn says_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => says(text),
        Value::Bool(true) | Value::Array(_) | Value::Object(_) => true,
    }
}

fn malformed(message: impl Into<String>) -> Failure {
    Failure::of_reply(FailureKind::Malformed, message)
}

fn truncated(message: impl Into<String>) -> Failure {
    Failure::of_reply(FailureKind::Truncated, message)
}

/// A word for why a model stopped, if it is one: servers that write every field in every piece of a reply leave it empty
/// until there is a reason.
fn reason(word: Option<String>) -> Option<String> {
    word.filter(|word| says(word))
}

fn says(text: &str) -> bool {
    !["", "null", "false"].contains(&text.trim())
}

/// The names of models as OpenAI lists them, and whoever copied it: `{"data": [{"id": …}]}`. Where there are more, they
/// come `after` the last of these.
fn decode_model_ids(raw: &[u8], after: &'static str) -> Result<ModelPage, Failure> {
    #[derive(Deserialize)]
    struct Models {
        data: Option<Vec<Model>>,
        #[serde(default)]
        has_more: Value,
        #[serde(default)]
        last_id: Value,
    }
    #[derive(Deserialize)]
    struct Model {
        id: String,
    }
    let models: Models = parse(raw, "a list of models")?;
    let names: Vec<String> = models.data.into_iter().flatten().map(|model| model.id).collect();
    let last = models.last_id.as_str().or(names.last().map(String::as_str)).map(str::to_owned);
    let next = last.filter(|_| models.has_more == true).map(|last| (after, last));
    Ok(ModelPage { names, next })
}

/// The further fields of a request, but for those that a wire writes itself, in the order of their names.
fn extra<'a>(request: &'a Request, reserved: &[&str]) -> BTreeMap<&'a str, &'a Value> {
    let fields = request.extra.iter().map(|(name, value)| (name.as_str(), value));
    fields.filter(|(name, _)| !reserved.contains(name)).collect()
}

fn to_bytes(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).expect("text, numbers and JSON values always serialise")
}

/// A tool's arguments as the object they should be. None at all are an empty one.
fn arguments(text: &str) -> Option<Value> {
    let text = if text.trim().is_empty() { "{}" } else { text };
    serde_json::from_str(text).ok().filter(Value::is_object)
}

/// Whether an event's payload is an error object.
fn reports_error(data: &str) -> bool {
    serde_json::from_str(data).is_ok_and(|value| has_error(&value))
}

/// The sum of counts of which each may be missing, but none be nonsense. Nothing at all is no count.
fn sum<'a>(counts: impl IntoIterator<Item = &'a Value>) -> Option<u64> {
    let told: Vec<&Value> = counts.into_iter().filter(|count| !count.is_null()).collect();
    let sum = || told.iter().try_fold(0_u64, |sum, count| sum.checked_add(count.as_u64()?));
    if told.is_empty() { None } else { sum() }
}

/// A text, or nothing where there is none.
fn non_empty(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_put_below_the_base_url_and_its_query_is_kept() {
        let check = |base: &str, expected: &str| {
            let address = Address::of(&["chat", "completions"]);
            assert_eq!(address.below(&Url::parse(base).expect("a URL")).as_str(), expected);
        };
        check("https://api.openai.com/v1", "https://api.openai.com/v1/chat/completions");
        check("https://api.openai.com/v1/", "https://api.openai.com/v1/chat/completions");
        check("http://127.0.0.1:8080", "http://127.0.0.1:8080/chat/completions");
        check(
            "https://a.openai.azure.com/openai/deployments/d?api-version=2024-10-21",
            "https://a.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-10-21",
        );
    }

    #[test]
    fn a_parameter_joins_those_of_the_base_url() {
        let address = Address { query: Some(("alt", "sse")), ..Address::of(&["x"]) };
        let at = |base: &str| address.below(&Url::parse(base).expect("a URL")).to_string();
        assert_eq!(at("https://a.example/v1?key=k"), "https://a.example/v1/x?key=k&alt=sse");
        assert_eq!(at("https://a.example/v1"), "https://a.example/v1/x?alt=sse");
    }
}
