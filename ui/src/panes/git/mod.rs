//! Changes since the last commit in words of prompts, their diffs, the commit and the history.
//!
//! Arrows move through the files, Space takes one out of the commit or back in, Enter shows its diff, Ctrl+Enter commits.

use leptos::{ev::KeyboardEvent, prelude::*};

use crate::{
    components::{Edge, Splitter},
    state::{Desk, Notices, Session, context},
};

mod changes;
mod commit;
mod diff;
mod files;
mod history;
mod model;

pub use changes::Changes;
pub use diff::Span;
pub use model::{
    Glyphs, ago, emphasises, glyphs, item_words, line_counts, short_id, sign, skipped,
    skipped_words, status,
};

use commit::CommitBox;
use diff::FileDiff;
use files::FileList;
use history::History;

/// Files and commit box on the left, the diff of one file and the history on the right.
#[component]
pub fn GitPane() -> impl IntoView {
    let changes = context::<Changes>();
    let project = context::<Session>()
        .workspace()
        .with_untracked(|w| w.as_ref().map(|w| w.path.clone()))
        .unwrap_or_default();
    keep_fresh(changes);
    changes.enter(&project);
    let side = Desk::size(&project, "git-files", 340.0);
    let history = Desk::size(&project, "git-history", 192.0);
    let any = Memo::new(move |_| changes.count() > 0);
    let height = move || if any.get() { format!("{}px", history.get()) } else { String::new() };
    view! {
        <section class="git" aria-label="Git" tabindex="-1" on:keydown=move |event| commit_on_chord(&event, changes)>
            <div class="git__side" style:width=move || format!("{}px", side.get())>
                <FileList />
                <CommitBox />
            </div>
            <Splitter label="Width of the changed files" edge=Edge::Left size=side range=(240.0, 560.0) />
            <div class="git__main">
                <Show when=move || any.get()>
                    <FileDiff />
                    <Splitter label="Height of the history" edge=Edge::Bottom size=history range=(80.0, 480.0) />
                </Show>
                <section class="git__history" class=("git__history--whole", move || !any.get()) aria-label="History" style:height=height>
                    <History />
                </section>
            </div>
        </section>
    }
}

/// Reads again when Assay changed a file, and when the window comes back from wherever else files are changed.
fn keep_fresh(changes: Changes) {
    context::<Notices>().listen(move |notice| {
        if matches!(notice, assay_wire::Notice::WorkspaceChanged) {
            changes.refresh();
        }
    });
    let session = context::<Session>();
    let focus = window_event_listener(leptos::ev::focus, move |_| {
        session.refresh();
        changes.refresh();
    });
    on_cleanup(move || focus.remove());
}

/// Ctrl+Enter commits here, and does not go on to start a run.
fn commit_on_chord(event: &KeyboardEvent, changes: Changes) {
    if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
        event.prevent_default();
        changes.commit();
    }
}
