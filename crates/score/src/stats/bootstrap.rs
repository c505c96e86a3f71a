//! The bootstrap: an interval for any statistic, from drawing the same cases again.
//!
//! A statistic is a function of case *indices*, so that it may be a mean of values, or BLEU over the
//! summed counts of those cases. Reference: scipy.stats.bootstrap 1.17.

use super::random::Random;
use super::special::{normal_cdf, normal_quantile};
use super::{Interval, finite, means};

/// What drawing again says of a statistic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bootstrap {
    /// The statistic of the cases themselves.
    pub estimate: f64,
    /// Its standard error: the standard deviation (n − 1) over the drawn samples.
    pub se: Option<f64>,
    /// Between the quantiles of the drawn statistics.
    pub percentile: Interval,
    /// Those quantiles mirrored at the estimate.
    pub basic: Interval,
    /// Bias-corrected and accelerated (Efron, 1987): the one to show from 50 cases on. None when
    /// all drawn statistics lie on one side, or leaving out a case never changes anything.
    ///
    /// It covers too rarely on few passes and failures; the interval of the test is the better one there.
    pub bca: Option<Interval>,
}

/// Draws `draws` samples of `n` cases with replacement, and gives the statistic of each.
///
/// None when the statistic is undefined for one of them.
pub fn draw(
    n: usize,
    statistic: impl Fn(&[usize]) -> Option<f64>,
    draws: usize,
    random: &mut Random,
) -> Option<Vec<f64>> {
    let mut sample = vec![0; n];
    (0..draws)
        .map(|_| {
            sample.iter_mut().for_each(|index| *index = random.below(n));
            statistic(&sample)
        })
        .collect()
}

/// The intervals of a statistic over `n` cases, given its values for drawn samples (see [`draw`]).
///
/// None without cases or draws, and when the statistic is undefined for the cases.
pub fn intervals(
    n: usize,
    statistic: impl Fn(&[usize]) -> Option<f64>,
    drawn: &[f64],
    confidence: f64,
) -> Option<Bootstrap> {
    let all: Vec<usize> = (0..n).collect();
    let estimate = if n == 0 { None } else { statistic(&all) }?;
    let mut sorted = drawn.to_vec();
    sorted.sort_by(f64::total_cmp);
    let tail = (1.0 - confidence) / 2.0;
    let between = |low: f64, high: f64| {
        Some(Interval { low: quantile(&sorted, low)?, high: quantile(&sorted, high)? })
    };
    let percentile = between(tail, 1.0 - tail)?;
    let basic =
        Interval { low: 2.0 * estimate - percentile.high, high: 2.0 * estimate - percentile.low };
    let shares = corrected_shares(&sorted, estimate, acceleration(&all, &statistic), tail);
    let bca = shares.and_then(|(low, high)| between(low, high));
    Some(Bootstrap { estimate, se: means::sd(drawn), percentile, basic, bca })
}

/// [`draw`] and [`intervals`] in one.
pub fn bootstrap(
    n: usize,
    statistic: impl Fn(&[usize]) -> Option<f64>,
    draws: usize,
    confidence: f64,
    random: &mut Random,
) -> Option<Bootstrap> {
    let drawn = draw(n, &statistic, draws, random)?;
    intervals(n, statistic, &drawn, confidence)
}

/// The skewness of what leaving out one case does to the statistic.
fn acceleration(all: &[usize], statistic: impl Fn(&[usize]) -> Option<f64>) -> Option<f64> {
    let n = all.len() as f64;
    let mut without = all.get(1..)?.to_vec();
    let mut left = Vec::with_capacity(all.len());
    for dropped in 0..all.len() {
        left.push(statistic(&without)?);
        // The next round drops the next case and takes this one back.
        if let Some(place) = without.get_mut(dropped) {
            *place = dropped;
        }
    }
    let centre = means::mean(&left)?;
    let influence: Vec<f64> = left.iter().map(|value| (n - 1.0) * (centre - value)).collect();
    let power = |exponent: i32| {
        let powers: Vec<f64> = influence.iter().map(|value| value.powi(exponent)).collect();
        means::sum(&powers) / n.powi(exponent)
    };
    finite(power(3) / 6.0 / power(2).powf(1.5))
}

/// The shares at which the BCa interval cuts the drawn statistics.
fn corrected_shares(
    sorted: &[f64],
    estimate: f64,
    acceleration: Option<f64>,
    tail: f64,
) -> Option<(f64, f64)> {
    let below = sorted.partition_point(|value| *value < estimate);
    let not_above = sorted.partition_point(|value| *value <= estimate);
    let bias = normal_quantile((below + not_above) as f64 / (2.0 * sorted.len() as f64));
    let share = |z: f64| {
        let shifted = bias + z;
        finite(normal_cdf(bias + shifted / (1.0 - acceleration? * shifted)))
    };
    let z = normal_quantile(tail);
    finite(bias)?;
    Some((share(z)?, share(-z)?))
}

/// Linear interpolation between neighbours, as numpy does by default.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share * sorted.len().checked_sub(1)? as f64;
    let (low, high) = (*sorted.get(place.floor() as usize)?, *sorted.get(place.ceil() as usize)?);
    finite(low + (high - low) * place.fract())
}
