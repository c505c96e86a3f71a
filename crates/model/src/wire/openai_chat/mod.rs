//! The OpenAI chat completions wire, streamed and plain.
//!
//! Source: OpenAI API reference, "Create chat completion" and "Streaming". Many servers speak it, each a little its own
//! way: Azure OpenAI (its key goes elsewhere, its API version into the URL's query), OpenRouter, vLLM, llama.cpp,
//! Ollama, LM Studio, and the gateways before other models.
//!
//! A streamed reply is complete when a finish reason was seen and `[DONE]` closed the stream; a plain one when it is
//! whole JSON with a finish reason. Anything less is [`crate::FailureKind::Truncated`].
//!
//! | `finish_reason` | [`Finish`] |
//! |---|---|
//! | `stop` | [`Finish::Stop`]; [`Finish::Refusal`] when there is a `refusal` and no content |
//! | `length` | [`Finish::Length`] |
//! | `tool_calls`, `function_call` | [`Finish::ToolCalls`] |
//! | `content_filter` | [`Finish::ContentFilter`] |
//! | `error` (OpenRouter) | a failure, as is a choice with an `error` |
//! | others | [`Finish::Other`] |
//!
//! | [`Usage`] | from |
//! |---|---|
//! | input | `prompt_tokens`, which holds the cached ones |
//! | output | `completion_tokens`, which holds those of reasoning; where it does not (xAI, some gateways to Gemini), with them: see [`output_of`] |
//! | cached | `prompt_tokens_details.cached_tokens` |
//! | cache_write | `prompt_tokens_details.cache_write_tokens` |
//! | reasoning | `completion_tokens_details.reasoning_tokens` |

mod body;
mod message;
mod plain;
mod stream;

use assay_net::Url;
use serde_json::Value;

use super::{Address, Assembly, ModelPage, Wire, says_something};
use crate::{Content, Failure, Finish, Request, Setting, Unsupported, Usage};

pub(super) const NAME: &str = "openai-chat";

/// The protocol, as one server speaks it.
#[derive(Debug, Clone)]
pub(super) struct OpenAiChat {
    limit: LimitField,
}

/// The field that carries the token limit. Source: OpenAI API reference, "Create chat completion": `max_tokens` is
/// "deprecated in favor of `max_completion_tokens`, and is not compatible with o-series models". Servers that imitate
/// OpenAI may know `max_tokens` only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LimitField {
    /// `max_tokens`.
    Old,
    /// `max_completion_tokens`.
    New,
    /// An Azure deployment behind an API version, of which the older ones take the new name for reasoning models only.
    /// The deployment's name, which is the user's, may tell.
    ByModel,
}

/// The hosts of Azure OpenAI: the service's own, and those of the resources that it has become a part of.
const AZURE: [&str; 3] =
    [".openai.azure.com", ".services.ai.azure.com", ".cognitiveservices.azure.com"];

impl OpenAiChat {
    pub fn at(base_url: &Url) -> OpenAiChat {
        let host = base_url.host_str().unwrap_or_default();
        let is_azure = AZURE.iter().any(|domain| host.ends_with(domain));
        let path = base_url.path();
        let limit = match () {
            () if host == "api.openai.com" => LimitField::New,
            () if is_azure && path.starts_with("/openai/v1") => LimitField::New,
            () if is_azure && path.starts_with("/openai/deployments/") => LimitField::ByModel,
            () => LimitField::Old,
        };
        OpenAiChat { limit }
    }

    /// Whether the limit of a request goes by its new name.
    fn limit_is_renamed(&self, model: &str) -> bool {
        match self.limit {
            LimitField::Old => false,
            LimitField::New => true,
            LimitField::ByModel => is_reasoning_model(model),
        }
    }

    /// What it has no word for: OpenAI's own servers refuse what many of the others take.
    fn lacks(&self) -> &'static [Setting] {
        if self.limit == LimitField::Old { &[] } else { &[Setting::TopK] }
    }
}

/// Whether a name says that it is one of OpenAI's reasoning models, alone or among other words: `gpt-5-nano`,
/// `our-o3-mini`.
fn is_reasoning_model(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
    words.any(|word| ["o1", "o3", "o4", "gpt5"].contains(&word)) || name.contains("gpt-5")
}

impl Wire for OpenAiChat {
    fn name(&self) -> &'static str {
        NAME
    }

    fn address(&self, _model: &str, _stream: bool) -> Result<Address, Unsupported> {
        Ok(Address::of(&["chat", "completions"]))
    }

    /// An Azure deployment is one model, and has no list below it.
    fn models_url(&self, base_url: &Url) -> Option<Url> {
        (self.limit != LimitField::ByModel).then(|| Address::of(&["models"]).below(base_url))
    }

    fn takes(&self, setting: Setting) -> bool {
        !self.lacks().contains(&setting)
    }

    fn sends(&self, field: &str) -> bool {
        !body::RESERVED.contains(&field)
    }

    fn body(&self, request: &Request, stream: bool) -> Result<Vec<u8>, Unsupported> {
        request.refuse(NAME, self.lacks())?;
        Ok(body::encode(request, stream, self.limit_is_renamed(&request.model)))
    }

    fn assembly(&self) -> Box<dyn Assembly> {
        Box::<stream::Parts>::default()
    }

    fn decode(&self, raw: &[u8]) -> Result<Content, Failure> {
        plain::decode(raw)
    }

    fn decode_models(&self, raw: &[u8]) -> Result<ModelPage, Failure> {
        super::decode_model_ids(raw, "after")
    }
}

