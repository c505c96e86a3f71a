//! What a model answered, whole.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Rates, ToolCall};

/// A reply that is known to be complete. `Debug` shows the size of the bytes only.
#[derive(Clone, PartialEq)]
pub struct Reply {
    /// The text of the first choice. As in all that is kept of a reply, a key that a server echoes is taken out.
    pub text: String,
    /// Why the model stopped.
    pub finish: Finish,
    /// Tokens, as far as the server told.
    pub usage: Usage,
    /// The tools it asks for.
    pub tool_calls: Vec<ToolCall>,
    /// How likely each token of the text was, if that was asked for and told.
    pub logprobs: Option<Vec<TokenLogprob>>,
    /// What the model shows of its reasoning, which is no part of the text.
    pub reasoning: Option<String>,
    /// The server's own name of the exchange, for questions to its makers.
    pub request_id: Option<String>,
    /// What the server says is left of its limits.
    pub rates: Rates,
    /// The body as received, before anything interpreted it. Should a server echo the key it was sent, the key is
    /// taken out; nothing else ever is.
    pub raw: Vec<u8>,
    /// From sending the request to the end of the reply, in milliseconds.
    pub latency_ms: u64,
    /// From sending the request to the first text, in milliseconds. `None` for a plain reply or one without text.
    pub first_token_ms: Option<u64>,
}

/// A reply's meaning, without its bytes and times: what a wire reads out of a body.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Content {
    /// See [`Reply::text`].
    pub text: String,
    /// See [`Reply::finish`].
    pub finish: Finish,
    /// See [`Reply::usage`].
    pub usage: Usage,
    /// See [`Reply::tool_calls`].
    pub tool_calls: Vec<ToolCall>,
    /// See [`Reply::logprobs`].
    pub logprobs: Option<Vec<TokenLogprob>>,
    /// See [`Reply::reasoning`].
    pub reasoning: Option<String>,
}

/// Why a model stopped. Each wire's module has the table from its own words.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    /// It had said all, or came to a stop text.
    #[default]
    Stop,
    /// It reached the token limit.
    Length,
    /// It asks for tools to be called.
    ToolCalls,
    /// A filter ended the reply, or kept it from beginning.
    ContentFilter,
    /// The model declined, and said so in the wire's own way; the text is what it said.
    Refusal,
    /// Another reason, in the server's word.
    Other(String),
}

impl Finish {
    /// The word that is stored and shown: the OpenAI chat wire's where it has one.
    pub fn as_str(&self) -> &str {
        match self {
            Finish::Stop => "stop",
            Finish::Length => "length",
            Finish::ToolCalls => "tool_calls",
            Finish::ContentFilter => "content_filter",
            Finish::Refusal => "refusal",
            Finish::Other(word) => word,
        }
    }
}

/// Tokens of one exchange. A number that a server leaves out, or that makes no sense, is `None` and never 0.
///
/// Servers count in different ways; here `input` and `output` are always the whole, and the others parts of them. Each
/// wire's module says from which fields, with its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens read, those from and to the cache included.
    pub input: Option<u64>,
    /// Tokens generated, those of hidden reasoning included.
    pub output: Option<u64>,
    /// Of the input, tokens read from the server's cache.
    pub cached: Option<u64>,
    /// Of the input, tokens written to the server's cache, which some servers charge more for.
    pub cache_write: Option<u64>,
    /// Of the output, tokens of reasoning.
    pub reasoning: Option<u64>,
}

impl Usage {
    /// Whether the server counted anything, and so did something.
    pub(crate) fn is_told(&self) -> bool {
        *self != Usage::default()
    }

    /// These numbers without those that cannot be of this reply: nothing was read, or nothing generated and yet
    /// something said. A LiteLLM proxy tells such zeros where the server behind it told nothing.
    pub(crate) fn of_reply(self, says_something: bool) -> Usage {
        Usage {
            input: self.input.filter(|tokens| *tokens > 0),
            output: self.output.filter(|tokens| *tokens > 0 || !says_something),
            ..self
        }
    }

    /// These numbers, and those of `earlier` where these are missing: in a stream, the latest word counts.
    pub(crate) fn or(self, earlier: Usage) -> Usage {
        Usage {
            input: self.input.or(earlier.input),
            output: self.output.or(earlier.output),
            cached: self.cached.or(earlier.cached),
            cache_write: self.cache_write.or(earlier.cache_write),
            reasoning: self.reasoning.or(earlier.reasoning),
        }
    }
}

/// How likely a token was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TokenLogprob {
    /// The token's text.
    pub token: String,
    /// The natural logarithm of its probability.
    pub logprob: f64,
    /// The likeliest tokens at its place, as far as they were asked for.
    pub top: Vec<(String, f64)>,
}

impl Content {
    /// Whether any token must have been generated for it.
    pub(crate) fn says_something(&self) -> bool {
        !self.text.is_empty() || !self.tool_calls.is_empty() || self.reasoning.is_some()
    }

    /// Whether the server itself says that it generated nothing, and yet calls that a reply which ended by itself. Even
    /// a model that has nothing to say ends with a token. A LiteLLM proxy makes such replies of streams that break off
    /// behind it before they begin.
    pub(crate) fn is_of_no_work(&self) -> bool {
        self.finish == Finish::Stop && !self.says_something() && self.usage.output == Some(0)
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("text", &self.text)
            .field("finish", &self.finish)
            .field("usage", &self.usage)
            .field("tool_calls", &self.tool_calls)
            .field("reasoning", &self.reasoning)
            .field("raw", &format_args!("{} bytes", self.raw.len()))
            .field("latency_ms", &self.latency_ms)
            .field("first_token_ms", &self.first_token_ms)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_of_0_tokens_that_cannot_be_is_not_known() {
        let none = Usage { input: Some(0), output: Some(0), ..Usage::default() };
        assert_eq!(none.of_reply(true), Usage::default());
        assert_eq!(none.of_reply(false).output, Some(0), "a filter may let nothing through");
        let some = Usage { input: Some(3), output: Some(1), cached: Some(0), ..Usage::default() };
        assert_eq!(some.of_reply(true), some);
    }

    #[test]
    fn a_reply_for_which_nothing_was_generated_is_of_no_work() {
        let nothing = Usage { output: Some(0), ..Usage::default() };
        let empty = Content { usage: nothing, ..Content::default() };
        assert!(empty.is_of_no_work());
        assert!(!Content::default().is_of_no_work(), "what is not counted may have been");
        assert!(!Content { finish: Finish::ContentFilter, ..empty.clone() }.is_of_no_work());
        assert!(!Content { text: "x".to_owned(), ..empty }.is_of_no_work());
    }

    #[test]
    fn a_call_or_a_thought_is_something_said() {
        assert!(!Content::default().says_something());
        let thought = Content { reasoning: Some("hm".to_owned()), ..Content::default() };
        assert!(thought.says_something());
        let called = Content { tool_calls: vec![ToolCall::default()], ..Content::default() };
        assert!(called.says_something());
    }
}
