//! The gate's decision in the words of the wire, with what to do about each refusal.

use assay_repo::review::{Gate, GateError, ItemDecision, Reason, Refused};
use assay_wire::*;

use super::awaited::awaited;
use super::hearing::refused;

/// The decision, which a log with two pasts closes whatever it says.
pub(super) fn view(gate: &Gate, diverged: &[RefusalView], now_s: i64) -> ReviewGateView {
    let decision = &gate.decision;
    let content = |item: &ItemDecision| {
        let mut view = content_view(item);
        let missing = view.reasons.iter_mut().find(|reason| reason.code == "needs-approvals");
        if let Some(reason) = missing {
            reason.hint = Some(awaited(gate, item, now_s));
        }
        view
    };
    let reasons = decision.reasons.iter().map(reason_view).chain(diverged.iter().cloned());
    ReviewGateView {
        base: gate.base.id(),
        head: gate.head.id(),
        open: decision.open && diverged.is_empty(),
        contents: decision.items.iter().map(content).collect(),
        reasons: reasons.collect(),
        refused: decision.refused.iter().map(statement_view).collect(),
    }
}

/// A gate that could not be asked is closed, and says why.
pub(super) fn closed_by(error: &GateError) -> ReviewGateView {
    let code = match error {
        GateError::Read(_) => "unreadable-rules",
        GateError::Conflict { .. } => "conflict",
        GateError::Closed => "closed",
        GateError::Key(_) => "not-signed",
    };
    closed(code, error.to_string())
}

/// A gate that is closed for one reason.
pub(super) fn closed(code: &str, message: String) -> ReviewGateView {
    ReviewGateView { reasons: vec![refusal_view(code, message)], ..ReviewGateView::default() }
}

fn content_view(item: &ItemDecision) -> GateContentView {
    GateContentView {
        role: match item.is_removal {
            true => "removal".to_owned(),
            false => item.subject.role.as_str().to_owned(),
        },
        path: item.path.clone(),
        variant: item.subject.variant.clone(),
        content: item.subject.digest.clone(),
        open: item.reasons.is_empty(),
        approvals: item.approvals.iter().cloned().collect(),
        needed: item.needed,
        evidence: item.evidence.clone(),
        reasons: item.reasons.iter().map(reason_view).collect(),
    }
}

fn reason_view(reason: &Reason) -> RefusalView {
    refusal_view(reason.code(), reason.to_string())
}

fn statement_view(refusal: &Refused) -> RefusedStatementView {
    RefusedStatementView { statement: refusal.id.clone(), refusal: refused(&refusal.refusal) }
}

pub(super) fn refusal_view(code: &str, message: String) -> RefusalView {
    RefusalView { code: code.to_owned(), message, hint: hint(code).map(str::to_owned) }
}

/// What to do about a refusal, where there is one right thing to do.
pub(super) fn hint(code: &str) -> Option<&'static str> {
    Some(match code {
        "needs-approvals" => {
            "Somebody else reviews it: assay review show PROPOSAL, assay review approve PROPOSAL, then assay sync."
        }
        "not-proposed" => "Propose what the branch has now: assay propose TITLE.",
        "changes-requested" => {
            "Change what was asked for and propose again, or ask the reviewer to approve."
        }
        "own-proposal" => "Ask somebody else, or allow it in .assay/policy.toml.",
        "other-rules" => "Policy or signers changed since; ask them to approve again.",
        "no-evidence" => {
            "Run it where it is committed, then sign what it showed: assay run, assay attest last."
        }
        "stale-evidence" => {
            "Run it again with the cases, scorers and gates of the merge, then assay attest last."
        }
        "old-evidence" => "Run it again with --no-cache, then assay attest last.",
        "not-a-runner" => "Let one of the policy's runners attest a run.",
        "nothing-measured" | "gates-missing" => {
            "Attest a run of all cases and models of the suite."
        }
        "gate-failed" => "Improve the prompt, or change the gate in a proposal of its own.",
        "other-base" => {
            "Compare with the branch as it is now, then attest again: assay compare BASE HEAD."
        }
        "smuggled" => {
            "Make the merge again with assay review merge, and put other changes into a commit of their own."
        }
        "no-repository-id" | "no-prompt-id" => "assay check --fix gives it one.",
        "shared-prompt-id" => "Give the copy an id of its own in its prompt.yaml.",
        "rolled-back" => "Ask the person whose key it is, and where the repository is kept.",
        "broken-log" => {
            "A newer Assay may know what stands there. Else somebody wrote into it who may push: let the server take that back."
        }
        "forked-log" => "Ask the person whose key it is: somebody else may have it.",
        "unknown-signer" => "Add the key to .assay/allowed_signers, in a proposal.",
        "conflict" => {
            "Merge the target into the branch, decide there, propose that, then merge it."
        }
        "no-branch" => "Bring it here: assay sync.",
        "unreadable-rules" => {
            "Correct .assay/policy.toml or .assay/allowed_signers on the target branch."
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_that_could_not_be_asked_is_closed_and_says_why() {
        let view = closed_by(&GateError::Conflict { paths: vec!["a.md".to_owned()] });
        assert!(!view.open);
        assert_eq!(view.reasons[0].code, "conflict");
        assert!(view.reasons[0].message.contains("a.md"), "{:?}", view.reasons);
        assert!(view.reasons[0].hint.is_some());
    }
}
