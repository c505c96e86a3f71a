//! Changes, diffs and commits.

use std::collections::BTreeMap;

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

/// Asks what differs between two revisions, in words of prompts and of text.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReadDifference {
    /// An id, a branch, a tag, `HEAD~2`, …; the last commit when not given.
    pub base: Option<String>,
    /// The same; the files on disk when not given.
    pub head: Option<String>,
}

/// What differs between two revisions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DifferenceView {
    /// What the base is called.
    pub base: String,
    /// What the head is called.
    pub head: String,
    /// Files that differ, by path.
    pub files: Vec<FileDifference>,
}

/// A file that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileDifference {
    /// Which, and what changed in words of prompts.
    pub file: ChangedFile,
    /// Of examples and cases that both sides have: the fields that differ, word by word.
    pub fields: Vec<FieldDifference>,
    /// Parts of it that changed, with three lines around them; none for a file that is no text.
    pub hunks: Vec<DiffHunk>,
    /// Numbers of lines of the old file that stand elsewhere in the new one.
    pub moved_from: Vec<u32>,
    /// Numbers of lines of the new file that stood elsewhere in the old one.
    pub moved_to: Vec<u32>,
}

/// A field of an example or case that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldDifference {
    /// The row's id.
    pub row: String,
    /// The field, as `tags` or `input.ticket`.
    pub field: String,
    /// What it says; what is no text, as JSON.
    pub pieces: Vec<RenderedPiece>,
}

/// Asks what differs between the messages that two revisions would send.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReadRendered {
    /// An id, a branch, a tag, `HEAD~2`, …; the last commit when not given.
    pub base: Option<String>,
    /// The same; the files on disk when not given.
    pub head: Option<String>,
    /// Only these prompts, by name or key; all when empty.
    pub prompts: Vec<String>,
    /// Only these cases; when empty, of each variant the first case with other messages.
    pub cases: Vec<String>,
}

/// What differs between the messages of two revisions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenderedView {
    /// What the base is called.
    pub base: String,
    /// What the head is called.
    pub head: String,
    /// Variants and cases with other messages.
    pub changes: Vec<RenderedChange>,
    /// What could not be rendered, and why.
    pub left_out: Vec<String>,
}

/// The messages of one variant for one case, on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenderedChange {
    /// Key of the prompt.
    pub prompt: String,
    /// The variant.
    pub variant: String,
    /// The case.
    pub case: String,
    /// In reading order.
    pub messages: Vec<RenderedMessage>,
    /// How many more cases have other messages.
    pub more: u32,
}

/// A message of either side, or of both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenderedMessage {
    /// `system`, `user`, `assistant`, …
    pub role: String,
    /// On which side it stands.
    pub side: DiffSide,
    /// Its words; on both sides, those that differ are marked.
    pub pieces: Vec<RenderedPiece>,
}

/// Words of a message or field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenderedPiece {
    /// The text.
    pub text: String,
    /// On which side they stand.
    pub side: DiffSide,
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
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Commit {
    /// The message; its first line is the summary.
    pub message: String,
    /// Paths below the root; everything that changed when empty.
    pub paths: Vec<String>,
    /// Of these files only the rows of these ids; their other changes wait for a later commit.
    #[serde(default)]
    pub rows: BTreeMap<String, Vec<String>>,
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
