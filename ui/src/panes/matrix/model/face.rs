//! What a cell shows of itself: its state, and what its scorers say.

use assay_wire::{CellState, ScoreLine};

use crate::components::{Mark, Tone};

/// How a cell's state looks. The word says it alone; mark and tone only say it faster.
pub fn cell_look(state: CellState) -> (Mark, Tone, &'static str) {
    match state {
        CellState::Queued => (Mark::Clock, Tone::Plain, "Queued"),
        CellState::Running => (Mark::Dots, Tone::Accent, "Running"),
        CellState::Done => (Mark::Check, Tone::Plain, "Done"),
        CellState::Failed => (Mark::Error, Tone::Danger, "Failed"),
        CellState::Cancelled => (Mark::Stop, Tone::Plain, "Not answered"),
        CellState::Skipped => (Mark::Dots, Tone::Plain, "Another shard's"),
    }
}

/// What stands where a cell has no output: whether one is to come.
pub fn no_output(state: CellState) -> &'static str {
    match state {
        CellState::Queued | CellState::Running => "Nothing yet.",
        CellState::Done => "The model answered with no text.",
        CellState::Failed => "There is no output.",
        CellState::Cancelled => {
            "It was not asked: the run stopped before. Resume the run to have it answered."
        }
        CellState::Skipped => "Another part of the run answers it.",
    }
}

/// A cell's state as tests and stylesheets know it.
pub fn cell_state_id(state: CellState) -> &'static str {
    match state {
        CellState::Queued => "queued",
        CellState::Running => "running",
        CellState::Done => "done",
        CellState::Failed => "failed",
        CellState::Cancelled => "cancelled",
        CellState::Skipped => "skipped",
    }
}

/// A cell's scores in one chip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScoreChip {
    /// Its shape.
    pub mark: Mark,
    /// Its colour.
    pub tone: Tone,
    /// `4/6 pass`, and how many could not be judged; the value of a measure that asks for nothing.
    pub words: String,
    /// Every scorer's verdict, a line each.
    pub hint: String,
}

/// A cell's scores in one chip; `None` when there are none. One that could not be judged keeps the others from looking
/// as if all were well.
pub fn score_chip(scorers: &[String], scores: &[Option<ScoreLine>]) -> Option<ScoreChip> {
    let judged: Vec<bool> = scores.iter().flatten().filter_map(|score| score.pass).collect();
    let passed = judged.iter().filter(|pass| **pass).count();
    let measured: Vec<f32> = scores.iter().flatten().filter_map(|score| score.value).collect();
    let is_unjudged = |score: &&ScoreLine| score.pass.is_none() && score.value.is_none();
    let unjudged = scores.iter().flatten().filter(is_unjudged).count();
    let (mark, tone) = match (passed, judged.len()) {
        (_, 0) if measured.is_empty() => (Mark::Warning, Tone::Warn),
        (_, 0) => (Mark::Gauge, Tone::Plain),
        (p, n) if p == n && unjudged == 0 => (Mark::Check, Tone::Ok),
        (0, _) => (Mark::Cross, Tone::Danger),
        _ => (Mark::Warning, Tone::Warn),
    };
    let words = match (judged.len(), measured.as_slice(), unjudged) {
        (0, [], _) => "not judged".to_owned(),
        (0, [only], _) => verdict(None, Some(f64::from(*only))),
        (0, all, _) => format!("{} measures", all.len()),
        (n, _, 0) => format!("{passed}/{n} pass"),
        (n, _, open) => format!("{passed}/{n} pass, {open} unjudged"),
    };
    let hint = verdicts(scorers, scores);
    (!hint.is_empty()).then_some(ScoreChip { mark, tone, words, hint })
}

