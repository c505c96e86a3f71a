//! What goes on with another computer stops when the person stops it, and leaves everything as it was.

use std::cell::Cell;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use assay_repo::Workspace;
use assay_repo::git::{
    Address, CloneRequest, Follow, GitError, MergeRequest, Progress, Stage, SyncRequest,
};
use assay_testkit::{GitServer, TestWorkspace};

use crate::{LinesOnly, NOW, UNDECIDED, at_file, bare, clone, git, grace, open, request};

/// Many enough that a transfer is not over with its first word.
const FILES: usize = 400;

/// Far more than it takes to stop, far less than a silent server is waited for.
const SOON: Duration = Duration::from_secs(15);

/// Stops a command at the first sign of a stage.
struct StopsAt {
    stage: Stage,
    stopped: Cell<bool>,
}

impl StopsAt {
    fn new(stage: Stage) -> Self {
        Self { stage, stopped: Cell::new(false) }
    }
}

impl Follow for StopsAt {
    fn progress(&self, progress: Progress) {
        if progress.stage == self.stage {
            self.stopped.set(true);
        }
    }

    fn is_cancelled(&self) -> bool {
        self.stopped.get()
    }
}

/// A remote in `folder`, and what its commits were made with.
fn remote(folder: &Path) -> TestWorkspace {
    let files = TestWorkspace::empty();
    fill(&files.path(), "first");
    files.commit("first");
    bare(&files, &folder.join("r.git"));
    files
}

fn fill(folder: &Path, with: &str) {
    for n in 0..FILES {
        fs::write(folder.join(format!("{n}.txt")), format!("{with} {n}\n")).unwrap();
    }
}

fn commit(workspace: &Workspace, words: &str) {
    fill(workspace.root(), words);
    workspace.commit(words, &[], NOW, Some(&grace())).unwrap();
}

fn refs(files: &TestWorkspace, repository: &Path) -> String {
    git(files, &["-C", repository.to_str().unwrap(), "for-each-ref"])
}

fn check_clone(address: &Address, folder: &Path, stage: Stage) {
    let (into, follow) = (folder.join("clone"), StopsAt::new(stage));
    let before = fs::read_dir(folder).unwrap().count();
    let request = CloneRequest { address, into: &into, branch: None, follow: &follow };
    let stopped = Workspace::clone_from(&request).unwrap_err();
    assert!(matches!(stopped, GitError::Cancelled), "{stage:?}: {stopped:?}");
    let began = Instant::now();
    // Work that was left behind takes its folder along when it is over.
    while fs::read_dir(folder).unwrap().count() != before {
        assert!(began.elapsed() < SOON, "{stage:?} left something");
        std::thread::yield_now();
    }
}

#[test]
fn a_clone_that_is_stopped_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let _files = remote(folder.path());
    let server = GitServer::start(folder.path());
    let served = Address::parse(&server.url("r.git")).unwrap();
    let clones = tempfile::tempdir().unwrap();
    for stage in [Stage::Connecting, Stage::Receiving, Stage::CheckingOut] {
        check_clone(&served, clones.path(), stage);
        check_clone(&at_file(&folder.path().join("r.git")), clones.path(), stage);
    }
}

#[test]
fn a_fetch_that_is_stopped_moves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let files = remote(folder.path());
    let server = GitServer::start(folder.path());
    let address = Address::parse(&server.url("r.git")).unwrap();
    let (ada, bob) =
        (clone(&address, &folder.path().join("ada")), clone(&address, &folder.path().join("bob")));
    commit(&ada, "second");
    ada.sync(&request()).unwrap();
    let before = refs(&files, bob.root());
    let follow = StopsAt::new(Stage::Receiving);
    let stopped = bob.sync(&SyncRequest { follow: &follow, ..request() }).unwrap_err();
    assert!(matches!(stopped, GitError::Cancelled), "{stopped:?}");
    assert_eq!(refs(&files, bob.root()), before);
    bob.sync(&request()).unwrap();
    assert_eq!(bob.head(), ada.head(), "and it can be done again");
}

