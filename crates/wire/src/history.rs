//! Who changed what and when, per prompt, row and line.

use serde::{Deserialize, Serialize};

use crate::CommitView;

/// Asks for the commits that touched a prompt, file or folder.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReadHistory {
    /// A prompt's name or key, or a path; the whole repository when not given.
    pub of: Option<String>,
    /// At most so many.
    pub limit: u32,
}

/// The history of a prompt, file or folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryView {
    /// The path that was looked at.
    pub path: String,
    /// Newest first.
    pub entries: Vec<HistoryLine>,
    /// Names it had before, newest first.
    pub earlier_names: Vec<String>,
    /// How many commits are left out beyond the limit.
    pub more: u32,
    /// The commits are still being read: ask again a little later.
    pub reading: bool,
}

/// A commit that touched what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryLine {
    /// The commit.
    pub commit: CommitView,
    /// Files that were touched.
    pub paths: Vec<String>,
}

/// Asks for the versions of one example or case.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReadRowHistory {
    /// The file it stands in.
    pub path: String,
    /// Its id.
    pub id: String,
    /// At most so many.
    pub limit: u32,
}

/// A version of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowVersionView {
    /// The commit that made it.
    pub commit: CommitView,
    /// `added`, `edited` or `removed`.
    pub change: String,
    /// The row as a line of JSON; none when it was removed.
    pub row: Option<String>,
}

/// Asks who wrote the parts of a file as it is in the last commit.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReadBlame {
    /// The file.
    pub path: String,
}

/// Who wrote the parts of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlameView {
    /// The file.
    pub path: String,
    /// The parts are rows, by id; else lines.
    pub rows: bool,
    /// In the order of the file.
    pub parts: Vec<BlamePart>,
    /// The commits are still being read: ask again a little later.
    pub reading: bool,
}

/// A row or line, and who last changed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlamePart {
    /// The row's id, or the line.
    pub text: String,
    /// The commit; none when it is older than what was looked at.
    pub commit: Option<CommitView>,
}
