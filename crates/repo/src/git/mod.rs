//! What git does with branches, remotes and history, each as one command that can be taken back.
//!
//! Everything here works on an opened [`Workspace`](crate::Workspace). Three promises hold for all of it:
//!
//! - **Nothing of the repository runs.** No hook, filter, file-system monitor or text conversion: libgit2 knows none of
//!   them (and what a folder's hook guards is not sent there), and the one program that is started (`git credential`, for the user's own stores) is started where it
//!   cannot see the repository.
//! - **What changes something can be undone.** Each such command pins a snapshot first; when that fails the
//!   command is refused.
//! - **Nothing is half done where it can be helped.** A merge is made in memory, and conflicts come back as data while
//!   the worktree stays as it was.

mod address;
mod alone;
mod apart;
mod back;
mod branch;
mod checkout;
mod clone;
mod credential;
mod drafts;
mod error;
mod follow;
mod history;
mod hooks;
mod merge;
mod pin;
mod snapshot;
mod statements;
mod switch;
mod sync;
mod tag;
mod transfer;
mod undo;
mod worktrees;

pub use address::Address;
pub use branch::BranchInfo;
pub use clone::CloneRequest;
pub use error::GitError;
pub use follow::{Follow, Progress, Stage, Unfollowed};
pub use history::{
    Blame, BlameLine, BlameRow, Built, History, HistoryEntry, HistoryOf, RowChange, RowVersion,
};
pub(crate) use merge::{ByLines, merged_tree};
pub use merge::{
    ConflictFile, MergeRequest, Merged, Resolution, Resolutions, Side as MergeSide, TextMerge,
    TextMerger,
};
pub use statements::Statements;
pub use switch::{Drafts, Switched};
pub use sync::{Pushed, RemoteInfo, SyncRequest, Synced};
pub use tag::TagInfo;
pub use undo::{UndoStep, Undone};
