//! What runs of both sides say: the same object, drawn by the same parts, as in Compare; and the way there.

use std::sync::Arc;

use assay_wire::ProposalDetailView;
use leptos::{context::Provider, prelude::*};

use super::{model, reviews::Reviews};
use crate::{
    actions::{Action, Stage, about},
    components::{Blank, Button, ErrorNote, Keys, Kind, Loading, Mark, Note, Tone},
    panes::compare::Compared,
    state::context,
};

/// The verdict, or the way to it.
#[component]
pub(super) fn Verdict(detail: Arc<ProposalDetailView>) -> impl IntoView {
    let reviews = context::<Reviews>();
    let is_there = detail.verdicts.is_some();
    let is_live = model::is_live(detail.proposal.state);
    let evaluating = reviews.evaluating;
    let waits = Memo::new(move |_| evaluating.is_going() || evaluating.is_planning());
    view! {
        <div class="review-verdict" data-testid="review-verdict">
            <Evaluation />
            {match is_there {
                true => view! {
                    <Attesting detail />
                    <Provider value=reviews.versus()><Compared /></Provider>
                }
                .into_any(),
                false => view! { <Show when=move || !waits.get()><Nothing is_live /></Show> }.into_any(),
            }}
        </div>
    }
}

#[component]
fn Nothing(is_live: bool) -> impl IntoView {
    let stage = Stage::here();
    let entry = about(Action::EvaluateProposal);
    let text = "The target and the proposal are asked the same cases and judged by the same scorers; what was answered before costs nothing. The plan comes first where it may cost something.";
    view! {
        <Blank mark=Mark::Gauge title="Not evaluated here" text>
            {is_live.then(|| view! {
                <Button
                    kind=Kind::Primary icon=Mark::Play testid="verdict-evaluate"
                    disabled=Signal::derive(move || !stage.offers(entry)) on_press=move |_| stage.perform(Action::EvaluateProposal)
                >"Evaluate base and head" <Keys chord=entry.keys[0] /></Button>
            })}
        </Blank>
    }
}

/// How far the evaluation is, and why it did not begin or end.
#[component]
fn Evaluation() -> impl IntoView {
    let evaluating = context::<Reviews>().evaluating;
    let going = Memo::new(move |_| evaluating.is_going());
    let planning = Memo::new(move |_| evaluating.is_planning());
    view! {
        <Show when=move || planning.get()><Loading what="Planning the evaluation" /></Show>
        <Show when=move || going.get()><Progress /></Show>
        {move || evaluating.trouble().map(|error| view! { <ErrorNote error /> })}
        {move || model::stopped_words(&evaluating.runs()).map(|words| view! {
            <Note tone=Tone::Warn mark=Mark::Stop>{words}</Note>
        })}
    }
}

#[component]
fn Progress() -> impl IntoView {
    let evaluating = context::<Reviews>().evaluating;
    let counts = Memo::new(move |_| model::progress(&evaluating.runs()));
    let share = move || {
        let (ended, all) = counts.get();
        (u64::from(ended) * 100).checked_div(u64::from(all)).unwrap_or(0)
    };
    let words = move || {
        let (ended, all) = counts.get();
        format!("Evaluating base and head: {ended} of {all} cells")
    };
    view! {
        <div class="review-verdict__progress" data-testid="review-progress">
            <span class="number" role="status">{words}</span>
            <span class="queue__bar" aria-hidden="true"><span style:width=move || format!("{}%", share())></span></span>
            <Button small=true icon=Mark::Stop testid="review-stop" on_press=move |_| evaluating.cancel()>"Stop"</Button>
        </div>
    }
}

/// Whether the head's run is signed, and the way to sign it: only then does it count for the gate.
#[component]
fn Attesting(detail: Arc<ProposalDetailView>) -> impl IntoView {
    let reviews = context::<Reviews>();
    let is_signed = detail
        .proposal
        .prompts
        .iter()
        .all(|prompt| prompt.evidence.as_ref().is_some_and(|evidence| evidence.counts));
    let can = model::is_live(detail.proposal.state) && detail.sides.is_some() && !is_signed;
    let disabled = Signal::derive(move || reviews.signer().is_none() || reviews.is_busy());
    can.then(|| view! {
        <Note tone=Tone::Info mark=Mark::Shield actions=move || view! {
            <Button small=true testid="review-attest" disabled on_press=move |_| reviews.attest()>"Sign this run"</Button>
        }>
            <p>"Others see this verdict, and the gate takes it for evidence, once the run of the head is signed."</p>
            {move || reviews.signer().is_none().then(|| view! { <p class="note__hints">"Choose the key that signs first, below the proposals."</p> })}
        </Note>
    })
}
