//! Exact match and token F1 of answers, as SQuAD scores them.
//!
//! Both sides are normalised: lower case, ASCII punctuation **deleted** (so `New-York` becomes
//! `newyork`), the words *a*, *an*, *the* removed, white space tidied up. *Exact match* is 1 when
//! the rest is equal; *token F1* is the harmonic mean of precision and recall of the words, each
//! counted as often as it stands there. Of several references the best counts.
//!
//! Range 0 to 1, more is better. Source: Rajpurkar and others, 2016 and 2018, and their
//! `evaluate-v1.1.py` and `evaluate-v2.0.py`. The two differ where a side normalises to nothing: in
//! version 2 two empty answers agree, because some questions have none; in version 1 they score 0.
//!
//! It misleads where words are not written with spaces between them: Chinese and Japanese sentences
//! are one word. Typographic quotation marks are not ASCII and are kept. The order of words does not
//! count, nor does a negation weigh more than any other word.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;

use super::python;

/// Which script's rule for answers without words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Version {
    /// Without words on both sides F1 is 0.
    V1,
    /// Without words on one side F1 is 1 when the other has none either, else 0.
    #[default]
    V2,
}

impl Version {
    /// What goes with every score: two scores with different signatures are not compared.
    pub fn signature(self) -> String {
        let version = match self {
            Version::V1 => "1.1",
            Version::V2 => "2.0",
        };
        format!("token-f1|squad:{version}|refs:best|v:1")
    }
}

/// What goes with every exact match.
pub fn exact_match_signature() -> String {
    "exact-match|norm:squad|refs:any|v:1".to_owned()
}

/// Whether the output equals one of the references, both normalised. `None` without a reference.
///
/// ```
/// use assay_score::metrics::squad::exact_match;
///
/// assert_eq!(exact_match("The Eiffel Tower.", &["eiffel tower"]), Some(true));
/// assert_eq!(exact_match("42", &[]), None);
/// ```
pub fn exact_match(output: &str, references: &[&str]) -> Option<bool> {
    let output = normalise(output);
    (!references.is_empty()).then(|| references.iter().any(|one| normalise(one) == output))
}

/// Token F1 against the best of the references, from 0 to 1. `None` without a reference.
pub fn token_f1(output: &str, references: &[&str], version: Version) -> Option<f64> {
    let output = normalise(output);
    references.iter().map(|one| f1(&output, &normalise(one), version)).reduce(f64::max)
}

/// The F1 of two normalised texts.
fn f1(output: &str, reference: &str, version: Version) -> f64 {
    let words = |text: &str| text.split(' ').filter(|word| !word.is_empty()).count();
    let (ours, theirs) = (words(output), words(reference));
    if version == Version::V2 && (ours == 0 || theirs == 0) {
        return f64::from(u8::from(ours == theirs));
    }
    let common = common_words(output, reference);
    if common == 0 {
        return 0.0;
    }
    let precision = common as f64 / ours as f64;
    let recall = common as f64 / theirs as f64;
    (2.0 * precision * recall) / (precision + recall)
}

/// How many words both have, each as often as both have it.
fn common_words(a: &str, b: &str) -> usize {
    let mut counts = HashMap::new();
    for word in a.split(' ').filter(|word| !word.is_empty()) {
        *counts.entry(word).or_insert(0_usize) += 1;
    }
    let mut taken = |word: &&str| match counts.get_mut(*word) {
        Some(left) if *left > 0 => {
            *left -= 1;
            true
        }
        _ => false,
    };
    b.split(' ').filter(|word| taken(word)).count()
}

/// An answer as SQuAD compares it.
pub fn normalise(answer: &str) -> String {
    let bare = answer.to_lowercase().replace(|c: char| c.is_ascii_punctuation(), "");
    let bare = without_articles(&bare);
    python::split(&bare).collect::<Vec<_>>().join(" ")
}

/// With a space in place of every word that is an article. A word is what Python's `\b` bounds:
/// letters and digits, but not the accents that some languages write as characters of their own.
fn without_articles(text: &str) -> String {
    static WORD: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[\p{L}\p{N}_]+").ok());
    let Some(word) = WORD.as_ref() else { return text.to_owned() };
    let mut kept = String::with_capacity(text.len());
    let mut from = 0;
    for found in word.find_iter(text).filter(|m| matches!(m.as_str(), "a" | "an" | "the")) {
        kept.push_str(&text[from..found.start()]);
        kept.push(' ');
        from = found.end();
    }
    kept + &text[from..]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn punctuation_is_deleted_and_articles_are_words() {
        assert_eq!(normalise("  The New-York Times, a «paper» "), "newyork times «paper»");
        assert_eq!(normalise("Theatre an' other"), "theatre other");
        // The accent is a character of its own, so what stands before it is an article.
        assert_eq!(normalise("a\u{301} b"), "\u{301} b");
    }

    #[test]
    fn empty_answers_agree_in_version_2_only() {
        assert_eq!(token_f1("the", &["A."], Version::V2), Some(1.0));
        assert_eq!(token_f1("the", &["A."], Version::V1), Some(0.0));
        assert_eq!(token_f1("the", &["word"], Version::V2), Some(0.0));
    }

    #[test]
    fn the_best_reference_counts_and_none_is_no_score() {
        let f1 = token_f1("blue sky", &["green", "blue sea", "nothing"], Version::V2);
        assert_eq!(f1, Some(0.5));
        assert_eq!(token_f1("blue", &[], Version::V2), None);
    }

    proptest! {
        #[test]
        fn f1_is_bounded_symmetric_and_one_on_itself(a in "\\PC{0,30}", b in "[a-c the]{0,20}") {
            for version in [Version::V1, Version::V2] {
                let there = token_f1(&a, &[&b], version);
                prop_assert_eq!(there, token_f1(&b, &[&a], version));
                prop_assert!(there.is_some_and(|f1| (0.0..=1.0).contains(&f1)));
            }
            prop_assert_eq!(token_f1(&a, &[&a], Version::V2), Some(1.0));
            prop_assert_eq!(exact_match(&a, &[&b, &a]), Some(true));
        }

        #[test]
        fn the_order_of_references_does_not_matter(
            output in "[a-d ]{0,12}",
            mut references in proptest::collection::vec("[a-d ]{0,12}", 1..4),
        ) {
            let f1 = |all: &[String]| {
                let all: Vec<&str> = all.iter().map(String::as_str).collect();
                token_f1(&output, &all, Version::V2)
            };
            let before = f1(&references);
            references.reverse();
            prop_assert_eq!(before, f1(&references));
        }
    }
}
