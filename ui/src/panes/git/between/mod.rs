//! What differs between any two revisions: files in words of prompts, rows by their fields, templates line by line, and
//! the messages that a model would be sent for a case.

use leptos::{ev::KeyboardEvent, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;

use super::branches::{Branches, revisions};
use crate::{
    components::{Blank, Button, ErrorNote, IconButton, Kind, Loading, Mark, focus_on},
    state::{Load, Session, context},
};

mod files;
mod messages;
mod model;
mod state;

pub use files::Difference;
pub use messages::Messages;
pub use state::Between;

use state::Of;

/// Id of what differs on the page.
const BODY: &str = "differences-body";

/// Two revisions and what differs between them.
#[component]
pub fn DifferencesPane() -> impl IntoView {
    let between = context::<Between>();
    view! {
        <section class="pane between" aria-label="Differences" data-testid="differences">
            <Names />
            <div id=BODY class="pane__body between__body" tabindex="0" role="region" aria-label="What differs" data-testid="differences-body">
                {move || match between.of().get() {
                    Of::Files => view! { <FilesOf /> }.into_any(),
                    Of::Messages => view! { <MessagesOf /> }.into_any(),
                }}
            </div>
        </section>
    }
}

/// The two names, and whether files or messages are shown.
#[component]
fn Names() -> impl IntoView {
    let between = context::<Between>();
    let on_key = move |event: KeyboardEvent| {
        let is_field = event.target().is_some_and(|target| target.has_type::<HtmlInputElement>());
        if is_field && event.key() == "Enter" && !event.is_composing() && !event.ctrl_key() {
            event.prevent_default();
            between.read();
            // Else the names that the field offers would lie over the answer.
            focus_on(BODY);
        }
    };
    let turn = move |_| {
        let (base, head) = (between.base(), between.head());
        let (was, is) = (base.get_untracked(), head.get_untracked());
        base.set(is);
        head.set(was);
        between.read();
    };
    view! {
        <div class="between__names" on:keydown=on_key>
            <RevisionField label="Base" text=between.base() placeholder="last commit" testid="difference-base" />
            <RevisionField label="Head" text=between.head() placeholder="files on disk" testid="difference-head" />
            <IconButton label="Turn the two round" mark=Mark::Swap on_press=turn />
            <Button kind=Kind::Primary icon=Mark::Compare testid="difference-read" on_press=move |_| between.read()>"Show"</Button>
            <span class="grow"></span>
            <OfChoice />
            <Show when=move || between.of().get() == Of::Messages><MessageNames /></Show>
        </div>
        <Revisions />
    }
}

/// Files or messages, as two buttons of which one is down.
#[component]
fn OfChoice() -> impl IntoView {
    let between = context::<Between>();
    let button = move |of: Of, words: &'static str, testid: &'static str| {
        view! {
            <button
                type="button" class="button button--small" data-testid=testid
                aria-pressed=move || (between.of().get() == of).to_string() on:click=move |_| between.choose(of)
            >{words}</button>
        }
    };
    view! {
        <div class="between__of" role="group" aria-label="What is shown">
            {button(Of::Files, "Files", "difference-files")}
            {button(Of::Messages, "Messages sent", "difference-messages")}
        </div>
    }
}

/// Which prompt and which case.
#[component]
fn MessageNames() -> impl IntoView {
    let (between, session) = (context::<Between>(), context::<Session>());
    let (prompt, case) = (between.prompt(), between.case());
    let prompts = move || {
        let names = session.workspace().with(|w| {
            w.as_ref().map(|w| w.prompts.iter().map(|p| p.key.clone()).collect::<Vec<_>>())
        });
        let now = prompt.get();
        names
            .unwrap_or_default()
            .into_iter()
            .map(|key| {
                let selected = now == key;
                view! { <option value=key.clone() selected=selected>{key.clone()}</option> }
            })
            .collect_view()
    };
    view! {
        <label class="field">
            <span class="field__label">"Prompt"</span>
            <select
                class="input" data-testid="difference-prompt"
                on:change:target=move |event| { prompt.set(event.target().value()); between.read(); }
            >
                <option value="" selected=move || prompt.with(String::is_empty)>"All prompts"</option>
                {prompts}
            </select>
        </label>
        <label class="field">
            <span class="field__label">"Cases"</span>
            <input
                class="input mono" type="text" autocomplete="off" spellcheck="false" placeholder="the first that differs" data-testid="difference-case"
                prop:value=case on:input:target=move |event| case.set(event.target().value())
            />
        </label>
    }
}

/// The name of a revision, with branches and tags offered.
#[component]
fn RevisionField(
    label: &'static str,
    text: RwSignal<String>,
    placeholder: &'static str,
    testid: &'static str,
) -> impl IntoView {
    view! {
        <label class="field">
            <span class="field__label">{label}</span>
            <input
                class="input mono" type="text" autocomplete="off" spellcheck="false" placeholder=placeholder data-testid=testid list="git-revisions"
                prop:value=text on:input:target=move |event| text.set(event.target().value())
            />
        </label>
    }
}

#[component]
fn Revisions() -> impl IntoView {
    let branches = context::<Branches>();
    let names = move || {
        let names = branches.view().with(|view| view.ready().map(revisions).unwrap_or_default());
        names.into_iter().map(|name| view! { <option value=name></option> }).collect_view()
    };
    view! { <datalist id="git-revisions">{names}</datalist> }
}

#[component]
fn FilesOf() -> impl IntoView {
    let between = context::<Between>();
    move || match between.files().get() {
        None => view! { <Unasked /> }.into_any(),
        Some(Load::Loading) => view! { <Loading what="Comparing" /> }.into_any(),
        Some(Load::Failed(error)) => {
            view! { <div class="git__refused"><ErrorNote error /></div> }.into_any()
        }
        Some(Load::Ready(diff)) => view! { <Difference diff /> }.into_any(),
    }
}

#[component]
fn MessagesOf() -> impl IntoView {
    let between = context::<Between>();
    move || match between.messages().get() {
        None => view! { <Unasked /> }.into_any(),
        Some(Load::Loading) => view! { <Loading what="Rendering both sides" /> }.into_any(),
        Some(Load::Failed(error)) => {
            view! { <div class="git__refused"><ErrorNote error /></div> }.into_any()
        }
        Some(Load::Ready(rendered)) => view! { <Messages rendered /> }.into_any(),
    }
}

#[component]
fn Unasked() -> impl IntoView {
    let between = context::<Between>();
    view! {
        <Blank
            mark=Mark::Compare title="Two revisions"
            text="Name a branch, a tag or a commit on each side. Empty fields are the last commit and the files on disk."
        >
            <Button kind=Kind::Primary on_press=move |_| between.read()>"Files on disk against the last commit"</Button>
        </Blank>
    }
}
