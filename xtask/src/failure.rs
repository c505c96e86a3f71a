//! Why a task stopped, in words that say what to do.

use std::path::PathBuf;

/// Why a task stopped.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A program ended with an error.
    #[error("`{command}` failed{}", exit_code(*.code))]
    Ended {
        /// As typed.
        command: String,
        /// Exit code, unless a signal ended it.
        code: Option<i32>,
    },
    /// A program could not be started.
    #[error("`{command}` could not be started: {source}")]
    NotStarted {
        /// As typed.
        command: String,
        /// Why.
        source: std::io::Error,
    },
    /// A file or folder could not be used.
    #[error("could not {what} {}: {source}", path.display())]
    Io {
        /// A verb: read, write, copy.
        what: &'static str,
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Set-up needs something it may not or cannot do itself.
    #[error("{what}\n\n    {command}\n\nThen start this again.")]
    Type {
        /// What is missing and why it was not put in place.
        what: String,
        /// What to type.
        command: String,
    },
    /// Anything else, said in full.
    #[error("{0}")]
    Said(String),
    /// Tests failed; which and how many was printed already.
    #[error("tests failed")]
    TestsFailed,
}

impl Failure {
    /// Wraps an I/O error with what was being done to which path.
    pub fn io(what: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { what, path, source }
    }
}

fn exit_code(code: Option<i32>) -> String {
    match code {
        Some(code) => format!(" (exit code {code})"),
        None => " (ended by a signal)".to_owned(),
    }
}
