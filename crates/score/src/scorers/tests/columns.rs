//! Columns: corpus metrics and labels.

use super::*;
use crate::ColumnScore;

fn row(expected: &str) -> Row {
    Row { id: expected.to_owned(), expected: Some(json!(expected)), ..Row::default() }
}

fn column(keys: Value, pairs: &[(&str, &str)]) -> Vec<ColumnScore> {
    let (scorers, problems) = Scorers::compile(&[spec(keys)], &[]);
    assert!(problems.is_empty(), "{problems:?}");
    let mut column = scorers.column();
    for (output, expected) in pairs {
        column.add(&Subject::new(output, &row(expected)));
    }
    column.scores()
}

fn number(scores: &[ColumnScore], name: &str) -> Option<f64> {
    scores.iter().find(|score| score.name == name).unwrap().value
}

#[test]
fn the_corpus_score_is_computed_from_sums_and_is_not_the_mean() {
    let pairs = [("a b c d", "a b c d"), ("x", "a b c d e f g h")];
    let scores = column(json!({"type": "wer"}), &pairs);
    assert_eq!(number(&scores, "corpus"), Some(8.0 / 12.0));
    let scores = column(json!({"type": "bleu"}), &pairs);
    assert!(number(&scores, "corpus").unwrap() < 50.0);
    assert_eq!((scores[0].n, scores[0].unjudged), (2, 0));
    assert!(scores[0].signature.contains("eff:no"), "{}", scores[0].signature);
}

#[test]
fn what_could_not_be_counted_is_told_beside_the_number() {
    let (scorers, _) = Scorers::compile(&[spec(json!({"type": "ter"}))], &[]);
    let mut column = scorers.column();
    column.add(&Subject::new("a", &row("a")));
    column.add(&Subject::new("a", &Row::default()));
    column.add_failed(&row("a"));
    let scores = column.scores();
    assert_eq!((scores[0].value, scores[0].n, scores[0].unjudged), (Some(0.0), 1, 2));
}

#[test]
fn labels_have_the_scores_of_a_classifier_and_an_output_that_is_none_costs() {
    let keys = json!({"type": "label", "options": {"labels": ["yes", "no"]}});
    let pairs = [("yes", "yes"), ("no", "yes"), ("no", "no"), ("perhaps", "no")];
    let scores = column(keys.clone(), &pairs);
    assert_eq!(scores[0].name, "accuracy");
    assert_eq!(number(&scores, "accuracy"), Some(0.5));
    assert_eq!(number(&scores, "micro-f1"), Some(0.5));
    let confusion = scores[0].confusion.as_ref().unwrap();
    assert_eq!(confusion.classes, ["__invalid__", "no", "yes"]);
    assert_eq!(confusion.counts, [[0.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 1.0]]);
    assert!(scores[1].confusion.is_none());
    // The classes are yes, no and none of them: (2/3 + 1/2 + 0) / 3.
    assert!((number(&scores, "macro-f1").unwrap() - (2.0 / 3.0 + 0.5) / 3.0).abs() < 1e-12);
    check(
        json!({"type": "label", "expected": "$.category", "options": {"labels": ["billing"]}}),
        "perhaps",
        "- `perhaps` is none of the labels",
    );
}