fn verdicts(scorers: &[String], scores: &[Option<ScoreLine>]) -> String {
    let lines = scorers.iter().zip(scores).filter_map(|(scorer, score)| {
        let score = score.as_ref()?;
        Some(format!("{scorer}: {}", verdict(score.pass, score.value.map(f64::from))))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A verdict in words: `pass`, `fail`, with the value where it is more than the verdict.
pub fn verdict(pass: Option<bool>, value: Option<f64>) -> String {
    let word = match (pass, value) {
        (Some(true), _) => "pass",
        (Some(false), _) => "fail",
        // A metric without a limit measures and asks for nothing.
        (None, Some(value)) => return format!("{value:.2}"),
        (None, None) => return "not judged".to_owned(),
    };
    match value {
        Some(value) if value != 0.0 && value != 1.0 => format!("{word}, {value:.2}"),
        _ => word.to_owned(),
    }
}

/// How a verdict looks beside its words.
pub fn verdict_look(pass: Option<bool>) -> (Mark, Tone) {
    match pass {
        Some(true) => (Mark::Check, Tone::Ok),
        Some(false) => (Mark::Cross, Tone::Danger),
        None => (Mark::Info, Tone::Plain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panes::matrix::model::sample::line;

    #[test]
    fn a_chip_counts_passes_and_what_was_not_judged_apart() {
        let scorers = ["a".to_owned(), "b".to_owned(), "c".to_owned()];
        let mut scores = line(CellState::Done, &[true, false]).scores;
        scores.push(Some(ScoreLine { value: None, pass: None }));
        let chip = score_chip(&scorers, &scores).expect("has scores");
        assert_eq!(
            (chip.words.as_str(), chip.tone, chip.mark),
            ("1/2 pass, 1 unjudged", Tone::Warn, Mark::Warning)
        );
        assert_eq!(chip.hint, "a: pass\nb: fail\nc: not judged");
        scores.remove(1);
        let chip = score_chip(&scorers, &scores).expect("has scores");
        assert_eq!(chip.tone, Tone::Warn, "a judge error beside a pass is no pass");
        assert_eq!(chip.words, "1/1 pass, 1 unjudged");
    }

    #[test]
    fn a_chip_differs_in_shape_too_not_only_in_colour() {
        let scorers = ["a".to_owned()];
        let chip = |passes: &[bool]| score_chip(&scorers, &line(CellState::Done, passes).scores);
        assert_eq!(chip(&[true]).map(|c| c.mark), Some(Mark::Check));
        assert_eq!(chip(&[false]).map(|c| c.mark), Some(Mark::Cross));
        assert_eq!(chip(&[]), None);
    }

    #[test]
    fn the_chip_of_a_measure_is_its_value() {
        let measure = |value| Some(ScoreLine { value, pass: None });
        let scorers = ["a".to_owned(), "b".to_owned()];
        let words = |scores: &[Option<ScoreLine>]| score_chip(&scorers, scores).map(|c| c.words);
        assert_eq!(words(&[measure(Some(34.216))]).as_deref(), Some("34.22"));
        let both = [measure(Some(1.0)), measure(Some(0.5))];
        assert_eq!(words(&both).as_deref(), Some("2 measures"));
        assert_eq!(words(&[measure(None)]).as_deref(), Some("not judged"));
    }

    #[test]
    fn a_value_between_zero_and_one_is_named_with_its_verdict() {
        assert_eq!(verdict(Some(true), Some(0.75)), "pass, 0.75");
        assert_eq!(verdict(None, Some(34.216)), "34.22");
        assert_eq!(verdict(Some(false), Some(0.0)), "fail");
        assert_eq!(verdict(None, None), "not judged");
    }

    #[test]
    fn a_cell_without_output_says_whether_one_is_to_come() {
        let waits = |state| no_output(state) == "Nothing yet.";
        assert!(waits(CellState::Queued) && waits(CellState::Running));
        assert!(
            ![CellState::Done, CellState::Cancelled, CellState::Skipped].map(waits).contains(&true)
        );
        assert!(no_output(CellState::Cancelled).contains("Resume"));
    }
}
