//! Every forgery that was thought of, in one table: what is tried, and the reason it is refused with.
//!
//! The gate's promises, one test each, are in [`super::forgeries`]; here the list is kept whole, so that whoever
//! changes the gate sees what it stands against.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use super::content::Unnamed;
use super::evidence::{Evidence, GateRule};
use super::fixtures::{
    NOW_S, REPOSITORY, allowed, draft, evidence, item, log_of, proposal, signer, statement, subject,
};
use super::log::{Draft, Entry, read_log, sign};
use super::policy::Rules;
use super::refusal::Refusal;
use super::scene::{
    ADA, ADAS_OTHER, BOB, CI, CYD, DAY_S, MALLORY, POLICY, Scene, approve, content, measured,
    new_words, signers, verdict, whole,
};
use super::signature::{GIT_NAMESPACE, NAMESPACE, Signer};
use super::statement::{Body, Revoke, Role, Verdict};

/// What is tried, the reason that must be told, and how it is tried.
type Forgery = (&'static str, &'static str, fn() -> Vec<String>);

// Bytes

fn written() -> String {
    String::from_utf8(statement().to_bytes().unwrap()).unwrap()
}

/// Opens other bytes, which the holder of the key signs as they are.
fn opened(bytes: impl Into<Vec<u8>>) -> Vec<String> {
    let bytes = bytes.into();
    let signature = signer(1).sign(NAMESPACE, &bytes).unwrap();
    told(Entry { bytes, signature }.open())
}

fn replaced(from: &str, to: &str) -> Vec<String> {
    let text = written();
    assert!(text.contains(from), "{text}");
    opened(text.replacen(from, to, 1))
}

fn told<T>(read: Result<T, Refusal>) -> Vec<String> {
    read.err().into_iter().map(|refusal| refusal.code().to_owned()).collect()
}

fn many_subjects() -> Vec<String> {
    let one = r#"{"digest":"","prompt":"","role":"prompt","variant":""}"#;
    let text = written();
    let (head, rest) = text.split_once("\"subjects\":[").unwrap();
    let (_, tail) = rest.split_once(']').unwrap();
    opened(format!("{head}\"subjects\":[{}]{tail}", vec![one; 10_001].join(",")))
}

const BYTES: &[Forgery] = &[
    ("keys in another order", "not-canonical", reordered),
    ("a key said twice", "repeated-key", || {
        replaced("{\"actor\":", "{\"actor\":\"me\",\"actor\":")
    }),
    ("a key said twice, once in escapes", "repeated-key", || {
        replaced("{\"actor\":", "{\"\\u0061ctor\":\"me\",\"actor\":")
    }),
    ("a number spelled otherwise", "not-canonical", || {
        replaced("\"sequence\":0", "\"sequence\":0.0")
    }),
    ("a number that readers round", "not-canonical", || {
        replaced("\"sequence\":0", "\"sequence\":9007199254740993")
    }),
    ("a negative place in the log", "malformed", || replaced("\"sequence\":0", "\"sequence\":-1")),
    ("a space", "not-canonical", || replaced(",", ", ")),
    ("an escape that is not needed", "not-canonical", || replaced("approve", "\\u0061pprove")),
    ("bytes after the end", "not-canonical", || opened(written() + "{}")),
    ("a byte order mark", "not-canonical", || opened(format!("\u{feff}{}", written()))),
    ("bytes that are no text", "not-canonical", || {
        opened([written().as_bytes(), &[0xff]].concat())
    }),
    ("lists within lists", "not-canonical", || opened("[".repeat(500_000))),
    ("more than a statement may hold", "too-large", || opened(vec![b' '; 1_000_001])),
    ("more subjects than a statement may have", "too-many-subjects", many_subjects),
    ("a type of tomorrow", "unknown-type", || replaced("review/1", "review/2")),
    ("a form of tomorrow", "unknown-form", || replaced("statement/1", "statement/2")),
    ("a field left out", "malformed", || replaced("\"previous\":null,", "")),
    ("a field that means nothing", "malformed", || replaced("\"time\":", "\"tilt\":1,\"time\":")),
    ("a verdict that is none", "malformed", || replaced("\"approve\"", "\"Approve\"")),
];

fn reordered() -> Vec<String> {
    let text = written();
    let (head, tail) = text.rsplit_once(",\"type\"").unwrap();
    let moved = head.replacen('{', &format!("{{\"type\"{},", tail.trim_end_matches('}')), 1);
    opened(format!("{moved}}}"))
}

