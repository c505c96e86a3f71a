//! ROUGE: how much of a reference an output covers, for summaries.
//!
//! *ROUGE-N* counts n-grams that both have, each as often as both have it; *ROUGE-L* the longest
//! common subsequence of words; *ROUGE-Lsum* does that line by line, for each line of the reference
//! the words that any line of the output has in the same order. Precision is the share of the
//! output's n-grams (or words), recall of the reference's, F1 their harmonic mean, which is the
//! score. Of several references the one with the best F1 counts, the first of equals.
//!
//! Range 0 to 1, more is better. Source: Lin, *ROUGE: a package for automatic evaluation of
//! summaries*, 2004; equal to rouge-score 0.1.2, which `evaluate` wraps, through the crate rougers.
//! Default: no stemmer.
//!
//! It misleads in any script but Latin: with [`Words::Ascii`] only `a` to `z` and digits are words,
//! so a Russian or Chinese text scores 0 against itself. [`Words::Unicode`] takes the words of every
//! script, but is no metric of the literature, and its signature says so. ROUGE-L and ROUGE-Lsum
//! are equal on one line only. Covering the words is not saying the same: a negation costs one word.

use rougers::{RougeScorer, RougeType, Tokenizer};
use thiserror::Error;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Runs of so many words, 1 to 9.
    N(u8),
    /// The longest common subsequence of the whole texts.
    L,
    /// The same line by line.
    Lsum,
}

/// What is a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Words {
    /// Runs of ASCII letters and digits, after lower-casing.
    Ascii {
        /// Whether words of more than three letters are cut to their stem, see
        /// [`crate::metrics::porter`].
        stems: bool,
    },
    /// The words of Unicode's UAX 29, in any script, case folded and NFKC normalised.
    Unicode,
}

/// A ROUGE that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("rouge{0} does not exist: n is 1 to 9")]
pub struct UnknownKind(pub u8);

/// Precision, recall and F1, each from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rouge {
    /// Share of the output that the reference has.
    pub precision: f64,
    /// Share of the reference that the output has.
    pub recall: f64,
    /// Their harmonic mean: the score.
    pub f1: f64,
}

/// A ROUGE of one kind. Made once, used for many outputs.
#[derive(Debug, Clone)]
pub struct Scorer {
    kind: Kind,
    words: Words,
    scorer: RougeScorer,
}

impl Scorer {
    /// A scorer.
    ///
    /// # Errors
    /// When n is not 1 to 9.
    ///
    /// ```
    /// use assay_score::metrics::rouge::{Kind, Scorer, Words};
    ///
    /// let rouge = Scorer::new(Kind::L, Words::Ascii { stems: true })?;
    /// let score = rouge.score("The cats sat.", &["A cat sat down."]).unwrap();
    /// assert_eq!((score.precision, score.recall), (2.0 / 3.0, 0.5));
    /// assert_eq!(rouge.score("text", &[]), None);
    /// # Ok::<(), assay_score::metrics::rouge::UnknownKind>(())
    /// ```
    pub fn new(kind: Kind, words: Words) -> Result<Scorer, UnknownKind> {
        let (n, rouge) = match kind {
            Kind::N(n) => (n, RougeType::N(n)),
            Kind::L => (0, RougeType::L),
            Kind::Lsum => (0, RougeType::LSum),
        };
        let scorer = RougeScorer::with_tokenizer(vec![rouge], tokenizer(words));
        Ok(Scorer { kind, words, scorer: scorer.map_err(|_| UnknownKind(n))? })
    }

    /// The score of an output against the best of its references. `None` without a reference.
    pub fn score(&self, output: &str, references: &[&str]) -> Option<Rouge> {
        let scores = self.scorer.score_multi(references, output)?;
        let (_, score) = scores.iter().next()?;
        Some(Rouge { precision: score.precision, recall: score.recall, f1: score.fmeasure })
    }

