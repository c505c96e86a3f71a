//! How many cases are enough, and what an imperfect judge hides.
//!
//! Reference: statsmodels `TTestPower` and `NormalIndPower`; Miller (2024); Rogan and Gladen (1978);
//! Angelopoulos and others, "Prediction-powered inference" (2023).

use super::special::{
    noncentral_t_cdf, normal_cdf, normal_critical, normal_quantile, root, t_critical,
};
use super::{Interval, finite, means};

/// Above so many cases nobody plans; a search for a number of cases ends here.
const MOST_CASES: f64 = 1e9;

/// The chance that the two-sided paired t test of `n` cases finds an effect of so many standard
/// deviations at level `alpha`. None for fewer than two cases.
#[must_use]
pub fn power(effect: f64, n: f64, alpha: f64) -> Option<f64> {
    let critical = finite(t_critical(1.0 - alpha, n - 1.0))?;
    let (freedom, shift) = (n - 1.0, effect * n.sqrt());
    // From some shift on there is nothing left to sum up.
    if shift.abs() > critical + 40.0 + freedom.recip() * 1e3 {
        return Some(1.0);
    }
    let above = 1.0 - noncentral_t_cdf(critical, freedom, shift);
    Some((above + noncentral_t_cdf(-critical, freedom, shift)).clamp(0.0, 1.0))
}

/// How many cases the paired t test needs to find the effect with that power; not rounded. None for
/// no effect, and when more than a thousand million would be needed.
#[must_use]
pub fn cases_needed(effect: f64, alpha: f64, wanted: f64) -> Option<f64> {
    if effect == 0.0 || !effect.is_finite() {
        return None;
    }
    // The normal distribution needs fewer, and not many fewer.
    let guess = ((normal_critical(1.0 - alpha) + normal_quantile(wanted)) / effect).powi(2);
    if guess.is_nan() || guess > MOST_CASES {
        return None;
    }
    let lacks = |n: f64| power(effect, n, alpha).unwrap_or(0.0) - wanted;
    let (low, high) = (1.0 + 1e-3, 2.0 * guess + 50.0);
    Some(root(lacks, low, high))
}

/// The smallest effect, in standard deviations of the differences, that the paired t test of `n`
/// cases finds with that power. None for fewer than two cases.
#[must_use]
pub fn detectable_effect(n: f64, alpha: f64, wanted: f64) -> Option<f64> {
    let critical = finite(t_critical(1.0 - alpha, n - 1.0))?;
    let most = (critical + normal_quantile(wanted).abs() + 5.0) * 4.0 / n.sqrt();
    Some(root(|effect| power(effect, n, alpha).unwrap_or(0.0) - wanted, 0.0, most))
}

/// What Miller's formula asks for two prompts over the same questions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Design {
    /// The variance of the true difference between questions (ω²).
    pub between: f64,
    /// The variance within a question of the first prompt, and its answers per question.
    pub first: (f64, f64),
    /// The same of the second prompt.
    pub second: (f64, f64),
}

impl Design {
    /// How many questions find a difference of `delta` with that power; not rounded.
    #[must_use]
    pub fn questions_needed(&self, delta: f64, alpha: f64, wanted: f64) -> Option<f64> {
        let z = normal_critical(1.0 - alpha) + normal_quantile(wanted);
        let variance = self.between + self.first.0 / self.first.1 + self.second.0 / self.second.1;
        finite(z * z * variance / (delta * delta))
    }
}

/// The distance of two shares as Cohen's h.
#[must_use]
pub fn cohens_h(p: f64, q: f64) -> Option<f64> {
    finite(2.0 * p.sqrt().asin() - 2.0 * q.sqrt().asin())
}

/// How many cases *each* of two separate samples needs to tell shares apart that are `h` apart (see
/// [`cohens_h`]), by the two-sided normal test; not rounded.
#[must_use]
pub fn cases_per_sample(h: f64, alpha: f64, wanted: f64) -> Option<f64> {
    let critical = normal_critical(1.0 - alpha);
    let guess = finite(2.0 * ((critical + normal_quantile(wanted)) / h).powi(2))?;
    let lacks = |n: f64| {
        let shift = h.abs() * (n / 2.0).sqrt();
        normal_cdf(shift - critical) + normal_cdf(-shift - critical) - wanted
    };
    Some(root(lacks, 0.0, 2.0 * guess + 1.0))
}

/// A measure less what a covariate known beforehand explains of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cuped {
    /// The slope that takes out most of the variance.
    pub theta: f64,
    /// The mean of the adjusted values: that of the values.
    pub mean: f64,
    /// The variance before.
    pub variance: f64,
    /// The variance after.
    pub adjusted_variance: f64,
    /// The share of the variance that went.
    pub explained: f64,
}

