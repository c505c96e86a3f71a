//! Changes, diffs and commits.

use serde::{Deserialize, Serialize};

/// Asks what changed since the last commit.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReadChanges {}

/// What changed since the last commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangesView {
    /// Checked-out branch.
    pub branch: Option<String>,
    /// Changed files, by path.
    pub files: Vec<ChangedFile>,
}

/// A changed file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedFile {
    /// Path below the root.
    pub path: String,
    /// What happened to it.
    pub status: FileStatus,
    /// Key of the prompt it belongs to.
    pub prompt: Option<String>,
    /// What that means, in words of prompts.
    pub items: Vec<ChangedItem>,
}

/// What happened to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileStatus {
    /// New.
    Added,
    /// Different.
    Edited,
    /// Gone.
    Deleted,
    /// Moved.
    Renamed,
}

/// A change in words of prompts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedItem {
    /// `variant`, `example`, `case`, `schema`, `evals`, `manifest`, `repository` or `file`.
    pub subject: String,
    /// Which one.
    pub id: String,
    /// What happened to it.
    pub status: FileStatus,
    /// In words, such as `3 words added, 1 removed`.
    pub summary: String,
}

/// Asks for one file against the last commit.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReadDiff {
    /// Path below the root.
    pub path: String,
}

/// One file against the last commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffView {
    /// Path below the root.
    pub path: String,
    /// Parts of the file that changed, with three lines around them.
    pub hunks: Vec<DiffHunk>,
}

/// A part of a file that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffHunk {
    /// Its lines, old and new in reading order.
    pub lines: Vec<DiffLine>,
}

/// A line of a diff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffLine {
    /// Which side it is on.
    pub side: DiffSide,
    /// 1-based number in the old file.
    pub old: Option<u32>,
    /// 1-based number in the new file.
    pub new: Option<u32>,
    /// Its text.
    pub spans: Vec<DiffSpan>,
}

/// Which side a line is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DiffSide {
    /// On both.
    Both,
    /// Only in the last commit.
    Old,
    /// Only on disk.
    New,
}

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffSpan {
    /// The text.
    pub text: String,
    /// Colour role: `plain`, `keyword`, `string`, `number`, `comment`, `variable`, `tag`, `heading` or `punctuation`.
    pub role: String,
    /// This very word changed.
    pub changed: bool,
}

/// Commits.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Commit {
    /// The message; its first line is the summary.
    pub message: String,
    /// Paths below the root; everything that changed when empty.
    pub paths: Vec<String>,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitView {
    /// Its whole id.
    pub id: String,
    /// First line of the message.
    pub summary: String,
    /// Author's name.
    pub author: String,
    /// Seconds since 1970.
    pub time_s: i64,
}

/// Asks for the latest commits.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReadLog {
    /// At most so many.
    pub limit: u32,
}
