//! The verdict between two variants or revisions on the same cases.
//!
//! One paired test, chosen by the kind of measure before anyone looks, with the interval that
//! belongs to it; Holm's adjustment over the gates; answers averaged per case first; errors that
//! count sources where cases share one. The outcome is one of four words, or that too much is
//! missing. [`compare`] makes a [`Verdict`], `Display` puts it into words; the engine brings the
//! values, the app and the terminal show the same object.
//!
//! | measure | test | interval of the change |
//! |---|---|---|
//! | [`Measure::PassFail`], one answer a case | exact McNemar | paired t |
//! | the same with several answers, or shared sources | sign flips | paired t over cases or sources |
//! | [`Measure::Score`] | sign flips | the same |
//! | [`Measure::Rating`] | Wilcoxon with Pratt's zeros; sign flips with shared sources | the same |
//! | [`Measure::Corpus`] | approximate randomisation | paired t over the jackknife's pseudo-values |
//!
//! ```
//! use assay_score::verdict::{Answers, ComparedScorer, Comparison, Measure, PairedCase, Word, compare};
//!
//! let case = |n: usize| {
//!     let mut case = PairedCase::new(format!("case-{n}"));
//!     case.base = Answers::passes(&[n > 9]);
//!     case.head = Answers::passes(&[true]);
//!     case
//! };
//! let scorer = ComparedScorer::new("category", Measure::PassFail, (0..30).map(case).collect());
//! let verdict = compare(&Comparison::new("triage", "baseline", "short", vec![scorer])).unwrap();
//! assert_eq!(verdict.scorers[0].word, Word::Better);
//! assert_eq!(verdict.scorers[0].changed.fixed.len(), 10);
//! ```

mod corpus;
mod decide;
mod estimate;
mod input;
mod sample;
mod text;

pub use input::{
    Answers, ComparedScorer, Comparison, CorpusScore, Direction, Measure, PairedCase, Rules,
    Statistics,
};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Mean;
use crate::stats::Interval;
use crate::stats::multiple::{Adjustment, adjust};
use estimate::Estimate;
use sample::Sample;

/// Why two variants cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum VerdictError {
    /// The scores were made differently, so their difference would mean nothing.
    #[error(
        "scorer `{scorer}`: scores with different signatures cannot be compared: `{base}` and `{head}`"
    )]
    Signatures {
        /// The scorer's id.
        scorer: String,
        /// The signature of the base's scores.
        base: String,
        /// The signature of the head's scores.
        head: String,
    },
    /// No case has a value on both sides.
    #[error("scorer `{scorer}`: no case was judged on both sides{}", unjudged(*errors))]
    NothingPaired {
        /// The scorer's id.
        scorer: String,
        /// Answers that failed or that it could not judge, of both sides.
        errors: usize,
    },
    /// The corpus score of a side is not defined for its answers.
    #[error("scorer `{scorer}`: the score is not defined for these cases")]
    Undefined {
        /// The scorer's id.
        scorer: String,
    },
    /// A value is no number, or a pass is neither 0 nor 1.
    #[error("scorer `{scorer}`, case `{case}`: {value} is not a value of this measure")]
    BadValue {
        /// The scorer's id.
        scorer: String,
        /// The case's id.
        case: String,
        /// The value.
        value: String,
    },
}

/// An error or a judge's failure has its own count, also where nothing else is left.
fn unjudged(errors: usize) -> String {
    match errors {
        0 => String::new(),
        1 => "; 1 answer failed or could not be judged".to_owned(),
        n => format!("; {n} answers failed or could not be judged"),
    }
}

/// What can be said of two variants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// What was compared: a prompt's name.
    pub subject: String,
    /// The variant or revision that stood before.
    pub base: String,
    /// The one that may replace it.
    pub head: String,
    /// One verdict for each scorer, in the order in which they came.
    pub scorers: Vec<ScorerVerdict>,
}

/// What one scorer says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScorerVerdict {
    /// The scorer's id.
    pub scorer: String,
    /// How its scores were made.
    pub signature: String,
    /// What kind of values it gives.
    pub kind: Kind,
    /// Whether higher or lower values are better.
    pub direction: Direction,
    /// Whether it is a gate, and so takes part in Holm's adjustment.
    pub gate: bool,
    /// The verdict in a word.
    pub word: Word,
    /// Which way an inconclusive change points, when it points anywhere.
    pub leaning: Option<Leaning>,
    /// How many cases were judged on both sides.
    pub cases: usize,
    /// How many sources they come from, where several share one.
    pub sources: Option<usize>,
    /// The base's mean or score, with its interval.
    pub base: Mean,
    /// The head's.
    pub head: Mean,
    /// Head less base, in the measure's own unit: 0.117 for 11.7 points.
    pub change: f64,
    /// The 95 % interval of the change; none when the cases say nothing about its spread.
    pub interval: Option<Interval>,
    /// The test, in words: "exact McNemar".
    pub test: String,
    /// Its two-sided p-value; none when there was nothing to test.
    pub p: Option<f64>,
    /// The p-value after Holm's adjustment over the gates; none for what is no gate.
    pub holm_p: Option<f64>,
    /// Over how many gates it was adjusted.
    pub gates: usize,
    /// What counts as no difference, set beforehand, in the measure's own unit.
    pub margin: f64,
    /// The smallest change that so many cases find in 80 of 100 runs.
    pub detectable: Option<f64>,
    /// About how many more cases (or sources) would settle an inconclusive verdict.
    pub more_cases: Option<usize>,
    /// Which cases changed sides.
    pub changed: Changed,
    /// Answers that failed or were not judged.
    pub errors: Errors,
    /// The same comparison for the cases of each tag. For exploring: their p-values are adjusted for
    /// the number of tags (Benjamini and Hochberg), and decide nothing.
    pub slices: Vec<Slice>,
}

