//! Views that have nothing to show: empty, or waiting.

use leptos::prelude::*;

use super::{Icon, Mark};

/// An empty view: what it is for, and the one thing to do.
#[component]
pub fn Blank(
    /// Its sign.
    mark: Mark,
    /// What would be here.
    #[prop(into)]
    title: String,
    /// What it is for and how it fills.
    #[prop(into)]
    text: String,
    /// The one thing to do.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="blank">
            <div class="blank__mark"><Icon mark large=true /></div>
            <h2 class="blank__title">{title}</h2>
            <p class="blank__text">{text}</p>
            {children.map(|children| view! { <div class="blank__action">{children()}</div> })}
        </div>
    }
}

/// A view that waits for an answer.
#[component]
pub fn Loading(
    /// What is being done.
    #[prop(into)]
    what: String,
) -> impl IntoView {
    view! {
        <div class="loading" role="status">
            <span class="loading__dot"></span><span class="loading__dot"></span><span class="loading__dot"></span>
            <span>{what}</span>
        </div>
    }
}
