//! What differs between two revisions: file by file in words of prompts and of text, and in the messages
//! that would be sent.

use std::collections::BTreeSet;
use std::ops::Range;

use assay_prompt::{MessageDiff, Prompt, Rendered, Row, diff_messages};
use assay_repo::{ChangeItem, FileChange, PromptKey, Revision, Subject, Workspace};
use assay_text::{Change, Piece};
use assay_wire::*;
use serde_json::Value;

use crate::app::App;
use crate::at::{At, revision_named};
use crate::error::Explain;
use crate::git::{changed_file, hunks, side};
use crate::router::Answer;

/// The base, when none is named.
const LAST_COMMIT: &str = "HEAD";

/// Values of more bytes than this together are shown whole.
const LONG: usize = 20_000;

impl Answer<ReadDifference> for App {
    fn answer(&self, command: ReadDifference) -> Result<DifferenceView, ApiError> {
        let open = self.workspace()?;
        let workspace = &open.workspace;
        let named = |name: &str| revision_named(workspace, name);
        let base_name = command.base.as_deref().unwrap_or(LAST_COMMIT);
        let base = named(base_name)?;
        let head = command.head.as_deref().map(named).transpose()?;
        let changes = workspace.changes_between(&base, head.as_ref()).map_err(|e| e.explain())?;
        let file = |change| file_difference(workspace, &base, head.as_ref(), change);
        Ok(DifferenceView {
            base: base_name.to_owned(),
            head: At::of(workspace, command.head.as_deref())?.name().to_owned(),
            files: changes.into_iter().map(file).collect(),
        })
    }
}

impl Answer<ReadRendered> for App {
    fn answer(&self, command: ReadRendered) -> Result<RenderedView, ApiError> {
        let open = self.workspace()?;
        let base_name = command.base.as_deref().unwrap_or(LAST_COMMIT);
        let base = At::of(&open.workspace, Some(base_name))?;
        let head = At::of(&open.workspace, command.head.as_deref())?;
        let mut view = RenderedView {
            base: base.name().to_owned(),
            head: head.name().to_owned(),
            changes: Vec::new(),
            left_out: Vec::new(),
        };
        for key in prompts(&base, &head, &command.prompts)? {
            let [old, new] = [readable(&base, &key, &mut view)?, readable(&head, &key, &mut view)?];
            let both = BothSides { app: self, key: &key, old: old.as_ref(), new: new.as_ref() };
            both.compare(&command.cases, &mut view);
        }
        Ok(view)
    }
}

/// A changed file with its text.
pub(crate) fn file_difference(
    workspace: &Workspace,
    base: &Revision,
    head: Option<&Revision>,
    change: FileChange,
) -> FileDifference {
    // What is no text has been told so among the items.
    let (old, new) = workspace.versions_between(base, head, &change).unwrap_or_default();
    let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
    // Rows and settings that moved are told by their names.
    let is_text = [".prompty", ".md", ".txt"].iter().any(|ending| change.path.ends_with(ending));
    let moved = if is_text { assay_text::moves(&old, &new) } else { Vec::new() };
    FileDifference {
        fields: fields(&change, &old, &new),
        hunks: hunks(&change.path, &old, &new),
        moved_from: whole_lines(&old, moved.iter().map(|moved| &moved.old)),
        moved_to: whole_lines(&new, moved.iter().map(|moved| &moved.new)),
        file: changed_file(change),
    }
}

/// The fields of examples and cases that differ.
fn fields(change: &FileChange, old: &str, new: &str) -> Vec<FieldDifference> {
    let is_row = |item: &ChangeItem| matches!(item.subject, Subject::Example | Subject::Case);
    if !change.items.iter().any(is_row) {
        return Vec::new();
    }
    let changes = assay_prompt::diff_rows(&change.path, old, new).unwrap_or_default();
    changes
        .into_iter()
        .map(|change| {
            let [old, new] = [change.old, change.new].map(said);
            FieldDifference { row: change.row, field: change.field, pieces: words(&old, &new) }
        })
        .collect()
}

/// A value as people read it: a text as it is, anything else as JSON.
fn said(value: Option<Value>) -> String {
    match value {
        None => String::new(),
        Some(Value::String(text)) => text,
        Some(other) => other.to_string(),
    }
}

/// Two texts word by word, unless they are so long that nobody would read that.
fn words(old: &str, new: &str) -> Vec<RenderedPiece> {
    let whole = |text: &str, side| RenderedPiece { text: text.to_owned(), side };
    if old.len() + new.len() > LONG {
        return vec![whole(old, DiffSide::Old), whole(new, DiffSide::New)];
    }
    assay_text::words(old, new).into_iter().map(piece_view).collect()
}

fn piece_view(piece: Piece) -> RenderedPiece {
    RenderedPiece { text: piece.text, side: side(piece.change) }
}

/// The numbers of the lines that lie within these passages, blanks at their ends left aside.
fn whole_lines<'m>(text: &str, passages: impl Iterator<Item = &'m Range<usize>>) -> Vec<u32> {
    let passages: Vec<_> = passages.collect();
    let mut lines = Vec::new();
    let mut at = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let said = line.trim();
        let start = at + (line.len() - line.trim_start().len());
        let is_within = |passage: &&Range<usize>| {
            // A full stop at the end of what moved may be one that stayed.
            let end = start + said.trim_end_matches(|c: char| c.is_ascii_punctuation()).len();
            passage.start <= start && end <= passage.end
        };
        if !said.is_empty() && passages.iter().any(is_within) {
            lines.push(number as u32 + 1);
        }
        at += line.len();
    }
    lines
}

