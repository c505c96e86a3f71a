//! How a judge does: people first, then the judge on the half of the labels that is held out, then what it leans to.

use assay_wire::{AgainstView, JudgeView, ShowJudge};
use leptos::{prelude::*, task::spawn_local};

use super::{Work, model};
use crate::{
    components::{Button, ErrorNote, Loading, Mark, Note, Tone},
    ipc,
    state::{Latest, Load},
};

/// The numbers of one judge, read again whenever a label is given.
#[component]
pub(super) fn Report(work: Work, scorer: String) -> impl IntoView {
    let view = RwSignal::new(Load::<JudgeView>::Loading);
    let scorer = StoredValue::new(scorer);
    let asked = Latest::new();
    let read = move || {
        let question = asked.ask();
        let show = ShowJudge { prompt: work.prompt.get_value(), scorer: scorer.get_value() };
        spawn_local(async move {
            let report = ipc::call(show).await;
            if let Ok(judge) = &report {
                // Asking for the numbers may have calibrated it.
                work.keep_line(&judge.line);
            }
            // The report may be gone by the time the answer comes, or a label given since.
            if asked.is_last(question) {
                view.set(report.into());
            }
        });
    };
    Effect::new(move || {
        work.turn.track();
        read();
    });
    view! {
        <section class="judged" aria-label="How the judge does" data-testid="judge-report">
            {move || match view.get() {
                Load::Loading => view! { <Loading what="Comparing" /> }.into_any(),
                Load::Failed(error) => view! {
                    <ErrorNote error actions=move || view! {
                        <Button small=true on_press=move |_| read()>"Try again"</Button>
                    } />
                }
                .into_any(),
                Load::Ready(judge) => view! { <Numbers judge /> }.into_any(),
            }}
        </section>
    }
}

#[component]
fn Numbers(judge: JudgeView) -> impl IntoView {
    let gaps = model::gaps(&judge);
    let kappa = judge.people.as_ref().map(|people| model::kappa(people.kappa.as_ref()));
    view! {
        <Verdict judge=judge.clone() />
        <h3 class="judged__title">"People"</h3>
        <p>{model::people(&judge)}{kappa.map(|kappa| format!(" · {kappa}"))}</p>
        <Halves judge=judge.clone() />
        <PassRate judge=judge.clone() />
        <Models judge=judge.clone() />
        {judge.refused.iter().map(|line| view! { <Note tone=Tone::Warn mark=Mark::Warning>{format!("Not read: {line}")}</Note> }).collect_view()}
        {gaps.into_iter().map(|words| view! { <Note tone=Tone::Info mark=Mark::Info>{words}</Note> }).collect_view()}
    }
}

/// Whether its gates may be believed.
#[component]
fn Verdict(judge: JudgeView) -> impl IntoView {
    let line = &judge.line;
    let (why_not, labels) = (model::uncalibrated(line), line.labels);
    match (line.is_calibrated(), judge.is_weak) {
        (false, _) => view! {
            <Note tone=Tone::Warn mark=Mark::Warning>{why_not}</Note>
        },
        (true, true) => view! {
            <Note tone=Tone::Warn mark=Mark::Warning>"Calibrated, but weak: one of its rates may lie below 80 %. Its gates say so."</Note>
        },
        (true, false) => view! {
            <Note tone=Tone::Ok mark=Mark::Check>{format!("Calibrated on {labels} labels.")}</Note>
        },
    }
}

/// The judge against people's labels, once there are any.
#[component]
fn Halves(judge: JudgeView) -> impl IntoView {
    let JudgeView { held_out, tuning, .. } = judge;
    match held_out.outputs + tuning.outputs {
        0 => view! {
            <h3 class="judged__title">"The judge"</h3>
            <p>"It has not been held against any label yet. Label outputs that it has judged: one half of them tells how far it can be trusted, the other is for tuning its rubric."</p>
        }
        .into_any(),
        _ => view! {
            <Half title="The judge, on the half that is held out" against=held_out />
            <Half title="The judge, on the half for tuning its rubric" against=tuning />
        }
        .into_any(),
    }
}

/// What the judge tells of the latest run, and what that would be without its mistakes.
#[component]
fn PassRate(judge: JudgeView) -> impl IntoView {
    let JudgeView { told, corrected, .. } = judge;
    told.map(|told| view! {
        <h3 class="judged__title">"Pass rate"</h3>
        <dl class="facts__list">
            <div class="facts__line"><dt class="quiet">"the judge tells"</dt><dd class="number">{model::share(Some(&told))}</dd></div>
            <div class="facts__line"><dt class="quiet">"corrected"</dt><dd class="number" data-testid="judge-corrected">{model::share(corrected.as_ref())}</dd></div>
        </dl>
    })
}

#[component]
fn Half(title: &'static str, against: AgainstView) -> impl IntoView {
    let lines = (against.outputs > 0).then(|| model::half(&against)).into_iter().flatten();
    view! {
        <h3 class="judged__title">{title}" "<span class="quiet number">{against.outputs}</span></h3>
        {(against.outputs == 0).then(|| view! { <p class="quiet">"No labelled output that it has judged fell into this half yet."</p> })}
        <dl class="facts__list">{lines.map(|(name, value)| view! {
            <div class="facts__line"><dt class="quiet">{name}</dt><dd class="number">{value}</dd></div>
        }).collect_view()}</dl>
    }
}

/// What each of its models did in the latest run, and what it leans to.
#[component]
fn Models(judge: JudgeView) -> impl IntoView {
    if judge.models.is_empty() {
        return view! { <p class="quiet">"It has judged no run yet."</p> }.into_any();
    }
    let line = |model: assay_wire::JudgeModelView| {
        let leanings = model.pairs.as_ref().map(|pairs| pairs.leanings.clone()).unwrap_or_default();
        let words = model::model_words(&model);
        view! {
            <div class="facts__line"><dt class="quiet">{model.model}</dt><dd class="number">{words}</dd></div>
            {leanings.into_iter().map(|words| view! { <Note tone=Tone::Warn mark=Mark::Warning>{words}</Note> }).collect_view()}
        }
    };
    view! {
        <h3 class="judged__title">"In the latest run"</h3>
        <dl class="facts__list">{judge.models.into_iter().map(line).collect_view()}</dl>
    }
    .into_any()
}
