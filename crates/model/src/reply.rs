//! What a model answered, whole.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A reply that is known to be complete. `Debug` shows the size of the bytes only.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// The text of the first choice.
    pub text: String,
    /// Why the model stopped.
    pub finish: Finish,
    /// Tokens, as far as the server told.
    pub usage: Usage,
    /// The body as received, before anything interpreted it. Should a server echo the key it was sent, the key is
    /// taken out; nothing else ever is.
    pub raw: Vec<u8>,
    /// From sending the request to the end of the reply, in milliseconds.
    pub latency_ms: u64,
    /// From sending the request to the first text, in milliseconds. `None` for a plain reply or one without text.
    pub first_token_ms: Option<u64>,
}

/// Why a model stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    /// It had said all, or came to a stop text.
    Stop,
    /// It reached the token limit.
    Length,
    /// It asks for tools to be called.
    ToolCalls,
    /// A filter ended the reply.
    ContentFilter,
    /// Another reason, in the server's word; `refusal` when the model declined in the wire's own field for that.
    Other(String),
}

/// Tokens of one exchange. A number that a server leaves out, or that makes no sense, is `None` and never 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens read, cached ones included.
    pub input: Option<u64>,
    /// Tokens generated, those of hidden reasoning included.
    pub output: Option<u64>,
    /// Tokens read from the server's cache.
    pub cached: Option<u64>,
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Reply { text, finish, usage, raw, latency_ms, first_token_ms } = self;
        f.debug_struct("Reply")
            .field("text", text)
            .field("finish", finish)
            .field("usage", usage)
            .field("raw", &format_args!("{} bytes", raw.len()))
            .field("latency_ms", latency_ms)
            .field("first_token_ms", first_token_ms)
            .finish()
    }
}
