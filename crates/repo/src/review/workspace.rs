//! Reviewing in a workspace: signing, listening, asking the gate, and making the commit of a merge.
//!
//! This joins the pure parts with git. Moving branches, the worktree, fetching and pushing are left to the
//! crate's other modules: a merge is made here as a commit that no branch holds yet.

use std::collections::BTreeMap;

use git2::{Commit, ObjectType, Oid, Repository, Signature, Time};

use super::attest::{attestations, attested, smuggled, trailers, tree_with, with_trailers};
use super::bounds::require_bounded;
use super::content::Content;
use super::gate::{Decision, Question, decide};
use super::log::{Draft, Entry, Log, Refused, SignError, Signed, read_log, sign};
use super::policy::Rules;
use super::reading::ReadError;
use super::refs::{self, Adopted, LOG_BRANCHES, LOGS};
use super::refusal::Refusal;
use super::shallow;
use super::signature::{GIT_NAMESPACE, KeyError, Signer};
use super::signers::Signers;
use crate::commit::{require_no_signature, signature};
use crate::git::{ByLines, GitError, TextMerger, merged_tree};
use crate::{Identity, RepoError, Revision, When, Workspace};

/// Why a statement was not added.
#[derive(Debug, thiserror::Error)]
pub enum SayError {
    /// The log of the key cannot be continued.
    #[error("your log cannot be continued: {0}")]
    BrokenLog(Refusal),
    /// The statement could not be signed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// Git could not keep it.
    #[error(transparent)]
    Repo(#[from] RepoError),
}

/// Why the gate could not be asked, or a merge not be made.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// Rules or content cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The two sides changed the same, each in another way.
    #[error("the two sides conflict in {}", paths.join(", "))]
    Conflict {
        /// The files.
        paths: Vec<String>,
    },
    /// The gate is closed.
    #[error("the gate is closed")]
    Closed,
    /// The merge was to be signed, and the key did not.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl From<RepoError> for GateError {
    fn from(error: RepoError) -> Self {
        Self::Read(error.into())
    }
}

impl From<GitError> for GateError {
    fn from(error: GitError) -> Self {
        match error {
            GitError::Repo(error) => error.into(),
            // Merging in memory asks nothing of branches, remotes or the worktree.
            other => git2::Error::from_str(&other.to_string()).into(),
        }
    }
}

impl From<git2::Error> for GateError {
    fn from(error: git2::Error) -> Self {
        RepoError::from(error).into()
    }
}

/// Everything that was said in a repository and could be heard.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Heard {
    /// The statements whose signatures hold, in the order of their ids.
    pub statements: Vec<(Entry, Signed)>,
    /// Those that are not believed.
    pub refused: Vec<Refused>,
    /// What is wrong with whole logs.
    pub alarms: Vec<Refusal>,
    /// The logs in which something stands that does not belong there, with the first such thing.
    pub broken: BTreeMap<String, Refusal>,
    /// The newest statement of each log, by its name: what to remember, so that a log that loses its end is
    /// noticed the next time.
    pub newest: BTreeMap<String, String>,
}

/// A decision, with what it was made from.
#[derive(Debug, Clone)]
pub struct Gate {
    /// What was decided.
    pub decision: Decision,
    /// What was heard.
    pub heard: Heard,
    /// The target's commit.
    pub base: Revision,
    /// The proposal's commit.
    pub head: Revision,
    /// A commit with the merge of both, which no branch holds.
    pub merged: Revision,
    /// The target's rules.
    pub rules: Rules,
    /// What the target has.
    pub before: Content,
    /// What it would have.
    pub after: Content,
}

/// A target branch with what was said, read once where many want to reach it.
#[derive(Debug, Clone, Copy)]
pub struct Reached<'a> {
    /// Its commit.
    pub tip: &'a Revision,
    /// Its rules.
    pub rules: &'a Rules,
    /// What it has.
    pub content: &'a Content,
    /// What was said about its repository.
    pub heard: &'a Heard,
}

impl Workspace {
    /// Signs a statement and adds it to the log of the signer's key.
    ///
    /// # Errors
    /// When the log is not whole, the key refuses, or the log was moved meanwhile.
    pub fn say(&self, draft: Draft, signer: &dyn Signer) -> Result<Signed, SayError> {
        let repository = self.repository()?;
        let name = signer.key().fingerprint_hex();
        let entries = refs::entries(&repository, &ours(&name))?;
        let log = read_log(&name, &draft.repository, &entries);
        if let Some(refused) = log.refused.into_iter().next() {
            return Err(SayError::BrokenLog(refused.refusal));
        }
        let entry = sign(draft, log.signed.last(), signer)?;
        let signed = entry.open().map_err(SignError::from)?;
        refs::append(&repository, &entry, &signed)?;
        Ok(signed)
    }

