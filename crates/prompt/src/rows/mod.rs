//! Examples and cases: rows of JSONL, CSV or YAML, written back in kind.
//!
//! What a row is stands here, and how its fields are read; each format has a module that knows where
//! a row's bytes are. A row that cannot be read is reported and left out, and an edit of another
//! leaves it where it is, byte for byte.

mod assemble;
mod csv;
mod json;
mod jsonl;
mod list;
mod table;

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::characters::check_byte_order_mark;
use crate::diagnostic::{Diagnostic, Report, Severity};
use crate::{Span, codes};

pub(crate) use assemble::{RowsText, assembled, problem};
pub use csv::rows_from_table;
pub use jsonl::{insert_row, move_row, remove_row, replace_row, row_to_line};
pub(crate) use table::Kinds;

/// Rows of one file beyond this are not read.
const MAX_ROWS: usize = 50_000;
/// At most this many findings about the rows of one file.
const MAX_FINDINGS: usize = 200;

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
    /// Files that belong to the row, as paths.
    #[serde(default)]
    pub attachments: Vec<String>,
    /// Keys of no meaning here, kept as they are.
    pub extra: Map<String, Value>,
    /// The row's bytes in its file.
    pub span: Span,
}

/// The rows of a file on its own: what cannot be read is left out, and a table's cells are text, because no schema says
/// otherwise. Nothing for files of other formats.
pub fn read_rows(file: &str, text: &str) -> Vec<Row> {
    let mut report = Report::new(file);
    RowsFormat::of(file)
        .map(|format| format.parse(text, &Kinds::default(), &mut report))
        .unwrap_or_default()
}

/// How rows stand in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RowsFormat {
    /// One JSON object per line.
    Jsonl,
    /// A table with a header. Columns that are not the row's own are inputs.
    Csv,
    /// A list of maps.
    Yaml,
}

impl RowsFormat {
    /// The format of a file by the end of its name; nothing for other files.
    pub fn of(file: &str) -> Option<Self> {
        match file.rsplit_once('.')?.1 {
            "jsonl" => Some(Self::Jsonl),
            "csv" => Some(Self::Csv),
            "yaml" | "yml" => Some(Self::Yaml),
            _ => None,
        }
    }

    /// Reads a file. Rows without an id get one from their line number, so they can be shown.
    pub(crate) fn parse(self, text: &str, kinds: &Kinds, report: &mut Report) -> Vec<Row> {
        let already = report.found.len();
        let start = report_byte_order_mark(text, report);
        let mut rows = match self {
            Self::Jsonl => jsonl::parse(text, start, report),
            Self::Csv => table::parse(text, start, kinds, report),
            Self::Yaml => list::parse(text, start, report),
        };
        report_excess(&mut rows, report);
        report_duplicates(&rows, report);
        limit_findings(&mut report.found, already);
        rows
    }

    /// The text with another row in the place of the row `id`. Nothing when there is no such row, or
    /// when the file cannot take the new one without changing others.
    pub fn replace(self, text: &str, id: &str, row: &Row) -> Option<String> {
        match self {
            Self::Jsonl => jsonl::replace_row(text, id, row),
            Self::Csv => table::replace(text, id, row),
            Self::Yaml => list::replace(text, id, row),
        }
    }

    /// The text with a row before the `at`th row, or after the last one when there are fewer.
    /// Nothing when the file cannot take it.
    pub fn insert(self, text: &str, at: usize, row: &Row) -> Option<String> {
        match self {
            Self::Jsonl => Some(jsonl::insert_row(text, at, row)),
            Self::Csv => table::insert(text, at, row),
            Self::Yaml => list::insert(text, at, row),
        }
    }

    /// The text without the row `id`. Nothing when there is no such row.
    pub fn remove(self, text: &str, id: &str) -> Option<String> {
        match self {
            Self::Jsonl => jsonl::remove_row(text, id),
            Self::Csv => remove_lines(text, &table::lines(text), id),
            Self::Yaml => list::remove(text, id),
        }
    }

    /// The text with the row `id`, byte for byte, as row number `to` from 0. Nothing when there is
    /// no such row.
    pub fn move_to(self, text: &str, id: &str, to: usize) -> Option<String> {
        match self {
            Self::Jsonl => jsonl::move_row(text, id, to),
            Self::Csv => move_lines(text, &table::lines(text), id, to),
            Self::Yaml => list::move_to(text, id, to),
        }
    }
}

/// The bytes of a byte order mark, which is left where it is.
fn bom(text: &str) -> usize {
    if text.starts_with('\u{feff}') { 3 } else { 0 }
}

/// Spreadsheets write the mark before every table, so here it is worth no more than a warning.
fn report_byte_order_mark(text: &str, report: &mut Report) -> usize {
    let already = report.found.len();
    let length = check_byte_order_mark(text, report);
    for finding in &mut report.found[already..] {
        finding.severity = Severity::Warning;
    }
    length
}

/// Keeps the first findings, errors before warnings: thousands say nothing more than these.
fn limit_findings(found: &mut Vec<Diagnostic>, already: usize) {
    let excess = (found.len() - already).saturating_sub(MAX_FINDINGS);
    if excess == 0 {
        return;
    }
    found[already..].sort_by_key(|finding| finding.severity);
    found.truncate(already + MAX_FINDINGS);
    if let Some(last) = found.last_mut() {
        last.hint(format!("{excess} more findings about rows of this file are not shown"));
    }
}

