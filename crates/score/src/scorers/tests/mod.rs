#![allow(clippy::unwrap_used)]

use assay_prompt::{Kind, Property, Span};
use serde_json::{Map, Value, json};

use super::*;

mod assertions;
mod columns;
mod measures;
mod scripts;

/// A scorer from the keys it has in `evals.yaml`, as JSON.
fn spec(keys: Value) -> ScorerSpec {
    let text = |key: &str| keys[key].as_str().map(str::to_owned);
    ScorerSpec {
        id: text("id").unwrap_or("s".to_owned()),
        kind: text("type").unwrap(),
        path: text("path"),
        expected: text("expected"),
        value: keys.get("value").cloned(),
        threshold: keys["threshold"].as_f64(),
        min: keys["min"].as_f64(),
        max: keys["max"].as_f64(),
        weight: 1.0,
        negate: keys["negate"].as_bool().unwrap_or(false),
        tags: keys["tags"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|t| t.as_str().unwrap().to_owned())
            .collect(),
        schema: text("schema"),
        options: keys["options"].as_object().cloned().unwrap_or_default(),
        extra: Map::new(),
        span: Span { start: 0, end: 0 },
    }
}

fn property(name: &str, kind: Kind, enum_values: &[&str]) -> Property {
    Property {
        name: name.to_owned(),
        kind,
        required: true,
        default: None,
        description: None,
        enum_values: enum_values.iter().map(|value| json!(value)).collect(),
        items: None,
        properties: Vec::new(),
    }
}

fn outputs() -> Vec<Property> {
    vec![
        property("category", Kind::String, &["billing", "bug", "other"]),
        property("urgent", Kind::Boolean, &[]),
    ]
}

fn case() -> Row {
    let input = json!({"name": "Ada", "count": 3}).as_object().unwrap().clone();
    Row {
        id: "c-1".to_owned(),
        input,
        expected: Some(
            json!({"category": "billing", "urgent": false, "facts": ["May", "twice"], "note": null}),
        ),
        tags: vec!["smoke".to_owned()],
        ..Row::default()
    }
}

fn judge(keys: &Value, output: &str) -> Outcome {
    let (scorers, _) = Scorers::compile(&[spec(keys.clone())], &outputs());
    let case = case();
    let subject = Subject { latency_ms: Some(812), ..Subject::new(output, &case) };
    scorers.score(&subject).remove(0).outcome
}

/// Judges a subject with one scorer: `+` pass, `-` fail, `=` measured, `?` not judged.
fn told(keys: &Value, subject: &Subject) -> String {
    let (scorers, problems) = Scorers::compile(&[spec(keys.clone())], &outputs());
    assert!(problems.is_empty(), "{keys}: {problems:?}");
    let outcome = scorers.score(subject).remove(0).outcome;
    let sign = match (outcome.pass(), outcome.value()) {
        (Some(true), _) => '+',
        (Some(false), _) => '-',
        (None, Some(_)) => '=',
        (None, None) => '?',
    };
    format!("{sign} {}", outcome.reason())
}

/// Judges one output with one scorer and compares sign and reason: `+` pass, `-` fail, `?` not judged.
#[track_caller]
fn check(keys: Value, output: &str, expected: &str) {
    let outcome = judge(&keys, output);
    let sign = match outcome.pass() {
        Some(true) => '+',
        Some(false) => '-',
        None => '?',
    };
    assert_eq!(format!("{sign} {}", outcome.reason()), expected, "{keys} on {output:?}");
}

#[track_caller]
fn check_problem(keys: Value, expected: &str) {
    let (scorers, problems) = Scorers::compile(&[spec(keys)], &outputs());
    let messages: Vec<String> = problems.iter().map(|problem| problem.message.clone()).collect();
    assert_eq!(messages, [expected]);
    let case = case();
    let subject = Subject { latency_ms: Some(1), ..Subject::new("{}", &case) };
    let outcome = scorers.score(&subject).remove(0).outcome;
    assert_eq!(outcome, Outcome::NotJudged { reason: expected.to_owned() });
}

const RIGHT: &str = r#"{"category": "billing", "urgent": false}"#;
const WRONG: &str = r#"{"category": "other", "urgent": "no"}"#;