/// What kind of values a scorer gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// Passes and failures.
    PassFail,
    /// Scores.
    Score,
    /// Ratings on a scale of a few steps.
    Rating,
    /// One score of all outputs together.
    Corpus,
}

/// The verdict in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Word {
    /// Significantly better, with an interval above 0.
    Better,
    /// Significantly worse, with an interval below 0.
    Worse,
    /// The interval lies within the margin. A change that small does not count even when it is
    /// certain: that is what the margin says.
    Equivalent,
    /// None of these: more cases are needed.
    Inconclusive,
    /// More than 2 % of the answers failed or were not judged.
    Incomplete,
}

/// Which way a change points that is not significant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Leaning {
    /// Towards better.
    Better,
    /// Towards worse.
    Worse,
}

/// The cases by what became of them. Where several answers were given, a case passes when more than
/// half of them do. Without passes, a case is fixed when its value got better and broken when it got
/// worse.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Changed {
    /// Passed before and fail now, those that lost most first: look at these first.
    pub broken: Vec<String>,
    /// Failed before and pass now, those that gained most first.
    pub fixed: Vec<String>,
    /// All others.
    pub unchanged: Vec<String>,
}

/// Answers without a value. They are neither zeros nor left out: they have their own count.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Errors {
    /// Of the base.
    pub base: usize,
    /// Of the head.
    pub head: usize,
    /// Their share of all answers.
    pub share: f64,
    /// Cases that for want of an answer stand on one side only, and could not be compared.
    pub unpaired: usize,
}

/// A comparison over the cases with one tag.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Slice {
    /// The tag.
    pub tag: String,
    /// How many cases have it.
    pub cases: usize,
    /// The base's mean or score.
    pub base: Mean,
    /// The head's.
    pub head: Mean,
    /// Head less base.
    pub change: f64,
    /// The 95 % interval of the change.
    pub interval: Option<Interval>,
    /// The p-value, adjusted for the number of tags.
    pub adjusted_p: Option<f64>,
    /// How many of its cases were fixed.
    pub fixed: usize,
    /// How many of its cases broke.
    pub broken: usize,
}

/// Compares two variants, scorer by scorer.
///
/// The order of the cases changes nothing, nor does the order of the scorers, but for the order of
/// the answer.
///
/// # Errors
/// When a scorer's signatures differ, when it has no case with a value on both sides, when a value is
/// none of its measure, and when a corpus score is not defined for the cases.
pub fn compare(comparison: &Comparison) -> Result<Verdict, VerdictError> {
    let rules = &comparison.rules;
    let mut found = Vec::with_capacity(comparison.scorers.len());
    for scorer in &comparison.scorers {
        let sample = Sample::of(scorer)?;
        let estimate = Estimate::of(&sample, scorer, rules)
            .ok_or_else(|| VerdictError::Undefined { scorer: scorer.scorer.clone() })?;
        found.push((scorer, sample, estimate));
    }
    let holm = holm_over_gates(&found);
    let gates = holm.iter().flatten().count();
    let scorers = found
        .into_iter()
        .zip(holm)
        .map(|((scorer, sample, estimate), holm_p)| {
            decide::scorer_verdict(scorer, &sample, estimate, (holm_p, gates), rules)
        })
        .collect();
    Ok(Verdict {
        subject: comparison.subject.clone(),
        base: comparison.base.clone(),
        head: comparison.head.clone(),
        scorers,
    })
}

/// The gates' p-values, adjusted; none for what is no gate. A gate without a p-value counts as one
/// that found nothing.
fn holm_over_gates(found: &[(&ComparedScorer, Sample, Estimate)]) -> Vec<Option<f64>> {
    let raw: Vec<f64> = found
        .iter()
        .filter(|(scorer, ..)| scorer.gate)
        .map(|(_, _, estimate)| estimate.p.unwrap_or(1.0))
        .collect();
    let mut adjusted = adjust(&raw, Adjustment::Holm).into_iter();
    found.iter().map(|(scorer, ..)| scorer.gate.then(|| adjusted.next()).flatten()).collect()
}

#[cfg(test)]
mod tests;
