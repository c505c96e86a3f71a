//! The promises of `assay-repo`, kept by real repositories in temporary folders.
#![allow(clippy::unwrap_used)]

mod branches;
mod changes;
mod commits;
mod edits;
mod files;
mod forged;
mod gates;
mod histories;
mod interop;
mod keeping;
mod merging;
mod opening;
mod prompts;
mod reviews;
mod rewrites;
mod sequences;
#[cfg(unix)]
mod serving;
mod stopping;
mod syncing;
mod together;
mod undoing;

use std::path::Path;
use std::sync::LazyLock;

use assay_repo::git::{
    Address, CloneRequest, Resolutions, SyncRequest, TextMerge, TextMerger, Unfollowed,
};
use assay_repo::{Identity, When, Workspace};
use assay_testkit::TestWorkspace;

/// The moment of every commit made through the crate.
const NOW: When = When { seconds: 1_770_000_000, offset_minutes: 60 };

fn open(files: &TestWorkspace) -> Workspace {
    Workspace::open(&files.path()).expect("a repository that opens")
}

fn grace() -> Identity {
    Identity { name: "Grace".into(), email: "grace@example.com".into() }
}

static GRACE: LazyLock<Identity> = LazyLock::new(grace);
static UNDECIDED: Resolutions = Resolutions::new();

/// A sync with whatever address the repository names, that decides nothing.
fn request() -> SyncRequest<'static> {
    SyncRequest {
        remote: None,
        confirmed: &|_| true,
        push: true,
        logs: &[],
        resolutions: &UNDECIDED,
        merger: &LinesOnly,
        when: NOW,
        fallback: Some(&GRACE),
        follow: &Unfollowed,
    }
}

fn clone(address: &Address, into: &Path) -> Workspace {
    let request = CloneRequest { address, into, branch: None, follow: &Unfollowed };
    Workspace::clone_from(&request).unwrap()
}

/// A bare repository with what `files` has committed.
fn bare(files: &TestWorkspace, place: &Path) {
    git(files, &["clone", "-q", "--bare", ".", place.to_str().unwrap()]);
}

fn at_file(bare: &Path) -> Address {
    Address::parse(&format!("file://{}", bare.display())).unwrap()
}

/// Git's line merge for everything.
struct LinesOnly;

impl TextMerger for LinesOnly {
    fn merge(&self, _: &str, _: Option<&str>, _: &str, _: &str) -> TextMerge {
        TextMerge::NotMine
    }
}

/// What the git program prints in the workspace, undisturbed by this machine's settings.
fn git(files: &TestWorkspace, arguments: &[&str]) -> String {
    let out = std::process::Command::new("git")
        .args(arguments)
        .current_dir(files.path())
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("LC_ALL", "C")
        .output()
        .expect("the git program");
    assert!(out.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).expect("text from git")
}

/// Numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}
