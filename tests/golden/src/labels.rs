//! `classification`: scikit-learn's scores of labels.

use assay_score::labels::{self, ClassScores, Confusion};
use serde_json::Value;

use crate::file::{Golden, numbers, text, texts};
use crate::tally::Tally;

const TOLERANCE: f64 = 1e-12;

/// Inputs, which stand beside the values.
const INPUTS: [&str; 5] = ["id", "y_true", "y_pred", "proba", "proba_labels"];

/// Compares every value of every case.
pub fn classification(golden: &Golden, tally: &mut Tally) {
    for case in &golden.cases {
        let confusion = Confusion::of(&texts(&case["y_true"]), &texts(&case["y_pred"]));
        let mut checked = Checked { case, confusion, tally };
        for (name, value) in case.as_object().into_iter().flatten() {
            // What `brier` and the like are about.
            if INPUTS.contains(&name.as_str()) || name == "pos_label" {
                continue;
            }
            if checked.compare(name, value).is_none() {
                let id = text(case, "id");
                checked.tally.differ(format!("{id}: nothing of ours answers `{name}`"));
            }
        }
    }
}

struct Checked<'a> {
    case: &'a Value,
    confusion: Confusion,
    tally: &'a mut Tally,
}

impl Checked<'_> {
    fn compare(&mut self, name: &str, value: &Value) -> Option<()> {
        let confusion = &self.confusion;
        match name {
            "report" => self.report(value),
            "labels" => {
                let (theirs, ours) = (texts(value), confusion.classes.clone());
                self.tally.equal("labels", &theirs, &ours.iter().map(String::as_str).collect());
                Some(())
            }
            "confusion" => {
                let theirs: Vec<Vec<f64>> = value.as_array()?.iter().map(numbers).collect();
                self.tally.equal("confusion", &theirs, &confusion.counts);
                Some(())
            }
            "accuracy" => self.number(name, value, confusion.accuracy()),
            "balanced_accuracy" => self.number(name, value, confusion.balanced_accuracy()),
            "mcc" => self.number(name, value, confusion.matthews()),
            "kappa" => self.number(name, value, confusion.kappa()),
            "micro" => self.triple(name, value, Some(confusion.micro_average(1.0, 0.0))),
            "macro_zd1" => self.triple(name, value, confusion.macro_average(1.0, 1.0)),
            "fbeta2_macro" => {
                self.number(name, value, confusion.macro_average(2.0, 0.0).map(|scores| scores.f))
            }
            _ => self.probabilities(name, value),
        }
    }

    fn number(&mut self, name: &str, expected: &Value, ours: Option<f64>) -> Option<()> {
        self.tally.number(format!("{} {name}", text(self.case, "id")), expected, ours, TOLERANCE);
        Some(())
    }

    fn triple(&mut self, name: &str, value: &Value, ours: Option<ClassScores>) -> Option<()> {
        self.number(name, &value[0], ours.map(|scores| scores.precision));
        self.number(name, &value[1], ours.map(|scores| scores.recall));
        self.number(name, &value[2], ours.map(|scores| scores.f))
    }

    fn report(&mut self, value: &Value) -> Option<()> {
        let per_class = self.confusion.per_class(1.0, 0.0);
        for (name, expected) in value.as_object()? {
            let class = self.confusion.classes.iter().position(|class| class == name);
            let ours = match (class, name.as_str()) {
                (Some(class), _) => per_class.get(class).copied(),
                (None, "accuracy") => {
                    let ours = self.confusion.accuracy();
                    self.number("report accuracy", expected, ours);
                    continue;
                }
                (None, "macro avg") => self.confusion.macro_average(1.0, 0.0),
                (None, "weighted avg") => self.confusion.weighted_average(1.0, 0.0),
                _ => return None,
            };
            for (field, expected) in expected.as_object()? {
                let ours = match field.as_str() {
                    "precision" => ours.map(|scores| scores.precision),
                    "recall" => ours.map(|scores| scores.recall),
                    "f1-score" => ours.map(|scores| scores.f),
                    "support" => ours.map(|scores| scores.support),
                    _ => return None,
                };
                self.number(&format!("report {name} {field}"), expected, ours);
            }
        }
        Some(())
    }

    /// What needs probabilities: of the true class, or of the positive one.
    fn probabilities(&mut self, name: &str, value: &Value) -> Option<()> {
        let classes = texts(&self.case["proba_labels"]);
        let truth = texts(&self.case["y_true"]);
        let given: Vec<Vec<f64>> = self.case["proba"].as_array()?.iter().map(numbers).collect();
        let of_class = |row: &[f64], class: &str| {
            row.get(classes.iter().position(|other| *other == class)?).copied()
        };
        let of_truth: Option<Vec<f64>> =
            given.iter().zip(&truth).map(|(row, truth)| of_class(row, truth)).collect();
        let of_truth = of_truth?;
        match name {
            "log_loss" => return self.number(name, value, labels::log_loss(&of_truth)),
            "log_loss_sum" => {
                let sum = labels::log_loss_of(&of_truth).iter().sum();
                return self.number(name, value, Some(sum));
            }
            _ => {}
        }
        let positive = self.case["pos_label"].as_str()?;
        let of_positive: Option<Vec<f64>> =
            given.iter().map(|row| of_class(row, positive)).collect();
        let of_positive = of_positive?;
        let outcomes: Vec<bool> = truth.iter().map(|truth| *truth == positive).collect();
        let ours = match name {
            "brier" => labels::brier(&of_positive, &outcomes),
            "roc_auc" => labels::roc_auc(&of_positive, &outcomes),
            "avg_precision" => labels::average_precision(&of_positive, &outcomes),
            _ => {
                // `ece10_equal_width`: the number of bins stands in the name.
                let bins = name.strip_prefix("ece")?.strip_suffix("_equal_width")?;
                labels::calibration_error(&of_positive, &outcomes, bins.parse().ok()?)
            }
        };
        self.number(name, value, ours)
    }
}
