#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};

use super::{ABOUT, Problem, Statistic};

fn answer(name: &str, row: &Value) -> Result<Value, Problem> {
    Statistic::named(name).unwrap().answer(row)
}

fn problem(name: &str, row: Value) -> String {
    answer(name, &row).unwrap_err().to_string()
}

#[track_caller]
fn near(value: &Value, expected: f64) {
    let value = value.as_f64().unwrap();
    assert!((value - expected).abs() < 5e-4, "{value} is not {expected}");
}

#[test]
fn every_name_that_is_listed_is_known_with_its_prefix_too() {
    for (name, _) in ABOUT {
        assert!(Statistic::named(name).is_some(), "{name}");
        assert!(Statistic::named(&format!("stats_{name}")).is_some(), "{name}");
    }
    assert!(Statistic::named("horoscope").is_none());
}

#[test]
fn a_share_has_its_intervals() {
    let out = answer("ci", &json!({"k": 49, "n": 60, "alpha": 0.05})).unwrap();
    near(&out["wilson"][0], 0.701);
    near(&out["wilson"][1], 0.894);
}

#[test]
fn sixty_pairs_with_ten_fixed_and_three_broken_come_out_as_in_the_example() {
    let column = |parts: &[(usize, u8)]| -> Vec<u8> {
        parts.iter().flat_map(|(n, value)| vec![*value; *n]).collect()
    };
    // Head first: the differences are head − base.
    let head = column(&[(10, 1), (3, 0), (39, 1), (8, 0)]);
    let base = column(&[(10, 0), (3, 1), (39, 1), (8, 0)]);
    let out = answer("paired", &json!({"a": head, "b": base})).unwrap();
    assert_eq!((&out["win"], &out["loss"]), (&json!(10), &json!(3)));
    near(&out["mcnemar"]["exact_p"], 0.0923);
    near(&out["t"]["ci95"][0], -0.001);
    near(&out["t"]["ci95"][1], 0.234);
}

#[test]
fn what_is_missing_uneven_or_of_another_kind_is_told_and_never_a_zero() {
    assert_eq!(problem("paired", json!({"a": [1]})), "needs `b`");
    assert_eq!(
        problem("paired", json!({"a": [1], "b": [1, 2]})),
        "`a` and `b` are not of one length"
    );
    assert_eq!(problem("ci", json!({"x": [1, null]})), "`x` is no list of numbers");
    assert_eq!(problem("ci", json!({"k": 3, "n": 2})), "`k` is more than `n`");
    for alpha in [json!(0), json!(1), json!(-0.05), json!("nan")] {
        let row = json!({"k": 1, "n": 2, "alpha": alpha});
        assert_eq!(problem("ci", row), "`alpha` is not between 0 and 1");
    }
    assert_eq!(problem("rag", json!({})), "needs `verdicts_by_rank`");
    assert_eq!(
        problem("pairwise", json!({"counts": [[0, 1], [1, 0]], "games": [[0, 2, 1]]})),
        "`games` is no list of [item, item, score]"
    );
}

#[test]
fn what_is_not_defined_is_null() {
    let out = answer("ci", &json!({"x": [7]})).unwrap();
    assert_eq!((&out["mean"], &out["sd"]), (&json!(7.0), &Value::Null));
    let out = answer("agreement", &json!({"y1": ["a", "a"], "y2": ["a", "a"]})).unwrap();
    assert_eq!(out["unweighted"], Value::Null);
    assert_eq!(out["observed_agreement"], json!(1.0));
}

#[test]
fn too_much_to_compute_is_refused() {
    assert_eq!(
        problem("bootstrap", json!({"x": [1, 2], "B": 10_000_000})),
        "`B` is too long: at most 100000"
    );
    let labels: Vec<usize> = (0..501).collect();
    assert_eq!(
        problem("classification", json!({"y_true": labels, "y_pred": labels})),
        "`y_true` is too long: at most 500"
    );
}

#[test]
fn labels_have_the_scores_of_a_report() {
    let row = json!({
        "y_true": ["yes", "yes", "no", "no"], "y_pred": ["yes", "no", "no", "no"],
        "proba_labels": ["no", "yes"], "proba": [[0.1, 0.9], [0.6, 0.4], [0.8, 0.2], [0.7, 0.3]],
        "pos_label": "yes",
    });
    let out = answer("classification", &row).unwrap();
    assert_eq!(out["confusion"], json!([[2, 0], [1, 1]]));
    assert_eq!(out["accuracy"], json!(0.75));
    assert_eq!(out["roc_auc"], json!(1.0));
    near(&out["report"]["yes"]["f1-score"], 2.0 / 3.0);
    near(&out["brier"], (0.01 + 0.36 + 0.04 + 0.09) / 4.0);
}
