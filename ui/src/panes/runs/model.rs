//! What the list of runs says: states, counts and times in words.

use assay_wire::{CellCounts, EvidenceView, RunState, RunSummary};

use crate::{
    components::{Mark, Tone},
    money,
    panes::toolbar::grouped,
};

/// How a run's state looks. The word says it alone; mark and tone only say it faster.
pub fn state_look(state: RunState) -> (Mark, Tone, &'static str) {
    match state {
        RunState::Running => (Mark::Play, Tone::Accent, "Running"),
        RunState::Done => (Mark::Check, Tone::Ok, "Done"),
        RunState::Cancelled => (Mark::Stop, Tone::Plain, "Stopped"),
        RunState::Paused => (Mark::Pause, Tone::Warn, "Paused"),
        RunState::Spent => (Mark::Pause, Tone::Warn, "Budget spent"),
        RunState::Failed => (Mark::Error, Tone::Danger, "Failed"),
        RunState::Interrupted => (Mark::Warning, Tone::Warn, "Interrupted"),
    }
}

/// A run's state as tests and stylesheets know it.
pub fn state_id(state: RunState) -> &'static str {
    match state {
        RunState::Running => "running",
        RunState::Done => "done",
        RunState::Cancelled => "cancelled",
        RunState::Paused => "paused",
        RunState::Spent => "spent",
        RunState::Failed => "failed",
        RunState::Interrupted => "interrupted",
    }
}

/// Cells with an outcome, in thousandths of all.
pub fn share(counts: &CellCounts) -> u32 {
    let ended = u64::from(counts.done) + u64::from(counts.failed);
    (ended * 1000).checked_div(own_cells(counts)).unwrap_or(0) as u32
}

/// Cells that the run answers itself: not those of another shard.
fn own_cells(counts: &CellCounts) -> u64 {
    counts.total.saturating_sub(counts.skipped).into()
}

/// How far a run is: `812 of 1,200 cells`, and `1,200 cells` once all have an outcome.
pub fn count_words(counts: &CellCounts) -> String {
    let ended = u64::from(counts.done) + u64::from(counts.failed);
    let total = own_cells(counts);
    if counts.judge_calls_done < counts.judge_calls {
        let (done, calls) = (counts.judge_calls_done.into(), counts.judge_calls.into());
        return format!("{} cells · judging {}/{}", grouped(ended), grouped(done), grouped(calls));
    }
    match (ended == total, total) {
        (true, 1) => "1 cell".to_owned(),
        (true, _) => format!("{} cells", grouped(total)),
        (false, _) => format!("{} of {} cells", grouped(ended), grouped(total)),
    }
}

/// A length of time: `0.8 s`, `42 s`, `3 min 05 s`, `1 h 02 min`.
pub fn duration_words(ms: i64) -> String {
    let ms = ms.max(0);
    let (seconds, minutes, hours) = (ms / 1000, ms / 60_000, ms / 3_600_000);
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..10_000 => format!("{}.{} s", seconds, ms % 1000 / 100),
        10_000..60_000 => format!("{seconds} s"),
        60_000..3_600_000 => format!("{minutes} min {:02} s", seconds % 60),
        _ => format!("{hours} h {:02} min", minutes % 60),
    }
}

/// How long something has been going, in whole seconds, so that it does not flicker.
pub fn going_words(ms: i64) -> String {
    match ms.max(0) / 1000 {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds => duration_words(seconds * 1000),
    }
}

/// How long ago something was, as people say it; a clock that was set back says "just now".
pub fn ago(now_ms: i64, then_ms: i64) -> String {
    const DAY: i64 = 24 * 60;
    let minutes = (now_ms - then_ms).max(0) / 60_000;
    match minutes {
        0 => "just now".to_owned(),
        1..60 => format!("{minutes} min ago"),
        60..DAY => format!("{} h ago", minutes / 60),
        _ if minutes < 2 * DAY => "yesterday".to_owned(),
        _ => format!("{} days ago", minutes / DAY),
    }
}

/// What a run has cost and may cost; `None` for one that cost nothing and was given no budget.
pub fn cost_words(run: &RunSummary) -> Option<String> {
    let spent = money::dollars(run.spent);
    match run.budget {
        Some(budget) => Some(format!("{spent} of {}", money::dollars(budget))),
        None => (run.spent > 0.0).then_some(spent),
    }
}

/// Which part of a matrix a run answers: `shard 2 of 8`.
pub fn shard_words(run: &RunSummary) -> Option<String> {
    run.shard.map(|(index, of)| format!("shard {index} of {of}"))
}

/// What a signed run measured first, with its interval: `category 87.5 % [75.0, 100.0]`; a metric beyond shares as it is.
pub fn rate_words(evidence: &EvidenceView) -> String {
    let Some(first) = evidence.metrics.first() else { return "nothing measured".to_owned() };
    let [mean, low, high] = [first.mean, first.low, first.high];
    let more = match evidence.metrics.len() - 1 {
        0 => String::new(),
        more => format!(", {more} more"),
    };
    if (0.0..=1.0).contains(&low) && high <= 1.0 {
        let [mean, low, high] = [mean, low, high].map(|share| share * 100.0);
        return format!("{} {mean:.1} % [{low:.1}, {high:.1}]{more}", first.name);
    }
    format!("{} {mean:.2} [{low:.2}, {high:.2}]{more}", first.name)
}

