//! Two lists of numbers, and several: tests of differences, correlations, adjusted p-values.

use serde_json::{Value, json};

use super::{Answer, EXACT, Given, MOST_CLASSES, Out, Problem, ends, maybe, number};
use crate::stats::multiple::{self, Adjustment};
use crate::stats::paired::{self as pairs, Method, Zeros};
use crate::stats::random::Random;
use crate::stats::unpaired::{self as apart, TwoShares};
use crate::stats::{Test, binomial, correlation as order, means};

/// Draws of the sign-flip test where there are too many flips to try all.
const DRAWS: usize = 9_999;
/// Kendall's τ takes time with the square of the length.
const TAU: usize = 1_000;

/// Differences are a − b.
pub(super) fn paired(given: &Given) -> Answer {
    let (a, b) = given.pair("a", "b")?;
    let d: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a - b).collect();
    let counts = pairs::counts(&d);
    let p = pairs::sign_flip(&d, DRAWS, &mut Random::new(7));
    let mut out = Out::default();
    out.number("mean_diff", means::mean(&d))
        .put("win", counts.wins.into())
        .put("tie", counts.ties.into())
        .put("loss", counts.losses.into())
        .number("sd_diff", means::sd(&d))
        .number("se_diff", means::standard_error(&d))
        .number("dz", pairs::effect_size(&d))
        .number("hedges_gz", pairs::hedges_g(&d))
        .number("r", order::pearson(&a, &b).map(|r| r.statistic))
        .number("sign_p", Some(binomial::sign_test(counts.wins, counts.losses)))
        .put("t", t_test(&d))
        .put("wilcoxon", wilcoxon(&d))
        .number("perm_exact_p", (d.len() <= pairs::EXACT_UP_TO).then_some(p))
        .number("signflip_two_sided_p", Some(p));
    if a.iter().chain(&b).all(|value| *value == 0.0 || *value == 1.0) {
        out.put("mcnemar", mcnemar(&a, &b));
    }
    Ok(out.done())
}

fn t_test(differences: &[f64]) -> Value {
    pairs::t_test(differences).map_or(Value::Null, |t| {
        json!({
            "t": number(t.t), "df": t.freedom, "p": number(t.p), "p_less": number(t.p_less),
            "p_greater": number(t.p_greater), "ci95": ends(Some(t.interval)),
        })
    })
}

fn wilcoxon(differences: &[f64]) -> Value {
    let normal = |corrected| Method::Normal { corrected };
    let methods = [
        ("auto", Zeros::Drop, Method::Auto),
        ("exact", Zeros::Drop, Method::Exact),
        ("wilcox,asym,corr=0", Zeros::Drop, normal(false)),
        ("wilcox,asym,corr=1", Zeros::Drop, normal(true)),
        ("pratt,asym,corr=0", Zeros::Pratt, normal(false)),
        ("pratt,asym,corr=1", Zeros::Pratt, normal(true)),
        ("zsplit,asym,corr=0", Zeros::Split, normal(false)),
        ("zsplit,asym,corr=1", Zeros::Split, normal(true)),
    ];
    let mut out = Out::default();
    for (name, zeros, method) in methods {
        if method == Method::Exact && differences.len() > EXACT {
            continue;
        }
        let ours = pairs::wilcoxon(differences, zeros, method);
        out.put(
            name,
            ours.map_or(Value::Null, |w| match method {
                Method::Normal { .. } => json!([number(w.statistic), number(w.p), maybe(w.z)]),
                _ => json!([number(w.statistic), number(w.p)]),
            }),
        );
    }
    Value::Object(out.done())
}

fn mcnemar(a: &[f64], b: &[f64]) -> Value {
    let cell = |first: f64, second: f64| {
        a.iter().zip(b).filter(|(a, b)| **a == first && **b == second).count()
    };
    let (fixed, broken) = (cell(1.0, 0.0), cell(0.0, 1.0));
    let ours = pairs::mcnemar(fixed, broken);
    Value::Object(
        Out::default()
            .put("table", json!([[cell(1.0, 1.0), fixed], [broken, cell(0.0, 0.0)]]))
            .number("exact_p", Some(ours.exact))
            .number("midp", Some(ours.mid_p))
            .test("chi2_cc0", ours.uncorrected)
            .test("chi2_cc1", ours.corrected)
            .done(),
    )
}

