//! Rows of several versions of one file, put together again with the bytes they had.
//!
//! For formats with a row per line: JSONL, and CSV, where a line may hold line breaks in quotes. A
//! row that is as one version has it keeps that version's bytes; any other is written anew. What
//! comes out is read again and compared with what was wanted, so it can be refused but not wrong.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::{
    Kinds, Row, RowReader, RowsFormat, Source, ended, jsonl, line_end, row_fields, row_to_line,
    table,
};
use crate::diagnostic::{Report, Severity};
use crate::{Span, codes};

/// A line's end.
const LINE_END: [char; 2] = ['\r', '\n'];

/// One version of a file of rows, read without loss.
pub(crate) struct RowsText<'t> {
    format: RowsFormat,
    text: &'t str,
    /// The rows as maps of their fields, in the order of the file.
    pub rows: Vec<Value>,
    /// The bytes of each with its line end.
    lines: Vec<Span>,
}

/// Why a file of rows cannot be read without losing anything.
pub(crate) fn problem(format: RowsFormat, text: &str) -> Option<String> {
    read(format, text).err()
}

fn read(format: RowsFormat, text: &str) -> Result<Vec<Row>, String> {
    let mut report = Report::new("it");
    let rows = format.parse(text, &Kinds::default(), &mut report);
    // A number that comes out with other digits is a warning to a reader, and a loss to a writer.
    let mut found = report.found.into_iter();
    let lossy = found
        .find(|found| found.severity == Severity::Error || found.code == codes::INEXACT_NUMBER);
    lossy.map_or(Ok(rows), |found| Err(found.message))
}

impl<'t> RowsText<'t> {
    /// Reads a file, which must have an id in every row and no id twice.
    ///
    /// # Errors
    /// What cannot be read, in words about "it".
    pub fn read(format: RowsFormat, text: &'t str) -> Result<Self, String> {
        let rows: Vec<Value> =
            read(format, text)?.iter().map(|row| Value::Object(row_fields(row))).collect();
        let lines = match format {
            RowsFormat::Jsonl => jsonl::places(text),
            RowsFormat::Csv => table::lines(text),
            RowsFormat::Yaml => Vec::new(),
        };
        let lines = lines.into_iter().map(|(span, _)| span).collect();
        Ok(Self { format, text, rows, lines })
    }

    /// What stands before the first row: the header of a table.
    fn head(&self) -> String {
        match self.lines.first() {
            Some(first) => self.text[..first.start].to_owned(),
            None => ended(self.text),
        }
    }

    /// What stands behind the last row.
    fn tail(&self) -> &'t str {
        self.lines.last().map_or("", |last| &self.text[last.end..])
    }

    /// The bytes of the `at`th row without its line end.
    fn line(&self, at: usize) -> &'t str {
        let span = self.lines[at];
        self.text[span.start..span.end].trim_end_matches(LINE_END)
    }

    /// Blank lines between the `at`th row and the one before.
    fn gap(&self, at: usize) -> &'t str {
        let before = at.checked_sub(1).map(|before| self.lines[before].end);
        before.map_or("", |end| &self.text[end..self.lines[at].start])
    }

    fn places(&self) -> HashMap<&str, usize> {
        self.rows.iter().enumerate().map(|(at, row)| (id(row), at)).collect()
    }
}

/// The text with the `wanted` rows. Nothing when the format cannot hold them.
pub(crate) fn assembled(
    base: &RowsText<'_>,
    ours: &RowsText<'_>,
    theirs: &RowsText<'_>,
    wanted: &[Value],
) -> Option<String> {
    // A header that only they changed is the one to keep.
    let theirs_changed = ours.head() == base.head() && theirs.head() != base.head();
    let (carrier, other) = if theirs_changed { (theirs, ours) } else { (ours, theirs) };
    let wanted: Vec<Value> = wanted.iter().map(as_read).collect::<Option<_>>()?;
    let text = Assembly::new(carrier, other).text(&wanted)?;
    let again = RowsText::read(carrier.format, &text).ok()?;
    (again.rows == wanted).then_some(text)
}

/// The version whose layout is kept, and the one whose rows are copied where the layout allows.
struct Assembly<'a, 't> {
    carrier: &'a RowsText<'t>,
    other: &'a RowsText<'t>,
    kept: HashMap<&'a str, usize>,
    /// Empty when the other's layout differs.
    copied: HashMap<&'a str, usize>,
    eol: &'static str,
}

impl<'a, 't> Assembly<'a, 't> {
    fn new(carrier: &'a RowsText<'t>, other: &'a RowsText<'t>) -> Self {
        let alike = carrier.head().trim_end() == other.head().trim_end();
        let copied = if alike { other.places() } else { HashMap::new() };
        let usual = if carrier.text.is_empty() { other.text } else { carrier.text };
        Self { carrier, other, kept: carrier.places(), copied, eol: line_end(usual) }
    }

