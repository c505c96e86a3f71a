//! `assay verify` where it binds: required checks in plain, shallow and detached clones, and a hook of a server.

#[cfg(unix)]
use std::{path::Path, process::Command};

use serde_json::json;

use crate::team::{PROMPT, Person, Team, git};

/// Proposed, measured, approved and merged, with all of it at the remote.
fn merged(team: &Team) -> (Person, Person) {
    let (ada, bob) = (team.person("ada", 1), team.person("bob", 2));
    ada.ok(&["switch", "-c", "kind"]);
    ada.change("Greet the person.", "Greet the person kindly.");
    ada.ok(&["propose", "Be kind"]);
    ada.evaluate();
    ada.ok(&["sync"]);
    bob.ok(&["sync"]);
    bob.decides(&["approve", "kind"]);
    bob.ok(&["review", "merge", "kind"]);
    bob.ok(&["sync"]);
    (ada, bob)
}

/// A clone by plain git, which fetches no logs, as somebody who has never been here.
fn plain_clone(team: &Team, name: &str, options: &[&str]) -> Person {
    let mut person = team.without_key(name);
    // Not where Assay cloned to, and remembers what it heard.
    person.place = team.folder.path().join(format!("plain-{name}"));
    let into = person.place.to_str().expect("a path in UTF-8");
    git(team.folder.path(), &[&["clone", "-q"], options, &[team.address.as_str(), into]].concat());
    person
}

#[test]
fn a_plain_clone_without_a_branch_verifies_offline_what_was_merged() {
    let team = Team::new();
    let (_ada, bob) = merged(&team);
    let check = plain_clone(&team, "check", &[]);
    git(&check.place, &["checkout", "-q", "--detach", "origin/main"]);
    git(&check.place, &["remote", "set-url", "origin", "https://localhost:1/nowhere"]);
    assert_eq!(git(&check.place, &["for-each-ref", "refs/assay"]), "");
    for arguments in [&["verify"][..], &["verify", "HEAD~1", "HEAD"]] {
        assert_eq!(check.ok(arguments)["ok"], json!(true), "{arguments:?}");
    }
    let signers = "gpg.ssh.allowedSignersFile=.assay/allowed_signers";
    git(&bob.place, &["-c", signers, "verify-commit", "main"]);
}

#[test]
fn a_shallow_clone_is_told_how_to_become_a_whole_one() {
    let team = Team::new();
    merged(&team);
    let check = plain_clone(&team, "check", &["--depth", "1", "--no-single-branch"]);
    for arguments in [&["verify"][..], &["verify", "HEAD~1", "HEAD"]] {
        let refused = check.ends_with(2, arguments);
        let said = refused["message"].as_str().unwrap_or_default();
        assert!(said.starts_with("this clone is shallow"), "{refused}");
        assert!(refused["hints"][0].as_str().is_some_and(|hint| hint.contains("--unshallow")));
    }
    git(&check.place, &["fetch", "-q", "--unshallow"]);
    assert_eq!(check.ok(&["verify"])["ok"], json!(true));
}

/// Adds a case at the end, and commits it.
fn add_case(person: &Person, who: &str) {
    let path = person.place.join("prompts/greet/cases.jsonl");
    let case = json!({"id": who, "input": {"person": who}, "expected": format!("Hello {who}")});
    let cases = std::fs::read_to_string(&path).expect("the cases");
    std::fs::write(&path, format!("{cases}{case}\n")).expect("the cases");
    person.ok(&["commit", "-m", &format!("a case about {who}")]);
}

#[test]
fn cases_that_two_people_add_are_no_conflict_for_the_gate() {
    let team = Team::new();
    let (ada, bob) = (team.person("ada", 1), team.person("bob", 2));
    add_case(&ada, "dora");
    add_case(&bob, "emil");
    ada.ok(&["sync"]);
    assert_eq!(bob.ok(&["sync"])["merged"]["result"], "merged");
    // Nobody has approved the cases; that the merge holds both of them is nothing to wonder at.
    let closed = bob.ends_with(1, &["verify"]);
    assert_eq!(closed["reasons"], json!([]), "{closed}");
    assert_eq!(closed["prompts"][0]["role"], "cases", "{closed}");
    assert_eq!(closed["prompts"][0]["codes"], json!(["needs-approvals", "not-proposed"]));

    ada.ok(&["sync"]);
    ada.ok(&["switch", "-c", "kind"]);
    add_case(&ada, "fay");
    ada.ok(&["propose", "A case"]);
    ada.ok(&["sync"]);
    add_case(&bob, "gus");
    bob.ok(&["sync"]);
    assert_eq!(bob.ok(&["review", "show", "kind"])["conflicts"], json!([]));
    let approved = bob.ok(&["review", "approve", "kind"]);
    assert_eq!(approved["conflicts"], json!([]), "{approved}");
}

