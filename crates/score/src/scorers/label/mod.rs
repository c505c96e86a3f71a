//! `label`: outputs as classes, one by one and all of a column together.

mod ledger;

use std::collections::BTreeSet;

use assay_prompt::ScorerSpec;
use serde_json::Value;

use super::answer::{Answer, Place, plain, quote};
use super::settings::Settings;
use super::wanted::Wanted;
use super::{Check, ColumnNumber, ColumnSum, Compiled, Fact, Ledger, Stop};
use crate::Subject;
use crate::labels::{self, Confusion};

/// The class of outputs that are none.
const INVALID: &str = "__invalid__";
/// Classes of a column beyond so many have no scores: the table of them grows with the square.
const MOST_CLASSES: usize = 500;
/// Bins of the calibration error.
const BINS: usize = 10;

/// `label`: is the output the right class?
///
/// *Definition.* The predicted class is the output, or the part at `path`, without the blanks around
/// it; the true one is the case's `expected` (or where `expected` leads). One output passes when they
/// are equal. A column has accuracy, which gates take, and beside it precision, recall and F1 (macro,
/// micro and weighted), balanced accuracy, Matthews' correlation and Cohen's kappa. An output that is
/// no class, unreadable or not among `options: {labels: […]}`, is of a class of its own, so that it
/// costs and is never left out. With `options: {positive: yes, probability: $.p}`, where the path
/// leads to the probability of the positive class, there are Brier, log loss, AUC, average precision
/// and calibration error (10 bins) as well.
///
/// *Range*: accuracy, precision, recall, F1 and AUC 0 to 1, correlation and kappa −1 to 1, higher is
/// better; Brier and calibration error 0 to 1 and log loss from 0, lower is better. *Defaults*: any
/// output is a class; `options: {ignore_case: false}`. *Source*: scikit-learn 1.9.1, `zero_division=0`.
///
/// *Misleads*: accuracy on unequal classes; macro averages where a class has few cases.
pub(super) fn label(spec: &ScorerSpec) -> Compiled {
    let settings = Settings::of(spec);
    let ignore_case = settings.flag("ignore_case", false)?;
    let fold = |label: String| if ignore_case { label.to_lowercase() } else { label };
    let labels: Vec<String> = settings.texts("labels")?.into_iter().map(fold).collect();
    let positive = settings.text("positive")?.map(|label| fold(label.to_owned()));
    let probability = Place::of(settings.text("probability")?)?;
    settings.refuse_others()?;
    if positive.is_none() && probability.is_some() {
        return Err("option `probability` needs `positive`, the class it is for".to_owned());
    }
    Ok(Box::new(Label {
        path: Place::of(spec.path.as_deref())?,
        wanted: Wanted::of(spec)?,
        labels,
        ignore_case,
        positive,
        probability,
    }))
}

#[derive(Debug)]
struct Label {
    path: Option<Place>,
    wanted: Wanted,
    labels: Vec<String>,
    ignore_case: bool,
    positive: Option<String>,
    probability: Option<Place>,
}

impl Label {
    fn folded(&self, label: &str) -> String {
        let label = label.trim();
        if self.ignore_case { label.to_lowercase() } else { label.to_owned() }
    }

    fn truth(&self, subject: &Subject) -> Result<String, Stop> {
        match self.wanted.for_case(subject.case)? {
            Value::Array(_) | Value::Object(_) | Value::Null => {
                Err(Stop::CannotJudge("needs one class, a text, number or truth value".to_owned()))
            }
            label => Ok(self.folded(&plain(&label))),
        }
    }

    /// The class of the output, or why it is none.
    fn predicted(&self, answer: &Answer) -> Result<String, Stop> {
        let label = self.folded(&answer.text_at(self.path.as_ref())?);
        if label.is_empty() {
            return Err(Stop::Unreadable("the output is empty".to_owned()));
        }
        if !self.labels.is_empty() && !self.labels.contains(&label) {
            return Err(Stop::Unreadable(format!("{} is none of the labels", quote(&label))));
        }
        Ok(label)
    }

    /// The true and the predicted class, where an output that is none has a class of its own.
    fn pair(&self, subject: &Subject, answer: &Answer) -> Result<(String, String), Stop> {
        let truth = self.truth(subject)?;
        match self.predicted(answer) {
            Ok(label) => Ok((truth, label)),
            Err(Stop::Unreadable(_)) => Ok((truth, INVALID.to_owned())),
            Err(stop) => Err(stop),
        }
    }

    /// What the output gave the positive class.
    fn given(&self, answer: &Answer) -> Option<f64> {
        let given = answer.value_at(self.probability.as_ref()?).ok()?;
        given?.as_f64().filter(|p| (0.0..=1.0).contains(p))
    }
}

