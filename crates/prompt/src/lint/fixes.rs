//! Fixes that need the text around a finding, which the reader that made it does not have.

use std::collections::HashSet;

use serde_json::Value;

use super::place;
use crate::closest::closest;
use crate::fix::{Edit, Fix};
use crate::{Diagnostic, Files, Row, Span, codes, files};

/// The line that says which format a file is in.
const FORMAT_LINE: &str = "format: assay/1\n";

/// The codes whose findings are looked at here.
const FIXED: [&str; 5] = [
    codes::NO_ID,
    codes::UNKNOWN_FORMAT,
    codes::ROW_WITHOUT_ID,
    codes::DUPLICATE_ROW,
    codes::MISSING_FILE,
];
/// Bytes that may be read in all; each fix reads its file. What is left without one gets it when the
/// first have been applied.
const BUDGET: usize = 64 << 20;

/// Adds what is right for some codes to findings that have no fix yet.
pub(crate) fn add_fixes(found: &mut [Diagnostic], files: &Files) {
    let mut given = HashSet::new();
    let mut budget = BUDGET;
    for finding in found.iter_mut().filter(|finding| finding.fix.is_none()) {
        let Some(text) = files.get(&finding.file).filter(|_| FIXED.contains(&finding.code)) else {
            continue;
        };
        let Some(left) = budget.checked_sub(text.len()) else {
            return;
        };
        budget = left;
        let fix = match finding.code {
            codes::NO_ID => permanent_id(finding, text),
            codes::UNKNOWN_FORMAT => format_line(finding, text),
            codes::ROW_WITHOUT_ID => row_id(finding, text),
            codes::DUPLICATE_ROW => another_id(finding, text, &mut given),
            codes::MISSING_FILE => other_file(finding, text, files),
            _ => None,
        };
        finding.fix = fix.map(Box::new);
    }
}

/// A new `id` after the line of the format, or at the top where there is none.
fn permanent_id(finding: &Diagnostic, text: &str) -> Option<Fix> {
    if let Some(at) = begin_of_key(text, "id") {
        return empty_id(finding, text, at);
    }
    let at = match begin_of_key(text, "format") {
        Some(format) => format + text[format..].find('\n')? + 1,
        None => top(finding, text)?,
    };
    let edit = Edit::fresh_id(&finding.file, Span::at(at), "id: ", "\n");
    Some(Fix::safe("Insert a permanent id", vec![edit]))
}

/// Fills in an `id:` without a value.
fn empty_id(finding: &Diagnostic, text: &str, at: usize) -> Option<Fix> {
    let line = text[at..].lines().next()?;
    let edit = Edit::fresh_id(&finding.file, Span::at(at + "id:".len()), " ", "");
    (line.trim_end() == "id:").then(|| Fix::safe("Insert a permanent id", vec![edit]))
}

fn format_line(finding: &Diagnostic, text: &str) -> Option<Fix> {
    if begin_of_key(text, "format").is_some() {
        return None;
    }
    let edit = Edit::insert(&finding.file, top(finding, text)?, FORMAT_LINE);
    Some(Fix::safe("Insert the format", vec![edit]))
}

/// Where a key of the whole file begins its line.
fn begin_of_key(text: &str, key: &str) -> Option<usize> {
    let begins = |line: &str| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':'));
    crate::span::lines(text).find(|(_, line)| begins(line)).map(|(at, _)| at)
}

/// The beginning of the first key, where keys stand at the beginning of lines.
fn top(finding: &Diagnostic, text: &str) -> Option<usize> {
    let at = finding.span.start;
    let begins_line = at == 0 || text.get(..at)?.ends_with(['\n', '\u{feff}']);
    let is_key = text.get(at..)?.starts_with(|c: char| c.is_alphabetic());
    (begins_line && is_key).then_some(at)
}

/// Writes down the id that a row goes by, which keeps what was measured under it.
fn row_id(finding: &Diagnostic, text: &str) -> Option<Fix> {
    let line = text.get(finding.span.start..finding.span.end)?;
    let number = text[..finding.span.start].bytes().filter(|byte| *byte == b'\n').count() + 1;
    let id = Value::from(format!("line-{number}")).to_string();
    if !is_jsonl(finding) || !line.starts_with('{') || text.contains(&id) {
        return None;
    }
    let row = Row { span: finding.span, ..Row::default() };
    let edit = match place::in_row(text, &row, &["id"]) {
        Some(place) => Edit::replace(&finding.file, place.value, id.clone()),
        None => {
            let comma = if line[1..].trim_start().starts_with('}') { "" } else { "," };
            Edit::insert(&finding.file, finding.span.start + 1, format!("\"id\":{id}{comma}"))
        }
    };
    Some(Fix::safe(format!("Give the row the id {id}"), vec![edit]))
}

/// The file of nearly the same name.
fn other_file(finding: &Diagnostic, text: &str, files: &Files) -> Option<Fix> {
    let shown = text.get(finding.span.start..finding.span.end)?;
    let plain = shown.trim_matches(['"', '\'']);
    let path = files::reference(plain).unwrap_or(plain);
    let meant = closest(path, files.keys().map(String::as_str))?;
    let edit = Edit::replace(&finding.file, finding.span, shown.replacen(path, meant, 1));
    (!finding.file.contains('/')).then(|| Fix::offered(format!("Change to {meant}"), vec![edit]))
}

fn is_jsonl(finding: &Diagnostic) -> bool {
    finding.file.ends_with(".jsonl")
}

/// A number after the id of the second of two rows.
fn another_id(finding: &Diagnostic, text: &str, given: &mut HashSet<String>) -> Option<Fix> {
    if !is_jsonl(finding) {
        return None;
    }
    let row = Row { span: finding.span, ..Row::default() };
    let place = place::in_row(text, &row, &["id"])?.value;
    let id: String = serde_json::from_str(&text[place.start..place.end]).ok()?;
    let quoted = |id: &str| Value::from(id).to_string();
    let new = (2..1000)
        .map(|number| format!("{id}-{number}"))
        .find(|new| !given.contains(new) && !text.contains(&quoted(new)))?;
    given.insert(new.clone());
    let edit = Edit::replace(&finding.file, Span::new(place.start, place.end), quoted(&new));
    Some(Fix::offered(format!("Rename it to `{new}`"), vec![edit]))
}
