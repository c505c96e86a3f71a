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
    components::{
        Blank, Button, Edge, ErrorNote, Loading, Mark, Splitter, TabItem, Tabs, focus_on,
    },
    panes::git::ago,
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
mod words;

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
    request_animation_frame(|| focus_on(focus::DETAIL));
    let side = Desk::size(&project, "review-list", 280.0);
    view! {
        <section class="review" aria-label="Reviews" data-testid="reviews">
            <div class="review__side" style:width=move || format!("{}px", side.get())>
                <ProposalList />
            </div>
            <Splitter label="Width of the proposals" edge=Edge::Left size=side range=(200.0, 480.0) />
            <div class="review__main">
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
                None => view! {
                    <Blank mark=Mark::Review title="No proposal chosen" text="Choose one to read what differs and what was said of it." />
                }
                .into_any(),
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
            <Show when=move || reviews.detail_now().is_some()><Verbs /></Show>
        </div>
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

/// When something was: how long ago, or the date; whole on hover.
#[component]
fn When(time_s: i64) -> impl IntoView {
    let undefined = &wasm_bindgen::JsValue::UNDEFINED;
    let date = js_sys::Date::new(&(time_s as f64 * 1_000.0).into());
    let now_s = (js_sys::Date::now() / 1_000.0) as i64;
    let whole = String::from(date.to_locale_string("default", undefined));
    let words = ago(time_s, now_s)
        .unwrap_or_else(|| String::from(date.to_locale_date_string("default", undefined)));
    view! { <time class="quiet review__when" title=whole>{words}</time> }
}
