//! The form that adds an endpoint or replaces one.

use leptos::{ev::KeyboardEvent, prelude::*};

use super::{endpoints::Endpoints, model::Draft};
use crate::{
    components::{Button, ErrorNote, Kind},
    state::context,
};

/// Name, address, key variable and models of an endpoint. The application judges them; its answer stands below.
#[component]
pub fn EndpointForm() -> impl IntoView {
    let endpoints = context::<Endpoints>();
    let replaces =
        Memo::new(move |_| endpoints.draft().with(|draft| draft.replaces(&endpoints.all())));
    view! {
        <form class="card endpoint-form" aria-label="Add an endpoint" on:submit=|event| event.prevent_default()>
            <h3 class="endpoint-form__title">{move || if replaces.get() { "Replace an endpoint" } else { "Add an endpoint" }}</h3>
            <Field
                label="Name" about="Its models are named name/model." testid="settings-add-name" placeholder="openai"
                read=|draft| draft.name.clone() write=|draft, text| draft.name = text
            />
            <Field
                label="Address" about="https://…, or http:// on this machine." testid="settings-add-url" placeholder="https://api.openai.com/v1"
                read=|draft| draft.base_url.clone() write=|draft, text| draft.base_url = text
            />
            <Field
                label="Key variable" about="The environment variable that holds its key, never the key. Empty if it needs none." testid="settings-add-keyenv"
                placeholder="OPENAI_API_KEY" read=|draft| draft.key_env.clone() write=|draft, text| draft.key_env = text
            />
            <Field
                label="Models" about="Names to offer, apart by commas. May be empty." testid="settings-add-models" placeholder="gpt-4.1-mini"
                read=|draft| draft.models.clone() write=|draft, text| draft.models = text
            />
            <div class="endpoint-form__wide" data-testid="settings-error">
                {move || endpoints.refused().get().map(|error| view! { <ErrorNote error /> })}
            </div>
            <FormFoot replaces />
        </form>
    }
}

#[component]
fn FormFoot(replaces: Memo<bool>) -> impl IntoView {
    let endpoints = context::<Endpoints>();
    let empty = Memo::new(move |_| endpoints.draft().with(|draft| *draft == Draft::default()));
    let disabled = Signal::derive(move || {
        endpoints.is_saving() || endpoints.draft().with(|draft| !draft.is_filled())
    });
    view! {
        <div class="endpoint-form__wide endpoint-form__foot">
            <Show when=move || !empty.get()>
                <Button kind=Kind::Quiet on_press=move |_| endpoints.draft().set(Draft::default())>"Clear"</Button>
            </Show>
            <Button kind=Kind::Primary testid="settings-add" disabled on_press=move |_| endpoints.save()>
                {move || if replaces.get() { "Replace" } else { "Add" }}
            </Button>
        </div>
    }
}

/// One line of the form.
#[component]
fn Field(
    label: &'static str,
    about: &'static str,
    testid: &'static str,
    placeholder: &'static str,
    read: fn(&Draft) -> String,
    write: fn(&mut Draft, String),
) -> impl IntoView {
    let endpoints = context::<Endpoints>();
    let draft = endpoints.draft();
    let on_key = move |event: KeyboardEvent| {
        if event.key() == "Enter" && !event.is_composing() && !event.ctrl_key() && !event.meta_key()
        {
            event.prevent_default();
            endpoints.save();
        }
    };
    view! {
        <label class="field">
            <span class="field__label">{label}</span>
            <input
                class="input mono" type="text" autocomplete="off" spellcheck="false" placeholder=placeholder data-testid=testid
                prop:value=move || draft.with(read)
                on:keydown=on_key
                on:input:target=move |event| draft.update(|draft| write(draft, event.target().value()))
            />
            <span class="field__about">{about}</span>
        </label>
    }
}
