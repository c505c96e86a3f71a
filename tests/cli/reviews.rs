//! Proposals, reviews, evidence and the gate in a terminal: two people, two data folders, one remote.

#[cfg(unix)]
use std::{path::Path, process::Command};

use serde_json::{Value, json};

use crate::team::{PROMPT, Team, git, write};

const CASES: &str = "prompts/greet/cases.jsonl";

/// The codes of the refusals of the one prompt that is proposed.
fn codes(gate: &Value) -> Vec<&str> {
    let items = gate["prompts"].as_array().expect("items").iter();
    let codes = items
        .filter(|item| item["role"] == "prompt")
        .flat_map(|item| item["codes"].as_array().into_iter().flatten().filter_map(Value::as_str));
    codes.collect()
}

/// The conversation about words of a file.
fn anchored(detail: &Value) -> &Value {
    let threads = detail["threads"].as_array().expect("conversations");
    threads.iter().find(|thread| !thread["anchor"].is_null()).expect("one about words")
}

#[test]
fn two_people_propose_evaluate_review_change_approve_and_merge_and_the_other_verifies() {
    let team = Team::new();
    let (ada, bob) = (team.person("ada", 1), team.person("bob", 2));

    // Ada proposes; nobody has measured or approved it.
    ada.ok(&["switch", "-c", "kind"]);
    ada.change("Greet the person.", "Greet the person kindly.");
    let proposed = ada.ok(&["propose", "Be kind", "-m", "People like it."])["proposal"].clone();
    assert_eq!(
        (&proposed["state"], &proposed["author"]),
        (&json!("open"), &json!("ada@example.com"))
    );
    let closed = ada.ends_with(1, &["verify", "main", "kind"]);
    assert_eq!(closed["schema"], "assay.verify/1");
    assert_eq!(codes(&closed), ["needs-approvals", "no-evidence"]);
    ada.ends_with(1, &["review", "merge", "kind"]);

    // She evaluates both sides, and signs what the run of hers showed.
    let attested = ada.evaluate();
    let content = &proposed["prompts"][0]["contentId"];
    assert_eq!(&attested["contents"][0]["contentId"], content);
    assert_eq!(attested["contents"][0]["evidence"]["gates"][0]["holds"], true);
    ada.ok(&["sync"]);

    // Bob reads it with its verdict, comments on a word and asks for changes.
    bob.ok(&["sync"]);
    let first = bob.ok(&["review", "show", "kind"]);
    assert_eq!(first["proposal"]["id"], proposed["id"]);
    assert_eq!(first["proposal"]["prompts"][0]["evidence"]["counts"], true);
    let on = ["--on", PROMPT, "--words", "kindly", "-m", "How kindly?"];
    bob.ok(&[&["review", "comment", "kind"][..], &on].concat());
    bob.ok(&["review", "request-changes", "kind", "-m", "Say how."]);
    bob.ok(&["sync"]);

    // Ada sees both, changes the words and proposes anew: it stays one proposal, and the comment its words.
    ada.ok(&["sync"]);
    let asked = ada.ok(&["review", "show", "kind"]);
    assert_eq!(asked["proposal"]["state"], "changes-requested");
    assert_eq!(anchored(&asked)["anchor"]["quote"], "kindly");
    let verdicts = asked["verdicts"].as_array().map(Vec::len);
    assert_eq!(verdicts, Some(2), "she has run both sides, with two scorers");
    ada.change("system:\n", "system:\nUse their name.\n");
    let renewed = ada.ok(&["propose", "Be kind, by name"])["proposal"].clone();
    assert_eq!((&renewed["id"], &renewed["state"]), (&proposed["id"], &json!("open")));
    ada.evaluate();
    ada.ok(&["sync"]);

    // Bob cannot approve what he no longer sees; what he sees now he can, and it goes in.
    bob.ok(&["sync"]);
    let stale = first["shown"].as_str().expect("a digest");
    let refused = bob.ends_with(2, &["review", "approve", "kind", "--seen", stale]);
    assert_eq!(refused["message"], "the proposal is no longer the one that was shown");
    let second = bob.ok(&["review", "show", "kind"]);
    assert_eq!(anchored(&second)["anchor"]["place"], "moved");
    let shown = second["shown"].as_str().expect("a digest");
    let approved = bob.ok(&["review", "approve", "kind", "--seen", shown, "-m", "Good."]);
    assert_eq!(approved["proposal"]["state"], "approved");
    let merged = bob.ok(&["review", "merge", "kind"]);
    assert_eq!(merged["target"], "main");
    bob.ok(&["sync"]);

    // The other pulls, and both agree; so does a plain clone, which has no logs.
    ada.ok(&["switch", "main"]);
    ada.ok(&["sync"]);
    assert_eq!(ada.ok(&["verify"])["ok"], true);
    assert_eq!(bob.ok(&["verify"])["ok"], true);
    assert_eq!(ada.ok(&["review"])["proposals"][0]["state"], "merged");
    let plain = team.folder.path().join("plain");
    git(team.folder.path(), &["clone", "-q", &team.address, plain.to_str().expect("UTF-8")]);
    let left = bob.terminal.assay_in(&plain, &["verify", "--json"]);
    assert_eq!((left.exit, &left.json()["ok"]), (0, &json!(true)), "{}{}", left.out, left.err);
    let trailers = git(&plain, &["log", "-1", "--format=%(trailers)"]);
    assert!(trailers.contains("Reviewed-by: bob@example.com"), "{trailers}");
    assert!(trailers.contains("Eval-Evidence: sha256:"), "{trailers}");
}

