//! Tests as a table: CSV with promptfoo's magic columns, and the grammar of an `__expected` cell.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::assertion::TYPES;
use crate::{Notes, Refusal};

/// The cosine from which on promptfoo takes two texts for alike, and its default in cells.
const DEFAULT_THRESHOLD: f64 = 0.75;

/// A row of a CSV text and the line on which it begins, from 1.
#[derive(Debug, PartialEq)]
pub(super) struct Record {
    pub line: usize,
    pub cells: Vec<String>,
}

/// The rows of a CSV text; quotes may hold line ends, `""` is a quote, empty lines are skipped.
pub(super) fn rows(text: &str) -> Vec<Record> {
    let mut rows = Vec::new();
    let mut row = Vec::new();
    let mut cell = String::new();
    let mut quoted = false;
    let (mut line, mut first) = (1, 1);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        line += usize::from(c == '\n');
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if cell.is_empty() => quoted = true,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted && chars.peek() == Some(&'\n') => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(Record { line: first, cells: std::mem::take(&mut row) });
                first = line;
            }
            c => cell.push(c),
        }
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push(cell);
        rows.push(Record { line: first, cells: row });
    }
    rows.retain(|row| row.cells.len() > 1 || !row.cells[0].is_empty());
    rows
}

/// `file:line` of a test, and the test.
type PlacedTest = (String, Map<String, Value>);

/// The tests of a CSV file, as the maps that a YAML configuration would have, each with its place.
///
/// # Errors
/// A refusal that names the column when a `__config` column is not one promptfoo knows.
pub(super) fn tests(file: &str, text: &str, notes: &mut Notes) -> Result<Vec<PlacedTest>, Refusal> {
    let mut rows = rows(text).into_iter();
    let header = rows.next().map_or_else(Vec::new, |row| row.cells);
    let header: Vec<&str> = header.iter().map(|name| name.trim()).collect();
    note_twins(file, &header, notes);
    let test = |(at, row): (usize, Record)| {
        let place = format!("{file}:{}", row.line);
        note_beyond(&place, at, header.len(), &row.cells, notes);
        let test = test(&place, at, &header, &row.cells)?;
        Ok((place, test))
    };
    rows.enumerate().map(test).collect()
}

/// Two columns of one name: promptfoo, too, has room for one.
fn note_twins(file: &str, header: &[&str], notes: &mut Notes) {
    let mut seen = BTreeSet::new();
    for name in header.iter().filter(|name| !name.starts_with("__")) {
        if !seen.insert(name) {
            let what = format!("column {name}");
            notes.left_out(&format!("{file}:1"), what, "it stands there twice; the last counts");
        }
    }
}

/// Cells that no column of the header names.
fn note_beyond(place: &str, at: usize, columns: usize, cells: &[String], notes: &mut Notes) {
    let beyond = cells.iter().enumerate().skip(columns).filter(|(_, cell)| !cell.trim().is_empty());
    for (cell, _) in beyond {
        let what = format!("row {}, cell {}", at + 1, cell + 1);
        notes.left_out(place, what, format!("the header names {columns} columns only"));
    }
}

/// What the columns of one row say.
#[derive(Default)]
struct RowTest {
    vars: Map<String, Value>,
    asserts: Vec<Map<String, Value>>,
    options: Map<String, Value>,
    metadata: Map<String, Value>,
    thresholds: Vec<(usize, f64)>,
    metric: Option<String>,
    rest: Map<String, Value>,
}

fn test(
    place: &str,
    at: usize,
    header: &[&str],
    row: &[String],
) -> Result<Map<String, Value>, Refusal> {
    let mut test = RowTest::default();
    for (name, cell) in header.iter().zip(row) {
        test.column(name, cell)
            .map_err(|why| Refusal::new(place, format!("column {name}"), why))?;
    }
    Ok(test.finish(at))
}

