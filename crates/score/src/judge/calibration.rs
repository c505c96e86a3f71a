//! Holding a judge against people.
//!
//! People label outputs blind: they see neither the variant, nor the model, nor what the judge said. First they are
//! held against each other, because a judge cannot agree with people better than they agree among themselves. Then
//! the judge is held against their consensus, on the half of the labels that nobody looks at while tuning a rubric:
//! which half a label is in follows from a digest of what was labelled, so it is the same on every machine.

use crate::stats::agreement::{
    Kappa, Level, cross_table, kappa_with_error, krippendorff_alpha, observed_agreement,
};
use crate::stats::planning::{JudgeRates, corrected_interval, corrected_rate, judge_rates};
use crate::{Mean, pass_rate};

/// Labels from which on a judge counts as calibrated.
pub const LABELS_NEEDED: usize = 50;

/// A judge whose shares may lie below this, going by their intervals, is named weak.
pub const WEAK_BELOW: f64 = 0.8;

/// One output that people labelled.
#[derive(Debug, Clone, PartialEq)]
pub struct Labelled {
    /// A digest of case and output.
    pub subject: [u8; 32],
    /// What each rater said.
    pub labels: Vec<(String, bool)>,
    /// What the judge says, unless it failed or has not seen it.
    pub judge: Option<bool>,
}

/// How a judge does.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// Outputs with a consensus of people.
    pub labels: usize,
    /// Outputs on which as many say pass as fail.
    pub undecided: usize,
    /// Outputs with a consensus that the judge has no verdict on.
    pub unseen: usize,
    /// Whether there are as many labels as a judge needs before it gates.
    pub is_calibrated: bool,
    /// How people agree, where some output has two labels.
    pub people: Option<People>,
    /// The judge on the half that is for tuning.
    pub tuning: Against,
    /// The judge on the half that is held out.
    pub held_out: Against,
    /// The pass rate that the judge tells, and the one that lies behind it.
    pub rate: Option<Rate>,
}

/// How people agree with each other.
#[derive(Debug, Clone, PartialEq)]
pub struct People {
    /// Who labelled.
    pub raters: Vec<String>,
    /// Outputs that at least two labelled.
    pub outputs: usize,
    /// The share of pairs of labels that are equal.
    pub agreement: Option<f64>,
    /// Cohen's kappa for two raters.
    pub kappa: Option<Kappa>,
    /// Krippendorff's alpha for more.
    pub alpha: Option<f64>,
}

/// A judge against the consensus of people.
#[derive(Debug, Clone, PartialEq)]
pub struct Against {
    /// Outputs with both.
    pub outputs: usize,
    /// Of those that people passed, the share that the judge passed (TPR).
    pub passes: Option<Mean>,
    /// Of those that people failed, the share that the judge failed (TNR).
    pub failures: Option<Mean>,
    /// Agreement beyond chance.
    pub kappa: Option<Kappa>,
}

/// A pass rate, as a judge tells it and corrected for how the judge errs.
#[derive(Debug, Clone, PartialEq)]
pub struct Rate {
    /// What the judge tells, over everything that it judged.
    pub told: Mean,
    /// Rogan and Gladen's correction of it; none when the judge is no better than a coin.
    pub corrected: Option<Mean>,
}

impl Calibration {
    /// Holds a judge against labels. `judged` is all that it judged: how many it passed, of how many.
    #[must_use]
    pub fn of(labelled: &[Labelled], judged: (usize, usize)) -> Calibration {
        let with_labels: Vec<&Labelled> =
            labelled.iter().filter(|one| !one.labels.is_empty()).collect();
        let decided: Vec<(&Labelled, bool)> =
            with_labels.iter().filter_map(|one| Some((*one, one.consensus()?))).collect();
        let half = |held_out: bool| {
            let of_half = decided.iter().filter(move |(one, _)| one.is_held_out() == held_out);
            let pairs = of_half.filter_map(|(one, people)| Some((*people, one.judge?)));
            pairs.collect::<Vec<(bool, bool)>>()
        };
        let held_out = half(true);
        Calibration {
            labels: decided.len(),
            undecided: with_labels.len() - decided.len(),
            unseen: decided.iter().filter(|(one, _)| one.judge.is_none()).count(),
            is_calibrated: decided.len() >= LABELS_NEEDED,
            people: People::of(&with_labels),
            tuning: Against::of(&half(false)),
            rate: Rate::of(judged, &held_out),
            held_out: Against::of(&held_out),
        }
    }

