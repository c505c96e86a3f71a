//! `assay.compare/1`: what scripts may rely on.

use assay_wire::{
    ComparedGateView, FileDifference, IntervalView, MeanView, PairView, RevisionsPlan, SliceView,
    SpentView, VerdictView,
};
use serde_json::{Value, json};

use super::{Beside, Told};
use crate::arguments::Compare;

/// The document of a comparison.
pub(super) fn of(arguments: &Compare, told: &Told<'_>) -> Value {
    let Told { view, beside } = told;
    let Beside { files, notes, left_out } = beside;
    let verdicts =
        view.pairs.iter().flat_map(|pair| pair.verdicts.iter().map(move |v| verdict(pair, v)));
    let refused = view.pairs.iter().flat_map(|pair| {
        pair.refused.iter().map(move |refused| {
            in_pair(
                pair,
                json!({"scorer": refused.scorer, "gate": refused.gate, "reason": refused.reason}),
            )
        })
    });
    let gates = view.pairs.iter().flat_map(|pair| pair.gates.iter().map(move |g| gate(pair, g)));
    let spent = view.pairs.iter().flat_map(|pair| pair.spent.iter().map(move |s| spent(pair, s)));
    let lists =
        view.pairs.iter().filter(|pair| !(pair.differing.is_empty() && pair.unpaired.is_empty()));
    json!({
        "schema": "assay.compare/1",
        "base": arguments.base,
        "head": arguments.head.as_ref().or(view.head.label.as_ref()).unwrap_or(&arguments.base),
        "baseRun": view.base.run,
        "headRun": view.head.run,
        "ok": view.ok && view.meets(),
        "incomplete": view.incomplete,
        "verdicts": verdicts.collect::<Vec<_>>(),
        "refused": refused.collect::<Vec<_>>(),
        "gates": gates.collect::<Vec<_>>(),
        "spent": spent.collect::<Vec<_>>(),
        "prefixes": view.pairs.iter().filter_map(prefix).collect::<Vec<_>>(),
        "changes": files.iter().map(change).collect::<Vec<_>>(),
        "notes": notes,
        "leftOut": left_out.iter().chain(&view.left_out).collect::<Vec<_>>(),
        "leftOutCases": lists
            .map(|pair| in_pair(pair, json!({"differing": pair.differing, "unpaired": pair.unpaired})))
            .collect::<Vec<_>>(),
    })
}

/// What is missing on both sides, and what running it may cost.
pub(super) fn of_plan(arguments: &Compare, planned: &RevisionsPlan) -> Value {
    let plan = planned.plan.as_ref();
    json!({
        "schema": "assay.compare-plan/1",
        "base": arguments.base,
        "head": arguments.head.as_deref().unwrap_or("worktree"),
        "differ": planned.differ,
        "missing": plan.map(|plan| json!({
            "cells": plan.cells,
            "cached": plan.cached,
            "tokens": {"input": plan.input_tokens, "outputMax": plan.output_tokens_max},
            "judgeCalls": plan.judge_calls,
            "cost": plan.cost.as_ref().map(|c| json!({"low": c.low, "high": c.high, "currency": c.currency})),
            "unknownPrices": plan.unknown_prices,
            "hosts": plan.hosts,
            "missingKeys": plan.missing_keys,
        })),
        "notes": planned.notes,
        "leftOut": planned.left_out,
    })
}

fn prefix(pair: &PairView) -> Option<Value> {
    let prefix = pair.prefix?;
    let tokens = json!({
        "base": prefix.base, "head": prefix.head, "kept": prefix.kept, "lost": prefix.lost(),
    });
    Some(in_pair(pair, tokens))
}

fn change(file: &FileDifference) -> Value {
    json!({
        "path": file.file.path,
        "prompt": file.file.prompt,
        "changes": file.file.items.iter().map(|item| &item.summary).collect::<Vec<_>>(),
    })
}

/// The document where nothing differs.
pub(super) fn of_nothing(arguments: &Compare, left_out: &[String]) -> Value {
    json!({
        "schema": "assay.compare/1",
        "base": arguments.base,
        "head": arguments.head.as_deref().unwrap_or("worktree"),
        "baseRun": null,
        "headRun": null,
        "ok": true,
        "incomplete": false,
        "verdicts": [],
        "refused": [],
        "gates": [],
        "spent": [],
        "prefixes": [],
        "changes": [],
        "notes": [],
        "leftOut": left_out,
        "leftOutCases": [],
    })
}

/// The value with what says which pair it is about.
fn in_pair(pair: &PairView, mut value: Value) -> Value {
    value["prompt"] = json!(pair.prompt);
    value["columns"] = json!({
        "base": {"variant": pair.base.variant, "model": pair.base.model, "contentId": pair.base.content_id},
        "head": {"variant": pair.head.variant, "model": pair.head.model, "contentId": pair.head.content_id},
    });
    value
}

fn verdict(pair: &PairView, v: &VerdictView) -> Value {
    let value = json!({
        "scorer": v.scorer,
        "signature": v.signature,
        "gate": v.gate,
        "base": mean(&v.base),
        "head": mean(&v.head),
        "difference": difference(v.change, v.interval),
        "test": {"name": v.test, "p": v.p, "pAdjusted": v.p_adjusted},
        "cases": v.cases,
        "sources": v.sources,
        "fixed": v.fixed,
        "broken": v.broken,
        "unchanged": v.unchanged,
        "fixedCases": v.fixed_cases,
        "brokenCases": v.broken_cases,
        "errors": {"base": v.errors.0, "head": v.errors.1},
        "margin": v.margin,
        "verdict": v.word,
        "leaning": v.leaning,
        "detectable": v.detectable,
        "rowsNeeded": v.rows_needed,
        "slices": v.slices.iter().map(slice).collect::<Vec<_>>(),
        "text": v.text,
    });
    in_pair(pair, value)
}

fn mean(m: &MeanView) -> Value {
    json!({"mean": m.mean, "low": m.low, "high": m.high, "n": m.n})
}

fn difference(change: f64, interval: Option<IntervalView>) -> Value {
    json!({"estimate": change, "low": interval.map(|i| i.low), "high": interval.map(|i| i.high)})
}

fn slice(slice: &SliceView) -> Value {
    json!({
        "tag": slice.tag, "cases": slice.cases, "base": mean(&slice.base), "head": mean(&slice.head),
        "difference": difference(slice.change, slice.interval), "pAdjusted": slice.p_adjusted,
        "fixed": slice.fixed, "broken": slice.broken,
    })
}

fn gate(pair: &PairView, gate: &ComparedGateView) -> Value {
    let value = json!({
        "subject": gate.subject, "tags": gate.tags, "margin": gate.margin, "verdict": gate.word,
        "ok": gate.word == assay_wire::ComparedGateWord::Holds, "reason": gate.reason,
    });
    in_pair(pair, value)
}

fn spent(pair: &PairView, spent: &SpentView) -> Value {
    let change = difference(
        spent.change.mean,
        Some(IntervalView { low: spent.change.low, high: spent.change.high }),
    );
    in_pair(
        pair,
        json!({"what": spent.what, "base": spent.base, "head": spent.head, "difference": change}),
    )
}
