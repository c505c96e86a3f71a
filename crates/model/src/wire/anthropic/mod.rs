//! The Anthropic Messages wire, streamed and plain.
//!
//! Source: Anthropic API reference, "Create a Message", "Streaming Messages", "Errors", "Structured outputs"; version
//! `2023-06-01`. The base URL is `https://api.anthropic.com/v1`.
//!
//! A streamed reply is complete when `message_stop` came after a stop reason; a plain one when it is whole JSON with a
//! stop reason. An `error` event may follow status 200 at any place, and is a failure.
//!
//! The wire demands a limit of tokens: where a request has none, [`DEFAULT_MAX_TOKENS`] is sent, and a reply that
//! reaches it says [`Finish::Length`]. Instructions stand apart from the conversation here, so they must come first in
//! it. A seed, penalties, the probabilities of tokens and names of speakers cannot be said.
//!
//! | `stop_reason` | [`Finish`] |
//! |---|---|
//! | `end_turn`, `stop_sequence` | [`Finish::Stop`] |
//! | `max_tokens`, `model_context_window_exceeded` | [`Finish::Length`] |
//! | `tool_use` | [`Finish::ToolCalls`] |
//! | `refusal` | [`Finish::Refusal`] |
//! | others (`pause_turn`) | [`Finish::Other`] |
//!
//! | [`Usage`] | from |
//! |---|---|
//! | input | `input_tokens` + `cache_creation_input_tokens` + `cache_read_input_tokens`: the first holds neither other |
//! | output | `output_tokens`, which holds those of thinking; cumulative in a stream, so the last word counts |
//! | cached | `cache_read_input_tokens` |
//! | cache_write | `cache_creation_input_tokens` |
//! | reasoning | `output_tokens_details.thinking_tokens`, from servers that tell |

mod body;
mod reply;
mod stream;

use assay_net::Url;
use serde_json::Value;

use super::{Address, Assembly, ModelPage, Wire};
use crate::{Content, Failure, Finish, Request, Setting, Unsupported, Usage};

pub use body::DEFAULT_MAX_TOKENS;

pub(super) const NAME: &str = "anthropic";

/// The version of the API that this module speaks.
const VERSION: (&str, &str) = ("anthropic-version", "2023-06-01");

/// What it has no word for.
const LACKS: [Setting; 4] =
    [Setting::Seed, Setting::Logprobs, Setting::FrequencyPenalty, Setting::PresencePenalty];

/// The protocol.
#[derive(Debug, Clone)]
pub(super) struct Anthropic;

impl Wire for Anthropic {
    fn name(&self) -> &'static str {
        NAME
    }

    fn address(&self, _model: &str, _stream: bool) -> Result<Address, Unsupported> {
        Ok(Address::of(&["messages"]))
    }

    fn models_url(&self, base_url: &Url) -> Option<Url> {
        let address = Address { query: Some(("limit", "1000")), ..Address::of(&["models"]) };
        Some(address.below(base_url))
    }

    fn headers(&self) -> Vec<(&str, &str)> {
        vec![VERSION]
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
        super::decode_model_ids(raw, "after_id")
    }
}

fn finish_of(reason: &str) -> Finish {
    match reason {
        "end_turn" | "stop_sequence" => Finish::Stop,
        "max_tokens" | "model_context_window_exceeded" => Finish::Length,
        "tool_use" => Finish::ToolCalls,
        "refusal" => Finish::Refusal,
        other => Finish::Other(other.to_owned()),
    }
}

fn usage_of(usage: &Value) -> Usage {
    let (read, written) =
        (&usage["cache_read_input_tokens"], &usage["cache_creation_input_tokens"]);
    let fresh = &usage["input_tokens"];
    Usage {
        // Without the fresh ones the others are no whole.
        input: fresh.as_u64().and_then(|_| super::sum([fresh, read, written])),
        output: usage["output_tokens"].as_u64(),
        cached: read.as_u64(),
        cache_write: written.as_u64(),
        reasoning: usage["output_tokens_details"]["thinking_tokens"].as_u64(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_whole_input_holds_what_the_cache_read_and_wrote() {
        let usage = json!({"input_tokens": 5, "cache_creation_input_tokens": 20,
            "cache_read_input_tokens": 300, "output_tokens": 7,
            "output_tokens_details": {"thinking_tokens": 3}});
        let expected = Usage {
            input: Some(325),
            output: Some(7),
            cached: Some(300),
            cache_write: Some(20),
            reasoning: Some(3),
        };
        assert_eq!(usage_of(&usage), expected);
        assert_eq!(
            usage_of(&json!({"input_tokens": 5, "cache_read_input_tokens": null})).input,
            Some(5)
        );
        assert_eq!(usage_of(&json!({"cache_read_input_tokens": 5})).input, None);
        assert_eq!(
            usage_of(&json!({"input_tokens": 5, "cache_read_input_tokens": "x"})).input,
            None
        );
    }
}
