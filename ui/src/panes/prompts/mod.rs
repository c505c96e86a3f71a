//! The left side: the activity bar and the list of prompts.

use assay_wire::PromptSummary;
use leptos::prelude::*;

use crate::{
    actions::{Action, about},
    components::{Icon, Mark},
    state::{Desk, Documents, Place, Session, context},
};

mod model;

/// The places of the window.
#[component]
pub fn Activity() -> impl IntoView {
    let session = context::<Session>();
    let changed = move || session.workspace().with(|w| w.as_ref().map_or(0, |w| w.changed_files));
    view! {
        <nav class="activity" aria-label="Places">
            <PlaceButton place=Place::Prompts action=Action::Edit label="Prompts" mark=Mark::Prompts testid="nav-prompts" />
            <PlaceButton place=Place::Runs action=Action::Runs label="Runs" mark=Mark::Runs testid="nav-runs" />
            <PlaceButton
                place=Place::Git action=Action::Git label="Git" mark=Mark::Branch testid="nav-git"
                count=Signal::derive(changed)
            />
            <span class="apart"></span>
            <PlaceButton place=Place::Settings action=Action::Settings label="Settings" mark=Mark::Settings testid="nav-settings" />
        </nav>
    }
}

#[component]
fn PlaceButton(
    place: Place,
    action: Action,
    label: &'static str,
    mark: Mark,
    testid: &'static str,
    #[prop(optional, into)] count: Signal<u32>,
) -> impl IntoView {
    let desk = context::<Desk>();
    let hint = format!("{label} ({})", about(action).keys[0]);
    view! {
        <button
            type="button" class="activity__item" title=hint data-testid=testid
            aria-label=move || model::place_label(label, count.get())
            aria-current=move || (desk.place.get() == place).then_some("page")
            on:click=move |_| desk.place.set(place)
        >
            <Icon mark large=true />
            {move || (count.get() > 0).then(|| view! { <span class="activity__count number">{count.get()}</span> })}
        </button>
    }
}

/// The prompts of the repository, narrowed by what is typed above them.
#[component]
pub fn PromptList() -> impl IntoView {
    let session = context::<Session>();
    let filter = RwSignal::new(String::new());
    let prompts = Memo::new(move |_| {
        session.workspace().with(|w| w.as_ref().map(|w| w.prompts.clone()).unwrap_or_default())
    });
    let found = move || filter.with(|filter| prompts.with(|all| model::matching(all, filter)));
    view! {
        <div class="pane__head"><h2 class="pane__title grow">"Prompts"</h2><span class="quiet number">{move || prompts.with(Vec::len)}</span></div>
        <div class="prompts__filter">
            <input
                class="input" type="search" placeholder="Filter" aria-label="Filter prompts"
                prop:value=filter on:input:target=move |event| filter.set(event.target().value())
            />
        </div>
        <ul class="prompts pane__body">
            <For each=found key=|prompt| prompt.key.clone() let:prompt>
                <PromptLine key=prompt.key.clone() prompts />
            </For>
        </ul>
        <Show when=move || found().is_empty()>
            <p class="prompts__none quiet">
                {move || if filter.with(String::is_empty) { "This repository has no prompts yet." } else { "No prompt matches." }}
            </p>
        </Show>
    }
}

/// One prompt: its name, what it is for, how much is in it.
#[component]
fn PromptLine(key: String, prompts: Memo<Vec<PromptSummary>>) -> impl IntoView {
    let (documents, desk) = (context::<Documents>(), context::<Desk>());
    let own = key.clone();
    let prompt = Memo::new(move |_| prompts.with(|all| all.iter().find(|p| p.key == own).cloned()));
    let with = move |f: fn(&PromptSummary) -> String| prompt.with(|p| p.as_ref().map(f));
    let (here, open) = (key.clone(), key.clone());
    let current = move || documents.key().with(|now| now.as_ref() == Some(&here)).then_some("true");
    let choose = move |_| {
        if documents.key().get_untracked().as_ref() != Some(&open) {
            documents.open(open.clone());
        }
        desk.place.set(Place::Prompts);
    };
    view! {
        <li>
            <button type="button" class="prompts__line" aria-current=current title=key on:click=choose>
                <span class="prompts__name clip">{move || with(|p| p.name.clone())}</span>
                <span class="prompts__trouble">{move || with(model::trouble)}</span>
                <span class="prompts__about clip">{move || with(model::about)}</span>
            </button>
        </li>
    }
}
