//! Reviews in real repositories: proposing, approving, merging, and what rewriting history changes.

use std::collections::{BTreeMap, BTreeSet};

use assay_repo::git::GitError;
use assay_repo::review::{
    Body, Draft, Evidence, Gate, GateError, GateResult, GateRule, Heard, KeyFile, Proposal, Review,
    Role, Signed, Signer, Subject, Verdict, refs::Adopted,
};
use assay_repo::{Revision, Workspace};
use assay_testkit::TestWorkspace;

use crate::{LinesOnly, NOW, git, grace, open};

pub(crate) const ADA: u8 = 1;
pub(crate) const BOB: u8 = 2;
pub(crate) const CI: u8 = 3;

pub(crate) const REPOSITORY: &str = "01JREPOSITORY0000000000001";
pub(crate) const ASSAY: &str =
    "format: assay/1\nid: 01JREPOSITORY0000000000001\nprompts: [prompts]\n";
pub(crate) const MANIFEST: &str = "format: assay/1\nid: 01JPROMPT00000000000000001\nvariants:\n  - {id: only, file: only.prompty}\nevals: [evals.yaml]\n";
pub(crate) const EVALS: &str = "cases: cases.jsonl\nmodels:\n  - {id: local/tiny}\nscorers:\n  - {id: same, type: equals, expected: $}\ngates:\n  - {scorer: same, min: 0.5}\n";
pub(crate) const CASES: &str =
    "{\"id\":\"c-one\",\"input\":{\"who\":\"Ada\"},\"expected\":\"Hello Ada\"}\n";
pub(crate) const POLICY: &str =
    "[approval]\nneeded = 1\n\n[evidence]\nrequired = true\nrunners = [\"ci\"]\n";

pub(crate) fn signer(seed: u8) -> KeyFile {
    KeyFile::from_seed(&[seed; 32])
}

pub(crate) fn variant(words: &str) -> String {
    format!(
        "---\nname: greet\ninputs:\n  - {{name: who, kind: string}}\n---\nuser:\n{words} {{{{ who }}}}\n"
    )
}

/// A repository with one prompt and a policy, on `main`.
pub(crate) fn reviewed() -> TestWorkspace {
    let files = TestWorkspace::empty();
    let line =
        |person: &str, seed| format!("{person} {}\n", signer(seed).key().to_openssh().unwrap());
    let signers = line("ada@example.com", ADA) + &line("bob@example.com", BOB) + &line("ci", CI);
    files.write("assay.yaml", ASSAY);
    files.write(".assay/policy.toml", POLICY);
    files.write(".assay/allowed_signers", &signers);
    files.write("prompts/greet/prompt.yaml", MANIFEST);
    files.write("prompts/greet/evals.yaml", EVALS);
    files.write("prompts/greet/cases.jsonl", CASES);
    files.write("prompts/greet/only.prompty", &variant("Hello"));
    files.commit("start");
    files
}

/// A branch with other words, and the workspace standing on it.
pub(crate) fn proposed() -> (TestWorkspace, Workspace) {
    let files = reviewed();
    git(&files, &["checkout", "-q", "-b", "brief"]);
    files.write("prompts/greet/only.prompty", &variant("Hi"));
    files.commit("be brief");
    let workspace = open(&files);
    (files, workspace)
}

pub(crate) fn at(workspace: &Workspace, name: &str) -> Revision {
    workspace.revision(name).unwrap()
}

pub(crate) fn subjects(workspace: &Workspace, name: &str, roles: &[Role]) -> Vec<Subject> {
    let items = at(workspace, name).content().unwrap().items;
    let wanted = items.into_iter().filter(|item| roles.contains(&item.subject.role));
    wanted.map(|item| item.subject).collect()
}

pub(crate) fn say(workspace: &Workspace, seed: u8, roles: &[Role], body: Body) -> Signed {
    say_about(workspace, seed, subjects(workspace, "brief", roles), body)
}

pub(crate) fn say_about(
    workspace: &Workspace,
    seed: u8,
    subjects: Vec<Subject>,
    body: Body,
) -> Signed {
    let draft = Draft {
        repository: REPOSITORY.into(),
        subjects,
        base: Vec::new(),
        policy: at(workspace, "main").rules().unwrap().digest,
        time_s: NOW.seconds,
        body,
    };
    workspace.say(draft, &signer(seed)).unwrap()
}

pub(crate) fn proposal() -> Body {
    Body::Proposal(Proposal {
        title: "Be brief".into(),
        text: String::new(),
        branch: "brief".into(),
        target: "main".into(),
    })
}

