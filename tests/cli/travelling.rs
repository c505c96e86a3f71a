//! What travels beside the files, without a server: ratings, summaries of runs and reviews, signed, by plain git.

use serde_json::{Value, json};

use crate::team::{Person, Team, git};

/// What people say of the first cell of the latest run, as `[rater, own, counts, pass]`.
fn said(person: &Person) -> Value {
    let cell = person.ok(&["show", "last"])["cells"][0].clone();
    let said = cell["ratings"].as_array().cloned().unwrap_or_default();
    said.iter().map(|one| json!([one["rater"], one["own"], one["counts"], one["pass"]])).collect()
}

fn rate(person: &Person, how: &[&str]) {
    person.ok(&[&["rate", "last", "--cell", "0"][..], how].concat());
}

fn run(person: &Person) {
    let left = person.terminal.assay_in(&person.place, &["run", "greet"]);
    assert_eq!(left.exit, 0, "{}{}", left.out, left.err);
}

/// Signs what was rated, and sends it.
fn share(person: &Person) -> Value {
    let shared = person.ok(&["ratings", "share"]);
    person.ok(&["sync"]);
    shared
}

#[test]
fn a_colleague_who_clones_has_ratings_summaries_and_reviews_and_no_outputs() {
    let team = Team::new();
    let ada = team.person("ada", 1);
    run(&ada);
    rate(&ada, &["--fail", "--score", "2", "--note", "curt"]);
    let attested = ada.ok(&["attest", "last"]);
    let shared = ada.ok(&["ratings", "share"]);
    assert_eq!((&shared["rater"], &shared["signed"]), (&json!("ada"), &json!(3)));
    assert_eq!(ada.ok(&["ratings", "share"])["signed"], 0, "sharing again signs nothing");
    ada.ok(&["switch", "-c", "kind"]);
    ada.change("Greet the person.", "Greet the person kindly.");
    ada.ok(&["propose", "Be kind"]);
    ada.ok(&["review", "show", "kind"]);
    ada.ok(&["review", "comment", "kind", "-m", "Kindly enough?"]);
    ada.ok(&["sync"]);

    // Bob has never run anything: what runs showed, and what was said of the proposal, is there.
    let bob = team.person("bob", 2);
    let evidence = bob.ok(&["evidence"])["evidence"].clone();
    let lines = evidence.as_array().expect("lines");
    assert_eq!(lines.len(), 2, "a line for each variant: {evidence:#}");
    for line in lines {
        assert_eq!((&line["here"], &line["current"]), (&json!(false), &json!(true)), "{line:#}");
        let showed = &line["evidence"];
        assert_eq!((&showed["person"], &showed["cells"]), (&json!("ada@example.com"), &json!(3)));
        assert_eq!(showed["run"], attested["run"]);
        assert!(showed["outputs"].as_str().is_some_and(|root| root.starts_with("sha256:")));
        assert!(showed["tool"].is_string() && showed["timeS"].is_i64(), "{showed:#}");
    }
    let text = bob.terminal.assay_in(&bob.place, &["evidence"]).out;
    assert!(text.contains("shared; its outputs are with ada@example.com"), "{text}");
    assert_eq!(
        bob.ok(&["review", "show", "kind"])["threads"][0]["comments"][0]["text"],
        "Kindly enough?"
    );
    assert_eq!(ada.ok(&["evidence"])["evidence"][0]["here"], true);
    let signed = git(&bob.place, &["log", "--glob=refs/assay/*", "--format=", "-p"]);
    assert!(signed.contains("rating/1") && !signed.contains("Hello"), "outputs do not travel");

    // Once he has the same outputs, he has what she said of them, and they agree or do not.
    run(&bob);
    let adas = json!(["ada <ada@example.com>", false, true, false]);
    assert_eq!(said(&bob), json!([adas]));
    rate(&bob, &["--pass"]);
    assert_eq!(said(&bob), json!([["bob", true, true, true], adas]));
    let summary = bob.ok(&["ratings", "show"]);
    assert_eq!(summary["agreement"]["pass"]["raters"], 2, "{summary:#}");
    assert_eq!(summary["columns"][0]["passed"]["mean"], 0.5);
    assert_eq!(summary["refused"], json!([]));
}

