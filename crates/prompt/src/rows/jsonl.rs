//! Rows as JSONL: one JSON object per line.
//!
//! Lines end at `\n` only: U+2028 inside a string is text.

use serde_json::Value;

use super::{
    Line, MAX_ROWS, Row, RowReader, Source, bom, ended, fallback_id, json, line_end, move_lines,
    remove_lines, report_inexact, row_fields, splice,
};
use crate::diagnostic::Report;
use crate::span::lines;
use crate::{Span, codes};

/// Reads a JSONL file from byte `start` on.
pub(super) fn parse(text: &str, start: usize, report: &mut Report) -> Vec<Row> {
    let lines = lines(&text[start..]).enumerate();
    let rows =
        lines.filter_map(|(index, (at, line))| read_line(line, start + at, index + 1, report));
    rows.take(MAX_ROWS + 1).collect()
}

fn read_line(line: &str, start: usize, number: usize, report: &mut Report) -> Option<Row> {
    if line.trim().is_empty() {
        return None;
    }
    let span = Span::new(start, start + line.trim_end().len());
    match json::parse(line) {
        Ok(Value::Object(fields)) => {
            let source = Source { span, line: number };
            let kept = report_inexact(line, start, report);
            kept.then(|| RowReader::read(fields, source, report))
        }
        Ok(_) => {
            let message = format!("line {number} of {} is not a JSON object", report.file);
            report.error(codes::BAD_ROW, span, message);
            None
        }
        Err(error) => {
            let reason = error.to_string();
            let reason = reason.split(" at line ").next().unwrap_or_default();
            let at = byte_of_column(line, error.column());
            report.error(
                codes::BAD_ROW,
                Span::new(start + at, span.end.max(start + at)),
                format!("line {number} of {} cannot be read: {reason}", report.file),
            );
            None
        }
    }
}

/// serde_json counts columns in bytes from 1, and 0 at the very start.
fn byte_of_column(line: &str, column: usize) -> usize {
    line.floor_char_boundary(column.saturating_sub(1))
}

/// One line of JSONL, without a line end: `id` first, then a fixed key order, no ASCII escaping.
///
/// What is empty or absent is left out, so a row that was written by this reads back equal.
pub fn row_to_line(row: &Row) -> String {
    Value::Object(row_fields(row)).to_string()
}

/// Replaces the line of the row `id`. Nothing when there is no such row.
pub fn replace_row(text: &str, id: &str, row: &Row) -> Option<String> {
    let (line, _) = row_lines(text).find(|(_, found)| found == id)?;
    let old = &text[line.start..line.end];
    let end = &old[old.trim_end_matches(['\n', '\r']).len()..];
    let new = row_to_line(row) + end;
    Some(splice(text, line, &new))
}

/// Inserts a row before the `at`th row, or after the last one when there are fewer.
pub fn insert_row(text: &str, at: usize, row: &Row) -> String {
    let new = row_to_line(row) + line_end(text);
    match row_lines(text).nth(at) {
        Some((line, _)) => splice(text, Span::at(line.start), &new),
        None => ended(text) + &new,
    }
}

/// Removes the line of the row `id`. Nothing when there is no such row.
pub fn remove_row(text: &str, id: &str) -> Option<String> {
    remove_lines(text, &places(text), id)
}

/// Moves the line of the row `id`, byte for byte, so that it becomes row number `to` from 0.
/// Nothing when there is no such row.
pub fn move_row(text: &str, id: &str, to: usize) -> Option<String> {
    move_lines(text, &places(text), id, to)
}

/// The bytes of each row with its line end, and the id it goes by.
pub(super) fn places(text: &str) -> Vec<Line> {
    row_lines(text).collect()
}

/// The lines that can be read as rows.
fn row_lines(text: &str) -> impl Iterator<Item = Line> {
    let start = bom(text);
    lines(&text[start..]).enumerate().filter_map(move |(index, (at, line))| {
        let end = (start + at + line.len() + 1).min(text.len());
        Some((Span::new(start + at, end), id_of(line, index + 1)?))
    })
}

