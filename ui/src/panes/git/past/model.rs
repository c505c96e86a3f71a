//! What the history view decides: which commits and files are shown, how blame is grouped, how versions of a row differ.

use assay_prompt::diff_rows;
use assay_wire::{
    BlamePart, ChangedFile, CommitView, DifferenceView, FieldDifference, HistoryView,
    RowVersionView,
};
use serde_json::Value;

use crate::{
    components::{Mark, Tone},
    panes::git::words::of_text,
};

/// The name under which a row is compared: rows cross the wire as lines of JSON.
const ROWS: &str = "row.jsonl";

/// Parts of a file that the same commit last changed, one after another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blamed {
    /// The commit; none when it is older than what was looked at.
    pub commit: Option<CommitView>,
    /// Number of the first part, from 1.
    pub first: usize,
    /// Lines, or ids of rows.
    pub parts: Vec<String>,
}

/// What is shown as changed by a commit: only files of what was asked for.
pub fn of_commit(mut view: DifferenceView, paths: &[String]) -> DifferenceView {
    let touched = |file: &ChangedFile| paths.is_empty() || paths.contains(&file.path);
    if view.files.iter().any(|file| touched(&file.file)) {
        view.files.retain(|file| touched(&file.file));
    }
    view
}

/// The id of a commit's line on the page.
pub fn line_id(commit: &str) -> String {
    format!("past:{commit}")
}

/// The revision before a commit.
pub fn before(commit: &str) -> String {
    format!("{commit}^")
}

/// Whether the history begins with this commit, so that there is none before it.
pub fn begins(history: &HistoryView, commit: &str) -> bool {
    let is_last = history.entries.last().is_some_and(|line| line.commit.id == commit);
    is_last && history.more == 0
}

/// Files that the history speaks of, each once, in order.
pub fn files(history: &HistoryView) -> Vec<String> {
    let mut files: Vec<String> =
        history.entries.iter().flat_map(|line| line.paths.iter().cloned()).collect();
    files.sort();
    files.dedup();
    files
}

/// What is shown above the commits.
pub fn heading(history: &HistoryView) -> String {
    let what = if history.path == "." { "the repository" } else { &history.path };
    match (history.entries.len(), history.more) {
        (0, _) => format!("No commit has touched {what}"),
        (1, 0) => format!("1 commit of {what}"),
        (shown, 0) => format!("{shown} commits of {what}"),
        (shown, more) => format!("{shown} of {} commits of {what}", shown + more as usize),
    }
}

/// The names it had before.
pub fn earlier(names: &[String]) -> Option<String> {
    (!names.is_empty()).then(|| format!("Was called {} before", names.join(", then ")))
}

/// Neighbours of one commit together; of rows each stands alone, because each can be opened.
pub fn blamed(parts: &[BlamePart], rows: bool) -> Vec<Blamed> {
    let mut groups: Vec<Blamed> = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        match groups.last_mut().filter(|group| !rows && group.commit == part.commit) {
            Some(group) => group.parts.push(part.text.clone()),
            None => groups.push(Blamed {
                commit: part.commit.clone(),
                first: at + 1,
                parts: vec![part.text.clone()],
            }),
        }
    }
    groups
}

/// What became of a row, for the eye and in words.
pub fn change_words(change: &str) -> (Mark, &'static str, Tone) {
    match change {
        "added" => (Mark::Plus, "Added", Tone::Ok),
        "removed" => (Mark::Bin, "Removed", Tone::Danger),
        _ => (Mark::Pencil, "Edited", Tone::Info),
    }
}

/// What a version of a row changed against the version before it: fields that differ, else all that it has.
pub fn changed_fields(versions: &[RowVersionView], at: usize) -> Vec<FieldDifference> {
    let Some(row) = versions.get(at).and_then(|version| version.row.as_deref()) else {
        return Vec::new();
    };
    let before =
        versions.get(at + 1..).and_then(|older| older.iter().find_map(|v| v.row.as_deref()));
    let changes = before.and_then(|before| diff_rows(ROWS, before, row));
    match changes {
        Some(changes) => changes
            .into_iter()
            .map(|change| field(&change.row, &change.field, change.old, change.new))
            .collect(),
        None => all_fields(row),
    }
}

