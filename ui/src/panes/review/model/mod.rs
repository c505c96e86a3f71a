//! What the reviews say: of a proposal, its gate, who must still approve, an errand, and how far an evaluation is.
//!
//! Pure.

use std::cmp::Reverse;

use assay_wire::{
    BranchesView, CellCounts, EvidenceView, GateContentView, ProposalDetailView, ProposalState,
    ProposalView, ProposedPromptView, RefusalView, ReviewGateView, ReviewVerdict, RunState,
    SignerView, ThreadView, VoteView,
};

use super::errand::Errand;
use crate::components::{Mark, Tone};

/// How a state is drawn. The words are [`ProposalState::as_str`].
pub fn state_look(state: ProposalState) -> (Tone, Mark) {
    match state {
        ProposalState::Open => (Tone::Info, Mark::Clock),
        ProposalState::Approved => (Tone::Ok, Mark::Check),
        ProposalState::ChangesRequested => (Tone::Danger, Mark::Cross),
        ProposalState::Merged => (Tone::Accent, Mark::Branch),
        ProposalState::Withdrawn => (Tone::Plain, Mark::Close),
    }
}

/// What stands in the place of the gate where nothing waits any more.
pub fn over_words(state: ProposalState) -> Option<&'static str> {
    match state {
        ProposalState::Merged => Some("Its target has it"),
        ProposalState::Withdrawn => Some("It was taken back"),
        ProposalState::Open | ProposalState::Approved | ProposalState::ChangesRequested => None,
    }
}

/// Whether anything can still be said of it.
pub fn is_live(state: ProposalState) -> bool {
    over_words(state).is_none()
}

/// How a verdict is drawn, and what somebody did with it.
pub fn verdict_look(verdict: ReviewVerdict) -> (Tone, Mark, &'static str) {
    match verdict {
        ReviewVerdict::Approve => (Tone::Ok, Mark::Check, "approves"),
        ReviewVerdict::RequestChanges => (Tone::Danger, Mark::Cross, "asks for changes"),
        ReviewVerdict::Comment => (Tone::Plain, Mark::Said, "comments"),
    }
}

/// What a line of the list says below the title.
pub fn line_words(proposal: &ProposalView) -> String {
    let threads = match proposal.open_threads {
        0 => String::new(),
        1 => " · 1 open conversation".to_owned(),
        n => format!(" · {n} open conversations"),
    };
    format!("{} → {} · {}{threads}", proposal.branch, proposal.target, proposal.author)
}

/// What an item of the gate is.
pub fn content_words(content: &GateContentView) -> String {
    let GateContentView { role, path, variant, .. } = content;
    match (role.as_str(), variant.as_str()) {
        ("prompt", "") => path.clone(),
        ("prompt", variant) => format!("{path} · {variant}"),
        ("removal", variant) => format!("{path} · {variant}, taken away"),
        ("cases" | "scorers", _) => format!("{role} of {path}"),
        ("suite", _) => format!("models and gates of {path}"),
        _ => path.clone(),
    }
}

/// How many approve, and how many must; nothing where a reason says it already.
pub fn count_words(content: &GateContentView) -> Option<String> {
    if content.reasons.iter().any(|reason| reason.code == "needs-approvals") {
        return None;
    }
    Some(match content.needed {
        0 => "needs no approval".to_owned(),
        1 => format!("{} of 1 approval", content.approvals.len()),
        needed => format!("{} of {needed} approvals", content.approvals.len()),
    })
}

/// Items of the gate that stand alike, together: approved by the same people, refused for the same reasons.
pub fn items_alike(contents: &[GateContentView]) -> Vec<Vec<GateContentView>> {
    fn standing(one: &GateContentView) -> (bool, &[String], u32, &[RefusalView]) {
        (one.open, &one.approvals, one.needed, &one.reasons)
    }
    grouped(contents, |one, other| standing(one) == standing(other))
}

/// Variants of which the same was said, together; those of which nothing was said are left out.
pub fn said_alike(prompts: &[ProposedPromptView]) -> Vec<Vec<ProposedPromptView>> {
    let is_said = |one: &&ProposedPromptView| !one.approvals.is_empty() || one.evidence.is_some();
    let said: Vec<ProposedPromptView> = prompts.iter().filter(is_said).cloned().collect();
    grouped(&said, |one, other| one.approvals == other.approvals && one.evidence == other.evidence)
}

/// What is alike, together, in the order of the first of each.
fn grouped<T: Clone>(all: &[T], alike: impl Fn(&T, &T) -> bool) -> Vec<Vec<T>> {
    let mut groups: Vec<Vec<T>> = Vec::new();
    for one in all {
        let known = groups.iter_mut().find(|g| g.first().is_some_and(|first| alike(first, one)));
        match known {
            Some(group) => group.push(one.clone()),
            None => groups.push(vec![one.clone()]),
        }
    }
    groups
}

