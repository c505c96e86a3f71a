//! What the chosen commit changed.

use leptos::prelude::*;

use super::state::Past;
use crate::{
    components::{Blank, Button, ErrorNote, Loading, Mark},
    panes::git::between::{Between, Difference},
    state::{Desk, GitTab, Load, context},
};

/// What the chosen commit changed, file by file.
#[component]
pub(super) fn ChangePane() -> impl IntoView {
    let past = context::<Past>();
    view! {
        <div class="pane__body between__body" tabindex="0" role="region" aria-label="What the commit changed" data-testid="past-change">
            {move || match past.change().get() {
                None => view! {
                    <Blank mark=Mark::Commit title="No commit chosen" text="Choose a commit to see what it changed, in words of prompts." />
                }.into_any(),
                Some(Load::Loading) => view! { <Loading what="Reading the commit" /> }.into_any(),
                Some(Load::Failed(error)) => view! { <div class="git__refused"><ErrorNote error /></div> }.into_any(),
                Some(Load::Ready(None)) => view! {
                    <Blank mark=Mark::Info title="Here it begins" text="This is the first commit: everything in it was new." />
                }.into_any(),
                Some(Load::Ready(Some(diff))) => view! { <SinceThen /><Difference diff /> }.into_any(),
            }}
        </div>
    }
}

/// From this commit to what is on disk now.
#[component]
fn SinceThen() -> impl IntoView {
    let (past, between, desk) = (context::<Past>(), context::<Between>(), context::<Desk>());
    let show = move |_| {
        if let Some(commit) = past.commit().get_untracked() {
            between.show(commit, None);
            desk.show_git(GitTab::Differences);
        }
    };
    view! {
        <p class="between__heading"><Button small=true icon=Mark::Compare testid="past-since" on_press=show>"What differs since then"</Button></p>
    }
}