fn field(row: &str, name: &str, old: Option<Value>, new: Option<Value>) -> FieldDifference {
    let [old, new] = [old, new].map(|value| value.as_ref().map(said).unwrap_or_default());
    let pieces = of_text(assay_text::words(&old, &new));
    FieldDifference { row: row.to_owned(), field: name.to_owned(), pieces }
}

fn all_fields(row: &str) -> Vec<FieldDifference> {
    let Ok(Value::Object(fields)) = serde_json::from_str::<Value>(row) else {
        return vec![field("", "row", None, Some(Value::String(row.to_owned())))];
    };
    let same = |(name, value): (String, Value)| field("", &name, Some(value.clone()), Some(value));
    fields.into_iter().map(same).collect()
}

/// A value as people read it.
fn said(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_wire::{DiffSide, HistoryLine};

    fn commit(id: &str) -> CommitView {
        CommitView { id: id.into(), summary: String::new(), author: String::new(), time_s: 0 }
    }

    fn history(ids: &[&str], more: u32) -> HistoryView {
        let line =
            |id: &&str| HistoryLine { commit: commit(id), paths: vec!["b".into(), "a".into()] };
        HistoryView {
            path: "prompts/a".into(),
            entries: ids.iter().map(line).collect(),
            earlier_names: Vec::new(),
            more,
            reading: false,
        }
    }

    fn version(change: &str, row: Option<&str>) -> RowVersionView {
        RowVersionView { commit: commit("c"), change: change.into(), row: row.map(Into::into) }
    }

    #[test]
    fn the_first_commit_of_all_has_none_before_it() {
        assert!(begins(&history(&["2", "1"], 0), "1"));
        assert!(!begins(&history(&["2", "1"], 5), "1"), "more commits lie behind it");
        assert!(!begins(&history(&["2", "1"], 0), "2"));
    }

    #[test]
    fn the_heading_says_how_much_is_not_shown() {
        assert_eq!(heading(&history(&["2", "1"], 3)), "2 of 5 commits of prompts/a");
        assert_eq!(heading(&history(&[], 0)), "No commit has touched prompts/a");
        assert_eq!(files(&history(&["2", "1"], 0)), ["a", "b"]);
    }

    #[test]
    fn neighbouring_lines_of_one_commit_are_told_once_and_rows_each() {
        let part = |text: &str, id: &str| BlamePart { text: text.into(), commit: Some(commit(id)) };
        let parts = [part("a", "1"), part("b", "1"), part("c", "2")];
        let firsts =
            |rows| blamed(&parts, rows).iter().map(|group| group.first).collect::<Vec<_>>();
        assert_eq!(firsts(false), [1, 3]);
        assert_eq!(firsts(true), [1, 2, 3]);
    }

    #[test]
    fn a_version_of_a_row_shows_the_fields_it_changed() {
        let versions = [
            version("edited", Some("{\"id\":\"a\",\"input\":{\"q\":\"two\"}}")),
            version("removed", None),
            version("added", Some("{\"id\":\"a\",\"input\":{\"q\":\"one\"}}")),
        ];
        let changed = changed_fields(&versions, 0);
        assert_eq!(changed.len(), 1);
        assert_eq!(changed[0].field, "input.q");
        assert!(changed[0].pieces.iter().any(|p| p.side == DiffSide::Old && p.text == "one"));
        assert!(changed_fields(&versions, 1).is_empty(), "nothing is left of it");
        let first: Vec<_> = changed_fields(&versions, 2).into_iter().map(|f| f.field).collect();
        assert_eq!(first, ["id", "input"]);
    }
}
