//! Going from branch to branch: nothing of a person's is overwritten, and what is refused is refused before it begins.

use std::collections::BTreeMap;
use std::fs;

use assay_repo::RepoError;
use assay_repo::git::{
    Drafts, Follow, GitError, MergeRequest, Merged, Resolutions, TextMerge, TextMerger, Unfollowed,
};
use assay_testkit::TestWorkspace;

use super::{AtFirst, inside_git, linked, lose_object, switch, two_branches};
use crate::{NOW, git, open};

/// Everything on disk and what git says of it.
fn looks(files: &TestWorkspace) -> (String, String, String, String) {
    let read = |name: &str| fs::read_to_string(files.path().join(name)).unwrap_or_default();
    let status = git(files, &["status", "--porcelain", "--branch", "--ignored"]);
    (read("a.txt"), read("b.txt"), status, git(files, &["ls-files", "--stage"]))
}

#[test]
fn a_branch_is_not_left_in_the_middle_of_a_merge_of_plain_git() {
    let files = two_branches();
    git(&files, &["branch", "third"]);
    git(&files, &["merge", "-q", "--no-ff", "--no-commit", "other"]);
    let before = looks(&files);
    let workspace = open(&files);
    let error = switch(&workspace, "third").unwrap_err();
    let is_in_progress = matches!(&error, GitError::Repo(RepoError::InProgress { .. }));
    assert!(is_in_progress, "{error:?}");
    let error = workspace.switch("third", None, Drafts::Keep, NOW, &Unfollowed).unwrap_err();
    assert!(matches!(&error, GitError::Repo(RepoError::InProgress { .. })), "{error:?}");
    assert_eq!(looks(&files), before);
}

#[test]
fn a_branch_that_another_worktree_has_is_not_gone_to_and_not_moved() {
    let (files, folder) = (two_branches(), tempfile::tempdir().unwrap());
    linked(&files, folder.path(), "other");
    let before = looks(&files);
    let workspace = open(&files);
    let error = switch(&workspace, "other").unwrap_err();
    assert!(matches!(&error, GitError::InWorktree { name, .. } if name == "other"), "{error:?}");
    assert_eq!(looks(&files), before);
    let tip = git(&files, &["rev-parse", "other"]);
    git(&files, &["branch", "third", "other"]);
    git(&files, &["switch", "-q", "third"]);
    files.write("c.txt", "three\n");
    files.commit("third");
    let to = workspace.revision("third").unwrap();
    let error = workspace.advance_branch("other", &to, "merge third", NOW).unwrap_err();
    assert!(matches!(&error, GitError::InWorktree { name, .. } if name == "other"), "{error:?}");
    assert_eq!(git(&files, &["rev-parse", "other"]), tip);
}

#[test]
fn while_another_program_holds_the_index_nothing_is_switched() {
    let files = two_branches();
    let before = looks(&files);
    let lock = inside_git(&files, "index.lock");
    fs::write(&lock, "").unwrap();
    let workspace = open(&files);
    let error = switch(&workspace, "other").unwrap_err();
    assert!(matches!(&error, GitError::Repo(RepoError::Locked { .. })), "{error:?}");
    files.write("b.txt", "mine\n");
    let error = workspace.switch("other", None, Drafts::Keep, NOW, &Unfollowed).unwrap_err();
    assert!(matches!(&error, GitError::Repo(RepoError::Locked { .. })), "{error:?}");
    assert_eq!(files.read("b.txt"), "mine\n");
    files.write("b.txt", "same\n");
    fs::remove_file(lock).unwrap();
    assert_eq!(looks(&files), before);
}

