//! BLEU (Papineni, Roukos, Ward, Zhu, 2002), as sacrebleu 2.6.0 computes it.
//!
//! This module owns counting and scoring; [`tokenizers`] says what a word is.

pub mod tokenizers;

use std::borrow::Cow;
use std::num::NonZeroU8;
use std::ops::AddAssign;

use self::tokenizers::Tokenizer;
use super::corpus::{CorpusMetric, Flat, reference_count, whole, yes_no};
use super::ngrams::{Symbols, ngrams_in, shared_ngrams};
use super::python::{in_case, rstrip};

/// What is done about an order of which no n-gram matches, whose logarithm would be −∞.
///
/// None of it helps a text without a single match of any order: that scores 0.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Smoothing {
    /// Nothing: the score is 0.
    None,
    /// NIST's, the default: the first such order counts half a match, the next a quarter, and so on.
    #[default]
    Exp,
    /// So many matches (0.1 by default).
    Floor(f64),
    /// Adds so much (1 by default) to matches and totals of *every* order above the first.
    AddK(f64),
}

impl Smoothing {
    /// The smoothing of this name, with its value where it takes one and another than its default
    /// is wanted.
    #[must_use]
    pub fn named(name: &str, value: Option<f64>) -> Option<Smoothing> {
        match name {
            "none" => Some(Smoothing::None),
            "exp" => Some(Smoothing::Exp),
            "floor" => Some(Smoothing::Floor(value.unwrap_or(0.1))),
            "add-k" => Some(Smoothing::AddK(value.unwrap_or(1.0))),
            _ => None,
        }
    }

    fn signature(self) -> String {
        match self {
            Smoothing::None => "none".to_owned(),
            Smoothing::Exp => "exp".to_owned(),
            Smoothing::Floor(value) => format!("floor[{value:.2}]"),
            Smoothing::AddK(value) => format!("add-k[{value:.2}]"),
        }
    }
}

/// BLEU: how many of the output's n-grams the references have, times a penalty for brevity.
///
/// *Definition.* For each order n from 1 to 4, the precision is the share of the output's n-grams
/// that are in the references, each counted at most as often as in the reference that has it most
/// often. The score is 100 times the geometric mean of the precisions times the brevity penalty,
/// exp(1 − r/c) where the output's length c is below r, the length of the closest reference (the
/// shorter of two that are equally close). Of many outputs, matches, totals and lengths are summed
/// first.
///
/// *Range* 0 to 100 (100.00000000000004 for identical texts, as the reference has it); higher is
/// better. *Defaults*: tokenizer 13a, case kept, order 4, `exp` smoothing, and without effective
/// order, which suits a corpus; [`Bleu::of_sentences`] has it.
///
/// *Source*: sacrebleu 2.6.0, `BLEU`.
///
/// *It misleads* for one short text (a corpus of sentences is what it was made for), for scripts
/// without spaces under 13a, for texts that may rightly be worded in many ways, and between systems
/// whose numbers came from different tokenizers: hence the signature. The mean of sentence scores
/// is not the corpus score. It counts a wrong number or a missing "not" as one word.
///
/// ```
/// use assay_score::metrics::bleu::Bleu;
/// use assay_score::metrics::corpus::CorpusMetric;
///
/// let bleu = Bleu::of_sentences();
/// let score = bleu.sentence_score("The cat sat on a mat.", &["The cat sat on the mat."]).unwrap();
/// assert_eq!(format!("{score:.2}"), "48.89");
/// assert_eq!(bleu.signature(Some(1)), "bleu|nrefs:1|case:mixed|eff:yes|tok:13a|smooth:exp|v:1");
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bleu {
    /// What a word is.
    pub tokenizer: Tokenizer,
    /// What is done about orders without a match.
    pub smoothing: Smoothing,
    /// Whether case is ignored.
    pub lowercase: bool,
    /// The longest n-grams that count.
    pub max_order: NonZeroU8,
    /// Leaves out the orders that a text is too short for, instead of scoring it 0.
    pub effective_order: bool,
}

/// The usual longest n-gram.
const MAX_ORDER: NonZeroU8 = NonZeroU8::MIN.saturating_add(3);

impl Default for Bleu {
    fn default() -> Self {
        Bleu {
            tokenizer: Tokenizer::default(),
            smoothing: Smoothing::default(),
            lowercase: false,
            max_order: MAX_ORDER,
            effective_order: false,
        }
    }
}

