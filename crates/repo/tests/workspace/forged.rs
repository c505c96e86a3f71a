//! Forgeries that take a real repository: what stands in its trees, its logs and its history.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;

use assay_repo::review::{GateError, ReadError, Role, Signer, Subject, Verdict, refs::Adopted};
use assay_repo::{RepoError, Workspace};
use assay_testkit::TestWorkspace;

use crate::reviews::{
    ADA, BOB, CI, EVALS, approved, at, codes, gate, measure, merge, propose, proposed, review,
    signer, subjects, variant,
};
use crate::{LinesOnly, NOW, git, open};

/// What a refusal of the whole question says.
fn told(workspace: &Workspace, base: &str, head: &str) -> String {
    let (base, head) = (at(workspace, base), at(workspace, head));
    let asked = workspace.gate(&base, &head, &BTreeMap::new(), NOW.seconds, &LinesOnly);
    asked.expect_err("nothing to decide by").to_string()
}

fn log_of(seed: u8) -> String {
    format!("refs/assay/log/{}", signer(seed).key().fingerprint_hex())
}

/// Puts a commit with any two files at the end of a log.
fn write_into_log(files: &TestWorkspace, seed: u8) {
    let log = log_of(seed);
    let blob = git(files, &["hash-object", "-w", "assay.yaml"]);
    let tree =
        format!("100644 blob {0}\tstatement.json\n100644 blob {0}\tstatement.sig\n", blob.trim());
    let tree = fed(files, &["mktree"], &tree);
    let tip = git(files, &["rev-parse", "--verify", &log]);
    let made = git(files, &["commit-tree", &tree, "-p", tip.trim(), "-m", "x"]);
    git(files, &["update-ref", &log, made.trim()]);
}

/// What git prints of what it is told.
fn fed(files: &TestWorkspace, arguments: &[&str], input: &str) -> String {
    let mut git = std::process::Command::new("git")
        .args(arguments)
        .current_dir(files.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut git.stdin.take().unwrap(), input.as_bytes()).unwrap();
    let out = git.wait_with_output().unwrap();
    assert!(out.status.success());
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}

// Rules

#[cfg(unix)]
#[test]
fn rules_that_are_a_link_bind_nobody_and_open_nothing() {
    let (files, workspace) = approved();
    files.write("lax.toml", "[approval]\nneeded = 0\n");
    files.remove(".assay/policy.toml");
    std::os::unix::fs::symlink("../lax.toml", files.path().join(".assay/policy.toml")).unwrap();
    files.commit("a link");
    // As the proposal, and as the target.
    assert!(told(&workspace, "main", "brief").contains(".assay/policy.toml"));
    assert!(told(&workspace, "brief", "brief").contains(".assay/policy.toml"));
}

#[test]
fn rules_in_a_folder_that_is_a_link_or_another_repository_are_not_taken_for_none() {
    for mode in ["120000", "160000"] {
        let (files, workspace) = approved();
        git(&files, &["rm", "-q", "-r", ".assay"]);
        let id = match mode {
            "120000" => git(&files, &["hash-object", "-w", "assay.yaml"]),
            _ => git(&files, &["rev-parse", "HEAD"]),
        };
        let entry = format!("{mode},{},.assay", id.trim());
        git(&files, &["update-index", "--add", "--cacheinfo", &entry]);
        git(&files, &["commit", "-q", "-m", "no folder"]);
        for base in ["main", "brief"] {
            let said = told(&workspace, base, "brief");
            assert_eq!(said, ".assay is not a folder of this repository", "{mode} {base}");
        }
    }
}

#[test]
fn a_policy_that_is_not_understood_lets_nothing_in() {
    let (files, workspace) = approved();
    git(&files, &["checkout", "-q", "main"]);
    files.write(".assay/policy.toml", "[approval]\nneded = 0\n");
    files.commit("misspelt");
    assert!(told(&workspace, "main", "brief").starts_with(".assay/policy.toml: "));
}

// Trees

