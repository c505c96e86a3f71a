//! The ten `stats_*` files.
//!
//! Their cases are `{"id", "in", "out"}`. What a case's `out` holds decides what is compared: a key
//! that no function of ours answers is a difference, so nothing is left out silently.

mod agreement;
mod intervals;
mod pairs;
mod planning;
mod several;

pub use agreement::{agreement, correlation};
pub use intervals::{bootstrap, ci, cluster};
pub use pairs::{paired, unpaired};
pub use planning::{pairwise, planning};
pub use several::multiple;

use std::fmt::Display;

use assay_score::stats::{Interval, Test};
use serde_json::Value;

use crate::file::{Golden, number, numbers, text};
use crate::tally::Tally;

/// As the README of the golden files states.
const TOLERANCE: f64 = 1e-9;

/// Where quantiles of the t distribution came in.
const T_QUANTILES: f64 = 1e-8;

/// One case: its inputs and the reference's values, and where to note them.
struct Case<'a> {
    id: &'a str,
    given: &'a Value,
    tally: &'a mut Tally,
}

/// Goes through all values of all cases: `compare` gets a case, the name of a value and the value,
/// and says whether it knows it.
fn each_value(
    golden: &Golden,
    tally: &mut Tally,
    mut compare: impl FnMut(&mut Case, &str, &Value) -> Option<()>,
) {
    for case in &golden.cases {
        let id = text(case, "id");
        let Some(values) = case["out"].as_object() else {
            tally.differ(format!("{id}: no object `out`"));
            continue;
        };
        for (name, value) in values {
            let mut case = Case { id, given: &case["in"], tally };
            if compare(&mut case, name, value).is_none() {
                tally.differ(format!("{id}: nothing of ours answers `{name}`"));
            }
        }
    }
}

impl Case<'_> {
    fn numbers(&self, key: &str) -> Vec<f64> {
        numbers(&self.given[key])
    }

    /// Compares one number.
    fn number(&mut self, name: impl Display, expected: &Value, ours: Option<f64>) -> Option<()> {
        self.within(name, expected, ours, TOLERANCE)
    }

    fn within(
        &mut self,
        name: impl Display,
        expected: &Value,
        ours: Option<f64>,
        tolerance: f64,
    ) -> Option<()> {
        self.tally.number(format!("{} {name}", self.id), expected, ours, tolerance);
        Some(())
    }

    fn count(&mut self, name: &str, expected: &Value, ours: usize) -> Option<()> {
        self.tally.equal(format!("{} {name}", self.id), &expected.as_u64(), &Some(ours as u64));
        Some(())
    }

    /// Compares the numbers of a list, and their number.
    fn list(&mut self, name: &str, expected: &Value, ours: &[Option<f64>]) -> Option<()> {
        self.list_within(name, expected, ours, TOLERANCE)
    }

    fn list_within(
        &mut self,
        name: &str,
        expected: &Value,
        ours: &[Option<f64>],
        tolerance: f64,
    ) -> Option<()> {
        let all = expected.as_array()?;
        self.tally.equal(format!("{} {name}, how many", self.id), &all.len(), &ours.len());
        for (place, (expected, ours)) in all.iter().zip(ours).enumerate() {
            self.within(format!("{name}[{place}]"), expected, *ours, tolerance);
        }
        Some(())
    }

    fn interval(&mut self, name: &str, expected: &Value, ours: Option<Interval>) -> Option<()> {
        self.list_within(name, expected, &ends(ours), T_QUANTILES)
    }

    /// Compares `[statistic, p]`.
    fn test(&mut self, name: &str, expected: &Value, ours: Option<Test>) -> Option<()> {
        self.list(name, expected, &[ours.map(|t| t.statistic), ours.map(|t| t.p)])
    }
}

fn ends(interval: Option<Interval>) -> [Option<f64>; 2] {
    [interval.map(|i| i.low), interval.map(|i| i.high)]
}

/// A table of numbers.
fn table(value: &Value) -> Vec<Vec<f64>> {
    value.as_array().into_iter().flatten().map(numbers).collect()
}

/// A whole number; 0 where there is none.
fn whole(value: &Value) -> usize {
    value.as_u64().unwrap_or_default() as usize
}

/// A number, NaN where there is none.
fn real(value: &Value) -> f64 {
    number(value).unwrap_or(f64::NAN)
}