/// What a score is made of, of one output or the sum of many. Sums are of one metric's only.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BleuStatistics {
    /// Tokens of the output.
    pub output_length: u64,
    /// Tokens of the closest reference.
    pub reference_length: u64,
    /// Matching n-grams, by order from 1.
    pub matches: Vec<u64>,
    /// The output's n-grams, by order from 1.
    pub totals: Vec<u64>,
}

impl AddAssign<&BleuStatistics> for BleuStatistics {
    fn add_assign(&mut self, other: &BleuStatistics) {
        self.output_length += other.output_length;
        self.reference_length += other.reference_length;
        add_each(&mut self.matches, &other.matches);
        add_each(&mut self.totals, &other.totals);
    }
}

impl Flat for BleuStatistics {
    fn flat(&self) -> Vec<f64> {
        let lengths = [self.output_length, self.reference_length];
        let counts = self.matches.iter().chain(&self.totals);
        lengths.iter().chain(counts).map(|count| *count as f64).collect()
    }

    fn from_flat(numbers: &[f64]) -> Self {
        let (lengths, counts) = numbers.split_at(numbers.len().min(2));
        let (matches, totals) = counts.split_at(counts.len() / 2);
        let whole_of = |counts: &[f64]| counts.iter().map(|count| whole(*count)).collect();
        BleuStatistics {
            output_length: lengths.first().map_or(0, |length| whole(*length)),
            reference_length: lengths.get(1).map_or(0, |length| whole(*length)),
            matches: whole_of(matches),
            totals: whole_of(totals),
        }
    }
}

fn add_each(sums: &mut [u64], values: &[u64]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += value;
    }
}

/// A score and how it came about.
#[derive(Debug, Clone, PartialEq)]
pub struct BleuScore {
    /// 0 to 100.
    pub score: f64,
    /// Matches by order, with what smoothing added.
    pub matches: Vec<f64>,
    /// Totals by order, with what smoothing added.
    pub totals: Vec<f64>,
    /// Precisions by order in percent, smoothed. All 0 where nothing matched.
    pub precisions: Vec<f64>,
    /// 1 for outputs that are long enough, 0 for empty ones.
    pub brevity_penalty: f64,
    /// Tokens of the outputs.
    pub output_length: u64,
    /// Tokens of the closest references.
    pub reference_length: u64,
}

impl Bleu {
    /// The settings for single texts: as the default, with effective order.
    #[must_use]
    pub fn of_sentences() -> Self {
        Bleu { effective_order: true, ..Bleu::default() }
    }

    fn prepare<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.lowercase {
            let lowercase = in_case(text, true);
            Cow::Owned(self.tokenizer.prepare(rstrip(&lowercase)).into_owned())
        } else {
            self.tokenizer.prepare(rstrip(text))
        }
    }

    /// The score of summed statistics, with its parts.
    #[must_use]
    pub fn score_with_parts(&self, sum: &BleuStatistics) -> BleuScore {
        let orders = usize::from(self.max_order.get());
        let mut score = BleuScore {
            score: 0.0,
            matches: sum.matches.iter().map(|&count| count as f64).collect(),
            totals: sum.totals.iter().map(|&count| count as f64).collect(),
            precisions: vec![0.0; orders],
            brevity_penalty: brevity_penalty(sum.output_length, sum.reference_length),
            output_length: sum.output_length,
            reference_length: sum.reference_length,
        };
        if sum.matches.iter().any(|&matches| matches > 0) {
            let reached = self.fill_precisions(&mut score);
            let effective = if self.effective_order { reached } else { orders };
            score.score = score.brevity_penalty * geometric_mean(&score.precisions[..effective]);
        }
        score
    }

    /// Fills in precisions up to the first order without any n-gram, and says how many there are.
    fn fill_precisions(&self, score: &mut BleuScore) -> usize {
        let mut halving = 1.0;
        let counts = score.matches.iter_mut().zip(&mut score.totals);
        let orders = counts.zip(&mut score.precisions).enumerate();
        let mut reached = 0;
        for (at, ((matches, total), precision)) in orders {
            if let Smoothing::AddK(k) = self.smoothing
                && at > 0
            {
                *matches += k;
                *total += k;
            }
            if *total == 0.0 {
                break;
            }
            reached = at + 1;
            *precision = match self.smoothing {
                _ if *matches != 0.0 => 100.0 * *matches / *total,
                Smoothing::Exp => {
                    halving *= 2.0;
                    100.0 / (halving * *total)
                }
                Smoothing::Floor(value) => 100.0 * value / *total,
                Smoothing::None | Smoothing::AddK(_) => 0.0,
            };
        }
        reached
    }
}

impl CorpusMetric for Bleu {
    type Statistics = BleuStatistics;

