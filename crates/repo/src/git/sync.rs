//! Fetch, merge, push: one command that brings a branch and its remote together.
//!
//! An address from `.git/config` is used only after the person confirmed it: a folder that came from somebody else can
//! name any server, and the server would be handed a login.

use git2::{Oid, Repository};

use super::statements::Logs;
use super::transfer::{Refusal, Transfer};
use super::undo::Doing;
use super::{
    Address, Follow, GitError, MergeRequest, Merged, Resolution, Resolutions, Statements,
    TextMerger,
};
use crate::When;
use crate::commit::Identity;
use crate::workspace::Workspace;

/// How often a push that came second is tried again after fetching what came first.
const TRIES: usize = 3;

/// A remote as the repository's configuration names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteInfo {
    /// Its name.
    pub name: String,
    /// Its address, where that is one Assay uses; else why not.
    pub address: Result<Address, String>,
}

/// What to bring together, and how.
pub struct SyncRequest<'a> {
    /// The remote; else the branch's own, else the only one.
    pub remote: Option<&'a str>,
    /// Whether the person has confirmed the address for this repository.
    pub confirmed: &'a dyn Fn(&Address) -> bool,
    /// Whether to send what is new here.
    pub push: bool,
    /// The logs of the keys that sign here, by name: they are sent. What others signed is fetched in any case.
    pub logs: &'a [String],
    /// Decisions on conflicts that an earlier call gave.
    pub resolutions: &'a Resolutions,
    /// What merges texts before git's line merge does.
    pub merger: &'a dyn TextMerger,
    /// The time of a merge's commit.
    pub when: When,
    /// Who commits a merge, where git's configuration does not say.
    pub fallback: Option<&'a Identity>,
    /// Who follows.
    pub follow: &'a dyn Follow,
}

/// What became of the sending part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pushed {
    /// It was not asked for, or a conflict came first.
    Not,
    /// The other side has everything.
    Nothing,
    /// So many commits went there.
    Sent {
        /// Commits that were new there.
        commits: usize,
    },
}

/// What a sync did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Synced {
    /// The remote's name.
    pub remote: String,
    /// Its address.
    pub address: Address,
    /// The branch.
    pub branch: String,
    /// What became of the other side's commits.
    pub merged: Merged,
    /// What became of ours.
    pub pushed: Pushed,
    /// What became of signed statements.
    pub statements: Statements,
}

