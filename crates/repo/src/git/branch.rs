//! Branches: what there are, how far they are from where they come from, and making and deleting them.

use git2::{Branch, BranchType, Commit, Repository};

use super::{ByLines, GitError, MergeRequest, Resolutions, Unfollowed};
use super::{drafts, worktrees};
use crate::commit::CommitInfo;
use crate::review::refs::is_of_logs;
use crate::workspace::Workspace;
use crate::{Revision, When};

/// A branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchInfo {
    /// Its name: `main`, or `origin/main` of one that was fetched.
    pub name: String,
    /// Whether it was fetched from a remote.
    pub remote: bool,
    /// Whether commits go to it.
    pub current: bool,
    /// Its last commit.
    pub tip: CommitInfo,
    /// The fetched branch it follows: `origin/main`.
    pub upstream: Option<String>,
    /// How many commits it has that its upstream lacks.
    pub ahead: usize,
    /// How many commits its upstream has that it lacks.
    pub behind: usize,
    /// Whether changes that were never committed wait for it.
    pub drafts: bool,
}

impl Workspace {
    /// The branches, the local ones first, each part by name.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub fn branches(&self) -> Result<Vec<BranchInfo>, GitError> {
        let repository = self.repository()?;
        let mut found = Vec::new();
        for branch in repository.branches(None)? {
            let (branch, kind) = branch?;
            // `origin/HEAD` is another name of a branch that is listed by its own.
            let is_alias = branch.get().symbolic_target_bytes().is_some();
            // Logs of statements stand on branches where a server takes nothing else.
            if is_alias || branch.get().name().is_ok_and(is_of_logs) {
                continue;
            }
            // A name that is no text, or that leads to no commit, cannot be switched to.
            if let Some(info) = info(&repository, &branch, kind) {
                found.push(info);
            }
        }
        found.sort_by(|a, b| (a.remote, &a.name).cmp(&(b.remote, &b.name)));
        Ok(found)
    }

    /// Makes a branch at a revision, or at HEAD. The worktree stays where it is.
    ///
    /// # Errors
    /// When the name is taken or none, or the revision is no commit.
    pub fn create_branch(&self, name: &str, at: Option<&str>, when: When) -> Result<(), GitError> {
        require_name(name)?;
        self.undoable(&format!("branch {name}"), when, |doing| {
            let commit = commit_at(self, doing.repository, at)?;
            make(doing.repository, name, &commit).map(drop)
        })
    }

    /// Deletes a branch. Without `force`, only one whose commits another branch has.
    ///
    /// # Errors
    /// [`GitError::CheckedOut`], [`GitError::Unmerged`], or when there is none.
    pub fn delete_branch(&self, name: &str, force: bool, when: When) -> Result<(), GitError> {
        self.undoable(&format!("branch --delete {name}"), when, |doing| {
            let mut branch = find(doing.repository, name)?;
            if branch.is_head() {
                return Err(GitError::CheckedOut { name: name.to_owned() });
            }
            worktrees::require_not_elsewhere(doing.repository, name)?;
            if !force && drafts::are_waiting(doing.repository, name) {
                return Err(GitError::DraftsWaiting { branch: name.to_owned() });
            }
            if !force && !is_elsewhere(doing.repository, &branch)? {
                return Err(GitError::Unmerged { name: name.to_owned() });
            }
            branch.delete()?;
            drafts::forget(doing.repository, name)
        })
    }

    /// Moves a branch forward to a commit that has its tip in its past. Where the branch is checked out, the
    /// worktree goes along. `command` is what an undo is told to take back.
    ///
    /// # Errors
    /// [`GitError::ChangedSince`] when the branch has commits that the other has not; [`GitError::InTheWay`] when
    /// changes that were not committed would be overwritten.
    pub fn advance_branch(
        &self,
        name: &str,
        to: &Revision,
        command: &str,
        when: When,
    ) -> Result<(), GitError> {
        self.undoable(command, when, |doing| {
            let repository = doing.repository;
            let (tip, to) = (find(repository, name)?.get().peel_to_commit()?.id(), to.id());
            let next = git2::Oid::from_str(&to)?;
            if next != tip && !repository.graph_descendant_of(next, tip)? {
                let (command, what) = (command.to_owned(), name.to_owned());
                return Err(GitError::ChangedSince { command, what });
            }
            if self.branch().as_deref() != Some(name) {
                worktrees::require_not_elsewhere(repository, name)?;
                let reference = format!("refs/heads/{name}");
                repository.reference_matching(&reference, next, true, tip, "assay: advance")?;
                return Ok(());
            }
            let request = MergeRequest {
                revision: &to,
                message: None,
                resolutions: &Resolutions::new(),
                merger: &ByLines,
                when,
                fallback: None,
                follow: &Unfollowed,
            };
            self.merge_into_head(repository, &request).map(drop)
        })
    }

    /// Gives a branch another name.
    ///
    /// # Errors
    /// When there is none, or the new name is taken or none.
    pub fn rename_branch(&self, name: &str, to: &str, when: When) -> Result<(), GitError> {
        require_name(to)?;
        self.undoable(&format!("branch --rename {name} {to}"), when, |doing| {
            let mut branch = find(doing.repository, name)?;
            match branch.rename(to, false) {
                Ok(_) => drafts::rename(doing.repository, name, to),
                Err(error) if error.code() == git2::ErrorCode::Exists => {
                    Err(GitError::Exists { what: "branch", name: to.to_owned() })
                }
                Err(error) => Err(error.into()),
            }
        })
    }
}