#[test]
fn a_switch_that_fails_in_the_middle_is_taken_back_at_once() {
    let files = two_branches();
    git(&files, &["switch", "-q", "other"]);
    files.write("z.txt", "the last to be written\n");
    files.commit("third");
    lose_object(&files, "HEAD:z.txt");
    fs::remove_file(files.path().join("z.txt")).unwrap();
    git(&files, &["symbolic-ref", "HEAD", "refs/heads/main"]);
    git(&files, &["reset", "-q", "--hard"]);
    files.write("b.txt", "mine\n");
    let before = looks(&files);
    let workspace = open(&files);
    switch(&workspace, "other").unwrap_err();
    assert_eq!(looks(&files), before);
    assert_eq!(workspace.undo_steps().unwrap(), []);
    workspace.switch("other", None, Drafts::Keep, NOW, &Unfollowed).unwrap_err();
    assert_eq!(looks(&files), before);
    assert!(workspace.branches().unwrap().iter().all(|branch| !branch.drafts));
}

#[test]
fn an_ignored_file_in_the_way_is_named_and_kept() {
    let files = two_branches();
    fs::write(inside_git(&files, "info/exclude"), "notes*\n").unwrap();
    git(&files, &["switch", "-q", "other"]);
    files.write("notes.txt", "of the branch\n");
    files.write("notes", "a file here\n");
    git(&files, &["add", "-f", "notes.txt", "notes"]);
    git(&files, &["commit", "-q", "-m", "notes"]);
    git(&files, &["switch", "-q", "main"]);
    files.write("notes.txt", "my own\n");
    let workspace = open(&files);
    for choice in [Drafts::Carry, Drafts::KeepIfInTheWay, Drafts::Keep] {
        let error = workspace.switch("other", None, choice, NOW, &Unfollowed).unwrap_err();
        let is_named = matches!(&error, GitError::InTheWay { paths } if paths == &["notes.txt"]);
        assert!(is_named, "{error:?}");
        assert_eq!(files.read("notes.txt"), "my own\n");
    }
    files.remove("notes.txt");
    // A whole folder of ignored files, where the other branch has a file.
    files.write("notes/mine.txt", "my own\n");
    for choice in [Drafts::Carry, Drafts::KeepIfInTheWay, Drafts::Keep] {
        workspace.switch("other", None, choice, NOW, &Unfollowed).unwrap_err();
        assert_eq!(files.read("notes/mine.txt"), "my own\n");
        assert_eq!(workspace.branch().as_deref(), Some("main"));
        assert_eq!(files.read("a.txt"), "one\n");
    }
}

#[test]
fn an_untracked_file_in_the_way_stays_with_its_branch() {
    let files = two_branches();
    git(&files, &["switch", "-q", "other"]);
    files.write("place", "a file there\n");
    files.commit("third");
    git(&files, &["switch", "-q", "main"]);
    files.write("place/mine.txt", "my own\n");
    let workspace = open(&files);
    switch(&workspace, "other").unwrap_err();
    assert_eq!(files.read("place/mine.txt"), "my own\n");
    workspace.switch("other", None, Drafts::KeepIfInTheWay, NOW, &Unfollowed).unwrap();
    assert_eq!(files.read("place"), "a file there\n");
    let back = switch(&workspace, "main").unwrap();
    assert_eq!(back.back, ["place/mine.txt"]);
    assert_eq!(files.read("place/mine.txt"), "my own\n");
}

#[test]
fn drafts_follow_their_branch_to_its_new_name_and_keep_it_from_being_deleted() {
    let files = two_branches();
    files.write("a.txt", "mine\n");
    let workspace = open(&files);
    workspace.switch("other", None, Drafts::Keep, NOW, &Unfollowed).unwrap();
    workspace.rename_branch("main", "trunk", NOW).unwrap();
    git(&files, &["merge", "-q", "trunk"]);
    let error = workspace.delete_branch("trunk", false, NOW).unwrap_err();
    assert!(matches!(&error, GitError::DraftsWaiting { branch } if branch == "trunk"), "{error:?}");
    let back = switch(&workspace, "trunk").unwrap();
    assert_eq!(back.back, ["a.txt"]);
    assert_eq!(files.read("a.txt"), "mine\n");
}

