//! The messages that would be sent, on both sides: for each variant the first case with other ones, or for a case of the
//! person's choice.

use std::sync::Arc;

use assay_wire::{ProposalDetailView, ReadRendered, RenderedView};
use leptos::{ev::KeyboardEvent, prelude::*, task::spawn_local};

use super::reviews::Reviews;
use crate::{
    components::{Button, ErrorNote, Loading},
    ipc,
    panes::git::Messages as Rendered,
    state::{Load, context},
};

/// The messages of both sides.
#[component]
pub(super) fn Messages(detail: Arc<ProposalDetailView>) -> impl IntoView {
    let case = RwSignal::new(String::new());
    let rendered = RwSignal::new(Load::<RenderedView>::Loading);
    let (detail, asked) = (StoredValue::new(detail), StoredValue::new(0_u64));
    let read = move || {
        asked.update_value(|asked| *asked += 1);
        let turn = asked.get_value();
        let question = detail.with_value(|detail| question(detail, &case.get_untracked()));
        rendered.set(Load::Loading);
        spawn_local(async move {
            let read = ipc::call(question).await;
            // The view may be gone by the time the answer comes, and one that was overtaken is of no use.
            if asked.try_get_value() == Some(turn) {
                rendered.try_set(read.into());
            }
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
                Load::Ready(rendered) => view! { <Rendered rendered /> }.into_any(),
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
