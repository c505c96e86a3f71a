//! Reviews: proposals, what differs in them, what runs say of it, and what people say, signed.
//!
//! A list on the left, one proposal beside it: its gate, its parts, and below them what is being written. Everything is
//! done by keyboard: A approves, R asks for changes, C comments on what has the keyboard, N goes to the next open
//! conversation, X settles it, E evaluates both sides, V says that a file was read, M merges, 1 to 4 choose a part.
//! What is approved is what is on the screen; the digest of it is signed along ([`errand::Writing::seen`]).

use std::sync::Arc;

use assay_wire::ProposalDetailView;
use leptos::{ev::KeyboardEvent, prelude::*};

use crate::{
    actions::{Action, Stage},
    components::{
        Blank, Button, Edge, ErrorNote, Kind, Loading, Mark, Splitter, TabItem, Tabs, focus_on,
    },
    panes::git::WorkStrip,
    state::{Desk, Load, Session, context},
};

mod changes;
mod composer;
mod diff;
mod doing;
mod errand;
mod evaluating;
mod focus;
mod gate;
mod head;
mod lines;
mod list;
mod messages;
mod model;
mod proposing;
mod reviews;
mod signing;
mod threads;
mod verdict;
mod viewed;

pub use errand::Errand;
pub use reviews::{Part, Reviews};

use changes::Changes;
use composer::Composer;
use gate::GateRail;
use head::{HeadNotes, ProposalHead, Trouble, Verbs};
use list::ProposalList;
use messages::Messages;
use proposing::ProposeSheet;
use signing::SignerSheet;
use threads::Conversation;
use verdict::Verdict;

/// The sheets of reviews, which can be opened from anywhere.
#[component]
pub fn ReviewSheets() -> impl IntoView {
    view! { <ProposeSheet /><SignerSheet /> }
}

/// The list, and the proposal on screen.
#[component]
pub fn ReviewPane() -> impl IntoView {
    let reviews = context::<Reviews>();
    let session = context::<Session>();
    let project = session
        .workspace()
        .with_untracked(|w| w.as_ref().map(|w| w.path.clone()))
        .unwrap_or_default();
    reviews.enter(&project);
    let focused = window_event_listener(leptos::ev::focus, move |_| reviews.refresh());
    on_cleanup(move || focused.remove());
    follow_width(reviews);
    request_animation_frame(|| focus_on(focus::DETAIL));
    let side = Desk::size(&project, "review-list", 280.0);
    view! {
        <section class="review" aria-label="Reviews" data-testid="reviews">
            <div class="review__side" style:width=move || format!("{}px", side.get())>
                <ProposalList />
            </div>
            <Splitter label="Width of the proposals" edge=Edge::Left size=side range=(200.0, 480.0) />
            <div class="review__main">
                <WorkStrip back=focus::DETAIL />
                <Shown />
            </div>
        </section>
    }
}

/// The proposal on screen. It has the keyboard, so that its keys mean something; Escape leads back to the list.
#[component]
fn Shown() -> impl IntoView {
    let reviews = context::<Reviews>();
    let on_key = move |event: KeyboardEvent| {
        if event.default_prevented() {
            return;
        }
        if event.key() == "Escape" {
            event.prevent_default();
            focus::select(&format!("#{} [aria-current=true]", focus::LIST));
        } else if focus::is_at_rest(&event) && focus::walk(&event, ".diff__say") {
            event.prevent_default();
        }
    };
    view! {
        <div id=focus::DETAIL class="review__detail" tabindex="0" role="region" aria-label="Proposal" on:keydown=on_key>
            <Trouble />
            {move || match reviews.detail().get() {
                None => view! { <NoneShown /> }.into_any(),
                Some(Load::Loading) => view! { <Loading what="Reading the proposal" /> }.into_any(),
                Some(Load::Failed(error)) => view! {
                    <div class="review__refused">
                        <ErrorNote error actions=move || view! {
                            <Button small=true on_press=move |_| reviews.refresh()>"Try again"</Button>
                        } />
                    </div>
                }
                .into_any(),
                Some(Load::Ready(detail)) => view! { <Proposal detail /> }.into_any(),
            }}
            <Composer />
            <Show when=move || reviews.can_say() && reviews.writing().with(Option::is_none)><Verbs /></Show>
        </div>
    }
}

/// Lines stand side by side, and the gate beside them, where there is room, until the person says otherwise.
fn follow_width(reviews: Reviews) {
    let was_wide = StoredValue::new(reviews::is_wide());
    let resized = window_event_listener(leptos::ev::resize, move |_| {
        let is_wide = reviews::is_wide();
        if was_wide.get_value() != is_wide {
            was_wide.set_value(is_wide);
            reviews.beside.set(is_wide);
            reviews.gate.set(is_wide);
        }
    });
    on_cleanup(move || resized.remove());
}

/// In the place of a proposal: what this is for, while there is none at all.
#[component]
fn NoneShown() -> impl IntoView {
    let (reviews, stage) = (context::<Reviews>(), Stage::here());
    let is_empty = Memo::new(move |_| {
        reviews.list().with(|list| list.ready().is_some_and(|list| list.proposals.is_empty()))
    });
    move || {
        match is_empty.get() {
        true => view! {
            <Blank
                mark=Mark::Review title="Nothing is proposed yet"
                text="Propose a branch, and others approve exactly its content. What they say is signed and travels with git; no server is needed."
            >
                <Button kind=Kind::Primary testid="review-propose-first" on_press=move |_| stage.perform(Action::Propose)>"Propose a branch…"</Button>
            </Blank>
        }
        .into_any(),
        false => view! {
            <Blank mark=Mark::Review title="No proposal chosen" text="Choose one to read what differs and what was said of it." />
        }
        .into_any(),
    }
    }
}

#[component]
fn Proposal(detail: Arc<ProposalDetailView>) -> impl IntoView {
    let reviews = context::<Reviews>();
    let shown = detail.clone();
    view! {
        <ProposalHead detail=detail.clone() />
        <HeadNotes detail=detail.clone() />
        <div class="review__columns">
            <div class="review__parts">
                <Tabs label="Parts of the proposal" items=parts() chosen=reviews.part on_choose=move |part| reviews.part.set(part) />
                <div class="review__part" role="tabpanel" aria-label=move || part_name(reviews.part.get())>
                    {move || {
                        let detail = shown.clone();
                        match reviews.part.get() {
                            Part::Conversation => view! { <Conversation detail /> }.into_any(),
                            Part::Changes => view! { <Changes detail /> }.into_any(),
                            Part::Messages => view! { <Messages detail /> }.into_any(),
                            Part::Verdict => view! { <Verdict detail /> }.into_any(),
                        }
                    }}
                </div>
            </div>
            <GateRail detail />
        </div>
    }
}

fn parts() -> Vec<TabItem<Part>> {
    let item = |value: Part, mark: Mark, testid: &'static str| TabItem {
        value,
        label: part_name(value),
        mark,
        testid,
    };
    vec![
        item(Part::Conversation, Mark::Said, "review-part-conversation"),
        item(Part::Changes, Mark::Columns, "review-part-changes"),
        item(Part::Messages, Mark::Prompts, "review-part-messages"),
        item(Part::Verdict, Mark::Gauge, "review-part-verdict"),
    ]
}

fn part_name(part: Part) -> &'static str {
    match part {
        Part::Conversation => "Conversation",
        Part::Changes => "Changes",
        Part::Messages => "Messages",
        Part::Verdict => "Verdict",
    }
}
