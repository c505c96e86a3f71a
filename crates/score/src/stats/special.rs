//! The distributions that tests and intervals stand on: their tails and their quantiles.
//!
//! Tails are computed directly, never as one minus the other side, so that a p-value of 1e-20 is
//! one. The error function and the gamma function are those of `statrs`; its incomplete beta
//! function stops after 140 terms and loses the upper tail, so that one is here.

use std::f64::consts::{PI, SQRT_2};

use statrs::function::erf::{erfc, erfc_inv};
use statrs::function::gamma::{gamma_ur, ln_gamma};

/// The chance that a standard normal value is at most `x`.
#[must_use]
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * erfc(-x / SQRT_2)
}

/// The chance that a standard normal value is above `x`.
#[must_use]
pub fn normal_sf(x: f64) -> f64 {
    0.5 * erfc(x / SQRT_2)
}

/// The standard normal value below which a share of `p` lies; infinite for 0 and 1.
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    if p > 0.5 {
        return -normal_quantile(1.0 - p);
    }
    if p <= 0.0 {
        return f64::NEG_INFINITY;
    }
    let rough = -SQRT_2 * erfc_inv(2.0 * p);
    // One step of Halley's method takes the last digits.
    let step = (normal_cdf(rough) - p) * (2.0 * PI).sqrt() * (rough * rough / 2.0).exp();
    rough - step / (1.0 + rough * step / 2.0)
}

/// The two-sided critical value of the normal distribution, 1.96 for a confidence of 0.95.
#[must_use]
pub fn normal_critical(confidence: f64) -> f64 {
    -normal_quantile((1.0 - confidence) / 2.0)
}

/// The chance that a value of Student's t distribution is above `t`.
#[must_use]
pub fn t_sf(t: f64, freedom: f64) -> f64 {
    let square = t * t;
    if !square.is_finite() {
        return if t > 0.0 { 0.0 } else { 1.0 };
    }
    let whole = freedom + square;
    let beyond = 0.5 * beta_share(freedom / 2.0, 0.5, freedom / whole, square / whole);
    if t >= 0.0 { beyond } else { 1.0 - beyond }
}

/// The two-sided p-value of `t`.
#[must_use]
pub fn t_two_sided(t: f64, freedom: f64) -> f64 {
    (2.0 * t_sf(t.abs(), freedom)).min(1.0)
}

/// The two-sided critical value of Student's t distribution; NaN without a degree of freedom.
#[must_use]
pub fn t_critical(confidence: f64, freedom: f64) -> f64 {
    let tail = (1.0 - confidence) / 2.0;
    if !(freedom > 0.0 && tail > 0.0 && tail < 0.5) {
        return f64::NAN;
    }
    let mut high = 2.0 * normal_critical(confidence);
    while t_sf(high, freedom) > tail && high < 1e150 {
        high *= 4.0;
    }
    root(|t| t_sf(t, freedom) - tail, 0.0, high)
}

/// The chance that a chi-squared value is above `x`.
#[must_use]
pub fn chi_squared_sf(x: f64, freedom: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    if freedom == 1.0 { erfc((x / 2.0).sqrt()) } else { gamma_ur(freedom / 2.0, x / 2.0) }
}

/// The chance that a value of the beta distribution is at most `x`.
#[must_use]
pub fn beta_cdf(x: f64, a: f64, b: f64) -> f64 {
    beta_share(a, b, x, 1.0 - x)
}

/// The value below which a share of `p` of the beta distribution lies.
#[must_use]
pub fn beta_quantile(p: f64, a: f64, b: f64) -> f64 {
    root(|x| beta_cdf(x, a, b) - p, 0.0, 1.0)
}

/// The regularised incomplete beta function of `x`, with `y` = 1 − x given apart because it may be
/// known to more digits (Lentz's continued fraction; Numerical Recipes, 6.4).
fn beta_share(a: f64, b: f64, x: f64, y: f64) -> f64 {
    if x <= 0.0 || y <= 0.0 {
        return if x <= 0.0 { 0.0 } else { 1.0 };
    }
    let front = (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * y.ln()).exp();
    if x < (a + 1.0) / (a + b + 2.0) {
        front * beta_fraction(a, b, x) / a
    } else {
        1.0 - front * beta_fraction(b, a, y) / b
    }
}

fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    const MOST_TERMS: u32 = 100_000;
    let away_from_0 = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / away_from_0(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for m in 1..MOST_TERMS {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / away_from_0(1.0 + even * d);
        c = away_from_0(1.0 + even / c);
        fraction *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / away_from_0(1.0 + odd * d);
        c = away_from_0(1.0 + odd / c);
        fraction *= d * c;
        if (d * c - 1.0).abs() < 1e-16 {
            break;
        }
    }
    fraction
}

/// The chance that a value of the non-central t distribution is at most `t` (Benton and
/// Krishnamoorthy, 2003: a Poisson mixture of beta shares, summed around its mode).
#[must_use]
pub fn noncentral_t_cdf(t: f64, freedom: f64, shift: f64) -> f64 {
    if t < 0.0 {
        return 1.0 - noncentral_t_cdf(-t, freedom, -shift);
    }
    let (square, rate) = (t * t, shift * shift / 2.0);
    let (x, y) = (square / (freedom + square), freedom / (freedom + square));
    let reach = 12.0 * rate.sqrt() + 30.0;
    let (first, last) = ((rate - reach).max(0.0) as u64, (rate + reach) as u64);
    let mut sum = 0.0;
    for j in first..=last {
        let j = j as f64;
        // 0 · ln 0 is 0 here.
        let power = if j == 0.0 { -rate } else { j * rate.ln() - rate };
        let even = (power - ln_gamma(j + 1.0)).exp();
        let odd = shift / SQRT_2 * (power - ln_gamma(j + 1.5)).exp();
        sum += even * beta_share(j + 0.5, freedom / 2.0, x, y);
        sum += odd * beta_share(j + 1.0, freedom / 2.0, x, y);
    }
    (normal_cdf(-shift) + 0.5 * sum).clamp(0.0, 1.0)
}

/// The logarithm of n over k.
#[must_use]
pub fn ln_choose(n: f64, k: f64) -> f64 {
    ln_gamma(n + 1.0) - ln_gamma(k + 1.0) - ln_gamma(n - k + 1.0)
}

/// Where `f` is 0 between `low` and `high`, at whose ends it has different signs, to the last digit
/// (the method of Brent, 1973). When the signs are the same it gives the end nearer to 0.
pub(crate) fn root(f: impl Fn(f64) -> f64, low: f64, high: f64) -> f64 {
    let (mut a, mut b) = (low, high);
    let (mut fa, mut fb) = (f(a), f(b));
    if fa * fb > 0.0 {
        return if fa.abs() < fb.abs() { a } else { b };
    }
    let (mut c, mut fc) = (a, fa);
    let (mut step, mut before) = (b - a, b - a);
    for _ in 0..200 {
        if fb * fc > 0.0 {
            (c, fc, step, before) = (a, fa, b - a, b - a);
        }
        if fc.abs() < fb.abs() {
            (a, b, c) = (b, c, b);
            (fa, fb, fc) = (fb, fc, fb);
        }
        let tolerance = 2.0 * f64::EPSILON * b.abs() + f64::MIN_POSITIVE;
        let middle = 0.5 * (c - b);
        if middle.abs() <= tolerance || fb == 0.0 {
            break;
        }
        match interpolated([a, b, c], [fa, fb, fc]) {
            Some(guess)
                if before.abs() >= tolerance
                    && fa.abs() > fb.abs()
                    && 2.0 * guess.abs() < (3.0 * middle.abs() - tolerance).min(before.abs())
                    && guess * middle > 0.0 =>
            {
                (before, step) = (step, guess);
            }
            _ => (before, step) = (middle, middle),
        }
        (a, fa) = (b, fb);
        b += if step.abs() > tolerance { step } else { tolerance.copysign(middle) };
        fb = f(b);
    }
    b
}

/// The step from `b` to where the inverse parabola, or the line, through the points is 0.
fn interpolated([a, b, c]: [f64; 3], [fa, fb, fc]: [f64; 3]) -> Option<f64> {
    let s = fb / fa;
    let (p, q) = if a == c {
        ((c - b) * s, 1.0 - s)
    } else {
        let (q, r) = (fa / fc, fb / fc);
        (s * ((c - b) * q * (q - r) - (b - a) * (r - 1.0)), (q - 1.0) * (r - 1.0) * (s - 1.0))
    };
    super::finite(-p / q)
}
