//! What the person sets for themselves, in every workspace: models, keys, prices, appearance; and what was contacted.

use leptos::prelude::*;

use crate::{
    components::focus_on,
    panes::{keys::KeyPlaces, palette::ShortcutList, spending::AskAbove},
    state::{Desk, context},
};

mod appearance;
mod declared;
mod form;
mod ledger;
mod list;
mod local;
mod model;
mod prices;
mod privacy;
mod providers;

use appearance::ThemeChoice;
use ledger::{Ledger, LedgerTable};
use list::ProviderList;
use local::LocalModel;
use prices::{PriceTable, Prices};
use privacy::LoopbackSwitch;
use providers::Providers;

/// The parts, by their id on the page and their title.
const PARTS: &[(&str, &str)] = &[
    ("settings-local", "Embedded model"),
    ("settings-providers", "Providers"),
    ("settings-keys", "Keys"),
    ("settings-prices", "Prices"),
    ("settings-spending", "Spending"),
    ("settings-appearance", "Appearance"),
    ("settings-privacy", "Privacy"),
    ("settings-keyboard", "Keyboard"),
];

/// All parts, one below the other.
#[component]
pub fn SettingsPane() -> impl IntoView {
    let ledger = Ledger::new();
    provide_context(ledger);
    provide_context(Providers::new(ledger));
    provide_context(Prices::new());
    go_to_asked_part();
    view! {
        <section class="pane" aria-label="Settings">
            <div class="pane__head"><h1 class="pane__title">"Settings"</h1><Contents /></div>
            <div class="pane__body settings" tabindex="0" role="region" aria-label="All settings">
                <div class="settings__column">
                    <Models />
                    <Money />
                    <Rest />
                </div>
            </div>
        </section>
    }
}

/// Brings the part that was asked for into view, once it is drawn.
fn go_to_asked_part() {
    let desk = context::<Desk>();
    Effect::new(move || {
        if let Some(part) = desk.part.get() {
            desk.part.set(None);
            request_animation_frame(move || focus_on(part));
        }
    });
}

/// Leads to each part.
#[component]
fn Contents() -> impl IntoView {
    view! {
        <nav class="settings__contents" aria-label="Parts of the settings">
            {PARTS.iter().map(|(id, title)| view! {
                <button type="button" class="button button--quiet button--small" on:click=move |_| focus_on(id)>{*title}</button>
            }).collect_view()}
        </nav>
    }
}

/// What prompts run on.
#[component]
fn Models() -> impl IntoView {
    view! {
        <Section part=0 about="Runs on this machine, without a network and without a key.">
            <LocalModel />
        </Section>
        <Section part=1 about="Services and servers to run prompts on. A repository can name their models, never their address or their key.">
            <ProviderList />
        </Section>
        <Section part=2 about="Each key goes only to the address it was set for. Of a kept key, this window sees the last four characters.">
            <KeyPlaces />
        </Section>
    }
}

/// What running costs.
#[component]
fn Money() -> impl IntoView {
    view! {
        <Section part=3 about="Prices come with Assay, each with the day and the page it was read from; one of your own goes before them. A model without a price says unknown.">
            <PriceTable />
        </Section>
        <Section part=4 about="When a run waits for your yes.">
            <AskAbove />
        </Section>
    }
}

#[component]
fn Rest() -> impl IntoView {
    view! {
        <Section part=5 about="Of every workspace on this machine."><ThemeChoice /></Section>
        <Section
            part=6
            about="Assay contacts the providers above, and those only when you run on them or test them. Nothing is reported to anyone. Every host contacted since start stands here."
        >
            <LoopbackSwitch />
            <LedgerTable />
        </Section>
        <Section part=7 about="Everything can be done without a mouse.">
            <div class="settings__keys"><ShortcutList /></div>
        </Section>
    }
}

/// A titled part of the settings.
#[component]
fn Section(
    /// Its place in [`PARTS`].
    part: usize,
    about: &'static str,
    children: Children,
) -> impl IntoView {
    let (id, title) = PARTS[part];
    view! {
        <section class="settings__section" aria-label=title>
            <h2 class="settings__title" id=id tabindex="-1">{title}</h2>
            <p class="settings__about">{about}</p>
            {children()}
        </section>
    }
}
