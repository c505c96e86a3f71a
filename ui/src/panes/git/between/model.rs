//! What the view of two revisions decides: what is asked, and how it is told.

use assay_wire::{DiffSide, DifferenceView, FieldDifference, RenderedChange};

use crate::{components::Tone, panes::git::model::short_id};

/// More files than this are drawn closed.
const OPEN_FILES: usize = 6;

/// Two revisions as they are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The last commit when `None`.
    pub base: Option<String>,
    /// The files on disk when `None`.
    pub head: Option<String>,
}

/// What is asked for two names as they were typed.
pub fn question(base: &str, head: &str) -> Question {
    let name = |typed: &str| Some(typed.trim().to_owned()).filter(|name| !name.is_empty());
    Question { base: name(base), head: name(head) }
}

/// The names in what was typed, apart by commas.
pub fn named(typed: &str) -> Vec<String> {
    let parts = typed.split(',').map(str::trim).filter(|name| !name.is_empty());
    parts.map(str::to_owned).collect()
}

/// Both sides and how much differs, in a sentence.
pub fn heading(view: &DifferenceView) -> String {
    let files = match view.files.len() {
        1 => "1 file differs".to_owned(),
        files => format!("{files} files differ"),
    };
    format!("{}: {files}", sides(&view.base, &view.head))
}

/// Both sides in words.
pub fn sides(base: &str, head: &str) -> String {
    format!("{} → {}", called(base), called(head))
}

/// A revision as people call it: an id by its beginning, with what follows it.
fn called(revision: &str) -> String {
    let end = revision.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(revision.len());
    let (id, rest) = revision.split_at(end);
    match id.len() {
        40 | 64 => format!("{}{rest}", short_id(id)),
        _ => revision.to_owned(),
    }
}

/// Whether the files of such a difference are drawn open.
pub fn opens(view: &DifferenceView) -> bool {
    view.files.len() <= OPEN_FILES
}

/// Fields under the rows they belong to, in the order of the file.
pub fn by_row(fields: &[FieldDifference]) -> Vec<(String, Vec<FieldDifference>)> {
    let mut rows: Vec<(String, Vec<FieldDifference>)> = Vec::new();
    for field in fields {
        match rows.last_mut().filter(|(row, _)| *row == field.row) {
            Some((_, known)) => known.push(field.clone()),
            None => rows.push((field.row.clone(), vec![field.clone()])),
        }
    }
    rows
}

/// Which messages these are.
pub fn message_title(change: &RenderedChange) -> String {
    let prompt = change.prompt.rsplit('/').next().unwrap_or(&change.prompt);
    format!("{prompt} · {} · case {}", change.variant, change.case)
}

/// How many more cases there are.
pub fn more_words(more: u32) -> Option<String> {
    match more {
        0 => None,
        1 => Some("1 more case has other messages".to_owned()),
        more => Some(format!("{more} more cases have other messages")),
    }
}

/// What it means that a message stands on one side.
pub fn side_words(side: DiffSide) -> Option<(&'static str, Tone)> {
    match side {
        DiffSide::Both => None,
        DiffSide::Old => Some(("only in the base", Tone::Danger)),
        DiffSide::New => Some(("only in the head", Tone::Ok)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_typed_is_the_files_on_disk_against_the_last_commit() {
        assert_eq!(question(" ", ""), Question { base: None, head: None });
        let both = question(" main", "v1 ");
        assert_eq!((both.base.as_deref(), both.head.as_deref()), (Some("main"), Some("v1")));
    }

    #[test]
    fn a_revision_that_is_an_id_is_called_by_its_beginning() {
        let id = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(called(&format!("{id}^")), "0123456^");
        assert_eq!((called("main"), called("deadbeef")), ("main".into(), "deadbeef".into()));
    }

    #[test]
    fn several_names_are_apart_by_commas() {
        assert_eq!(named(" a, b ,, "), ["a", "b"]);
        assert!(named("").is_empty());
    }

    #[test]
    fn fields_stand_under_their_rows() {
        let field = |row: &str, field: &str| FieldDifference {
            row: row.into(),
            field: field.into(),
            pieces: Vec::new(),
        };
        let rows = by_row(&[field("a", "input.q"), field("a", "tags"), field("b", "tags")]);
        let shape: Vec<_> = rows.iter().map(|(row, fields)| (row.as_str(), fields.len())).collect();
        assert_eq!(shape, [("a", 2), ("b", 1)]);
    }

    #[test]
    fn messages_are_named_by_prompt_variant_and_case() {
        let change = RenderedChange {
            prompt: "prompts/triage".into(),
            variant: "terse".into(),
            case: "c-1".into(),
            messages: Vec::new(),
            more: 2,
        };
        assert_eq!(message_title(&change), "triage · terse · case c-1");
        assert_eq!(more_words(change.more).as_deref(), Some("2 more cases have other messages"));
    }
}
