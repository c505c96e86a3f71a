//! Two separate samples: tests and effects.
//!
//! For samples that share no cases. Where the same cases were answered twice, use
//! [`paired`](super::paired): it finds what these miss.

use super::ranks::{ranks, tie_correction};
use super::special::{
    chi_squared_sf, ln_choose, normal_critical, normal_sf, t_critical, t_two_sided,
};
use super::{Interval, Test, binomial, finite, means};

/// Welch's t test, which does not ask for equal variances.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Welch {
    /// The difference of the means over its standard error.
    pub t: f64,
    /// Degrees of freedom (Welch and Satterthwaite).
    pub freedom: f64,
    /// Two-sided p-value.
    pub p: f64,
    /// The 95 % interval of the difference.
    pub interval: Interval,
}

/// Welch's test of the means (scipy `ttest_ind(equal_var=False)`). None for fewer than two values
/// on a side, and when neither side varies.
#[must_use]
pub fn welch(a: &[f64], b: &[f64]) -> Option<Welch> {
    let (n, m) = (a.len() as f64, b.len() as f64);
    let (va, vb) = (means::variance(a)? / n, means::variance(b)? / m);
    let difference = means::mean(a)? - means::mean(b)?;
    let error = (va + vb).sqrt();
    let freedom = finite((va + vb).powi(2) / (va * va / (n - 1.0) + vb * vb / (m - 1.0)))?;
    let t = finite(difference / error)?;
    let interval = Interval::around(difference, t_critical(0.95, freedom) * error);
    Some(Welch { t, freedom, p: t_two_sided(t, freedom), interval })
}

/// Student's t test with one variance for both (scipy `ttest_ind`).
#[must_use]
pub fn student(a: &[f64], b: &[f64]) -> Option<Test> {
    let (n, m) = (a.len() as f64, b.len() as f64);
    let freedom = n + m - 2.0;
    let pooled = (means::squares(a)? + means::squares(b)?) / freedom;
    let difference = means::mean(a)? - means::mean(b)?;
    let statistic = finite(difference / (pooled * (1.0 / n + 1.0 / m)).sqrt())?;
    Some(Test { statistic, p: t_two_sided(statistic, freedom) })
}

/// The test of Mann and Whitney by the normal distribution; the statistic is U of `a` (scipy
/// `mannwhitneyu`). None for an empty side, and when all values are equal.
#[must_use]
pub fn mann_whitney(a: &[f64], b: &[f64], corrected: bool) -> Option<Test> {
    let (n, m) = (a.len() as f64, b.len() as f64);
    let statistic = u_statistic(a, b)?;
    let larger = statistic.max(n * m - statistic);
    let ties = tie_correction(&[a, b].concat()) / ((n + m) * (n + m - 1.0));
    let error = (n * m / 12.0 * (n + m + 1.0 - ties)).sqrt();
    let above = larger - n * m / 2.0 - if corrected { 0.5 } else { 0.0 };
    let p = (2.0 * normal_sf(finite(above / error)?)).min(1.0);
    Some(Test { statistic, p })
}

/// The exact test of Mann and Whitney, for samples without ties; with ties it is too cautious.
///
/// None for an empty side, and for more than 10,000 pairs, where the normal one is as good.
#[must_use]
pub fn mann_whitney_exact(a: &[f64], b: &[f64]) -> Option<Test> {
    let (n, m) = (a.len(), b.len());
    if n * m > 10_000 {
        return None;
    }
    let statistic = u_statistic(a, b)?;
    let larger = statistic.max((n * m) as f64 - statistic);
    let chances = u_distribution(n, m);
    let above: f64 = chances.iter().skip(larger.floor() as usize).sum();
    Some(Test { statistic, p: (2.0 * above).min(1.0) })
}

fn u_statistic(a: &[f64], b: &[f64]) -> Option<f64> {
    if a.is_empty() || b.is_empty() {
        return None;
    }
    let n = a.len() as f64;
    let sum: f64 = ranks(&[a, b].concat()).iter().take(a.len()).sum();
    Some(sum - n * (n + 1.0) / 2.0)
}

/// The chance of every U when both samples come from one place: the coefficients of a Gaussian
/// binomial, multiplied and divided factor by factor.
fn u_distribution(n: usize, m: usize) -> Vec<f64> {
    let mut ways = vec![0.0; n * m + 1];
    ways[0] = 1.0;
    for i in 1..=n {
        // Times 1 − x^(m + i), divided by 1 − x^i, and by the growth of the total to stay small.
        let (up, down) = (m + i, i);
        for place in (up..ways.len()).rev() {
            ways[place] -= ways[place - up];
        }
        for place in down..ways.len() {
            ways[place] += ways[place - down];
        }
        ways.iter_mut().for_each(|way| *way *= down as f64 / up as f64);
    }
    ways
}

