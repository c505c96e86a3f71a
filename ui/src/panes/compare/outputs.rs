//! Two or three outputs of one case side by side, with what differs marked.

use assay_wire::CellView;
use leptos::prelude::*;

use super::{
    board::Versus,
    model::{self, Part, SideBySide},
    reading::Outputs,
};
use crate::{
    actions::{Action, Stage, about},
    components::{Button, Chip, ErrorNote, IconButton, Loading, Mark, Tone},
    panes::matrix::cell_look,
    state::{Load, context},
};

/// The outputs of the chosen case.
#[component]
pub(super) fn OutputsPane() -> impl IntoView {
    let versus = context::<Versus>();
    view! {
        <div class="versus__outputs" data-testid="compare-outputs">
            {move || match versus.outputs().get() {
                None => view! { <p class="quiet versus__none">"Choose a case to read what both sides answered."</p> }.into_any(),
                Some(Load::Loading) => view! { <Loading what="Reading the outputs" /> }.into_any(),
                Some(Load::Failed(error)) => view! {
                    <ErrorNote error actions=move || view! {
                        <Button small=true on_press=move |_| versus.read_outputs()>"Try again"</Button>
                    } />
                }
                .into_any(),
                Some(Load::Ready(outputs)) => view! { <Columns outputs /> }.into_any(),
            }}
        </div>
    }
}

#[component]
fn Columns(outputs: Outputs) -> impl IntoView {
    let versus = context::<Versus>();
    let Outputs { base, head, third } = outputs;
    let answered = [&base, &head].into_iter().filter(|cell| cell.output.is_some()).count();
    let extra = third.clone();
    let old = base.clone();
    let sides = (base.clone(), head.clone());
    let both = Memo::new(move |_| model::outputs_beside(&sides.0, &sides.1, versus.by().get()));
    let beside = Memo::new(move |_| {
        let by = versus.by().get();
        extra.as_ref().map(|cell| model::outputs_beside(&old, cell, by).head)
    });
    show_change(versus);
    let expected = base.expected.clone();
    view! {
        <Changes both answered />
        {expected.map(|expected| view! { <p class="versus__expected"><span class="quiet">"expected "</span><code>{expected}</code></p> })}
        <div class="versus__columns">
            <Column cell=base name="Base" side="b" parts=Signal::derive(move || both.with(|b| b.base.clone())) />
            <Column cell=head name="Head" side="h" parts=Signal::derive(move || both.with(|b| b.head.clone())) />
            {third.map(|cell| view! {
                <Column cell name="Beside" side="t" parts=Signal::derive(move || beside.get().unwrap_or_default()) />
            })}
        </div>
    }
}

/// How many places differ, and the way through them.
#[component]
fn Changes(
    /// What differs.
    both: Memo<SideBySide>,
    /// How many of the two sides have an answer.
    answered: usize,
) -> impl IntoView {
    let (versus, stage) = (context::<Versus>(), Stage::here());
    let words = move || {
        let (changes, is_too_long) = both.with(|both| (both.changes, both.is_too_long));
        match (changes, versus.change().get()) {
            _ if answered == 0 => "Neither side has an answer".to_owned(),
            _ if answered == 1 => "Only one side has an answer".to_owned(),
            (0, _) if is_too_long => "They differ; too long to mark where".to_owned(),
            (0, _) => "The same words".to_owned(),
            (1, None) => "1 change".to_owned(),
            (n, None) => format!("{n} changes"),
            (n, Some(at)) => format!("Change {} of {n}", at + 1),
        }
    };
    let label = |action: Action| format!("{} ({})", about(action).title, about(action).keys[0]);
    view! {
        <div class="versus__changes">
            <span class="number" role="status">{words}</span>
            <IconButton
                small=true mark=Mark::Up label=label(Action::PreviousChange)
                on_press=move |_| stage.perform(Action::PreviousChange)
            />
            <IconButton
                small=true mark=Mark::Down label=label(Action::NextChange) testid="compare-next-change"
                on_press=move |_| stage.perform(Action::NextChange)
            />
        </div>
    }
}

/// Brings the change that the keyboard is at into view, on both sides.
fn show_change(versus: Versus) {
    Effect::new(move || {
        let Some(at) = versus.change().get() else { return };
        for side in ["b", "h"] {
            if let Some(element) =
                document().get_element_by_id(&format!("versus-change-{side}-{at}"))
            {
                let options = web_sys::ScrollIntoViewOptions::new();
                options.set_block(web_sys::ScrollLogicalPosition::Nearest);
                element.scroll_into_view_with_scroll_into_view_options(&options);
            }
        }
    });
}

#[component]
fn Column(
    cell: CellView,
    name: &'static str,
    side: &'static str,
    parts: Signal<Vec<Part>>,
) -> impl IntoView {
    let label = format!("{name}: {} on {}", cell.column.variant, cell.column.model);
    // A side that is still being answered, or that its run stopped before, has not failed.
    let unanswered = cell.output.is_none().then(|| {
        let (icon, tone, word) = cell_look(cell.line.state);
        view! { <Chip tone icon>{word}</Chip> }
    });
    let scores = cell.scores.iter().map(|score| {
        let (tone, mark, word) = match (score.pass, score.value) {
            (Some(true), _) => (Tone::Ok, Mark::Check, "pass".to_owned()),
            (Some(false), _) => (Tone::Danger, Mark::Cross, "fail".to_owned()),
            (None, Some(value)) => (Tone::Plain, Mark::Gauge, format!("{value:.2}")),
            (None, None) => (Tone::Warn, Mark::Warning, "not judged".to_owned()),
        };
        view! { <Chip tone icon=mark hint=score.reason.clone()>{format!("{} {word}", score.scorer)}</Chip> }
    });
    let scores = scores.collect_view();
    view! {
        <article class="versus__output" aria-label=label.clone()>
            <header class="versus__output-head">
                <p class="versus__output-name"><b>{cell.column.variant.clone()}</b>" "<span class="quiet">{cell.column.model.clone()}</span></p>
                <p class="quiet number">{model::facts_of(&cell)}</p>
                <p class="versus__scores">{unanswered}{scores}</p>
            </header>
            <div class="versus__text" tabindex="0" role="region" aria-label=format!("Text of {label}")>
                {move || parts.get().into_iter().map(|part| view! { <PartView part side /> }).collect_view()}
            </div>
        </article>
    }
}

/// Marked text: what only the base has is struck out, what only the head has is underlined.
#[component]
fn PartView(part: Part, side: &'static str) -> impl IntoView {
    let versus = context::<Versus>();
    let Part { text, change } = part;
    let Some(at) = change else { return text.into_any() };
    let here = move || versus.change().get() == Some(at);
    let id = format!("versus-change-{side}-{at}");
    match side {
        "b" => view! { <del id=id class:here=here>{text}</del> }.into_any(),
        _ => view! { <ins id=id class:here=here>{text}</ins> }.into_any(),
    }
}
