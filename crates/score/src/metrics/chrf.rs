//! chrF and chrF++ (Popović, 2015 and 2017), as sacrebleu 2.6.0 computes them.

use std::ops::AddAssign;

use super::corpus::{CorpusMetric, Flat, reference_count, whole, yes_no};
use super::ngrams::{Symbols, ngrams_in, shared_ngrams};
use super::python::{in_case, is_space, split};

/// chrF: an F score over character n-grams; chrF++ has words and pairs of words as well.
///
/// *Definition.* For each order, precision is the share of the output's n-grams that the reference
/// has too, recall the share of the reference's that the output has, each n-gram counted at most as
/// often as in the other. Both are averaged over the orders of which output and reference have
/// n-grams, and the score is 100·(1+β²)PR / (β²P+R). Of several references the one with the best
/// score counts, the first of equals. Of many outputs, counts are summed first.
///
/// *Range* 0 to 100; higher is better. *Defaults*: characters up to 6, no words, β = 2 (recall
/// weighs four times as much), case kept, all whitespace removed. [`Chrf::plus_plus`] adds words up
/// to 2.
///
/// *Source*: sacrebleu 2.6.0, `CHRF`. The average of per-order F scores of chrF++.py and NLTK is
/// [`Chrf::eps_smoothing`].
///
/// *It misleads* less than BLEU for rich inflection and scripts without spaces, but high scores
/// come easily: unrelated texts of one language share many characters, so 20 is no fifth of
/// quality. The word part parts one trailing *or* one leading punctuation mark from a word, never
/// both. The mean of sentence scores is not the corpus score.
///
/// ```
/// use assay_score::metrics::chrf::Chrf;
/// use assay_score::metrics::corpus::CorpusMetric;
///
/// let chrf = Chrf::default();
/// let score = chrf.sentence_score("The cat sat on a mat.", &["The cat sat on the mat."]).unwrap();
/// assert_eq!(format!("{score:.2}"), "65.80");
/// assert_eq!(chrf.signature(Some(1)), "chrF2|nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|v:1");
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Chrf {
    /// The longest n-grams of characters that count.
    pub char_order: u8,
    /// The longest n-grams of words that count.
    pub word_order: u8,
    /// How many times more recall matters than precision.
    pub beta: f64,
    /// Whether case is ignored.
    pub lowercase: bool,
    /// Whether whitespace counts among the characters.
    pub whitespace: bool,
    /// Averages the F scores of all orders, with 1e-16 for what is undefined, as chrF++.py does.
    pub eps_smoothing: bool,
}

impl Default for Chrf {
    fn default() -> Self {
        Chrf {
            char_order: 6,
            word_order: 0,
            beta: 2.0,
            lowercase: false,
            whitespace: false,
            eps_smoothing: false,
        }
    }
}

/// Counts of n-grams of one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OrderCounts {
    /// Of the output; 0 where the reference has none of this order.
    pub output: u64,
    /// Of the reference.
    pub reference: u64,
    /// Of both.
    pub matches: u64,
}

/// Counts by order, first of characters, then of words: of one output or the sum of many. Sums are
/// of one metric's only.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChrfStatistics {
    /// From order 1 on.
    pub orders: Vec<OrderCounts>,
}

impl AddAssign<&ChrfStatistics> for ChrfStatistics {
    fn add_assign(&mut self, other: &ChrfStatistics) {
        for (sum, counts) in self.orders.iter_mut().zip(&other.orders) {
            sum.output += counts.output;
            sum.reference += counts.reference;
            sum.matches += counts.matches;
        }
    }
}

impl Flat for ChrfStatistics {
    fn flat(&self) -> Vec<f64> {
        let orders = self.orders.iter();
        let counts = orders.flat_map(|of| [of.output, of.reference, of.matches]);
        counts.map(|count| count as f64).collect()
    }

    fn from_flat(numbers: &[f64]) -> Self {
        let orders = numbers.chunks_exact(3).map(|of| OrderCounts {
            output: whole(of[0]),
            reference: whole(of[1]),
            matches: whole(of[2]),
        });
        ChrfStatistics { orders: orders.collect() }
    }
}

/// Output and references as numbers, characters or words.
type Numbered = Vec<Vec<u32>>;

impl Chrf {
    /// chrF++: with words and pairs of words.
    #[must_use]
    pub fn plus_plus() -> Self {
        Chrf { word_order: 2, ..Chrf::default() }
    }

