//! Whether two systems differ in a corpus metric, on the same cases.
//!
//! Means have paired tests of their own; the score of a corpus is no mean, so its difference is
//! held against the differences that chance makes of the same statistics. Verdicts come from
//! [`approximate_randomization`]. [`paired_bootstrap`] is here because people report it: see there.
//!
//! *Source*: sacrebleu 2.6.0, `significance.PairedTest`. From the same seed (12345 is its default)
//! both give sacrebleu's own p-values; the draws are those of [`NumpyGenerator`].

mod numpy;

pub use numpy::NumpyGenerator;

use super::corpus::{CorpusMetric, sum};

/// What a paired test of two systems says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairedTest {
    /// The baseline's score.
    pub baseline: f64,
    /// The score of the system that is held against it.
    pub system: f64,
    /// How often chance alone makes a difference as large, two-sided, never below 1/(trials + 1).
    pub p: f64,
}

/// What approximate randomisation says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Randomization {
    /// Scores, and sacrebleu's p: of trials with a *larger* difference.
    pub test: PairedTest,
    /// The same of trials with a difference at least as large: never too small, 1 for two systems
    /// that do not differ. Verdicts use this one.
    pub p_with_ties: f64,
}

/// The scores of a system's bootstrap resamples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resampled {
    /// Their mean.
    pub mean: f64,
    /// Half the width of the interval that holds the middle 95 % of them.
    pub half_width: f64,
}

/// A paired bootstrap test with both systems' resamples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairedBootstrap {
    /// Scores and p.
    pub test: PairedTest,
    /// Of the baseline.
    pub baseline: Resampled,
    /// Of the system.
    pub system: Resampled,
}

/// Approximate randomisation (Noreen, 1989; Riezler and Maxwell, 2005), two-sided.
///
/// *Definition.* In each trial every case's statistics swap systems with probability one half. p is
/// (c + 1) / (trials + 1), where c counts the trials whose difference is *larger* than the observed
/// one; sacrebleu tries 10,000 times.
///
/// Undefined (None) without a case, and for two lists of different length.
///
/// *It misleads* where cases depend on each other, such as many from one document: p is then too
/// small. And sacrebleu's p is the *smallest* possible for two systems without any difference, since
/// no trial's is larger than none: hence [`Randomization::p_with_ties`].
pub fn approximate_randomization<M: CorpusMetric>(
    metric: &M,
    baseline: &[M::Statistics],
    system: &[M::Statistics],
    trials: usize,
    seed: u64,
) -> Option<Randomization> {
    let (scores, observed) = observed(metric, baseline, system)?;
    let mut generator = NumpyGenerator::seeded(seed);
    let mut coins = generator.coins();
    let (mut larger, mut as_large) = (0, 0);
    for _ in 0..trials {
        let [a, b] = swapped(baseline, system, &mut coins)?;
        let difference = (metric.score_of(&a) - metric.score_of(&b)).abs();
        larger += usize::from(difference > observed);
        as_large += usize::from(difference >= observed);
    }
    Some(Randomization {
        test: PairedTest { p: p_value(larger, trials), ..scores },
        p_with_ties: p_value(as_large, trials),
    })
}

/// The paired bootstrap (Koehn, 2004) as sacrebleu and Moses have it.
///
/// *Definition.* Both systems are scored on the same resamples of the cases; p is
/// (c + 1) / (resamples + 1), where c counts the resamples whose absolute difference lies above the
/// mean absolute difference by more than the observed one. sacrebleu draws 1,000.
///
/// Undefined (None) without a case or a resample, and for two lists of different length.
///
/// *It misleads*: the mean of *absolute* differences is no centre of theirs, and where the systems
/// hardly differ p comes out far too small. It is not used for verdicts.
pub fn paired_bootstrap<M: CorpusMetric>(
    metric: &M,
    baseline: &[M::Statistics],
    system: &[M::Statistics],
    resamples: usize,
    seed: u64,
) -> Option<PairedBootstrap> {
    let (scores, observed) = observed(metric, baseline, system)?;
    let of_baseline = resampled_scores(metric, baseline, resamples, seed)?;
    let of_system = resampled_scores(metric, system, resamples, seed)?;
    let differences: Vec<f64> =
        of_baseline.iter().zip(&of_system).map(|(a, b)| (b - a).abs()).collect();
    let mean = mean(&differences)?;
    let larger = differences.iter().filter(|difference| *difference - mean > observed).count();
    Some(PairedBootstrap {
        test: PairedTest { p: p_value(larger, resamples), ..scores },
        baseline: Resampled::of(of_baseline)?,
        system: Resampled::of(of_system)?,
    })
}

