//! With the real embedding model, which the project's set-up installs.

use std::cell::Cell;

use assay_prompt::{EMBEDDER, Files, Origin, parse_folder};

use super::*;

const VARIANT: &str = "\
---
name: triage
inputs:
  - {name: ticket, kind: string, required: true}
  - {name: examples, kind: thread}
---
system:
Name the queue.

{{ examples }}

user:
{{ ticket }}
";

const EXAMPLES: [(&str, &str); 5] = [
    ("ex-parcel", "My parcel has not arrived."),
    ("ex-charge", "I was charged twice in May."),
    ("ex-password", "I cannot log in, it says my password is wrong."),
    ("ex-invoice", "The amount on my invoice is wrong."),
    ("ex-late", "The delivery is a week late."),
];

fn models_dir() -> PathBuf {
    std::env::var_os("ASSAY_MODELS_DIR").map(PathBuf::from).unwrap_or_else(|| {
        let platform = directories::ProjectDirs::from("dev", "", "assay").expect("a home folder");
        platform.data_dir().join("models")
    })
}

fn neighbours() -> Neighbours {
    Neighbours::new(models_dir())
}

fn row(id: &str, ticket: &str) -> String {
    serde_json::json!({"id": id, "input": {"ticket": ticket}, "output": "q"}).to_string() + "\n"
}

/// A prompt whose only variant selects this way.
fn prompt(select: &str, examples: &str) -> Prompt {
    let manifest = format!(
        "format: assay/1\nid: 01JTEST\nvariants: [{{id: a, file: a.prompty}}]\nfewShot:\n  \
         input: examples\n  file: examples.jsonl\n  select: {select}\n  user: '{{{{ ticket }}}}'\n  \
         assistant: output\n"
    );
    let files = Files::from([
        ("prompt.yaml".to_owned(), manifest),
        ("a.prompty".to_owned(), VARIANT.to_owned()),
        ("examples.jsonl".to_owned(), examples.to_owned()),
        ("cases.jsonl".to_owned(), row("c-1", "Where is my parcel?")),
    ]);
    let prompt = parse_folder("triage", &files);
    assert_eq!(prompt.errors().count(), 0, "{:?}", prompt.diagnostics);
    prompt
}

fn examples() -> String {
    EXAMPLES.iter().map(|(id, ticket)| row(id, ticket)).collect()
}

fn case(ticket: &str) -> Row {
    let input = serde_json::json!({ "ticket": ticket });
    Row {
        id: "c".to_owned(),
        input: input.as_object().cloned().unwrap_or_default(),
        ..Row::default()
    }
}

/// The ids of the examples that a case is shown.
fn shown(prompt: &Prompt, ticket: &str) -> Vec<String> {
    let shots = neighbours().shots(prompt, &prompt.variants[0], &case(ticket)).expect("shots");
    shots.into_iter().map(|place| prompt.examples.rows[place].id.clone()).collect()
}

#[test]
fn the_model_is_the_one_that_content_ids_name() {
    assert_eq!(assay_local::EMBEDDER_ID, EMBEDDER);
}

#[test]
fn each_case_is_shown_the_examples_nearest_to_it_the_nearest_first() {
    let prompt = prompt("{nearest: 2}", &examples());
    assert_eq!(shown(&prompt, "Where is my parcel?"), ["ex-parcel", "ex-late"]);
    assert_eq!(shown(&prompt, "You billed me two times!"), ["ex-charge", "ex-invoice"]);
    assert_eq!(shown(&prompt, "How do I reset my password?")[0], "ex-password");
}

#[test]
fn an_example_with_the_words_of_the_case_is_never_shown() {
    let prompt = prompt("{nearest: 2}", &examples());
    assert_eq!(shown(&prompt, "My parcel has not arrived.")[0], "ex-late");
    assert_eq!(shown(&prompt, "My parcel has not arrived!")[0], "ex-parcel");
}

#[test]
fn of_examples_that_are_equally_near_the_first_in_the_file_is_shown_first() {
    let twins = row("b", "The delivery is late.") + row("a", "The delivery is late.").as_str();
    let prompt = prompt("{nearest: 3}", &twins);
    assert_eq!(shown(&prompt, "Where is my parcel?"), ["b", "a"], "and no more than there are");
}

