//! What a grid of rows shows: its columns, its lines in the order of the file, and what was found about each.
//!
//! Pure, over the parsed prompt and the file's text; [`lines`] is how that falls into lines.

use std::{collections::BTreeSet, sync::Arc};

use assay_prompt::{
    Diagnostic, Kind, Prompt, Property, Row, Rows, RowsFormat, Severity, Span, codes,
    estimate_tokens,
};
use serde_json::{Map, Value};

use super::lines::{lines, touches};
use crate::panes::edit::value_text;

pub use super::lines::{Line, Raw};

/// What the rows of a file are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RowKind {
    /// Shown to the model.
    Example,
    /// What variants are evaluated on.
    Case,
}

impl RowKind {
    /// One of them.
    pub fn word(self) -> &'static str {
        match self {
            RowKind::Example => "example",
            RowKind::Case => "case",
        }
    }

    /// Several of them.
    pub fn words(self) -> &'static str {
        match self {
            RowKind::Example => "examples",
            RowKind::Case => "cases",
        }
    }

    /// The rows of a prompt.
    pub fn rows(self, prompt: &Prompt) -> &Rows {
        match self {
            RowKind::Example => &prompt.examples,
            RowKind::Case => &prompt.cases,
        }
    }
}

/// A column of the grid.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Column {
    /// The row's id.
    Id,
    /// The value of the input of this name.
    Input(String),
    /// What the model should answer: `output` of an example, `expected` of a case.
    Answer(RowKind),
    /// Free labels.
    Tags,
    /// The cluster it counts in.
    Group,
    /// Whether the variant of this id shows the example.
    Shown(String),
    /// Tokens, and what was found.
    Notes,
}

impl Column {
    /// Its heading.
    pub fn title(&self) -> &str {
        match self {
            Column::Id => "id",
            Column::Input(name) | Column::Shown(name) => name,
            Column::Answer(RowKind::Example) => "output",
            Column::Answer(RowKind::Case) => "expected",
            Column::Tags => "tags",
            Column::Group => "group",
            Column::Notes => "tokens",
        }
    }

    /// Whether its cells hold text of the row that can be edited.
    pub fn is_text(&self) -> bool {
        !matches!(self, Column::Shown(_) | Column::Notes)
    }
}

/// Something found about a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// A word for the grid.
    pub word: &'static str,
    /// What it is, and what to do.
    pub message: String,
    /// Whether it stops a run.
    pub severity: Severity,
}

/// The rows of one file, as the grid shows them.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// What they are for.
    pub kind: RowKind,
    /// The prompt they belong to.
    pub prompt: Arc<Prompt>,
    /// Their file.
    pub file: String,
    /// How they stand in it.
    pub format: RowsFormat,
    /// In the order of the file.
    pub lines: Vec<Line>,
    /// Inputs that stand in an example and in a case, each as text.
    leaks: BTreeSet<String>,
}

impl PartialEq for Sheet {
    fn eq(&self, other: &Self) -> bool {
        // A prompt that was read again is another one, so its rows need not be compared.
        let same = Arc::ptr_eq(&self.prompt, &other.prompt) && self.kind == other.kind;
        same && self.file == other.file && self.lines == other.lines
    }
}

impl Sheet {
    /// The sheet of a file with that text; nothing when the prompt has no such file.
    pub fn new(kind: RowKind, prompt: Arc<Prompt>, text: &str) -> Option<Self> {
        let rows = kind.rows(&prompt);
        let file = rows.file.clone()?;
        let format = RowsFormat::of(&file)?;
        let lines = lines(rows, &prompt, format, text);
        let leaks = leaks(&prompt);
        Some(Self { kind, prompt, file, format, lines, leaks })
    }

    /// The rows that were read.
    pub fn rows(&self) -> &[Row] {
        &self.kind.rows(&self.prompt).rows
    }

