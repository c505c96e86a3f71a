//! Committing and the list of commits, seen through git's own program as well.

use std::collections::BTreeMap;
use std::fs;

use assay_repo::git::GitError;
use assay_repo::{FileStatus, RepoError};
use assay_testkit::TestWorkspace;

use crate::{NOW, git, grace, open};

#[test]
fn a_commit_is_what_git_itself_shows() {
    let files = TestWorkspace::empty();
    files.write("a.txt", "one");
    files.commit("first");
    files.write("a.txt", "two");
    files.write("new/b.txt", "new");
    let made =
        open(&files).commit("  prompts: say it better\n\n\nBecause.\n\n", &[], NOW, None).unwrap();
    assert_eq!(made.summary, "prompts: say it better");
    assert_eq!((made.author.as_str(), made.time_s), ("Ada Tester", NOW.seconds));

    let format = "--format=%H|%an <%ae>|%cn|%at|%B";
    let shown = git(&files, &["log", "-1", format]);
    let expected = format!(
        "{}|Ada Tester <ada@example.com>|Ada Tester|{}|prompts: say it better\n\nBecause.\n\n",
        made.id, NOW.seconds
    );
    assert_eq!(shown, expected);
    assert_eq!(git(&files, &["log", "-1", "--format=%ai"]), "2026-02-02 03:40:00 +0100\n");
    assert_eq!(git(&files, &["status", "--porcelain"]), "");
    assert_eq!(git(&files, &["fsck", "--strict"]), "");
    let names = git(&files, &["show", "--format=", "--name-status", "HEAD"]);
    assert_eq!(names, "M\ta.txt\nA\tnew/b.txt\n");
}

#[test]
fn the_first_commit_of_a_repository_works() {
    let files = TestWorkspace::empty();
    files.write("a.txt", "one");
    let workspace = open(&files);
    assert!(workspace.log(5).unwrap().is_empty());
    let first = workspace.commit("first", &[], NOW, None).unwrap();
    assert_eq!(workspace.log(5).unwrap(), [first]);
    assert_eq!(git(&files, &["branch", "--show-current"]), "main\n");
}

#[test]
fn a_detached_head_moves_and_branches_stay() {
    let files = TestWorkspace::empty();
    files.write("a.txt", "one");
    let first = files.commit("first");
    git(&files, &["checkout", "-q", "--detach"]);
    files.write("a.txt", "two");
    let workspace = open(&files);
    let second = workspace.commit("second", &[], NOW, None).unwrap();
    assert_eq!(workspace.head(), Some(second.id));
    assert_eq!(git(&files, &["rev-parse", "main"]).trim(), first);
}

#[test]
fn only_the_named_changes_are_committed_and_what_others_staged_stays_staged() {
    let files = TestWorkspace::empty();
    for name in ["a.txt", "b.txt", "staged.txt", "folder/c.txt"] {
        files.write(name, "one");
    }
    files.commit("first");
    for name in ["a.txt", "b.txt", "staged.txt", "folder/c.txt"] {
        files.write(name, "two");
    }
    git(&files, &["add", "staged.txt"]);
    let paths = ["a.txt".to_owned(), "folder/".to_owned()];
    open(&files).commit("some", &paths, NOW, None).unwrap();
    assert_eq!(git(&files, &["show", "--format=", "--name-only", "HEAD"]), "a.txt\nfolder/c.txt\n");
    assert_eq!(git(&files, &["status", "--porcelain"]), " M b.txt\nM  staged.txt\n");
}

#[test]
fn one_row_is_committed_and_the_others_wait_on_disk() {
    let files = TestWorkspace::empty();
    let old = "{\"id\":\"a\",\"output\":1}\n{\"id\":\"b\",\"output\":2}\n";
    let new = "{\"id\":\"a\",\"output\":8}\n{\"id\":\"b\",\"output\":9}\n";
    files.write("cases.jsonl", old);
    files.write("notes.md", "one");
    files.commit("first");
    files.write("cases.jsonl", new);
    files.write("notes.md", "two");
    let rows = BTreeMap::from([("cases.jsonl".to_owned(), vec!["b".to_owned()])]);
    let paths = ["cases.jsonl".to_owned()];
    let workspace = open(&files);
    workspace.commit_rows_undoable("one row", &paths, &rows, NOW, None).unwrap();
    let committed = git(&files, &["show", "HEAD:cases.jsonl"]);
    assert_eq!(committed, old.replace("2}", "9}"));
    assert_eq!(files.read("cases.jsonl"), new, "the file on disk is as it was");
    assert_eq!(git(&files, &["status", "--porcelain"]), " M cases.jsonl\n M notes.md\n");

    let lines = BTreeMap::from([("notes.md".to_owned(), vec!["two".to_owned()])]);
    let paths = ["notes.md".to_owned()];
    let error = workspace.commit_rows_undoable("no rows", &paths, &lines, NOW, None).unwrap_err();
    assert!(matches!(error, GitError::RowsTogether { .. }), "{error}");
}