#[test]
fn what_was_changed_taken_back_or_revoked_is_gone_where_it_was_heard() {
    let team = Team::new();
    let (ada, bob) = (team.person("ada", 1), team.person("bob", 2));
    run(&ada);
    run(&bob);
    let adas = |pass: bool| json!([["ada <ada@example.com>", false, true, pass]]);
    let heard = || {
        bob.ok(&["sync"]);
        said(&bob)
    };
    rate(&ada, &["--pass"]);
    share(&ada);
    assert_eq!(heard(), adas(true));
    rate(&ada, &["--fail"]);
    share(&ada);
    assert_eq!(heard(), adas(false), "the last word counts");
    rate(&ada, &["--clear"]);
    assert_eq!(share(&ada)["signed"], 1, "what was taken back is said too");
    assert_eq!(heard(), json!([]));

    rate(&ada, &["--pass"]);
    let shared = share(&ada);
    assert_eq!(heard(), adas(true));
    let statement = shared["statements"][0].as_str().expect("an id");
    ada.ok(&["review", "revoke", statement]);
    ada.ok(&["sync"]);
    assert_eq!(heard(), json!([]), "a statement that was revoked says nothing");
    assert_eq!(said(&ada), json!([["ada", true, true, true]]), "what she thinks is her own");
}

#[test]
fn a_strangers_ratings_are_shown_and_count_nowhere_whatever_name_they_take() {
    let team = Team::new();
    let (ada, mallory) = (team.person("ada", 1), team.person("mallory", 9));
    run(&ada);
    run(&mallory);
    mallory.ok(&["ratings", "rater", "ada"]);
    rate(&mallory, &["--fail"]);
    share(&mallory);
    ada.ok(&["sync"]);
    let found = said(&ada);
    let stranger = found[0][0].as_str().expect("a name");
    assert!(stranger.starts_with("ada <SHA256:"), "{found}");
    assert_eq!((&found[0][1], &found[0][2]), (&json!(false), &json!(false)));
    let summary = ada.ok(&["ratings", "show"]);
    assert_eq!((&summary["rated"], &summary["columns"][0]["passed"]), (&json!(0), &Value::Null));
    assert_eq!(summary["raters"][0]["counts"], false);
    rate(&ada, &["--pass"]);
    assert_eq!(ada.ok(&["ratings", "show"])["columns"][0]["passed"]["mean"], 1.0);
}

#[test]
fn a_second_clone_of_the_same_person_goes_on_with_what_was_said() {
    let team = Team::new();
    let desk = team.person("ada", 1);
    run(&desk);
    rate(&desk, &["--pass"]);
    share(&desk);
    let laptop = team.person_at("laptop", "ada", 1);
    run(&laptop);
    assert_eq!(said(&laptop), json!([["ada", true, true, true]]), "it is one person");
    rate(&laptop, &["--fail"]);
    assert_eq!(share(&laptop)["signed"], 1);
    desk.ok(&["sync"]);
    assert_eq!(said(&desk), json!([["ada", true, true, false]]), "the later word stands");
    assert_eq!(desk.ok(&["ratings", "share"])["signed"], 0);
}

#[test]
fn a_sync_shares_by_itself_once_that_is_switched_on_and_says_what_it_lacks() {
    let team = Team::new();
    let (ada, bob) = (team.person("ada", 1), team.person("bob", 2));
    run(&ada);
    run(&bob);
    rate(&ada, &["--pass"]);
    ada.ok(&["sync"]);
    bob.ok(&["sync"]);
    assert_eq!(said(&bob), json!([]), "nobody asked for it");
    ada.terminal.assay_in(&ada.place, &["ratings", "by-itself", "on"]);
    ada.ok(&["sync"]);
    bob.ok(&["sync"]);
    assert_eq!(said(&bob)[0][0], "ada <ada@example.com>");

    let cleo = team.without_key("cleo");
    run(&cleo);
    rate(&cleo, &["--pass"]);
    cleo.terminal.assay_in(&cleo.place, &["ratings", "by-itself", "on"]);
    let notes = cleo.ok(&["sync"])["notes"].to_string();
    assert!(notes.contains("ratings were not shared: no key is chosen"), "{notes}");
    assert!(notes.contains("assay signer"), "{notes}");
}
