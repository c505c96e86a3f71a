//! Commits hold what was meant, in the form that git would store.

use std::collections::BTreeMap;
use std::fs;

use assay_repo::RepoError;
use assay_repo::git::GitError;
use assay_testkit::TestWorkspace;

use crate::{NOW, git, open};

const OLD: &str = "{\"id\":\"a\",\"n\":1}\n{\"id\":\"b\",\"n\":2}\n";

/// Commits these rows of `cases.jsonl`; what is in the commit.
fn commit_rows(files: &TestWorkspace, ids: &[&str]) -> String {
    let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
    let rows = BTreeMap::from([("cases.jsonl".to_owned(), ids)]);
    let paths = ["cases.jsonl".to_owned()];
    open(files).commit_rows_undoable("some rows", &paths, &rows, NOW, None).unwrap();
    git(files, &["cat-file", "blob", "HEAD:cases.jsonl"])
}

#[test]
fn rows_of_a_file_that_git_gives_other_line_endings_are_stored_as_git_stores_them() {
    let files = TestWorkspace::empty();
    files.write(".gitattributes", "*.jsonl text eol=crlf\n");
    files.commit("first");
    let on_disk = OLD.replace('\n', "\r\n");
    files.write("cases.jsonl", &on_disk);
    assert_eq!(commit_rows(&files, &["a"]), "{\"id\":\"a\",\"n\":1}\n");
    assert_eq!(commit_rows(&files, &["b"]), OLD);
    let edited = on_disk.replace("1}", "8}").replace("2}", "9}");
    files.write("cases.jsonl", &edited);
    assert_eq!(commit_rows(&files, &["b"]), OLD.replace("2}", "9}"));
    assert_eq!(files.read("cases.jsonl"), edited);
    assert_eq!(commit_rows(&files, &["a"]), OLD.replace("1}", "8}").replace("2}", "9}"));
    assert_eq!(git(&files, &["status", "--porcelain"]), "");
}

#[test]
fn line_endings_that_git_leaves_alone_are_left_alone() {
    let files = TestWorkspace::empty();
    let on_disk = OLD.replace('\n', "\r\n");
    files.write("cases.jsonl", &on_disk);
    files.commit("first");
    files.write("cases.jsonl", &on_disk.replace("1}", "8}").replace("2}", "9}"));
    assert_eq!(commit_rows(&files, &["b"]), on_disk.replace("2}", "9}"));
}

#[test]
fn a_row_that_moved_and_is_left_out_stays_in_its_place() {
    let files = TestWorkspace::empty();
    let row = |id: &str, n: u32| format!("{{\"id\":\"{id}\",\"n\":{n}}}\n");
    let file = |rows: &[(&str, u32)]| rows.iter().map(|(id, n)| row(id, *n)).collect::<String>();
    files.write("cases.jsonl", &file(&[("a", 1), ("b", 2), ("c", 3), ("d", 4)]));
    files.commit("first");
    // d moved to the front, and b was edited.
    files.write("cases.jsonl", &file(&[("d", 4), ("a", 1), ("b", 9), ("c", 3)]));
    let committed = commit_rows(&files, &["b"]);
    assert_eq!(committed, file(&[("a", 1), ("b", 9), ("c", 3), ("d", 4)]));
    assert_eq!(commit_rows(&files, &["d"]), file(&[("d", 4), ("a", 1), ("b", 9), ("c", 3)]));
    assert_eq!(git(&files, &["status", "--porcelain"]), "");
}

#[test]
fn a_file_that_a_program_of_the_user_encrypts_is_not_committed_as_it_is() {
    let files = TestWorkspace::empty();
    files.write("plain.txt", "one\n");
    files.commit("first");
    files.write(".gitattributes", "secret.txt filter=locked\n");
    files.write("secret.txt", "never in the clear\n");
    git(&files, &["config", "filter.locked.clean", "false"]);
    let workspace = open(&files);
    let head = workspace.head();
    let error = workspace.commit("all", &[], NOW, None).unwrap_err();
    assert!(
        matches!(&error, RepoError::Filtered { path, .. } if path == "secret.txt"),
        "{error:?}"
    );
    assert!(error.hint().unwrap().contains("git add"), "{:?}", error.hint());
    assert_eq!(workspace.head(), head);
    // What git would not change either, because nobody set a program up, is as it is.
    git(&files, &["config", "--unset", "filter.locked.clean"]);
    workspace.commit("all", &[], NOW, None).unwrap();
    assert_eq!(git(&files, &["show", "HEAD:secret.txt"]), "never in the clear\n");
}

