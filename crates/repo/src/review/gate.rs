//! The gate: whether content may go into a branch, by what was said about exactly that content.
//!
//! It is a pure function of the target's rules, the content on both sides, the statements and the time. No
//! commit, branch or path of a file takes part, so a rebase, squash, amend, cherry-pick or rename of
//! approved content stays approved, and one changed word does not. Every refusal is a [`Reason`] with a
//! code for scripts and a sentence for people.

use std::collections::{BTreeMap, BTreeSet};

use super::content::{Change, Content, Unnamed};
use super::log::{Refused, Signed};
use super::measured;
use super::policy::{Rule, Rules};
use super::refusal::Refusal;
use super::statement::{Body, Role, Statement, Subject, Verdict};

/// How far a clock may be ahead of ours.
const CLOCK_SKEW_S: i64 = 300;

/// Everything a decision depends on.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Policy and signers of the target branch.
    pub rules: &'a Rules,
    /// What the target branch has.
    pub base: &'a Content,
    /// What it will have: the merged content, not the proposal's.
    pub merged: &'a Content,
    /// What was said, by keys whose signatures hold.
    pub statements: &'a [Signed],
    /// What is wrong with whole logs.
    pub alarms: &'a [Refusal],
    /// Paths where a merge that was made is not the merge of its parents.
    pub smuggled: &'a [String],
    /// Seconds since 1970 in UTC.
    pub now_s: i64,
}

/// Whether content may go in, and why not.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// Whether everything may.
    pub open: bool,
    /// Each governed item that would go in.
    pub items: Vec<ItemDecision>,
    /// What keeps the gate closed whatever the items say.
    pub reasons: Vec<Reason>,
    /// The statements that count for nothing, and why.
    pub refused: Vec<Refused>,
}

/// What is decided about one item.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemDecision {
    /// The item.
    pub subject: Subject,
    /// Where it will stand.
    pub path: String,
    /// Who approves it, and counts.
    pub approvals: BTreeSet<String>,
    /// How many must.
    pub needed: u32,
    /// The id of the evidence that holds, where one is asked for.
    pub evidence: Option<String>,
    /// Why it may not go in; empty when it may.
    pub reasons: Vec<Reason>,
    /// Whether it is not to go in but to be taken away.
    pub is_removal: bool,
}

/// Why the gate is closed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Reason {
    /// The repository has no permanent id, so nothing can be said about it.
    #[error("assay.yaml has no id; `assay check --fix` gives it one")]
    NoRepositoryId,
    /// A prompt that no statement can be about.
    #[error(transparent)]
    Unnamed(#[from] Unnamed),
    /// Something is wrong with a log as a whole.
    #[error("{0}")]
    Alarm(Refusal),
    /// A key said two things at the same place of its log.
    #[error("the key {fingerprint} signed two statements as number {sequence} of its log")]
    Fork {
        /// The key.
        fingerprint: String,
        /// The place.
        sequence: u64,
    },
    /// The merge holds what neither side has.
    #[error("the merge changes {path}, which merging the two sides does not")]
    Smuggled {
        /// The file.
        path: String,
    },

    /// Fewer people approve than must.
    #[error("{have} of {needed} approvals")]
    NeedsApprovals {
        /// How many count.
        have: u32,
        /// How many must.
        needed: u32,
    },
    /// Nobody has proposed it, so nobody knows whose own it is.
    #[error("nobody has proposed exactly this content")]
    NotProposed,
    /// Somebody objects.
    #[error("{person} asks for changes")]
    ChangesRequested {
        /// Who.
        person: String,
    },
    /// An approval of one's own proposal.
    #[error("{person} proposed it, and does not count as an approver")]
    OwnProposal {
        /// Who.
        person: String,
    },
    /// An approval from before policy or signers changed.
    #[error("{person} approved it under other rules")]
    OtherRules {
        /// Who.
        person: String,
    },

    /// No run has measured it.
    #[error("no run has measured exactly this content")]
    NoEvidence,
    /// The run used other cases, scorers or gates than the branch will have.
    #[error("the run used other {} than the branch will have", role.as_str())]
    StaleEvidence {
        /// Which.
        role: Role,
    },
    /// The run is too old.
    #[error("the run is {days} days old; at most {limit} are allowed")]
    OldEvidence {
        /// How old.
        days: i64,
        /// How old it may be.
        limit: u32,
    },
    /// Who signed the run is no runner.
    #[error("{person} may not sign evidence")]
    NotARunner {
        /// Who.
        person: String,
    },
    /// No cell was measured.
    #[error("the run has no scored cell")]
    NothingMeasured,
    /// The run does not tell every gate of the suite.
    #[error("the run tells {told} of the suite's {due} gates")]
    GatesMissing {
        /// How many it tells.
        told: usize,
        /// How many there are.
        due: usize,
    },
    /// A limit is not kept.
    #[error("the gate on {name} does not hold: {value} against {limit}")]
    GateFailed {
        /// The scorer or metric.
        name: String,
        /// What was measured.
        value: f64,
        /// The limit or margin.
        limit: f64,
    },
    /// The comparison was not with what the branch has.
    #[error("the run was compared with a base that the branch does not have")]
    OtherBase,
}

