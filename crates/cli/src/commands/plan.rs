//! `assay plan`: what a run would do.

use assay_app::App;
use assay_wire::{ApiError, PlanRun, PlanView};
use serde_json::json;

use crate::arguments::Plan;
use crate::commands::request;
use crate::exit::Exit;
use crate::output::Output;

pub(crate) fn execute(app: &App, arguments: &Plan, output: &Output) -> Result<Exit, ApiError> {
    let plan = app.call(PlanRun { request: request(&arguments.selection) })?;
    let columns: Vec<_> = plan
        .columns
        .iter()
        .map(|c| json!({"prompt": c.prompt, "variant": c.variant, "model": c.model, "contentId": c.content_id}))
        .collect();
    let document = json!({
        "schema": "assay.plan/1",
        "cells": plan.cells,
        "cached": plan.cached,
        "rows": plan.rows,
        "columns": columns,
        "tokens": {"input": plan.input_tokens, "outputMax": plan.output_tokens_max},
        "cost": plan.cost.as_ref().map(|c| json!({"low": c.low, "high": c.high, "currency": c.currency})),
        "hosts": plan.hosts,
    });
    output.show(&document, || text(&plan))?;
    Ok(Exit::Done)
}

fn text(plan: &PlanView) -> String {
    let mut text = format!("{} cells: {} rows", plan.cells, plan.rows);
    for c in &plan.columns {
        text.push_str(&format!("\n  {} on {}", c.variant, c.model));
    }
    text.push_str(&format!("\n{} answered from the cache", plan.cached));
    let output = plan.output_tokens_max.map_or("no limit".to_owned(), |n| format!("at most {n}"));
    text.push_str(&format!("\ntokens: about {} in, {output} out", plan.input_tokens));
    text.push_str("\ncost: ");
    text.push_str(&match (&plan.cost, plan.hosts.is_empty()) {
        (Some(c), _) => format!("{} {:.4} to {:.4}", c.currency, c.low, c.high),
        (None, true) => "nothing is sent to a paid service".to_owned(),
        (None, false) => "unknown".to_owned(),
    });
    let hosts = if plan.hosts.is_empty() { "none".to_owned() } else { plan.hosts.join(", ") };
    text.push_str(&format!("\nhosts: {hosts}"));
    text
}
