//! All runs of the workspace.

use leptos::prelude::*;

use crate::components::{Blank, Mark};

/// Every run, newest first.
#[component]
pub fn RunsPane() -> impl IntoView {
    view! { <Blank mark=Mark::Runs title="No runs yet" text="Every run of this repository stays here with its outputs and scores." /> }
}
