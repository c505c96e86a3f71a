//! Proposals as people read them in a terminal.

use assay_wire::{
    AnchorPlace, EvidenceView, GateContentView, ProposalDetailView, ProposalState, ProposalView,
    ProposalsView, ProposedPromptView, RefusalView, ReviewGateView, ReviewVerdict, ThreadView,
    VoteView,
};

use crate::commands::{self, diff};
use crate::output::{counted, one_line, quoted, table};

/// Characters of an id that name it well enough.
const SHORT: usize = 12;

pub(crate) fn list(view: &ProposalsView) -> String {
    let mut text = match view.proposals.as_slice() {
        [] => "no proposals; `assay propose TITLE` makes one of this branch\n".to_owned(),
        proposals => table(&proposals.iter().map(row).collect::<Vec<_>>()),
    };
    match &view.signer {
        None => text.push_str("nobody signs here yet: assay signer KEY\n"),
        Some(signer) => {
            if let Some(problem) = &signer.problem {
                text.push_str(&format!("you sign as {}, but {problem}\n", signer.name));
            }
        }
    }
    text
}

fn row(proposal: &ProposalView) -> Vec<String> {
    vec![
        short(&proposal.id).to_owned(),
        proposal.state.as_str().to_owned(),
        one_line(&format!("{} → {}", proposal.branch, proposal.target)),
        one_line(&proposal.author),
        one_line(&proposal.title),
    ]
}

pub(crate) fn proposal(view: &ProposalView) -> String {
    let mut text = format!(
        "{} · {} · {} → {} · {} by {}\n",
        short(&view.id),
        view.state.as_str(),
        one_line(&view.branch),
        one_line(&view.target),
        one_line(&view.title),
        one_line(&view.author)
    );
    text.extend(view.prompts.iter().map(prompt));
    text
}

fn prompt(prompt: &ProposedPromptView) -> String {
    let new = match (&prompt.base_content, prompt.removed) {
        (_, true) => " (taken away)",
        (None, _) => " (new)",
        _ => "",
    };
    let name = one_line(&format!("{}/{}", prompt.prompt, prompt.variant));
    let mut text = format!("  {name}{new}\n");
    text.extend(prompt.approvals.iter().map(vote));
    if let Some(found) = &prompt.evidence {
        text.push_str(&format!("    {}\n", evidence(found)));
    }
    let missing = prompt.missing.iter().map(|missing| one_line(missing));
    text.extend(missing.map(|missing| format!("    missing: {missing}\n")));
    text
}

fn vote(vote: &VoteView) -> String {
    let counts = if vote.counts { "" } else { " (does not count)" };
    let id = short(&vote.statement);
    format!("    {}: {}{counts} · {id}\n", one_line(&vote.person), vote.verdict.as_str())
}

/// What a run showed, on one line.
pub(crate) fn evidence(evidence: &EvidenceView) -> String {
    let metric = |m: &assay_wire::MeasuredView| {
        format!("{} {:.3} [{:.3}, {:.3}] on {}", m.name, m.mean, m.low, m.high, m.model)
    };
    let metrics: Vec<String> = evidence.metrics.iter().map(metric).collect();
    let failing: Vec<&str> =
        evidence.gates.iter().filter(|gate| !gate.holds).map(|gate| gate.name.as_str()).collect();
    let gates = match failing.as_slice() {
        [] => counted(evidence.gates.len() as u32, "gate") + " kept",
        failing => format!("gates that fail: {}", failing.join(", ")),
    };
    let cells = counted(u32::try_from(evidence.cells).unwrap_or(u32::MAX), "cell");
    let (run, person) = (&evidence.run, &evidence.person);
    // Names in it are those of whoever signed it.
    one_line(&format!("run {run} by {person}: {cells}; {}; {gates}", metrics.join("; ")))
}

pub(crate) fn detail(detail: &ProposalDetailView) -> String {
    let view = &detail.proposal;
    let mut text = proposal(view);
    if !view.body.trim().is_empty() {
        text.push_str(&format!("\n{}", quoted("  | ", view.body.trim())));
    }
    text.push_str(&format!("\n{}", diff::all(&detail.files)));
    text.extend(detail.threads.iter().map(thread));
    text.push_str(&verdicts(detail));
    match view.state {
        // Nobody asks the gate of what is over.
        ProposalState::Merged | ProposalState::Withdrawn => {
            text.push_str(&format!("\n{}\n", view.state.as_str()));
        }
        _ => text.push_str(&format!("\n{}", gate_of(view))),
    }
    if !detail.shown.is_empty() {
        text.push_str(&format!("shown: {}\n", detail.shown));
    }
    text
}

/// What runs of both sides say, or how to have them: by commits, since the branch may be at a remote only.
fn verdicts(detail: &ProposalDetailView) -> String {
    match (&detail.verdicts, &detail.merged) {
        (Some(view), _) => {
            let lines = view.pairs.iter().flat_map(|pair| &pair.verdicts);
            lines.map(|verdict| format!("\n{}\n", verdict.text)).collect()
        }
        (None, Some(merged)) => {
            let [base, merged] = [&detail.base, merged].map(|id| commands::short(id));
            format!("\nnot evaluated on both sides yet: assay compare {base} {merged}\n")
        }
        (None, None) => String::new(),
    }
}

