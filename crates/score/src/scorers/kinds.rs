//! The kinds of scorers, each with what compiles it.

use assay_prompt::{Property, ScorerSpec};

use super::check::Compiled;
use super::{equality, json, limits, metric, text};

/// The kinds of scorers known here, for messages and completion.
pub const KINDS: &[&str] = &[
    "equals",
    "contains",
    "icontains",
    "starts-with",
    "regex",
    "max-words",
    "json",
    "json-schema",
    "latency",
    "cost",
    "bleu",
    "chrf",
    "ter",
    "rouge-1",
    "rouge-2",
    "rouge-3",
    "rouge-n",
    "rouge-l",
    "rouge-lsum",
    "meteor",
    "wer",
    "mer",
    "wil",
    "cer",
    "exact-match",
    "token-f1",
    "levenshtein",
    "levenshtein-similarity",
    "indel",
    "indel-similarity",
    "ratio",
    "osa",
    "damerau",
    "jaro",
    "jaro-winkler",
    "lcs",
    "partial-ratio",
    "token-sort-ratio",
    "token-set-ratio",
    "weighted-ratio",
    "difflib",
    "difflib-no-junk",
];

/// Compiles a scorer of any kind.
pub(super) fn compile(spec: &ScorerSpec, outputs: &[Property]) -> Compiled {
    if let Some(metric) = metric::metric(spec) {
        return metric;
    }
    match spec.kind.as_str() {
        "equals" => equality::equals(spec),
        "contains" => text::contains(spec, text::Case::Exact),
        "icontains" => text::contains(spec, text::Case::Ignored),
        "starts-with" => text::starts_with(spec),
        "regex" => text::regex(spec),
        "max-words" => text::max_words(spec),
        "json" => json::json(),
        "json-schema" => json::json_schema(spec, outputs),
        "latency" => limits::latency(spec),
        "cost" => limits::cost(spec),
        unknown => Err(format!("unknown type `{unknown}`; known are {}", KINDS.join(", "))),
    }
}
