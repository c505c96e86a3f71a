//! The one error type that crosses: what happened, to what, and what to do next.

use serde::{Deserialize, Serialize};

/// An error as a person meets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiError {
    /// What kind of thing went wrong; callers branch on this, never on the message.
    pub code: Code,
    /// What happened, and to what.
    pub message: String,
    /// What to do next, a sentence each.
    pub hints: Vec<String>,
}

impl ApiError {
    /// An error without hints.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hints: Vec::new() }
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ApiError {}

/// What kind of thing went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// No command of that name.
    UnknownCommand,
    /// The arguments do not fit the command, or name something that is not there.
    BadInput,
    /// The folder is not a git repository.
    NotARepository,
    /// No workspace is open.
    NoWorkspace,
    /// The prompt, variant, case, run, cell or file named does not exist.
    NotFound,
    /// The prompt cannot be used as it stands; the message says where.
    InvalidPrompt,
    /// No model that could run is there.
    NoModel,
    /// The model's host cannot be reached, or answers with an error.
    ModelUnavailable,
    /// The repository is not trusted and the person has not consented.
    NotTrusted,
    /// The file changed on disk since it was read.
    Conflict,
    /// The file or folder cannot be written.
    ReadOnly,
    /// The disk is full.
    DiskFull,
    /// Git refused, for example because nothing changed or another program holds the lock.
    Git,
    /// The database cannot be used.
    Storage,
    /// A defect of Assay.
    Internal,
}
