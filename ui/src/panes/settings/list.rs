//! The list of providers: each with its address, key, models and limits, and what it answered to a test.

use assay_wire::{ProviderTest, ProviderView};
use leptos::prelude::*;

use super::{form::ProviderForm, model, providers::Providers};
use crate::{
    components::{Blank, Button, Chip, ErrorNote, Kind, Loading, Mark, Note, Tone},
    panes::keys::model as keys,
    state::{Keyring, Load, context},
};

/// The providers that are there, and the form that adds one.
#[component]
pub fn ProviderList() -> impl IntoView {
    let providers = context::<Providers>();
    let all = Memo::new(move |_| providers.all());
    let closed = Memo::new(move |_| providers.draft().with(Option::is_none));
    let empty = Memo::new(move |_| all.with(Vec::is_empty) && closed.get());
    view! {
        {move || providers.trouble().get().map(|error| view! { <ErrorNote error /> })}
        <ul class="settings__list" data-testid="settings-providers">
            <For each=move || all.get() key=|provider| format!("{provider:?}") let:provider>
                <Provider provider />
            </For>
        </ul>
        <Show when=move || empty.get()><NoProviders /></Show>
        <Show when=move || closed.get() && !empty.get()>
            <Button icon=Mark::Plus testid="settings-add-provider" on_press=move |_| providers.begin()>"Add a provider…"</Button>
        </Show>
        <Show when=move || !closed.get()><ProviderForm /></Show>
    }
}

#[component]
fn NoProviders() -> impl IntoView {
    let providers = context::<Providers>();
    view! {
        <div class="card">
            <Blank
                mark=Mark::Globe title="No providers yet"
                text="Add the service you have an account with, or a server of your own. Then set its key, test it, and run prompts on its models."
            >
                <Button kind=Kind::Primary icon=Mark::Plus testid="settings-add-provider" on_press=move |_| providers.begin()>
                    "Add a provider…"
                </Button>
            </Blank>
        </div>
    }
}

/// One provider, with what can be done about it.
#[component]
fn Provider(provider: ProviderView) -> impl IntoView {
    let name = provider.name.clone();
    let own = StoredValue::new(provider.clone());
    let models = provider.models.iter().map(|model| format!("{name}/{model}")).collect::<Vec<_>>();
    let none = models.is_empty();
    let limits = [model::limit_words(&provider.limits), provider.times.words()];
    view! {
        <li class="card" data-testid=format!("settings-provider-{name}")>
            <div class="card__head">
                <h3 class="mono clip">{name.clone()}</h3>
                <span class="chip">{provider.wire.clone()}</span>
                <span class="grow"></span>
                <Verbs provider=own />
            </div>
            <p class="card__line mono card__path">{provider.base_url.clone()}</p>
            <KeyLine provider=provider.clone() />
            {limits.into_iter().flatten().map(|words| view! { <p class="card__line">{words}</p> }).collect_view()}
            {none.then(|| view! { <p class="card__line">"No models are offered yet: a test names them, or add some with Edit."</p> })}
            {(!none).then(|| view! { <ModelIds ids=models more=0 /> })}
            {provider.test_calls.then(|| view! {
                <p class="card__line quiet">"A list of models would not prove it: its test makes one small call, which may cost something."</p>
            })}
            <TestResult provider=own />
        </li>
    }
}

#[component]
fn Verbs(provider: StoredValue<ProviderView>) -> impl IntoView {
    let providers = context::<Providers>();
    let name = provider.with_value(|provider| provider.name.clone());
    let hint = if provider.with_value(|provider| provider.test_calls) {
        "Makes one small call"
    } else {
        "Asks which models it has"
    };
    let tested = name.clone();
    let busy = Signal::derive(move || matches!(providers.test_of(&tested), Some(Load::Loading)));
    view! {
        <Button
            small=true icon=Mark::Globe hint testid=format!("settings-test-{name}") disabled=busy
            on_press=move |_| providers.test(provider.with_value(|provider| provider.name.clone()))
        >"Test"</Button>
        <Button
            small=true kind=Kind::Quiet testid=format!("settings-edit-{name}")
            on_press=move |_| provider.with_value(|provider| providers.edit(provider))
        >"Edit"</Button>
        <Button
            small=true kind=Kind::Quiet testid=format!("settings-remove-{name}")
            on_press=move |_| providers.remove(provider.get_value())
        >"Remove"</Button>
    }
}

/// Whether its key is there and where, and the button that sets one.
#[component]
fn KeyLine(provider: ProviderView) -> impl IntoView {
    let keyring = context::<Keyring>();
    let (tone, words) = keys::key_words(&provider.key);
    let name = provider.name.clone();
    let verb = if provider.key.place.is_some() { "Replace key…" } else { "Set key…" };
    let testid = format!("settings-key-{name}");
    view! {
        <div class="card__key">
            <Chip tone icon=keys::tone_mark(tone)>{words}</Chip>
            <Button small=true kind=Kind::Quiet testid on_press=move |_| keyring.ask(name.clone())>{verb}</Button>
        </div>
        {provider.key.trouble.map(|trouble| view! { <p class="card__line card__wrong">{trouble}</p> })}
    }
}

/// What the provider answered to the last test.
#[component]
fn TestResult(provider: StoredValue<ProviderView>) -> impl IntoView {
    let providers = context::<Providers>();
    let name = provider.with_value(|provider| provider.name.clone());
    let testid = format!("settings-test-result-{name}");
    let result = move || {
        Some(match providers.test_of(&name)? {
            Load::Loading => view! { <Loading what="Waiting for its answer" /> }.into_any(),
            Load::Failed(error) => view! { <ErrorNote error /> }.into_any(),
            Load::Ready(test) => view! { <Answer provider test /> }.into_any(),
        })
    };
    view! { <div data-testid=testid aria-live="polite">{result}</div> }
}

#[component]
fn Answer(provider: StoredValue<ProviderView>, test: ProviderTest) -> impl IntoView {
    let providers = context::<Providers>();
    let known = provider.with_value(|provider| provider.models.clone());
    let new: Vec<_> = test.models.iter().filter(|model| !known.contains(model)).cloned().collect();
    let (ids, more) = provider.with_value(|provider| model::offered(&provider.name, &test));
    let (tone, mark) = if test.ok { (Tone::Ok, Mark::Check) } else { (Tone::Danger, Mark::Error) };
    // A long list is for choosing from, in the form.
    let few = !new.is_empty() && new.len() <= 20;
    let new = StoredValue::new(new);
    view! {
        <Note tone mark><p>{test.message}</p></Note>
        {(!ids.is_empty()).then(|| view! { <ModelIds ids more /> })}
        {few.then(|| view! {
            <div class="card__key">
                <Button
                    small=true icon=Mark::Plus testid="settings-offer-models"
                    on_press=move |_| provider.with_value(|provider| providers.offer(provider, new.get_value()))
                >"Offer these models"</Button>
            </div>
        })}
    }
}

/// Ids of models, to read and to copy.
#[component]
fn ModelIds(ids: Vec<String>, more: usize) -> impl IntoView {
    view! {
        <ul class="card__models">
            {ids.into_iter().map(|id| view! { <li class="chip mono">{id}</li> }).collect_view()}
            {(more > 0).then(|| view! { <li class="quiet">{format!("and {more} more")}</li> })}
        </ul>
    }
}
