//! How a run stands: whether its gates hold, why it stopped, and what can be done about that.

use assay_wire::{GateView, RunState, RunSummary};

use crate::money;

/// The gates in a few words, and whether all hold; `None` without gates.
pub fn gate_words(gates: &[GateView]) -> Option<(bool, String)> {
    let failed = gates.iter().filter(|gate| !gate.ok).count();
    let words = match (gates.len(), failed) {
        (0, _) => return None,
        (1, 0) => "The gate holds".to_owned(),
        (n, 0) => format!("All {n} gates hold"),
        (1, _) => "The gate fails".to_owned(),
        (n, 1) => format!("1 of {n} gates fails"),
        (n, f) => format!("{f} of {n} gates fail"),
    };
    Some((failed == 0, words))
}

/// What can be asked of a run that is not going on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Offers {
    /// Cells without an outcome can be sent, and judges asked that have not been.
    pub resume: bool,
    /// Cells that failed can be sent again.
    pub retry: bool,
}

/// What can be asked of a run in that state, with `waiting` cells without an outcome and `failed` ones. One that stopped
/// although every cell has its outcome stopped while it was judged.
pub fn offers(state: RunState, waiting: u32, failed: u32) -> Offers {
    let ended = state != RunState::Running;
    let unfinished = waiting > 0 || state != RunState::Done;
    Offers { resume: ended && unfinished, retry: ended && failed > 0 }
}

/// Why a run stopped before its end, for people; `None` for one that did not.
pub fn why_stopped(state: RunState, reason: Option<&str>, waiting: u32) -> Option<String> {
    let left = left_words(waiting);
    match state {
        RunState::Running | RunState::Done => None,
        RunState::Cancelled => Some(format!("You stopped this run; {left}.")),
        RunState::Interrupted => Some(format!("Assay ended while this run was going on; {left}.")),
        // The reason says by itself that it was the judges.
        RunState::Paused | RunState::Spent | RunState::Failed if waiting == 0 => {
            Some(reason.unwrap_or("The run failed.").to_owned())
        }
        RunState::Paused | RunState::Spent | RunState::Failed => {
            Some(format!("{} {left}.", sentence(reason.unwrap_or("The run failed"))))
        }
    }
}

/// What is left of a run that stopped, with `waiting` cells without an outcome.
fn left_words(waiting: u32) -> String {
    match waiting {
        0 => "its judges have not said everything yet".to_owned(),
        1 => "1 cell has no answer yet".to_owned(),
        n => format!("{n} cells have no answer yet"),
    }
}

fn sentence(text: &str) -> String {
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text};") }
}

/// Whether a run stopped because its budget was spent.
pub fn is_budget_spent(summary: &RunSummary) -> bool {
    summary.state == RunState::Spent
}

/// What a spent budget came to. A call is not sent when what is left may not cover the most it may cost, so a budget
/// may be at its end with nothing spent.
pub fn budget_words(summary: &RunSummary, waiting: u32) -> String {
    format!(
        "The budget of {} does not cover another call: {} spent so far, {}.",
        money::dollars(summary.budget.unwrap_or_default()),
        money::dollars(summary.spent),
        left_words(waiting),
    )
}

/// A budget to go on with: twice the one that was spent, in cents that can be typed.
pub fn next_budget(summary: &RunSummary) -> String {
    let twice = summary.budget.unwrap_or_default().max(summary.spent) * 2.0;
    money::price_words(twice)
}

/// What to do about a paused lane, by the kind of its failure.
pub fn lane_hint(kind: &str) -> &'static str {
    match kind {
        "unauthorized" => "Set another key in Settings, then retry.",
        "quota_exhausted" => "Raise the limit or the credit at the provider, then retry.",
        "not_found" => "Check the model's name and the provider's address, then retry.",
        "unreachable" | "reset" | "timed_out" => "Check that the provider is running, then retry.",
        "redirected" => "Use the address that it points to, if you trust it, then retry.",
        _ => "Retry once the reason is gone; the other models go on.",
    }
}

#[cfg(test)]
mod tests {
    use assay_wire::StopKind;

    use super::*;
    use crate::panes::matrix::model::sample::run;

    #[test]
    fn gates_are_summed_up_in_a_sentence() {
        let gate = |ok| GateView {
            column: 0,
            tags: Vec::new(),
            subject: "s".into(),
            ok,
            value: None,
            limit: String::new(),
            reason: String::new(),
        };
        assert_eq!(gate_words(&[]), None);
        assert_eq!(gate_words(&[gate(true)]), Some((true, "The gate holds".to_owned())));
        let mixed = [gate(true), gate(false), gate(true)];
        assert_eq!(gate_words(&mixed), Some((false, "1 of 3 gates fails".to_owned())));
    }

    #[test]
    fn a_run_that_goes_on_offers_neither_resume_nor_retry() {
        assert_eq!(offers(RunState::Running, 5, 2), Offers::default());
        assert_eq!(offers(RunState::Cancelled, 5, 0), Offers { resume: true, retry: false });
        assert_eq!(offers(RunState::Paused, 5, 0), Offers { resume: true, retry: false });
        assert_eq!(offers(RunState::Done, 0, 2), Offers { resume: false, retry: true });
        assert_eq!(offers(RunState::Done, 0, 0), Offers::default());
        let judges_left = Offers { resume: true, retry: false };
        assert_eq!(offers(RunState::Cancelled, 0, 0), judges_left, "it was stopped while judged");
    }

    #[test]
    fn a_run_that_stopped_says_why_and_what_is_left() {
        assert_eq!(
            why_stopped(RunState::Cancelled, None, 3).as_deref(),
            Some("You stopped this run; 3 cells have no answer yet.")
        );
        assert_eq!(
            why_stopped(RunState::Failed, Some("the disk is full"), 1).as_deref(),
            Some("the disk is full; 1 cell has no answer yet.")
        );
        assert_eq!(
            why_stopped(RunState::Paused, Some("The key was refused."), 2).as_deref(),
            Some("The key was refused. 2 cells have no answer yet.")
        );
        assert_eq!(
            why_stopped(RunState::Cancelled, None, 0).as_deref(),
            Some("You stopped this run; its judges have not said everything yet.")
        );
        assert_eq!(why_stopped(RunState::Done, None, 0), None);
    }

    #[test]
    fn a_spent_budget_is_no_failure_like_others() {
        let spent = RunSummary {
            state: RunState::Spent,
            reason: Some("nothing is left".into()),
            stop: Some(StopKind::Budget),
            budget: Some(0.5),
            spent: 0.49,
            ..run().summary
        };
        assert!(is_budget_spent(&spent));
        assert_eq!(next_budget(&spent), "1.00");
        assert_eq!(
            budget_words(&RunSummary { spent: 0.0, ..spent.clone() }, 1),
            "The budget of $0.50 does not cover another call: $0 spent so far, 1 cell has no answer yet."
        );
        assert!(budget_words(&spent, 0).contains("judges"));
        let other = RunSummary {
            state: RunState::Failed,
            reason: Some("the disk is full, whatever the budget".into()),
            stop: Some(StopKind::Other),
            ..spent.clone()
        };
        assert!(!is_budget_spent(&other), "words do not decide it");
        assert!(!is_budget_spent(&RunSummary { state: RunState::Running, ..spent }));
    }
}
