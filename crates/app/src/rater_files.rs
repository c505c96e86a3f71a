//! Files of a repository that hold labels of judges: one for each rater, a line for each thing said.
//!
//! Lines are only ever added, with their keys in order, so two branches merge by keeping the lines of both
//! (`merge=union`, which the `.gitattributes` of [`RATINGS`] says, and which holds for the folders below it). A file may
//! come from anybody: it is read within caps, and a line that is not what it should be is left out and told of. What a
//! line means is for [`judges`](crate::judges). Ratings are signed instead, see [`ratings`](crate::ratings).

use std::collections::HashSet;
use std::sync::Arc;
use std::time::SystemTime;

use assay_repo::{FileText, RepoError, Workspace, Written};
use assay_wire::*;

use crate::app::Open;
use crate::error::Explain;

/// The folder of what people say; its files stand in folders of it.
pub(crate) const RATINGS: &str = ".assay/ratings";

/// Files that are read, by name; the others are told of.
const MAX_FILES: usize = 100;

/// Lines of a file that are read.
const MAX_LINES: usize = 50_000;

/// Bytes of a line that is read.
pub(crate) const MAX_LINE: usize = 20_000;

/// Refused lines that are told of one by one.
pub(crate) const MAX_TOLD: usize = 20;

/// What git is told of the files: two branches keep the lines of both.
const ATTRIBUTES: &str = "*.jsonl merge=union\n";

/// What the files of one folder say, as they were read last, with what tells whether they are still the same.
#[derive(Default)]
pub(crate) struct Kept<T> {
    root: String,
    stamp: Vec<(String, u64, Option<SystemTime>)>,
    said: Arc<T>,
}

/// The files of a folder, to be read.
pub(crate) struct RaterFiles<'w> {
    pub workspace: &'w Workspace,
    pub paths: Vec<String>,
    /// What could not be read, and why.
    pub refused: Vec<String>,
}

impl<T> Kept<T> {
    /// What the files of a folder say; read again when one of them has changed.
    pub fn read(
        &mut self,
        open: &Open,
        folder: &str,
        read: impl FnOnce(RaterFiles<'_>) -> T,
    ) -> Arc<T> {
        let workspace = &open.workspace;
        let (files, left) = match workspace.list_files(folder, MAX_FILES) {
            Ok(listed) => listed,
            Err(error) => {
                let refused = vec![format!("{folder}: {error}")];
                return Arc::new(read(RaterFiles { workspace, paths: Vec::new(), refused }));
            }
        };
        let root = open.root();
        let stamp: Vec<_> = files.into_iter().map(|f| (f.path, f.bytes, f.modified)).collect();
        if self.root != root || self.stamp != stamp {
            let names = stamp.iter().map(|(path, ..)| path.clone());
            let paths = names.filter(|path| path.ends_with(".jsonl")).collect();
            let more = (left > 0).then(|| format!("{folder}: {left} more files were not read"));
            let refused = more.into_iter().collect();
            let said = Arc::new(read(RaterFiles { workspace, paths, refused }));
            *self = Kept { root, stamp, said };
        }
        Arc::clone(&self.said)
    }
}

/// Reads a file line by line. `take` is given each line with the name of the file, which is its rater's, and says why it
/// is refused; `what` is what lines should be.
pub(crate) fn read_lines(
    path: &str,
    text: &str,
    what: &str,
    refused: &mut Vec<String>,
    mut take: impl FnMut(&str, &str) -> Result<(), String>,
) {
    let stem = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".jsonl");
    let mut wrong = 0;
    for (number, line) in text.lines().enumerate().take(MAX_LINES) {
        if line.trim().is_empty() {
            continue;
        }
        let taken = match line.len() > MAX_LINE {
            true => Err(format!("longer than {MAX_LINE} bytes")),
            false => take(line, stem),
        };
        if let Err(why) = taken {
            wrong += 1;
            if wrong <= MAX_TOLD {
                refused.push(format!("{path}:{}: {why}", number + 1));
            }
        }
    }
    if wrong > MAX_TOLD {
        refused.push(format!("{path}: {} more lines are no {what}", wrong - MAX_TOLD));
    }
    if text.lines().nth(MAX_LINES).is_some() {
        refused.push(format!("{path}: lines after the first {MAX_LINES} were not read"));
    }
}

/// Tells git how to merge the files, unless somebody who knew why told it otherwise.
pub(crate) fn write_attributes(workspace: &Workspace) -> Result<(), ApiError> {
    let path = format!("{RATINGS}/.gitattributes");
    match workspace.read_text(&path) {
        Ok(_) => Ok(()),
        Err(RepoError::NotFound { .. }) => {
            workspace.write_text(&path, ATTRIBUTES, None).map(drop).map_err(|e| e.explain())
        }
        Err(error) => Err(error.explain()),
    }
}

/// Adds to a rater's file the lines that it lacks; `missing` says which these are, given what it holds.
pub(crate) fn add_lines(
    workspace: &Workspace,
    path: String,
    rater: String,
    missing: impl FnOnce(&str) -> Result<Vec<String>, ApiError>,
) -> Result<SharedFile, ApiError> {
    let there = match workspace.read_text(&path) {
        Ok(file) => Some(file),
        Err(RepoError::NotFound { .. }) => None,
        Err(error) => return Err(error.explain()),
    };
    let (old, base) = match there {
        Some(FileText { text, digest }) => (text, Some(digest)),
        None => (String::new(), None),
    };
    let added = missing(&old)?;
    let total = old.lines().filter(|line| !line.trim().is_empty()).count() + added.len();
    let file = |added: usize| SharedFile {
        path: path.clone(),
        rater,
        added: added as u32,
        total: total as u32,
    };
    if added.is_empty() {
        return Ok(file(0));
    }
    match workspace
        .write_text(&path, &with_lines(&old, &added), base.as_deref())
        .map_err(|e| e.explain())?
    {
        Written::Saved { .. } => Ok(file(added.len())),
        Written::Conflict { .. } => {
            Err(ApiError::new(Code::Conflict, format!("`{path}` changed meanwhile"))
                .hint("Share again."))
        }
    }
}

fn with_lines(old: &str, added: &[String]) -> String {
    let mut text = old.to_owned();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    for line in added {
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// The lines of a file, to be looked up.
pub(crate) fn known_lines(text: &str) -> HashSet<&str> {
    text.lines().map(str::trim).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_full_of_rubbish_is_told_of_in_few_words() {
        let mut refused = Vec::new();
        let text = format!("{}{}x\n", "rubbish\n".repeat(5_000), " ".repeat(MAX_LINE));
        read_lines("a/ada.jsonl", &text, "labels", &mut refused, |line, stem| {
            assert_eq!((line, stem), ("rubbish", "ada"), "a line that is too long is not read");
            Err("no label".to_owned())
        });
        assert_eq!(refused.len(), MAX_TOLD + 1);
        assert_eq!(refused[MAX_TOLD], "a/ada.jsonl: 4981 more lines are no labels");
    }

    #[test]
    fn lines_are_added_behind_those_that_are_there() {
        let added = ["b".to_owned(), "c".to_owned()];
        assert_eq!(with_lines("", &added), "b\nc\n");
        assert_eq!(with_lines("a", &added), "a\nb\nc\n");
        assert_eq!(with_lines("a\n", &added), "a\nb\nc\n");
    }
}