#[test]
fn deleted_and_renamed_files_are_committed_as_such() {
    let files = TestWorkspace::empty();
    files.write("gone.txt", "gone\n");
    files.write("old/name.txt", "a text that is long enough\nto be recognised\nwhen it moves\n");
    files.commit("first");
    files.remove("gone.txt");
    fs::create_dir(files.path().join("new")).unwrap();
    fs::rename(files.path().join("old/name.txt"), files.path().join("new/name.txt")).unwrap();
    let workspace = open(&files);
    let changes = workspace.changes().unwrap();
    let told: Vec<_> = changes
        .iter()
        .map(|change| (change.path.as_str(), change.from.as_deref(), change.status))
        .collect();
    assert_eq!(
        told,
        [
            ("gone.txt", None, FileStatus::Deleted),
            ("new/name.txt", Some("old/name.txt"), FileStatus::Renamed),
        ]
    );
    // The new path alone brings the removal of the old one with it.
    workspace.commit("move", &["new/name.txt".to_owned()], NOW, None).unwrap();
    assert_eq!(
        git(&files, &["show", "--format=", "--name-status", "-M", "HEAD"]),
        "R100\told/name.txt\tnew/name.txt\n"
    );
    workspace.commit("delete", &[], NOW, None).unwrap();
    assert_eq!(git(&files, &["ls-files"]), "new/name.txt\n");
    assert_eq!(git(&files, &["status", "--porcelain"]), "");
}

#[test]
fn a_file_that_became_a_folder_is_committed() {
    let files = TestWorkspace::empty();
    files.write("thing", "a file\n");
    files.commit("first");
    files.remove("thing");
    files.write("thing/inside.txt", "now a folder\n");
    open(&files).commit("grow", &[], NOW, None).unwrap();
    assert_eq!(git(&files, &["ls-files"]), "thing/inside.txt\n");
    assert_eq!(git(&files, &["status", "--porcelain"]), "");
    assert_eq!(git(&files, &["fsck", "--strict"]), "");
}

#[test]
fn ignored_files_are_never_committed() {
    let files = TestWorkspace::empty();
    files.write(".gitignore", ".env\n");
    files.write(".env", "KEY=secret");
    let workspace = open(&files);
    workspace.commit("first", &[], NOW, None).unwrap();
    assert_eq!(git(&files, &["ls-files"]), ".gitignore\n");
    let error = workspace.commit("key", &[".env".to_owned()], NOW, None).unwrap_err();
    assert_eq!(error.to_string(), ".env has no changes to commit");
}

#[test]
fn a_file_left_by_a_crash_is_not_committed() {
    let files = TestWorkspace::empty();
    files.write("a.txt", "a");
    files.write("prompts/.assay-unfinished-x1y2z3", "half of a fi");
    open(&files).commit("first", &[], NOW, None).unwrap();
    assert_eq!(git(&files, &["ls-files"]), "a.txt\n");
}

#[test]
fn an_empty_message_and_an_unchanged_tree_are_refused() {
    let files = TestWorkspace::empty();
    files.write("a.txt", "one");
    let workspace = open(&files);
    let error = workspace.commit(" \n\t\n", &[], NOW, None).unwrap_err();
    assert!(matches!(error, RepoError::EmptyMessage), "{error}");
    files.commit("first");
    let error = workspace.commit("again", &[], NOW, None).unwrap_err();
    assert!(matches!(error, RepoError::NothingToCommit), "{error}");
}

#[test]
fn somebody_unknown_to_git_signs_with_the_fallback_or_is_told_how() {
    let files = TestWorkspace::empty();
    files.write("a.txt", "one");
    git(&files, &["config", "user.name", " "]);
    let workspace = open(&files);
    let error = workspace.commit("first", &[], NOW, None).unwrap_err();
    assert!(matches!(error, RepoError::NoIdentity), "{error}");
    assert_eq!(workspace.head(), None);
    workspace.commit("first", &[], NOW, Some(&grace())).unwrap();
    assert_eq!(git(&files, &["log", "--format=%an <%ae>"]), "Grace <grace@example.com>\n");
}