fn id_of(line: &str, number: usize) -> Option<String> {
    let Ok(Value::Object(fields)) = json::parse(line) else {
        return None;
    };
    match fields.get("id") {
        Some(Value::String(id)) if !id.is_empty() => Some(id.clone()),
        Some(Value::Number(id)) => Some(id.to_string()),
        _ => Some(fallback_id(number)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::rows::{Kinds, RowsFormat};

    const TEXT: &str = "{\"id\": \"a\",  \"input\": {}}\n\nnot json\n{\"id\":\"b\",\"input\":{\"x\":\"é\u{2028}\"}}";

    fn row(id: &str) -> Row {
        Row { id: id.into(), ..Row::default() }
    }

    fn read(text: &str) -> (Vec<Row>, Vec<String>) {
        let mut report = Report::new("cases.jsonl");
        let rows = RowsFormat::Jsonl.parse(text, &Kinds::default(), &mut report);
        let found = report.found.into_iter();
        (rows, found.map(|d| format!("{} {}", d.code, d.message)).collect())
    }

    #[test]
    fn an_unreadable_line_is_reported_and_the_others_are_read() {
        let (rows, found) = read(TEXT);
        assert_eq!(rows.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(rows[1].input["x"], "é\u{2028}");
        assert_eq!(found, ["P0501 line 3 of cases.jsonl cannot be read: expected ident"]);
    }

    #[test]
    fn missing_and_repeated_ids_are_reported() {
        let (rows, found) = read("{}\n{\"id\":7}\n{\"id\":\"7\"}\n{\"id\":\"\",\"tags\":3}\n[]\n");
        let ids: Vec<_> = rows.iter().map(|row| row.id.as_str()).collect();
        assert_eq!(ids, ["line-1", "7", "7", "line-4"]);
        let codes: Vec<_> = found.iter().map(|f| &f[..5]).collect();
        assert_eq!(codes, ["P0502", "P0502", "P0504", "P0501", "P0503"]);
    }

    #[test]
    fn editing_one_row_keeps_every_other_byte() {
        let replaced = replace_row(TEXT, "b", &row("c")).unwrap();
        assert_eq!(
            replaced,
            "{\"id\": \"a\",  \"input\": {}}\n\nnot json\n{\"id\":\"c\",\"input\":{}}"
        );
        let inserted = insert_row(TEXT, 99, &row("c"));
        assert_eq!(inserted, format!("{TEXT}\n{{\"id\":\"c\",\"input\":{{}}}}\n"));
        let first = insert_row(TEXT, 0, &row("c"));
        assert_eq!(first, format!("{{\"id\":\"c\",\"input\":{{}}}}\n{TEXT}"));
        let removed = remove_row(TEXT, "a").unwrap();
        assert_eq!(removed, &TEXT[26..]);
        let moved = move_row(TEXT, "b", 0).unwrap();
        assert!(moved.starts_with("{\"id\":\"b\""), "{moved}");
        assert!(moved.ends_with("\n{\"id\": \"a\",  \"input\": {}}\n\nnot json\n"), "{moved}");
    }

    #[test]
    fn editing_an_unknown_row_does_nothing() {
        assert_eq!(replace_row(TEXT, "z", &row("c")), None);
        assert_eq!(remove_row(TEXT, "z"), None);
        assert_eq!(move_row(TEXT, "z", 0), None);
    }

    #[test]
    fn the_files_own_line_ends_stay() {
        let text = "{\"id\":\"a\"}\r\n{\"id\":\"b\"}\r\n";
        assert_eq!(
            replace_row(text, "a", &row("c")).unwrap(),
            "{\"id\":\"c\",\"input\":{}}\r\n{\"id\":\"b\"}\r\n"
        );
        assert!(insert_row(text, 2, &row("c")).ends_with("\"input\":{}}\r\n"));
    }

    #[test]
    fn keys_are_written_in_a_fixed_order_and_nothing_is_escaped() {
        let line = r#"{"weight":2,"zzz":1,"tags":["t"],"expected":null,"output":{"b":1,"a":2},"input":{"t":"ü✓"},"id":"x","group":"g"}"#;
        let (rows, found) = read(line);
        assert_eq!(found, Vec::<String>::new());
        assert_eq!(
            row_to_line(&rows[0]),
            r#"{"id":"x","input":{"t":"ü✓"},"output":{"b":1,"a":2},"expected":null,"tags":["t"],"group":"g","weight":2,"zzz":1}"#
        );
    }
}