#[test]
fn a_file_in_another_encoding_is_not_committed_as_it_is() {
    let files = TestWorkspace::empty();
    files.write(".gitattributes", "*.txt text working-tree-encoding=UTF-16LE\n");
    files.write_bytes("a.txt", b"a\0b\0");
    let error = open(&files).commit("all", &[], NOW, None).unwrap_err();
    assert!(matches!(&error, RepoError::Filtered { path, .. } if path == "a.txt"), "{error:?}");
}

#[test]
fn files_outside_of_a_sparse_worktree_stay_in_every_commit() {
    let files = TestWorkspace::empty();
    files.write("in/a.txt", "one\n");
    files.write("out/b.txt", "a text that is long enough\nto be recognised\nwhen it moves\n");
    files.commit("first");
    git(&files, &["sparse-checkout", "set", "--no-cone", "/in/"]);
    assert!(!files.path().join("out/b.txt").exists());
    let workspace = open(&files);
    assert_eq!(workspace.changes().unwrap(), []);
    files.write("in/a.txt", "two\n");
    // A copy of what is not here is new, and not moved.
    files.write("in/copy.txt", "a text that is long enough\nto be recognised\nwhen it moves\n");
    workspace.commit_undoable("second", &[], NOW, None).unwrap();
    let tree = git(&files, &["ls-tree", "-r", "--name-only", "HEAD"]);
    assert_eq!(tree, "in/a.txt\nin/copy.txt\nout/b.txt\n");
    assert_eq!(git(&files, &["status", "--porcelain"]), "");
    workspace.undo().unwrap();
    assert_eq!(git(&files, &["status", "--porcelain"]), " M in/a.txt\n?? in/copy.txt\n");
}

#[test]
fn a_commit_that_was_to_be_signed_is_not_made_unsigned() {
    let files = TestWorkspace::empty();
    files.write("a.txt", "one\n");
    let workspace = open(&files);
    git(&files, &["config", "commit.gpgsign", "true"]);
    let error = workspace.commit_undoable("first", &[], NOW, None).unwrap_err();
    assert!(matches!(&error, GitError::Repo(RepoError::Unsigned { .. })), "{error:?}");
    assert!(error.hint().unwrap().contains("commit.gpgsign"), "{:?}", error.hint());
    assert_eq!(workspace.head(), None);
    git(&files, &["config", "commit.gpgsign", "false"]);
    workspace.commit_undoable("first", &[], NOW, None).unwrap();
    git(&files, &["config", "tag.gpgsign", "true"]);
    let error = workspace.create_tag("v1", None, Some("one"), NOW, None).unwrap_err();
    assert!(matches!(&error, GitError::Repo(RepoError::Unsigned { .. })), "{error:?}");
}

#[test]
fn a_folder_that_became_a_file_is_committed_and_taken_back() {
    let files = TestWorkspace::empty();
    files.write("thing/inside.txt", "a folder\n");
    files.commit("first");
    fs::remove_dir_all(files.path().join("thing")).unwrap();
    files.write("thing", "now a file\n");
    let workspace = open(&files);
    workspace.commit_undoable("shrink", &[], NOW, None).unwrap();
    assert_eq!(git(&files, &["ls-files"]), "thing\n");
    assert_eq!(git(&files, &["status", "--porcelain"]), "");
    workspace.undo().unwrap();
    assert_eq!(git(&files, &["ls-files"]), "thing/inside.txt\n");
    assert_eq!(files.read("thing"), "now a file\n");
}

#[test]
fn the_first_commit_of_all_is_taken_back_too() {
    let files = TestWorkspace::empty();
    files.write("a.txt", "one\n");
    let workspace = open(&files);
    workspace.commit_undoable("first", &[], NOW, None).unwrap();
    workspace.undo().unwrap();
    assert_eq!(workspace.head(), None);
    assert_eq!(git(&files, &["status", "--porcelain"]), "?? a.txt\n");
    assert_eq!(workspace.branch().as_deref(), Some("main"));
}
