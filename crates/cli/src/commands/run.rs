//! `assay run`: the matrix, scored and gated.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use assay_app::App;
use assay_wire::{
    ApiError, CancelRun, CellLine, CellState, Code, ColumnStats, GateView, ReadCells,
    ReadDifference, ReadRun, ReadWorkspace, ResumeRun, RunRequest, RunStarted, RunState, RunView,
    SaveRun, StartRun, StopKind,
};
use serde_json::{Map, Value, json};

use crate::arguments::Run;
use crate::commands::import::absolute;
use crate::commands::reports::Reports;
use crate::commands::show::results;
use crate::commands::{dollars, request};
use crate::exit::Exit;
use crate::output::{Output, counted, pretty, table};

/// Cells asked for at once.
const PAGE: u32 = 10_000;

/// Results written at once.
const RESULTS: u32 = 500;

/// Different reasons of failure that are told at the end of a run.
const MOST_REASONS: usize = 3;

pub(crate) fn execute(
    app: &App,
    directory: &Path,
    arguments: &Run,
    output: &Output,
) -> Result<Exit, ApiError> {
    let mut request = request(&arguments.selection);
    if let Some(base) = &arguments.changed {
        request.prompts = changed_since(app, base)?;
        if request.prompts.is_empty() {
            // Nor is a report begun: that there is none tells a script that nothing was run.
            output.note(&format!("no prompt differs from {base}; nothing was run"));
            return Ok(Exit::Done);
        }
    }
    // Refused before a single call is paid for.
    check_result_file(app, arguments.json.as_deref())?;
    let reports = Reports::new(directory, &arguments.reports, arguments.json.as_deref())?;
    let save = arguments.save.as_ref().map(|file| absolute(&directory.join(file))).transpose()?;
    if let Some(file) = &save {
        check_writable(Path::new(file))?;
    }
    let started = start(app, arguments, request)?;
    stop_on_interrupt(app, &Arc::new(Mutex::new(started.run.clone())))?;
    follow(app, &started.run, output);
    if let Some(file) = save {
        app.call(SaveRun { run: started.run.clone(), file })?;
    }
    let run = app.call(ReadRun { run: started.run, rows: false })?;
    report(app, &run, arguments.json.as_deref(), &reports, output)
}

/// The prompts that differ from a revision and are still there.
fn changed_since(app: &App, base: &str) -> Result<Vec<String>, ApiError> {
    let difference = app.call(ReadDifference { base: Some(base.to_owned()), head: None })?;
    let changed: BTreeSet<String> =
        difference.files.into_iter().filter_map(|file| file.file.prompt).collect();
    let prompts = app.call(ReadWorkspace {})?.prompts.into_iter().map(|prompt| prompt.key);
    Ok(prompts.filter(|key| changed.contains(key)).collect())
}

/// Typing the command is consent, for this call.
fn start(app: &App, arguments: &Run, request: RunRequest) -> Result<RunStarted, ApiError> {
    let budget = arguments.budget;
    match &arguments.resume {
        Some(run) => app.call(ResumeRun {
            run: crate::commands::show::run_id(app, run)?,
            consent: true,
            retry_failed: arguments.retry_failed,
            budget,
        }),
        None => app.call(StartRun { request: RunRequest { budget, ..request }, consent: true }),
    }
}

/// Tells how a run ended, on standard output and in the files that were asked for.
pub(crate) fn report(
    app: &App,
    run: &RunView,
    json: Option<&Path>,
    reports: &Reports,
    output: &Output,
) -> Result<Exit, ApiError> {
    let cells = if run.summary.counts.failed > 0 { all_cells(app, run)? } else { Vec::new() };
    if let Some(file) = json.filter(|file| *file != Path::new("-")) {
        let failed = |error: io::Error| unwritable(file, &error);
        let mut to = BufWriter::new(File::create(file).map_err(failed)?);
        write_document(app, run, &mut to)?.and_then(|()| to.flush()).map_err(failed)?;
    }
    match output.is_document() {
        true => output.stream(|to| write_document(app, run, to))?,
        false if reports.takes_stdout() => {}
        false => output.tell(&text(run, &cells))?,
    }
    reports.write(app, run, output)?;
    Ok(exit(run))
}

/// Refuses a file that the result could not be written to.
pub(crate) fn check_result_file(app: &App, file: Option<&Path>) -> Result<(), ApiError> {
    let Some(file) = file else { return Ok(()) };
    refuse_prompt(app, file)?;
    check_writable(file)
}