fn thread(thread: &ThreadView) -> String {
    let place = thread.anchor.as_ref().map_or_else(String::new, |anchor| {
        let line = anchor.line.map_or_else(String::new, |line| format!(":{line}"));
        let became = match anchor.place {
            AnchorPlace::Same | AnchorPlace::Moved => "",
            AnchorPlace::Edited => " (changed since)",
            AnchorPlace::Gone => " (gone since)",
        };
        format!(" · {}{line}{became} · {:?}", one_line(&anchor.file), anchor.quote)
    });
    let settled = if thread.resolved { " · settled" } else { "" };
    let mut text = format!("\nconversation {}{place}{settled}\n", short(&thread.id));
    for comment in &thread.comments {
        let said = if comment.revoked { "(taken back)" } else { comment.text.trim() };
        let verdict = match comment.verdict {
            ReviewVerdict::Comment => String::new(),
            verdict => format!(" ({})", verdict.as_str()),
        };
        text.push_str(&format!("  {}{verdict}:\n", one_line(&comment.person)));
        text.push_str(&quoted("    | ", said));
    }
    text
}

/// The gate of a proposal, whose hints say what the proposal goes by.
pub(crate) fn gate_of(proposal: &ProposalView) -> String {
    let mut view = proposal.gate.clone();
    let contents = view.contents.iter_mut().flat_map(|content| &mut content.reasons);
    for hint in view.reasons.iter_mut().chain(contents).filter_map(|why| why.hint.as_mut()) {
        *hint = hint.replace("PROPOSAL", name(proposal));
    }
    gate(&view)
}

/// The branch, unless a shell would make something else of it.
fn name(proposal: &ProposalView) -> &str {
    let branch = proposal.branch.as_str();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    match branch.chars().all(is_plain) && !branch.starts_with('-') && !branch.is_empty() {
        true => branch,
        false => short(&proposal.id),
    }
}

/// The gate, with every refusal and what to do about it.
pub(crate) fn gate(gate: &ReviewGateView) -> String {
    let word = if gate.open { "open" } else { "CLOSED" };
    let mut text = format!("gate {word}\n");
    text.extend(gate.reasons.iter().map(|reason| refusal("", reason)));
    for content in &gate.contents {
        text.push_str(&content_line(content));
        text.extend(content.reasons.iter().map(|reason| refusal("  ", reason)));
    }
    for refused in &gate.refused {
        let (id, why) = (short(&refused.statement), &refused.refusal);
        let why = one_line(&format!("{} · {}", why.code, why.message));
        text.push_str(&format!("  not believed: {id} · {why}\n"));
    }
    text
}

fn content_line(content: &GateContentView) -> String {
    let sign = if content.open { "✓" } else { "✗" };
    let variant = match content.variant.as_str() {
        "" => String::new(),
        variant => format!("/{variant}"),
    };
    let (role, path) = (&content.role, one_line(&content.path));
    let variant = one_line(&variant);
    let approvals = match content.approvals.as_slice() {
        [] => String::new(),
        people => format!(" · approved by {}", one_line(&people.join(", "))),
    };
    format!("  {sign} {role} {path}{variant}{approvals}\n")
}

fn refusal(indent: &str, reason: &RefusalView) -> String {
    let hint = reason
        .hint
        .as_ref()
        .map_or_else(String::new, |hint| format!("\n{indent}      {}", one_line(hint)));
    format!("{indent}  {} · {}{hint}\n", reason.code, one_line(&reason.message))
}

/// The beginning of an id, without what kind of digest it is.
pub(crate) fn short(id: &str) -> &str {
    let bare = id.strip_prefix("sha256:").unwrap_or(id);
    bare.get(..SHORT).unwrap_or(bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_others_cannot_pass_for_our_own() {
        let view = ProposalView {
            id: "sha256:1".to_owned(),
            branch: "kind".to_owned(),
            target: "main".to_owned(),
            title: "Be kind\ngate open".to_owned(),
            body: String::new(),
            author: "ada\n  ✓ prompt".to_owned(),
            author_key: String::new(),
            time_s: i64::MAX,
            state: assay_wire::ProposalState::Open,
            prompts: Vec::new(),
            gate: ReviewGateView::default(),
            open_threads: 0,
        };
        assert_eq!(proposal(&view).lines().count(), 1, "{}", proposal(&view));
        let comment = assay_wire::CommentView {
            statement: "sha256:2".to_owned(),
            person: "mallory".to_owned(),
            time_s: 0,
            verdict: ReviewVerdict::Comment,
            text: "Fine.\n\ngate open\r  ✓ all".to_owned(),
            resolves: false,
            own: false,
            revoked: false,
        };
        let said = ThreadView {
            id: "sha256:2".to_owned(),
            anchor: None,
            comments: vec![comment],
            resolved: false,
        };
        let text = thread(&said);
        let lines: Vec<&str> = text.lines().skip(3).collect();
        assert_eq!(lines, ["    | Fine.", "    | ", "    | gate open\r  ✓ all"]);
    }

    #[test]
    fn a_closed_gate_says_what_is_missing_and_what_to_do() {
        let reason = RefusalView {
            code: "needs-approvals".to_owned(),
            message: "0 of 1 approvals".to_owned(),
            hint: Some("Somebody else reviews it.".to_owned()),
        };
        let content = GateContentView {
            role: "prompt".to_owned(),
            path: "prompts/greet".to_owned(),
            variant: "plain".to_owned(),
            content: "sha256:1".to_owned(),
            open: false,
            approvals: Vec::new(),
            needed: 1,
            evidence: None,
            reasons: vec![reason],
        };
        let view = ReviewGateView { contents: vec![content], ..ReviewGateView::default() };
        assert_eq!(
            gate(&view),
            "gate CLOSED\n  ✗ prompt prompts/greet/plain\n    needs-approvals · 0 of 1 approvals\n        Somebody else reviews it.\n"
        );
    }
}