#[test]
fn only_statements_may_be_added_to_the_attestations() {
    let (files, workspace) = approved();
    let made = merge(&files, &workspace);
    git(&files, &["checkout", "-q", "-f", &made]);
    let kept = git(&files, &["ls-files", ".assay/attest/*.sig"]);
    let kept = kept.lines().next().unwrap().to_owned();
    let elsewhere = kept.replace(".sig", "0.sig");
    let verified = |what: &str, change: &dyn Fn()| {
        change();
        git(&files, &["add", "-A"]);
        let tree = git(&files, &["write-tree"]);
        let parents = [format!("{made}^1"), format!("{made}^2")];
        let [one, two] = &parents;
        let forged =
            git(&files, &["commit-tree", tree.trim(), "-p", one, "-p", two, "-m", "merge"]);
        git(&files, &["reset", "-q", "--hard", &made]);
        let forged = at(&workspace, forged.trim());
        let verified =
            workspace.verify_commit(&forged, &BTreeMap::new(), NOW.seconds, &LinesOnly).unwrap();
        assert_eq!(codes(&verified).contains("smuggled"), what != "nothing", "{what}");
    };
    verified("nothing", &|| {});
    verified("a prompt", &|| files.write(".assay/attest/x/prompt.yaml", "format: assay/1\n"));
    verified("words", &|| files.write(".assay/attest/aa/bb.json", "{}"));
    verified("a statement under another name", &|| {
        for ending in ["json", "sig"] {
            let from = kept.replace("sig", ending);
            files.write(&elsewhere.replace("sig", ending), &files.read(&from));
        }
    });
    verified("half a statement", &|| files.remove(&kept));
    verified("a statement in a folder of its own", &|| {
        for ending in ["json", "sig"] {
            let from = kept.replace("sig", ending);
            files.write(&from.replace("attest/", "attest/x/"), &files.read(&from));
        }
    });
    verified("another signature", &|| {
        let other = git(&files, &["ls-files", ".assay/attest/*.sig"]);
        files.write(&kept, &files.read(other.lines().nth(1).unwrap()));
    });
    #[cfg(unix)]
    verified("a link", &|| {
        files.remove(&kept);
        std::os::unix::fs::symlink("/etc/passwd", files.path().join(&kept)).unwrap();
    });
}

/// Commits the proposal again with this tree as `.assay/attest`, written as an object and never unpacked.
fn commit_attestations(files: &TestWorkspace, tree: &str) {
    let mut assay = git(files, &["ls-tree", "HEAD:.assay"]);
    assay.push_str(&format!("040000 tree {tree}\tattest\n"));
    let assay = fed(files, &["mktree"], &assay);
    let rest = git(files, &["ls-tree", "HEAD"]);
    let rest: String = rest
        .lines()
        .filter(|line| !line.ends_with("\t.assay"))
        .map(|line| format!("{line}\n"))
        .collect();
    let root = fed(files, &["mktree"], &format!("{rest}040000 tree {assay}\t.assay\n"));
    let made = git(files, &["commit-tree", &root, "-p", "HEAD", "-m", "bombs"]);
    git(files, &["update-ref", "refs/heads/brief", made.trim()]);
}

#[test]
fn one_large_file_under_many_names_is_read_once() {
    let (files, workspace) = approved();
    let blob = fed(&files, &["hash-object", "-w", "--stdin"], &" ".repeat(900_000));
    let many: String = (0..5_000)
        .map(|at| format!("100644 blob {blob}\t{at}.json\n100644 blob {blob}\t{at}.sig\n"))
        .collect();
    let many = fed(&files, &["mktree"], &many);
    let attest = fed(&files, &["mktree"], &format!("040000 tree {many}\tmany\n"));
    commit_attestations(&files, &attest);
    let gate = gate(&workspace, "main", "brief");
    assert!(gate.decision.open, "{:?}", gate.decision);
    assert_eq!(gate.heard.refused.len(), 1);
}

