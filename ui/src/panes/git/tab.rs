//! The parts of the Git view.

/// A part of the Git view.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum GitTab {
    /// What changed since the last commit, and the commit box.
    #[default]
    Changes,
    /// Branches, tags, remotes and undo.
    Branches,
    /// The past of a prompt, a file or a row.
    History,
    /// Two revisions.
    Differences,
    /// A merge that waits for decisions.
    Merge,
}
