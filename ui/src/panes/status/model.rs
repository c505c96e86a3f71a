//! What the bar says.

use assay_wire::{CellCounts, ModelsView, RunState, WorkspaceView};

use crate::state::{Progress, SaveState};

/// How much of a run has an outcome, in percent.
pub fn share(counts: &CellCounts) -> u32 {
    let ended = u64::from(counts.done) + u64::from(counts.failed);
    let own = counts.total.saturating_sub(counts.skipped);
    (ended * 100).checked_div(own.into()).unwrap_or(0) as u32
}

/// How far a run is.
pub fn run_words(progress: &Progress) -> String {
    let CellCounts { total, done, failed, cached, skipped, judge_calls, judge_calls_done, .. } =
        progress.counts;
    if progress.state == RunState::Running && judge_calls > 0 {
        return format!("Run judging {judge_calls_done}/{judge_calls}");
    }
    let total = total.saturating_sub(skipped);
    let state = match progress.state {
        RunState::Running => "running",
        RunState::Done => "done",
        RunState::Cancelled => "stopped",
        RunState::Paused => "paused",
        RunState::Spent => "out of budget",
        RunState::Failed => "failed",
        RunState::Interrupted => "interrupted",
    };
    let mut words = format!("Run {state} {}/{total}", done + failed);
    if failed > 0 {
        words += &format!(" · {failed} failed");
    }
    if cached > 0 {
        words += &format!(" · {cached} from cache");
    }
    words
}

/// The state of several files in a word: that of the one furthest from the disk.
pub fn save_words(states: &[SaveState]) -> &'static str {
    let any = |test: fn(&SaveState) -> bool| states.iter().any(test);
    if any(|s| matches!(s, SaveState::Failed(_))) {
        "Not saved"
    } else if any(|s| matches!(s, SaveState::Conflict { .. })) {
        "Conflict"
    } else if any(|s| matches!(s, SaveState::Saving)) {
        "Saving"
    } else if any(|s| matches!(s, SaveState::Unsaved)) {
        "Unsaved"
    } else {
        "Saved"
    }
}

/// The branch and what changed on it.
pub fn change_words(workspace: &WorkspaceView) -> String {
    let branch = workspace.branch.as_deref().unwrap_or("no branch");
    match workspace.changed_files {
        0 => branch.to_owned(),
        1 => format!("{branch} · 1 file changed"),
        n => format!("{branch} · {n} files changed"),
    }
}

/// What prompts can run on.
pub fn model_words(models: &ModelsView) -> String {
    let local =
        if models.local.installed { "Local model ready" } else { "Local model not installed" };
    match models.providers.len() {
        0 => local.to_owned(),
        1 => format!("{local} · 1 provider"),
        n => format!("{local} · {n} providers"),
    }
}

/// Whether anything but this machine may be contacted.
pub fn network_words(loopback_only: bool) -> &'static str {
    if loopback_only { "Only this machine" } else { "Network allowed" }
}

/// The same in full.
pub fn network_hint(loopback_only: bool) -> &'static str {
    if loopback_only {
        "Nothing but this machine is contacted"
    } else {
        "Providers are contacted when you run on them or test them"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_in_trouble_speaks_for_all() {
        let conflict = SaveState::Conflict { theirs: String::new(), digest: String::new() };
        assert_eq!(save_words(&[SaveState::Saved, conflict, SaveState::Saving]), "Conflict");
        assert_eq!(save_words(&[SaveState::Saved, SaveState::Unsaved]), "Unsaved");
        assert_eq!(save_words(&[SaveState::Saved]), "Saved");
    }

    #[test]
    fn a_run_without_cells_is_not_a_division_by_zero() {
        assert_eq!(share(&CellCounts::default()), 0);
    }

    #[test]
    fn a_run_whose_answers_are_there_says_how_far_its_judges_are() {
        let counts = CellCounts {
            total: 6,
            done: 6,
            judge_calls: 300,
            judge_calls_done: 120,
            ..CellCounts::default()
        };
        let progress = Progress { run: "r".into(), state: RunState::Running, counts };
        assert_eq!(run_words(&progress), "Run judging 120/300");
        assert_eq!(run_words(&Progress { state: RunState::Done, ..progress }), "Run done 6/6");
    }

    #[test]
    fn failures_count_as_ended_and_are_named() {
        let counts = CellCounts {
            total: 10,
            done: 4,
            failed: 1,
            cached: 2,
            running: 3,
            ..CellCounts::default()
        };
        let progress = Progress { run: "r".into(), state: RunState::Running, counts };
        assert_eq!(share(&counts), 50);
        assert_eq!(run_words(&progress), "Run running 5/10 · 1 failed · 2 from cache");
    }
}