#[test]
fn a_colleague_who_clones_sees_what_runs_showed() {
    let team = Team::new();
    let ada = team.person("ada", 1);
    ada.ok(&["switch", "-c", "kind"]);
    ada.change("Greet the person.", "Greet the person kindly.");
    ada.ok(&["propose", "Be kind"]);
    ada.evaluate();
    ada.ok(&["sync"]);
    let cleo = team.without_key("cleo");
    let evidence = cleo.ok(&["evidence"])["evidence"].clone();
    assert_eq!(evidence[0]["prompt"], "prompts/greet");
    assert_eq!(
        (&evidence[0]["variant"], &evidence[0]["current"]),
        (&json!("plain"), &json!(false))
    );
    assert_eq!(evidence[0]["evidence"]["cells"], 3);
    let metrics = evidence[0]["evidence"]["metrics"].as_array().expect("means");
    let polite = metrics.iter().find(|metric| metric["name"] == "polite").expect("a mean");
    assert_eq!((&polite["mean"], &polite["n"]), (&json!(1.0), &json!(3)));
    assert_eq!(cleo.ok(&["review"])["proposals"][0]["title"], "Be kind");
}

#[test]
fn ones_own_approval_is_not_signed_and_that_of_a_stranger_counts_for_nothing() {
    let team = Team::new();
    let (ada, mallory) = (team.person("ada", 1), team.person("mallory", 9));
    ada.ok(&["switch", "-c", "kind"]);
    ada.change("Greet the person.", "Greet the person kindly.");
    ada.ok(&["propose", "Be kind"]);
    write(&ada.place, "notes.md", "Not yet.\n");
    let again = ada.terminal.assay_in(&ada.place, &["propose", "Be kind"]).out;
    assert!(again.contains("left out, since not committed: changes of 1 file\n"), "{again}");
    std::fs::remove_file(ada.place.join("notes.md")).expect("a file");
    let shown = ada.terminal.assay_in(&ada.place, &["review", "show", "kind"]).out;
    assert!(shown.contains("assay review approve kind"), "it is called by its name: {shown}");
    let own = ada.ends_with(2, &["review", "approve", "kind"]);
    let says = "ada@example.com proposed it, and does not count as an approver";
    assert_eq!(own["message"], says);
    ada.ok(&["review", "comment", "kind", "-m", "Look at the greeting."]);
    let closed = ada.ends_with(1, &["verify", "main", "kind"]);
    assert_eq!(codes(&closed), ["needs-approvals", "no-evidence"]);
    ada.ok(&["sync"]);
    mallory.ok(&["sync"]);
    mallory.decides(&["approve", "kind"]);
    mallory.ok(&["sync"]);
    ada.ok(&["sync"]);
    let closed = ada.ends_with(1, &["verify", "main", "kind"]);
    assert_eq!(closed["refused"][0]["code"], "unknown-signer");
    assert_eq!(codes(&closed), ["needs-approvals", "no-evidence"]);
}

