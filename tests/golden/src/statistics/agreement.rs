//! stats_agreement and stats_correlation.

use assay_score::stats::agreement::{self, Level, Weights};
use assay_score::stats::correlation;
use serde_json::Value;

use super::{Case, each_value, whole};
use crate::file::{Golden, number};
use crate::tally::Tally;

/// Agreement of two raters, and of several.
pub fn agreement(golden: &Golden, tally: &mut Tally) {
    each_value(golden, tally, |case, name, value| match case.given.get("y1") {
        Some(_) => two_raters(case, name, value),
        None => many_raters(case, name, value),
    });
}

fn two_raters(case: &mut Case, name: &str, value: &Value) -> Option<()> {
    let labels = case.given["labels"].as_array()?;
    let places = |key: &str| -> Option<Vec<usize>> {
        let ratings = case.given[key].as_array()?;
        ratings.iter().map(|rating| labels.iter().position(|label| label == rating)).collect()
    };
    let (first, second) = (places("y1")?, places("y2")?);
    let table = agreement::cross_table(&first, &second, labels.len());
    match name {
        "unweighted" => {
            case.number(name, value, agreement::cohens_kappa(&table, Weights::Unweighted))
        }
        "linear" => case.number(name, value, agreement::cohens_kappa(&table, Weights::Linear)),
        "quadratic" => {
            case.number(name, value, agreement::cohens_kappa(&table, Weights::Quadratic))
        }
        "observed_agreement" => case.number(name, value, agreement::observed_agreement(&table)),
        "gwet_ac1" => {
            // irrCAC knows the categories that somebody gave.
            let mut given = [first, second].concat();
            given.sort_unstable();
            given.dedup();
            let moved = |ratings: Vec<usize>| -> Vec<usize> {
                ratings.iter().filter_map(|r| given.binary_search(r).ok()).collect()
            };
            let ours = agreement::gwet_ac1(&counts(
                &[moved(places("y1")?), moved(places("y2")?)],
                given.len(),
            ));
            // irrCAC rounds to five digits: half a unit of the fifth.
            case.within(name, value, ours, 5.000_001e-6)
        }
        "sm" => with_error(case, &table, value),
        _ => {
            let ratings = [case.numbers("y1"), case.numbers("y2")];
            alpha(case, name, value, &ratings.map(|r| r.into_iter().map(Some).collect()))
        }
    }
}

/// How many raters gave each unit each category.
fn counts(raters: &[Vec<usize>], categories: usize) -> Vec<Vec<f64>> {
    let units = raters.first().map_or(0, Vec::len);
    let of = |unit: usize, category: usize| {
        raters.iter().filter(|rater| rater[unit] == category).count() as f64
    };
    (0..units).map(|unit| (0..categories).map(|category| of(unit, category)).collect()).collect()
}

fn with_error(case: &mut Case, table: &[Vec<f64>], value: &Value) -> Option<()> {
    let ours = agreement::kappa_with_error(table);
    let certain = ours.is_some_and(|kappa| kappa.kappa == 1.0);
    for (name, expected) in value.as_object()? {
        match name.as_str() {
            // The variance of full agreement is 0. The reference takes the root of what rounding
            // left of it: nan, 0 or 1e-9 as it falls.
            "se" | "ci95" if certain => {
                let centre = if name == "se" { 0.0 } else { 1.0 };
                let values = expected.as_array().map_or(vec![expected], |e| e.iter().collect());
                for theirs in values.into_iter().filter_map(number).filter(|v| !v.is_nan()) {
                    case.within(format!("sm {name}"), &theirs.into(), Some(centre), 1e-7);
                }
                let se = ours.map(|kappa| kappa.se);
                case.number(format!("sm {name}, ours"), &Value::from(0.0), se)
            }
            "kappa" => case.number("sm kappa", expected, ours.map(|k| k.kappa)),
            "se" => case.number("sm se", expected, ours.map(|k| k.se)),
            "ci95" => case.interval("sm ci95", expected, ours.map(|k| k.interval)),
            "se0" => case.number("sm se0", expected, ours.map(|k| k.se_by_chance)),
            "z" => case.number("sm z", expected, ours.and_then(|k| k.z)),
            "p2" => case.number("sm p2", expected, ours.and_then(|k| k.p)),
            _ => return None,
        }?;
    }
    Some(())
}

fn many_raters(case: &mut Case, name: &str, value: &Value) -> Option<()> {
    let raters: Vec<Vec<Option<f64>>> = case.given["raters_x_units"]
        .as_array()?
        .iter()
        .map(|rater| rater.as_array().into_iter().flatten().map(number).collect())
        .collect();
    match name {
        "fleiss" => case.number(name, value, agreement::fleiss_kappa(&rated(&raters, case)?)),
        "randolph" => case.number(name, value, agreement::randolph_kappa(&rated(&raters, case)?)),
        _ => alpha(case, name, value, &raters),
    }
}

/// Counts of ratings from 1 to `levels`.
fn rated(raters: &[Vec<Option<f64>>], case: &Case) -> Option<Vec<Vec<f64>>> {
    let levels = whole(&case.given["levels"]);
    let places: Option<Vec<Vec<usize>>> = raters
        .iter()
        .map(|rater| rater.iter().map(|rating| Some((*rating)? as usize)).collect())
        .collect();
    let places = places?;
    let lowest = places.iter().flatten().min().copied()?.min(1);
    let moved: Vec<Vec<usize>> =
        places.iter().map(|rater| rater.iter().map(|place| place - lowest).collect()).collect();
    Some(counts(&moved, levels))
}

fn alpha(case: &mut Case, name: &str, value: &Value, raters: &[Vec<Option<f64>>]) -> Option<()> {
    let level = match name.strip_prefix("alpha_")? {
        "nominal" => Level::Nominal,
        "ordinal" => Level::Ordinal,
        "interval" => Level::Interval,
        "ratio" => Level::Ratio,
        _ => return None,
    };
    // "error: There has to be more than one value in the domain." is undefined as well.
    case.number(name, value, agreement::krippendorff_alpha(raters, level))
}

/// Correlations with their p-values.
pub fn correlation(golden: &Golden, tally: &mut Tally) {
    each_value(golden, tally, |case, name, value| {
        let (x, y) = (case.numbers("x"), case.numbers("y"));
        let kendall = || correlation::kendall(&x, &y);
        match name {
            "pearson" => case.test(name, value, correlation::pearson(&x, &y)),
            "pearson_ci95" => {
                let ours = correlation::pearson_interval(&x, &y, 0.95);
                case.list(name, value, &super::ends(ours))
            }
            "spearman" => case.test(name, value, correlation::spearman(&x, &y)),
            "tau_b" => {
                let ours = kendall();
                case.list(name, value, &[ours.map(|k| k.tau_b), ours.map(|k| k.p)])
            }
            "tau_c" => {
                let ours = kendall();
                case.list(name, value, &[ours.map(|k| k.tau_c), ours.map(|k| k.p)])
            }
            // scipy's "auto": exact without ties for up to 33 pairs, or when almost in order.
            "tau_auto_p" => {
                let ours = kendall();
                let exact = ours.and_then(|k| k.exact_p).filter(|_| x.len() <= 33);
                case.number(name, value, exact.or(ours.map(|k| k.p)))
            }
            _ => None,
        }
    });
}
