//! What a model's replies say of the model itself, and so of a cell that it refused.
//!
//! One refusal has two readings: this cell is at fault, or every other would be refused as well. The calls around it
//! tell which. Pure, as [`Pace`](super::Pace) is.

use std::collections::HashMap;

/// Requests that a server may refuse as they stand before it has answered any.
const MOST_REJECTED: u32 = 5;

/// Calls in a row that may fail on the server's side: all the tries of five cells.
const MOST_UNANSWERED: u32 = 20;

/// Refusals that say that a key is not good for a call, before they are taken for the cell's own, whatever the others
/// say meanwhile.
const MOST_SHUT_OUT: u32 = 3;

/// Failures of the server that one cell may meet in all, before it is taken to be what the server fails of. Without
/// that, a run whose last few cells break their server could never end.
const MOST_FAILED: u32 = 12;

/// How a model has answered so far.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    answers: u64,
    rejected: u32,
    /// Failures of the server since it answered last.
    unanswered: u32,
    /// Of each cell, how often the server failed.
    failed: HashMap<u32, u32>,
    /// Cells that were refused as if the key were at fault.
    shut_out: HashMap<u32, ShutOut>,
}

/// Refusals of one cell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ShutOut {
    pub times: u32,
    /// How many calls had been answered when it was refused first.
    pub answers: u64,
}

impl Standing {
    /// What is known of a model from before a run was taken up. Of `answers` it is enough to know none, some or more.
    pub fn recalled(
        answers: u64,
        failed: HashMap<u32, u32>,
        shut_out: HashMap<u32, ShutOut>,
    ) -> Standing {
        Standing { answers, failed, shut_out, ..Standing::default() }
    }

    /// A call was answered.
    pub fn answered(&mut self) {
        self.answers += 1;
        self.unanswered = 0;
    }

    /// The server refused a request as it stands. Says whether all others would be refused too: nothing else has ever
    /// come.
    pub fn rejected(&mut self) -> bool {
        self.rejected += 1;
        self.answers == 0 && self.rejected >= MOST_REJECTED
    }

    /// This cell's call failed on the server's side. Says whether all others would fail too: nothing else has come for
    /// long.
    pub fn unanswered(&mut self, cell: u32) -> bool {
        self.unanswered += 1;
        let failed = self.failed.entry(cell).or_default();
        *failed += 1;
        self.unanswered >= MOST_UNANSWERED && *failed < MOST_FAILED
    }

    /// The server said that the key is not good for this cell's call. Says whether that is the cell's own doing, as it
    /// is where a filter refuses what the cell says: other cells were answered since it was refused first.
    pub fn shut_out(&mut self, cell: u32) -> bool {
        let answers = self.answers;
        let known = self.shut_out.entry(cell).or_insert(ShutOut { times: 0, answers });
        known.times += 1;
        answers > known.answers || (answers > 0 && known.times >= MOST_SHUT_OUT)
    }

    /// Somebody has the lane go on: the server gets a new chance.
    pub fn resumed(&mut self) {
        self.rejected = 0;
        self.unanswered = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_at_fault_once_any_other_was_answered_and_the_model_when_none_was() {
        let mut silent = Standing::default();
        assert!((0..4).all(|_| !silent.rejected()));
        assert!(silent.rejected());
        silent.resumed();
        assert!(!silent.rejected(), "it gets a new chance");
        let mut sound = Standing::default();
        sound.answered();
        assert!((0..100).all(|_| !sound.rejected()));
    }

    #[test]
    fn a_server_that_fails_is_down_when_nothing_is_answered_in_between() {
        let mut standing = Standing::default();
        for _ in 0..50 {
            assert!((0..19).all(|cell| !standing.unanswered(cell)));
            standing.answered();
        }
        assert!((100..119).all(|cell| !standing.unanswered(cell)));
        assert!(standing.unanswered(119));
        standing.resumed();
        assert!(!standing.unanswered(119), "it gets a new chance");
    }

    #[test]
    fn a_run_of_nothing_but_cells_that_break_their_server_comes_to_an_end() {
        let mut standing = Standing::recalled(0, HashMap::from([(7, 10)]), HashMap::new());
        assert!((0..20).any(|cell| standing.unanswered(100 + cell)));
        assert!(standing.unanswered(7), "the eleventh time it may still be the server");
        assert!(!standing.unanswered(7), "the twelfth time it is the cell");
    }

    #[test]
    fn a_cell_is_shut_out_by_its_own_doing_when_others_are_answered_meanwhile() {
        let mut standing = Standing::default();
        assert!(!standing.shut_out(7));
        assert!(!standing.shut_out(7), "nobody else was answered");
        standing.answered();
        assert!(standing.shut_out(7));
        assert!(!standing.shut_out(8), "this one is refused for the first time");
    }

    #[test]
    fn a_cell_that_is_left_alone_is_not_asked_for_ever() {
        let mut standing = Standing::default();
        assert!(
            (0..10).all(|_| !standing.shut_out(7)),
            "a key that was never good is no cell's doing"
        );
        standing.answered();
        assert!((0..2).all(|_| !standing.shut_out(8)));
        assert!(standing.shut_out(8));
    }
}
