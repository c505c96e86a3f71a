//! What taking a command back will do, whether it may, and doing it.

use std::collections::BTreeSet;
use std::path::Path;

use git2::{ConfigLevel, Oid, Repository, Tree};

use super::snapshot::{self, At, Difference, Refs, State, differences, is_setting, plain_entry};
use super::{GitError, checkout, worktrees};
use crate::workspace::Workspace;

/// A reference or setting: name, value before, value after.
type RefChange = (String, Option<String>, Option<String>);

/// The way back from one state to another.
pub(super) struct Back {
    pub(super) refs: Vec<RefChange>,
    /// Paths of the index tree.
    index: Vec<Difference>,
    pub(super) files: Vec<Difference>,
    /// Index and files before, for what has to be written.
    before: (Oid, Oid),
}

impl Back {
    pub(super) fn between(
        repository: &Repository,
        before: &State,
        after: &State,
    ) -> Result<Self, GitError> {
        let tree = |id| repository.find_tree(id);
        Ok(Self {
            refs: changed_refs(&before.refs, &after.refs),
            index: differences(repository, &tree(before.index)?, &tree(after.index)?)?,
            files: differences(repository, &tree(before.files)?, &tree(after.files)?)?,
            before: (before.index, before.files),
        })
    }

    /// The same without branches and tags. A command moves its own last, so one that has moved when it fails is another
    /// program's, and what was fetched is as true as before.
    pub(super) fn but_branches(mut self) -> Self {
        self.refs.retain(|(name, ..)| name == "HEAD" || name.starts_with("refs/assay/"));
        self
    }

    /// Refuses where something is neither as the command made it nor as it was before, where another file would be
    /// written over, and where another worktree stands on a branch that would move.
    pub(super) fn require_possible(
        &self,
        workspace: &Workspace,
        repository: &Repository,
        command: &str,
        now: &State,
    ) -> Result<(), GitError> {
        let (files, index) = (repository.find_tree(now.files)?, repository.find_tree(now.index)?);
        let changed = self
            .changed_ref(now)
            .or_else(|| changed_path(&self.files, &files))
            .or_else(|| {
                changed_path(&self.index, &index).map(|path| path.trim_start_matches("s0/"))
            })
            .or_else(|| checkout::taken(workspace.root(), &files, &self.files));
        if let Some(what) = changed {
            let (command, what) = (command.to_owned(), what.to_owned());
            return Err(GitError::ChangedSince { command, what });
        }
        if !self.index.is_empty() {
            checkout::require_unlocked(repository)?;
        }
        self.require_not_elsewhere(repository)
    }

    fn changed_ref(&self, now: &State) -> Option<&str> {
        let is_known = |(name, before, after): &&RefChange| {
            let value = now.refs.get(name);
            value == after.as_ref() || value == before.as_ref()
        };
        self.refs.iter().find(|change| !is_known(change)).map(|(name, ..)| name.as_str())
    }

    fn require_not_elsewhere(&self, repository: &Repository) -> Result<(), GitError> {
        for (name, before, _) in &self.refs {
            let reference = match (name.as_str(), before) {
                ("HEAD", Some(before)) => before.trim_start_matches("ref: "),
                _ => name,
            };
            if let Some(branch) = reference.strip_prefix("refs/heads/") {
                worktrees::require_not_elsewhere(repository, branch)?;
            }
        }
        Ok(())
    }

    /// Files first, HEAD last: what is interrupted in between can be taken back again.
    pub(super) fn write(
        &self,
        workspace: &Workspace,
        repository: &Repository,
    ) -> Result<(), GitError> {
        self.write_files(workspace, repository)?;
        self.write_index(workspace)?;
        let is_head = |change: &&RefChange| change.0 == "HEAD";
        let (head, others): (Vec<_>, Vec<_>) = self.refs.iter().partition(is_head);
        // What goes makes room for what comes: a branch `a` and a branch `a/b` cannot both be there.
        let (gone, there): (Vec<_>, Vec<_>) =
            others.into_iter().partition(|(_, before, _)| before.is_none());
        for (name, before, _) in gone.into_iter().chain(there).chain(head) {
            set(repository, name, before.as_deref())?;
        }
        Ok(())
    }

    fn write_files(&self, workspace: &Workspace, repository: &Repository) -> Result<(), GitError> {
        for gone in self.files.iter().filter(|difference| difference.before.is_none()) {
            checkout::remove(workspace.root(), &gone.path)?;
        }
        let (index, files) =
            (repository.find_tree(self.before.0)?, repository.find_tree(self.before.1)?);
        let is_clean = |difference: &&Difference| {
            snapshot::at(&index, &format!("s0/{}", difference.path)) == difference.before
        };
        let there = self.files.iter().filter(|difference| difference.before.is_some());
        let (clean, raw): (Vec<_>, Vec<_>) = there.partition(is_clean);
        // A file that was as the index has it went through git's line endings; the others are bytes as they were.
        let clean: Vec<_> = clean.into_iter().map(|difference| difference.path.as_str()).collect();
        checkout::over(repository, workspace.root(), &files, &clean)?;
        for Difference { path, before, .. } in raw {
            checkout::bytes(repository, workspace.root(), path, *before)?;
        }
        Ok(())
    }

