//! Sums, means, spreads, and the intervals of means.
//!
//! Reference: numpy and scipy.stats.

use super::special::{normal_critical, t_critical};
use super::{Interval, finite};

/// The sum, added in pairs of halves as numpy does it: the rounding error grows with the logarithm
/// of the count, and equal multisets of the same order of magnitude give numpy's very digits.
#[must_use]
pub fn sum(values: &[f64]) -> f64 {
    /// Up to here numpy adds eight running sums.
    const BLOCK: usize = 128;
    if values.len() > BLOCK {
        let half = values.len() / 2;
        let (front, back) = values.split_at(half - half % 8);
        return sum(front) + sum(back);
    }
    let (eights, rest) = values.split_at(values.len() - values.len() % 8);
    let mut lanes = [0.0; 8];
    for eight in eights.chunks_exact(8) {
        for (lane, value) in lanes.iter_mut().zip(eight) {
            *lane += value;
        }
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    rest.iter().fold(((a + b) + (c + d)) + ((e + f) + (g + h)), |sum, value| sum + value)
}

/// The arithmetic mean; none for no values.
#[must_use]
pub fn mean(values: &[f64]) -> Option<f64> {
    if values.is_empty() { None } else { finite(sum(values) / values.len() as f64) }
}

/// The middle value, or the mean of the two middle ones.
#[must_use]
pub fn median(values: &[f64]) -> Option<f64> {
    crate::percentile(values, 0.5)
}

/// The sum of the squares of the distances to the mean.
pub(crate) fn squares(values: &[f64]) -> Option<f64> {
    let mean = mean(values)?;
    let squares: Vec<f64> = values.iter().map(|value| (value - mean) * (value - mean)).collect();
    finite(sum(&squares))
}

/// The variance of what the values were drawn from (divided by n − 1); none for fewer than two.
#[must_use]
pub fn variance(values: &[f64]) -> Option<f64> {
    if values.len() < 2 { None } else { Some(squares(values)? / (values.len() - 1) as f64) }
}

/// The standard deviation (n − 1); none for fewer than two values.
#[must_use]
pub fn sd(values: &[f64]) -> Option<f64> {
    variance(values).map(f64::sqrt)
}

/// The standard error of the mean; none for fewer than two values.
#[must_use]
pub fn standard_error(values: &[f64]) -> Option<f64> {
    sd(values).map(|sd| sd / (values.len() as f64).sqrt())
}

/// The standard error divided by n instead of n − 1, as methods for large samples take it.
#[must_use]
pub fn large_sample_error(values: &[f64]) -> Option<f64> {
    Some(squares(values)?.sqrt() / values.len() as f64)
}

/// Student's t interval of the mean on n − 1 degrees of freedom.
///
/// Right for means of roughly normal values, and close for any but very skewed ones from some 30
/// on. It knows no bounds: for shares it may leave 0 to 1. None for fewer than two values.
#[must_use]
pub fn t_interval(values: &[f64], confidence: f64) -> Option<Interval> {
    let half = t_critical(confidence, values.len() as f64 - 1.0) * standard_error(values)?;
    Some(Interval::around(mean(values)?, finite(half)?))
}

/// The interval of the mean by the normal distribution: too narrow for few values, see
/// [`t_interval`].
#[must_use]
pub fn z_interval(values: &[f64], confidence: f64) -> Option<Interval> {
    Some(Interval::around(mean(values)?, normal_critical(confidence) * standard_error(values)?))
}
