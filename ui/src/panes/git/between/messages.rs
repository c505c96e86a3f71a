//! The messages that two revisions would send, with the words that differ.

use assay_wire::{RenderedChange, RenderedMessage, RenderedView};
use leptos::prelude::*;

use super::model;
use crate::{
    components::{Blank, Button, Chip, Mark, Note, Tone},
    panes::git::words::Words,
};

/// Variants drawn at once; more only when asked for.
const MOST: usize = 60;

/// Messages that differ, and what could not be rendered.
#[component]
pub fn Messages(
    /// The messages of both revisions.
    rendered: RenderedView,
) -> impl IntoView {
    let RenderedView { base, head, changes, left_out } = rendered;
    let count = changes.len();
    let whole = RwSignal::new(count <= MOST);
    let changes = StoredValue::new(changes);
    let shown = move || {
        let most = if whole.get() { usize::MAX } else { MOST };
        let changes = changes.with_value(|all| all.iter().take(most).cloned().collect::<Vec<_>>());
        changes.into_iter().map(|change| view! { <ChangeView change /> }).collect_view()
    };
    view! {
        <p class="between__heading" role="status">{model::sides(&base, &head)}</p>
        {(!left_out.is_empty()).then(|| view! { <LeftOut left_out /> })}
        {(count == 0).then(|| view! {
            <Blank mark=Mark::Check title="The same messages" text="Whatever differs in the files, a model would be sent the same words for these cases." />
        })}
        <div>{shown}</div>
        <Show when=move || !whole.get()>
            <p class="diff__rest"><Button small=true on_press=move |_| whole.set(true)>{format!("Show all {count} variants")}</Button></p>
        </Show>
    }
}

#[component]
fn LeftOut(left_out: Vec<String>) -> impl IntoView {
    view! {
        <Note tone=Tone::Warn mark=Mark::Warning>
            <p>"Not everything could be rendered:"</p>
            {left_out.into_iter().map(|why| view! { <p class="note__hints">{why}</p> }).collect_view()}
        </Note>
    }
}

#[component]
fn ChangeView(change: RenderedChange) -> impl IntoView {
    let title = model::message_title(&change);
    let more = model::more_words(change.more);
    view! {
        <article class="between-file" aria-label=title.clone()>
            <header class="between-message__head">
                <h3 class="mono">{title.clone()}</h3>
                {more.map(|words| view! { <span class="quiet">{words}</span> })}
            </header>
            {change.messages.into_iter().map(|message| view! { <MessageView message /> }).collect_view()}
        </article>
    }
}

#[component]
fn MessageView(message: RenderedMessage) -> impl IntoView {
    let RenderedMessage { role, side, pieces } = message;
    let chip = model::side_words(side).map(|(words, tone)| view! { <Chip tone>{words}</Chip> });
    view! {
        <section class="between-message">
            <h4 class="between-message__role">{role}" "{chip}</h4>
            <p class="between-message__text"><Words pieces /></p>
        </section>
    }
}