impl Reason {
    /// A word that scripts may rely on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoRepositoryId => "no-repository-id",
            Self::Unnamed(Unnamed::NoId { .. }) => "no-prompt-id",
            Self::Unnamed(Unnamed::SharedId { .. }) => "shared-prompt-id",
            Self::Unnamed(Unnamed::Unreadable { .. }) => "unreadable",
            Self::Alarm(refusal) => refusal.code(),
            Self::Fork { .. } => "forked-log",
            Self::Smuggled { .. } => "smuggled",
            Self::NeedsApprovals { .. } => "needs-approvals",
            Self::NotProposed => "not-proposed",
            Self::ChangesRequested { .. } => "changes-requested",
            Self::OwnProposal { .. } => "own-proposal",
            Self::OtherRules { .. } => "other-rules",
            Self::NoEvidence => "no-evidence",
            Self::StaleEvidence { .. } => "stale-evidence",
            Self::OldEvidence { .. } => "old-evidence",
            Self::NotARunner { .. } => "not-a-runner",
            Self::NothingMeasured => "nothing-measured",
            Self::GatesMissing { .. } => "gates-missing",
            Self::GateFailed { .. } => "gate-failed",
            Self::OtherBase => "other-base",
        }
    }
}

/// A statement with the person behind its key.
pub(super) struct Voice<'a> {
    pub(super) person: &'a str,
    pub(super) signed: &'a Signed,
    pub(super) is_revoked: bool,
}

impl<'a> Voice<'a> {
    pub(super) fn statement(&self) -> &'a Statement {
        &self.signed.statement
    }
}

/// Whether what `merged` adds to `base` may go in.
///
/// Without a policy on the target branch nothing is governed, and everything may.
pub fn decide(question: &Question<'_>) -> Decision {
    let (voices, refused) = listen(question);
    let Some(policy) = &question.rules.policy else {
        return Decision { open: true, items: Vec::new(), reasons: Vec::new(), refused };
    };
    let reasons = reasons_for_all(question);
    let mut items = Vec::new();
    for change in question.base.changes(question.merged) {
        let rules: Vec<Rule> = change.paths.iter().map(|path| policy.rule(path)).collect();
        // A rename between folders of the same rules asks for nothing.
        if change.is_move && rules.windows(2).all(|pair| pair[0] == pair[1]) {
            continue;
        }
        if let Some(rule) = rules.into_iter().reduce(Rule::and) {
            items.push(decide_item(question, &voices, &change, &rule));
        }
    }
    let open = reasons.is_empty() && items.iter().all(|item| item.reasons.is_empty());
    Decision { open, items, reasons, refused }
}

