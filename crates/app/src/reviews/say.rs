//! Saying something: proposals, reviews, and taking them back.
//!
//! Every statement is about exact content: what the target would have and does not. It is signed by the key that was
//! chosen here, and added to that key's log; `assay sync` sends it.

use assay_repo::review::{
    Body, Content, Draft, Gate, Item, ItemDecision, Proposal, Review as SaidReview,
    Revoke as SaidRevoke, Rules, Signed, Subject, Verdict,
};
use assay_wire::*;

use super::detail::{Sides, evidence};
use super::hearing::{Asked, Hearing, Target, revoked};
use super::judged::{Judged, judge};
use super::proposal;
use super::share::KEYS_USED;
use crate::app::App;
use crate::error::Explain;
use crate::router::Answer;

impl Answer<Propose> for App {
    fn answer(&self, command: Propose) -> Result<ProposalView, ApiError> {
        let hearing = self.hear()?;
        let branch = command.branch.clone().or_else(|| hearing.open.workspace.branch());
        let branch = branch.ok_or_else(|| {
            ApiError::new(Code::Git, "no branch is checked out").hint("Name one, or switch to it.")
        })?;
        if command.title.trim().is_empty() {
            return Err(ApiError::new(Code::BadInput, "a proposal needs a title"));
        }
        let target = known_target(&hearing, &command.target)?;
        let head = hearing.tip(&branch)?.ok_or_else(|| no_branch(&branch))?;
        let asked = hearing.gate(&target, &head)?;
        let gate = match asked.as_ref() {
            Asked::Decided(gate) => gate,
            Asked::Closed { why, .. } => return Err(undecidable(why)),
        };
        let subjects = put_forward(&gate.before, &gate.after, &command.prompts)?;
        if subjects.is_empty() {
            let message = format!(
                "{branch} brings no prompt, cases, scorers or rules that {} does not have, and takes none away",
                command.target
            );
            return Err(ApiError::new(Code::BadInput, message)
                .hint(format!(
                    "Commit something first. What no policy governs is merged with: assay switch {}, then assay branch --merge {branch}.",
                    command.target
                )));
        }
        let body = Body::Proposal(Proposal {
            title: on_one_line(&command.title),
            text: command.body,
            branch: branch.clone(),
            target: command.target,
        });
        let draft = draft(&hearing, subjects, &gate.before, &gate.rules, body)?;
        self.state(&hearing, draft)?;
        let hearing = self.hear_proposals()?;
        let made = proposal::find(&hearing, &branch)?;
        Ok(judge(&hearing, &made)?.view)
    }
}

impl Answer<Review> for App {
    fn answer(&self, command: Review) -> Result<ProposalDetailView, ApiError> {
        let hearing = self.hear_proposals()?;
        let proposed = proposal::find(&hearing, &command.proposal)?;
        let judged = judge(&hearing, &proposed)?;
        let gate = waiting(&judged)?;
        let sides = Sides::of(&hearing, gate)?;
        require_seen(&command, &sides, &judged)?;
        if command.verdict == ReviewVerdict::Approve {
            require_other(&hearing, gate)?;
        }
        let subjects = put_forward(&gate.before, &gate.after, &[])?;
        let body = Body::Review(said(command, &sides, &judged, &hearing.signed)?);
        let draft = draft(&hearing, subjects, &gate.before, &gate.rules, body)?;
        let id = proposed.first.id.clone();
        self.state(&hearing, draft)?;
        self.answer(ReadProposal { id })
    }
}

impl Answer<Revoke> for App {
    fn answer(&self, command: Revoke) -> Result<ProposalsView, ApiError> {
        let hearing = self.hear_proposals()?;
        // A proposal goes by what it began with; what renewed it last is what still stands.
        let renewed = proposal::find(&hearing, &command.statement).ok();
        let renewed = renewed.map(|proposed| proposed.latest.id.clone());
        let id = renewed.unwrap_or_else(|| command.statement.clone());
        let statement = hearing.signed.iter().find(|signed| signed.id == id).ok_or_else(|| {
            ApiError::new(Code::NotFound, format!("there is no statement `{id}`"))
        })?;
        require_waiting(&hearing, &id)?;
        if !hearing.is_own(statement) {
            let message = "a statement is taken back with the key that signed it";
            return Err(ApiError::new(Code::BadInput, message)
                .hint(format!("It was {}.", statement.key.fingerprint())));
        }
        let draft = Draft {
            repository: hearing.repository.clone(),
            subjects: statement.statement.subjects.clone(),
            base: Vec::new(),
            policy: statement.statement.policy.clone(),
            time_s: hearing.now_s,
            body: Body::Revoke(SaidRevoke { statement: id, reason: command.reason }),
        };
        self.state(&hearing, draft)?;
        self.answer(ListProposals {})
    }
}

