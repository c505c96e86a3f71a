//! Columns: what all outputs of a variant and a model come to together.
//!
//! The BLEU of a hundred outputs is not the mean of a hundred BLEUs, and there is no F1 of one label.
//! Such scorers sum up the outputs as they come ([`Column::add`]) and say what they come to
//! ([`Column::scores`]). What could not be counted is told beside every number.

use super::answer::Answer;
use super::check::ColumnSum;
use super::{Check, Scorer};
use crate::Subject;
use crate::labels::Confusion;
use assay_prompt::Row;

/// A number about a whole column.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnScore {
    /// The scorer's id.
    pub scorer: String,
    /// Which of its numbers: `corpus`, `accuracy`, `macro-f1`, … The first of a scorer stands for it.
    pub name: String,
    /// Nothing where the number is not defined for these outputs.
    pub value: Option<f64>,
    /// Outputs that it counts.
    pub n: usize,
    /// Outputs that the scorer looks at and that could not be counted; failed calls are among them.
    pub unjudged: usize,
    /// What the number is comparable with: only with numbers of the same signature.
    pub signature: String,
    /// Beside the first number of a scorer of classes: which class was taken for which.
    pub confusion: Option<Confusion>,
}

/// A column in the making.
pub struct Column<'s> {
    sums: Vec<Sum<'s>>,
}

struct Sum<'s> {
    scorer: &'s Scorer,
    sum: Box<dyn ColumnSum + 's>,
    n: usize,
    unjudged: usize,
}

impl<'s> Column<'s> {
    pub(super) fn new(scorers: &'s [Scorer]) -> Column<'s> {
        let begin = |scorer: &'s Scorer| {
            let check: &'s dyn Check = scorer.check.as_ref().ok()?.as_ref();
            Some(Sum { scorer, sum: check.column()?, n: 0, unjudged: 0 })
        };
        Column { sums: scorers.iter().filter_map(begin).collect() }
    }

    /// Whether no scorer has anything to say of a column, so that nothing needs to be added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sums.is_empty()
    }

    /// Counts an output.
    pub fn add(&mut self, subject: &Subject) {
        let answer = Answer::new(subject.output);
        for sum in self.sums.iter_mut().filter(|sum| sum.scorer.looks_at(subject.case)) {
            match sum.sum.add(subject, &answer) {
                Ok(()) => sum.n += 1,
                Err(_) => sum.unjudged += 1,
            }
        }
    }

    /// Counts a case without an output: nobody knows what it would have been.
    pub fn add_failed(&mut self, case: &Row) {
        for sum in self.sums.iter_mut().filter(|sum| sum.scorer.looks_at(case)) {
            sum.unjudged += 1;
        }
    }

    /// What the outputs come to, by scorer in the order of the file.
    #[must_use]
    pub fn scores(&self) -> Vec<ColumnScore> {
        self.sums.iter().flat_map(Sum::scores).collect()
    }
}

impl Sum<'_> {
    fn scores(&self) -> impl Iterator<Item = ColumnScore> {
        let finite = |value: &f64| value.is_finite();
        let mut confusion = self.sum.confusion();
        self.sum.numbers().into_iter().map(move |number| ColumnScore {
            confusion: confusion.take(),
            scorer: self.scorer.id.clone(),
            name: number.name,
            value: number.value.filter(finite),
            n: self.n,
            unjudged: self.unjudged,
            signature: number.signature,
        })
    }
}