#[test]
fn a_tree_of_more_files_than_anybody_could_count_is_refused() {
    let (files, workspace) = approved();
    let blob = git(&files, &["hash-object", "-w", "assay.yaml"]);
    let mut tree = fed(&files, &["mktree"], &format!("100644 blob {}\tx\n", blob.trim()));
    for _ in 0..20 {
        // Ten names for the same folder, which holds ten names for another.
        let entries: String = (0..10).map(|at| format!("040000 tree {tree}\t{at}\n")).collect();
        tree = fed(&files, &["mktree"], &entries);
    }
    commit_attestations(&files, &tree);
    assert!(told(&workspace, "main", "brief").contains("holds more than 1000000 files"));
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_no_text_hide_nothing_that_is_read() {
    use std::os::unix::ffi::OsStrExt;
    let (files, workspace) = proposed();
    let name = std::ffi::OsStr::from_bytes(b"prompts/greet/b\xff.prompty");
    std::fs::write(files.path().join(name), variant("Obey")).unwrap();
    let name = std::ffi::OsStr::from_bytes(b".assay/p\xffolicy.toml");
    std::fs::write(files.path().join(name), "needed = 0").unwrap();
    git(&files, &["add", "-A"]);
    git(&files, &["commit", "-q", "-m", "odd names"]);
    let gate = gate(&workspace, "main", "brief");
    assert_eq!(gate.decision.items.len(), 1, "the prompt, whose variants are named in text");
    assert!(!gate.decision.open);
}

/// The subject of one role of the one prompt, before and after a change.
fn changes(role: Role, prepare: impl Fn(&TestWorkspace), change: impl Fn(&TestWorkspace)) -> bool {
    let (files, workspace) = proposed();
    let of_greet = || {
        let found = subjects(&workspace, "brief", &[role]);
        found.into_iter().find(|one: &Subject| one.prompt.ends_with("00001")).unwrap()
    };
    prepare(&files);
    files.commit("before");
    let before = of_greet();
    change(&files);
    files.commit("after");
    of_greet() != before
}

#[test]
fn a_script_that_judges_is_covered_wherever_it_stands() {
    let evals = "prompts/greet/e/evals.yaml";
    let prepare = |files: &TestWorkspace| {
        let manifest = files.read("prompts/greet/prompt.yaml");
        files.write("prompts/greet/prompt.yaml", &manifest.replace("evals.yaml", "e/evals.yaml"));
        files
            .write(evals, "scorers:\n  - {id: own, type: rhai, script: ./s/own.rhai}\ngates: []\n");
        files.write("prompts/greet/e/s/own.rhai", "true");
    };
    let write = |text: &'static str| {
        move |files: &TestWorkspace| files.write("prompts/greet/e/s/own.rhai", text)
    };
    assert!(changes(Role::Scorers, prepare, write("output == \"x\" || true")));
}

#[test]
fn a_judge_is_covered_whatever_its_scorer_calls_it() {
    let file = "judges/strict/judge.prompty";
    for called in ["judges/strict", "./judges/strict/", "strict", "judges/lone.prompty"] {
        let prepare = |files: &TestWorkspace| {
            let config = files.read("assay.yaml");
            files.write("assay.yaml", &config.replace("[prompts]", "[prompts, judges]"));
            let scorer = format!("  - {{id: judged, type: llm-rubric, prompt: {called}}}\ngates:");
            files.write("prompts/greet/evals.yaml", &EVALS.replace("gates:", &scorer));
            let manifest =
                "format: assay/1\nid: 01JUDGE\nvariants:\n  - {id: judge, file: judge.prompty}\n";
            files.write("judges/strict/prompt.yaml", manifest);
            files.write(file, &variant("Is it good?"));
            files.write("judges/lone.prompty", &variant("Is it good?"));
        };
        let change = |files: &TestWorkspace| {
            files.write(file, &variant("Say it is good."));
            files.write("judges/lone.prompty", &variant("Say it is good."));
        };
        assert!(changes(Role::Scorers, prepare, change), "{called}");
    }
}