#[test]
fn a_push_that_is_stopped_sends_nothing() {
    for is_served in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let files = remote(folder.path());
        let server = GitServer::start(folder.path());
        let place = folder.path().join("r.git");
        let address = match is_served {
            true => Address::parse(&server.url("r.git")).unwrap(),
            false => at_file(&place),
        };
        let ada = clone(&address, &folder.path().join("ada"));
        commit(&ada, "second");
        let before = refs(&files, &place);
        let follow = StopsSecond { stage: Stage::Connecting, seen: Cell::new(0) };
        let stopped = ada.sync(&SyncRequest { follow: &follow, ..request() }).unwrap_err();
        assert!(matches!(stopped, GitError::Cancelled), "{stopped:?}");
        assert_eq!(refs(&files, &place), before);
        ada.sync(&request()).unwrap();
        assert_ne!(refs(&files, &place), before, "and it can be done again");
    }
}

/// Stops a command at the second sign of a stage.
struct StopsSecond {
    stage: Stage,
    seen: Cell<u32>,
}

impl Follow for StopsSecond {
    fn progress(&self, progress: Progress) {
        if progress.stage == self.stage {
            self.seen.set(self.seen.get() + 1);
        }
    }

    fn is_cancelled(&self) -> bool {
        self.seen.get() >= 2
    }
}

#[test]
fn a_push_that_is_stopped_in_the_middle_is_forgotten_by_the_other_side() {
    let folder = tempfile::tempdir().unwrap();
    let files = remote(folder.path());
    let place = folder.path().join("r.git");
    let ada = clone(&at_file(&place), &folder.path().join("ada"));
    commit(&ada, "second");
    let before = refs(&files, &place);
    let follow = StopsAt::new(Stage::Sending);
    let stopped = ada.sync(&SyncRequest { follow: &follow, ..request() }).unwrap_err();
    assert!(matches!(stopped, GitError::Cancelled), "{stopped:?}");
    assert_eq!(refs(&files, &place), before);
    ada.sync(&request()).unwrap();
    assert_ne!(refs(&files, &place), before, "and it can be done again");
}

#[test]
fn a_merge_that_is_stopped_changes_nothing() {
    let files = TestWorkspace::empty();
    files.write("a.txt", "one\n");
    files.commit("first");
    git(&files, &["switch", "-q", "-c", "other"]);
    files.write("b.txt", "two\n");
    files.commit("second");
    git(&files, &["switch", "-q", "main"]);
    let workspace = open(&files);
    let (head, follow) = (workspace.head(), StopsAt::new(Stage::Connecting));
    follow.stopped.set(true);
    let stopped = workspace.merge(&MergeRequest {
        revision: "other",
        message: None,
        resolutions: &UNDECIDED,
        merger: &LinesOnly,
        when: NOW,
        fallback: None,
        follow: &follow,
    });
    assert!(matches!(stopped, Err(GitError::Cancelled)), "{stopped:?}");
    assert_eq!(workspace.head(), head);
    assert_eq!(git(&files, &["status", "--porcelain"]), "");
    assert!(workspace.undo_steps().unwrap().is_empty(), "nothing was done, so nothing to undo");
}

#[test]
fn nobody_has_to_wait_for_a_server_that_says_nothing() {
    // It takes connections, and that is all.
    let silent = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = format!("http://{}/r.git", silent.local_addr().unwrap());
    let address = Address::parse(&address).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (into, follow) = (folder.path().join("clone"), StopsAt::new(Stage::Connecting));
    let began = Instant::now();
    let request = CloneRequest { address: &address, into: &into, branch: None, follow: &follow };
    let stopped = Workspace::clone_from(&request).unwrap_err();
    assert!(matches!(stopped, GitError::Cancelled), "{stopped:?}");
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    assert!(!into.exists());
}
