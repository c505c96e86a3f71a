//! What has become of a proposal: the gate's word, who said what of its content, and what is missing.

use std::collections::BTreeMap;
use std::rc::Rc;

use assay_repo::Revision;
use assay_repo::review::{
    Body, Change, Gate, ItemDecision, Reason, Role, Signed, Subject, Verdict,
};
use assay_wire::*;

use super::evidence::evidence_of;
use super::gate::{closed, view};
use super::hearing::{Asked, Hearing, Target};
use super::proposal::Proposed;
use super::say::on_one_line;
use super::threads::open_threads;

/// A proposal with the decision about it.
pub(super) struct Judged {
    pub view: ProposalView,
    /// The commit that brings it.
    pub head: Option<Revision>,
    /// None of one that is over, or whose branches are not here.
    asked: Option<Rc<Asked>>,
}

impl Judged {
    /// The gate's decision; none where it could not be asked.
    pub fn gate(&self) -> Option<&Gate> {
        match self.asked.as_deref()? {
            Asked::Decided(gate) => Some(gate),
            Asked::Closed { .. } => None,
        }
    }

    /// Files where both sides conflict.
    pub fn conflicts(&self) -> &[String] {
        match self.asked.as_deref() {
            Some(Asked::Closed { conflicts, .. }) => conflicts,
            _ => &[],
        }
    }
}

/// Decides what has become of a proposal.
pub(super) fn judge(hearing: &Hearing, proposed: &Proposed<'_>) -> Result<Judged, ApiError> {
    let head = hearing.tip(&proposed.words.branch)?;
    let mut judged =
        Judged { view: proposal_view(hearing, proposed), asked: None, head: head.clone() };
    if proposed.is_withdrawn {
        judged.view.state = ProposalState::Withdrawn;
        return Ok(judged);
    }
    let Some(target) = hearing.target(&proposed.words.target) else {
        judged.view.gate = missing_branch(&proposed.words.target);
        return Ok(judged);
    };
    if proposed.is_merged(hearing, target, head.as_ref())? {
        judged.view.state = ProposalState::Merged;
        return Ok(judged);
    }
    let Some(head) = head else {
        judged.view.gate = missing_branch(&proposed.words.branch);
        return Ok(judged);
    };
    let asked = hearing.gate(target, &head)?;
    match asked.as_ref() {
        Asked::Decided(gate) => describe(hearing, proposed, target, gate, &mut judged.view),
        Asked::Closed { why, .. } => judged.view.gate = why.clone(),
    }
    judged.asked = Some(asked);
    Ok(judged)
}

fn missing_branch(name: &str) -> ReviewGateView {
    closed("no-branch", format!("the branch {name} is not here"))
}

/// A proposal of which nothing is decided yet.
fn proposal_view(hearing: &Hearing, proposed: &Proposed<'_>) -> ProposalView {
    ProposalView {
        id: proposed.first.id.clone(),
        branch: proposed.words.branch.clone(),
        target: proposed.words.target.clone(),
        title: on_one_line(&proposed.words.title),
        body: proposed.words.text.clone(),
        author: proposed.author.clone(),
        author_key: proposed.first.key.fingerprint(),
        time_s: hearing.time_of(proposed.latest),
        state: ProposalState::Open,
        prompts: Vec::new(),
        gate: ReviewGateView::default(),
        open_threads: 0,
    }
}

/// Fills in what the gate says of a proposal that waits.
fn describe(
    hearing: &Hearing,
    proposed: &Proposed<'_>,
    target: &Target,
    gate: &Gate,
    into: &mut ProposalView,
) {
    let changes = gate.before.changes(&gate.after);
    let voices = Voices { hearing, target };
    let is_variant = |change: &&Change<'_>| change.item.subject.role == Role::Prompt;
    into.prompts =
        changes.iter().filter(is_variant).map(|change| voices.prompt(change, gate)).collect();
    into.gate = view(gate, &hearing.diverged, hearing.now_s);
    into.open_threads = open_threads(hearing, proposed);
    into.state = state(into, gate.rules.policy.is_some());
}

/// Without a policy everything may go in, so there the people themselves say what has become of it.
fn state(view: &ProposalView, is_governed: bool) -> ProposalState {
    let says = |prompt: &ProposedPromptView, verdict| {
        prompt.approvals.iter().any(|vote| vote.verdict == verdict)
    };
    let objects = |prompt: &ProposedPromptView| says(prompt, ReviewVerdict::RequestChanges);
    let asks = |content: &GateContentView| {
        content.reasons.iter().any(|reason| reason.code == "changes-requested")
    };
    if view.gate.contents.iter().any(asks) || view.prompts.iter().any(objects) {
        return ProposalState::ChangesRequested;
    }
    let is_approved = is_governed
        || (!view.prompts.is_empty()
            && view.prompts.iter().all(|prompt| says(prompt, ReviewVerdict::Approve)));
    if view.gate.open && is_approved { ProposalState::Approved } else { ProposalState::Open }
}

/// What was said of content, by people of one target.
struct Voices<'a> {
    hearing: &'a Hearing,
    target: &'a Target,
}

