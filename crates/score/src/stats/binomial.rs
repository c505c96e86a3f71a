//! Shares of passes: their intervals, and the exact test against a fair coin.
//!
//! Reference: statsmodels `proportion_confint`, scipy `binomtest`. All intervals are None for no
//! cases and for more passes than cases.

use super::Interval;
use super::special::{beta_cdf, beta_quantile, ln_choose, normal_critical};

/// The score interval (E. B. Wilson, 1927): the one to show. It stays within 0 and 1, keeps a width
/// when all or none passed, and covers about as often as it says from a few cases on.
#[must_use]
pub fn wilson(passed: usize, n: usize, confidence: f64) -> Option<Interval> {
    let (count, share) = share(passed, n)?;
    let z = normal_critical(confidence);
    let spread = 1.0 + z * z / count;
    let centre = (share + z * z / (2.0 * count)) / spread;
    let half = z * (share * (1.0 - share) / count + z * z / (4.0 * count * count)).sqrt() / spread;
    // Exact at the ends, where rounding would leave 1e-17.
    let low = if passed == 0 { 0.0 } else { (centre - half).max(0.0) };
    let high = if passed == n { 1.0 } else { (centre + half).min(1.0) };
    Some(Interval { low, high })
}

/// The exact interval (Clopper and Pearson, 1934): never covers less often than it says, and is
/// wider for it. For gates.
#[must_use]
pub fn clopper_pearson(passed: usize, n: usize, confidence: f64) -> Option<Interval> {
    let (count, _) = share(passed, n)?;
    let (tail, k) = ((1.0 - confidence) / 2.0, passed as f64);
    let low = if passed == 0 { 0.0 } else { beta_quantile(tail, k, count - k + 1.0) };
    let high = if passed == n { 1.0 } else { beta_quantile(1.0 - tail, k + 1.0, count - k) };
    Some(Interval { low, high })
}

/// The normal interval around a share that is pulled towards one half (Agresti and Coull, 1998).
#[must_use]
pub fn agresti_coull(passed: usize, n: usize, confidence: f64) -> Option<Interval> {
    let (count, _) = share(passed, n)?;
    let z = normal_critical(confidence);
    let pulled = (passed as f64 + z * z / 2.0) / (count + z * z);
    let half = z * (pulled * (1.0 - pulled) / (count + z * z)).sqrt();
    Some(within_0_and_1(Interval::around(pulled, half)))
}

/// The equal-tailed interval of the posterior after Jeffreys' prior.
#[must_use]
pub fn jeffreys(passed: usize, n: usize, confidence: f64) -> Option<Interval> {
    let (count, _) = share(passed, n)?;
    let tail = (1.0 - confidence) / 2.0;
    let (a, b) = (passed as f64 + 0.5, count - passed as f64 + 0.5);
    Some(Interval { low: beta_quantile(tail, a, b), high: beta_quantile(1.0 - tail, a, b) })
}

/// The textbook interval: too narrow near 0 and 1, and without width at them. For comparisons with
/// other tools only.
#[must_use]
pub fn normal(passed: usize, n: usize, confidence: f64) -> Option<Interval> {
    let (count, share) = share(passed, n)?;
    let half = normal_critical(confidence) * (share * (1.0 - share) / count).sqrt();
    Some(within_0_and_1(Interval::around(share, half)))
}

/// The chance of at most `k` heads in `n` throws of a fair coin.
#[must_use]
pub fn coin_cdf(k: usize, n: usize) -> f64 {
    if k >= n { 1.0 } else { beta_cdf(0.5, (n - k) as f64, k as f64 + 1.0) }
}

/// The chance of `k` heads in `n` throws of a fair coin.
#[must_use]
pub fn coin_pmf(k: usize, n: usize) -> f64 {
    if k > n { 0.0 } else { (ln_choose(n as f64, k as f64) - n as f64 * 2f64.ln()).exp() }
}

/// The two-sided sign test: how likely a fair coin lands at least as unevenly. 1 for no throws.
#[must_use]
pub fn sign_test(wins: usize, losses: usize) -> f64 {
    (2.0 * coin_cdf(wins.min(losses), wins + losses)).min(1.0)
}

fn share(passed: usize, n: usize) -> Option<(f64, f64)> {
    (n > 0 && passed <= n).then(|| (n as f64, passed as f64 / n as f64))
}

fn within_0_and_1(interval: Interval) -> Interval {
    Interval { low: interval.low.clamp(0.0, 1.0), high: interval.high.clamp(0.0, 1.0) }
}
