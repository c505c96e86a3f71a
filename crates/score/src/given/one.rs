//! One list of numbers: intervals, the bootstrap, clusters and repeats.

use serde_json::{Map, Value};

use super::{Answer, Given, Out, Problem, ends, maybe};
use crate::percentile;
use crate::stats::random::Random;
use crate::stats::{binomial, bootstrap as boot, cluster as clusters, means};

/// Samples that are drawn where nobody says how many.
const DRAWS: usize = 9_999;
/// Those of a reference file's "large".
const LARGE: usize = 100_000;
/// Numbers that are looked at while drawing, at most: a few seconds.
const MOST_DRAWN: usize = 500_000_000;

pub(super) fn ci(given: &Given) -> Answer {
    if given.has("k") { share(given) } else { mean(given) }
}

fn share(given: &Given) -> Answer {
    let (k, n) = (given.count("k")?, given.count("n")?);
    let confidence = 1.0 - given.chance_or("alpha", 0.05)?;
    if k > n {
        return Err(Problem::Wrong("k", "more than `n`"));
    }
    Ok(Out::default()
        .interval("wilson", binomial::wilson(k, n, confidence))
        .interval("beta", binomial::clopper_pearson(k, n, confidence))
        .interval("agresti_coull", binomial::agresti_coull(k, n, confidence))
        .interval("jeffreys", binomial::jeffreys(k, n, confidence))
        .interval("normal", binomial::normal(k, n, confidence))
        .done())
}

fn mean(given: &Given) -> Answer {
    let x = given.numbers("x")?;
    let mut out = Out::default();
    out.put("n", x.len().into())
        .number("mean", means::mean(&x))
        .number("median", means::median(&x))
        .number("sd", means::sd(&x))
        .number("se", means::standard_error(&x))
        .interval("t90", means::t_interval(&x, 0.90))
        .interval("t95", means::t_interval(&x, 0.95))
        .interval("t99", means::t_interval(&x, 0.99))
        .interval("z95", means::z_interval(&x, 0.95))
        .list("p05_p50_p95", [0.05, 0.5, 0.95].map(|share| percentile(&x, share)));
    Ok(out.done())
}

pub(super) fn bootstrap(given: &Given) -> Answer {
    let x = given.numbers("x")?;
    let of: fn(&[f64]) -> Option<f64> = match given.text("stat").unwrap_or("mean") {
        "mean" => means::mean,
        "median" => means::median,
        "std1" => means::sd,
        _ => return Err(Problem::Wrong("stat", "none of mean, median, std1")),
    };
    let statistic = |sample: &[usize]| {
        of(&sample.iter().map(|index| x.get(*index).copied()).collect::<Option<Vec<f64>>>()?)
    };
    let ours = if given.has("idx") {
        let drawn: Option<Vec<f64>> = samples(given)?.iter().map(|s| statistic(s)).collect();
        let drawn = drawn.ok_or(Problem::Wrong("idx", "beyond the end of `x`"))?;
        boot::intervals(x.len(), statistic, &drawn, 0.95)
    } else {
        let draws = draws(given, x.len())?;
        let seed = if given.has("seed") { given.count("seed")? as u64 } else { 7 };
        boot::bootstrap(x.len(), statistic, draws, 0.95, &mut Random::new(seed))
    };
    Ok(Out::default()
        .number("estimate", ours.map(|b| b.estimate))
        .number("se", ours.and_then(|b| b.se))
        .interval("percentile", ours.map(|b| b.percentile))
        .interval("basic", ours.map(|b| b.basic))
        .interval("BCa", ours.and_then(|b| b.bca))
        .done())
}

fn samples(given: &Given) -> Result<Vec<Vec<usize>>, Problem> {
    let wrong = || Problem::Wrong("idx", "no list of lists of places");
    let sample = |sample: &Value| {
        let place = |place: &Value| place.as_u64().and_then(|place| usize::try_from(place).ok());
        sample.as_array()?.iter().map(place).collect::<Option<Vec<usize>>>()
    };
    given.list("idx")?.iter().map(|one| sample(one).ok_or_else(wrong)).collect()
}

fn draws(given: &Given, n: usize) -> Result<usize, Problem> {
    let draws = match given.0.get("B") {
        None | Some(Value::Null) => DRAWS,
        Some(Value::String(text)) if text == "large" => LARGE,
        Some(_) => given.count("B")?,
    };
    match draws.checked_mul(n) {
        Some(drawn) if draws <= LARGE && drawn <= MOST_DRAWN => Ok(draws),
        _ => Err(Problem::TooLong("B", LARGE)),
    }
}

pub(super) fn cluster(given: &Given) -> Answer {
    if given.has("scores") { repeated(given) } else { clustered(given) }
}

fn repeated(given: &Given) -> Answer {
    let scores = given.table("scores")?;
    let repeats = clusters::repeats(&scores);
    let passes: Vec<Vec<bool>> =
        scores.iter().map(|answers| answers.iter().map(|score| *score == 1.0).collect()).collect();
    let mut out = Out::default();
    out.number("mean", repeats.map(|r| r.mean))
        .number("se_question_means", repeats.and_then(|r| r.se))
        .number("within_var", repeats.and_then(|r| r.within))
        .number("between_var_est", repeats.and_then(|r| r.between))
        .number("se_wrong_pooled", means::standard_error(&scores.concat()));
    let most = scores.iter().map(Vec::len).min().unwrap_or_default().min(MOST_REPEATS);
    for k in 1..=most {
        out.number(&format!("pass_at_{k}"), clusters::pass_at(k, &passes))
            .number(&format!("pass_hat_{k}"), clusters::pass_all(k, &passes));
    }
    Ok(out.done())
}

/// Beyond so many answers to a question, pass@k is not listed for every k.
const MOST_REPEATS: usize = 64;

fn clustered(given: &Given) -> Answer {
    let labels: Vec<String> = given.list("cluster")?.iter().map(Value::to_string).collect();
    let a = given.numbers("a")?;
    if a.len() != labels.len() {
        return Err(Problem::Uneven("a", "cluster"));
    }
    let mut out = Out::default();
    out.put("a", clustered_mean(&a, &labels));
    if given.has("b") {
        let (a, b) = given.pair("a", "b")?;
        let differences: Vec<f64> = a.iter().zip(&b).map(|(a, b)| b - a).collect();
        out.put("b", clustered_mean(&b, &labels));
        out.put("paired", clustered_mean(&differences, &labels));
    }
    Ok(out.done())
}

fn clustered_mean(values: &[f64], labels: &[String]) -> Value {
    let Some(ours) = clusters::clustered_mean(values, labels) else { return Value::Null };
    let mut out = Map::new();
    let mut put = |name: &str, value| drop(out.insert(name.to_owned(), value));
    put("mean", maybe(Some(ours.mean)));
    put("clusters", ours.clusters.into());
    put("se_iid", maybe(ours.se_independent));
    put("se_hc0", maybe(Some(ours.se_hc0)));
    put("se_cluster", maybe(Some(ours.se_uncorrected)));
    put("se_cluster_corr", maybe(ours.se));
    put("t_ci95_dfG1", ends(ours.interval));
    Value::Object(out)
}
