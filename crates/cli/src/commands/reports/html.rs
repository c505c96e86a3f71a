//! One page of HTML that needs nothing else: no script, no font, no picture, nothing from anywhere.
//!
//! Outputs are data that somebody else wrote. They stand escaped in `<pre>`, and the page's own policy lets nothing run or
//! load even if an escape were forgotten.

use std::io::Write;

use assay_wire::{CellView, ColumnStats, GateView};

use super::{
    Fate, Report, Seen, Stop, beginning, case_name, column_name, escaped, score_line, score_word,
};
use crate::commands::dollars;

/// Cells on the page at most: those that did not pass come first.
const MOST_CELLS: usize = 2_000;

/// Characters of an output.
const MOST_OUTPUT: usize = 20_000;

const STYLE: &str = "\
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;max-width:1100px;margin:2em auto;padding:0 1em}
h1{font-size:1.4em}h2{font-size:1.1em;margin-top:2em}
.wide{overflow-x:auto}
table{border-collapse:collapse}
th,td{text-align:left;padding:.3em .8em .3em 0;border-bottom:1px solid #8884;vertical-align:top}
details{border-bottom:1px solid #8884;padding:.3em 0}
summary{cursor:pointer}
pre{white-space:pre-wrap;overflow-wrap:anywhere;unicode-bidi:isolate;background:#8881;padding:.6em}
.quiet{opacity:.75}
.sign{display:inline-block;min-width:7.5em;font-weight:600}";

/// Writes it.
pub(super) fn write(report: &Report, to: &mut dyn Write) -> Result<(), Stop> {
    let title = escaped(&report.run.summary.title);
    writeln!(
        to,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title} · {}</title>\n\
         <style>\n{STYLE}\n</style>\n</head>\n<body>\n<h1>{title}: {}</h1>",
        report.verdict(),
        report.verdict()
    )?;
    writeln!(to, "<p class=\"quiet\">{}</p>", escaped(&summary(report)))?;
    write_gates(report, to)?;
    write_columns(report, to)?;
    write_cells(report, to)?;
    Ok(writeln!(to, "</body>\n</html>")?)
}

fn summary(report: &Report) -> String {
    let run = &report.run.summary;
    let mut text = format!(
        "Run {}: {} cells, {} done, {} failed, {} did not pass, {} not judged",
        run.run,
        run.counts.total,
        run.counts.done,
        run.counts.failed,
        report.count(Fate::NotPassed),
        report.count(Fate::NotJudged)
    );
    if run.spent > 0.0 {
        text.push_str(&format!(", {} spent", dollars(run.spent)));
    }
    if let Some(ms) = run.wall_ms {
        text.push_str(&format!(", {:.1} s", ms as f64 / 1e3));
    }
    if let Some(reason) = &run.reason {
        text.push_str(&format!(". {reason}"));
    }
    text
}

fn write_gates(report: &Report, to: &mut dyn Write) -> Result<(), Stop> {
    if report.run.gates.is_empty() {
        return Ok(());
    }
    writeln!(to, "<h2>Gates</h2>\n<div class=\"wide\"><table>")?;
    writeln!(to, "{}", row("th", &["Gate", "Column", "", "Reason"].map(str::to_owned)))?;
    for gate in &report.run.gates {
        writeln!(to, "{}", row("td", &gate_cells(report, gate)))?;
    }
    Ok(writeln!(to, "</table></div>")?)
}

fn gate_cells(report: &Report, gate: &GateView) -> [String; 4] {
    let word = match (gate.ok, gate.value) {
        (true, Some(_)) => "✓ holds",
        (true, None) => "○ not judged",
        (false, _) => "✗ fails",
    };
    let tags =
        if gate.tags.is_empty() { String::new() } else { format!(" ({})", gate.tags.join(", ")) };
    let column = report.column(gate.column).map(column_name).unwrap_or_default();
    let subject = format!("{} {}{tags}", gate.subject, gate.limit);
    [subject, column, word.to_owned(), gate.reason.clone()]
}

fn write_columns(report: &Report, to: &mut dyn Write) -> Result<(), Stop> {
    let head = ["Prompt", "Variant", "Model", "Done", "Failed"].map(str::to_owned);
    let tail = ["Numbers of the column", "Cost", "p50 / p95"].map(str::to_owned);
    let head = [&head[..], &report.run.scorers[..], &tail[..]].concat();
    writeln!(to, "<h2>Columns</h2>\n<div class=\"wide\"><table>\n{}", row("th", &head))?;
    for stats in &report.run.columns {
        writeln!(to, "{}", row("td", &column_cells(stats)))?;
    }
    Ok(writeln!(to, "</table></div>")?)
}

fn column_cells(stats: &ColumnStats) -> Vec<String> {
    let column = &stats.column;
    let mut cells = vec![column.prompt.clone(), column.variant.clone(), column.model.clone()];
    cells.extend([stats.done.to_string(), stats.failed.to_string()]);
    cells.extend(stats.means.iter().map(|mean| match mean {
        Some(m) => format!("{:.2} [{:.2}, {:.2}]", m.mean, m.low, m.high),
        None => "not judged".to_owned(),
    }));
    let number = |value: Option<f64>| value.map_or("undefined".to_owned(), |v| format!("{v:.4}"));
    let numbers = stats.numbers.iter();
    let numbers = numbers.map(|n| format!("{}.{} {}", n.scorer, n.name, number(n.value)));
    cells.push(numbers.collect::<Vec<_>>().join(", "));
    cells.push(stats.cost.map_or_else(|| "unknown".to_owned(), dollars));
    cells.push(match (stats.p50_ms, stats.p95_ms) {
        (Some(p50), Some(p95)) => format!("{p50} / {p95} ms"),
        _ => "none".to_owned(),
    });
    cells
}

/// A row of a table, escaped.
fn row(element: &str, cells: &[String]) -> String {
    let cells = cells.iter().map(|cell| format!("<{element}>{}</{element}>", escaped(cell)));
    format!("<tr>{}</tr>", cells.collect::<String>())
}

fn write_cells(report: &Report, to: &mut dyn Write) -> Result<(), Stop> {
    writeln!(to, "<h2>Cells</h2>")?;
    let all: Vec<&Seen> =
        report.cells.iter().filter(|cell| cell.fate != Fate::NotAnswered).collect();
    let is_fine = |cell: &&&Seen| cell.fate == Fate::Passed;
    let trouble = all.iter().filter(|cell| !is_fine(cell));
    for cell in trouble.chain(all.iter().filter(is_fine)).take(MOST_CELLS) {
        write_cell(&report.cell(cell.ordinal)?, cell.fate, to)?;
    }
    if all.len() > MOST_CELLS {
        let left = all.len() - MOST_CELLS;
        let run = escaped(&report.run.summary.run);
        writeln!(
            to,
            "<p>{left} more cells are not on this page: <code>assay show {run}</code></p>"
        )?;
    }
    Ok(())
}

fn write_cell(cell: &CellView, fate: Fate, to: &mut dyn Write) -> Result<(), Stop> {
    let sign = match fate {
        Fate::Passed => "✓ passed",
        Fate::NotPassed => "✗ not passed",
        Fate::NotJudged => "○ not judged",
        Fate::Failed => "! failed",
        Fate::NotAnswered => "– not answered",
    };
    let (name, column) = (escaped(&case_name(cell)), escaped(&column_name(&cell.column)));
    writeln!(
        to,
        "<details><summary><span class=\"sign\">{sign}</span> {name} <span class=\"quiet\">{column}</span></summary>"
    )?;
    let text = cell.output.as_deref().or(cell.error.as_deref()).unwrap_or_default();
    writeln!(to, "<pre>{}</pre>", escaped(&beginning(text, MOST_OUTPUT)))?;
    for score in &cell.scores {
        let line = escaped(&score_line(score));
        writeln!(to, "<p><span class=\"sign\">{}</span> {line}</p>", score_word(score))?;
    }
    Ok(writeln!(to, "</details>")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_a_table_is_text() {
        let cells = ["<script>alert(1)</script>".to_owned(), "a & b".to_owned()];
        assert_eq!(
            row("td", &cells),
            "<tr><td>&lt;script&gt;alert(1)&lt;/script&gt;</td><td>a &amp; b</td></tr>"
        );
    }
}
