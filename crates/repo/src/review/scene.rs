//! A proposal before the gate, for its tests: four people, a runner, a stranger, and what they say.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use super::content::{Content, Item};
use super::evidence::Evidence;
use super::fixtures::{NOW_S, REPOSITORY, allowed, evidence, item, proposal, signer, subject};
use super::gate::{Decision, Question, decide};
use super::log::{Draft, Signed, sign};
use super::policy::Rules;
use super::refusal::Refusal;
use super::statement::{Body, Review, Role, Subject, Verdict};

pub(super) const ADA: u8 = 1;
pub(super) const BOB: u8 = 2;
pub(super) const CYD: u8 = 3;
pub(super) const CI: u8 = 4;
pub(super) const ADAS_OTHER: u8 = 5;
pub(super) const MALLORY: u8 = 6;

pub(super) const POLICY: &str = r#"
[approval]
needed = 2

[evidence]
required = true
maxAgeDays = 30
runners = ["ci"]

[paths."prompts/lax/**"]
approval.needed = 0
evidence.required = false

[paths.".assay/**"]
approval.needed = 2

[paths."prompts/legal/**"]
approval.needed = 3
"#;

pub(super) const DAY_S: i64 = 86_400;

/// A target branch, a proposal, and what was said.
#[derive(Debug, Clone)]
pub(super) struct Scene {
    pub(super) rules: Rules,
    pub(super) base: Content,
    pub(super) merged: Content,
    pub(super) statements: Vec<Signed>,
    pub(super) alarms: Vec<Refusal>,
    pub(super) smuggled: Vec<String>,
    pub(super) now_s: i64,
    pub(super) last: BTreeMap<u8, Signed>,
}

pub(super) fn signers() -> String {
    let people = [
        ("ada@example.com", ADA),
        ("bob@example.com", BOB),
        ("cyd@example.com", CYD),
        ("ci", CI),
        ("ADA@example.com", ADAS_OTHER),
    ];
    people.iter().map(|(person, seed)| allowed(person, *seed)).collect()
}

pub(super) fn whole(role: Role, path: &str, content: &str) -> Item {
    Item { path: path.into(), ..item(role, "", content) }
}

/// A branch with the prompt `p`, whose words are `words`.
pub(super) fn content(words: &str) -> Content {
    let items = vec![
        item(Role::Prompt, "p", words),
        item(Role::Cases, "p", "cases"),
        item(Role::Scorers, "p", "scorers"),
        item(Role::Suite, "p", "suite"),
        whole(Role::Policy, ".assay/policy.toml", "policy"),
        whole(Role::Signers, ".assay/allowed_signers", "signers"),
        whole(Role::Repository, "assay.yaml", "repository"),
    ];
    Content { repository: Some(REPOSITORY.into()), items, unnamed: Vec::new() }
}

pub(super) fn new_words() -> Subject {
    subject(Role::Prompt, "p", "new")
}

/// What a run of the new words was about.
pub(super) fn measured() -> Vec<Subject> {
    vec![
        new_words(),
        subject(Role::Cases, "p", "cases"),
        subject(Role::Scorers, "p", "scorers"),
        subject(Role::Suite, "p", "suite"),
    ]
}

pub(super) fn verdict(verdict: Verdict) -> Body {
    Body::Review(Review::of(verdict))
}

pub(super) fn approve() -> Body {
    verdict(Verdict::Approve)
}

impl Scene {
    /// New words, and nothing said about them.
    pub(super) fn silent() -> Self {
        Self {
            rules: Rules::read(Some(POLICY), Some(&signers())).unwrap(),
            base: content("old"),
            merged: content("new"),
            statements: Vec::new(),
            alarms: Vec::new(),
            smuggled: Vec::new(),
            now_s: NOW_S,
            last: BTreeMap::new(),
        }
    }

    /// New words, proposed by Ada and measured by the runner.
    pub(super) fn proposed() -> Self {
        let mut scene = Self::silent();
        scene.say(ADA, Body::Proposal(proposal()));
        scene.run(CI, evidence());
        scene
    }

    /// As it should be: Bob and Cyd approve what Ada proposed.
    pub(super) fn approved() -> Self {
        let mut scene = Self::proposed();
        scene.say(BOB, approve());
        scene.say(CYD, approve());
        scene
    }

    pub(super) fn draft(&self, body: Body) -> Draft {
        Draft {
            repository: REPOSITORY.into(),
            subjects: vec![new_words()],
            base: Vec::new(),
            policy: self.rules.digest.clone(),
            time_s: NOW_S,
            body,
        }
    }

    pub(super) fn say(&mut self, key: u8, body: Body) -> String {
        self.put(key, self.draft(body))
    }

    pub(super) fn say_of(&mut self, key: u8, subjects: Vec<Subject>, body: Body) -> String {
        self.put(key, Draft { subjects, ..self.draft(body) })
    }

    pub(super) fn run(&mut self, key: u8, evidence: Evidence) -> String {
        self.say_of(key, measured(), Body::Eval(Box::new(evidence)))
    }

    pub(super) fn put(&mut self, key: u8, draft: Draft) -> String {
        let signed = sign(draft, self.last.get(&key), &signer(key)).unwrap().open().unwrap();
        let id = signed.id.clone();
        self.last.insert(key, signed.clone());
        self.statements.push(signed);
        id
    }

    /// Other content of `p` than the run knew.
    pub(super) fn replace(&mut self, role: Role, words: &str) {
        let changed = item(role, "p", words);
        let is_it = |item: &&mut Item| item.subject.role == role && item.subject.prompt == "p";
        *self.merged.items.iter_mut().find(is_it).unwrap() = changed;
    }

    pub(super) fn decide(&self) -> Decision {
        decide(&Question {
            rules: &self.rules,
            base: &self.base,
            merged: &self.merged,
            statements: &self.statements,
            alarms: &self.alarms,
            smuggled: &self.smuggled,
            now_s: self.now_s,
        })
    }

    /// Every reason and refusal, by code.
    pub(super) fn codes(&self) -> Vec<&'static str> {
        let decision = self.decide();
        let of_items = decision.items.iter().flat_map(|item| &item.reasons);
        let reasons = decision.reasons.iter().chain(of_items).map(|reason| reason.code());
        let mut codes: Vec<_> =
            reasons.chain(decision.refused.iter().map(|refused| refused.refusal.code())).collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    }

    /// The gate is closed, for these reasons and no others.
    #[track_caller]
    pub(super) fn closed(&self, expected: &[&str]) {
        assert!(!self.decide().open, "the gate is open");
        assert_eq!(self.codes(), expected);
    }

    #[track_caller]
    pub(super) fn open(&self) {
        let decision = self.decide();
        assert!(decision.open, "{decision:?}");
    }
}