pub(super) fn unpaired(given: &Given) -> Answer {
    let (a, b) = (given.numbers("a")?, given.numbers("b")?);
    let welch = apart::welch(&a, &b)
        .map(|w| json!([w.t, w.freedom, w.p, w.interval.low, w.interval.high].map(number)));
    let mut out = Out::default();
    out.put("welch", welch.unwrap_or_default())
        .test("student", apart::student(&a, &b))
        .test("mwu_cc1", apart::mann_whitney(&a, &b, true))
        .test("mwu_cc0", apart::mann_whitney(&a, &b, false))
        .test("mwu_exact", apart::mann_whitney_exact(&a, &b))
        .number("cliffs_delta", apart::cliffs_delta(&a, &b));
    if a.iter().chain(&b).all(|value| *value == 0.0 || *value == 1.0) {
        let shares = TwoShares::of(&a, &b);
        out.test("fisher", apart::fisher(shares))
            .test("chi2_cc1", apart::chi_squared(shares, true))
            .test("chi2_cc0", apart::chi_squared(shares, false))
            .test("ztest", apart::z_test(shares))
            .interval("newcomb95", apart::newcombe(shares, 0.95));
    }
    Ok(out.done())
}

pub(super) fn correlation(given: &Given) -> Answer {
    let (x, y) = given.pair("x", "y")?;
    let mut out = Out::default();
    out.test("pearson", order::pearson(&x, &y))
        .interval("pearson_ci95", order::pearson_interval(&x, &y, 0.95))
        .test("spearman", order::spearman(&x, &y));
    if x.len() <= TAU {
        let tau = order::kendall(&x, &y);
        let with_p = |statistic: f64| tau.map(|t| Test { statistic, p: t.p });
        // scipy's "auto": exact without ties for up to 33 pairs.
        let exact = tau.and_then(|t| t.exact_p).filter(|_| x.len() <= 33);
        out.test("tau_b", tau.and_then(|t| with_p(t.tau_b)))
            .test("tau_c", tau.and_then(|t| with_p(t.tau_c)))
            .number("tau_auto_p", exact.or(tau.map(|t| t.p)));
    }
    Ok(out.done())
}

pub(super) fn multiple(given: &Given) -> Answer {
    if given.has("p") { adjusted(given) } else { several(given) }
}

fn adjusted(given: &Given) -> Answer {
    const ALL: &[(&str, Adjustment)] = &[
        ("bonferroni", Adjustment::Bonferroni),
        ("sidak", Adjustment::Sidak),
        ("holm", Adjustment::Holm),
        ("holm-sidak", Adjustment::HolmSidak),
        ("simes-hochberg", Adjustment::Hochberg),
        ("hommel", Adjustment::Hommel),
        ("fdr_bh", Adjustment::BenjaminiHochberg),
        ("fdr_by", Adjustment::BenjaminiYekutieli),
    ];
    /// Hommel's takes time with the square.
    const LONGEST: usize = 5_000;
    let p = given.numbers("p")?;
    if p.len() > LONGEST {
        return Err(Problem::TooLong("p", LONGEST));
    }
    if !p.iter().all(|p| (0.0..=1.0).contains(p)) {
        return Err(Problem::Wrong("p", "no list of numbers from 0 to 1"));
    }
    let alpha = given.chance_or("alpha", 0.05)?;
    let mut out = Out::default();
    for (name, adjustment) in ALL {
        let adjusted = multiple::adjust(&p, *adjustment);
        let reject: Vec<bool> = adjusted.iter().map(|p| *p <= alpha).collect();
        out.put(name, json!({"adj": adjusted, "reject": reject}));
    }
    Ok(out.done())
}

fn several(given: &Given) -> Answer {
    let columns = given.table("columns")?;
    if columns.len() > MOST_CLASSES {
        return Err(Problem::TooLong("columns", MOST_CLASSES));
    }
    let mut out = Out::default();
    out.test("kruskal", multiple::kruskal(&columns));
    if columns.iter().all(|column| Some(column.len()) == columns.first().map(Vec::len)) {
        out.test("friedman", multiple::friedman(&columns));
        if columns.iter().flatten().all(|value| *value == 0.0 || *value == 1.0) {
            out.test("cochrans_q", multiple::cochrans_q(&columns));
        }
    }
    Ok(out.done())
}
