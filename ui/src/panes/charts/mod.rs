//! Charts: how scores are distributed, cost against latency, what changed, and the trend over runs.
//!
//! Plain SVG. Each chart has its table and one stop for the keyboard; choosing a mark leads to the cases it stands for.

use assay_wire::{
    ApiError, CellLine, ColumnView, Notice, ReadCells, ReadRun, ReadTrend, RunState, TrendPoint,
};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    components::{Blank, Button, ErrorNote, Loading, Mark, Note, Tone},
    ipc,
    panes::{
        compare::{Versus, missing_words},
        matrix::Board,
    },
    state::{Desk, Documents, Latest, Load, Notices, Runs, context},
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
        Some(Load::Failed(error)) => view! { <Refused error again=move || versus.try_again() /> }.into_any(),
        Some(Load::Ready(view)) => {
            let distribution = move || {
                let (pair, verdict) = (versus.pair()?, versus.verdict()?);
                let figure = versus.cases().with(|cases| {
                    Some(model::distribution(&pair, &verdict, &cases.ready()?.cases))
                })?;
                Some(view! { <FigureView figure choose /> })
            };
            let missing = missing_words(&view).map(|words| view! {
                <div class="charts__whole"><Note tone=Tone::Warn mark=Mark::Warning><p>{words}</p></Note></div>
            });
            view! { {missing}<FigureView figure=model::forest(&view) choose />{distribution} }.into_any()
        }
    }
    }
}

/// Why a chart is not there, and the way to ask for it again.
#[component]
fn Refused(error: ApiError, again: impl Fn() + Copy + Send + Sync + 'static) -> impl IntoView {
    view! {
        <div class="charts__refused">
            <ErrorNote error actions=move || view! {
                <Button small=true on_press=move |_| again()>"Try again"</Button>
            } />
        </div>
    }
}

/// Something that a chart is drawn from, read again when a run has ended. The last answer that was asked for counts.
struct Reading<T: Clone + Send + Sync + 'static> {
    found: RwSignal<Load<T>>,
    asked: Latest,
}

impl<T: Clone + Send + Sync + 'static> Clone for Reading<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Clone + Send + Sync + 'static> Copy for Reading<T> {}

impl<T: Clone + Send + Sync + 'static> Reading<T> {
    fn new() -> Self {
        Self { found: RwSignal::new(Load::Loading), asked: Latest::new() }
    }

    /// Asks. What is on screen stays until the answer is there.
    fn ask(self, asked: impl Future<Output = Result<T, ApiError>> + 'static) {
        let question = self.asked.ask();
        spawn_local(async move {
            let answer = asked.await;
            // The pane may be gone by the time the answer comes, or something else asked for.
            if self.asked.is_last(question) {
                self.found.set(answer.into());
            }
        });
    }
}

/// Calls `then` whenever a run has ended, until the calling component is gone.
fn when_a_run_ends(then: impl Fn(&str) + Send + Sync + 'static) {
    context::<Notices>().listen(move |notice| {
        if let Notice::RunChanged { run, state, .. } = notice
            && *state != RunState::Running
        {
            then(run);
        }
    });
}

/// A run's columns and the cells that are drawn.
type Cells = (Vec<ColumnView>, Vec<CellLine>);

#[component]
fn RunSpending(run: String) -> impl IntoView {
    let way = Way::here();
    let choose = move |goal| way.to(goal);
    let cells = Reading::<Cells>::new();
    let run = StoredValue::new(run);
    let read = move || cells.ask(read_cells(run.get_value()));
    read();
    when_a_run_ends(move |ended| {
        if run.with_value(|run| run == ended) {
            read();
        }
    });
    move || match cells.found.get() {
        Load::Loading => view! { <Loading what="Reading the cells" /> }.into_any(),
        Load::Failed(error) => view! { <Refused error again=read /> }.into_any(),
        Load::Ready((columns, cells)) => {
            view! { <FigureView figure=model::spending(&columns, &cells) choose /> }.into_any()
        }
    }
}

async fn read_cells(run: String) -> Result<Cells, ApiError> {
    let view = ipc::call(ReadRun { run: run.clone(), rows: false }).await?;
    let to = view.summary.counts.total.min(CELLS);
    let page = ipc::call(ReadCells { run, from: 0, to }).await?;
    let columns = view.columns.into_iter().map(|stats| stats.column).collect();
    Ok((columns, page.cells))
}

#[component]
fn Trend() -> impl IntoView {
    let (versus, way) = (context::<Versus>(), Way::here());
    let choose = move |goal| way.to(goal);
    let points = Reading::<Vec<TrendPoint>>::new();
    let key = context::<Documents>().key();
    let read = move || points.ask(read_trend(key.get_untracked()));
    Effect::new(move || {
        key.track();
        points.found.set(Load::Loading);
        read();
    });
    when_a_run_ends(move |_| read());
    let scorer = move || {
        let chosen = versus.verdict().map(|verdict| verdict.scorer);
        let first = |points: &Load<Vec<TrendPoint>>| Some(points.ready()?.first()?.scorer.clone());
        chosen.or_else(|| points.found.with(first))
    };
    move || match points.found.get() {
        Load::Loading => view! { <Loading what="Reading earlier runs" /> }.into_any(),
        Load::Failed(error) => view! { <Refused error again=read /> }.into_any(),
        Load::Ready(points) => {
            let figure = model::trend(&scorer().unwrap_or_default(), &points);
            view! { <FigureView figure choose /> }.into_any()
        }
    }
}

/// The means of the open prompt's runs; nothing where none is open.
async fn read_trend(prompt: Option<String>) -> Result<Vec<TrendPoint>, ApiError> {
    match prompt {
        Some(prompt) => ipc::call(ReadTrend { prompt, limit: RUNS }).await,
        None => Ok(Vec::new()),
    }
}
