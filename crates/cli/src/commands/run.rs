//! `assay run`: the matrix, scored and gated.

use std::path::Path;

use assay_app::App;
use assay_wire::{
    ApiError, CancelRun, Code, ColumnStats, GateView, ReadRun, ResumeRun, RunState, RunView,
    StartRun,
};
use serde_json::{Map, Value, json};

use crate::arguments::Run;
use crate::commands::request;
use crate::commands::show::results;
use crate::exit::Exit;
use crate::output::{Output, pretty, table};

pub(crate) fn execute(app: &App, arguments: &Run, output: &Output) -> Result<Exit, ApiError> {
    // Refused before a single call is paid for.
    if let Some(file) = &arguments.json {
        check_writable(file)?;
    }
    // Typing the command is consent, for this call.
    let started = match &arguments.resume {
        Some(run) => app.call(ResumeRun {
            run: crate::commands::show::run_id(app, run)?,
            consent: true,
            retry_failed: arguments.retry_failed,
        })?,
        None => app.call(StartRun { request: request(&arguments.selection), consent: true })?,
    };
    stop_on_interrupt(app, &started.run)?;
    follow(app, &started.run, output);
    let run = app.call(ReadRun { run: started.run })?;
    match &arguments.json {
        Some(file) => {
            let document = document(app, &run)?;
            if file != Path::new("-") {
                std::fs::write(file, pretty(&document)).map_err(|e| unwritable(file, &e))?;
            }
            output.show(&document, || text(&run))?;
        }
        None => output.tell(&text(&run))?,
    }
    Ok(exit(&run))
}

/// The first Ctrl-C stops the run and keeps what is done; the second ends the process as usual.
fn stop_on_interrupt(app: &App, run: &str) -> Result<(), ApiError> {
    let (app, run) = (app.clone(), run.to_owned());
    let mut pressed = false;
    ctrlc::set_handler(move || {
        if std::mem::replace(&mut pressed, true) {
            std::process::exit(130);
        }
        // The run may have ended at this very moment; then there is nothing to stop.
        let _ = app.call(CancelRun { run: run.clone() });
    })
    .map_err(|e| ApiError::new(Code::Internal, format!("could not listen for Ctrl-C: {e}")))
}

fn follow(app: &App, run: &str, output: &Output) {
    let mut told = 0;
    app.wait(run, |progress| {
        let (_, counts) = progress.now();
        let ended = counts.done + counts.failed;
        let line = format!(
            "{ended}/{} cells · {} running · {} failed · {} cached",
            counts.total, counts.running, counts.failed, counts.cached
        );
        if output.has_live_progress() {
            output.progress(&line);
        } else if ended >= told + counts.total.div_ceil(10).max(1) {
            // In a log, a line for each tenth is enough.
            told = ended;
            output.note(&line);
        }
    });
    output.end_progress();
}

fn document(app: &App, run: &RunView) -> Result<Value, ApiError> {
    let counts = run.summary.counts;
    let ended = counts.done + counts.failed;
    Ok(json!({
        "schema": "assay.run/1",
        "run": run.summary.run,
        "ok": exit(run) == Exit::Done,
        "state": run.summary.state,
        "reason": run.summary.reason,
        "cells": {
            "total": counts.total,
            "done": counts.done,
            "failed": counts.failed,
            "cached": counts.cached,
            "skipped": counts.total - ended,
        },
        "wallMs": run.summary.wall_ms,
        "columns": run.columns.iter().map(|c| column(run, c)).collect::<Vec<_>>(),
        "gates": run.gates.iter().map(|g| gate(run, g)).collect::<Vec<_>>(),
        "results": results(app, run, 0..counts.total)?,
    }))
}

fn column(run: &RunView, stats: &ColumnStats) -> Value {
    let scores: Map<_, _> = run
        .scorers
        .iter()
        .zip(&stats.means)
        .filter_map(|(scorer, mean)| {
            let m = mean.as_ref()?;
            Some((scorer.clone(), json!({"mean": m.mean, "low": m.low, "high": m.high, "n": m.n})))
        })
        .collect();
    json!({
        "prompt": stats.column.prompt,
        "variant": stats.column.variant,
        "model": stats.column.model,
        "contentId": stats.column.content_id,
        "n": stats.done,
        "errors": stats.failed,
        "scores": scores,
        "cost": stats.cost,
        "latencyMs": {"p50": stats.p50_ms, "p95": stats.p95_ms},
    })
}

fn gate(run: &RunView, gate: &GateView) -> Value {
    let column = &run.columns[gate.column as usize].column;
    let kind = if run.scorers.contains(&gate.subject) { "scorer" } else { "metric" };
    json!({
        kind: gate.subject,
        "prompt": column.prompt,
        "variant": column.variant,
        "model": column.model,
        "ok": gate.ok,
        "value": gate.value,
        "limit": gate.limit,
        "reason": gate.reason,
    })
}

fn text(run: &RunView) -> String {
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
        row.push(match (stats.p50_ms, stats.p95_ms) {
            (Some(p50), Some(p95)) => format!("{p50} / {p95} ms"),
            _ => "none".to_owned(),
        });
        rows.push(row);
    }
    let mut text = table(&rows);
    text.push('\n');
    for gate in &run.gates {
        let word = if gate.ok { "holds" } else { "FAILS" };
        let column = &run.columns[gate.column as usize].column;
        text.push_str(&format!(
            "gate {word}: {} on {}: {}\n",
            gate.subject, column.variant, gate.reason
        ));
    }
    text.push_str(&ending(run));
    text
}

fn header(run: &RunView) -> Vec<String> {
    let mut header = ["VARIANT", "MODEL", "DONE", "FAILED"].map(str::to_owned).to_vec();
    header.extend(run.scorers.iter().cloned());
    header.push("P50 / P95".to_owned());
    header
}

fn ending(run: &RunView) -> String {
    let summary = &run.summary;
    let counts = summary.counts;
    let took = summary.wall_ms.map_or(String::new(), |ms| format!(" in {:.1} s", ms as f64 / 1e3));
    let cells = format!("{} of {} cells done{took}", counts.done, counts.total);
    let resume = format!("continue with: assay run --resume {}", summary.run);
    let reason = summary.reason.as_deref().unwrap_or("no reason was recorded");
    match summary.state {
        RunState::Done if counts.failed > 0 => {
            format!("{cells}, {} failed; {resume} --retry-failed", counts.failed)
        }
        RunState::Done | RunState::Running => format!("{cells}; assay show {}", summary.run),
        RunState::Cancelled => format!("cancelled: {cells}; {resume}"),
        RunState::Interrupted => format!("interrupted: {cells}; {resume}"),
        RunState::Failed => format!("stopped: {reason}\n{cells}; {resume}"),
    }
}

fn exit(run: &RunView) -> Exit {
    if run.summary.state != RunState::Done || run.summary.counts.failed > 0 {
        Exit::Incomplete
    } else if run.gates.iter().any(|g| !g.ok) {
        Exit::Failed
    } else {
        Exit::Done
    }
}

fn check_writable(file: &Path) -> Result<(), ApiError> {
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

fn unwritable(file: &Path, error: &std::io::Error) -> ApiError {
    ApiError::new(Code::BadInput, format!("{} cannot be written: {error}", file.display()))
}
