//! Corpus scores: BLEU, an error rate, macro F1 of all outputs together.
//!
//! Such a score is no mean over cases, so there are no differences to test. Base and head of random sources are swapped
//! instead (approximate randomisation). The interval is the paired t all the same, over the jackknife's pseudo-values
//! (Tukey, 1958): what each source adds to the change, found by leaving it out. For a score that is a mean they are the
//! differences themselves. Where there are too many sources to leave out each, random groups of them are left out (the
//! delete-a-group jackknife; Kott, 2001), and t has the degrees of freedom of the groups.

use std::collections::BTreeMap;

use super::estimate::{CONFIDENCE, Estimate};
use super::sample::{Sample, add, summed};
use super::{CorpusScore, Rules, Statistics};
use crate::Mean;
use crate::stats::random::Random;
use crate::stats::special::t_critical;
use crate::stats::{Interval, means};

/// Additions that the draws of one scorer may take: about a second. Beyond it there are fewer draws, but never fewer than
/// [`FEWEST_DRAWS`].
const MOST_STEPS: usize = 400_000_000;
const FEWEST_DRAWS: usize = 999;

/// Groups of sources that are left out one after the other, where each source would take more than [`MOST_STEPS`]: never
/// fewer. With 50 the error is off by a tenth, and t is that of 49 degrees of freedom.
const FEWEST_GROUPS: usize = 50;

/// What is left of a sum by rounding alone: a thousandth of a millionth of an answer.
const NOTHING: f64 = 1e-9;

/// An error that is none.
const ROUNDING: f64 = 1e-12;

/// Base and head.
type Sides<T> = [T; 2];

/// Estimates a corpus score. None where it is not defined for all the cases of a side.
pub(super) fn of_corpus(sample: &Sample, score: CorpusScore, rules: &Rules) -> Option<Estimate> {
    let corpus = Corpus { sources: by_source(sample), score };
    let draws = rules.draws.min(corpus.affordable());
    let [base, head] = corpus.whole().map(|sum| score(&sum));
    let (base, head) = (base?, head?);
    let grouped = corpus.grouped(corpus.affordable_groups(), &mut Random::new(rules.seed));
    let left_out = grouped.as_ref().unwrap_or(&corpus);
    let without = left_out.without_each();
    let error = |of: fn(&Sides<f64>) -> f64| jackknife_error(without.as_deref()?, of);
    let degrees = left_out.sources.len() as f64 - 1.0;
    let around =
        |centre: f64, error: f64| Interval::around(centre, t_critical(CONFIDENCE, degrees) * error);
    let mean = |mean: f64, of: fn(&Sides<f64>) -> f64| {
        // As everywhere: where nothing is known of the spread, the number stands alone.
        let alone = Interval::around(mean, 0.0);
        let Interval { low, high } = error(of).map_or(alone, |error| around(mean, error));
        Mean { mean, low, high, n: sample.cases.len() }
    };
    // Where all sources change the score alike, rounding alone sets them apart.
    let of_change = error(|sides| sides[1] - sides[0]).filter(|error| *error > ROUNDING);
    Some(Estimate {
        base: mean(base, |sides| sides[0]),
        head: mean(head, |sides| sides[1]),
        change: head - base,
        interval: of_change.map(|error| around(head - base, error)),
        spread: of_change.map(|error| error * (corpus.sources.len() as f64).sqrt()),
        test: "approximate randomisation",
        p: Some(corpus.randomised(draws, (head - base).abs(), &mut Random::new(rules.seed))),
    })
}