fn finish_of(reason: &str) -> Finish {
    match reason {
        "stop" => Finish::Stop,
        "length" => Finish::Length,
        "tool_calls" | "function_call" => Finish::ToolCalls,
        "content_filter" => Finish::ContentFilter,
        other => Finish::Other(other.to_owned()),
    }
}

/// The error of a choice that broke off, as OpenRouter reports it ("Errors and Debugging"): a finish reason of `error`,
/// with what has been said by then. Such a choice is no reply.
fn broken_off(reason: &str, error: Option<Value>) -> Option<Value> {
    let error = error.filter(says_something);
    error.or_else(|| (reason == "error").then_some(Value::Null))
}

fn usage_of(usage: &Value) -> Usage {
    let (read, written) = (&usage["prompt_tokens_details"], &usage["completion_tokens_details"]);
    Usage {
        input: usage["prompt_tokens"].as_u64(),
        output: output_of(usage),
        cached: read["cached_tokens"].as_u64(),
        cache_write: read["cache_write_tokens"].as_u64(),
        reasoning: written["reasoning_tokens"].as_u64(),
    }
}

/// The tokens generated. OpenAI counts those of reasoning among `completion_tokens`; xAI counts them beside, and tells
/// them in `total_tokens` and in the details; Google's endpoint of this wire tells them in `total_tokens` alone. So the
/// largest of what the three come to holds.
fn output_of(usage: &Value) -> Option<u64> {
    let completion = usage["completion_tokens"].as_u64()?;
    let reasoning = usage["completion_tokens_details"]["reasoning_tokens"].as_u64().unwrap_or(0);
    let beside =
        if reasoning > completion { completion.saturating_add(reasoning) } else { completion };
    let rest = match (usage["total_tokens"].as_u64(), usage["prompt_tokens"].as_u64()) {
        (Some(total), Some(prompt)) => total.saturating_sub(prompt),
        _ => 0,
    };
    Some(beside.max(rest))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_token_limit_goes_by_the_name_that_the_server_takes() {
        let renamed = |base_url: &str, model: &str| {
            OpenAiChat::at(&Url::parse(base_url).expect("a URL")).limit_is_renamed(model)
        };
        // Names of deployments are their owner's, so they tell nothing.
        for base_url in [
            "https://api.openai.com/v1",
            "https://r.openai.azure.com/openai/v1",
            "https://r.services.ai.azure.com/openai/v1/",
            "https://r.cognitiveservices.azure.com/openai/v1",
        ] {
            assert!(
                ["gpt-4o", "o3-mini", "our-thinker"].iter().all(|model| renamed(base_url, model))
            );
        }
        let deployment = "https://r.openai.azure.com/openai/deployments/d?api-version=2024-06-01";
        for (model, expected) in
            [("gpt-4o", false), ("chatty", false), ("our-O3-mini", true), ("gpt-5-nano", true)]
        {
            assert_eq!(renamed(deployment, model), expected, "{model}");
        }
        for imitator in [
            "http://localhost:11434/v1",
            "https://openrouter.ai/api/v1",
            "https://openai.azure.com.evil.example/openai/v1",
            "https://r.services.ai.azure.com/models",
        ] {
            assert!(!renamed(imitator, "o3-mini"), "{imitator}");
        }
    }

    #[test]
    fn an_azure_deployment_is_one_model_and_has_no_list() {
        let listed = |base_url: &str| {
            let base_url = Url::parse(base_url).expect("a URL");
            OpenAiChat::at(&base_url).models_url(&base_url).map(String::from)
        };
        assert_eq!(listed("https://r.openai.azure.com/openai/deployments/d?api-version=x"), None);
        let models = "https://r.openai.azure.com/openai/v1/models";
        assert_eq!(listed("https://r.openai.azure.com/openai/v1").as_deref(), Some(models));
    }

    #[test]
    fn tokens_of_reasoning_are_output_wherever_a_server_counts_them() {
        let check = |server: &str, usage: Value, output: Option<u64>| {
            assert_eq!(usage_of(&usage).output, output, "{server}");
        };
        check(
            "OpenAI",
            json!({"prompt_tokens": 12, "completion_tokens": 387, "total_tokens": 399,
                "completion_tokens_details": {"reasoning_tokens": 386}}),
            Some(387),
        );
        check(
            "xAI",
            json!({"prompt_tokens": 12, "completion_tokens": 1, "total_tokens": 399,
                "completion_tokens_details": {"reasoning_tokens": 386}}),
            Some(387),
        );
        check(
            "a proxy before xAI that adds up for itself",
            json!({"prompt_tokens": 12, "completion_tokens": 1, "total_tokens": 13,
                "completion_tokens_details": {"reasoning_tokens": 386}}),
            Some(387),
        );
        check(
            "Gemini's endpoint of this wire",
            json!({"prompt_tokens": 9, "completion_tokens": 40, "total_tokens": 249}),
            Some(240),
        );
        check("no total", json!({"prompt_tokens": 9, "completion_tokens": 40}), Some(40));
        check(
            "a small total",
            json!({"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 1}),
            Some(4),
        );
        check("no count of its own", json!({"prompt_tokens": 9, "total_tokens": 20}), None);
    }
}