    /// What goes with every score: two scores with different signatures are not compared.
    pub fn signature(&self) -> String {
        let kind = match self.kind {
            Kind::N(n) => format!("rouge{n}"),
            Kind::L => "rougeL".to_owned(),
            Kind::Lsum => "rougeLsum|split:newline".to_owned(),
        };
        let words = match self.words {
            Words::Ascii { stems: true } => "ascii|stem:porter-nltk",
            Words::Ascii { stems: false } => "ascii|stem:no",
            Words::Unicode => "unicode-v1|stem:no",
        };
        format!("{kind}|tok:{words}|refs:best-f1|v:1")
    }
}

/// The words of a text, as ROUGE sees them.
pub fn words(text: &str, words: Words) -> Vec<String> {
    tokenizer(words).tokenize(text)
}

fn tokenizer(words: Words) -> Tokenizer {
    match words {
        Words::Ascii { stems } => Tokenizer::new(stems),
        Words::Unicode => Tokenizer::unicode(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    const KINDS: [Kind; 5] = [Kind::N(1), Kind::N(2), Kind::N(9), Kind::L, Kind::Lsum];
    const PLAIN: Words = Words::Ascii { stems: false };

    fn rouge(kind: Kind, words: Words, output: &str, references: &[&str]) -> Rouge {
        Scorer::new(kind, words).unwrap().score(output, references).unwrap()
    }

    #[test]
    fn there_is_no_rouge_0_or_10() {
        for n in [0, 10] {
            assert_eq!(Scorer::new(Kind::N(n), PLAIN).unwrap_err(), UnknownKind(n));
        }
    }

    #[test]
    fn lines_matter_to_lsum_alone() {
        let (output, reference) = ("sat here\nthe cat", "the cat\nsat here");
        assert_eq!(rouge(Kind::Lsum, PLAIN, output, &[reference]).f1, 1.0);
        assert_eq!(rouge(Kind::L, PLAIN, output, &[reference]).f1, 0.5);
    }

    #[test]
    fn another_script_has_words_in_unicode_only() {
        assert_eq!(rouge(Kind::N(1), PLAIN, "мир", &["мир"]).f1, 0.0);
        assert_eq!(rouge(Kind::N(1), Words::Unicode, "мир", &["мир"]).f1, 1.0);
    }

    #[test]
    fn signatures_tell_kinds_and_words_apart() {
        let all = KINDS.iter().flat_map(|kind| {
            [PLAIN, Words::Ascii { stems: true }, Words::Unicode]
                .map(|words| Scorer::new(*kind, words).unwrap().signature())
        });
        assert_eq!(all.collect::<std::collections::HashSet<_>>().len(), 15);
    }

    proptest! {
        #[test]
        fn scores_are_bounded_and_one_on_itself(a in "\\PC{0,60}", b in "[ab c\\n]{0,40}") {
            for kind in KINDS {
                for words in [PLAIN, Words::Ascii { stems: true }, Words::Unicode] {
                    let score = rouge(kind, words, &a, &[&b]);
                    for part in [score.precision, score.recall, score.f1] {
                        prop_assert!((0.0..=1.0).contains(&part));
                    }
                }
            }
            let itself = rouge(Kind::L, PLAIN, &b, &[&b]).f1;
            prop_assert_eq!(itself, if b.trim().is_empty() { 0.0 } else { 1.0 });
        }

        #[test]
        fn the_order_of_references_does_not_change_f1(
            output in "[a-c ]{0,20}",
            mut references in proptest::collection::vec("[a-c ]{0,20}", 1..4),
        ) {
            let f1 = |all: &[String]| {
                let all: Vec<&str> = all.iter().map(String::as_str).collect();
                rouge(Kind::L, PLAIN, &output, &all).f1
            };
            let before = f1(&references);
            references.reverse();
            prop_assert_eq!(before, f1(&references));
        }
    }
}