/// How much more often a value of `a` is above one of `b` than below, from −1 to 1 (Cliff's delta).
#[must_use]
pub fn cliffs_delta(a: &[f64], b: &[f64]) -> Option<f64> {
    Some(2.0 * u_statistic(a, b)? / (a.len() * b.len()) as f64 - 1.0)
}

/// Passes and failures of two samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TwoShares {
    /// Passes of the first sample.
    pub passed_a: usize,
    /// Size of the first sample.
    pub n_a: usize,
    /// Passes of the second sample.
    pub passed_b: usize,
    /// Size of the second sample.
    pub n_b: usize,
}

impl TwoShares {
    /// Counts of two samples; values of 1 are passes.
    #[must_use]
    pub fn of(a: &[f64], b: &[f64]) -> TwoShares {
        let passed = |values: &[f64]| values.iter().filter(|value| **value == 1.0).count();
        TwoShares { passed_a: passed(a), n_a: a.len(), passed_b: passed(b), n_b: b.len() }
    }

    fn table(self) -> [[f64; 2]; 2] {
        let row = |passed: usize, n: usize| [passed as f64, n.saturating_sub(passed) as f64];
        [row(self.passed_a, self.n_a), row(self.passed_b, self.n_b)]
    }
}

/// Fisher's exact test; the statistic is the odds ratio, infinite when a product is 0 (scipy
/// `fisher_exact`). None when a row or column is empty.
#[must_use]
pub fn fisher(shares: TwoShares) -> Option<Test> {
    let [[a, b], [c, d]] = shares.table();
    if [a + b, c + d, a + c, b + d].contains(&0.0) {
        return None;
    }
    let statistic = if b * c > 0.0 { a * d / (b * c) } else { f64::INFINITY };
    let (n, m, passed) = (a + b, c + d, a + c);
    let all = ln_choose(n + m, passed);
    let chance = |k: f64| (ln_choose(n, k) + ln_choose(m, passed - k) - all).exp();
    // What rounding alone sets apart is as likely.
    let seen = chance(a) * (1.0 + 1e-11);
    let (first, last) = ((passed - m).max(0.0) as usize, passed.min(n) as usize);
    let p: f64 = (first..=last).map(|k| chance(k as f64)).filter(|p| *p <= seen).sum();
    Some(Test { statistic, p: p.min(1.0) })
}

/// The chi-squared test of two shares, with Yates' correction or without (scipy
/// `chi2_contingency`). None when a row or column is empty.
#[must_use]
pub fn chi_squared(shares: TwoShares, corrected: bool) -> Option<Test> {
    let [[a, b], [c, d]] = shares.table();
    let all = a + b + c + d;
    let expected = |row: f64, column: f64| row * column / all;
    let cells = [
        (a, expected(a + b, a + c)),
        (b, expected(a + b, b + d)),
        (c, expected(c + d, a + c)),
        (d, expected(c + d, b + d)),
    ];
    let distance = |(seen, expected): (f64, f64)| {
        let off = (seen - expected).abs();
        let off = if corrected { off - off.min(0.5) } else { off };
        off * off / expected
    };
    let statistic = finite(cells.into_iter().map(distance).sum())?;
    Some(Test { statistic, p: chi_squared_sf(statistic, 1.0) })
}

/// The z test of two shares with their common variance (statsmodels `proportions_ztest`).
#[must_use]
pub fn z_test(shares: TwoShares) -> Option<Test> {
    let [[a, b], [c, d]] = shares.table();
    let (n, m) = (a + b, c + d);
    let pooled = (a + c) / (n + m);
    let error = (pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m)).sqrt();
    let statistic = finite((a / n - c / m) / error)?;
    Some(Test { statistic, p: (2.0 * normal_sf(statistic.abs())).min(1.0) })
}

/// The interval of the difference of two shares, from the Wilson intervals of each (Newcombe, 1998,
/// method 10).
#[must_use]
pub fn newcombe(shares: TwoShares, confidence: f64) -> Option<Interval> {
    let a = binomial::wilson(shares.passed_a, shares.n_a, confidence)?;
    let b = binomial::wilson(shares.passed_b, shares.n_b, confidence)?;
    let (p, q) =
        (shares.passed_a as f64 / shares.n_a as f64, shares.passed_b as f64 / shares.n_b as f64);
    let difference = p - q;
    Some(Interval {
        low: difference - (p - a.low).hypot(b.high - q),
        high: difference + (q - b.low).hypot(a.high - p),
    })
}

/// The interval of the difference of two shares by the normal distribution: too narrow for few
/// cases, see [`newcombe`].
#[must_use]
pub fn wald(shares: TwoShares, confidence: f64) -> Option<Interval> {
    let [[a, b], [c, d]] = shares.table();
    let variance = |k: f64, n: f64| k / n * (1.0 - k / n) / n;
    let error = finite((variance(a, a + b) + variance(c, c + d)).sqrt())?;
    Some(Interval::around(a / (a + b) - c / (c + d), normal_critical(confidence) * error))
}