    /// Whether the held-out half leaves room for a judge that misses much.
    #[must_use]
    pub fn is_weak(&self) -> bool {
        let weak = |share: &Option<Mean>| share.as_ref().is_none_or(|share| share.low < WEAK_BELOW);
        weak(&self.held_out.passes) || weak(&self.held_out.failures)
    }
}

impl Labelled {
    /// What most raters say; none where as many say the contrary.
    #[must_use]
    pub fn consensus(&self) -> Option<bool> {
        let passes = self.labels.iter().filter(|(_, pass)| *pass).count();
        let failures = self.labels.len() - passes;
        (passes != failures).then_some(passes > failures)
    }

    /// Which half it is in.
    fn is_held_out(&self) -> bool {
        self.subject[31] & 1 == 1
    }
}

impl People {
    fn of(labelled: &[&Labelled]) -> Option<People> {
        let several: Vec<&&Labelled> = labelled.iter().filter(|one| one.labels.len() > 1).collect();
        if several.is_empty() {
            return None;
        }
        let mut raters: Vec<String> = several
            .iter()
            .flat_map(|one| one.labels.iter().map(|(rater, _)| rater.clone()))
            .collect();
        raters.sort();
        raters.dedup();
        let by: Vec<Vec<Option<bool>>> = raters
            .iter()
            .map(|rater| several.iter().map(|one| one.label_of(rater)).collect())
            .collect();
        let (first, second) = pairs(&by);
        let table = cross_table(&first, &second, 2);
        let numbers: Vec<Vec<Option<f64>>> = by
            .iter()
            .map(|of| of.iter().map(|label| label.map(|pass| f64::from(u8::from(pass)))).collect())
            .collect();
        let two = raters.len() == 2;
        Some(People {
            outputs: several.len(),
            agreement: observed_agreement(&table),
            kappa: if two { kappa_with_error(&table) } else { None },
            alpha: if two { None } else { krippendorff_alpha(&numbers, Level::Nominal) },
            raters,
        })
    }
}

impl Labelled {
    fn label_of(&self, rater: &str) -> Option<bool> {
        self.labels.iter().find(|(name, _)| name == rater).map(|(_, pass)| *pass)
    }
}

/// Both labels of every pair of raters on every output.
fn pairs(by: &[Vec<Option<bool>>]) -> (Vec<usize>, Vec<usize>) {
    let mut pairs = (Vec::new(), Vec::new());
    for (place, one) in by.iter().enumerate() {
        for other in &by[place + 1..] {
            for (a, b) in one.iter().zip(other).filter_map(|(a, b)| Some(((*a)?, (*b)?))) {
                pairs.0.push(usize::from(a));
                pairs.1.push(usize::from(b));
            }
        }
    }
    pairs
}

impl Against {
    /// Pairs of what people and the judge say.
    fn of(pairs: &[(bool, bool)]) -> Against {
        let share = |label: bool| {
            let (n, hits) = hits(pairs, label);
            pass_rate(hits, n)
        };
        let (people, judge): (Vec<usize>, Vec<usize>) =
            pairs.iter().map(|(people, judge)| (usize::from(*people), usize::from(*judge))).unzip();
        Against {
            outputs: pairs.len(),
            passes: share(true),
            failures: share(false),
            kappa: kappa_with_error(&cross_table(&people, &judge, 2)),
        }
    }
}

/// How many people gave this label, and on how many of these the judge says the same.
fn hits(pairs: &[(bool, bool)], label: bool) -> (usize, usize) {
    let of = pairs.iter().filter(|(people, _)| *people == label);
    let same = of.clone().filter(|(people, judge)| people == judge).count();
    (of.count(), same)
}

