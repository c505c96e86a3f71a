//! Examples and cases: rows of JSONL, read line by line and edited without touching other bytes.
//!
//! Lines end at `\n` only: U+2028 inside a string is text. A line that cannot be read is reported
//! and left out, and every editing function leaves it where it is.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::diagnostic::Report;
use crate::span::lines;
use crate::{Span, codes};

/// The rows of one file.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Rows {
    /// The file they stand in, when there is one.
    pub file: Option<String>,
    /// In the order of the file.
    pub rows: Vec<Row>,
}

/// An example (`input` and `output`) or a case (`input` and `expected`).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Row {
    /// Unique within its file.
    pub id: String,
    /// Values by the name of the input.
    pub input: Map<String, Value>,
    /// The answer of an example: text, or an object to be shown as JSON.
    pub output: Option<Value>,
    /// What scorers compare an output with.
    pub expected: Option<Value>,
    /// Free labels; gates may ask for them.
    pub tags: Vec<String>,
    /// Rows with the same group share a source, and statistics count them as one cluster.
    pub group: Option<String>,
    /// How much the row counts; 1 when absent.
    pub weight: Option<f64>,
    /// Several acceptable texts.
    pub references: Vec<String>,
    /// Retrieved texts, best first.
    pub contexts: Vec<String>,
    /// Keys of no meaning here, kept as they are.
    pub extra: Map<String, Value>,
    /// The row's line in its file.
    pub span: Span,
}

/// Reads a JSONL file. Rows without an id get one from their line number, so they can be shown.
pub(crate) fn parse(text: &str, report: &mut Report) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for (number, (start, line)) in lines(text).enumerate() {
        let Some(row) = parse_line(line, start, number + 1, report) else {
            continue;
        };
        if !seen.insert(row.id.clone()) {
            report.error(
                codes::DUPLICATE_ROW,
                row.span,
                format!("{} has two rows with the id `{}`", report.file, row.id),
            );
        }
        rows.push(row);
    }
    rows
}

fn parse_line(line: &str, start: usize, number: usize, report: &mut Report) -> Option<Row> {
    if line.trim().is_empty() {
        return None;
    }
    let span = Span::new(start, start + line.trim_end().len());
    match serde_json::from_str::<Value>(line) {
        Ok(Value::Object(fields)) => Some(read_row(fields, span, number, report)),
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

fn read_row(mut fields: Map<String, Value>, span: Span, number: usize, report: &mut Report) -> Row {
    let mut reader = RowReader { fields: &mut fields, span, number, report };
    let mut row = Row {
        id: reader.id(),
        input: reader.input(),
        output: reader.take("output"),
        expected: reader.take("expected"),
        tags: reader.strings("tags"),
        group: reader.string("group"),
        weight: reader.weight(),
        references: reader.strings("references"),
        contexts: reader.strings("contexts"),
        extra: Map::new(),
        span,
    };
    row.extra = fields;
    row
}

/// Takes the known fields out of a row, so that what is left is extra.
struct RowReader<'a, 'r> {
    fields: &'a mut Map<String, Value>,
    span: Span,
    number: usize,
    report: &'a mut Report<'r>,
}

impl RowReader<'_, '_> {
    fn take(&mut self, key: &str) -> Option<Value> {
        // `shift_remove` keeps the order of the keys that stay.
        self.fields.shift_remove(key)
    }

    fn id(&mut self) -> String {
        match self.take("id") {
            Some(Value::String(id)) if !id.is_empty() => id,
            Some(Value::Number(id)) => id.to_string(),
            _ => {
                let message = format!("line {} of {} has no id", self.number, self.report.file);
                self.report
                    .error(codes::ROW_WITHOUT_ID, self.span, message)
                    .hint("give it one that stays: results are kept under it");
                fallback_id(self.number)
            }
        }
    }

    fn input(&mut self) -> Map<String, Value> {
        match self.take("input") {
            Some(Value::Object(input)) => input,
            None => Map::new(),
            Some(_) => {
                self.wrong("input", "a map of input names to values");
                Map::new()
            }
        }
    }

    fn string(&mut self, key: &str) -> Option<String> {
        match self.take(key)? {
            Value::String(text) => Some(text),
            _ => {
                self.wrong(key, "a string");
                None
            }
        }
    }

    fn weight(&mut self) -> Option<f64> {
        let weight = self.take("weight")?.as_f64().filter(|weight| *weight >= 0.0);
        if weight.is_none() {
            self.wrong("weight", "a number of zero or more");
        }
        weight
    }

    fn strings(&mut self, key: &str) -> Vec<String> {
        let Some(value) = self.take(key) else {
            return Vec::new();
        };
        serde_json::from_value(value).unwrap_or_else(|_| {
            self.wrong(key, "a list of strings");
            Vec::new()
        })
    }

    fn wrong(&mut self, key: &str, wanted: &str) {
        let message =
            format!("`{key}` in line {} of {} must be {wanted}", self.number, self.report.file);
        self.report.error(codes::ROW_FIELD, self.span, message);
    }
}

fn fallback_id(number: usize) -> String {
    format!("line-{number}")
}

/// One line of JSONL, without a line end: `id` first, then a fixed key order, no ASCII escaping.
///
/// What is empty or absent is left out, so a row that was written by this reads back equal.
pub fn row_to_line(row: &Row) -> String {
    Value::Object(row_fields(row)).to_string()
}

fn row_fields(row: &Row) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("id".into(), json!(row.id));
    fields.insert("input".into(), Value::Object(row.input.clone()));
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            fields.insert(key.into(), value);
        }
    };
    let list = |items: &[String]| (!items.is_empty()).then(|| json!(items));
    put("output", row.output.clone());
    put("expected", row.expected.clone());
    put("tags", list(&row.tags));
    put("group", row.group.as_ref().map(|group| json!(group)));
    put("weight", row.weight.map(weight_value));
    put("references", list(&row.references));
    put("contexts", list(&row.contexts));
    fields.extend(row.extra.clone());
    fields
}

