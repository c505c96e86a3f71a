//! Branches, tags, remotes and undo: looked at, made, gone to, merged and synced.
//!
//! The list is one stop of the Tab key: arrows move, Enter shows a branch, what can be done with it stands beside.

use assay_wire::ApiError;
use leptos::prelude::*;

use crate::{
    components::{Button, ErrorNote, Loading},
    state::{Load, context},
};

mod asking;
mod detail;
mod list;
mod model;
mod remote;
mod state;
mod undo;

pub use asking::BranchDialog;
pub use model::revisions;
pub use state::{Asking, Branches};

use detail::BranchDetail;
use list::BranchList;
use remote::RemoteCard;
use undo::UndoCard;

#[derive(Clone, PartialEq)]
enum State {
    Waiting,
    Refused(ApiError),
    Ready,
}

/// The list of branches, and beside it the chosen one, the remote and what can be taken back.
#[component]
pub fn BranchesPane() -> impl IntoView {
    let branches = context::<Branches>();
    branches.refresh();
    let state = Memo::new(move |_| {
        branches.view().with(|view| match view {
            Load::Loading => State::Waiting,
            Load::Failed(error) => State::Refused(error.clone()),
            Load::Ready(_) => State::Ready,
        })
    });
    move || match state.get() {
        State::Waiting => view! { <Loading what="Reading branches" /> }.into_any(),
        State::Refused(error) => view! { <Refused error /> }.into_any(),
        State::Ready => view! {
            <div class="branches" data-testid="branches">
                <BranchList />
                <div class="branches__side">
                    <BranchDetail />
                    <RemoteCard />
                    <UndoCard />
                </div>
            </div>
        }
        .into_any(),
    }
}

#[component]
fn Refused(error: ApiError) -> impl IntoView {
    let branches = context::<Branches>();
    view! {
        <div class="git__refused">
            <ErrorNote error actions=move || view! {
                <Button small=true on_press=move |_| branches.refresh()>"Try again"</Button>
            } />
        </div>
    }
}