pub(crate) fn propose(workspace: &Workspace) {
    say(workspace, ADA, &[Role::Prompt], proposal());
}

/// What a run has to be about.
pub(crate) const MEASURED: [Role; 4] = [Role::Prompt, Role::Cases, Role::Scorers, Role::Suite];

pub(crate) fn measure(workspace: &Workspace) {
    say(workspace, CI, &MEASURED, measured());
}

pub(crate) fn measured() -> Body {
    let gate =
        GateResult { name: "same".into(), rule: GateRule::Min, value: 1.0, limit: 0.5, base: None };
    Body::Eval(Box::new(Evidence {
        run: "01JRUN".into(),
        tool: "assay".into(),
        models: Vec::new(),
        cells: 1,
        failed: 0,
        seeds: Vec::new(),
        metrics: Vec::new(),
        gates: vec![gate],
        cost: None,
        outputs: "sha256:00".into(),
    }))
}

pub(crate) fn review(workspace: &Workspace, seed: u8, verdict: Verdict) -> Signed {
    say(workspace, seed, &[Role::Prompt], Body::Review(Review::of(verdict)))
}

pub(crate) fn approved() -> (TestWorkspace, Workspace) {
    let (files, workspace) = proposed();
    propose(&workspace);
    measure(&workspace);
    review(&workspace, BOB, Verdict::Approve);
    (files, workspace)
}

pub(crate) fn gate(workspace: &Workspace, base: &str, head: &str) -> Gate {
    let (base, head) = (at(workspace, base), at(workspace, head));
    workspace.gate(&base, &head, &BTreeMap::new(), NOW.seconds, &LinesOnly).unwrap()
}

pub(crate) fn codes(gate: &Gate) -> BTreeSet<&'static str> {
    let of_items = gate.decision.items.iter().flat_map(|item| &item.reasons);
    gate.decision.reasons.iter().chain(of_items).map(|reason| reason.code()).collect()
}

/// Merges as Assay does, and moves `main` there.
pub(crate) fn merge(files: &TestWorkspace, workspace: &Workspace) -> String {
    let gate = gate(workspace, "main", "brief");
    let id = workspace.merge_commit(&gate, "Be brief", NOW, Some(&grace()), None).unwrap();
    git(files, &["update-ref", "refs/heads/main", &id]);
    id
}

#[test]
fn a_proposal_goes_in_once_it_is_measured_and_approved() {
    let (_files, workspace) = proposed();
    let closed = gate(&workspace, "main", "brief");
    let missing = BTreeSet::from(["needs-approvals", "no-evidence", "not-proposed"]);
    assert_eq!(codes(&closed), missing);
    let refused = workspace.merge_commit(&closed, "x", NOW, Some(&grace()), None).unwrap_err();
    assert!(matches!(refused, GateError::Closed));
    propose(&workspace);
    measure(&workspace);
    assert_eq!(codes(&gate(&workspace, "main", "brief")), BTreeSet::from(["needs-approvals"]));
    review(&workspace, BOB, Verdict::Approve);
    let open = gate(&workspace, "main", "brief");
    assert!(open.decision.open, "{:?}", open.decision);
}

#[test]
fn a_merge_keeps_what_opened_the_gate_and_git_reads_its_trailers() {
    let (files, workspace) = approved();
    let id = merge(&files, &workspace);
    let trailers = git(&files, &["log", "-1", "--format=%(trailers)", &id]);
    assert!(trailers.starts_with("Reviewed-by: bob@example.com\n"), "{trailers}");
    assert!(trailers.contains("Prompt-Content: sha256:"), "{trailers}");
    assert!(trailers.contains("Eval-Evidence: sha256:"), "{trailers}");
    git(&files, &["fsck", "--strict"]);
}

#[test]
fn a_merge_goes_to_its_branch_and_undo_takes_it_back_but_no_statement() {
    let (_files, workspace) = approved();
    let before = at(&workspace, "main").id();
    let gate = gate(&workspace, "main", "brief");
    let id = workspace.merge_commit(&gate, "Be brief", NOW, Some(&grace()), None).unwrap();
    let made = at(&workspace, &id);
    workspace.advance_branch("main", &made, "review merge brief", NOW).unwrap();
    assert_eq!(at(&workspace, "main").id(), id);
    assert!(workspace.has_in_past(&made, &at(&workspace, "brief")).unwrap());
    assert_eq!(workspace.merge_base(&made, &gate.head).unwrap(), Some(gate.head.id()));
    assert_eq!(workspace.attested_at(&made).unwrap().len(), 3);
    let objection = review(&workspace, BOB, Verdict::RequestChanges);
    assert_eq!(workspace.undo().unwrap().step.command, "review merge brief");
    assert_eq!(at(&workspace, "main").id(), before);
    let heard = workspace.listen(REPOSITORY, &[], &BTreeMap::new()).unwrap();
    assert!(heard.statements.iter().any(|(_, signed)| signed.id == objection.id));
    assert_eq!(workspace.logs().unwrap().len(), 3);
}

