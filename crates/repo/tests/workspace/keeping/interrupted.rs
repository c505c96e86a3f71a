//! Commands that ended in the middle, and two that come at once.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use assay_repo::git::{Drafts, GitError};
use assay_testkit::TestWorkspace;

use super::{AtFirst, inside_git, switch, two_branches};
use crate::{NOW, git, open};

/// A switch to `other` that stops in the middle of writing files, as if the power had gone.
fn stop_a_switch(files: &TestWorkspace, drafts: Drafts) {
    let dying = AtFirst::new(|| panic!("the power goes"));
    let workspace = open(files);
    let died =
        catch_unwind(AssertUnwindSafe(|| workspace.switch("other", None, drafts, NOW, &dying)));
    assert!(died.is_err(), "it did not stop");
    // What a program leaves that dies while git's index is written.
    let _ = std::fs::remove_file(inside_git(files, "index.lock"));
}

#[test]
fn a_command_that_was_cut_off_is_said_to_be_and_can_be_taken_back() {
    let files = two_branches();
    files.write("b.txt", "mine\n");
    stop_a_switch(&files, Drafts::Keep);
    let workspace = open(&files);
    let steps = workspace.undo_steps().unwrap();
    assert_eq!(steps.len(), 1);
    assert!(steps[0].unfinished, "{steps:?}");
    assert_eq!(workspace.cut_off().unwrap().as_ref(), steps.first());
    let undone = workspace.undo().unwrap();
    assert!(undone.step.unfinished);
    assert_eq!(workspace.cut_off().unwrap().map(|step| step.command), None);
    assert_eq!(files.read("a.txt"), "one\n");
    assert_eq!(files.read("b.txt"), "mine\n");
    assert_eq!(git(&files, &["status", "--porcelain"]), " M b.txt\n");
    assert_eq!(workspace.branch().as_deref(), Some("main"));
}

#[test]
fn what_was_typed_after_a_command_was_cut_off_is_not_lost_with_it() {
    let files = two_branches();
    stop_a_switch(&files, Drafts::Carry);
    files.write("b.txt", "typed days later\n");
    let workspace = open(&files);
    workspace.undo().unwrap();
    assert_eq!(files.read("b.txt"), "same\n");
    // Nobody can tell its work from what came since, so taking it back can be taken back.
    let steps = workspace.undo_steps().unwrap();
    assert_eq!(steps[0].command, "undo switch other");
    workspace.undo().unwrap();
    assert_eq!(files.read("b.txt"), "typed days later\n");
    assert_eq!(workspace.undo_steps().unwrap(), []);
}

#[test]
fn drafts_that_are_on_disk_already_need_not_come_back() {
    let files = two_branches();
    files.write("a.txt", "mine\n");
    let workspace = open(&files);
    workspace.switch("other", None, Drafts::Keep, NOW, &assay_repo::git::Unfollowed).unwrap();
    git(&files, &["switch", "-q", "main"]);
    // As if the program had died between bringing them back and forgetting them.
    files.write("a.txt", "mine\n");
    assert!(!switch(&workspace, "main").unwrap().waiting);
    assert_eq!(files.read("a.txt"), "mine\n");
    assert!(workspace.branches().unwrap().iter().all(|branch| !branch.drafts));
}

#[test]
fn an_undo_that_was_cut_off_is_done_again() {
    let files = two_branches();
    let workspace = open(&files);
    files.write("b.txt", "mine\n");
    workspace.switch("other", None, Drafts::Keep, NOW, &assay_repo::git::Unfollowed).unwrap();
    // One of two files is as it was before; the other, the index and HEAD are not yet.
    files.write("b.txt", "mine\n");
    workspace.undo().unwrap();
    assert_eq!((files.read("a.txt"), files.read("b.txt")), ("one\n".into(), "mine\n".into()));
    assert_eq!(git(&files, &["status", "--porcelain"]), " M b.txt\n");
    assert_eq!(workspace.branch().as_deref(), Some("main"));
}

#[test]
fn two_programs_do_not_change_a_repository_at_once() {
    let files = two_branches();
    let workspace = open(&files);
    let other = workspace.clone();
    let told = RefCell::new(None);
    // In the middle of a switch, somebody else takes it back.
    let meddling = AtFirst::new(|| {
        assert_eq!(other.undo_steps().unwrap(), [], "it still runs");
        assert_eq!(other.cut_off().unwrap(), None);
        let undone = thread::scope(|scope| scope.spawn(|| other.undo()).join().unwrap());
        told.replace(Some(undone));
    });
    workspace.switch("other", None, Drafts::Carry, NOW, &meddling).unwrap();
    let told = told.into_inner().unwrap();
    assert!(matches!(&told, Err(GitError::Busy)), "{told:?}");
    assert_eq!(files.read("a.txt"), "two\n");
    assert_eq!(git(&files, &["status", "--porcelain"]), "");
    workspace.undo().unwrap();
    assert_eq!(files.read("a.txt"), "one\n");
}
