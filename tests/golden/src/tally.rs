//! What was compared, and how far it was off.

use std::fmt;

use serde_json::Value;

use crate::file::number;

/// How many differences are shown of a file.
const MOST_EXAMPLES: usize = 10;

/// Counts values and differences of one file.
#[derive(Debug, Default)]
pub struct Tally {
    values: usize,
    differences: usize,
    worst: f64,
    examples: Vec<String>,
}

impl Tally {
    /// Compares a number. `null` and `nan` of the reference mean undefined: ours has to be undefined as well.
    /// The tolerance is absolute below 1 and relative above.
    pub fn number(
        &mut self,
        what: impl fmt::Display,
        expected: &Value,
        ours: Option<f64>,
        tolerance: f64,
    ) {
        self.values += 1;
        let expected = number(expected).filter(|value| !value.is_nan());
        let ours = ours.filter(|value| !value.is_nan());
        let error = match (expected, ours) {
            (Some(expected), Some(ours)) if expected == ours => 0.0,
            (Some(expected), Some(ours)) => (expected - ours).abs() / expected.abs().max(1.0),
            (None, None) => 0.0,
            _ => f64::INFINITY,
        };
        self.worst = self.worst.max(error);
        // An error that is no number differs.
        if error.is_nan() || error > tolerance {
            self.differ(format!("{what}: {expected:?} of the reference, {ours:?} of ours"));
        }
    }

    /// Compares what has to be equal.
    pub fn equal<T: PartialEq + fmt::Debug>(
        &mut self,
        what: impl fmt::Display,
        expected: &T,
        ours: &T,
    ) {
        self.values += 1;
        if expected != ours {
            self.differ(format!("{what}: {expected:?} of the reference, {ours:?} of ours"));
        }
    }

    /// Something of the file cannot be compared: as bad as a difference.
    pub fn differ(&mut self, what: String) {
        self.differences += 1;
        if self.examples.len() < MOST_EXAMPLES {
            self.examples.push(what);
        }
    }

    /// How many values differ.
    pub fn differences(&self) -> usize {
        // A file of which nothing was compared proves nothing.
        self.differences + usize::from(self.values == 0)
    }

    /// The first differences, in words.
    pub fn examples(&self) -> &[String] {
        &self.examples
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let (values, differences) = (self.values, self.differences());
        write!(f, "{values:>8} values, {differences} differences, worst error {:.1e}", self.worst)
    }
}
