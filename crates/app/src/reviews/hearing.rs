//! What was said in the open repository, heard once for one answer, and what is remembered of it.
//!
//! The newest statement of each log is remembered from one time to the next, so that a log that loses its end is
//! noticed. A log that came from a remote and tells another past than ours closes every gate until somebody has looked.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::{Arc, PoisonError};

use assay_repo::git::BranchInfo;
use assay_repo::review::refs::Adopted;
use assay_repo::review::{
    Body, Content, Gate, GateError, Heard, Reached, ReadError, Refusal, Rules, Signed,
};
use assay_repo::{Revision, Workspace};
use assay_wire::{ApiError, PolicyView, RefusalView, ReviewGateView};

use super::gate::{closed, closed_by, hint, refusal_view};
use crate::app::{App, Open};
use crate::error::Explain;
use crate::repository::merger::MERGER;

/// What main branches are called, where nobody says which one is meant.
pub(super) const MAIN: [&str; 2] = ["main", "master"];

/// What the setting is called that holds the newest statements seen in a repository.
fn setting_of(root: &str) -> String {
    format!("statements-seen {root}")
}

/// Everything that was said, and what it takes to judge it.
pub(super) struct Hearing {
    pub open: Arc<Open>,
    /// The permanent id of the repository; empty where it has none.
    pub repository: String,
    /// What was said and holds, in the order of the statements' ids.
    pub signed: Vec<Signed>,
    /// The statements that the person who is asked has seen before, by log.
    pub seen: BTreeMap<String, String>,
    /// Logs that tell another past than the one that was fetched.
    pub diverged: Vec<RefusalView>,
    /// The key that signs here, as its fingerprint.
    pub own: Option<String>,
    pub now_s: i64,
    heard: Arc<Heard>,
    branches: Vec<BranchInfo>,
    targets: BTreeMap<String, Target>,
    asked: RefCell<BTreeMap<Commits, Rc<Asked>>>,
}

/// The ids of a target's commit and of one that wants to go in.
type Commits = (String, String);

/// What the gate said of two commits.
pub(super) enum Asked {
    Decided(Box<Gate>),
    /// It cannot be asked: why, and where both sides conflict.
    Closed {
        why: ReviewGateView,
        conflicts: Vec<String>,
    },
}

/// A branch that somebody wants to reach.
pub(super) struct Target {
    pub tip: Revision,
    /// Policy and signers; why there are none when they cannot be read.
    pub rules: Result<Rules, String>,
    pub content: Content,
    /// The statements that what was merged into it left there.
    pub attested: BTreeSet<String>,
    /// The statements that their authors took back, by its signers.
    pub taken_back: BTreeSet<String>,
}

impl App {
    /// Hears what was said so far, and reads the branches that proposals want to reach.
    pub(super) fn hear_proposals(&self) -> Result<Hearing, ApiError> {
        let mut hearing = self.hear()?;
        hearing.read_targets()?;
        Ok(hearing)
    }

    /// Hears what was said so far.
    pub(super) fn hear(&self) -> Result<Hearing, ApiError> {
        let open = self.workspace()?;
        let workspace = &open.workspace;
        let repository = repository_id(workspace)?;
        let diverged = adopt(workspace)?;
        let seen = self.seen(&open)?;
        let branches = workspace.branches().map_err(|e| e.explain())?;
        let mut hearing = Hearing {
            repository,
            seen,
            diverged,
            branches,
            signed: Vec::new(),
            own: self.own_fingerprint()?,
            now_s: self.inner.environment.now_ms().div_euclid(1_000),
            heard: Arc::default(),
            targets: BTreeMap::new(),
            asked: RefCell::default(),
            open: Arc::clone(&open),
        };
        hearing.heard = self.heard_at(&hearing)?;
        self.remember(&open, &hearing.seen, &hearing.heard)?;
        let said = hearing.heard.statements.iter();
        hearing.signed = said.map(|(_, signed)| signed.clone()).collect();
        Ok(hearing)
    }

    /// What was said, heard again only where something was since: thousands of signatures take a second to check.
    fn heard_at(&self, hearing: &Hearing) -> Result<Arc<Heard>, ApiError> {
        let witnesses = hearing.witnesses()?;
        let place = hearing.place(&witnesses)?;
        let mut kept = self.inner.heard.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, heard)) = kept.as_ref().filter(|(known, _)| *known == place) {
            return Ok(Arc::clone(heard));
        }
        let heard = Arc::new(hearing.listen(&witnesses)?);
        *kept = Some((place, Arc::clone(&heard)));
        Ok(heard)
    }

    fn seen(&self, open: &Open) -> Result<BTreeMap<String, String>, ApiError> {
        let stored =
            self.inner.store.setting(&setting_of(&open.root())).map_err(|e| e.explain())?;
        Ok(stored.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
    }

    /// Remembers the newest statement of each log. A log that no longer has what was seen in it keeps the memory, and
    /// the alarm.
    fn remember(
        &self,
        open: &Open,
        seen: &BTreeMap<String, String>,
        heard: &Heard,
    ) -> Result<(), ApiError> {
        let known: BTreeSet<&str> =
            heard.statements.iter().map(|(_, signed)| signed.id.as_str()).collect();
        let mut next = seen.clone();
        for (log, newest) in &heard.newest {
            if next.get(log).is_none_or(|before| known.contains(before.as_str())) {
                next.insert(log.clone(), newest.clone());
            }
        }
        if next == *seen {
            return Ok(());
        }
        let text = serde_json::json!(next).to_string();
        self.inner.store.set_setting(&setting_of(&open.root()), &text).map_err(|e| e.explain())
    }
}