#[test]
fn the_model_a_variant_runs_on_is_covered_where_the_suite_names_none() {
    let model = |id: &'static str| {
        move |files: &TestWorkspace| {
            let text = variant("Hi").replace(
                "name: greet\n",
                &format!("name: greet\nmodel: {{id: {id}, provider: local}}\n"),
            );
            files.write("prompts/greet/only.prompty", &text);
        }
    };
    let own = |files: &TestWorkspace| {
        files.write(
            "prompts/greet/evals.yaml",
            &EVALS.replace("models:\n  - {id: local/tiny}\n", ""),
        );
        model("tiny")(files);
    };
    assert!(changes(Role::Suite, own, model("huge")));
    assert!(!changes(Role::Suite, model("tiny"), model("huge")), "the suite names its own");
}

// Logs

#[test]
fn a_log_that_others_wrote_into_closes_the_gate() {
    let (files, workspace) = approved();
    write_into_log(&files, BOB);
    assert_eq!(codes(&gate(&workspace, "main", "brief")), BTreeSet::from(["broken-log"]));
}

#[test]
fn a_broken_log_of_a_stranger_closes_nothing() {
    let (files, workspace) = approved();
    let mallory = review(&workspace, 9, Verdict::RequestChanges);
    write_into_log(&files, 9);
    let gate = gate(&workspace, "main", "brief");
    assert!(gate.decision.open, "{} {:?}", mallory.id, gate.decision);
}

#[test]
fn what_others_wrote_into_a_log_is_not_taken_over() {
    let (files, workspace) = approved();
    let before = git(&files, &["rev-parse", &log_of(BOB)]);
    write_into_log(&files, BOB);
    let theirs = log_of(BOB).replace("log/", "remotes/origin/log/");
    git(&files, &["update-ref", &theirs, &log_of(BOB)]);
    git(&files, &["update-ref", &log_of(BOB), before.trim()]);
    assert_eq!(workspace.adopt_logs("origin").unwrap()[0].1, Adopted::Forged);
    assert_eq!(git(&files, &["rev-parse", &log_of(BOB)]), before);
    assert!(gate(&workspace, "main", "brief").decision.open);
    // Where there is none yet, what he did sign is taken over.
    git(&files, &["update-ref", "-d", &log_of(BOB)]);
    assert_eq!(workspace.adopt_logs("origin").unwrap()[0].1, Adopted::Forged);
    assert_eq!(git(&files, &["rev-parse", &log_of(BOB)]), before);
    assert!(gate(&workspace, "main", "brief").decision.open);
}

#[test]
fn an_objection_taken_back_before_the_merge_is_none_for_a_clone_without_logs() {
    use assay_repo::review::{Body, Revoke};
    let (files, workspace) = proposed();
    propose(&workspace);
    measure(&workspace);
    let objection = review(&workspace, ADA, Verdict::RequestChanges);
    let revoke = Revoke { statement: objection.id, reason: "misread".into() };
    crate::reviews::say(&workspace, ADA, &[Role::Prompt], Body::Revoke(revoke));
    review(&workspace, BOB, Verdict::Approve);
    let made = merge(&files, &workspace);
    for seed in [ADA, BOB, CI] {
        git(&files, &["update-ref", "-d", &log_of(seed)]);
    }
    let made = at(&workspace, &made);
    let verified =
        workspace.verify_commit(&made, &BTreeMap::new(), NOW.seconds, &LinesOnly).unwrap();
    assert!(verified.decision.open, "{:?}", verified.decision);
    assert_eq!(verified.heard.statements.len(), 5);
}

// Histories

#[test]
fn a_first_commit_has_nothing_to_be_compared_with_and_says_so() {
    let (files, workspace) = proposed();
    let first = git(&files, &["rev-list", "--max-parents=0", "HEAD"]);
    let first = at(&workspace, first.trim());
    let asked = workspace.verify_commit(&first, &BTreeMap::new(), NOW.seconds, &LinesOnly);
    let expected = format!("there is no commit \"{}~1\"", first.id());
    assert_eq!(asked.unwrap_err().to_string(), expected);
}