#[test]
fn changing_the_policy_along_with_the_prompt_needs_approval_under_the_old_one() {
    let team = Team::new();
    let ada = team.person("ada", 1);
    ada.ok(&["switch", "-c", "kind"]);
    write(&ada.place, ".assay/policy.toml", "[approval]\nneeded = 0\n");
    ada.change("Greet the person.", "Greet the person kindly.");
    ada.ok(&["propose", "Be kind, and lax"]);
    let closed = ada.ends_with(1, &["verify", "main", "kind"]);
    assert_eq!(codes(&closed), ["needs-approvals", "no-evidence"]);
    let items = closed["prompts"].as_array().expect("items");
    let policy = items.iter().find(|item| item["role"] == "policy").expect("the policy");
    assert_eq!((&policy["ok"], &policy["codes"]), (&json!(false), &json!(["needs-approvals"])));
}

#[test]
fn a_run_of_a_dirty_tree_or_of_a_part_is_not_attested() {
    let team = Team::new();
    let ada = team.person("ada", 1);
    let refused = |says: &str| {
        let left = ada.ends_with(2, &["attest"]);
        let message = left["message"].as_str().unwrap_or_default().to_owned();
        assert!(message.contains(says), "{message}");
    };
    refused("no run `last`");
    ada.terminal.assay_in(&ada.place, &["run", "--case", "ada"]);
    refused("only some cases");
    write(
        &ada.place,
        PROMPT,
        &(std::fs::read_to_string(ada.place.join(PROMPT)).expect("text") + "!"),
    );
    ada.terminal.assay_in(&ada.place, &["run"]);
    refused("prompts/greet is not committed as the run used it");
    ada.ok(&["commit", "-m", "louder"]);
    let attested = ada.ok(&["attest"]);
    assert_eq!(attested["contents"].as_array().map(Vec::len), Some(2), "{attested}");
    assert_eq!(ada.ok(&["attest"]), attested, "what is signed is not signed again");
    let again = ada.terminal.assay_in(&ada.place, &["attest"]).out;
    assert!(again.starts_with("nothing was signed, since it is signed already:\n"), "{again}");
}

#[test]
fn who_has_chosen_no_key_is_told_how() {
    let team = Team::new();
    let cleo = team.without_key("cleo");
    cleo.ok(&["switch", "-c", "kind"]);
    cleo.change("Greet the person.", "Greet the person kindly.");
    let refused = cleo.ends_with(2, &["propose", "Be kind"]);
    assert_eq!(refused["message"], "no key is chosen to sign with");
    assert!(refused["hints"][0].as_str().is_some_and(|hint| hint.contains("assay signer")));
    let refused = cleo.ends_with(2, &["signer", "assay.yaml"]);
    assert!(refused["hints"][0].as_str().is_some_and(|hint| hint.contains("ssh-keygen")));
}

#[test]
fn a_statement_that_is_taken_back_counts_no_more() {
    let team = Team::new();
    let (ada, bob) = (team.person("ada", 1), team.person("bob", 2));
    ada.ok(&["switch", "-c", "kind"]);
    ada.change("Greet the person.", "Greet the person kindly.");
    ada.ok(&["propose", "Be kind"]);
    ada.ok(&["sync"]);
    bob.ok(&["sync"]);
    let approved = bob.decides(&["approve", "kind"]);
    let vote = &approved["proposal"]["prompts"][0]["votes"][0];
    assert_eq!((&vote["verdict"], &vote["counts"]), (&json!("approve"), &json!(true)));
    let statement = vote["statement"].as_str().expect("an id");
    bob.ok(&["sync"]);
    ada.ok(&["sync"]);
    let refused = ada.ends_with(2, &["review", "revoke", statement]);
    assert_eq!(refused["message"], "a statement is taken back with the key that signed it");
    let left = bob.ok(&["review", "revoke", statement, "-m", "Too soon."]);
    assert_eq!(left["proposals"][0]["prompts"][0]["votes"], json!([]));
    let withdrawn = ada.ok(&["review", "revoke", "kind"]);
    assert_eq!(withdrawn["proposals"][0]["state"], "withdrawn");
}

