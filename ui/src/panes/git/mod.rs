//! Changes, diffs and commits.

use leptos::prelude::*;

use crate::components::{Blank, Mark};

/// What changed since the last commit, and committing it.
#[component]
pub fn GitPane() -> impl IntoView {
    view! { <Blank mark=Mark::Branch title="Nothing changed" text="What you edit shows up here in words of prompts, ready to commit." /> }
}
