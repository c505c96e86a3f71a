//! What is said of the cells of the run in the matrix, and saying something by key.

use std::collections::HashMap;

use assay_wire::{
    ApiError, CellRatings, ClearRating, ListRatings, Notice, PeopleColumn, Rated, Rating,
    RatingKind, RunState, SetRating, SummarizeRatings,
};
use leptos::{prelude::*, task::spawn_local};

use super::model::rating_words;
use crate::{
    ipc,
    panes::matrix::Board,
    state::{Latest, Notices, Runs, Toasts, context},
};

/// One rating that can be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Undo {
    /// The run.
    pub run: String,
    /// The cell.
    pub cell: u32,
    /// What was changed.
    pub kind: RatingKind,
    /// What was said before.
    pub before: Option<Rating>,
}

impl Undo {
    /// Takes it back.
    pub async fn go(self) -> Result<Rated, ApiError> {
        let Undo { run, cell, kind, before } = self;
        match before {
            Some(rating) => ipc::call(SetRating { run, cell, rating }).await,
            None => ipc::call(ClearRating { run, cell, kind }).await,
        }
    }
}

/// What is said of the run in the matrix.
#[derive(Clone, Copy)]
pub struct Ratings {
    run: StoredValue<Option<String>>,
    said: RwSignal<HashMap<u32, CellRatings>>,
    columns: RwSignal<Vec<PeopleColumn>>,
    trouble: RwSignal<Option<ApiError>>,
    undos: RwSignal<Vec<Undo>>,
    /// What is rated meanwhile is not taken away by a page that was read before.
    reads: Latest,
    commenting: RwSignal<bool>,
    unreviewed: RwSignal<bool>,
    board: Board,
    toasts: Toasts,
}

impl Ratings {
    /// Of the run that [`Runs`] says, from now on.
    pub fn new() -> Self {
        let ratings = Self {
            run: StoredValue::new(None),
            said: RwSignal::new(HashMap::new()),
            columns: RwSignal::new(Vec::new()),
            trouble: RwSignal::new(None),
            undos: RwSignal::new(Vec::new()),
            reads: Latest::new(),
            commenting: RwSignal::new(false),
            unreviewed: RwSignal::new(false),
            board: context(),
            toasts: context(),
        };
        let shown = context::<Runs>().shown();
        Effect::new(move || ratings.enter(shown.get()));
        ratings
    }

    /// Reads again what the end of a run or an edit made outside may have brought.
    pub fn follow(self, notices: Notices) {
        notices.listen(move |notice| match notice {
            Notice::RunChanged { run, state, .. }
                if *state != RunState::Running
                    && self.run.with_value(|shown| shown.as_ref() == Some(run)) =>
            {
                self.read();
            }
            Notice::WorkspaceChanged => self.read(),
            _ => {}
        });
    }

    /// What is said of a cell.
    pub fn of(self, cell: u32) -> Option<CellRatings> {
        self.said.with(|said| said.get(&cell).cloned())
    }

    /// What people say of a column, by its place in the run.
    pub fn of_column(self, place: usize) -> Option<PeopleColumn> {
        self.columns.with(|columns| columns.get(place).cloned())
    }

    /// How many cells one has passed, failed or graded.
    pub fn reviewed(self) -> usize {
        self.said.with(|said| said.values().filter(|cell| is_reviewed(cell)).count())
    }

    /// Why ratings could not be read or kept.
    pub fn trouble(self) -> Signal<Option<ApiError>> {
        self.trouble.into()
    }

    /// It was read.
    pub fn forgive(self) {
        self.trouble.set(None);
    }

    /// Whether a comment is being written.
    pub fn commenting(self) -> RwSignal<bool> {
        self.commenting
    }

    /// Whether only rows with cells that one has not reviewed are shown.
    pub fn only_unreviewed(self) -> Signal<bool> {
        self.unreviewed.into()
    }

    /// Whether the cell at the cursor has an output to rate.
    pub fn can_rate(self) -> bool {
        self.target().is_some()
    }

    /// Whether something can be taken back.
    pub fn can_undo(self) -> bool {
        self.undos.with(|undos| !undos.is_empty())
    }