impl RowTest {
    fn column(&mut self, name: &str, cell: &str) -> Result<(), String> {
        if name.starts_with("__expected") {
            if !cell.trim().is_empty() {
                self.asserts.push(assertion(cell.trim()));
            }
            return Ok(());
        }
        if let Some(key) = name.strip_prefix("__metadata:") {
            self.metadata(key, cell);
            return Ok(());
        }
        if let Some(config) = name.strip_prefix("__config:") {
            return self.config(config, cell);
        }
        match name {
            "__prefix" | "__suffix" => {
                self.options.insert(name[2..].to_owned(), json!(cell));
            }
            "__description" | "__providerOutput" if !cell.is_empty() => {
                self.rest.insert(name[2..].to_owned(), json!(cell));
            }
            "__threshold" => {
                if let Some(number) = number(cell) {
                    self.rest.insert("threshold".to_owned(), json!(number));
                }
            }
            "__metric" => self.metric = Some(cell.to_owned()).filter(|metric| !metric.is_empty()),
            "__metadata" | "__description" | "__providerOutput" => {}
            _ => {
                self.vars.insert(name.to_owned(), json!(cell));
            }
        }
        Ok(())
    }

    fn metadata(&mut self, key: &str, cell: &str) {
        if cell.trim().is_empty() {
            return;
        }
        let value = match key.strip_suffix("[]") {
            Some(_) => json!(split_list(cell)),
            None => json!(cell),
        };
        self.metadata.insert(key.strip_suffix("[]").unwrap_or(key).to_owned(), value);
    }

    /// `__config:__expected2:threshold`: a threshold of the second assertion.
    fn config(&mut self, config: &str, cell: &str) -> Result<(), String> {
        let Some((column, "threshold")) = config.split_once(':') else {
            return Err("the only setting of an assertion is `threshold`".to_owned());
        };
        let digits = column.strip_prefix("__expected").ok_or("it names no `__expected` column")?;
        let index = match digits {
            "" => Some(0),
            digits => digits.parse::<usize>().ok().and_then(|number| number.checked_sub(1)),
        };
        let index = index.ok_or("it names no `__expected` column")?;
        let number = number(cell).ok_or_else(|| format!("`{cell}` is not a number"))?;
        self.thresholds.push((index, number));
        Ok(())
    }

    fn finish(mut self, at: usize) -> Map<String, Value> {
        for (index, threshold) in self.thresholds {
            if let Some(assertion) = self.asserts.get_mut(index) {
                assertion.insert("threshold".to_owned(), json!(threshold));
            }
        }
        if let Some(metric) = self.metric {
            for assertion in &mut self.asserts {
                assertion.insert("metric".to_owned(), json!(metric));
            }
        }
        let mut test = self.rest;
        test.entry("description").or_insert_with(|| json!(format!("Row #{}", at + 1)));
        test.insert("vars".to_owned(), Value::Object(self.vars));
        let maps = [("options", self.options), ("metadata", self.metadata)];
        for (key, map) in maps.into_iter().filter(|(_, map)| !map.is_empty()) {
            test.insert(key.to_owned(), Value::Object(map));
        }
        if !self.asserts.is_empty() {
            test.insert("assert".to_owned(), json!(self.asserts));
        }
        test
    }
}