#[test]
fn a_stale_lock_is_named_and_nothing_is_committed() {
    let files = TestWorkspace::empty();
    files.write("a.txt", "one");
    let first = files.commit("first");
    files.write("a.txt", "two");
    let lock = files.path().join(".git/index.lock");
    fs::write(&lock, "").unwrap();
    let workspace = open(&files);
    let error = workspace.commit("second", &[], NOW, None).unwrap_err();
    assert!(matches!(error, RepoError::Locked { .. }), "{error}");
    assert!(error.hint().unwrap().contains(lock.to_str().unwrap()));
    assert_eq!(workspace.head(), Some(first));
    fs::remove_file(lock).unwrap();
    workspace.commit("second", &[], NOW, None).unwrap();
}

#[test]
fn a_locked_branch_is_named_too() {
    let files = TestWorkspace::empty();
    files.write("a.txt", "one");
    let first = files.commit("first");
    files.write("a.txt", "two");
    let lock = files.path().join(".git/refs/heads/main.lock");
    fs::write(&lock, "").unwrap();
    let workspace = open(&files);
    let error = workspace.commit("second", &[], NOW, None).unwrap_err();
    assert!(matches!(&error, RepoError::Locked { lock: named } if *named == lock), "{error:?}");
    assert_eq!(workspace.head(), Some(first));
}

#[test]
fn an_unfinished_merge_is_finished_in_git_first() {
    let files = TestWorkspace::empty();
    files.write("a.txt", "one\n");
    let first = files.commit("first");
    fs::write(files.path().join(".git/MERGE_HEAD"), format!("{first}\n")).unwrap();
    files.write("a.txt", "two\n");
    let error = open(&files).commit("second", &[], NOW, None).unwrap_err();
    assert_eq!(error.to_string(), "a merge is in progress");
    assert!(error.hint().unwrap().contains("finish or abort"));
}

#[cfg(unix)]
#[test]
fn no_hook_is_executed() {
    use std::os::unix::fs::PermissionsExt;
    let files = TestWorkspace::empty();
    let ran = files.path().join(".git/ran");
    let hooks = files.path().join(".git/hooks");
    fs::create_dir_all(&hooks).unwrap();
    for name in [
        "pre-commit",
        "prepare-commit-msg",
        "commit-msg",
        "post-commit",
        "reference-transaction",
        "post-index-change",
        "fsmonitor",
    ] {
        let hook = hooks.join(name);
        fs::write(&hook, format!("#!/bin/sh\necho {name} >> {:?}\n", ran)).unwrap();
        fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    }
    for (key, value) in [
        ("core.fsmonitor", hooks.join("fsmonitor")),
        ("filter.evil.clean", hooks.join("fsmonitor")),
        ("diff.evil.textconv", hooks.join("fsmonitor")),
        ("credential.helper", hooks.join("fsmonitor")),
    ] {
        let config = git2::Repository::open(files.path()).unwrap().config();
        config.unwrap().set_str(key, value.to_str().unwrap()).unwrap();
    }
    files.write("a.prompty", "---\nname: a\n---\nuser:\nHi\n");
    let workspace = open(&files);
    workspace.commit("first", &[], NOW, None).unwrap();
    files.write(".gitattributes", "*.prompty filter=evil diff=evil\n");
    files.write("a.prompty", "---\nname: a\n---\nuser:\nHey\n");
    workspace.changes().unwrap();
    workspace.commit("second", &[], NOW, None).unwrap_err();
    workspace.versions("a.prompty").unwrap();
    assert!(!ran.exists(), "{}", fs::read_to_string(&ran).unwrap());
    // The same hooks do run under git itself, so this test is able to fail.
    files.write("a.prompty", "---\nname: a\n---\nuser:\nHello\n");
    git(&files, &["commit", "-q", "-a", "-m", "with hooks"]);
    assert!(ran.exists());
}

#[test]
fn the_log_is_newest_first_and_as_long_as_asked() {
    let files = TestWorkspace::empty();
    for number in 1..=5 {
        files.write("a.txt", &number.to_string());
        files.commit(&format!("number {number}"));
    }
    let log = open(&files).log(3).unwrap();
    let summaries: Vec<_> = log.iter().map(|commit| commit.summary.as_str()).collect();
    assert_eq!(summaries, ["number 5", "number 4", "number 3"]);
}

#[test]
fn commits_of_all_merged_branches_are_in_the_log() {
    let files = TestWorkspace::empty();
    files.write("a.txt", "one");
    files.commit("first");
    git(&files, &["checkout", "-q", "-b", "side"]);
    files.write("b.txt", "side");
    files.commit("on the side");
    git(&files, &["checkout", "-q", "main"]);
    files.write("c.txt", "main");
    files.commit("on main");
    git(&files, &["merge", "-q", "--no-edit", "-m", "merged", "side"]);
    let log = open(&files).log(10).unwrap();
    assert_eq!(log.len(), 4);
    assert_eq!(log[0].summary, "merged");
    assert_eq!(log[3].summary, "first");
}
