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
//! | others | [`Finish::Other`] |
//!
//! | [`Usage`] | from |
//! |---|---|
//! | input | `prompt_tokens`, which holds the cached ones |
//! | output | `completion_tokens`, which holds those of reasoning |
//! | cached | `prompt_tokens_details.cached_tokens` |
//! | cache_write | `prompt_tokens_details.cache_write_tokens` |
//! | reasoning | `completion_tokens_details.reasoning_tokens` |

mod body;
mod message;
mod plain;
mod stream;

use assay_net::Url;
use serde_json::Value;

use super::{Address, Assembly, Wire};
use crate::{Content, Failure, Finish, Request, Unsupported, Usage};

pub(super) const NAME: &str = "openai-chat";

/// The protocol, as one server speaks it.
#[derive(Debug, Clone)]
pub(super) struct OpenAiChat {
    /// OpenAI's own servers rename a field for their reasoning models; its imitators do not.
    is_openai: bool,
}

impl OpenAiChat {
    pub fn at(base_url: &Url) -> OpenAiChat {
        let host = base_url.host_str().unwrap_or_default();
        OpenAiChat { is_openai: host == "api.openai.com" || host.ends_with(".openai.azure.com") }
    }
}

impl Wire for OpenAiChat {
    fn name(&self) -> &'static str {
        NAME
    }

    fn address(&self, _model: &str, _stream: bool) -> Result<Address, Unsupported> {
        Ok(Address::of(&["chat", "completions"]))
    }

    fn models_address(&self) -> Option<Address> {
        Some(Address::of(&["models"]))
    }

    fn body(&self, request: &Request, stream: bool) -> Result<Vec<u8>, Unsupported> {
        Ok(body::encode(request, stream, self.is_openai))
    }

    fn assembly(&self) -> Box<dyn Assembly> {
        Box::<stream::Parts>::default()
    }

    fn decode(&self, raw: &[u8]) -> Result<Content, Failure> {
        plain::decode(raw)
    }

    fn decode_models(&self, raw: &[u8]) -> Result<Vec<String>, Failure> {
        super::decode_model_ids(raw)
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

fn usage_of(usage: &Value) -> Usage {
    let (read, written) = (&usage["prompt_tokens_details"], &usage["completion_tokens_details"]);
    Usage {
        input: usage["prompt_tokens"].as_u64(),
        output: usage["completion_tokens"].as_u64(),
        cached: read["cached_tokens"].as_u64(),
        cache_write: read["cache_write_tokens"].as_u64(),
        reasoning: written["reasoning_tokens"].as_u64(),
    }
}
