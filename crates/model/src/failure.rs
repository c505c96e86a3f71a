//! A call that gave no whole reply, as data: what happened, what came back, what it may have cost.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Rates, Unsupported};

/// Why there is no reply. A result like any other: stored, counted and shown with its reason. `Debug` shows the size of
/// the bytes only.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// The class, which decides what to do next.
    pub kind: FailureKind,
    /// For a person: who failed and how, with the server's own words where it gave any.
    pub message: String,
    /// The HTTP status, when an answer came; of an error inside a stream, the one that it stands for.
    pub status: Option<u16>,
    /// How long the server asks us to wait.
    pub retry_after: Option<Duration>,
    /// What was received of the body, as received (a key that a server echoes is taken out).
    pub raw: Vec<u8>,
    /// Whether the server may have done the work, and charged for it.
    pub maybe_billed: bool,
    /// The server's own name of the exchange, for questions to its makers.
    pub request_id: Option<String>,
    /// What the server says is left of its limits.
    pub rates: Box<Rates>,
}

/// The classes of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// No connection: no address, refused, no route, no trusted certificate.
    Unreachable,
    /// A limit of time was reached, ours or (408) the server's.
    TimedOut,
    /// The connection broke.
    Reset,
    /// The reply ended before it was complete.
    Truncated,
    /// Too many requests for now.
    RateLimited,
    /// The account or its day's allowance is used up: waiting a little does not help.
    QuotaExhausted,
    /// The key is missing, wrong, or not good for this (401, 403).
    Unauthorized,
    /// No such model or path (404).
    NotFound,
    /// The server or our own sender refused the request as it stands (other 4xx; a key bound elsewhere).
    Rejected,
    /// The server failed (5xx, or an error it reported inside a reply).
    ServerError,
    /// The server pointed elsewhere, and was not followed.
    Redirected,
    /// The reply passed a cap on size.
    TooLarge,
    /// What came back is not the protocol.
    Malformed,
    /// Given up by the caller.
    Cancelled,
}

impl FailureKind {
    /// A stable name, as in stored records: `rate_limited`.
    pub fn as_str(self) -> &'static str {
        match self {
            FailureKind::Unreachable => "unreachable",
            FailureKind::TimedOut => "timed_out",
            FailureKind::Reset => "reset",
            FailureKind::Truncated => "truncated",
            FailureKind::RateLimited => "rate_limited",
            FailureKind::QuotaExhausted => "quota_exhausted",
            FailureKind::Unauthorized => "unauthorized",
            FailureKind::NotFound => "not_found",
            FailureKind::Rejected => "rejected",
            FailureKind::ServerError => "server_error",
            FailureKind::Redirected => "redirected",
            FailureKind::TooLarge => "too_large",
            FailureKind::Malformed => "malformed",
            FailureKind::Cancelled => "cancelled",
        }
    }
}

impl Failure {
    /// A failure of the reply itself: the server took the request, so the work may be billed.
    pub fn of_reply(kind: FailureKind, message: impl Into<String>) -> Failure {
        Failure {
            kind,
            message: message.into(),
            status: None,
            retry_after: None,
            raw: Vec::new(),
            maybe_billed: true,
            request_id: None,
            rates: Box::default(),
        }
    }

    pub(crate) fn cancelled(sent: bool) -> Failure {
        Failure { maybe_billed: sent, ..Failure::of_reply(FailureKind::Cancelled, "cancelled") }
    }
}

/// A request that a wire cannot express is never sent.
impl From<Unsupported> for Failure {
    fn from(unsupported: Unsupported) -> Failure {
        Failure {
            maybe_billed: false,
            ..Failure::of_reply(FailureKind::Rejected, unsupported.to_string())
        }
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Failure { kind, message, status, retry_after, raw, maybe_billed, .. } = self;
        f.debug_struct("Failure")
            .field("kind", kind)
            .field("message", message)
            .field("status", status)
            .field("retry_after", retry_after)
            .field("raw", &format_args!("{} bytes", raw.len()))
            .field("maybe_billed", maybe_billed)
            .finish_non_exhaustive()
    }
}