/// The prompts of either side that go by these names; all when there are none.
fn prompts(base: &At, head: &At, names: &[String]) -> Result<Vec<PromptKey>, ApiError> {
    let mut keys = BTreeSet::new();
    for at in [base, head] {
        keys.extend(at.prompts().map_err(|e| e.explain())?);
    }
    let is_named = |key: &PromptKey, name: &String| key.key == *name || key.name == *name;
    if let Some(unknown) = names.iter().find(|name| !keys.iter().any(|key| is_named(key, name))) {
        let message = format!("there is no prompt `{unknown}` on either side");
        return Err(ApiError::new(Code::NotFound, message));
    }
    keys.retain(|key| names.is_empty() || names.iter().any(|name| is_named(key, name)));
    Ok(keys.into_iter().collect())
}

/// A prompt of one side; none when it is not there, or has errors, which are told.
fn readable(at: &At, key: &PromptKey, view: &mut RenderedView) -> Result<Option<Prompt>, ApiError> {
    let Some(source) = at.source(key)? else { return Ok(None) };
    let prompt = source.parse();
    if let Err(error) = at.refuse_broken(key, &prompt) {
        view.left_out.push(error.message);
        return Ok(None);
    }
    Ok(Some(prompt))
}

/// One prompt as both sides have it.
struct BothSides<'a> {
    app: &'a App,
    key: &'a PromptKey,
    old: Option<&'a Prompt>,
    new: Option<&'a Prompt>,
}

impl BothSides<'_> {
    fn compare(&self, cases: &[String], view: &mut RenderedView) {
        for variant in self.variants() {
            // With named cases each is told, else the first; the others are counted.
            let mut told: Option<usize> = None;
            for case in self.cases(cases) {
                let Some(messages) = self.changed_messages(&variant, &case, view) else {
                    continue;
                };
                if let Some(at) = told.filter(|_| cases.is_empty()) {
                    view.changes[at].more += 1;
                    continue;
                }
                told = Some(view.changes.len());
                view.changes.push(RenderedChange {
                    prompt: self.key.key.clone(),
                    variant: variant.clone(),
                    case,
                    messages,
                    more: 0,
                });
            }
        }
    }

    /// The variants of both, those of the new side first.
    fn variants(&self) -> Vec<String> {
        let mut ids: Vec<String> = Vec::new();
        for prompt in [self.new, self.old].into_iter().flatten() {
            for variant in &prompt.variants {
                if !ids.contains(&variant.id) {
                    ids.push(variant.id.clone());
                }
            }
        }
        ids
    }

    /// The ids of the cases of both, those of the new side first.
    fn cases(&self, named: &[String]) -> Vec<String> {
        let (mut seen, mut ids) = (BTreeSet::new(), Vec::new());
        for prompt in [self.new, self.old].into_iter().flatten() {
            for case in prompt.run_cases() {
                let is_meant = named.is_empty() || named.contains(&case.id);
                if is_meant && seen.insert(case.id.clone()) {
                    ids.push(case.id);
                }
            }
        }
        ids
    }

    /// What differs, if anything does.
    fn changed_messages(
        &self,
        variant: &str,
        case: &str,
        view: &mut RenderedView,
    ) -> Option<Vec<RenderedMessage>> {
        let rendered = [self.old, self.new].map(|side| self.rendered(side, variant, case));
        let (old, new) = match rendered {
            [Ok(old), Ok(new)] => (old, new),
            [Err(reason), _] | [_, Err(reason)] => {
                // Thousands of cases may be wrong in the same way.
                if !view.left_out.contains(&reason) {
                    view.left_out.push(reason);
                }
                return None;
            }
        };
        let nothing = Rendered { messages: Vec::new() };
        let (old, new) = (old.unwrap_or_else(|| nothing.clone()), new.unwrap_or(nothing));
        let diff = diff_messages(&old, &new);
        let differs = diff.iter().any(|message| message.change != Some(Change::Equal));
        differs.then(|| diff.into_iter().map(message_view).collect())
    }

    /// The messages of one side, for its own case or else the other side's; nothing where there is no such variant.
    fn rendered(
        &self,
        side: Option<&Prompt>,
        variant: &str,
        case: &str,
    ) -> Result<Option<Rendered>, String> {
        let Some((prompt, variant)) = side.and_then(|p| Some((p, p.variant(variant)?))) else {
            return Ok(None);
        };
        let case_of = |prompt: Option<&Prompt>| case_named(prompt?, case);
        let row = case_of(Some(prompt)).or_else(|| case_of(self.new)).or_else(|| case_of(self.old));
        let Some(row) = row else { return Ok(None) };
        let rendered = self.app.inner.models.neighbours().render(prompt, variant, &row);
        rendered.map(Some).map_err(|error| {
            format!("{}/{}: {}", self.key.name, variant.id, error.explain().message)
        })
    }
}

fn case_named(prompt: &Prompt, id: &str) -> Option<Row> {
    match prompt.cases.rows.iter().find(|case| case.id == id) {
        Some(case) => Some(case.clone()),
        // Without cases there is one made of defaults.
        None => prompt.run_cases().into_iter().find(|case| case.id == id),
    }
}

fn message_view(message: MessageDiff) -> RenderedMessage {
    RenderedMessage {
        role: message.role.as_str().to_owned(),
        side: message.change.map_or(DiffSide::Both, side),
        pieces: message.pieces.into_iter().map(piece_view).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_moved_are_told_by_number() {
        let old = "Never promise a refund to anybody.\nBe brief.\nName the queue.\n";
        let new = "Be brief.\nName the queue.\nNever promise a refund to anybody.\n";
        let moved = assay_text::moves(old, new);
        assert_eq!(whole_lines(old, moved.iter().map(|moved| &moved.old)), [1]);
        assert_eq!(whole_lines(new, moved.iter().map(|moved| &moved.new)), [3]);
    }
}
