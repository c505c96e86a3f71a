//! Scorers and gates that can never say anything: of an unknown type, or for tags nobody has. What only judges have is
//! looked at in [`judges`].

use std::collections::BTreeSet;

use serde_json::Value;

use super::{MOST_FINDINGS, Subject, judges, place};
use crate::closest::closest;
use crate::diagnostic::{Diagnostic, Report, name_list};
use crate::fix::{Edit, Fix};
use crate::yaml::Node;
use crate::{ScorerSpec, Span, codes};

/// Every `type` of scorer that the format knows, in the order people read them.
pub const SCORER_TYPES: &[&str] = &[
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
    // What models judge.
    "llm-rubric",
    "g-eval",
    "factuality",
    "closed-qa",
    "pairwise",
    // The other assertions.
    "contains-all",
    "contains-any",
    "icontains-all",
    "icontains-any",
    "ends-with",
    "word-count",
    "contains-json",
    "xml",
    "contains-xml",
    "html",
    "contains-html",
    "sql",
    "contains-sql",
    "tool-calls",
    "tool-calls-f1",
    "finish-reason",
    "refusal",
    "expression",
    // Text against references.
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
    "osa",
    "damerau",
    "jaro",
    "jaro-winkler",
    "lcs",
    "ratio",
    "partial-ratio",
    "token-sort-ratio",
    "token-set-ratio",
    "weighted-ratio",
    "difflib",
    "difflib-no-junk",
    "similar",
    "bert-score",
    "label",
    // Retrieved texts.
    "faithfulness",
    "answer-relevance",
    "context-precision",
    "context-recall",
    "context-relevance",
    "recall-at-k",
    "precision-at-k",
    "mrr",
    "ndcg",
    "context-precision-matched",
    "context-recall-matched",
    // Scripts of the repository.
    "rhai",
    "javascript",
    "python",
];

/// The options that a type of scorer reads. Nothing for a type that a model or code judges by: what
/// it reads is not known here.
pub fn scorer_options(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "bleu" => {
            &["tokenize", "smooth", "smooth_value", "max_order", "lowercase", "effective_order"]
        }
        "chrf" => &["char_order", "word_order", "beta", "lowercase", "whitespace", "eps_smoothing"],
        "ter" => &["normalized", "no_punct", "asian_support", "case_sensitive"],
        "rouge-n" => &["n", "stemmer", "tokenize", "score"],
        "rouge-1" | "rouge-2" | "rouge-3" | "rouge-l" | "rouge-lsum" => {
            &["stemmer", "tokenize", "score"]
        }
        "meteor" => &["matching", "alpha", "beta", "gamma", "tokenize"],
        "wer" | "mer" | "wil" => &["standardize"],
        "token-f1" => &["version"],
        "bert-score" => &["score"],
        "label" => &["labels", "ignore_case", "positive", "probability"],
        "xml" | "contains-xml" => &["elements"],
        "sql" | "contains-sql" => &["dialect"],
        "tool-calls" => &["ordered", "extra", "arguments"],
        "tool-calls-f1" => &["match"],
        "recall-at-k"
        | "precision-at-k"
        | "mrr"
        | "ndcg"
        | "context-precision-matched"
        | "context-recall-matched" => &["k", "similarity"],
        "cer"
        | "exact-match"
        | "levenshtein"
        | "levenshtein-similarity"
        | "indel"
        | "indel-similarity"
        | "osa"
        | "damerau"
        | "jaro"
        | "jaro-winkler"
        | "lcs"
        | "ratio"
        | "partial-ratio"
        | "token-sort-ratio"
        | "token-set-ratio"
        | "weighted-ratio"
        | "difflib"
        | "difflib-no-junk"
        | "similar"
        | "html"
        | "contains-html"
        | "finish-reason"
        | "refusal"
        | "rhai"
        | "javascript"
        | "python" => &[],
        _ => return None,
    })
}

/// So many at the beginning are worth naming to somebody who is lost.
const COMMON: usize = 10;

/// Types whose scorers are programs: they run when somebody allowed exactly their text, which no file of
/// a repository can.
const PROGRAMS: &[&str] = &["javascript", "python"];

/// Types of other projects that import keeps and nothing here runs: services of theirs, and what they
/// record about agents.
const ELSEWHERE: &[&str] = &[
    "agent-rubric",
    "classifier",
    "conversation-relevance",
    "fuzzy-match",
    "gleu",
    "guardrails",
    "is-valid-function-call",
    "is-valid-openai-function-call",
    "is-valid-openai-tools-call",
    "moderation",
    "perplexity",
    "perplexity-score",
    "pi",
    "ruby",
    "search-rubric",
    "skill-used",
    "tool-call-f1",
    "trace-error-spans",
    "trace-span-count",
    "trace-span-duration",
    "webhook",
];

/// Every metric a gate can look at.
pub const METRICS: &[&str] = &["latencyP50Ms", "latencyP95Ms", "cost", "errorRate"];

