//! What each output adds to the numbers of its classes: one to a pair of classes, one to a probability.
//!
//! Whatever is summed up from it is read in the order of the classes and probabilities, so that the order in which outputs
//! were noted changes no digit.

use std::collections::BTreeMap;

use super::super::answer::Answer;
use super::super::{Ledger, Stop};
use super::{BINS, Label, MOST_CLASSES};
use crate::Subject;
use crate::labels::weighed::{self, Given};
use crate::labels::{ClassScores, Confusion};
use crate::verdict::Statistics;

/// The places of a sum.
pub(super) struct LabelLedger<'c> {
    of: &'c Label,
    /// By the true and the predicted class.
    pairs: BTreeMap<(String, String), usize>,
    /// By the bits of the probability, which are in its order, and whether the positive class was the true one.
    given: BTreeMap<(u64, bool), usize>,
    /// Of outputs that gave no probability.
    silent: Option<usize>,
    places: usize,
}

impl<'c> LabelLedger<'c> {
    pub(super) fn new(of: &'c Label) -> LabelLedger<'c> {
        LabelLedger { of, pairs: BTreeMap::new(), given: BTreeMap::new(), silent: None, places: 0 }
    }

    /// Where an output is counted for its probability, if the scorer has such numbers.
    fn place_of_given(&mut self, truth: &str, given: Option<f64>) -> Option<usize> {
        let positive = self.of.positive.as_ref()?;
        self.of.probability.as_ref()?;
        let next = self.places;
        let place = match given {
            // The bits of −0 are not those of 0.
            Some(p) => *self.given.entry(((p + 0.0).to_bits(), truth == positive)).or_insert(next),
            None => *self.silent.get_or_insert(next),
        };
        self.places += usize::from(place == next);
        Some(place)
    }

    /// None with too many classes.
    fn confusion(&self, sum: &[f64]) -> Option<Confusion> {
        let pairs = self.pairs.iter();
        let weighed = pairs.map(|((truth, predicted), place)| {
            (truth.as_str(), predicted.as_str(), at(sum, *place))
        });
        let confusion = Confusion::weighed(weighed);
        (confusion.classes.len() <= MOST_CLASSES).then_some(confusion)
    }

    /// The cases by rising probability; none as soon as one output gave none.
    fn probabilities(&self, sum: &[f64]) -> Option<Vec<Given>> {
        if self.silent.is_some_and(|place| at(sum, place) > 0.0) {
            return None;
        }
        let given = self.given.iter().map(|((bits, came), place)| Given {
            p: f64::from_bits(*bits),
            came: *came,
            n: at(sum, *place),
        });
        Some(given.collect())
    }
}

impl Ledger for LabelLedger<'_> {
    fn note(&mut self, subject: &Subject, answer: &Answer) -> Result<Statistics, Stop> {
        let (truth, predicted) = self.of.pair(subject, answer)?;
        let of_given = self.place_of_given(&truth, self.of.given(answer));
        let next = self.places;
        let of_pair = *self.pairs.entry((truth, predicted)).or_insert(next);
        self.places += usize::from(of_pair == next);
        Ok([Some(of_pair), of_given].into_iter().flatten().map(|place| (place, 1.0)).collect())
    }

    fn number(&self, name: &str, sum: &[f64]) -> Option<f64> {
        match name {
            "brier" => weighed::brier(&self.probabilities(sum)?),
            "log-loss" => weighed::log_loss(&self.probabilities(sum)?),
            "auc" => weighed::roc_auc(&self.probabilities(sum)?),
            "average-precision" => weighed::average_precision(&self.probabilities(sum)?),
            "calibration-error" => weighed::calibration_error(&self.probabilities(sum)?, BINS),
            name => of_confusion(name, &self.confusion(sum)?),
        }
    }
}

fn of_confusion(name: &str, confusion: &Confusion) -> Option<f64> {
    let part = |scores: ClassScores, part: &str| match part {
        "precision" => Some(scores.precision),
        "recall" => Some(scores.recall),
        "f1" => Some(scores.f),
        _ => None,
    };
    match name {
        "accuracy" => confusion.accuracy(),
        "balanced-accuracy" => confusion.balanced_accuracy(),
        "mcc" => confusion.matthews(),
        "kappa" => confusion.kappa(),
        name => match name.split_once('-')? {
            ("macro", of) => part(confusion.macro_average(1.0, 0.0)?, of),
            ("weighted", of) => part(confusion.weighted_average(1.0, 0.0)?, of),
            ("micro", of) => {
                // Of nothing, an average of all has no value either.
                confusion.accuracy()?;
                part(confusion.micro_average(1.0, 0.0), of)
            }
            _ => None,
        },
    }
}

fn at(sum: &[f64], place: usize) -> f64 {
    sum.get(place).copied().unwrap_or_default()
}
