//! Branches and tags, and going from one branch to another without losing what was typed.

use assay_repo::git::{Drafts, GitError, Unfollowed};
use assay_testkit::TestWorkspace;

use crate::{NOW, git, open};

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

#[test]
fn changes_of_files_that_both_branches_have_alike_go_along() {
    let files = two_branches();
    files.write("b.txt", "changed\n");
    files.write("new.txt", "new\n");
    let switched = open(&files).switch("other", None, Drafts::Carry, NOW, &Unfollowed).unwrap();
    assert_eq!((switched.from.as_deref(), switched.to.as_str()), (Some("main"), "other"));
    assert_eq!((files.read("a.txt"), files.read("b.txt")), ("two\n".into(), "changed\n".into()));
    assert_eq!(git(&files, &["status", "--porcelain"]), " M b.txt\n?? new.txt\n");
    assert_eq!(git(&files, &["branch", "--show-current"]), "other\n");
}

#[test]
fn a_switch_that_would_overwrite_changes_is_refused_and_changes_nothing() {
    let files = two_branches();
    files.write("a.txt", "mine\n");
    let before = git(&files, &["for-each-ref"]);
    let error = open(&files).switch("other", None, Drafts::Carry, NOW, &Unfollowed).unwrap_err();
    assert!(matches!(&error, GitError::InTheWay { paths } if paths == &["a.txt"]), "{error:?}");
    assert_eq!(files.read("a.txt"), "mine\n");
    assert_eq!(git(&files, &["branch", "--show-current"]), "main\n");
    assert_eq!(git(&files, &["for-each-ref"]), before, "a refused command left something behind");
}

#[test]
fn changes_in_the_way_stay_with_their_branch_and_come_back_with_it() {
    let files = two_branches();
    files.write("a.txt", "mine\n");
    files.write("new.txt", "new\n");
    files.remove("b.txt");
    let workspace = open(&files);
    let away = workspace.switch("other", None, Drafts::KeepIfInTheWay, NOW, &Unfollowed).unwrap();
    assert_eq!(away.kept, ["a.txt", "b.txt", "new.txt"]);
    assert_eq!((files.read("a.txt"), files.read("b.txt")), ("two\n".into(), "same\n".into()));
    assert_eq!(git(&files, &["status", "--porcelain"]), "");
    assert!(workspace.branches().unwrap().iter().any(|b| b.name == "main" && b.drafts));

    let back = workspace.switch("main", None, Drafts::KeepIfInTheWay, NOW, &Unfollowed).unwrap();
    assert_eq!(back.back, ["a.txt", "b.txt", "new.txt"]);
    assert!(!back.waiting);
    assert_eq!((files.read("a.txt"), files.read("new.txt")), ("mine\n".into(), "new\n".into()));
    assert_eq!(git(&files, &["status", "--porcelain"]), " M a.txt\n D b.txt\n?? new.txt\n");
    assert_eq!(git(&files, &["stash", "list"]), "");
}

#[test]
fn changes_wait_where_their_files_differ_by_now() {
    let files = two_branches();
    files.write("a.txt", "mine\n");
    let workspace = open(&files);
    workspace.switch("other", None, Drafts::Keep, NOW, &Unfollowed).unwrap();
    git(&files, &["switch", "-q", "main"]);
    files.write("a.txt", "theirs\n");
    files.commit("meanwhile");
    let there = workspace.switch("main", None, Drafts::Carry, NOW, &Unfollowed).unwrap();
    assert!(there.waiting && there.back.is_empty());
    assert_eq!(files.read("a.txt"), "theirs\n");
    assert!(workspace.branches().unwrap().iter().any(|b| b.name == "main" && b.drafts));
}

#[test]
fn a_branch_with_commits_of_its_own_is_deleted_by_force_only() {
    let files = two_branches();
    let workspace = open(&files);
    let error = workspace.delete_branch("other", false, NOW).unwrap_err();
    assert!(matches!(error, GitError::Unmerged { .. }), "{error:?}");
    let error = workspace.delete_branch("main", true, NOW).unwrap_err();
    assert!(matches!(error, GitError::CheckedOut { .. }), "{error:?}");
    workspace.delete_branch("other", true, NOW).unwrap();
    assert_eq!(git(&files, &["branch", "--list"]), "* main\n");
    workspace.undo().unwrap();
    assert_eq!(git(&files, &["log", "-1", "--format=%s", "other"]), "second\n");
}

#[test]
fn names_that_git_or_a_command_line_would_misread_are_refused() {
    let files = two_branches();
    let workspace = open(&files);
    for name in ["", "-f", "HEAD", "a..b", "a b", "x.lock", "a\nb", "refs/../x"] {
        let error = workspace.create_branch(name, None, NOW).unwrap_err();
        assert!(matches!(error, GitError::BadName { .. }), "{name:?}: {error:?}");
    }
    let error = workspace.create_branch("other", None, NOW).unwrap_err();
    assert!(matches!(error, GitError::Exists { .. }), "{error:?}");
}

#[test]
fn a_tag_says_what_it_was_given_and_git_agrees() {
    let files = two_branches();
    let workspace = open(&files);
    workspace.create_tag("v1", None, Some("the first"), NOW, None).unwrap();
    workspace.create_tag("plain", Some("other"), None, NOW, None).unwrap();
    assert_eq!(git(&files, &["tag", "-l", "-n"]).lines().count(), 2);
    assert_eq!(git(&files, &["cat-file", "-t", "v1"]), "tag\n");
    assert_eq!(git(&files, &["rev-parse", "plain"]), git(&files, &["rev-parse", "other"]));
    let told: Vec<_> =
        workspace.tags().unwrap().into_iter().map(|tag| (tag.name, tag.message)).collect();
    assert_eq!(told, [("plain".to_owned(), None), ("v1".to_owned(), Some("the first".to_owned()))]);
    workspace.delete_tag("v1", NOW).unwrap();
    assert_eq!(git(&files, &["tag", "-l"]), "plain\n");
}
