//! What the person sets for themselves, in every workspace: models, appearance; and what was contacted.

use leptos::prelude::*;

use crate::panes::palette::ShortcutList;

mod appearance;
mod endpoints;
mod form;
mod ledger;
mod local;
mod model;

use appearance::ThemeChoice;
use endpoints::{EndpointList, Endpoints};
use form::EndpointForm;
use ledger::{Ledger, LedgerTable};
use local::LocalModel;

/// Models, appearance, privacy and shortcuts, one below the other.
#[component]
pub fn SettingsPane() -> impl IntoView {
    let ledger = Ledger::new();
    provide_context(ledger);
    provide_context(Endpoints::new(ledger));
    view! {
        <section class="pane" aria-label="Settings">
            <div class="pane__head"><h1 class="pane__title">"Settings"</h1></div>
            <div class="pane__body settings" tabindex="0" role="region" aria-label="All settings">
                <div class="settings__column">
                    <Section title="Embedded model" about="Runs on this machine, without a network and without a key.">
                        <LocalModel />
                    </Section>
                    <Section
                        title="Endpoints"
                        about="OpenAI-compatible services. A key stays in the environment variable you name: Assay reads it when it sends, only to this endpoint's origin, and stores it nowhere."
                    >
                        <EndpointList />
                        <EndpointForm />
                    </Section>
                    <Section title="Appearance" about="Of every workspace on this machine.">
                        <ThemeChoice />
                    </Section>
                    <Section
                        title="Privacy"
                        about="Assay contacts the endpoints above, and those only when you run on them or test them. Nothing is reported to anyone. Every host contacted since start stands here."
                    >
                        <LedgerTable />
                    </Section>
                    <Section title="Keyboard" about="Everything can be done without a mouse.">
                        <div class="settings__keys"><ShortcutList /></div>
                    </Section>
                </div>
            </div>
        </section>
    }
}

/// A titled part of the settings.
#[component]
fn Section(title: &'static str, about: &'static str, children: Children) -> impl IntoView {
    view! {
        <section class="settings__section" aria-label=title>
            <h2 class="settings__title">{title}</h2>
            <p class="settings__about">{about}</p>
            {children()}
        </section>
    }
}
