//! Means and the intervals around them, at 95 %.
//!
//! Checked against statsmodels (`proportion_confint`, Wilson) and scipy (t interval, percentiles).

use serde::{Deserialize, Serialize};

use crate::stats::{binomial, means};

/// The confidence of every interval that is shown.
const CONFIDENCE: f64 = 0.95;

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
    let interval = binomial::wilson(passed, n, CONFIDENCE)?;
    Some(Mean { mean: passed as f64 / n as f64, low: interval.low, high: interval.high, n })
}

/// The mean of any values, with Student's t interval on n − 1 degrees of freedom.
///
/// It misleads for few and very skewed values, latencies above all. One value says nothing about
/// the spread: the interval is then the value itself and `n` is 1, which whoever shows it must
/// mind. None for no values, and when a value is not finite.
#[must_use]
pub fn mean(values: &[f64]) -> Option<Mean> {
    let mean = means::mean(values)?;
    let interval = means::t_interval(values, CONFIDENCE);
    let (low, high) = interval.map_or((mean, mean), |interval| (interval.low, interval.high));
    Some(Mean { mean, low, high, n: values.len() })
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