    fn write_index(&self, workspace: &Workspace) -> Result<(), GitError> {
        let there =
            self.index.iter().map(|difference| (difference.path.as_str(), difference.before));
        write_entries(workspace, there)
    }
}

/// Gives entries of the index, by their paths in an index tree, what they had.
pub(super) fn write_entries<'p>(
    workspace: &Workspace,
    entries: impl Iterator<Item = (&'p str, At)>,
) -> Result<(), GitError> {
    // What goes makes room for what comes: a file may have stood where a folder is.
    let (gone, there): (Vec<_>, Vec<_>) = entries.partition(|(_, entry)| entry.is_none());
    if gone.is_empty() && there.is_empty() {
        return Ok(());
    }
    // Opened anew: other handles have read the index before files were written.
    let repository = workspace.repository()?;
    let mut index = repository.index()?;
    for (path, entry) in gone.into_iter().chain(there) {
        let Some((stage, path)) = staged(path) else { continue };
        let place = Path::new(path);
        match entry {
            Some((id, mode)) => {
                index.add(&plain_entry(path.as_bytes().to_vec(), id, mode, stage))?;
            }
            None if index.get_path(place, i32::from(stage)).is_some() => {
                index.remove(place, i32::from(stage))?;
            }
            None => {}
        }
    }
    index.write().map_err(|error| GitError::from_git(workspace.root(), error))
}

/// `s2/a/b` is `a/b` at stage 2.
fn staged(path: &str) -> Option<(u16, &str)> {
    let (stage, path) = path.strip_prefix('s')?.split_once('/')?;
    Some((stage.parse().ok()?, path))
}

/// A path that is now neither as it was after a command nor as it was before.
fn changed_path<'d>(differences: &'d [Difference], now: &Tree<'_>) -> Option<&'d str> {
    let is_known = |difference: &&Difference| {
        let found = snapshot::at(now, &difference.path);
        found == difference.after || found == difference.before
    };
    differences.iter().find(|difference| !is_known(difference)).map(|found| found.path.as_str())
}

fn changed_refs(before: &Refs, after: &Refs) -> Vec<RefChange> {
    let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    names
        .into_iter()
        .map(|name| (name.clone(), before.get(name).cloned(), after.get(name).cloned()))
        .filter(|(_, before, after)| before != after)
        .collect()
}

fn set(repository: &Repository, name: &str, value: Option<&str>) -> Result<(), GitError> {
    if is_setting(name) {
        return set_setting(repository, name, value);
    }
    let why = "assay: undo";
    match value {
        None => match repository.find_reference(name) {
            Ok(mut reference) => reference.delete()?,
            Err(error) if error.code() == git2::ErrorCode::NotFound => {}
            Err(error) => return Err(error.into()),
        },
        Some(value) => match (value.strip_prefix("ref: "), name) {
            (Some(target), "HEAD") => repository.set_head(target)?,
            (Some(target), _) => drop(repository.reference_symbolic(name, target, true, why)?),
            (None, "HEAD") => repository.set_head_detached(Oid::from_str(value)?)?,
            (None, _) => drop(repository.reference(name, Oid::from_str(value)?, true, why)?),
        },
    }
    Ok(())
}

/// What a branch follows.
fn set_setting(repository: &Repository, name: &str, value: Option<&str>) -> Result<(), GitError> {
    let mut config = repository.config()?.open_level(ConfigLevel::Local)?;
    match value {
        Some(value) => config.set_str(name, value)?,
        None => match config.remove(name) {
            Err(error) if error.code() != git2::ErrorCode::NotFound => return Err(error.into()),
            _ => {}
        },
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_path_of_the_index_tree_names_its_stage() {
        assert_eq!(staged("s0/prompts/a.prompty"), Some((0, "prompts/a.prompty")));
        assert_eq!(staged("s3/a"), Some((3, "a")));
        assert_eq!(staged("a"), None);
        assert_eq!(staged("sx/a"), None);
    }

    #[test]
    fn references_that_came_went_or_moved_are_told() {
        let refs = |pairs: &[(&str, &str)]| -> Refs {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let before = refs(&[("a", "1"), ("b", "1"), ("c", "1")]);
        let after = refs(&[("b", "2"), ("c", "1"), ("d", "1")]);
        let names: Vec<_> =
            changed_refs(&before, &after).into_iter().map(|(name, ..)| name).collect();
        assert_eq!(names, ["a", "b", "d"]);
    }
}