    /// The row of a line.
    pub fn row(&self, line: usize) -> Option<&Row> {
        match self.lines.get(line)? {
            Line::Row(at) => self.rows().get(*at),
            Line::Raw(_) => None,
        }
    }

    /// The row of that id, and its place among the rows.
    pub fn named(&self, id: &str) -> Option<(usize, &Row)> {
        self.rows().iter().enumerate().find(|(_, row)| row.id == id)
    }

    /// The line on which the row of that id stands.
    pub fn line_of(&self, id: &str) -> Option<usize> {
        let (at, _) = self.named(id)?;
        self.lines.iter().position(|line| *line == Line::Row(at))
    }

    /// What an input holds; text where nobody declared it.
    pub fn kind_of(&self, input: &str) -> Option<Kind> {
        declared(&self.prompt).find(|property| property.name == input).map(|property| property.kind)
    }

    /// The columns; `variants` are those of which it is said whether they show an example.
    pub fn columns(&self, variants: &[String]) -> Vec<Column> {
        let inputs = inputs(&self.prompt, self.rows()).into_iter().map(Column::Input);
        let mut columns: Vec<Column> = std::iter::once(Column::Id).chain(inputs).collect();
        columns.push(Column::Answer(self.kind));
        let has = |f: fn(&Row) -> bool| self.rows().iter().any(f);
        if self.kind == RowKind::Case || has(|row| !row.tags.is_empty()) {
            columns.push(Column::Tags);
        }
        if has(|row| row.group.is_some()) {
            columns.push(Column::Group);
        }
        if self.kind == RowKind::Example {
            columns.extend(variants.iter().cloned().map(Column::Shown));
        }
        columns.push(Column::Notes);
        columns
    }

    /// What was found about a line.
    pub fn findings(&self, line: usize) -> Vec<Finding> {
        match self.lines.get(line) {
            Some(Line::Row(at)) => self.rows().get(*at).map(|row| self.about(row)),
            Some(Line::Raw(raw)) => Some(vec![Finding {
                word: "not a row",
                message: raw.why.clone(),
                severity: Severity::Error,
            }]),
            None => None,
        }
        .unwrap_or_default()
    }

    fn about(&self, row: &Row) -> Vec<Finding> {
        let of_row = |found: &&Diagnostic| found.file == self.file && touches(found.span, row.span);
        let mut findings: Vec<Finding> =
            self.prompt.diagnostics.iter().filter(of_row).map(finding).collect();
        // What two rows share is told at the later one, and concerns both.
        let of_other = |found: &&Diagnostic| {
            let here =
                |(file, span): &(String, Span)| *file == self.file && touches(*span, row.span);
            found.other.as_deref().is_some_and(here)
        };
        findings.extend(self.prompt.diagnostics.iter().filter(of_other).map(finding));
        // What is found stands with the case; the example is the other half of it.
        if self.kind == RowKind::Example && self.leaks.contains(&input_text(&row.input)) {
            findings.push(Finding {
                word: "leak",
                message: "A case has the same input, so this example gives its answer away".into(),
                severity: Severity::Warning,
            });
        }
        findings
    }

    /// Lines that have the words in a text of theirs, and the tag when one is asked for.
    pub fn found(&self, words: &str, tag: &str) -> Vec<usize> {
        let words = words.trim().to_lowercase();
        let fits = |line: &Line| match line {
            Line::Raw(raw) => tag.is_empty() && holds(&raw.text, &words),
            Line::Row(at) => self.rows().get(*at).is_some_and(|row| {
                (tag.is_empty() || row.tags.iter().any(|own| own == tag)) && row_holds(row, &words)
            }),
        };
        (0..self.lines.len()).filter(|at| fits(&self.lines[*at])).collect()
    }

    /// Every tag, once.
    pub fn tags(&self) -> Vec<String> {
        let all: BTreeSet<&String> = self.rows().iter().flat_map(|row| &row.tags).collect();
        all.into_iter().cloned().collect()
    }
}

