//! stats_ci, stats_bootstrap, stats_cluster.

use assay_score::percentile;
use assay_score::stats::random::Random;
use assay_score::stats::{binomial, bootstrap as boot, cluster as clusters, means};
use serde_json::Value;

use super::{Case, each_value, ends, real, table, whole};
use crate::file::{Golden, number, numbers};
use crate::tally::Tally;

/// Intervals of means and of shares.
pub fn ci(golden: &Golden, tally: &mut Tally) {
    each_value(golden, tally, |case, name, value| match case.given.get("k") {
        Some(_) => share(case, name, value),
        None => mean(case, name, value),
    });
}

fn share(case: &mut Case, name: &str, value: &Value) -> Option<()> {
    let (k, n) = (whole(&case.given["k"]), whole(&case.given["n"]));
    let interval = match name {
        "wilson" => binomial::wilson,
        "beta" => binomial::clopper_pearson,
        "agresti_coull" => binomial::agresti_coull,
        "jeffreys" => binomial::jeffreys,
        "normal" => binomial::normal,
        _ => return None,
    };
    let ours = interval(k, n, 1.0 - real(&case.given["alpha"]));
    case.list(name, value, &ends(ours))
}

fn mean(case: &mut Case, name: &str, value: &Value) -> Option<()> {
    let x = case.numbers("x");
    match name {
        "n" => case.count(name, value, x.len()),
        "mean" => case.number(name, value, means::mean(&x)),
        "median" => case.number(name, value, means::median(&x)),
        "sd" => case.number(name, value, means::sd(&x)),
        "se" => case.number(name, value, means::standard_error(&x)),
        "p05_p50_p95" => {
            case.list(name, value, &[0.05, 0.5, 0.95].map(|share| percentile(&x, share)))
        }
        _ => {
            // `t95`, `z95`: the distribution and the confidence in per cent.
            let (kind, percent) = name.split_at_checked(1)?;
            let confidence = percent.parse::<f64>().ok()? / 100.0;
            match kind {
                "t" => case.interval(name, value, means::t_interval(&x, confidence)),
                "z" => case.interval(name, value, means::z_interval(&x, confidence)),
                _ => None,
            }
        }
    }
}

/// The bootstrap, from the very samples that the reference drew. Where they are not given
/// (`"B": "large"`) we draw our own, and the tolerance is 2 % of the interval's width.
pub fn bootstrap(golden: &Golden, tally: &mut Tally) {
    for case in &golden.cases {
        let id = crate::file::text(case, "id").to_owned();
        let Some((ours, drawn)) = bootstrapped(&case["in"]) else {
            tally.differ(format!("{id}: no bootstrap of ours for this case"));
            continue;
        };
        for (name, value) in case["out"].as_object().into_iter().flatten() {
            let interval = match name.as_str() {
                "percentile" => Some(ours.percentile),
                "basic" => Some(ours.basic),
                "BCa" => ours.bca,
                "se" => None,
                _ => {
                    tally.differ(format!("{id}: nothing of ours answers `{name}`"));
                    continue;
                }
            };
            let width = numbers(&case["out"]["percentile"]);
            let width = width.last().zip(width.first()).map_or(0.0, |(high, low)| high - low);
            if name == "se" {
                let tolerance = if drawn { 0.02 * width } else { super::TOLERANCE };
                tally.number(format!("{id} se"), value, ours.se, tolerance);
                continue;
            }
            for (place, end) in ends(interval).into_iter().enumerate() {
                let what = format!("{id} {name}[{place}]");
                match number(&value[place]).zip(end) {
                    // The tally's tolerance is relative above 1; this one is not.
                    Some((expected, ours)) if drawn => {
                        let off = Value::from((expected - ours) / width);
                        tally.number(what, &off, Some(0.0), 0.02);
                    }
                    _ => tally.number(what, &value[place], end, super::TOLERANCE),
                }
            }
        }
    }
}

/// Our bootstrap of a case, and whether we drew the samples.
fn bootstrapped(given: &Value) -> Option<(boot::Bootstrap, bool)> {
    /// As many as the reference drew for its large cases.
    const LARGE: usize = 100_000;
    let x = numbers(&given["x"]);
    let of: fn(&[f64]) -> Option<f64> = match given["stat"].as_str()? {
        "mean" => means::mean,
        "median" => means::median,
        "std1" => means::sd,
        _ => return None,
    };
    let statistic = |sample: &[usize]| {
        of(&sample.iter().map(|index| x.get(*index).copied()).collect::<Option<Vec<f64>>>()?)
    };
    if given["B"] == "large" {
        let mut random = Random::new(7);
        return Some((boot::bootstrap(x.len(), statistic, LARGE, 0.95, &mut random)?, true));
    }
    let drawn: Option<Vec<f64>> = given["idx"]
        .as_array()?
        .iter()
        .map(|sample| statistic(&sample.as_array()?.iter().map(whole).collect::<Vec<usize>>()))
        .collect();
    Some((boot::intervals(x.len(), statistic, &drawn?, 0.95)?, false))
}

/// Clustered errors and repeated answers.
pub fn cluster(golden: &Golden, tally: &mut Tally) {
    each_value(golden, tally, |case, name, value| match case.given.get("scores") {
        Some(scores) => repeated(case, &table(scores), name, value),
        None => clustered(case, name, value),
    });
}

fn repeated(case: &mut Case, scores: &[Vec<f64>], name: &str, value: &Value) -> Option<()> {
    let repeats = clusters::repeats(scores)?;
    let passes: Vec<Vec<bool>> =
        scores.iter().map(|answers| answers.iter().map(|score| *score == 1.0).collect()).collect();
    let ours = match name {
        "mean" => Some(repeats.mean),
        "se_question_means" => repeats.se,
        "within_var" => repeats.within,
        "between_var_est" => repeats.between,
        "se_wrong_pooled" => means::standard_error(&scores.concat()),
        _ => match name.rsplit_once('_')? {
            ("pass_at", k) => clusters::pass_at(k.parse().ok()?, &passes),
            ("pass_hat", k) => clusters::pass_all(k.parse().ok()?, &passes),
            _ => return None,
        },
    };
    case.number(name, value, ours)
}

fn clustered(case: &mut Case, name: &str, value: &Value) -> Option<()> {
    let (a, b) = (case.numbers("a"), case.numbers("b"));
    let values = match name {
        "a" => a,
        "b" => b,
        // The file says a − b; its values are those of b − a.
        "paired" => a.iter().zip(&b).map(|(a, b)| b - a).collect(),
        _ => return None,
    };
    let labels: Vec<String> =
        case.given["cluster"].as_array()?.iter().map(Value::to_string).collect();
    let ours = clusters::clustered_mean(&values, &labels)?;
    for (field, expected) in value.as_object()? {
        let what = format!("{name} {field}");
        match field.as_str() {
            "mean" => case.number(what, expected, Some(ours.mean)),
            "se_iid" => case.number(what, expected, ours.se_independent),
            "se_hc0" => case.number(what, expected, Some(ours.se_hc0)),
            "se_cluster" => case.number(what, expected, Some(ours.se_uncorrected)),
            "se_cluster_corr" => case.number(what, expected, ours.se),
            "t_ci95_dfG1" => case.interval(&what, expected, ours.interval),
            _ => return None,
        }?;
    }
    Some(())
}
