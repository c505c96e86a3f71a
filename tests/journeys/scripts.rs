//! Scorers of a repository's own: Rhai at once, programs from the moment somebody allowed their text.

use assay_testkit::ModelServer;
use assay_wire::*;

use crate::desk::{Desk, greeter};

const EVALS: &str = "prompts/greet/evals.yaml";

/// The workspace `greet` with one more scorer, `own`.
fn with_scorer(server: &ModelServer, keys: &str) -> Desk {
    let desk = Desk::with(server);
    let evals = desk.workspace.read(EVALS);
    let evals = evals.replace("gates:\n", &format!("  - {{id: own, {keys}}}\ngates:\n"));
    desk.workspace.write(EVALS, &evals);
    desk
}

/// What `own` says of the first cell of a new run.
fn own(desk: &Desk) -> ScoreView {
    let run = desk.run(RunRequest::default());
    let scores = desk.cells(&run).swap_remove(0).scores;
    scores.into_iter().find(|score| score.scorer == "own").expect("it is there")
}

#[test]
fn a_rhai_scorer_judges_while_a_run_goes_on_and_never_holds_it_up() {
    let server = greeter();
    let desk = with_scorer(&server, "type: rhai, value: json == () && expected == output");
    let score = own(&desk);
    assert_eq!((score.value, score.pass), (Some(1.0), Some(true)), "{}", score.reason);
    assert!(score.signature.starts_with("rhai|value:"), "{}", score.signature);

    let evals = desk.workspace.read(EVALS).replace("json == () && expected == output", "'loop {}'");
    desk.workspace.write(EVALS, &evals);
    let stopped = own(&desk);
    assert_eq!((stopped.value, stopped.pass), (None, None));
    assert!(stopped.reason.contains("too long"), "{}", stopped.reason);
}

#[test]
fn a_program_is_run_from_the_moment_it_is_allowed_and_its_text_is_the_same() {
    let server = greeter();
    let desk = with_scorer(&server, "type: python, value: len(output) < 99");
    let not_run = "not run: nobody allowed this python script";
    assert!(own(&desk).reason.starts_with(not_run));
    let listed = desk.call(ListConsents {});
    let [program] = listed.programs.as_slice() else { panic!("{listed:?}") };
    assert_eq!((&*program.prompt, &*program.scorer), ("prompts/greet", "own"));
    assert_eq!((&*program.source, program.allowed), ("len(output) < 99", false));

    let hash = program.hash.clone();
    let given = desk.call(GiveConsent { hash: hash.clone() });
    assert!(given.programs[0].allowed && given.others.is_empty(), "{given:?}");
    assert!(!given.trusted, "consent is one thing, trust another");
    assert!(own(&desk).reason.contains("in a trusted repository only"));
    desk.call(SetTrust { trusted: true });
    let asked = server.count();
    let score = own(&desk);
    // Where there is no Python it says so, and is tried all the same.
    let judged = score.pass == Some(true) || score.reason.contains("Python is not installed");
    assert!(judged, "{}", score.reason);
    assert_eq!(server.count(), asked, "the replies came from the cache");

    let desk = desk.restart();
    assert!(desk.call(ListConsents {}).programs[0].allowed, "a consent survives a restart");
    let evals = desk.workspace.read(EVALS);
    desk.workspace.write(EVALS, &evals.replace("< 99", "< 98"));
    assert!(own(&desk).reason.starts_with(not_run), "one byte is another text");
    let changed = desk.call(ListConsents {});
    assert_eq!((changed.programs[0].allowed, changed.others.len()), (false, 1));
    assert_eq!(changed.others[0].hash, hash);

    desk.workspace.write(EVALS, &evals);
    desk.call(TakeConsent { hash: hash.clone() });
    assert!(own(&desk).reason.starts_with(not_run));
    assert_eq!(desk.refused(TakeConsent { hash }).code, Code::NotFound);
}

#[test]
fn nobody_consents_to_a_text_that_the_repository_does_not_have() {
    let server = greeter();
    let desk = with_scorer(&server, "type: javascript, value: output.length > 3");
    let hash = "0".repeat(64);
    let refused = desk.refused(GiveConsent { hash });
    assert_eq!(refused.code, Code::NotFound);
    assert!(!desk.call(ListConsents {}).programs[0].allowed);
}
