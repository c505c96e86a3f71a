//! What went wrong, or wants an answer, drawn where it belongs.

use assay_wire::ApiError;
use leptos::prelude::*;

use super::{Icon, Mark, Tone};

/// A remark with what can be done about it.
#[component]
pub fn Note(
    /// What it means.
    tone: Tone,
    /// Drawn before the words.
    mark: Mark,
    /// Buttons.
    #[prop(optional, into)]
    actions: Option<ViewFn>,
    /// The words.
    children: Children,
) -> impl IntoView {
    let role = if tone == Tone::Danger { "alert" } else { "status" };
    view! {
        <div class=format!("note note{}", tone.modifier()) role=role>
            <Icon mark />
            <div class="note__text">{children()}</div>
            {actions.map(|actions| view! { <div class="note__actions">{actions.run()}</div> })}
        </div>
    }
}

/// What the application answered instead of what was asked: what happened, and what to do.
#[component]
pub fn ErrorNote(
    /// The answer.
    error: ApiError,
    /// Buttons.
    #[prop(optional, into)]
    actions: Option<ViewFn>,
) -> impl IntoView {
    let ApiError { message, hints, .. } = error;
    view! {
        <Note tone=Tone::Danger mark=Mark::Error actions=actions.unwrap_or_default()>
            <p>{message}</p>
            {hints.into_iter().map(|hint| view! { <p class="note__hints">{hint}</p> }).collect_view()}
        </Note>
    }
}
