//! The grid: a fixed pool of rows over however many there are, moved by wheel and by keyboard.

use std::sync::Arc;

use assay_wire::{CellLine, RowView, RunState};
use leptos::{ev::KeyboardEvent, prelude::*};
use wasm_bindgen::JsCast;

use super::{
    board::{Board, Layout},
    cell::Cell,
    head::Head,
    judging::{self, Judge},
    model::{self, ROW_HEIGHT, Sheet, Wanted},
};
use crate::{
    components::{Slots, Spot, moved},
    state::context,
};

/// The sheet's place in the run, shared by the rows and cells of one grid.
#[derive(Clone)]
pub(super) struct Ground {
    pub layout: Arc<Layout>,
    pub sheet: Arc<Sheet>,
    /// The sheet's scorers that ask a model.
    pub judges: Arc<[Judge]>,
    /// Whether the run goes on.
    pub going: Memo<bool>,
}

impl Ground {
    /// The run's record of a row of the sheet.
    pub fn row(&self, row: usize) -> Option<&RowView> {
        self.layout.rows.get(self.sheet.rows.start + row)
    }

    /// Whether a cell of the sheet has an output that its judges have not come to.
    pub fn awaits_judges(&self, spot: Spot, line: &CellLine) -> bool {
        let tags = self.row(spot.row).map_or(&[][..], |row| row.tags.as_slice());
        let column = self.sheet.columns.get(spot.column);
        let column = column.and_then(|place| self.layout.columns.get(*place));
        let variant = column.map_or("", |column| column.variant.as_str());
        judging::awaits(line, &self.judges, tags, variant)
    }

    /// The ordinal of a cell of the sheet.
    pub fn ordinal(&self, spot: Spot) -> Option<u32> {
        model::ordinal(&self.sheet, &self.layout.rows, spot)
    }
}

/// The cells of one prompt's part of a run.
#[component]
pub(super) fn Grid(layout: Arc<Layout>, sheet: Sheet) -> impl IntoView {
    let board = context::<Board>();
    let going = Memo::new(move |_| {
        let state = board.standing().with(|s| s.as_ref().map(|s| s.summary.state));
        state == Some(RunState::Running)
    });
    let judges = judging::judges(&layout.signatures, &layout.scorers, &sheet.prompt).into();
    let ground = Ground { layout, sheet: Arc::new(sheet), judges, going };
    let (rows, columns) = (ground.sheet.rows.len(), ground.sheet.columns.len());
    let slots = Slots::new(ROW_HEIGHT, Signal::stored(rows));
    pull_what_is_seen(board, &ground, slots);
    reveal_cursor(board, &ground, slots);

    let on_key = move |event: KeyboardEvent| steer(board, &event, slots.page(), rows, columns);
    let drawn = {
        let ground = ground.clone();
        move |slot: usize| view! { <PoolRow ground=ground.clone() at=slot slots /> }
    };
    view! {
        <div
            class="matrix__scroll" role="grid" aria-label="Cells" node_ref=slots.scroller
            aria-rowcount=rows + 1 aria-colcount=columns + 1
            style=("--matrix-columns", columns.to_string())
            style:scroll-padding-top=move || format!("{}px", slots.head())
            on:scroll=move |_| slots.follow_scroll()
            on:keydown=on_key
        >
            <Head ground=ground.clone() />
            <div class="matrix__rows" role="rowgroup" style:height=format!("{}px", rows as f64 * ROW_HEIGHT)>
                <For each=move || 0..slots.pool() key=|slot| *slot children=drawn />
            </div>
        </div>
    }
}

fn pull_what_is_seen(board: Board, ground: &Ground, slots: Slots) {
    let ground = ground.clone();
    Effect::new(move || {
        let rows = slots.first()..slots.first() + slots.pool();
        board.look_at(model::ordinals(&ground.sheet, &ground.layout.rows, rows));
    });
    on_cleanup(move || board.look_at(0..0));
}

/// Brings the cursor's row into view when asked to, and gives its cell the focus.
fn reveal_cursor(board: Board, ground: &Ground, slots: Slots) {
    let ground = ground.clone();
    Effect::new(move |before: Option<u32>| {
        let asked = board.reveal().get();
        if before.is_some_and(|before| before != asked) {
            let at = board.cursor().get_untracked();
            slots.scroll_to_row(at.row);
            let cell = ground.ordinal(at).map(cell_id);
            // The row is drawn by then, also when it was not before.
            request_animation_frame(move || focus(cell.as_deref()));
        }
        asked
    });
}

fn focus(id: Option<&str>) {
    let element = id.and_then(|id| document().get_element_by_id(id));
    if let Some(cell) = element.and_then(|cell| cell.dyn_into::<web_sys::HtmlElement>().ok()) {
        // A cell that left the page meanwhile cannot take the focus, and need not.
        let _ = cell.focus();
    }
}

/// A cell's id on the page.
pub(super) fn cell_id(ordinal: u32) -> String {
    format!("cell-{ordinal}")
}

fn steer(board: Board, event: &KeyboardEvent, page: usize, rows: usize, columns: usize) {
    let ctrl = event.ctrl_key() || event.meta_key();
    if event.alt_key() || event.default_prevented() {
        return;
    }
    let at = board.cursor().get_untracked();
    let key = event.key();
    match key.as_str() {
        "Enter" | " " if !ctrl => board.open(),
        "Escape" => board.close(),
        "n" | "N" if !ctrl => board.find(Wanted::NotPassed),
        _ => match moved(at, &key, ctrl, page, rows, columns) {
            Some(spot) => board.go_to(spot),
            None => return,
        },
    }
    event.prevent_default();
}

/// A place in the pool, which shows one row after another as the view moves.
#[component]
fn PoolRow(ground: Ground, at: usize, slots: Slots) -> impl IntoView {
    let row = Memo::new(move |_| slots.row(at));
    let columns = 0..ground.sheet.columns.len();
    let case = {
        let ground = ground.clone();
        move || ground.row(row.get()).cloned().map(|case| view! { <Case case /> })
    };
    view! {
        <div
            class="matrix__row" role="row" aria-rowindex=move || row.get() + 2
            style:transform=move || format!("translateY({}px)", row.get() as f64 * ROW_HEIGHT)
        >
            <div class="matrix__case" role="rowheader" aria-colindex="1">{case}</div>
            {columns.map(|column| view! { <Cell ground=ground.clone() row column /> }).collect_view()}
        </div>
    }
}

/// The case of a row.
#[component]
fn Case(case: RowView) -> impl IntoView {
    let RowView { case: id, sample, preview, tags, .. } = case;
    let name = if sample > 0 { format!("{id} · sample {}", sample + 1) } else { id };
    let tags = tags.join(", ");
    view! {
        <div class="matrix__case-name clip" title=name.clone()>{name.clone()}</div>
        <div class="matrix__case-text" title=preview.clone()>{preview.clone()}</div>
        <div class="matrix__case-tags clip">{tags}</div>
    }
}
