//! What differs inside rows that two versions of a file both have: field by field, with what stood there.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::RowsFormat;
use crate::rows::RowsText;

/// A field of a row that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldChange {
    /// The row's id.
    pub row: String,
    /// The field, as `tags` or `input.ticket`.
    pub field: String,
    /// As it was; nothing when it was not there.
    pub old: Option<Value>,
    /// As it is; nothing when it is gone.
    pub new: Option<Value>,
}

/// The fields that differ, in the order of the new file; nothing for a file that holds no rows, or some that
/// cannot be read. Rows that one version only has are not among them.
///
/// ```
/// use assay_prompt::diff_rows;
///
/// let old = "{\"id\":\"a\",\"expected\":{\"urgent\":false}}\n";
/// let new = "{\"id\":\"a\",\"expected\":{\"urgent\":true}}\n{\"id\":\"b\"}\n";
/// let changes = diff_rows("cases.jsonl", old, new).expect("both can be read");
/// assert_eq!(changes.len(), 1);
/// assert_eq!(changes[0].field, "expected.urgent");
/// ```
pub fn diff_rows(file: &str, old: &str, new: &str) -> Option<Vec<FieldChange>> {
    let format = RowsFormat::of(file)?;
    let [old, new] = [old, new].map(|text| RowsText::read(format, text).ok());
    let (old, new) = (old?, new?);
    let before: HashMap<&str, &Value> = old.rows.iter().map(|row| (id(row), row)).collect();
    let mut changes = Vec::new();
    for row in &new.rows {
        if let Some(was) = before.get(id(row)) {
            let mut found = Found { row: id(row), changes: &mut changes };
            found.compare("", Some(*was), Some(row));
        }
    }
    Some(changes)
}

fn id(row: &Value) -> &str {
    row["id"].as_str().unwrap_or_default()
}

/// The changes of one row, gathered.
struct Found<'r, 'c> {
    row: &'r str,
    changes: &'c mut Vec<FieldChange>,
}

impl Found<'_, '_> {
    fn compare(&mut self, field: &str, old: Option<&Value>, new: Option<&Value>) {
        match (old, new) {
            (old, new) if old == new => {}
            (Some(Value::Object(old)), Some(Value::Object(new))) => self.fields(field, old, new),
            (old, new) => self.changes.push(FieldChange {
                row: self.row.to_owned(),
                field: field.to_owned(),
                old: old.cloned(),
                new: new.cloned(),
            }),
        }
    }

    fn fields(&mut self, around: &str, old: &Map<String, Value>, new: &Map<String, Value>) {
        let gone = old.keys().filter(|key| !new.contains_key(*key));
        for key in new.keys().chain(gone) {
            let name = if around.is_empty() { key.clone() } else { format!("{around}.{key}") };
            self.compare(&name, old.get(key), new.get(key));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_told_with_what_stood_there_in_every_format() {
        let told = |file: &str, old: &str, new: &str| {
            let changes = diff_rows(file, old, new).unwrap_or_default();
            changes.into_iter().map(|c| (c.row, c.field, c.old, c.new)).collect::<Vec<_>>()
        };
        let expected = [
            ("a".to_owned(), "input.q".to_owned(), Some(json!("1")), Some(json!("2"))),
            ("a".to_owned(), "tags".to_owned(), Some(json!(["t"])), None),
        ];
        let jsonl = "{\"id\":\"a\",\"input\":{\"q\":\"1\"},\"tags\":[\"t\"]}\n{\"id\":\"gone\"}\n";
        assert_eq!(told("c.jsonl", jsonl, "{\"id\":\"a\",\"input\":{\"q\":\"2\"}}\n"), expected);
        assert_eq!(told("c.csv", "id,q,tags\na,1,t\n", "id,q,tags\nb,,\na,2,\n"), expected);
        let yaml = "- id: a\n  input: {q: \"1\"}\n  tags: [t]\n";
        assert_eq!(told("c.yaml", yaml, "- id: a\n  input: {q: \"2\"}\n"), expected);
    }

    #[test]
    fn what_holds_no_rows_or_cannot_be_read_has_no_fields() {
        assert_eq!(diff_rows("a.md", "x", "y"), None);
        assert_eq!(diff_rows("a.jsonl", "{}\n", "{\"id\":\"a\"}\n"), None);
    }
}
