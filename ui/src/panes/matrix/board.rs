//! The run in the matrix as far as the window knows it: its rows and columns, the cells in view, and the opened cell.
//!
//! The application owns the run; here is what is on screen. Cells are pulled, never pushed: a notice says which are stale,
//! and only when that touches what is seen is the page asked for again, at most once a frame and one request at a time.

use std::{ops::Range, sync::Arc, time::Duration};

use assay_wire::{
    ApiError, CellCounts, CellLine, CellPage, CellState, ColumnStats, ColumnView, GateView, Notice,
    PausedLaneView, ReadRun, RowView, RunState, RunSummary, RunView, SignatureView,
};
use leptos::{prelude::*, task::spawn_local};

use super::{
    causes::CauseSearch,
    judging::{self, Judge},
    model::{self, Sheet, Wanted},
    opened::Opened,
    pages::{read_parts, search},
    told::{Told, catch_up},
    turn::Turn,
};
use crate::{
    components::Spot,
    ipc,
    panes::runs::now_ms,
    state::{Desk, Load, Notices, Runs, Toasts, context},
};

/// Means are read again no sooner than this while cells come in.
const MEANS_PACE: i64 = 1_000;

/// Reading a huge run takes a while; it may take up at most this part of the time.
const READING_SHARE: i64 = 8;

/// What of a run stays the same while its cells come in.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    /// The run's id.
    pub run: String,
    /// Scorer ids, by place.
    pub scorers: Vec<String>,
    /// Types and signatures of the scorers, by prompt.
    pub signatures: Vec<SignatureView>,
    /// Columns of all sheets.
    pub columns: Vec<ColumnView>,
    /// Rows of all sheets.
    pub rows: Vec<RowView>,
    /// One per prompt.
    pub sheets: Vec<Sheet>,
}

/// What of a run changes while its cells come in.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// State and counts.
    pub summary: RunSummary,
    /// Means, by place of the column.
    pub stats: Vec<ColumnStats>,
    /// Verdicts, once it ended.
    pub gates: Vec<GateView>,
    /// Models that are asked nothing more for now.
    pub paused: Vec<PausedLaneView>,
}

impl Standing {
    /// Cells without an outcome.
    pub fn waiting(&self) -> u32 {
        let CellCounts { total, done, failed, skipped, .. } = self.summary.counts;
        total.saturating_sub(done).saturating_sub(failed).saturating_sub(skipped)
    }
}

/// The run in the matrix.
#[derive(Clone, Copy)]
pub struct Board {
    run: StoredValue<Option<String>>,
    layout: RwSignal<Option<Load<Arc<Layout>>>>,
    standing: RwSignal<Option<Standing>>,
    /// All rows, while only some are shown.
    whole: StoredValue<Option<Arc<Layout>>>,
    sheet: RwSignal<usize>,
    cursor: RwSignal<Spot>,
    reveal: RwSignal<u32>,
    seen: RwSignal<Range<u32>>,
    page: RwSignal<Option<CellPage>>,
    trouble: RwSignal<Option<ApiError>>,
    searching: RwSignal<bool>,
    opened: Opened,
    causes: CauseSearch,
    pulls: Turn,
    reads: Turn,
    framed: StoredValue<bool>,
    next_read: StoredValue<i64>,
    /// What was told of the run since it was last asked for.
    told: StoredValue<Option<Told>>,
    due: StoredValue<bool>,
    desk: Desk,
    toasts: Toasts,
}

impl Board {
    /// Shows the run that [`Runs`] says, from now on.
    pub fn new() -> Self {
        let board = Self {
            run: StoredValue::new(None),
            layout: RwSignal::new(None),
            standing: RwSignal::new(None),
            whole: StoredValue::new(None),
            sheet: RwSignal::new(0),
            cursor: RwSignal::new(Spot::default()),
            reveal: RwSignal::new(0),
            seen: RwSignal::new(0..0),
            page: RwSignal::new(None),
            trouble: RwSignal::new(None),
            searching: RwSignal::new(false),
            opened: Opened::new(),
            causes: CauseSearch::new(),
            pulls: Turn::new(),
            reads: Turn::new(),
            framed: StoredValue::new(false),
            next_read: StoredValue::new(0),
            told: StoredValue::new(None),
            due: StoredValue::new(false),
            desk: context(),
            toasts: context(),
        };
        let shown = context::<Runs>().shown();
        Effect::new(move |before: Option<Option<String>>| {
            let run = shown.get();
            if before.as_ref() != Some(&run) {
                board.enter(run.clone());
            }
            run
        });
        board
    }

