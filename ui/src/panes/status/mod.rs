//! The bar at the bottom: how far the run is, what changed, what is wrong, whether all stays here.

use leptos::prelude::*;

use crate::{
    actions::{Action, Stage},
    components::{Icon, Mark},
    panes::{
        keys::model::status_words,
        problems::{Problems, count_words},
    },
    state::{Desk, Documents, Place, Runs, Session, context},
};

mod model;

/// The bar at the bottom.
#[component]
pub fn StatusBar() -> impl IntoView {
    view! {
        <footer class="status" aria-label="Status">
            <RunStatus />
            <span class="grow"></span>
            <SaveStatus />
            <ProblemStatus />
            <ChangeStatus />
            <KeyStatus />
            <NetworkStatus />
            <ModelStatus />
        </footer>
    }
}

/// How far the run is; leads to it.
#[component]
fn RunStatus() -> impl IntoView {
    let runs = context::<Runs>();
    let line = move || {
        runs.progress().get().map(|progress| {
            let share = model::share(&progress.counts);
            let words = model::run_words(&progress);
            view! {
                <button type="button" class="status__item" data-testid="run-status" on:click=move |_| runs.show(progress.run.clone())>
                    <span class="status__bar" aria-hidden="true"><span style:width=format!("{share}%")></span></span>
                    <span class="number" role="status">{words}</span>
                </button>
            }
        })
    };
    view! { {line} }
}

/// How far the open prompt's files are from the disk, all together.
#[component]
fn SaveStatus() -> impl IntoView {
    let documents = context::<Documents>();
    let words = Memo::new(move |_| {
        let states: Vec<_> = documents.all().iter().map(|document| document.state()).collect();
        (!states.is_empty()).then(|| model::save_words(&states))
    });
    view! {
        <span class="status__item" role="status" data-testid="save-state">{move || words.get()}</span>
    }
}

/// How much is wrong in the repository; opens the drawer.
#[component]
fn ProblemStatus() -> impl IntoView {
    let (problems, stage) = (context::<Problems>(), Stage::here());
    let words = Memo::new(move |_| count_words(problems.counts()));
    view! {
        <button type="button" class="status__item" on:click=move |_| stage.perform(Action::Drawer)>
            <Icon mark=Mark::Warning />
            <span class="number" data-testid="problem-status">{words}</span>
        </button>
    }
}

/// The branch and how many files changed on it; leads to Git.
#[component]
fn ChangeStatus() -> impl IntoView {
    let (session, desk) = (context::<Session>(), context::<Desk>());
    let words = move || session.workspace().with(|w| w.as_ref().map(model::change_words));
    view! {
        <button type="button" class="status__item" on:click=move |_| desk.place.set(Place::Git)>
            <Icon mark=Mark::Branch />
            <span class="number">{words}</span>
        </button>
    }
}

/// Where keys are kept here; leads to the settings.
#[component]
fn KeyStatus() -> impl IntoView {
    let (session, desk) = (context::<Session>(), context::<Desk>());
    let words = move || session.models().map(|models| status_words(&models.keys));
    view! {
        <button type="button" class="status__item" data-testid="key-status" on:click=move |_| desk.show_settings("settings-keys")>
            <Icon mark=Mark::Shield />{words}
        </button>
    }
}

/// Whether anything but this machine may be contacted; leads to the switch.
#[component]
fn NetworkStatus() -> impl IntoView {
    let (session, desk) = (context::<Session>(), context::<Desk>());
    let on = Memo::new(move |_| session.models().is_some_and(|models| models.loopback_only));
    let (mark, words) = (
        move || if on.get() { Mark::Check } else { Mark::Globe },
        move || model::network_words(on.get()),
    );
    view! {
        <button
            type="button" class="status__item" data-testid="network-status" title=move || model::network_hint(on.get())
            on:click=move |_| desk.show_settings("settings-privacy")
        >
            {move || view! { <Icon mark=mark() /> }}{words}
        </button>
    }
}

/// Whether the embedded model is there.
#[component]
fn ModelStatus() -> impl IntoView {
    let session = context::<Session>();
    let words = move || session.models().map(|models| model::model_words(&models));
    view! { <span class="status__item"><Icon mark=Mark::Chip />{words}</span> }
}