/// A weight of 2 is written `2`, as people write it.
fn weight_value(weight: f64) -> Value {
    let whole = weight.fract() == 0.0 && weight.abs() < 1e15;
    if whole { json!(weight as i64) } else { json!(weight) }
}

/// Replaces the line of the row `id`. Nothing when there is no such row.
pub fn replace_row(text: &str, id: &str, row: &Row) -> Option<String> {
    let line = find(text, id)?;
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
    Some(splice(text, find(text, id)?, ""))
}

/// Moves the line of the row `id`, byte for byte, so that it becomes row number `to` from 0.
/// Nothing when there is no such row.
pub fn move_row(text: &str, id: &str, to: usize) -> Option<String> {
    let line = find(text, id)?;
    let moved = ended(&text[line.start..line.end]);
    let rest = splice(text, line, "");
    let at = row_lines(&rest).nth(to).map(|(line, _)| line.start);
    Some(match at {
        Some(start) => splice(&rest, Span::at(start), &moved),
        None => ended(&rest) + &moved,
    })
}

/// The lines that count as rows, each with its line end, and the id it goes by.
fn row_lines(text: &str) -> impl Iterator<Item = (Span, Option<String>)> {
    lines(text).enumerate().filter(|(_, (_, line))| !line.trim().is_empty()).map(
        |(index, (start, line))| {
            let end = (start + line.len() + 1).min(text.len());
            (Span::new(start, end), id_of(line, index + 1))
        },
    )
}

fn id_of(line: &str, number: usize) -> Option<String> {
    let Ok(Value::Object(fields)) = serde_json::from_str(line) else {
        return None;
    };
    match fields.get("id") {
        Some(Value::String(id)) if !id.is_empty() => Some(id.clone()),
        Some(Value::Number(id)) => Some(id.to_string()),
        _ => Some(fallback_id(number)),
    }
}

fn find(text: &str, id: &str) -> Option<Span> {
    row_lines(text).find(|(_, found)| found.as_deref() == Some(id)).map(|(span, _)| span)
}

fn splice(text: &str, span: Span, new: &str) -> String {
    [&text[..span.start], new, &text[span.end..]].concat()
}

/// `text` with a line end, unless it is empty or has one.
fn ended(text: &str) -> String {
    if text.is_empty() || text.ends_with('\n') {
        text.to_owned()
    } else {
        text.to_owned() + line_end(text)
    }
}

/// The line end this file uses.
fn line_end(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const TEXT: &str = "{\"id\": \"a\",  \"input\": {}}\n\nnot json\n{\"id\":\"b\",\"input\":{\"x\":\"é\u{2028}\"}}";

    fn row(id: &str) -> Row {
        Row { id: id.into(), ..Row::default() }
    }

    fn read(text: &str) -> (Vec<Row>, Vec<String>) {
        let mut report = Report::new("cases.jsonl");
        let rows = parse(text, &mut report);
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
        assert_eq!(codes, ["P0502", "P0503", "P0502", "P0504", "P0501"]);
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
