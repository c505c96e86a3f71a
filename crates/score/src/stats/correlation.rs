//! Whether two measures of the same cases go together.
//!
//! Reference: scipy.stats `pearsonr`, `spearmanr`, `kendalltau`. Everything is None for different
//! numbers of values and when one side does not vary.

use super::ranks::{ranks, ties};
use super::special::{normal_critical, normal_sf, t_two_sided};
use super::{Interval, Test, finite, means};

/// Pearson's correlation, from −1 to 1: how close to a line the pairs are. One far-off pair can
/// make it. None for fewer than three pairs: two points always lie on a line.
#[must_use]
pub fn pearson(x: &[f64], y: &[f64]) -> Option<Test> {
    let r = coefficient(x, y)?;
    Some(Test { statistic: r, p: p_of(r, x.len())? })
}

/// The interval of [`pearson`] by Fisher's transformation. None for fewer than four pairs.
#[must_use]
pub fn pearson_interval(x: &[f64], y: &[f64], confidence: f64) -> Option<Interval> {
    let r = coefficient(x, y)?;
    if x.len() < 4 {
        return None;
    }
    let half = normal_critical(confidence) / (x.len() as f64 - 3.0).sqrt();
    Some(Interval { low: (r.atanh() - half).tanh(), high: (r.atanh() + half).tanh() })
}

/// Spearman's correlation: Pearson's of the ranks. For any relation that only rises or only falls.
#[must_use]
pub fn spearman(x: &[f64], y: &[f64]) -> Option<Test> {
    let r = coefficient(&ranks(x), &ranks(y))?;
    Some(Test { statistic: r, p: p_of(r, x.len())? })
}

fn coefficient(x: &[f64], y: &[f64]) -> Option<f64> {
    if x.len() != y.len() {
        return None;
    }
    let (mx, my) = (means::mean(x)?, means::mean(y)?);
    let products: Vec<f64> = x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).collect();
    let length = (means::squares(x)?.sqrt()) * (means::squares(y)?.sqrt());
    finite(means::sum(&products) / length).map(|r| r.clamp(-1.0, 1.0))
}

/// The two-sided p-value of a correlation of `n` pairs by the t distribution.
fn p_of(r: f64, n: usize) -> Option<f64> {
    let freedom = n.checked_sub(3)? as f64 + 1.0;
    Some(t_two_sided(r * (freedom / ((1.0 - r) * (1.0 + r))).sqrt(), freedom))
}

/// Kendall's correlation of the order of all pairs of cases.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kendall {
    /// τ-b, which allows for ties.
    pub tau_b: f64,
    /// τ-c (Stuart), for tables that are not square.
    pub tau_c: f64,
    /// Two-sided p-value by the normal distribution.
    pub p: f64,
    /// Exact two-sided p-value; none where there are ties.
    pub exact_p: Option<f64>,
}

/// Kendall's τ. Takes time with the square of the number of cases.
#[must_use]
pub fn kendall(x: &[f64], y: &[f64]) -> Option<Kendall> {
    let n = x.len();
    if n != y.len() || n < 2 {
        return None;
    }
    let (agreeing, against) = orders(x, y);
    let apart = agreeing as f64 - against as f64;
    let (x_ties, y_ties) = (ties(x), ties(y));
    let pairs = (n * (n - 1)) as f64 / 2.0;
    let equal = |ties: &[f64]| ties.iter().map(|t| t * (t - 1.0) / 2.0).sum::<f64>();
    let free = |ties: &[f64]| pairs - equal(ties);
    let tau_b = finite(apart / free(&x_ties).sqrt() / free(&y_ties).sqrt())?.clamp(-1.0, 1.0);
    let classes = distinct(&x_ties, n).min(distinct(&y_ties, n)) as f64;
    let tau_c = finite(2.0 * apart / ((n * n) as f64 * (classes - 1.0) / classes))?;
    let p =
        (2.0 * normal_sf(apart.abs() / apart_variance(n as f64, &x_ties, &y_ties).sqrt())).min(1.0);
    let untied = x_ties.is_empty() && y_ties.is_empty();
    let exact_p = untied.then(|| kendall_exact(n, agreeing.min(against)));
    Some(Kendall { tau_b, tau_c, p, exact_p })
}

/// How many pairs of cases stand in the same order, and in the opposite one.
fn orders(x: &[f64], y: &[f64]) -> (usize, usize) {
    let (mut agreeing, mut against) = (0, 0);
    for i in 0..x.len() {
        for j in 0..i {
            let order = (x[i] - x[j]).signum() * (y[i] - y[j]).signum();
            let tied = x[i] == x[j] || y[i] == y[j];
            agreeing += usize::from(!tied && order > 0.0);
            against += usize::from(!tied && order < 0.0);
        }
    }
    (agreeing, against)
}

fn distinct(ties: &[f64], n: usize) -> usize {
    n + ties.len() - ties.iter().sum::<f64>() as usize
}

/// The variance of the number of pairs in order less those against it.
fn apart_variance(n: f64, x_ties: &[f64], y_ties: &[f64]) -> f64 {
    let sum = |ties: &[f64], f: fn(f64) -> f64| ties.iter().map(|t| f(*t)).sum::<f64>();
    let pairs = |t: f64| t * (t - 1.0);
    let triples = |t: f64| t * (t - 1.0) * (t - 2.0);
    let spread = |t: f64| t * (t - 1.0) * (2.0 * t + 5.0);
    let ordered = n * (n - 1.0);
    let both = sum(x_ties, pairs) * sum(y_ties, pairs) / (2.0 * ordered);
    let thirds = sum(x_ties, triples) * sum(y_ties, triples);
    let thirds = if thirds > 0.0 { thirds / (9.0 * ordered * (n - 2.0)) } else { 0.0 };
    let whole = ordered * (2.0 * n + 5.0) - sum(x_ties, spread) - sum(y_ties, spread);
    whole / 18.0 + both + thirds
}

/// The share of orders of `n` cases with at most `against` pairs in the wrong order, twice.
fn kendall_exact(n: usize, against: usize) -> f64 {
    let mut shares = vec![0.0; against + 1];
    shares[0] = 1.0;
    for cases in 2..=n {
        // One more case can be in the wrong order with 0 to `cases` − 1 of those before.
        let mut window = 0.0;
        let before = shares.clone();
        for (place, share) in shares.iter_mut().enumerate() {
            window += before[place];
            if place >= cases {
                window -= before[place - cases];
            }
            *share = window / cases as f64;
        }
    }
    (2.0 * shares.iter().sum::<f64>()).min(1.0)
}
