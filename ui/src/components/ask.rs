//! A small dialog that asks for a name, and says what is wrong with it as one types.

use std::sync::Arc;

use assay_wire::ApiError;
use leptos::{ev::KeyboardEvent, html, prelude::*};

use super::{Button, ErrorNote, Kind};

/// What is asked, in words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NameWords {
    /// What will be done.
    pub title: String,
    /// What the name is of.
    pub label: String,
    /// What the name is for, where that needs saying.
    pub note: Option<String>,
    /// On the button that does it.
    pub verb: String,
    /// The name to begin with, wholly selected.
    pub proposal: String,
}

/// Why a name cannot be used, or `None` where it can.
pub type Objection = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// The inside of a [`super::Dialog`] that asks for a name.
#[component]
pub fn AskName(
    /// What is asked.
    words: NameWords,
    /// Checks the name as one types.
    objection: Objection,
    /// Whether it is being done.
    #[prop(into)]
    busy: Signal<bool>,
    /// Why it was not done.
    #[prop(into)]
    refusal: Signal<Option<ApiError>>,
    /// The name is given.
    on_name: impl Fn(String) + Clone + Send + Sync + 'static,
    /// Nothing is to be done.
    on_cancel: impl Fn() + Send + Sync + 'static,
    /// What else is asked, below the name.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let NameWords { title, label, note, verb, proposal } = words;
    let name = RwSignal::new(proposal.clone());
    // A name that nobody has begun to type is not wrong yet.
    let begun = RwSignal::new(false);
    let wrong = Memo::new(move |_| name.with(|name| objection(name)));
    let shown = move || begun.get().then(|| wrong.get()).flatten();
    let submit = move || {
        begun.set(true);
        if wrong.with_untracked(Option::is_none) && !busy.get_untracked() {
            on_name(name.get_untracked());
        }
    };
    let press = submit.clone();
    let on_key = move |event: KeyboardEvent| {
        if event.key() == "Enter" && !event.is_composing() {
            event.prevent_default();
            submit();
        }
    };
    view! {
        <div class="dialog__head"><h2>{title}</h2></div>
        <div class="dialog__body ask">
            {note.map(|note| view! { <p class="ask__note">{note}</p> })}
            <label class="field">
                <span class="field__label">{label}</span>
                <NameField name begun wrong=Signal::derive(move || shown().is_some()) on_key />
            </label>
            <p class="ask__wrong" id="ask-wrong" role="status" data-testid="ask-wrong">{shown}</p>
            {children.map(|children| children())}
            {move || refusal.get().map(|error| view! { <ErrorNote error /> })}
        </div>
        <div class="dialog__foot">
            <Button kind=Kind::Quiet testid="ask-cancel" on_press=move |_| on_cancel()>"Cancel"</Button>
            <Button kind=Kind::Primary testid="ask-do" disabled=busy on_press=move |_| press()>{verb}</Button>
        </div>
    }
}

/// The field, with its text selected so that typing replaces it.
#[component]
fn NameField(
    name: RwSignal<String>,
    begun: RwSignal<bool>,
    wrong: Signal<bool>,
    on_key: impl Fn(KeyboardEvent) + 'static,
) -> impl IntoView {
    let field = NodeRef::<html::Input>::new();
    Effect::new(move || {
        let Some(field) = field.get() else { return };
        // The dialog opens, and the field gets its value, after it is made; both would undo the selection.
        request_animation_frame(move || {
            // The field is on the page by then, and a lost focus is only a click more.
            let _ = field.focus();
            field.select();
        });
    });
    view! {
        <input
            node_ref=field class="input" type="text" autocomplete="off" spellcheck="false" data-testid="ask-name"
            aria-describedby="ask-wrong" aria-invalid=move || wrong.get().then_some("true")
            prop:value=name
            on:input:target=move |event| { begun.set(true); name.set(event.target().value()); }
            on:keydown=on_key
        />
    }
}