impl Rate {
    fn of((passed, n): (usize, usize), held_out: &[(bool, bool)]) -> Option<Rate> {
        let told = pass_rate(passed, n)?;
        let (people, judge): (Vec<bool>, Vec<bool>) = held_out.iter().copied().unzip();
        let rates: JudgeRates = judge_rates(&people, &judge);
        let (passes, failures) = (hits(held_out, true), hits(held_out, false));
        let interval =
            corrected_interval((passed, n), (passes.1, passes.0), (failures.1, failures.0));
        let corrected = corrected_rate(told.mean, rates).zip(interval).map(|(mean, interval)| {
            Mean { mean: mean.clamp(0.0, 1.0), low: interval.low, high: interval.high, n }
        });
        Some(Rate { told, corrected })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// Output `n`, in the half of its last bit.
    fn labelled(n: u8, people: &[(&str, bool)], judge: Option<bool>) -> Labelled {
        let mut subject = [n; 32];
        subject[0] = n.wrapping_mul(31);
        let labels = people.iter().map(|(rater, pass)| ((*rater).to_owned(), *pass)).collect();
        Labelled { subject, labels, judge }
    }

    #[test]
    fn the_judge_is_measured_on_the_half_that_is_held_out() {
        // In the half for tuning the judge is always wrong, in the other always right.
        let all: Vec<Labelled> = (0..60)
            .map(|n| {
                let pass = n % 4 < 2;
                labelled(n, &[("ann", pass)], Some(if n % 2 == 1 { pass } else { !pass }))
            })
            .collect();
        let found = Calibration::of(&all, (30, 60));
        assert!(found.is_calibrated && found.people.is_none());
        assert_eq!((found.tuning.outputs, found.held_out.outputs), (30, 30));
        assert_eq!(found.held_out.passes.as_ref().unwrap().mean, 1.0);
        assert_eq!(found.held_out.failures.as_ref().unwrap().mean, 1.0);
        assert_eq!(found.tuning.passes.as_ref().unwrap().mean, 0.0);
        assert_eq!(found.held_out.kappa.unwrap().kappa, 1.0);
        let corrected = found.rate.unwrap().corrected.unwrap();
        assert!((corrected.mean - 0.5).abs() < 1e-9, "a perfect judge needs no correction");
        assert!(corrected.low < 0.5 && corrected.high > 0.5 && corrected.low > 0.2);
    }

    #[test]
    fn people_are_held_against_each_other_first() {
        let all: Vec<Labelled> = (0..20)
            .map(|n| labelled(n, &[("ann", n % 2 == 0), ("bob", n % 2 == 0 || n == 1)], None))
            .collect();
        let found = Calibration::of(&all, (0, 0));
        let people = found.people.as_ref().unwrap();
        assert_eq!((people.outputs, people.agreement), (20, Some(0.95)));
        assert!((people.kappa.unwrap().kappa - 0.9).abs() < 1e-9);
        assert_eq!((found.labels, found.undecided, found.unseen), (19, 1, 19));
        assert!(!found.is_calibrated && found.rate.is_none());
        assert!(found.is_weak(), "nobody knows how it does");
    }

    #[test]
    fn more_than_two_raters_agree_by_alpha() {
        let all: Vec<Labelled> = (0..12)
            .map(|n| labelled(n, &[("a", n % 3 == 0), ("b", n % 3 == 0), ("c", n % 3 == 0)], None))
            .collect();
        let people = Calibration::of(&all, (0, 0)).people.unwrap();
        assert_eq!((people.kappa, people.alpha, people.agreement), (None, Some(1.0), Some(1.0)));
    }

    #[test]
    fn a_lenient_judge_is_corrected_downwards_and_a_coin_is_not_corrected() {
        // People pass a quarter; the judge passes all of these and half of the others.
        let lenient: Vec<Labelled> = (0..80)
            .map(|n| labelled(n, &[("ann", n % 8 < 2)], Some(n % 8 < 2 || n % 8 < 5)))
            .collect();
        let rate = Calibration::of(&lenient, (50, 80)).rate.unwrap();
        assert!(rate.corrected.as_ref().unwrap().mean < rate.told.mean, "{rate:?}");
        let coin: Vec<Labelled> =
            (0..80).map(|n| labelled(n, &[("ann", n % 8 < 4)], Some(n % 4 < 2))).collect();
        assert_eq!(Calibration::of(&coin, (40, 80)).rate.unwrap().corrected, None);
    }
}
