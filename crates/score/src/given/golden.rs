//! The answers beside reference files, where a folder of them lies next to the repository: every key
//! that they have is answered, with their value.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use serde_json::Value;

use super::Statistic;

/// Wider than the golden runner's, which compares the same functions: here it is about names and keys.
const TOLERANCE: f64 = 3e-5;

/// What the golden runner compares with exceptions of its own, by the last part of the name.
const ELSEWHERE: &[&str] = &["chi2_cc1", "sm", "choix_checked", "power"];

fn cases(file: &str) -> Vec<Value> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/golden");
    let Ok(text) = std::fs::read_to_string(folder.join(file)) else { return Vec::new() };
    text.split('\n')
        .filter(|line| !line.is_empty())
        .skip(1)
        .map(|l| serde_json::from_str(l).unwrap())
        .collect()
}

fn number(value: &Value) -> Option<f64> {
    match value.as_str() {
        Some("nan") => None,
        Some("inf") => Some(f64::INFINITY),
        Some("-inf") => Some(f64::NEG_INFINITY),
        _ => value.as_f64().or_else(|| value.as_bool().map(|b| f64::from(u8::from(b)))),
    }
}

fn differs(name: &str, expected: &Value, ours: &Value) -> Option<String> {
    let told = || Some(format!("{name}: {ours} is not {expected}"));
    match (expected, ours) {
        (Value::Object(fields), _) => fields
            .iter()
            .filter(|(key, _)| !ELSEWHERE.contains(&key.as_str()))
            .find_map(|(key, value)| match ours.get(key) {
                Some(ours) => differs(&format!("{name}.{key}"), value, ours),
                None => Some(format!("{name}: nothing answers {key}")),
            }),
        (Value::Array(all), Value::Array(ours)) if all.len() == ours.len() => {
            all.iter().zip(ours).find_map(|(expected, ours)| differs(name, expected, ours))
        }
        // An undefined pair is null as a whole.
        (Value::Array(all), Value::Null) if all.iter().all(|value| number(value).is_none()) => None,
        _ => match (number(expected), number(ours)) {
            (Some(a), Some(b)) if a == b || (a - b).abs() <= TOLERANCE * a.abs().max(1.0) => None,
            (None, None) if expected.as_str() == ours.as_str() || !expected.is_string() => None,
            // What the reference refuses to say is undefined here.
            (None, None)
                if expected
                    .as_str()
                    .is_some_and(|text| text == "nan" || text.starts_with("error")) =>
            {
                None
            }
            _ => told(),
        },
    }
}

fn check(file: &str, of: impl Fn(&Value) -> Option<(Value, Value)>) {
    for case in cases(file) {
        let Some((given, expected)) = of(&case) else { continue };
        let name = file.strip_suffix(".jsonl").unwrap();
        let ours = Statistic::named(name).unwrap().answer(&given);
        let ours = ours.unwrap_or_else(|problem| panic!("{file} {}: {problem}", case["id"]));
        if let Some(told) = differs(case["id"].as_str().unwrap(), &expected, &ours) {
            panic!("{file} {told}");
        }
    }
}

#[test]
fn rows_of_reference_files_are_answered_with_their_values() {
    let whole = |case: &Value| Some((case["in"].clone(), case["out"].clone()));
    for name in [
        "ci",
        "cluster",
        "paired",
        "unpaired",
        "multiple",
        "correlation",
        "agreement",
        "pairwise",
        "planning",
    ] {
        check(&format!("stats_{name}.jsonl"), whole);
    }
    check("stats_bootstrap.jsonl", |case| {
        // The large ones draw their own samples.
        case["in"].get("idx").map(|_| (case["in"].clone(), case["out"].clone()))
    });
    check("rag_judge_arithmetic.jsonl", |case| Some((case.clone(), case["out"].clone())));
}

#[test]
fn rows_of_a_file_of_labels_are_answered_with_their_values() {
    check("classification.jsonl", |case| {
        let mut expected = case.clone();
        let fields = expected.as_object_mut()?;
        for key in ["id", "y_true", "y_pred", "proba", "proba_labels", "pos_label"] {
            fields.remove(key);
        }
        Some((case.clone(), expected))
    });
}
