//! Bringing the worktree from one commit to another without losing what a person changed.
//!
//! Libgit2 looks at every file before it writes the first: where one differs from the commit that is left, and would be
//! overwritten, nothing is written at all and the files come back by name.

use std::cell::RefCell;
use std::fs;
use std::path::Path;

use git2::build::CheckoutBuilder;
use git2::{CheckoutNotificationType, ErrorCode, Object, Repository, Tree};

use super::snapshot::Difference;
use super::{Follow, GitError, Progress, Stage};
use crate::RepoError;
use crate::path::RelPath;

/// Brings worktree and index to `target`. Changes of files that are alike in both commits stay.
///
/// # Errors
/// [`GitError::InTheWay`], and then nothing was written.
pub(super) fn safely(
    repository: &Repository,
    target: &Object<'_>,
    follow: &dyn Follow,
) -> Result<(), GitError> {
    let in_the_way = RefCell::new(Vec::new());
    let done = {
        let mut options = CheckoutBuilder::new();
        options
            .safe()
            .overwrite_ignored(false)
            .notify_on(CheckoutNotificationType::CONFLICT)
            .notify(|_, path, _, _, _| {
                let path = path.map(|path| path.to_string_lossy().into_owned());
                in_the_way.borrow_mut().extend(path);
                true
            })
            .progress(|_, done, total| {
                let counted = Progress::of(Stage::CheckingOut, done as u64, total as u64);
                follow.progress(counted);
            });
        repository.checkout_tree(target, Some(&mut options))
    };
    match done {
        Err(error) if error.code() == ErrorCode::Conflict => {
            Err(GitError::InTheWay { paths: in_the_way.into_inner() })
        }
        Err(error) => {
            let root = repository.workdir().unwrap_or(repository.path());
            Err(GitError::from_git(root, error))
        }
        Ok(()) => Ok(()),
    }
}

/// Removes a file, and the folders around it that are left empty.
pub(super) fn remove(root: &Path, path: &str) -> Result<(), GitError> {
    let place = RelPath::parse(path)?.beneath_parent(root)?;
    match fs::remove_file(&place) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(RepoError::from_io(path, error).into()),
    }
    let around = Path::new(path).ancestors().skip(1);
    for folder in around.take_while(|folder| !folder.as_os_str().is_empty()) {
        // The first that holds something ends it.
        if fs::remove_dir(root.join(folder)).is_err() {
            break;
        }
    }
    Ok(())
}

/// Writes paths of a tree over what is on disk, and leaves the index. Raw bytes pass none of git's line endings.
pub(super) fn over(
    repository: &Repository,
    tree: &Tree<'_>,
    paths: &[&Difference],
    raw: bool,
) -> Result<(), GitError> {
    if paths.is_empty() {
        // Without a path, all of the tree would be written.
        return Ok(());
    }
    let mut options = CheckoutBuilder::new();
    options
        .force()
        .recreate_missing(true)
        .update_index(false)
        .disable_pathspec_match(true)
        .disable_filters(raw);
    for difference in paths {
        options.path(difference.path.as_str());
    }
    Ok(repository.checkout_tree(tree.as_object(), Some(&mut options))?)
}
