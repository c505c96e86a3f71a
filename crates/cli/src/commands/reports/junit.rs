//! JUnit XML, as CI servers read it: a suite for the gates and one for each column, a test for each gate and each cell.
//!
//! A cell that a scorer says no to is a failure, a call that failed is an error, and what nobody answered or judged is
//! skipped: nothing counts as passed that was not looked at. Attributes and the order of elements are those of the schema
//! that Jenkins publishes, which GitLab, GitHub's reporters and Azure read as well.

use std::io::Write;

use assay_wire::{CellView, GateView};

use super::{Fate, Report, Stop, beginning, case_name, column_name, escaped, score_line};

/// Characters of an output that a test shows.
const MOST_OUTPUT: usize = 4_000;

/// Writes it.
pub(super) fn write(report: &Report, to: &mut dyn Write) -> Result<(), Stop> {
    let gates = Tally::of_gates(&report.run.gates);
    let all = report.cells.iter().fold(gates, |tally, cell| tally.with(cell.fate));
    writeln!(to, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    let seconds = report.run.summary.wall_ms.unwrap_or_default() as f64 / 1e3;
    writeln!(to, r#"<testsuites name="assay" {} time="{seconds:.3}">"#, all.attributes())?;
    write_gates(report, gates, to)?;
    for place in 0..report.run.columns.len() {
        write_column(report, place as u32, to)?;
    }
    Ok(writeln!(to, "</testsuites>")?)
}

/// Tests by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Tally {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

impl Tally {
    fn of_gates(gates: &[GateView]) -> Tally {
        Tally {
            tests: gates.len(),
            failures: gates.iter().filter(|gate| !gate.ok).count(),
            errors: 0,
            skipped: gates.iter().filter(|gate| is_open(gate)).count(),
        }
    }

    fn with(mut self, fate: Fate) -> Tally {
        self.tests += 1;
        match fate {
            Fate::Passed => {}
            Fate::NotPassed => self.failures += 1,
            Fate::Failed => self.errors += 1,
            Fate::NotJudged | Fate::NotAnswered => self.skipped += 1,
        }
        self
    }

    fn attributes(self) -> String {
        let Tally { tests, failures, errors, skipped } = self;
        format!(r#"tests="{tests}" failures="{failures}" errors="{errors}" skipped="{skipped}""#)
    }
}

/// Whether a gate holds because it is not about this run: it needs a base, or its cases are not there.
fn is_open(gate: &GateView) -> bool {
    gate.ok && gate.value.is_none()
}

fn write_gates(report: &Report, tally: Tally, to: &mut dyn Write) -> Result<(), Stop> {
    if tally.tests == 0 {
        return Ok(());
    }
    writeln!(to, r#"  <testsuite name="gates" {} time="0">"#, tally.attributes())?;
    for gate in &report.run.gates {
        let column = report.column(gate.column).map(column_name).unwrap_or_default();
        let tags = match gate.tags.as_slice() {
            [] => String::new(),
            tags => format!(" (cases tagged {})", tags.join(", ")),
        };
        let name = escaped(&format!("{} {}{tags} on {column}", gate.subject, gate.limit));
        let reason = escaped(&gate.reason);
        let inside = match (gate.ok, is_open(gate)) {
            (false, _) => format!(r#"<failure message="{reason}" type="gate">{reason}</failure>"#),
            (true, true) => format!(r#"<skipped message="{reason}"/>"#),
            (true, false) => format!("<system-out>{reason}</system-out>"),
        };
        writeln!(
            to,
            r#"    <testcase classname="gates" name="{name}" time="0">{inside}</testcase>"#
        )?;
    }
    Ok(writeln!(to, "  </testsuite>")?)
}

fn write_column(report: &Report, place: u32, to: &mut dyn Write) -> Result<(), Stop> {
    let Some(column) = report.column(place) else { return Ok(()) };
    let cells = || report.cells.iter().filter(|cell| cell.column == place);
    let tally = cells().fold(Tally::default(), |tally, cell| tally.with(cell.fate));
    let name = escaped(&format!("{} · {}", column.prompt, column_name(column)));
    // Readers take a dot in the class for the border of a package.
    let part = |text: &str| text.replace('.', "_");
    let class = [&column.prompt, &column.variant, &column.model].map(|text| part(text)).join(".");
    writeln!(to, r#"  <testsuite name="{name}" {}>"#, tally.attributes())?;
    for cell in cells() {
        write_cell(&report.cell(cell.ordinal)?, &escaped(&class), to)?;
    }
    Ok(writeln!(to, "  </testsuite>")?)
}

fn write_cell(cell: &CellView, class: &str, to: &mut dyn Write) -> Result<(), Stop> {
    let name = escaped(&case_name(cell));
    let seconds = f64::from(cell.line.latency_ms.unwrap_or_default()) / 1e3;
    write!(to, r#"    <testcase classname="{class}" name="{name}" time="{seconds:.3}">"#)?;
    write!(to, "{}", outcome(cell))?;
    if let Some(output) = &cell.output {
        let output = escaped(&beginning(output, MOST_OUTPUT));
        write!(to, "<system-out>{output}</system-out>")?;
    }
    Ok(writeln!(to, "</testcase>")?)
}

/// The element that says why a cell has not passed; nothing for one that has.
fn outcome(cell: &CellView) -> String {
    let said = |is: fn(&assay_wire::ScoreView) -> bool| -> Vec<String> {
        cell.scores.iter().filter(|score| is(score)).map(score_line).collect()
    };
    match Fate::of(&cell.line) {
        Fate::Passed => String::new(),
        Fate::NotAnswered => r#"<skipped message="not answered"/>"#.to_owned(),
        Fate::NotJudged => {
            let why = said(|score| score.value.is_none()).join("; ");
            format!(r#"<skipped message="not judged: {}"/>"#, escaped(&why))
        }
        Fate::Failed => {
            let why = escaped(cell.error.as_deref().unwrap_or("no reason was kept"));
            format!(r#"<error message="{why}" type="call">{why}</error>"#)
        }
        Fate::NotPassed => {
            let lines = said(|score| score.pass == Some(false));
            let first = lines.first().map(String::as_str).unwrap_or_default();
            let (first, all) = (escaped(first), escaped(&lines.join("\n")));
            format!(r#"<failure message="{first}" type="score">{all}</failure>"#)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_test_is_counted_once_and_what_nobody_judged_is_skipped() {
        let fates =
            [Fate::Passed, Fate::NotPassed, Fate::NotJudged, Fate::Failed, Fate::NotAnswered];
        let tally = fates.into_iter().fold(Tally::default(), Tally::with);
        assert_eq!(tally, Tally { tests: 5, failures: 1, errors: 1, skipped: 2 });
        assert_eq!(tally.attributes(), r#"tests="5" failures="1" errors="1" skipped="2""#);
    }

    #[test]
    fn a_gate_that_needs_a_base_is_skipped_and_one_that_fails_is_a_failure() {
        let gate = |ok, value| GateView {
            column: 0,
            subject: "s".to_owned(),
            tags: Vec::new(),
            ok,
            value,
            limit: String::new(),
            reason: String::new(),
        };
        let tally = Tally::of_gates(&[gate(true, Some(1.0)), gate(true, None), gate(false, None)]);
        assert_eq!(tally, Tally { tests: 3, failures: 1, errors: 0, skipped: 1 });
    }
}