impl App {
    /// Signs and keeps a statement, and remembers whose log goes along with the next sync.
    pub(super) fn state(&self, hearing: &Hearing, draft: Draft) -> Result<Signed, ApiError> {
        let signer = self.signer()?;
        let _alone = self.inner.git.alone();
        let said = hearing.open.workspace.say(draft, signer.as_ref()).map_err(|e| e.explain())?;
        self.add_to_setting(&KEYS_USED.of(&hearing.open.root()), &said.key.fingerprint_hex())?;
        self.inner.notices.send(Notice::WorkspaceChanged);
        Ok(said)
    }
}

/// A statement about content, under the rules of its target.
pub(super) fn draft(
    hearing: &Hearing,
    subjects: Vec<Subject>,
    base: &Content,
    rules: &Rules,
    body: Body,
) -> Result<Draft, ApiError> {
    if hearing.repository.is_empty() {
        return Err(ApiError::new(
            Code::BadInput,
            "assay.yaml has no id, so nothing can be said of it",
        )
        .hint("`assay check --fix` gives it one; commit that first."));
    }
    let replaced = |subject: &Subject| {
        let is_before = |item: &&Item| item.subject.is_of_same(subject);
        base.items.iter().find(is_before).map(|item| item.subject.digest.clone())
    };
    Ok(Draft {
        repository: hearing.repository.clone(),
        base: subjects.iter().filter_map(replaced).collect(),
        subjects,
        policy: rules.digest.clone(),
        time_s: hearing.now_s,
        body,
    })
}

/// What would go in; with prompts, only what belongs to these.
fn put_forward(
    base: &Content,
    merged: &Content,
    prompts: &[String],
) -> Result<Vec<Subject>, ApiError> {
    let is_named = |path: &str, name: &String| {
        let bare = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".prompty");
        path == name || bare == name
    };
    let changes = base.changes(merged);
    for name in prompts {
        if !changes.iter().any(|change| is_named(&change.item.path, name)) {
            return Err(ApiError::new(Code::NotFound, format!("`{name}` does not differ")));
        }
    }
    let is_meant =
        |path: &str| prompts.is_empty() || prompts.iter().any(|name| is_named(path, name));
    let meant = changes.iter().filter(|change| is_meant(&change.item.path));
    Ok(meant.map(|change| change.item.subject.clone()).collect())
}

/// A branch that is here.
pub(super) fn known_target(hearing: &Hearing, name: &str) -> Result<Target, ApiError> {
    hearing.read_target(name)?.ok_or_else(|| no_branch(name))
}

fn no_branch(name: &str) -> ApiError {
    ApiError::new(Code::NotFound, format!("there is no branch `{name}` here"))
        .hint("`assay branch` lists them; `assay sync` brings those of others.")
}

/// The gate of a proposal that can still be decided.
pub(super) fn waiting(judged: &Judged) -> Result<&Gate, ApiError> {
    judged.gate().ok_or_else(|| {
        let ProposalView { gate, state, .. } = &judged.view;
        match gate.reasons.is_empty() {
            true => ApiError::new(Code::Conflict, format!("the proposal is {}", state.as_str())),
            false if judged.conflicts().is_empty() => undecidable(gate),
            false => conflicting(judged),
        }
    })
}

/// Of two sides that conflict nobody knows yet what would go in.
fn conflicting(judged: &Judged) -> ApiError {
    let ProposalView { branch, target, .. } = &judged.view;
    let paths = judged.conflicts().join(", ");
    let message = format!("the proposal cannot be decided: it conflicts with {target} in {paths}");
    ApiError::new(Code::Conflict, message).hint(format!(
        "On {branch}: assay branch --merge {target}, decide there, then propose again."
    ))
}

/// Why nothing can be decided about two branches.
fn undecidable(gate: &ReviewGateView) -> ApiError {
    let why = gate.reasons.first();
    let said = why.map_or_else(String::new, |reason| format!(": {}", reason.message));
    let error = ApiError::new(Code::Conflict, format!("the proposal cannot be decided{said}"));
    why.and_then(|reason| reason.hint.clone()).into_iter().fold(error, ApiError::hint)
}

/// A proposal that its target has is over: taking its words back would take nothing out of the target.
fn require_waiting(hearing: &Hearing, statement: &str) -> Result<(), ApiError> {
    let all = proposal::all(hearing);
    let Some(proposed) = all.iter().find(|one| one.latest.id == statement) else { return Ok(()) };
    if judge(hearing, proposed)?.view.state != ProposalState::Merged {
        return Ok(());
    }
    let message = "the proposal is merged already, which is final; nothing was taken back";
    Err(ApiError::new(Code::Conflict, message)
        .hint("Propose a branch that undoes it; `git revert` makes one."))
}

