//! The evaluation of both sides of a proposal: planned and confirmed like any other, then followed to its end.

use assay_wire::{ApiError, CancelRun, CellCounts, PlanRevisions, ReadRun, RunState, SideRef};
use leptos::{prelude::*, task::spawn_local};

use super::model::{self, Going};
use crate::{
    ipc,
    state::{Spending, context},
};

/// The runs of both sides, from the plan to the end.
#[derive(Clone, Copy)]
pub struct Evaluating {
    wanted: RwSignal<Option<PlanRevisions>>,
    runs: RwSignal<Vec<Going>>,
    trouble: RwSignal<Option<ApiError>>,
    spending: Spending,
}

impl Evaluating {
    /// Nothing is evaluated.
    pub fn new() -> Self {
        Self {
            wanted: RwSignal::new(None),
            runs: RwSignal::new(Vec::new()),
            trouble: RwSignal::new(None),
            spending: context(),
        }
    }

    /// Plans the evaluation of two revisions. It starts at once where nothing of it is to be confirmed.
    pub fn ask(self, of: PlanRevisions) {
        self.forget();
        self.wanted.set(Some(of.clone()));
        self.spending.compare(of);
    }

    /// Takes over the runs that were started for what was asked here. `on_end` is called where they have ended already.
    pub fn follow_starts(self, on_end: impl Fn() + Copy + 'static) {
        let started = self.spending.compared();
        Effect::new(move || {
            let Some((base, head)) = started.get() else { return };
            if self.wanted.with_untracked(|wanted| is_of(wanted.as_ref(), &base, &head)) {
                self.begin(base.run, head.run, on_end);
            }
        });
    }

    fn begin(self, base: String, head: String, on_end: impl Fn() + 'static) {
        let going =
            |run: String| Going { run, state: RunState::Running, counts: CellCounts::default() };
        self.runs.set(vec![going(base.clone()), going(head.clone())]);
        spawn_local(async move {
            for run in [base, head] {
                match ipc::call(ReadRun { run: run.clone(), rows: false }).await {
                    Ok(read) => self.set(&run, read.summary.state, read.summary.counts),
                    // What cannot be read is not waited for.
                    Err(error) => {
                        self.set(&run, RunState::Interrupted, CellCounts::default());
                        self.trouble.set(Some(error));
                    }
                }
            }
            if !untrack(|| self.is_going()) {
                on_end();
            }
        });
    }

    /// Takes in what was heard of a run. Whether the last side has ended with it.
    pub fn heard(self, run: &str, state: RunState, counts: CellCounts) -> bool {
        let is_ours = self.runs.with_untracked(|runs| runs.iter().any(|going| going.run == run));
        let was_going = untrack(|| self.is_going());
        if is_ours {
            self.set(run, state, counts);
        }
        is_ours && was_going && !untrack(|| self.is_going())
    }

    fn set(self, run: &str, state: RunState, counts: CellCounts) {
        self.runs.update(|runs| {
            for going in runs.iter_mut().filter(|going| going.run == run) {
                *going = Going { run: run.to_owned(), state, counts };
            }
        });
    }

    /// Whether the plan is being worked out.
    pub fn is_planning(self) -> bool {
        self.spending.is_comparing() && self.wanted.with(Option::is_some)
    }

    /// Whether a side is still being answered.
    pub fn is_going(self) -> bool {
        self.runs.with(|runs| model::is_going(runs))
    }

    /// The runs, as far as they are.
    pub fn runs(self) -> Vec<Going> {
        self.runs.get()
    }

    /// Why it did not start, or cannot be followed.
    pub fn trouble(self) -> Option<ApiError> {
        let unplanned = self.wanted.with(Option::is_some).then(|| self.spending.uncompared().get());
        self.trouble.get().or_else(|| unplanned.flatten())
    }

    /// Stops both sides; what was answered stays.
    pub fn cancel(self) {
        let runs = self.runs.get_untracked();
        spawn_local(async move {
            for going in runs.into_iter().filter(|going| going.state == RunState::Running) {
                if let Err(error) = ipc::call(CancelRun { run: going.run }).await {
                    self.trouble.set(Some(error));
                }
            }
        });
    }

    /// Follows nothing any more. Runs that go on do so.
    pub fn forget(self) {
        self.wanted.set(None);
        self.runs.set(Vec::new());
        self.trouble.set(None);
    }
}

/// Whether two runs are those that were asked for. Revisions are compared from elsewhere too.
fn is_of(wanted: Option<&PlanRevisions>, base: &SideRef, head: &SideRef) -> bool {
    let Some(wanted) = wanted else { return false };
    base.label.as_ref() == Some(&wanted.base) && head.label == wanted.head
}

#[cfg(test)]
mod tests {
    use assay_wire::RunRequest;

    use super::*;

    #[test]
    fn runs_of_other_revisions_are_not_taken_over() {
        let side = |label: &str| SideRef { label: Some(label.into()), ..SideRef::run("r") };
        let wanted = PlanRevisions {
            base: "b".into(),
            head: Some("h".into()),
            request: RunRequest::default(),
        };
        assert!(is_of(Some(&wanted), &side("b"), &side("h")));
        assert!(!is_of(Some(&wanted), &side("main"), &side("h")));
        assert!(!is_of(Some(&wanted), &side("b"), &side("files on disk")));
        assert!(!is_of(None, &side("b"), &side("h")));
    }
}
