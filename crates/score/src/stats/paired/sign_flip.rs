//! The sign-flip permutation test of a mean difference.

use crate::stats::means;
use crate::stats::random::Random;

/// How many differences that are not 0 are still tested over all sign flips.
pub const EXACT_UP_TO: usize = 20;

/// The two-sided p-value of the mean difference, when each difference might as well have had the
/// other sign (Fisher, 1935). 1 for no differences.
///
/// Exact for up to [`EXACT_UP_TO`] differences other than 0, else by `draws` random flips, with
/// p = (c + 1) / (draws + 1), so that it is never 0. It asks nothing about how the differences are
/// spread, but that they come from independent cases: for cases that share a source, give the sums
/// of the sources. Reference: scipy `permutation_test` with `permutation_type="samples"`.
#[must_use]
pub fn sign_flip(differences: &[f64], draws: usize, random: &mut Random) -> f64 {
    let mut sizes: Vec<f64> = differences.iter().copied().filter(|d| *d != 0.0).collect();
    // Sorted, so that the order of the cases changes nothing.
    sizes.sort_by(f64::total_cmp);
    let observed = means::sum(&sizes).abs();
    // As scipy: what rounding alone sets apart is equal.
    let at_least = observed - 1e-13 * observed;
    sizes.iter_mut().for_each(|size| *size = size.abs());
    sizes.sort_by(f64::total_cmp);
    if sizes.len() <= EXACT_UP_TO {
        return exact(&sizes, at_least);
    }
    let reached = (0..draws).filter(|_| flipped(&sizes, random).abs() >= at_least).count();
    (reached + 1) as f64 / (draws + 1) as f64
}

/// The sum under random signs; 64 of them from one draw.
fn flipped(sizes: &[f64], random: &mut Random) -> f64 {
    let mut total = 0.0;
    for block in sizes.chunks(64) {
        let mut signs = random.next_bits();
        for size in block {
            total += if signs & 1 == 1 { *size } else { -size };
            signs >>= 1;
        }
    }
    total
}

/// Counts over all 2ⁿ sign patterns: the sums of one half of the differences against the sorted
/// sums of the other, so that it takes about 2^(n/2) steps.
fn exact(sizes: &[f64], at_least: f64) -> f64 {
    let (front, back) = sizes.split_at(sizes.len() / 2);
    let mut sums = all_sums(back);
    sums.sort_by(f64::total_cmp);
    let reached: usize = all_sums(front)
        .iter()
        .map(|sum| {
            let low = sums.partition_point(|other| sum + other <= -at_least);
            let high = sums.len() - sums.partition_point(|other| sum + other < at_least);
            if at_least > 0.0 { low + high } else { sums.len() }
        })
        .sum();
    reached as f64 / 2f64.powi(sizes.len() as i32)
}

/// The sums under every pattern of signs.
fn all_sums(sizes: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0];
    for size in sizes {
        sums = sums.iter().flat_map(|sum| [sum + size, sum - size]).collect();
    }
    sums
}
