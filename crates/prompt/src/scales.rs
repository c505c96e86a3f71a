//! What the numbers of a scorer are like: the scale of its values, and its numbers about a whole column.
//!
//! The window has no scorers in it, and yet draws every mean on its own scale; and a gate may ask for a number
//! (`scorer: category.macro-f1`) that is to be there. The scoring crate's tests hold these tables against what its
//! scorers do.

use crate::{SCORER_TYPES, ScorerSpec};

/// Where values can lie, and which of them are better.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// The least value.
    pub low: f64,
    /// The greatest value; none where there is no end.
    pub high: Option<f64>,
    /// Whether the smaller of two values is the better one: errors and distances.
    pub lower_is_better: bool,
}

const SHARE: Scale = Scale { low: 0.0, high: Some(1.0), lower_is_better: false };
const PERCENT: Scale = Scale { high: Some(100.0), ..SHARE };
const SIGNED: Scale = Scale { low: -1.0, ..SHARE };
const ERROR_SHARE: Scale = Scale { lower_is_better: true, ..SHARE };
const OPEN: Scale = Scale { high: None, ..SHARE };
const ERROR: Scale = Scale { high: None, ..ERROR_SHARE };

/// The scale of a scorer's values by its `type`. What is not known is taken for a share, as assertions and judges have it.
pub fn scorer_scale(kind: &str) -> Scale {
    match kind {
        "bleu" | "chrf" | "ratio" | "partial-ratio" | "token-sort-ratio" | "token-set-ratio"
        | "weighted-ratio" => PERCENT,
        "ter" | "wer" | "cer" | "levenshtein" | "indel" | "osa" | "damerau" => ERROR,
        "mer" | "wil" => ERROR_SHARE,
        "lcs" => OPEN,
        "similar" | "bert-score" => SIGNED,
        _ => SHARE,
    }
}

/// The scale of one of a scorer's numbers about a column.
pub fn number_scale(kind: &str, number: &str) -> Scale {
    match number {
        "corpus" => scorer_scale(kind),
        "mcc" | "kappa" => SIGNED,
        "log-loss" => ERROR,
        "brier" | "calibration-error" => ERROR_SHARE,
        _ => SHARE,
    }
}

const CORPUS: &[&str] = &["corpus"];

const OF_LABELS: &[&str] = &[
    "accuracy",
    "balanced-accuracy",
    "mcc",
    "kappa",
    "macro-precision",
    "macro-recall",
    "macro-f1",
    "micro-precision",
    "micro-recall",
    "micro-f1",
    "weighted-precision",
    "weighted-recall",
    "weighted-f1",
];

const OF_PROBABILITIES: &[&str] =
    &["brier", "log-loss", "auc", "average-precision", "calibration-error"];

/// The numbers that a scorer has about a column, the first of which stands for it. None of them for a scorer of single
/// outputs; nothing for a type that is not known here.
pub fn column_numbers(scorer: &ScorerSpec) -> Option<Vec<&'static str>> {
    let numbers = match scorer.kind.as_str() {
        "bleu" | "chrf" | "ter" | "wer" | "mer" | "wil" | "cer" => CORPUS.to_vec(),
        "label" => {
            let has = |option: &str| scorer.options.get(option).is_some_and(|v| !v.is_null());
            let probabilities =
                if has("positive") && has("probability") { OF_PROBABILITIES } else { &[] };
            [OF_LABELS, probabilities].concat()
        }
        kind if SCORER_TYPES.contains(&kind) => Vec::new(),
        _ => return None,
    };
    Some(numbers)
}