pub(super) fn check(subject: &Subject) -> Vec<Diagnostic> {
    let Some(file) = &subject.prompt.evals.file else {
        return Vec::new();
    };
    let mut report = Report::new(file);
    for (index, scorer) in subject.prompt.evals.scorers.iter().enumerate().take(MOST_FINDINGS) {
        scorer_type(subject, index, scorer, &mut report);
        scorer_option(subject, index, scorer, &mut report);
        judges::check(subject, index, scorer, &mut report);
        scorer_script(subject, index, scorer, &mut report);
    }
    for (index, gate) in subject.prompt.evals.gates.iter().enumerate().take(MOST_FINDINGS) {
        let known = |metric: &&String| !METRICS.contains(&metric.as_str());
        if let Some(metric) = gate.metric.as_ref().filter(known) {
            unknown_metric(subject, index, metric, &mut report);
        }
    }
    unknown_tags(subject, &mut report);
    report.found
}

fn scorer_type(subject: &Subject, index: usize, scorer: &ScorerSpec, report: &mut Report) {
    let kind = scorer.kind.as_str();
    let span = || in_evals(subject, "scorers", index, "type").unwrap_or(scorer.span);
    if PROGRAMS.contains(&kind) {
        let message = format!("the scorer `{}` of type `{kind}` is not run unasked", scorer.id);
        report.warning(codes::SCORER_NOT_RUN, span(), message).hint(
            "allow its text on this computer with `assay consent`, or say the same in type `rhai`",
        );
        return;
    }
    if SCORER_TYPES.contains(&kind) {
        return;
    }
    let span = span();
    if is_from_elsewhere(kind) {
        let message = format!("the scorer `{}` of type `{kind}` is not run", scorer.id);
        report
            .warning(codes::SCORER_NOT_RUN, span, message)
            .hint("it came from another project; say the same with another type, or remove it");
        return;
    }
    let file = report.file;
    let message = format!("the scorer `{}` has the unknown type `{kind}`", scorer.id);
    let finding = report.warning(codes::UNKNOWN_SCORER_TYPE, span, message);
    match closest(kind, SCORER_TYPES.iter().copied()) {
        Some(meant) => finding.hint(format!("did you mean `{meant}`?")).fix(Fix::offered(
            format!("Change to `{meant}`"),
            vec![Edit::replace(file, span, meant)],
        )),
        None => finding.hint(format!("common types are {}", name_list(&SCORER_TYPES[..COMMON]))),
    };
}

/// The first option that the type does not read.
fn scorer_option(subject: &Subject, index: usize, scorer: &ScorerSpec, report: &mut Report) {
    let Some(known) = scorer_options(&scorer.kind) else { return };
    let Some(option) = scorer.options.keys().find(|key| !known.contains(&key.as_str())) else {
        return;
    };
    let span = in_evals(subject, "scorers", index, "options").unwrap_or(scorer.span);
    let message = format!("the scorer `{}` has no option `{option}`", scorer.id);
    let finding = report.warning(codes::UNKNOWN_OPTION, span, message);
    match (closest(option, known.iter().copied()), known) {
        (Some(meant), _) => finding.hint(format!("did you mean `{meant}`?")),
        (None, []) => finding.hint(format!("`{}` reads no options", scorer.kind)),
        (None, known) => finding.hint(format!("`{}` reads {}", scorer.kind, name_list(known))),
    };
}

/// A script in a file that is not there.
fn scorer_script(subject: &Subject, index: usize, scorer: &ScorerSpec, report: &mut Report) {
    let reads = scorer.kind == "rhai" || PROGRAMS.contains(&scorer.kind.as_str());
    let file = scorer.extra.get("script").and_then(Value::as_str);
    if let Some(file) = file.filter(|_| reads) {
        let span = in_evals(subject, "scorers", index, "script").unwrap_or(scorer.span);
        crate::files::find(subject.files, file, span, report);
    }
}

/// A type of another project, or the name of a class or file in one.
fn is_from_elsewhere(kind: &str) -> bool {
    let positive = kind.strip_prefix("not-").unwrap_or(kind);
    let is_place = |c: char| matches!(c, '/' | ':' | '.') || c.is_ascii_uppercase();
    ELSEWHERE.contains(&positive) || kind.contains(is_place)
}

fn unknown_metric(subject: &Subject, index: usize, metric: &str, report: &mut Report) {
    let file = report.file;
    let span = in_evals(subject, "gates", index, "metric");
    let message = format!("a gate names the metric `{metric}`, which does not exist");
    let finding = report.warning(codes::UNKNOWN_METRIC, span.unwrap_or_default(), message);
    finding.hint(format!("the metrics are {}", name_list(METRICS)));
    if let Some((meant, span)) = closest(metric, METRICS.iter().copied()).zip(span) {
        let edits = vec![Edit::replace(file, span, meant)];
        finding.fix(Fix::offered(format!("Change to `{meant}`"), edits));
    }
}

