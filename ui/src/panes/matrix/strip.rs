//! How far the run is, what can be done about it, and whether its gates hold.

use std::time::Duration;

use assay_wire::{CellCounts, GateView, RunState};
use leptos::prelude::*;

use super::{
    board::{Board, Standing},
    causes::Causes,
    lanes::{BudgetSpent, PausedLanes},
    model::{self, Wanted},
};
use crate::{
    components::{Button, Icon, Keys, Kind, Mark, Note, Tone},
    panes::{
        ratings::Reviewed,
        runs::{every, model as runs_model, now_ms},
    },
    state::{Load, Runs, context},
};

/// How far the run is, above its cells.
#[component]
pub fn RunStrip() -> impl IntoView {
    let board = context::<Board>();
    let standing = move || board.standing().get();
    view! {
        <header class="strip-run" aria-label="Run">
            <RunStateChip />
            <RunNumbers />
            <Failures />
            <Reviewed />
            <span class="strip-run__gap"></span>
            <Gates />
            <Verbs />
            <RunProgress />
        </header>
        <PausedLanes />
        <BudgetSpent />
        {move || standing().and_then(why_stopped)}
        <Causes />
    }
}

fn why_stopped(standing: Standing) -> Option<impl IntoView> {
    // Both say it themselves, each beside what can be done.
    let paused = standing.summary.state == RunState::Paused && !standing.paused.is_empty();
    if model::is_budget_spent(&standing.summary) || paused {
        return None;
    }
    let waiting = standing.waiting();
    let said =
        model::why_stopped(standing.summary.state, standing.summary.reason.as_deref(), waiting)?;
    let (tone, mark) = match standing.summary.state {
        RunState::Failed => (Tone::Danger, Mark::Error),
        RunState::Interrupted | RunState::Paused | RunState::Spent => (Tone::Warn, Mark::Warning),
        _ => (Tone::Info, Mark::Info),
    };
    Some(view! { <div class="strip-run__why"><Note tone mark>{said}</Note></div> })
}

#[component]
fn RunStateChip() -> impl IntoView {
    let board = context::<Board>();
    let state = Memo::new(move |_| board.standing().with(|s| s.as_ref().map(|s| s.summary.state)));
    let title =
        Memo::new(move |_| board.standing().with(|s| s.as_ref().map(|s| s.summary.title.clone())));
    move || {
        let state = state.get()?;
        let (mark, tone, word) = runs_model::state_look(state);
        Some(view! {
            <span
                class=format!("chip chip{}", tone.modifier()) data-testid="run-state" role="status"
                data-state=runs_model::state_id(state)
            >
                <Icon mark />{word}
            </span>
            <span class="strip-run__title clip" title=move || title.get()>{move || title.get()}</span>
        })
    }
}

fn counts(board: Board) -> Memo<CellCounts> {
    Memo::new(move |_| {
        board.standing().with(|s| s.as_ref().map(|s| s.summary.counts)).unwrap_or_default()
    })
}

/// How many cells have an outcome, along the strip's lower edge.
#[component]
fn RunProgress() -> impl IntoView {
    let counts = counts(context());
    let share = move || f64::from(runs_model::share(&counts.get())) / 10.0;
    let failed_share = move || {
        let CellCounts { total, failed, skipped, .. } = counts.get();
        f64::from(failed) * 100.0 / f64::from(total.saturating_sub(skipped).max(1))
    };
    view! {
        <div
            class="strip-run__bar" role="progressbar" aria-label="Cells with an outcome" data-testid="run-progress"
            aria-valuemin="0" aria-valuemax=move || counts.get().total
            aria-valuenow=move || counts.with(|counts| counts.done + counts.failed)
            aria-valuetext=move || runs_model::count_words(&counts.get())
        >
            <span class="strip-run__done" style:width=move || format!("{}%", share() - failed_share())></span>
            <span class="strip-run__failed" style:width=move || format!("{}%", failed_share())></span>
        </div>
    }
}

/// The same in numbers, and since when.
#[component]
fn RunNumbers() -> impl IntoView {
    let counts = counts(context());
    view! {
        <span class="strip-run__counts number" data-testid="run-counts">{move || runs_model::count_words(&counts.get())}</span>
        {move || (counts.get().cached > 0).then(|| view! {
            <span class="strip-run__cached number"><Icon mark=Mark::Bolt />{counts.get().cached}" cached"</span>
        })}
        <Spent />
        <Elapsed />
    }
}

/// What it has cost so far, and of how much.
#[component]
fn Spent() -> impl IntoView {
    let board = context::<Board>();
    let words =
        Memo::new(move |_| board.standing().with(|s| runs_model::cost_words(&s.as_ref()?.summary)));
    move || {
        words.get().map(|words| view! {
            <span
                class="strip-run__cost number" data-testid="run-cost"
                title="What it has cost, as far as prices are known; calls that may have been billed count at the most they may cost"
            >{words}</span>
        })
    }
}

/// How long it took, or has been going.
#[component]
fn Elapsed() -> impl IntoView {
    let board = context::<Board>();
    let now = RwSignal::new(now_ms());
    every(Duration::from_secs(1), move || now.set(now_ms()));
    let words = move || {
        board.standing().with(|standing| {
            let summary = &standing.as_ref()?.summary;
            match summary.state {
                RunState::Running => Some(runs_model::going_words(now.get() - summary.created_ms)),
                _ => summary.wall_ms.map(runs_model::duration_words),
            }
        })
    };
    view! { <span class="strip-run__elapsed number quiet" title="Time since the run was started">{words}</span> }
}

