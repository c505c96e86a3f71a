//! Whether raters, or a judge and people, agree beyond chance.
//!
//! Reference: scikit-learn `cohen_kappa_score`, statsmodels `inter_rater`, krippendorff, irrCAC.
//! Agreement is undefined, not perfect, when everyone used one and the same category throughout:
//! there is nothing that chance could not have done.

use super::special::{normal_critical, normal_sf};
use super::{Interval, finite, means};

/// What it costs to be some categories apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weights {
    /// Any difference is as bad: for categories without an order.
    Unweighted,
    /// The number of categories apart.
    Linear,
    /// Its square: for ratings; close to the correlation of the raters.
    Quadratic,
}

/// How often the first rater gave the row's category and the second the column's. Pairs with a
/// category beyond `categories` are left out.
#[must_use]
pub fn cross_table(first: &[usize], second: &[usize], categories: usize) -> Vec<Vec<f64>> {
    let mut table = vec![vec![0.0; categories]; categories];
    for (a, b) in first.iter().zip(second) {
        if let Some(cell) = table.get_mut(*a).and_then(|row| row.get_mut(*b)) {
            *cell += 1.0;
        }
    }
    table
}

/// The share of pairs on the diagonal.
#[must_use]
pub fn observed_agreement(table: &[Vec<f64>]) -> Option<f64> {
    finite(diagonal(table).iter().sum::<f64>() / total(table))
}

/// Cohen's kappa of a square [`cross_table`], from −1 to 1: agreement beyond what the raters' own
/// frequencies make by chance (1960; weighted 1968).
///
/// It misleads when one category dominates: raters who agree on 95 of 100 may get 0. Show
/// [`gwet_ac1`] beside it then.
#[must_use]
pub fn cohens_kappa(table: &[Vec<f64>], weights: Weights) -> Option<f64> {
    let (rows, columns, n) = (row_sums(table), column_sums(table), total(table));
    let weight = |a: usize, b: usize| match weights {
        Weights::Unweighted => f64::from(u8::from(a != b)),
        Weights::Linear => a.abs_diff(b) as f64,
        Weights::Quadratic => (a.abs_diff(b) as f64).powi(2),
    };
    let (mut seen, mut by_chance) = (0.0, 0.0);
    for (a, row) in table.iter().enumerate() {
        for (b, count) in row.iter().enumerate() {
            seen += weight(a, b) * count;
            by_chance += weight(a, b) * rows[a] * columns[b] / n;
        }
    }
    finite(1.0 - seen / by_chance)
}

/// Kappa with what is known of its error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kappa {
    /// Cohen's kappa, unweighted.
    pub kappa: f64,
    /// Its standard error; 0 for full agreement, of which there is only one kind.
    pub se: f64,
    /// The 95 % interval.
    pub interval: Interval,
    /// The standard error if there were no agreement beyond chance.
    pub se_by_chance: f64,
    /// Kappa over that.
    pub z: Option<f64>,
    /// The two-sided p-value of no agreement beyond chance.
    pub p: Option<f64>,
}

/// Cohen's kappa with its asymptotic errors (Fleiss, Cohen and Everitt, 1969; statsmodels
/// `cohens_kappa`). Too narrow for fewer than some 30 pairs.
#[must_use]
pub fn kappa_with_error(table: &[Vec<f64>]) -> Option<Kappa> {
    let n = total(table);
    let shares = |sums: Vec<f64>| -> Vec<f64> { sums.iter().map(|sum| sum / n).collect() };
    let (rows, columns) = (shares(row_sums(table)), shares(column_sums(table)));
    let agree = diagonal(table).iter().sum::<f64>() / n;
    let chance: f64 = rows.iter().zip(&columns).map(|(row, column)| row * column).sum();
    let kappa = finite((agree - chance) / (1.0 - chance))?;
    let error = |variance: f64| variance.max(0.0).sqrt() / (1.0 - chance);
    let se = if agree == 1.0 { 0.0 } else { error(kappa_variance(table, &rows, &columns, kappa)) };
    let cubes: f64 = rows.iter().zip(&columns).map(|(r, c)| r * c * (r + c)).sum();
    let se_by_chance = error((chance + chance * chance - cubes) / n);
    let z = finite(kappa / se_by_chance);
    let p = z.map(|z| (2.0 * normal_sf(z.abs())).min(1.0));
    let interval = Interval::around(kappa, normal_critical(0.95) * se);
    Some(Kappa { kappa, se, interval, se_by_chance, z, p })
}

/// The variance of kappa, but for the factor (1 − chance)⁻².
fn kappa_variance(table: &[Vec<f64>], rows: &[f64], columns: &[f64], kappa: f64) -> f64 {
    let n = total(table);
    let chance: f64 = rows.iter().zip(columns).map(|(row, column)| row * column).sum();
    let mut sum = 0.0;
    for (a, row) in table.iter().enumerate() {
        for (b, count) in row.iter().enumerate() {
            let share = count / n;
            sum += if a == b {
                share * (1.0 - (rows[a] + columns[a]) * (1.0 - kappa)).powi(2)
            } else {
                share * ((1.0 - kappa) * (columns[a] + rows[b])).powi(2)
            };
        }
    }
    (sum - (kappa - chance * (1.0 - kappa)).powi(2)) / n
}

/// Fleiss' kappa (1971) of several raters, from how many of them gave each unit (row) each category
/// (column). None unless every unit has the same number of ratings, at least two.
#[must_use]
pub fn fleiss_kappa(counts: &[Vec<f64>]) -> Option<f64> {
    let columns = column_sums(counts);
    let n = total(counts);
    let chance = columns.iter().map(|sum| (sum / n).powi(2)).sum();
    beyond_chance(counts, chance)
}

