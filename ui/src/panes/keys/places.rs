//! The places that can keep keys: what state each is in, and the way out where one cannot be used.

use assay_wire::{KeptIn, KeptKeyView, KeyFileView, KeysStatusView};
use leptos::prelude::*;

use super::{WHY_NO_FIELD, model};
use crate::{
    components::{Button, Chip, Dialog, ErrorNote, Icon, Kind, Loading, Mark},
    state::{KeyWork, Keyring, Load, context, place_words},
};

/// The three places, of which one is chosen.
#[component]
pub(super) fn PlaceChoice() -> impl IntoView {
    let keyring = context::<Keyring>();
    view! {
        <fieldset class="keys-places">
            <legend class="field__label">"Keep it"</legend>
            {move || keyring.status().map(|status| {
                model::PLACES.map(|place| view! { <PlaceLine place status=status.clone() /> }).collect_view()
            })}
        </fieldset>
    }
}

#[component]
fn PlaceLine(place: KeptIn, status: KeysStatusView) -> impl IntoView {
    let keyring = context::<Keyring>();
    let usable = model::usable(&status, place);
    let refused = usable.is_err();
    let about = model::place_about(&status, place);
    let testid = format!("key-place-{}", model::place_id(place));
    view! {
        <div class="keys-place" class=("keys-place--off", refused)>
            <label class="keys-place__choice">
                <input
                    type="radio" name="key-place" class="theme__radio" data-testid=testid disabled=refused
                    prop:checked=move || keyring.place.get() == place
                    on:change=move |_| keyring.place.set(place)
                />
                <span>
                    <span class="keys-place__name">{model::place_title(place)}</span>
                    <span class="keys-place__about">{about}</span>
                </span>
            </label>
            {usable.err().map(|why| view! { <p class="keys-place__why"><Icon mark=Mark::Warning />{why}</p> })}
            {(place == KeptIn::File).then(|| view! { <FileVerb file=status.file.clone() /> })}
        </div>
    }
}

/// What can be done about the encrypted file: make it, or unlock it.
#[component]
fn FileVerb(file: KeyFileView) -> impl IntoView {
    let keyring = context::<Keyring>();
    let busy = Signal::derive(move || keyring.work().is_some());
    let opening = move || keyring.work() == Some(KeyWork::Opening);
    match file {
        KeyFileView::Absent => view! {
            <Button
                small=true icon=Mark::Plus testid="key-file-make" disabled=busy on_press=move |_| keyring.make_file()
                hint="Copy a passphrase of your own first; it cannot be found again if you lose it"
            >{move || if opening() { "Making it" } else { "Make it with the passphrase in the clipboard" }}</Button>
        }
        .into_any(),
        KeyFileView::Locked => view! {
            <Button
                small=true icon=Mark::Shield testid="key-file-unlock" disabled=busy on_press=move |_| keyring.unlock()
                hint="Copy the passphrase first"
            >{move || if opening() { "Unlocking it" } else { "Unlock it with the passphrase in the clipboard" }}</Button>
        }
        .into_any(),
        KeyFileView::Unlocked | KeyFileView::Unusable(_) => ().into_any(),
    }
}

/// The settings' part about keys: the state of each place, and the keys that are kept.
#[component]
pub fn KeyPlaces() -> impl IntoView {
    let keyring = context::<Keyring>();
    keyring.read();
    view! {
        <div class="card" data-testid="settings-keys">
            <ul class="keys-states">
                {move || keyring.status().map(|status| {
                    model::PLACES.map(|place| view! { <PlaceState place status=status.clone() /> }).collect_view()
                })}
            </ul>
            <p class="card__line">{WHY_NO_FIELD}</p>
            {move || (!keyring.asking.get()).then(|| keyring.refused().get()).flatten().map(|error| view! { <ErrorNote error /> })}
        </div>
        <KeptKeys />
    }
}

#[component]
fn PlaceState(place: KeptIn, status: KeysStatusView) -> impl IntoView {
    let (tone, words) = model::place_state(&status, place);
    let about = model::usable(&status, place)
        .map_or_else(|why| why, |()| model::place_about(&status, place));
    view! {
        <li class="keys-state" data-testid=format!("key-state-{}", model::place_id(place))>
            <span class="keys-state__name">{model::place_title(place)}</span>
            <Chip tone icon=model::tone_mark(tone)>{words}</Chip>
            <span class="keys-state__about">{about}</span>
            {(place == KeptIn::File).then(|| view! { <FileVerb file=status.file.clone() /> })}
        </li>
    }
}

/// Every key that is kept, those of providers that are gone too.
#[component]
fn KeptKeys() -> impl IntoView {
    let keyring = context::<Keyring>();
    move || {
        match keyring.kept().get() {
        Load::Loading => view! { <Loading what="Looking where keys are kept" /> }.into_any(),
        Load::Failed(error) => view! { <ErrorNote error /> }.into_any(),
        Load::Ready(kept) if kept.is_empty() => view! {
            <p class="settings__none">"No key is kept. A provider that needs one asks for it when it is added, or with “Set key” above."</p>
        }
        .into_any(),
        Load::Ready(kept) => view! {
            <ul class="keys-kept" aria-label="Keys that are kept" data-testid="settings-kept">
                {kept.into_iter().map(|key| view! { <KeptKey key_=key /> }).collect_view()}
            </ul>
        }
        .into_any(),
    }
    }
}

#[component]
fn KeptKey(key_: KeptKeyView) -> impl IntoView {
    let asked = RwSignal::new(false);
    let KeptKeyView { provider, place, hint, origin } = key_;
    let goes = origin.map_or_else(
        || "not used: nobody said here which address it is for; set it again".to_owned(),
        |origin| format!("goes only to {origin}"),
    );
    let name = StoredValue::new(provider.clone());
    view! {
        <li class="keys-kept__line">
            <span class="mono clip">{provider.clone()}</span>
            <span>{model::hint_words(&hint)}" "{place_words(place)}</span>
            <span class="quiet grow clip" title=goes.clone()>{goes.clone()}</span>
            <Button small=true kind=Kind::Quiet testid=format!("key-remove-{provider}") on_press=move |_| asked.set(true)>"Remove"</Button>
            <RemoveKeyDialog open=asked provider=name />
        </li>
    }
}

/// Asks before a key is removed: nobody can bring it back.
#[component]
fn RemoveKeyDialog(open: RwSignal<bool>, provider: StoredValue<String>) -> impl IntoView {
    let keyring = context::<Keyring>();
    let remove = move |_| {
        open.set(false);
        keyring.remove(provider.get_value());
    };
    view! {
        <Dialog open label="Remove a key">
            <h2 class="dialog__head">{move || format!("Remove the key of {}?", provider.get_value())}</h2>
            <div class="dialog__body">
                <p>"Assay forgets it everywhere it keeps it, and cannot bring it back. It stays valid at the provider, and an environment variable stays as it is."</p>
            </div>
            <div class="dialog__foot">
                <Button on_press=move |_| open.set(false)>"Keep it"</Button>
                <Button kind=Kind::Danger testid="key-remove-confirm" on_press=remove>"Remove"</Button>
            </div>
        </Dialog>
    }
}
