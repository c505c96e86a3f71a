//! Edit distances: how many characters have to be changed to make one text of the other.
//!
//! | measure | is | range | better |
//! |---|---|---|---|
//! | Levenshtein | insertions, deletions and substitutions | 0 up | down |
//! | Indel | insertions and deletions alone: a substitution counts two | 0 up | down |
//! | OSA | and swaps of neighbours, no stretch edited twice | 0 up | down |
//! | Damerau | and swaps, without that limit | 0 up | down |
//! | LCS | length of the longest common subsequence | 0 up | up |
//! | similarities | 1 − distance ÷ the greatest possible | 0 to 1 | up |
//! | Jaro, Jaro–Winkler | matches within half the length; a common start weighs more | 0 to 1 | up |
//! | ratios | Indel similarity × 100, of the texts, their parts or words | 0 to 100 | up |
//! | difflib | 2 × matching blocks ÷ both lengths | 0 to 1 | up |
//!
//! Lengths and edits are Unicode code points; nothing is normalised, so `é` as one or as two code
//! points differ. Two empty texts are equal. Sources: rapidfuzz 3.14.6 and `difflib` of CPython 3.11.
//!
//! They mislead where meaning does not follow spelling: a *not* costs four edits, a synonym many, and
//! distances grow with length, so that of two variants the terser one seems better or worse for it.

pub mod alignment;
mod blocks;
mod pattern;
mod ratios;

use rapidfuzz::distance::{
    damerau_levenshtein, indel, jaro, jaro_winkler, lcs_seq, levenshtein, osa,
};

/// Pairs of characters beyond which a measure that looks at each of them is given up: about a second.
const MOST_PAIRS: usize = 1 << 28;

/// One way to say how far two texts are apart, or how near.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Measure {
    /// Fewest insertions, deletions and substitutions.
    Levenshtein,
    /// 1 − Levenshtein ÷ the longer length.
    LevenshteinSimilarity,
    /// Fewest insertions and deletions: Levenshtein with substitutions counted twice.
    Indel,
    /// 1 − Indel ÷ both lengths.
    IndelSimilarity,
    /// Indel similarity × 100.
    Ratio,
    /// Optimal string alignment: Levenshtein with swaps, no stretch edited twice.
    Osa,
    /// Damerau–Levenshtein without that limit.
    Damerau,
    /// Jaro similarity.
    Jaro,
    /// Jaro–Winkler similarity with a weight of 0.1 for up to four common first characters.
    JaroWinkler,
    /// Length of the longest common subsequence.
    Lcs,
    /// The best ratio of the shorter text with a part of the longer.
    PartialRatio,
    /// The ratio of the sorted words.
    TokenSortRatio,
    /// The ratio of the sets of words, common words weighing most.
    TokenSetRatio,
    /// The best of the ratios, each weighted.
    WeightedRatio,
    /// `difflib.SequenceMatcher(None, reference, output)`: characters that make up over 1 % of an
    /// output of 200 or more do not start a match.
    Difflib,
    /// The same with `autojunk=False`.
    DifflibWithoutJunk,
}

impl Measure {
    /// All of them.
    pub const ALL: &[Measure] = &[
        Measure::Levenshtein,
        Measure::LevenshteinSimilarity,
        Measure::Indel,
        Measure::IndelSimilarity,
        Measure::Ratio,
        Measure::Osa,
        Measure::Damerau,
        Measure::Jaro,
        Measure::JaroWinkler,
        Measure::Lcs,
        Measure::PartialRatio,
        Measure::TokenSortRatio,
        Measure::TokenSetRatio,
        Measure::WeightedRatio,
        Measure::Difflib,
        Measure::DifflibWithoutJunk,
    ];

