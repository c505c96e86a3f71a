//! Taking back what was done, after git cleaned up, after a push, beside files that came since, and in one of two
//! worktrees.

use std::collections::BTreeMap;
use std::fs;

use assay_repo::Workspace;
use assay_repo::git::{Address, Drafts, Follow, GitError, SyncRequest, Synced, Unfollowed};
use assay_testkit::TestWorkspace;

use super::{AtFirst, clean_up, inside_git, linked, switch, two_branches};
use crate::{LinesOnly, NOW, git, open};

/// The references that keep what was taken back.
fn taken_back(files: &TestWorkspace) -> usize {
    git(files, &["for-each-ref", "refs/assay/undone"]).lines().count()
}

#[test]
fn after_git_cleaned_up_everything_can_still_be_taken_back() {
    let files = two_branches();
    files.write("b.txt", "never committed\n");
    files.write("new.txt", "nor this\n");
    let workspace = open(&files);
    workspace.create_tag("v1", Some("other"), Some("first"), NOW, None).unwrap();
    let tag = git(&files, &["rev-parse", "v1"]);
    workspace.switch("other", None, Drafts::Keep, NOW, &Unfollowed).unwrap();
    workspace.delete_tag("v1", NOW).unwrap();
    workspace.delete_branch("main", true, NOW).unwrap();
    clean_up(&files);
    while !workspace.undo_steps().unwrap().is_empty() {
        workspace.undo().unwrap();
        clean_up(&files);
        if workspace.undo_steps().unwrap().len() == 2 {
            // The branch and the tag are back by now.
            assert_eq!(git(&files, &["rev-parse", "v1"]), tag);
        }
    }
    assert_eq!(files.read("b.txt"), "never committed\n");
    assert_eq!(files.read("new.txt"), "nor this\n");
    assert_eq!(git(&files, &["tag"]), "");
    assert_eq!(git(&files, &["fsck", "--strict", "--no-dangling"]), "");
}

#[test]
fn a_tag_of_a_tag_and_a_tag_of_a_file_come_back_after_git_cleaned_up() {
    let files = two_branches();
    git(&files, &["tag", "-a", "-m", "inner", "inner"]);
    git(&files, &["tag", "-a", "-m", "outer", "outer", "inner"]);
    let key = inside_git(&files, "key");
    fs::write(&key, "a public key\n").unwrap();
    let blob = git(&files, &["hash-object", "-w", key.to_str().unwrap()]);
    git(&files, &["tag", "-a", "-m", "key", "key", blob.trim()]);
    let tags = git(&files, &["for-each-ref", "refs/tags"]);
    let workspace = open(&files);
    for name in ["outer", "inner", "key"] {
        workspace.delete_tag(name, NOW).unwrap();
    }
    clean_up(&files);
    for _ in 0..3 {
        workspace.undo().unwrap();
    }
    assert_eq!(git(&files, &["for-each-ref", "refs/tags"]), tags);
    assert_eq!(git(&files, &["cat-file", "blob", "key^{}"]), "a public key\n");
}

#[test]
fn an_ignored_file_made_since_is_not_overwritten() {
    let files = two_branches();
    git(&files, &["switch", "-q", "other"]);
    git(&files, &["rm", "-q", "b.txt"]);
    files.write(".gitignore", "b.txt\n");
    files.commit("ignored from now on");
    git(&files, &["switch", "-q", "main"]);
    let workspace = open(&files);
    switch(&workspace, "other").unwrap();
    files.write("b.txt", "mine\n");
    let error = workspace.undo().unwrap_err();
    assert!(matches!(&error, GitError::ChangedSince { what, .. } if what == "b.txt"), "{error:?}");
    assert_eq!(files.read("b.txt"), "mine\n");
    // Neither when it is a folder of them.
    files.remove("b.txt");
    files.write("b.txt/mine", "mine\n");
    workspace.undo().unwrap_err();
    assert_eq!(files.read("b.txt/mine"), "mine\n");
    fs::remove_dir_all(files.path().join("b.txt")).unwrap();
    workspace.undo().unwrap();
    assert_eq!(files.read("b.txt"), "same\n");
}

