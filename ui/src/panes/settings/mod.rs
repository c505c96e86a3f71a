//! Endpoints, models, appearance, and what was contacted.

use leptos::prelude::*;

use crate::components::{Blank, Mark};

/// What the person sets for themselves, in every workspace.
#[component]
pub fn SettingsPane() -> impl IntoView {
    view! { <Blank mark=Mark::Settings title="Settings" text="Endpoints, models and appearance." /> }
}
