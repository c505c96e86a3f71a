//! The matrix: the cells of one run, and one of them in full.
//!
//! Rows are cases, columns a variant on a model, the first of them the baseline. The window holds the run's rows and
//! columns and the page of cells that is seen ([`Board`]); the grid draws a fixed pool of rows over them.

use std::sync::Arc;

use leptos::prelude::*;

use crate::{
    actions::{Action, Stage, about},
    components::{Blank, Button, ErrorNote, Keys, Kind, Loading, Mark},
    panes::ratings::{RatingTrouble, Ratings},
    state::{Documents, Load, Runs, context},
};

mod board;
mod causes;
mod cell;
mod grid;
mod head;
mod inspector;
mod judgement;
mod judging;
mod lanes;
mod model;
mod opened;
mod pages;
mod scales;
mod strip;
mod told;
mod turn;

pub use board::Board;
pub use inspector::CellInspector;
pub use model::cell_look;

use board::Layout;
use grid::Grid;
use strip::{RunStrip, SheetTabs};

/// Rows are cases, columns a variant on a model.
#[component]
pub fn MatrixPane() -> impl IntoView {
    let board = context::<Board>();
    move || {
        match board.layout().get() {
        None => view! { <NoRun /> }.into_any(),
        Some(Load::Loading) => view! { <Loading what="Reading the run" /> }.into_any(),
        Some(Load::Failed(error)) => {
            view! {
                <div class="matrix__refused">
                    <ErrorNote error actions=move || view! {
                        <Button small=true testid="matrix-again" on_press=move |_| board.try_again()>"Try again"</Button>
                    } />
                </div>
            }
            .into_any()
        }
        Some(Load::Ready(layout)) => view! { <RunMatrix layout /> }.into_any(),
    }
    }
}

#[component]
fn NoRun() -> impl IntoView {
    let (stage, runs, documents) = (Stage::here(), context::<Runs>(), context::<Documents>());
    let idle = Signal::derive(move || runs.is_starting() || documents.key().with(Option::is_none));
    view! {
        <Blank
            mark=Mark::Matrix title="No run to show"
            text="Run the open prompt: every case meets every variant here, with its output and its scores. Earlier runs are under Runs."
        >
            <Button kind=Kind::Primary icon=Mark::Play disabled=idle on_press=move |_| stage.perform(Action::Run)>
                "Run" <Keys chord=about(Action::Run).keys[0] />
            </Button>
        </Blank>
    }
}

/// What stands in place of the cells when only those that are not reviewed are asked for, and there are none.
#[component]
fn AllReviewed() -> impl IntoView {
    let ratings = context::<Ratings>();
    view! {
        <Blank mark=Mark::Check title="Everything here is reviewed" text="You have rated every output of this run.">
            <Button on_press=move |_| ratings.toggle_unreviewed()>"Show all cases"</Button>
        </Blank>
    }
}

/// What stands in place of the cells of a run that has none.
#[component]
fn NoCases() -> impl IntoView {
    view! {
        <Blank
            mark=Mark::Matrix title="This run has no cases"
            text="Nothing was asked: no case of the prompt was in it. Choose other cases beside Run, or write some under Cases."
        />
    }
}

/// A run: how far it is, and the sheet of the chosen prompt.
#[component]
fn RunMatrix(layout: Arc<Layout>) -> impl IntoView {
    let (board, ratings) = (context::<Board>(), context::<Ratings>());
    let trouble = board.trouble();
    let sheets: Vec<String> = layout.sheets.iter().map(|sheet| sheet.prompt.clone()).collect();
    view! {
        <section class="matrix" aria-label="Matrix" data-testid="matrix">
            <RunStrip />
            <SheetTabs prompts=sheets />
            <RatingTrouble />
            {move || trouble.get().map(|error| view! { <ErrorNote error /> })}
            {move || {
                let (layout, sheet) = (layout.clone(), board.sheet().get());
                match layout.sheets.get(sheet).cloned() {
                    Some(sheet) => view! { <Grid layout sheet /> }.into_any(),
                    None if ratings.only_unreviewed().get() => view! { <AllReviewed /> }.into_any(),
                    None => view! { <NoCases /> }.into_any(),
                }
            }}
        </section>
    }
}
