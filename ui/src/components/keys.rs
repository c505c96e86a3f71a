//! Shortcuts, drawn as keys.

use leptos::prelude::*;

/// A shortcut such as `Ctrl+K`, drawn as keys.
#[component]
pub fn Keys(
    /// Keys joined by `+`.
    #[prop(into)]
    chord: String,
) -> impl IntoView {
    let keys: Vec<String> = chord.split('+').map(ToOwned::to_owned).collect();
    view! { <span class="keys" aria-hidden="true">{keys.into_iter().map(|key| view! { <kbd>{key}</kbd> }).collect_view()}</span> }
}