    /// Its name, as signatures have it.
    pub fn name(self) -> &'static str {
        match self {
            Measure::Levenshtein => "levenshtein",
            Measure::LevenshteinSimilarity => "levenshtein-similarity",
            Measure::Indel => "indel",
            Measure::IndelSimilarity => "indel-similarity",
            Measure::Ratio => "ratio",
            Measure::Osa => "osa",
            Measure::Damerau => "damerau",
            Measure::Jaro => "jaro",
            Measure::JaroWinkler => "jaro-winkler",
            Measure::Lcs => "lcs",
            Measure::PartialRatio => "partial-ratio",
            Measure::TokenSortRatio => "token-sort-ratio",
            Measure::TokenSetRatio => "token-set-ratio",
            Measure::WeightedRatio => "weighted-ratio",
            Measure::Difflib => "difflib",
            Measure::DifflibWithoutJunk => "difflib-no-junk",
        }
    }

    /// What goes with every score: two scores with different signatures are not compared.
    pub fn signature(self) -> String {
        let detail = match self {
            Measure::JaroWinkler => "|prefix:0.1",
            _ => "",
        };
        format!("{}{detail}|unit:codepoint|norm:none|v:1", self.name())
    }

    /// Whether more is better.
    pub fn more_is_better(self) -> bool {
        !matches!(self, Measure::Levenshtein | Measure::Indel | Measure::Osa | Measure::Damerau)
    }

    /// The measure of an output against a reference. Counts come as whole numbers.
    ///
    /// `None` when the texts are so long that it would take more than about a second: then only
    /// Levenshtein, OSA, Indel, LCS, their similarities and the ratios of whole texts and words have
    /// a value.
    ///
    /// ```
    /// use assay_score::metrics::edit::Measure;
    ///
    /// assert_eq!(Measure::Levenshtein.of("sitting", "kitten"), Some(3.0));
    /// assert_eq!(Measure::Ratio.of("", ""), Some(100.0));
    /// ```
    pub fn of(self, output: &str, reference: &str) -> Option<f64> {
        let (a, b) = (reference.chars(), output.chars());
        Some(match self {
            Measure::Levenshtein => levenshtein::distance(a, b) as f64,
            Measure::LevenshteinSimilarity => levenshtein::normalized_similarity(a, b),
            Measure::Indel => indel::distance(a, b) as f64,
            Measure::IndelSimilarity => indel::normalized_similarity(a, b),
            Measure::Ratio => ratios::ratio(reference, output),
            Measure::Osa => osa::distance(a, b) as f64,
            Measure::Damerau => {
                within(reference, output).then(|| damerau_levenshtein::distance(a, b) as f64)?
            }
            Measure::Jaro => within(reference, output).then(|| jaro::similarity(a, b))?,
            Measure::JaroWinkler => {
                within(reference, output).then(|| jaro_winkler::similarity(a, b))?
            }
            Measure::Lcs => lcs_seq::similarity(a, b) as f64,
            Measure::PartialRatio => ratios::partial_ratio(reference, output)?,
            Measure::TokenSortRatio => ratios::token_sort_ratio(reference, output),
            Measure::TokenSetRatio => ratios::token_set_ratio(reference, output),
            Measure::WeightedRatio => ratios::weighted_ratio(reference, output)?,
            Measure::Difflib => difflib(reference, output, true)?,
            Measure::DifflibWithoutJunk => difflib(reference, output, false)?,
        })
    }
}

/// Whether the texts have few enough pairs of characters to look at each.
fn within(a: &str, b: &str) -> bool {
    a.chars().count().saturating_mul(b.chars().count()) <= MOST_PAIRS
}

fn difflib(reference: &str, output: &str, autojunk: bool) -> Option<f64> {
    let [reference, output] = [reference, output].map(|text| text.chars().collect::<Vec<_>>());
    blocks::ratio(&reference, &output, autojunk)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What two empty texts have.
    fn of_nothing(measure: Measure) -> f64 {
        match measure {
            Measure::Ratio | Measure::PartialRatio | Measure::TokenSortRatio => 100.0,
            _ if measure.name().contains("ratio") || measure == Measure::Lcs => 0.0,
            _ if measure.more_is_better() => 1.0,
            _ => 0.0,
        }
    }

    #[test]
    fn two_empty_texts_have_what_the_reference_gives_them() {
        for measure in Measure::ALL {
            assert_eq!(measure.of("", ""), Some(of_nothing(*measure)), "{measure:?}");
        }
    }

    #[test]
    fn every_measure_has_a_signature_of_its_own() {
        let signatures: std::collections::HashSet<_> =
            Measure::ALL.iter().map(|measure| measure.signature()).collect();
        assert_eq!(signatures.len(), Measure::ALL.len());
    }

    #[test]
    fn the_ratio_of_difflib_is_not_symmetric() {
        let there = Measure::Difflib.of("tide", "diet");
        assert_ne!(there, Measure::Difflib.of("diet", "tide"));
    }

    #[test]
    fn what_would_take_too_long_has_no_value() {
        let [a, b] = ["ab", "ba"].map(|text| text.repeat(10_000));
        assert_eq!(Measure::Damerau.of(&a, &b), None);
        assert_eq!(Measure::PartialRatio.of(&a, &b[..10_000]), None);
        assert_eq!(Measure::Levenshtein.of(&a, &b), Some(2.0));
    }

    proptest! {
        #[test]
        fn measures_are_bounded_and_best_on_itself(
            a in "\\PC{0,40}|[ab ]{0,90}",
            b in "\\PC{0,40}|[abc ]{0,90}",
        ) {
            for measure in Measure::ALL {
                let value = measure.of(&a, &b);
                let best = measure.of(&a, &a);
                prop_assert!(value.is_some_and(|value| value >= 0.0), "{:?}", measure);
                if measure.name().contains("ratio") {
                    prop_assert!(value.is_some_and(|value| value <= 100.0), "{:?}", measure);
                } else if measure.more_is_better() && *measure != Measure::Lcs {
                    prop_assert!(value.is_some_and(|value| value <= 1.0), "{:?}", measure);
                } else if !measure.more_is_better() {
                    prop_assert_eq!(best, Some(0.0), "{:?}", measure);
                }
            }
        }
    }
}