    /// Takes over the logs that were fetched from a remote, where they continue ours and hold. Whoever may push
    /// there could write anything into them; that would never come out of our log again.
    ///
    /// # Errors
    /// When git's references cannot be read or moved.
    pub fn adopt_logs(&self, remote: &str) -> Result<Vec<(String, Adopted)>, RepoError> {
        refs::adopt_all(&self.repository()?, remote)
    }

    /// Everything said about the repository `id`: in its logs, and in the trees of `commits`.
    ///
    /// `seen` is what [`Heard::newest`] was the last time.
    ///
    /// # Errors
    /// When git's objects cannot be read.
    pub fn listen(
        &self,
        id: &str,
        commits: &[&Revision],
        seen: &BTreeMap<String, String>,
    ) -> Result<Heard, RepoError> {
        let repository = self.repository()?;
        let mut gathered = Gathered::default();
        for prefix in [LOGS, LOG_BRANCHES] {
            for name in refs::names(&repository, prefix)? {
                let entries = refs::entries(&repository, &format!("{prefix}{name}"))?;
                let log = read_log(&name, id, &entries);
                gathered.add_log(name, entries, log);
            }
        }
        gathered.miss(seen);
        for commit in commits {
            let tree = commit_of(&repository, commit)?.tree()?;
            gathered.add_loose(attested(&repository, &tree)?);
        }
        Ok(gathered.heard())
    }

    /// Whether `head` may be merged into `base`, at `now_s`. `merger` is the one that merges are made with: what is
    /// decided on is the merge that [`Workspace::merge`] would make of the two.
    ///
    /// # Errors
    /// When the two conflict, or rules or content cannot be read.
    pub fn gate(
        &self,
        base: &Revision,
        head: &Revision,
        seen: &BTreeMap<String, String>,
        now_s: i64,
        merger: &dyn TextMerger,
    ) -> Result<Gate, GateError> {
        let merged = self.merged(base, head, merger)?;
        self.ask(Sides { base, head, merged, made: None }, seen, now_s)
    }

    /// Whether `head` may be merged into a branch that was read before, at `now_s`: what [`Workspace::gate`] decides,
    /// without listening again.
    ///
    /// # Errors
    /// When the two conflict, or content cannot be read.
    pub fn gate_of(
        &self,
        reached: Reached<'_>,
        head: &Revision,
        now_s: i64,
        merger: &dyn TextMerger,
    ) -> Result<Gate, GateError> {
        let Reached { tip, rules, content, heard } = reached;
        let merged = self.merged(tip, head, merger)?;
        let after = merged.content()?;
        let repository = self.repository()?;
        let mut gathered = Gathered::again(heard);
        for commit in [tip, head] {
            let tree = commit_of(&repository, commit)?.tree()?;
            gathered.add_loose(attested(&repository, &tree)?);
        }
        let sides = Sides { base: tip, head, merged, made: None };
        let both = Both { rules: rules.clone(), before: content.clone(), after };
        self.decided(sides, both, gathered.heard_again(heard), now_s)
    }

    /// Whether a commit that was made should have been, at `now_s`: a merge, or a single commit after its
    /// parent, as a squash leaves it.
    ///
    /// # Errors
    /// When it has no parent, also because a shallow clone does not have it, when its parents conflict, and when
    /// rules or content cannot be read.
    pub fn verify_commit(
        &self,
        made: &Revision,
        seen: &BTreeMap<String, String>,
        now_s: i64,
        merger: &dyn TextMerger,
    ) -> Result<Gate, GateError> {
        let repository = self.repository()?;
        let commit = commit_of(&repository, made)?;
        // By its own commit, for a shallow clone forgets the parents of the last that it has.
        let base = self.revision(&format!("{}~1", made.id()))?;
        if commit.parent_count() == 1 {
            return self.gate(&base, made, seen, now_s, merger);
        }
        let head = self.revision(&commit.parent_id(1)?.to_string())?;
        let merged = self.due(&base, &head, made, merger)?;
        self.ask(Sides { base: &base, head: &head, merged, made: Some(made) }, seen, now_s)
    }

