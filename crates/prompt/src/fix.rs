//! How a finding is put right: edits of files as data, and their application to one text.
//!
//! A fix says what it would change and nothing applies it by itself. Safe ones keep the meaning of
//! everything that already worked, so `assay check --fix` may apply them all; the others are offered
//! one at a time, for someone to look at.

use serde::{Deserialize, Serialize};

use crate::Span;

/// One way to put a finding right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    /// What it does, as the label of a button: `Insert a permanent id`.
    pub title: String,
    /// Whether it may be applied without being looked at.
    pub safe: bool,
    /// What it changes; never empty.
    pub edits: Vec<Edit>,
}

/// Replaces a place in a file by a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// The file, relative to the prompt's folder.
    pub file: String,
    /// What is replaced; empty to insert.
    pub span: Span,
    /// What stands there afterwards.
    pub text: String,
    /// Where in `text` a fresh permanent id goes, in bytes. This crate has no randomness, so whoever
    /// applies the edit makes one: see [`Edit::with_id`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_at: Option<usize>,
}

impl Fix {
    /// A fix that keeps the meaning of everything that already worked.
    pub(crate) fn safe(title: impl Into<String>, edits: Vec<Edit>) -> Self {
        Self { title: title.into(), safe: true, edits }
    }

    /// A fix for someone to look at.
    pub(crate) fn offered(title: impl Into<String>, edits: Vec<Edit>) -> Self {
        Self { title: title.into(), safe: false, edits }
    }

    /// Whether one of its edits wants a fresh permanent id.
    pub fn wants_id(&self) -> bool {
        self.edits.iter().any(|edit| edit.id_at.is_some())
    }
}

impl Edit {
    /// Puts `text` in the place of `span`.
    pub(crate) fn replace(file: &str, span: Span, text: impl Into<String>) -> Self {
        Self { file: file.to_owned(), span, text: text.into(), id_at: None }
    }

    /// Puts a fresh permanent id, in quotes, between `before` and `after` in the place of `span`.
    pub(crate) fn fresh_id(file: &str, span: Span, before: &str, after: &str) -> Self {
        let text = format!("{before}\"\"{after}");
        Self { id_at: Some(before.len() + 1), ..Self::replace(file, span, text) }
    }

    /// Puts `text` before the byte `at`.
    pub(crate) fn insert(file: &str, at: usize, text: impl Into<String>) -> Self {
        Self::replace(file, Span::at(at), text)
    }

    /// Removes what stands in `span`.
    pub(crate) fn remove(file: &str, span: Span) -> Self {
        Self::replace(file, span, "")
    }

    /// The same edit with its id, as a text like any other. An edit that wants none stays as it is.
    ///
    /// ```
    /// use assay_prompt::{Edit, Span};
    ///
    /// let edit = Edit {
    ///     file: "prompt.yaml".into(),
    ///     span: Span::new(0, 0),
    ///     text: "id: \"\"\n".into(),
    ///     id_at: Some(5),
    /// };
    /// let edit = edit.with_id(|| "01J8ZQ4V7N".to_owned());
    /// assert_eq!((edit.text.as_str(), edit.id_at), ("id: \"01J8ZQ4V7N\"\n", None));
    /// ```
    #[must_use]
    pub fn with_id(mut self, new_id: impl FnOnce() -> String) -> Self {
        if let Some(at) = self.id_at.take() {
            // An edit that came from outside may name any place.
            let at = self.text.floor_char_boundary(at);
            self.text.insert_str(at, &new_id());
        }
        self
    }
}

/// `text` after `edits`, all of which must be edits of this one file, in any order.
///
/// Nothing when two of them overlap, when one does not lie in the text on character boundaries, or
/// when one still wants its id.
/// Several insertions at one place happen in the order they are given.
pub fn apply_edits(text: &str, edits: &[Edit]) -> Option<String> {
    let mut ordered: Vec<&Edit> = edits.iter().collect();
    ordered.sort_by_key(|edit| edit.span);
    let mut changed = String::with_capacity(text.len());
    let mut at = 0;
    for edit in ordered {
        changed.push_str(text.get(at..edit.span.start)?);
        text.get(edit.span.start..edit.span.end).filter(|_| edit.id_at.is_none())?;
        changed.push_str(&edit.text);
        at = edit.span.end;
    }
    changed.push_str(text.get(at..)?);
    Some(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(start: usize, end: usize, text: &str) -> Edit {
        Edit::replace("f", Span::new(start, end), text)
    }

    #[test]
    fn edits_apply_in_any_order_and_leave_every_other_byte() {
        let edits = [edit(4, 5, "E"), edit(0, 1, ""), edit(2, 2, "x"), edit(2, 2, "y")];
        assert_eq!(apply_edits("abcd", &edits[1..]).as_deref(), Some("bxycd"));
        assert_eq!(apply_edits("abcdef", &edits).as_deref(), Some("bxycdEf"));
        assert_eq!(apply_edits("same", &[]).as_deref(), Some("same"));
    }

    #[test]
    fn edits_that_overlap_or_do_not_fit_are_refused() {
        assert_eq!(apply_edits("abcd", &[edit(0, 2, ""), edit(1, 3, "")]), None);
        assert_eq!(apply_edits("abcd", &[edit(3, 9, "")]), None);
        assert_eq!(apply_edits("abcd", &[edit(9, 9, "")]), None);
        assert_eq!(apply_edits("abcd", &[edit(3, 1, "")]), None, "turned around");
        assert_eq!(apply_edits("aé", &[edit(2, 3, "")]), None, "inside a character");
    }

    #[test]
    fn an_edit_that_wants_an_id_is_not_applied_without_one() {
        let edit = Edit::fresh_id("f", Span::new(4, 4), "{id: ", "}");
        assert_eq!(apply_edits("a: b", std::slice::from_ref(&edit)), None);
        let edit = edit.with_id(|| "01J".to_owned());
        assert_eq!(apply_edits("a: b", &[edit]).as_deref(), Some("a: b{id: \"01J\"}"));
    }

    #[test]
    fn what_looks_like_the_place_of_an_id_in_somebodys_text_is_their_text() {
        let fix = Fix::safe("Mend", vec![edit(0, 1, "{new-id}")]);
        assert!(!fix.wants_id());
        let same = fix.edits[0].clone().with_id(|| unreachable!("no id is wanted"));
        assert_eq!(same, fix.edits[0]);
    }
}
