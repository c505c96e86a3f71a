//! Pictures: part of what is asked, and of what a variant is.

use assay_engine::{MediaFile, Plan, PromptSource, RunSpec};

use crate::support::{Bench, FAST, server, spec};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// One case that shows `photo.png`, after an example that shows `shot.png`.
fn of_pictures(photo: &[u8], shot: &[u8]) -> RunSpec {
    let text = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    let files = [
        text(
            "prompt.yaml",
            "format: assay/1\nid: \"01JBENCH000000000000000002\"\nvariants: [{id: v, file: v.prompty}]\nfewShot: {input: shots, file: shots.jsonl, user: \"{{ photo }}\", assistant: output}\nevals: [evals.yaml]\n",
        ),
        text(
            "v.prompty",
            "---\ninputs: [{name: shots, kind: thread}, {name: photo, kind: image}]\n---\n{{ shots }}\nuser:\n{{ photo }}\n",
        ),
        text(
            "shots.jsonl",
            "{\"id\":\"s\",\"input\":{\"photo\":\"shot.png\"},\"output\":\"a dog\"}\n",
        ),
        text(
            "evals.yaml",
            "cases: cases.jsonl\nscorers:\n  - {id: answers, type: contains, value: answer}\n",
        ),
        text("cases.jsonl", "{\"id\":\"c\",\"input\":{\"photo\":\"photo.png\"}}\n"),
    ];
    let picture =
        |name: &str, rest: &[u8]| (name.to_owned(), MediaFile([PNG, rest].concat().into()));
    let source = PromptSource {
        key: "prompts/seen".to_owned(),
        name: "seen".to_owned(),
        lone: None,
        files: files.into(),
        media: [picture("photo.png", photo), picture("shot.png", shot)].into(),
        questions: None,
        judged_by: None,
    };
    RunSpec { prompts: vec![source], ..spec(0, &[FAST]) }
}

#[test]
fn a_picture_that_changed_under_its_name_is_a_new_call() {
    let server = server();
    let bench = Bench::new(&server, &server);
    for (photo, shot, calls) in [("a", "b", 1), ("a", "b", 1), ("c", "b", 2), ("a", "d", 3)] {
        bench.run(of_pictures(photo.as_bytes(), shot.as_bytes()));
        assert_eq!(server.count(), calls, "{photo} after {shot}");
    }
}

#[test]
fn a_variant_is_another_when_a_picture_of_its_examples_is_and_the_same_whatever_a_case_shows() {
    let server = server();
    let bench = Bench::new(&server, &server);
    let id = |photo: &[u8], shot: &[u8]| {
        let plan = Plan::new(of_pictures(photo, shot), &bench.models).unwrap();
        plan.columns[0].content_id.clone()
    };
    assert_eq!(id(b"a", b"b"), id(b"c", b"b"));
    assert_ne!(id(b"a", b"b"), id(b"a", b"d"));
}
