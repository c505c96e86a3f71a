//! Cloning, fetching and sending over `file://`, with what a hostile repository would like to happen.

use std::collections::BTreeMap;
use std::path::Path;

use assay_repo::git::{
    Address, CloneRequest, GitError, Merged, Pushed, Resolution, Resolutions, SyncRequest, Synced,
    Unfollowed,
};
use assay_repo::{Identity, RepoError, Workspace};
use assay_testkit::TestWorkspace;

use crate::{NOW, at_file, bare, clone, git, grace, open, request};

/// A bare repository with what `files` has committed.
fn remote(files: &TestWorkspace, folder: &Path) -> Address {
    bare(files, &folder.join("remote.git"));
    at_file(&folder.join("remote.git"))
}

fn sync_with(
    workspace: &Workspace,
    confirmed: &dyn Fn(&Address) -> bool,
    resolutions: &Resolutions,
    who: &Identity,
) -> Result<Synced, GitError> {
    workspace.sync(&SyncRequest { confirmed, resolutions, fallback: Some(who), ..request() })
}

fn sync(workspace: &Workspace) -> Synced {
    sync_with(workspace, &|_| true, &BTreeMap::new(), &grace()).unwrap()
}

fn write(workspace: &Workspace, path: &str, text: &str) {
    std::fs::write(workspace.root().join(path), text).unwrap();
    workspace.commit("edit", &[], NOW, Some(&grace())).unwrap();
}

fn read(workspace: &Workspace, path: &str) -> String {
    std::fs::read_to_string(workspace.root().join(path)).unwrap()
}

fn start() -> TestWorkspace {
    let files = TestWorkspace::empty();
    files.write("a.txt", "one\ntwo\nthree\n");
    files.commit("first");
    files
}

#[test]
fn two_clones_that_send_in_turn_come_to_the_same() {
    let (files, folder) = (start(), tempfile::tempdir().unwrap());
    let address = remote(&files, folder.path());
    let ada = clone(&address, &folder.path().join("ada"));
    let bob = clone(&address, &folder.path().join("bob"));
    write(&ada, "ada.txt", "ada\n");
    write(&bob, "bob.txt", "bob\n");
    assert_eq!(sync(&ada).pushed, Pushed::Sent { commits: 1 });
    let second = sync(&bob);
    assert!(matches!(second.merged, Merged::Commit { .. }), "{second:?}");
    assert_eq!(second.pushed, Pushed::Sent { commits: 2 });
    let third = sync(&ada);
    assert!(matches!(third.merged, Merged::FastForward { .. }), "{third:?}");
    assert_eq!(third.pushed, Pushed::Nothing);
    assert_eq!(ada.head(), bob.head());
    assert_eq!((read(&ada, "bob.txt"), read(&bob, "ada.txt")), ("bob\n".into(), "ada\n".into()));
    let main = ada.branches().unwrap().into_iter().find(|branch| branch.current).unwrap();
    assert_eq!((main.upstream.as_deref(), main.ahead, main.behind), (Some("origin/main"), 0, 0));
}

#[test]
fn a_conflict_is_sent_to_nobody_until_it_is_decided() {
    let (files, folder) = (start(), tempfile::tempdir().unwrap());
    let address = remote(&files, folder.path());
    let ada = clone(&address, &folder.path().join("ada"));
    let bob = clone(&address, &folder.path().join("bob"));
    write(&ada, "a.txt", "one\nADA\nthree\n");
    write(&bob, "a.txt", "one\nBOB\nthree\n");
    sync(&ada);
    let stopped = sync(&bob);
    assert!(matches!(stopped.merged, Merged::Conflicts { .. }), "{stopped:?}");
    assert_eq!(stopped.pushed, Pushed::Not);
    assert_eq!(read(&bob, "a.txt"), "one\nBOB\nthree\n");
    let mistyped = BTreeMap::from([("b.txt".to_owned(), Resolution::Theirs)]);
    let refused = sync_with(&bob, &|_| true, &mistyped, &grace()).unwrap_err();
    assert_eq!(refused.to_string(), "there is no conflict in \"b.txt\"");
    assert_eq!(read(&bob, "a.txt"), "one\nBOB\nthree\n");
    let decided = BTreeMap::from([("a.txt".to_owned(), Resolution::Theirs)]);
    let done = sync_with(&bob, &|_| true, &decided, &grace()).unwrap();
    assert!(matches!(done.pushed, Pushed::Sent { .. }), "{done:?}");
    assert_eq!(read(&bob, "a.txt"), "one\nADA\nthree\n");
}

