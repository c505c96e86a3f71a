//! Two variants on the same cases: tests and effects of the differences.
//!
//! Every function takes the differences, case by case, or the counts they come down to. A test that
//! looks at the two samples apart, on cases that were paired, throws away what pairing bought: see
//! [`unpaired`](super::unpaired) for samples that really are apart.
//!
//! | measure | test | its interval |
//! |---|---|---|
//! | pass or fail | [`mcnemar`] | [`t_test`] of the differences |
//! | score | [`sign_flip`] | [`t_test`] |
//! | rating | [`wilcoxon`] with [`Zeros::Pratt`] | [`t_test`] |

mod mcnemar;
mod sign_flip;
mod wilcoxon;

pub use mcnemar::{McNemar, mcnemar};
pub use sign_flip::{EXACT_UP_TO, sign_flip};
pub use wilcoxon::{Method, Wilcoxon, Zeros, wilcoxon};

use super::special::{t_sf, t_two_sided};
use super::{Interval, finite, means};

/// Student's test of paired differences.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TTest {
    /// The mean difference over its standard error.
    pub t: f64,
    /// Degrees of freedom, n − 1.
    pub freedom: f64,
    /// Two-sided p-value.
    pub p: f64,
    /// One-sided, for a mean below 0.
    pub p_less: f64,
    /// One-sided, for a mean above 0.
    pub p_greater: f64,
    /// The 95 % interval of the mean difference.
    pub interval: Interval,
}

/// The paired t test (scipy `ttest_rel`). None for fewer than two differences, and when all are
/// equal: they then say nothing about their spread.
#[must_use]
pub fn t_test(differences: &[f64]) -> Option<TTest> {
    let t = finite(means::mean(differences)? / means::standard_error(differences)?)?;
    let freedom = differences.len() as f64 - 1.0;
    Some(TTest {
        t,
        freedom,
        p: t_two_sided(t, freedom),
        p_less: t_sf(-t, freedom),
        p_greater: t_sf(t, freedom),
        interval: means::t_interval(differences, 0.95)?,
    })
}

/// How many differences are above, at, and below 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Above 0.
    pub wins: usize,
    /// 0.
    pub ties: usize,
    /// Below 0.
    pub losses: usize,
}

/// Counts wins, ties and losses.
#[must_use]
pub fn counts(differences: &[f64]) -> Counts {
    let wins = differences.iter().filter(|difference| **difference > 0.0).count();
    let losses = differences.iter().filter(|difference| **difference < 0.0).count();
    Counts { wins, ties: differences.len() - wins - losses, losses }
}

/// The mean difference in standard deviations of the differences (Cohen's d_z).
#[must_use]
pub fn effect_size(differences: &[f64]) -> Option<f64> {
    finite(means::mean(differences)? / means::sd(differences)?)
}

/// [`effect_size`] corrected for its bias in small samples (Hedges' g).
#[must_use]
pub fn hedges_g(differences: &[f64]) -> Option<f64> {
    let freedom = differences.len() as f64 - 1.0;
    Some(effect_size(differences)? * (1.0 - 3.0 / (4.0 * freedom - 1.0)))
}
