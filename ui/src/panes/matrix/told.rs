//! What notices told of a run while its numbers were being read.
//!
//! Pure. A reply is a picture of the moment at which the application took it. Notices do not wait for it: what they told
//! since the question was asked, the end of the run above all, must not be taken back by a picture from before.

use assay_wire::{CellCounts, RunState, RunSummary};

/// What the last notice told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Told {
    /// The run's state.
    pub state: RunState,
    /// Its cells by outcome.
    pub counts: CellCounts,
}

/// Brings a reply up to what was told since it was asked for; whether the run has turned meanwhile, so that what comes
/// with its end, or went with it, is to be asked for again.
pub fn catch_up(summary: &mut RunSummary, told: Option<&Told>) -> bool {
    let Some(told) = told else { return false };
    let turned = summary.state != told.state;
    summary.state = told.state;
    summary.counts = told.counts;
    turned
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(done: u32) -> CellCounts {
        CellCounts { total: 120, done, ..CellCounts::default() }
    }

    fn reply(state: RunState, done: u32) -> RunSummary {
        RunSummary {
            run: "r".to_owned(),
            title: String::new(),
            created_ms: 0,
            wall_ms: None,
            state,
            reason: None,
            stop: None,
            counts: counts(done),
            budget: None,
            spent: 0.0,
            shard: None,
        }
    }

    #[test]
    fn a_reply_from_before_the_end_does_not_take_the_end_back() {
        let mut read = reply(RunState::Running, 103);
        let told = Told { state: RunState::Done, counts: counts(120) };
        assert!(catch_up(&mut read, Some(&told)), "its gates are to be read");
        assert_eq!((read.state, read.counts.done), (RunState::Done, 120));
    }

    #[test]
    fn a_run_that_goes_on_keeps_the_newest_counts_and_is_not_asked_for_again() {
        let mut read = reply(RunState::Running, 103);
        let told = Told { state: RunState::Running, counts: counts(110) };
        assert!(!catch_up(&mut read, Some(&told)));
        assert_eq!((read.state, read.counts.done), (RunState::Running, 110));
    }

    #[test]
    fn a_run_that_was_taken_up_again_goes_on() {
        let mut read = reply(RunState::Cancelled, 103);
        let told = Told { state: RunState::Running, counts: counts(104) };
        assert!(catch_up(&mut read, Some(&told)));
        assert_eq!(read.state, RunState::Running);
    }

    #[test]
    fn a_reply_that_nothing_overtook_stands() {
        let mut read = reply(RunState::Done, 120);
        assert!(!catch_up(&mut read, None));
        assert_eq!((read.state, read.counts.done), (RunState::Done, 120));
    }
}
