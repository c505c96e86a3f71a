//! Judges in words.

use assay_wire::{
    AgainstView, JudgeLine, JudgeModelView, JudgeView, KappaView, LabelTask, MeanView,
};

use crate::components::Tone;

/// The judge to show: the one that was, while it is there, else the first.
pub fn choose(judges: &[JudgeLine], kept: Option<&str>) -> Option<String> {
    let found = judges.iter().find(|judge| Some(judge.scorer.as_str()) == kept);
    found.or(judges.first()).map(|judge| judge.scorer.clone())
}

/// Whether it may be trusted, as far as its labels say.
pub fn standing(judge: &JudgeLine) -> (Tone, String) {
    match (&judge.problem, judge.is_calibrated()) {
        (Some(_), _) => (Tone::Danger, "judges nothing".to_owned()),
        (None, true) => (Tone::Ok, format!("calibrated, {} labels", judge.labels)),
        (None, false) if judge.labels >= judge.needed => {
            (Tone::Warn, format!("{} labels, not calibrated", judge.labels))
        }
        (None, false) => (Tone::Warn, format!("{} of {} labels", judge.labels, judge.needed)),
    }
}

/// What it is, and whom it asks.
pub fn asks_words(judge: &JudgeLine) -> String {
    match judge.models.is_empty() {
        true => judge.kind.clone(),
        false => format!("{} · {}", judge.kind, judge.models.join(", ")),
    }
}

/// Why its gates may not be believed yet, as a sentence.
pub fn uncalibrated(judge: &JudgeLine) -> String {
    let reason = judge.uncalibrated.clone().unwrap_or_default();
    let mut letters = reason.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}. Its gates say so.", letters.as_str())
}

/// How far a rater is.
pub fn task_words(task: &LabelTask) -> String {
    format!("{} of {} outputs labelled, {} needed", task.labelled, task.outputs, task.needed)
}

/// A share with its interval.
pub fn share(mean: Option<&MeanView>) -> String {
    match mean {
        Some(m) => format!(
            "{:.1} % [{:.1}, {:.1}] of {}",
            100.0 * m.mean,
            100.0 * m.low,
            100.0 * m.high,
            m.n
        ),
        None => "undefined".to_owned(),
    }
}

/// Agreement beyond chance.
pub fn kappa(kappa: Option<&KappaView>) -> String {
    match kappa {
        Some(KappaView { name, value, interval: Some((low, high)) }) => {
            format!("{name} {value:.2} [{low:.2}, {high:.2}]")
        }
        Some(KappaView { name, value, interval: None }) => format!("{name} {value:.2}"),
        None => "undefined: everyone used one label".to_owned(),
    }
}

/// What people say of each other's labels; the first thing to read.
pub fn people(view: &JudgeView) -> String {
    match &view.people {
        None => "No output has two labels yet. Let a second person label some: a judge cannot agree with people better than they do.".to_owned(),
        Some(people) => {
            let agreement = people.agreement.map_or_else(|| "undefined".to_owned(), |share| format!("{:.1} %", 100.0 * share));
            format!("{} on {} outputs: equal on {agreement}", people.raters.join(", "), people.outputs)
        }
    }
}

/// A half of the labels, in lines of a table.
pub fn half(against: &AgainstView) -> [(&'static str, String); 3] {
    [
        ("of people's passes, passed (TPR)", share(against.passes.as_ref())),
        ("of people's failures, failed (TNR)", share(against.failures.as_ref())),
        ("beyond chance", kappa(against.kappa.as_ref())),
    ]
}

/// What keeps the labels from saying more.
pub fn gaps(view: &JudgeView) -> Vec<String> {
    let some = |n: u32, words: &str| (n > 0).then(|| format!("{n} {words}"));
    [
        some(
            view.unseen,
            "labelled outputs have no verdict of the judge as it is now: run the prompt again",
        ),
        some(view.undecided, "outputs have as many labels for as against"),
        some(view.older, "outputs were labelled for another wording of the rubric"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// One model of the judge.
pub fn model_words(model: &JudgeModelView) -> String {
    let mut words = format!("{} asked, {} judge errors", model.asked, model.failed);
    if let Some(pairs) = &model.pairs {
        words += &format!(
            " · both orders agree {} · first preferred {} · longer wins {}",
            share(pairs.consistent.as_ref()),
            share(pairs.first.as_ref()),
            share(pairs.longer.as_ref())
        );
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(scorer: &str, labels: u32) -> JudgeLine {
        JudgeLine {
            scorer: scorer.to_owned(),
            kind: "llm-rubric".to_owned(),
            models: vec!["p/m".to_owned()],
            prompts: Vec::new(),
            problem: None,
            labels,
            needed: 50,
            uncalibrated: (labels < 50).then(|| format!("judge not calibrated ({labels} of 50)")),
        }
    }

    #[test]
    fn the_judge_that_was_shown_stays_while_it_is_there() {
        let judges = [judge("a", 0), judge("b", 0)];
        assert_eq!(choose(&judges, Some("b")).as_deref(), Some("b"));
        assert_eq!(choose(&judges, Some("gone")).as_deref(), Some("a"));
        assert_eq!(choose(&[], Some("a")), None);
    }

    #[test]
    fn a_judge_is_calibrated_from_its_fiftieth_label_on() {
        assert_eq!(standing(&judge("a", 49)), (Tone::Warn, "49 of 50 labels".to_owned()));
        assert_eq!(standing(&judge("a", 50)).0, Tone::Ok);
        let swapped = JudgeLine {
            uncalibrated: Some("judge not calibrated: its model is another".to_owned()),
            ..judge("a", 90)
        };
        let words = "90 labels, not calibrated".to_owned();
        assert_eq!(standing(&swapped), (Tone::Warn, words), "labels alone are no calibration");
        let broken = JudgeLine { problem: Some("names no model".to_owned()), ..judge("a", 90) };
        assert_eq!(standing(&broken).0, Tone::Danger);
    }

    #[test]
    fn why_a_judge_is_not_calibrated_is_said_in_a_sentence() {
        let words = uncalibrated(&judge("a", 12));
        assert_eq!(words, "Judge not calibrated (12 of 50). Its gates say so.");
    }

    #[test]
    fn what_is_undefined_says_so() {
        assert_eq!(share(None), "undefined");
        let mean = MeanView { mean: 0.5, low: 0.25, high: 0.75, n: 8 };
        assert_eq!(share(Some(&mean)), "50.0 % [25.0, 75.0] of 8");
        assert!(kappa(None).starts_with("undefined"));
    }
}
