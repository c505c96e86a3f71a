//! Undo: what a command did is taken back to the byte, and nothing else is.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use assay_repo::git::{Drafts, GitError, Unfollowed};
use assay_testkit::TestWorkspace;

use crate::{NOW, git, open};

/// Everything that undo promises to bring back.
#[derive(Debug, PartialEq, Eq)]
struct Everything {
    files: BTreeMap<String, Vec<u8>>,
    index: String,
    refs: String,
    head: String,
}

fn everything(files: &TestWorkspace) -> Everything {
    let mut found = BTreeMap::new();
    read_below(&files.path(), &files.path(), &mut found);
    let refs = git(files, &["for-each-ref", "--format=%(refname) %(objectname)"]);
    let is_own = |line: &&str| line.starts_with("refs/assay/und");
    Everything {
        files: found,
        index: git(files, &["ls-files", "--stage"]),
        refs: refs.lines().filter(|line| !is_own(line)).collect::<Vec<_>>().join("\n"),
        head: fs::read_to_string(files.path().join(".git/HEAD")).unwrap(),
    }
}

fn read_below(root: &Path, folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path == root.join(".git") {
            continue;
        }
        if path.is_dir() {
            read_below(root, &path, found);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            found.insert(name, fs::read(&path).unwrap());
        }
    }
}

fn start() -> TestWorkspace {
    let files = TestWorkspace::empty();
    for name in ["a.txt", "b.txt", "folder/c.txt"] {
        files.write(name, "one\ntwo\nthree\n");
    }
    files.commit("first");
    git(&files, &["switch", "-q", "-c", "other"]);
    files.write("a.txt", "one\ntwo\nOTHER\n");
    files.write("other.txt", "other\n");
    files.commit("other");
    git(&files, &["switch", "-q", "main"]);
    files
}

#[test]
fn an_edit_of_another_file_stays_when_a_command_is_taken_back() {
    let files = start();
    let workspace = open(&files);
    workspace.switch("other", None, Drafts::Carry, NOW, &Unfollowed).unwrap();
    files.write("b.txt", "later\n");
    let undone = workspace.undo().unwrap();
    assert_eq!(undone.files, ["a.txt", "other.txt"]);
    assert_eq!(
        (files.read("a.txt"), files.read("b.txt")),
        ("one\ntwo\nthree\n".into(), "later\n".into())
    );
    assert_eq!(git(&files, &["branch", "--show-current"]), "main\n");
}

#[test]
fn what_changed_since_is_named_and_nothing_is_taken_back() {
    let files = start();
    let workspace = open(&files);
    workspace.switch("other", None, Drafts::Carry, NOW, &Unfollowed).unwrap();
    files.write("a.txt", "later\n");
    let before = everything(&files);
    let error = workspace.undo().unwrap_err();
    assert!(matches!(&error, GitError::ChangedSince { what, .. } if what == "a.txt"), "{error:?}");
    assert_eq!(everything(&files), before);
}

#[test]
fn a_commit_taken_back_leaves_its_changes_to_be_committed_again() {
    let files = start();
    files.write("a.txt", "mine\n");
    let workspace = open(&files);
    workspace.commit_undoable("mine", &[], NOW, None).unwrap();
    workspace.undo().unwrap();
    assert_eq!(files.read("a.txt"), "mine\n");
    assert_eq!(git(&files, &["status", "--porcelain"]), " M a.txt\n");
    assert_eq!(git(&files, &["log", "-1", "--format=%s"]), "first\n");
    assert!(matches!(workspace.undo().unwrap_err(), GitError::NothingToUndo));
}

#[cfg(unix)]
#[test]
fn a_command_that_could_not_be_undone_is_not_begun() {
    let files = start();
    let workspace = open(&files);
    // A broken object in the index: no tree can be written of it.
    let id = git(&files, &["rev-parse", "HEAD:b.txt"]);
    let (folder, name) = id.trim().split_at(2);
    fs::remove_file(files.path().join(format!(".git/objects/{folder}/{name}"))).unwrap();
    let before = files.read("a.txt");
    let error = workspace.switch("other", None, Drafts::Carry, NOW, &Unfollowed).unwrap_err();
    assert!(matches!(error, GitError::NoSnapshot { .. }), "{error:?}");
    assert_eq!(files.read("a.txt"), before);
    assert_eq!(
        fs::read_to_string(files.path().join(".git/HEAD")).unwrap(),
        "ref: refs/heads/main\n"
    );
}