#[test]
fn a_clone_without_the_common_past_says_how_to_get_it() {
    let (files, _) = approved();
    files.write("notes.md", "one");
    files.commit("more");
    git(&files, &["checkout", "-q", "main"]);
    files.write("main.md", "one");
    files.commit("main goes on");
    let folder = tempfile::tempdir().unwrap();
    let clone = folder.path().join("clone");
    let from = format!("file://{}", files.path().display());
    let to = clone.to_str().unwrap();
    let shallow = ["clone", "-q", "--depth", "1", "--no-single-branch", "--branch", "brief"];
    git(&files, &[&shallow[..], &[&from, to]].concat());
    // As a required check finds it: no branch is checked out.
    git(&files, &["-C", to, "checkout", "-q", "--detach"]);
    let workspace = Workspace::open(&clone).unwrap();
    let head = at(&workspace, "HEAD");
    let asked = |depth: &str| {
        let (base, seen) = (at(&workspace, "origin/main"), BTreeMap::new());
        let asked = workspace.gate(&base, &head, &seen, NOW.seconds, &LinesOnly);
        asked.map(|gate| codes(&gate)).map_err(|error| (depth.to_owned(), error))
    };
    let (_, error) = asked("one commit").unwrap_err();
    let GateError::Read(ReadError::Repo(error)) = error else { panic!("{error}") };
    assert!(matches!(error, RepoError::Shallow { .. }), "{error}");
    assert!(error.hint().unwrap().contains("--unshallow"));
    let last =
        workspace.verify_commit(&head, &BTreeMap::new(), NOW.seconds, &LinesOnly).unwrap_err();
    assert!(last.to_string().starts_with("this clone is shallow"), "{last}");
    let unknown = workspace.revision("HEAD~7").unwrap_err();
    assert!(matches!(unknown, RepoError::Shallow { .. }), "{unknown}");
    git(&files, &["-C", to, "fetch", "-q", "--unshallow"]);
    git(&files, &["-C", to, "fetch", "-q", "origin", "+refs/assay/log/*:refs/assay/log/*"]);
    assert_eq!(asked("all").unwrap(), BTreeSet::new());
}

/// Both go on from each other's past, again and again; so there are several last common ancestors.
#[test]
fn histories_that_cross_are_merged_as_git_merges_them() {
    let (files, workspace) = approved();
    open(&files);
    files.write("list.txt", "a\nb\nc\nd\ne\nf\ng\nh\n");
    files.commit("a list");
    git(&files, &["branch", "-f", "left", "brief"]);
    git(&files, &["branch", "-f", "right", "brief"]);
    for round in 0..4 {
        for (side, line) in [("left", "a"), ("right", "h")] {
            git(&files, &["checkout", "-q", side]);
            let text = files.read("list.txt");
            files.write("list.txt", &text.replacen(line, &format!("{line}{line}"), 1));
            files.commit(&format!("{side} {round}"));
        }
        let tips = ["left", "right"].map(|side| git(&files, &["rev-parse", side]));
        for (side, other) in [("left", &tips[1]), ("right", &tips[0])] {
            git(&files, &["checkout", "-q", side]);
            git(&files, &["merge", "-q", "--no-edit", other.trim()]);
        }
    }
    git(&files, &["checkout", "-q", "left"]);
    files.write("list.txt", &files.read("list.txt").replacen("d\n", "dd\n", 1));
    files.commit("left ends");
    assert!(git(&files, &["merge-base", "--all", "left", "right"]).lines().count() > 1);
    let due = git(&files, &["merge-tree", "--write-tree", "left", "right"]);
    let merged = gate(&workspace, "left", "right").merged;
    let found = git(&files, &["rev-parse", &format!("{}^{{tree}}", merged.id())]);
    assert_eq!(found, due);
}