/// How many cells a signed run had, and on which models.
pub fn asked_words(evidence: &EvidenceView) -> String {
    let failed = match evidence.failed {
        0 => String::new(),
        failed => format!(", {} failed", grouped(failed)),
    };
    format!("{} cells{failed} on {}", grouped(evidence.cells), evidence.models.join(", "))
}

/// Takes over what a notice said of a run; `false` when the list has to be read again, because the run is not in it or
/// came into another state.
pub fn take_over(runs: &mut [RunSummary], run: &str, state: RunState, counts: CellCounts) -> bool {
    let Some(known) = runs.iter_mut().find(|known| known.run == run) else { return false };
    let same = known.state == state;
    known.counts = counts;
    known.state = state;
    same
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(run: &str) -> RunSummary {
        RunSummary {
            run: run.into(),
            title: "support-triage".into(),
            created_ms: 0,
            wall_ms: None,
            state: RunState::Running,
            reason: None,
            stop: None,
            counts: CellCounts::default(),
            budget: None,
            spent: 0.0,
            shard: None,
        }
    }

    #[test]
    fn lengths_of_time_are_short_and_read_aloud() {
        let said = [640, 4_250, 42_000, 185_000, 3_725_000].map(duration_words);
        assert_eq!(said, ["640 ms", "4.2 s", "42 s", "3 min 05 s", "1 h 02 min"]);
    }

    #[test]
    fn what_goes_on_is_told_in_whole_seconds() {
        assert_eq!([0, 4_250, 185_900].map(going_words), ["0 s", "4 s", "3 min 05 s"]);
    }

    #[test]
    fn moments_are_told_from_now() {
        let minute = 60_000;
        let said = [0, 5 * minute, 200 * minute, 26 * 60 * minute, 80 * 60 * minute]
            .map(|back| ago(100 * 60 * minute, 100 * 60 * minute - back));
        assert_eq!(said, ["just now", "5 min ago", "3 h ago", "yesterday", "3 days ago"]);
        assert_eq!(ago(0, 90_000), "just now", "the clock was set back");
    }

    #[test]
    fn a_run_that_ended_counts_its_cells_once() {
        let counts = CellCounts { total: 1200, done: 1100, failed: 100, ..CellCounts::default() };
        assert_eq!(count_words(&counts), "1,200 cells");
        assert_eq!(count_words(&CellCounts { done: 712, ..counts }), "812 of 1,200 cells");
        let judged = CellCounts { judge_calls: 300, judge_calls_done: 120, ..counts };
        assert_eq!(count_words(&judged), "1,200 cells · judging 120/300");
        assert_eq!(share(&counts), 1000);
        assert_eq!(share(&CellCounts::default()), 0, "a run without cells is no division by zero");
    }

    #[test]
    fn cells_of_another_shard_are_not_waited_for() {
        let counts = CellCounts { total: 100, done: 25, skipped: 75, ..CellCounts::default() };
        assert_eq!((share(&counts), count_words(&counts).as_str()), (1000, "25 cells"));
    }

    #[test]
    fn money_is_named_where_there_is_any() {
        assert_eq!(cost_words(&summary("a")), None);
        let paid = RunSummary { spent: 0.31, ..summary("a") };
        assert_eq!(cost_words(&paid).as_deref(), Some("$0.31"));
        let bounded = RunSummary { budget: Some(1.0), ..paid };
        assert_eq!(cost_words(&bounded).as_deref(), Some("$0.31 of $1.00"));
    }

    #[test]
    fn a_signed_run_tells_its_first_number_and_how_much_stands_behind_it() {
        let metric = |name: &str, mean: f64, low: f64, high: f64| assay_wire::MeasuredView {
            name: name.into(),
            model: "local/tiny".into(),
            n: 40,
            mean,
            low,
            high,
        };
        let mut evidence = EvidenceView {
            statement: String::new(),
            run: String::new(),
            person: "ada@example.com".into(),
            time_s: 0,
            tool: "assay 0.1.0".into(),
            models: vec!["local/tiny".into()],
            cells: 1_240,
            failed: 2,
            metrics: Vec::new(),
            gates: Vec::new(),
            cost: None,
            outputs: String::new(),
            counts: false,
        };
        assert_eq!(rate_words(&evidence), "nothing measured");
        assert_eq!(asked_words(&evidence), "1,240 cells, 2 failed on local/tiny");
        evidence.metrics =
            vec![metric("category", 0.875, 0.75, 1.0), metric("words", 12.0, 9.5, 14.5)];
        assert_eq!(rate_words(&evidence), "category 87.5 % [75.0, 100.0], 1 more");
        evidence.metrics.remove(0);
        assert_eq!(rate_words(&evidence), "words 12.00 [9.50, 14.50]");
    }

    #[test]
    fn a_notice_of_a_known_run_needs_no_new_list() {
        let mut runs = vec![summary("a"), summary("b")];
        let counts = CellCounts { total: 4, done: 2, ..CellCounts::default() };
        assert!(take_over(&mut runs, "b", RunState::Running, counts));
        assert_eq!(runs[1].counts, counts);
    }

    #[test]
    fn a_new_run_or_another_state_asks_for_the_list_again() {
        let mut runs = vec![summary("a")];
        assert!(!take_over(&mut runs, "new", RunState::Running, CellCounts::default()));
        assert!(!take_over(&mut runs, "a", RunState::Done, CellCounts::default()));
        assert_eq!(runs[0].state, RunState::Done, "and shows it meanwhile");
    }
}