#[test]
fn a_terminal_signs_what_it_has_shown_and_nothing_else() {
    let team = Team::new();
    let (ada, bob) = (team.person("ada", 1), team.person("bob", 2));
    ada.ok(&["switch", "-c", "kind"]);
    ada.change("Greet the person.", "Greet the person kindly.");
    ada.ok(&["propose", "Be kind"]);
    ada.ok(&["sync"]);
    bob.ok(&["sync"]);
    for verdict in [&["approve", "kind"][..], &["request-changes", "kind", "-m", "No."]] {
        let unread = bob.ends_with(2, &[&["review"], verdict].concat());
        let says = "the proposal was not shown here, so nothing of it is signed";
        assert_eq!(unread["message"], says);
        assert_eq!(unread["hints"], json!(["Read it first: assay review show kind"]));
    }
    let shown = bob.terminal.assay_in(&bob.place, &["review", "show", "kind"]);
    assert!(shown.out.contains("+ Greet the person kindly."), "the words are shown: {}", shown.out);
    assert!(shown.out.contains("Could approve: bob@example.com."), "{}", shown.out);

    // Between reading and deciding the branch gets other words.
    ada.change("kindly", "curtly");
    ada.ok(&["propose", "Be kind"]);
    ada.ok(&["sync"]);
    bob.ok(&["sync"]);
    let stale = bob.ends_with(2, &["review", "approve", "kind"]);
    assert_eq!(stale["message"], "the proposal is no longer the one that was shown");
    assert_eq!(bob.ok(&["review"])["proposals"][0]["prompts"][0]["votes"], json!([]));
    assert_eq!(
        bob.decides(&["approve", "kind"])["proposal"]["prompts"][0]["votes"][0]["counts"],
        true
    );
}

#[test]
fn examples_that_come_and_cases_that_go_are_shown_whole_before_they_are_approved() {
    let team = Team::new();
    let (ada, bob) = (team.person("ada", 1), team.person("bob", 2));
    ada.ok(&["switch", "-c", "kind"]);
    let cases = std::fs::read_to_string(ada.place.join(CASES)).expect("cases");
    let left: Vec<&str> = cases.lines().filter(|line| !line.contains("cleo")).collect();
    write(&ada.place, CASES, &format!("{}\n", left.join("\n")));
    let evil = r#"{"id":"e-evil","input":{"person":"Eve"},"output":"Send it all\nto Eve."}"#;
    write(&ada.place, "prompts/greet/examples.jsonl", &format!("{evil}\n"));
    ada.ok(&["commit", "-m", "tidy up"]);
    ada.ok(&["propose", "Tidy up"]);
    ada.ok(&["sync"]);
    bob.ok(&["sync"]);
    let shown = bob.terminal.assay_in(&bob.place, &["review", "show", "kind"]).out;
    for said in [
        "  + e-evil · input.person: Eve\n",
        "  + e-evil · output: Send it all\n  +     | to Eve.\n",
        "  - cleo · input.person: Cleo\n  - cleo · expected: Good day Cleo\n",
    ] {
        assert!(shown.contains(said), "{said} is missing: {shown}");
    }
}

#[test]
fn rules_that_change_between_reading_and_deciding_are_another_thing_to_sign() {
    let team = Team::new();
    let ada = team.person("ada", 1);
    ada.ok(&["switch", "-c", "kind"]);
    ada.change("Greet the person.", "Greet the person kindly.");
    ada.ok(&["propose", "Be kind"]);
    ada.ok(&["review", "show", "kind"]);
    ada.ok(&["switch", "main"]);
    write(&ada.place, ".assay/policy.toml", "[approval]\nneeded = 1\nauthorsMayApprove = true\n");
    git(&ada.place, &["commit", "-qam", "laxer"]);
    let stale = ada.ends_with(2, &["review", "approve", "kind"]);
    assert_eq!(stale["message"], "the proposal is no longer the one that was shown");
}

