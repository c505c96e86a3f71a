//! Rows of a file with one row a line, where the difference by fields does not tell them: those that one side only has.
//!
//! They are told whole, since what is shown is what gets signed. Nothing here decides what a row is worth: a line that is
//! no row, or shares its id with another, is told as it stands in the file.

use std::collections::{BTreeMap, BTreeSet};

use assay_wire::{DiffLine, DiffSide, FileDifference};
use serde_json::Value;

use crate::output::one_line;

/// A line that one side only has, and the row it holds.
struct Line {
    side: DiffSide,
    text: String,
    row: Option<Value>,
}

impl Line {
    fn of(line: &DiffLine) -> Line {
        let text: String = line.spans.iter().map(|span| span.text.as_str()).collect();
        Line { side: line.side, row: serde_json::from_str(&text).ok(), text }
    }

    fn id(&self) -> Option<&str> {
        self.row.as_ref()?.get("id")?.as_str()
    }
}

/// The rows that the fields of the difference leave out, each field on lines of its own.
pub(super) fn whole(file: &FileDifference) -> String {
    let lines = file.hunks.iter().flat_map(|hunk| &hunk.lines);
    let lines: Vec<Line> = lines.filter(|line| line.side != DiffSide::Both).map(Line::of).collect();
    let fields: BTreeSet<&str> = file.fields.iter().map(|field| field.row.as_str()).collect();
    let [old, new] = [DiffSide::Old, DiffSide::New].map(|side| by_id(&lines, side));
    let is_told = |line: &&Line| {
        let Some(id) = line.id() else { return false };
        match (old.get(id).map(Vec::as_slice), new.get(id).map(Vec::as_slice)) {
            // What only moved is told by its item.
            (Some([old]), Some([new])) => fields.contains(id) || old == new,
            _ => false,
        }
    };
    lines.iter().filter(|line| !is_told(line)).map(row).collect()
}

fn by_id(lines: &[Line], side: DiffSide) -> BTreeMap<&str, Vec<&str>> {
    let mut texts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.side == side) {
        if let Some(id) = line.id() {
            texts.entry(id).or_default().push(&line.text);
        }
    }
    texts
}

fn row(line: &Line) -> String {
    let sign = if line.side == DiffSide::Old { '-' } else { '+' };
    let (Some(id), Some(row @ Value::Object(_))) = (line.id(), &line.row) else {
        return format!("  {sign} {}\n", line.text);
    };
    let mut values = Vec::new();
    gather("", row, &mut values);
    let field = |(name, said): &(String, String)| {
        let name = one_line(&format!("{id} · {name}"));
        format!("  {sign} {name}: {}\n", said.replace('\n', &format!("\n  {sign}     | ")))
    };
    let is_name = |(name, said): &&(String, String)| name == "id" && said == id;
    let told: String = values.iter().filter(|value| !is_name(value)).map(field).collect();
    if told.is_empty() { format!("  {sign} {}\n", line.text) } else { told }
}

/// The values below a value by their names, as `input.ticket`; no deeper than what reads JSON lets them be.
fn gather(name: &str, value: &Value, into: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) if name.is_empty() || !fields.is_empty() => {
            for (key, value) in fields {
                let name = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                gather(&name, value, into);
            }
        }
        Value::String(text) => into.push((name.to_owned(), text.clone())),
        other => into.push((name.to_owned(), other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use assay_wire::{ChangedFile, DiffHunk, DiffSpan, FieldDifference, FileStatus, RenderedPiece};

    use super::*;

    fn difference(lines: &[(DiffSide, &str)], rows: &[&str]) -> FileDifference {
        let line = |(side, text): &(DiffSide, &str)| DiffLine {
            side: *side,
            old: None,
            new: None,
            spans: vec![DiffSpan {
                text: (*text).to_owned(),
                role: "plain".to_owned(),
                changed: false,
            }],
        };
        let field = |row: &&str| FieldDifference {
            row: (*row).to_owned(),
            field: "output".to_owned(),
            pieces: vec![RenderedPiece { text: "x".to_owned(), side: DiffSide::New }],
        };
        FileDifference {
            file: ChangedFile {
                path: "examples.jsonl".to_owned(),
                status: FileStatus::Edited,
                prompt: None,
                items: Vec::new(),
            },
            fields: rows.iter().map(field).collect(),
            hunks: vec![DiffHunk { lines: lines.iter().map(line).collect() }],
            moved_from: Vec::new(),
            moved_to: Vec::new(),
        }
    }

    #[test]
    fn rows_that_came_or_went_are_told_whole_and_no_line_of_theirs_passes_for_ours() {
        let lines = [
            (DiffSide::Both, r#"{"id":"same","output":"x"}"#),
            (DiffSide::Old, r#"{"id":"gone","input":{"q":"Why?"}}"#),
            (DiffSide::New, r#"{"id":"evil\ngate open","output":"a\ngate open","tags":["t"]}"#),
        ];
        let told = "  - gone · input.q: Why?\n  \
                    + evil gate open · output: a\n  +     | gate open\n  \
                    + evil gate open · tags: [\"t\"]\n";
        assert_eq!(whole(&difference(&lines, &[])), told);
    }

    #[test]
    fn only_what_the_fields_tell_is_left_to_them() {
        let [old, new] = [r#"{"id":"a","output":"x"}"#, r#"{"id":"a","output":"y"}"#];
        let edited = [(DiffSide::Old, old), (DiffSide::New, new)];
        assert_eq!(whole(&difference(&edited, &["a"])), "");
        let untold = "  - a · output: x\n  + a · output: y\n";
        assert_eq!(whole(&difference(&edited, &[])), untold, "no field tells it");
        let moved = [(DiffSide::New, old), (DiffSide::Old, old)];
        assert_eq!(whole(&difference(&moved, &[])), "");
        let twice = [(DiffSide::Old, old), (DiffSide::New, new), (DiffSide::New, old)];
        assert_eq!(whole(&difference(&twice, &["a"])).lines().count(), 3, "an id that two share");
        let broken = [(DiffSide::New, "{ half")];
        assert_eq!(whole(&difference(&broken, &[])), "  + { half\n");
    }
}