fn info(repository: &Repository, branch: &Branch<'_>, kind: BranchType) -> Option<BranchInfo> {
    let name = branch.name().ok()??.to_owned();
    let tip = branch.get().peel_to_commit().ok()?;
    let remote = kind == BranchType::Remote;
    let upstream = (!remote).then(|| branch.upstream().ok()).flatten();
    let far = |upstream: &Branch<'_>| {
        let there = upstream.get().peel_to_commit().ok()?.id();
        repository.graph_ahead_behind(tip.id(), there).ok()
    };
    let (ahead, behind) = upstream.as_ref().and_then(far).unwrap_or_default();
    Some(BranchInfo {
        drafts: !remote && drafts::are_waiting(repository, &name),
        name,
        remote,
        current: branch.is_head(),
        tip: CommitInfo::of(&tip),
        upstream: upstream.and_then(|upstream| Some(upstream.name().ok()??.to_owned())),
        ahead,
        behind,
    })
}

/// Refuses what git would not take for a branch, and what the command line would take for an option.
pub(super) fn require_name(name: &str) -> Result<(), GitError> {
    match Branch::name_is_valid(name) {
        Ok(true) if !name.starts_with('-') && name != "HEAD" => Ok(()),
        _ => Err(GitError::BadName { what: "branch", name: name.to_owned() }),
    }
}

/// The local branch of that name.
pub(super) fn find<'r>(repository: &'r Repository, name: &str) -> Result<Branch<'r>, GitError> {
    repository
        .find_branch(name, BranchType::Local)
        .map_err(|_| GitError::Unknown { what: "branch", name: name.to_owned() })
}

/// Makes a local branch.
pub(super) fn make<'r>(
    repository: &'r Repository,
    name: &str,
    commit: &Commit<'_>,
) -> Result<Branch<'r>, GitError> {
    repository.branch(name, commit, false).map_err(|error| match error.code() {
        git2::ErrorCode::Exists => GitError::Exists { what: "branch", name: name.to_owned() },
        _ => error.into(),
    })
}

/// The commit of a revision, or HEAD's.
pub(super) fn commit_at<'r>(
    workspace: &Workspace,
    repository: &'r Repository,
    at: Option<&str>,
) -> Result<Commit<'r>, GitError> {
    let id = match at {
        Some(name) => workspace.revision(name)?.id(),
        None => workspace.head().ok_or(GitError::NoCommit)?,
    };
    Ok(repository.find_commit(git2::Oid::from_str(&id)?)?)
}

/// Whether another branch, local or fetched, has all commits of this one.
fn is_elsewhere(repository: &Repository, branch: &Branch<'_>) -> Result<bool, GitError> {
    let tip = branch.get().peel_to_commit()?.id();
    for other in repository.branches(None)?.flatten() {
        let other = other.0;
        let is_itself = other.get().name_bytes() == branch.get().name_bytes();
        let Ok(commit) = other.get().peel_to_commit() else { continue };
        if !is_itself && (commit.id() == tip || repository.graph_descendant_of(commit.id(), tip)?) {
            return Ok(true);
        }
    }
    Ok(false)
}
