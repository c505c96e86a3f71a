//! Code that came with a repository, run where it can do no harm.
//!
//! A repository may bring its own scorers. Two kinds exist, and they are not alike:
//!
//! * **Rhai scripts** see one answer and say what it is worth. The language has no files, no
//!   network and no clock; a [`Sandbox`] runs it in a worker process that may use so much memory and
//!   time, opens nothing and knows no key. Nobody has to consent to that.
//! * **[Native scripts](native)**, the JavaScript and Python assertions of other tools, are programs
//!   with all that the user may do. They are only run when the user consented to exactly this text.
//!
//! The worker is the same program started again: whoever embeds this crate gives it a hidden command
//! that does nothing but call [`worker()`], and names that command in a [`WorkerProgram`].
//!
//! What a script says of an answer is a [`Verdict`]; that it says nothing usable is a
//! [`SandboxError`], which is never a pass and never a failure of the answer. Which scripts there
//! are, who consented to what, and what is done with a verdict is for others.
//!
//! ```
//! use assay_sandbox::{Facts, Request, Verdict, serve};
//!
//! let facts = Facts { output: "Paris".to_owned(), ..Facts::default() };
//! let request = Request { script: "output.len() < 10".to_owned(), facts };
//! let asked = serde_json::to_string(&request)? + "\n";
//! let mut replies = Vec::new();
//! serve(asked.as_bytes(), &mut replies)?;
//! assert!(String::from_utf8_lossy(&replies).contains("\"value\":1.0"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod limits;
pub mod native;
mod process;
mod protocol;
mod sandbox;
mod script;
mod verdict;
mod worker;

pub use process::WorkerProgram;
pub use protocol::{Facts, Request};
pub use sandbox::Sandbox;
pub use script::{ScriptProblem, check_script};
pub use verdict::Verdict;
pub use worker::{serve, worker};

use std::path::PathBuf;

use thiserror::Error;

/// Why a script said nothing usable.
#[derive(Debug, Error)]
pub enum SandboxError {
    /// A program could not be started.
    #[error("{}: could not be started: {source}", program.display())]
    NotStarted {
        /// Which.
        program: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The language of a native script is not installed.
    #[error("{0} is not installed, or not on the search path")]
    NoInterpreter(&'static str),
    /// It did not answer in time.
    #[error("the script took longer than {seconds} s and was stopped")]
    TooSlow {
        /// How long it was waited for.
        seconds: f64,
    },
    /// Its process ended without an answer.
    #[error("the script ended without an answer, as one does that needs too much memory")]
    Ended,
    /// What it is to judge is longer than a script may be given.
    #[error("the script and what it judges are {bytes} bytes, more than {most}")]
    TooLong {
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        most: usize,
    },
    /// What came back is none of the worker's replies.
    #[error("the reply of the script's process cannot be read: {0}")]
    Unreadable(String),
    /// The script itself failed, or said something that is no verdict.
    #[error("{0}")]
    Script(String),
}
