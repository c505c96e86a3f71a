//! The drawer: everything wrong with the open prompt, by file and place.

use leptos::prelude::*;

use crate::components::{Blank, Mark};

/// Problems of the open prompt.
#[component]
pub fn Drawer() -> impl IntoView {
    view! { <Blank mark=Mark::Check title="No problems" text="Nothing is wrong with this prompt." /> }
}
