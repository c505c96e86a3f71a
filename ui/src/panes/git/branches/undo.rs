//! The git commands that can be taken back.

use assay_wire::UndoView;
use leptos::prelude::*;

use super::{model, state::Branches};
use crate::{
    components::{Button, ErrorNote, Loading, Mark},
    panes::git::{history::When, work::Work},
    state::{Load, context},
};

/// Steps drawn at once.
const FIRST: usize = 8;

/// What can be taken back, the last command first.
#[component]
pub(super) fn UndoCard() -> impl IntoView {
    let (branches, work) = (context::<Branches>(), context::<Work>());
    let disabled = Signal::derive(move || !branches.can_undo() || work.is_busy());
    view! {
        <section class="branch-card" aria-label="Undo" data-testid="undo-card">
            <h3 class="branch-card__title">"Undo"</h3>
            {move || match branches.undos().get() {
                Load::Loading => view! { <Loading what="Reading what can be undone" /> }.into_any(),
                Load::Failed(error) => view! { <ErrorNote error /> }.into_any(),
                Load::Ready(steps) if steps.is_empty() => view! {
                    <p class="quiet">"Nothing to take back. Each commit, switch, merge or sync you make here can be."</p>
                }.into_any(),
                Load::Ready(steps) => view! { <Steps steps /> }.into_any(),
            }}
            <div class="branch-card__actions">
                <Button small=true icon=Mark::Reload disabled testid="git-undo" on_press=move |_| branches.ask_undo()>
                    "Take the last one back…"
                </Button>
            </div>
        </section>
    }
}

#[component]
fn Steps(steps: Vec<UndoView>) -> impl IntoView {
    let more = steps.len().saturating_sub(FIRST);
    view! {
        <ol class="undo">
            {steps.into_iter().take(FIRST).map(|step| view! { <StepLine step /> }).collect_view()}
        </ol>
        {(more > 0).then(|| view! { <p class="quiet number">{format!("and {more} before")}</p> })}
    }
}

#[component]
fn StepLine(step: UndoView) -> impl IntoView {
    let stays = model::stays(&step);
    let cut_off = step.unfinished.then_some("was cut off");
    view! {
        <li class="undo__step">
            <span class="mono clip grow">{step.command}</span>
            <When time_s=step.time_s />
            {stays.map(|words| view! { <span class="undo__stays">{words}</span> })}
            {cut_off.map(|words| view! { <span class="undo__stays">{words}</span> })}
        </li>
    }
}
