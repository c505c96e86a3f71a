//! TER (Snover, Dorr, Schwartz, Micciulla, Makhoul, 2006), as sacrebleu 2.6.0 computes it.
//!
//! This module owns the metric; [`tokenizer`] says what a word is, `edits` is the edit distance and
//! its alignment, `shifts` the search for blocks of words that moved.

mod edits;
mod shifts;
pub mod tokenizer;

use std::ops::AddAssign;

use self::tokenizer::TercomTokenizer;
use super::corpus::{CorpusMetric, Flat, reference_count, whole, yes_no};
use super::ngrams::Symbols;
use super::python::{rstrip, split};

/// TER: how many edits turn the output into a reference, in percent of the reference's words.
///
/// *Definition.* An edit inserts, deletes or replaces one word, or moves a run of words. The runs
/// are found greedily, as Tercom does: each time the move that saves most, until none saves any. Of
/// several references the fewest edits count, over the *average* length of the references. Of many
/// outputs, edits and lengths are summed first.
///
/// *Range* 0 upwards, above 100 for outputs much longer than their references; **lower is better**.
/// Against an empty reference it is 100, or 0 for an empty output. *Defaults*: case is ignored,
/// nothing is normalised, so punctuation sticks to its word.
///
/// *Source*: sacrebleu 2.6.0, `TER`, with Tercom's limits: moves of at most 10 words over at most 50
/// places, 1,000 moves tried in all, edit distance within 25 places of the diagonal.
///
/// *It misleads* for paraphrases, all of whose words count as wrong, and rewards short outputs. For
/// Chinese and Japanese a whole sentence is one word unless `normalized` and `asian_support` are on.
/// The mean of sentence scores is not the corpus score.
///
/// ```
/// use assay_score::metrics::corpus::CorpusMetric;
/// use assay_score::metrics::ter::Ter;
///
/// let ter = Ter::default();
/// // Two moves for six words.
/// let score = ter.sentence_score("the mat on sat the cat", &["sat the cat on the mat"]).unwrap();
/// assert_eq!(format!("{score:.2}"), "33.33");
/// assert_eq!(ter.signature(Some(1)), "ter|nrefs:1|case:lc|tok:tercom|norm:no|punct:yes|asian:no|v:1");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ter {
    /// What a word is.
    pub tokenizer: TercomTokenizer,
}

/// Of one output or the sum of many.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct TerStatistics {
    /// The fewest edits to any reference.
    pub edits: u64,
    /// Words of the references, averaged over the references of an output.
    pub reference_length: f64,
}

impl AddAssign<&TerStatistics> for TerStatistics {
    fn add_assign(&mut self, other: &TerStatistics) {
        self.edits += other.edits;
        self.reference_length += other.reference_length;
    }
}

impl Flat for TerStatistics {
    fn flat(&self) -> Vec<f64> {
        vec![self.edits as f64, self.reference_length]
    }

    fn from_flat(numbers: &[f64]) -> Self {
        let at = |place: usize| numbers.get(place).copied().unwrap_or_default();
        TerStatistics { edits: whole(at(0)), reference_length: at(1) }
    }
}

impl CorpusMetric for Ter {
    type Statistics = TerStatistics;

    fn statistics(&self, output: &str, references: &[&str]) -> Option<TerStatistics> {
        let texts: Vec<String> = std::iter::once(&output)
            .chain(references)
            .map(|text| self.tokenizer.tokenize(rstrip(text)))
            .collect();
        let mut symbols = Symbols::with_room(output.len() / 4);
        let numbered: Vec<Vec<u32>> =
            texts.iter().map(|text| split(text).map(|word| symbols.word(word)).collect()).collect();
        let (output, references) = numbered.split_first()?;
        let edits = references.iter().map(|reference| shifts::edits(output, reference)).min()?;
        let words: usize = references.iter().map(Vec::len).sum();
        let reference_length = words as f64 / references.len() as f64;
        Some(TerStatistics { edits: edits as u64, reference_length })
    }

    fn score_of(&self, sum: &TerStatistics) -> f64 {
        if sum.reference_length > 0.0 {
            100.0 * (sum.edits as f64 / sum.reference_length)
        } else if sum.edits > 0 {
            100.0
        } else {
            0.0
        }
    }

    fn signature(&self, references: Option<usize>) -> String {
        let TercomTokenizer { normalized, no_punct, asian_support, case_sensitive } =
            self.tokenizer;
        format!(
            "ter|nrefs:{}|case:{}|tok:tercom|norm:{}|punct:{}|asian:{}|v:1",
            reference_count(references),
            if case_sensitive { "mixed" } else { "lc" },
            yes_no(normalized),
            yes_no(!no_punct),
            yes_no(asian_support),
        )
    }
}
