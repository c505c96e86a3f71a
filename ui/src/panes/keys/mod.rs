//! Keys: where each is kept, and the dialog in which the program is told to take one from the clipboard.
//!
//! Nowhere here is a field for a key or a passphrase. What the page holds, a script that got into it could read; so the
//! program behind it takes what was copied, and clears it from the clipboard.

use assay_wire::KeptIn;
use leptos::prelude::*;

use crate::{
    components::{Button, Dialog, ErrorNote, Kind, Mark},
    state::{KeyWork, Keyring, context},
};

pub mod model;
mod places;

pub use places::KeyPlaces;

use places::PlaceChoice;

/// Asks for the key of a provider, wherever it is needed.
#[component]
pub fn KeyDialog() -> impl IntoView {
    let keyring = context::<Keyring>();
    view! {
        <Dialog open=keyring.asking label="Set a key">
            <div class="keys-sheet" data-testid="key-dialog">
                <div class="dialog__head"><h2>{move || title(keyring)}</h2></div>
                <div class="dialog__body keys-sheet__body">
                    <Standing />
                    <ol class="keys-sheet__steps">
                        <li>"Choose where it is kept."</li>
                        <li>"Copy the key, from the provider's page or your password manager."</li>
                        <li>"Press the button: Assay takes it from the clipboard, and clears the clipboard."</li>
                    </ol>
                    <PlaceChoice />
                    <p class="quiet">{WHY_NO_FIELD}</p>
                    <div data-testid="key-error">{move || keyring.refused().get().map(|error| view! { <ErrorNote error /> })}</div>
                </div>
                <Foot />
            </div>
        </Dialog>
    }
}

/// Said wherever a key or a passphrase is taken.
const WHY_NO_FIELD: &str = "There is no field to type it in: what this page can hold, a script that got into it could read. A key stays with the program.";

fn title(keyring: Keyring) -> String {
    let name = keyring.provider().map(|provider| provider.name).unwrap_or_default();
    format!("Key of {name}")
}

/// Whether there is one already, and what else would be used.
#[component]
fn Standing() -> impl IntoView {
    let keyring = context::<Keyring>();
    move || {
        let provider = keyring.provider()?;
        let (_, words) = model::key_words(&provider.key);
        let trouble = provider.key.trouble.clone();
        Some(view! {
            <p>{format!("Now: {words}. It goes only to ")}<code class="mono">{provider.base_url}</code>"."</p>
            {trouble.map(|trouble| view! { <p class="keys-sheet__trouble">{trouble}</p> })}
        })
    }
}

#[component]
fn Foot() -> impl IntoView {
    let keyring = context::<Keyring>();
    let fits = Memo::new(move |_| {
        let place = keyring.place.get();
        keyring.status().is_some_and(|status| model::usable(&status, place).is_ok())
    });
    let disabled = Signal::derive(move || keyring.work().is_some() || !fits.get());
    let words = move || match (keyring.work(), keyring.place.get()) {
        (Some(KeyWork::Keeping), _) => "Taking it",
        (_, KeptIn::Memory) => "Take it from the clipboard, for this session",
        _ => "Take it from the clipboard",
    };
    view! {
        <div class="dialog__foot">
            <Button kind=Kind::Quiet on_press=move |_| keyring.asking.set(false)>"Not now"</Button>
            <Button kind=Kind::Primary icon=Mark::Import testid="key-take" disabled on_press=move |_| keyring.keep()>{words}</Button>
        </div>
    }
}