#[test]
fn a_branch_is_not_moved_away_from_its_own_commits() {
    let (_files, workspace) = approved();
    let before = at(&workspace, "brief").id();
    let main = at(&workspace, "main");
    let refused = workspace.advance_branch("brief", &main, "review merge x", NOW).unwrap_err();
    assert!(
        matches!(&refused, GitError::ChangedSince { what, .. } if what == "brief"),
        "{refused}"
    );
    assert_eq!(at(&workspace, "brief").id(), before);
}

#[test]
fn a_plain_clone_agrees_offline() {
    let (files, workspace) = approved();
    merge(&files, &workspace);
    let folder = tempfile::tempdir().unwrap();
    let clone = folder.path().join("clone");
    let from = format!("file://{}", files.path().display());
    git(&files, &["clone", "-q", "--branch", "main", &from, clone.to_str().unwrap()]);
    let workspace = Workspace::open(&clone).unwrap();
    let made = at(&workspace, "HEAD");
    let verified =
        workspace.verify_commit(&made, &BTreeMap::new(), NOW.seconds, &LinesOnly).unwrap();
    assert!(verified.decision.open, "{:?}", verified.decision);
    assert_eq!(verified.heard.statements.len(), 3);
}

#[test]
fn words_put_into_a_merge_by_hand_are_found() {
    let (files, workspace) = approved();
    merge(&files, &workspace);
    git(&files, &["checkout", "-q", "main"]);
    files.write("prompts/greet/only.prompty", &variant("Obey"));
    git(&files, &["commit", "-q", "-a", "--amend", "--no-edit"]);
    let made = at(&workspace, "main");
    let verified =
        workspace.verify_commit(&made, &BTreeMap::new(), NOW.seconds, &LinesOnly).unwrap();
    assert_eq!(codes(&verified), BTreeSet::from(["smuggled"]));
}

#[test]
fn the_proposals_own_policy_decides_nothing() {
    let (files, workspace) = proposed();
    files.write(".assay/policy.toml", "[approval]\nneeded = 0\n");
    files.commit("make it easy");
    let gate = gate(&workspace, "main", "brief");
    let roles: BTreeSet<_> = gate.decision.items.iter().map(|item| item.subject.role).collect();
    assert_eq!(roles, BTreeSet::from([Role::Prompt, Role::Policy]));
    assert!(gate.decision.items.iter().all(|item| item.needed == 1 && !item.reasons.is_empty()));
}

#[test]
fn a_log_that_loses_its_end_is_noticed_by_who_saw_it() {
    let (files, workspace) = approved();
    let objection = review(&workspace, BOB, Verdict::RequestChanges);
    let seen = gate(&workspace, "main", "brief").heard.newest;
    let log = format!("refs/assay/log/{}", signer(BOB).key().fingerprint_hex());
    git(&files, &["update-ref", &log, &format!("{log}~1")]);
    let (base, head) = (at(&workspace, "main"), at(&workspace, "brief"));
    let asked = workspace.gate(&base, &head, &seen, NOW.seconds, &LinesOnly).unwrap();
    assert_eq!(codes(&asked), BTreeSet::from(["rolled-back"]), "{}", objection.id);
    // Who never saw the end cannot know.
    assert!(gate(&workspace, "main", "brief").decision.open);
}

#[test]
fn statements_travel_by_plain_push_and_pull() {
    let (files, workspace) = approved();
    let folder = tempfile::tempdir().unwrap();
    let clone = folder.path().join("clone");
    let from = format!("file://{}", files.path().display());
    git(&files, &["clone", "-q", "--no-local", &from, clone.to_str().unwrap()]);
    let at_clone = ["-C", clone.to_str().unwrap()];
    let refspec = assay_repo::review::refs::fetch_refspec("origin");
    git(&files, &[&at_clone[..], &["fetch", "-q", "origin", refspec.as_str()][..]].concat());
    let other = Workspace::open(&clone).unwrap();
    assert_eq!(other.adopt_logs("origin").unwrap().len(), 3);
    let ids = |workspace: &Workspace, base: &str, head: &str| {
        let gate = gate(workspace, base, head);
        assert!(gate.decision.open, "{:?}", gate.decision);
        gate.heard.newest
    };
    assert_eq!(ids(&other, "origin/main", "origin/brief"), ids(&workspace, "main", "brief"));
}

