//! The gate where both sides changed one file: what it decides on is the merge that every merge here makes.

use std::collections::{BTreeMap, BTreeSet};

use assay_repo::Workspace;
use assay_repo::git::{MergeRequest, Merged, Resolutions, TextMerge, TextMerger, Unfollowed};
use assay_repo::review::{Body, Gate, GateError, Review, Subject, Verdict};
use assay_testkit::TestWorkspace;

use crate::reviews::{
    ADA, BOB, CASES, CI, MEASURED, approved, at, codes, measured, proposal, say_about, variant,
};
use crate::together::ByMeaning;
use crate::{LinesOnly, NOW, git};

const ROWS: &str = "prompts/greet/cases.jsonl";
const NOTES: &str = "notes.md";

fn row(id: &str) -> String {
    format!("{{\"id\":\"{id}\",\"input\":{{\"who\":\"Bob\"}},\"expected\":\"Hello Bob\"}}\n")
}

/// An approved branch, and a target that goes on, each with its own text in a file; the target is checked out.
fn parted(file: &str, on_branch: &str, on_target: &str) -> (TestWorkspace, Workspace) {
    let (files, workspace) = approved();
    files.write(file, on_branch);
    files.commit("theirs");
    git(&files, &["checkout", "-q", "main"]);
    files.write(file, on_target);
    files.commit("ours");
    (files, workspace)
}

fn ask(workspace: &Workspace, merger: &dyn TextMerger) -> Result<Gate, GateError> {
    let (base, head) = (at(workspace, "main"), at(workspace, "brief"));
    workspace.gate(&base, &head, &BTreeMap::new(), NOW.seconds, merger)
}

fn verify(workspace: &Workspace, merger: &dyn TextMerger) -> Result<Gate, GateError> {
    workspace.verify_commit(&at(workspace, "main"), &BTreeMap::new(), NOW.seconds, merger)
}

/// Merges the branch as a sync and `assay branch --merge` do.
fn merge(workspace: &Workspace, merger: &dyn TextMerger) {
    let merged = workspace.merge(&MergeRequest {
        revision: "brief",
        message: None,
        resolutions: &Resolutions::new(),
        merger,
        when: NOW,
        fallback: None,
        follow: &Unfollowed,
    });
    let merged = merged.unwrap();
    assert!(matches!(merged, Merged::Commit { .. }), "{merged:?}");
}

#[test]
fn rows_that_both_sides_append_are_asked_about_as_they_are_merged() {
    let (files, workspace) =
        parted(ROWS, &(CASES.to_owned() + &row("c-bob")), &(CASES.to_owned() + &row("c-cleo")));
    let by_lines = ask(&workspace, &LinesOnly).unwrap_err();
    assert_eq!(by_lines.to_string(), format!("the two sides conflict in {ROWS}"));

    // These cases stand on no branch yet: nobody has proposed or approved them, and no run has used them.
    let closed = ask(&workspace, &ByMeaning).unwrap();
    let missing = BTreeSet::from(["needs-approvals", "not-proposed", "stale-evidence"]);
    assert_eq!(codes(&closed), missing);
    let rows = git(&files, &["show", &format!("{}:{ROWS}", closed.merged.id())]);
    assert!(rows.starts_with(CASES) && rows.lines().count() == 3, "{rows}");
    assert!(rows.contains(&row("c-bob")) && rows.contains(&row("c-cleo")), "{rows}");

    let subjects: Vec<Subject> =
        closed.decision.items.iter().map(|item| item.subject.clone()).collect();
    say_about(&workspace, ADA, subjects.clone(), proposal());
    say_about(&workspace, BOB, subjects, Body::Review(Review::of(Verdict::Approve)));
    let items = closed.after.items.iter().map(|item| item.subject.clone());
    let used = items.filter(|subject| MEASURED.contains(&subject.role)).collect();
    say_about(&workspace, CI, used, measured());
    let open = ask(&workspace, &ByMeaning).unwrap();
    assert!(open.decision.open, "{:?}", open.decision);

    merge(&workspace, &ByMeaning);
    let tree = |id: &str| git(&files, &["rev-parse", &format!("{id}^{{tree}}")]);
    assert_eq!(tree("main"), tree(&open.merged.id()), "both are one merge");
    let verified = verify(&workspace, &ByMeaning).unwrap();
    assert!(verified.decision.open, "{:?}", verified.decision);
}

#[test]
fn words_that_both_sides_change_are_a_conflict_for_both_merges_and_for_one_made_by_hand() {
    let file = "prompts/greet/only.prompty";
    let (files, workspace) = parted(file, &variant("Hey"), &variant("Good day"));
    git(&files, &["merge", "-q", "--no-edit", "-X", "ours", "brief"]);
    for merger in [&ByMeaning as &dyn TextMerger, &LinesOnly] {
        let conflict = verify(&workspace, merger).unwrap_err();
        assert!(
            matches!(&conflict, GateError::Conflict { paths } if *paths == [file]),
            "{conflict}"
        );
    }
}

/// Puts the notes of both one after the other, where lines would be woven.
struct BothNotes;

impl TextMerger for BothNotes {
    fn merge(&self, path: &str, _: Option<&str>, ours: &str, theirs: &str) -> TextMerge {
        match path {
            NOTES => TextMerge::Merged(format!("{ours}{theirs}")),
            _ => TextMerge::NotMine,
        }
    }
}

/// Both sides change other lines of the notes that they had in common.
fn noted() -> (TestWorkspace, Workspace) {
    let (files, workspace) = approved();
    git(&files, &["checkout", "-q", "main"]);
    files.write(NOTES, "one\ntwo\nthree\nfour\nfive\n");
    files.commit("notes");
    git(&files, &["checkout", "-q", "brief"]);
    git(&files, &["merge", "-q", "--no-edit", "main"]);
    files.write(NOTES, "one\ntwo\nthree\nfour\nFIVE\n");
    files.commit("theirs");
    git(&files, &["checkout", "-q", "main"]);
    files.write(NOTES, "ONE\ntwo\nthree\nfour\nfive\n");
    files.commit("ours");
    (files, workspace)
}

#[test]
fn a_merge_is_held_against_what_assay_makes_and_against_what_a_server_makes() {
    let (files, workspace) = noted();
    merge(&workspace, &BothNotes);
    assert_eq!(files.read(NOTES).lines().count(), 10);
    assert_eq!(codes(&verify(&workspace, &BothNotes).unwrap()), BTreeSet::new());

    let (files, workspace) = noted();
    git(&files, &["merge", "-q", "--no-edit", "brief"]);
    assert_eq!(files.read(NOTES), "ONE\ntwo\nthree\nfour\nFIVE\n");
    let verified = verify(&workspace, &BothNotes).unwrap();
    assert_eq!(codes(&verified), BTreeSet::new());
    let asked_about = git(&files, &["show", &format!("{}:{NOTES}", verified.merged.id())]);
    assert_eq!(asked_about, files.read(NOTES), "what was made is what is asked about");

    files.write(NOTES, "ONE\ntwo\nthree\nfour\nFIVE\nand more\n");
    git(&files, &["commit", "-q", "-a", "--amend", "--no-edit"]);
    let verified = verify(&workspace, &BothNotes).unwrap();
    assert_eq!(codes(&verified), BTreeSet::from(["smuggled"]));
}
