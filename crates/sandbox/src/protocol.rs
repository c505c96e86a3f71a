//! What goes between the worker and whoever asks it: one JSON text on a line, each way.

use std::io::{self, BufRead, Read};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{SandboxError, Verdict};

/// Bytes of a request: an answer and a case are thousands, rarely more.
pub(crate) const MOST_ASKED: usize = 8 << 20;
/// Bytes of a reply. A reason is cut long before.
pub(crate) const MOST_SAID: usize = 64 << 10;

/// A script, and what it is to judge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The script's text.
    pub script: String,
    /// What it may look at.
    pub facts: Facts,
}

/// One answer, and what a script may know about it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// The model's answer, as received.
    pub output: String,
    /// The case's inputs.
    pub inputs: Map<String, Value>,
    /// What the case expects; null where it expects nothing.
    pub expected: Value,
    /// How long the answer took, in milliseconds, when that is known.
    pub latency_ms: Option<u64>,
    /// What it cost in US dollars, when the price is known.
    pub cost: Option<f64>,
}

/// What the worker says to a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Reply {
    /// The script's verdict.
    Verdict(Verdict),
    /// Why there is none.
    Failed(String),
}

impl Reply {
    pub fn into_result(self) -> Result<Verdict, SandboxError> {
        match self {
            Reply::Verdict(verdict) => Ok(verdict),
            Reply::Failed(reason) => Err(SandboxError::Script(reason)),
        }
    }
}

/// A request as it goes out.
pub(crate) fn line(request: &impl Serialize) -> Result<Vec<u8>, SandboxError> {
    let mut line =
        serde_json::to_vec(request).map_err(|e| SandboxError::Unreadable(e.to_string()))?;
    if line.len() >= MOST_ASKED {
        return Err(SandboxError::TooLong { bytes: line.len(), most: MOST_ASKED });
    }
    line.push(b'\n');
    Ok(line)
}

/// The next line, `None` at the end.
///
/// # Errors
/// When a line is longer than it may be: nothing behind it can be read either.
pub(crate) fn read_line(input: &mut impl BufRead, most: usize) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    input.take(most as u64).read_until(b'\n', &mut line)?;
    match line.pop() {
        None => Ok(None),
        Some(b'\n') => Ok(Some(line)),
        Some(_) => Err(io::Error::new(io::ErrorKind::InvalidData, "a line without an end")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn lines_come_one_by_one_and_no_longer_than_they_may_be() {
        let mut input = &b"one\n\ntwo\n"[..];
        let mut next = || read_line(&mut input, 10).unwrap();
        assert_eq!([next(), next()], [Some(b"one".to_vec()), Some(Vec::new())]);
        assert_eq!([next(), next()], [Some(b"two".to_vec()), None]);
        assert!(read_line(&mut &b"far too long\n"[..], 5).is_err());
        assert!(read_line(&mut &b"cut off"[..], 100).is_err());
    }

    #[test]
    fn what_is_too_long_is_not_sent() {
        let facts = Facts { output: "x".repeat(MOST_ASKED), ..Facts::default() };
        let refused = line(&Request { script: String::new(), facts }).unwrap_err();
        assert!(matches!(refused, SandboxError::TooLong { .. }), "{refused}");
    }
}