/// Everyone who may be listened to, and what counts for nothing.
fn listen<'a>(question: &Question<'a>) -> (Vec<Voice<'a>>, Vec<Refused>) {
    let mut voices = Vec::new();
    let mut refused = Vec::new();
    for signed in question.statements {
        match person_behind(question, signed) {
            Ok(person) => voices.push(Voice { person, signed, is_revoked: false }),
            Err(refusal) => refused.push(Refused { id: signed.id.clone(), refusal }),
        }
    }
    apply_revocations(&mut voices, &mut refused);
    (voices, refused)
}

fn person_behind<'a>(question: &Question<'a>, signed: &Signed) -> Result<&'a str, Refusal> {
    let statement = &signed.statement;
    let expected = repository_of(question).unwrap_or_default();
    if statement.repository != expected {
        return Err(Refusal::OtherRepository {
            named: statement.repository.clone(),
            expected: expected.to_owned(),
        });
    }
    if statement.time_s > question.now_s.saturating_add(CLOCK_SKEW_S) {
        return Err(Refusal::FromTheFuture);
    }
    // A clock a little ahead of ours must not make a key look as if it were used before its time.
    let now_s = question.now_s.max(statement.time_s);
    question.rules.signers.person(&signed.key, statement.time_s, now_s)
}

/// The target's own id; a repository that only now gets one takes the id it gets.
fn repository_of<'a>(question: &Question<'a>) -> Option<&'a str> {
    let (base, merged) = (question.base, question.merged);
    base.repository.as_deref().or(merged.repository.as_deref())
}

/// Marks what people took back. Nobody takes back what another said, and taking back is final.
fn apply_revocations(voices: &mut [Voice<'_>], refused: &mut Vec<Refused>) {
    let mut revoked = BTreeSet::new();
    let authors: BTreeMap<&str, &str> = voices
        .iter()
        .filter(|voice| !matches!(voice.statement().body, Body::Revoke(_)))
        .map(|voice| (voice.signed.id.as_str(), voice.person))
        .collect();
    for voice in voices.iter() {
        let Body::Revoke(revoke) = &voice.statement().body else { continue };
        if authors.get(revoke.statement.as_str()) == Some(&voice.person) {
            revoked.insert(revoke.statement.as_str());
        } else {
            refused.push(Refused {
                id: voice.signed.id.clone(),
                refusal: Refusal::RevokesOthers {
                    statement: revoke.statement.clone(),
                    person: voice.person.to_owned(),
                },
            });
        }
    }
    for voice in voices {
        voice.is_revoked = revoked.contains(voice.signed.id.as_str());
    }
}

/// What closes the gate whatever the items say.
fn reasons_for_all(question: &Question<'_>) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if repository_of(question).is_none() {
        reasons.push(Reason::NoRepositoryId);
    }
    // Also those that the target has already: nothing tells whether they changed.
    reasons.extend(question.merged.unnamed.iter().cloned().map(Reason::Unnamed));
    reasons.extend(question.alarms.iter().cloned().map(Reason::Alarm));
    reasons.extend(forks(question));
    reasons.extend(question.smuggled.iter().map(|path| Reason::Smuggled { path: path.clone() }));
    reasons
}

/// Places of a log that are taken twice: somebody shows one past here and another there.
///
/// What a stranger tells twice counts for nothing either way. The same key has another log in each repository,
/// and a statement carried over from there takes no place in this one.
fn forks(question: &Question<'_>) -> Vec<Reason> {
    let (signers, repository) = (&question.rules.signers, repository_of(question));
    let counts = |signed: &&Signed| {
        Some(signed.statement.repository.as_str()) == repository
            && signers.owner(&signed.key).is_some()
    };
    let mut places: BTreeMap<(&str, u64), BTreeSet<&str>> = BTreeMap::new();
    for Signed { id, statement, .. } in question.statements.iter().filter(counts) {
        places.entry((statement.actor.as_str(), statement.sequence)).or_default().insert(id);
    }
    let twice = places.into_iter().filter(|(_, ids)| ids.len() > 1);
    twice
        .map(|((actor, sequence), _)| Reason::Fork { fingerprint: actor.to_owned(), sequence })
        .collect()
}