fn number(cell: &str) -> Option<f64> {
    cell.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

/// Splits at commas that no backslash stands before.
fn split_list(cell: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    let mut escaped = false;
    for c in cell.chars() {
        match (c, escaped) {
            (',', false) => items.push(String::new()),
            (c, _) => items.last_mut().into_iter().for_each(|item| item.push(c)),
        }
        escaped = c == '\\';
    }
    items.iter().map(|item| item.trim().replace("\\,", ",")).collect()
}

/// An assertion as one text: `icontains:hello`, `similar(0.9):…`, or a text to be equal to.
pub(super) fn assertion(cell: &str) -> Map<String, Value> {
    let (kind, threshold, value) = parts(cell);
    let mut assertion = Map::new();
    assertion.insert("type".to_owned(), json!(kind));
    if let Some(value) = value {
        assertion.insert("value".to_owned(), value);
    }
    if let Some(threshold) = threshold {
        assertion.insert("threshold".to_owned(), json!(threshold));
    }
    assertion
}

fn parts(cell: &str) -> (String, Option<f64>, Option<Value>) {
    let code = |kind: &str, value: &str| (kind.to_owned(), None, Some(json!(value.trim())));
    for prefix in ["javascript:", "fn:", "eval:"] {
        if let Some(value) = cell.strip_prefix(prefix) {
            return code("javascript", value);
        }
    }
    for prefix in ["grade:", "llm-rubric:"] {
        if let Some(value) = cell.strip_prefix(prefix) {
            return ("llm-rubric".to_owned(), None, Some(json!(value)));
        }
    }
    if let Some(value) = cell.strip_prefix("python:") {
        return code("python", value);
    }
    if let Some(path) = cell.strip_prefix("file://") {
        let name = path.split(':').next().unwrap_or(path);
        match super::context::extension(name).as_str() {
            "py" => return code("python", cell),
            "js" | "cjs" | "mjs" | "ts" | "cts" | "mts" => return code("javascript", cell),
            _ => {}
        }
    }
    typed(cell).unwrap_or_else(|| ("equals".to_owned(), None, Some(json!(cell))))
}

/// `[not-]type[(threshold)][:value]`, of a type that exists.
fn typed(cell: &str) -> Option<(String, Option<f64>, Option<Value>)> {
    let plain = cell.strip_prefix("not-").unwrap_or(cell);
    let kind = TYPES
        .iter()
        .filter(|kind| plain.strip_prefix(**kind).is_some_and(begins_rest))
        .max_by_key(|kind| kind.len())?;
    let rest = &plain[kind.len()..];
    let (threshold, rest) = match rest.strip_prefix('(') {
        Some(inner) => {
            let (number, rest) = inner.split_once(')')?;
            (Some(number.parse::<f64>().ok()?), rest)
        }
        None => (None, rest),
    };
    let value = match rest.strip_prefix(':') {
        Some(value) => Some(value),
        None if rest.is_empty() => None,
        None => return None,
    };
    let full = &cell[..cell.len() - plain.len() + kind.len()];
    let threshold = match needs_threshold(kind) {
        true => threshold.or(Some(DEFAULT_THRESHOLD)),
        false => None,
    };
    Some((full.to_owned(), threshold, value.map(|value| cell_value(kind, value))))
}

fn begins_rest(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with([':', '('])
}

fn cell_value(kind: &str, value: &str) -> Value {
    match kind {
        "contains-all" | "contains-any" | "icontains-all" | "icontains-any" => {
            json!(listed(value))
        }
        "is-json" | "contains-json" => json!(value),
        _ => json!(value.trim()),
    }
}

fn needs_threshold(kind: &str) -> bool {
    matches!(
        kind,
        "answer-relevance"
            | "classifier"
            | "context-faithfulness"
            | "context-recall"
            | "context-relevance"
            | "cost"
            | "latency"
            | "levenshtein"
            | "perplexity-score"
            | "perplexity"
            | "rouge-n"
            | "similar"
            | "starts-with"
    )
}

/// A list in one text: parted by commas, an item perhaps in quotes, which may hold commas.
pub(super) fn listed(text: &str) -> Vec<String> {
    let mut items = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        if rest.is_empty() {
            return items;
        }
        let (item, after) = match rest.strip_prefix('"') {
            Some(inner) => quoted_item(inner),
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                (rest[..end].trim().to_owned(), &rest[end..])
            }
        };
        items.push(item);
        rest = after;
    }
}