/// What the gate comes to, beside the word that says whether it is open.
pub fn gate_words(gate: &ReviewGateView) -> String {
    let closed = gate.contents.iter().filter(|content| !content.open).count();
    match (gate.open, closed, gate.reasons.len()) {
        (true, _, _) if gate.contents.is_empty() => "Nothing of it is governed".to_owned(),
        (true, _, _) => "It may be merged".to_owned(),
        (false, 0, _) => "It may not be merged".to_owned(),
        (false, 1, _) => "1 item waits".to_owned(),
        (false, n, _) => format!("{n} items wait"),
    }
}

/// A run that was signed, on a line.
pub fn evidence_words(evidence: &EvidenceView) -> String {
    let failed = match evidence.failed {
        0 => String::new(),
        n => format!(", {n} failed"),
    };
    let models = evidence.models.join(", ");
    format!("{} cells{failed} on {models}, signed by {}", evidence.cells, evidence.person)
}

/// Votes in the order of a list: who objects first, then the newest.
pub fn ordered(votes: &[VoteView]) -> Vec<VoteView> {
    let mut votes = votes.to_vec();
    votes.sort_by_key(|vote| (vote.verdict != ReviewVerdict::RequestChanges, Reverse(vote.time_s)));
    votes
}

/// What an errand will sign or do, a line each: what was on the screen, and how much of it was read.
pub fn errand_facts(errand: &Errand, detail: &ProposalDetailView, viewed: usize) -> Vec<String> {
    match errand {
        Errand::Approve | Errand::RequestChanges => stance_facts(detail, viewed),
        Errand::Comment(Some(anchor)) => {
            vec![format!("About words of {}: “{}”", anchor.file, short(&anchor.content))]
        }
        Errand::Comment(None) => vec!["About the proposal as a whole.".to_owned()],
        Errand::Answer { settles: true, .. } => {
            vec!["It settles the conversation; words are welcome and not needed.".to_owned()]
        }
        Errand::Answer { settles: false, .. } => {
            vec![
                "It goes on with the conversation, and opens it again if it was settled."
                    .to_owned(),
            ]
        }
        Errand::Revoke { what, .. } => {
            vec![format!("Takes back {what}. That is final, and everybody sees it.")]
        }
        Errand::Merge => vec![format!(
            "Merges {} into {}, with the statements that opened the gate.",
            detail.proposal.branch, detail.proposal.target
        )],
    }
}

fn stance_facts(detail: &ProposalDetailView, viewed: usize) -> Vec<String> {
    let contents = &detail.proposal.gate.contents;
    let mut facts = vec![format!(
        "Signs exactly what is on the screen: {} ({}).",
        several(contents.len(), "governed item"),
        several(detail.files.len(), "changed file"),
    )];
    if viewed < detail.files.len() {
        facts.push(format!("You marked {viewed} of {} files as read.", detail.files.len()));
    }
    if detail.verdicts.is_none() {
        facts.push("Base and head were not evaluated against each other here.".to_owned());
    }
    let open = detail.threads.iter().filter(|thread| !thread.resolved).count();
    if open > 0 {
        facts.push(format!("{} still open.", verb_several(open)));
    }
    facts
}

fn verb_several(open: usize) -> String {
    if open == 1 { "1 conversation is".to_owned() } else { format!("{open} conversations are") }
}

/// `1 file`, `2 files`.
pub fn several(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// The first words of a text.
pub fn short(text: &str) -> String {
    const MOST: usize = 80;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// What stands between a person and an errand.
pub fn obstacle(
    errand: &Errand,
    words: &str,
    signer: Option<&SignerView>,
    gate: &ReviewGateView,
) -> Option<&'static str> {
    let is_empty = words.trim().is_empty();
    match errand {
        Errand::Merge if !gate.open => Some("The gate is closed: it says why."),
        Errand::Merge => None,
        _ if signer.is_none() => Some("Choose the key that signs first"),
        Errand::RequestChanges if is_empty => Some("Say what should change"),
        Errand::Comment(_) if is_empty => Some("Write something first"),
        Errand::Answer { settles: false, .. } if is_empty => Some("Write something first"),
        Errand::Revoke { .. } if is_empty => Some("Say why first"),
        _ => None,
    }
}

/// The conversation after this one that is open, around the end; by id.
pub fn next_open(threads: &[ThreadView], at: Option<&str>) -> Option<String> {
    let start = at.and_then(|at| threads.iter().position(|thread| thread.id == at));
    let first = start.map_or(0, |start| start + 1);
    let around = threads.iter().cycle().skip(first).take(threads.len());
    around.filter(|thread| !thread.resolved).map(|thread| thread.id.clone()).next()
}

/// A side of an evaluation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Going {
    /// The run.
    pub run: String,
    /// Its state.
    pub state: RunState,
    /// Its cells by outcome.
    pub counts: CellCounts,
}

