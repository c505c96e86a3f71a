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

/// Statistics as a row of numbers, for whoever weighs outputs before summing them up.
pub trait Flat {
    /// The numbers, in an order of their own. Equally many for every output of one metric.
    fn flat(&self) -> Vec<f64>;

    /// Reads a sum of such rows back. What counts whole things is rounded to the nearest.
    fn from_flat(numbers: &[f64]) -> Self;
}

/// The nearest count; a row of sums is never below 0.
pub(crate) fn whole(number: f64) -> u64 {
    number.round() as u64
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::metrics::bleu::tokenizers::Tokenizer;
    use crate::metrics::bleu::{Bleu, Smoothing};
    use crate::metrics::chrf::Chrf;
    use crate::metrics::ter::Ter;
    use crate::metrics::ter::tokenizer::TercomTokenizer;

    /// Short texts that are like each other, with all that tokenizers look at, and any text.
    fn texts() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "the",
            "cat",
            "Cat",
            " ",
            " ",
            " ",
            ".",
            ",",
            "-",
            "-\n",
            "3",
            "1,000.5",
            "'s",
            "(",
            ")",
            "\"",
            "&amp;lt;",
            "<skipped>",
            "\u{1c}",
            "\u{2028}",
            "中",
            "。",
            "ー",
            "é",
            "€",
            "٣",
            "👍🏽",
            "\u{301}",
            "İ",
            "\n",
        ]);
        let pieces = prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat());
        prop_oneof![4 => pieces, 1 => any::<String>()]
    }

    fn bleus() -> Vec<Bleu> {
        let smoothings =
            [Smoothing::None, Smoothing::Exp, Smoothing::Floor(0.1), Smoothing::AddK(1.0)];
        let with = |tokenizer| {
            smoothings.map(|smoothing| Bleu { tokenizer, smoothing, ..Bleu::of_sentences() })
        };
        let mut bleus: Vec<_> = Tokenizer::ALL.into_iter().flat_map(with).collect();
        bleus.extend([Bleu::default(), Bleu { lowercase: true, ..Bleu::default() }]);
        bleus
    }

    fn chrfs() -> Vec<Chrf> {
        let mut chrfs = vec![Chrf::default(), Chrf::plus_plus()];
        chrfs.push(Chrf { eps_smoothing: true, ..Chrf::plus_plus() });
        chrfs.push(Chrf { whitespace: true, lowercase: true, ..Chrf::default() });
        chrfs.push(Chrf { char_order: 30, beta: 0.5, ..Chrf::default() });
        chrfs
    }

    fn ters() -> Vec<Ter> {
        let all = TercomTokenizer {
            normalized: true,
            no_punct: true,
            asian_support: true,
            case_sensitive: true,
        };
        [TercomTokenizer::default(), all, TercomTokenizer { no_punct: false, ..all }]
            .map(|tokenizer| Ter { tokenizer })
            .to_vec()
    }

    /// What holds for every metric of this kind, on any texts.
    fn hold_to_promises<M: CorpusMetric>(
        metric: &M,
        output: &str,
        references: &[&str],
        highest: f64,
    ) -> Result<(), TestCaseError> {
        let signature = metric.signature(None);
        let Some(score) = metric.sentence_score(output, references) else {
            prop_assert!(references.is_empty(), "{} is undefined", signature);
            return Ok(());
        };
        prop_assert!((0.0..=highest + 1e-9).contains(&score), "{} gives {}", signature, score);
        let mut turned = references.to_vec();
        turned.reverse();
        let again = metric.sentence_score(output, &turned);
        prop_assert_eq!(again, Some(score), "{} minds the order of references", signature);
        let cases: Vec<_> =
            references.iter().filter_map(|other| metric.statistics(other, &[output])).collect();
        let there = metric.corpus_score(&cases);
        let back = metric.corpus_score(cases.iter().rev());
        let apart = there.zip(back).map(|(there, back)| (there - back).abs());
        prop_assert!(apart.is_some_and(|apart| apart < 1e-9), "{} minds the order", signature);
        Ok(())
    }

    proptest! {
        #[test]
        fn scores_stay_in_range_and_mind_no_order(
            output in texts(),
            references in prop::collection::vec(texts(), 0..4),
        ) {
            let references: Vec<&str> = references.iter().map(String::as_str).collect();
            for bleu in bleus() {
                hold_to_promises(&bleu, &output, &references, 100.0)?;
            }
            for chrf in chrfs() {
                hold_to_promises(&chrf, &output, &references, 100.0)?;
            }
            for ter in ters() {
                hold_to_promises(&ter, &output, &references, f64::MAX)?;
            }
        }

        #[test]
        fn a_text_that_is_its_own_reference_has_the_best_score(text in texts(), other in texts()) {
            let references = [other.as_str(), text.as_str()];
            for ter in ters() {
                prop_assert_eq!(ter.sentence_score(&text, &references), Some(0.0));
            }
            // Tokenizers may remove all of a text but its letters.
            prop_assume!(text.contains("cat"));
            for bleu in bleus().into_iter().filter(|bleu| bleu.effective_order) {
                let score = bleu.sentence_score(&text, &references).unwrap();
                prop_assert!((score - 100.0).abs() < 1e-9, "{:?} gives {}", bleu, score);
            }
            for chrf in chrfs().into_iter().filter(|chrf| !chrf.eps_smoothing) {
                let score = chrf.sentence_score(&text, &references).unwrap();
                prop_assert!((score - 100.0).abs() < 1e-9, "{:?} gives {}", chrf, score);
            }
        }
    }

    #[test]
    fn no_two_settings_share_a_signature() {
        let mut signatures: Vec<String> = bleus().iter().map(|m| m.signature(Some(1))).collect();
        signatures.extend(chrfs().iter().map(|metric| metric.signature(Some(1))));
        signatures.extend(ters().iter().map(|metric| metric.signature(Some(1))));
        signatures.extend([Some(2), None].map(|count| Ter::default().signature(count)));
        let count = signatures.len();
        signatures.sort();
        signatures.dedup();
        assert_eq!(signatures.len(), count);
    }

    #[test]
    fn a_corpus_without_an_output_has_no_score() {
        assert_eq!(Bleu::default().corpus_score([]), None);
        assert_eq!(Chrf::default().corpus_score([]), None);
        assert_eq!(Ter::default().corpus_score([]), None);
    }
}