#[test]
fn a_text_that_decides_a_conflict_is_not_laid_over_what_came_later() {
    let (files, folder) = (start(), tempfile::tempdir().unwrap());
    let address = remote(&files, folder.path());
    let ada = clone(&address, &folder.path().join("ada"));
    let bob = clone(&address, &folder.path().join("bob"));
    write(&ada, "a.txt", "one\nADA\nthree\n");
    write(&bob, "a.txt", "one\nBOB\nthree\n");
    sync(&ada);
    assert!(matches!(sync(&bob).merged, Merged::Conflicts { .. }));
    // While Bob decides, Ada goes on in the same file.
    write(&ada, "a.txt", "one\nADA\nthree\nfour\nfive\nADDED\n");
    sync(&ada);
    let text = Resolution::Text("one\nBOTH\nthree\n".to_owned());
    let decided = BTreeMap::from([("a.txt".to_owned(), text)]);
    let done = sync_with(&bob, &|_| true, &decided, &grace()).unwrap();
    assert!(matches!(done.merged, Merged::Commit { .. }), "{done:?}");
    assert_eq!(read(&bob, "a.txt"), "one\nBOTH\nthree\nfour\nfive\nADDED\n");
}

#[test]
fn an_address_that_nobody_confirmed_is_not_contacted() {
    let (files, folder) = (start(), tempfile::tempdir().unwrap());
    let address = remote(&files, folder.path());
    let ada = clone(&address, &folder.path().join("ada"));
    write(&ada, "ada.txt", "ada\n");
    let error = sync_with(&ada, &|_| false, &BTreeMap::new(), &grace()).unwrap_err();
    assert!(matches!(error, GitError::Unconfirmed { .. }), "{error:?}");
    let bob = clone(&address, &folder.path().join("bob"));
    assert_ne!(ada.head(), bob.head(), "it was sent all the same");
}

#[test]
fn a_repository_that_rewrites_addresses_is_refused() {
    let (files, folder) = (start(), tempfile::tempdir().unwrap());
    let address = remote(&files, folder.path());
    let ada = clone(&address, &folder.path().join("ada"));
    let evil = clone(&address, &folder.path().join("evil"));
    let mut config = git2::Repository::open(ada.root()).unwrap().config().unwrap();
    let to = format!("url.file://{}.insteadOf", evil.root().display());
    config.set_str(&to, address.text()).unwrap();
    write(&ada, "ada.txt", "ada\n");
    let error = sync_with(&ada, &|_| true, &BTreeMap::new(), &grace()).unwrap_err();
    assert!(matches!(error, GitError::Rewritten { .. }), "{error:?}");
    config.remove(&to).unwrap();
    let push_to = format!("url.file://{}.pushInsteadOf", evil.root().display());
    config.set_str(&push_to, address.text()).unwrap();
    let error = sync_with(&ada, &|_| true, &BTreeMap::new(), &grace()).unwrap_err();
    assert!(matches!(error, GitError::Rewritten { .. }), "{error:?}");
}

#[test]
fn undoing_a_sync_leaves_what_was_sent_and_says_so() {
    let (files, folder) = (start(), tempfile::tempdir().unwrap());
    let address = remote(&files, folder.path());
    let ada = clone(&address, &folder.path().join("ada"));
    write(&ada, "ada.txt", "ada\n");
    let sent = ada.head();
    sync(&ada);
    let undone = ada.undo().unwrap();
    assert_eq!(undone.step.command, "sync");
    assert_eq!(undone.step.sent, ["main to origin"]);
    let bob = clone(&address, &folder.path().join("bob"));
    assert_eq!(bob.head(), sent);
}