    /// The name with β and a plus for each order of words: `chrF2`, `chrF2++`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("chrF{}{}", self.beta, "+".repeat(self.word_order.into()))
    }

    fn characters(&self, texts: &[&str]) -> Numbered {
        let mut symbols = Symbols::with_room(0);
        let kept = |text: &&str| {
            let kept = text.chars().filter(|c| self.whitespace || !is_space(*c));
            kept.map(|c| symbols.character(c)).collect()
        };
        texts.iter().map(kept).collect()
    }

    fn words(&self, texts: &[&str]) -> Numbered {
        if self.word_order == 0 {
            return vec![Vec::new(); texts.len()];
        }
        let mut symbols = Symbols::with_room(texts[0].len() / 4);
        texts
            .iter()
            .map(|text| {
                let parts = split(text).flat_map(part_punctuation).filter(|part| !part.is_empty());
                parts.map(|part| symbols.word(part)).collect()
            })
            .collect()
    }

    /// F of summed counts, 0 to 1.
    fn f_score(&self, orders: &[OrderCounts]) -> f64 {
        if self.eps_smoothing { self.mean_f(orders) } else { self.f_of_means(orders) }
    }

    fn f_of_means(&self, orders: &[OrderCounts]) -> f64 {
        let (mut precision, mut recall, mut effective) = (0.0, 0.0, 0.0);
        for counts in orders.iter().filter(|counts| counts.output > 0 && counts.reference > 0) {
            precision += counts.matches as f64 / counts.output as f64;
            recall += counts.matches as f64 / counts.reference as f64;
            effective += 1.0;
        }
        if precision + recall == 0.0 {
            return 0.0;
        }
        self.f_beta(precision / effective, recall / effective)
    }

    fn mean_f(&self, orders: &[OrderCounts]) -> f64 {
        const EPS: f64 = 1e-16;
        let share =
            |part: u64, whole: u64| if whole > 0 { part as f64 / whole as f64 } else { EPS };
        let f = |counts: &OrderCounts| {
            let precision = share(counts.matches, counts.output);
            let recall = share(counts.matches, counts.reference);
            let f = self.f_beta(precision, recall);
            // Both are 0 where there are n-grams and none matches.
            if f.is_nan() { EPS } else { f }
        };
        orders.iter().map(f).sum::<f64>() / orders.len().max(1) as f64
    }

    fn f_beta(&self, precision: f64, recall: f64) -> f64 {
        let factor = self.beta * self.beta;
        (1.0 + factor) * precision * recall / (factor * precision + recall)
    }
}

impl CorpusMetric for Chrf {
    type Statistics = ChrfStatistics;

    fn statistics(&self, output: &str, references: &[&str]) -> Option<ChrfStatistics> {
        let cased: Vec<_> = std::iter::once(&output)
            .chain(references)
            .map(|text| in_case(text, self.lowercase))
            .collect();
        let texts: Vec<&str> = cased.iter().map(AsRef::as_ref).collect();
        let (characters, words) = (self.characters(&texts), self.words(&texts));
        let mut best: Option<(f64, Vec<OrderCounts>)> = None;
        for (reference, reference_words) in characters.iter().zip(&words).skip(1) {
            let mut orders = count(&characters[0], reference, self.char_order);
            orders.extend(count(&words[0], reference_words, self.word_order));
            let score = self.f_score(&orders);
            if best.as_ref().is_none_or(|(best, _)| score > *best) {
                best = Some((score, orders));
            }
        }
        best.map(|(_, orders)| ChrfStatistics { orders })
    }

    fn score_of(&self, sum: &ChrfStatistics) -> f64 {
        100.0 * self.f_score(&sum.orders)
    }

    fn signature(&self, references: Option<usize>) -> String {
        format!(
            "{}|nrefs:{}|case:{}|eff:{}|nc:{}|nw:{}|space:{}|v:1",
            self.name(),
            reference_count(references),
            if self.lowercase { "lc" } else { "mixed" },
            yes_no(!self.eps_smoothing),
            self.char_order,
            self.word_order,
            yes_no(self.whitespace),
        )
    }
}

fn count(output: &[u32], reference: &[u32], max_order: u8) -> Vec<OrderCounts> {
    let orders = usize::from(max_order);
    let matches = shared_ngrams(output, &[reference], orders);
    let counts = |(at, matches): (usize, usize)| {
        let of_reference = ngrams_in(reference.len(), at + 1) as u64;
        let of_output = if of_reference > 0 { ngrams_in(output.len(), at + 1) as u64 } else { 0 };
        OrderCounts { output: of_output, reference: of_reference, matches: matches as u64 }
    };
    matches.into_iter().enumerate().map(counts).collect()
}

/// Parts the last character from a word if it is ASCII punctuation, else the first: `(hi)` becomes
/// `(hi` and `)`. One of the two may be empty.
fn part_punctuation(word: &str) -> [&str; 2] {
    let punctuation = |c: &u8| c.is_ascii_punctuation();
    if word.len() == 1 {
        [word, ""]
    } else if word.as_bytes().last().is_some_and(punctuation) {
        word.split_at(word.len() - 1).into()
    } else if word.as_bytes().first().is_some_and(punctuation) {
        word.split_at(1).into()
    } else {
        [word, ""]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_loses_one_punctuation_mark() {
        assert_eq!(part_punctuation("(hi)"), ["(hi", ")"]);
        assert_eq!(part_punctuation("(hi"), ["(", "hi"]);
        assert_eq!(part_punctuation("."), [".", ""]);
        assert_eq!(part_punctuation("é."), ["é", "."]);
        assert_eq!(part_punctuation("。"), ["。", ""]);
    }

    #[test]
    fn the_best_reference_counts() {
        let chrf = Chrf::default();
        let one = chrf.sentence_score("the cat", &["the cat sat"]);
        assert_eq!(chrf.sentence_score("the cat", &["a dog", "the cat sat"]), one);
        assert_eq!(chrf.sentence_score("the cat", &[]), None);
    }

    #[test]
    fn spaces_do_not_count_unless_asked_for() {
        let chrf = Chrf::default();
        assert_eq!(chrf.sentence_score("a b\u{1c}c", &["abc"]), Some(100.0));
        let strict = Chrf { whitespace: true, ..chrf };
        assert!(strict.sentence_score("a bc", &["abc"]).unwrap() < 100.0);
    }

    #[test]
    fn empty_texts_score_nothing() {
        assert_eq!(Chrf::default().sentence_score("", &[""]), Some(0.0));
        assert_eq!(Chrf::plus_plus().sentence_score("", &["a"]), Some(0.0));
    }
}
