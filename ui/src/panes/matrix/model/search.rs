//! Looking through the cells of a run that nobody has on screen: for the next one that went wrong, and for what went
//! wrong altogether.

use std::{collections::BTreeSet, ops::Range};

use assay_wire::{CellLine, CellState};

/// Cells asked for at once while looking for the next failure.
pub const SEARCH_PAGE: u32 = 2_000;

/// Different reasons told apart; beyond that each call has one of its own, and a list of them helps nobody.
pub const CAUSES: usize = 50;

/// What is looked for by `N` and by the count of failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// A cell that failed.
    Failed,
    /// A cell that failed or did not pass.
    NotPassed,
}

impl Wanted {
    /// Whether it is this cell.
    pub fn is(self, cell: &CellLine) -> bool {
        let failed = cell.state == CellState::Failed;
        let not_passed = || cell.scores.iter().flatten().any(|score| score.pass == Some(false));
        failed || (self == Wanted::NotPassed && not_passed())
    }

    /// What is said when there is none.
    pub fn none(self) -> &'static str {
        match self {
            Wanted::Failed => "No cell failed",
            Wanted::NotPassed => "No cell failed or did not pass",
        }
    }
}

/// Pages to look through, from the cell after `at` around to it, in a sheet of the ordinals `all`.
pub fn search_pages(all: &Range<u32>, at: u32) -> Vec<Range<u32>> {
    let after = (at + 1).clamp(all.start, all.end);
    let halves = [after..all.end, all.start..after];
    halves.into_iter().flat_map(pages).collect()
}

fn pages(range: Range<u32>) -> impl Iterator<Item = Range<u32>> {
    let end = range.end;
    range.step_by(SEARCH_PAGE as usize).map(move |from| from..(from + SEARCH_PAGE).min(end))
}

/// Failures that say the same, with where the first of them is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// What they say.
    pub reason: String,
    /// How many there are.
    pub cells: u32,
    /// The ordinal of the first.
    pub first: u32,
    /// The columns they are in.
    pub columns: BTreeSet<u32>,
}

/// Adds the failures of a page to what is known of causes.
pub fn gather(causes: &mut Vec<Cause>, page: &[CellLine]) {
    for cell in page.iter().filter(|cell| cell.state == CellState::Failed) {
        let reason = if cell.preview.is_empty() { "no reason was kept" } else { &cell.preview };
        let known = causes.iter_mut().find(|cause| cause.reason == reason);
        if let Some(cause) = known {
            cause.cells += 1;
            cause.columns.insert(cell.column);
        } else if causes.len() < CAUSES {
            causes.push(Cause {
                reason: reason.to_owned(),
                cells: 1,
                first: cell.ordinal,
                columns: BTreeSet::from([cell.column]),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panes::matrix::model::sample::line;

    #[test]
    fn not_passing_is_wanted_by_n_and_failing_by_the_count() {
        let (failed, missed) =
            (line(CellState::Failed, &[]), line(CellState::Done, &[true, false]));
        assert!(Wanted::Failed.is(&failed) && Wanted::NotPassed.is(&failed));
        assert!(!Wanted::Failed.is(&missed) && Wanted::NotPassed.is(&missed));
        assert!(!Wanted::NotPassed.is(&line(CellState::Done, &[true])));
        assert!(!Wanted::NotPassed.is(&line(CellState::Queued, &[])));
    }

    #[test]
    fn a_search_looks_at_every_cell_once_and_at_the_current_one_last() {
        let all = 4_000..9_000;
        let pages = search_pages(&all, 6_499);
        let order: Vec<u32> = pages.iter().cloned().flatten().collect();
        assert_eq!(order.len(), 5_000);
        assert_eq!((order.first(), order.last()), (Some(&6_500), Some(&6_499)));
        assert!(pages.iter().all(|page| page.len() <= SEARCH_PAGE as usize));
        assert_eq!(search_pages(&all, 8_999).first(), Some(&(4_000..6_000)));
    }

    #[test]
    fn failures_that_say_the_same_are_one_cause() {
        let failed = |ordinal, preview: &str| CellLine {
            state: CellState::Failed,
            preview: preview.into(),
            ..CellLine::queued(ordinal, ordinal % 2, 0)
        };
        let mut causes = Vec::new();
        gather(&mut causes, &[failed(3, "401"), CellLine::queued(4, 0, 0), failed(5, "500")]);
        gather(&mut causes, &[failed(8, "401")]);
        let said: Vec<_> =
            causes.iter().map(|c| (c.reason.as_str(), c.cells, c.first, c.columns.len())).collect();
        assert_eq!(said, [("401", 2, 3, 2), ("500", 1, 5, 1)]);
    }

    #[test]
    fn a_thousand_reasons_are_not_a_list_to_read() {
        let mut causes = Vec::new();
        for n in 0..1_000 {
            let cell = CellLine {
                state: CellState::Failed,
                preview: n.to_string(),
                ..CellLine::queued(n, 0, 0)
            };
            gather(&mut causes, &[cell]);
        }
        assert_eq!(causes.len(), CAUSES);
    }
}
