//! The types of scorers for people: what each does, and which keys it reads.

/// A type of scorer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    /// Its `type`.
    pub kind: &'static str,
    /// The heading it stands under in the list of types.
    pub group: &'static str,
    /// What it does, in one line.
    pub says: &'static str,
    /// The keys it reads beside those that every scorer has.
    pub keys: &'static [&'static str],
}

impl About {
    /// Its name and what it does, on one line.
    pub fn line(&self) -> String {
        format!("{} — {}", self.kind, self.says)
    }
}

const fn about(
    group: &'static str,
    kind: &'static str,
    keys: &'static [&'static str],
    says: &'static str,
) -> About {
    About { kind, group, says, keys }
}

const TEXT: &str = "Text";
const STRUCTURE: &str = "Structure";
const LIMITS: &str = "Limits";
const JUDGES: &str = "Judged by a model";
const TOOLS: &str = "Tools and answers";
const METRICS: &str = "Metrics against a reference";
const EDITS: &str = "Edit distances";
const MEANING: &str = "Meaning, by embedding";
const CONTEXT: &str = "Retrieval, without a judge";
const JUDGED_CONTEXT: &str = "Retrieval, judged by a model";
const SCRIPTS: &str = "Scripts of your own";

// Options have fields of their own, see `options`.
const WANTED: &[&str] = &["path", "expected", "value"];
const SHARE: &[&str] = &["path", "expected", "value", "threshold"];
const JUDGE: &[&str] = &["model", "models", "rubric", "prompt", "expected", "threshold"];
const MARKUP: &[&str] = &["path"];
const REFERENCE: &[&str] = &["path", "expected", "value", "threshold", "min", "max"];
const CONTEXTS: &[&str] = &["model", "models", "prompt", "threshold"];
const JUDGED_REFERENCE: &[&str] = &["model", "models", "prompt", "expected", "value", "threshold"];
const RANKS: &[&str] = REFERENCE;
const SCRIPT: &[&str] = &["path", "value", "script", "threshold", "min", "max"];