/// Both scores, and how far they are apart.
fn observed<M: CorpusMetric>(
    metric: &M,
    baseline: &[M::Statistics],
    system: &[M::Statistics],
) -> Option<(PairedTest, f64)> {
    if baseline.len() != system.len() {
        return None;
    }
    let (baseline, system) = (metric.corpus_score(baseline)?, metric.corpus_score(system)?);
    let scores = PairedTest { baseline, system, p: 1.0 };
    Some((scores, (baseline - system).abs()))
}

/// The sums of two systems after every case was swapped or not.
fn swapped<S>(
    baseline: &[S],
    system: &[S],
    coins: &mut impl Iterator<Item = bool>,
) -> Option<[S; 2]>
where
    S: Clone + for<'a> std::ops::AddAssign<&'a S>,
{
    let mut sums: Option<[S; 2]> = None;
    for ((baseline, system), stays) in baseline.iter().zip(system).zip(coins) {
        let [a, b] = if stays { [baseline, system] } else { [system, baseline] };
        match &mut sums {
            Some([of_a, of_b]) => {
                *of_a += a;
                *of_b += b;
            }
            None => sums = Some([a.clone(), b.clone()]),
        }
    }
    sums
}

fn resampled_scores<M: CorpusMetric>(
    metric: &M,
    segments: &[M::Statistics],
    resamples: usize,
    seed: u64,
) -> Option<Vec<f64>> {
    let count = u32::try_from(segments.len()).ok()?;
    let mut generator = NumpyGenerator::seeded(seed);
    (0..resamples)
        .map(|_| {
            let drawn = segments.iter().map(|_| &segments[generator.below(count) as usize]);
            sum(drawn).map(|sum| metric.score_of(&sum))
        })
        .collect()
}

impl Resampled {
    fn of(mut scores: Vec<f64>) -> Option<Resampled> {
        scores.sort_by(f64::total_cmp);
        let cut = scores.len() / 40;
        let high = scores.len().checked_sub(cut + 1)?;
        Some(Resampled { mean: mean(&scores)?, half_width: 0.5 * (scores[high] - scores[cut]) })
    }
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn p_value(larger: usize, trials: usize) -> f64 {
    (larger + 1) as f64 / (trials + 1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::bleu::Bleu;

    type Cases = Vec<<Bleu as CorpusMetric>::Statistics>;

    fn cases(outputs: &[&str]) -> Cases {
        let reference = "the quick brown fox jumps over the lazy dog";
        outputs
            .iter()
            .filter_map(|output| Bleu::default().statistics(output, &[reference]))
            .collect()
    }

    const GOOD: &str = "the quick brown fox jumps over the lazy dog";
    const FAIR: &str = "the quick brown fox leaps over a lazy dog";
    const POOR: &str = "a fast brown fox jumps over some dog";

    #[test]
    fn a_system_that_is_better_on_every_case_is_significantly_better() {
        let (baseline, system) = (cases(&[POOR; 12]), cases(&[GOOD; 12]));
        let test = approximate_randomization(&Bleu::default(), &baseline, &system, 999, 1).unwrap();
        assert!(test.test.system > test.test.baseline);
        assert!(test.p_with_ties < 0.01, "{test:?}");
        assert!(test.test.p <= test.p_with_ties);
    }

    #[test]
    fn two_equal_systems_differ_by_chance_only() {
        let same = cases(&[GOOD, FAIR, POOR]);
        let test = approximate_randomization(&Bleu::default(), &same, &same, 99, 1).unwrap();
        assert_eq!((test.test.p, test.p_with_ties), (0.01, 1.0));
    }

    #[test]
    fn a_seed_gives_the_same_numbers_again() {
        let (baseline, system) = (cases(&[GOOD, FAIR, POOR]), cases(&[FAIR, POOR, GOOD]));
        let run = |seed| paired_bootstrap(&Bleu::default(), &baseline, &system, 200, seed);
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
    }

    #[test]
    fn what_cannot_be_tested_is_undefined() {
        let some = cases(&[GOOD]);
        let bleu = Bleu::default();
        assert_eq!(approximate_randomization(&bleu, &[], &[], 10, 1), None);
        assert_eq!(approximate_randomization(&bleu, &some, &[], 10, 1), None);
        assert_eq!(paired_bootstrap(&bleu, &some, &some, 0, 1), None);
    }

    #[test]
    fn the_interval_holds_the_middle_of_the_resamples() {
        let resampled = Resampled::of((0..200).rev().map(f64::from).collect()).unwrap();
        assert_eq!(resampled, Resampled { mean: 99.5, half_width: 94.5 });
    }
}