    fn text(&self, wanted: &[Value]) -> Option<String> {
        let new = wanted.iter().filter(|row| self.bytes(row).is_none());
        let head = self.fitted_head(new)?;
        let same_head = head == self.carrier.head();
        let mut text = head.clone();
        for row in wanted {
            match self.bytes(row).filter(|_| same_head) {
                Some((gap, line)) => text.extend([gap, line]),
                None => text.push_str(&self.written(&head, row)?),
            }
            text.push_str(self.eol);
        }
        text.push_str(self.carrier.tail());
        Some(text)
    }

    /// The bytes of a row that one version has just so, and the blank lines before it.
    fn bytes(&self, row: &Value) -> Option<(&'t str, &'t str)> {
        let is_there = |of: &RowsText, at: &&usize| of.rows[**at] == *row;
        let kept = self.kept.get(id(row)).filter(|at| is_there(self.carrier, at));
        let copied = || self.copied.get(id(row)).filter(|at| is_there(self.other, at));
        kept.map(|at| (self.carrier.gap(*at), self.carrier.line(*at)))
            .or_else(|| copied().map(|at| ("", self.other.line(*at))))
    }

    /// The head with a column for everything that is to be written.
    fn fitted_head<'v>(&self, rows: impl Iterator<Item = &'v Value>) -> Option<String> {
        let mut head = self.carrier.head();
        if self.carrier.format == RowsFormat::Csv {
            for row in rows {
                let written = table::insert(&head, 0, &row_of(row)?)?;
                let (first, _) = table::lines(&written).into_iter().next()?;
                head = written[..first.start].to_owned();
            }
        }
        Some(head)
    }

    fn written(&self, head: &str, row: &Value) -> Option<String> {
        let row = row_of(row)?;
        match self.carrier.format {
            RowsFormat::Jsonl => Some(row_to_line(&row)),
            RowsFormat::Csv => {
                let written = table::insert(head, 0, &row)?;
                Some(written.strip_prefix(head)?.trim_end_matches(LINE_END).to_owned())
            }
            RowsFormat::Yaml => None,
        }
    }
}

fn id(row: &Value) -> &str {
    row["id"].as_str().unwrap_or_default()
}

/// A row as it would be read back; nothing when a field is not what it must be.
fn as_read(row: &Value) -> Option<Value> {
    Some(Value::Object(row_fields(&row_of(row)?)))
}

fn row_of(row: &Value) -> Option<Row> {
    let fields: Map<String, Value> = row.as_object()?.clone();
    let source = Source { span: Span::default(), line: 0 };
    let mut report = Report::new("");
    let row = RowReader::read(fields, source, &mut report);
    report.found.is_empty().then_some(row)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// The rows of `theirs`, in the place of those of `ours`.
    fn check(format: RowsFormat, base: &str, ours: &str, theirs: &str, expected: &str) {
        let [base, ours, theirs] = [base, ours, theirs].map(|t| RowsText::read(format, t).unwrap());
        assert_eq!(assembled(&base, &ours, &theirs, &theirs.rows).unwrap(), expected);
    }

    #[test]
    fn rows_keep_the_bytes_they_had() {
        let ours = "{\"id\": \"a\",  \"input\": {}}\n\n{\"id\":\"b\"}";
        let theirs = "{\"id\": \"c\" }\n{ \"id\":\"a\"}\n{\"id\":\"b\",\"tags\":[\"t\"]}\n";
        let expected =
            "{\"id\": \"c\" }\n{\"id\": \"a\",  \"input\": {}}\n{\"id\":\"b\",\"tags\":[\"t\"]}\n";
        check(RowsFormat::Jsonl, "", ours, theirs, expected);
    }

    #[test]
    fn a_table_gets_the_columns_it_lacks_and_keeps_its_own() {
        let base = "id;q\na;1\n";
        let ours = "q;id\n1;a\n";
        let theirs = "id;q;r\na;1;\nb;2;3\n";
        check(RowsFormat::Csv, base, ours, theirs, "q;id;r\n1;a;\n2;b;3\n");
        check(RowsFormat::Csv, base, base, theirs, theirs);
    }

    #[test]
    fn what_would_be_lost_is_not_read() {
        for text in [
            "{}\n",
            "not json\n",
            "{\"id\":\"a\"}\n{\"id\":\"a\"}\n",
            "{\"id\":\"a\",\"n\":0.1234567890123456789}\n",
        ] {
            assert!(problem(RowsFormat::Jsonl, text).is_some(), "{text}");
        }
        assert_eq!(problem(RowsFormat::Jsonl, "{\"id\":\"a\"}\n"), None);
    }
}
