//! stats_paired and stats_unpaired.

use assay_score::stats::paired::{self, Method, Zeros};
use assay_score::stats::random::Random;
use assay_score::stats::unpaired::{self, TwoShares};
use assay_score::stats::{binomial, correlation, means};
use serde_json::Value;

use super::{Case, each_value, whole};
use crate::file::Golden;
use crate::tally::Tally;

/// Tests and effects of paired differences, d = a − b.
pub fn paired(golden: &Golden, tally: &mut Tally) {
    each_value(golden, tally, |case, name, value| {
        let (a, b) = (case.numbers("a"), case.numbers("b"));
        let d: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a - b).collect();
        let counts = paired::counts(&d);
        match name {
            "win" => case.count(name, value, counts.wins),
            "tie" => case.count(name, value, counts.ties),
            "loss" => case.count(name, value, counts.losses),
            "mean_diff" => case.number(name, value, means::mean(&d)),
            "sd_diff" => case.number(name, value, means::sd(&d)),
            "se_diff" => case.number(name, value, means::standard_error(&d)),
            "dz" => case.number(name, value, paired::effect_size(&d)),
            "hedges_gz" => case.number(name, value, paired::hedges_g(&d)),
            "r" => case.number(name, value, correlation::pearson(&a, &b).map(|r| r.statistic)),
            "sign_p" => {
                case.number(name, value, Some(binomial::sign_test(counts.wins, counts.losses)))
            }
            // Both of up to ten cases, over all flips: scipy's and one written out.
            "perm_exact_p" | "signflip_two_sided_p" => {
                let p = paired::sign_flip(&d, 9_999, &mut Random::new(7));
                case.number(name, value, Some(p))
            }
            "t" => t_test(case, &d, value),
            "wilcoxon" => wilcoxon(case, &d, value),
            "mcnemar" => mcnemar(case, value),
            _ => None,
        }
    });
}

fn t_test(case: &mut Case, differences: &[f64], value: &Value) -> Option<()> {
    let ours = paired::t_test(differences);
    for (name, expected) in value.as_object()? {
        let field = |get: fn(&paired::TTest) -> f64| ours.as_ref().map(get);
        match name.as_str() {
            "t" => case.number(name, expected, field(|t| t.t)),
            "df" => case.number(name, expected, field(|t| t.freedom)),
            "p" => case.number(name, expected, field(|t| t.p)),
            "p_less" => case.number(name, expected, field(|t| t.p_less)),
            "p_greater" => case.number(name, expected, field(|t| t.p_greater)),
            "ci95" => case.interval(name, expected, ours.map(|t| t.interval)),
            _ => return None,
        }?;
    }
    Some(())
}

fn wilcoxon(case: &mut Case, differences: &[f64], value: &Value) -> Option<()> {
    for (name, expected) in value.as_object()? {
        let (zeros, method) = variant(name)?;
        let ours = paired::wilcoxon(differences, zeros, method);
        let (statistic, p) = (ours.map(|w| w.statistic), ours.map(|w| w.p));
        match method {
            Method::Normal { .. } => {
                case.list(name, expected, &[statistic, p, ours.and_then(|w| w.z)])
            }
            _ => case.list(name, expected, &[statistic, p]),
        }?;
    }
    Some(())
}

/// `pratt,asym,corr=1` and the like.
fn variant(name: &str) -> Option<(Zeros, Method)> {
    let mut words = name.split(',');
    let zeros = match words.next()? {
        "auto" => return Some((Zeros::Drop, Method::Auto)),
        "exact" => return Some((Zeros::Drop, Method::Exact)),
        "wilcox" => Zeros::Drop,
        "pratt" => Zeros::Pratt,
        "zsplit" => Zeros::Split,
        _ => return None,
    };
    match (words.next()?, words.next()?) {
        ("asym", "corr=0") => Some((zeros, Method::Normal { corrected: false })),
        ("asym", "corr=1") => Some((zeros, Method::Normal { corrected: true })),
        _ => None,
    }
}

fn mcnemar(case: &mut Case, value: &Value) -> Option<()> {
    let (a, b) = (case.numbers("a"), case.numbers("b"));
    let cell = |first: f64, second: f64| {
        a.iter().zip(&b).filter(|(a, b)| **a == first && **b == second).count()
    };
    let (fixed, broken) = (cell(1.0, 0.0), cell(0.0, 1.0));
    let ours = paired::mcnemar(fixed, broken);
    for (name, expected) in value.as_object()? {
        match name.as_str() {
            "table" => {
                case.count("table[0][1]", &expected[0][1], fixed);
                case.count("table[1][0]", &expected[1][0], broken);
                case.count("table[0][0]", &expected[0][0], cell(1.0, 1.0));
                case.count("table[1][1]", &expected[1][1], cell(0.0, 0.0))
            }
            "exact_p" => case.number(name, expected, Some(ours.exact)),
            "midp" => case.number(name, expected, Some(ours.mid_p)),
            "chi2_cc0" => case.test(name, expected, ours.uncorrected),
            // statsmodels squares |b − c| − 1 even where that is below 0; ours stops at 0, as R does.
            "chi2_cc1" if fixed == broken => {
                let zero = ours.corrected.is_some_and(|c| c.statistic == 0.0 && c.p == 1.0);
                let theirs = whole(&Value::from(1)) as f64 / (fixed + broken) as f64;
                case.tally.equal(format!("{} {name}, clamped", case.id), &true, &zero);
                case.number("chi2_cc1, not clamped", &expected[0], Some(theirs))
            }
            "chi2_cc1" => case.test(name, expected, ours.corrected),
            _ => return None,
        }?;
    }
    Some(())
}

/// Tests and effects of separate samples.
pub fn unpaired(golden: &Golden, tally: &mut Tally) {
    each_value(golden, tally, |case, name, value| {
        let (a, b) = (case.numbers("a"), case.numbers("b"));
        let shares = TwoShares::of(&a, &b);
        match name {
            "welch" => {
                let w = unpaired::welch(&a, &b);
                let ends = super::ends(w.map(|w| w.interval));
                let ours = [w.map(|w| w.t), w.map(|w| w.freedom), w.map(|w| w.p), ends[0], ends[1]];
                case.list_within(name, value, &ours, super::T_QUANTILES)
            }
            "student" => case.test(name, value, unpaired::student(&a, &b)),
            "mwu_cc1" => case.test(name, value, unpaired::mann_whitney(&a, &b, true)),
            "mwu_cc0" => case.test(name, value, unpaired::mann_whitney(&a, &b, false)),
            "mwu_exact" => case.test(name, value, unpaired::mann_whitney_exact(&a, &b)),
            "cliffs_delta" => case.number(name, value, unpaired::cliffs_delta(&a, &b)),
            "fisher" => case.test(name, value, unpaired::fisher(shares)),
            "chi2_cc1" => case.test(name, value, unpaired::chi_squared(shares, true)),
            "chi2_cc0" => case.test(name, value, unpaired::chi_squared(shares, false)),
            "ztest" => case.test(name, value, unpaired::z_test(shares)),
            "newcomb95" => case.list(name, value, &super::ends(unpaired::newcombe(shares, 0.95))),
            _ => None,
        }
    });
}
