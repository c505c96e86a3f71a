//! Variants side by side.

use leptos::prelude::*;

use crate::components::{Blank, Mark};

/// One to three variants, their previews, and the examples they share.
#[component]
pub fn EditPane() -> impl IntoView {
    view! { <Blank mark=Mark::Columns title="No prompt open" text="Choose a prompt from the list." /> }
}

/// The variant that has the focus.
#[component]
pub fn VariantInspector() -> impl IntoView {
    view! { <Blank mark=Mark::Eye title="No variant" text="Choose a variant." /> }
}