#[test]
fn drafts_do_not_overwrite_an_ignored_file_that_came_since() {
    let files = two_branches();
    files.write("new.txt", "a draft\n");
    let workspace = open(&files);
    workspace.switch("other", None, Drafts::Keep, NOW, &Unfollowed).unwrap();
    fs::write(inside_git(&files, "info/exclude"), "new.txt\n").unwrap();
    files.write("new.txt", "mine\n");
    assert!(switch(&workspace, "main").unwrap().waiting);
    assert_eq!(files.read("new.txt"), "mine\n");
    files.remove("new.txt");
    assert_eq!(switch(&workspace, "main").unwrap().back, ["new.txt"]);
    assert_eq!(files.read("new.txt"), "a draft\n");
}

#[test]
fn a_file_that_became_a_folder_becomes_the_file_again() {
    let files = two_branches();
    git(&files, &["switch", "-q", "other"]);
    files.remove("b.txt");
    files.write("b.txt/inside", "now a folder\n");
    files.commit("grow");
    git(&files, &["switch", "-q", "main"]);
    let index = git(&files, &["ls-files", "--stage"]);
    let workspace = open(&files);
    for (there, back) in [("other", "main"), ("main", "other")] {
        git(&files, &["switch", "-q", back]);
        let before = git(&files, &["ls-files", "--stage"]);
        switch(&workspace, there).unwrap();
        workspace.undo().unwrap();
        assert_eq!(git(&files, &["status", "--porcelain"]), "");
        assert_eq!(git(&files, &["ls-files", "--stage"]), before);
    }
    git(&files, &["switch", "-q", "main"]);
    assert_eq!(git(&files, &["ls-files", "--stage"]), index);
}

#[test]
fn a_submodule_stays_where_it_is_when_its_branch_is_left() {
    let (files, inner) = (two_branches(), two_branches());
    git(&files, &["switch", "-q", "other"]);
    let from = inner.path().to_str().unwrap().to_owned();
    git(&files, &["-c", "protocol.file.allow=always", "submodule", "add", "-q", &from, "sub"]);
    files.commit("a submodule");
    git(&files, &["-c", "submodule.recurse=false", "switch", "-q", "main"]);
    let workspace = open(&files);
    // What is left of it there is in the way, and stays.
    switch(&workspace, "other").unwrap_err();
    assert_eq!(files.read("sub/a.txt"), "one\n");
    fs::remove_dir_all(files.path().join("sub")).unwrap();
    switch(&workspace, "other").unwrap();
    files.write("sub/mine.txt", "my own\n");
    assert_eq!(git(&files, &["ls-files", "--stage", "sub"]).split(' ').next(), Some("160000"));
    workspace.undo().unwrap();
    assert_eq!(workspace.branch().as_deref(), Some("main"));
    assert_eq!(files.read("sub/mine.txt"), "my own\n");
    assert_eq!(git(&files, &["ls-files"]), "a.txt\nb.txt\n");
}

#[test]
fn what_was_taken_back_is_kept_but_not_for_ever() {
    let files = two_branches();
    let workspace = open(&files);
    for number in 0..3 {
        workspace.create_branch(&format!("b{number}"), None, NOW).unwrap();
        workspace.undo().unwrap();
    }
    // Each under a name of its own, though all had the same number before.
    assert_eq!(taken_back(&files), 3);
    let pin = git(&files, &["for-each-ref", "--format=%(objectname)", "refs/assay/undone"]);
    let pin = pin.lines().next().unwrap();
    let many: String = (1000..1150)
        .map(|number| format!("create refs/assay/undone/{number:020} {pin}\n"))
        .collect();
    let list = inside_git(&files, "list");
    fs::write(&list, many).unwrap();
    feed(&files, &["update-ref", "--stdin"], &list);
    workspace.create_branch("last", None, NOW).unwrap();
    workspace.undo().unwrap();
    assert_eq!(taken_back(&files), 100);
}

/// Git with a file as its input.
fn feed(files: &TestWorkspace, arguments: &[&str], input: &std::path::Path) {
    let done = std::process::Command::new("git")
        .args(arguments)
        .current_dir(files.path())
        .stdin(fs::File::open(input).unwrap())
        .status()
        .unwrap();
    assert!(done.success());
}