#[test]
fn equals_compares_the_part_at_the_path() {
    let category = json!({"type": "equals", "path": "$.category", "expected": "$.category"});
    check(category.clone(), RIGHT, "+ is `billing`");
    check(category.clone(), WRONG, "- `other` is not `billing`");
    check(category.clone(), "{}", "- the output has nothing at `$.category`, not `billing`");
    check(
        category.clone(),
        "billing",
        "- the output is not JSON: expected value at line 1 column 1",
    );
    check(category, "  \n", "- the output is empty");
}

#[test]
fn equals_tells_types_apart_and_says_so() {
    let urgent = json!({"type": "equals", "path": "$.urgent", "expected": "$.urgent"});
    check(urgent, r#"{"urgent": "false"}"#, "- `false` (a text) is not `false` (true or false)");
}

#[test]
fn equals_compares_json_by_value() {
    let wanted = |value: Value| json!({"type": "equals", "value": value});
    check(
        wanted(json!({"a": 1, "b": [2.0]})),
        r#"{"b":[2],"a":1.0}"#,
        r#"+ is `{"a":1,"b":[2.0]}`"#,
    );
    check(wanted(json!([1, 2])), "[2,1]", "- `[2,1]` is not `[1,2]`");
    check(wanted(json!({"a": 1})), r#"{"a":1,"b":2}"#, r#"- `{"a":1,"b":2}` is not `{"a":1}`"#);
    let big = json!({"type": "equals", "value": 9_007_199_254_740_993_i64});
    check(big, "9007199254740992", "- `9007199254740992` is not `9007199254740993`");
}

#[test]
fn equals_compares_text_but_for_blanks_around_it() {
    check(json!({"type": "equals", "value": "yes"}), " yes\n", "+ is `yes`");
    check(json!({"type": "equals", "value": "yes"}), "Yes", "- `Yes` is not `yes`");
}

#[test]
fn a_wanted_null_matches_what_is_not_there() {
    let note = json!({"type": "equals", "path": "$.note", "expected": "$.note"});
    check(note.clone(), RIGHT, "+ has nothing at `$.note`, as wanted");
    check(note.clone(), r#"{"note": null}"#, "+ is `null`");
    check(note, r#"{"note": "hm"}"#, "- `hm` is not `null`");
}

#[test]
fn several_matches_compare_as_a_list() {
    let names = json!({"type": "equals", "path": "$[*].n", "value": ["a", "b"]});
    check(names, r#"[{"n":"a"},{"n":"b"}]"#, r#"+ is `["a","b"]`"#);
}

#[test]
fn a_single_code_fence_is_taken_off() {
    let category = json!({"type": "equals", "path": "$.category", "value": "bug"});
    check(category.clone(), "```json\n{\"category\":\"bug\"}\n```\n", "+ is `bug`");
    check(category.clone(), "```\n{\"category\":\"bug\"}\n```", "+ is `bug`");
    let prose = "Here you are:\n```json\n{\"category\":\"bug\"}\n```";
    check(category.clone(), prose, "- the output is not JSON: expected value at line 1 column 1");
    let two = "```json\n{}\n```\n```json\n{}\n```";
    assert_eq!(judge(&category, two).pass(), Some(false));
}

#[test]
fn a_literal_may_name_inputs() {
    check(json!({"type": "equals", "value": "Dear {{ name }}"}), "Dear Ada", "+ is `Dear Ada`");
    check(
        json!({"type": "contains", "value": ["{{count}} items", "{{ name }}"]}),
        "Ada: 3 items",
        "+ contains `3 items`, `Ada`",
    );
    check(
        json!({"type": "contains", "value": "{{ 1 + 1 }} {"}),
        "{{ 1 + 1 }} {",
        "+ contains `{{ 1 + 1 }} {`",
    );
    check(json!({"type": "equals", "value": "{{ nam }}"}), "Ada", "? the case has no input `nam`");
}

#[test]
fn contains_asks_for_every_text_unless_a_share_is_enough() {
    let facts = json!({"type": "contains", "expected": "$.facts"});
    check(facts.clone(), "Twice in May: twice.", "+ contains `May`, `twice`");
    check(facts.clone(), "in May", "- contains `May`, but not `twice`");
    assert_eq!(judge(&facts, "in May").value(), Some(0.5));
    check(
        json!({"type": "contains", "expected": "$.facts", "threshold": 0.5}),
        "in May",
        "+ contains `May`, but not `twice`",
    );
    check(json!({"type": "contains", "value": "MAY"}), "in May", "- does not contain `MAY`");
    check(json!({"type": "icontains", "value": "MÄRZ"}), "im märz", "+ contains `MÄRZ`");
}

#[test]
fn negated_contains_allows_none() {
    let none = json!({"type": "contains", "value": ["sorry", "as an AI"], "negate": true});
    check(none.clone(), "Done.", "+ does not contain `sorry`, `as an AI`");
    check(none, "I'm sorry.", "- contains `sorry`, but not `as an AI`, and must not");
}

#[test]
fn starts_with_looks_past_leading_blanks() {
    check(json!({"type": "starts-with", "value": "{"}), "\n {\"a\":1}", "+ starts with `{`");
    check(
        json!({"type": "starts-with", "value": ["Yes", "No"]}),
        "Maybe",
        "- `Maybe` does not start with `Yes` or `No`",
    );
}

#[test]
fn regex_matches_anywhere() {
    check(json!({"type": "regex", "value": r"\d{4}"}), "in 2024.", r"+ `2024` matches `\d{4}`");
    check(json!({"type": "regex", "value": r"^\s*\{"}), "Sure! {", r"- nothing matches `^\s*\{`");
    check(
        json!({"type": "regex", "value": "^$", "path": "$.category"}),
        r#"{"category":""}"#,
        "+ matches `^$`",
    );
}

#[test]
fn max_words_counts_between_blanks() {
    let short = json!({"type": "max-words", "max": 2});
    check(short.clone(), "two words", "+ has 2 words, at most 2");
    check(short, "now three words", "- has 3 words, more than 2");
    check(json!({"type": "max-words", "min": 1, "max": 2}), "", "- has 0 words, less than 1");
    check(json!({"type": "max-words", "min": 1, "max": 2}), "one", "+ has 1 word, within 1 and 2");
}

#[test]
fn json_is_strict_but_for_a_fence() {
    let json = json!({"type": "json"});
    check(json.clone(), RIGHT, "+ is JSON");
    check(json.clone(), "```json\n[1]\n```", "+ is JSON, in a code fence");
    check(json.clone(), "[1,]", "- the output is not JSON: trailing comma at line 1 column 4");
    check(
        json!({"type": "json", "negate": true}),
        "plain words",
        "+ the output is not JSON: expected value at line 1 column 1",
    );
}

#[test]
fn json_schema_checks_the_declared_outputs() {
    let shape = json!({"type": "json-schema", "schema": "outputs"});
    check(shape.clone(), RIGHT, "+ has the declared shape");
    check(shape.clone(), WRONG, "- at `/urgent`: \"no\" is not of type \"boolean\"");
    check(
        shape.clone(),
        r#"{"category": "vip"}"#,
        "- \"urgent\" is a required property, and 1 more",
    );
    check(shape, "[]", "- [] is not of type \"object\"");
}

#[test]
fn json_schema_takes_a_schema_written_beside_it() {
    let shape =
        json!({"type": "json-schema", "path": "$.tags", "value": {"type": "array", "maxItems": 1}});
    check(shape.clone(), r#"{"tags":["a"]}"#, "+ has the declared shape");
    check(shape, r#"{"tags":["a","b"]}"#, "- [\"a\",\"b\"] has more than 1 item");
}

#[test]
fn latency_is_in_milliseconds() {
    check(json!({"type": "latency", "max": 812}), "", "+ took 812 ms, at most 812");
    check(json!({"type": "latency", "threshold": 800}), "", "- took 812 ms, more than 800");
}

#[test]
fn an_unknown_cost_is_not_judged() {
    check(json!({"type": "cost", "max": 0.01}), "", "? what the call cost is not known");
}

#[test]
fn negation_turns_facts_around() {
    let not_vip = json!({"type": "equals", "path": "$.category", "value": "vip", "negate": true});
    check(not_vip.clone(), RIGHT, "+ `billing` is not `vip`");
    check(not_vip, r#"{"category":"vip"}"#, "- is `vip`, and must not");
}

#[test]
fn negation_never_makes_a_pass_of_what_could_not_be_judged() {
    for (keys, output) in [
        (
            json!({"type": "equals", "path": "$.category", "value": "vip", "negate": true}),
            "not JSON",
        ),
        (json!({"type": "equals", "path": "$.category", "value": "vip", "negate": true}), "{}"),
        (
            json!({"type": "equals", "path": "$.category", "expected": "$.gone", "negate": true}),
            RIGHT,
        ),
        (json!({"type": "equals", "path": "$[", "value": "vip", "negate": true}), RIGHT),
        (json!({"type": "regex", "value": "(", "negate": true}), RIGHT),
        (json!({"type": "json-schema", "schema": "outputs", "negate": true}), "not JSON"),
        (json!({"type": "cost", "max": 1, "negate": true}), RIGHT),
        (json!({"type": "sentiment", "negate": true}), RIGHT),
    ] {
        assert_ne!(judge(&keys, output).pass(), Some(true), "{keys} on {output}");
    }
}

#[test]
fn a_case_without_the_expected_value_is_not_judged() {
    check(
        json!({"type": "equals", "path": "$.category", "expected": "$.gone"}),
        RIGHT,
        "? case `c-1` expects nothing at `$.gone`",
    );
    let (scorers, _) = Scorers::compile(&[spec(json!({"type": "equals"}))], &[]);
    let case = Row { id: "c-2".to_owned(), ..Row::default() };
    let scores = scorers.score(&Subject::new("x", &case));
    assert_eq!(scores[0].outcome.reason(), "case `c-2` has no `expected`");
    assert_eq!(scores[0].outcome.pass(), None);
}

#[test]
fn a_scorer_with_tags_skips_other_cases() {
    let (scorers, _) = Scorers::compile(
        &[
            spec(json!({"id": "all", "type": "json"})),
            spec(json!({"id": "smoke", "type": "json", "tags": ["smoke", "x"]})),
            spec(json!({"id": "urgent", "type": "json", "tags": ["urgent"]})),
        ],
        &[],
    );
    let case = case();
    let scores = scorers.score(&Subject { latency_ms: Some(1), ..Subject::new("{}", &case) });
    let ids: Vec<&str> = scores.iter().map(|score| score.scorer.as_str()).collect();
    assert_eq!(ids, ["all", "smoke"]);
    assert_eq!(scorers.ids(), ["all", "smoke", "urgent"]);
}

#[test]
fn problems_are_found_before_any_output() {
    check_problem(
        json!({"type": "sentiment"}),
        &format!("unknown type `sentiment`; known are {}", KINDS.join(", ")),
    );
    check_problem(json!({"type": "latency"}), "needs `max`, in milliseconds");
    check_problem(json!({"type": "latency", "min": 5, "max": 1}), "`min` 5 is above `max` 1");
    check_problem(json!({"type": "max-words"}), "needs `max`, a number of words");
    check_problem(json!({"type": "regex"}), "needs a pattern as `value`");
    check_problem(
        json!({"type": "contains", "threshold": 0.0}),
        "`threshold` is a share above 0 and up to 1, not 0",
    );
    check_problem(
        json!({"type": "equals", "value": 1, "expected": "$"}),
        "has `value` and `expected`; only one can be wanted",
    );
    check_problem(
        json!({"type": "json-schema", "schema": "inputs"}),
        "unknown schema `inputs`; known is outputs",
    );
    check_problem(
        json!({"type": "json-schema", "value": 3}),
        "`value` is not a schema; a schema is an object",
    );
}

#[test]
fn a_schema_fetches_nothing() {
    let remote =
        json!({"type": "json-schema", "value": {"$ref": "https://schemas.example/x.json"}});
    let (_, problems) = Scorers::compile(&[spec(remote)], &[]);
    assert!(problems[0].message.starts_with("the schema can't be used: "), "{}", problems[0]);
}

#[test]
fn a_schema_pattern_that_looks_around_is_refused() {
    let slow = json!({"type": "json-schema", "value": {"pattern": "(?=a)b"}});
    let (_, problems) = Scorers::compile(&[spec(slow)], &[]);
    assert_eq!(problems.len(), 1);
}

#[test]
fn long_outputs_are_shortened_in_reasons() {
    let outcome = judge(&json!({"type": "equals", "value": "x"}), &"ä\n".repeat(500));
    assert!(outcome.reason().chars().count() < 120, "{}", outcome.reason());
    assert!(!outcome.reason().contains('\n'));
}

#[test]
fn every_kind_is_known_to_the_checks_of_a_prompt() {
    for kind in KINDS {
        assert!(assay_prompt::SCORER_TYPES.contains(kind), "{kind} would be called unknown");
    }
}