/// The permanent id of the repository, on disk or else in the last commit, as in a clone without files; empty where it
/// has none.
fn repository_id(workspace: &Workspace) -> Result<String, ApiError> {
    let committed = || -> Result<Option<String>, ApiError> {
        let Some(head) = workspace.head() else { return Ok(None) };
        let head = workspace.revision(&head).map_err(|e| e.explain())?;
        Ok(head.config().map_err(|e| e.explain())?.0.id)
    };
    let id = match workspace.config().0.id {
        Some(id) => Some(id),
        None => committed()?,
    };
    Ok(id.unwrap_or_default())
}

/// Takes over what was fetched; what does not continue ours is told.
fn adopt(workspace: &Workspace) -> Result<Vec<RefusalView>, ApiError> {
    let mut diverged = Vec::new();
    for remote in workspace.remotes().map_err(|e| e.explain())? {
        for (log, adopted) in workspace.adopt_logs(&remote.name).map_err(|e| e.explain())? {
            if adopted == Adopted::Diverged {
                let code = "forked-log";
                diverged.push(RefusalView {
                    code: code.to_owned(),
                    message: format!("the log {log} has another past at {} than here", remote.name),
                    hint: hint(code).map(str::to_owned),
                });
            }
        }
    }
    Ok(diverged)
}

impl Hearing {
    /// The commits whose trees are listened to as well: statements that were merged stand there.
    fn witnesses(&self) -> Result<Vec<Revision>, ApiError> {
        let workspace = &self.open.workspace;
        let mut witnesses = Vec::new();
        if let Some(head) = workspace.head() {
            witnesses.push(workspace.revision(&head).map_err(|e| e.explain())?);
        }
        for name in MAIN {
            witnesses.extend(self.tip(name)?);
        }
        Ok(witnesses)
    }

    /// Everything that what is heard depends on, in words.
    fn place(&self, witnesses: &[Revision]) -> Result<String, ApiError> {
        let logs = self.open.workspace.logs_mark().map_err(|e| e.explain())?;
        let witnesses: Vec<String> = witnesses.iter().map(Revision::id).collect();
        let root = self.open.root();
        Ok(serde_json::json!([root, self.repository, self.seen, logs, witnesses]).to_string())
    }

    fn listen(&self, witnesses: &[Revision]) -> Result<Heard, ApiError> {
        let witnesses: Vec<&Revision> = witnesses.iter().collect();
        let heard = self.open.workspace.listen(&self.repository, &witnesses, &self.seen);
        heard.map_err(|e| e.explain())
    }

    /// Reads every branch that a proposal wants to reach.
    fn read_targets(&mut self) -> Result<(), ApiError> {
        let wanted: BTreeSet<String> = self
            .signed
            .iter()
            .filter_map(|signed| match &signed.statement.body {
                Body::Proposal(proposal) => Some(proposal.target.clone()),
                _ => None,
            })
            .collect();
        for name in wanted {
            if let Some(target) = self.read_target(&name)? {
                self.targets.insert(name, target);
            }
        }
        Ok(())
    }

    /// A branch as one that somebody wants to reach; none when it is not here.
    pub fn read_target(&self, name: &str) -> Result<Option<Target>, ApiError> {
        let Some(tip) = self.tip(name)? else { return Ok(None) };
        let attested = self.open.workspace.attested_at(&tip).map_err(|e| e.explain())?;
        let rules = tip.rules().map_err(|error| error.to_string());
        Ok(Some(Target {
            taken_back: revoked(&self.signed, rules.as_ref().ok()),
            rules,
            content: tip.content().map_err(|e| e.explain())?,
            attested,
            tip,
        }))
    }

    /// Whether a commit may go into a target. Many proposals of one branch are one question, asked once.
    pub fn gate(&self, target: &Target, head: &Revision) -> Result<Rc<Asked>, ApiError> {
        let commits = (target.tip.id(), head.id());
        if let Some(known) = self.asked.borrow().get(&commits) {
            return Ok(Rc::clone(known));
        }
        let asked = Rc::new(self.ask(target, head)?);
        self.asked.borrow_mut().insert(commits, Rc::clone(&asked));
        Ok(asked)
    }

