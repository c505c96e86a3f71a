//! The documents and exit codes that scripts read.

use std::process::Command;

use assay_testkit::Fault;
use serde_json::json;

use crate::process::{Terminal, greeter};

#[test]
fn init_makes_a_committed_repository_in_an_empty_folder_and_in_a_new_one() {
    let terminal = Terminal::in_template("extract");
    let folder = tempfile::tempdir().expect("a folder");
    let here = terminal.assay_in(folder.path(), &["init", "--json"]);
    assert_eq!(here.exit, 0, "{}", here.err);
    assert_eq!(here.json()["schema"], "assay.init/1");
    let elsewhere = tempfile::tempdir().expect("a folder");
    let new = ["init", "team/prompts", "--template", "summarize"];
    let made = terminal.assay_in(elsewhere.path(), &new);
    assert_eq!(made.exit, 0, "{}", made.err);
    assert!(elsewhere.path().join("team/prompts/assay.yaml").is_file());
    let again = terminal.assay_in(elsewhere.path(), &new);
    assert_eq!(again.exit, 2, "what is there is never written over");
    assert!(again.err.contains("already holds files"), "{}", again.err);
}

#[test]
fn list_and_check_say_what_is_there() {
    let terminal = Terminal::in_template("support-triage");
    let list = terminal.ok(&["list", "--json"]).json();
    assert_eq!(list["prompts"][0]["variants"], json!(["baseline", "policy-first"]));
    let check = terminal.ok(&["check", "--json"]).json();
    assert_eq!(check["schema"], "assay.check/1");
    assert_eq!(check["problems"], json!([]));
}

#[test]
fn check_ends_with_one_when_there_is_an_error_and_says_where() {
    let terminal = Terminal::in_template("support-triage");
    let path = "prompts/support-triage/baseline.prompty";
    let text = terminal.workspace.read(path).replace("{{ ticket }}", "{{ tickt }}");
    terminal.workspace.write(path, &text);
    let check = terminal.assay(&["check", "--json"]);
    assert_eq!(check.exit, 1);
    let problem = &check.json()["problems"][0];
    assert_eq!(problem["file"], path);
    assert!(problem["message"].as_str().is_some_and(|m| m.contains("tickt")), "{problem}");
    let text = terminal.assay(&["check"]).out;
    assert!(text.contains(&format!("{path}:")), "{text}");
}

#[test]
fn check_finds_rules_of_review_that_nobody_could_be_judged_by() {
    let terminal = Terminal::in_template("support-triage");
    terminal.workspace.write(".assay/policy.toml", "[approval]\nneeded = \"many\"\n");
    terminal.workspace.write(".assay/allowed_signers", "# people\nnobody knows what this is\n");
    let check = terminal.assay(&["check", "--json"]);
    assert_eq!(check.exit, 1);
    let found = check.json()["problems"].clone();
    let places: Vec<_> = found.as_array().expect("problems").iter().collect();
    assert_eq!(places.len(), 2, "{found:#}");
    assert_eq!(
        (&places[0]["file"], &places[0]["line"]),
        (&json!(".assay/allowed_signers"), &json!(2))
    );
    assert_eq!(places[1]["file"], ".assay/policy.toml");
}

#[test]
fn render_tells_where_every_word_came_from() {
    let server = greeter();
    let terminal = Terminal::with(&server);
    let rendered = terminal.ok(&["render", "greet/warm", "--case", "bob", "--json"]).json();
    assert_eq!(rendered["variant"], "warm");
    assert_eq!(
        rendered["messages"][1],
        json!({"role": "user", "content": [{"type": "text", "text": "Bob", "from": "person"}]})
    );
}

#[test]
fn plan_counts_and_sends_nothing() {
    let server = greeter();
    let terminal = Terminal::with(&server);
    let plan = terminal.ok(&["plan", "greet", "--json"]).json();
    assert_eq!((&plan["cells"], &plan["cached"]), (&json!(6), &json!(0)));
    assert_eq!(plan["hosts"][0], server.url().trim_end_matches("/v1"));
    assert_eq!(server.count(), 0);
}