#[test]
fn drafts_of_a_branch_deleted_by_force_come_back_with_it() {
    let files = two_branches();
    files.write("a.txt", "mine\n");
    let workspace = open(&files);
    workspace.switch("other", None, Drafts::Keep, NOW, &Unfollowed).unwrap();
    workspace.delete_branch("main", true, NOW).unwrap();
    assert_eq!(git(&files, &["for-each-ref", "refs/assay/drafts"]), "");
    workspace.undo().unwrap();
    switch(&workspace, "main").unwrap();
    assert_eq!(files.read("a.txt"), "mine\n");
}

#[test]
fn what_was_staged_and_then_edited_again_is_kept_twice() {
    let files = two_branches();
    files.write("a.txt", "staged\n");
    git(&files, &["add", "a.txt"]);
    files.write("a.txt", "edited again\n");
    let workspace = open(&files);
    workspace.switch("other", None, Drafts::Keep, NOW, &Unfollowed).unwrap();
    switch(&workspace, "main").unwrap();
    assert_eq!(files.read("a.txt"), "edited again\n");
    assert_eq!(git(&files, &["show", ":a.txt"]), "staged\n");
    assert_eq!(git(&files, &["status", "--porcelain"]), "MM a.txt\n");
}

#[test]
fn a_file_that_git_was_only_told_of_is_no_reason_to_refuse() {
    let files = two_branches();
    files.write("new.txt", "mine\n");
    git(&files, &["add", "--intent-to-add", "new.txt"]);
    let workspace = open(&files);
    workspace.switch("other", None, Drafts::Keep, NOW, &Unfollowed).unwrap();
    assert!(!files.path().join("new.txt").exists());
    switch(&workspace, "main").unwrap();
    assert_eq!(files.read("new.txt"), "mine\n");
}

