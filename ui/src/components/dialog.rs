//! Modal dialogs on the native element, which keeps the focus inside and gives it back.

use leptos::{html, prelude::*};

/// A modal dialog that is open while `open` is true. Escape and a click beside it close it.
#[component]
pub fn Dialog(
    /// Whether it is open.
    open: RwSignal<bool>,
    /// Its name.
    #[prop(into)]
    label: String,
    /// Near the top instead of the middle.
    #[prop(optional)]
    top: bool,
    /// What it holds; drawn anew each time it opens.
    children: ChildrenFn,
) -> impl IntoView {
    let element = NodeRef::<html::Dialog>::new();
    Effect::new(move || {
        let Some(dialog) = element.get() else { return };
        match (open.get(), dialog.open()) {
            // Only a dialog that left the page meanwhile refuses to open.
            (true, false) => drop(dialog.show_modal()),
            (false, true) => dialog.close(),
            _ => {}
        }
    });
    let beside = move |event: leptos::ev::MouseEvent| {
        let on_backdrop =
            element.get_untracked().is_some_and(|dialog| event.target() == Some(dialog.into()));
        if on_backdrop {
            open.set(false);
        }
    };
    view! {
        <dialog
            node_ref=element
            class="dialog"
            class=("dialog--top", top)
            aria-label=label
            on:close=move |_| open.set(false)
            on:mousedown=beside
        >
            {move || open.get().then(|| children())}
        </dialog>
    }
}
