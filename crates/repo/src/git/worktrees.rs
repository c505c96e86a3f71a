//! The other worktrees of a repository, and which branches they have checked out.
//!
//! A branch that moves under another worktree makes everything there look changed, so none is moved, and none is checked
//! out twice.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use git2::Repository;

use super::GitError;

/// More than any reference's name has.
const MAX_HEAD: u64 = 4_096;

/// The worktree's own name; empty for the one that git's folder stands in.
pub(super) fn own_name(repository: &Repository) -> String {
    let name = repository.is_worktree().then(|| repository.path().file_name()).flatten();
    name.unwrap_or_default().to_string_lossy().into_owned()
}

/// Refuses a branch that another worktree has checked out.
pub(super) fn require_not_elsewhere(repository: &Repository, branch: &str) -> Result<(), GitError> {
    let head = format!("ref: refs/heads/{branch}");
    let here = own_name(repository);
    let has_it = |folder: &PathBuf| small(&folder.join("HEAD")).is_some_and(|text| text == head);
    match others(repository.commondir(), &here).into_iter().find(has_it) {
        Some(folder) => Err(GitError::InWorktree { name: branch.to_owned(), path: place(&folder) }),
        None => Ok(()),
    }
}

/// Git's folders of the worktrees other than this one.
fn others(common: &Path, here: &str) -> Vec<PathBuf> {
    let main = (!here.is_empty()).then(|| common.to_owned());
    let linked = fs::read_dir(common.join("worktrees")).into_iter().flatten().flatten();
    let linked = linked.filter(|entry| entry.file_name().to_string_lossy() != here);
    main.into_iter().chain(linked.map(|entry| entry.path())).collect()
}

/// The folder whose files git's folder is about.
fn place(folder: &Path) -> String {
    let dot_git = small(&folder.join("gitdir")).map_or_else(|| folder.to_owned(), PathBuf::from);
    dot_git.parent().unwrap_or(&dot_git).display().to_string()
}

/// The line that a small file holds.
fn small(place: &Path) -> Option<String> {
    if !fs::symlink_metadata(place).ok()?.is_file() {
        return None;
    }
    let mut text = String::new();
    fs::File::open(place).ok()?.take(MAX_HEAD).read_to_string(&mut text).ok()?;
    Some(text.trim_end().to_owned())
}