/// How many cells of both sides have an outcome, and how many there are.
pub fn progress(runs: &[Going]) -> (u32, u32) {
    // Both sides may be one run.
    let mut seen: Vec<&str> = Vec::new();
    let mut sum = (0, 0);
    for Going { run, counts, .. } in runs {
        if !seen.contains(&run.as_str()) {
            seen.push(run);
            sum.0 += counts.done + counts.failed;
            sum.1 += counts.total.saturating_sub(counts.skipped);
        }
    }
    sum
}

/// Whether a side is still being answered.
pub fn is_going(runs: &[Going]) -> bool {
    runs.iter().any(|going| going.state == RunState::Running)
}

/// Why an evaluation ended without an answer for every cell.
pub fn stopped_words(runs: &[Going]) -> Option<&'static str> {
    let has = |state: RunState| runs.iter().any(|going| going.state == state);
    if has(RunState::Running) {
        None
    } else if has(RunState::Cancelled) {
        Some(
            "The evaluation was stopped. What was answered stays; evaluating again asks for the rest.",
        )
    } else if has(RunState::Failed) || has(RunState::Interrupted) {
        Some(
            "The evaluation did not reach its end. Runs says why; evaluating again asks for the rest.",
        )
    } else {
        None
    }
}

/// Why a proposal shows no files: a heading and a sentence.
pub fn no_files_words(detail: &ProposalDetailView) -> (&'static str, &'static str) {
    match (detail.conflicts.is_empty(), detail.proposal.state) {
        (false, _) => (
            "The two branches conflict",
            "What the target would have is not known before somebody decides. Merge the target into the branch, decide there, and propose it again.",
        ),
        (true, ProposalState::Withdrawn) => {
            ("It was taken back", "Nothing of it is proposed any more.")
        }
        (true, _) => (
            "Nothing differs",
            "The target has everything of the branch: there is nothing to review in it.",
        ),
    }
}

/// What a proposal begins with: the branch that holds it, the one it should reach, and a title.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// The branch that holds it.
    pub branch: String,
    /// The branch it should reach.
    pub target: String,
    /// One line.
    pub title: String,
}

/// A proposal as it begins: the branch that is checked out, unless it is the main one, into the main one.
pub fn usual_draft(branches: &BranchesView) -> Draft {
    let local = local_names(branches);
    let main = ["main", "master", "trunk"].into_iter().find(|name| local.iter().any(|l| l == name));
    let target = main.map(ToOwned::to_owned).or_else(|| local.first().cloned()).unwrap_or_default();
    let current = branches.current.clone().filter(|current| *current != target);
    let branch =
        current.or_else(|| local.into_iter().find(|name| *name != target)).unwrap_or_default();
    Draft { title: title_of(branches, &branch), branch, target }
}

/// The title that a branch suggests: what its last commit says.
pub fn title_of(branches: &BranchesView, branch: &str) -> String {
    let found = branches.branches.iter().find(|one| !one.remote && one.name == branch);
    found.map(|one| one.tip.summary.clone()).unwrap_or_default()
}

/// A draft of another branch: with the title that the branch suggests, unless the person has written one.
pub fn with_branch(branches: &BranchesView, draft: Draft, branch: String) -> Draft {
    let is_own = !draft.title.trim().is_empty() && draft.title != title_of(branches, &draft.branch);
    let title = if is_own { draft.title } else { title_of(branches, &branch) };
    Draft { branch, title, ..draft }
}

/// The branches that can be proposed, or proposed for.
pub fn local_names(branches: &BranchesView) -> Vec<String> {
    branches.branches.iter().filter(|one| !one.remote).map(|one| one.name.clone()).collect()
}

/// What is wrong with a proposal that is being written.
pub fn draft_trouble(draft: &Draft) -> Option<&'static str> {
    if draft.branch.is_empty() || draft.target.is_empty() {
        Some("A proposal needs a branch beside the one it should reach")
    } else if draft.branch == draft.target {
        Some("The branch and its target are the same")
    } else if draft.title.trim().is_empty() {
        Some("Give it a title first")
    } else {
        None
    }
}

/// The line of `.assay/allowed_signers` that a key needs before what it signs counts.
pub fn allowed_line(signer: &SignerView) -> String {
    // The file may hold the whole line already.
    let key = signer.public_key.trim();
    let person = signer.person.as_deref().unwrap_or(&signer.name);
    if key.starts_with("ssh-") || key.starts_with("sk-") || key.starts_with("ecdsa-") {
        format!("{person} {key}")
    } else {
        key.to_owned()
    }
}

#[cfg(test)]
mod tests;