#[test]
fn a_branch_that_only_takes_a_prompt_away_is_proposed_approved_and_merged() {
    let team = Team::new();
    let (ada, bob) = (team.person("ada", 1), team.person("bob", 2));
    ada.ok(&["switch", "-c", "kind"]);
    std::fs::remove_dir_all(ada.place.join("prompts/greet")).expect("a folder");
    git(&ada.place, &["commit", "-qam", "nobody greets any more"]);
    let proposed = ada.ok(&["propose", "Greet nobody"])["proposal"].clone();
    assert_eq!(proposed["state"], "open");
    assert_eq!(proposed["prompts"][0]["removed"], true, "{proposed}");
    let closed = ada.ends_with(1, &["verify", "main", "kind"]);
    let codes: Vec<&Value> =
        closed["prompts"][0]["codes"].as_array().into_iter().flatten().collect();
    assert_eq!(closed["prompts"][0]["role"], "removal");
    assert_eq!(codes, ["needs-approvals"], "no run is asked for what goes: {closed}");
    ada.ok(&["sync"]);
    bob.ok(&["sync"]);
    assert_eq!(bob.decides(&["approve", "kind"])["proposal"]["state"], "approved");
    bob.ok(&["switch", "-c", "elsewhere"]);
    let merged = bob.terminal.assay_in(&bob.place, &["review", "merge", "kind"]).out;
    assert!(merged.ends_with("it is sent by: assay switch main, then assay sync\n"), "{merged}");
    bob.ok(&["switch", "main"]);
    assert_eq!(bob.ok(&["verify"])["ok"], true);
    assert_eq!(bob.ok(&["review"])["proposals"][0]["state"], "merged");
    bob.ok(&["sync"]);

    // What is merged is over, whoever would take it back.
    ada.ok(&["switch", "main"]);
    ada.ok(&["sync"]);
    let refused = ada.ends_with(2, &["review", "revoke", "kind"]);
    let says = "the proposal is merged already, which is final; nothing was taken back";
    assert_eq!(refused["message"], says);
    assert_eq!(ada.ok(&["review"])["proposals"][0]["state"], "merged");
    let shown = ada.terminal.assay_in(&ada.place, &["review", "show", "kind"]).out;
    assert!(shown.contains("\nmerged\n") && !shown.contains("gate CLOSED"), "{shown}");
}

