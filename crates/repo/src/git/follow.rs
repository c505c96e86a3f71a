//! Progress of long commands, and stopping them.

/// What a long command is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Looking for the other side.
    Connecting,
    /// Objects arrive.
    Receiving,
    /// Objects that arrived are put together.
    Resolving,
    /// Objects are sent.
    Sending,
    /// Files of the worktree are written.
    CheckingOut,
    /// Commits are read into the index of the history.
    Reading,
}

/// How far a long command is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What it does.
    pub stage: Stage,
    /// How many objects, files or commits are done.
    pub done: u64,
    /// Of how many; 0 while that is not known.
    pub total: u64,
    /// How many bytes came or went, where that is counted.
    pub bytes: u64,
}

impl Progress {
    /// A stage that counts no bytes.
    pub(crate) fn of(stage: Stage, done: u64, total: u64) -> Self {
        Self { stage, done, total, bytes: 0 }
    }
}

/// Whoever follows a long command. Called often, on the thread of the command.
pub trait Follow {
    /// How far it is.
    fn progress(&self, progress: Progress);

    /// Whether to stop at the next chance.
    fn is_cancelled(&self) -> bool;
}

/// Nobody follows, and nobody stops it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unfollowed;

impl Follow for Unfollowed {
    fn progress(&self, _: Progress) {}

    fn is_cancelled(&self) -> bool {
        false
    }
}
