//! One cell of the grid: two lines of its output, its state and its scores.

use assay_wire::{CellLine, CellState};
use leptos::prelude::*;

use super::{
    board::Board,
    grid::{Ground, cell_id},
    model::{self, ScoreChip},
};
use crate::{
    components::{Icon, Mark, Spot, Tone},
    panes::ratings::RatingBadge,
    state::context,
};

/// The cell where a row of the pool meets a column.
#[component]
pub(super) fn Cell(ground: Ground, row: Memo<usize>, column: usize) -> impl IntoView {
    let board = context::<Board>();
    let scorers = StoredValue::new(ground.clone());
    let going = ground.going;
    let spot = move || Spot { row: row.get(), column };
    let ordinal = Memo::new(move |_| ground.ordinal(spot()));
    let line = Memo::new(move |_| board.line(ordinal.get()?));
    let awaits_judges = Memo::new(move |_| {
        let awaits = |line: &CellLine| scorers.with_value(|g| g.awaits_judges(spot(), line));
        going.get() && line.with(|line| line.as_ref().is_some_and(awaits))
    });
    let at_cursor = Memo::new(move |_| board.cursor().get() == spot());
    let is_open = Memo::new(move |_| {
        ordinal.get().is_some() && board.opened().ordinal().get() == ordinal.get()
    });
    let id = move || ordinal.get().map(cell_id);
    let press = move |_| {
        board.go_to(untrack(spot));
        board.open();
    };
    view! {
        <div
            class="cell" class=("cell--baseline", column == 0) class=("cell--cursor", at_cursor) class=("cell--open", is_open)
            role="gridcell" id=id data-testid=id aria-colindex=column + 2 aria-selected=move || is_open.get().to_string()
            tabindex=move || if at_cursor.get() { "0" } else { "-1" }
            on:click=press
        >
            {move || match line.get() {
                Some(line) => scorers.with_value(|ground| view! { <Face line scorers=ground.layout.scorers.clone() judging=awaits_judges.get() /> }).into_any(),
                None => view! { <span class="cell__waiting" aria-label="Reading"></span> }.into_any(),
            }}
        </div>
    }
}

/// What a cell shows.
#[component]
fn Face(line: CellLine, scorers: Vec<String>, judging: bool) -> impl IntoView {
    let CellLine { ordinal, state, preview, latency_ms, cached, scores, .. } = line;
    let chip = model::score_chip(&scorers, &scores);
    let class = format!("cell__text cell__text--{}", model::cell_state_id(state));
    view! {
        <div class=class title=preview.clone()>{preview.clone()}</div>
        <div class="cell__foot">
            <RatingBadge cell=ordinal />
            {chip.map(|chip| view! { <Scores chip /> })}
            <StateMark ordinal state cached judging />
            {latency_ms.map(|ms| view! { <span class="cell__latency number">{model::latency_words(ms.into())}</span> })}
        </div>
    }
}

#[component]
fn Scores(chip: ScoreChip) -> impl IntoView {
    let ScoreChip { mark, tone, words, hint } = chip;
    view! {
        <span class=format!("chip chip{}", tone.modifier()) title=hint><Icon mark />{words}</span>
    }
}

/// A cell's state, as mark and word; one that is being answered moves, and one whose judges have not answered says so.
#[component]
fn StateMark(ordinal: u32, state: CellState, cached: bool, judging: bool) -> impl IntoView {
    let (mark, tone, word) = model::cell_look(state);
    let (tone, word, hint) = match (judging, cached) {
        (true, _) => {
            (Tone::Accent, "Judging", Some("Answered; its judges have not said anything yet"))
        }
        (false, true) => (tone, "Cached", Some("Answered from cache, without a call")),
        (false, false) => (tone, word, None),
    };
    let sign = match state {
        _ if judging => view! { <Icon mark=Mark::Gauge /> }.into_any(),
        CellState::Running => view! { <span class="live" aria-hidden="true"></span> }.into_any(),
        CellState::Done if cached => view! { <Icon mark=Mark::Bolt /> }.into_any(),
        CellState::Done => ().into_any(),
        _ => view! { <Icon mark /> }.into_any(),
    };
    let known = if judging { "judging" } else { model::cell_state_id(state) };
    view! {
        <span
            class=format!("cell__state cell__state{}", tone.modifier())
            data-testid=format!("cell-state-{ordinal}") data-state=known title=hint
        >
            {sign}{word}
        </span>
    }
}