/// Every type that the format knows.
pub const ABOUT: &[About] = &[
    about(TEXT, "equals", WANTED, "The output, or one value in it, is the expected one."),
    about(TEXT, "contains", SHARE, "The output holds the text, or every text of a list."),
    about(TEXT, "icontains", SHARE, "Like contains; capitals do not matter."),
    about(TEXT, "starts-with", WANTED, "The output begins with the text."),
    about(TEXT, "regex", &["path", "value"], "The output matches the pattern in value."),
    about(TEXT, "max-words", &["path", "min", "max"], "The output has at most max words."),
    about(STRUCTURE, "json", &[], "The output is JSON."),
    about(
        STRUCTURE,
        "json-schema",
        &["path", "schema", "value"],
        "The output is JSON that fits a schema; outputs is the prompt's own.",
    ),
    about(LIMITS, "latency", &["min", "max"], "The answer takes at most max milliseconds."),
    about(LIMITS, "cost", &["min", "max"], "The call costs at most max US dollars."),
    about(JUDGES, "llm-rubric", JUDGE, "A model judges the output by the rubric you write."),
    about(JUDGES, "g-eval", JUDGE, "A model reasons in steps over criteria, then gives a grade."),
    about(
        JUDGES,
        "factuality",
        JUDGED_REFERENCE,
        "A model says whether the output agrees with the expected facts.",
    ),
    about(JUDGES, "closed-qa", JUDGE, "A model says yes or no to one question about the output."),
    about(
        JUDGES,
        "pairwise",
        &["model", "models", "baseline", "rubric", "prompt", "threshold"],
        "A model says which is better, this output or the baseline's.",
    ),
    about(TEXT, "contains-all", WANTED, "The output holds every text of a list."),
    about(TEXT, "contains-any", WANTED, "The output holds at least one text of a list."),
    about(TEXT, "icontains-all", WANTED, "Like contains-all; capitals do not matter."),
    about(TEXT, "icontains-any", WANTED, "Like contains-any; capitals do not matter."),
    about(TEXT, "ends-with", WANTED, "The output ends with the text."),
    about(TEXT, "word-count", &["path", "min", "max"], "The output has from min to max words."),
    about(
        STRUCTURE,
        "contains-json",
        &["path", "schema", "value"],
        "Somewhere in the output is JSON.",
    ),
    about(STRUCTURE, "xml", MARKUP, "The output is well-formed XML."),
    about(STRUCTURE, "contains-xml", MARKUP, "Somewhere in the output is a whole XML element."),
    about(STRUCTURE, "html", &["path"], "The output is HTML."),
    about(STRUCTURE, "contains-html", &["path"], "Somewhere in the output is a tag of HTML."),
    about(STRUCTURE, "sql", MARKUP, "The output is SQL that can be parsed."),
    about(STRUCTURE, "contains-sql", MARKUP, "A code block of the output is SQL."),
    about(TOOLS, "tool-calls", &["expected", "value"], "The model called the expected tools."),
    about(
        TOOLS,
        "tool-calls-f1",
        &["expected", "value", "threshold", "min", "max"],
        "How many of the expected tools were called, and how few others.",
    ),
    about(TOOLS, "finish-reason", &["value"], "The answer ended for this reason, such as stop."),
    about(TOOLS, "refusal", &[], "The model refused to answer."),
    about(
        TOOLS,
        "expression",
        &["value", "threshold"],
        "A small formula over the output and the case.",
    ),
    about(METRICS, "bleu", REFERENCE, "Shared word sequences with the reference, by precision."),
    about(METRICS, "chrf", REFERENCE, "Shared character sequences with the reference."),
    about(METRICS, "ter", REFERENCE, "Edits that lead to the reference, as a share of its words."),
    about(METRICS, "rouge-1", REFERENCE, "Shared words with the reference, by recall."),
    about(METRICS, "rouge-2", REFERENCE, "Shared pairs of words with the reference."),
    about(METRICS, "rouge-3", REFERENCE, "Shared triples of words with the reference."),
    about(METRICS, "rouge-n", REFERENCE, "Shared sequences of n words with the reference."),
    about(METRICS, "rouge-l", REFERENCE, "The longest common sequence of words."),
    about(METRICS, "rouge-lsum", REFERENCE, "Like ROUGE-L, line by line: for summaries."),
    about(
        METRICS,
        "meteor",
        REFERENCE,
        "Shared words and stems, and how well they keep their order.",
    ),
    about(METRICS, "wer", REFERENCE, "Wrong words, as a share of the reference's."),
    about(METRICS, "mer", REFERENCE, "Wrong words, as a share of all aligned places."),
    about(METRICS, "wil", REFERENCE, "The share of word information that was lost."),
    about(METRICS, "cer", REFERENCE, "Wrong characters, as a share of the reference's."),
    about(
        METRICS,
        "exact-match",
        REFERENCE,
        "The same text, after articles and punctuation are dropped.",
    ),
    about(
        METRICS,
        "token-f1",
        REFERENCE,
        "Shared words with the reference, as in question answering.",
    ),
    about(EDITS, "levenshtein", REFERENCE, "How few characters differ from the reference."),
    about(EDITS, "levenshtein-similarity", REFERENCE, "The share of characters that stay."),
    about(EDITS, "indel", REFERENCE, "Characters put in or taken out, up to the reference."),
    about(EDITS, "indel-similarity", REFERENCE, "The share of both texts that indel keeps."),
    about(EDITS, "osa", REFERENCE, "Like levenshtein; two swapped neighbours are one edit."),
    about(EDITS, "damerau", REFERENCE, "Like osa, and what was swapped may be edited again."),
    about(EDITS, "jaro", REFERENCE, "Common characters in nearly the same place."),
    about(EDITS, "jaro-winkler", REFERENCE, "Like jaro; a common beginning counts more."),
    about(EDITS, "lcs", REFERENCE, "Characters of the longest common subsequence."),
    about(EDITS, "ratio", REFERENCE, "Likeness of the texts in percent."),
    about(EDITS, "partial-ratio", REFERENCE, "Likeness of the shorter text to its best part."),
    about(EDITS, "token-sort-ratio", REFERENCE, "Likeness of the sorted words."),
    about(EDITS, "token-set-ratio", REFERENCE, "Likeness of the sets of words."),
    about(EDITS, "weighted-ratio", REFERENCE, "The best of the ratios, each weighted."),
    about(EDITS, "difflib", REFERENCE, "Likeness as Python's difflib has it."),
    about(EDITS, "difflib-no-junk", REFERENCE, "Like difflib, common characters counted too."),
    about(MEANING, "similar", REFERENCE, "How near in meaning to the reference, by embedding."),
    about(MEANING, "bert-score", REFERENCE, "How near in meaning, word by word."),
    about(TEXT, "label", WANTED, "The output is the right class; a column has its F1 and kappa."),
    about(
        JUDGED_CONTEXT,
        "faithfulness",
        CONTEXTS,
        "Every claim of the output stands in the contexts.",
    ),
    about(JUDGED_CONTEXT, "answer-relevance", CONTEXTS, "The output answers what was asked."),
    about(JUDGED_CONTEXT, "context-precision", JUDGED_REFERENCE, "The useful contexts come first."),
    about(
        JUDGED_CONTEXT,
        "context-recall",
        JUDGED_REFERENCE,
        "The contexts hold what the reference needs.",
    ),
    about(JUDGED_CONTEXT, "context-relevance", CONTEXTS, "The contexts are about the question."),
    about(CONTEXT, "recall-at-k", RANKS, "How many of the wanted contexts are among the first k."),
    about(CONTEXT, "precision-at-k", RANKS, "How many of the first k contexts are wanted."),
    about(CONTEXT, "mrr", RANKS, "How early the first wanted context comes."),
    about(CONTEXT, "ndcg", RANKS, "How early the wanted contexts come, all of them together."),
    about(
        CONTEXT,
        "context-precision-matched",
        RANKS,
        "The wanted contexts come first, by their text and with no judge.",
    ),
    about(
        CONTEXT,
        "context-recall-matched",
        RANKS,
        "All wanted contexts came, by their text and with no judge.",
    ),
    about(SCRIPTS, "rhai", SCRIPT, "A short script in Rhai says what the output is worth."),
    about(SCRIPTS, "javascript", SCRIPT, "A program for Node; it runs once you allowed its text."),
    about(SCRIPTS, "python", SCRIPT, "A program for Python; it runs once you allowed its text."),
];

