//! Scripts as scorers: what they are given, and what their verdicts come to.

use std::sync::Arc;

use super::*;
use crate::{Custom, CustomRequest, CustomVerdict, Resources};

/// Gives the verdict whose words are its source, and repeats what it was given.
struct Says;

impl Custom for Says {
    fn judge(&self, request: &CustomRequest<'_>) -> Result<CustomVerdict, String> {
        let verdict = |value, pass| CustomVerdict { value, pass, reason: None };
        match request.source {
            "passes" => Ok(verdict(1.0, Some(true))),
            "fails" => Ok(verdict(0.0, Some(false))),
            "half" => Ok(verdict(0.5, None)),
            "why" => {
                Ok(CustomVerdict { reason: Some("so it is".to_owned()), ..verdict(0.75, None) })
            }
            "given" => {
                Ok(CustomVerdict { reason: Some(given(request)), ..verdict(1.0, Some(true)) })
            }
            other => Err(format!("`{other}` cannot be run")),
        }
    }
}

fn given(request: &CustomRequest<'_>) -> String {
    let (name, expected) = (&request.case.input["name"], request.case.expected.as_ref().unwrap());
    format!(
        "{:?} {} {name} {} {:?} {:?}",
        request.language, request.output, expected["category"], request.latency_ms, request.cost
    )
}

fn resources() -> Resources {
    Resources { custom: Some(Arc::new(Says)), ..Resources::default() }
}

#[track_caller]
fn check_said(keys: Value, expected: &str) {
    let (case, resources) = (case(), resources());
    let subject = Subject {
        latency_ms: Some(812),
        resources: &resources,
        ..Subject::new(r#"{"category": "bug"}"#, &case)
    };
    assert_eq!(told(&keys, &subject), expected, "{keys}");
}

fn rhai(source: &str) -> Value {
    json!({"type": "rhai", "value": source})
}

#[test]
fn a_verdict_of_a_script_is_a_verdict_of_the_scorer() {
    check_said(rhai("passes"), "+ the script passes it");
    check_said(rhai("fails"), "- the script fails it");
    check_said(json!({"type": "rhai", "value": "fails", "negate": true}), "+ the script fails it");
    check_said(
        json!({"type": "rhai", "value": "passes", "negate": true}),
        "- the script passes it, and must not",
    );
}

#[test]
fn a_number_passes_by_the_threshold_and_only_measures_without_one() {
    check_said(rhai("half"), "= the script gives 0.5");
    let limited = |threshold: f64| json!({"type": "rhai", "value": "why", "threshold": threshold});
    check_said(limited(0.75), "+ so it is (0.75), at least 0.75");
    check_said(limited(0.8), "- so it is (0.75), less than 0.8");
    let (case, resources) = (case(), resources());
    let subject = Subject { resources: &resources, ..Subject::new("", &case) };
    let negated = spec(json!({"type": "rhai", "value": "why", "threshold": 0.5, "negate": true}));
    let outcome = Scorers::compile(&[negated], &[]).0.score(&subject).remove(0).outcome;
    assert_eq!((outcome.pass(), outcome.value()), (Some(false), Some(0.25)));
}

#[test]
fn a_script_is_given_the_output_or_its_part_and_the_case() {
    check_said(rhai("given"), "+ Rhai {\"category\": \"bug\"} \"Ada\" \"billing\" Some(812) None");
    check_said(
        json!({"type": "python", "value": "given", "path": "$.category"}),
        "+ Python bug \"Ada\" \"billing\" Some(812) None",
    );
}

#[test]
fn a_script_that_says_nothing_judges_nothing_negated_or_not() {
    check_said(rhai("nonsense"), "? `nonsense` cannot be run");
    check_said(
        json!({"type": "javascript", "value": "nonsense", "negate": true}),
        "? `nonsense` cannot be run",
    );
    let case = case();
    assert_eq!(told(&rhai("passes"), &Subject::new("", &case)), "? scripts are not run here");
}

#[test]
fn a_scorer_without_a_script_is_a_problem() {
    let needs = "needs a script, as text in `value` or in a file named by `script`";
    check_problem(json!({"type": "rhai"}), needs);
    check_problem(json!({"type": "python", "value": " \n"}), needs);
    check_problem(json!({"type": "rhai", "value": ["true"]}), needs);
    check_problem(
        json!({"type": "javascript", "value": "file://check.js"}),
        "its script is in `file://check.js`, as another tool names files; name one beside the prompt with `script`",
    );
    check_problem(
        json!({"type": "rhai", "value": "true", "options": {"fast": true}}),
        "has no option `fast`, nor any other",
    );
}

#[test]
fn a_file_that_nobody_has_read_is_named() {
    let mut named = spec(json!({"type": "rhai"}));
    named.extra.insert("script".to_owned(), json!("polite.rhai"));
    let problem = |spec: &ScorerSpec| Scorers::compile(std::slice::from_ref(spec), &[]).1.remove(0);
    assert_eq!(problem(&named).message, "its script `polite.rhai` is not among the prompt's files");
    named.value = Some(json!("true"));
    assert_eq!(problem(&named).message, "has `value` and `script`; only one can be the script");
}

#[test]
fn another_text_is_another_signature_and_another_language_too() {
    let signature = |keys: Value| {
        let (scorers, _) = Scorers::compile(&[spec(keys)], &[]);
        scorers.signatures()[0].1.to_owned()
    };
    let long =
        |end: &str| json!({"type": "rhai", "value": format!("{}{end}", "// why\n".repeat(20))});
    assert_eq!(signature(long("true")), signature(long("true")));
    assert_ne!(signature(long("true")), signature(long("false")));
    assert!(signature(long("true")).starts_with("rhai|value:#"), "{}", signature(long("true")));
    assert_ne!(signature(rhai("true")), signature(json!({"type": "python", "value": "true"})));
}
