//! Proposals as scripts read them.

use assay_wire::{
    EvidenceView, GateContentView, ProposalDetailView, ProposalView, ProposalsView,
    ProposedPromptView, RefusalView, ReviewGateView, ThreadView, VoteView,
};
use serde_json::{Value, json};

pub(crate) fn list(view: &ProposalsView) -> Value {
    json!({
        "schema": "assay.review/1",
        "proposals": view.proposals.iter().map(proposal).collect::<Vec<_>>(),
        "signer": view.signer.as_ref().map(|signer| json!({
            "name": signer.name,
            "fingerprint": signer.fingerprint,
            "person": signer.person,
            "problem": signer.problem,
        })),
        "policy": {
            "branch": view.policy.branch,
            "governed": view.policy.governed,
            "needed": view.policy.needed,
            "authorsMayApprove": view.policy.authors_may_approve,
            "evidenceRequired": view.policy.evidence_required,
            "people": view.policy.people,
            "problem": view.policy.problem,
        },
    })
}

pub(crate) fn detail(detail: &ProposalDetailView) -> Value {
    json!({
        "schema": "assay.review-show/1",
        "proposal": proposal(&detail.proposal),
        "shown": detail.shown,
        "base": detail.base,
        "head": detail.head,
        "merged": detail.merged,
        "mergeBase": detail.merge_base,
        "conflicts": detail.conflicts,
        "files": detail.files,
        "threads": detail.threads.iter().map(thread).collect::<Vec<_>>(),
        "verdicts": detail.verdicts.iter().flat_map(|view| &view.pairs).flat_map(|pair| {
            pair.verdicts.iter().map(move |verdict| json!({
                "prompt": pair.prompt,
                "scorer": verdict.scorer,
                "verdict": verdict.word,
                "text": verdict.text,
            }))
        }).collect::<Vec<_>>(),
    })
}

pub(crate) fn proposal(view: &ProposalView) -> Value {
    json!({
        "id": view.id,
        "branch": view.branch,
        "target": view.target,
        "title": view.title,
        "text": view.body,
        "author": view.author,
        "timeS": view.time_s,
        "state": view.state,
        "prompts": view.prompts.iter().map(prompt).collect::<Vec<_>>(),
        "gate": gate(&view.gate),
        "openThreads": view.open_threads,
    })
}

fn prompt(prompt: &ProposedPromptView) -> Value {
    json!({
        "prompt": prompt.prompt,
        "variant": prompt.variant,
        "contentId": prompt.content,
        "baseContentId": prompt.base_content,
        "removed": prompt.removed,
        "votes": prompt.approvals.iter().map(vote).collect::<Vec<_>>(),
        "needed": prompt.needed,
        "evidence": prompt.evidence.as_ref().map(evidence),
        "missing": prompt.missing,
    })
}

fn vote(vote: &VoteView) -> Value {
    json!({
        "statement": vote.statement,
        "person": vote.person,
        "verdict": vote.verdict,
        "timeS": vote.time_s,
        "counts": vote.counts,
    })
}

pub(crate) fn evidence(evidence: &EvidenceView) -> Value {
    json!({
        "statement": evidence.statement,
        "run": evidence.run,
        "person": evidence.person,
        "timeS": evidence.time_s,
        "tool": evidence.tool,
        "models": evidence.models,
        "cells": evidence.cells,
        "failed": evidence.failed,
        "metrics": evidence.metrics,
        "gates": evidence.gates,
        "cost": evidence.cost,
        "outputs": evidence.outputs,
        "counts": evidence.counts,
    })
}

/// The gate, as `assay verify` has it too.
pub(crate) fn gate(gate: &ReviewGateView) -> Value {
    json!({
        "base": gate.base,
        "head": gate.head,
        "ok": gate.open,
        "prompts": gate.contents.iter().map(content).collect::<Vec<_>>(),
        "reasons": gate.reasons.iter().map(refusal).collect::<Vec<_>>(),
        "refused": gate.refused.iter().map(|one| json!({
            "statement": one.statement,
            "code": one.refusal.code,
            "reason": one.refusal.message,
        })).collect::<Vec<_>>(),
    })
}

fn content(content: &GateContentView) -> Value {
    let reasons = content.reasons.iter();
    json!({
        "contentId": content.content,
        "role": content.role,
        "path": content.path,
        "variant": content.variant,
        "ok": content.open,
        "approvals": content.approvals,
        "needed": content.needed,
        "evidence": content.evidence,
        "reasons": reasons.clone().map(|reason| &reason.message).collect::<Vec<_>>(),
        "codes": reasons.map(|reason| &reason.code).collect::<Vec<_>>(),
    })
}

fn refusal(refusal: &RefusalView) -> Value {
    json!({"code": refusal.code, "reason": refusal.message, "hint": refusal.hint})
}

fn thread(thread: &ThreadView) -> Value {
    json!({
        "id": thread.id,
        "resolved": thread.resolved,
        "anchor": thread.anchor.as_ref().map(|anchor| json!({
            "file": anchor.file,
            "quote": anchor.quote,
            "place": anchor.place,
            "line": anchor.line,
        })),
        "comments": thread.comments.iter().map(|comment| json!({
            "statement": comment.statement,
            "person": comment.person,
            "timeS": comment.time_s,
            "verdict": comment.verdict,
            "text": comment.text,
            "revoked": comment.revoked,
        })).collect::<Vec<_>>(),
    })
}
