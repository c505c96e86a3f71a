//! Several tests at once: adjusted p-values, and tests over several variants.
//!
//! Reference: statsmodels `multipletests` and `cochrans_q`, scipy `friedmanchisquare` and `kruskal`.

use super::ranks::{ranks, tie_correction};
use super::special::chi_squared_sf;
use super::{Test, finite};

/// How p-values are adjusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adjustment {
    /// Every p times their number.
    Bonferroni,
    /// The chance that any of so many independent tests goes so low.
    Sidak,
    /// Bonferroni step by step from the smallest (Holm, 1979): never worse, and the one for gates.
    Holm,
    /// Šidák step by step from the smallest.
    HolmSidak,
    /// Bonferroni step by step from the largest (Hochberg, 1988).
    Hochberg,
    /// By closed testing over Simes' test (Hommel, 1988).
    Hommel,
    /// The share of false finds among the finds (Benjamini and Hochberg, 1995): for exploring slices.
    BenjaminiHochberg,
    /// The same under any dependence (Benjamini and Yekutieli, 2001).
    BenjaminiYekutieli,
}

/// Adjusts p-values; in the order they came in. What is at most α after that, counts at level α.
#[must_use]
pub fn adjust(p_values: &[f64], adjustment: Adjustment) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]));
    let sorted: Vec<f64> = order.iter().map(|index| p_values[*index]).collect();
    let mut adjusted = vec![0.0; p_values.len()];
    for (index, p) in order.into_iter().zip(adjusted_in_order(&sorted, adjustment)) {
        adjusted[index] = p.min(1.0);
    }
    adjusted
}

/// Adjusts p-values that rise.
fn adjusted_in_order(sorted: &[f64], adjustment: Adjustment) -> Vec<f64> {
    let n = sorted.len() as f64;
    let each = |f: &dyn Fn(f64, f64) -> f64| -> Vec<f64> {
        sorted.iter().enumerate().map(|(place, p)| f(place as f64, *p)).collect()
    };
    // Not 1 − (1 − p)ⁿ, which loses small p.
    let any_of = |count: f64, p: f64| -(count * (-p).ln_1p()).exp_m1();
    match adjustment {
        Adjustment::Bonferroni => each(&|_, p| n * p),
        Adjustment::Sidak => each(&|_, p| any_of(n, p)),
        Adjustment::Holm => rising(each(&|place, p| (n - place) * p)),
        Adjustment::HolmSidak => rising(each(&|place, p| any_of(n - place, p))),
        Adjustment::Hochberg => falling(each(&|place, p| (n - place) * p)),
        Adjustment::Hommel => hommel(sorted),
        Adjustment::BenjaminiHochberg => falling(each(&|place, p| n / (place + 1.0) * p)),
        Adjustment::BenjaminiYekutieli => {
            let harmonic: f64 = (1..=sorted.len()).map(|k| 1.0 / k as f64).sum();
            falling(each(&|place, p| n * harmonic / (place + 1.0) * p))
        }
    }
}

/// Each value raised to the largest before it.
fn rising(mut values: Vec<f64>) -> Vec<f64> {
    let mut largest = 0.0f64;
    for value in &mut values {
        largest = largest.max(*value);
        *value = largest;
    }
    values
}

/// Each value lowered to the smallest after it.
fn falling(mut values: Vec<f64>) -> Vec<f64> {
    let mut smallest = f64::INFINITY;
    for value in values.iter_mut().rev() {
        smallest = smallest.min(*value);
        *value = smallest;
    }
    values
}

fn hommel(sorted: &[f64]) -> Vec<f64> {
    let mut adjusted = sorted.to_vec();
    for m in (2..=sorted.len()).rev() {
        let count = m as f64;
        let (front, back) = sorted.split_at(sorted.len() - m);
        let simes = back.iter().enumerate().map(|(place, p)| count * p / (place + 1) as f64);
        let least = simes.fold(f64::INFINITY, f64::min);
        let raises = front.iter().map(|p| (count * p).min(least)).chain(back.iter().map(|_| least));
        for (value, raise) in adjusted.iter_mut().zip(raises) {
            *value = value.max(raise);
        }
    }
    adjusted
}

/// Friedman's test over the same cases under several variants, given as one column each.
///
/// None for fewer than three variants, columns of different lengths, and when no case tells the
/// variants apart.
#[must_use]
pub fn friedman(columns: &[Vec<f64>]) -> Option<Test> {
    let (k, n) = (columns.len(), even_length(columns)?);
    if k < 3 || n == 0 {
        return None;
    }
    let mut sums = vec![0.0; k];
    let mut ties = 0.0;
    for case in 0..n {
        let row: Vec<f64> = columns.iter().map(|column| column[case]).collect();
        ties += tie_correction(&row);
        for (sum, rank) in sums.iter_mut().zip(ranks(&row)) {
            *sum += rank;
        }
    }
    let (k, n) = (k as f64, n as f64);
    let correction = 1.0 - ties / (k * (k * k - 1.0) * n);
    let squares: f64 = sums.iter().map(|sum| sum * sum).sum();
    let statistic =
        finite((12.0 / (k * n * (k + 1.0)) * squares - 3.0 * n * (k + 1.0)) / correction)?;
    Some(Test { statistic, p: chi_squared_sf(statistic, k - 1.0) })
}

/// The test of Kruskal and Wallis over separate samples. None for fewer than two samples, an empty
/// one, and when all values are equal.
#[must_use]
pub fn kruskal(samples: &[Vec<f64>]) -> Option<Test> {
    if samples.len() < 2 || samples.iter().any(Vec::is_empty) {
        return None;
    }
    let all = samples.concat();
    let ranks = ranks(&all);
    let n = all.len() as f64;
    let mut rest = ranks.as_slice();
    let mut spread = 0.0;
    for sample in samples {
        let (these, others) = rest.split_at(sample.len());
        spread += these.iter().sum::<f64>().powi(2) / sample.len() as f64;
        rest = others;
    }
    let correction = 1.0 - tie_correction(&all) / (n * n * n - n);
    let statistic = finite((12.0 / (n * (n + 1.0)) * spread - 3.0 * (n + 1.0)) / correction)?;
    Some(Test { statistic, p: chi_squared_sf(statistic, samples.len() as f64 - 1.0) })
}

/// Cochran's Q over the same cases under several variants that pass (1) or fail (0).
///
/// None for fewer than two variants, columns of different lengths, and when no case tells the
/// variants apart.
#[must_use]
pub fn cochrans_q(columns: &[Vec<f64>]) -> Option<Test> {
    let (k, n) = (columns.len() as f64, even_length(columns)?);
    let of_variant: Vec<f64> = columns.iter().map(|column| column.iter().sum()).collect();
    let of_case = (0..n).map(|case| columns.iter().map(|column| column[case]).sum::<f64>());
    let all: f64 = of_variant.iter().sum();
    let squares: f64 = of_variant.iter().map(|passes| passes * passes).sum();
    let within = k * all - of_case.map(|passes| passes * passes).sum::<f64>();
    let statistic = finite((k - 1.0) * (k * squares - all * all) / within)?;
    Some(Test { statistic, p: chi_squared_sf(statistic, k - 1.0) })
}

/// The length of the columns, if it is the same.
fn even_length(columns: &[Vec<f64>]) -> Option<usize> {
    let n = columns.first()?.len();
    columns.iter().all(|column| column.len() == n).then_some(n)
}
