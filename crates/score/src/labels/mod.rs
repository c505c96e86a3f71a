//! Labels: how well predicted classes match the true ones.
//!
//! Reference: scikit-learn 1.9.1. Classes are sorted by code point, as there. Whatever has no
//! denominator takes the value that the caller names (scikit-learn's `zero_division`, 0 in its
//! report), or is None.
//!
//! An answer that is no class belongs into a class of its own (such as `__invalid__`): leaving it
//! out makes a prompt look better for every answer it spoils.

mod probabilities;
pub(crate) mod weighed;

pub use probabilities::{
    average_precision, brier, calibration_error, log_loss, log_loss_of, roc_auc,
};

use std::collections::{BTreeMap, BTreeSet};

use crate::stats::agreement::{Weights, cohens_kappa};
use crate::stats::finite;

/// How often each true class (row) was predicted as each class (column).
#[derive(Debug, Clone, PartialEq)]
pub struct Confusion {
    /// The classes, true or predicted, by code point.
    pub classes: Vec<String>,
    /// Counts; rows are true classes.
    pub counts: Vec<Vec<f64>>,
}

/// Precision, recall, and what they make together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassScores {
    /// The share of the class' predictions that are true, from 0 to 1.
    pub precision: f64,
    /// The share of the class' cases that were found, from 0 to 1.
    pub recall: f64,
    /// Their harmonic mean, with recall β times as important (F1: β = 1).
    pub f: f64,
    /// How many cases are truly of the class.
    pub support: f64,
}

impl Confusion {
    /// Counts pairs of a true and a predicted class.
    #[must_use]
    pub fn of<S: AsRef<str>>(truth: &[S], predicted: &[S]) -> Confusion {
        let named = truth.iter().chain(predicted).map(|class| class.as_ref().to_owned());
        let classes: Vec<String> = named.collect::<BTreeSet<String>>().into_iter().collect();
        let place: BTreeMap<&str, usize> =
            classes.iter().enumerate().map(|(place, class)| (class.as_str(), place)).collect();
        let mut counts = vec![vec![0.0; classes.len()]; classes.len()];
        for (truth, predicted) in truth.iter().zip(predicted) {
            counts[place[truth.as_ref()]][place[predicted.as_ref()]] += 1.0;
        }
        Confusion { classes, counts }
    }

