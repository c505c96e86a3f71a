//! `assay show`: a run, cell by cell, with what people say of it.

use std::collections::HashMap;
use std::ops::Range;

use assay_app::App;
use assay_wire::{
    ApiError, CellRatings, CellView, Code, ListRatings, ListRuns, PEOPLE, ReadRun, RunView,
    ScoreView, SummarizeRatings,
};
use serde_json::{Map, Value, json};

use crate::arguments::Show;
use crate::exit::Exit;
use crate::output::Output;

pub(crate) fn execute(app: &App, arguments: &Show, output: &Output) -> Result<Exit, ApiError> {
    let run = app.call(ReadRun { run: run_id(app, &arguments.run)?, rows: false })?;
    let total = run.summary.counts.total;
    let cells = match arguments.cell {
        Some(cell) if cell >= total => {
            return Err(ApiError::new(
                Code::NotFound,
                format!("run `{}` has no cell {cell}", run.summary.run),
            )
            .hint(format!("Its cells are 0 to {}.", total.saturating_sub(1))));
        }
        Some(cell) => cell..cell + 1,
        None => 0..total,
    };
    let people = People::of(app, &run.summary.run, &cells)?;
    let views = app.cells(&run.summary.run, cells)?;
    let mut document = json!({
        "schema": "assay.show/1",
        "run": run.summary.run,
        "cells": views.iter().map(|cell| people.document(cell)).collect::<Vec<_>>(),
    });
    if !people.0.is_empty() {
        let summary = app.call(SummarizeRatings { run: run.summary.run.clone() })?;
        document["people"] = super::ratings::people(&summary);
    }
    output.show(&document, || {
        views.iter().map(|cell| people.text(cell)).collect::<Vec<_>>().join("\n")
    })?;
    Ok(Exit::Done)
}

/// What people say of cells, by the cells' numbers.
struct People(HashMap<u32, CellRatings>);

impl People {
    fn of(app: &App, run: &str, cells: &Range<u32>) -> Result<People, ApiError> {
        let (from, to) = (cells.start, cells.end);
        let page = app.call(ListRatings { run: run.to_owned(), from, to })?;
        Ok(People(page.cells.into_iter().map(|cell| (cell.cell, cell)).collect()))
    }

    fn document(&self, cell: &CellView) -> Value {
        let mut document = document(cell);
        if let Some(said) = self.0.get(&cell.line.ordinal) {
            document["ratings"] = said.raters.iter().map(super::ratings::said).collect();
            // A scorer of that name keeps it.
            let is_taken = document["scores"].get(PEOPLE).is_some();
            if let Some(score) = said.score().filter(|_| !is_taken) {
                document["scores"][PEOPLE] = score_document(&score);
            }
        }
        document
    }

    fn text(&self, cell: &CellView) -> String {
        let mut text = text(cell);
        for said in self.0.get(&cell.line.ordinal).into_iter().flat_map(|said| &said.raters) {
            text.push_str(&format!("  {}\n", super::ratings::words(said)));
        }
        text
    }
}

/// The run of that id; `last` is the newest.
pub(crate) fn run_id(app: &App, text: &str) -> Result<String, ApiError> {
    if text != "last" {
        return Ok(text.to_owned());
    }
    let newest = app.call(ListRuns { limit: 1 })?.into_iter().next();
    newest
        .map(|run| run.run)
        .ok_or_else(|| ApiError::new(Code::NotFound, "this repository has no run yet"))
}

/// The cells of a run as `assay.show/1` has them.
pub(crate) fn results(app: &App, run: &RunView, cells: Range<u32>) -> Result<Vec<Value>, ApiError> {
    Ok(app.cells(&run.summary.run, cells)?.iter().map(document).collect())
}

fn document(cell: &CellView) -> Value {
    let scores: Map<_, _> =
        cell.scores.iter().map(|score| (score.scorer.clone(), score_document(score))).collect();
    json!({
        "cell": cell.line.ordinal,
        "prompt": cell.column.prompt,
        "variant": cell.column.variant,
        "model": cell.column.model,
        "case": cell.row.case,
        "sample": cell.row.sample,
        "state": cell.line.state,
        "output": cell.output,
        "error": cell.error,
        "finish": cell.finish,
        "latencyMs": cell.line.latency_ms,
        "tokens": {
            "input": cell.input_tokens, "output": cell.output_tokens,
            "cachedInput": cell.cached_tokens, "reasoning": cell.reasoning_tokens,
        },
        "cost": cell.cost,
        "cached": cell.line.cached,
        "receivedMs": cell.received_ms,
        "requestId": cell.request_id,
        "attempts": cell.attempts,
        "scores": scores,
    })
}

fn score_document(score: &ScoreView) -> Value {
    let ScoreView { value, pass, reason, signature, .. } = score;
    json!({"value": value, "pass": pass, "reason": reason, "signature": signature})
}

fn text(cell: &CellView) -> String {
    let mut text = format!(
        "── {} · {} · {} on {} ──\n",
        cell.line.ordinal, cell.row.case, cell.column.variant, cell.column.model
    );
    match (&cell.output, &cell.error) {
        (Some(output), _) => text.push_str(output.trim_end()),
        (None, Some(error)) => text.push_str(&format!("failed: {error}")),
        (None, None) => text.push_str("not answered yet"),
    }
    text.push('\n');
    if cell.is_tool_call() {
        text.push_str("  a tool call\n");
    }
    for score in &cell.scores {
        let word = match (score.pass, score.value) {
            (Some(true), _) => "pass",
            (Some(false), _) => "fail",
            (None, Some(_)) => "measured",
            (None, None) => "not judged",
        };
        text.push_str(&format!("  {word}  {}: {}\n", score.scorer, score.reason));
    }
    text
}
