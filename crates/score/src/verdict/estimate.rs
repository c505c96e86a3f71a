//! The numbers of a comparison: both means, the change, its interval and its test.

use super::corpus::of_corpus;
use super::sample::{Averaged, Paired, Sample};
use super::{ComparedScorer, Kind, Measure, Rules};
use crate::stats::binomial::clopper_pearson;
use crate::stats::cluster::{ClusteredMean, cluster_sums, clustered_mean};
use crate::stats::paired::{Method, Zeros, counts, mcnemar, sign_flip, wilcoxon};
use crate::stats::random::Random;
use crate::stats::special::t_critical;
use crate::stats::{Interval, means};
use crate::{Mean, mean_score};

pub(super) const CONFIDENCE: f64 = 0.95;

/// What was measured.
pub(super) struct Estimate {
    pub base: Mean,
    pub head: Mean,
    pub change: f64,
    pub interval: Option<Interval>,
    /// The standard deviation of the differences, or what it would be for this error.
    pub spread: Option<f64>,
    pub test: &'static str,
    pub p: Option<f64>,
}

impl Estimate {
    /// None where a corpus score is not defined for these cases.
    pub fn of(sample: &Sample, scorer: &ComparedScorer, rules: &Rules) -> Option<Estimate> {
        match scorer.measure {
            Measure::Corpus(score) => of_corpus(sample, score, rules),
            _ => Some(of_values(sample, scorer.measure.kind(), rules)),
        }
    }
}

fn of_values(sample: &Sample, kind: Kind, rules: &Rules) -> Estimate {
    let differences = sample.differences();
    let sources = sample.source_of();
    let clustered = clustered_mean(&differences, &sources);
    let change = clustered.map_or(0.0, |mean| mean.mean);
    let error = clustered.and_then(|mean| mean.se).filter(|error| *error > 0.0);
    let interval = match error {
        Some(_) => clustered.and_then(|mean| mean.interval),
        None => interval_without_spread(&differences, kind, sample.sources),
    };
    let (test, p) = tested(sample, &differences, kind, rules);
    Estimate {
        base: side(sample, kind, |case| &case.base),
        head: side(sample, kind, |case| &case.head),
        change,
        interval,
        spread: error.map(|error| error * (sample.sources as f64).sqrt()),
        test,
        p,
    }
}

/// When every case changed alike, or none did, a pass rate may still move otherwise in as large a share of the cases as
/// nobody has seen in so many. Scores have no such bound.
fn interval_without_spread(differences: &[f64], kind: Kind, n: usize) -> Option<Interval> {
    let change = *differences.first()?;
    if kind != Kind::PassFail || differences.iter().any(|difference| *difference != change) {
        return None;
    }
    let unseen = clopper_pearson(0, n, CONFIDENCE)?.high;
    let others = change * (1.0 - unseen);
    Some(match change {
        0.0 => Interval::around(0.0, unseen),
        _ => Interval { low: change.min(others), high: change.max(others) },
    })
}

/// The mean of one side with the interval that suits it.
fn side(sample: &Sample, kind: Kind, of: for<'c> fn(&'c Paired<'_>) -> &'c Averaged) -> Mean {
    let values: Vec<f64> = sample.cases.iter().map(|case| of(case).value).collect();
    let n = values.len();
    let alone = Mean { mean: means::mean(&values).unwrap_or(0.0), low: 0.0, high: 0.0, n };
    let single = sample.cases.iter().all(|case| case.single);
    if !sample.shared() && (single || kind != Kind::PassFail) {
        let usual = if kind == Kind::PassFail { mean_score } else { crate::mean };
        return usual(&values).unwrap_or(alone);
    }
    let Some(clustered) = clustered_mean(&values, &sample.source_of()) else { return alone };
    let interval = match kind {
        Kind::PassFail => share_interval(&clustered),
        _ => clustered.interval.unwrap_or(Interval::around(alone.mean, 0.0)),
    };
    Mean { low: interval.low, high: interval.high, ..alone }
}

/// Wilson's interval for as many independent cases as would have this error, with the quantile of t
/// for the number of sources: unlike the t interval it keeps to 0 and 1, and has a width at them.
fn share_interval(clustered: &ClusteredMean) -> Interval {
    let (share, sources) = (clustered.mean, clustered.clusters as f64);
    let spread = share * (1.0 - share);
    let alike = match clustered.se {
        Some(error) if error > 0.0 && spread > 0.0 => spread / (error * error),
        _ => sources,
    };
    let z = t_critical(CONFIDENCE, (sources - 1.0).max(1.0));
    let scale = 1.0 + z * z / alike;
    let centre = (share + z * z / (2.0 * alike)) / scale;
    let half = z * (spread / alike + z * z / (4.0 * alike * alike)).sqrt() / scale;
    Interval { low: (centre - half).max(0.0), high: (centre + half).min(1.0) }
}

/// The one test of this measure, and its p-value.
fn tested(
    sample: &Sample,
    differences: &[f64],
    kind: Kind,
    rules: &Rules,
) -> (&'static str, Option<f64>) {
    let single = sample.cases.iter().all(|case| case.single);
    let p = match kind {
        Kind::PassFail if single && !sample.shared() => {
            let counts = counts(differences);
            return ("exact McNemar", Some(mcnemar(counts.wins, counts.losses).exact));
        }
        Kind::Rating if !sample.shared() => {
            let test = wilcoxon(differences, Zeros::Pratt, Method::Auto);
            return ("Wilcoxon–Pratt", Some(test.map_or(1.0, |test| test.p)));
        }
        _ => {
            let sums = cluster_sums(differences.iter().copied(), &sample.source_of());
            // Sums of what was rounded are rounded again, so that 0 is 0.
            let sums: Vec<f64> = sums.iter().map(|sum| (sum * 1e9).round() / 1e9).collect();
            sign_flip(&sums, rules.draws, &mut Random::new(rules.seed))
        }
    };
    let name =
        if sample.shared() { "sign-flip permutation of sources" } else { "sign-flip permutation" };
    (name, Some(p))
}