#[test]
fn the_messages_hold_the_nearest_examples_in_order() {
    let prompt = prompt("{nearest: 2}", &examples());
    let case = case("Where is my parcel?");
    let rendered = neighbours().render(&prompt, &prompt.variants[0], &case).expect("messages");
    let origins: Vec<_> = rendered
        .messages
        .iter()
        .filter_map(|message| match &message.segments[0].from {
            Origin::Example(id) => Some(id.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(origins, ["ex-parcel", "ex-parcel", "ex-late", "ex-late"]);
}

#[test]
fn a_case_that_brings_its_own_turns_is_shown_those() {
    let prompt = prompt("{nearest: 2}", &examples());
    let mut case = case("Where is my parcel?");
    case.input.insert("examples".to_owned(), serde_json::json!([]));
    let shots = neighbours().shots(&prompt, &prompt.variants[0], &case).expect("shots");
    assert!(shots.is_empty(), "{shots:?}");
}

#[test]
fn a_case_that_does_not_fit_is_named_and_others_go_on() {
    let prompt = prompt("{nearest: 1}", &examples());
    let (bad, good) = (Row { id: "bad".to_owned(), ..Row::default() }, case("A late delivery"));
    let neighbours = neighbours();
    let variant = &prompt.variants[0];
    let shots =
        neighbours.shots_of_all(&prompt, variant, &[&bad, &good], &|| true).expect("the others");
    assert!(shots[0].as_ref().is_err_and(|found| found.message.contains("bad")), "{shots:?}");
    assert_eq!(shots[1].as_deref().ok(), Some(&[4][..]));
}

#[test]
fn other_ways_to_select_need_no_model() {
    let prompt = prompt("{first: 1}", &examples());
    let elsewhere = Neighbours::new(PathBuf::from("there is no such folder"));
    let case = case("Where is my parcel?");
    let rendered = elsewhere.render(&prompt, &prompt.variants[0], &case).expect("messages");
    assert_eq!(rendered.messages.len(), 4);
}

#[test]
fn a_model_that_is_not_installed_is_said_to_be_missing() {
    let prompt = prompt("{nearest: 1}", &examples());
    let elsewhere = Neighbours::new(PathBuf::from("there is no such folder"));
    let refused = elsewhere.shots(&prompt, &prompt.variants[0], &case("x")).expect_err("no model");
    let EngineError::Local(LocalError::EmbedderNotInstalled { .. }) = refused else {
        panic!("{refused}");
    };
}

#[test]
fn what_was_embedded_is_not_embedded_again() {
    let neighbours = neighbours();
    let texts = ["one".to_owned(), "two".to_owned(), "one".to_owned()];
    let first = neighbours.embed(&texts, &|| true).expect("points");
    assert_eq!(neighbours.kept.lock().expect("not poisoned").len(), 2);
    // Asked before each batch; there is none.
    let again = neighbours.embed(&texts, &|| false).expect("points that are kept");
    assert_eq!(again, first);
}

#[test]
fn embedding_stops_when_it_is_told_to() {
    let examples: String =
        (0..200).map(|n| row(&format!("e{n}"), &format!("Ticket {n}"))).collect();
    let prompt = prompt("{nearest: 1}", &examples);
    let neighbours = neighbours();
    let batches = Cell::new(0);
    let two_batches = || batches.replace(batches.get() + 1) < 2;
    let case = case("x");
    let stopped = neighbours.shots_of_all(&prompt, &prompt.variants[0], &[&case], &two_batches);
    assert!(matches!(stopped, Err(EngineError::Stopped)));
    assert_eq!(neighbours.kept.lock().expect("not poisoned").len(), 2 * BATCH);
}

#[test]
fn more_rows_than_can_be_compared_are_refused() {
    let examples: String = (0..=MAX_ROWS).map(|n| row(&format!("e{n}"), "x")).collect();
    let prompt = prompt("{nearest: 1}", &examples);
    let refused = neighbours().shots(&prompt, &prompt.variants[0], &case("y"));
    assert!(matches!(refused, Err(EngineError::TooManyRows { .. })));
    let refused = neighbours().near_duplicates(&prompt, 0.9, &|| true);
    assert!(matches!(refused, Err(EngineError::TooManyRows { .. })));
}

#[test]
fn rows_that_say_the_same_in_other_words_are_found() {
    let more = examples() + row("ex-again", "The delivery is late by a week.").as_str();
    let prompt = prompt("all", &more);
    let found = neighbours().near_duplicates(&prompt, 0.9, &|| true).expect("found");
    let place = |row| RowPlace { table: Table::Examples, row };
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].row, found[0].like), (place(5), place(4)));
    assert!(found[0].similarity > 0.9);

    let leak = neighbours().near_duplicates(&prompt, 0.7, &|| true).expect("found");
    let case = RowPlace { table: Table::Cases, row: 0 };
    assert!(leak.iter().any(|near| near.row == case && near.like == place(0)), "{leak:?}");
}

#[test]
fn two_questions_about_one_document_are_two_cases_and_rows_of_a_group_are_known() {
    let row = |id: &str, question: &str, extra: &str| {
        format!(
            "{{\"id\":\"{id}\",\"input\":{{\"ticket\":\"{}\",\"question\":\"{question}\"}}{extra}}}\n",
            "A long document. ".repeat(100)
        )
    };
    let duplicates = |rows: String| {
        let files = Files::from([
            ("prompt.yaml".to_owned(), "format: assay/1\nid: 01JTEST\n".to_owned()),
            ("cases.jsonl".to_owned(), rows),
        ]);
        let prompt = parse_folder("ask", &files);
        assert_eq!(prompt.cases.rows.len(), 2);
        neighbours().near_duplicates(&prompt, 0.8, &|| true).expect("found").len()
    };
    let when = row("a", "When was it signed?", "");
    assert_eq!(duplicates(when.clone() + row("b", "Who pays the costs?", "").as_str()), 0);
    assert_eq!(duplicates(when + row("b", "When was this signed?", "").as_str()), 1);
    let group = ",\"group\":\"g\"";
    let grouped =
        row("a", "When was it signed?", group) + row("b", "When was this signed?", group).as_str();
    assert_eq!(duplicates(grouped), 0);
}