#[test]
fn what_two_people_say_otherwise_is_a_closed_gate_that_says_the_way_out() {
    let team = Team::new();
    let (ada, bob) = (team.person("ada", 1), team.person("bob", 2));
    ada.ok(&["switch", "-c", "kind"]);
    ada.change("Greet the person.", "Welcome the person.");
    ada.ok(&["propose", "Be kind"]);
    ada.ok(&["sync"]);
    bob.change("Greet the person.", "Salute the person.");
    bob.ok(&["sync"]);
    assert_eq!(bob.ok(&["review", "show", "kind"])["conflicts"], json!([PROMPT]));
    let refused = bob.ends_with(2, &["review", "approve", "kind"]);
    let says = format!("the proposal cannot be decided: it conflicts with main in {PROMPT}");
    assert_eq!(refused["message"], json!(says));
    let way = "On kind: assay branch --merge main, decide there, then propose again.";
    assert_eq!(refused["hints"], json!([way]));

    // Whoever decides while merging puts in what nobody has proposed.
    git(&bob.place, &["merge", "-q", "--no-edit", "-X", "ours", "origin/kind"]);
    for arguments in [&["verify"][..], &["verify", "main~1", "origin/kind"]] {
        let closed = bob.ends_with(1, arguments);
        assert_eq!(
            (&closed["ok"], &closed["reasons"][0]["code"]),
            (&json!(false), &json!("conflict"))
        );
        let hint = closed["reasons"][0]["hint"].as_str().unwrap_or_default();
        assert!(hint.starts_with("Merge the target into the branch"), "{closed}");
    }
}

/// Puts the hook of the guide in its place.
#[cfg(unix)]
fn guard(team: &Team) {
    use std::os::unix::fs::PermissionsExt;

    let hook = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guide/ci/pre-receive");
    let into = team.folder.path().join("prompts.git/hooks/pre-receive");
    std::fs::create_dir_all(into.parent().expect("a folder")).expect("a folder");
    std::fs::copy(hook, &into).expect("the hook");
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&into, executable).expect("a hook that runs");
}

/// Pushes by plain git, whose hooks are told where `assay` is; what the other side said.
#[cfg(unix)]
fn push(folder: &Path, what: &[&str]) -> (bool, String) {
    let done = Command::new("git")
        .args(["push", "-q", "origin"])
        .args(what)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("ASSAY", assay_tests::window::built("assay").expect("the command line is built"))
        // The system's key store belongs to the person, not to a test.
        .env("ASSAY_KEYS", "file")
        .output()
        .expect("the git program");
    (done.status.success(), String::from_utf8_lossy(&done.stderr).into_owned())
}

#[cfg(unix)]
#[test]
fn the_hook_lets_nobody_write_into_the_log_of_another() {
    let team = Team::new();
    let (ada, bob) = (team.person("ada", 1), team.person("bob", 2));
    ada.ok(&["switch", "-c", "kind"]);
    ada.change("Greet the person.", "Greet the person kindly.");
    ada.ok(&["propose", "Be kind"]);
    ada.ok(&["sync"]);
    bob.ok(&["sync"]);
    bob.ok(&["review", "show", "kind"]);
    bob.ok(&["review", "comment", "kind", "-m", "How kindly?"]);
    bob.ok(&["sync"]);
    guard(&team);
    let listed = git(&bob.place, &["for-each-ref", "--format=%(refname)", "refs/assay/log"]);
    assert_eq!(listed.lines().count(), 2, "{listed}");
    for log in listed.lines() {
        let (pushed, said) = push(&bob.place, &["--delete", log]);
        assert!(!pushed && said.contains("a log is not deleted"), "{said}");
        let (pushed, said) = push(&bob.place, &["--force", &format!("main:{log}")]);
        assert!(!pushed && said.contains("a log only grows"), "{said}");
        let tree = format!("{log}^{{tree}}");
        let again = git(&bob.place, &["commit-tree", &tree, "-p", log, "-m", "again"]);
        let (pushed, said) = push(&bob.place, &[&format!("{}:{log}", again.trim())]);
        assert!(!pushed && said.contains("a log holds what does not belong there"), "{said}");
    }
    // What does belong there goes in.
    bob.ok(&["review", "show", "kind"]);
    bob.ok(&["review", "comment", "kind", "-m", "Thanks."]);
    let (pushed, said) = push(&bob.place, &["refs/assay/log/*:refs/assay/log/*"]);
    assert!(pushed, "{said}");
}