/// A cell as people read it.
pub fn cell_text(row: &Row, column: &Column) -> String {
    match column {
        Column::Id => row.id.clone(),
        Column::Input(name) => row.input.get(name).map(value_text).unwrap_or_default(),
        Column::Answer(kind) => answer(row, *kind).map(value_text).unwrap_or_default(),
        Column::Tags => row.tags.join(", "),
        Column::Group => row.group.clone().unwrap_or_default(),
        Column::Shown(_) | Column::Notes => String::new(),
    }
}

/// A cell as people edit it: objects and lists on as many lines as they have parts.
pub fn cell_source(row: &Row, column: &Column) -> String {
    let value = match column {
        Column::Input(name) => row.input.get(name),
        Column::Answer(kind) => answer(row, *kind),
        _ => None,
    };
    match value {
        Some(value @ (Value::Object(_) | Value::Array(_))) => {
            serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string())
        }
        _ => cell_text(row, column),
    }
}

/// What the model should answer.
pub fn answer(row: &Row, kind: RowKind) -> Option<&Value> {
    match kind {
        RowKind::Example => row.output.as_ref(),
        RowKind::Case => row.expected.as_ref(),
    }
}

/// Estimated tokens of a row's inputs and answer.
pub fn tokens(row: &Row, kind: RowKind) -> usize {
    let inputs = row.input.values().map(value_text);
    let answer = answer(row, kind).map(value_text);
    inputs.chain(answer).map(|text| estimate_tokens(&text)).sum()
}

/// The inputs of all variants without those that take turns, each once.
pub fn declared(prompt: &Prompt) -> impl Iterator<Item = &Property> {
    let all = prompt.variants.iter().flat_map(|variant| &variant.inputs);
    let mut seen = BTreeSet::new();
    all.filter(move |p| p.kind != Kind::Thread && seen.insert(p.name.as_str()))
}

/// The inputs of the columns: those that rows give or must give, then those that have a default and were left at it.
fn inputs(prompt: &Prompt, rows: &[Row]) -> Vec<String> {
    let given: BTreeSet<&String> = rows.iter().flat_map(|row| row.input.keys()).collect();
    let (used, unused): (Vec<&Property>, Vec<&Property>) =
        declared(prompt).partition(|p| p.default.is_none() || given.contains(&p.name));
    let known: BTreeSet<&String> = used.iter().chain(&unused).map(|p| &p.name).collect();
    let extra = given.iter().filter(|name| !known.contains(*name)).map(|name| (*name).clone());
    let name = |property: &Property| property.name.clone();
    used.into_iter().map(name).chain(extra).chain(unused.into_iter().map(name)).collect()
}

fn finding(found: &Diagnostic) -> Finding {
    let word = match found.code {
        codes::LEAK => "leak",
        codes::NEAR_DUPLICATE => "duplicate",
        codes::CASE_LACKS_INPUT => "incomplete",
        codes::WRONG_KIND => "wrong kind",
        codes::EXTRA_INPUT => "extra input",
        _ if found.severity == Severity::Error => "error",
        _ => "warning",
    };
    let hint = found.hint.as_ref().map(|hint| format!(": {hint}")).unwrap_or_default();
    Finding { word, message: format!("{}{hint}", found.message), severity: found.severity }
}

/// The inputs of cases that an example has as well.
fn leaks(prompt: &Prompt) -> BTreeSet<String> {
    let found: Vec<Span> =
        prompt.diagnostics.iter().filter(|d| d.code == codes::LEAK).map(|d| d.span).collect();
    let leaking = |row: &&Row| found.iter().any(|span| touches(*span, row.span));
    if found.is_empty() {
        return BTreeSet::new();
    }
    prompt.cases.rows.iter().filter(leaking).map(|row| input_text(&row.input)).collect()
}

