//! `assay runs`: the runs of this repository.

use assay_app::App;
use assay_wire::{ApiError, ListRuns, RunSummary};
use serde_json::json;

use crate::arguments::Runs;
use crate::exit::Exit;
use crate::output::{Output, table};

pub(crate) fn execute(app: &App, arguments: &Runs, output: &Output) -> Result<Exit, ApiError> {
    let runs = app.call(ListRuns { limit: arguments.limit })?;
    let list: Vec<_> = runs
        .iter()
        .map(|r| {
            json!({
                "run": r.run, "title": r.title, "state": r.state, "reason": r.reason,
                "createdMs": r.created_ms, "wallMs": r.wall_ms, "cost": r.spent, "budget": r.budget,
                "cells": {"total": r.counts.total, "done": r.counts.done, "failed": r.counts.failed, "cached": r.counts.cached},
            })
        })
        .collect();
    output.show(&json!({"schema": "assay.runs/1", "runs": list}), || {
        if runs.is_empty() {
            return "No run yet: assay run".to_owned();
        }
        let mut rows = vec![["RUN", "STATE", "DONE", "FAILED", "WHAT"].map(str::to_owned).to_vec()];
        rows.extend(runs.iter().map(row));
        table(&rows)
    })?;
    Ok(Exit::Done)
}

fn row(run: &RunSummary) -> Vec<String> {
    vec![
        run.run.clone(),
        format!("{:?}", run.state).to_lowercase(),
        format!("{}/{}", run.counts.done, run.counts.total),
        run.counts.failed.to_string(),
        run.title.clone(),
    ]
}