#[test]
fn a_clone_that_fails_leaves_no_folder() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere =
        Address::parse(&format!("file://{}/nowhere.git", folder.path().display())).unwrap();
    let into = folder.path().join("clone");
    let request =
        CloneRequest { address: &nowhere, into: &into, branch: None, follow: &Unfollowed };
    assert!(Workspace::clone_from(&request).is_err());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn no_hook_and_no_filter_of_a_repository_runs() {
    use std::os::unix::fs::PermissionsExt;
    let (files, folder) = (start(), tempfile::tempdir().unwrap());
    files.write(".gitattributes", "*.txt diff=evil merge=evil\nlocked filter=evil\n");
    files.write("locked", "as it is\n");
    files.commit("attributes");
    let address = remote(&files, folder.path());
    let ada = clone(&address, &folder.path().join("ada"));
    let ran = folder.path().join("ran");
    let program = format!("touch {}", ran.display());
    let hooks = ada.root().join(".git/hooks");
    std::fs::create_dir_all(&hooks).unwrap();
    for hook in [
        "pre-commit",
        "post-commit",
        "post-checkout",
        "post-merge",
        "pre-push",
        "reference-transaction",
    ] {
        let hook = hooks.join(hook);
        std::fs::write(&hook, format!("#!/bin/sh\n{program}\n")).unwrap();
        std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mut config = git2::Repository::open(ada.root()).unwrap().config().unwrap();
    for key in [
        "filter.evil.clean",
        "filter.evil.smudge",
        "filter.evil.process",
        "diff.evil.textconv",
        "merge.evil.driver",
        "core.fsmonitor",
        "core.sshCommand",
        "core.askPass",
        "credential.helper",
    ] {
        config.set_str(key, &program).unwrap();
    }
    // Written again, so that its bytes are looked at.
    std::fs::write(ada.root().join("locked"), "as it is\n").unwrap();
    let other = clone(&address, &folder.path().join("other"));
    write(&other, "a.txt", "one\ntwo\nOTHER\n");
    sync(&other);
    write(&ada, "a.txt", "ADA\ntwo\nthree\n");
    sync(&ada);
    ada.create_branch("side", None, NOW).unwrap();
    ada.switch("side", None, assay_repo::git::Drafts::Carry, NOW, &Unfollowed).unwrap();
    ada.undo().unwrap();
    assert!(!ran.exists(), "something of the repository ran");
}

#[test]
fn a_sync_of_a_shallow_clone_that_lacks_what_it_needs_says_how_to_get_it() {
    let (files, folder) = (start(), tempfile::tempdir().unwrap());
    // A branch that ends where the clone has no history.
    git(&files, &["branch", "older"]);
    files.write("b.txt", "later\n");
    files.commit("second");
    let address = remote(&files, folder.path());
    let to = folder.path().join("shallow");
    git(&files, &["clone", "-q", "--depth", "1", address.text(), to.to_str().unwrap()]);
    let shallow = Workspace::open(&to).unwrap();
    let error = sync_with(&shallow, &|_| true, &BTreeMap::new(), &grace()).unwrap_err();
    assert!(matches!(error, GitError::Repo(RepoError::Shallow { .. })), "{error:?}");
    assert!(error.hint().unwrap().contains("git fetch --unshallow"));
    git(&files, &["-C", to.to_str().unwrap(), "fetch", "-q", "--unshallow"]);
    assert_eq!(sync(&shallow).pushed, Pushed::Nothing);
}

#[test]
fn the_branches_of_a_workspace_without_remotes_say_where_to_sync_is_not_known() {
    let files = start();
    let error = sync_with(&open(&files), &|_| true, &BTreeMap::new(), &grace()).unwrap_err();
    assert!(matches!(&error, GitError::NoRemote { known } if known.is_empty()), "{error:?}");
}