/// Randolph's kappa (2005): as [`fleiss_kappa`], but chance is one category as likely as the other.
#[must_use]
pub fn randolph_kappa(counts: &[Vec<f64>]) -> Option<f64> {
    beyond_chance(counts, 1.0 / counts.first()?.len() as f64)
}

fn beyond_chance(counts: &[Vec<f64>], chance: f64) -> Option<f64> {
    let raters: f64 = counts.first()?.iter().sum();
    if raters < 2.0 || counts.iter().any(|unit| unit.iter().sum::<f64>() != raters) {
        return None;
    }
    let agreement = |unit: &Vec<f64>| {
        (unit.iter().map(|count| count * count).sum::<f64>() - raters) / (raters * (raters - 1.0))
    };
    let seen = means::mean(&counts.iter().map(agreement).collect::<Vec<f64>>())?;
    finite((seen - chance) / (1.0 - chance))
}

/// Gwet's AC1 (2008) of several raters, from how many of them gave each unit (row) each category
/// (column). Unlike kappa it stays high when nearly all units are of one category, and raters agree.
///
/// Full agreement gives 1 even within one category. Units without ratings are left out.
#[must_use]
pub fn gwet_ac1(counts: &[Vec<f64>]) -> Option<f64> {
    let categories = counts.first()?.len() as f64;
    let rated: Vec<(&Vec<f64>, f64)> = counts
        .iter()
        .map(|unit| (unit, unit.iter().sum::<f64>()))
        .filter(|(_, raters)| *raters > 0.0)
        .collect();
    let pairs: Vec<f64> = rated
        .iter()
        .filter(|(_, raters)| *raters >= 2.0)
        .map(|(unit, raters)| {
            unit.iter().map(|count| count * (count - 1.0)).sum::<f64>() / (raters * (raters - 1.0))
        })
        .collect();
    let seen = means::mean(&pairs)?;
    let share = |category: usize| {
        rated.iter().map(|(unit, raters)| unit[category] / raters).sum::<f64>() / rated.len() as f64
    };
    if seen == 1.0 {
        return Some(1.0);
    }
    let hard: f64 = (0..categories as usize).map(share).map(|share| share * (1.0 - share)).sum();
    let chance = hard / (categories - 1.0);
    finite((seen - chance) / (1.0 - chance))
}

/// What the distance of two ratings is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Equal or not.
    Nominal,
    /// How many ratings lie between.
    Ordinal,
    /// The difference.
    Interval,
    /// The difference over the sum; for values of one sign.
    Ratio,
}

/// Krippendorff's alpha (2004), from each rater's ratings of the units in order; raters may have
/// missed units. 1 is full agreement, 0 what chance gives, below 0 is worse than chance.
///
/// None when no unit has two ratings, and when all ratings are the same.
#[must_use]
pub fn krippendorff_alpha(raters: &[Vec<Option<f64>>], level: Level) -> Option<f64> {
    let (values, units) = pairable(raters);
    let totals: Vec<f64> =
        (0..values.len()).map(|v| units.iter().map(|unit| unit[v]).sum::<f64>()).collect();
    let n: f64 = totals.iter().sum();
    let (mut seen, mut by_chance) = (0.0, 0.0);
    for a in 0..values.len() {
        // The distance is symmetric and 0 on the diagonal.
        for b in a + 1..values.len() {
            let distance = distance(level, &values, &totals, a, b);
            let together = |unit: &Vec<f64>| unit[a] * unit[b] / (unit.iter().sum::<f64>() - 1.0);
            seen += distance * units.iter().map(together).sum::<f64>();
            by_chance += distance * totals[a] * totals[b] / (n - 1.0);
        }
    }
    finite(1.0 - seen / by_chance)
}

/// The values that were given, rising, and how often each unit with two ratings or more got each.
fn pairable(raters: &[Vec<Option<f64>>]) -> (Vec<f64>, Vec<Vec<f64>>) {
    let mut values: Vec<f64> =
        raters.iter().flatten().filter_map(|value| *value).filter(|v| v.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    let units = raters.iter().map(Vec::len).max().unwrap_or_default();
    let counts = |unit: usize| -> Vec<f64> {
        let of = |value: &f64| {
            raters.iter().filter(|rater| rater.get(unit) == Some(&Some(*value))).count() as f64
        };
        values.iter().map(of).collect()
    };
    let counted = (0..units).map(counts).filter(|unit| unit.iter().sum::<f64>() >= 2.0).collect();
    (values, counted)
}

/// The squared distance of the `a`-th and the `b`-th value, where a < b.
fn distance(level: Level, values: &[f64], totals: &[f64], a: usize, b: usize) -> f64 {
    let (low, high) = (values[a], values[b]);
    match level {
        Level::Nominal => 1.0,
        Level::Ordinal => {
            let between: f64 = totals[a..=b].iter().sum();
            (between - (totals[a] + totals[b]) / 2.0).powi(2)
        }
        Level::Interval => (high - low).powi(2),
        Level::Ratio if low + high == 0.0 => 0.0,
        Level::Ratio => ((high - low) / (high + low)).powi(2),
    }
}

fn diagonal(table: &[Vec<f64>]) -> Vec<f64> {
    table.iter().enumerate().filter_map(|(place, row)| row.get(place).copied()).collect()
}

fn total(table: &[Vec<f64>]) -> f64 {
    table.iter().flatten().sum()
}

fn row_sums(table: &[Vec<f64>]) -> Vec<f64> {
    table.iter().map(|row| row.iter().sum()).collect()
}

fn column_sums(table: &[Vec<f64>]) -> Vec<f64> {
    let columns = table.iter().map(Vec::len).max().unwrap_or_default();
    (0..columns).map(|c| table.iter().filter_map(|row| row.get(c)).sum()).collect()
}