    /// Follows the application's notices.
    pub fn follow(self, notices: Notices) {
        notices.listen(move |notice| match notice {
            Notice::RunChanged { run, state, counts, stale, .. } if self.shows(run) => {
                self.changed(*state, *counts, stale);
            }
            Notice::CellText { run, cell, from, text } if self.shows(run) => {
                self.opened.stream(*cell, *from as usize, text);
            }
            _ => {}
        });
    }

    /// Its rows and columns; `None` when no run is shown.
    pub fn layout(self) -> Signal<Option<Load<Arc<Layout>>>> {
        self.layout.into()
    }

    /// How far it is.
    pub fn standing(self) -> Signal<Option<Standing>> {
        self.standing.into()
    }

    /// Whether the run goes on.
    pub fn goes_on(self) -> bool {
        self.standing.with(|standing| {
            standing.as_ref().is_some_and(|s| s.summary.state == RunState::Running)
        })
    }

    /// The judges of one of the run's prompts.
    pub fn judges(self, prompt: &str) -> Vec<Judge> {
        self.layout.with(|layout| {
            let layout = layout.as_ref().and_then(Load::ready);
            layout.map_or_else(Vec::new, |layout| {
                judging::judges(&layout.signatures, &layout.scorers, prompt)
            })
        })
    }

    /// The shown sheet's place.
    pub fn sheet(self) -> Signal<usize> {
        self.sheet.into()
    }

    /// The cell that has the keyboard.
    pub fn cursor(self) -> Signal<Spot> {
        self.cursor.into()
    }

    /// Rises whenever the cell at the cursor wants to be seen and to have the focus.
    pub fn reveal(self) -> Signal<u32> {
        self.reveal.into()
    }

    /// The opened cell.
    pub fn opened(self) -> Opened {
        self.opened
    }

    /// What failed, by its reason.
    pub fn causes(self) -> CauseSearch {
        self.causes
    }

    /// Why cells in view could not be read.
    pub fn trouble(self) -> Signal<Option<ApiError>> {
        self.trouble.into()
    }

    /// Whether a failure is being looked for.
    pub fn is_searching(self) -> bool {
        self.searching.get()
    }

    /// A cell, if it is on the page that was last read.
    pub fn line(self, ordinal: u32) -> Option<CellLine> {
        self.page.with(|page| {
            let cells = &page.as_ref()?.cells;
            let at = cells.binary_search_by_key(&ordinal, |cell| cell.ordinal).ok()?;
            cells.get(at).cloned()
        })
    }

    /// Shows another prompt's part of the run.
    pub fn choose_sheet(self, sheet: usize) {
        if self.sheet.get_untracked() != sheet {
            self.close();
            self.sheet.set(sheet);
            self.cursor.set(Spot::default());
        }
    }

    /// Shows only rows with a cell that is wanted. What is wanted later does not move them.
    pub fn narrow(self, wanted: &dyn Fn(u32) -> bool) {
        let layout = self.layout.with_untracked(|layout| layout.as_ref()?.ready().cloned());
        let Some(layout) = self.whole.get_value().or(layout) else { return };
        let (rows, sheets) = model::narrowed(&layout.rows, &layout.sheets, wanted);
        self.whole.set_value(Some(Arc::clone(&layout)));
        self.show_rows(Arc::new(Layout { rows, sheets, ..Layout::clone(&layout) }));
    }

    /// Shows all rows again.
    pub fn widen(self) {
        if let Some(layout) = self.whole.try_update_value(Option::take).flatten() {
            self.show_rows(layout);
        }
    }

    fn show_rows(self, layout: Arc<Layout>) {
        self.close();
        self.sheet.set(0);
        self.cursor.set(Spot::default());
        self.layout.set(Some(Load::Ready(layout)));
    }

    /// The run and the cell at the cursor, where it has an output.
    pub fn answered_at_cursor(self) -> Option<(String, u32)> {
        let layout = self.layout.with(|layout| layout.as_ref()?.ready().cloned())?;
        let sheet = layout.sheets.get(self.sheet.get())?;
        let cell = model::ordinal(sheet, &layout.rows, self.cursor.get())?;
        let answered = self.line(cell).is_some_and(|line| line.state == CellState::Done);
        answered.then(|| (layout.run.clone(), cell))
    }

