//! Word and character error rates: how many words a reader would have to correct.
//!
//! Output and reference are aligned with the fewest edits; the rates follow from how many words were
//! hit, substituted, inserted and deleted:
//!
//! | rate | is | range | better |
//! |---|---|---|---|
//! | WER | edits ÷ words of the reference | 0 up, beyond 1 for long outputs | down |
//! | CER | the same over characters, spaces counted | 0 up | down |
//! | MER | edits ÷ (edits + hits) | 0 to 1 | down |
//! | WIP | share of the reference hit × share of the output hit | 0 to 1 | up |
//! | WIL | 1 − WIP | 0 to 1 | down |
//!
//! Source: Morris, Maier, Green, *From WER and RIL to MER and WIL*, Interspeech 2004; equal to
//! jiwer 4.0.0. Several alignments can have the fewest edits, and MER, WIP and WIL depend on which
//! is taken; this is the one rapidfuzz takes, see [`crate::metrics::edit::alignment`].
//!
//! Defaults: nothing is lower-cased and no punctuation removed ([`Preparation::Standardised`] does
//! some of that). Words are split at U+0020 alone, after runs of two or more white space became one:
//! a single tab or line break does **not** separate words, as in the reference.
//!
//! It misleads where there are many right answers: a good paraphrase has a WER near 1. With an empty
//! reference the WER is the number of inserted words. The rate of a corpus is not the mean of its
//! rates: add up the [`Counts`].

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::Hash;
use std::ops::AddAssign;
use std::sync::LazyLock;

use regex::Regex;

use super::corpus::{Flat, whole};
use super::edit::alignment::{Edits, edits};
use super::python;

/// What happens to a text before it is split into words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Preparation {
    /// jiwer's default: white space is tidied up, and nothing else.
    #[default]
    AsIs,
    /// jiwer's `wer_standardize`: lower case, English contractions spelt out, `[laugh]` and `<unk>`
    /// removed, every ASCII white space a space.
    Standardised,
}

/// What is aligned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Words, prepared in this way.
    Words(Preparation),
    /// Characters: Unicode code points, the white space at both ends removed.
    Characters,
}

impl Unit {
    /// What goes with every score: two scores with different signatures are not compared.
    pub fn signature(self) -> String {
        let of = match self {
            Unit::Words(Preparation::AsIs) => "wer|prep:none",
            Unit::Words(Preparation::Standardised) => "wer|prep:standardize",
            Unit::Characters => "cer|prep:none",
        };
        format!("{of}|v:1")
    }

    /// The counts of an output against a reference.
    ///
    /// ```
    /// use assay_score::metrics::words::{Preparation, Unit};
    ///
    /// let counts = Unit::Words(Preparation::AsIs).counts("the cat sat", "the cat sat down");
    /// assert_eq!((counts.hits, counts.deletions), (3, 1));
    /// assert_eq!(counts.error_rate(), 0.25);
    /// ```
    pub fn counts(self, output: &str, reference: &str) -> Counts {
        match self {
            Unit::Words(preparation) => {
                let (output, reference) = (preparation.apply(output), preparation.apply(reference));
                let mut numbers = Numbers::default();
                Counts::of(&numbers.of(&output), &numbers.of(&reference))
            }
            Unit::Characters => {
                let points = |text| python::strip(text).chars().collect::<Vec<_>>();
                Counts::of(&points(output), &points(reference))
            }
        }
    }
}

/// How an output was aligned with its reference. Counts of several outputs can be added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Words that are the same.
    pub hits: usize,
    /// Words of the reference for which the output has another.
    pub substitutions: usize,
    /// Words that only the output has.
    pub insertions: usize,
    /// Words that only the reference has.
    pub deletions: usize,
}

impl Counts {
    fn of<T: Copy + Eq + Hash>(output: &[T], reference: &[T]) -> Counts {
        let Edits { substitutions, insertions, deletions } = edits(reference, output);
        let hits = reference.len() - substitutions - deletions;
        Counts { hits, substitutions, insertions, deletions }
    }

    /// Words of the reference.
    pub fn reference(&self) -> usize {
        self.hits + self.substitutions + self.deletions
    }

    /// Words of the output.
    pub fn output(&self) -> usize {
        self.hits + self.substitutions + self.insertions
    }

    /// Substitutions, insertions and deletions together: the Levenshtein distance.
    pub fn edits(&self) -> usize {
        self.substitutions + self.insertions + self.deletions
    }

    /// WER or CER. For an empty reference the number of insertions.
    pub fn error_rate(&self) -> f64 {
        match self.reference() {
            0 => self.insertions as f64,
            words => self.edits() as f64 / words as f64,
        }
    }

    /// MER: the share of all aligned places that are not hits; 0 when both texts are empty.
    pub fn match_error_rate(&self) -> f64 {
        match self.edits() + self.hits {
            0 => 0.0,
            places => self.edits() as f64 / places as f64,
        }
    }

    /// WIP; 1 when both texts are empty.
    pub fn information_preserved(&self) -> f64 {
        match (self.reference(), self.output()) {
            (0, 0) => 1.0,
            (0, _) | (_, 0) => 0.0,
            (reference, output) => {
                (self.hits as f64 / reference as f64) * (self.hits as f64 / output as f64)
            }
        }
    }

