//! How a scorer's scores were made, and which of them are better.

use assay_prompt::ScorerSpec;
use assay_score::verdict::Direction;

/// Kinds that count errors or distances.
const LOWER_IS_BETTER: [&str; 9] =
    ["ter", "wer", "mer", "wil", "cer", "levenshtein", "indel", "osa", "damerau"];

/// Whether higher or lower values of a scorer are better.
pub(super) fn direction(spec: &ScorerSpec) -> Direction {
    match LOWER_IS_BETTER.contains(&spec.kind.as_str()) {
        true => Direction::LowerIsBetter,
        false => Direction::HigherIsBetter,
    }
}

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
