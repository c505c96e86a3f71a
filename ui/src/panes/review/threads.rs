//! Conversations: on the proposal as a whole, and on words of it. N goes to the next open one; in one, C answers and X
//! settles it.

use std::sync::Arc;

use assay_wire::{CommentView, ProposalDetailView, ReviewVerdict, ThreadAnchorView, ThreadView};
use leptos::prelude::*;

use super::{errand::Errand, focus, lines, model, reviews::Reviews};
use crate::{
    components::{Blank, Button, Chip, Keys, Kind, Mark, Tone},
    panes::git::{When, drawn},
    state::context,
};

/// Why the proposal was made, and everything that was said of it.
#[component]
pub(super) fn Conversation(detail: Arc<ProposalDetailView>) -> impl IntoView {
    let body = detail.proposal.body.clone();
    let about = (!body.trim().is_empty()).then(
        || view! { <section class="review__body-text" aria-label="Why">{drawn(&body)}</section> },
    );
    let threads = detail.threads.clone();
    if threads.is_empty() {
        return view! {
            {about}
            <Blank
                mark=Mark::Said title="Nothing said yet"
                text="Comment on the proposal, or on a line of its changes. What you say is signed and stays with the words it is about."
            />
        }
        .into_any();
    }
    let threads = threads.into_iter().map(|thread| view! { <ThreadBox thread placed=false /> });
    view! {
        {about}
        <div class="threads" data-testid="review-threads">{threads.collect_view()}</div>
    }
    .into_any()
}

/// One conversation.
#[component]
pub(super) fn ThreadBox(
    /// It.
    thread: ThreadView,
    /// Whether it stands below the words it is about, which then need not be quoted.
    placed: bool,
) -> impl IntoView {
    let ThreadView { id, anchor, comments, resolved } = thread;
    let folded = RwSignal::new(resolved);
    let label = format!(
        "{} conversation of {}",
        if resolved { "Settled" } else { "Open" },
        model::several(comments.len(), "comment")
    );
    let own = id.clone();
    let quote = anchor.filter(|_| !placed).map(|anchor| view! { <Quote anchor /> });
    let comments = StoredValue::new(comments);
    let said = move || {
        let shown = !folded.get();
        shown.then(|| {
            comments
                .get_value()
                .into_iter()
                .map(|comment| view! { <Comment comment /> })
                .collect_view()
        })
    };
    view! {
        <article
            class="thread" class=("thread--settled", resolved) id=focus::thread_id(&id) tabindex="0" aria-label=label
            data-thread=id.clone() data-testid="review-thread" data-open=(!resolved).to_string()
        >
            {quote}
            {resolved.then(|| view! {
                <button type="button" class="thread__fold quiet" aria-expanded=move || (!folded.get()).to_string() on:click=move |_| folded.update(|f| *f = !*f)>
                    {move || if folded.get() { "Settled: show it" } else { "Settled: fold it" }}
                </button>
            })}
            {said}
            <Foot id=own resolved />
        </article>
    }
}

/// The words a conversation is about, and where they are now.
#[component]
fn Quote(anchor: ThreadAnchorView) -> impl IntoView {
    let place = lines::place_words(anchor.place, anchor.line);
    view! {
        <p class="thread__place quiet"><code>{anchor.file}</code>" · "{place}</p>
        <blockquote class="thread__quote mono">{drawn(&anchor.quote)}</blockquote>
    }
}

#[component]
fn Comment(comment: CommentView) -> impl IntoView {
    let CommentView { person, time_s, verdict, text, resolves, revoked, own, statement } = comment;
    let reviews = context::<Reviews>();
    let chip = (verdict != ReviewVerdict::Comment).then(|| {
        let (tone, mark, word) = model::verdict_look(verdict);
        view! { <Chip tone icon=mark>{word}</Chip> }
    });
    let settles =
        resolves.then(|| view! { <Chip tone=Tone::Ok icon=Mark::Check>"settles it"</Chip> });
    let own = (own && !revoked).then(|| {
        let statement = StoredValue::new(statement);
        let take_back = move |_| {
            reviews.begin(Errand::Revoke {
                statement: statement.get_value(),
                what: "what you said".to_owned(),
            });
        };
        view! { <Button small=true kind=Kind::Quiet on_press=take_back>"Take back…"</Button> }
    });
    let text = match revoked {
        true => view! { <p class="quiet">"Taken back."</p> }.into_any(),
        false => view! { <div class="thread__text">{drawn(&text)}</div> }.into_any(),
    };
    view! {
        <div class="thread__comment">
            <p class="thread__who">
                <b class="clip">{person}</b> <When time_s /> {chip} {settles}
                <span class="grow"></span> {own}
            </p>
            {text}
        </div>
    }
}

/// Answers, and settles or opens again.
#[component]
fn Foot(id: String, resolved: bool) -> impl IntoView {
    let reviews = context::<Reviews>();
    let thread = StoredValue::new(id);
    let begin = move |settles: bool| {
        reviews.begin(Errand::Answer { thread: thread.get_value(), settles });
    };
    move || {
        reviews.can_say().then(|| view! {
            <p class="thread__foot">
                <Button small=true kind=Kind::Quiet icon=Mark::Said testid="thread-answer" on_press=move |_| begin(false)>"Answer" <Keys chord="C" /></Button>
                {(!resolved).then(|| view! {
                    <Button small=true kind=Kind::Quiet icon=Mark::Check testid="thread-settle" on_press=move |_| begin(true)>"Settle" <Keys chord="X" /></Button>
                })}
            </p>
        })
    }
}