// Signatures and logs

fn signed_for(namespace: &str) -> Vec<String> {
    let bytes = statement().to_bytes().unwrap();
    let signature = signer(1).sign(namespace, &bytes).unwrap();
    told(Entry { bytes, signature }.open())
}

/// The first statement of the first key, with its signature changed.
fn resigned(change: impl Fn(String) -> String) -> Vec<String> {
    let Entry { bytes, signature } = log_of(1, 1).remove(0);
    told(Entry { bytes, signature: change(signature) }.open())
}

fn read(entries: &[Entry]) -> Vec<String> {
    let log = read_log(&signer(1).key().fingerprint_hex(), REPOSITORY, entries);
    log.refused.iter().map(|refused| refused.refusal.code().to_owned()).collect()
}

const SIGNATURES: &[Forgery] = &[
    ("the signature of a commit", "other-namespace", || signed_for(GIT_NAMESPACE)),
    ("the signature of a file", "other-namespace", || signed_for("file")),
    ("the signature of another statement", "bad-signature", || {
        let other = log_of(1, 2).remove(1).signature;
        resigned(|_| other.clone())
    }),
    ("a key that speaks for another", "other-actor", || {
        let bytes = statement().to_bytes().unwrap();
        let signature = signer(MALLORY).sign(NAMESPACE, &bytes).unwrap();
        told(Entry { bytes, signature }.open())
    }),
    ("no signature", "signature-malformed", || resigned(|_| String::new())),
    ("two signatures", "signature-malformed", || resigned(|one| format!("{one}{one}"))),
    ("words around the signature", "signature-malformed", || {
        resigned(|one| format!("words\n{one}"))
    }),
    ("a signature in other line breaks", "signature-malformed", || {
        resigned(|one| one.replace('\n', "\r\n"))
    }),
    ("a gap in a log", "out-of-sequence", || {
        let entries = log_of(1, 3);
        read(&[entries[0].clone(), entries[2].clone()])
    }),
    ("a log without its beginning", "out-of-sequence", || read(&log_of(1, 2)[1..])),
    ("an entry said again", "out-of-sequence", || {
        let entries = log_of(1, 1);
        read(&[entries[0].clone(), entries[0].clone()])
    }),
    ("an entry after another past", "broken-chain", || {
        let other = sign(Draft { time_s: 7, ..draft() }, None, &signer(1)).unwrap().open().unwrap();
        read(&[log_of(1, 1).remove(0), sign(draft(), Some(&other), &signer(1)).unwrap()])
    }),
    ("an entry after one that does not hold", "after-refused", || {
        let entries = log_of(1, 2);
        read(&[Entry { signature: String::new(), ..entries[0].clone() }, entries[1].clone()])
    }),
    ("a statement in the log of another key", "other-log", || read(&log_of(2, 1))),
    ("the log of another repository", "other-repository", || {
        let elsewhere = Draft { repository: "01JELSEWHERE".into(), ..draft() };
        read(&[sign(elsewhere, None, &signer(1)).unwrap()])
    }),
];

// Before the gate

/// What keeps the gate closed; nothing when it is open.
fn closed(scene: &Scene) -> Vec<String> {
    if scene.decide().open {
        return Vec::new();
    }
    scene.codes().into_iter().map(str::to_owned).collect()
}

/// Proposed, measured, approved by Bob, and by somebody who should not count.
fn with(key: u8, change: impl Fn(Draft) -> Draft) -> Vec<String> {
    let mut scene = Scene::proposed();
    scene.say(BOB, approve());
    let draft = change(scene.draft(approve()));
    scene.put(key, draft);
    closed(&scene)
}

/// Approved by everybody, and then changed.
fn changed(change: impl Fn(&mut Scene)) -> Vec<String> {
    let mut scene = Scene::approved();
    change(&mut scene);
    closed(&scene)
}

/// Approved by everybody; then somebody changes what may sign.
fn under(signers: &str, later_s: i64) -> Vec<String> {
    changed(|scene| {
        scene.rules.signers = Rules::read(Some(POLICY), Some(signers)).unwrap().signers;
        scene.now_s = NOW_S + later_s;
    })
}

fn without(person: &str) -> String {
    let rest = signers();
    rest.lines().filter(|line| !line.starts_with(person)).map(|line| format!("{line}\n")).collect()
}