impl Check for Label {
    fn find(&self, subject: &Subject, answer: &Answer) -> Result<Fact, Stop> {
        let (truth, predicted) = (self.truth(subject)?, self.predicted(answer)?);
        let holds = truth == predicted;
        let is_not = || format!("{} is not {}", quote(&predicted), quote(&truth));
        Ok(Fact::plain(holds, if holds { format!("is {}", quote(&truth)) } else { is_not() }))
    }

    fn column(&self) -> Option<Box<dyn ColumnSum + '_>> {
        let (truth, predicted, given) = (Vec::new(), Vec::new(), Vec::new());
        Some(Box::new(Labels { of: self, truth, predicted, given }))
    }

    fn ledger(&self) -> Option<Box<dyn Ledger + '_>> {
        Some(Box::new(ledger::LabelLedger::new(self)))
    }
}

struct Labels<'c> {
    of: &'c Label,
    truth: Vec<String>,
    predicted: Vec<String>,
    /// What each output gave the positive class.
    given: Vec<Option<f64>>,
}

impl ColumnSum for Labels<'_> {
    fn add(&mut self, subject: &Subject, answer: &Answer) -> Result<(), Stop> {
        let (truth, predicted) = self.of.pair(subject, answer)?;
        self.truth.push(truth);
        self.predicted.push(predicted);
        self.given.push(self.of.given(answer));
        Ok(())
    }

    fn numbers(&self) -> Vec<ColumnNumber> {
        let Some(confusion) = self.confusion() else {
            return vec![self.number("accuracy", "none", None)];
        };
        let mut numbers = self.of_confusion(&confusion);
        numbers.extend(self.of_probabilities());
        numbers
    }

    fn confusion(&self) -> Option<Confusion> {
        let classes: BTreeSet<&String> = self.truth.iter().chain(&self.predicted).collect();
        (classes.len() <= MOST_CLASSES).then(|| Confusion::of(&self.truth, &self.predicted))
    }
}

impl Labels<'_> {
    fn number(&self, name: &str, average: &str, value: Option<f64>) -> ColumnNumber {
        let path = self.of.path.as_ref().map_or(String::new(), |p| format!("|path:{}", p.source));
        let signature = labels::signature(name, average, 0.0) + &path;
        ColumnNumber { name: name.to_owned(), value, signature }
    }

    fn of_confusion(&self, confusion: &Confusion) -> Vec<ColumnNumber> {
        let mut numbers = vec![
            self.number("accuracy", "none", confusion.accuracy()),
            self.number("balanced-accuracy", "none", confusion.balanced_accuracy()),
            self.number("mcc", "none", confusion.matthews()),
            self.number("kappa", "none", confusion.kappa()),
        ];
        let any = !self.truth.is_empty();
        let averages = [
            ("macro", confusion.macro_average(1.0, 0.0)),
            ("micro", any.then(|| confusion.micro_average(1.0, 0.0))),
            ("weighted", confusion.weighted_average(1.0, 0.0)),
        ];
        for (average, scores) in averages {
            let parts = [
                ("precision", scores.map(|s| s.precision)),
                ("recall", scores.map(|s| s.recall)),
                ("f1", scores.map(|s| s.f)),
            ];
            let named = parts
                .map(|(part, value)| self.number(&format!("{average}-{part}"), average, value));
            numbers.extend(named);
        }
        numbers
    }

    /// Undefined as soon as one output gave no probability: leaving it out would flatter the rest.
    fn of_probabilities(&self) -> Vec<ColumnNumber> {
        let Some(positive) = self.of.positive.as_ref().filter(|_| self.of.probability.is_some())
        else {
            return Vec::new();
        };
        let outcomes: Vec<bool> = self.truth.iter().map(|truth| truth == positive).collect();
        let given: Option<Vec<f64>> = self.given.iter().copied().collect();
        let of = |measure: &dyn Fn(&[f64]) -> Option<f64>| given.as_deref().and_then(measure);
        let of_truth = |p: &[f64]| -> Vec<f64> {
            let of = |(p, came): (&f64, &bool)| if *came { *p } else { 1.0 - p };
            p.iter().zip(&outcomes).map(of).collect()
        };
        vec![
            self.number("brier", "none", of(&|p| labels::brier(p, &outcomes))),
            self.number("log-loss", "none", of(&|p| labels::log_loss(&of_truth(p)))),
            self.number("auc", "none", of(&|p| labels::roc_auc(p, &outcomes))),
            self.number(
                "average-precision",
                "none",
                of(&|p| labels::average_precision(p, &outcomes)),
            ),
            self.number(
                "calibration-error",
                "none",
                of(&|p| labels::calibration_error(p, &outcomes, BINS)),
            ),
        ]
    }
}