/// An approval must be able to count: not one's own, for content that all comes from oneself, unless the policy lets it.
/// Whose key signs here is nobody known is told by the gate.
fn require_other(hearing: &Hearing, gate: &Gate) -> Result<(), ApiError> {
    let signers = &gate.rules.signers;
    let is_own = |fingerprint: String| hearing.own.as_deref() == Some(fingerprint.as_str());
    let own = signers.lines().iter().find(|line| is_own(line.key.fingerprint()));
    let (Some(policy), Some(own)) = (&gate.rules.policy, own) else { return Ok(()) };
    let taken_back = revoked(&hearing.signed, Some(&gate.rules));
    let is_proposed = |item: &ItemDecision| {
        hearing.signed.iter().any(|signed| {
            matches!(signed.statement.body, Body::Proposal(_))
                && signed.statement.is_about(&item.subject)
                && !taken_back.contains(&signed.id)
                && signers.owner(&signed.key) == Some(own.person.as_str())
        })
    };
    let counts =
        |item: &ItemDecision| policy.rule(&item.path).authors_may_approve || !is_proposed(item);
    let items = &gate.decision.items;
    if items.is_empty() || items.iter().any(counts) {
        return Ok(());
    }
    let message = format!("{} proposed it, and does not count as an approver", own.person);
    Err(ApiError::new(Code::BadInput, message)
        .hint("Ask somebody else, or allow it in .assay/policy.toml; nothing was signed."))
}

/// What is signed must be what was on the screen.
fn require_seen(command: &Review, sides: &Sides<'_>, judged: &Judged) -> Result<(), ApiError> {
    if command.seen == sides.shown(&judged.view.prompts)? {
        return Ok(());
    }
    Err(ApiError::new(Code::Conflict, "the proposal is no longer the one that was shown")
        .hint("Read it again, then decide; nothing was signed."))
}

fn said(
    command: Review,
    sides: &Sides<'_>,
    judged: &Judged,
    signed: &[Signed],
) -> Result<SaidReview, ApiError> {
    let is_bare = command.body.trim().is_empty();
    if is_bare && command.verdict != ReviewVerdict::Approve && !command.resolves {
        return Err(ApiError::new(
            Code::BadInput,
            "say in words what should change, or what you note",
        ));
    }
    if let Some(thread) = &command.thread
        && !signed.iter().any(|said| said.id == *thread)
    {
        return Err(ApiError::new(Code::NotFound, format!("there is no conversation `{thread}`")));
    }
    let anchor = command.anchor.as_ref().map(|chosen| sides.homes.anchor(chosen)).transpose()?;
    Ok(SaidReview {
        verdict: match command.verdict {
            ReviewVerdict::Approve => Verdict::Approve,
            ReviewVerdict::RequestChanges => Verdict::RequestChanges,
            ReviewVerdict::Comment => Verdict::Comment,
        },
        text: command.body,
        anchor,
        answers: command.thread,
        resolves: command.resolves,
        evidence: evidence(&judged.view.prompts).map(str::to_owned).collect(),
        shown: Some(command.seen),
    })
}

/// The most characters of somebody's line that are shown.
const LONGEST_LINE: usize = 300;

/// A text without line breaks and other control characters, and without marks that hide or reorder what stands around
/// them: it is shown among our own words and becomes a commit's subject.
pub(super) fn on_one_line(text: &str) -> String {
    let visible = text.trim().chars().filter(|c| !is_invisible(*c)).take(LONGEST_LINE);
    visible.map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use assay_repo::review::Role;

    use super::*;

    fn content(digests: &[(&str, &str)]) -> Content {
        let item = |(prompt, digest): &(&str, &str)| Item {
            subject: Subject {
                role: Role::Prompt,
                prompt: (*prompt).to_owned(),
                variant: "plain".to_owned(),
                digest: (*digest).to_owned(),
            },
            path: format!("prompts/{prompt}"),
            gates: 0,
        };
        Content { items: digests.iter().map(item).collect(), ..Content::default() }
    }

    #[test]
    fn a_title_is_one_line_of_what_can_be_seen() {
        let title = " be\u{202e}\u{2066} kind\ngate open\u{1b}[2J\u{feff} ";
        assert_eq!(on_one_line(title), "be kind gate open [2J");
        assert_eq!(on_one_line(&"x".repeat(1_000_000)).len(), LONGEST_LINE);
        assert_eq!(on_one_line("👩\u{200d}👩 é"), "👩\u{200d}👩 é", "joined emoji stay whole");
    }

    #[test]
    fn what_is_taken_away_is_put_forward_too() {
        let base = content(&[("a", "1"), ("b", "1")]);
        let gone = put_forward(&base, &content(&[("a", "1")]), &[]).unwrap();
        assert_eq!(gone, [base.items[1].subject.removal()]);
    }

    #[test]
    fn only_what_differs_is_put_forward_and_of_that_only_what_is_named() {
        let base = content(&[("a", "1"), ("b", "1"), ("c", "1")]);
        let merged = content(&[("a", "2"), ("b", "2"), ("c", "1")]);
        let forward = |prompts: &[&str]| {
            let prompts: Vec<String> = prompts.iter().map(|name| (*name).to_owned()).collect();
            let subjects = put_forward(&base, &merged, &prompts)?;
            Ok::<_, ApiError>(subjects.into_iter().map(|s| s.prompt).collect::<Vec<_>>())
        };
        assert_eq!(forward(&[]).unwrap(), ["a", "b"]);
        assert_eq!(forward(&["prompts/b"]).unwrap(), ["b"]);
        assert_eq!(forward(&["c"]).unwrap_err().code, Code::NotFound);
    }
}
