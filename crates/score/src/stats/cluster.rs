//! Cases that share a source, and cases that were answered several times.
//!
//! Twenty questions about one document are not twenty independent cases. The errors here count the
//! documents. Reference: statsmodels OLS on a constant with `cov_type="cluster"`; Miller, "Adding
//! error bars to evals" (2024).

use std::collections::BTreeMap;

use super::special::t_critical;
use super::{Interval, finite, means};

/// Below so many clusters an interval over them is not to be trusted.
pub const FEW_CLUSTERS: usize = 10;

/// A mean over cases in clusters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClusteredMean {
    /// The mean over the cases.
    pub mean: f64,
    /// How many clusters there are.
    pub clusters: usize,
    /// The standard error as if the cases were independent (n − 1); none for one case.
    pub se_independent: Option<f64>,
    /// The same divided by n.
    pub se_hc0: f64,
    /// The standard error that allows for clusters, uncorrected.
    pub se_uncorrected: f64,
    /// The same times √(G / (G − 1)): the one to use. None for one cluster.
    pub se: Option<f64>,
    /// The 95 % interval, by t on G − 1 degrees of freedom. None for one cluster.
    pub interval: Option<Interval>,
}

/// The mean of values whose cases belong to the clusters named beside them.
///
/// With one case per cluster this is the usual mean with its t interval. None for no values, and
/// when a value has no cluster.
#[must_use]
pub fn clustered_mean<C: Ord>(values: &[f64], clusters: &[C]) -> Option<ClusteredMean> {
    if values.len() != clusters.len() {
        return None;
    }
    let n = values.len() as f64;
    let mean = means::mean(values)?;
    let sums = cluster_sums(values.iter().map(|value| value - mean), clusters);
    let groups = sums.len() as f64;
    let se_uncorrected = sums.iter().map(|sum| sum * sum).sum::<f64>().sqrt() / n;
    let se = (groups > 1.0).then(|| se_uncorrected * (groups / (groups - 1.0)).sqrt());
    let half = se.and_then(|se| finite(t_critical(0.95, groups - 1.0) * se));
    Some(ClusteredMean {
        mean,
        clusters: sums.len(),
        se_independent: means::standard_error(values),
        se_hc0: means::large_sample_error(values)?,
        se_uncorrected,
        se,
        interval: half.map(|half| Interval::around(mean, half)),
    })
}

/// The sum of the values of each cluster, by the clusters' order.
pub fn cluster_sums<C: Ord>(values: impl IntoIterator<Item = f64>, clusters: &[C]) -> Vec<f64> {
    let mut sums = BTreeMap::new();
    for (value, cluster) in values.into_iter().zip(clusters) {
        *sums.entry(cluster).or_insert(0.0) += value;
    }
    sums.into_values().collect()
}

/// What several answers to each case say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Repeats {
    /// The mean of the cases' means.
    pub mean: f64,
    /// Its standard error, from the cases' means; none for one case.
    pub se: Option<f64>,
    /// The mean variance within a case; none when no case was answered twice.
    pub within: Option<f64>,
    /// The variance between cases that is left without it; may come out below 0. None unless all
    /// cases were answered as often.
    pub between: Option<f64>,
}

/// Averages each case first: the answers to one case are not so many cases. None for no cases and
/// for a case without an answer.
#[must_use]
pub fn repeats(answers: &[Vec<f64>]) -> Option<Repeats> {
    let of_cases: Option<Vec<f64>> = answers.iter().map(|values| means::mean(values)).collect();
    let of_cases = of_cases?;
    let variances: Vec<f64> = answers.iter().filter_map(|values| means::variance(values)).collect();
    let within = means::mean(&variances);
    let times = answers.first()?.len();
    let even = answers.iter().all(|values| values.len() == times);
    let between = means::variance(&of_cases)
        .zip(within)
        .filter(|_| even)
        .map(|(all, within)| all - within / times as f64);
    Some(Repeats {
        mean: means::mean(&of_cases)?,
        se: means::standard_error(&of_cases),
        within,
        between,
    })
}

/// The chance that at least one of `k` answers to a case passes, averaged over the cases (pass@k;
/// Chen and others, 2021: without bias from drawing k of the answers). None unless every case has
/// `k` answers.
#[must_use]
pub fn pass_at(k: usize, answers: &[Vec<bool>]) -> Option<f64> {
    mean_over_cases(k, answers, |passed, n| 1.0 - all_of(k, n - passed, n))
}

/// The chance that all of `k` answers to a case pass, averaged over the cases (pass^k): what to look
/// at when a prompt must be reliable. None unless every case has `k` answers.
#[must_use]
pub fn pass_all(k: usize, answers: &[Vec<bool>]) -> Option<f64> {
    mean_over_cases(k, answers, |passed, n| all_of(k, passed, n))
}

fn mean_over_cases(
    k: usize,
    answers: &[Vec<bool>],
    chance: impl Fn(usize, usize) -> f64,
) -> Option<f64> {
    let of_case = |answers: &Vec<bool>| {
        let passed = answers.iter().filter(|passed| **passed).count();
        (answers.len() >= k && k > 0).then(|| chance(passed, answers.len()))
    };
    means::mean(&answers.iter().map(of_case).collect::<Option<Vec<f64>>>()?)
}

/// The chance that `k` of `n` drawn without putting back are all among `marked`.
fn all_of(k: usize, marked: usize, n: usize) -> f64 {
    (0..k).map(|drawn| marked.saturating_sub(drawn) as f64 / (n - drawn) as f64).product()
}