/// Writes the document with its results page by page: a run may have more than fit into memory.
fn write_document(
    app: &App,
    run: &RunView,
    to: &mut dyn Write,
) -> Result<io::Result<()>, ApiError> {
    let mut head = document(run);
    super::ratings::add_people(app, run, &mut head)?;
    let head = pretty(&head);
    let head = head.trim_end().trim_end_matches('}').trim_end();
    let mut written = write!(to, "{head},\n  \"results\": [");
    let total = run.summary.counts.total;
    for from in (0..total).step_by(RESULTS as usize) {
        for (place, result) in
            results(app, run, from..(from + RESULTS).min(total))?.iter().enumerate()
        {
            let comma = if from == 0 && place == 0 { "" } else { "," };
            // A line end within a text is escaped, so each of these is one of the layout.
            let result = pretty(result).replace('\n', "\n    ");
            written = written.and_then(|()| write!(to, "{comma}\n    {result}"));
        }
        if written.is_err() {
            return Ok(written);
        }
    }
    Ok(written.and_then(|()| writeln!(to, "\n  ]\n}}")))
}

/// Every cell as the matrix shows it, page by page.
fn all_cells(app: &App, run: &RunView) -> Result<Vec<CellLine>, ApiError> {
    let total = run.summary.counts.total;
    let mut cells = Vec::new();
    for from in (0..total).step_by(PAGE as usize) {
        let to = (from + PAGE).min(total);
        cells.extend(app.call(ReadCells { run: run.summary.run.clone(), from, to })?.cells);
    }
    Ok(cells)
}

/// The first Ctrl-C stops the run that goes on and keeps what is done; the second ends the process as usual.
pub(crate) fn stop_on_interrupt(app: &App, going: &Arc<Mutex<String>>) -> Result<(), ApiError> {
    let (app, going) = (app.clone(), Arc::clone(going));
    let mut pressed = false;
    ctrlc::set_handler(move || {
        if std::mem::replace(&mut pressed, true) {
            std::process::exit(130);
        }
        let run = going.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // The run may have ended at this very moment; then there is nothing to stop.
        let _ = app.call(CancelRun { run });
    })
    .map_err(|e| ApiError::new(Code::Internal, format!("could not listen for Ctrl-C: {e}")))
}

pub(crate) fn follow(app: &App, run: &str, output: &Output) {
    let mut told = 0;
    app.wait(run, |progress| {
        let (_, counts) = progress.now();
        let (ended, total) = match counts.judge_calls {
            0 => (counts.done + counts.failed, counts.total),
            calls => (counts.total + counts.judge_calls_done, counts.total + calls),
        };
        let line = match counts.judge_calls {
            0 => format!(
                "{ended}/{total} cells · {} running · {} failed · {} cached",
                counts.running, counts.failed, counts.cached
            ),
            calls => format!("judging {}/{calls}", counts.judge_calls_done),
        };
        if output.has_live_progress() {
            output.progress(&line);
        } else if ended >= told + total.div_ceil(10).max(1) {
            // In a log, a line for each tenth is enough.
            told = ended;
            output.note(&line);
        }
    });
    output.end_progress();
}

/// The document but for its results.
fn document(run: &RunView) -> Value {
    let counts = run.summary.counts;
    let settled = counts.done + counts.failed + counts.skipped;
    json!({
        "schema": "assay.run/1",
        "run": run.summary.run,
        "ok": exit(run) == Exit::Done,
        "state": run.summary.state,
        "reason": run.summary.reason,
        "stop": run.summary.stop,
        "cells": {
            "total": counts.total,
            "done": counts.done,
            "failed": counts.failed,
            "cached": counts.cached,
            "skipped": counts.skipped,
            "pending": counts.total.saturating_sub(settled),
        },
        "cost": run.summary.spent,
        "budget": run.summary.budget,
        "shard": run.summary.shard.map(|(index, of)| json!({"index": index, "of": of})),
        "paused": run.paused.iter().map(|p| json!({"model": p.model, "kind": p.kind, "reason": p.reason})).collect::<Vec<_>>(),
        "wallMs": run.summary.wall_ms,
        "columns": run.columns.iter().map(|c| column(run, c)).collect::<Vec<_>>(),
        "gates": run.gates.iter().map(|g| gate(run, g)).collect::<Vec<_>>(),
    })
}

