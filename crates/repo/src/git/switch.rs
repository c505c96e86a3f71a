//! Going to another branch, without a stash.
//!
//! Changes of files that both branches have alike go along, as with plain git. Where a change would be overwritten, a
//! person chooses: stay, or leave all changes with the branch they were made on until they come back.

use git2::{BranchType, Repository};

use super::branch::{commit_at, make, require_name};
use super::{Follow, GitError, checkout, drafts, worktrees};
use crate::When;
use crate::commit;
use crate::workspace::Workspace;

/// What becomes of changes that were not committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drafts {
    /// They go along, or the switch is refused.
    Carry,
    /// They go along where they can; else all of them stay with the branch that is left.
    KeepIfInTheWay,
    /// They stay with the branch that is left.
    Keep,
}

/// What a switch did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switched {
    /// The branch that was left; none when HEAD was detached.
    pub from: Option<String>,
    /// The branch that commits go to now.
    pub to: String,
    /// Files whose changes stayed with the branch that was left.
    pub kept: Vec<String>,
    /// Files whose changes came back.
    pub back: Vec<String>,
    /// Changes wait for this branch and could not come back, because their files differ by now.
    pub waiting: bool,
}

impl Workspace {
    /// Goes to a branch. One that was only fetched (`origin/x`, or `x` where one remote has it) gets a local branch
    /// that follows it. With `create` the branch is made first, at `at` or at HEAD.
    ///
    /// # Errors
    /// [`GitError::InTheWay`] when changes would be overwritten and `drafts` says that they go along; nothing was
    /// changed then.
    pub fn switch(
        &self,
        name: &str,
        create: Option<Option<&str>>,
        drafts: Drafts,
        when: When,
        follow: &dyn Follow,
    ) -> Result<Switched, GitError> {
        require_name(name)?;
        commit::require_no_merge(&self.repository()?)?;
        if self.branch().as_deref() == Some(name) && create.is_none() {
            return self.return_to(name, when);
        }
        self.undoable(&format!("switch {name}"), when, |doing| {
            let repository = doing.repository;
            let (branch, is_new) = match create {
                Some(at) => {
                    make(repository, name, &commit_at(self, repository, at)?)?;
                    (name.to_owned(), true)
                }
                None => local_branch(repository, name)?,
            };
            let went = self.go_to(repository, &branch, drafts, when, follow);
            if went.is_err() && is_new {
                super::branch::find(repository, &branch)?.delete()?;
            }
            went
        })
    }

    /// Switching to where one is brings back the drafts that could not come before.
    fn return_to(&self, name: &str, when: When) -> Result<Switched, GitError> {
        self.undoable(&format!("switch {name}"), when, |doing| {
            let back = drafts::bring_back(self, doing.repository, name)?;
            let waiting = back.is_none();
            let (from, to) = (Some(name.to_owned()), name.to_owned());
            Ok(Switched { from, to, kept: Vec::new(), back: back.unwrap_or_default(), waiting })
        })
    }

    fn go_to(
        &self,
        repository: &Repository,
        branch: &str,
        choice: Drafts,
        when: When,
        follow: &dyn Follow,
    ) -> Result<Switched, GitError> {
        let from = self.branch();
        worktrees::require_not_elsewhere(repository, branch)?;
        let target = super::branch::find(repository, branch)?.into_reference().peel_to_commit()?;
        checkout::require_known_files(repository, target.as_object())?;
        let mut kept = Vec::new();
        if choice == Drafts::Keep {
            kept = self.put_drafts_away(repository, from.as_deref(), when)?;
        }
        let mut went = checkout::safely(repository, target.as_object(), follow);
        if choice == Drafts::KeepIfInTheWay && matches!(went, Err(GitError::InTheWay { .. })) {
            kept = self.put_drafts_away(repository, from.as_deref(), when)?;
            went = checkout::safely(repository, target.as_object(), follow);
        }
        if went.is_err()
            && !kept.is_empty()
            && let Some(from) = &from
        {
            // Whoever stays keeps the changes at hand.
            drafts::bring_back(self, repository, from)?;
        }
        went?;
        repository.set_head(&format!("refs/heads/{branch}"))?;
        let back = drafts::bring_back(self, repository, branch)?;
        Ok(Switched {
            from,
            to: branch.to_owned(),
            kept,
            waiting: back.is_none(),
            back: back.unwrap_or_default(),
        })
    }

    fn put_drafts_away(
        &self,
        repository: &Repository,
        from: Option<&str>,
        when: When,
    ) -> Result<Vec<String>, GitError> {
        if self.changes()?.is_empty() {
            return Ok(Vec::new());
        }
        drafts::put_away(self, repository, from.ok_or(GitError::NoBranch)?, when)
    }
}

/// The local branch of that name, and whether it was made because only a fetched one had it.
fn local_branch(repository: &Repository, name: &str) -> Result<(String, bool), GitError> {
    if repository.find_branch(name, BranchType::Local).is_ok() {
        return Ok((name.to_owned(), false));
    }
    let unknown = || GitError::Unknown { what: "branch", name: name.to_owned() };
    let (remote, short) = fetched(repository, name)?.ok_or_else(unknown)?;
    if repository.find_branch(&short, BranchType::Local).is_ok() {
        return Ok((short, false));
    }
    let upstream = format!("{remote}/{short}");
    let found = repository.find_branch(&upstream, BranchType::Remote).map_err(|_| unknown())?;
    let mut branch = make(repository, &short, &found.get().peel_to_commit()?)?;
    branch.set_upstream(Some(&upstream))?;
    Ok((short, true))
}

/// The one remote that has a branch of that name, and the branch's name there.
fn fetched(repository: &Repository, name: &str) -> Result<Option<(String, String)>, GitError> {
    let remotes = repository.remotes()?;
    let remotes: Vec<String> = remotes.iter().flatten().flatten().map(str::to_owned).collect();
    let has = |remote: &str, short: &str| {
        repository.find_branch(&format!("{remote}/{short}"), BranchType::Remote).is_ok()
    };
    for remote in &remotes {
        let short = name.strip_prefix(remote.as_str()).and_then(|rest| rest.strip_prefix('/'));
        if let Some(short) = short.filter(|short| has(remote, short)) {
            return Ok(Some((remote.clone(), short.to_owned())));
        }
    }
    let mut having = remotes.into_iter().filter(|remote| has(remote, name));
    Ok(match (having.next(), having.next()) {
        (Some(remote), None) => Some((remote, name.to_owned())),
        _ => None,
    })
}