    /// What the grid shows now; an empty range when there is none.
    pub fn look_at(self, ordinals: Range<u32>) {
        if self.seen.get_untracked() != ordinals {
            self.seen.set(ordinals);
            self.pull();
        }
    }

    /// Moves the cursor; an opened cell gives way to the one that is there.
    pub fn go_to(self, spot: Spot) {
        self.cursor.set(spot);
        self.take_focus();
        if self.opened.ordinal().with_untracked(Option::is_some) {
            self.open();
        }
    }

    /// Gives the cell at the cursor the keyboard, for whoever is about to lose it.
    pub fn take_focus(self) {
        self.reveal.update(|n| *n += 1);
    }

    /// Opens the cell at the cursor in the inspector.
    pub fn open(self) {
        let Some((layout, sheet)) = self.shown_sheet() else { return };
        let Some(cell) = model::ordinal(&sheet, &layout.rows, self.cursor.get_untracked()) else {
            return;
        };
        self.opened.open(layout.run.clone(), cell);
        self.desk.inspector.set(true);
    }

    /// Closes the opened cell.
    pub fn close(self) {
        self.opened.close();
    }

    /// Goes to the next such cell after the cursor, around the end of the sheet.
    pub fn find(self, wanted: Wanted) {
        let Some((layout, sheet)) = self.shown_sheet() else { return };
        if self.searching.get_untracked() {
            return;
        }
        self.searching.set(true);
        spawn_local(async move {
            let at = self.cursor.get_untracked();
            let found = search(&layout, &sheet, at, wanted).await;
            self.searching.set(false);
            let still_shown =
                self.shown_sheet().is_some_and(|(now, at)| now.run == layout.run && at == sheet);
            match found {
                Ok(Some(spot)) if still_shown => self.go_to(spot),
                Ok(None) if still_shown => self.toasts.say(wanted.none()),
                Err(error) => self.trouble.set(Some(error)),
                Ok(_) => {}
            }
        });
    }

    /// Goes to a cell by its ordinal, on whichever sheet it is.
    pub fn go_to_ordinal(self, ordinal: u32) {
        let layout = self.layout.with_untracked(|layout| layout.as_ref()?.ready().cloned());
        let Some(layout) = layout else { return };
        let found =
            layout.sheets.iter().enumerate().find_map(|(place, sheet)| {
                Some((place, model::spot(sheet, &layout.rows, ordinal)?))
            });
        if let Some((place, spot)) = found {
            self.choose_sheet(place);
            self.go_to(spot);
        }
    }

    fn shown_sheet(self) -> Option<(Arc<Layout>, Sheet)> {
        let layout = self.layout.with_untracked(|layout| layout.as_ref()?.ready().cloned())?;
        let sheet = layout.sheets.get(self.sheet.get_untracked())?.clone();
        Some((layout, sheet))
    }

    /// Whether that run is on screen, or about to be: what is told of it counts from when it is asked for.
    fn shows(self, run: &str) -> bool {
        self.run.with_value(|shown| shown.as_deref() == Some(run))
    }

    /// Whether the rows and columns are those of that run.
    fn has_layout_of(self, run: &str) -> bool {
        self.layout.with_untracked(|layout| {
            layout.as_ref().and_then(Load::ready).is_some_and(|layout| layout.run == run)
        })
    }

    /// Reads a run again that could not be read.
    pub fn try_again(self) {
        self.layout.set(self.run.get_value().map(|_| Load::Loading));
        self.read();
    }

    /// Begins with another run, or with none.
    fn enter(self, run: Option<String>) {
        self.close();
        self.causes.hide();
        self.sheet.set(0);
        self.cursor.set(Spot::default());
        self.page.set(None);
        self.trouble.set(None);
        self.standing.set(None);
        self.whole.set_value(None);
        self.layout.set(run.as_ref().map(|_| Load::Loading));
        self.run.set_value(run);
        self.read();
    }

    fn changed(self, state: RunState, counts: CellCounts, stale: &[(u32, u32)]) {
        self.told.set_value(Some(Told { state, counts }));
        let turned = self.standing.try_maybe_update(|standing| {
            let Some(Standing { summary, .. }) = standing else { return (false, false) };
            let turned = summary.state != state;
            summary.state = state;
            summary.counts = counts;
            (true, turned)
        });
        if turned == Some(true) {
            self.read();
        }
        // Paused models are read soon too. The verdict stands a moment after the last cell; this read finds it.
        self.read_soon();
        if model::touches(stale, &self.seen.get_untracked()) {
            self.pull();
        }
        self.opened.refresh_if(stale);
    }