#[test]
fn a_pin_that_somebody_spoilt_is_passed_over() {
    let files = two_branches();
    let workspace = open(&files);
    workspace.create_branch("mine", None, NOW).unwrap();
    for name in ["zzz", "00000000000000000007", "18446744073709551615", "99999999999999999999"] {
        git(&files, &["update-ref", &format!("refs/assay/undo/{name}"), "main"]);
    }
    workspace.create_branch("more", None, NOW).unwrap();
    assert_eq!(workspace.undo_steps().unwrap().len(), 2);
    assert_eq!(workspace.undo().unwrap().step.command, "branch more");
    assert_eq!(workspace.undo().unwrap().step.command, "branch mine");
    assert!(matches!(workspace.undo().unwrap_err(), GitError::NothingToUndo));
}

#[test]
fn each_worktree_takes_back_what_was_done_in_it() {
    let (files, folder) = (two_branches(), tempfile::tempdir().unwrap());
    let beside = linked(&files, folder.path(), "other");
    let workspace = open(&files);
    workspace.create_branch("here", None, NOW).unwrap();
    fs::write(beside.root().join("a.txt"), "there\n").unwrap();
    beside.commit_undoable("there", &[], NOW, None).unwrap();
    assert_eq!(workspace.undo_steps().unwrap().len(), 1);
    assert_eq!(beside.undo_steps().unwrap().len(), 1);
    assert_eq!(workspace.undo().unwrap().step.command, "branch here");
    assert!(matches!(workspace.undo().unwrap_err(), GitError::NothingToUndo));
    assert_eq!(beside.undo().unwrap().step.command, "commit");
    assert_eq!(git(&files, &["log", "-1", "--format=%s", "other"]), "second\n");
}

#[test]
fn what_a_branch_follows_comes_back_with_it() {
    let (files, folder) = (two_branches(), tempfile::tempdir().unwrap());
    remote(&files, folder.path());
    let follows = |name: &str| {
        let all = open(&files).branches().unwrap();
        all.into_iter().find(|branch| branch.name == name).and_then(|branch| branch.upstream)
    };
    assert_eq!(follows("other").as_deref(), Some("origin/other"));
    let workspace = open(&files);
    workspace.delete_branch("other", true, NOW).unwrap();
    workspace.undo().unwrap();
    assert_eq!(follows("other").as_deref(), Some("origin/other"));
    workspace.rename_branch("other", "another", NOW).unwrap();
    let undone = workspace.undo().unwrap();
    assert_eq!(undone.refs, ["refs/heads/another", "refs/heads/other"]);
    assert_eq!(follows("other").as_deref(), Some("origin/other"));
    workspace.delete_branch("other", true, NOW).unwrap();
    switch(&workspace, "other").unwrap();
    workspace.undo().unwrap();
    assert_eq!(git(&files, &["config", "--default", "", "--get", "branch.other.remote"]), "\n");
}

/// A bare repository that `files` has everything at, as `origin`.
fn remote(files: &TestWorkspace, folder: &std::path::Path) -> String {
    let bare = folder.join("remote.git");
    git(files, &["init", "-q", "--bare", "-b", "main", bare.to_str().unwrap()]);
    let address = format!("file://{}", bare.display());
    git(files, &["remote", "add", "origin", &address]);
    git(files, &["push", "-q", "-u", "origin", "main", "other"]);
    address
}

#[test]
fn what_plain_git_sent_is_said_to_stay_there() {
    let (files, folder) = (two_branches(), tempfile::tempdir().unwrap());
    remote(&files, folder.path());
    files.write("a.txt", "sent\n");
    let workspace = open(&files);
    workspace.commit_undoable("sent", &[], NOW, None).unwrap();
    git(&files, &["push", "-q"]);
    let undone = workspace.undo().unwrap();
    assert_eq!(undone.step.sent, ["main to origin"]);
    assert_eq!(git(&files, &["log", "-1", "--format=%s", "origin/main"]), "sent\n");
    assert_eq!(git(&files, &["log", "-1", "--format=%s", "main"]), "first\n");
}

