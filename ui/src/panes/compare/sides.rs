//! What is compared: a run and a column of it, twice; and one more to look at.

use leptos::prelude::*;

use super::{
    TurnRound,
    board::{Side, Versus},
    model::{self, By},
};
use crate::state::context;

/// Both sides, the third, and how outputs are held against each other.
#[component]
pub(super) fn SideChoices() -> impl IntoView {
    let versus = context::<Versus>();
    let by = versus.by();
    let mode = move |mode: By, words: &'static str| {
        view! {
            <button
                type="button" class="versus__mode" aria-pressed=move || (by.get() == mode).to_string()
                on:click=move |_| by.set(mode)
            >
                {words}
            </button>
        }
    };
    view! {
        <header class="versus__sides">
            <SideChoice side=Side::Base label="Base" testid="compare-base" />
            <TurnRound />
            <SideChoice side=Side::Head label="Head" testid="compare-head" />
            <ThirdChoice />
            <span class="grow"></span>
            <Working />
            <div class="versus__modes" role="group" aria-label="How outputs are compared">
                {mode(By::Words, "Words")}{mode(By::Lines, "Lines")}
            </div>
        </header>
    }
}

/// What is on screen stays there while it is worked out anew; another choice overtakes it.
#[component]
fn Working() -> impl IntoView {
    let versus = context::<Versus>();
    view! {
        <span class="versus__working quiet" role="status" data-testid="compare-working">
            {move || versus.is_reading().then(|| view! { <span class="live"></span>"Comparing" })}
        </span>
    }
}

#[component]
fn SideChoice(side: Side, label: &'static str, testid: &'static str) -> impl IntoView {
    let versus = context::<Versus>();
    let run = move || versus.side(side).map(|side| side.run).unwrap_or_default();
    let runs = move || {
        versus
            .runs()
            .into_iter()
            .map(|choice| {
                let id = choice.run.clone();
                let selected = move || run() == id;
                view! { <option value=choice.run.clone() selected=selected>{model::run_words(&choice)}</option> }
            })
            .collect_view()
    };
    view! {
        <fieldset class="versus__side">
            <legend class="field__label">{label}</legend>
            <select
                class="input" aria-label=format!("{label}: the run") data-testid=testid
                on:change:target=move |event| versus.choose_run(side, event.target().value())
            >
                <option value="" selected=move || run().is_empty()>"Choose a run"</option>
                {runs}
            </select>
            <ColumnChoice side label />
        </fieldset>
    }
}

#[component]
fn ColumnChoice(side: Side, label: &'static str) -> impl IntoView {
    let versus = context::<Versus>();
    let now = move || versus.side(side).map(|side| model::column_value(&side)).unwrap_or_default();
    let options = move || {
        let Some(run) = versus.side(side).map(|side| side.run) else { return Vec::new() };
        let columns = versus.columns_of(&run);
        if columns.is_empty() { Vec::new() } else { model::column_choices(&run, &columns) }
    };
    view! {
        <select
            class="input" aria-label=format!("{label}: the column")
            on:change:target=move |event| versus.choose_column(side, &event.target().value())
        >
            {move || options().into_iter().map(|(value, words)| {
                let same = value.clone();
                view! { <option value=value selected=move || now() == same>{words}</option> }
            }).collect_view()}
        </select>
    }
}

/// One more column of the base's run, to look at beside the two.
#[component]
fn ThirdChoice() -> impl IntoView {
    let versus = context::<Versus>();
    let now =
        move || versus.side(Side::Third).map(|side| model::column_value(&side)).unwrap_or_default();
    let options = move || {
        let Some(run) = versus.side(Side::Base).map(|side| side.run) else { return Vec::new() };
        let columns = versus.columns_of(&run);
        if columns.len() < 3 {
            Vec::new()
        } else {
            model::column_choices(&run, &columns).split_off(1)
        }
    };
    let choose = move |value: String| match value.is_empty() {
        true => versus.choose_run(Side::Third, value),
        false => versus.choose_column(Side::Third, &value),
    };
    move || {
        let options = options();
        (!options.is_empty()).then(|| view! {
            <fieldset class="versus__side">
                <legend class="field__label">"Beside them"</legend>
                <select
                    class="input" aria-label="A third column to look at"
                    on:change:target=move |event| choose(event.target().value())
                >
                    <option value="" selected=move || now().is_empty()>"nothing"</option>
                    {options.into_iter().map(|(value, words)| {
                        let same = value.clone();
                        view! { <option value=value selected=move || now() == same>{words}</option> }
                    }).collect_view()}
                </select>
            </fieldset>
        })
    }
}
