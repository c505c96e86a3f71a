//! Each finding: where it is, what it says, and that every code can occur.
//!
//! A finding is written as people read it: code, file:line:column, the marked text, the message.

use std::collections::BTreeSet;

use assay_prompt::{
    Diagnostic, Files, Prompt, codes, line_col, parse_folder, parse_lone, parse_repository, render,
};
use serde_json::json;

use crate::sample::{case, files, files_with, lone};

fn describe(found: &Diagnostic, files: &Files) -> String {
    let text = files.get(&found.file).map_or("", String::as_str);
    let (line, column) = line_col(text, found.span.start);
    let marked = text.get(found.span.start..found.span.end).unwrap_or("");
    let marked = marked.lines().next().unwrap_or("");
    format!(
        "{} {}:{line}:{column} [{marked}] {}",
        found.code, found.file, found.message
    )
}

fn all(prompt: &Prompt, files: &Files) -> Vec<String> {
    let found = prompt.diagnostics.iter();
    found.map(|found| describe(found, files)).collect()
}

/// What is wrong with the sample folder after one text in one file was replaced.
#[track_caller]
fn folder(file: &str, old: &str, new: &str, wanted: &[&str]) {
    let files = files_with(file, old, new);
    assert_eq!(all(&parse_folder("p", &files), &files), wanted);
}

/// What is wrong with one file.
#[track_caller]
fn file(text: &str, wanted: &[&str]) {
    let files = Files::from([("p.prompty".to_owned(), text.to_owned())]);
    assert_eq!(all(&parse_lone("p", "p.prompty", &files), &files), wanted);
}

/// What is wrong with a body over the inputs `a` and `xs`.
#[track_caller]
fn body(text: &str, wanted: &[&str]) {
    let front = "---\ninputs: [{name: a}, {name: xs, kind: array}]\n---\n";
    file(&format!("{front}{text}{{# {{ a }}{{ xs }} #}}"), wanted);
}
