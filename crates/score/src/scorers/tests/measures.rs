//! Metrics as scorers: references, limits, directions, signatures, what they need.

use std::sync::Arc;

use super::*;
use crate::semantic::Pieces;
use crate::{Direction, Embed, Resources, WITHOUT_WORDNET};

fn texts(expected: Value, references: &[&str]) -> Row {
    Row {
        id: "c-1".to_owned(),
        expected: Some(expected),
        references: references.iter().map(|text| (*text).to_owned()).collect(),
        ..Row::default()
    }
}

fn value(keys: &Value, subject: &Subject) -> f64 {
    let (scorers, problems) = Scorers::compile(&[spec(keys.clone())], &[]);
    assert!(problems.is_empty(), "{keys}: {problems:?}");
    let outcome = scorers.score(subject).remove(0).outcome;
    outcome.value().unwrap_or_else(|| panic!("{keys}: {}", outcome.reason()))
}

#[test]
fn references_are_the_cases_own_and_its_expected_text() {
    let case = texts(json!("the cat sat"), &["a dog ran"]);
    let exact = json!({"type": "exact-match"});
    for output in ["The cat sat.", "A dog ran"] {
        assert_eq!(value(&exact, &Subject::new(output, &case)), 1.0, "{output}");
    }
    let parts = texts(json!({"text": "the cat sat"}), &[]);
    let none = "? case `c-1` has no reference: no `references`, and no text as `expected`";
    assert_eq!(told(&exact, &Subject::new("x", &parts)), none);
    let led = json!({"type": "exact-match", "expected": "$.text"});
    assert_eq!(value(&led, &Subject::new("cat sat", &parts)), 1.0);
}

#[test]
fn a_metric_without_a_limit_measures_and_neither_passes_nor_fails() {
    let case = texts(json!("The cat sat on the mat."), &[]);
    let subject = Subject::new("The cat sat on a mat.", &case);
    assert_eq!(told(&json!({"type": "bleu"}), &subject), "= BLEU 48.8923");
    let limited = json!({"type": "bleu", "threshold": 40});
    assert_eq!(told(&limited, &subject), "+ BLEU 48.8923, at least 40");
    let negated = json!({"type": "bleu", "threshold": 40, "negate": true});
    assert_eq!(told(&negated, &subject), "- BLEU 48.8923, at least 40, and must not");
    assert!((value(&negated, &subject) - 48.892_300_3).abs() < 1e-4, "a measurement stays itself");
    check_problem(
        json!({"type": "bleu", "negate": true}),
        "`negate` needs a limit to turn round: `threshold`, `min` or `max`",
    );
}

#[test]
fn a_threshold_is_the_worst_value_that_passes_in_the_metrics_direction() {
    let case = texts(json!("a b c d"), &[]);
    let subject = Subject::new("a b c x", &case);
    let wer = |threshold: f64| json!({"type": "wer", "threshold": threshold});
    assert_eq!(told(&wer(0.25), &subject), "+ WER 0.25, at most 0.25");
    assert_eq!(told(&wer(0.2), &subject), "- WER 0.25, more than 0.2");
    let (scorers, _) =
        Scorers::compile(&[spec(wer(0.2)), spec(json!({"type": "bleu", "id": "b"}))], &[]);
    assert_eq!(scorers.direction("s"), Some(Direction::Lower));
    assert_eq!(scorers.direction("b"), Some(Direction::Higher));
}

#[test]
fn distances_and_error_rates_take_the_nearest_reference() {
    let case = texts(json!("kitten"), &["sitting"]);
    let subject = Subject::new("sittin", &case);
    assert_eq!(value(&json!({"type": "levenshtein"}), &subject), 1.0);
    assert!(value(&json!({"type": "jaro-winkler"}), &subject) > 0.95);
    assert!((value(&json!({"type": "cer"}), &subject) - 1.0 / 7.0).abs() < 1e-12);
}

#[test]
fn an_unreadable_output_is_as_far_away_as_can_be_and_never_passes() {
    let case = texts(json!("abc"), &[]);
    let subject = Subject::new("no JSON", &case);
    let near = json!({"type": "levenshtein", "path": "$.text", "max": 5});
    assert!(told(&near, &subject).starts_with("- the output is not JSON"));
    let measured = json!({"type": "levenshtein", "path": "$.text"});
    assert_eq!(value(&measured, &subject), 3.0);
}

#[test]
fn every_kind_of_metric_has_a_value_and_a_signature_of_its_own() {
    let case = texts(json!("the cat sat on the mat"), &[]);
    let subject = Subject::new("the cat sat on a mat", &case);
    let mut signatures = std::collections::BTreeSet::new();
    let kinds: Vec<&str> = KINDS
        .iter()
        .copied()
        .skip_while(|kind| *kind != "exact-match")
        .take_while(|kind| *kind != "similar")
        .collect();
    assert_eq!(kinds.len(), 32);
    for kind in kinds.into_iter().filter(|kind| *kind != "rouge-n") {
        let options = if kind == "meteor" { json!({"matching": "stems"}) } else { json!({}) };
        let keys = json!({"type": kind, "options": options});
        assert!(value(&keys, &subject).is_finite(), "{kind}");
        let (scorers, _) = Scorers::compile(&[spec(keys)], &[]);
        let signature = scorers.signatures()[0].1.to_owned();
        assert!(signature.contains("|v:1"), "{kind}: {signature}");
        assert!(signatures.insert(signature.clone()), "{kind} has the signature {signature} too");
    }
}