#[test]
fn run_writes_columns_gates_and_every_cell() {
    let server = greeter();
    let terminal = Terminal::with(&server);
    let run = terminal.ok(&["run", "greet", "--json", "-"]).json();
    assert_eq!(run["schema"], "assay.run/1");
    assert_eq!(
        run["cells"],
        json!({"total": 6, "done": 6, "failed": 0, "cached": 0, "skipped": 0, "pending": 0})
    );
    assert_eq!(run["ok"], true);
    assert_eq!(run["columns"][0]["scores"]["polite"]["mean"], 1.0);
    assert_eq!(run["gates"][0]["ok"], true);
    assert_eq!(run["results"][0]["output"], "Hello Ada");

    let id = run["run"].as_str().expect("an id");
    let shown = terminal.ok(&["show", id, "--json"]).json();
    assert_eq!(shown["cells"][0], run["results"][0]);
    let runs = terminal.ok(&["runs", "--json"]).json();
    assert_eq!(runs["runs"][0]["run"], id);
    assert_eq!(terminal.ok(&["show", "last", "--cell", "0"]).out.matches("──").count(), 2);
}

#[test]
fn a_gate_that_fails_ends_with_one() {
    let server = greeter().reply_with(|_| "Nothing".to_owned());
    let terminal = Terminal::with(&server);
    let run = terminal.assay(&["run", "greet", "--json", "-"]);
    assert_eq!(run.exit, 1, "{}", run.err);
    assert_eq!(run.json()["ok"], false);
}

#[test]
fn a_run_that_could_not_finish_ends_with_three_and_says_how_to_go_on() {
    let server = greeter();
    let terminal = Terminal::with(&server);
    drop(server);
    let run = terminal.assay(&["run", "greet", "-j", "1"]);
    assert_eq!(run.exit, 3, "{}", run.err);
    assert!(run.out.contains("assay run --resume"), "{}", run.out);
}

#[test]
fn a_run_whose_calls_failed_says_why_once() {
    let server = greeter();
    server.fault_when(|_| true, Fault::bad_request());
    let terminal = Terminal::with(&server);
    let run = terminal.assay(&["run", "greet"]);
    assert_eq!(run.exit, 3, "{}", run.err);
    assert_eq!(run.out.matches(" cells failed: ").count(), 1, "{}", run.out);
}

#[test]
fn commit_makes_a_commit_that_git_shows() {
    let server = greeter();
    let terminal = Terminal::with(&server);
    let path = "prompts/greet/plain.prompty";
    let text = terminal.workspace.read(path).replace("Greet", "Welcome");
    terminal.workspace.write(path, &text);
    let commit = terminal.ok(&["commit", "-m", "Welcome people", "--json"]).json();
    let log = Command::new("git")
        .args(["log", "-1", "--format=%H %s"])
        .current_dir(terminal.path())
        .output()
        .expect("git is installed");
    let log = String::from_utf8(log.stdout).expect("text");
    assert_eq!(log.trim(), format!("{} Welcome people", commit["commit"].as_str().expect("an id")));
}

#[test]
fn models_are_added_tested_and_removed_and_no_key_is_printed() {
    let server = greeter().models(&["small", "large"]);
    let terminal = Terminal::with(&server);
    let test = terminal.ok(&["models", "test", "server"]).out;
    assert!(test.contains("server/small") && test.contains("server/large"), "{test}");
    let url = server.url();
    let keyed = [
        "models",
        "add",
        "openai-compatible",
        "keyed",
        "--base-url",
        &url,
        "--key-env",
        "ASSAY_TEST_KEY",
    ];
    let added = terminal.ok(&keyed);
    let key =
        std::env::var("ASSAY_TEST_KEY").expect(".cargo/config.toml sets the key of the tests");
    assert!(added.out.contains("$ASSAY_TEST_KEY") && !added.out.contains(&key), "{}", added.out);
    terminal.ok(&["models", "remove", "keyed"]);
    let list = terminal.ok(&["models", "list", "--json"]).json();
    assert_eq!(list["providers"].as_array().map(Vec::len), Some(1));
}
