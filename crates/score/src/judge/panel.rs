//! One model's finding, or those of a panel, as an outcome.

use super::asker::Stop;
use super::pairwise::ORDER_DEPENDENT;
use super::{Finding, Step};
use crate::Outcome;

/// How a judge's failure begins, so that it can be told from a scorer that had nothing to judge.
pub(super) const ERROR: &str = "judge error: ";

/// What the models said so far.
pub(super) fn next(
    trials: Vec<(&str, Result<Finding, Stop>)>,
    threshold: f64,
    negate: bool,
) -> Step {
    let needed: Vec<_> =
        trials.iter().filter_map(|(_, trial)| needs(trial)).flatten().cloned().collect();
    if !needed.is_empty() {
        return Step::Ask(needed);
    }
    Step::Done(match &trials[..] {
        [(_, only)] => alone(only, threshold, negate),
        several => together(several, threshold, negate),
    })
}

fn needs(trial: &Result<Finding, Stop>) -> Option<&[super::Question]> {
    match trial {
        Err(Stop::Need(questions)) => Some(questions),
        _ => None,
    }
}

/// What one model says by itself.
pub(super) fn alone(trial: &Result<Finding, Stop>, threshold: f64, negate: bool) -> Outcome {
    match trial {
        Ok(finding) => {
            let (value, pass) = judged(finding, threshold, negate);
            Outcome::Scored { value, pass: Some(pass), reason: finding.reason.clone() }
        }
        Err(stop) => Outcome::NotJudged { reason: words(stop) },
    }
}

/// The value and whether it passes. Negated, a failure of the judge is still no pass: there is no finding then, or one
/// that decides nothing.
fn judged(finding: &Finding, threshold: f64, negate: bool) -> (f64, bool) {
    // A sum of weights may miss a threshold by less than anybody meant.
    let passes = finding.value + 1e-9 >= threshold && !finding.vetoed;
    match negate {
        true => (1.0 - finding.value, !passes && !finding.undecided),
        false => (finding.value, passes && !finding.undecided),
    }
}

fn words(stop: &Stop) -> String {
    match stop {
        Stop::Need(_) => format!("{ERROR}not asked yet"),
        Stop::Failed(reason) => format!("{ERROR}{reason}"),
        Stop::Cannot(reason) => reason.clone(),
    }
}

/// The majority of the whole panel decides; where too many failed for one, nobody does.
fn together(trials: &[(&str, Result<Finding, Stop>)], threshold: f64, negate: bool) -> Outcome {
    if let Some(reason) = nothing_to_judge(trials) {
        return Outcome::NotJudged { reason };
    }
    let judged: Vec<(f64, bool)> = trials
        .iter()
        .filter_map(|(_, t)| Some(judged(t.as_ref().ok()?, threshold, negate)))
        .collect();
    let votes: Vec<String> =
        trials.iter().map(|(model, t)| vote(model, t, threshold, negate)).collect();
    let passed = judged.iter().filter(|(_, pass)| *pass).count();
    let (failed, half) = (judged.len() - passed, trials.len() / 2);
    let said = votes.join("; ");
    if passed <= half && failed <= half && judged.len() < trials.len() {
        return Outcome::NotJudged {
            reason: format!("{ERROR}no majority of the panel judged: {said}"),
        };
    }
    let value = judged.iter().map(|(value, _)| value).sum::<f64>() / judged.len() as f64;
    let agreed = if passed == 0 || failed == 0 { "all agree" } else { "they disagree" };
    let reason =
        format!("{}{passed} of {} say pass, {agreed}: {said}", leaning(trials), trials.len());
    Outcome::Scored { value, pass: Some(passed > half), reason }
}

/// How the reason begins where most of the panel went by the order of two answers: as it does for one judge, so that a gate
/// can count it.
fn leaning(trials: &[(&str, Result<Finding, Stop>)]) -> String {
    let is_undecided = |trial: &Result<Finding, Stop>| trial.as_ref().is_ok_and(|f| f.undecided);
    let undecided = trials.iter().filter(|(_, trial)| is_undecided(trial)).count();
    match undecided > trials.len() / 2 {
        true => format!("{ORDER_DEPENDENT}, a tie that does not pass: "),
        false => String::new(),
    }
}

/// Every model would say the same of material that cannot be judged.
fn nothing_to_judge(trials: &[(&str, Result<Finding, Stop>)]) -> Option<String> {
    trials.iter().find_map(|(_, trial)| match trial {
        Err(Stop::Cannot(reason)) => Some(reason.clone()),
        _ => None,
    })
}

fn vote(model: &str, trial: &Result<Finding, Stop>, threshold: f64, negate: bool) -> String {
    match trial {
        Ok(finding) => {
            let word = if judged(finding, threshold, negate).1 { "pass" } else { "fail" };
            format!("{model} {word} ({})", finding.reason)
        }
        Err(stop) => format!("{model} {}", words(stop)),
    }
}