fn cyd(options: &str) -> String {
    signers().replace("cyd@example.com ", &format!("cyd@example.com {options} "))
}

/// What is said of a file of signers that nobody may be judged by.
fn unread(text: &str) -> Vec<String> {
    let read = Rules::read(Some(POLICY), Some(text));
    read.err().into_iter().map(|error| error.to_string()).collect()
}

fn moved(scene: &mut Scene) {
    for item in scene.merged.items.iter_mut().filter(|item| item.subject.prompt == "p") {
        item.path = "prompts/lax/p".into();
    }
}

const PEOPLE: &[Forgery] = &[
    ("an approval by a stranger", "unknown-signer", || with(MALLORY, |draft| draft)),
    ("an approval of one's own proposal", "own-proposal", || with(ADA, |draft| draft)),
    ("an approval of it with another key of one's own", "own-proposal", || {
        with(ADAS_OTHER, |draft| draft)
    }),
    ("an approval by two keys of one person", "needs-approvals", || {
        let mut scene = Scene::silent();
        scene.say(BOB, Body::Proposal(proposal()));
        scene.run(CI, evidence());
        scene.say(ADA, approve());
        scene.say(ADAS_OTHER, approve());
        closed(&scene)
    }),
    ("a proposal taken back to approve it oneself", "own-proposal", || {
        let mut scene = Scene::silent();
        let statement = scene.say(ADA, Body::Proposal(proposal()));
        scene.run(CI, evidence());
        scene.say(ADA, Body::Revoke(Revoke { statement, reason: String::new() }));
        scene.say(ADA, approve());
        scene.say(BOB, approve());
        closed(&scene)
    }),
    ("an approval from the future", "from-the-future", || {
        with(CYD, |draft| Draft { time_s: NOW_S + 3_600, ..draft })
    }),
    ("an approval under other rules", "other-rules", || {
        with(CYD, |draft| Draft { policy: "sha256:00".into(), ..draft })
    }),
    ("an approval with a key that was taken away", "unknown-signer", || under(&without("cyd"), 0)),
    ("an approval with a key that ran out", "not-valid-now", || {
        under(&cyd("valid-before=\"20260301\""), 29 * DAY_S)
    }),
    ("an approval with a key before its time", "not-valid-now", || {
        under(&cyd("valid-after=\"20260301\""), 0)
    }),
    ("an approval with a key for commits", "not-for-statements", || {
        under(&cyd("namespaces=\"git\""), 0)
    }),
    ("another's objection taken back", "revokes-others", || {
        changed(|scene| {
            let statement = scene.say(BOB, verdict(Verdict::RequestChanges));
            scene.say(ADA, Body::Revoke(Revoke { statement, reason: String::new() }));
        })
    }),
    ("a signer who looks like another", "look like others", || {
        unread(&allowed("\u{441}yd@example.com", MALLORY))
    }),
    ("a signer with a letter that is not seen", "look like others", || {
        unread(&allowed("cyd\u{200b}@example.com", MALLORY))
    }),
    ("a signer in other letters", "needs-approvals", || {
        let mut scene = Scene::proposed();
        let more = signers() + &allowed("BOB@Example.com", MALLORY);
        scene.rules = Rules::read(Some(POLICY), Some(&more)).unwrap();
        scene.say(BOB, approve());
        scene.say(MALLORY, approve());
        closed(&scene)
    }),
    ("a key in the name of two", "already belongs to", || {
        unread(&(signers() + &allowed("mallory", CYD)))
    }),
    ("a signer who is everybody", "not one person", || unread(&allowed("*@example.com", MALLORY))),
    ("a key that signs for others", "cert-authority", || {
        unread(&allowed("cyd cert-authority", MALLORY))
    }),
    ("a key that OpenSSH keeps out", "is not accepted", || {
        unread(&allowed("cyd namespaces=\"!statement@assay,*\"", MALLORY))
    }),
    ("a time said twice", "is not accepted", || {
        unread(&allowed("cyd valid-before=\"20260101\",valid-before=\"20990101\"", MALLORY))
    }),
];

