//! The numbers of a comparison: both means, the change, its interval and its test.

use super::sample::{Averaged, Paired, Sample};
use super::{ComparedScorer, CorpusScore, Kind, Measure, Rules};
use crate::stats::binomial::clopper_pearson;
use crate::stats::bootstrap::draw;
use crate::stats::cluster::{ClusteredMean, cluster_sums, clustered_mean};
use crate::stats::paired::{Method, Zeros, counts, mcnemar, sign_flip, wilcoxon};
use crate::stats::random::Random;
use crate::stats::special::t_critical;
use crate::stats::{Interval, means};
use crate::{Mean, mean_score, percentile};

const CONFIDENCE: f64 = 0.95;

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
    pub fn of(sample: &Sample, scorer: &ComparedScorer, rules: &Rules) -> Estimate {
        match scorer.measure {
            Measure::Corpus(score) => of_corpus(sample, score, rules),
            _ => of_values(sample, scorer.measure.kind(), rules),
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

/// The summed statistics of each source, base and head.
fn by_source(sample: &Sample) -> Vec<[Vec<f64>; 2]> {
    let mut sources = vec![[Vec::new(), Vec::new()]; sample.sources];
    for case in &sample.cases {
        for (sum, side) in sources[case.source].iter_mut().zip([&case.base, &case.head]) {
            add(sum, &side.statistics);
        }
    }
    sources
}

fn add(sum: &mut Vec<f64>, statistics: &[f64]) {
    sum.resize(sum.len().max(statistics.len()), 0.0);
    sum.iter_mut().zip(statistics).for_each(|(sum, value)| *sum += value);
}

fn of_corpus(sample: &Sample, score: CorpusScore, rules: &Rules) -> Estimate {
    let sources = by_source(sample);
    let n = sources.len();
    let total = |side: usize, chosen: &[usize]| {
        let mut sum = Vec::new();
        chosen.iter().for_each(|source| add(&mut sum, &sources[*source][side]));
        score(&sum)
    };
    let all: Vec<usize> = (0..n).collect();
    let (base, head) = (total(0, &all).unwrap_or(0.0), total(1, &all).unwrap_or(0.0));
    let mut random = Random::new(rules.seed);
    // A sample of three numbers at a time would need three draws; one seed gives the same samples.
    let drawn = |statistic: &dyn Fn(&[usize]) -> Option<f64>| {
        draw(n, statistic, draws_for(n, rules), &mut Random::new(rules.seed))
    };
    let between = |drawn: Option<&Vec<f64>>| {
        let drawn = drawn.filter(|_| n > 1)?;
        let low = percentile(drawn, (1.0 - CONFIDENCE) / 2.0)?;
        Some(Interval { low, high: percentile(drawn, (1.0 + CONFIDENCE) / 2.0)? })
    };
    let mean = |side: usize, mean: f64| {
        let interval = between(drawn(&|chosen| total(side, chosen)).as_ref());
        let interval = interval.unwrap_or(Interval::around(mean, 0.0));
        Mean { mean, low: interval.low, high: interval.high, n: sample.cases.len() }
    };
    let changes = drawn(&|chosen| Some(total(1, chosen)? - total(0, chosen)?));
    let error = changes.as_deref().and_then(means::sd).filter(|error| *error > 0.0);
    Estimate {
        base: mean(0, base),
        head: mean(1, head),
        change: head - base,
        interval: error.and(between(changes.as_ref())),
        spread: error.map(|error| error * (n as f64).sqrt()),
        test: "approximate randomisation",
        p: Some(randomised(&sources, score, draws_for(n, rules), &mut random)),
    }
}

/// Fewer draws for very many cases: their p-value needs no finer steps to say what it says.
fn draws_for(n: usize, rules: &Rules) -> usize {
    if n > 2_000 { rules.draws.min(999) } else { rules.draws }
}

/// Approximate randomisation (Riezler and Maxwell, 2005): how often swapping base and head in a
/// random half of the sources makes a change as large.
fn randomised(
    sources: &[[Vec<f64>; 2]],
    score: CorpusScore,
    draws: usize,
    random: &mut Random,
) -> f64 {
    let observed = change(sources, score, &mut || false);
    let reached = (0..draws)
        .filter(|_| {
            change(sources, score, &mut || random.next_bits() >> 63 == 1) >= observed - 1e-9
        })
        .count();
    (reached + 1) as f64 / (draws + 1) as f64
}

/// The size of the change when base and head of some sources are swapped.
fn change(sources: &[[Vec<f64>; 2]], score: CorpusScore, swap: &mut dyn FnMut() -> bool) -> f64 {
    let (mut base, mut head) = (Vec::new(), Vec::new());
    for [ours, theirs] in sources {
        let (a, b) = if swap() { (theirs, ours) } else { (ours, theirs) };
        add(&mut base, a);
        add(&mut head, b);
    }
    (score(&head).unwrap_or(0.0) - score(&base).unwrap_or(0.0)).abs()
}