#[test]
fn what_was_merged_stays_when_it_cannot_be_sent() {
    let (files, folder) = (two_branches(), tempfile::tempdir().unwrap());
    let address = remote(&files, folder.path());
    from_elsewhere(&files, &address, folder.path());
    files.write("b.txt", "from here\n");
    files.commit("from here");
    fs::write(folder.path().join("remote.git/refs/heads/main.lock"), "").unwrap();
    let workspace = open(&files);
    sync(&workspace, &Unfollowed).unwrap_err();
    assert_eq!(files.read("new.txt"), "from there\n");
    assert_eq!(git(&files, &["log", "-1", "--format=%s"]), "Merge origin/main into main\n");
    assert_eq!(git(&files, &["status", "--porcelain"]), "");
    assert_eq!(workspace.undo().unwrap().files, ["new.txt"]);
    assert_eq!(git(&files, &["log", "-1", "--format=%s"]), "from here\n");
}

/// Somebody else's commit, of a new file.
fn from_elsewhere(files: &TestWorkspace, address: &str, folder: &std::path::Path) {
    let other = folder.join("elsewhere");
    let path = other.to_str().unwrap();
    git(files, &["clone", "-q", address, path]);
    fs::write(other.join("new.txt"), "from there\n").unwrap();
    let there = Workspace::open(&other).unwrap();
    there.commit("from there", &[], NOW, Some(&crate::grace())).unwrap();
    git(files, &["-C", path, "push", "-q"]);
}

fn sync(workspace: &Workspace, follow: &dyn Follow) -> Result<Synced, GitError> {
    workspace.sync(&SyncRequest {
        remote: None,
        confirmed: &|_: &Address| true,
        push: true,
        logs: &[],
        resolutions: &BTreeMap::new(),
        merger: &LinesOnly,
        when: NOW,
        fallback: None,
        follow,
    })
}

#[test]
fn a_file_that_was_saved_while_a_sync_went_on_stays_as_it_was_saved() {
    let (files, folder) = (two_branches(), tempfile::tempdir().unwrap());
    let address = remote(&files, folder.path());
    from_elsewhere(&files, &address, folder.path());
    let saving = AtFirst::new(|| {
        files.write("b.txt", "saved meanwhile\n");
        git(&files, &["branch", "made-meanwhile"]);
    });
    let workspace = open(&files);
    sync(&workspace, &saving).unwrap();
    assert_eq!(files.read("new.txt"), "from there\n");
    assert_eq!(files.read("b.txt"), "saved meanwhile\n");
    let undone = workspace.undo().unwrap();
    assert_eq!(undone.files, ["new.txt"]);
    assert_eq!(git(&files, &["branch", "--list", "made-meanwhile"]), "  made-meanwhile\n");
    assert_eq!(files.read("b.txt"), "saved meanwhile\n");
}

#[test]
fn nothing_is_taken_back_in_the_middle_of_a_merge_of_plain_git() {
    let files = two_branches();
    let workspace = open(&files);
    files.write("b.txt", "mine\n");
    workspace.commit_undoable("mine", &[], NOW, None).unwrap();
    git(&files, &["merge", "-q", "--no-ff", "--no-commit", "other"]);
    let error = workspace.undo().unwrap_err();
    assert!(
        matches!(&error, GitError::Repo(assay_repo::RepoError::InProgress { .. })),
        "{error:?}"
    );
    git(&files, &["merge", "--abort"]);
    workspace.undo().unwrap();
}

#[cfg(unix)]
#[test]
fn names_that_differ_in_case_alone_are_two_files_to_undo() {
    let files = two_branches();
    files.write("B.txt", "the other b\n");
    files.commit("two of them");
    git(&files, &["switch", "-q", "other"]);
    files.write("B.txt", "the other b, elsewhere\n");
    files.commit("two of them there");
    git(&files, &["switch", "-q", "main"]);
    git(&files, &["config", "core.ignorecase", "true"]);
    let workspace = open(&files);
    if switch(&workspace, "other").is_err() {
        // Refused is as good as kept.
        assert_eq!(files.read("b.txt"), "same\n");
        return;
    }
    files.write("b.txt", "typed since\n");
    let _ = workspace.undo();
    assert_eq!(files.read("b.txt"), "typed since\n");
}
