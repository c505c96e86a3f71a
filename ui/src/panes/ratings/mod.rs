//! Ratings: outputs one by one and two by two, by keyboard and without names; and what they come to.
//!
//! In the matrix a cell is rated where it stands ([`Ratings`]). In the queues here nobody sees which variant or model
//! gave an output; names come back with the results. A queue is where one left it, because what is rated is kept.

use assay_wire::{ApiError, ListRuns, RunSummary};
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;

use crate::{
    actions::{Action, Stage},
    components::{Blank, Button, ErrorNote, Kind, Loading, Mark, TabItem, Tabs},
    ipc,
    state::{Load, Runs, context},
};

mod matrix;
mod model;
mod outputs;
mod pairs;
mod rater;
mod results;
mod said;
mod sitting;

pub use matrix::{PeopleFact, RatingBadge, RatingTrouble, Reviewed};
pub use said::Ratings;

use outputs::OutputQueue;
use pairs::PairQueue;
use rater::RaterLine;
use results::Results;

/// A part of the view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Outputs one by one.
    Outputs,
    /// Outputs two by two.
    Pairs,
    /// What it comes to, with names.
    Results,
}

/// Whether a key is text for a field.
fn is_text(event: &leptos::ev::KeyboardEvent) -> bool {
    let element = event.target().and_then(|t| t.dyn_into::<web_sys::Element>().ok());
    element.is_some_and(|e| matches!(e.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT"))
}

/// How much of a queue is done.
#[component]
fn ProgressLine(rated: u32, total: u32) -> impl IntoView {
    view! {
        <div class="queue__progress">
            <span class="number" role="status" data-testid="rating-progress">{model::progress_words(rated, total)}</span>
            <span class="queue__bar" aria-hidden="true"><span style:width=format!("{}%", model::progress_share(rated, total))></span></span>
        </div>
    }
}

/// The ratings of the run in the matrix, else of the newest one.
#[component]
pub fn RatingPane() -> impl IntoView {
    let run = RwSignal::new(Load::<Option<RunSummary>>::Loading);
    let shown = context::<Runs>().shown();
    let read = move || {
        run.set(Load::Loading);
        let shown = shown.get_untracked();
        spawn_local(async move {
            let found = find_run(shown).await;
            // The view may be gone by the time the answer comes.
            run.try_set(found.into());
        });
    };
    read();
    move || match run.get() {
        Load::Loading => view! { <Loading what="Looking for a run" /> }.into_any(),
        Load::Failed(error) => view! {
            <div class="ratings__refused">
                <ErrorNote error actions=move || view! {
                    <Button small=true on_press=move |_| read()>"Try again"</Button>
                } />
            </div>
        }
        .into_any(),
        Load::Ready(None) => view! { <NoRun /> }.into_any(),
        Load::Ready(Some(run)) => view! { <RatedRun run /> }.into_any(),
    }
}

async fn find_run(shown: Option<String>) -> Result<Option<RunSummary>, ApiError> {
    let runs = ipc::call(ListRuns { limit: 500 }).await?;
    let place = shown.and_then(|shown| runs.iter().position(|run| run.run == shown));
    Ok(runs.into_iter().nth(place.unwrap_or(0)))
}

#[component]
fn NoRun() -> impl IntoView {
    let stage = Stage::here();
    view! {
        <Blank
            mark=Mark::Person title="Nothing to rate yet"
            text="Run a prompt first. Its outputs come here one by one, without the names of what gave them, and you say how good they are."
        >
            <Button kind=Kind::Primary on_press=move |_| stage.perform(Action::Edit)>"Go to the prompts"</Button>
        </Blank>
    }
}

#[component]
fn RatedRun(run: RunSummary) -> impl IntoView {
    let part = RwSignal::new(Part::Outputs);
    let rater = RwSignal::new(0u32);
    let items = vec![
        TabItem {
            value: Part::Outputs,
            label: "One by one",
            mark: Mark::Eye,
            testid: "ratings-outputs",
        },
        TabItem {
            value: Part::Pairs,
            label: "Two by two",
            mark: Mark::Compare,
            testid: "ratings-pairs",
        },
        TabItem {
            value: Part::Results,
            label: "Results",
            mark: Mark::Gauge,
            testid: "ratings-results",
        },
    ];
    let RunSummary { run: id, title, state, .. } = run;
    let going = state == assay_wire::RunState::Running;
    view! {
        <section class="ratings" aria-label="Ratings" data-testid="ratings">
            <header class="ratings__head">
                <h2 class="ratings__title clip" title=title.clone()>{title.clone()}</h2>
                <RaterLine changed=rater />
            </header>
            <Tabs label="Parts of the ratings" items chosen=part on_choose=move |chosen| part.set(chosen) />
            {going.then(|| view! { <p class="ratings__partial quiet" role="status">"This run is still going; its later outputs join the queue."</p> })}
            {move || {
                // Another rater has a queue of their own.
                rater.track();
                let run = id.clone();
                let show = move |chosen| part.set(chosen);
                match part.get() {
                    Part::Outputs => view! { <OutputQueue run on_results=move || show(Part::Results) /> }.into_any(),
                    Part::Pairs => view! { <PairQueue run on_results=move || show(Part::Results) /> }.into_any(),
                    Part::Results => view! { <Results run /> }.into_any(),
                }
            }}
        </section>
    }
}
