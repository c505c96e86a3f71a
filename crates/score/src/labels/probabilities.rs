//! Labels that came with probabilities: log loss, Brier, ranking and calibration.

use crate::stats::{finite, means};

/// The loss of each case: −ln of what its true class was given, never more than 36.04 (the
/// probability is kept an ulp of 1 away from 0 and 1, as scikit-learn does).
///
/// `given` are the probabilities of the true classes.
#[must_use]
pub fn log_loss_of(given: &[f64]) -> Vec<f64> {
    given.iter().map(|p| -p.clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln()).collect()
}

/// The mean log loss in nats: 0 is certain and right; ln of the number of classes is a guess. None
/// for no cases, and for what is no number.
#[must_use]
pub fn log_loss(given: &[f64]) -> Option<f64> {
    means::mean(&log_loss_of(given))
}

/// The mean squared distance of a probability to what came (Brier, 1950), 0 to 1, lower is better.
///
/// It mixes how well cases are told apart with how honest the probabilities are; a rare class makes
/// it low by itself. None for no cases.
#[must_use]
pub fn brier(probabilities: &[f64], outcomes: &[bool]) -> Option<f64> {
    let off = |(p, outcome): (&f64, &bool)| (p - as_number(*outcome)).powi(2);
    means::mean(&even(probabilities, outcomes)?.map(off).collect::<Vec<f64>>())
}

/// The chance that a case that came true was given more than one that did not, ties being half
/// (the area under the ROC curve), 0 to 1. It says nothing about the probabilities themselves.
///
/// None unless there are cases of both kinds.
#[must_use]
pub fn roc_auc(scores: &[f64], outcomes: &[bool]) -> Option<f64> {
    let of = |kind: bool| -> Option<Vec<f64>> {
        Some(even(scores, outcomes)?.filter(|(_, o)| **o == kind).map(|(s, _)| *s).collect())
    };
    crate::stats::unpaired::cliffs_delta(&of(true)?, &of(false)?).map(|delta| (delta + 1.0) / 2.0)
}

/// The mean precision over the cases that came true, when cases are taken by falling score and
/// equal scores together (average precision), 0 to 1. A guess gives the share of such cases.
///
/// None when none came true.
#[must_use]
pub fn average_precision(scores: &[f64], outcomes: &[bool]) -> Option<f64> {
    let mut ranked: Vec<(f64, bool)> = even(scores, outcomes)?.map(|(s, o)| (*s, *o)).collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut taken, mut found, mut sum) = (0.0, 0.0, 0.0);
    for tied in ranked.chunk_by(|a, b| a.0 == b.0) {
        let hits = tied.iter().filter(|(_, outcome)| *outcome).count() as f64;
        taken += tied.len() as f64;
        found += hits;
        sum += hits * found / taken;
    }
    finite(sum / found)
}

/// How far probabilities are from how often things come true: in bins of equal width, the distance
/// of the mean probability to the share that came, weighed by the bins' sizes (ECE), 0 to 1.
///
/// It depends on the bins, and is too high for few cases. A probability on the edge of two bins
/// belongs to the upper one. None for no cases or bins, and for what is no probability.
#[must_use]
pub fn calibration_error(probabilities: &[f64], outcomes: &[bool], bins: usize) -> Option<f64> {
    let mut sums = vec![(0.0, 0.0); bins];
    for (p, outcome) in even(probabilities, outcomes)? {
        if !(0.0..=1.0).contains(p) {
            return None;
        }
        let bin = sums.get_mut(((p * bins as f64) as usize).min(bins.checked_sub(1)?))?;
        bin.0 += p;
        bin.1 += as_number(*outcome);
    }
    let n = probabilities.len() as f64;
    finite(sums.iter().map(|(given, came)| (given - came).abs()).sum::<f64>() / n)
}

/// The pairs, if there are as many of both.
fn even<'a>(
    values: &'a [f64],
    outcomes: &'a [bool],
) -> Option<impl Iterator<Item = (&'a f64, &'a bool)>> {
    (values.len() == outcomes.len()).then(|| values.iter().zip(outcomes))
}

fn as_number(outcome: bool) -> f64 {
    f64::from(u8::from(outcome))
}
