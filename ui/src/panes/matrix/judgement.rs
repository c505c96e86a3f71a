//! A judgement, opened from the score it came to: what each model of the judge was asked, and what it said.
//!
//! Read when somebody opens it: a matrix has many scores and few that anybody doubts.

use assay_wire::{JudgeCallView, JudgeMemberView, JudgementView, ReadJudgement};
use leptos::{prelude::*, task::spawn_local};

use super::{inspector::Message, model, opened::Opened};
use crate::{
    components::{ErrorNote, Icon, Loading},
    ipc,
    state::Load,
};

/// How a judge came to its score of the opened cell.
#[component]
pub(super) fn Judgement(opened: Opened, scorer: String) -> impl IntoView {
    let view = RwSignal::new(None::<Load<JudgementView>>);
    let read = {
        let scorer = scorer.clone();
        move |_| {
            // What could not be read is asked for again when it is opened again.
            let is_known = |view: &Option<Load<JudgementView>>| {
                matches!(view, Some(Load::Loading | Load::Ready(_)))
            };
            let place = opened.place().filter(|_| !view.with_untracked(is_known));
            let Some((run, cell)) = place else { return };
            view.set(Some(Load::Loading));
            let command = ReadJudgement { run, cell, scorer: scorer.clone() };
            spawn_local(async move {
                // The cell may be closed by the time the answer comes.
                view.try_set(Some(ipc::call(command).await.into()));
            });
        }
    };
    view! {
        <details class="judgement" data-testid=format!("judgement-{scorer}")>
            <summary class="quiet" on:click=read>"What it was asked, and what it said"</summary>
            {move || view.get().map(|load| match load {
                Load::Loading => view! { <Loading what="Reading the judgement" /> }.into_any(),
                Load::Failed(error) => view! { <ErrorNote error /> }.into_any(),
                Load::Ready(judgement) => judgement
                    .members
                    .into_iter()
                    .map(|member| view! { <Member member /> })
                    .collect_view()
                    .into_any(),
            })}
        </details>
    }
}

/// One model: its vote and reason, then its calls.
#[component]
fn Member(member: JudgeMemberView) -> impl IntoView {
    let JudgeMemberView { model: name, value, pass, reason, calls } = member;
    let (mark, tone) = model::verdict_look(pass);
    view! {
        <section class=format!("judgement__member verdict{}", tone.modifier()) data-testid="judgement-member">
            <p><Icon mark /><span class="mono">{name}</span>" "<span class="verdict__word">{model::verdict(pass, value)}</span></p>
            <p class="verdict__why">{reason.unwrap_or_else(|| "It has not judged yet.".to_owned())}</p>
            {calls.into_iter().map(|call| view! { <Call call /> }).collect_view()}
        </section>
    }
}

/// One call. Always text: what a model wrote is never markup here.
#[component]
fn Call(call: JudgeCallView) -> impl IntoView {
    let JudgeCallView { prompt, is_repair, messages, said, problem } = call;
    let title = if is_repair { format!("{prompt}, asked once more") } else { prompt };
    view! {
        <details class="opened__messages">
            <summary class="facts__title">"Asked with "<span class="mono">{title}</span></summary>
            {messages.into_iter().map(|message| view! { <Message message /> }).collect_view()}
        </details>
        {said.map(|said| view! { <pre class="opened__text" data-testid="judgement-reply">{said}</pre> })}
        {problem.map(|problem| view! { <p class="verdict__why">{problem}</p> })}
    }
}