fn column(run: &RunView, stats: &ColumnStats) -> Value {
    let scores: Map<_, _> = run
        .scorers
        .iter()
        .zip(&stats.means)
        .filter_map(|(scorer, mean)| {
            let m = mean.as_ref()?;
            let signature = run
                .signatures
                .iter()
                .find(|one| one.scorer == *scorer && one.prompt == stats.column.prompt);
            let signature = signature.map(|one| one.signature.as_str());
            let mean = json!({
                "mean": m.mean, "low": m.low, "high": m.high, "n": m.n, "signature": signature,
            });
            Some((scorer.clone(), mean))
        })
        .collect();
    json!({
        "prompt": stats.column.prompt,
        "variant": stats.column.variant,
        "model": stats.column.model,
        "contentId": stats.column.content_id,
        "n": stats.done,
        "errors": stats.failed,
        "cached": stats.cached,
        "scores": scores,
        "numbers": numbers(stats),
        "cost": stats.cost,
        "latencyMs": {"p50": stats.p50_ms, "p95": stats.p95_ms},
    })
}

/// Numbers about the whole column, by scorer and name.
fn numbers(stats: &ColumnStats) -> Value {
    let mut scorers = Map::new();
    for number in &stats.numbers {
        let of_scorer = scorers.entry(number.scorer.clone()).or_insert_with(|| json!({}));
        of_scorer[&number.name] = json!({
            "value": number.value, "n": number.n, "notJudged": number.unjudged,
            "signature": number.signature, "confusion": number.confusion,
        });
    }
    Value::Object(scorers)
}