/// The same for the same inputs, whatever the order of their keys.
pub(super) fn input_text(input: &Map<String, Value>) -> String {
    let mut parts: Vec<String> =
        input.iter().map(|(name, value)| format!("{name}={value}")).collect();
    parts.sort_unstable();
    parts.join("\n")
}

fn row_holds(row: &Row, words: &str) -> bool {
    words.is_empty()
        || holds(&row.id, words)
        || row.input.values().any(|value| holds(&value_text(value), words))
        || row.output.iter().chain(&row.expected).any(|value| holds(&value_text(value), words))
        || row.tags.iter().chain(&row.group).any(|text| holds(text, words))
}

fn holds(text: &str, words: &str) -> bool {
    words.is_empty() || text.to_lowercase().contains(words)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::fixture::{CASES, EXAMPLES, cases, examples};
    use super::*;

    fn titles(sheet: &Sheet) -> Vec<String> {
        let variants = ["a".to_owned()];
        sheet.columns(&variants).iter().map(|column| column.title().to_owned()).collect()
    }

    #[test]
    fn columns_are_the_id_the_declared_inputs_and_what_is_asked_of_the_kind() {
        assert_eq!(titles(&examples(EXAMPLES)), ["id", "ticket", "count", "output", "a", "tokens"]);
        assert_eq!(titles(&cases(CASES)), ["id", "ticket", "count", "expected", "tags", "tokens"]);
        let odd =
            "{\"id\":\"c-1\",\"input\":{\"ticket\":\"x\",\"mood\":\"low\"},\"group\":\"g\"}\n";
        assert_eq!(
            titles(&cases(odd)),
            ["id", "ticket", "mood", "count", "expected", "tags", "group", "tokens"]
        );
    }

    #[test]
    fn a_leak_is_told_at_both_of_its_rows() {
        let leaking = CASES.replace("\"Where is it?\",\"count\":2", "\"One\"");
        let sheet = cases(&leaking);
        assert!(sheet.findings(0).iter().any(|finding| finding.word == "leak"));
        let files = super::super::fixture::files(EXAMPLES, &leaking);
        let prompt = super::super::fixture::prompt(&files);
        let sheet = Sheet::new(RowKind::Example, prompt, EXAMPLES).unwrap();
        assert!(sheet.findings(0).iter().any(|finding| finding.word == "leak"));
        assert_eq!(examples(EXAMPLES).findings(0), []);
    }

    #[test]
    fn nearly_the_same_rows_are_both_marked() {
        let twice = CASES.replace("Where is it?", "Two").replace(",\"count\":2", "");
        let sheet = cases(&twice);
        let marked = |line: usize| {
            let findings = sheet.findings(line);
            findings.into_iter().find(|f| f.word == "duplicate").map(|f| f.message)
        };
        assert!(marked(1).is_some_and(|said| said.contains("c-2") && said.contains("c-1")));
        assert_eq!(marked(0), marked(1));
    }

    #[test]
    fn rows_are_found_by_any_text_of_theirs_and_by_tag() {
        let sheet = cases(CASES);
        assert_eq!(sheet.found("", ""), [0, 1]);
        assert_eq!(sheet.found("WHERE", ""), [0]);
        assert_eq!(sheet.found("\"b\"", ""), [1]);
        assert_eq!(sheet.found("", "smoke"), [0]);
        assert_eq!(sheet.found("two", "smoke"), [] as [usize; 0]);
        assert_eq!(sheet.tags(), ["smoke"]);
    }

    #[test]
    fn objects_are_edited_on_lines_of_their_own() {
        let sheet = cases(CASES);
        let row = &sheet.rows()[0];
        assert_eq!(cell_text(row, &Column::Answer(RowKind::Case)), "{\"category\":\"a\"}");
        assert_eq!(cell_source(row, &Column::Answer(RowKind::Case)), "{\n  \"category\": \"a\"\n}");
        assert_eq!(cell_source(row, &Column::Id), "c-1");
    }
}
