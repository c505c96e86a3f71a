//! From numbers to a word.

use std::collections::BTreeSet;

use super::estimate::Estimate;
use super::sample::Sample;
use super::{ComparedScorer, Leaning, Rules, ScorerVerdict, Slice, Word};
use crate::stats::Interval;
use crate::stats::multiple::{Adjustment, adjust};
use crate::stats::planning::{cases_needed, detectable_effect};
use crate::stats::special::normal_critical;

/// Draws of a slice at most.
const DRAWS_OF_A_SLICE: usize = 1_999;

/// Above this p-value a change points nowhere.
const LEANS_BELOW: f64 = 0.2;

/// Puts together what one scorer says; `holm` is its adjusted p-value and the number of gates.
pub(super) fn scorer_verdict(
    scorer: &ComparedScorer,
    sample: &Sample,
    estimate: Estimate,
    (holm_p, gates): (Option<f64>, usize),
    rules: &Rules,
) -> ScorerVerdict {
    let word = word(scorer, sample, &estimate, holm_p, rules);
    let inconclusive = word == Word::Inconclusive;
    let n = sample.sources as f64;
    let effect = detectable_effect(n, rules.alpha, rules.power);
    ScorerVerdict {
        scorer: scorer.scorer.clone(),
        signature: scorer.head_signature.clone(),
        kind: scorer.measure.kind(),
        direction: scorer.direction,
        gate: scorer.gate,
        word,
        leaning: leaning(scorer, &estimate).filter(|_| inconclusive),
        cases: sample.cases.len(),
        sources: sample.shared().then_some(sample.sources),
        detectable: effect.zip(estimate.spread).map(|(effect, spread)| effect * spread),
        more_cases: more_cases(scorer, sample, &estimate, rules).filter(|_| inconclusive),
        base: estimate.base,
        head: estimate.head,
        change: estimate.change,
        interval: estimate.interval,
        test: estimate.test.to_owned(),
        p: estimate.p,
        holm_p,
        gates,
        margin: scorer.margin,
        changed: sample.changed(scorer.direction),
        errors: sample.errors,
        slices: slices(scorer, sample, rules),
    }
}

fn word(
    scorer: &ComparedScorer,
    sample: &Sample,
    estimate: &Estimate,
    holm_p: Option<f64>,
    rules: &Rules,
) -> Word {
    if sample.errors.share > rules.most_errors {
        return Word::Incomplete;
    }
    let Some(Interval { low, high }) = estimate.interval else { return Word::Inconclusive };
    if -scorer.margin < low && high < scorer.margin {
        return Word::Equivalent;
    }
    let significant = holm_p.or(estimate.p).is_some_and(|p| p <= rules.alpha);
    let gains = (low * scorer.direction.sign(), high * scorer.direction.sign());
    match gains {
        (a, b) if significant && a > 0.0 && b > 0.0 => Word::Better,
        (a, b) if significant && a < 0.0 && b < 0.0 => Word::Worse,
        _ => Word::Inconclusive,
    }
}

fn leaning(scorer: &ComparedScorer, estimate: &Estimate) -> Option<Leaning> {
    let gain = estimate.change * scorer.direction.sign();
    let points = estimate.p.is_some_and(|p| p <= LEANS_BELOW) && gain != 0.0;
    points.then_some(if gain > 0.0 { Leaning::Better } else { Leaning::Worse })
}

/// How many more cases, or sources, would show a change of the size that was seen, or that it stays
/// within the margin: what comes first.
fn more_cases(
    scorer: &ComparedScorer,
    sample: &Sample,
    estimate: &Estimate,
    rules: &Rules,
) -> Option<usize> {
    let spread = estimate.spread?;
    let shown = cases_needed(estimate.change.abs() / spread, rules.alpha, rules.power);
    let room = scorer.margin - estimate.change.abs();
    let z = normal_critical(1.0 - rules.alpha);
    let bounded = (room > 0.0).then(|| (z * spread / room).powi(2));
    let needed = shown.into_iter().chain(bounded).min_by(f64::total_cmp)?;
    // "About" so many: the effect is itself an estimate, so the nearest whole number says as much as the next one.
    let more = (needed - sample.sources as f64).round().max(1.0);
    // Beyond this, nobody will run it.
    (more < 1e6).then_some(more as usize)
}

/// The same numbers for the cases of each tag, by the tags' names.
fn slices(scorer: &ComparedScorer, sample: &Sample, rules: &Rules) -> Vec<Slice> {
    let tags: BTreeSet<&str> =
        sample.cases.iter().flat_map(|case| case.tags).map(String::as_str).collect();
    // A corpus score is summed up anew for every draw; what decides nothing need not be drawn so often.
    let rules = &Rules { draws: rules.draws.min(DRAWS_OF_A_SLICE), ..*rules };
    let found: Vec<(&str, Sample, Estimate)> = tags
        .into_iter()
        .filter_map(|tag| {
            let tagged = sample.tagged(tag);
            // A corpus score may be defined for all cases and not for a few of them.
            let estimate = Estimate::of(&tagged, scorer, rules)?;
            Some((tag, tagged, estimate))
        })
        .collect();
    let raw: Vec<f64> = found.iter().map(|(.., estimate)| estimate.p.unwrap_or(1.0)).collect();
    let adjusted = adjust(&raw, Adjustment::BenjaminiHochberg);
    found
        .into_iter()
        .zip(adjusted)
        .map(|((tag, tagged, estimate), adjusted)| {
            let changed = tagged.changed(scorer.direction);
            Slice {
                tag: tag.to_owned(),
                cases: tagged.cases.len(),
                base: estimate.base,
                head: estimate.head,
                change: estimate.change,
                interval: estimate.interval,
                adjusted_p: estimate.p.map(|_| adjusted),
                fixed: changed.fixed.len(),
                broken: changed.broken.len(),
            }
        })
        .collect()
}