fn gate(run: &RunView, gate: &GateView) -> Value {
    let column = &run.columns[gate.column as usize].column;
    let is_scorer = run.scorers.iter().any(|scorer| {
        let rest = gate.subject.strip_prefix(scorer.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    });
    let kind = if is_scorer { "scorer" } else { "metric" };
    json!({
        kind: gate.subject,
        "prompt": column.prompt,
        "variant": column.variant,
        "model": column.model,
        "tags": gate.tags,
        "ok": gate.ok,
        "value": gate.value,
        "limit": gate.limit,
        "reason": gate.reason,
    })
}

fn text(run: &RunView, cells: &[CellLine]) -> String {
    let mut rows = vec![header(run)];
    for stats in &run.columns {
        let mut row = vec![
            stats.column.variant.clone(),
            stats.column.model.clone(),
            stats.done.to_string(),
            stats.failed.to_string(),
        ];
        row.extend(stats.means.iter().map(|mean| match mean {
            Some(m) => format!("{:.2} [{:.2}, {:.2}]", m.mean, m.low, m.high),
            None => "not judged".to_owned(),
        }));
        row.push(stats.cost.map_or_else(|| "unknown".to_owned(), dollars));
        row.push(match (stats.p50_ms, stats.p95_ms) {
            (Some(p50), Some(p95)) => format!("{p50} / {p95} ms"),
            _ => "none".to_owned(),
        });
        rows.push(row);
    }
    let mut text = table(&rows);
    text.push('\n');
    run.columns.iter().for_each(|stats| text.push_str(&number_lines(stats)));
    for gate in &run.gates {
        text.push_str(&gate_line(run, gate));
    }
    text.push_str(&failures(run, cells));
    text.push_str(&ending(run));
    text
}

/// The number that stands for each scorer over the whole column.
fn number_lines(stats: &ColumnStats) -> String {
    let mut told: Vec<&str> = Vec::new();
    let mut lines = String::new();
    for number in &stats.numbers {
        if told.contains(&number.scorer.as_str()) {
            continue;
        }
        told.push(&number.scorer);
        let value = number.value.map_or_else(|| "undefined".to_owned(), |v| format!("{v:.4}"));
        let (scorer, name) = (&number.scorer, &number.name);
        let variant = &stats.column.variant;
        lines.push_str(&format!(
            "{scorer}, {name} of {variant} on {}: {value}\n",
            stats.column.model
        ));
    }
    lines
}

fn gate_line(run: &RunView, gate: &GateView) -> String {
    let word = match (gate.ok, gate.value) {
        (true, Some(_)) => "holds",
        (true, None) => "not judged",
        (false, _) => "FAILS",
    };
    let tags = match gate.tags.as_slice() {
        [] => String::new(),
        tags => format!(" (cases tagged {})", tags.join(", ")),
    };
    let variant = &run.columns[gate.column as usize].column.variant;
    format!("gate {word}: {}{tags} on {variant}: {}\n", gate.subject, gate.reason)
}

/// Why cells failed, each reason once.
fn failures(run: &RunView, cells: &[CellLine]) -> String {
    let mut reasons: Vec<(&str, u32)> = Vec::new();
    for cell in cells.iter().filter(|c| c.state == CellState::Failed) {
        match reasons.iter_mut().find(|(reason, _)| *reason == cell.preview) {
            Some((_, n)) => *n += 1,
            None => reasons.push((&cell.preview, 1)),
        }
    }
    let shown = reasons.iter().take(MOST_REASONS);
    let mut text: String =
        shown.map(|(reason, n)| format!("{} failed: {reason}\n", counted(*n, "cell"))).collect();
    if reasons.len() > MOST_REASONS {
        let more = reasons.len() - MOST_REASONS;
        text.push_str(&format!("and {more} other reasons: assay show {}\n", run.summary.run));
    }
    text
}

fn header(run: &RunView) -> Vec<String> {
    let mut header = ["VARIANT", "MODEL", "DONE", "FAILED"].map(str::to_owned).to_vec();
    header.extend(run.scorers.iter().cloned());
    header.extend(["COST", "P50 / P95"].map(str::to_owned));
    header
}

fn ending(run: &RunView) -> String {
    let summary = &run.summary;
    let counts = summary.counts;
    let took = summary.wall_ms.map_or(String::new(), |ms| format!(" in {:.1} s", ms as f64 / 1e3));
    let ours = counts.total - counts.skipped;
    let mut cells = format!("{} of {ours} cells done{took}", counts.done);
    if let Some((index, of)) = summary.shard {
        cells.push_str(&format!(", shard {index} of {of}"));
    }
    if summary.spent > 0.0 {
        cells.push_str(&format!(", {} spent", dollars(summary.spent)));
    }
    let resume = format!("assay run --resume {}", summary.run);
    match summary.state {
        RunState::Done if counts.failed > 0 => {
            format!("{cells}, {} failed; continue with: {resume} --retry-failed", counts.failed)
        }
        RunState::Done | RunState::Running => format!("{cells}; assay show {}", summary.run),
        RunState::Cancelled => format!("cancelled: {cells}; continue with: {resume}"),
        RunState::Interrupted => format!("interrupted: {cells}; continue with: {resume}"),
        RunState::Paused | RunState::Spent | RunState::Failed => {
            format!("{}\n{cells}; {}", stopped(run), way_on(run, &resume))
        }
    }
}

/// Why a run stopped by itself.
fn stopped(run: &RunView) -> String {
    if run.summary.stop != Some(StopKind::Paused) {
        let reason = run.summary.reason.as_deref().unwrap_or("no reason was recorded");
        return format!("stopped: {reason}");
    }
    let lanes = run.paused.iter().map(|lane| format!("paused: {}: {}", lane.model, lane.reason));
    lanes.collect::<Vec<_>>().join("\n")
}

/// What helps against it.
fn way_on(run: &RunView, resume: &str) -> String {
    match (run.summary.stop, run.summary.budget) {
        (Some(StopKind::Budget), Some(budget)) => {
            format!("continue with more than {}: {resume} --budget USD", dollars(budget))
        }
        (Some(StopKind::Paused), _) => format!("when that is put right, continue with: {resume}"),
        _ => format!("continue with: {resume}"),
    }
}

/// How the process ends: what is missing counts before what fails.
pub(crate) fn exit(run: &RunView) -> Exit {
    if run.summary.state != RunState::Done || run.summary.counts.failed > 0 {
        Exit::Incomplete
    } else if run.gates.iter().any(|g| !g.ok) {
        Exit::Failed
    } else {
        Exit::Done
    }
}

/// `--json support-triage` was meant as two arguments: here the option takes a file.
fn refuse_prompt(app: &App, file: &Path) -> Result<(), ApiError> {
    let prompts = app.call(ReadWorkspace {})?.prompts;
    let named = prompts.iter().find(|p| Path::new(&p.name) == file || Path::new(&p.key) == file);
    match named {
        Some(prompt) => Err(ApiError::new(
            Code::BadInput,
            format!("--json takes a file here, and `{}` is a prompt", prompt.name),
        )
        .hint(format!("assay run {} --json FILE; `-` is standard output.", prompt.name))),
        None => Ok(()),
    }
}

pub(crate) fn check_writable(file: &Path) -> Result<(), ApiError> {
    if file == Path::new("-") {
        return Ok(());
    }
    // Opened for appending, so that a file from before stays whole until there is a result.
    std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(file)
        .map(|_| ())
        .map_err(|e| unwritable(file, &e))
}

pub(crate) fn unwritable(file: &Path, error: &std::io::Error) -> ApiError {
    ApiError::new(Code::BadInput, format!("{} cannot be written: {error}", file.display()))
}