    fn statistics(&self, output: &str, references: &[&str]) -> Option<BleuStatistics> {
        let texts: Vec<_> =
            std::iter::once(&output).chain(references).map(|text| self.prepare(text)).collect();
        let mut symbols = Symbols::with_room(output.len() / 4);
        let numbered: Vec<Vec<u32>> = texts
            .iter()
            .map(|text| {
                let tokens = self.tokenizer.tokens(text);
                tokens.into_iter().map(|token| symbols.word(token)).collect()
            })
            .collect();
        let numbered: Vec<&[u32]> = numbered.iter().map(Vec::as_slice).collect();
        let (output, references) = numbered.split_first()?;
        let orders = usize::from(self.max_order.get());
        let matches = shared_ngrams(output, references, orders);
        Some(BleuStatistics {
            output_length: output.len() as u64,
            reference_length: closest_length(output.len(), references)? as u64,
            matches: matches.into_iter().map(|count| count as u64).collect(),
            totals: (1..=orders).map(|n| ngrams_in(output.len(), n) as u64).collect(),
        })
    }

    fn score_of(&self, sum: &BleuStatistics) -> f64 {
        self.score_with_parts(sum).score
    }

    fn signature(&self, references: Option<usize>) -> String {
        let mut signature = format!(
            "bleu|nrefs:{}|case:{}|eff:{}|tok:{}|smooth:{}",
            reference_count(references),
            if self.lowercase { "lc" } else { "mixed" },
            yes_no(self.effective_order),
            self.tokenizer.name(),
            self.smoothing.signature(),
        );
        if self.max_order != MAX_ORDER {
            signature += &format!("|order:{}", self.max_order);
        }
        signature + "|v:1"
    }
}

/// The shorter of two that are equally close. None without a reference.
fn closest_length(output: usize, references: &[&[u32]]) -> Option<usize> {
    let lengths = references.iter().map(|reference| reference.len());
    lengths.min_by_key(|&length| (output.abs_diff(length), length))
}

fn brevity_penalty(output: u64, reference: u64) -> f64 {
    match (output, reference) {
        _ if output >= reference => 1.0,
        (0, _) => 0.0,
        _ => (1.0 - reference as f64 / output as f64).exp(),
    }
}

/// The reference's logarithm of 0; a finite number, which brings every score to 0 all the same.
const LOG_OF_ZERO: f64 = -9_999_999_999.0;

fn geometric_mean(precisions: &[f64]) -> f64 {
    let log = |precision: f64| if precision == 0.0 { LOG_OF_ZERO } else { precision.ln() };
    let sum: f64 = precisions.iter().map(|&precision| log(precision)).sum();
    (sum / precisions.len() as f64).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(bleu: &Bleu, output: &str, references: &[&str]) -> BleuScore {
        bleu.score_with_parts(&bleu.statistics(output, references).unwrap())
    }

    #[test]
    fn without_a_match_smoothing_helps_nothing() {
        for smoothing in ["none", "exp", "floor", "add-k"] {
            let smoothing = Smoothing::named(smoothing, None).unwrap();
            let score = parts(&Bleu { smoothing, ..Bleu::of_sentences() }, "a b c", &["d e f"]);
            assert_eq!((score.score, score.precisions), (0.0, vec![0.0; 4]));
        }
    }

    #[test]
    fn exp_halves_again_for_each_order_without_a_match() {
        let score = parts(&Bleu::of_sentences(), "a x b y", &["a c b d"]);
        assert_eq!(score.precisions, [50.0, 100.0 / 6.0, 100.0 / 8.0, 100.0 / 8.0]);
    }

    #[test]
    fn a_text_shorter_than_the_order_needs_effective_order() {
        assert_eq!(Bleu::default().sentence_score("yes", &["yes"]), Some(0.0));
        assert!(Bleu::of_sentences().sentence_score("yes", &["yes"]).unwrap() > 99.0);
    }

    #[test]
    fn the_closest_reference_sets_the_length_and_of_two_the_shorter() {
        let score = parts(&Bleu::default(), "a b c", &["a b c d e", "a b c d", "a b"]);
        assert_eq!(score.reference_length, 2);
        assert_eq!(parts(&Bleu::default(), "", &["a b"]).brevity_penalty, 0.0);
    }

    #[test]
    fn an_empty_reference_counts_and_none_at_all_is_undefined() {
        let bleu = Bleu::of_sentences();
        assert_eq!(bleu.sentence_score("a", &[""]), Some(0.0));
        assert_eq!(parts(&bleu, "a b", &["a b c d e", ""]).reference_length, 0);
        assert_eq!(bleu.sentence_score("a", &[]), None);
    }
}
