//! Changes that stay with the branch they were made on.
//!
//! Git's stash is a pile that knows no branch. Here what was changed and not committed is pinned under
//! `refs/assay/drafts/BRANCH` when a person leaves with it, and comes back when they return. Nothing is merged on the
//! way: drafts come back only where the commits they were made on have the files they touch alike. The pin is a commit
//! of the files; its second parent has the index, because what was staged may be another thing than what is on disk.

use git2::{Repository, Signature, Time, Tree};

use super::back::write_entries;
use super::snapshot::{self, At, Difference, State, differences};
use super::{GitError, checkout};
use crate::workspace::Workspace;
use crate::{When, filtered};

/// Where drafts are pinned.
fn name_of(branch: &str) -> String {
    format!("refs/assay/drafts/{branch}")
}

/// Whether a branch has drafts that wait for it.
pub(super) fn are_waiting(repository: &Repository, branch: &str) -> bool {
    repository.find_reference(&name_of(branch)).is_ok()
}

/// Lets the drafts of a branch go with it.
pub(super) fn forget(repository: &Repository, branch: &str) -> Result<(), GitError> {
    if let Ok(mut reference) = repository.find_reference(&name_of(branch)) {
        reference.delete()?;
    }
    Ok(())
}

/// Keeps the drafts of a branch under its new name.
pub(super) fn rename(repository: &Repository, branch: &str, to: &str) -> Result<(), GitError> {
    if let Ok(mut reference) = repository.find_reference(&name_of(branch)) {
        reference.rename(&name_of(to), true, "assay: branch renamed")?;
    }
    Ok(())
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
    require_resettable(workspace, repository, &files, &changed)?;
    let time = Time::new(when.seconds, when.offset_minutes);
    let author = Signature::new("Assay", "drafts@assay.invalid", &time)?;
    let message = format!("drafts of {branch}");
    let index = repository.find_tree(state.index)?;
    let staged = repository.commit(None, &author, &author, &message, &index, &[&head])?;
    let staged = repository.find_commit(staged)?;
    let id = repository.commit(None, &author, &author, &message, &files, &[&head, &staged])?;
    repository.reference(&name_of(branch), id, false, "assay: drafts kept")?;
    reset(workspace, repository, &head.tree()?, &changed)?;
    Ok(changed.into_iter().map(|difference| difference.path).collect())
}

/// Refuses where bringing files back to HEAD would lose something, before anything is done.
fn require_resettable(
    workspace: &Workspace,
    repository: &Repository,
    now: &Tree<'_>,
    changed: &[Difference],
) -> Result<(), GitError> {
    checkout::require_unlocked(repository)?;
    if let Some(path) = checkout::taken(workspace.root(), now, changed) {
        return Err(GitError::InTheWay { paths: vec![path.to_owned()] });
    }
    let config = repository.config()?;
    for difference in changed.iter().filter(|difference| difference.before.is_some()) {
        filtered::require_plain(repository, &config, &difference.path)?;
    }
    Ok(())
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
    let there = changed.iter().filter(|difference| difference.before.is_some());
    let there: Vec<_> = there.map(|difference| difference.path.as_str()).collect();
    checkout::over(repository, workspace.root(), head, &there)?;
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
    let now = State::take(workspace)?;
    let on_disk = repository.find_tree(now.files)?;
    let staged = match kept.parent(1) {
        Ok(staged) => staged_changes(repository, &base, &staged.tree()?)?,
        Err(_) => Vec::new(),
    };
    let index = repository.find_tree(now.index)?;
    // Compared with what is there, so that neither a new commit nor a new change is overwritten.
    let is_free = fits(&on_disk, &changed) && fits(&index, &staged);
    if !is_free || checkout::taken(workspace.root(), &on_disk, &backwards(&changed)).is_some() {
        return Ok(None);
    }
    checkout::require_unlocked(repository)?;
    for gone in changed.iter().filter(|difference| difference.after.is_none()) {
        checkout::remove(workspace.root(), &gone.path)?;
    }
    for Difference { path, after, .. } in &changed {
        checkout::bytes(repository, workspace.root(), path, *after)?;
    }
    write_entries(workspace, staged.iter().map(|one| (one.path.as_str(), one.after)))?;
    reference.delete()?;
    Ok(Some(changed.into_iter().map(|difference| difference.path).collect()))
}

/// Whether each path is as it was before a change, or as it is after it.
fn fits(now: &Tree<'_>, changed: &[Difference]) -> bool {
    changed.iter().all(|difference| {
        let found: At = snapshot::at(now, &difference.path);
        found == difference.before || found == difference.after
    })
}

/// What was staged, as differences of index trees.
fn staged_changes(
    repository: &Repository,
    base: &Tree<'_>,
    staged: &Tree<'_>,
) -> Result<Vec<Difference>, GitError> {
    let Some(staged) = staged.get_name("s0") else { return Ok(Vec::new()) };
    let mut changed = differences(repository, base, &repository.find_tree(staged.id())?)?;
    for difference in &mut changed {
        difference.path.insert_str(0, "s0/");
    }
    Ok(changed)
}

/// The same changes the other way round.
fn backwards(changed: &[Difference]) -> Vec<Difference> {
    let turned = |one: &Difference| Difference {
        path: one.path.clone(),
        before: one.after,
        after: one.before,
    };
    changed.iter().map(turned).collect()
}
