//! The chosen branch, and what can be done with it.

use assay_wire::BranchView;
use leptos::prelude::*;

use super::state::{Asking, Branches};
use crate::{
    components::{Button, Kind, Mark},
    panes::git::{between::Between, history::When, model::short_id, work::Work},
    state::{Desk, GitTab, context},
};

/// What can be done with the chosen branch; with the current one until another is chosen.
#[component]
pub(super) fn BranchDetail() -> impl IntoView {
    let branches = context::<Branches>();
    let shown = Memo::new(move |_| {
        let chosen = branches.chosen().get();
        branches.view().with(|view| {
            let all = &view.ready()?.branches;
            let named = all.iter().find(|branch| chosen.as_ref() == Some(&branch.name));
            named.or_else(|| all.iter().find(|branch| branch.current)).cloned()
        })
    });
    move || shown.get().map(|branch| view! { <Detail branch /> })
}

#[component]
fn Detail(branch: BranchView) -> impl IntoView {
    let branches = context::<Branches>();
    let BranchView { name, current, remote, tip, upstream, ahead, behind, drafts } = branch;
    let follows = match &upstream {
        Some(upstream) => format!("follows {upstream}, {ahead} ahead and {behind} behind"),
        None if remote => "fetched from the remote".to_owned(),
        None => "has never been sent anywhere".to_owned(),
    };
    let waits = drafts.then(|| {
        let back = if current {
            "Switch to it again with nothing changed, and they come back."
        } else {
            "They come back when you switch to it."
        };
        view! { <p class="branch-card__drafts">{format!("Changes you left here wait. {back}")}</p> }
    });
    let own = StoredValue::new(name.clone());
    view! {
        <section class="branch-card" aria-label="The chosen branch" data-testid="branch-detail">
            <h3 class="branch-card__title mono">{name}</h3>
            <p class="quiet">{follows}</p>
            <p>{tip.summary}</p>
            <p class="quiet">{tip.author}" · "<code>{short_id(&tip.id).to_owned()}</code>" · "<When time_s=tip.time_s /></p>
            {waits}
            <div class="branch-card__actions">
                <Going own current drafts />
                <Changing own current remote />
                <Button small=true icon=Mark::Plus testid="branch-from" on_press=move |_| branches.ask(Asking::NewBranch(Some(own.get_value())))>
                    "New branch here…"
                </Button>
                <Button small=true testid="branch-tag" on_press=move |_| branches.ask(Asking::NewTag(Some(own.get_value())))>
                    "Tag…"
                </Button>
            </div>
        </section>
    }
}

/// Switch, merge and compare: what brings this branch and the current one together.
#[component]
fn Going(own: StoredValue<String>, current: bool, drafts: bool) -> impl IntoView {
    let (branches, work, between) =
        (context::<Branches>(), context::<Work>(), context::<Between>());
    let desk = context::<Desk>();
    let busy = Signal::derive(move || work.is_busy());
    let compare = move |_| {
        between.show(own.get_value(), None);
        desk.show_git(GitTab::Differences);
    };
    let come_back = move |_| branches.switch(own.get_value(), assay_wire::DraftsChoice::Carry);
    view! {
        {(current && drafts).then(|| view! {
            <Button small=true kind=Kind::Primary disabled=busy testid="branch-back" on_press=come_back>"Bring the changes back"</Button>
        })}
        {(!current).then(|| view! {
            <Button small=true kind=Kind::Primary disabled=busy testid="branch-switch" on_press=move |_| branches.go_to(own.get_value())>
                "Switch to it"
            </Button>
            <Button small=true disabled=busy testid="branch-merge" on_press=move |_| branches.merge(own.get_value())>
                {move || format!("Merge into {}", branches.current())}
            </Button>
        })}
        <Button small=true icon=Mark::Compare testid="branch-compare" on_press=compare>"What differs from the files here"</Button>
    }
}

/// Rename and delete, which a fetched branch has not.
#[component]
fn Changing(own: StoredValue<String>, current: bool, remote: bool) -> impl IntoView {
    let (branches, work) = (context::<Branches>(), context::<Work>());
    let busy = Signal::derive(move || work.is_busy());
    view! {
        {(!remote).then(|| view! {
            <Button small=true icon=Mark::Pencil disabled=busy testid="branch-rename" on_press=move |_| branches.ask(Asking::RenameBranch(own.get_value()))>
                "Rename…"
            </Button>
        })}
        {(!remote && !current).then(|| view! {
            <Button small=true kind=Kind::Danger icon=Mark::Bin disabled=busy testid="branch-delete" on_press=move |_| branches.delete(own.get_value(), false)>
                "Delete"
            </Button>
        })}
    }
}
