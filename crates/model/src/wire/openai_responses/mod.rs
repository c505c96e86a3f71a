//! The OpenAI Responses wire, streamed and plain.
//!
//! Source: OpenAI API reference, "Create a model response" and "Streaming events". `store` is `false` in every request,
//! because the server would keep the exchange otherwise.
//!
//! A streamed reply is complete when `response.completed` or `response.incomplete` came, and is read from the whole
//! response that this event holds; `response.failed` and `error` are failures. A plain reply is complete when its
//! `status` is one of those two. Anything less is [`crate::FailureKind::Truncated`].
//!
//! A seed, stop texts, a top-k, penalties and names of speakers cannot be said.
//!
//! | `status`, `incomplete_details.reason` | [`Finish`] |
//! |---|---|
//! | `completed` | [`Finish::ToolCalls`] when there are calls, [`Finish::Refusal`] when there is a refusal and no text, else [`Finish::Stop`] |
//! | `incomplete`, `max_output_tokens` | [`Finish::Length`] |
//! | `incomplete`, `content_filter` | [`Finish::ContentFilter`] |
//! | `incomplete`, others | [`Finish::Other`] |
//!
//! | [`Usage`] | from |
//! |---|---|
//! | input | `input_tokens`, which holds the cached ones |
//! | output | `output_tokens`, which holds those of reasoning |
//! | cached | `input_tokens_details.cached_tokens` |
//! | cache_write | `input_tokens_details.cache_write_tokens` |
//! | reasoning | `output_tokens_details.reasoning_tokens` |

mod body;
mod reply;
mod stream;

use serde_json::Value;

use super::{Address, Assembly, ModelPage, Wire};
use crate::{Content, Failure, Request, Setting, Unsupported, Usage};

pub(super) const NAME: &str = "openai-responses";

/// What it has no word for.
const LACKS: [Setting; 5] = [
    Setting::Seed,
    Setting::Stop,
    Setting::TopK,
    Setting::FrequencyPenalty,
    Setting::PresencePenalty,
];

/// The protocol.
#[derive(Debug, Clone)]
pub(super) struct OpenAiResponses;

impl Wire for OpenAiResponses {
    fn name(&self) -> &'static str {
        NAME
    }

    fn address(&self, _model: &str, _stream: bool) -> Result<Address, Unsupported> {
        Ok(Address::of(&["responses"]))
    }

    fn takes(&self, setting: Setting) -> bool {
        !LACKS.contains(&setting)
    }

    fn sends(&self, field: &str) -> bool {
        !body::RESERVED.contains(&field)
    }

    fn body(&self, request: &Request, stream: bool) -> Result<Vec<u8>, Unsupported> {
        body::encode(request, stream)
    }

    fn assembly(&self) -> Box<dyn Assembly> {
        Box::<stream::Parts>::default()
    }

    fn decode(&self, raw: &[u8]) -> Result<Content, Failure> {
        reply::decode(raw)
    }

    fn decode_models(&self, raw: &[u8]) -> Result<ModelPage, Failure> {
        super::decode_model_ids(raw, "after")
    }
}

fn usage_of(usage: &Value) -> Usage {
    let (read, written) = (&usage["input_tokens_details"], &usage["output_tokens_details"]);
    Usage {
        input: usage["input_tokens"].as_u64(),
        output: usage["output_tokens"].as_u64(),
        cached: read["cached_tokens"].as_u64(),
        cache_write: read["cache_write_tokens"].as_u64(),
        reasoning: written["reasoning_tokens"].as_u64(),
    }
}
