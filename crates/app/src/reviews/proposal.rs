//! Which statements make a proposal, and what has become of it.
//!
//! A proposal is a branch that one person wants to have in another. Proposing the branch again, after a change, renews
//! it; once it was merged or taken back, the next one is a proposal of its own. It goes by the id of the statement that
//! it began with.

use std::collections::{BTreeMap, BTreeSet};

use assay_repo::Revision;
use assay_repo::review::{
    Body, Change, Content, Gate, GateError, ItemDecision, Proposal, ReadError, Reason, Role, Rules,
    Signed, Subject, Verdict,
};
use assay_wire::*;

use super::evidence::evidence_of;
use super::gate::{closed, closed_by, view};
use super::hearing::{Hearing, Target, name_of, revoked};
use super::threads::open_threads;
use crate::error::Explain;

/// The fewest characters of an id that name a proposal.
const SHORTEST_ID: usize = 6;

/// A proposal, and every statement that renewed it.
pub(super) struct Proposed<'h> {
    /// What it began with.
    pub first: &'h Signed,
    /// What it was renewed with last.
    pub latest: &'h Signed,
    /// What that says.
    pub words: &'h Proposal,
    /// Who proposes it.
    pub author: String,
    /// Everything it was ever about.
    pub subjects: BTreeSet<&'h Subject>,
    pub is_withdrawn: bool,
    pub is_attested: bool,
}

/// A proposal with the decision about it.
pub(super) struct Judged {
    pub view: ProposalView,
    /// None of one that is over, or whose branches are not here or conflict.
    pub gate: Option<Gate>,
    /// The commit that brings it.
    pub head: Option<Revision>,
    /// Files where both sides conflict.
    pub conflicts: Vec<String>,
}

/// Every proposal that was heard of, oldest first.
pub(super) fn all(hearing: &Hearing) -> Vec<Proposed<'_>> {
    let mut said: Vec<(&Signed, &Proposal)> = hearing.signed.iter().filter_map(proposal).collect();
    said.sort_by_key(|(signed, _)| {
        (signed.statement.time_s, signed.statement.sequence, signed.id.as_str())
    });
    let mut waiting: BTreeMap<(&str, &str, String), Proposed<'_>> = BTreeMap::new();
    let mut over = Vec::new();
    let mut taken_back: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (signed, words) in said {
        let target = hearing.target(&words.target);
        let rules = target.and_then(|target| target.rules.as_ref().ok());
        let author = name_of(rules, signed);
        let place = (words.branch.as_str(), words.target.as_str(), author.clone());
        let proposed = match waiting.remove(&place) {
            Some(earlier) => earlier.renewed(signed, words),
            None => Proposed::begun(signed, words, author),
        };
        let is_withdrawn = taken_back
            .entry(&words.target)
            .or_insert_with(|| revoked(&hearing.signed, rules))
            .contains(&signed.id);
        let is_attested = target.is_some_and(|target| target.attested.contains(&signed.id));
        let proposed = Proposed { is_withdrawn, is_attested, ..proposed };
        if is_withdrawn || is_attested {
            over.push(proposed);
        } else {
            waiting.insert(place, proposed);
        }
    }
    over.extend(waiting.into_values());
    over
}

/// The proposal that goes by an id, the beginning of one, or its branch.
pub(super) fn find<'h>(hearing: &'h Hearing, name: &str) -> Result<Proposed<'h>, ApiError> {
    let mut found: Vec<Proposed<'h>> =
        all(hearing).into_iter().filter(|one| one.goes_by(name)).collect();
    // A branch may have been proposed before; the one that waits is meant.
    if found.len() > 1 && found.iter().any(|one| !one.is_over()) {
        found.retain(|one| !one.is_over());
    }
    match found.len() {
        1 => found.pop().ok_or_else(|| unknown(name)),
        0 => Err(unknown(name)),
        n => Err(ApiError::new(Code::BadInput, format!("{n} proposals go by `{name}`"))
            .hint("Name one by more of its id; `assay review` lists them.")),
    }
}

fn unknown(name: &str) -> ApiError {
    ApiError::new(Code::NotFound, format!("there is no proposal `{name}`"))
        .hint("`assay review` lists them; `assay sync` brings those of others.")
}

impl<'h> Proposed<'h> {
    fn begun(signed: &'h Signed, words: &'h Proposal, author: String) -> Self {
        Self {
            first: signed,
            latest: signed,
            words,
            author,
            subjects: signed.statement.subjects.iter().collect(),
            is_withdrawn: false,
            is_attested: false,
        }
    }

    fn renewed(mut self, signed: &'h Signed, words: &'h Proposal) -> Self {
        self.subjects.extend(&signed.statement.subjects);
        Self { latest: signed, words, ..self }
    }