/// Where a key of the entry `index` of a list of the evals file has its value.
pub(super) fn in_evals(subject: &Subject, list: &str, index: usize, key: &str) -> Option<Span> {
    let tree = subject.tree(subject.prompt.evals.file.as_deref()?)?;
    place::items(tree.get(list)?).get(index)?.get(key).map(|node| node.span)
}

/// Tags that scorers and gates ask for and no case has. One of several may be for cases to come,
/// so it is reported only when it looks mistyped, or when none of them has a case.
fn unknown_tags(subject: &Subject, report: &mut Report) {
    let evals = &subject.prompt.evals;
    let rows = &subject.prompt.cases.rows;
    let known: BTreeSet<&str> = rows.iter().flat_map(|row| &row.tags).map(String::as_str).collect();
    let unknown = |tags: &[String]| tags.iter().any(|tag| !known.contains(tag.as_str()));
    let scorers = evals.scorers.iter().any(|scorer| unknown(&scorer.tags));
    let gates = evals.gates.iter().any(|gate| unknown(&gate.tags));
    for (list, what, any) in [("scorers", "a scorer", scorers), ("gates", "a gate", gates)] {
        if rows.is_empty() || !any {
            continue;
        }
        let tree = evals.file.as_deref().and_then(|file| subject.tree(file));
        let entries = tree.as_ref().and_then(|tree| tree.get(list)).map_or(&[][..], place::items);
        for entry in entries.iter().take(MOST_FINDINGS) {
            let tags = entry.get("tags").map_or(&[][..], place::items);
            let has_case = |tag: &&Node| tag.as_str().is_some_and(|tag| known.contains(tag));
            let judges = tags.iter().any(|tag| has_case(&tag));
            for tag in tags.iter().filter(|tag| !has_case(tag)).take(MOST_FINDINGS) {
                unknown_tag(tag, what, judges, &known, report);
            }
        }
    }
}

fn unknown_tag(node: &Node, what: &str, judges: bool, known: &BTreeSet<&str>, report: &mut Report) {
    let Some(tag) = node.as_str() else {
        return;
    };
    let meant = closest(tag, known.iter().copied());
    if judges && meant.is_none() {
        return;
    }
    let file = report.file;
    let message = format!("{what} asks for the tag `{tag}`, which no case has");
    let finding = report.warning(codes::UNKNOWN_TAG, node.span, message);
    match meant {
        Some(meant) => finding.hint(format!("did you mean `{meant}`?")).fix(Fix::offered(
            format!("Change to `{meant}`"),
            vec![Edit::replace(file, node.span, meant)],
        )),
        None => finding.hint(format!("the tags of the cases are {}", name_list(known))),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_other_projects_are_told_from_mistyped_ones() {
        for kind in
            ["ruby", "not-webhook", "github/coherence", "trajectory:tool-used", "MyEval", "x.py"]
        {
            assert!(is_from_elsewhere(kind), "{kind}");
        }
        for kind in SCORER_TYPES.iter().chain(&["eqals", "sentiment", "not-known"]) {
            assert!(!is_from_elsewhere(kind), "{kind}");
        }
    }

    #[test]
    fn no_type_is_both_known_and_from_elsewhere_and_none_is_listed_twice() {
        let mut all: Vec<_> = SCORER_TYPES.iter().chain(ELSEWHERE).collect();
        all.sort_unstable();
        assert!(all.is_sorted_by(|a, b| a < b), "{all:?}");
    }

    #[test]
    fn a_script_in_a_file_is_there_or_named() {
        let files = |script: &str| -> crate::Files {
            let evals = format!("scorers:\n  - {{id: s, type: rhai, script: {script}}}\n");
            let manifest = "format: assay/1\nid: 01JZ0000000000000000000000\nname: p\nvariants:\n  - {id: a, file: a.prompty}\nevals: [evals.yaml]\n";
            let texts = [
                ("prompt.yaml", manifest.to_owned()),
                ("a.prompty", "system:\nHello\n".to_owned()),
                ("evals.yaml", evals),
                ("polite.rhai", "true".to_owned()),
            ];
            texts.into_iter().map(|(name, text)| (name.to_owned(), text)).collect()
        };
        let missing = |script: &str| {
            let found = crate::parse_folder("p", &files(script)).diagnostics;
            found
                .into_iter()
                .filter(|d| d.code == codes::MISSING_FILE)
                .map(|d| d.message)
                .collect::<Vec<_>>()
        };
        assert_eq!(missing("polite.rhai"), Vec::<String>::new());
        assert_eq!(
            missing("rude.rhai"),
            ["evals.yaml refers to `rude.rhai`, which does not exist"]
        );
    }

    #[test]
    fn options_are_known_of_types_that_are() {
        for kind in SCORER_TYPES {
            let options = scorer_options(kind).unwrap_or_default();
            assert!(options.iter().all(|option| !option.is_empty()), "{kind}");
        }
        assert_eq!(scorer_options("llm-rubric"), None);
        assert_eq!(scorer_options("refusal"), Some(&[][..]));
    }
}
