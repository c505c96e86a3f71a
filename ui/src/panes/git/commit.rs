//! The commit box: summary, body, how much goes in, and why it could not be done.

use leptos::prelude::*;

use super::{changes::Changes, model};
use crate::{
    components::{Button, ErrorNote, Keys, Kind, Mark},
    state::context,
};

/// Where a commit is written. It stays while nothing changed, so that a message can be prepared.
#[component]
pub fn CommitBox() -> impl IntoView {
    let changes = context::<Changes>();
    let (summary, body) = (changes.summary(), changes.body());
    let long = move || summary.with(|text| text.trim().chars().count()) > model::SUMMARY_FITS;
    view! {
        <section class="commit" aria-label="Commit">
            <input
                class="input" type="text" placeholder="Summary" aria-label="Summary of the commit" data-testid="commit-message"
                autocomplete="off" prop:value=summary on:input:target=move |event| summary.set(event.target().value())
            />
            <Show when=long><p class="commit__long">"Longer than the 72 characters that most programs show."</p></Show>
            <textarea
                class="input commit__body" rows="3" placeholder="Why (optional)" aria-label="Body of the commit" data-testid="commit-body"
                prop:value=body on:input:target=move |event| body.set(event.target().value())
            ></textarea>
            <div data-testid="commit-error">
                {move || changes.trouble().get().map(|error| view! { <ErrorNote error /> })}
            </div>
            <CommitFoot />
        </section>
    }
}

/// How many files go in, what is still missing, and the button.
#[component]
fn CommitFoot() -> impl IntoView {
    let changes = context::<Changes>();
    let count = move || {
        let files = model::count_words(changes.chosen().len(), changes.count());
        match changes.rows().len() {
            0 => files,
            parts => format!("{files}, {parts} in part"),
        }
    };
    // While nothing is typed the empty field says enough.
    let missing = move || {
        let typing = changes.summary().with(|text| !text.is_empty());
        changes.obstacle().filter(|_| typing && changes.count() > 0)
    };
    let disabled = Signal::derive(move || changes.obstacle().is_some() || changes.is_committing());
    view! {
        <div class="commit__foot">
            <span class="commit__count number" role="status" data-testid="commit-count">{count}</span>
            <span class="quiet clip grow">{missing}</span>
            <Button kind=Kind::Primary icon=Mark::Commit testid="commit-button" disabled on_press=move |_| changes.commit()>
                {move || if changes.is_committing() { "Committing" } else { "Commit" }}
                <Keys chord="Ctrl+Enter" />
            </Button>
        </div>
    }
}
