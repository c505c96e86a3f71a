//! Changes in words of prompts, diffs in words of text, commits.

use assay_repo::{ChangeItem, FileChange, Subject, What};
use assay_wire::*;

use crate::app::App;
use crate::environment::commit_time;
use crate::error::Explain;
use crate::highlight::Highlighted;
use crate::repository::commit_view;
use crate::router::Answer;

/// Lines shown around a change.
const CONTEXT: usize = 3;

impl Answer<ReadChanges> for App {
    fn answer(&self, _: ReadChanges) -> Result<ChangesView, ApiError> {
        let open = self.workspace()?;
        let changes = open.workspace.changes().map_err(|e| e.explain())?;
        Ok(ChangesView {
            branch: open.workspace.branch(),
            files: changes.into_iter().map(changed_file).collect(),
        })
    }
}

impl Answer<ReadDiff> for App {
    fn answer(&self, command: ReadDiff) -> Result<DiffView, ApiError> {
        let open = self.workspace()?;
        let (old, new) = open.workspace.versions(&command.path).map_err(|e| e.explain())?;
        let hunks = hunks(&command.path, &old.unwrap_or_default(), &new.unwrap_or_default());
        Ok(DiffView { path: command.path, hunks })
    }
}

impl Answer<Commit> for App {
    fn answer(&self, command: Commit) -> Result<CommitView, ApiError> {
        let open = self.workspace()?;
        let _alone = self.inner.git.alone();
        let Commit { message, paths, rows } = command;
        let paths = self.with_labels(&open, paths)?;
        let message = if rows.is_empty() {
            self.with_evidence(&open, &message, &paths)
        } else {
            // What was measured is on disk, and not what is committed.
            message
        };
        let commit = open
            .workspace
            .commit_rows_undoable(&message, &paths, &rows, commit_time(), None)
            .map_err(|e| e.explain())?;
        self.inner.notices.send(Notice::WorkspaceChanged);
        Ok(commit_view(commit))
    }
}

impl Answer<ReadLog> for App {
    fn answer(&self, command: ReadLog) -> Result<Vec<CommitView>, ApiError> {
        let open = self.workspace()?;
        let log = open.workspace.log(command.limit as usize).map_err(|e| e.explain())?;
        Ok(log.into_iter().map(commit_view).collect())
    }
}

/// The parts of a file that changed.
pub(crate) fn hunks(path: &str, old: &str, new: &str) -> Vec<DiffHunk> {
    let colours = Sides { old: Highlighted::new(path, old), new: Highlighted::new(path, new) };
    assay_text::lines(old, new, Some(CONTEXT))
        .into_iter()
        .map(|lines| DiffHunk { lines: lines.iter().map(|l| colours.line(l)).collect() })
        .collect()
}

/// Both sides of a diff, coloured.
struct Sides {
    old: Highlighted,
    new: Highlighted,
}

impl Sides {
    fn line(&self, line: &assay_text::DiffLine) -> DiffLine {
        let colours = match (line.new, line.old) {
            (Some(number), _) => self.new.line(number),
            (None, Some(number)) => self.old.line(number),
            (None, None) => &[],
        };
        DiffLine {
            side: side(line.change),
            old: line.old.map(|n| n as u32),
            new: line.new.map(|n| n as u32),
            spans: overlay(&line.pieces, colours),
        }
    }
}

/// On which side a piece of text stands.
pub(crate) fn side(change: assay_text::Change) -> DiffSide {
    match change {
        assay_text::Change::Equal => DiffSide::Both,
        assay_text::Change::Removed => DiffSide::Old,
        assay_text::Change::Added => DiffSide::New,
    }
}

/// Cuts the words of a diff where the colours change, so that each span has one of both.
fn overlay(pieces: &[(String, bool)], colours: &[(usize, &'static str)]) -> Vec<DiffSpan> {
    let mut spans = Vec::new();
    let mut at = 0;
    for (text, changed) in pieces {
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let (role, end) = role_at(colours, at);
            let mut length = rest.len().min(end.saturating_sub(at).max(1));
            while !rest.is_char_boundary(length) {
                length += 1;
            }
            let (head, tail) = rest.split_at(length);
            spans.push(DiffSpan {
                text: head.to_owned(),
                role: role.to_owned(),
                changed: *changed,
            });
            at += length;
            rest = tail;
        }
    }
    spans
}

/// The role at a byte of the line, and where it ends.
fn role_at(colours: &[(usize, &'static str)], at: usize) -> (&'static str, usize) {
    colours
        .iter()
        .find(|(end, _)| *end > at)
        .map_or(("plain", usize::MAX), |(end, role)| (role, *end))
}

pub(crate) fn changed_file(change: FileChange) -> ChangedFile {
    ChangedFile {
        path: change.path,
        status: match change.status {
            assay_repo::FileStatus::Added => FileStatus::Added,
            assay_repo::FileStatus::Edited => FileStatus::Edited,
            assay_repo::FileStatus::Deleted => FileStatus::Deleted,
            assay_repo::FileStatus::Renamed => FileStatus::Renamed,
        },
        prompt: change.prompt,
        items: change.items.into_iter().map(changed_item).collect(),
    }
}

fn changed_item(item: ChangeItem) -> ChangedItem {
    ChangedItem {
        subject: match item.subject {
            Subject::Variant => "variant",
            Subject::Example => "example",
            Subject::Case => "case",
            Subject::Schema => "schema",
            Subject::Evals => "evals",
            Subject::Manifest => "manifest",
            Subject::Repository => "repository",
            Subject::Other => "file",
        }
        .to_owned(),
        id: item.id,
        status: match item.what {
            What::Added => FileStatus::Added,
            What::Removed => FileStatus::Deleted,
            What::Edited => FileStatus::Edited,
        },
        summary: item.summary,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(
        pieces: &[(&str, bool)],
        colours: &[(usize, &'static str)],
        expected: &[(&str, &str, bool)],
    ) {
        let pieces: Vec<_> = pieces.iter().map(|(t, c)| ((*t).to_owned(), *c)).collect();
        let spans = overlay(&pieces, colours);
        let spans: Vec<_> =
            spans.iter().map(|s| (s.text.as_str(), s.role.as_str(), s.changed)).collect();
        assert_eq!(spans, expected);
    }

    #[test]
    fn a_word_of_two_colours_becomes_two_spans() {
        check(
            &[("name: ", false), ("new", true)],
            &[(4, "keyword"), (6, "punctuation"), (9, "string")],
            &[("name", "keyword", false), (": ", "punctuation", false), ("new", "string", true)],
        );
    }

    #[test]
    fn text_without_colours_is_plain() {
        check(&[("a", false), ("b", true)], &[], &[("a", "plain", false), ("b", "plain", true)]);
    }

    #[test]
    fn a_colour_that_ends_inside_a_character_takes_it_whole() {
        check(&[("é!", false)], &[(1, "string")], &[("é", "string", false), ("!", "plain", false)]);
    }
}
