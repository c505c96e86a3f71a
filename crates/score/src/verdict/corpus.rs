//! Corpus scores: BLEU, an error rate, macro F1 of all outputs together.
//!
//! Such a score is no mean over cases, so there are no differences to test. Base and head of random sources are swapped
//! instead (approximate randomisation), and the interval comes from drawing the sources again. The plain percentile
//! interval is too narrow for few sources: it has neither the quantile of t nor the n − 1 of a variance. Its quantiles are
//! taken further out here by just that much (Hesterberg, 2015), so that the interval of a mean is as wide as the paired t
//! interval of other measures.

use std::collections::BTreeMap;

use super::estimate::{CONFIDENCE, Estimate};
use super::sample::{Sample, add, summed};
use super::{CorpusScore, Rules, Statistics};
use crate::stats::random::Random;
use crate::stats::special::{normal_sf, t_critical};
use crate::stats::{Interval, means};
use crate::{Mean, percentile};

/// Additions that the draws of one scorer may take: about a second. Beyond it there are fewer draws, but never fewer than
/// [`FEWEST_DRAWS`].
const MOST_STEPS: usize = 400_000_000;
const FEWEST_DRAWS: usize = 999;

/// The share of drawn samples for which the score may be undefined. Of more, the rest says nothing.
const MOST_UNDEFINED: f64 = 0.05;

/// Base and head.
type Sides<T> = [T; 2];

/// Estimates a corpus score. None where it is not defined for all the cases of a side.
pub(super) fn of_corpus(sample: &Sample, score: CorpusScore, rules: &Rules) -> Option<Estimate> {
    let corpus = Corpus { sources: by_source(sample), score };
    let draws = rules.draws.min(corpus.affordable());
    let [base, head] = corpus.whole().map(|sum| score(&sum));
    let (base, head) = (base?, head?);
    let drawn = corpus.drawn(draws, &mut Random::new(rules.seed));
    let n = corpus.sources.len();
    let mean = |mean: f64, of: fn(&Sides<f64>) -> f64| {
        let interval = drawn.as_deref().and_then(|drawn| between(drawn, of, n));
        let interval = interval.unwrap_or(Interval::around(mean, 0.0));
        Mean { mean, low: interval.low, high: interval.high, n: sample.cases.len() }
    };
    let change = |sides: &Sides<f64>| sides[1] - sides[0];
    let spread =
        drawn.as_ref().and_then(|all| means::sd(&all.iter().map(change).collect::<Vec<_>>()));
    let error = spread.filter(|error| *error > 0.0);
    Some(Estimate {
        base: mean(base, |sides| sides[0]),
        head: mean(head, |sides| sides[1]),
        change: head - base,
        interval: error.and_then(|_| between(drawn.as_deref()?, change, n)),
        spread: error.map(|error| error * (n as f64).sqrt()),
        test: "approximate randomisation",
        p: Some(corpus.randomised(draws, (head - base).abs(), &mut Random::new(rules.seed))),
    })
}

/// The middle 95 % of what was drawn from so many sources, expanded for few of them.
fn between(drawn: &[Sides<f64>], of: fn(&Sides<f64>) -> f64, n: usize) -> Option<Interval> {
    if n < 2 {
        return None;
    }
    let values: Vec<f64> = drawn.iter().map(of).collect();
    let n = n as f64;
    let tail = normal_sf(t_critical(CONFIDENCE, n - 1.0) * (n / (n - 1.0)).sqrt());
    Some(Interval { low: percentile(&values, tail)?, high: percentile(&values, 1.0 - tail)? })
}

/// The summed statistics of each source.
struct Corpus<'s> {
    sources: Vec<Sides<Statistics>>,
    score: CorpusScore<'s>,
}

impl Corpus<'_> {
    fn whole(&self) -> Sides<Vec<f64>> {
        [0, 1].map(|side| summed(self.sources.iter().map(|source| &source[side])))
    }

    /// How many draws there is time for.
    fn affordable(&self) -> usize {
        let entries: usize = self.sources.iter().flatten().map(Vec::len).sum();
        // What a score makes of its places takes longer than to add one up.
        let places: usize = self.whole().iter().map(|sum| 8 * sum.len()).sum();
        (MOST_STEPS / (entries + places).max(1)).max(FEWEST_DRAWS)
    }

    /// Both scores of samples that are drawn from the sources. None where too many of them are undefined.
    fn drawn(&self, draws: usize, random: &mut Random) -> Option<Vec<Sides<f64>>> {
        let n = self.sources.len();
        let mut sums = [Vec::new(), Vec::new()];
        let mut drawn = Vec::with_capacity(draws);
        for _ in 0..draws {
            sums.iter_mut().for_each(|sum| sum.fill(0.0));
            for _ in 0..n {
                let source = &self.sources[random.below(n)];
                sums.iter_mut().zip(source).for_each(|(sum, side)| add(sum, side));
            }
            if let [Some(base), Some(head)] = sums.each_ref().map(|sum| (self.score)(sum)) {
                drawn.push([base, head]);
            }
        }
        let undefined = draws - drawn.len();
        (undefined as f64 <= MOST_UNDEFINED * draws as f64).then_some(drawn)
    }

    /// Approximate randomisation (Riezler and Maxwell, 2005): how often swapping base and head of a random half of the
    /// sources makes a change as large. Where it leaves a score undefined, nobody knows, and it counts as one.
    fn randomised(&self, draws: usize, observed: f64, random: &mut Random) -> f64 {
        let mut sums = [Vec::new(), Vec::new()];
        let mut reaches = || {
            sums.iter_mut().for_each(|sum| sum.fill(0.0));
            for [base, head] in &self.sources {
                let swapped = random.next_bits() >> 63 == 1;
                let (first, second) = if swapped { (head, base) } else { (base, head) };
                add(&mut sums[0], first);
                add(&mut sums[1], second);
            }
            match sums.each_ref().map(|sum| (self.score)(sum)) {
                [Some(base), Some(head)] => (head - base).abs() >= observed - 1e-9,
                _ => true,
            }
        };
        let reached = (0..draws).filter(|_| reaches()).count();
        (reached + 1) as f64 / (draws + 1) as f64
    }
}

/// The summed statistics of each source, base and head.
fn by_source(sample: &Sample) -> Vec<Sides<Statistics>> {
    let mut sums = vec![[BTreeMap::new(), BTreeMap::new()]; sample.sources];
    for case in &sample.cases {
        for (sum, side) in sums[case.source].iter_mut().zip([&case.base, &case.head]) {
            for (place, value) in &side.statistics {
                *sum.entry(*place).or_insert(0.0) += value;
            }
        }
    }
    sums.into_iter().map(|sides| sides.map(|sum| sum.into_iter().collect())).collect()
}