/// The standard error of a score, from what it is without each source, or each group of them. None for one source.
fn jackknife_error(without: &[Sides<f64>], of: fn(&Sides<f64>) -> f64) -> Option<f64> {
    let values: Vec<f64> = without.iter().map(of).collect();
    let n = values.len() as f64;
    means::variance(&values).map(|variance| (n - 1.0) * (variance / n).sqrt())
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
        (MOST_STEPS / (entries + self.scoring()).max(1)).max(FEWEST_DRAWS)
    }

    /// How many parts there is time to leave out. The score is worked out anew without each, so many cases of many
    /// classes would take their product.
    fn affordable_groups(&self) -> usize {
        (MOST_STEPS / self.scoring().max(1)).max(FEWEST_GROUPS)
    }

    /// The steps of working out both scores: what a score makes of its places takes longer than to add one up.
    fn scoring(&self) -> usize {
        self.whole().iter().map(|sum| 8 * sum.len()).sum()
    }

    /// The sources in so many groups of about the same size, at random: in the order of their ids, those that are alike
    /// may be neighbours. None where there are no more sources than that.
    fn grouped(&self, groups: usize, random: &mut Random) -> Option<Corpus<'_>> {
        if self.sources.len() <= groups {
            return None;
        }
        let mut order: Vec<usize> = (0..self.sources.len()).collect();
        for last in (1..order.len()).rev() {
            order.swap(last, random.below(last + 1));
        }
        let mut sums = vec![Sums::default(); groups];
        for (place, source) in order.into_iter().enumerate() {
            sums[place % groups].add(self.sources[source].each_ref());
        }
        Some(Corpus { sources: sums.into_iter().map(Sums::listed).collect(), score: self.score })
    }

    /// Both scores without each source. None where leaving one out leaves a score undefined, and for one source.
    fn without_each(&self) -> Option<Vec<Sides<f64>>> {
        if self.sources.len() < 2 {
            return None;
        }
        let mut rest = self.whole();
        let without = |source: &Sides<Statistics>| {
            let mut side = |at: usize| {
                let (rest, source) = (&mut rest[at], &source[at]);
                let whole: Vec<f64> = source.iter().map(|(place, _)| rest[*place]).collect();
                for (place, value) in source {
                    let left = rest[*place] - value;
                    rest[*place] = if left.abs() < NOTHING { 0.0 } else { left };
                }
                let score = (self.score)(rest);
                source.iter().zip(whole).for_each(|((place, _), whole)| rest[*place] = whole);
                score
            };
            Some([side(0)?, side(1)?])
        };
        self.sources.iter().map(without).collect()
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
    let mut sums = vec![Sums::default(); sample.sources];
    for case in &sample.cases {
        sums[case.source].add([&case.base.statistics, &case.head.statistics]);
    }
    sums.into_iter().map(Sums::listed).collect()
}

/// Statistics that are being summed, by place.
#[derive(Clone, Default)]
struct Sums(Sides<BTreeMap<usize, f64>>);

impl Sums {
    fn add(&mut self, sides: Sides<&Statistics>) {
        for (sum, side) in self.0.iter_mut().zip(sides) {
            for (place, value) in side {
                *sum.entry(*place).or_insert(0.0) += value;
            }
        }
    }

    fn listed(self) -> Sides<Statistics> {
        self.0.map(|sum| sum.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::cell::Cell;

    use super::*;

    fn error_of_change(corpus: &Corpus) -> f64 {
        jackknife_error(&corpus.without_each().unwrap(), |sides| sides[1] - sides[0]).unwrap()
    }

    #[test]
    fn as_many_cases_as_classes_take_no_more_than_so_many_scores() {
        let asked = Cell::new(0);
        let score = |_: &[f64]| {
            asked.set(asked.get() + 1);
            Some(0.0)
        };
        let source = |n: usize| [vec![(n, 1.0)], vec![(1_000_000, 1.0)]];
        let corpus = Corpus { sources: (0..400).map(source).collect(), score: &score };
        let groups = corpus.affordable_groups();
        assert_eq!(groups, FEWEST_GROUPS, "each score has a million places");
        let grouped = corpus.grouped(groups, &mut Random::new(7)).unwrap();
        assert_eq!(grouped.without_each().unwrap().len(), groups);
        assert_eq!(asked.get(), 2 * groups, "and not one for each of 400 sources");
    }

    #[test]
    fn groups_lose_no_answer_and_their_error_is_that_of_the_sources() {
        let mean = |sums: &[f64]| Some(sums[0] / sums[1]);
        let mut random = Random::new(3);
        let mut source = |_| [0.3, 0.5].map(|more| vec![(0, random.unit() + more), (1, 1.0)]);
        let corpus = Corpus { sources: (0..2_001).map(&mut source).collect(), score: &mean };
        let grouped = corpus.grouped(FEWEST_GROUPS, &mut Random::new(5)).unwrap();
        for (ours, theirs) in grouped.whole().concat().iter().zip(corpus.whole().concat()) {
            assert!((ours - theirs).abs() < 1e-6, "{ours} {theirs}");
        }
        let (groups, each) = (error_of_change(&grouped), error_of_change(&corpus));
        assert!((groups / each - 1.0).abs() < 0.4, "{groups} {each}");
        assert!(corpus.grouped(2_001, &mut Random::new(5)).is_none(), "each is left out then");
    }
}
