//! Markdown, ready for a pull request: how the run ended, its gates, its columns, and what did not pass, folded.

use std::io::Write;

use assay_wire::{ColumnStats, GateView};

use super::{Fate, Report, Stop, beginning, case_name, column_name, score_line};
use crate::commands::dollars;
use crate::markdown::escaped;
use crate::output::counted;

/// Cells that are named at most.
const MOST_NAMED: usize = 50;

/// Characters of a reason.
const MOST_REASON: usize = 300;

/// Writes it.
pub(super) fn write(report: &Report, to: &mut dyn Write) -> Result<(), Stop> {
    writeln!(to, "### Run: {}\n", report.verdict())?;
    writeln!(to, "{}\n", summary(report))?;
    for gate in &report.run.gates {
        writeln!(to, "- {}", gate_line(report, gate))?;
    }
    write_columns(report, to)?;
    write_cells(report, to)
}

fn summary(report: &Report) -> String {
    let run = &report.run.summary;
    let ours = run.counts.total.saturating_sub(run.counts.skipped);
    let mut parts = vec![format!("{} of {}", run.counts.done, counted(ours, "cell"))];
    if run.counts.failed > 0 {
        parts.push(format!("{} failed", run.counts.failed));
    }
    if run.spent > 0.0 {
        parts.push(format!("{} spent", dollars(run.spent)));
    }
    if let Some(ms) = run.wall_ms {
        parts.push(format!("{:.1} s", ms as f64 / 1e3));
    }
    if let Some(reason) = &run.reason {
        parts.push(escaped(&beginning(reason, MOST_REASON)));
    }
    parts.push(format!("run {}", escaped(&run.run)));
    parts.join(" · ")
}

fn gate_line(report: &Report, gate: &GateView) -> String {
    let sign = match (gate.ok, gate.value) {
        (true, Some(_)) => "✓ holds",
        (true, None) => "○ not judged",
        (false, _) => "✗ **fails**",
    };
    let column = report.column(gate.column).map(column_name).unwrap_or_default();
    let tags =
        if gate.tags.is_empty() { String::new() } else { format!(" ({})", gate.tags.join(", ")) };
    let words = format!("{}{tags} on {column}: {}", gate.subject, gate.reason);
    format!("{sign} · {}", escaped(&words))
}

fn write_columns(report: &Report, to: &mut dyn Write) -> Result<(), Stop> {
    let scorers: Vec<String> = report.run.scorers.iter().map(|id| escaped(id)).collect();
    let head = ["variant", "model", "done", "failed"].map(str::to_owned);
    let tail = ["cost", "p50 / p95"].map(str::to_owned);
    let head = [&head[..], &scorers[..], &tail[..]].concat();
    writeln!(to, "\n| {} |", head.join(" | "))?;
    writeln!(to, "|{}", "---|".repeat(head.len()))?;
    for stats in &report.run.columns {
        writeln!(to, "| {} |", column_row(stats).join(" | "))?;
    }
    Ok(())
}

fn column_row(stats: &ColumnStats) -> Vec<String> {
    let means = stats.means.iter().map(|mean| match mean {
        Some(m) => format!("{:.2} \\[{:.2}, {:.2}\\]", m.mean, m.low, m.high),
        None => "not judged".to_owned(),
    });
    let column = [escaped(&stats.column.variant), escaped(&stats.column.model)];
    let counts = [stats.done.to_string(), stats.failed.to_string()];
    let latency = match (stats.p50_ms, stats.p95_ms) {
        (Some(p50), Some(p95)) => format!("{p50} / {p95} ms"),
        _ => "none".to_owned(),
    };
    let cost = stats.cost.map_or_else(|| "unknown".to_owned(), dollars);
    column.into_iter().chain(counts).chain(means).chain([cost, latency]).collect()
}

/// What did not pass, in the order of the cells.
fn write_cells(report: &Report, to: &mut dyn Write) -> Result<(), Stop> {
    let is_trouble = |fate| matches!(fate, Fate::Failed | Fate::NotPassed | Fate::NotJudged);
    let trouble = || report.cells.iter().filter(|cell| is_trouble(cell.fate));
    let all = trouble().count();
    if all == 0 {
        return Ok(());
    }
    let counts = [
        (report.count(Fate::NotPassed), "did not pass"),
        (report.count(Fate::Failed), "failed"),
        (report.count(Fate::NotJudged), "not judged"),
    ];
    let counts = counts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}"));
    let counts = counts.collect::<Vec<_>>().join(", ");
    writeln!(to, "\n<details><summary>{counts}</summary>\n")?;
    for seen in trouble().take(MOST_NAMED) {
        let cell = report.cell(seen.ordinal)?;
        let why = match &cell.error {
            Some(error) => error.clone(),
            None => {
                let open =
                    cell.scores.iter().filter(|s| s.pass == Some(false) || s.value.is_none());
                open.map(score_line).collect::<Vec<_>>().join("; ")
            }
        };
        let words = format!(
            "{} · {}: {}",
            case_name(&cell),
            column_name(&cell.column),
            beginning(&why, MOST_REASON)
        );
        writeln!(to, "- {}", escaped(&words))?;
    }
    if all > MOST_NAMED {
        writeln!(to, "- and {} more", all - MOST_NAMED)?;
    }
    Ok(writeln!(to, "\n</details>")?)
}
