//! Merges: in memory, with conflicts as data, and never half done.

use std::collections::BTreeMap;

use assay_repo::git::{
    GitError, MergeRequest, MergeSide, Merged, Resolution, Resolutions, TextMerge, TextMerger,
    Unfollowed,
};
use assay_testkit::TestWorkspace;

use crate::{LinesOnly, NOW, git, open};

/// `main` and `other` after each wrote its own text to `a.txt`, and a file of its own.
fn parted(ours: &str, theirs: &str) -> TestWorkspace {
    let files = TestWorkspace::empty();
    files.write("a.txt", "one\ntwo\nthree\nfour\nfive\n");
    files.commit("first");
    git(&files, &["switch", "-q", "-c", "other"]);
    files.write("a.txt", theirs);
    files.write("theirs.txt", "theirs\n");
    files.commit("theirs");
    git(&files, &["switch", "-q", "main"]);
    files.write("a.txt", ours);
    files.write("ours.txt", "ours\n");
    files.commit("ours");
    files
}

fn request<'a>(resolutions: &'a Resolutions, merger: &'a dyn TextMerger) -> MergeRequest<'a> {
    MergeRequest {
        revision: "other",
        message: None,
        resolutions,
        merger,
        when: NOW,
        fallback: None,
        follow: &Unfollowed,
    }
}

#[test]
fn edits_of_different_lines_become_a_commit_with_both_parents() {
    let files = parted("ONE\ntwo\nthree\nfour\nfive\n", "one\ntwo\nthree\nfour\nFIVE\n");
    let merged = open(&files).merge(&request(&BTreeMap::new(), &LinesOnly)).unwrap();
    let Merged::Commit { made } = merged else { panic!("{merged:?}") };
    assert_eq!(files.read("a.txt"), "ONE\ntwo\nthree\nfour\nFIVE\n");
    assert_eq!(git(&files, &["log", "-1", "--format=%s"]), "Merge other into main\n");
    let parents = git(&files, &["log", "-1", "--format=%P"]);
    assert_eq!(parents.split_whitespace().count(), 2);
    assert_eq!(git(&files, &["rev-parse", "main"]).trim(), made.id);
    assert_eq!(git(&files, &["status", "--porcelain"]), "");
    // The commit that pinned the state before is let go; whatever else is wrong is told.
    assert_eq!(git(&files, &["fsck", "--strict", "--no-dangling"]), "");
}

#[test]
fn a_conflict_comes_back_with_its_three_texts_and_changes_nothing() {
    let files = parted("one\nOURS\nthree\nfour\nfive\n", "one\nTHEIRS\nthree\nfour\nfive\n");
    let workspace = open(&files);
    let head = workspace.head();
    let merged = workspace.merge(&request(&BTreeMap::new(), &LinesOnly)).unwrap();
    let Merged::Conflicts { files: conflicts } = merged else { panic!("{merged:?}") };
    let [conflict] = conflicts.as_slice() else { panic!("{conflicts:?}") };
    assert_eq!(conflict.path, "a.txt");
    assert_eq!(conflict.base, MergeSide::Text("one\ntwo\nthree\nfour\nfive\n".into()));
    assert_eq!(conflict.ours, MergeSide::Text("one\nOURS\nthree\nfour\nfive\n".into()));
    assert_eq!(conflict.theirs, MergeSide::Text("one\nTHEIRS\nthree\nfour\nfive\n".into()));
    assert_eq!(workspace.head(), head);
    assert_eq!(git(&files, &["status", "--porcelain"]), "");
    assert!(workspace.undo_steps().unwrap().is_empty(), "nothing was done, so nothing to undo");

    let decided = BTreeMap::from([("a.txt".to_owned(), Resolution::Text("both\n".to_owned()))]);
    let merged = workspace.merge(&request(&decided, &LinesOnly)).unwrap();
    assert!(matches!(merged, Merged::Commit { .. }), "{merged:?}");
    assert_eq!(
        (files.read("a.txt"), files.read("theirs.txt")),
        ("both\n".into(), "theirs\n".into())
    );
}

#[test]
fn a_file_that_one_side_deleted_can_be_taken_from_either() {
    let files = parted("one\nOURS\nthree\nfour\nfive\n", "one\ntwo\nthree\nfour\nfive\n");
    git(&files, &["switch", "-q", "other"]);
    files.remove("a.txt");
    files.commit("gone");
    git(&files, &["switch", "-q", "main"]);
    let workspace = open(&files);
    let merged = workspace.merge(&request(&BTreeMap::new(), &LinesOnly)).unwrap();
    let Merged::Conflicts { files: conflicts } = merged else { panic!("{merged:?}") };
    assert_eq!(conflicts[0].theirs, MergeSide::Absent);
    let decided = BTreeMap::from([("a.txt".to_owned(), Resolution::Theirs)]);
    workspace.merge(&request(&decided, &LinesOnly)).unwrap();
    assert_eq!(git(&files, &["ls-files"]), "ours.txt\ntheirs.txt\n");
}

/// Refuses what a line merge would take.
struct Strict;

impl TextMerger for Strict {
    fn merge(&self, path: &str, base: Option<&str>, ours: &str, theirs: &str) -> TextMerge {
        assert!(path == "a.txt" && base.is_some() && ours != theirs);
        TextMerge::Conflict
    }
}

#[test]
fn a_clean_line_merge_is_not_believed_where_the_merger_knows_better() {
    let files = parted("ONE\ntwo\nthree\nfour\nfive\n", "one\ntwo\nthree\nfour\nFIVE\n");
    let merged = open(&files).merge(&request(&BTreeMap::new(), &Strict)).unwrap();
    assert!(matches!(&merged, Merged::Conflicts { files } if files.len() == 1), "{merged:?}");
}

#[test]
fn a_branch_without_commits_of_its_own_just_moves() {
    let files = TestWorkspace::empty();
    files.write("a.txt", "one\n");
    files.commit("first");
    git(&files, &["branch", "behind"]);
    files.write("a.txt", "two\n");
    files.write("b.txt", "new\n");
    let second = files.commit("second");
    git(&files, &["branch", "other"]);
    git(&files, &["switch", "-q", "behind"]);
    let workspace = open(&files);
    let resolutions = BTreeMap::new();
    let merged = workspace.merge(&request(&resolutions, &LinesOnly)).unwrap();
    assert!(matches!(&merged, Merged::FastForward { to } if to.id == second), "{merged:?}");
    assert_eq!(git(&files, &["status", "--porcelain", "--branch"]), "## behind\n");
    assert_eq!(workspace.merge(&request(&resolutions, &LinesOnly)).unwrap(), Merged::UpToDate);
}

#[test]
fn a_change_that_a_merge_would_overwrite_stops_it() {
    let files = parted("ONE\ntwo\nthree\nfour\nfive\n", "one\ntwo\nthree\nfour\nFIVE\n");
    files.write("theirs.txt", "mine, and in no commit\n");
    let workspace = open(&files);
    let head = workspace.head();
    let error = workspace.merge(&request(&BTreeMap::new(), &LinesOnly)).unwrap_err();
    assert!(matches!(&error, GitError::InTheWay { .. }), "{error:?}");
    assert_eq!(files.read("theirs.txt"), "mine, and in no commit\n");
    assert_eq!(workspace.head(), head);
}
