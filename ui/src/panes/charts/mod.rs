//! Charts: how scores are distributed, cost against latency, what changed, and the trend over runs.
//!
//! Plain SVG. Each chart has its table and one stop for the keyboard; choosing a mark leads to the cases it stands for.

use assay_wire::{ApiError, CellLine, ColumnView, ReadCells, ReadRun, ReadTrend, TrendPoint};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    components::{Blank, ErrorNote, Loading, Mark},
    ipc,
    panes::{compare::Versus, matrix::Board},
    state::{Desk, Documents, Load, Runs, context},
};

mod figure;
mod model;
mod view;

use figure::Goal;
use view::FigureView;

/// Cells that are read for a cloud of dots.
const CELLS: u32 = 4_000;

/// Runs that a trend goes back.
const RUNS: u32 = 20;

/// The four charts of the run that is shown.
#[component]
pub fn ChartsPane() -> impl IntoView {
    let shown = context::<Runs>().shown();
    move || {
        match shown.get() {
        None => view! {
            <Blank
                mark=Mark::Chart title="No run to draw"
                text="Run the open prompt, or choose a run under Runs: its scores, its cost and what changed are drawn here."
            />
        }
        .into_any(),
        Some(run) => view! {
            <section class="charts" aria-label="Charts" data-testid="charts-view">
                <Comparisons />
                <RunSpending run />
                <Trend />
            </section>
        }
        .into_any(),
    }
    }
}

/// Leads to what a mark stands for.
#[derive(Clone, Copy)]
struct Way {
    versus: Versus,
    board: Board,
    desk: Desk,
    runs: Runs,
}

impl Way {
    fn here() -> Way {
        Way { versus: context(), board: context(), desk: context(), runs: context() }
    }

    fn to(self, goal: Goal) {
        match goal {
            Goal::None => {}
            Goal::Verdict(pair, verdict) => {
                self.versus.choose(pair, verdict);
                self.desk.show_compare();
            }
            Goal::Case(case) => {
                self.versus.choose_case_named(&case);
                self.desk.show_compare();
            }
            Goal::Cell(cell) => {
                self.desk.show_matrix();
                self.board.go_to_ordinal(cell);
                self.board.open();
            }
            Goal::Run(run) => self.runs.show(run),
        }
    }
}

/// What changed and how scores are distributed; both need two sides.
#[component]
fn Comparisons() -> impl IntoView {
    let (versus, way) = (context::<Versus>(), Way::here());
    let choose = move |goal| way.to(goal);
    move || {
        match versus.view().get() {
        None => view! { <p class="quiet charts__note">"With two sides chosen in Compare, what changed is drawn here."</p> }.into_any(),
        Some(Load::Loading) => view! { <Loading what="Comparing" /> }.into_any(),
        Some(Load::Failed(error)) => view! { <ErrorNote error /> }.into_any(),
        Some(Load::Ready(view)) => {
            let distribution = move || {
                let (pair, verdict) = (versus.pair()?, versus.verdict()?);
                let figure = versus.cases().with(|cases| {
                    Some(model::distribution(&pair, &verdict, &cases.ready()?.cases))
                })?;
                Some(view! { <FigureView figure choose /> })
            };
            view! { <FigureView figure=model::forest(&view) choose />{distribution} }.into_any()
        }
    }
    }
}

/// A run's columns and the cells that are drawn.
type Cells = (Vec<ColumnView>, Vec<CellLine>);

#[component]
fn RunSpending(run: String) -> impl IntoView {
    let way = Way::here();
    let choose = move |goal| way.to(goal);
    let cells = RwSignal::new(Load::<Cells>::Loading);
    spawn_local(async move {
        let read = async {
            let view = ipc::call(ReadRun { run: run.clone() }).await?;
            let to = view.summary.counts.total.min(CELLS);
            let page = ipc::call(ReadCells { run, from: 0, to }).await?;
            let columns = view.columns.into_iter().map(|stats| stats.column).collect();
            Ok::<Cells, ApiError>((columns, page.cells))
        };
        // The pane may be gone by the time the answer comes.
        let _ = cells.try_set(Load::from(read.await));
    });
    move || match cells.get() {
        Load::Loading => view! { <Loading what="Reading the cells" /> }.into_any(),
        Load::Failed(error) => view! { <ErrorNote error /> }.into_any(),
        Load::Ready((columns, cells)) => {
            view! { <FigureView figure=model::spending(&columns, &cells) choose /> }.into_any()
        }
    }
}

#[component]
fn Trend() -> impl IntoView {
    let (versus, way) = (context::<Versus>(), Way::here());
    let choose = move |goal| way.to(goal);
    let points = RwSignal::new(Load::<Vec<TrendPoint>>::Loading);
    let key = context::<Documents>().key();
    Effect::new(move || {
        let Some(prompt) = key.get() else { return points.set(Load::Ready(Vec::new())) };
        spawn_local(async move {
            let read = ipc::call(ReadTrend { prompt, limit: RUNS }).await;
            let _ = points.try_set(read.into());
        });
    });
    let scorer = move || {
        let chosen = versus.verdict().map(|verdict| verdict.scorer);
        chosen.or_else(|| points.with(|points| Some(points.ready()?.first()?.scorer.clone())))
    };
    move || match points.get() {
        Load::Loading => view! { <Loading what="Reading earlier runs" /> }.into_any(),
        Load::Failed(error) => view! { <ErrorNote error /> }.into_any(),
        Load::Ready(points) => {
            let figure = model::trend(&scorer().unwrap_or_default(), &points);
            view! { <FigureView figure choose /> }.into_any()
        }
    }
}