/// The text up to the closing quote; `""`, `\"` and `\\` stand for one character.
fn quoted_item(inner: &str) -> (String, &str) {
    let mut item = String::new();
    let mut chars = inner.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        match (c, next) {
            ('\\', Some(next @ ('"' | '\\'))) | ('"', Some(next @ '"')) => {
                item.push(next);
                chars.next();
            }
            ('"', _) => return (item, &inner[at + 1..]),
            (c, _) => item.push(c),
        }
    }
    (item, "")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn quoted_cells_hold_commas_quotes_and_line_ends() {
        let text = "a,b\r\n\"x, \"\"y\"\"\",\"1\n2\"\n\nlast,\n";
        let rows = rows(text);
        let cells: Vec<_> = rows.iter().map(|row| row.cells.as_slice()).collect();
        assert_eq!(cells, [vec!["a", "b"], vec!["x, \"y\"", "1\n2"], vec!["last", ""]]);
        assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [1, 2, 5]);
    }

    #[test]
    fn magic_columns_say_what_a_test_has() {
        let text = "topic,__expected1,__expected2,__metadata:tags[],__config:__expected2:threshold,__prefix,__threshold,__metric\n\
                    bees,contains: honey,llm-rubric:kind?,\"a, b\\,c\",0.8,Hi ,0.5,m\n";
        let tests = tests("t.csv", text, &mut Notes::default()).unwrap();
        assert_eq!(
            Value::Object(tests[0].1.clone()),
            json!({
                "threshold": 0.5,
                "description": "Row #1",
                "vars": {"topic": "bees"},
                "options": {"prefix": "Hi "},
                "metadata": {"tags": ["a", "b,c"]},
                "assert": [
                    {"type": "contains", "value": "honey", "metric": "m"},
                    {"type": "llm-rubric", "value": "kind?", "threshold": 0.8, "metric": "m"}
                ]
            })
        );
    }

    #[test]
    fn cells_read_as_promptfoo_reads_them() {
        for (cell, expected) in [
            ("Hello", json!({"type": "equals", "value": "Hello"})),
            ("note: x", json!({"type": "equals", "value": "note: x"})),
            ("is-json", json!({"type": "is-json"})),
            ("not-contains:x", json!({"type": "not-contains", "value": "x"})),
            ("similar(0.9): y", json!({"type": "similar", "value": "y", "threshold": 0.9})),
            ("similar:y", json!({"type": "similar", "value": "y", "threshold": 0.75})),
            ("contains-any:a, b", json!({"type": "contains-any", "value": ["a", "b"]})),
            ("fn: output", json!({"type": "javascript", "value": "output"})),
            ("grade: ok", json!({"type": "llm-rubric", "value": " ok"})),
            ("file://x.py:f", json!({"type": "python", "value": "file://x.py:f"})),
        ] {
            assert_eq!(Value::Object(assertion(cell)), expected, "{cell}");
        }
    }

    #[test]
    fn items_of_a_list_in_one_text_may_hold_commas() {
        for (text, expected) in [
            ("a, b ,c", vec!["a", "b", "c"]),
            ("\"hello, world\",universe", vec!["hello, world", "universe"]),
            ("\"a\"\"b\", \"c\\\"d\"", vec!["a\"b", "c\"d"]),
            ("\"never closed", vec!["never closed"]),
            (" , ", vec![]),
        ] {
            assert_eq!(listed(text), expected, "{text}");
        }
    }

    #[test]
    fn an_unknown_setting_is_refused_by_its_column() {
        let text = "a,__config:__expected:model\n1,2\n";
        let refusal = tests("t.csv", text, &mut Notes::default()).unwrap_err();
        assert_eq!(refusal.what, "column __config:__expected:model");
        assert_eq!(refusal.place, "t.csv:2");
    }

    #[test]
    fn a_cell_beyond_the_header_is_told_with_its_row_and_line() {
        let text = "a,b\n\"one\ntwo\",2\n3,4,,six,\n";
        let mut notes = Notes::default();
        let tests = tests("t.csv", text, &mut notes).unwrap();
        let places: Vec<_> = tests.iter().map(|(place, _)| place.as_str()).collect();
        assert_eq!(places, ["t.csv:2", "t.csv:4"]);
        let [note] = notes.list() else { panic!("{notes:?}") };
        assert_eq!((note.place.as_str(), note.what.as_str()), ("t.csv:4", "row 2, cell 4"));
    }

    #[test]
    fn two_columns_of_one_name_are_told() {
        let mut notes = Notes::default();
        let tests = tests("t.csv", "a,b,a\n1,2,3\n", &mut notes).unwrap();
        assert_eq!(tests[0].1["vars"], json!({"a": "3", "b": "2"}));
        assert_eq!(notes.list()[0].what, "column a");
    }
}
