//! All runs of the workspace, newest first; choosing one opens it in the matrix. Below them what signed runs showed, also
//! those of others.

use std::time::Duration;

use assay_wire::{ListRuns, Notice, RunSummary};
use leptos::{ev::KeyboardEvent, html, prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;

use crate::{
    actions::{Action, Stage},
    components::{Blank, Button, ErrorNote, Icon, Kind, Loading, Mark},
    ipc,
    state::{Documents, Load, Notices, Runs, context},
};

pub mod model;
mod signed;

use signed::SignedRuns;

/// More runs than anybody scrolls through; older ones stay in the store.
const LIMIT: u32 = 500;

/// How often "5 min ago" is said anew.
const CLOCK: Duration = Duration::from_secs(20);

/// Every run, newest first.
#[component]
pub fn RunsPane() -> impl IntoView {
    let list = List::new();
    list.follow(context());
    list.read();
    let state = Memo::new(move |_| {
        list.runs.with(|runs| match runs {
            Load::Loading => Shown::Waiting,
            Load::Failed(error) => Shown::Refused(error.clone()),
            Load::Ready(runs) if runs.is_empty() => Shown::Nothing,
            Load::Ready(_) => Shown::Runs,
        })
    });
    move || match state.get() {
        Shown::Waiting => view! { <Loading what="Reading the runs" /> }.into_any(),
        Shown::Nothing => {
            view! { <div class="runs__none"><NoRuns /><SignedRuns /></div> }.into_any()
        }
        Shown::Refused(error) => view! {
            <div class="runs__refused">
                <ErrorNote error actions=move || view! {
                    <Button small=true on_press=move |_| list.read()>"Read again"</Button>
                } />
            </div>
        }
        .into_any(),
        Shown::Runs => view! { <RunList list /> }.into_any(),
    }
}

#[derive(Clone, PartialEq)]
enum Shown {
    Waiting,
    Nothing,
    Refused(assay_wire::ApiError),
    Runs,
}

/// The list as last read, and what notices said since.
#[derive(Clone, Copy)]
struct List {
    runs: RwSignal<Load<Vec<RunSummary>>>,
    now: RwSignal<i64>,
    reading: StoredValue<bool>,
    again: StoredValue<bool>,
}

impl List {
    fn new() -> Self {
        let list = Self {
            runs: RwSignal::new(Load::Loading),
            now: RwSignal::new(now_ms()),
            reading: StoredValue::new(false),
            again: StoredValue::new(false),
        };
        every(CLOCK, move || list.now.set(now_ms()));
        list
    }

    fn follow(self, notices: Notices) {
        notices.listen(move |notice| {
            let Notice::RunChanged { run, state, counts, .. } = notice else { return };
            let known = self.runs.try_maybe_update(|runs| match runs {
                Load::Ready(runs) => (true, model::take_over(runs, run, *state, *counts)),
                Load::Loading | Load::Failed(_) => (false, false),
            });
            if known == Some(false) {
                self.read();
            }
        });
    }

    /// Reads the list. Asked again meanwhile, it is read once more after that.
    fn read(self) {
        if self.reading.get_value() {
            self.again.set_value(true);
            return;
        }
        self.reading.set_value(true);
        spawn_local(async move {
            let read = ipc::call(ListRuns { limit: LIMIT }).await;
            // The pane may be gone by the time the answer comes.
            if self.runs.try_set(read.into()).is_some() {
                return;
            }
            self.now.try_set(now_ms());
            self.reading.try_set_value(false);
            if self.again.try_update_value(std::mem::take) == Some(true) {
                self.read();
            }
        });
    }

    fn run(self, id: &str) -> Option<RunSummary> {
        self.runs.with(|runs| runs.ready()?.iter().find(|run| run.run == id).cloned())
    }

    fn ids(self) -> Vec<String> {
        self.runs
            .with(|runs| runs.ready().into_iter().flatten().map(|run| run.run.clone()).collect())
    }
}

/// Calls `then` at that pace until the calling component is gone.
pub fn every(pace: Duration, then: impl Fn() + 'static) {
    // A page without timers has no window either.
    if let Ok(timer) = set_interval_with_handle(then, pace) {
        on_cleanup(move || timer.clear());
    }
}

/// This moment, in milliseconds since 1970.
pub fn now_ms() -> i64 {
    js_sys::Date::now() as i64
}

#[component]
fn NoRuns() -> impl IntoView {
    let (stage, runs, documents) = (Stage::here(), context::<Runs>(), context::<Documents>());
    let idle = Signal::derive(move || runs.is_starting() || documents.key().with(Option::is_none));
    view! {
        <Blank
            mark=Mark::Runs title="No runs yet"
            text="Every run of this repository stays here with its outputs, its scores and the exact text of its variants."
        >
            <Button kind=Kind::Primary icon=Mark::Play disabled=idle on_press=move |_| stage.perform(Action::Run)>
                "Run the open prompt"
            </Button>
        </Blank>
    }
}

#[component]
fn RunList(list: List) -> impl IntoView {
    let ids = Memo::new(move |_| list.ids());
    let element = NodeRef::<html::Ol>::new();
    let walk = move |event: KeyboardEvent| {
        let step = match event.key().as_str() {
            "ArrowDown" => 1,
            "ArrowUp" => -1,
            _ => return,
        };
        event.prevent_default();
        walk_from_focus(element, step);
    };
    view! {
        <section class="pane runs" aria-label="Runs">
            <div class="pane__head">
                <h2 class="pane__title">"Runs"</h2>
                <span class="quiet number">{move || ids.with(Vec::len)}</span>
            </div>
            <div class="pane__body">
                <ol class="runs__list" data-testid="runs-list" node_ref=element on:keydown=walk>
                    <For each=move || ids.get() key=Clone::clone let:id>
                        <RunLine list id />
                    </For>
                </ol>
                <SignedRuns />
            </div>
        </section>
    }
}

/// Moves the focus among the lines.
fn walk_from_focus(list: NodeRef<html::Ol>, step: i32) {
    let Some(list) = list.get_untracked() else { return };
    let lines = list.children();
    let focused = document().active_element();
    let at = (0..lines.length())
        .find(|at| lines.item(*at).is_some_and(|line| line.contains(focused.as_deref())));
    let next = at.map_or(0, |at| at.saturating_add_signed(step));
    let button = lines.item(next).and_then(|line| line.first_element_child());
    if let Some(button) = button.and_then(|b| b.dyn_into::<web_sys::HtmlElement>().ok()) {
        // A line that left the page meanwhile cannot take the focus, and need not.
        let _ = button.focus();
    }
}

#[component]
fn RunLine(list: List, id: String) -> impl IntoView {
    let runs = context::<Runs>();
    let testid = format!("run-row-{id}");
    let shown = {
        let id = id.clone();
        move || runs.shown().with(|shown| shown.as_ref() == Some(&id))
    };
    let summary = Memo::new({
        let id = id.clone();
        move |_| list.run(&id)
    });
    view! {
        <li>
            <button
                type="button" class="run" class=("run--shown", shown) data-testid=testid
                on:click=move |_| runs.show(id.clone())
            >
                {move || summary.get().map(|run| view! { <RunFacts run now=list.now /> })}
            </button>
        </li>
    }
}

#[component]
fn RunFacts(run: RunSummary, now: RwSignal<i64>) -> impl IntoView {
    let (cost, shard) = (model::cost_words(&run), model::shard_words(&run));
    let RunSummary { title, created_ms, wall_ms, state, reason, counts, .. } = run;
    let (mark, tone, word) = model::state_look(state);
    let failed = (counts.failed > 0).then(|| format!("{} failed", counts.failed));
    let cached = (counts.cached > 0).then(|| format!("{} from cache", counts.cached));
    let share = f64::from(model::share(&counts)) / 10.0;
    view! {
        <span class=format!("run__state run__state{}", tone.modifier())><Icon mark />{word}</span>
        <span class="run__what">
            <span class="run__title clip">{title}{shard.map(|shard| view! { <span class="quiet">" · "{shard}</span> })}</span>
            {reason.map(|reason| view! { <span class="run__reason clip">{reason}</span> })}
        </span>
        <span class="run__counts number">
            <span>{model::count_words(&counts)}</span>
            {failed.map(|failed| view! { <span class="run__failed">{failed}</span> })}
            {cached.map(|cached| view! { <span class="quiet">{cached}</span> })}
        </span>
        <span class="run__bar" aria-hidden="true"><span style:width=format!("{share}%")></span></span>
        <span class="run__cost number" title="What it has cost, as far as prices are known">{cost}</span>
        <span class="run__wall number quiet">{wall_ms.map(model::duration_words)}</span>
        <span class="run__when quiet">{move || model::ago(now.get(), created_ms)}</span>
    }
}