fn decide_item(
    question: &Question<'_>,
    voices: &[Voice<'_>],
    change: &Change<'_>,
    rule: &Rule,
) -> ItemDecision {
    let subject = &change.item.subject;
    let (approvals, mut reasons) = count_approvals(question, voices, subject, rule);
    let mut evidence = None;
    // What goes cannot be measured.
    if rule.evidence_required && subject.role == Role::Prompt && !change.is_removal {
        match measured::evidence_for(question, voices, subject, rule) {
            Ok(id) => evidence = Some(id),
            Err(found) => reasons.extend(found),
        }
    }
    ItemDecision {
        subject: subject.clone(),
        path: change.item.path.clone(),
        approvals,
        needed: rule.needed,
        evidence,
        reasons,
        is_removal: change.is_removal,
    }
}

/// Who approves, and what is missing.
fn count_approvals(
    question: &Question<'_>,
    voices: &[Voice<'_>],
    subject: &Subject,
    rule: &Rule,
) -> (BTreeSet<String>, Vec<Reason>) {
    let mut reasons = Vec::new();
    let mut approvals = BTreeSet::new();
    let mut others = Vec::new();
    let authors = proposers(voices, subject);
    for (person, stance) in stances(voices, subject) {
        let person = person.to_owned();
        if stance.objects {
            reasons.push(Reason::ChangesRequested { person });
        } else if !stance.policies.contains(question.rules.digest.as_str()) {
            others.push(Reason::OtherRules { person });
        } else if !rule.authors_may_approve && authors.contains(person.as_str()) {
            others.push(Reason::OwnProposal { person });
        } else {
            approvals.insert(person);
        }
    }
    let have = u32::try_from(approvals.len()).unwrap_or(u32::MAX);
    if have < rule.needed {
        reasons.push(Reason::NeedsApprovals { have, needed: rule.needed });
        reasons.append(&mut others);
    }
    if rule.needed > 0 && !rule.authors_may_approve && authors.is_empty() {
        reasons.push(Reason::NotProposed);
    }
    (approvals, reasons)
}

/// Who proposed it, also who took the proposal back: that makes nobody a neutral reader.
fn proposers<'a>(voices: &[Voice<'a>], subject: &Subject) -> BTreeSet<&'a str> {
    let proposes = |voice: &&Voice<'a>| {
        matches!(voice.statement().body, Body::Proposal(_)) && voice.statement().is_about(subject)
    };
    voices.iter().filter(proposes).map(|voice| voice.person).collect()
}

/// What a person thinks of an item.
#[derive(Default)]
struct Stance<'a> {
    objects: bool,
    /// The rules under which the person approves it.
    policies: BTreeSet<&'a str>,
}

/// The latest verdict of each key that was not taken back, by person.
///
/// Who has two keys objects as long as either does: which of the two spoke last, only clocks would tell.
fn stances<'a>(voices: &[Voice<'a>], subject: &Subject) -> BTreeMap<&'a str, Stance<'a>> {
    let mut latest: BTreeMap<&str, &Voice<'a>> = BTreeMap::new();
    for voice in voices.iter().filter(|voice| !voice.is_revoked) {
        let statement = voice.statement();
        if statement.verdict().is_some() && statement.is_about(subject) {
            let kept = latest.entry(&statement.actor).or_insert(voice);
            if kept.statement().sequence < statement.sequence {
                *kept = voice;
            }
        }
    }
    let mut stances: BTreeMap<&str, Stance<'a>> = BTreeMap::new();
    for voice in latest.into_values() {
        let stance = stances.entry(voice.person).or_default();
        match voice.statement().verdict() {
            Some(Verdict::Approve) => {
                stance.policies.insert(&voice.statement().policy);
            }
            _ => stance.objects = true,
        }
    }
    stances
}