const REPLAYS: &[Forgery] = &[
    ("an approval from another repository", "other-repository", || {
        with(CYD, |draft| Draft { repository: "01JOTHER".into(), ..draft })
    }),
    ("the same words as another prompt", "not-proposed", || {
        changed(|scene| scene.merged.items.push(item(Role::Prompt, "q", "new")))
    }),
    ("the same words as another variant", "not-proposed", || {
        changed(|scene| {
            let mut other = item(Role::Prompt, "p", "new");
            other.subject.variant = "polite".into();
            scene.merged.items.push(other);
        })
    }),
    ("an approval of a digest in another role", "not-proposed", || {
        changed(|scene| scene.replace(Role::Cases, "new"))
    }),
    ("a copy with the same id", "shared-prompt-id", || {
        changed(|scene| {
            let (path, other) = ("prompts/copy".into(), "prompts/p".into());
            scene.merged.unnamed.push(Unnamed::SharedId { id: "p".into(), path, other });
        })
    }),
    ("a prompt without a name", "no-prompt-id", || {
        changed(|scene| scene.merged.unnamed.push(Unnamed::NoId { path: "prompts/x".into() }))
    }),
    ("a repository without a name", "no-repository-id", || {
        changed(|scene| (scene.base.repository, scene.merged.repository) = (None, None))
    }),
    ("one more word", "needs-approvals", || changed(|scene| scene.replace(Role::Prompt, "new!"))),
    ("a move to where less is asked", "needs-approvals", || {
        let mut scene = Scene::proposed();
        scene.say(BOB, approve());
        moved(&mut scene);
        closed(&scene)
    }),
    ("old words moved to where less is asked", "needs-approvals", || {
        changed(|scene| {
            scene.merged = content("old");
            moved(scene);
        })
    }),
];

fn whole_file(role: Role, at: usize, path: &'static str, text: &str) -> Vec<String> {
    changed(|scene| scene.merged.items[at] = whole(role, path, text))
}

const RULES: &[Forgery] = &[
    ("the policy changed along the way", "not-proposed", || {
        whole_file(Role::Policy, 4, ".assay/policy.toml", "needed = 0")
    }),
    ("the policy removed along the way", "needs-approvals", || {
        whole_file(Role::Policy, 4, ".assay/policy.toml", "")
    }),
    ("a signer added along the way", "needs-approvals", || {
        whole_file(Role::Signers, 5, ".assay/allowed_signers", "mallory")
    }),
    ("the new signer's own approval of it", "unknown-signer", || {
        changed(|scene| {
            scene.merged.items[5] = whole(Role::Signers, ".assay/allowed_signers", "mallory");
            let subjects = vec![scene.merged.items[5].subject.clone()];
            scene.say_of(MALLORY, subjects, approve());
        })
    }),
    ("the folders of prompts moved away", "needs-approvals", || {
        whole_file(Role::Repository, 6, "assay.yaml", "prompts: [elsewhere]")
    }),
    ("easier cases", "needs-approvals", || changed(|scene| scene.replace(Role::Cases, "easier"))),
    ("a laxer scorer", "needs-approvals", || changed(|scene| scene.replace(Role::Scorers, "lax"))),
    ("thresholds removed", "stale-evidence", || {
        changed(|scene| scene.replace(Role::Suite, "no gates"))
    }),
];

/// Proposed and approved, with this evidence.
fn measured_by(key: u8, evidence: Evidence) -> Vec<String> {
    let mut scene = Scene::silent();
    scene.say(ADA, Body::Proposal(proposal()));
    scene.run(key, evidence);
    scene.say(BOB, approve());
    scene.say(CYD, approve());
    closed(&scene)
}

/// The branch has had another of these since the run; nobody has to approve it any more.
fn stale(role: Role) -> Vec<String> {
    changed(|scene| {
        scene.replace(role, "newer");
        let place = scene.base.items.iter().position(|item| item.subject.role == role).unwrap();
        scene.base.items[place] = item(role, "p", "newer");
    })
}

fn gate_of(rule: GateRule, value: f64, base: Option<String>) -> Evidence {
    let mut evidence = evidence();
    let gate = &mut evidence.gates[0];
    (gate.rule, gate.value, gate.base) = (rule, value, base);
    evidence
}

