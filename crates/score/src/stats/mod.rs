//! Statistics: how sure a number is, and whether two of them differ.
//!
//! Everything takes plain slices and gives plain structs; nothing draws random numbers without a
//! [`Random`](random::Random) that the caller seeded. What is undefined is `None`: there is no NaN
//! in an answer and no 0 that stands for "unknown". Each method's reference is named where it
//! stands, and `cargo xtask golden` holds all of them against it.
//!
//! | question | module |
//! |---|---|
//! | how sure is a share of passes? | [`binomial`] |
//! | how sure is a mean? | [`means`], [`bootstrap`]; [`cluster`] when cases share a source |
//! | did the same cases get better? | [`paired`] |
//! | do two separate samples differ? | [`unpaired`] |
//! | what remains significant among several tests? | [`multiple`] |
//! | do raters agree? | [`agreement`] |
//! | do two measures go together? | [`correlation`] |
//! | which of several is preferred? | [`preference`] |
//! | how many cases are enough, what does an imperfect judge hide? | [`planning`] |

pub mod agreement;
pub mod binomial;
pub mod bootstrap;
pub mod cluster;
pub mod correlation;
pub mod means;
pub mod multiple;
pub mod paired;
pub mod planning;
pub mod preference;
pub mod random;
mod ranks;
pub mod special;
pub mod unpaired;

use serde::{Deserialize, Serialize};

/// Two ends between which a value lies.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// The interval that reaches `half` to both sides of `centre`.
    #[must_use]
    pub fn around(centre: f64, half: f64) -> Interval {
        Interval { low: centre - half, high: centre + half }
    }

    /// From the lower to the upper end.
    #[must_use]
    pub fn width(self) -> f64 {
        self.high - self.low
    }
}

/// A test's statistic and its p-value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Test {
    /// The statistic; which one, the function says.
    pub statistic: f64,
    /// The two-sided p-value.
    pub p: f64,
}

/// `value` unless it is not finite.
pub(crate) fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests;