#[test]
fn signatures_say_what_decides_and_nothing_else() {
    let signature = |keys: Value| {
        let (scorers, _) = Scorers::compile(&[spec(keys)], &outputs());
        scorers.signatures()[0].1.to_owned()
    };
    let equals = json!({"type": "equals", "path": "$.category", "expected": "$.category"});
    assert_eq!(signature(equals), "equals|path:$.category|expected:$.category|v:1");
    assert_eq!(
        signature(json!({"type": "chrf", "options": {"word_order": 2}, "threshold": 50})),
        "chrF2++|nrefs:var|case:mixed|eff:yes|nc:6|nw:2|space:no|v:1"
    );
    let long = signature(json!({"type": "regex", "value": "a|b"}));
    assert!(long.starts_with("regex|value:#") && !long.contains("a|b"), "{long}");
}

#[test]
fn meteor_without_wordnet_is_not_judged_and_says_the_way_out() {
    let case = texts(json!("the cats sat"), &[]);
    let subject = Subject::new("the cat sat", &case);
    let said = told(&json!({"type": "meteor", "threshold": 0.5, "negate": true}), &subject);
    assert_eq!(said, format!("? needs WordNet 3.0; {WITHOUT_WORDNET}"));
    let stems = json!({"type": "meteor", "options": {"matching": "stems"}});
    assert!(value(&stems, &subject) > 0.9);
}

/// Two numbers for a text: how often it has an `a`, and a `b`.
struct Letters;

impl Embed for Letters {
    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, String> {
        let count = |text: &str, letter| text.matches(letter).count() as f32;
        Ok(texts.iter().map(|text| vec![count(text, 'a'), count(text, 'b')]).collect())
    }

    fn pieces(&self, text: &str) -> Result<Pieces, String> {
        let ids: Vec<u32> =
            std::iter::once(0).chain(text.bytes().map(u32::from)).chain([1]).collect();
        let states: Vec<f32> = ids.iter().flat_map(|id| [*id as f32, 1.0]).collect();
        Pieces::new(ids, &states).ok_or_else(|| "no numbers".to_owned())
    }
}

#[test]
fn meaning_is_compared_by_the_embedding_model_where_there_is_one() {
    let case = texts(json!("bbb"), &["aab"]);
    let similar = json!({"type": "similar", "threshold": 0.99});
    let absent = told(&similar, &Subject::new("ab", &case));
    assert!(absent.starts_with("? needs the embedding model"), "{absent}");
    let resources = Resources { embedder: Some(Arc::new(Letters)), ..Resources::default() };
    let subject = Subject { resources: &resources, ..Subject::new("aaaabb", &case) };
    assert_eq!(told(&similar, &subject), "+ cosine (MiniLM-L6) 1, at least 0.99");
    let bert = value(&json!({"type": "bert-score"}), &subject);
    assert!(bert > 0.9 && bert <= 1.0 + 1e-6, "{bert}");
}

#[test]
fn retrieved_texts_are_ranked_against_the_wanted_ones() {
    let case = Row {
        contexts: ["x", "b", "y", "a"].map(str::to_owned).to_vec(),
        ..texts(json!(["a", "b", "c"]), &[])
    };
    let subject = Subject::new("", &case);
    let of =
        |kind: &str, options: Value| value(&json!({"type": kind, "options": options}), &subject);
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} is not {b}");
    near(of("recall-at-k", json!({"k": 2})), 1.0 / 3.0);
    near(of("context-recall-matched", json!({})), 2.0 / 3.0);
    near(of("precision-at-k", json!({"k": 2})), 0.5);
    near(of("mrr", json!({})), 0.5);
    near(of("context-precision-matched", json!({})), (0.5 + 0.5) / 2.0);
    let ideal = 1.0 + 1.0 / 3_f64.log2() + 0.5;
    near(of("ndcg", json!({})), (1.0 / 3_f64.log2() + 1.0 / 5_f64.log2()) / ideal);
}

#[test]
fn near_texts_count_as_the_wanted_ones_when_that_is_asked_for() {
    let case = Row { contexts: vec!["colour".to_owned()], ..texts(json!(["color"]), &[]) };
    let of = |options: Value| {
        value(&json!({"type": "recall-at-k", "options": options}), &Subject::new("", &case))
    };
    assert_eq!((of(json!({})), of(json!({"similarity": 0.8}))), (0.0, 1.0));
}

#[test]
fn without_contexts_or_wanted_ones_retrieval_is_not_judged() {
    let none = texts(json!(["a"]), &[]);
    let keys = json!({"type": "mrr"});
    assert_eq!(told(&keys, &Subject::new("", &none)), "? case `c-1` has no `contexts`");
    let nothing = Row { contexts: vec!["a".to_owned()], ..texts(json!([]), &[]) };
    assert_eq!(told(&keys, &Subject::new("", &nothing)), "? nothing is wanted, or nothing came");
}

#[test]
fn the_linter_knows_the_kinds_and_options_that_are_read_here() {
    for kind in KINDS {
        assert!(assay_prompt::SCORER_TYPES.contains(kind), "{kind}");
        let Some(known) = assay_prompt::scorer_options(kind) else { continue };
        let compile = |options: Map<String, Value>| {
            let keys = json!({"type": kind, "options": options, "max": 1, "value": "x"});
            Scorers::compile(&[spec(keys)], &[]).1
        };
        // An option without a value is as good as none, but must be one that is read.
        let all = known.iter().map(|option| ((*option).to_owned(), Value::Null)).collect();
        let problems = compile(all);
        assert!(problems.is_empty(), "{kind}: {problems:?}");
        let other = compile(Map::from_iter([("surely-not".to_owned(), Value::Null)]));
        assert!(other[0].message.starts_with("has no option `surely-not`"), "{kind}: {other:?}");
    }
}