#[cfg(unix)]
#[test]
fn links_and_files_that_run_are_kept_as_what_they_are() {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::PermissionsExt;
    let files = two_branches();
    let place = |name: &str| files.path().join(name);
    fs::set_permissions(place("b.txt"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::remove_file(place("a.txt")).unwrap();
    // Where it leads nothing is written.
    std::os::unix::fs::symlink("b.txt", place("a.txt")).unwrap();
    let nowhere = std::ffi::OsStr::from_bytes(b"no\xff where");
    std::os::unix::fs::symlink(nowhere, place("new")).unwrap();
    let before = git(&files, &["status", "--porcelain"]);
    let workspace = open(&files);
    workspace.switch("other", None, Drafts::Keep, NOW, &Unfollowed).unwrap();
    assert_eq!(git(&files, &["status", "--porcelain"]), "");
    assert_eq!((files.read("a.txt"), files.read("b.txt")), ("two\n".into(), "same\n".into()));
    assert_eq!(fs::metadata(place("b.txt")).unwrap().permissions().mode() & 0o111, 0);
    switch(&workspace, "main").unwrap();
    assert_eq!(git(&files, &["status", "--porcelain"]), before);
    assert_eq!(fs::read_link(place("a.txt")).unwrap().to_str(), Some("b.txt"));
    assert_eq!(fs::read_link(place("new")).unwrap(), nowhere);
}

#[cfg(unix)]
#[test]
fn nothing_is_written_where_a_link_in_the_place_of_a_file_leads() {
    let (files, folder) = (two_branches(), tempfile::tempdir().unwrap());
    let outside = folder.path().join("important");
    fs::write(&outside, "not of this repository\n").unwrap();
    fs::remove_file(files.path().join("b.txt")).unwrap();
    std::os::unix::fs::symlink(&outside, files.path().join("b.txt")).unwrap();
    let workspace = open(&files);
    workspace.switch("other", None, Drafts::Keep, NOW, &Unfollowed).unwrap();
    assert_eq!(fs::read_to_string(&outside).unwrap(), "not of this repository\n");
    workspace.undo().unwrap();
    assert_eq!(fs::read_link(files.path().join("b.txt")).unwrap(), outside);
    assert_eq!(fs::read_to_string(&outside).unwrap(), "not of this repository\n");
}

#[test]
fn files_that_a_program_would_have_to_write_are_left_to_git() {
    let files = two_branches();
    files.write(".gitattributes", "a.txt filter=locked\n");
    git(&files, &["config", "filter.locked.smudge", "false"]);
    let workspace = open(&files);
    let error = switch(&workspace, "other").unwrap_err();
    assert!(
        matches!(&error, GitError::Repo(RepoError::Filtered { path, .. }) if path == "a.txt"),
        "{error:?}"
    );
    assert_eq!(files.read("a.txt"), "one\n");
    files.write(".gitattributes", "b.txt filter=locked\n");
    switch(&workspace, "other").unwrap();
    assert_eq!(files.read("a.txt"), "two\n");
}

#[test]
fn a_sparse_worktree_is_switched_by_git() {
    let files = two_branches();
    git(&files, &["sparse-checkout", "set", "--no-cone", "/b.txt"]);
    let before = looks(&files);
    let workspace = open(&files);
    for choice in [Drafts::Carry, Drafts::Keep] {
        let error = workspace.switch("other", None, choice, NOW, &Unfollowed).unwrap_err();
        assert!(matches!(&error, GitError::Sparse), "{error:?}");
        assert!(error.hint().is_some());
    }
    assert_eq!(looks(&files), before);
}

/// Takes ours, whatever it is.
struct Ours;

impl TextMerger for Ours {
    fn merge(&self, _: &str, _: Option<&str>, ours: &str, _: &str) -> TextMerge {
        TextMerge::Merged(ours.to_owned())
    }
}

fn merging<'a>(resolutions: &'a Resolutions, follow: &'a dyn Follow) -> MergeRequest<'a> {
    MergeRequest {
        revision: "other",
        message: None,
        resolutions,
        merger: &Ours,
        when: NOW,
        fallback: None,
        follow,
    }
}

fn merge_other(files: &TestWorkspace) -> Merged {
    let resolutions = BTreeMap::new();
    open(files).merge(&merging(&resolutions, &Unfollowed)).unwrap()
}

#[test]
fn a_commit_that_came_in_the_middle_of_a_merge_is_not_left_behind() {
    let files = two_branches();
    files.write("b.txt", "ours\n");
    files.commit("ours");
    let theirs = git(&files, &["commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "meanwhile"]);
    let meddling = AtFirst::new(|| {
        git(&files, &["update-ref", "refs/heads/main", theirs.trim()]);
    });
    let resolutions = BTreeMap::new();
    let error = open(&files).merge(&merging(&resolutions, &meddling)).unwrap_err();
    let moves = git(&files, &["reflog", "main"]);
    assert_eq!(git(&files, &["rev-parse", "main"]), theirs, "{error:?}\n{moves}");
    assert_eq!(git(&files, &["status", "--porcelain"]), "");
}

#[cfg(unix)]
#[test]
fn a_file_that_one_side_made_run_still_runs_when_its_text_was_merged() {
    use std::os::unix::fs::PermissionsExt;
    let files = two_branches();
    git(&files, &["switch", "-q", "other"]);
    let script = files.path().join("a.txt");
    fs::set_permissions(script, fs::Permissions::from_mode(0o755)).unwrap();
    files.commit("it runs");
    git(&files, &["switch", "-q", "main"]);
    files.write("a.txt", "ours\n");
    files.commit("ours");
    let merged = merge_other(&files);
    assert!(matches!(merged, Merged::Commit { .. }), "{merged:?}");
    assert!(git(&files, &["ls-tree", "HEAD", "a.txt"]).starts_with("100755"));
    assert_eq!(git(&files, &["status", "--porcelain"]), "");
}

#[cfg(unix)]
#[test]
fn where_a_link_leads_is_no_text_to_be_merged() {
    let files = two_branches();
    for (branch, target) in [("other", "theirs"), ("main", "ours")] {
        git(&files, &["switch", "-q", branch]);
        fs::remove_file(files.path().join("b.txt")).unwrap();
        std::os::unix::fs::symlink(target, files.path().join("b.txt")).unwrap();
        files.commit("a link");
    }
    let merged = merge_other(&files);
    let Merged::Conflicts { files: left } = merged else { panic!("{merged:?}") };
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].path, "b.txt");
}