    fn goes_by(&self, name: &str) -> bool {
        let id = self.first.id.as_str();
        let bare = id.strip_prefix("sha256:").unwrap_or(id);
        let is_beginning = name.len() >= SHORTEST_ID && bare.starts_with(name);
        id == name || is_beginning || self.words.branch == name
    }

    fn is_over(&self) -> bool {
        self.is_withdrawn || self.is_attested
    }

    /// Whether its target has it, also where plain git or a squash brought it there.
    fn is_merged(
        &self,
        hearing: &Hearing,
        target: &Target,
        head: Option<&Revision>,
    ) -> Result<bool, ApiError> {
        let subjects = &self.latest.statement.subjects;
        let is_there =
            |subject: &Subject| target.content.items.iter().any(|item| item.subject == *subject);
        if self.is_attested || (!subjects.is_empty() && subjects.iter().all(is_there)) {
            return Ok(true);
        }
        let Some(head) = head else { return Ok(false) };
        hearing.open.workspace.has_in_past(&target.tip, head).map_err(|e| e.explain())
    }
}

fn proposal(signed: &Signed) -> Option<(&Signed, &Proposal)> {
    match &signed.statement.body {
        Body::Proposal(proposal) => Some((signed, proposal)),
        _ => None,
    }
}

/// Decides what has become of a proposal.
pub(super) fn judge(hearing: &Hearing, proposed: &Proposed<'_>) -> Result<Judged, ApiError> {
    let head = hearing.tip(&proposed.words.branch)?;
    let mut judged = Judged {
        view: proposal_view(proposed),
        gate: None,
        head: head.clone(),
        conflicts: Vec::new(),
    };
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
    let workspace = &hearing.open.workspace;
    match workspace.gate(&target.tip, &head, &hearing.seen, hearing.now_s) {
        Ok(gate) => {
            describe(hearing, proposed, target, &gate, &mut judged.view)?;
            judged.gate = Some(gate);
        }
        Err(GateError::Read(error)) if matches!(error, ReadError::Repo(_)) => {
            return Err(error.explain());
        }
        Err(error) => {
            judged.view.gate = closed_by(&error);
            if let GateError::Conflict { paths } = error {
                judged.conflicts = paths;
            }
        }
    }
    Ok(judged)
}

fn missing_branch(name: &str) -> ReviewGateView {
    closed("no-branch", format!("the branch {name} is not here"))
}

/// A proposal of which nothing is decided yet.
fn proposal_view(proposed: &Proposed<'_>) -> ProposalView {
    ProposalView {
        id: proposed.first.id.clone(),
        branch: proposed.words.branch.clone(),
        target: proposed.words.target.clone(),
        title: proposed.words.title.clone(),
        body: proposed.words.text.clone(),
        author: proposed.author.clone(),
        author_key: proposed.first.key.fingerprint(),
        time_s: proposed.latest.statement.time_s,
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
) -> Result<(), ApiError> {
    let merged = gate.merged.content().map_err(|e| e.explain())?;
    let changes = target.content.changes(&merged);
    let rules = target.rules.as_ref().ok();
    let taken_back = revoked(&hearing.signed, rules);
    let voices = Voices { hearing, rules, taken_back: &taken_back };
    let is_variant = |change: &&Change<'_>| change.item.subject.role == Role::Prompt;
    into.prompts = changes
        .iter()
        .filter(is_variant)
        .map(|change| voices.prompt(change, &target.content, gate))
        .collect();
    into.gate = view(gate, &hearing.diverged);
    into.open_threads = open_threads(hearing, proposed);
    let is_governed = rules.is_some_and(|rules| rules.policy.is_some());
    into.state = state(into, is_governed);
    Ok(())
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
    rules: Option<&'a Rules>,
    taken_back: &'a BTreeSet<String>,
}

impl Voices<'_> {
    fn prompt(&self, change: &Change<'_>, base: &Content, gate: &Gate) -> ProposedPromptView {
        let subject = &change.item.subject;
        let item = gate.decision.items.iter().find(|item| item.subject == *subject);
        let is_same_variant = |other: &Subject| {
            (other.role, &other.prompt, &other.variant)
                == (subject.role, &subject.prompt, &subject.variant)
        };
        let old = base.items.iter().find(|old| is_same_variant(&old.subject));
        ProposedPromptView {
            prompt: change.item.path.clone(),
            variant: subject.variant.clone(),
            content: subject.digest.clone(),
            base_content: old.map(|old| old.subject.digest.clone()),
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
                let person = name_of(self.rules, signed);
                VoteView {
                    statement: signed.id.clone(),
                    verdict: verdict_view(verdict),
                    time_s: signed.statement.time_s,
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
        Some(evidence_of(signed, evidence, name_of(self.rules, signed), counts))
    }

    /// What was said of the content and not taken back.
    fn standing(&self, subject: &Subject) -> impl Iterator<Item = &Signed> {
        let is_meant = move |signed: &&Signed| {
            signed.statement.is_about(subject) && !self.taken_back.contains(&signed.id)
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