    /// Makes the commit of a merge that the gate lets through, with attestations and trailers, and gives its
    /// id. No branch is moved. Where there is a key to sign with, `git verify-commit` knows whose it is.
    ///
    /// # Errors
    /// When the gate is closed, nobody is known to commit, the key does not sign, or git's objects cannot be
    /// written.
    pub fn merge_commit(
        &self,
        gate: &Gate,
        message: &str,
        when: When,
        fallback: Option<&Identity>,
        signer: Option<&dyn Signer>,
    ) -> Result<String, GateError> {
        if !gate.decision.open {
            return Err(GateError::Closed);
        }
        let repository = self.repository()?;
        let config = repository.config()?;
        let author = signature(&config, when, fallback)?;
        require_no_signature(&config, "commit.gpgsign")?;
        let due = commit_of(&repository, &gate.merged)?.tree()?;
        let files = attestations(&gate.decision, &gate.heard.statements);
        let tree = repository.find_tree(tree_with(&repository, &due, &files)?)?;
        let message = with_trailers(message, &trailers(&gate.decision));
        let [base, head] = [&gate.base, &gate.head].map(|side| commit_of(&repository, side));
        let (base, head) = (base?, head?);
        let parents = [&base, &head];
        let commit =
            repository.commit_create_buffer(&author, &author, &message, &tree, &parents)?;
        Ok(write_commit(&repository, &commit, signer)?.to_string())
    }

    fn ask(
        &self,
        sides: Sides<'_>,
        seen: &BTreeMap<String, String>,
        now_s: i64,
    ) -> Result<Gate, GateError> {
        let rules = sides.base.rules()?;
        let (before, after) = (sides.base.content()?, sides.merged.content()?);
        let id = before.repository.as_deref().or(after.repository.as_deref()).unwrap_or_default();
        let witnesses: Vec<&Revision> =
            [sides.base, sides.head].into_iter().chain(sides.made).collect();
        let heard = self.listen(id, &witnesses, seen)?;
        self.decided(sides, Both { rules, before, after }, heard, now_s)
    }

    fn decided(
        &self,
        sides: Sides<'_>,
        both: Both,
        heard: Heard,
        now_s: i64,
    ) -> Result<Gate, GateError> {
        let Sides { base, head, merged, made } = sides;
        let Both { rules, before, after } = both;
        let statements: Vec<Signed> =
            heard.statements.iter().map(|(_, signed)| signed.clone()).collect();
        let alarms: Vec<Refusal> =
            heard.alarms.iter().cloned().chain(broken_logs(&heard, &rules.signers)).collect();
        let decision = decide(&Question {
            rules: &rules,
            base: &before,
            merged: &after,
            statements: &statements,
            alarms: &alarms,
            smuggled: &self.smuggled_into(made, &merged)?,
            now_s,
        });
        let (base, head) = (base.clone(), head.clone());
        Ok(Gate { decision, heard, base, head, merged, rules, before, after })
    }

    /// What a commit that was made holds beside the merge that was due.
    fn smuggled_into(
        &self,
        made: Option<&Revision>,
        due: &Revision,
    ) -> Result<Vec<String>, RepoError> {
        let Some(made) = made else { return Ok(Vec::new()) };
        let repository = self.repository()?;
        let due = commit_of(&repository, due)?.tree()?;
        let made = commit_of(&repository, made)?.tree()?;
        require_bounded(&repository, &due, &made)?;
        smuggled(&repository, &due, &made)
    }

    /// The merge that a commit with two parents should have been. A server merges lines: where that is clean too, and
    /// is exactly what was made, it is what everything else is asked about.
    fn due(
        &self,
        base: &Revision,
        head: &Revision,
        made: &Revision,
        merger: &dyn TextMerger,
    ) -> Result<Revision, GateError> {
        let merged = self.merged(base, head, merger)?;
        if self.smuggled_into(Some(made), &merged)?.is_empty() {
            return Ok(merged);
        }
        match self.merged(base, head, &ByLines) {
            Ok(lines) if self.smuggled_into(Some(made), &lines)?.is_empty() => Ok(lines),
            Ok(_) | Err(GateError::Conflict { .. }) => Ok(merged),
            Err(error) => Err(error),
        }
    }

    /// The merge of two commits, as a commit that no branch holds.
    fn merged(
        &self,
        base: &Revision,
        head: &Revision,
        merger: &dyn TextMerger,
    ) -> Result<Revision, GateError> {
        let repository = self.repository()?;
        let (base, head) = (commit_of(&repository, base)?, commit_of(&repository, head)?);
        require_bounded(&repository, &base.tree()?, &head.tree()?)?;
        shallow::require_whole(&repository, base.id(), head.id())?;
        let tree = merged_tree(&repository, &base, &head, merger)?
            .map_err(|paths| GateError::Conflict { paths })?;
        let tree = repository.find_tree(tree)?;
        // Nobody's, at no time: the same two commits always give the same one.
        let nobody = Signature::new("assay", "merge@assay", &Time::new(0, 0))?;
        let id = repository.commit(None, &nobody, &nobody, "merge", &tree, &[&base, &head])?;
        Ok(self.revision(&id.to_string())?)
    }
}

