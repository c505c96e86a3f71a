//! Runs that stop before they are done: a budget that is spent, a lane that is paused. Exit code 3, and the way on.

use assay_testkit::Fault;
use serde_json::json;

use crate::process::{Terminal, greeter};

/// Dear, so that a handful of calls is worth counting.
const PRICE: [&str; 7] =
    ["prices", "set", "server/test-model", "--input", "1000", "--output", "1000"];

#[test]
fn a_budget_without_known_prices_is_refused_before_anything_is_sent() {
    let server = greeter();
    let terminal = Terminal::with(&server);
    let left = terminal.assay(&["run", "--budget", "1"]);
    assert_eq!(left.exit, 2, "{}", left.err);
    assert!(
        left.err.contains("server/test-model") && left.err.contains("assay prices set"),
        "{}",
        left.err
    );
    assert_eq!(server.count(), 0);
}

#[test]
fn a_budget_is_never_passed_and_the_run_goes_on_with_more() {
    let server = greeter();
    let terminal = Terminal::with(&server);
    terminal.ok(&PRICE);
    // A call may cost 3 cents, and costs less than one.
    let budget = 0.045;
    let run =
        terminal.assay(&["run", "-j", "1", "--budget", &budget.to_string(), "--json", "out.json"]);
    assert_eq!(run.exit, 3, "{}{}", run.out, run.err);
    assert!(run.out.contains("budget") && run.out.contains("--budget USD"), "{}", run.out);
    let document: serde_json::Value =
        serde_json::from_str(&terminal.workspace.read("out.json")).expect("a document");
    assert_eq!(document["stop"], "budget");
    let spent = document["cost"].as_f64().expect("it is known");
    assert!(spent > 0.0 && spent <= budget, "{spent} of {budget}");
    let done = document["cells"]["done"].as_u64().expect("a number");
    assert!((1..6).contains(&done), "{done}");
    assert_eq!(server.count() as u64, done, "nothing else was sent");
    let cells = &document["cells"];
    assert_eq!((&cells["pending"], &cells["skipped"]), (&json!(6 - done), &json!(0)));

    let id = document["run"].as_str().expect("an id");
    let less = terminal.assay(&["run", "--resume", id, "--budget", "0.0001"]);
    assert_eq!(less.exit, 2, "less than what is spent: {}", less.err);
    let more = terminal.ok(&["run", "--resume", id, "--budget", "10", "--json", "-"]).json();
    assert_eq!(more["cells"]["done"], 6);
    assert_eq!(server.count(), 6, "nothing was asked twice");
    assert!(more["cost"].as_f64().is_some_and(|all| all > spent), "{}", more["cost"]);
}

#[test]
fn a_key_that_is_refused_pauses_its_lane_only_and_the_run_says_how_to_go_on() {
    let (server, sound) = (greeter(), greeter());
    let terminal = Terminal::with(&server);
    let url = sound.url();
    terminal.ok(&["models", "add", "openai-compatible", "sound", "--base-url", &url]);
    server.fault_when(|_| true, Fault::unauthorized());
    let run = terminal.assay(&[
        "run",
        "--model",
        "server/test-model",
        "--model",
        "sound/test-model",
        "--json",
        "out.json",
    ]);
    assert_eq!(run.exit, 3, "{}{}", run.out, run.err);
    assert!(run.out.contains("paused: server/test-model: "), "{}", run.out);
    let document: serde_json::Value =
        serde_json::from_str(&terminal.workspace.read("out.json")).expect("a document");
    assert_eq!(document["cells"]["done"], 6, "the other lane is whole");
    assert_eq!(document["paused"][0]["kind"], "unauthorized");
    assert_eq!(document["stop"], "paused");
    assert_eq!(document["ok"], false);

    let listed = terminal.ok(&["runs", "--json"]).json();
    assert_eq!(listed["runs"][0]["state"], "paused", "what waits has not failed: {listed}");

    server.no_faults();
    let id = document["run"].as_str().expect("an id");
    assert!(run.out.contains(&format!("assay run --resume {id}")), "{}", run.out);
    let resumed = terminal.ok(&["run", "--resume", id, "--json", "-"]).json();
    assert_eq!(resumed["cells"]["done"], 12);
    assert_eq!(resumed["paused"], json!([]));
    assert_eq!(sound.count(), 6, "what was done is not asked again");
}
