//! The gate of a proposal: what waits, who must still approve and why, what people said of exactly this content, and the
//! run that speaks for it. Every refusal has its way out.

use std::sync::Arc;

use assay_wire::{
    EvidenceView, GateContentView, ProposalDetailView, ProposedPromptView, RefusalView,
    RefusedStatementView, VoteView,
};
use leptos::prelude::*;

use super::{errand::Errand, model, reviews::Reviews};
use crate::{
    components::{Button, Chip, Icon, Kind, Mark, Tone},
    panes::git::When,
    state::context,
};

/// The gate, folded or not.
#[component]
pub(super) fn GateRail(detail: Arc<ProposalDetailView>) -> impl IntoView {
    let gate = detail.proposal.gate.clone();
    let state = detail.proposal.state;
    let ((tone, mark), word, words) = match (model::over_words(state), gate.open) {
        (Some(words), _) => (model::state_look(state), state.as_str(), words.to_owned()),
        (None, true) => ((Tone::Ok, Mark::Check), "open", model::gate_words(&gate)),
        (None, false) => ((Tone::Warn, Mark::Shield), "closed", model::gate_words(&gate)),
    };
    let groups = model::items_alike(&gate.contents).into_iter();
    let items = groups.map(|group| view! { <Items group /> }).collect_view();
    let unfolded = context::<Reviews>().gate;
    view! {
        <details
            class="review__rail" aria-label="Gate" data-testid="review-gate" prop:open=unfolded
            on:toggle:target=move |event| unfolded.set(event.target().has_attribute("open"))
        >
            <summary class="gate__summary">
                <Chip tone icon=mark>{word}</Chip>
                <span class="grow" data-testid="review-gate-words">{words}</span>
            </summary>
            <div class="gate__body">
                <Reasons reasons=gate.reasons />
                {items}
                <Votes prompts=detail.proposal.prompts.clone() />
                <Unheard refused=gate.refused />
            </div>
        </details>
    }
}

/// Why something is refused, and what to do about it.
#[component]
fn Reasons(reasons: Vec<RefusalView>) -> impl IntoView {
    let line = |RefusalView { code, message, hint }: RefusalView| {
        view! {
            <li class="gate__reason" data-code=code.clone()>
                <Icon mark=Mark::Cross />
                <div class="grow">
                    <p>{message}</p>
                    {hint.map(|hint| view! { <p class="gate__way quiet">{hint}</p> })}
                    <code class="gate__code">{code.clone()}</code>
                </div>
            </li>
        }
    };
    (!reasons.is_empty()).then(
        || view! { <ul class="gate__reasons">{reasons.into_iter().map(line).collect_view()}</ul> },
    )
}

/// What stands alike, by name: the first few, and the rest when asked for.
#[component]
fn Names(names: Vec<String>) -> impl IntoView {
    const FIRST: usize = 3;
    let line = |name: &String| view! { <li class="mono">{name.clone()}</li> };
    let more = names.get(FIRST..).filter(|more| !more.is_empty()).map(|more| {
        view! {
            <details class="gate__more">
                <summary>{format!("and {} more", more.len())}</summary>
                <ul>{more.iter().map(line).collect_view()}</ul>
            </details>
        }
    });
    view! {
        <ul class="gate__names">{names.iter().take(FIRST).map(line).collect_view()}</ul>
        {more}
    }
}

/// Items that would go in and stand alike.
#[component]
fn Items(group: Vec<GateContentView>) -> impl IntoView {
    let names: Vec<String> = group.iter().map(model::content_words).collect();
    let name = match &names[..] {
        [only] => only.clone(),
        names => model::several(names.len(), "item"),
    };
    let Some(content) = group.into_iter().next() else { return ().into_any() };
    let (tone, mark, word) = match content.open {
        true => (Tone::Ok, Mark::Check, "may go in"),
        false => (Tone::Warn, Mark::Clock, "waits"),
    };
    let approved = (!content.approvals.is_empty()).then(|| {
        view! { <p><span class="quiet">"approved by "</span>{content.approvals.join(", ")}</p> }
    });
    let (count, is_one) = (model::count_words(&content), names.len() == 1);
    view! {
        <section class="gate__item" aria-label=name.clone() data-testid="gate-item">
            <h3 class="gate__name"><span class="grow" title=is_one.then(|| content.content.clone())>{name.clone()}</span><Chip tone icon=mark>{word}</Chip></h3>
            {(!is_one).then(|| view! { <Names names /> })}
            {count.map(|count| view! { <p class="number">{count}</p> })}
            {approved}
            <Reasons reasons=content.reasons />
        </section>
    }
    .into_any()
}

