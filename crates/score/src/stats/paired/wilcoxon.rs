//! Wilcoxon's signed-rank test.

use crate::stats::ranks::{ranks, ties};
use crate::stats::special::normal_sf;

/// What happens to differences of 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zeros {
    /// They are left out (Wilcoxon, 1945).
    Drop,
    /// They take ranks, which are then left out (Pratt, 1959): for ratings, where 0 is an answer.
    Pratt,
    /// Their ranks go half to either side.
    Split,
}

/// How the p-value comes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// By the normal distribution, with or without the continuity correction.
    Normal {
        /// Moves the statistic by one half towards its mean.
        corrected: bool,
    },
    /// By the distribution of the statistic without ties and zeros. With them it is cautious only
    /// by rounding, not exact.
    Exact,
    /// Over all flips of the signs; for up to 20 differences, beyond which it is [`Method::Normal`].
    Permutation,
    /// What scipy does by itself: exact for up to 50 differences without ties and zeros, else all
    /// flips for up to 13, else normal without correction.
    Auto,
}

/// The test's outcome.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wilcoxon {
    /// The smaller of the two rank sums.
    pub statistic: f64,
    /// Two-sided p-value.
    pub p: f64,
    /// The normal deviate, never above 0, when the p-value came by it.
    pub z: Option<f64>,
}

/// Tests whether differences lie evenly around 0, by the ranks of their sizes.
///
/// Reference: scipy `wilcoxon` 1.17. It takes differences as they are: 0.29999999999999994 and 0.3
/// have different ranks, so round measured scores to what they mean before. None when no difference
/// is left to rank.
#[must_use]
pub fn wilcoxon(differences: &[f64], zeros: Zeros, method: Method) -> Option<Wilcoxon> {
    let sums = RankSums::of(differences, zeros)?;
    let statistic = sums.plus.min(sums.minus);
    let method = if method == Method::Auto { sums.usual_method(differences.len()) } else { method };
    let (p, z) = match method {
        Method::Exact => (sums.exact(), None),
        Method::Permutation if sums.weights.len() <= 20 => (sums.permutation(), None),
        Method::Normal { corrected } => sums.normal(corrected)?,
        Method::Permutation | Method::Auto => sums.normal(false)?,
    };
    Some(Wilcoxon { statistic, p, z })
}

struct RankSums {
    /// Of the differences above 0, and below.
    plus: f64,
    minus: f64,
    /// How many were ranked, and how many of those are 0.
    ranked: f64,
    zeros: f64,
    method: Zeros,
    /// The ranks of what is not 0.
    weights: Vec<f64>,
    /// How many share a rank, zeros left out for Pratt's method.
    ties: Vec<f64>,
    tied: bool,
    any_zero: bool,
}

impl RankSums {
    fn of(differences: &[f64], method: Zeros) -> Option<RankSums> {
        let any_zero = differences.contains(&0.0);
        let kept: Vec<f64> =
            differences.iter().copied().filter(|d| method != Zeros::Drop || *d != 0.0).collect();
        let sizes: Vec<f64> = kept.iter().map(|d| d.abs()).collect();
        let ranks = ranks(&sizes);
        let sum = |keep: fn(f64) -> bool| -> f64 {
            kept.iter().zip(&ranks).filter(|(d, _)| keep(**d)).map(|(_, rank)| rank).sum()
        };
        let (mut plus, mut minus, none) = (sum(|d| d > 0.0), sum(|d| d < 0.0), sum(|d| d == 0.0));
        if method == Zeros::Split {
            plus += none / 2.0;
            minus += none / 2.0;
        }
        let weights: Vec<f64> =
            kept.iter().zip(&ranks).filter(|(d, _)| **d != 0.0).map(|(_, rank)| *rank).collect();
        let zeros = (kept.len() - weights.len()) as f64;
        let tied = !ties(&sizes).is_empty();
        let counted: Vec<f64> =
            sizes.into_iter().filter(|s| method != Zeros::Pratt || *s != 0.0).collect();
        let all = RankSums {
            plus,
            minus,
            ranked: kept.len() as f64,
            zeros,
            method,
            ties: ties(&counted),
            tied,
            any_zero,
            weights,
        };
        (!all.weights.is_empty()).then_some(all)
    }

    fn usual_method(&self, n: usize) -> Method {
        match n {
            ..=50 if !self.tied && !self.any_zero => Method::Exact,
            ..=13 => Method::Permutation,
            _ => Method::Normal { corrected: false },
        }
    }

    /// The p-value by the normal distribution (with zeros ranked: Cureton, 1967), and the deviate.
    fn normal(&self, corrected: bool) -> Option<(f64, Option<f64>)> {
        let moments = |n: f64| (n * (n + 1.0) / 4.0, n * (n + 1.0) * (2.0 * n + 1.0));
        let (mut mean, mut spread) = moments(self.ranked);
        if self.method == Zeros::Pratt {
            let (zero_mean, zero_spread) = moments(self.zeros);
            mean -= zero_mean;
            spread -= zero_spread;
        }
        spread -= self.ties.iter().map(|t| t * t * t - t).sum::<f64>() / 2.0;
        let error = (spread / 24.0).sqrt();
        let mut z = super::finite((self.plus - mean) / error)?;
        if corrected && z != 0.0 {
            z -= z.signum() * 0.5 / error;
        }
        Some(((2.0 * normal_sf(z.abs())).min(1.0), Some(-z.abs())))
    }

    /// By how many subsets of the ranks 1 to n sum up to as little, or as much.
    fn exact(&self) -> f64 {
        let n = self.ranked as usize;
        let most = n * (n + 1) / 2;
        let mut chances = vec![0.0; most + 1];
        chances[0] = 1.0;
        for (rank, top) in (1..=n).scan(0, |top, rank| {
            *top += rank;
            Some((rank, *top))
        }) {
            for sum in (0..=top).rev() {
                let with = if sum >= rank { chances[sum - rank] } else { 0.0 };
                chances[sum] = (chances[sum] + with) / 2.0;
            }
        }
        let (low, high) = ((self.plus.ceil() as usize).min(most), self.plus.floor() as usize);
        let (below, above): (f64, f64) =
            (chances[..=low].iter().sum(), chances[high.min(most)..].iter().sum());
        (2.0 * below.min(above)).min(1.0)
    }

    /// Over all signs of the ranked differences.
    fn permutation(&self) -> f64 {
        let constant = if self.method == Zeros::Split {
            self.plus + self.minus - self.weights.iter().sum::<f64>()
        } else {
            0.0
        } / 2.0;
        let (mut less, mut greater, mut all) = (0usize, 0usize, 0usize);
        for signs in 0..1u32 << self.weights.len() {
            let chosen =
                self.weights.iter().enumerate().filter(|(place, _)| signs >> place & 1 == 1);
            let sum: f64 = constant + chosen.map(|(_, rank)| rank).sum::<f64>();
            all += 1;
            less += usize::from(sum <= self.plus + 1e-9);
            greater += usize::from(sum >= self.plus - 1e-9);
        }
        (2.0 * less.min(greater) as f64 / all as f64).min(1.0)
    }
}
