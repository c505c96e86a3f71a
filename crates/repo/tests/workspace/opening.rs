//! Opening and making workspaces.

use std::fs;

use assay_repo::{RepoError, Workspace};
use assay_testkit::TestWorkspace;

use crate::{NOW, git, grace, open};

#[test]
fn a_folder_deep_inside_opens_the_whole_worktree() {
    let files = TestWorkspace::empty();
    files.write("prompts/a/prompt.yaml", "format: assay/1\n");
    let workspace = Workspace::open(&files.path().join("prompts/a")).unwrap();
    assert_eq!(workspace.root(), files.path());
}

#[test]
fn a_folder_without_git_is_not_a_repository() {
    let folder = tempfile::tempdir().unwrap();
    let error = Workspace::open(folder.path()).unwrap_err();
    assert!(matches!(error, RepoError::NotARepository { .. }), "{error}");
    assert!(error.to_string().contains(folder.path().to_str().unwrap()));
    assert!(error.hint().unwrap().contains("git init"));
}

#[test]
fn a_folder_that_is_not_there_is_named_with_a_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let gone = folder.path().join("gone");
    let error = Workspace::open(&gone).unwrap_err();
    assert!(matches!(error, RepoError::NoFolder { .. }), "{error}");
    assert_eq!(error.to_string(), format!("there is no folder {}", gone.display()));
    assert!(error.hint().unwrap().contains("assay init"));
}

#[test]
fn a_bare_repository_has_nothing_to_edit() {
    let folder = tempfile::tempdir().unwrap();
    git2::Repository::init_bare(folder.path()).unwrap();
    let error = Workspace::open(folder.path()).unwrap_err();
    assert!(matches!(error, RepoError::Bare { .. }), "{error}");
}

#[test]
fn a_repository_marked_bare_in_its_configuration_has_nothing_to_edit() {
    let files = TestWorkspace::empty();
    git(&files, &["config", "core.bare", "true"]);
    let error = Workspace::open(&files.path()).unwrap_err();
    assert!(matches!(error, RepoError::Bare { .. }), "{error}");
}

#[test]
fn a_bare_repository_committed_inside_is_not_taken_for_the_workspace() {
    let files = TestWorkspace::empty();
    let inner = files.path().join("inner");
    git2::Repository::init_bare(&inner).unwrap();
    let error = Workspace::open(&inner.join("objects")).unwrap_err();
    assert!(matches!(error, RepoError::Bare { .. }), "{error}");
}

#[test]
fn a_worktree_that_points_elsewhere_is_refused() {
    let files = TestWorkspace::empty();
    let elsewhere = tempfile::tempdir().unwrap();
    let elsewhere = elsewhere.path().to_str().unwrap();
    git(&files, &["config", "core.worktree", elsewhere]);
    let error = Workspace::open(&files.path()).unwrap_err();
    assert!(matches!(error, RepoError::WorktreeElsewhere { .. }), "{error}");
}

#[test]
fn a_linked_worktree_opens_like_any_other() {
    let files = TestWorkspace::empty();
    files.write("a.prompty", "---\nname: a\n---\n");
    files.commit("first");
    let beside = tempfile::tempdir().unwrap();
    let place = beside.path().canonicalize().unwrap().join("linked");
    git(&files, &["worktree", "add", "-q", "-b", "side", place.to_str().unwrap()]);
    let workspace = Workspace::open(&place).unwrap();
    assert_eq!(workspace.root(), place);
    assert_eq!(workspace.branch().as_deref(), Some("side"));
    assert_eq!(workspace.prompts().unwrap().len(), 1);
}

#[test]
fn branch_and_head_are_told_in_every_state() {
    let files = TestWorkspace::empty();
    let workspace = open(&files);
    assert_eq!((workspace.branch().as_deref(), workspace.head()), (Some("main"), None));

    files.write("a.txt", "a");
    let first = files.commit("first");
    assert_eq!(workspace.head(), Some(first.clone()));

    git(&files, &["checkout", "-q", "--detach"]);
    assert_eq!((workspace.branch(), workspace.head()), (None, Some(first)));
}

#[test]
fn a_new_workspace_appears_with_its_first_commit() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("new/prompts");
    let texts = [
        ("assay.yaml".to_owned(), b"format: assay/1\n".to_vec()),
        ("prompts/a/prompt.yaml".to_owned(), b"format: assay/1\n".to_vec()),
    ];
    let workspace = Workspace::create(&place, &texts, "start", NOW, Some(&grace())).unwrap();
    assert_eq!(workspace.branch().as_deref(), Some("main"));
    assert_eq!(workspace.log(9).unwrap()[0].summary, "start");
    assert!(workspace.changes().unwrap().is_empty());
    assert_eq!(workspace.find_prompt("a").unwrap().key, "prompts/a");
    let beside: Vec<_> = fs::read_dir(place.parent().unwrap()).unwrap().collect();
    assert_eq!(beside.len(), 1, "nothing unfinished is left: {beside:?}");
}

#[test]
fn an_empty_folder_is_a_place_for_a_new_workspace() {
    let folder = tempfile::tempdir().unwrap();
    let texts = [("a.txt".to_owned(), b"a".to_vec())];
    Workspace::create(folder.path(), &texts, "start", NOW, Some(&grace())).unwrap();
    assert!(folder.path().join("a.txt").is_file());
}

#[test]
fn a_folder_with_files_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("mine.txt"), "mine").unwrap();
    let texts = [("a.txt".to_owned(), b"a".to_vec())];
    let error = Workspace::create(folder.path(), &texts, "start", NOW, Some(&grace())).unwrap_err();
    assert!(matches!(error, RepoError::NotEmpty { .. }), "{error}");
    assert!(error.to_string().contains(folder.path().to_str().unwrap()));
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(names.len(), 1);
}

#[test]
fn a_workspace_that_cannot_be_made_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("new");
    let texts = [("../outside.txt".to_owned(), b"a".to_vec())];
    let error = Workspace::create(&place, &texts, "start", NOW, Some(&grace())).unwrap_err();
    assert!(matches!(error, RepoError::OutsideWorkspace { .. }), "{error}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn a_new_workspace_is_as_readable_as_any_new_folder() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let usual = folder.path().join("usual");
    fs::create_dir(&usual).unwrap();
    fs::write(usual.join("a.txt"), "a").unwrap();
    let texts = [("a.txt".to_owned(), b"a".to_vec())];
    let made = folder.path().join("made");
    Workspace::create(&made, &texts, "start", NOW, Some(&grace())).unwrap();
    let mode = |place: &std::path::Path| fs::metadata(place).unwrap().permissions().mode();
    assert_eq!(mode(&made), mode(&usual));
    assert_eq!(mode(&made.join("a.txt")), mode(&usual.join("a.txt")));
}
