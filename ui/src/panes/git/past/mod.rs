//! The past of a prompt, a file or the whole repository: commits, what each changed, who wrote what, versions of a row.

use leptos::prelude::*;

use crate::{
    components::{Edge, Splitter},
    state::{Desk, Session, context},
};

mod blame;
mod change;
mod commits;
mod model;
mod state;
mod versions;

pub use state::Past;

use blame::BlamePane;
use change::ChangePane;
use commits::Commits;
use state::Beside;

/// Commits on the left; on the right what one changed, or who wrote a file.
#[component]
pub fn PastPane() -> impl IntoView {
    let past = context::<Past>();
    past.enter();
    let project = context::<Session>()
        .workspace()
        .with_untracked(|w| w.as_ref().map(|w| w.path.clone()))
        .unwrap_or_default();
    let side = Desk::size(&project, "git-past", 380.0);
    view! {
        <div class="past" data-testid="past">
            <div class="past__side" style:width=move || format!("{}px", side.get())><Commits /></div>
            <Splitter label="Width of the commits" edge=Edge::Left size=side range=(260.0, 640.0) />
            <section class="pane past__main" aria-label="Beside the commits">
                <BesideChoice />
                {move || match past.beside().get() {
                    Beside::Commit => view! { <ChangePane /> }.into_any(),
                    Beside::Blame => view! { <BlamePane /> }.into_any(),
                }}
            </section>
        </div>
    }
}

/// What a commit changed, or who wrote a file: two buttons of which one is down.
#[component]
fn BesideChoice() -> impl IntoView {
    let past = context::<Past>();
    let button = move |beside: Beside, words: &'static str, testid: &'static str| {
        view! {
            <button
                type="button" class="button button--small" data-testid=testid
                aria-pressed=move || (past.beside().get() == beside).to_string() on:click=move |_| past.beside().set(beside)
            >{words}</button>
        }
    };
    view! {
        <div class="pane__head" role="group" aria-label="What is shown">
            {button(Beside::Commit, "What it changed", "past-commit")}
            {button(Beside::Blame, "Who wrote it", "past-blame")}
        </div>
    }
}
