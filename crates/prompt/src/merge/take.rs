//! Some of the changes of a file of rows, so that a person commits that row and not this one.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::order;
use crate::RowsFormat;
use crate::rows::{RowsText, assembled};

/// The old file with the changes of the named rows, and no others: new rows come where the new file has them, rows
/// that it has not go, and a row that only moved and is not named stays where it was. Nothing for a file whose rows cannot be told apart without loss, and for YAML, whose rows do not
/// stand on lines of their own.
///
/// ```
/// use assay_prompt::merge::take_rows;
///
/// let old = "{\"id\":\"a\",\"output\":1}\n{\"id\":\"b\",\"output\":2}\n";
/// let new = "{\"id\":\"a\",\"output\":8}\n{\"id\":\"b\",\"output\":9}\n";
/// let some = take_rows("cases.jsonl", old, new, &["b".to_owned()]);
/// assert_eq!(some.as_deref(), Some("{\"id\":\"a\",\"output\":1}\n{\"id\":\"b\",\"output\":9}\n"));
/// ```
pub fn take_rows(file: &str, old: &str, new: &str, ids: &[String]) -> Option<String> {
    let format = RowsFormat::of(file).filter(|format| *format != RowsFormat::Yaml)?;
    let (before, after) = (RowsText::read(format, old).ok()?, RowsText::read(format, new).ok()?);
    let (was, is) = (Rows::of(&before), Rows::of(&after));
    let taken: HashSet<&str> = ids.iter().map(String::as_str).collect();
    let wanted: Vec<Value> = order::taken(&was.ids, &is.ids, &taken)
        .into_iter()
        .filter_map(|id| {
            let side = if taken.contains(id) { &is } else { &was };
            side.by_id.get(id).map(|row| (*row).clone())
        })
        .collect();
    let mut text = assembled(&before, &before, &after, &wanted)?;
    let model = if old.is_empty() { new } else { old };
    // Whether the last line has an end is no row's matter.
    if !model.ends_with('\n') {
        text.truncate(text.trim_end_matches(['\r', '\n']).len());
    }
    Some(text)
}

/// The rows of one version by their ids.
struct Rows<'v> {
    ids: Vec<&'v str>,
    by_id: HashMap<&'v str, &'v Value>,
}

impl<'v> Rows<'v> {
    fn of(text: &'v RowsText<'_>) -> Self {
        // A file is only read when each of its rows has an id.
        let id = |row: &'v Value| row["id"].as_str().unwrap_or_default();
        let by_id: HashMap<_, _> = text.rows.iter().map(|row| (id(row), row)).collect();
        Self { ids: text.rows.iter().map(id).collect(), by_id }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "{\"id\":\"a\",\"n\":1}\n{\"id\":\"b\",\"n\":2}\n{\"id\":\"c\",\"n\":3}\n";

    fn check(new: &str, ids: &[&str], expected: &str) {
        let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
        assert_eq!(take_rows("x.jsonl", OLD, new, &ids).as_deref(), Some(expected));
    }

    #[test]
    fn new_changed_and_removed_rows_are_each_taken_alone() {
        let new = "{\"id\":\"a\",\"n\":8}\n{\"id\":\"new\"}\n{\"id\":\"c\",\"n\":3}\n";
        check(new, &["a"], &OLD.replace("\"n\":1", "\"n\":8"));
        check(new, &["new"], &OLD.replace("1}\n", "1}\n{\"id\":\"new\"}\n"));
        check(new, &["b"], &OLD.replace("{\"id\":\"b\",\"n\":2}\n", ""));
    }

    #[test]
    fn no_row_is_the_old_file_and_every_row_the_new_one() {
        let new = "{\"id\":\"a\",\"n\":8}\n{\"id\":\"new\"}\n{\"id\":\"c\",\"n\":3}\n";
        check(new, &[], OLD);
        check(new, &["a", "b", "c", "new"], new);
    }

    #[test]
    fn a_row_that_moved_stays_in_its_place_unless_it_is_named() {
        let new = "{\"id\":\"c\",\"n\":3}\n{\"id\":\"a\",\"n\":1}\n{\"id\":\"b\",\"n\":9}\n";
        check(new, &["b"], &OLD.replace("2}", "9}"));
        check(new, &["b", "c"], new);
    }

    #[test]
    fn a_last_line_without_an_end_gets_none() {
        let (old, new) = ("{\"id\":\"a\",\"n\":1}", "{\"id\":\"a\",\"n\":2}\n{\"id\":\"b\"}");
        let some = take_rows("x.jsonl", old, new, &["a".to_owned()]);
        assert_eq!(some.as_deref(), Some("{\"id\":\"a\",\"n\":2}"));
        let all = take_rows("x.jsonl", old, new, &["a".to_owned(), "b".to_owned()]);
        assert_eq!(all.as_deref(), Some(new));
    }

    #[test]
    fn a_file_that_is_new_itself_can_come_row_by_row() {
        let some = take_rows("x.jsonl", "", OLD, &["b".to_owned()]);
        assert_eq!(some.as_deref(), Some("{\"id\":\"b\",\"n\":2}\n"));
    }

    #[test]
    fn rows_that_cannot_be_told_apart_are_not_taken_apart() {
        let ids = ["a".to_owned()];
        assert_eq!(take_rows("x.yaml", "- id: a\n", "- id: b\n", &ids), None);
        assert_eq!(take_rows("x.md", "a", "b", &ids), None);
        assert_eq!(take_rows("x.jsonl", OLD, "{\"id\":", &ids), None);
        assert_eq!(take_rows("x.jsonl", OLD, "{\"n\":1}\n", &ids), None);
    }
}
