//! Scores of retrieval and of answers from retrieved text.
//!
//! The first half needs no judge: which chunks came, and which were wanted. The second half sums up
//! what a judge said of each chunk, statement or question; asking it is somebody else's. Formulas:
//! ragas 0.4.3 and DeepEval 4.3.1, where the function says so. What no statement supports is
//! undefined (None), as in ragas; DeepEval's 1 or 0 for an empty list is not taken over, except in
//! the functions that carry its name.

use std::collections::BTreeMap;

use crate::stats::{finite, means};

/// The share of the retrieved chunks that are relevant, 0 to 1. None when none was retrieved.
#[must_use]
pub fn precision_of_ids<T: PartialEq>(retrieved: &[T], relevant: &[T]) -> Option<f64> {
    share(retrieved.iter().map(|id| relevant.contains(id)))
}

/// The share of the relevant chunks that are among the first `k` retrieved ones, 0 to 1. None when
/// none is relevant.
#[must_use]
pub fn recall_at<T: PartialEq>(k: usize, retrieved: &[T], relevant: &[T]) -> Option<f64> {
    let first = retrieved.get(..k).unwrap_or(retrieved);
    share(relevant.iter().map(|id| first.contains(id)))
}

/// One over the rank of the first relevant chunk, 0 when none came. Averaged over cases it is the
/// mean reciprocal rank (MRR). It looks at one chunk only. None when none is relevant.
#[must_use]
pub fn reciprocal_rank<T: PartialEq>(retrieved: &[T], relevant: &[T]) -> Option<f64> {
    if relevant.is_empty() {
        return None;
    }
    let rank = retrieved.iter().position(|id| relevant.contains(id));
    Some(rank.map_or(0.0, |place| 1.0 / (place as f64 + 1.0)))
}

/// Normalised discounted cumulative gain of the first `k` chunks, 0 to 1: the gains over log₂ of
/// rank + 1, against the best order of `ideal` (the gains of all chunks there are).
///
/// Järvelin and Kekäläinen (2002), with linear gains. None when nothing has a gain.
#[must_use]
pub fn ndcg_at(k: usize, gains: &[f64], ideal: &[f64]) -> Option<f64> {
    let mut best = ideal.to_vec();
    best.sort_by(|a, b| b.total_cmp(a));
    let best = discounted(k, &best);
    if best > 0.0 { finite(discounted(k, gains) / best) } else { None }
}

fn discounted(k: usize, gains: &[f64]) -> f64 {
    gains.iter().take(k).enumerate().map(|(place, gain)| gain / (place as f64 + 2.0).log2()).sum()
}

/// Context precision: the mean precision at the ranks of the chunks that the judge found useful, 0
/// to 1; 0 when it found none, or none came.
///
/// The formula of DeepEval. That of ragas has 1e-10 added to the denominator, see
/// [`ragas_context_precision`].
#[must_use]
pub fn context_precision(useful: &[bool]) -> f64 {
    let (sum, count) = precision_at_hits(useful);
    if count > 0.0 { sum / count } else { 0.0 }
}

/// [`context_precision`] to the digit of ragas, which divides by the count plus 1e-10.
#[must_use]
pub fn ragas_context_precision(useful: &[bool]) -> f64 {
    let (sum, count) = precision_at_hits(useful);
    sum / (count + 1e-10)
}

/// The precisions at the ranks of the useful chunks, summed, and how many those are.
fn precision_at_hits(useful: &[bool]) -> (f64, f64) {
    let (mut sum, mut hits) = (0.0, 0.0);
    for (place, useful) in useful.iter().enumerate() {
        if *useful {
            hits += 1.0;
            sum += hits / (place as f64 + 1.0);
        }
    }
    (sum, hits)
}

/// The share of statements that the judge found supported: faithfulness when they are those of the
/// answer and the context supports them, context recall when they are those of the reference.
///
/// As in ragas; none without a statement. It misleads when the statements were split badly: one
/// long sentence with one error counts as one error.
#[must_use]
pub fn supported(statements: &[bool]) -> Option<f64> {
    share(statements.iter().copied())
}

/// What a judge says of a statement, in DeepEval's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    /// Supported.
    Yes,
    /// Contradicted.
    No,
    /// Neither.
    Borderline,
}

/// DeepEval's faithfulness and answer relevance: everything but *no* passes, and nothing said is 1.
///
/// With `strict`, what is ambiguous does not pass (`penalize_ambiguous_claims`). Weaker than
/// [`supported`]: a claim that nobody contradicts passes. For comparison with that tool.
#[must_use]
pub fn deepeval_not_contradicted(verdicts: &[Support], strict: bool) -> f64 {
    let passes = |verdict: &Support| match verdict {
        Support::Yes => true,
        Support::No => false,
        Support::Borderline => !strict,
    };
    share(verdicts.iter().map(passes)).unwrap_or(1.0)
}