/// CUPED (Deng and others, 2013): `values` adjusted by a `covariate` of the same units.
///
/// On paired cases the baseline's score is such a covariate, and pairing already gives what this
/// does. None for fewer than two units, and when one side does not vary.
#[must_use]
pub fn cuped(values: &[f64], covariate: &[f64]) -> Option<Cuped> {
    if values.len() != covariate.len() {
        return None;
    }
    let (my, mx) = (means::mean(values)?, means::mean(covariate)?);
    let products: Vec<f64> =
        values.iter().zip(covariate).map(|(y, x)| (y - my) * (x - mx)).collect();
    let theta = finite(means::sum(&products) / means::squares(covariate)?)?;
    let adjusted: Vec<f64> =
        values.iter().zip(covariate).map(|(y, x)| y - theta * (x - mx)).collect();
    let (variance, adjusted_variance) = (means::variance(values)?, means::variance(&adjusted)?);
    Some(Cuped {
        theta,
        mean: means::mean(&adjusted)?,
        variance,
        adjusted_variance,
        explained: finite(1.0 - adjusted_variance / variance)?,
    })
}

/// How a judge does against people: its share of hits on what passes, and on what fails.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JudgeRates {
    /// The share of the people's passes that the judge passed; none without a pass.
    pub true_positive: Option<f64>,
    /// The share of the people's failures that the judge failed; none without a failure.
    pub true_negative: Option<f64>,
}

/// The judge's rates, from labels of people and of the judge on the same cases.
#[must_use]
pub fn judge_rates(people: &[bool], judge: &[bool]) -> JudgeRates {
    let rate = |label: bool| {
        let same = people.iter().zip(judge).filter(|(person, _)| **person == label);
        let (n, hits) = same.fold((0.0, 0.0), |(n, hits), (_, judge)| {
            (n + 1.0, hits + f64::from(u8::from(*judge == label)))
        });
        finite(hits / n)
    };
    JudgeRates { true_positive: rate(true), true_negative: rate(false) }
}

/// The pass rate that lies behind the judge's (Rogan and Gladen, 1978).
///
/// It may leave 0 to 1: the judge's rate then contradicts how it did on the labelled cases, and more
/// labels are needed. None when the judge is no better than a coin: then its rate says nothing.
#[must_use]
pub fn corrected_rate(judged: f64, rates: JudgeRates) -> Option<f64> {
    let (hits, rejections) = (rates.true_positive?, rates.true_negative?);
    let skill = hits + rejections - 1.0;
    if skill.abs() < 1e-12 {
        return None;
    }
    finite((judged + rejections - 1.0) / skill)
}

/// The 95 % interval of [`corrected_rate`], of Lang and Reiczigel (2014): it holds what is not known of the judge's own
/// rates as well. Each pair is a count of hits and of how many: what the judge passed of all, what it passed of people's
/// passes, what it failed of people's failures. Within 0 and 1; none when one of them is of nothing, or the judge is no
/// better than a coin.
#[must_use]
pub fn corrected_interval(
    judged: (usize, usize),
    hits: (usize, usize),
    rejections: (usize, usize),
) -> Option<Interval> {
    if judged.1 == 0 || hits.1 == 0 || rejections.1 == 0 {
        return None;
    }
    let z = normal_critical(0.95);
    let (told, n) = shrunk(judged, z * z / 2.0);
    let ((hit, hit_n), (reject, reject_n)) = (shrunk(hits, 1.0), shrunk(rejections, 1.0));
    let skill = hit + reject - 1.0;
    if skill.abs() < 1e-12 {
        return None;
    }
    let rate = ((told + reject - 1.0) / skill).clamp(0.0, 1.0);
    let (hit, reject) = (hit * (1.0 - hit) / hit_n, reject * (1.0 - reject) / reject_n);
    let shift = 2.0 * z * z * (rate * hit - (1.0 - rate) * reject);
    let variance = told * (1.0 - told) / n + rate * rate * hit + (1.0 - rate).powi(2) * reject;
    let around = Interval::around(rate + shift, z * variance.sqrt() / skill.abs());
    Some(Interval { low: around.low.clamp(0.0, 1.0), high: around.high.clamp(0.0, 1.0) })
}

/// A share with so many hits and as many misses added, and of how many it is then.
fn shrunk((hits, n): (usize, usize), added: f64) -> (f64, f64) {
    let all = n as f64 + 2.0 * added;
    ((hits as f64 + added) / all, all)
}

/// A mean from many judged cases and few that people labelled as well.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Powered {
    /// The judge's mean plus how far it was off where people looked.
    pub mean: f64,
    /// Its 95 % interval.
    pub interval: Interval,
}

/// Prediction-powered inference of a mean: right for any judge, and narrower than people's labels
/// alone when the judge is good. For large samples: below some 30 labels the interval is too narrow.
/// None for no cases on a side.
#[must_use]
pub fn prediction_powered(people: &[f64], judge: &[f64], unlabelled: &[f64]) -> Option<Powered> {
    if people.len() != judge.len() {
        return None;
    }
    let off: Vec<f64> = people.iter().zip(judge).map(|(person, judge)| person - judge).collect();
    let mean = means::mean(unlabelled)? + means::mean(&off)?;
    let error = means::large_sample_error(unlabelled)?.hypot(means::large_sample_error(&off)?);
    Some(Powered { mean, interval: Interval::around(mean, normal_critical(0.95) * error) })
}
