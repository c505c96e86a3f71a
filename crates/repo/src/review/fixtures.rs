//! What the tests of this module share: four people, a repository, and statements about it.
#![allow(clippy::unwrap_used)]

use git2::Repository;

use super::content::Item;
use super::evidence::{Evidence, GateResult, GateRule, Metric, Model};
use super::log::{Draft, Entry, Signed, sign};
use super::refs::append;
use super::signature::{KeyFile, Signer};
use super::statement::{Body, Proposal, Review, Role, Statement, Subject, Verdict};
use crate::file::digest;

/// The repository that everything is about.
pub(super) const REPOSITORY: &str = "01JREPOSITORY";

/// The moment of every statement.
pub(super) const NOW_S: i64 = 1_770_000_000;

/// A key that is the same in every test.
pub(super) fn signer(seed: u8) -> KeyFile {
    KeyFile::from_seed(&[seed; 32])
}

/// What the log of that key is called.
pub(super) fn log_name(seed: u8) -> String {
    signer(seed).key().fingerprint_hex()
}

/// A repository without anything in it.
pub(super) fn empty_repository() -> (tempfile::TempDir, Repository) {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::init(folder.path()).unwrap();
    (folder, repository)
}

/// Adds entries to the log of whoever signed them.
pub(super) fn fill(repository: &Repository, entries: &[Entry]) {
    for entry in entries {
        append(repository, entry, &entry.open().unwrap()).unwrap();
    }
}

/// A line of `allowed_signers`.
pub(super) fn allowed(person: &str, seed: u8) -> String {
    format!("{person} {}\n", signer(seed).key().to_openssh().unwrap())
}

pub(super) fn subject(role: Role, prompt: &str, content: &str) -> Subject {
    let variant = if role == Role::Prompt { "baseline" } else { "" };
    Subject {
        role,
        prompt: prompt.into(),
        variant: variant.into(),
        digest: digest(content.as_bytes()),
    }
}

/// Content of `prompts/NAME`, with one gate where it is a suite.
pub(super) fn item(role: Role, prompt: &str, content: &str) -> Item {
    Item {
        subject: subject(role, prompt, content),
        path: format!("prompts/{prompt}"),
        gates: usize::from(role == Role::Suite),
    }
}

pub(super) fn proposal() -> Proposal {
    Proposal {
        title: "Be brief".into(),
        text: String::new(),
        branch: "brief".into(),
        target: "main".into(),
    }
}

/// Evidence of a run that kept its one gate.
pub(super) fn evidence() -> Evidence {
    Evidence {
        run: "01JRUN".into(),
        tool: "assay 0.1.0".into(),
        models: vec![Model { id: "local/tiny".into(), options: digest(b"{}") }],
        cells: 40,
        failed: 0,
        seeds: vec![1],
        metrics: vec![Metric {
            name: "category".into(),
            model: "local/tiny".into(),
            n: 40,
            mean: 0.875,
            low: 0.75,
            high: 1.0,
        }],
        gates: vec![GateResult {
            name: "category".into(),
            rule: GateRule::Min,
            value: 0.875,
            limit: 0.75,
            base: None,
        }],
        cost: None,
        outputs: digest(b"outputs"),
    }
}

pub(super) fn draft() -> Draft {
    Draft {
        repository: REPOSITORY.into(),
        subjects: vec![subject(Role::Prompt, "p", "new")],
        base: Vec::new(),
        policy: digest(b"rules"),
        time_s: NOW_S,
        body: Body::Review(Review::of(Verdict::Approve)),
    }
}

/// The first statement of the first key.
pub(super) fn statement() -> Statement {
    sign(draft(), None, &signer(1)).unwrap().open().unwrap().statement
}

/// The log of a key, with that many statements.
pub(super) fn log_of(seed: u8, statements: i64) -> Vec<Entry> {
    let mut last: Option<Signed> = None;
    let mut entries = Vec::new();
    for at in 0..statements {
        let next = Draft { time_s: NOW_S + at, ..draft() };
        let entry = sign(next, last.as_ref(), &signer(seed)).unwrap();
        last = Some(entry.open().unwrap());
        entries.push(entry);
    }
    entries
}
