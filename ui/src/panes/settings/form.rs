//! The form that adds a provider or changes one. The preset shapes it: what is known already is not asked.

use assay_wire::{PresetView, TimesView, read_time, shown_time};
use leptos::{ev::KeyboardEvent, prelude::*};
use wasm_bindgen::JsCast;

use super::{
    declared::DeclarationForm,
    model::{self, Draft},
    providers::Providers,
};
use crate::{
    components::{Button, Choice, ChoiceField, ErrorNote, Kind, TextField, focus_on},
    state::context,
};

/// Id of the form, to which the keyboard goes when it opens.
const FORM: &str = "provider-form";

/// Preset, name, address where it must be given, models; and the rest behind a fold.
#[component]
pub fn ProviderForm() -> impl IntoView {
    let providers = context::<Providers>();
    let changes = Memo::new(move |_| providers.of_draft(|draft| draft.replaced.is_some()));
    let declared = Memo::new(move |_| providers.of_draft(Draft::is_declared));
    let addressed = Memo::new(move |_| {
        let presets = providers.presets();
        providers.of_draft(|draft| draft.needs_address(&presets))
    });
    let title = move || if changes.get() { "Change a provider" } else { "Add a provider" };
    request_animation_frame(|| focus_on(FORM));
    view! {
        <form
            id=FORM class="card provider-form" tabindex="-1" aria-label=title data-testid="settings-form"
            on:submit=|event| event.prevent_default() on:keydown=move |event| on_key(providers, &event)
        >
            <h3 class="provider-form__wide">{title}</h3>
            <PresetField />
            <NameField />
            <Show when=move || addressed.get()><AddressField /></Show>
            <Line
                label="Models" testid="settings-add-models" placeholder="gpt-4.1-mini" about="Names to offer, apart by commas. A test names them too."
                read=|draft| draft.models.clone() write=|draft, text| draft.models = text
            />
            <Show when=move || declared.get()><DeclarationForm /></Show>
            <More addressed />
            <div class="provider-form__wide" data-testid="settings-error">
                {move || providers.refused().get().map(|error| view! { <ErrorNote error /> })}
            </div>
            <Foot changes />
        </form>
    }
}

/// Enter saves, except where it makes a new line.
fn on_key(providers: Providers, event: &KeyboardEvent) {
    let in_line =
        event.target().is_some_and(|target| target.has_type::<web_sys::HtmlInputElement>());
    let plain = !event.ctrl_key() && !event.meta_key() && !event.is_composing();
    match event.key().as_str() {
        "Enter" if in_line && plain => providers.save(),
        "Escape" => providers.draft().set(None),
        _ => return,
    }
    event.prevent_default();
}

#[component]
fn PresetField() -> impl IntoView {
    let providers = context::<Providers>();
    let choices = move || {
        let grouped = model::presets_grouped(&providers.presets()).into_iter();
        grouped
            .map(|(group, PresetView { name, title, .. })| Choice {
                value: name,
                label: title,
                group,
            })
            .collect()
    };
    let take = move |name: String| {
        let preset = untrack(|| providers.presets()).into_iter().find(|preset| preset.name == name);
        let taken = untrack(|| providers.all());
        if let Some(preset) = preset {
            providers
                .draft()
                .update(|draft| *draft = draft.take().map(|draft| set_up(draft, &preset, &taken)));
        }
        Ok(())
    };
    let docs = move || {
        let name = providers.of_draft(|draft| draft.preset.clone());
        let preset = providers.presets().into_iter().find(|preset| preset.name == name);
        let docs = preset.map(|preset| preset.docs).filter(|docs| !docs.is_empty());
        docs.map(|docs| format!("Described at {docs}")).unwrap_or_default()
    };
    view! {
        <ChoiceField
            label="What it is" testid="settings-add-preset" choices=Signal::derive(choices) take=Box::new(take)
            value=Signal::derive(move || providers.of_draft(|draft| draft.preset.clone())) about=Signal::derive(docs)
        />
    }
}

/// Another preset, with its own name where the user has given none.
fn set_up(draft: Draft, preset: &PresetView, taken: &[assay_wire::ProviderView]) -> Draft {
    let untouched =
        draft.replaced.is_none() && draft.name == model::free_name(&draft.preset, taken);
    let name = if untouched { model::free_name(&preset.name, taken) } else { draft.name.clone() };
    Draft { name, ..draft }.of_preset(preset)
}

#[component]
fn NameField() -> impl IntoView {
    let providers = context::<Providers>();
    let other = Memo::new(move |_| {
        let all = providers.all();
        providers.of_draft(|draft| {
            draft.replaces(&all) && draft.replaced.as_deref() != Some(draft.name.trim())
        })
    });
    let about = move || {
        if other.get() {
            "A provider of that name is there; it will be replaced.".to_owned()
        } else {
            providers.of_draft(|draft| format!("Its models are named {}/model.", draft.name.trim()))
        }
    };
    view! {
        <TextField
            label="Name" testid="settings-add-name" placeholder="openai" about=Signal::derive(about)
            value=Signal::derive(move || providers.of_draft(|draft| draft.name.clone()))
            take=Box::new(move |text| { providers.change(|draft| draft.name = text); Ok(()) })
        />
    }
}