impl Voices<'_> {
    fn prompt(&self, change: &Change<'_>, gate: &Gate) -> ProposedPromptView {
        let subject = &change.item.subject;
        let item = gate.decision.items.iter().find(|item| item.subject == *subject);
        let old = gate.before.items.iter().find(|old| old.subject.is_of_same(subject));
        ProposedPromptView {
            prompt: change.item.path.clone(),
            variant: subject.variant.clone(),
            content: subject.digest.clone(),
            base_content: old.map(|old| old.subject.digest.clone()),
            removed: change.is_removal,
            approvals: self.votes(subject, item),
            needed: item.map_or(0, |item| item.needed),
            evidence: self.evidence(subject, item),
            missing: item
                .map(|item| item.reasons.iter().map(ToString::to_string).collect())
                .unwrap_or_default(),
        }
    }

    /// The last word of each key on exactly this content.
    fn votes(&self, subject: &Subject, item: Option<&ItemDecision>) -> Vec<VoteView> {
        let mut latest: BTreeMap<&str, (&Signed, Verdict)> = BTreeMap::new();
        for signed in self.standing(subject) {
            let Some(verdict) = signed.statement.verdict() else { continue };
            let kept = latest.entry(&signed.statement.actor).or_insert((signed, verdict));
            if kept.0.statement.sequence < signed.statement.sequence {
                *kept = (signed, verdict);
            }
        }
        let mut votes: Vec<_> = latest
            .into_values()
            .map(|(signed, verdict)| {
                let person = self.target.name_of(signed);
                VoteView {
                    statement: signed.id.clone(),
                    verdict: verdict_view(verdict),
                    time_s: self.hearing.time_of(signed),
                    counts: item.is_none_or(|item| counts(item, &person, verdict)),
                    own: self.hearing.is_own(signed),
                    person,
                }
            })
            .collect();
        votes.sort_by(|a, b| (a.time_s, &a.statement).cmp(&(b.time_s, &b.statement)));
        votes
    }

    /// The run that speaks for the content, or the newest one of it.
    fn evidence(&self, subject: &Subject, item: Option<&ItemDecision>) -> Option<EvidenceView> {
        let counting = item.and_then(|item| item.evidence.as_deref());
        let runs = self.standing(subject).filter_map(|signed| match &signed.statement.body {
            Body::Eval(evidence) => Some((signed, evidence)),
            _ => None,
        });
        let (signed, evidence) = runs.max_by_key(|(signed, _)| {
            (Some(signed.id.as_str()) == counting, signed.statement.time_s, signed.id.as_str())
        })?;
        let counts = Some(signed.id.as_str()) == counting;
        Some(evidence_of(signed, evidence, self.target.name_of(signed), counts))
    }

    /// What was said of the content and not taken back.
    fn standing(&self, subject: &Subject) -> impl Iterator<Item = &Signed> {
        let is_meant = move |signed: &&Signed| {
            signed.statement.is_about(subject) && !self.target.taken_back.contains(&signed.id)
        };
        self.hearing.signed.iter().filter(is_meant)
    }
}

fn counts(item: &ItemDecision, person: &str, verdict: Verdict) -> bool {
    let objects = |reason: &Reason| matches!(reason, Reason::ChangesRequested { person: who } if who == person);
    match verdict {
        Verdict::Approve => item.approvals.contains(person),
        _ => item.reasons.iter().any(objects),
    }
}

impl Hearing {
    /// When something was said, by the clock of whoever said it as far as it can be: not later than now, and not before
    /// clocks of computers begin.
    pub fn time_of(&self, signed: &Signed) -> i64 {
        signed.statement.time_s.min(self.now_s).max(0)
    }

    /// Whether the key that signs here signed it.
    pub fn is_own(&self, signed: &Signed) -> bool {
        self.own.as_deref() == Some(signed.statement.actor.as_str())
    }
}

pub(super) fn verdict_view(verdict: Verdict) -> ReviewVerdict {
    match verdict {
        Verdict::Approve => ReviewVerdict::Approve,
        Verdict::RequestChanges => ReviewVerdict::RequestChanges,
        Verdict::Comment => ReviewVerdict::Comment,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(open: bool, verdicts: &[ReviewVerdict]) -> ProposalView {
        let vote = |verdict: &ReviewVerdict| VoteView {
            statement: "s".to_owned(),
            person: "bob".to_owned(),
            verdict: *verdict,
            time_s: 0,
            counts: true,
            own: false,
        };
        let prompt = ProposedPromptView {
            prompt: "prompts/a".to_owned(),
            variant: "plain".to_owned(),
            content: "sha256:1".to_owned(),
            base_content: None,
            removed: false,
            approvals: verdicts.iter().map(vote).collect(),
            needed: 1,
            evidence: None,
            missing: Vec::new(),
        };
        ProposalView {
            id: "sha256:2".to_owned(),
            branch: "brief".to_owned(),
            target: "main".to_owned(),
            title: String::new(),
            body: String::new(),
            author: "ada".to_owned(),
            author_key: String::new(),
            time_s: 0,
            state: ProposalState::Open,
            prompts: vec![prompt],
            gate: ReviewGateView { open, ..ReviewGateView::default() },
            open_threads: 0,
        }
    }

    #[test]
    fn without_a_policy_an_open_gate_alone_is_no_approval() {
        assert_eq!(state(&view(true, &[]), false), ProposalState::Open);
        assert_eq!(state(&view(true, &[]), true), ProposalState::Approved);
        let approved = view(true, &[ReviewVerdict::Approve]);
        assert_eq!(state(&approved, false), ProposalState::Approved);
    }

    #[test]
    fn an_objection_is_told_whatever_the_gate_says() {
        let both = [ReviewVerdict::Approve, ReviewVerdict::RequestChanges];
        assert_eq!(state(&view(true, &both), false), ProposalState::ChangesRequested);
        assert_eq!(state(&view(false, &both), true), ProposalState::ChangesRequested);
    }
}
