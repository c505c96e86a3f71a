//! The lines of a file of rows: those that were read as rows, and the text of those that were not.

use std::collections::BTreeSet;

use assay_prompt::{Diagnostic, Prompt, Rows, RowsFormat, Severity, Span, codes};

/// A line of the grid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// A row, by its place among the rows that were read.
    Row(usize),
    /// Text that is no row yet.
    Raw(Raw),
}

/// Text of a file that could not be read as a row, or whose id another row has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raw {
    /// Where it stands, whole lines without the last line end.
    pub span: Span,
    /// The text.
    pub text: String,
    /// What is wrong with it.
    pub why: String,
}

/// The lines of a file, in its order.
pub(super) fn lines(rows: &Rows, prompt: &Prompt, format: RowsFormat, text: &str) -> Vec<Line> {
    let mut seen = BTreeSet::new();
    let read = rows.rows.iter().enumerate().map(|(at, row)| {
        let line = match seen.insert(row.id.as_str()) {
            true => Line::Row(at),
            false => Line::Raw(Raw {
                span: whole_lines(text, row.span),
                text: text.get(row.span.start..row.span.end).unwrap_or_default().to_owned(),
                why: format!("another row has the id {}", row.id),
            }),
        };
        (row.span.start, line)
    });
    let mut all: Vec<(usize, Line)> = read.collect();
    let unread = unread(rows, prompt, format, text);
    all.extend(unread.into_iter().map(|raw| (raw.span.start, Line::Raw(raw))));
    all.sort_by_key(|(start, _)| *start);
    all.into_iter().map(|(_, line)| line).collect()
}

/// The parts of a file that no row was made of.
fn unread(rows: &Rows, prompt: &Prompt, format: RowsFormat, text: &str) -> Vec<Raw> {
    let bad: Vec<&Diagnostic> = prompt
        .diagnostics
        .iter()
        .filter(|d| Some(&d.file) == rows.file.as_ref() && d.severity == Severity::Error)
        .collect();
    let spans = match format {
        RowsFormat::Jsonl => written_lines(text),
        RowsFormat::Csv | RowsFormat::Yaml => {
            let unread = bad.iter().filter(|d| d.code == codes::BAD_ROW);
            unread.map(|d| whole_lines(text, d.span)).collect()
        }
    };
    let mut free = Vec::new();
    let mut end = 0;
    for span in spans {
        let next = rows.rows.partition_point(|row| row.span.end <= span.start);
        let taken = rows.rows.get(next).is_some_and(|row| touches(span, row.span));
        if !taken && span.start >= end && span.start < span.end {
            end = span.end;
            free.push(raw(span, &bad, text));
        }
    }
    free
}

fn raw(span: Span, bad: &[&Diagnostic], text: &str) -> Raw {
    let why = bad.iter().find(|d| touches(d.span, span)).map(|d| d.message.clone());
    Raw {
        span,
        text: text.get(span.start..span.end).unwrap_or_default().to_owned(),
        why: why.unwrap_or_else(|| "this line is no row".to_owned()),
    }
}

/// The lines with something on them.
fn written_lines(text: &str) -> Vec<Span> {
    let start = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let mut at = start;
    let mut spans = Vec::new();
    for line in text[start..].split_inclusive('\n') {
        if !line.trim().is_empty() {
            spans.push(Span::new(at, at + line.trim_end().len()));
        }
        at += line.len();
    }
    spans
}

/// A span made longer, to the ends of the lines it stands on.
fn whole_lines(text: &str, span: Span) -> Span {
    let (start, end) = (span.start.min(text.len()), span.end.min(text.len()));
    let from = text.as_bytes()[..start].iter().rposition(|b| *b == b'\n').map_or(0, |n| n + 1);
    let to =
        text.as_bytes()[end..].iter().position(|b| *b == b'\n').map_or(text.len(), |n| end + n);
    Span::new(from, to.max(from))
}

/// Whether two spans have a byte in common, or one stands empty in the other.
pub(super) fn touches(a: Span, b: Span) -> bool {
    a.start < b.end.max(b.start + 1) && b.start < a.end.max(a.start + 1)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::{
        fixture::{CASES, EXAMPLES, cases},
        sheet::{RowKind, Sheet},
    };
    use super::*;

    #[test]
    fn a_line_that_is_no_row_stands_in_its_place_as_text() {
        let text = format!("{{\"id\":\"c-0\",\"input\":{{}}}}\n\nnot json\n{CASES}");
        let sheet = cases(&text);
        assert_eq!(sheet.lines.len(), 4);
        let Line::Raw(raw) = &sheet.lines[1] else { panic!("{:?}", sheet.lines) };
        assert_eq!(raw.text, "not json");
        assert!(raw.why.contains("line 3"), "{}", raw.why);
        assert_eq!(sheet.findings(1)[0].severity, Severity::Error);
        assert_eq!(sheet.line_of("c-1"), Some(2));
    }

    #[test]
    fn the_second_row_of_an_id_is_text_so_that_no_edit_meets_the_first() {
        let text = format!("{CASES}{{\"id\":\"c-1\",\"input\":{{\"ticket\":\"again\"}}}}\n");
        let sheet = cases(&text);
        let Line::Raw(raw) = &sheet.lines[2] else { panic!("{:?}", sheet.lines) };
        assert_eq!(raw.text, "{\"id\":\"c-1\",\"input\":{\"ticket\":\"again\"}}");
        assert!(raw.why.contains("c-1"));
    }

    #[test]
    fn an_unreadable_item_of_yaml_is_shown_as_its_lines() {
        let mut files = super::super::fixture::files(EXAMPLES, CASES);
        let text = "- id: y-1\n  input: {ticket: One}\n- just words\n";
        files.insert("evals.yaml".into(), "format: assay/1\ncases: cases.yaml\n".into());
        files.insert("cases.yaml".into(), text.into());
        let prompt = super::super::fixture::prompt(&files);
        let sheet = Sheet::new(RowKind::Case, prompt, text).unwrap();
        assert_eq!(sheet.lines.len(), 2);
        let Line::Raw(raw) = &sheet.lines[1] else { panic!("{:?}", sheet.lines) };
        assert_eq!(raw.text, "- just words");
    }
}
