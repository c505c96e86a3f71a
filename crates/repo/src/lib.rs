//! The workspace's files, changes, commits and signed reviews, through git2.
//!
//! This crate owns the folder that holds what people decide: it finds the prompts in it, reads and
//! writes their files without ever losing one, tells what changed in the words of prompts, commits, and
//! keeps what people signed about them ([`review`]). Branches, remotes, history and undo are in [`git`].
//! It leaves the meaning of a prompt to `assay-prompt`, and everything measured to the store.
//!
//! A repository may come from anybody, so opening, reading and comparing one runs nothing of it: no
//! hooks, no filters, no credential helpers; no link is followed, and no file outside the folder is
//! opened. See [`Workspace`] for the door to all of it.
//!
//! ```
//! use assay_repo::{Identity, When, Workspace};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let now = When { seconds: 1_760_000_000, offset_minutes: 0 };
//! let ada = Identity { name: "Ada".into(), email: "ada@example.com".into() };
//! let files = [("hello.prompty".to_owned(), b"---\nname: hello\n---\nuser:\nHello!\n".to_vec())];
//! let workspace =
//!     Workspace::create(&folder.path().join("prompts"), &files, "start", now, Some(&ada))?;
//!
//! let hello = workspace.find_prompt("hello")?;
//! assert!(hello.lone);
//! let read = workspace.read_text(&hello.key)?;
//! workspace.write_text(&hello.key, &read.text.replace("Hello", "Good day"), Some(&read.digest))?;
//! assert_eq!(workspace.changes()?.len(), 1);
//! workspace.commit("greet politely", &[], now, Some(&ada))?;
//! assert_eq!(workspace.log(10)?[0].summary, "greet politely");
//! # Ok(())
//! # }
//! ```

mod between;
mod change;
mod commit;
mod compare;
mod discover;
mod edit;
mod error;
mod file;
mod filtered;
mod fsync;
pub mod git;
mod path;
pub mod review;
mod revision;
mod source;
mod staged;
mod survey;
mod watch;
mod workspace;

pub use change::{ChangeItem, FileChange, FileStatus, Subject, What, parse};
pub use commit::{CommitInfo, Identity, When, known_identity};
pub use discover::PromptKey;
pub use edit::Step;
pub use error::RepoError;
pub use file::{FileText, Listed, MAX_FILE, Written, create_files, digest};
pub use fsync::prepare;
pub use revision::Revision;
pub use survey::{Survey, Surveyed};
pub use watch::Watch;
pub use workspace::{Versions, Workspace};
