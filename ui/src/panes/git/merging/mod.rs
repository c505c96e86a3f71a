//! A merge that waits for decisions: what both sides changed, as rows, fields, keys and passages, decided here.
//!
//! Nothing is written before everything is decided, so leaving is always possible and there is no half merged file.

use leptos::prelude::*;

use super::{branches::Branches, work::Work};
use crate::{
    components::{Blank, Button, Keys, Kind, Mark, focus_on},
    state::{Desk, GitTab, context},
};

mod file;
mod model;
mod place;
mod state;

pub use state::{Merging, Source};

use file::FileView;

/// The files in dispute, and the button that merges.
#[component]
pub fn MergePane() -> impl IntoView {
    let merging = context::<Merging>();
    view! {
        <section class="pane merge" aria-label="Merge" data-testid="merge-pane">
            {move || if merging.is_open() {
                view! { <MergeHead /><MergeFiles /> }.into_any()
            } else {
                view! {
                    <Blank
                        mark=Mark::Check title="No merge waits"
                        text="When both sides changed the same row, field or passage, it is decided here, before anything is written."
                    />
                }.into_any()
            }}
        </section>
    }
}

/// What is merged, how much is open, and the ways on and out.
#[component]
fn MergeHead() -> impl IntoView {
    let (merging, branches, work) =
        (context::<Merging>(), context::<Branches>(), context::<Work>());
    let desk = context::<Desk>();
    let open = Memo::new(move |_| merging.open_places());
    let disabled = Signal::derive(move || open.get() > 0 || work.is_busy());
    let leave = move |_| {
        merging.leave();
        desk.show_git(GitTab::Branches);
    };
    view! {
        <header class="merge__head">
            <div class="grow">
                <h2 class="merge__title">{move || format!("Merge {} into {}", merging.theirs(), merging.ours())}</h2>
                <p class="quiet" role="status" data-testid="merge-left">{move || model::left_words(open.get(), merging.count())}</p>
            </div>
            <Show when=move || { open.get() > 0 }>
                <Button icon=Mark::Down testid="merge-next" on_press=move |_| go_to_open()>"Next to decide"</Button>
            </Show>
            <Button kind=Kind::Quiet testid="merge-leave" hint="Nothing has been merged yet. What you decided is kept for the next try." on_press=leave>"Leave it"</Button>
            <Button kind=Kind::Primary icon=Mark::Check testid="merge-finish" disabled on_press=move |_| branches.finish_merge()>
                "Merge" <Keys chord="Ctrl+Enter" />
            </Button>
        </header>
    }
}

#[component]
fn MergeFiles() -> impl IntoView {
    let merging = context::<Merging>();
    request_animation_frame(go_to_open);
    view! {
        <div class="pane__body merge__files" tabindex="0" role="region" aria-label="Files to decide">
            <For each=move || merging.paths() key=|file| file.clone() let:file>
                <FileView path=file.0 />
            </For>
        </div>
    }
}

/// Gives the keyboard to the first choice that nobody has made.
fn go_to_open() {
    let waiting = document().query_selector(".merge [data-open=true] input").ok().flatten();
    if let Some(id) = waiting.map(|choice| choice.id()) {
        focus_on(&id);
    }
}