    /// Rates the cell at the cursor.
    pub fn rate(self, rating: Rating) {
        let Some((run, cell)) = untrack(|| self.target()) else { return };
        let kind = rating.kind();
        spawn_local(async move {
            let words = rating_words(&rating);
            match ipc::call(SetRating { run: run.clone(), cell, rating }).await {
                Ok(rated) => {
                    self.undos.update(|undos| {
                        undos.push(Undo { run, cell, kind, before: rated.before.clone() });
                    });
                    self.take(rated, &words);
                }
                Err(error) => self.trouble.set(Some(error)),
            }
        });
    }

    /// Takes the last rating back, whichever cell it was of.
    pub fn undo(self) {
        let Some(undo) = self.undos.try_update(Vec::pop).flatten() else { return };
        let cell = undo.cell;
        spawn_local(async move {
            match undo.clone().go().await {
                Ok(rated) => {
                    self.take(rated, "Rating taken back");
                    self.board.go_to_ordinal(cell);
                }
                Err(error) => {
                    // It can be tried again.
                    self.undos.update(|undos| undos.push(undo));
                    self.trouble.set(Some(error));
                }
            }
        });
    }

    /// Opens the box for a comment on the cell at the cursor.
    pub fn comment(self) {
        if untrack(|| self.can_rate()) {
            self.commenting.set(true);
        }
    }

    /// One's comment on the cell at the cursor, so far.
    pub fn comment_text(self) -> String {
        let said = self.target().and_then(|(_, cell)| self.of(cell));
        said.and_then(|said| said.own()?.comment.clone()).unwrap_or_default()
    }

    /// Shows only rows with cells that one has not reviewed, as they are now, or all rows again. A row that is
    /// reviewed meanwhile stays until then: rows do not move under the hands.
    pub fn toggle_unreviewed(self) {
        let only = !self.unreviewed.get_untracked();
        self.unreviewed.set(only);
        match only {
            true => {
                let said = self.said.get_untracked();
                self.board.narrow(&|cell| !said.get(&cell).is_some_and(is_reviewed));
            }
            false => self.board.widen(),
        }
    }

    fn enter(self, run: Option<String>) {
        self.reads.ask();
        self.run.set_value(run);
        self.said.set(HashMap::new());
        self.columns.set(Vec::new());
        self.undos.set(Vec::new());
        self.trouble.set(None);
        self.unreviewed.set(false);
        self.read();
    }

    /// Reads again what was said elsewhere in the window.
    pub fn read_again(self) {
        self.read();
    }

    fn read(self) {
        let Some(run) = self.run.get_value() else { return };
        let question = self.reads.ask();
        spawn_local(async move {
            let read = ipc::call(ListRatings { run, from: 0, to: u32::MAX }).await;
            if !self.reads.is_last(question) {
                return;
            }
            match read {
                Ok(page) => {
                    let anything = !page.cells.is_empty();
                    let cells = page.cells.into_iter().map(|cell| (cell.cell, cell));
                    self.said.set(cells.collect());
                    match anything {
                        true => self.sum_up(),
                        false => self.columns.set(Vec::new()),
                    }
                }
                Err(error) => self.trouble.set(Some(error)),
            }
        });
    }

    /// Reads what it comes to by column, for the heads of the matrix.
    fn sum_up(self) {
        let Some(run) = self.run.get_value() else { return };
        let question = self.reads.last();
        spawn_local(async move {
            let summary = ipc::call(SummarizeRatings { run }).await;
            if !self.reads.is_last(question) {
                return;
            }
            match summary {
                Ok(summary) => self.columns.set(summary.columns),
                Err(error) => self.trouble.set(Some(error)),
            }
        });
    }

    fn take(self, rated: Rated, words: &str) {
        let others = rated.cells.len().saturating_sub(1);
        // A page that is on its way is from before this.
        self.reads.ask();
        self.trouble.set(None);
        self.said.update(|said| {
            for cell in rated.cells {
                match cell.raters.is_empty() {
                    true => said.remove(&cell.cell),
                    false => said.insert(cell.cell, cell),
                };
            }
        });
        self.sum_up();
        if others > 0 {
            self.toasts.say(format!("{words}, also for {others} with the same output"));
        }
    }

    /// The cell at the cursor, if it has an output.
    fn target(self) -> Option<(String, u32)> {
        self.board.answered_at_cursor()
    }
}

fn is_reviewed(cell: &CellRatings) -> bool {
    cell.own().is_some_and(assay_wire::RaterSaid::is_review)
}

impl Default for Ratings {
    fn default() -> Self {
        Self::new()
    }
}
