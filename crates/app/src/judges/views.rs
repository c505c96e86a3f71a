//! Judges in the words of the wire.

use assay_engine::JudgedScorer;
use assay_prompt::Prompt;
use assay_score::Mean;
use assay_score::judge::{Against, Calibration, JudgeReport, LABELS_NEEDED, PairReport, People};
use assay_score::stats::agreement::Kappa;
use assay_wire::*;
use serde_json::Value;

use super::items::{Item, Items};
use super::labels::Standing;

pub(super) fn line(scorer: &JudgedScorer, prompt: &Prompt, standing: &Standing) -> JudgeLine {
    let spec = prompt.evals.scorers.iter().find(|spec| spec.id == scorer.id);
    let judge = scorer.judge.as_ref().ok();
    JudgeLine {
        scorer: scorer.id.clone(),
        kind: spec.map(|spec| spec.kind.clone()).unwrap_or_default(),
        models: judge.map(|judge| judge.models().to_vec()).unwrap_or_default(),
        prompts: judge
            .map(|judge| judge.prompts().into_iter().map(str::to_owned).collect())
            .unwrap_or_default(),
        problem: scorer.judge.as_ref().err().map(|problem| problem.message.clone()),
        labels: standing.labels.count() as u32,
        needed: LABELS_NEEDED as u32,
        uncalibrated: standing.uncalibrated(),
    }
}

/// An output as a rater sees it.
pub(super) fn item(item: &Item, question: &str, subject: String) -> LabelItem {
    LabelItem {
        subject,
        question: question.to_owned(),
        input: input(item),
        expected: item.case.expected.as_ref().map(plain),
        contexts: item.case.contexts.clone(),
        baseline: item.baseline.clone(),
        output: item.output.clone(),
    }
}

fn input(item: &Item) -> String {
    let input = &item.case.input;
    match input.values().next() {
        Some(Value::String(only)) if input.len() == 1 => only.clone(),
        _ => {
            let lines = input.iter().map(|(name, value)| format!("{name}: {}", plain(value)));
            lines.collect::<Vec<_>>().join("\n")
        }
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

pub(super) fn judge(
    line: JudgeLine,
    items: &Items,
    calibration: &Calibration,
    older: u32,
    models: &[JudgeReport],
) -> JudgeView {
    let rate = calibration.rate.as_ref();
    JudgeView {
        line,
        signature: items.signature.clone().unwrap_or_default(),
        run: items.run.as_ref().map(ToString::to_string),
        undecided: calibration.undecided as u32,
        unseen: calibration.unseen as u32,
        older,
        people: calibration.people.as_ref().map(people),
        tuning: against(&calibration.tuning),
        held_out: against(&calibration.held_out),
        told: rate.map(|rate| mean(&rate.told)),
        corrected: rate.and_then(|rate| rate.corrected.as_ref()).map(mean),
        is_weak: calibration.is_calibrated && calibration.is_weak(),
        refused: Vec::new(),
        models: models.iter().map(model).collect(),
    }
}

fn people(people: &People) -> PeopleView {
    let alpha = people.alpha.map(|value| KappaView {
        name: "Krippendorff's alpha".to_owned(),
        value,
        interval: None,
    });
    PeopleView {
        raters: people.raters.clone(),
        outputs: people.outputs as u32,
        agreement: people.agreement,
        kappa: people.kappa.as_ref().map(kappa).or(alpha),
    }
}

fn kappa(kappa: &Kappa) -> KappaView {
    KappaView {
        name: "Cohen's kappa".to_owned(),
        value: kappa.kappa,
        interval: Some((kappa.interval.low.max(-1.0), kappa.interval.high.min(1.0))),
    }
}

fn against(against: &Against) -> AgainstView {
    AgainstView {
        outputs: against.outputs as u32,
        passes: against.passes.as_ref().map(mean),
        failures: against.failures.as_ref().map(mean),
        kappa: against.kappa.as_ref().map(kappa),
    }
}

fn mean(mean: &Mean) -> MeanView {
    MeanView { mean: mean.mean, low: mean.low, high: mean.high, n: mean.n as u32 }
}

fn model(report: &JudgeReport) -> JudgeModelView {
    JudgeModelView {
        model: report.model.clone(),
        asked: report.asked,
        failed: report.failed,
        pairs: report.pairs.as_ref().map(pairs),
    }
}

fn pairs(pairs: &PairReport) -> PairsView {
    PairsView {
        pairs: pairs.pairs,
        consistent: pairs.consistent.as_ref().map(mean),
        first: pairs.first.as_ref().map(mean),
        longer: pairs.longer.as_ref().map(mean),
        won: pairs.won.as_ref().map(mean),
        leanings: leanings(pairs),
    }
}

fn leanings(pairs: &PairReport) -> Vec<String> {
    let first = pairs.first.as_ref().is_some_and(|first| first.mean > 0.5);
    let position = if first { "prefers the first position" } else { "prefers the second position" };
    let found = [
        (pairs.prefers_a_position(), position),
        (pairs.prefers_length(), "prefers the longer answer"),
    ];
    found.into_iter().filter(|(is, _)| *is).map(|(_, words)| words.to_owned()).collect()
}