    /// Reads the means once their time has come.
    fn read_soon(self) {
        if self.due.get_value() {
            return;
        }
        self.due.set_value(true);
        let wait = (self.next_read.get_value() - now_ms()).max(0);
        let later = move || {
            self.due.set_value(false);
            self.read();
        };
        set_timeout(later, Duration::from_millis(wait.unsigned_abs()));
    }

    /// Reads rows, columns and means of the run that is shown.
    fn read(self) {
        let Some(run) = self.run.get_value() else { return };
        if !self.reads.take() {
            return;
        }
        self.told.set_value(None);
        spawn_local(async move {
            let began = now_ms();
            let rows = !self.has_layout_of(&run);
            let read = ipc::call(ReadRun { run: run.clone(), rows }).await;
            let ended = now_ms();
            self.next_read.set_value(ended + MEANS_PACE.max((ended - began) * READING_SHARE));
            let again = self.reads.leave();
            let overtaken = self.shows(&run) && self.take(read, rows);
            if again || overtaken {
                self.read();
            }
        });
    }

    /// Shows what was read, with its rows or without; whether the run has turned while that was on its way, so that its
    /// numbers and its verdict are to be read again.
    fn take(self, read: Result<RunView, ApiError>, rows: bool) -> bool {
        let run = match read {
            Ok(run) => run,
            Err(error) => {
                self.refuse(error);
                return false;
            }
        };
        if !self.has_layout_of(&run.summary.run) {
            if !rows {
                // The layout was dropped while this was on its way.
                return true;
            }
            self.layout.set(Some(Load::Ready(Arc::new(Layout::of(&run)))));
        }
        let RunView { mut summary, columns: stats, gates, paused, .. } = run;
        let overtaken = self.told.with_value(|told| catch_up(&mut summary, told.as_ref()));
        self.standing.set(Some(Standing { summary, stats, gates, paused }));
        overtaken
    }

    /// A run that is on screen stays there when it cannot be read once more.
    fn refuse(self, error: ApiError) {
        let run = self.run.get_value();
        match run.is_some_and(|run| self.has_layout_of(&run)) {
            true => self.trouble.set(Some(error)),
            false => self.layout.set(Some(Load::Failed(error))),
        }
    }

    /// Asks for the cells in view, at the next frame.
    fn pull(self) {
        if self.framed.get_value() {
            return;
        }
        self.framed.set_value(true);
        request_animation_frame(move || {
            self.framed.set_value(false);
            self.fetch();
        });
    }

    fn fetch(self) {
        let Range { start: from, end: to } = self.seen.get_untracked();
        let run = self.run.get_value().filter(|_| from < to);
        let Some(run) = run else { return };
        if !self.pulls.take() {
            return;
        }
        let parts = self.parts(from..to);
        spawn_local(async move {
            let page = read_parts(run, from, parts).await;
            let again = self.pulls.leave();
            self.show_page(page);
            if again {
                self.pull();
            }
        });
    }

    /// The ordinals in view: one range, or several where rows between are left out.
    fn parts(self, seen: Range<u32>) -> Vec<Range<u32>> {
        match (self.whole.with_value(Option::is_some), self.shown_sheet()) {
            (true, Some((layout, sheet))) => model::parts(&sheet, &layout.rows, &seen),
            _ => vec![seen],
        }
    }

    fn show_page(self, page: Result<CellPage, ApiError>) {
        match page {
            Ok(page) if self.run.with_value(|run| run.as_ref() == Some(&page.run)) => {
                self.trouble.set(None);
                self.page.set(Some(page));
            }
            // Another run was chosen meanwhile.
            Ok(_) => {}
            Err(error) => self.trouble.set(Some(error)),
        }
    }
}

impl Default for Board {
    fn default() -> Self {
        Self::new()
    }
}

impl Layout {
    fn of(run: &RunView) -> Self {
        Self {
            run: run.summary.run.clone(),
            scorers: run.scorers.clone(),
            signatures: run.signatures.clone(),
            columns: run.columns.iter().map(|stats| stats.column.clone()).collect(),
            rows: run.rows.clone(),
            sheets: model::sheets(run),
        }
    }
}