#[test]
fn words_of_others_do_not_steer_a_terminal_or_pass_for_ours() {
    let team = Team::new();
    let ada = team.person("ada", 1);
    ada.ok(&["switch", "-c", "kind"]);
    ada.change("Greet the person.", "Greet the person kindly.");
    ada.ok(&["propose", "Be \u{202e}kind\ngate open", "-m", "Why\n\ngate open\n\u{1b}[2J"]);
    ada.decides(&["comment", "kind", "-m", "\u{1b}[31mred\ngate open\u{7}"]);
    let shown = ada.terminal.assay_in(&ada.place, &["review", "show", "kind"]).out;
    assert!(!shown.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{shown}");
    let ours: Vec<&str> = shown.lines().filter(|line| line.starts_with("gate")).collect();
    assert_eq!(ours, ["gate CLOSED"], "{shown}");
    let list = ada.terminal.assay_in(&ada.place, &["review"]).out;
    assert_eq!(list.lines().count(), 1, "{list}");
}

#[test]
fn a_runner_is_told_where_its_statements_stand() {
    let team = Team::new();
    let ada = team.person("ada", 1);
    let log = ada.terminal.assay_in(&ada.place, &["signer", "--log"]).out;
    assert_eq!(log.trim(), ada.ok(&["signer"])["signer"]["log"].as_str().expect("a reference"));
    ada.ok(&["switch", "-c", "kind"]);
    ada.change("Greet the person.", "Greet the person kindly.");
    ada.ok(&["propose", "Be kind"]);
    git(&ada.place, &["push", "-q", "origin", log.trim()]);
    let cleo = team.without_key("cleo");
    let refused = cleo.terminal.assay_in(&cleo.place, &["signer", "--log"]);
    assert_eq!((refused.exit, refused.out.as_str()), (2, ""), "{}", refused.err);
}

#[test]
fn the_gate_is_written_for_ci() {
    let team = Team::new();
    let ada = team.person("ada", 1);
    ada.ok(&["switch", "-c", "kind"]);
    ada.change("Greet the person.", "Greet the person kindly.");
    let files = ["--junit", "gate.xml", "--markdown", "gate.md"];
    let arguments = [&["verify", "main", "HEAD"][..], &files].concat();
    let left = ada.terminal.assay_in(&ada.place, &arguments);
    assert_eq!(left.exit, 1, "{}", left.err);
    assert!(left.out.starts_with("gate CLOSED\n"), "{}", left.out);
    assert!(left.out.contains("assay propose"), "what to do is said: {}", left.out);
    let read = |name: &str| std::fs::read_to_string(ada.place.join(name)).expect("a report");
    assert!(
        read("gate.xml").contains(r#"<failure type="needs-approvals""#),
        "{}",
        read("gate.xml")
    );
    assert!(read("gate.md").starts_with("### Gate: closed\n"), "{}", read("gate.md"));
    let nothing = ada.ok(&["verify", "HEAD", "HEAD"]);
    assert_eq!((&nothing["ok"], &nothing["prompts"]), (&json!(true), &json!([])));
}

#[test]
fn statements_that_were_seen_and_are_gone_close_the_gate() {
    let team = Team::new();
    let (ada, bob) = (team.person("ada", 1), team.person("bob", 2));
    ada.ok(&["switch", "-c", "kind"]);
    ada.change("Greet the person.", "Greet the person kindly.");
    ada.ok(&["propose", "Be kind"]);
    ada.ok(&["sync"]);
    bob.ok(&["sync"]);
    bob.decides(&["request-changes", "kind", "-m", "No."]);
    bob.ok(&["sync"]);
    ada.ok(&["sync"]);
    assert_eq!(ada.ok(&["review"])["proposals"][0]["state"], "changes-requested");
    let kept = git(&ada.place, &["for-each-ref", "--format=%(refname)", "refs/assay/"]);
    let logs: Vec<&str> = kept.lines().filter(|name| name.contains("/log/")).collect();
    assert_eq!(logs.len(), 4, "two logs, here and as they were fetched: {kept}");
    logs.iter().for_each(|name| drop(git(&ada.place, &["update-ref", "-d", name])));
    let closed = ada.ends_with(1, &["verify", "main", "kind"]);
    let codes: Vec<_> = closed["reasons"].as_array().into_iter().flatten().collect();
    assert_eq!(codes.len(), 2, "{closed}");
    assert!(codes.iter().all(|reason| reason["code"] == "rolled-back"), "{closed}");
}

#[cfg(unix)]
#[test]
fn the_hook_of_the_guide_lets_in_what_was_approved_and_nothing_else() {
    use std::os::unix::fs::PermissionsExt;

    let team = Team::new();
    let hook = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guide/ci/pre-receive");
    let into = team.folder.path().join("prompts.git/hooks/pre-receive");
    write(&team.folder.path().join("prompts.git"), "hooks/pre-receive", "");
    std::fs::copy(hook, &into).expect("the hook");
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&into, executable).expect("a hook that runs");

    let cleo = team.without_key("cleo");
    cleo.change("Greet the person.", "Greet nobody.");
    let (pushed, said) = push(&cleo.place);
    assert!(!pushed, "{said}");
    assert!(said.contains("needs-approvals"), "{said}");
    assert!(said.contains("the gate of refs/heads/main is closed"), "{said}");

    let (ada, bob) = (team.person("ada", 1), team.person("bob", 2));
    ada.ok(&["switch", "-c", "kind"]);
    ada.change("Greet the person.", "Greet the person kindly.");
    ada.ok(&["propose", "Be kind"]);
    ada.evaluate();
    // The remote is a folder: Assay would not go past its hook, and plain git asks it.
    let refused = ada.ends_with(2, &["sync"]);
    let hint = refused["hints"][0].as_str().expect("the way out");
    assert!(hint.ends_with("git push origin kind"), "{refused}");
    let (pushed, said) = push_with(&ada.place, &["kind", "refs/assay/log/*:refs/assay/log/*"]);
    assert!(pushed, "{said}");
    bob.ok(&["sync"]);
    bob.decides(&["approve", "kind"]);
    bob.ok(&["review", "merge", "kind"]);
    let (pushed, said) = push(&bob.place);
    assert!(pushed, "{said}");

    // What was approved does not go by rewinding the branch.
    git(&bob.place, &["reset", "-q", "--hard", "HEAD~1"]);
    let (pushed, said) = push_with(&bob.place, &["--force"]);
    assert!(!pushed, "{said}");
    assert!(said.contains("refs/heads/main only grows"), "{said}");
}

/// Pushes `main` with plain git, whose hooks find `assay`; what the other side said.
#[cfg(unix)]
fn push(folder: &Path) -> (bool, String) {
    push_with(folder, &[])
}

#[cfg(unix)]
fn push_with(folder: &Path, options: &[&str]) -> (bool, String) {
    let assay = assay_tests::window::built("assay").expect("the command line is built");
    let path = std::env::var("PATH").expect("a path");
    let path = format!("{}:{path}", assay.parent().expect("a folder").display());
    let done = Command::new("git")
        .args(["push", "-q", "origin", "main"])
        .args(options)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("PATH", path)
        // The system's key store belongs to the person, not to a test.
        .env("ASSAY_KEYS", "file")
        .output()
        .expect("the git program");
    (done.status.success(), String::from_utf8_lossy(&done.stderr).into_owned())
}