impl Workspace {
    /// The remotes, by name.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub fn remotes(&self) -> Result<Vec<RemoteInfo>, GitError> {
        let repository = self.repository()?;
        let mut found = Vec::new();
        for name in repository.remotes()?.iter().flatten().flatten() {
            let address = configured(&repository, name).map_err(|error| error.to_string());
            found.push(RemoteInfo { name: name.to_owned(), address });
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    /// The remote that a sync goes to: the one that is asked for, else the branch's own, else the only one.
    ///
    /// # Errors
    /// [`GitError::NoRemote`] when none is known, or more than one and none is chosen.
    pub fn remote_for(&self, asked: Option<&str>) -> Result<String, GitError> {
        match asked {
            Some(name) => Ok(name.to_owned()),
            None => default_remote(self, &self.repository()?),
        }
    }

    /// Brings what is new at a remote here, without touching a branch or the worktree.
    ///
    /// # Errors
    /// When the address is not confirmed, or the other side cannot be reached.
    pub fn fetch(&self, request: &SyncRequest<'_>) -> Result<Statements, GitError> {
        self.undoable("fetch", request.when, |doing| {
            doing.waits()?;
            let (remote, address) = self.target(doing.repository, request)?;
            let logs =
                Logs { repository: doing.repository, remote: &remote, address: &address, request };
            let mut told = Statements::default();
            logs.fetch(vec![branches_of(&remote)], &mut told)?;
            Ok(told)
        })
    }

    /// Fetches, merges into the branch that is checked out, and sends it.
    ///
    /// # Errors
    /// When the address is not confirmed, the other side cannot be reached, or changes that were not committed would be
    /// overwritten. [`GitError::Hooked`] when a folder's hook is to decide on what is sent; what was merged stays.
    /// Conflicts are no error: see [`Synced::merged`].
    pub fn sync(&self, request: &SyncRequest<'_>) -> Result<Synced, GitError> {
        self.undoable("sync", request.when, |doing| self.sync_now(doing, request))
    }

    fn sync_now(
        &self,
        doing: &mut Doing<'_>,
        request: &SyncRequest<'_>,
    ) -> Result<Synced, GitError> {
        let repository = doing.repository;
        let branch = self.branch().ok_or(GitError::NoBranch)?;
        let (remote, address) = self.target(repository, request)?;
        let logs = Logs { repository, remote: &remote, address: &address, request };
        let mut statements = Statements::default();
        let (texts, whole_files) = decided(request.resolutions);
        let mut merged = Merged::UpToDate;
        if !texts.is_empty() {
            // A text was decided on for what had come by then. What comes now may have more in the same file.
            merged =
                self.merge_fetched(repository, &remote, &branch, request.resolutions, request)?;
        }
        let mut tried = 1;
        let pushed = loop {
            if matches!(merged, Merged::Conflicts { .. }) {
                break Ok(Pushed::Not);
            }
            doing.waits()?;
            logs.fetch(vec![branches_of(&remote)], &mut statements)?;
            doing.goes_on()?;
            match self.merge_fetched(repository, &remote, &branch, &whole_files, request)? {
                // What an earlier try merged is what is told.
                Merged::UpToDate => {}
                new => merged = new,
            }
            if tried == 1 && texts.is_empty() && matches!(merged, Merged::Conflicts { .. }) {
                let there = upstream_name(repository, &remote, &branch);
                let revision = format!("refs/remotes/{remote}/{there}");
                self.require_disputed(repository, &revision, &whole_files)?;
            }
            if matches!(merged, Merged::Conflicts { .. }) || !request.push {
                break Ok(Pushed::Not);
            }
            doing.waits()?;
            match self.push_branch(doing, &remote, &branch, &address, request) {
                // Somebody else was faster: take theirs, then send again.
                Err(GitError::Rejected { .. }) if tried < TRIES => tried += 1,
                done => break done,
            }
        };
        // What was said waits for no branch: a reviewer may have one that conflicts, or that the other side protects.
        if request.push && matches!(pushed, Ok(_) | Err(GitError::Rejected { .. })) {
            logs.send(&mut statements);
        }
        let pushed = pushed?;
        Ok(Synced { remote, address, branch, merged, pushed, statements })
    }

    /// The remote to use, with its confirmed address.
    fn target(
        &self,
        repository: &Repository,
        request: &SyncRequest<'_>,
    ) -> Result<(String, Address), GitError> {
        let name = match request.remote {
            Some(name) => name.to_owned(),
            None => default_remote(self, repository)?,
        };
        let address = configured(repository, &name)?;
        if (request.confirmed)(&address) {
            return Ok((name, address));
        }
        Err(GitError::Unconfirmed { remote: name, url: address.to_string() })
    }

    fn merge_fetched(
        &self,
        repository: &Repository,
        remote: &str,
        branch: &str,
        resolutions: &Resolutions,
        request: &SyncRequest<'_>,
    ) -> Result<Merged, GitError> {
        let there = upstream_name(repository, remote, branch);
        let revision = format!("refs/remotes/{remote}/{there}");
        if repository.find_reference(&revision).is_err() {
            // The branch is new: there is nothing to merge.
            return Ok(Merged::UpToDate);
        }
        let message = format!("Merge {remote}/{there} into {branch}");
        self.merge_into_head(
            repository,
            &MergeRequest {
                revision: &revision,
                message: Some(&message),
                resolutions,
                merger: request.merger,
                when: request.when,
                fallback: request.fallback,
                follow: request.follow,
            },
        )
    }

    fn push_branch(
        &self,
        doing: &mut Doing<'_>,
        remote: &str,
        branch: &str,
        address: &Address,
        request: &SyncRequest<'_>,
    ) -> Result<Pushed, GitError> {
        let repository = doing.repository;
        let Ok(tip) = repository.refname_to_id(&format!("refs/heads/{branch}")) else {
            // Nothing was committed yet.
            return Ok(Pushed::Nothing);
        };
        let there = upstream_name(repository, remote, branch);
        let tracking = format!("refs/remotes/{remote}/{there}");
        let is_new = repository.find_reference(&tracking).is_err();
        let commits = new_commits(repository, tip, remote)?;
        let moves = is_new || commits > 0;
        if !moves {
            return Ok(Pushed::Nothing);
        }
        let spec = format!("refs/heads/{branch}:refs/heads/{there}");
        let transfer = Transfer { address, follow: request.follow };
        let refused = transfer.push(repository, remote, &[spec])?;
        if let Some(Refusal { reference, reason }) = refused.into_iter().next() {
            return Err(GitError::Rejected { host: address.place(), reference, reason });
        }
        repository.reference(&tracking, tip, true, "assay: push")?;
        follow_remote(repository, remote, branch, &there)?;
        doing.sent.push(format!("{branch} to {remote}"));
        Ok(Pushed::Sent { commits })
    }
}

/// The decisions that are texts, and those that take a file from one side, whatever it holds.
fn decided(resolutions: &Resolutions) -> (Resolutions, Resolutions) {
    let is_text = |(_, one): &(&String, &Resolution)| matches!(one, Resolution::Text(_));
    let all = resolutions.iter();
    let (texts, whole): (Vec<_>, Vec<_>) = all.partition(is_text);
    let owned = |some: Vec<(&String, &Resolution)>| {
        some.into_iter().map(|(path, one)| (path.clone(), one.clone())).collect()
    };
    (owned(texts), owned(whole))
}

/// What a fetch asks for of a remote's branches.
fn branches_of(remote: &str) -> String {
    format!("+refs/heads/*:refs/remotes/{remote}/*")
}

/// The address that the repository's configuration has for a remote, before anything rewrites it.
fn configured(repository: &Repository, name: &str) -> Result<Address, GitError> {
    let unknown = || GitError::Unknown { what: "remote", name: name.to_owned() };
    let config = repository.config()?;
    let url = config.get_string(&format!("remote.{name}.url")).map_err(|_| unknown())?;
    Address::parse(&url)
}

/// The branch's own remote, else `origin`, else the only one.
fn default_remote(workspace: &Workspace, repository: &Repository) -> Result<String, GitError> {
    let known: Vec<String> =
        repository.remotes()?.iter().flatten().flatten().map(str::to_owned).collect();
    let branch = workspace.branch().unwrap_or_default();
    let own = repository.config()?.get_string(&format!("branch.{branch}.remote")).ok();
    let is_known = |name: &String| known.contains(name);
    let chosen = own.filter(is_known).or_else(|| Some("origin".to_owned()).filter(is_known));
    match (chosen, known.as_slice()) {
        (Some(name), _) => Ok(name),
        (None, [only]) => Ok(only.clone()),
        (None, _) => Err(GitError::NoRemote { known }),
    }
}

/// The name that a branch has at a remote: as configured, else its own.
fn upstream_name(repository: &Repository, remote: &str, branch: &str) -> String {
    let read = |key: &str| {
        let config = repository.config().ok()?;
        config.get_string(&format!("branch.{branch}.{key}")).ok()
    };
    let is_here = read("remote").as_deref() == Some(remote);
    let configured = read("merge").filter(|_| is_here);
    let short = configured.and_then(|name| Some(name.strip_prefix("refs/heads/")?.to_owned()));
    short.unwrap_or_else(|| branch.to_owned())
}

/// How many commits a tip has that no fetched branch of the remote has.
fn new_commits(repository: &Repository, tip: Oid, remote: &str) -> Result<usize, GitError> {
    let mut walk = repository.revwalk()?;
    walk.push(tip)?;
    walk.hide_glob(&format!("refs/remotes/{remote}/*"))?;
    Ok(walk.count())
}

/// Remembers where a branch goes, the first time it goes anywhere.
fn follow_remote(
    repository: &Repository,
    remote: &str,
    branch: &str,
    there: &str,
) -> Result<(), GitError> {
    let mut config = repository.config()?;
    if config.get_string(&format!("branch.{branch}.remote")).is_ok() {
        return Ok(());
    }
    config.set_str(&format!("branch.{branch}.remote"), remote)?;
    Ok(config.set_str(&format!("branch.{branch}.merge"), &format!("refs/heads/{there}"))?)
}
