//! What holds a run up, above its cells: a model that is asked nothing more, a budget that is spent. Each with its way on.

use assay_wire::PausedLaneView;
use leptos::prelude::*;

use super::{
    board::{Board, Standing},
    model,
};
use crate::{
    components::{Button, Kind, Mark, Note, Tone},
    money,
    panes::runs::{model::ago, now_ms},
    state::{Desk, Runs, context},
};

/// A line for each paused model. The others go on.
#[component]
pub(super) fn PausedLanes() -> impl IntoView {
    let board = context::<Board>();
    let lanes = Memo::new(move |_| {
        board.standing().with(|s| s.as_ref().map(|s| s.paused.clone())).unwrap_or_default()
    });
    move || lanes.get().into_iter().map(|lane| view! { <PausedLane lane /> }).collect_view()
}

#[component]
fn PausedLane(lane: PausedLaneView) -> impl IntoView {
    let (board, runs, desk) = (context::<Board>(), context::<Runs>(), context::<Desk>());
    let PausedLaneView { model: name, reason, kind, since_ms } = lane;
    let since = ago(now_ms(), since_ms);
    let (testid, line_testid) = (format!("lane-retry-{name}"), format!("lane-{name}"));
    let keyless = kind == "unauthorized";
    let lane = StoredValue::new(name.clone());
    // The pressed button is about to leave, so the keyboard goes back to the cells.
    let retry = move |_| {
        if let Some(run) = shown_run(board) {
            board.take_focus();
            runs.retry_lane(run, lane.get_value());
        }
    };
    let testid = StoredValue::new(testid);
    view! {
        <div class="strip-run__why" data-testid=line_testid>
            <Note tone=Tone::Warn mark=Mark::Warning actions=move || view! {
                {keyless.then(|| view! {
                    <Button small=true kind=Kind::Quiet on_press=move |_| desk.show_settings("settings-providers")>"Settings"</Button>
                })}
                <Button small=true icon=Mark::Reload testid=testid.get_value() on_press=retry>"Retry"</Button>
            }>
                <p><span class="mono">{name.clone()}</span>{format!(" was paused {since}: {reason}")}</p>
                <p class="note__hints">{model::lane_hint(&kind)}</p>
            </Note>
        </div>
    }
}

fn shown_run(board: Board) -> Option<String> {
    board.standing().with_untracked(|s| s.as_ref().map(|s| s.summary.run.clone()))
}

/// A run that stopped at its budget: what was spent, what is left to do, and a higher budget to go on with.
#[component]
pub(super) fn BudgetSpent() -> impl IntoView {
    let board = context::<Board>();
    let spent = Memo::new(move |_| {
        let standing = board.standing().get()?;
        model::is_budget_spent(&standing.summary).then_some(standing)
    });
    move || spent.get().map(|standing| view! { <Raise standing /> })
}

#[component]
fn Raise(standing: Standing) -> impl IntoView {
    let typed = RwSignal::new(model::next_budget(&standing.summary));
    let Standing { summary, .. } = &standing;
    let words = model::budget_words(summary, standing.waiting());
    let run = summary.run.clone();
    let spent = summary.spent;
    let wrong = Memo::new(move |_| typed.with(|typed| too_little(typed, spent)));
    view! {
        <div class="strip-run__why" data-testid="budget-spent">
            <Note tone=Tone::Warn mark=Mark::Warning actions=move || view! { <RaiseField typed wrong run=run.clone() /> }>
                <p>{words}</p>
                <p class="note__hints" id="budget-about" aria-live="polite">{move || wrong.get().unwrap_or_else(|| {
                    "What is done stays. The new budget is for the whole run, and has to cover the most that a call may cost.".to_owned()
                })}</p>
            </Note>
        </div>
    }
}

/// Why no run could go on with such a budget.
fn too_little(typed: &str, spent: f64) -> Option<String> {
    match money::amount(typed) {
        Err(why) => Some(why),
        Ok(Some(budget)) if budget > spent => None,
        Ok(_) => Some(format!("It must be more than the {} that is spent.", money::dollars(spent))),
    }
}

#[component]
fn RaiseField(typed: RwSignal<String>, wrong: Memo<Option<String>>, run: String) -> impl IntoView {
    let (board, runs) = (context::<Board>(), context::<Runs>());
    let raise = move || {
        if let (None, Ok(Some(budget))) =
            (wrong.get_untracked(), typed.with_untracked(|t| money::amount(t)))
        {
            board.take_focus();
            runs.raise(run.clone(), budget);
        }
    };
    let press = raise.clone();
    view! {
        <form class="budget" on:submit=move |event| { event.prevent_default(); raise(); }>
            <input
                class="input number" type="text" inputmode="decimal" autocomplete="off" aria-label="New budget of the whole run, in US dollars"
                data-testid="budget-field" aria-describedby="budget-about" aria-invalid=move || wrong.get().is_some().then_some("true")
                prop:value=typed on:input:target=move |event| typed.set(event.target().value())
            />
            <Button
                small=true kind=Kind::Primary icon=Mark::Play testid="budget-raise"
                disabled=Signal::derive(move || wrong.get().is_some()) on_press=move |_| press()
            >"Raise and go on"</Button>
        </form>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_to_go_on_with_is_more_than_what_is_spent() {
        assert_eq!(too_little("1.00", 0.5), None);
        assert!(too_little("0.50", 0.5).is_some());
        assert!(too_little("", 0.5).is_some() && too_little("more", 0.5).is_some());
    }
}
