//! McNemar's test: the cases that changed sides.

use crate::stats::Test;
use crate::stats::binomial::{coin_pmf, sign_test};
use crate::stats::special::chi_squared_sf;

/// McNemar's test in its variants (1947; mid-p: Fagerland and others, 2013).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct McNemar {
    /// The exact p-value: the one to decide by. 1 when no case changed.
    pub exact: f64,
    /// The mid-p-value: less cautious, and closer to the share of false alarms it names.
    pub mid_p: f64,
    /// Chi-squared with the continuity correction; none when no case changed.
    ///
    /// The correction never takes the difference below 0, as in R; statsmodels lets it, and finds
    /// p = .48 where both sides changed equally often.
    pub corrected: Option<Test>,
    /// Chi-squared without correction; none when no case changed.
    pub uncorrected: Option<Test>,
}

/// Tests whether as many cases went from fail to pass as from pass to fail.
///
/// Reference: statsmodels `mcnemar`. Cases must be independent: with several per source, sign-flip
/// the sums of the sources instead.
#[must_use]
pub fn mcnemar(fixed: usize, broken: usize) -> McNemar {
    let changed = fixed + broken;
    let exact = sign_test(fixed, broken);
    let mid_p = if fixed == broken { 1.0 } else { exact - coin_pmf(fixed.min(broken), changed) };
    let apart = fixed.abs_diff(broken) as f64;
    let chi_squared = |apart: f64| {
        let statistic = apart * apart / changed as f64;
        (changed > 0).then(|| Test { statistic, p: chi_squared_sf(statistic, 1.0) })
    };
    McNemar {
        exact,
        mid_p,
        corrected: chi_squared((apart - 1.0).max(0.0)),
        uncorrected: chi_squared(apart),
    }
}