/// Leads to the cells that want to be looked at.
#[component]
fn Failures() -> impl IntoView {
    let board = context::<Board>();
    let counts = counts(board);
    let failed = Memo::new(move |_| counts.get().failed);
    let any_failed = Memo::new(move |_| failed.get() > 0);
    let searching = Signal::derive(move || board.is_searching());
    view! {
        {move || any_failed.get().then(|| view! {
            <Button
                small=true kind=Kind::Danger icon=Mark::Error disabled=searching testid="run-failed"
                hint="Go to the next failed cell" on_press=move |_| board.find(Wanted::Failed)
            >
                <span class="number">{failed}" failed"</span>
            </Button>
            <Button
                small=true kind=Kind::Quiet testid="run-causes" hint="What failed, by its reason"
                on_press=move |_| board.causes().show()
            >"Why"</Button>
        })}
        <Button
            small=true kind=Kind::Quiet icon=Mark::Cross disabled=searching testid="run-next"
            hint="Go to the next cell that failed or did not pass" on_press=move |_| board.find(Wanted::NotPassed)
        >
            "Next" <Keys chord="N" />
        </Button>
    }
}

/// The gates' verdict, with each gate's reason behind it.
#[component]
fn Gates() -> impl IntoView {
    let board = context::<Board>();
    let gates = Memo::new(move |_| {
        board.standing().with(|s| s.as_ref().map(|s| s.gates.clone())).unwrap_or_default()
    });
    move || {
        let gates = gates.get();
        let (ok, words) = model::gate_words(&gates)?;
        let (mark, tone) = model::verdict_look(Some(ok));
        Some(view! {
            <details class="gates" data-testid="run-gates">
                <summary class=format!("chip chip{}", tone.modifier())>
                    <Icon mark />{words}<Icon mark=Mark::ChevronDown />
                </summary>
                <ul class="gates__list">
                    {gates.into_iter().map(|gate| view! { <GateLine gate /> }).collect_view()}
                </ul>
            </details>
        })
    }
}

#[component]
fn GateLine(gate: GateView) -> impl IntoView {
    let (mark, tone) = model::verdict_look(Some(gate.ok));
    let column = column_name(gate.column as usize);
    view! {
        <li class=format!("gates__line verdict verdict{}", tone.modifier())>
            <Icon mark />
            <div>
                <p><span class="mono">{gate.subject}</span>" "{gate.limit}<span class="quiet">" · "{column}</span></p>
                <p class="quiet">{gate.reason}</p>
            </div>
        </li>
    }
}

fn column_name(place: usize) -> Option<String> {
    context::<Board>().layout().with_untracked(|layout| {
        let column = layout.as_ref().and_then(Load::ready)?.columns.get(place)?;
        Some(format!("{} › {}", column.variant, column.model))
    })
}

/// Resume, retry: what the run's state allows. The bar on top has the one button that stops it.
#[component]
fn Verbs() -> impl IntoView {
    let (board, runs) = (context::<Board>(), context::<Runs>());
    let now = Memo::new(move |_| {
        board.standing().with(|standing| {
            let standing = standing.as_ref()?;
            let counts = standing.summary.counts;
            let offers = verbs(standing);
            // Of a run that goes on only what changes its buttons: one that is replaced cannot be pressed.
            let failed = if offers.retry { counts.failed } else { 0 };
            Some((standing.summary.run.clone(), offers, failed))
        })
    });
    // The pressed button is about to leave, so the keyboard goes back to the cells.
    let resume = move |run: String, retry_failed| {
        board.take_focus();
        runs.resume(run, retry_failed);
    };
    move || {
        let (run, offers, failed) = now.get()?;
        let run = StoredValue::new(run);
        Some(view! {
            {offers.retry.then(|| view! {
                <Button small=true icon=Mark::Reload testid="run-retry" on_press=move |_| resume(run.get_value(), true)>
                    {format!("Retry {failed} failed")}
                </Button>
            })}
            {offers.resume.then(|| view! {
                <Button
                    small=true kind=Kind::Primary icon=Mark::Play testid="run-resume"
                    on_press=move |_| resume(run.get_value(), false)
                >
                    "Resume"
                </Button>
            })}
        })
    }
}

/// What of resume and retry is offered here: where a budget or a paused model holds the run up, the button stands with
/// the reason instead.
fn verbs(standing: &Standing) -> model::Offers {
    let summary = &standing.summary;
    let offers = model::offers(summary.state, standing.waiting(), summary.counts.failed);
    if model::is_budget_spent(summary) { model::Offers::default() } else { offers }
}

/// One tab per prompt, when a run has several.
#[component]
pub fn SheetTabs(
    /// The prompts' keys.
    prompts: Vec<String>,
) -> impl IntoView {
    let board = context::<Board>();
    let sheet = board.sheet();
    (prompts.len() > 1).then(|| {
        let tabs = prompts.into_iter().enumerate().map(|(place, prompt)| {
            let chosen = move || sheet.get() == place;
            view! {
                <button
                    type="button" role="tab" class="tab" data-testid=format!("matrix-prompt-{prompt}")
                    aria-selected=move || chosen().to_string() on:click=move |_| board.choose_sheet(place)
                >
                    {prompt.clone()}
                </button>
            }
        });
        view! { <div class="tabs matrix__prompts" role="tablist" aria-label="Prompts of the run">{tabs.collect_view()}</div> }
    })
}