    fn ask(&self, target: &Target, head: &Revision) -> Result<Asked, ApiError> {
        let workspace = &self.open.workspace;
        let rules = match &target.rules {
            Ok(rules) => rules,
            Err(problem) => {
                let why = closed("unreadable-rules", problem.clone());
                return Ok(Asked::Closed { why, conflicts: Vec::new() });
            }
        };
        let (tip, content, heard) = (&target.tip, &target.content, self.heard.as_ref());
        // What was heard is about the repository that stands here; a target may go by another id, or by none yet.
        let gate = match content.repository.as_deref() == Some(self.repository.as_str()) {
            true => {
                let reached = Reached { tip, rules, content, heard };
                workspace.gate_of(reached, head, self.now_s, MERGER)
            }
            false => workspace.gate(tip, head, &self.seen, self.now_s, MERGER),
        };
        match gate {
            Ok(gate) => Ok(Asked::Decided(Box::new(gate))),
            Err(GateError::Read(ReadError::Repo(error))) => Err(error.explain()),
            Err(error) => {
                let why = closed_by(&error);
                let conflicts = match error {
                    GateError::Conflict { paths } => paths,
                    _ => Vec::new(),
                };
                Ok(Asked::Closed { why, conflicts })
            }
        }
    }

    pub fn target(&self, name: &str) -> Option<&Target> {
        self.targets.get(name)
    }

    /// The last commit of a branch: the local one, or the fetched one where that is further on.
    pub fn tip(&self, name: &str) -> Result<Option<Revision>, ApiError> {
        let workspace = &self.open.workspace;
        let revision =
            |branch: &BranchInfo| workspace.revision(&branch.tip.id).map_err(|e| e.explain());
        let is_fetched = |branch: &&BranchInfo| {
            branch.remote && branch.name.split_once('/').is_some_and(|(_, own)| own == name)
        };
        let fetched = self.branches.iter().find(is_fetched).map(revision).transpose()?;
        let local = self.local_tip(name)?;
        let (Some(local), Some(fetched)) = (&local, &fetched) else { return Ok(local.or(fetched)) };
        let is_ahead = workspace.has_in_past(fetched, local).map_err(|e| e.explain())?;
        Ok(Some(if is_ahead { fetched.clone() } else { local.clone() }))
    }

    /// The last commit of a branch of this clone.
    pub fn local_tip(&self, name: &str) -> Result<Option<Revision>, ApiError> {
        let local = self.branches.iter().find(|branch| !branch.remote && branch.name == name);
        let revision = |branch: &BranchInfo| self.open.workspace.revision(&branch.tip.id);
        local.map(revision).transpose().map_err(|e| e.explain())
    }

    /// The main branch, where there is one of a usual name.
    pub fn main(&self) -> Option<&'static str> {
        let is_there = |name: &&str| self.tip(name).is_ok_and(|tip| tip.is_some());
        MAIN.into_iter().find(is_there)
    }

    /// What the branch that is checked out asks for.
    pub fn policy(&self) -> PolicyView {
        let branch = self.open.workspace.branch().unwrap_or_default();
        let rules = match self.tip(&branch) {
            Ok(Some(tip)) => tip.rules().map_err(|error| error.to_string()),
            Ok(None) => Rules::read(None, None).map_err(|error| error.to_string()),
            Err(error) => Err(error.message),
        };
        policy_view(branch, &rules)
    }
}

impl Target {
    /// What a person is called: by the target's signers, else by the key.
    pub fn name_of(&self, signed: &Signed) -> String {
        name_of(self.rules.as_ref().ok(), signed)
    }
}

/// Who signed: the person whose key it is, else the key.
pub(super) fn name_of(rules: Option<&Rules>, signed: &Signed) -> String {
    let owner = rules.and_then(|rules| rules.signers.owner(&signed.key));
    owner.map_or_else(|| signed.key.fingerprint(), str::to_owned)
}

/// The statements that their own authors took back.
pub(super) fn revoked(signed: &[Signed], rules: Option<&Rules>) -> BTreeSet<String> {
    let authors: BTreeMap<&str, String> =
        signed.iter().map(|one| (one.id.as_str(), name_of(rules, one))).collect();
    let taken_back = signed.iter().filter_map(|one| match &one.statement.body {
        Body::Revoke(revoke) => {
            let author = authors.get(revoke.statement.as_str())?;
            (*author == name_of(rules, one)).then(|| revoke.statement.clone())
        }
        _ => None,
    });
    taken_back.collect()
}

fn policy_view(branch: String, rules: &Result<Rules, String>) -> PolicyView {
    let readable = rules.as_ref().ok();
    let policy = readable.and_then(|rules| rules.policy.as_ref());
    let rule = policy.map(|policy| policy.rule("")).unwrap_or_default();
    let people: BTreeSet<String> = readable
        .iter()
        .flat_map(|rules| rules.signers.lines())
        .map(|line| line.person.clone())
        .collect();
    PolicyView {
        branch,
        governed: policy.is_some() || rules.is_err(),
        needed: rule.needed,
        authors_may_approve: rule.authors_may_approve,
        evidence_required: rule.evidence_required,
        max_age_days: rule.max_age_days,
        runners: rule.runners.into_iter().flatten().collect(),
        people: people.into_iter().collect(),
        problem: rules.as_ref().err().cloned(),
    }
}

/// Why a log is not believed, as a refusal.
pub(super) fn refused(refusal: &Refusal) -> RefusalView {
    refusal_view(refusal.code(), refusal.to_string())
}
