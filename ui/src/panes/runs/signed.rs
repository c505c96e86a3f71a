//! Runs that somebody signed: what they showed, also those of others, whose outputs are not here.

use assay_wire::{
    EvidenceGateView, EvidenceLine, EvidenceView, ListEvidence, MeasuredView, Notice,
};
use leptos::{prelude::*, task::spawn_local};

use super::{model, now_ms};
use crate::{
    components::{Button, Chip, ErrorNote, Kind, Mark, Tone},
    ipc,
    state::{Latest, Load, Notices, Runs, context},
};

/// Every signed run, newest first, as its signer told of it.
#[component]
pub(super) fn SignedRuns() -> impl IntoView {
    let lines = RwSignal::new(Load::<Vec<EvidenceLine>>::Loading);
    let reads = Latest::new();
    let read = move || {
        let question = reads.ask();
        spawn_local(async move {
            let read = ipc::call(ListEvidence {}).await;
            // The pane may be gone, or what was asked be old, by the time the answer comes.
            if reads.is_last(question) {
                lines.try_set(read.into());
            }
        });
    };
    read();
    context::<Notices>().listen(move |notice| {
        if matches!(notice, Notice::WorkspaceChanged) {
            read();
        }
    });
    let body = move || {
        match lines.get() {
        Load::Loading => ().into_any(),
        Load::Failed(error) => view! {
            <ErrorNote error actions=move || view! {
                <Button small=true on_press=move |_| read()>"Read again"</Button>
            } />
        }
        .into_any(),
        Load::Ready(lines) if lines.is_empty() => view! {
            <p class="quiet" data-testid="signed-runs-none">
                "No run was signed yet. A run is signed in the verdict of a proposal, or with "<code>"assay attest"</code>
                "; what others signed comes with Sync."
            </p>
        }
        .into_any(),
        Load::Ready(lines) => view! {
            <ul class="signed__list" data-testid="signed-runs">
                {lines.into_iter().map(|line| view! { <li><SignedRun line /></li> }).collect_view()}
            </ul>
        }
        .into_any(),
    }
    };
    view! {
        <section class="signed" aria-labelledby="signed-runs-title">
            <h3 class="signed__title" id="signed-runs-title">"Signed runs"</h3>
            {body}
        </section>
    }
}

#[component]
fn SignedRun(line: EvidenceLine) -> impl IntoView {
    let EvidenceLine { prompt, variant, current, here, evidence, .. } = line;
    let (words, mark) = if here { ("yours", Mark::Runs) } else { ("shared", Mark::Person) };
    let when = model::ago(now_ms(), evidence.time_s.saturating_mul(1_000));
    view! {
        <details class="signed__run" data-testid="signed-run">
            <summary class="signed__line">
                <Chip icon=mark>{words}</Chip>
                <span class="signed__what clip">{format!("{prompt} · {variant}")}</span>
                <span class="number clip">{model::rate_words(&evidence)}</span>
                <span class="quiet clip">{model::asked_words(&evidence)}</span>
                <span class="number">{evidence.cost.map(crate::money::dollars)}</span>
                <span class="clip">{evidence.person.clone()}</span>
                <span class="quiet">{when}</span>
            </summary>
            <Whereabouts run=evidence.run.clone() person=evidence.person.clone() here />
            {(!current).then(|| view! { <p class="quiet">"It measured other content than the last commit has."</p> })}
            <Numbers evidence />
        </details>
    }
}

/// Where the outputs are, and the way to them where there is one.
#[component]
fn Whereabouts(run: String, person: String, here: bool) -> impl IntoView {
    let runs = context::<Runs>();
    if here {
        return view! {
            <p>"The outputs are on this machine. "
                <Button small=true kind=Kind::Quiet testid="signed-run-open" on_press=move |_| runs.show(run.clone())>"Open the run"</Button>
            </p>
        }
        .into_any();
    }
    view! { <p data-testid="signed-run-elsewhere">{format!("The outputs are with {person}; only what was signed travels.")}</p> }
        .into_any()
}

#[component]
fn Numbers(evidence: EvidenceView) -> impl IntoView {
    let metric = |metric: MeasuredView| {
        let MeasuredView { name, model, n, mean, low, high } = metric;
        view! { <li class="number">{format!("{name} {mean:.3} [{low:.3}, {high:.3}] on {model} · {n} cells")}</li> }
    };
    let gate = |gate: EvidenceGateView| {
        let (tone, mark, word) = match gate.holds {
            true => (Tone::Ok, Mark::Check, "holds"),
            false => (Tone::Danger, Mark::Cross, "does not hold"),
        };
        view! {
            <li><Chip tone icon=mark>{word}</Chip>" "{gate.name}" "<span class="quiet number">{format!("{} · {:.3}", gate.asks, gate.value)}</span></li>
        }
    };
    view! {
        <ul>{evidence.metrics.into_iter().map(metric).collect_view()}</ul>
        <ul>{evidence.gates.into_iter().map(gate).collect_view()}</ul>
        <dl class="signed__facts">
            <dt>"Made by"</dt><dd>{evidence.tool}</dd>
            <dt>"Root over all outputs"</dt><dd class="mono">{evidence.outputs}</dd>
            <dt>"Statement"</dt><dd class="mono">{evidence.statement}</dd>
        </dl>
    }
}
