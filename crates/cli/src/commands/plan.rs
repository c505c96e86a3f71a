//! `assay plan`: what a run would do.

use assay_app::App;
use assay_wire::{ApiError, CostRange, HostShareView, PlanRun, PlanView, PowerView};
use serde_json::{Value, json};

use crate::arguments::Plan;
use crate::commands::{dollars, request};
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
        "judgeCalls": plan.judge_calls,
        "cost": plan.cost.as_ref().map(cost),
        "unknownPrices": plan.unknown_prices,
        "unsendable": plan.unsendable,
        "leftOut": plan.left_out,
        "hosts": plan.hosts,
        "perHost": plan.per_host.iter().map(host).collect::<Vec<_>>(),
        "missingKeys": plan.missing_keys,
        "power": plan.power.iter().map(power).collect::<Vec<_>>(),
    });
    output.show(&document, || text(&plan))?;
    Ok(Exit::Done)
}

fn cost(range: &CostRange) -> Value {
    json!({"low": range.low, "high": range.high, "currency": range.currency})
}

fn host(share: &HostShareView) -> Value {
    json!({
        "host": share.host, "cells": share.cells,
        "judgeCalls": share.judge_calls, "inputTokens": share.input_tokens,
        "cost": share.cost.as_ref().map(cost),
    })
}

fn power(power: &PowerView) -> Value {
    json!({
        "prompt": power.prompt, "cases": power.cases, "sources": power.sources,
        "detectable": power.detectable, "toldBy": power.told_by, "text": power.text,
    })
}

/// A plan for people.
pub(super) fn text(plan: &PlanView) -> String {
    let mut text = format!("{} cells: {} rows", plan.cells, plan.rows);
    for c in &plan.columns {
        text.push_str(&format!("\n  {} on {}", c.variant, c.model));
    }
    text.push_str(&format!("\n{} answered from the cache", plan.cached));
    if plan.judge_calls > 0 {
        text.push_str(&format!(
            "\n{} calls to judges, more where a reply must be put right",
            plan.judge_calls
        ));
    }
    if plan.unsendable > 0 {
        text.push_str(&format!("\n{} cannot be sent, and will say why", plan.unsendable));
    }
    let output = plan.output_tokens_max.map_or("no limit".to_owned(), |n| format!("at most {n}"));
    text.push_str(&format!("\ntokens: about {} in, {output} out", plan.input_tokens));
    text.push_str(&format!("\ncost: {}", cost_words(plan)));
    let hosts = if plan.hosts.is_empty() { "none".to_owned() } else { plan.hosts.join(", ") };
    text.push_str(&format!("\nhosts: {hosts}"));
    for power in &plan.power {
        text.push_str(&format!("\npower: {}", power.text));
    }
    for words in &plan.left_out {
        text.push_str(&format!("\nnote: {words}"));
    }
    for provider in &plan.missing_keys {
        text.push_str(&format!("\nno key for {provider}: assay keys set {provider}"));
    }
    text
}

/// What it may cost.
pub(super) fn cost_words(plan: &PlanView) -> String {
    match &plan.cost {
        _ if plan.hosts.is_empty() => "nothing is sent to a paid service".to_owned(),
        Some(c) => format!("{} to {} ({})", dollars(c.low), dollars(c.high), c.currency),
        None => format!(
            "unknown: no price for {}; set it with assay prices set MODEL --input USD --output USD",
            plan.unknown_prices.join(", ")
        ),
    }
}
