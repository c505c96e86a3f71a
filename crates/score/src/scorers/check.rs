//! What a family of scorers is to the set: a check that states facts.

use std::fmt;

use super::answer::Answer;
use crate::Subject;
use crate::labels::Confusion;
use crate::verdict::Statistics;

/// What a family of scorers does.
pub(super) trait Check: fmt::Debug + Send + Sync {
    /// States what it found in the answer.
    fn find(&self, subject: &Subject, answer: &Answer) -> Result<Fact, Stop>;

    /// What makes its values comparable. Nothing for a check that is wholly described by its keys.
    fn signature(&self) -> Option<String> {
        None
    }

    /// Which values are better.
    fn direction(&self) -> Direction {
        Direction::Higher
    }

    /// Begins to sum up a column, where that says more than the mean of its values.
    fn column(&self) -> Option<Box<dyn ColumnSum + '_>> {
        None
    }

    /// Begins to keep what each output adds to such a sum, where there is a [`Check::column`].
    fn ledger(&self) -> Option<Box<dyn Ledger + '_>> {
        None
    }
}

/// A check, or what is wrong with its description.
pub(super) type Compiled = Result<Box<dyn Check>, String>;

/// Which of two values is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The greater one.
    Higher,
    /// The smaller one: errors and distances.
    Lower,
}

/// The outputs of a column, summed up as they come.
pub(super) trait ColumnSum {
    /// Counts one more output, or says why it can't.
    fn add(&mut self, subject: &Subject, answer: &Answer) -> Result<(), Stop>;

    /// What they come to: the number that stands for the column first.
    fn numbers(&self) -> Vec<ColumnNumber>;

    /// Which class was taken for which, for a scorer of classes.
    fn confusion(&self) -> Option<Confusion> {
        None
    }
}

/// What each output adds to the sums of a column, so that any choice of outputs can be summed up again. Its numbers are
/// those of the [`ColumnSum`].
pub(super) trait Ledger {
    /// What one more output adds, or why it can't be counted.
    fn note(&mut self, subject: &Subject, answer: &Answer) -> Result<Statistics, Stop>;

    /// The number of this name for a sum of what was noted; nothing where it is not defined.
    fn number(&self, name: &str, sum: &[f64]) -> Option<f64>;
}

/// One number about a column.
pub(super) struct ColumnNumber {
    /// Its name among the numbers of its scorer.
    pub name: String,
    /// Nothing where it is not defined.
    pub value: Option<f64>,
    /// What makes it comparable.
    pub signature: String,
}

/// A statement about an output. It is true whether or not the scorer is negated.
pub(super) struct Fact {
    /// Whether the output is what the scorer describes; nothing when it describes nothing.
    pub holds: Option<bool>,
    /// How much of it.
    pub value: Value,
    /// The statement.
    pub text: String,
}

/// The number in a fact.
#[derive(Clone, Copy)]
pub(super) enum Value {
    /// A share from 0 to 1 of what is wanted; of its opposite the rest is.
    Share(f64),
    /// A measurement, which stays what it is.
    Measured(f64),
}

impl Fact {
    /// A fact with nothing between yes and no.
    pub(super) fn plain(holds: bool, text: String) -> Fact {
        Fact::share(holds, if holds { 1.0 } else { 0.0 }, text)
    }

    /// A fact about a part of what is wanted.
    pub(super) fn share(holds: bool, share: f64, text: String) -> Fact {
        Fact { holds: Some(holds), value: Value::Share(share), text }
    }

    /// A number, and whether it is within its limits, if it has any.
    pub(super) fn measured(value: f64, holds: Option<bool>, text: String) -> Fact {
        Fact { holds, value: Value::Measured(value), text }
    }

    /// The number as it is.
    pub(super) fn number(&self) -> f64 {
        match self.value {
            Value::Share(number) | Value::Measured(number) => number,
        }
    }

    /// The same statement, asked for the other way round.
    pub(super) fn negated(self) -> Fact {
        let text = match self.holds {
            Some(true) => format!("{}, and must not", self.text),
            _ => self.text,
        };
        let value = match self.value {
            Value::Share(share) => Value::Share(1.0 - share),
            measured @ Value::Measured(_) => measured,
        };
        Fact { holds: self.holds.map(|holds| !holds), value, text }
    }
}

/// Why there is no fact.
pub(super) enum Stop {
    /// The output is not of a kind that has the fact, for instance no JSON where a path leads into
    /// it. This fails, negated or not: an unreadable answer is never a good one.
    Unreadable(String),
    /// The scorer itself can't judge here.
    CannotJudge(String),
}