/// The headings of the list, in its order.
pub const GROUPS: [&str; 11] = [
    TEXT,
    STRUCTURE,
    TOOLS,
    LIMITS,
    JUDGES,
    JUDGED_CONTEXT,
    CONTEXT,
    METRICS,
    MEANING,
    EDITS,
    SCRIPTS,
];

/// What is known of a type.
pub fn of(kind: &str) -> Option<&'static About> {
    ABOUT.iter().find(|about| about.kind == kind)
}

/// Whether a type reads a key. A type nobody knows may read any.
pub fn reads(kind: &str, key: &str) -> bool {
    matches!(key, "tags" | "weight") || of(kind).is_none_or(|about| about.keys.contains(&key))
}

/// Whether scorers of a type are programs, which run with consent only.
pub fn is_program(kind: &str) -> bool {
    matches!(kind, "javascript" | "python")
}

/// Whether the value of a type is a script, of several lines perhaps.
pub fn is_script(kind: &str) -> bool {
    kind == "rhai" || is_program(kind)
}

/// What a type does, in one line.
pub fn says(kind: &str) -> &'static str {
    of(kind).map_or("This type is not known here, so it is kept and not run.", |about| about.says)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use assay_prompt::{JUDGE_TYPES, SCORER_TYPES};

    use super::*;

    #[test]
    fn every_type_of_the_format_is_explained_once() {
        let explained: Vec<_> = ABOUT.iter().map(|about| about.kind).collect();
        assert_eq!(explained, SCORER_TYPES);
        let lines: BTreeSet<_> = ABOUT.iter().map(|about| about.says).collect();
        assert_eq!(lines.len(), ABOUT.len(), "two types with one explanation tell nobody apart");
    }

    #[test]
    fn every_type_stands_under_a_heading() {
        for about in ABOUT {
            assert!(GROUPS.contains(&about.group), "{}", about.kind);
        }
    }

    #[test]
    fn every_family_has_a_type_and_those_that_ask_a_model_read_a_model() {
        for group in GROUPS {
            assert!(ABOUT.iter().any(|about| about.group == group), "{group} is an empty heading");
        }
        for kind in JUDGE_TYPES {
            let about = of(kind).expect("it is explained");
            assert!([JUDGES, JUDGED_CONTEXT].contains(&about.group), "{kind}");
            for key in ["model", "models", "prompt", "threshold"] {
                assert!(reads(kind, key), "{kind} {key}");
            }
        }
        assert!(reads("pairwise", "baseline") && !reads("llm-rubric", "baseline"));
        assert!(!reads("equals", "model"), "an assertion asks nobody");
    }

    #[test]
    fn a_type_of_another_project_may_read_any_key() {
        assert!(reads("webhook", "value"));
        assert!(!reads("latency", "value"));
        assert!(reads("latency", "weight"));
    }
}
