//! The bar on top: where one is, the next run and what it would cost, appearance, palette.

use assay_wire::Theme;
use leptos::prelude::*;

use crate::{
    actions::{Action, Stage, about, next_theme},
    components::{Button, Chip, Icon, IconButton, Keys, Kind, Mark, catch_focus},
    state::{Desk, Runs, Scope, Session, context},
};

mod model;

pub use model::grouped;

/// The bar on top.
#[component]
pub fn Toolbar() -> impl IntoView {
    let stage = Stage::here();
    let desk = context::<Desk>();
    view! {
        <header class="toolbar">
            <Project />
            <span class="grow"></span>
            <NextRun />
            <span class="toolbar__gap"></span>
            <button type="button" class="toolbar__find" on:click=move |_| stage.perform(Action::Palette)>
                <Icon mark=Mark::Search />
                <span>"Find"</span>
                <Keys chord=about(Action::Palette).keys[0] />
            </button>
            <ThemeToggle />
            <IconButton
                label="Drawer" mark=Mark::PanelBottom pressed=desk.drawer
                on_press=move |_| stage.perform(Action::Drawer)
            />
            <IconButton
                label="Inspector" mark=Mark::PanelRight pressed=desk.inspector
                on_press=move |_| stage.perform(Action::Inspector)
            />
        </header>
    }
}

/// The repository and its branch; the cross leaves it.
#[component]
fn Project() -> impl IntoView {
    let (session, stage) = (context::<Session>(), Stage::here());
    let name = move || session.workspace().with(|w| w.as_ref().map(|w| w.name.clone()));
    let path = move || session.workspace().with(|w| w.as_ref().map(|w| w.path.clone()));
    let branch = move || session.workspace().with(|w| w.as_ref().map(model::branch_name));
    view! {
        <span class="toolbar__mark"><Icon mark=Mark::Assay large=true /></span>
        <h1 class="toolbar__project clip" title=path>{name}</h1>
        <button
            type="button" class="toolbar__branch" title="Branches, tags and remotes" data-testid="toolbar-branch"
            on:click=move |_| stage.perform(Action::Branches)
        >
            <Chip icon=Mark::Branch><span class="unseen">"Branch "</span>{branch}</Chip>
        </button>
        <IconButton small=true label="Close the workspace" mark=Mark::Close on_press=move |_| stage.perform(Action::Close) />
    }
}

/// Which cases the next run takes, what that means, and the button that starts it.
#[component]
fn NextRun() -> impl IntoView {
    let (runs, stage) = (context::<Runs>(), Stage::here());
    let waiting =
        move || !stage.offers(about(Action::Run)) || runs.is_starting() || runs.is_running();
    view! {
        <button
            type="button" class="toolbar__estimate number" data-testid="run-estimate" aria-live="polite"
            title=move || model::estimate_hint(runs.plan()) on:click=move |_| stage.perform(Action::Plan)
        >
            {move || model::estimate(runs.plan())}
        </button>
        <ModelSelect />
        <ScopeSelect />
        <Show when=move || runs.is_running()><StopButton /></Show>
        <Button
            kind=Kind::Primary icon=Mark::Play id=RUN_BUTTON testid="run-button"
            disabled=Signal::derive(waiting)
            on_press=move |_| stage.perform(Action::Run)
        >
            {move || if runs.is_starting() { "Starting" } else { "Run" }}
            <Keys chord=about(Action::Run).keys[0] />
        </Button>
    }
}

/// Id of the button that starts a run.
const RUN_BUTTON: &str = "run-button";

/// Stops the run. It leaves when that is done; where it was pressed by keyboard, the one beside it has it then.
#[component]
fn StopButton() -> impl IntoView {
    let stage = Stage::here();
    let pressed = StoredValue::new(false);
    let stop = move |_| {
        pressed.set_value(true);
        stage.perform(Action::Cancel);
    };
    on_cleanup(move || {
        if pressed.try_get_value() == Some(true) {
            catch_focus(RUN_BUTTON.to_owned());
        }
    });
    view! {
        <Button icon=Mark::Stop testid="stop-button" on_press=stop>"Stop" <Keys chord=about(Action::Cancel).keys[0] /></Button>
    }
}

/// The model the next run takes: what the prompt names, the embedded one, or one of a provider.
#[component]
fn ModelSelect() -> impl IntoView {
    let (runs, session) = (context::<Runs>(), context::<Session>());
    let options = move || {
        let now = runs.model();
        let mut options = vec![
            view! { <option value="" selected=now.is_none()>"Model of the prompt"</option> }
                .into_any(),
        ];
        options.extend(model::offered(session.models()).into_iter().map(|id| {
            let selected = now.as_ref() == Some(&id);
            let label = format!("On {id}");
            view! { <option value=id selected=selected>{label}</option> }.into_any()
        }));
        options
    };
    view! {
        <select
            class="input toolbar__scope" aria-label="Model to run on" data-testid="run-model"
            on:change:target=move |event| {
                runs.choose_model(Some(event.target().value()).filter(|id| !id.is_empty()))
            }
        >
            {options}
        </select>
    }
}

/// The cases the next run takes: a tag, or all.
#[component]
fn ScopeSelect() -> impl IntoView {
    let runs = context::<Runs>();
    let options = move || {
        let now = runs.scope();
        let mut options = vec![
            view! { <option value="" selected=now == Scope::All>"All cases"</option> }.into_any(),
        ];
        options.extend(runs.tags().into_iter().map(|tag| {
            let selected = now == Scope::Tag(tag.clone());
            let label = format!("Cases tagged {tag}");
            view! { <option value=tag selected=selected>{label}</option> }.into_any()
        }));
        options
    };
    view! {
        <select
            class="input toolbar__scope" aria-label="Cases to run" data-testid="run-scope"
            on:change:target=move |event| runs.choose(model::scope_of(&event.target().value()))
        >
            {options}
        </select>
    }
}

/// Goes through system, light and dark.
#[component]
fn ThemeToggle() -> impl IntoView {
    let session = context::<Session>();
    let label = move || format!("Appearance: {}", model::theme_name(session.theme()));
    let mark = move || match session.theme() {
        Theme::System => Mark::Screen,
        Theme::Light => Mark::Sun,
        Theme::Dark => Mark::Moon,
    };
    view! {
        <IconButton
            label=Signal::derive(label) mark=Signal::derive(mark) testid="theme-toggle"
            on_press=move |_| session.set_theme(next_theme(untrack(|| session.theme())))
        />
    }
}
