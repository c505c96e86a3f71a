//! Metrics whose score of many outputs is a function of sums over them.
//!
//! Such a metric measures every output once and keeps [`CorpusMetric::Statistics`]. The score of
//! any set of outputs, a slice by tag as much as a resample of a significance test, is then a sum
//! and one formula away.

use std::ops::AddAssign;

/// A metric that scores many outputs from summed statistics.
pub trait CorpusMetric {
    /// What is kept of one output; sums of it score many.
    type Statistics: Clone + for<'a> AddAssign<&'a Self::Statistics>;

    /// Measures one output. None without a reference. An empty reference is one.
    fn statistics(&self, output: &str, references: &[&str]) -> Option<Self::Statistics>;

    /// The score of summed statistics.
    fn score_of(&self, sum: &Self::Statistics) -> f64;

    /// What a score of this metric is comparable with: only with scores of the same signature.
    /// `references` is how many references every output had, None where the number varies.
    fn signature(&self, references: Option<usize>) -> String;

    /// The score of one output. None without a reference.
    fn sentence_score(&self, output: &str, references: &[&str]) -> Option<f64> {
        self.statistics(output, references).map(|statistics| self.score_of(&statistics))
    }

    /// The score of many outputs by their statistics. None for no output.
    fn corpus_score<'s>(
        &self,
        segments: impl IntoIterator<Item = &'s Self::Statistics>,
    ) -> Option<f64>
    where
        Self::Statistics: 's,
    {
        sum(segments).map(|sum| self.score_of(&sum))
    }
}

/// The sum of statistics, in their order. None for none.
pub fn sum<'s, S>(segments: impl IntoIterator<Item = &'s S>) -> Option<S>
where
    S: Clone + for<'a> AddAssign<&'a S> + 's,
{
    let mut segments = segments.into_iter();
    let mut sum = segments.next()?.clone();
    for segment in segments {
        sum += segment;
    }
    Some(sum)
}

/// The part of a signature that says how many references there were.
pub(crate) fn reference_count(references: Option<usize>) -> String {
    references.map_or_else(|| "var".to_owned(), |count| count.to_string())
}

/// How signatures write a switch.
pub(crate) fn yes_no(on: bool) -> &'static str {
    if on { "yes" } else { "no" }
}