fn write_commit(
    repository: &Repository,
    commit: &[u8],
    signer: Option<&dyn Signer>,
) -> Result<Oid, GateError> {
    let Some(signer) = signer else {
        return Ok(repository.odb()?.write(ObjectType::Commit, commit)?);
    };
    let text = String::from_utf8_lossy(commit);
    let signature = signer.sign(GIT_NAMESPACE, text.as_bytes())?;
    Ok(repository.commit_signed(&text, signature.trim_end(), None)?)
}

/// The commits a gate is asked about.
struct Sides<'a> {
    base: &'a Revision,
    head: &'a Revision,
    merged: Revision,
    /// The commit that was made of them, where one was.
    made: Option<&'a Revision>,
}

/// What both sides of a gate hold, and the rules between them.
struct Both {
    rules: Rules,
    before: Content,
    after: Content,
}

/// Statements as they come in, each once.
#[derive(Default)]
struct Gathered {
    statements: BTreeMap<String, (Entry, Signed)>,
    refused: BTreeMap<String, Refused>,
    alarms: Vec<Refusal>,
    broken: BTreeMap<String, Refusal>,
    /// The place and id of the newest statement, by log.
    newest: BTreeMap<String, (u64, String)>,
}

impl Gathered {
    /// What was heard before, for more to come to it.
    fn again(heard: &Heard) -> Self {
        let said = heard.statements.iter();
        Self {
            statements: said.map(|one| (one.1.id.clone(), one.clone())).collect(),
            refused: heard.refused.iter().map(|one| (one.id.clone(), one.clone())).collect(),
            alarms: heard.alarms.clone(),
            broken: heard.broken.clone(),
            newest: BTreeMap::new(),
        }
    }

    /// With the newest statements of logs as they were: a tree is no log.
    fn heard_again(self, before: &Heard) -> Heard {
        Heard { newest: before.newest.clone(), ..self.heard() }
    }

    /// A log, which may also stand elsewhere, there with fewer or more entries.
    fn add_log(&mut self, name: String, entries: Vec<Entry>, log: Log) {
        if let Some(first) = log.refused.first() {
            self.broken.entry(name.clone()).or_insert_with(|| first.refusal.clone());
        }
        if let Some(last) = log.signed.last() {
            let newest = self.newest.entry(name).or_insert((0, String::new()));
            let last = (last.statement.sequence, last.id.clone());
            if newest.1.is_empty() || newest.0 < last.0 {
                *newest = last;
            }
        }
        let mut by_id: BTreeMap<String, Entry> =
            entries.into_iter().map(|entry| (entry.id(), entry)).collect();
        for signed in log.signed {
            if let Some(entry) = by_id.remove(&signed.id) {
                self.statements.insert(signed.id.clone(), (entry, signed));
            }
        }
        for refused in log.refused {
            self.refused.insert(refused.id.clone(), refused);
        }
    }

    /// Statements outside a log: their signatures are checked, their past is not known.
    fn add_loose(&mut self, entries: Vec<Entry>) {
        for entry in entries {
            match entry.open() {
                Ok(signed) => {
                    self.statements.entry(signed.id.clone()).or_insert((entry, signed));
                }
                Err(refusal) => {
                    let id = entry.id();
                    self.refused.entry(id.clone()).or_insert(Refused { id, refusal });
                }
            }
        }
    }

    /// Raises an alarm for each log that no longer holds what was seen in it: somebody took statements back
    /// that others have seen, which only a server that hides them or a stolen key does.
    fn miss(&mut self, seen: &BTreeMap<String, String>) {
        for id in seen.values() {
            if !self.statements.contains_key(id) && !self.refused.contains_key(id) {
                self.alarms.push(Refusal::RolledBack { seen: id.clone() });
            }
        }
    }

    fn heard(self) -> Heard {
        Heard {
            statements: self.statements.into_values().collect(),
            refused: self.refused.into_values().collect(),
            alarms: self.alarms,
            broken: self.broken,
            newest: self.newest.into_iter().map(|(name, (_, id))| (name, id)).collect(),
        }
    }
}

/// Where our log of a key stands.
fn ours(name: &str) -> String {
    format!("{LOGS}{name}")
}

/// The logs of people that somebody else has written into: what their holders said since, an objection, say, may
/// be missing. Those of strangers matter to nobody.
fn broken_logs(heard: &Heard, signers: &Signers) -> Vec<Refusal> {
    let broken = signers.lines().iter().filter_map(|line| {
        let refusal = heard.broken.get(&line.key.fingerprint_hex())?.clone();
        let fingerprint = line.key.fingerprint();
        Some(Refusal::BrokenLog { fingerprint, refusal: Box::new(refusal) })
    });
    let mut broken: Vec<_> = broken.collect();
    broken.dedup();
    broken
}

fn commit_of<'r>(repository: &'r Repository, revision: &Revision) -> Result<Commit<'r>, RepoError> {
    Ok(repository.find_commit(Oid::from_str(&revision.id())?)?)
}
