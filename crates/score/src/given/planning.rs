//! Before a run: power and numbers of cases. After it: CUPED and corrected rates.

use super::{Answer, Given, Out, Problem};
use crate::stats::means;
use crate::stats::planning::{self as plan, Design};

pub(super) fn planning(given: &Given) -> Answer {
    if given.has("judge_unlabelled") {
        judge(given)
    } else if given.has("y") {
        cuped(given)
    } else {
        power(given)
    }
}

fn power(given: &Given) -> Answer {
    let alpha = given.chance_or("alpha", 0.05)?;
    let wanted = given.chance_or("power", 0.8)?;
    let of = |key| given.has(key).then(|| given.number(key)).transpose();
    let (effect, n) = (of("effect_dz")?, of("n")?);
    if effect.is_none() && n.is_none() {
        return Err(Problem::Missing("effect_dz"));
    }
    let mut out = Out::default();
    out.number("power", effect.zip(n).and_then(|(effect, n)| plan::power(effect, n, alpha)))
        .number("n_needed", effect.and_then(|effect| plan::cases_needed(effect, alpha, wanted)))
        .number("mde_dz", n.and_then(|n| plan::detectable_effect(n, alpha, wanted)));
    if given.has("omega2") {
        let design = Design {
            between: given.number("omega2")?,
            first: (given.number("s2A")?, given.number("KA")?),
            second: (given.number("s2B")?, given.number("KB")?),
        };
        out.number("miller_n", design.questions_needed(given.number("delta")?, alpha, wanted));
    }
    if given.has("p1") {
        let p = given.number("p1")?;
        let h = plan::cohens_h(p + given.number("delta")?, p);
        let cases = h.and_then(|h| plan::cases_per_sample(h, alpha, wanted));
        out.number("cohen_h", h).number("n_per_arm_two_prop", cases);
    }
    Ok(out.done())
}

fn cuped(given: &Given) -> Answer {
    let (y, x) = given.pair("y", "x")?;
    let ours = plan::cuped(&y, &x);
    Ok(Out::default()
        .number("theta", ours.map(|c| c.theta))
        .number("mean_adj", ours.map(|c| c.mean))
        .number("var_y", ours.map(|c| c.variance))
        .number("var_adj", ours.map(|c| c.adjusted_variance))
        .number("r2", ours.map(|c| c.explained))
        .done())
}

fn judge(given: &Given) -> Answer {
    let (people, judge) = given.pair("human", "judge")?;
    let unlabelled = given.numbers("judge_unlabelled")?;
    let passes = |values: &[f64]| values.iter().map(|value| *value == 1.0).collect::<Vec<bool>>();
    let rates = plan::judge_rates(&passes(&people), &passes(&judge));
    let judged = means::mean(&unlabelled);
    let powered = plan::prediction_powered(&people, &judge, &unlabelled);
    Ok(Out::default()
        .number("judge_rate_unlabelled", judged)
        .number("tpr", rates.true_positive)
        .number("tnr", rates.true_negative)
        .number("rogan_gladen", judged.and_then(|rate| plan::corrected_rate(rate, rates)))
        .number("ppi_mean", powered.map(|p| p.mean))
        .interval("ppi_ci95", powered.map(|p| p.interval))
        .number("human_only_se", means::large_sample_error(&people))
        .done())
}
