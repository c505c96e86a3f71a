//! Light, dark, or as the system says.

use assay_wire::Theme;
use leptos::prelude::*;

use crate::{
    components::{Icon, Mark},
    state::{Session, context},
};

/// The three appearances; the choice shows at once.
#[component]
pub fn ThemeChoice() -> impl IntoView {
    view! {
        <div class="themes" role="radiogroup" aria-label="Appearance">
            <ThemeButton theme=Theme::System mark=Mark::Screen label="As the system" testid="settings-theme-system" />
            <ThemeButton theme=Theme::Light mark=Mark::Sun label="Light" testid="settings-theme-light" />
            <ThemeButton theme=Theme::Dark mark=Mark::Moon label="Dark" testid="settings-theme-dark" />
        </div>
    }
}

#[component]
fn ThemeButton(
    theme: Theme,
    mark: Mark,
    label: &'static str,
    testid: &'static str,
) -> impl IntoView {
    let session = context::<Session>();
    view! {
        <label class="theme" data-testid=testid>
            <input
                type="radio" name="theme" class="theme__radio"
                prop:checked=move || session.theme() == theme
                on:change=move |_| session.set_theme(theme)
            />
            <Icon mark />
            {label}
        </label>
    }
}