/// DeepEval's contextual recall: [`supported`], but 0 without a statement.
#[must_use]
pub fn deepeval_recall(statements: &[bool]) -> f64 {
    supported(statements).unwrap_or(0.0)
}

/// Answer relevance: the mean cosine of the question to questions that were made from the answer;
/// 0 when all of them were found noncommittal ("I don't know").
///
/// As in ragas; −1 to 1, in practice above 0. A wrong answer to the right question is relevant. None
/// without questions.
#[must_use]
pub fn answer_relevance(cosines: &[f64], noncommittal: &[bool]) -> Option<f64> {
    let evasive = !noncommittal.is_empty() && noncommittal.iter().all(|evasive| *evasive);
    means::mean(cosines).map(|mean| if evasive { 0.0 } else { mean })
}

/// G-Eval's score: the mean of the scores that the model might have written, by how likely it was to
/// write them, from the most likely tokens at that place with their log-probabilities.
///
/// As DeepEval does it: tokens below 1 % and tokens that are not whole numbers are left out. None
/// when nothing is left; the score that was written stands then, and has to be named so.
#[must_use]
pub fn weighted_score(tokens: &[(&str, f64)]) -> Option<f64> {
    let least = 0.01f64.ln();
    let mut by_score: BTreeMap<u64, f64> = BTreeMap::new();
    for (token, log_probability) in tokens {
        if let Some(score) = decimal(token).filter(|_| *log_probability >= least) {
            *by_score.entry(score).or_default() += log_probability.exp();
        }
    }
    let total: f64 = by_score.values().sum();
    finite(by_score.iter().map(|(score, p)| *score as f64 * p).sum::<f64>() / total)
}

/// The number of a token of digits alone: no sign, no space.
fn decimal(token: &str) -> Option<u64> {
    token.bytes().all(|byte| byte.is_ascii_digit()).then(|| token.parse().ok()).flatten()
}

fn share(hits: impl Iterator<Item = bool>) -> Option<f64> {
    means::mean(&hits.map(|hit| f64::from(u8::from(hit))).collect::<Vec<f64>>())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ranks_are_looked_at_from_the_top() {
        let retrieved = ["c", "a", "x", "b"];
        assert_eq!(recall_at(2, &retrieved, &["a", "b"]), Some(0.5));
        assert_eq!(recall_at(9, &retrieved, &["a", "b"]), Some(1.0));
        assert_eq!(reciprocal_rank(&retrieved, &["a", "b"]), Some(0.5));
        assert_eq!(precision_of_ids(&retrieved, &["a", "b"]), Some(0.5));
        assert_eq!(reciprocal_rank(&retrieved, &["z"]), Some(0.0));
    }

    #[test]
    fn what_nobody_wanted_is_undefined() {
        assert_eq!(recall_at(3, &["a"], &[]), None);
        assert_eq!(reciprocal_rank(&["a"], &[]), None);
        assert_eq!(ndcg_at(3, &[0.0], &[0.0]), None);
        assert_eq!(supported(&[]), None);
        assert_eq!(answer_relevance(&[], &[]), None);
        assert_eq!(weighted_score(&[("x", -0.1), ("7", -9.0)]), None);
    }

    #[test]
    fn ndcg_of_a_textbook() {
        let gains = [3.0, 2.0, 3.0, 0.0, 1.0, 2.0];
        let score = ndcg_at(6, &gains, &gains).unwrap();
        assert!((score - 0.960_81).abs() < 1e-5, "{score}");
    }

    #[test]
    fn an_evasive_answer_is_not_relevant_however_close() {
        assert_eq!(answer_relevance(&[0.9, 0.8], &[true, true]), Some(0.0));
        assert_eq!(answer_relevance(&[0.5, 0.25], &[true, false]), Some(0.375));
    }

    proptest! {
        #[test]
        fn a_useful_chunk_further_up_never_hurts(useful in prop::collection::vec(any::<bool>(), 2..12)) {
            let mut better = useful.clone();
            for place in 1..better.len() {
                if better[place] && !better[place - 1] {
                    better.swap(place - 1, place);
                }
            }
            prop_assert!(context_precision(&better) >= context_precision(&useful) - 1e-12);
            prop_assert!((0.0..=1.0).contains(&context_precision(&useful)));
        }

        #[test]
        fn tokens_of_any_kind_do_no_harm(token in "\\PC{0,6}", p in -9.0..0.0f64) {
            let score = weighted_score(&[(&token, p), ("7", -0.5)]);
            prop_assert!(score.is_some_and(|score| score >= 0.0));
        }
    }
}
