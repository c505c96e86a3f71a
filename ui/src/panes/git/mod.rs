//! Git: changes in words of prompts and the commit, branches and sync, the past, two revisions, and merges that wait.
//!
//! Each part is a folder or file of its own and stays what it was when another is looked at. Above them stands what git
//! is doing right now. Ctrl+Enter commits where changes are shown, and merges where a merge is decided.

use assay_wire::Notice;
use leptos::{ev::KeyboardEvent, prelude::*};

use crate::{
    components::{Button, Edge, Kind, Mark, Splitter, TabItem, Tabs},
    state::{Desk, GitTab, Notices, Session, context},
};

mod between;
mod branches;
mod changes;
mod commit;
mod diff;
mod files;
mod history;
mod merging;
mod model;
mod past;
mod staging;
mod strip;
mod words;
mod work;

pub use between::{Between, Messages};
pub use branches::{Asking, BranchDialog, Branches};
pub use changes::Changes;
pub use diff::Span;
pub use history::When;
pub use model::{
    Glyphs, beside_fields, emphasises, glyphs, item_lines, line_counts, sign, skipped,
    skipped_words, start_of, status,
};
pub use past::Past;
pub use strip::{FarBar, StopButton, WorkStrip};
pub use words::{Words, drawn};
pub use work::Work;

use between::DifferencesPane;
use branches::BranchesPane;
use commit::CommitBox;
use diff::FileDiff;
use files::FileList;
use history::History;
use merging::{MergePane, Merging};
use past::PastPane;

/// Provides what the parts of this view share, in the order in which they need each other.
pub fn provide() {
    provide_context(Changes::new());
    provide_context(Work::new());
    provide_context(Merging::new());
    provide_context(Branches::new());
    provide_context(Past::new());
    provide_context(Between::new());
}

/// Forgets what belonged to another workspace.
pub fn forget() {
    context::<Work>().clear();
    context::<Merging>().forget();
    context::<Branches>().forget();
    context::<Past>().forget();
    context::<Between>().forget();
    context::<Desk>().git.set(GitTab::Changes);
}

/// Id of the view on the page, which gets the keyboard back where what had it is gone.
const VIEW: &str = "git-view";

/// The parts of git, one at a time, below what is being done.
#[component]
pub fn GitPane() -> impl IntoView {
    let (changes, branches) = (context::<Changes>(), context::<Branches>());
    let (desk, merging) = (context::<Desk>(), context::<Merging>());
    let project = context::<Session>()
        .workspace()
        .with_untracked(|w| w.as_ref().map(|w| w.path.clone()))
        .unwrap_or_default();
    keep_fresh();
    changes.enter(&project);
    branches.refresh();
    let project = StoredValue::new(project);
    let on_key = move |event: KeyboardEvent| {
        if is_chord(&event) {
            // It does not go on to start a run.
            event.prevent_default();
            match desk.git.get_untracked() {
                GitTab::Changes => changes.commit(),
                GitTab::Merge if merging.is_decided() => branches.finish_merge(),
                GitTab::Merge | GitTab::Branches | GitTab::History | GitTab::Differences => {}
            }
        }
    };
    view! {
        <section class="git-view" id=VIEW aria-label="Git" tabindex="-1" on:keydown=on_key>
            <GitTabs />
            <WorkStrip back=VIEW />
            <div class="git-view__body" role="tabpanel" aria-label=move || tab_name(desk.git.get())>
                {move || match desk.git.get() {
                    GitTab::Changes => view! { <ChangesPane project=project.get_value() /> }.into_any(),
                    GitTab::Branches => view! { <BranchesPane /> }.into_any(),
                    GitTab::History => view! { <PastPane /> }.into_any(),
                    GitTab::Differences => view! { <DifferencesPane /> }.into_any(),
                    GitTab::Merge => view! { <MergePane /> }.into_any(),
                }}
            </div>
        </section>
    }
}

/// The parts; a merge is among them while it waits.
#[component]
fn GitTabs() -> impl IntoView {
    let (desk, merging) = (context::<Desk>(), context::<Merging>());
    // Somebody who is there stays there, so that the row never has no chosen tab.
    let waits = Memo::new(move |_| merging.is_open() || desk.git.get() == GitTab::Merge);
    move || {
        let mut items = vec![
            tab(GitTab::Changes, Mark::Commit, "git-tab-changes"),
            tab(GitTab::Branches, Mark::Branch, "git-tab-branches"),
            tab(GitTab::History, Mark::Clock, "git-tab-history"),
            tab(GitTab::Differences, Mark::Compare, "git-tab-differences"),
        ];
        if waits.get() {
            items.push(tab(GitTab::Merge, Mark::Warning, "git-tab-merge"));
        }
        view! {
            <Tabs label="Parts of Git" items chosen=desk.git on_choose=move |tab| desk.git.set(tab)>
                <span class="grow"></span>
                <SyncButton />
            </Tabs>
        }
    }
}

fn tab(value: GitTab, mark: Mark, testid: &'static str) -> TabItem<GitTab> {
    TabItem { value, label: tab_name(value), mark, testid }
}

fn tab_name(tab: GitTab) -> &'static str {
    match tab {
        GitTab::Changes => "Changes",
        GitTab::Branches => "Branches",
        GitTab::History => "History",
        GitTab::Differences => "Differences",
        GitTab::Merge => "Merge",
    }
}

/// Syncs from whichever part is shown.
#[component]
fn SyncButton() -> impl IntoView {
    let (branches, work) = (context::<Branches>(), context::<Work>());
    let disabled = Signal::derive(move || work.is_busy());
    view! {
        <span class="git-view__sync">
            <Button small=true kind=Kind::Quiet icon=Mark::Swap testid="git-sync" disabled on_press=move |_| branches.sync(true)>"Sync"</Button>
        </span>
    }
}

/// Files and commit box on the left, the diff of one file and the latest commits on the right.
#[component]
fn ChangesPane(
    /// The repository's root, under which sizes are kept.
    project: String,
) -> impl IntoView {
    let changes = context::<Changes>();
    let side = Desk::size(&project, "git-files", 340.0);
    let history = Desk::size(&project, "git-history", 192.0);
    let any = Memo::new(move |_| changes.count() > 0);
    let height = move || if any.get() { format!("{}px", history.get()) } else { String::new() };
    view! {
        <div class="git">
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
        </div>
    }
}

/// Reads again when Assay changed a file, and when the window comes back from wherever else files are changed.
fn keep_fresh() {
    let (changes, branches, past) =
        (context::<Changes>(), context::<Branches>(), context::<Past>());
    let (session, desk) = (context::<Session>(), context::<Desk>());
    let refresh = move || {
        changes.refresh();
        match desk.git.get_untracked() {
            GitTab::Branches => branches.refresh(),
            GitTab::History => past.refresh(),
            GitTab::Changes | GitTab::Differences | GitTab::Merge => {}
        }
    };
    context::<Notices>().listen(move |notice| {
        if matches!(notice, Notice::WorkspaceChanged) {
            refresh();
        }
    });
    let focus = window_event_listener(leptos::ev::focus, move |_| {
        session.refresh();
        refresh();
    });
    on_cleanup(move || focus.remove());
}

fn is_chord(event: &KeyboardEvent) -> bool {
    event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) && !event.is_composing()
}