const EVIDENCE: &[Forgery] = &[
    ("a run on other cases", "stale-evidence", || stale(Role::Cases)),
    ("a run with other scorers", "stale-evidence", || stale(Role::Scorers)),
    ("a run on other models", "stale-evidence", || stale(Role::Suite)),
    ("a run of other words", "no-evidence", || {
        let mut scene = Scene::silent();
        scene.say(ADA, Body::Proposal(proposal()));
        let of_old: Vec<_> = measured().into_iter().filter(|one| *one != new_words()).collect();
        let of_old = [of_old, vec![subject(Role::Prompt, "p", "old")]].concat();
        scene.say_of(CI, of_old, Body::Eval(Box::new(evidence())));
        closed(&scene)
    }),
    ("a run signed by a stranger", "unknown-signer", || measured_by(MALLORY, evidence())),
    ("a run signed by a reviewer", "not-a-runner", || measured_by(BOB, evidence())),
    ("a run of long ago", "old-evidence", || changed(|scene| scene.now_s += 31 * DAY_S)),
    ("a run that leaves a gate out", "gates-missing", || {
        measured_by(CI, Evidence { gates: Vec::new(), ..evidence() })
    }),
    ("a run that says it passed", "gate-failed", || {
        measured_by(CI, gate_of(GateRule::Min, 0.5, None))
    }),
    ("a run of nothing", "nothing-measured", || {
        measured_by(CI, Evidence { cells: 0, ..evidence() })
    }),
    ("a run of failed calls", "nothing-measured", || {
        measured_by(CI, Evidence { cells: 4, failed: 4, ..evidence() })
    }),
    ("a comparison with something worse", "other-base", || {
        let older = subject(Role::Prompt, "p", "older").digest;
        measured_by(CI, gate_of(GateRule::NonInferior, 0.9, Some(older)))
    }),
    ("a comparison with nothing", "other-base", || {
        measured_by(CI, gate_of(GateRule::NonInferior, 0.9, None))
    }),
];

const HISTORY: &[Forgery] = &[
    ("two pasts of one key", "forked-log", || {
        changed(|scene| {
            scene.last.clear();
            scene.put(BOB, Draft { time_s: NOW_S - 1, ..scene.draft(approve()) });
        })
    }),
    ("a log that lost its end", "rolled-back", || {
        changed(|scene| scene.alarms.push(Refusal::RolledBack { seen: "sha256:00".into() }))
    }),
    ("a log that others wrote into", "broken-log", || {
        changed(|scene| {
            let fingerprint = signer(BOB).key().fingerprint();
            let refusal = Box::new(Refusal::SignatureMalformed);
            scene.alarms.push(Refusal::BrokenLog { fingerprint, refusal });
        })
    }),
    ("a merge that holds more than both sides", "smuggled", || {
        changed(|scene| scene.smuggled.push("prompts/p/baseline.prompty".into()))
    }),
];

#[test]
fn every_forgery_is_refused_with_its_reason() {
    let tables = [BYTES, SIGNATURES, PEOPLE, REPLAYS, RULES, EVIDENCE, HISTORY];
    let mut names = BTreeSet::new();
    for (name, reason, attempt) in tables.into_iter().flatten() {
        let told = attempt();
        assert!(told.iter().any(|one| one.contains(reason)), "{name}: {told:?}");
        assert!(names.insert(name), "{name} stands there twice");
    }
    println!("{} forgeries, each refused with its reason", names.len());
    assert!(names.len() >= 30);
}

#[test]
fn what_a_stranger_or_another_repository_tells_twice_closes_nothing() {
    let mut scene = Scene::approved();
    for time_s in [NOW_S - 2, NOW_S - 1] {
        scene.last.clear();
        scene.put(MALLORY, Draft { time_s, ..scene.draft(approve()) });
        scene.last.clear();
        scene.put(BOB, Draft { time_s, repository: "01JOTHER".into(), ..scene.draft(approve()) });
    }
    scene.open();
}

/// Every bit of some bytes, flipped by itself.
fn flipped(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..bytes.len() * 8).map(|at| {
        let mut bytes = bytes.to_vec();
        bytes[at / 8] ^= 1 << (at % 8);
        bytes
    })
}

#[test]
fn every_flipped_bit_of_a_statement_and_of_its_signature_is_refused() {
    let entry = log_of(1, 1).remove(0);
    let statements = flipped(&entry.bytes).map(|bytes| Entry { bytes, ..entry.clone() });
    // What is no text is read from git as no signature.
    let signatures = flipped(entry.signature.as_bytes()).map(|bytes| Entry {
        signature: String::from_utf8(bytes).unwrap_or_default(),
        ..entry.clone()
    });
    let mut flips = 0;
    for forged in statements.chain(signatures) {
        assert!(forged.open().is_err(), "{forged:?}");
        flips += 1;
    }
    println!("{flips} flipped bits, each refused");
}
