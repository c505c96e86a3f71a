//! What a person typed is kept: in repositories with sparse and linked worktrees, filters, locks and submodules, when
//! a command fails or dies half way, and when git itself cleans up behind it.

mod commits;
mod interrupted;
mod switches;
mod undoes;

use std::fs;
use std::path::{Path, PathBuf};

use assay_repo::Workspace;
use assay_repo::git::{Drafts, Follow, GitError, Progress, Switched, Unfollowed};
use assay_testkit::TestWorkspace;

use crate::{NOW, git};

/// `main` and `other`, which differ in `a.txt` and have `b.txt` alike.
fn two_branches() -> TestWorkspace {
    let files = TestWorkspace::empty();
    files.write("a.txt", "one\n");
    files.write("b.txt", "same\n");
    files.commit("first");
    git(&files, &["switch", "-q", "-c", "other"]);
    files.write("a.txt", "two\n");
    files.commit("second");
    git(&files, &["switch", "-q", "main"]);
    files
}

fn switch(workspace: &Workspace, name: &str) -> Result<Switched, GitError> {
    workspace.switch(name, None, Drafts::Carry, NOW, &Unfollowed)
}

/// A file inside git's own folder.
fn inside_git(files: &TestWorkspace, name: &str) -> PathBuf {
    files.path().join(".git").join(name)
}

/// Removes an object that is loose, so that whoever needs it fails.
fn lose_object(files: &TestWorkspace, name: &str) {
    let id = git(files, &["rev-parse", name]);
    let (folder, rest) = id.trim().split_at(2);
    fs::remove_file(inside_git(files, "objects").join(folder).join(rest)).unwrap();
}

/// All that git does to save space, at once.
fn clean_up(files: &TestWorkspace) {
    git(files, &["reflog", "expire", "--expire=now", "--all"]);
    git(files, &["gc", "-q", "--prune=now"]);
}

/// A second worktree of the same repository.
fn linked(files: &TestWorkspace, folder: &Path, branch: &str) -> Workspace {
    let place = folder.join(branch);
    git(files, &["worktree", "add", "-q", place.to_str().unwrap(), branch]);
    Workspace::open(&place).unwrap()
}

/// Calls something at the first progress of a command.
struct AtFirst<F: Fn()> {
    act: F,
    done: std::cell::Cell<bool>,
}

impl<F: Fn()> AtFirst<F> {
    fn new(act: F) -> Self {
        Self { act, done: false.into() }
    }
}

impl<F: Fn()> Follow for AtFirst<F> {
    fn progress(&self, _: Progress) {
        if !self.done.replace(true) {
            (self.act)();
        }
    }

    fn is_cancelled(&self) -> bool {
        false
    }
}
