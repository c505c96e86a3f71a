//! The messages that would be sent, on both sides: for each variant the first case with other ones, or for a case of the
//! person's choice.

use std::sync::Arc;

use assay_wire::{
    DiffSide, ProposalDetailView, ReadRendered, RenderedChange, RenderedMessage, RenderedView,
};
use leptos::{ev::KeyboardEvent, prelude::*, task::spawn_local};

use super::{model, reviews::Reviews, words::Pieces};
use crate::{
    components::{Blank, Button, Chip, ErrorNote, Loading, Mark, Note, Tone},
    ipc,
    state::{Load, context},
};

/// The messages of both sides.
#[component]
pub(super) fn Messages(detail: Arc<ProposalDetailView>) -> impl IntoView {
    let case = RwSignal::new(String::new());
    let rendered = RwSignal::new(Load::<Arc<RenderedView>>::Loading);
    let detail = StoredValue::new(detail);
    let read = move || {
        let question = detail.with_value(|detail| question(detail, &case.get_untracked()));
        rendered.set(Load::Loading);
        spawn_local(async move {
            let read = ipc::call(question).await.map(Arc::new);
            // The view may be gone by the time the answer comes.
            rendered.try_set(read.into());
        });
    };
    read();
    view! {
        <div class="messages" data-testid="review-messages">
            <CaseChoice case on_choose=read />
            {move || match rendered.get() {
                Load::Loading => view! { <Loading what="Rendering both sides" /> }.into_any(),
                Load::Failed(error) => view! {
                    <ErrorNote error actions=move || view! {
                        <Button small=true on_press=move |_| read()>"Try again"</Button>
                    } />
                }
                .into_any(),
                Load::Ready(view) => view! { <Rendered view /> }.into_any(),
            }}
        </div>
    }
}

/// What is asked for the case that was typed; for the first ones where none was.
fn question(detail: &ProposalDetailView, case: &str) -> ReadRendered {
    let mut prompts: Vec<String> =
        detail.proposal.prompts.iter().map(|prompt| prompt.prompt.clone()).collect();
    prompts.dedup();
    let case = case.trim();
    ReadRendered {
        base: Some(detail.base.clone()),
        head: Some(detail.merged.clone().unwrap_or_else(|| detail.head.clone())),
        prompts,
        cases: (!case.is_empty()).then(|| case.to_owned()).into_iter().collect(),
    }
}

/// A case to render for, of those that were compared or any other.
#[component]
fn CaseChoice(
    case: RwSignal<String>,
    on_choose: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let versus = context::<Reviews>().versus();
    let known = move || {
        versus.cases().with(|cases| {
            let lines = cases.ready().map(|page| page.cases.as_slice()).unwrap_or_default();
            lines
                .iter()
                .take(500)
                .map(|line| view! { <option value=line.case.clone()></option> })
                .collect_view()
        })
    };
    let on_key = move |event: KeyboardEvent| {
        if event.key() == "Enter" && !event.is_composing() {
            event.prevent_default();
            on_choose();
        }
    };
    view! {
        <div class="messages__case">
            <label class="messages__label">
                <span class="field__label">"Case"</span>
                <input
                    class="input mono" type="text" autocomplete="off" spellcheck="false" list="review-cases" data-testid="review-case"
                    placeholder="the first with other messages" prop:value=case on:keydown=on_key
                    on:input:target=move |event| case.set(event.target().value())
                />
            </label>
            <datalist id="review-cases">{known}</datalist>
            <Button small=true testid="review-render" on_press=move |_| on_choose()>"Render"</Button>
        </div>
    }
}

#[component]
fn Rendered(view: Arc<RenderedView>) -> impl IntoView {
    let left_out = view.left_out.clone().into_iter().map(|why| {
        view! { <Note tone=Tone::Warn mark=Mark::Warning>{why}</Note> }
    });
    let left_out = left_out.collect_view();
    let changes = view.changes.iter().cloned().map(|change| view! { <Change change /> });
    let changes = changes.collect_view();
    let none = view.changes.is_empty().then(|| view! {
        <Blank
            mark=Mark::Check title="The same messages"
            text="What would be sent is the same on both sides, for the cases that were looked at."
        />
    });
    view! { {left_out}{changes}{none} }
}

/// The messages of one variant for one case.
#[component]
fn Change(change: RenderedChange) -> impl IntoView {
    let RenderedChange { prompt, variant, case, messages, more } = change;
    let more = (more > 0).then(|| {
        let more = model::several(more as usize, "more case");
        view! { <span class="quiet">{format!("{more} with other messages")}</span> }
    });
    let label = format!("{prompt} · {variant}, case {case}");
    view! {
        <section class="messages__change" aria-label=label>
            <h3 class="messages__title"><span class="clip">{format!("{prompt} · {variant}")}</span><code class="clip">{case}</code>{more}</h3>
            {messages.into_iter().map(|message| view! { <Message message /> }).collect_view()}
        </section>
    }
}

#[component]
fn Message(message: RenderedMessage) -> impl IntoView {
    let RenderedMessage { role, side, pieces } = message;
    let chip = match side {
        DiffSide::Both => None,
        DiffSide::Old => Some((Tone::Danger, Mark::Bin, "only before")),
        DiffSide::New => Some((Tone::Ok, Mark::Plus, "new")),
    };
    view! {
        <article class="messages__message">
            <p class="messages__role quiet">{role}" "{chip.map(|(tone, mark, word)| view! { <Chip tone icon=mark>{word}</Chip> })}</p>
            <div class="messages__text"><Pieces pieces /></div>
        </article>
    }
}