/// The address. What one looks like stands below.
#[component]
fn AddressField() -> impl IntoView {
    let providers = context::<Providers>();
    let about = move || {
        let preset = providers.of_draft(|draft| draft.preset.clone());
        let known = providers.presets().into_iter().find(|known| known.name == preset);
        match known {
            Some(PresetView { base_url: Some(url), .. }) => format!("{url} when empty."),
            Some(PresetView { base_url_form, .. }) => {
                format!("Such as {base_url_form}, or http:// on this machine.")
            }
            None => String::new(),
        }
    };
    view! {
        <TextField
            label="Address" testid="settings-add-url" placeholder="https://…" about=Signal::derive(about)
            value=Signal::derive(move || providers.of_draft(|draft| draft.base_url.clone()))
            take=Box::new(move |text| { providers.change(|draft| draft.base_url = text); Ok(()) })
        />
    }
}

/// What most people leave as it is.
#[component]
fn More(addressed: Memo<bool>) -> impl IntoView {
    view! {
        <details class="provider-form__wide provider-form__more">
            <summary data-testid="settings-add-more">"Address, key and limits"</summary>
            <div class="provider-form__grid">
                <Show when=move || !addressed.get()><AddressField /></Show>
                <Line
                    label="Key variable" testid="settings-add-keyenv" placeholder="none"
                    about="An environment variable that may hold its key, read when no key is kept. Never the key itself."
                    read=|draft| draft.key_env.clone() write=|draft, text| draft.key_env = text
                />
                <Line
                    label="Key header" testid="settings-add-header" placeholder="as usual" about="The header that carries the key, where it is an unusual one."
                    read=|draft| draft.key_header.clone() write=|draft, text| draft.key_header = text
                />
                <Limit
                    label="Calls at once" testid="settings-add-concurrency"
                    read=|draft| draft.concurrency.map(u64::from) write=|draft, n| draft.concurrency = n.and_then(|n| u32::try_from(n).ok())
                />
                <Limit label="Requests a minute" testid="settings-add-rpm" read=|draft| draft.rpm write=|draft, n| draft.rpm = n />
                <Limit label="Tokens a minute" testid="settings-add-tpm" read=|draft| draft.tpm write=|draft, n| draft.tpm = n />
                <Time label="First byte within" testid="settings-add-first-byte" read=|times| &mut times.first_byte_ms />
                <Time label="Silence at most" testid="settings-add-idle" read=|times| &mut times.idle_ms />
                <Time label="Whole call within" testid="settings-add-total" read=|times| &mut times.total_ms />
            </div>
        </details>
    }
}

/// One line of the form.
#[component]
fn Line(
    label: &'static str,
    about: &'static str,
    testid: &'static str,
    placeholder: &'static str,
    read: fn(&Draft) -> String,
    write: fn(&mut Draft, String),
) -> impl IntoView {
    let providers = context::<Providers>();
    view! {
        <TextField
            label testid placeholder about
            value=Signal::derive(move || providers.of_draft(read))
            take=Box::new(move |text| { providers.change(|draft| write(draft, text)); Ok(()) })
        />
    }
}

/// A limit that may be left to be found out.
#[component]
fn Limit(
    label: &'static str,
    testid: &'static str,
    read: fn(&Draft) -> Option<u64>,
    write: fn(&mut Draft, Option<u64>),
) -> impl IntoView {
    let providers = context::<Providers>();
    let take = move |text: String| {
        let typed = text.trim().replace(',', "");
        let number = match typed.as_str() {
            "" => None,
            some => Some(some.parse().map_err(|_| format!("“{some}” is no whole number"))?),
        };
        providers.change(|draft| write(draft, number));
        Ok(())
    };
    let value = move || providers.of_draft(read).map(|n| n.to_string()).unwrap_or_default();
    view! {
        <TextField label testid placeholder="found out" value=Signal::derive(value) take=Box::new(take) />
    }
}

/// A time that a call may take; the usual one when it is left empty.
#[component]
fn Time(
    label: &'static str,
    testid: &'static str,
    read: fn(&mut TimesView) -> &mut Option<u64>,
) -> impl IntoView {
    let providers = context::<Providers>();
    let take = move |text: String| {
        let typed = Some(text.trim()).filter(|typed| !typed.is_empty());
        let time = typed.map(read_time).transpose()?;
        providers.change(|draft| *read(&mut draft.times) = time);
        Ok(())
    };
    let of = move |mut times: TimesView| read(&mut times).map(shown_time).unwrap_or_default();
    let value = Signal::derive(move || of(providers.of_draft(|draft| draft.times)));
    let about = Signal::derive(move || match of(providers.usual_times()).as_str() {
        "" => String::new(),
        usual => format!("{usual} when empty."),
    });
    view! { <TextField label testid placeholder="30s" about value take=Box::new(take) /> }
}

#[component]
fn Foot(changes: Memo<bool>) -> impl IntoView {
    let providers = context::<Providers>();
    let disabled = Signal::derive(move || {
        let presets = providers.presets();
        providers.is_saving() || !providers.of_draft(|draft| draft.is_filled(&presets))
    });
    let verb = move || match (providers.is_saving(), changes.get()) {
        (true, _) => "Saving",
        (false, true) => "Save",
        (false, false) => "Add",
    };
    view! {
        <div class="provider-form__wide provider-form__foot">
            <Button kind=Kind::Quiet testid="settings-add-cancel" on_press=move |_| providers.draft().set(None)>"Cancel"</Button>
            <Button kind=Kind::Primary testid="settings-add" disabled on_press=move |_| providers.save()>{verb}</Button>
        </div>
    }
}