#[test]
fn probabilities_have_their_scores_and_a_missing_one_leaves_them_undefined() {
    let keys = json!({
        "type": "label", "path": "$.label",
        "options": {"positive": "yes", "probability": "$.p"},
    });
    let sure = r#"{"label": "yes", "p": 0.9}"#;
    let unsure = r#"{"label": "no", "p": 0.3}"#;
    let scores = column(keys.clone(), &[(sure, "yes"), (unsure, "no")]);
    assert!((number(&scores, "brier").unwrap() - (0.01 + 0.09) / 2.0).abs() < 1e-12);
    assert_eq!(number(&scores, "auc"), Some(1.0));
    let scores = column(keys, &[(sure, "yes"), (r#"{"label": "no"}"#, "no")]);
    assert_eq!(number(&scores, "brier"), None);
}

#[test]
fn what_is_kept_of_each_output_sums_up_to_every_number_of_the_column() {
    let answer = |label: &str, p: f64| json!({"label": label, "p": p}).to_string();
    let labels = [
        (answer("yes", 0.9), "yes"),
        (answer("no", 0.6), "yes"),
        (answer("no", 0.1), "no"),
        (answer("yes", 0.6), "no"),
        ("no label at all".to_owned(), "yes"),
    ];
    let texts = [("a b c d e", "a b c d e f"), ("x y", "x z"), ("", "q r s t"), ("q r s", "q r s")];
    let texts = texts.map(|(output, expected)| (output.to_owned(), expected));
    let of_labels = json!({
        "type": "label", "path": "$.label", "options": {"positive": "yes", "probability": "$.p"},
    });
    let kinds = ["bleu", "chrf", "ter", "wer", "mer", "wil", "cer"];
    let mut all: Vec<(Value, &[(String, &str)])> =
        kinds.map(|kind| (json!({"type": kind}), &texts[..])).to_vec();
    all.push((of_labels.clone(), &labels[..4]));
    all.push((of_labels, &labels[..]));
    for (keys, pairs) in all {
        let one = spec(keys);
        let (scorers, _) = Scorers::compile(std::slice::from_ref(&one), &[]);
        let mut column = scorers.column();
        let mut corpus = scorers.corpus(&one.id).unwrap();
        let mut sum: Vec<f64> = Vec::new();
        for (output, expected) in pairs {
            let case = row(expected);
            column.add(&Subject::new(output, &case));
            for (place, amount) in corpus.note(&Subject::new(output, &case)).unwrap() {
                sum.resize(sum.len().max(place + 1), 0.0);
                sum[place] += amount;
            }
        }
        for score in column.scores() {
            let kept = corpus.number(&score.name, &sum);
            let apart = score.value.zip(kept).map(|(whole, kept)| (whole - kept).abs());
            let same = apart.map_or(score.value == kept, |apart| apart < 1e-9);
            assert!(same, "{} {}: {:?}, {kept:?}", one.kind, score.name, score.value);
            assert!(corpus.signature(&score.name).unwrap().starts_with(&score.signature));
        }
        assert_eq!(corpus.number("no-such-number", &sum), None);
    }
}

#[test]
fn a_scorer_of_single_outputs_says_nothing_of_a_column() {
    let one = spec(json!({"type": "json"}));
    let (scorers, _) = Scorers::compile(std::slice::from_ref(&one), &[]);
    assert!(scorers.column().is_empty());
    assert!(scorers.corpus(&one.id).is_none());
}

#[test]
fn the_order_of_the_outputs_changes_nothing() {
    let pairs = [("a b", "a b c"), ("x y z", "x z"), ("q", "q r s t")];
    let turned: Vec<_> = pairs.iter().rev().copied().collect();
    for kind in ["bleu", "chrf", "ter", "wer", "label"] {
        let keys = json!({"type": kind});
        assert_eq!(column(keys.clone(), &pairs), column(keys, &turned), "{kind}");
    }
}

#[test]
fn the_linter_knows_the_numbers_of_every_column_and_which_way_they_are_better() {
    for kind in KINDS {
        let mut keys = json!({"type": kind, "max": 1, "value": "x"});
        if *kind == "label" {
            keys["options"] = json!({"positive": "x", "probability": "$.p"});
        }
        let one = spec(keys);
        let (scorers, _) = Scorers::compile(std::slice::from_ref(&one), &[]);
        let mut column = scorers.column();
        column.add(&Subject::new("x", &row("x")));
        let names: Vec<String> = column.scores().into_iter().map(|score| score.name).collect();
        assert_eq!(assay_prompt::column_numbers(&one).unwrap(), names, "{kind}");
        let lower = scorers.direction(&one.id) == Some(Direction::Lower);
        assert_eq!(assay_prompt::scorer_scale(kind).lower_is_better, lower, "{kind}");
    }
}