/// What people said of exactly this content, and the runs that measured it.
#[component]
fn Votes(prompts: Vec<ProposedPromptView>) -> impl IntoView {
    let of = |group: Vec<ProposedPromptView>| {
        let named = |one: &ProposedPromptView| format!("{} · {}", one.prompt, one.variant);
        let names: Vec<String> = group.iter().map(named).collect();
        let name = match &names[..] {
            [only] => only.clone(),
            names => model::several(names.len(), "variant"),
        };
        let is_one = names.len() == 1;
        let said = group.into_iter().next()?;
        let ProposedPromptView { approvals, evidence, .. } = said;
        let votes = model::ordered(&approvals).into_iter().map(|vote| view! { <Vote vote /> });
        Some(view! {
            <section class="gate__item" aria-label=format!("What was said of {name}")>
                <h3 class="gate__name"><span class="grow">{name.clone()}</span></h3>
                {(!is_one).then(|| view! { <Names names /> })}
                <ul class="gate__votes">{votes.collect_view()}</ul>
                {evidence.map(|evidence| view! { <Evidence evidence /> })}
            </section>
        })
    };
    model::said_alike(&prompts).into_iter().map(of).collect_view()
}

#[component]
fn Vote(vote: VoteView) -> impl IntoView {
    let reviews = context::<Reviews>();
    let (tone, mark, word) = model::verdict_look(vote.verdict);
    let statement = StoredValue::new(vote.statement.clone());
    let take_back = move |_| {
        reviews.begin(Errand::Revoke {
            statement: statement.get_value(),
            what: "what you said of it".to_owned(),
        });
    };
    view! {
        <li class="gate__vote">
            <Chip tone icon=mark>{word}</Chip>
            <span class="clip" title=vote.statement.clone()>{vote.person.clone()}</span>
            <When time_s=vote.time_s />
            {(!vote.counts).then(|| view! { <span class="quiet">"does not count"</span> })}
            <span class="grow"></span>
            {vote.own.then(|| view! {
                <Button small=true kind=Kind::Quiet testid="review-revoke" on_press=take_back>"Take back…"</Button>
            })}
        </li>
    }
}

/// What a signed run showed.
#[component]
fn Evidence(evidence: EvidenceView) -> impl IntoView {
    let (tone, mark, word) = match evidence.counts {
        true => (Tone::Ok, Mark::Check, "evidence"),
        false => (Tone::Warn, Mark::Warning, "does not count"),
    };
    let gates = evidence.gates.iter().map(|gate| {
        let (tone, mark, word) = match gate.holds {
            true => (Tone::Ok, Mark::Check, "holds"),
            false => (Tone::Danger, Mark::Cross, "does not hold"),
        };
        view! {
            <li><Chip tone icon=mark>{word}</Chip>" "{gate.name.clone()}" "<span class="quiet number">{format!("{} · {:.3}", gate.asks, gate.value)}</span></li>
        }
    });
    let gates = gates.collect_view();
    let metrics = evidence.metrics.iter().map(|metric| {
        view! { <li class="number">{format!("{} {:.3} [{:.3}, {:.3}] · {} cells", metric.name, metric.mean, metric.low, metric.high, metric.n)}</li> }
    });
    let metrics = metrics.collect_view();
    view! {
        <details class="gate__evidence" data-testid="review-evidence">
            <summary><Chip tone icon=mark>{word}</Chip>" "<span title=evidence.statement.clone()>{model::evidence_words(&evidence)}</span></summary>
            <ul>{gates}</ul>
            <ul>{metrics}</ul>
            <p class="quiet">{format!("Assay {}", evidence.tool)}" · "<When time_s=evidence.time_s /></p>
        </details>
    }
}

/// What is said and counts for nothing. A forgery that vanished silently would be one that nobody looks into.
#[component]
fn Unheard(refused: Vec<RefusedStatementView>) -> impl IntoView {
    let count = refused.len();
    let line = |refused: RefusedStatementView| {
        view! { <li><code class="clip" title=refused.statement.clone()>{model::short(&refused.statement)}</code><Reasons reasons=vec![refused.refusal] /></li> }
    };
    (count > 0).then(|| {
        view! {
            <details class="gate__unheard">
                <summary>{model::several(count, "statement")}" not believed"</summary>
                <ul>{refused.into_iter().map(line).collect_view()}</ul>
            </details>
        }
    })
}