    /// WIL.
    pub fn information_lost(&self) -> f64 {
        1.0 - self.information_preserved()
    }
}

impl Flat for Counts {
    fn flat(&self) -> Vec<f64> {
        let counts = [self.hits, self.substitutions, self.insertions, self.deletions];
        counts.map(|count| count as f64).to_vec()
    }

    fn from_flat(numbers: &[f64]) -> Self {
        let at = |place: usize| numbers.get(place).map_or(0, |number| whole(*number) as usize);
        Counts { hits: at(0), substitutions: at(1), insertions: at(2), deletions: at(3) }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Counts) {
        self.hits += other.hits;
        self.substitutions += other.substitutions;
        self.insertions += other.insertions;
        self.deletions += other.deletions;
    }
}

/// Words as numbers, equal where the words are. Words stand between spaces; other white space that
/// stands alone is part of a word.
#[derive(Default)]
struct Numbers<'a>(HashMap<&'a str, usize>);

impl<'a> Numbers<'a> {
    fn of(&mut self, text: &'a str) -> Vec<usize> {
        let mut number = |word| {
            let next = self.0.len();
            *self.0.entry(word).or_insert(next)
        };
        text.split(' ').filter(|word| !word.is_empty()).map(&mut number).collect()
    }
}

impl Preparation {
    fn apply(self, text: &str) -> String {
        let tidy = |text| python::strip(&single_spaces(text)).to_owned();
        match self {
            Preparation::AsIs => tidy(text),
            Preparation::Standardised => tidy(&standardised(text)),
        }
    }
}

/// With a space in place of every run of two or more white space.
fn single_spaces(text: &str) -> Cow<'_, str> {
    // `\s` of Python and of this crate differ in U+001C to U+001F.
    static RUNS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[\s\x1c-\x1f]{2,}").ok());
    RUNS.as_ref().map_or(Cow::Borrowed(text), |runs| runs.replace_all(text, " "))
}

/// Contractions and what they are spelt out to, in the order in which they are replaced.
const CONTRACTIONS: &[(&str, &str)] = &[
    ("won't", "will not"),
    ("can't", "can not"),
    ("let's", "let us"),
    ("n't", " not"),
    ("'re", " are"),
    ("'s", " is"),
    ("'d", " would"),
    ("'ll", " will"),
    ("'t", " not"),
    ("'ve", " have"),
    ("'m", " am"),
];

fn standardised(text: &str) -> String {
    let mut text = text.to_lowercase();
    for (contraction, words) in CONTRACTIONS {
        if text.contains(contraction) {
            text = text.replace(contraction, words);
        }
    }
    without_marks(&text).replace(['\t', '\n', '\r', '\x0b', '\x0c'], " ")
}

/// Without what stands in brackets, such as `[laugh]` and `<unk>`. As in the reference, the two
/// kinds of brackets close each other.
fn without_marks(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    // Beyond the last closing bracket no opening one finds its end.
    while let Some(start) = rest.find(['<', '[']) {
        let Some(length) = rest[start..].find(['>', ']']) else { break };
        kept.push_str(&rest[..start]);
        rest = &rest[start + length + 1..];
    }
    kept + rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WORDS: Unit = Unit::Words(Preparation::AsIs);

    #[test]
    fn a_single_tab_does_not_separate_words() {
        assert_eq!(WORDS.counts("hello\tworld", "hello world").error_rate(), 1.0);
        assert_eq!(WORDS.counts("hello \t world", "hello world").error_rate(), 0.0);
    }

    #[test]
    fn an_empty_reference_counts_insertions() {
        assert_eq!(WORDS.counts("three more words", "").error_rate(), 3.0);
        let nothing = WORDS.counts("", "");
        assert_eq!((nothing.error_rate(), nothing.match_error_rate()), (0.0, 0.0));
        assert_eq!(nothing.information_preserved(), 1.0);
    }

    #[test]
    fn standardised_words_are_lower_case_and_spelt_out() {
        let unit = Unit::Words(Preparation::Standardised);
        assert_eq!(
            unit.counts("It's [laugh]\tfine <unk> I can't", "it is fine i can not").edits(),
            0
        );
    }

    #[test]
    fn brackets_that_do_not_close_stay() {
        assert_eq!(without_marks("a < b [x] c [d"), "a  c [d");
        assert_eq!(without_marks("a [b> c"), "a  c");
        assert_eq!(without_marks("x] y"), "x] y");
    }

    proptest! {
        #[test]
        fn rates_are_bounded_and_perfect_on_itself(a in "[ab \\t]{0,24}", b in "\\PC{0,24}") {
            for unit in [WORDS, Unit::Words(Preparation::Standardised), Unit::Characters] {
                prop_assert_eq!(unit.counts(&a, &a).edits(), 0);
                let counts = unit.counts(&a, &b);
                prop_assert!(counts.edits() <= counts.reference().max(counts.output()));
                prop_assert!(counts.error_rate() >= 0.0);
                for rate in [counts.match_error_rate(), counts.information_lost()] {
                    prop_assert!((0.0..=1.0).contains(&rate));
                }
                let back = unit.counts(&b, &a);
                prop_assert_eq!(counts.edits(), back.edits());
            }
        }
    }
}
