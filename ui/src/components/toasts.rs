//! The confirmations on screen.

use leptos::prelude::*;

use super::{Icon, Mark};
use crate::state::{Toast, Toasts, context};

/// All confirmations, above everything else.
#[component]
pub fn ToastList() -> impl IntoView {
    let toasts = context::<Toasts>();
    view! {
        <div class="toasts" role="status" aria-live="polite">
            <For each=move || toasts.shown().get() key=|toast| toast.id let:toast>
                <ToastLine toast />
            </For>
        </div>
    }
}

#[component]
fn ToastLine(toast: Toast) -> impl IntoView {
    let toasts = context::<Toasts>();
    let Toast { id, text, undo } = toast;
    let take_back = undo.map(|undo| {
        let press = move |_| {
            undo();
            toasts.dismiss(id);
        };
        view! { <button type="button" class="toast__action" on:click=press>"Undo"</button> }
    });
    view! {
        <div class="toast">
            <span>{text}</span>
            {take_back}
            <button type="button" class="toast__action" aria-label="Dismiss" on:click=move |_| toasts.dismiss(id)>
                <Icon mark=Mark::Close />
            </button>
        </div>
    }
}
