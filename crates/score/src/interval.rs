//! Means and the intervals around them, at 95 %.
//!
//! Checked against statsmodels (`proportion_confint`, Wilson) and scipy (t interval, percentiles).

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

/// The 97.5 % quantile of the standard normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// A mean and its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Mean {
    /// The mean of the values.
    pub mean: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
    /// How many values it stands on.
    pub n: usize,
}

/// The share of passes, with the Wilson score interval (E. B. Wilson, 1927).
///
/// Unlike the normal approximation it stays within 0 and 1 and keeps a width when all or none
/// passed. It misleads when the cases are not independent, for instance many from one document.
/// None for `n` = 0, and for more passes than cases.
#[must_use]
pub fn pass_rate(passed: usize, n: usize) -> Option<Mean> {
    if n == 0 || passed > n {
        return None;
    }
    let (count, share) = (n as f64, passed as f64 / n as f64);
    let spread = 1.0 + Z * Z / count;
    let centre = (share + Z * Z / (2.0 * count)) / spread;
    let half = Z * (share * (1.0 - share) / count + Z * Z / (4.0 * count * count)).sqrt() / spread;
    // Exact at the ends, where rounding would leave 1e-17.
    let low = if passed == 0 { 0.0 } else { (centre - half).max(0.0) };
    let high = if passed == n { 1.0 } else { (centre + half).min(1.0) };
    Some(Mean { mean: share, low, high, n })
}

/// The mean of any values, with Student's t interval on n − 1 degrees of freedom.
///
/// It misleads for few and very skewed values, latencies above all. One value says nothing about
/// the spread: the interval is then the value itself and `n` is 1, which whoever shows it must
/// mind. None for no values, and when a value is not finite.
#[must_use]
pub fn mean(values: &[f64]) -> Option<Mean> {
    if values.is_empty() || values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let n = values.len();
    let mean = values.iter().sum::<f64>() / n as f64;
    let half = half_width(values, mean);
    Some(Mean { mean, low: mean - half, high: mean + half, n })
}

fn half_width(values: &[f64], mean: f64) -> f64 {
    let freedom = values.len() as f64 - 1.0;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    match StudentsT::new(0.0, 1.0, freedom) {
        Ok(t) if squares > 0.0 => {
            t.inverse_cdf(0.975) * (squares / freedom / (freedom + 1.0)).sqrt()
        }
        _ => 0.0,
    }
}

/// The mean of a scorer's values with the interval that suits them: [`pass_rate`] when every value
/// is 0 or 1, else [`mean`].
#[must_use]
pub fn mean_score(values: &[f64]) -> Option<Mean> {
    if values.iter().all(|value| *value == 0.0 || *value == 1.0) {
        return pass_rate(values.iter().filter(|value| **value == 1.0).count(), values.len());
    }
    mean(values)
}

/// The value below which `share` (0 to 1) of the values lie, interpolated linearly between
/// neighbours, as numpy does by default. The values may come in any order. None for no values.
#[must_use]
pub fn percentile(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = share.clamp(0.0, 1.0) * sorted.len().checked_sub(1)? as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    Some(below + (above - below) * place.fract())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::Value;

    use super::*;

    /// From scipy 1.17.1 and statsmodels 0.15.0.
    const REFERENCE: &str = include_str!("../tests/data/intervals.jsonl");

    fn close(ours: f64, reference: &Value, what: &str) {
        let reference = reference.as_f64().unwrap();
        let off = (ours - reference).abs() / reference.abs().max(1.0);
        assert!(off < 1e-9, "{what}: {ours} is not {reference}");
    }

    #[test]
    fn intervals_are_those_of_scipy_and_statsmodels() {
        let mut compared = 0;
        for line in REFERENCE.lines() {
            let row: Value = serde_json::from_str(line).unwrap();
            compared += 1;
            if let Some(passed) = row["k"].as_u64() {
                let n = row["n"].as_u64().unwrap() as usize;
                let ours = pass_rate(passed as usize, n).unwrap();
                close(ours.low, &row["wilson"][0], line);
                close(ours.high, &row["wilson"][1], line);
            } else {
                let values: Vec<f64> = serde_json::from_value(row["x"].clone()).unwrap();
                let ours = mean(&values).unwrap();
                close(ours.mean, &row["mean"], line);
                close(ours.low, &row["t95"][0], line);
                close(ours.high, &row["t95"][1], line);
                for (share, reference) in
                    [0.05, 0.5, 0.95].iter().zip(row["percentiles"].as_array().unwrap())
                {
                    close(percentile(&values, *share).unwrap(), reference, line);
                }
            }
        }
        assert!(compared > 50, "only {compared} reference rows were read");
    }

    #[test]
    fn a_single_value_is_its_own_interval() {
        assert_eq!(mean(&[3.5]), Some(Mean { mean: 3.5, low: 3.5, high: 3.5, n: 1 }));
    }

    #[test]
    fn nothing_has_no_mean() {
        assert_eq!(pass_rate(0, 0), None);
        assert_eq!(pass_rate(3, 2), None);
        assert_eq!(mean(&[]), None);
        assert_eq!(mean(&[1.0, f64::NAN]), None);
        assert_eq!(mean_score(&[]), None);
        assert_eq!(percentile(&[], 0.5), None);
    }

    #[test]
    fn all_passes_keep_a_width_where_t_would_have_none() {
        let score = mean_score(&[1.0; 6]).unwrap();
        assert_eq!(score.high, 1.0);
        assert!(score.low < 0.7, "six passes do not prove more: {}", score.low);
    }

    #[test]
    fn shares_get_the_t_interval() {
        assert_eq!(mean_score(&[0.5, 1.0, 0.25]), mean(&[0.5, 1.0, 0.25]));
    }
}