fn report_excess(rows: &mut Vec<Row>, report: &mut Report) {
    if let Some(first) = rows.get(MAX_ROWS) {
        let message = format!("{} has more than {MAX_ROWS} rows", report.file);
        report
            .error(codes::BAD_ROW, first.span, message)
            .hint("the rows from here on are not read: split the file");
        rows.truncate(MAX_ROWS);
    }
}

fn report_duplicates(rows: &[Row], report: &mut Report) {
    let mut seen = HashSet::new();
    for row in rows.iter().filter(|row| !seen.insert(row.id.as_str())) {
        let message = format!("{} has two rows with the id `{}`", report.file, row.id);
        report.error(codes::DUPLICATE_ROW, row.span, message);
    }
}

/// Reports the first number that would come out changed, and says whether the row can be used all
/// the same: an id with other digits is another id, a measurement with fewer is a measurement.
fn report_inexact(text: &str, start: usize, report: &mut Report) -> bool {
    let Some(found) = json::inexact(text) else {
        return true;
    };
    let place = Span::new(found.at.start, found.at.end).shifted(start);
    let number: String = text[found.at].chars().take(40).collect();
    let message = format!("the number {number} has more digits than can be kept");
    if found.whole {
        let finding = report.error(codes::INEXACT_NUMBER, place, message);
        finding.hint("write it as a text, in quotes");
    } else {
        report.warning(codes::INEXACT_NUMBER, place, message);
    }
    !found.whole
}

/// Where a row stands.
#[derive(Clone, Copy)]
struct Source {
    span: Span,
    /// The line it begins on, from 1.
    line: usize,
}

/// Takes the known fields out of a row, so that what is left is extra.
struct RowReader<'a, 'r> {
    fields: Map<String, Value>,
    source: Source,
    report: &'a mut Report<'r>,
}

impl RowReader<'_, '_> {
    fn read(fields: Map<String, Value>, source: Source, report: &mut Report) -> Row {
        let mut reader = RowReader { fields, source, report };
        Row {
            id: reader.id(),
            input: reader.input(),
            output: reader.take("output"),
            expected: reader.take("expected"),
            tags: reader.strings("tags"),
            group: reader.string("group"),
            weight: reader.weight(),
            references: reader.strings("references"),
            contexts: reader.strings("contexts"),
            attachments: reader.strings("attachments"),
            extra: reader.fields,
            span: source.span,
        }
    }

    fn take(&mut self, key: &str) -> Option<Value> {
        // `shift_remove` keeps the order of the keys that stay.
        self.fields.shift_remove(key)
    }

    fn id(&mut self) -> String {
        match self.take("id") {
            Some(Value::String(id)) if !id.is_empty() => id,
            Some(Value::Number(id)) => id.to_string(),
            _ => {
                let message =
                    format!("line {} of {} has no id", self.source.line, self.report.file);
                self.report
                    .error(codes::ROW_WITHOUT_ID, self.source.span, message)
                    .hint("give it one that stays: results are kept under it");
                fallback_id(self.source.line)
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
        let Source { span, line } = self.source;
        let message = format!("`{key}` in line {line} of {} must be {wanted}", self.report.file);
        self.report.error(codes::ROW_FIELD, span, message);
    }
}

fn fallback_id(number: usize) -> String {
    format!("line-{number}")
}

/// The fields of a row in the order they are written. What is empty or absent is left out.
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
    put("attachments", list(&row.attachments));
    fields.extend(row.extra.clone());
    fields
}

/// A weight of 2 is written `2`, as people write it.
fn weight_value(weight: f64) -> Value {
    let whole = weight.fract() == 0.0 && weight.abs() < 1e15;
    if whole { json!(weight as i64) } else { json!(weight) }
}

/// A row's bytes with its line end, and the id it goes by.
type Line = (Span, String);

/// The text without the lines of the row `id`.
fn remove_lines(text: &str, lines: &[Line], id: &str) -> Option<String> {
    let (line, _) = lines.iter().find(|(_, found)| found == id)?;
    Some(splice(text, *line, ""))
}

/// The text with the lines of the row `id` as row number `to`.
fn move_lines(text: &str, lines: &[Line], id: &str, to: usize) -> Option<String> {
    let at = lines.iter().position(|(_, found)| found == id)?;
    let line = lines[at].0;
    let moved = ended_as(&text[line.start..line.end], text);
    let others: Vec<Span> = lines.iter().map(|(span, _)| *span).filter(|s| *s != line).collect();
    let place = others.get(to).map_or(text.len(), |span| span.start);
    if place < line.end {
        let rest = splice(text, line, "");
        return Some(splice(&rest, Span::at(place.min(line.start)), &moved));
    }
    let kept = ended_as(&text[..place], text) + &moved + &text[place..];
    Some(splice(&kept, line, ""))
}

fn splice(text: &str, span: Span, new: &str) -> String {
    [&text[..span.start], new, &text[span.end..]].concat()
}

/// `text` with a line end, unless it is empty or has one.
fn ended(text: &str) -> String {
    ended_as(text, text)
}

/// Part of a file with the file's line end, unless it is empty or has one.
fn ended_as(part: &str, text: &str) -> String {
    let end = if part.is_empty() || part.ends_with('\n') { "" } else { line_end(text) };
    [part, end].concat()
}

/// The line end this file uses.
fn line_end(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}
