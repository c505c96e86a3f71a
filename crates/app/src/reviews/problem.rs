//! Failures of reviews, mapped once to code, message and hints.

use assay_repo::review::{GateError, KeyError, ReadError, SayError, SignError};
use assay_wire::{ApiError, Code};

use super::gate::hint;
use crate::error::Explain;

impl Explain for GateError {
    fn explain(self) -> ApiError {
        match self {
            Self::Read(error) => error.explain(),
            Self::Conflict { .. } => hinted(Code::Conflict, self.to_string(), "conflict"),
            Self::Closed => ApiError::new(Code::Conflict, self.to_string()),
            Self::Key(error) => error.explain(),
        }
    }
}

impl Explain for ReadError {
    fn explain(self) -> ApiError {
        match self {
            Self::Repo(error) => error.explain(),
            Self::Rules(_) => hinted(Code::BadInput, self.to_string(), "unreadable-rules"),
        }
    }
}

impl Explain for SayError {
    fn explain(self) -> ApiError {
        match self {
            Self::BrokenLog(_) => hinted(Code::Conflict, self.to_string(), "forked-log"),
            Self::Sign(SignError::Statement(refusal)) => {
                ApiError::new(Code::BadInput, refusal.to_string())
            }
            Self::Sign(SignError::Key(error)) => error.explain(),
            Self::Repo(error) => error.explain(),
        }
    }
}

impl Explain for KeyError {
    fn explain(self) -> ApiError {
        let error = ApiError::new(Code::BadInput, self.to_string());
        match self {
            Self::Unreadable { .. } | Self::Kind { .. } => {
                error.hint("Make one with: ssh-keygen -t ed25519")
            }
            Self::Locked | Self::WrongPassphrase => {
                error.hint("Give it to your agent (ssh-add PATH); Assay asks for no passphrase.")
            }
            Self::Signing { .. } => error.hint("Look whether your agent runs, and touch the key."),
        }
    }
}

fn hinted(code: Code, message: String, refusal: &str) -> ApiError {
    let error = ApiError::new(code, message);
    hint(refusal).into_iter().fold(error, ApiError::hint)
}