#[test]
fn ssh_keygen_agrees_with_a_signature() {
    let (files, workspace) = approved();
    let log = format!("refs/assay/log/{}", signer(BOB).key().fingerprint_hex());
    for (name, file) in [("statement.json", "s"), ("statement.sig", "s.sig")] {
        files.write(file, &git(&files, &["show", &format!("{log}:{name}")]));
    }
    let statement = std::fs::File::open(files.path().join("s")).unwrap();
    let out = std::process::Command::new("ssh-keygen")
        .args(["-Y", "verify", "-n", assay_repo::review::NAMESPACE, "-I", "bob@example.com"])
        .args(["-f", ".assay/allowed_signers", "-s", "s.sig"])
        .current_dir(files.path())
        .stdin(statement)
        .output()
        .expect("the ssh-keygen program");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    assert!(workspace.head().is_some());
}

/// Numbers that look random and are the same in every run.
fn numbers(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed;
    move |below| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    }
}

/// A clone of its own for each person, and one place they push to.
struct Team {
    files: TestWorkspace,
    folder: tempfile::TempDir,
    said: usize,
}

impl Team {
    fn new() -> Self {
        let (files, _) = proposed();
        let team = Self { files, folder: tempfile::tempdir().unwrap(), said: 0 };
        let from = team.files.path().display().to_string();
        let hub = team.place("hub");
        git(&team.files, &["clone", "-q", "--bare", &from, &hub]);
        for seed in [ADA, BOB, CI] {
            let to = team.place(&seed.to_string());
            git(&team.files, &["clone", "-q", "--branch", "main", &format!("file://{hub}"), &to]);
            team.git_of(seed, &["branch", "-q", "brief", "origin/brief"]);
        }
        team
    }

    fn place(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn git_of(&self, seed: u8, arguments: &[&str]) {
        let place = self.place(&seed.to_string());
        git(&self.files, &[&["-C", place.as_str()][..], arguments].concat());
    }

    fn workspace(&self, seed: u8) -> Workspace {
        Workspace::open(&self.folder.path().join(seed.to_string())).unwrap()
    }

    fn say(&mut self, seed: u8, verdict: Verdict) {
        review(&self.workspace(seed), seed, verdict);
        self.said += 1;
    }

    /// Refused pushes fail the test.
    fn push(&self, seed: u8) {
        let name = signer(seed).key().fingerprint_hex();
        if !self
            .workspace(seed)
            .listen(REPOSITORY, &[], &BTreeMap::new())
            .unwrap()
            .newest
            .contains_key(&name)
        {
            return;
        }
        self.git_of(
            seed,
            &["push", "-q", "origin", &assay_repo::review::refs::push_refspec(&name)],
        );
    }

    fn pull(&self, seed: u8) {
        self.git_of(
            seed,
            &["fetch", "-q", "origin", &assay_repo::review::refs::fetch_refspec("origin")],
        );
        let adopted = self.workspace(seed).adopt_logs("origin").unwrap();
        assert!(adopted.iter().all(|(_, adopted)| *adopted != Adopted::Diverged), "{adopted:?}");
    }

    fn heard(&self, seed: u8) -> Heard {
        self.workspace(seed).listen(REPOSITORY, &[], &BTreeMap::new()).unwrap()
    }
}

#[test]
fn clones_converge_and_no_push_of_statements_conflicts() {
    for history in 0..4 {
        let mut team = Team::new();
        let mut next = numbers(history);
        for _ in 0..15 {
            let seed = [ADA, BOB, CI][next(3)];
            match next(4) {
                0 => team.push(seed),
                1 => team.pull(seed),
                2 => team.say(seed, Verdict::Approve),
                _ => team.say(seed, Verdict::RequestChanges),
            }
        }
        for seed in [ADA, BOB, CI] {
            team.push(seed);
        }
        for seed in [ADA, BOB, CI] {
            team.pull(seed);
        }
        let [ada, bob, ci] = [ADA, BOB, CI].map(|seed| team.heard(seed));
        assert_eq!((&ada, &bob), (&bob, &ci), "history {history}");
        assert_eq!((ada.statements.len(), ada.refused.len()), (team.said, 0), "history {history}");
    }
}
