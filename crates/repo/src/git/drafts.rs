//! Changes that stay with the branch they were made on.
//!
//! Git's stash is a pile that knows no branch. Here what was changed and not committed is pinned under
//! `refs/assay/drafts/BRANCH` when a person leaves with it, and comes back when they return. Nothing is merged on the
//! way: drafts come back only where the commits they were made on have the files they touch alike.

use git2::{Repository, Signature, Time, Tree};

use super::snapshot::{self, Difference, State, differences};
use super::{GitError, checkout};
use crate::When;
use crate::workspace::Workspace;

/// Where drafts are pinned.
fn name_of(branch: &str) -> String {
    format!("refs/assay/drafts/{branch}")
}

/// Whether a branch has drafts that wait for it.
pub(super) fn are_waiting(repository: &Repository, branch: &str) -> bool {
    repository.find_reference(&name_of(branch)).is_ok()
}

/// Pins what differs from HEAD and takes it out of worktree and index; the files it was in.
pub(super) fn put_away(
    workspace: &Workspace,
    repository: &Repository,
    branch: &str,
    when: When,
) -> Result<Vec<String>, GitError> {
    if are_waiting(repository, branch) {
        return Err(GitError::DraftsWaiting { branch: branch.to_owned() });
    }
    let head = repository.head()?.peel_to_commit()?;
    let state = State::take(workspace)?;
    let files = repository.find_tree(state.files)?;
    let changed = differences(repository, &head.tree()?, &files)?;
    let time = Time::new(when.seconds, when.offset_minutes);
    let author = Signature::new("Assay", "drafts@assay.invalid", &time)?;
    let message = format!("drafts of {branch}");
    let id = repository.commit(None, &author, &author, &message, &files, &[&head])?;
    repository.reference(&name_of(branch), id, false, "assay: drafts kept")?;
    reset(workspace, repository, &head.tree()?, &changed)?;
    Ok(changed.into_iter().map(|difference| difference.path).collect())
}

/// Brings the changed files and the index back to HEAD.
fn reset(
    workspace: &Workspace,
    repository: &Repository,
    head: &Tree<'_>,
    changed: &[Difference],
) -> Result<(), GitError> {
    for new in changed.iter().filter(|difference| difference.before.is_none()) {
        checkout::remove(workspace.root(), &new.path)?;
    }
    let there: Vec<_> = changed.iter().filter(|difference| difference.before.is_some()).collect();
    checkout::over(repository, head, &there, false)?;
    let repository = workspace.repository()?;
    let mut index = repository.index()?;
    index.read_tree(&repository.find_tree(head.id())?)?;
    index.write().map_err(|error| GitError::from_git(workspace.root(), error))
}

/// Brings a branch's drafts back to the worktree; the files, or nothing while they cannot come.
pub(super) fn bring_back(
    workspace: &Workspace,
    repository: &Repository,
    branch: &str,
) -> Result<Option<Vec<String>>, GitError> {
    let Ok(mut reference) = repository.find_reference(&name_of(branch)) else {
        return Ok(Some(Vec::new()));
    };
    let kept = reference.peel_to_commit()?;
    let (base, files) = (kept.parent(0)?.tree()?, kept.tree()?);
    let changed = differences(repository, &base, &files)?;
    let now = repository.find_tree(State::take(workspace)?.files)?;
    // Compared with what is on disk, so that neither a new commit nor a new change is overwritten.
    if changed.iter().any(|difference| snapshot::at(&now, &difference.path) != difference.before) {
        return Ok(None);
    }
    for gone in changed.iter().filter(|difference| difference.after.is_none()) {
        checkout::remove(workspace.root(), &gone.path)?;
    }
    let there: Vec<_> = changed.iter().filter(|difference| difference.after.is_some()).collect();
    checkout::over(repository, &files, &there, true)?;
    reference.delete()?;
    Ok(Some(changed.into_iter().map(|difference| difference.path).collect()))
}
