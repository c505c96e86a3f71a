//! The measures of probabilities over cases that count more or less than once, as a resample has them.
//!
//! With every case counted once they are those of [`super`], which the tests hold them to. Cases come by rising
//! probability.

use super::log_loss_of;
use crate::stats::finite;

/// Cases that were given the same probability and came to the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Given {
    /// The probability of the positive class.
    pub p: f64,
    /// Whether it was the true one.
    pub came: bool,
    /// How many cases.
    pub n: f64,
}

/// See [`super::brier`].
pub(crate) fn brier(given: &[Given]) -> Option<f64> {
    mean(given, |one| (one.p - f64::from(u8::from(one.came))).powi(2))
}

/// See [`super::log_loss`].
pub(crate) fn log_loss(given: &[Given]) -> Option<f64> {
    let of_truth = |one: &Given| if one.came { one.p } else { 1.0 - one.p };
    mean(given, |one| log_loss_of(&[of_truth(one)]).iter().sum())
}

fn mean(given: &[Given], of: impl Fn(&Given) -> f64) -> Option<f64> {
    let total: f64 = given.iter().map(|one| one.n).sum();
    finite(given.iter().map(|one| one.n * of(one)).sum::<f64>() / total)
}

/// See [`super::roc_auc`].
pub(crate) fn roc_auc(given: &[Given]) -> Option<f64> {
    let (mut below, mut won, mut came) = (0.0, 0.0, 0.0);
    for [misses, hits] in ranked(given) {
        won += hits * (below + misses / 2.0);
        below += misses;
        came += hits;
    }
    finite(won / (came * below))
}

/// See [`super::average_precision`].
pub(crate) fn average_precision(given: &[Given]) -> Option<f64> {
    let (mut taken, mut found, mut sum) = (0.0, 0.0, 0.0);
    let ranks: Vec<[f64; 2]> = ranked(given).collect();
    for [misses, hits] in ranks.into_iter().rev().filter(|[misses, hits]| misses + hits > 0.0) {
        taken += misses + hits;
        found += hits;
        sum += hits * found / taken;
    }
    finite(sum / found)
}

/// See [`super::calibration_error`].
pub(crate) fn calibration_error(given: &[Given], bins: usize) -> Option<f64> {
    let mut sums = vec![(0.0, 0.0); bins];
    let mut total = 0.0;
    for one in given {
        let bin = sums.get_mut(((one.p * bins as f64) as usize).min(bins.checked_sub(1)?))?;
        bin.0 += one.n * one.p;
        bin.1 += if one.came { one.n } else { 0.0 };
        total += one.n;
    }
    finite(sums.iter().map(|(given, came)| (given - came).abs()).sum::<f64>() / total)
}

/// How many did not come true and how many did, for each probability.
fn ranked(given: &[Given]) -> impl Iterator<Item = [f64; 2]> {
    given.chunk_by(|a, b| a.p == b.p).map(|tied| {
        let count = |came: bool| tied.iter().filter(|one| one.came == came).map(|one| one.n).sum();
        [count(false), count(true)]
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;
    use crate::labels;

    fn close(ours: Option<f64>, plain: Option<f64>) -> bool {
        match (ours, plain) {
            (Some(ours), Some(plain)) => (ours - plain).abs() < 1e-9,
            (ours, plain) => ours == plain,
        }
    }

    proptest! {
        #[test]
        fn a_case_that_counts_so_often_is_that_many_cases(
            mut cases in prop::collection::vec((0u8..=10, any::<bool>(), 0u8..4), 1..20)
        ) {
            cases.sort_unstable();
            let share = |tenths: u8| f64::from(tenths) / 10.0;
            let given: Vec<Given> = cases
                .iter()
                .map(|(p, came, n)| Given { p: share(*p), came: *came, n: f64::from(*n) })
                .collect();
            let each = cases.iter().flat_map(|(p, came, n)| vec![(share(*p), *came); usize::from(*n)]);
            let (p, came): (Vec<f64>, Vec<bool>) = each.unzip();
            let of_truth: Vec<f64> =
                p.iter().zip(&came).map(|(p, came)| if *came { *p } else { 1.0 - p }).collect();
            prop_assert!(close(brier(&given), labels::brier(&p, &came)));
            prop_assert!(close(log_loss(&given), labels::log_loss(&of_truth)));
            prop_assert!(close(roc_auc(&given), labels::roc_auc(&p, &came)));
            prop_assert!(close(average_precision(&given), labels::average_precision(&p, &came)));
            let plain = labels::calibration_error(&p, &came, 10);
            prop_assert!(close(calibration_error(&given, 10), plain));
        }
    }
}
