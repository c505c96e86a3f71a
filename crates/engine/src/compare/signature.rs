//! How a scorer's scores were made, where the run does not say.

use assay_prompt::ScorerSpec;

/// Everything that decides a score, and nothing that does not: two scorers with the same text score alike.
///
/// Which cases a scorer looks at, how much it weighs and what it is called are none of that.
pub(super) fn of_spec(spec: &ScorerSpec) -> String {
    let mut parts = vec![spec.kind.clone()];
    let mut add = |name: &str, value: Option<String>| {
        parts.extend(value.map(|value| format!("{name}:{value}")));
    };
    add("path", spec.path.clone());
    add("expected", spec.expected.clone());
    add("value", spec.value.as_ref().map(ToString::to_string));
    add("threshold", spec.threshold.map(|n| n.to_string()));
    add("min", spec.min.map(|n| n.to_string()));
    add("max", spec.max.map(|n| n.to_string()));
    add("schema", spec.schema.clone());
    add("negate", spec.negate.then(|| "yes".to_owned()));
    for (name, value) in spec.options.iter().chain(&spec.extra) {
        add(name, Some(value.to_string()));
    }
    parts.join("|")
}