    /// The same from pairs with how often each came, which may be a part of a case. Classes that never came are none.
    #[must_use]
    pub fn weighed<'p>(pairs: impl Iterator<Item = (&'p str, &'p str, f64)> + Clone) -> Confusion {
        let pairs = pairs.filter(|(.., weight)| *weight > 0.0);
        let named: BTreeSet<&str> =
            pairs.clone().flat_map(|(truth, predicted, _)| [truth, predicted]).collect();
        let classes: Vec<&str> = named.into_iter().collect();
        let place = |class: &str| classes.binary_search(&class).unwrap_or_default();
        let mut counts = vec![vec![0.0; classes.len()]; classes.len()];
        for (truth, predicted, weight) in pairs {
            counts[place(truth)][place(predicted)] += weight;
        }
        Confusion { classes: classes.into_iter().map(str::to_owned).collect(), counts }
    }

    fn total(&self) -> f64 {
        self.counts.iter().flatten().sum()
    }

    fn correct(&self) -> f64 {
        (0..self.classes.len()).map(|class| self.counts[class][class]).sum()
    }

    /// How many cases are truly of each class.
    fn supports(&self) -> Vec<f64> {
        self.counts.iter().map(|row| row.iter().sum()).collect()
    }

    /// How often each class was predicted.
    fn predictions(&self) -> Vec<f64> {
        let of = |class: usize| self.counts.iter().map(|row| row[class]).sum();
        (0..self.classes.len()).map(of).collect()
    }

    /// The share of correct predictions, 0 to 1. High for a model that always says the commonest
    /// class; look at [`Confusion::macro_average`] beside it. None for no cases.
    #[must_use]
    pub fn accuracy(&self) -> Option<f64> {
        finite(self.correct() / self.total())
    }

    /// The mean recall of the classes that have a case, 0 to 1.
    #[must_use]
    pub fn balanced_accuracy(&self) -> Option<f64> {
        let recalls = self.supports().into_iter().enumerate().filter(|(_, n)| *n > 0.0);
        let recalls: Vec<f64> = recalls.map(|(class, n)| self.counts[class][class] / n).collect();
        crate::stats::means::mean(&recalls)
    }

    /// The scores of each class, in the order of [`Confusion::classes`].
    #[must_use]
    pub fn per_class(&self, beta: f64, undefined: f64) -> Vec<ClassScores> {
        let predictions = self.predictions();
        let scores = |(class, support): (usize, f64)| {
            class_scores(self.counts[class][class], predictions[class], support, beta, undefined)
        };
        self.supports().into_iter().enumerate().map(scores).collect()
    }

    /// The mean over the classes, each as important as the other. None for no classes.
    ///
    /// The classes are those of the truth *and* of the predictions: one invented class costs.
    #[must_use]
    pub fn macro_average(&self, beta: f64, undefined: f64) -> Option<ClassScores> {
        average(&self.per_class(beta, undefined), |_| 1.0)
    }

    /// The mean over the classes, by how many cases they have. None for no cases.
    #[must_use]
    pub fn weighted_average(&self, beta: f64, undefined: f64) -> Option<ClassScores> {
        average(&self.per_class(beta, undefined), |scores| scores.support)
    }

    /// The scores of all predictions taken together. With every class counted, all three are the
    /// accuracy.
    #[must_use]
    pub fn micro_average(&self, beta: f64, undefined: f64) -> ClassScores {
        class_scores(self.correct(), self.total(), self.total(), beta, undefined)
    }

    /// The correlation of truth and prediction (Matthews; Gorodkin for several classes), −1 to 1.
    /// 0 when only one class was true, or predicted, as scikit-learn has it. None for no cases.
    #[must_use]
    pub fn matthews(&self) -> Option<f64> {
        let n = self.total();
        let (truth, predicted) = (self.supports(), self.predictions());
        let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let together = self.correct() * n - product(&truth, &predicted);
        let spread = |sums: &[f64]| n * n - product(sums, sums);
        let both = spread(&truth) * spread(&predicted);
        if n == 0.0 { None } else { finite(if both == 0.0 { 0.0 } else { together / both.sqrt() }) }
    }

    /// Cohen's kappa of truth and prediction (see [`cohens_kappa`]); none when both are one class.
    #[must_use]
    pub fn kappa(&self) -> Option<f64> {
        cohens_kappa(&self.counts, Weights::Unweighted)
    }
}

fn class_scores(hits: f64, predicted: f64, support: f64, beta: f64, undefined: f64) -> ClassScores {
    let ratio = |part: f64, whole: f64| if whole == 0.0 { undefined } else { part / whole };
    let square = beta * beta;
    ClassScores {
        precision: ratio(hits, predicted),
        recall: ratio(hits, support),
        f: ratio((1.0 + square) * hits, square * support + predicted),
        support,
    }
}

fn average(scores: &[ClassScores], weight: fn(&ClassScores) -> f64) -> Option<ClassScores> {
    let total: f64 = scores.iter().map(weight).sum();
    let mean = |get: fn(&ClassScores) -> f64| {
        finite(scores.iter().map(|scores| weight(scores) * get(scores)).sum::<f64>() / total)
    };
    Some(ClassScores {
        precision: mean(|scores| scores.precision)?,
        recall: mean(|scores| scores.recall)?,
        f: mean(|scores| scores.f)?,
        support: scores.iter().map(|scores| scores.support).sum(),
    })
}

/// What makes two values of this family comparable.
#[must_use]
pub fn signature(metric: &str, average: &str, undefined: f64) -> String {
    format!("{metric}|avg:{average}|zero:{undefined}|v:1")
}

#[cfg(test)]
mod tests;
