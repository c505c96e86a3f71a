//! `assay rate` and `assay ratings`: what people say, from a terminal.

use assay_testkit::ModelServer;
use serde_json::{Value, json};

use crate::process::{Terminal, greeter};
use crate::team::private;

fn terminal(server: &ModelServer) -> Terminal {
    let terminal = Terminal::with(server);
    terminal.ok(&["run", "greet"]);
    terminal
}

fn show(terminal: &Terminal) -> Value {
    terminal.ok(&["show", "last", "--json"]).json()
}

#[test]
fn what_is_rated_is_shown_with_the_cell_and_stands_among_its_scores() {
    let server = greeter();
    let terminal = terminal(&server);
    let plain = show(&terminal);
    assert!(plain["people"].is_null() && plain["cells"][0]["ratings"].is_null(), "{plain:#}");
    let rate =
        ["rate", "last", "--cell", "0", "--fail", "--score", "2", "--note", "curt", "--json"];
    let rated = terminal.ok(&rate).json();
    assert_eq!(rated["schema"], "assay.rate/1");
    assert_eq!(rated["ratings"][0]["grade"], 2);
    let shown = show(&terminal);
    let cell = &shown["cells"][0];
    assert_eq!(
        cell["scores"]["people"],
        json!({"value": 0.0, "pass": false, "reason": "Ada Tester failed it", "signature": ""})
    );
    assert_eq!(cell["ratings"][0]["comment"], "curt");
    assert_eq!(shown["people"]["columns"][0]["passed"]["n"], 1);
    let text = terminal.ok(&["show", "last", "--cell", "0"]).out;
    assert!(text.contains("Ada Tester: fail, 2 of 5, “curt”"), "{text}");

    let again = terminal.ok(&["run", "greet", "--json", "-"]).json();
    assert_eq!(again["columns"][0]["scores"]["people"]["n"], 1, "the same output, rated before");
    assert!(again["columns"][1]["scores"]["people"].is_null(), "nobody said anything of these");

    let cleared = terminal.ok(&["rate", "last", "--cell", "0", "--clear", "--json"]).json();
    assert_eq!(cleared["ratings"], json!([]));
    assert!(show(&terminal)["people"].is_null());
}

#[test]
fn a_rating_must_say_something_and_only_one_thing_of_a_kind() {
    let server = greeter();
    let terminal = terminal(&server);
    for wrong in [
        &["--pass", "--fail"][..],
        &["--score", "0"],
        &["--score", "6"],
        &[],
        &["--clear", "--pass"],
    ] {
        let left = terminal.assay(&[&["rate", "last", "--cell", "0"][..], wrong].concat());
        assert_eq!(left.exit, 2, "{wrong:?}: {}", left.err);
    }
    let beyond = terminal.assay(&["rate", "last", "--cell", "99", "--pass"]);
    assert_eq!(beyond.exit, 2);
    assert!(beyond.err.contains("cell 99"), "{}", beyond.err);
}

#[test]
fn raters_are_named_and_counted_and_a_key_speaks_for_one_of_them() {
    let server = greeter();
    let terminal = terminal(&server);
    terminal.ok(&["rate", "last", "--cell", "0", "--pass"]);
    terminal.ok(&["ratings", "rater", "Bob"]);
    terminal.ok(&["rate", "last", "--cell", "0", "--fail"]);
    let summary = terminal.ok(&["ratings", "show", "last", "--json"]).json();
    assert_eq!(summary["schema"], "assay.ratings/1");
    assert_eq!(summary["agreement"]["pass"]["raters"], 2);
    assert_eq!(summary["agreement"]["pass"]["observed"], 0.0);
    let text = terminal.ok(&["ratings", "show"]).out;
    assert!(text.contains("Ada Tester") && text.contains("Bob"), "{text}");

    let refused = terminal.assay(&["ratings", "share"]);
    assert_eq!(refused.exit, 2);
    assert!(refused.err.contains("assay signer"), "{}", refused.err);
    let key = terminal.path().join("bob.key");
    std::fs::write(&key, private(2).as_bytes()).expect("a key");
    terminal.ok(&["signer", key.to_str().expect("UTF-8")]);
    let shared = terminal.ok(&["ratings", "share", "--json"]).json();
    assert_eq!(shared["schema"], "assay.ratings-share/1");
    assert_eq!((&shared["rater"], &shared["signed"]), (&json!("Bob"), &json!(1)));
    assert_eq!(shared["others"], 1, "what Ada said waits for her and her key");
    let back = terminal.ok(&["ratings", "rater", "", "--json"]).json();
    assert_eq!((&back["name"], &back["fromGit"]), (&json!("Ada Tester"), &json!(true)));
}
