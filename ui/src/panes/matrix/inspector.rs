//! One cell in full: its output as it is written, why it failed, how it was judged, what was sent.

use assay_wire::{CellState, CellView, MessageView, ScoreView, SegmentView};
use leptos::prelude::*;

use super::{
    board::Board,
    judgement::Judgement,
    judging::{self, Looked, Silence, Silent},
    model,
    opened::Opened,
};
use crate::{
    components::{Blank, Button, ErrorNote, Icon, IconButton, Loading, Mark, Note, Tone},
    panes::runs::now_ms,
    state::{Load, context},
};

/// One cell in full.
#[component]
pub fn CellInspector() -> impl IntoView {
    let opened = context::<Board>().opened();
    let (ordinal, view) = (opened.ordinal(), opened.view());
    move || match (ordinal.get(), view.get()) {
        (None, _) => view! { <NoCell /> }.into_any(),
        (Some(_), Load::Loading) => view! { <Loading what="Reading the cell" /> }.into_any(),
        (Some(_), Load::Failed(error)) => view! {
            <div class="opened__refused">
                <ErrorNote error actions=move || view! {
                    <Button small=true on_press=move |_| opened.try_again()>"Try again"</Button>
                } />
            </div>
        }
        .into_any(),
        (Some(_), Load::Ready(cell)) => view! { <OpenedCell cell opened /> }.into_any(),
    }
}

#[component]
fn NoCell() -> impl IntoView {
    view! {
        <Blank
            mark=Mark::Eye title="No cell open"
            text="Choose a cell, or press Enter on it, to read its whole output, its scores and what was sent."
        />
    }
}

#[component]
fn OpenedCell(cell: CellView, opened: Opened) -> impl IntoView {
    let board = context::<Board>();
    let facts = model::facts(&cell, now_ms());
    let CellView { line, column, row, messages, output, error, attempts, scores, expected, .. } =
        cell;
    let title = format!("{} · {}", row.case, column.variant);
    let answered = output.is_some();
    let state = line.state;
    // A cell that was never sent has nothing to blame: what stands for its output says so.
    let failure = error.filter(|_| state != CellState::Cancelled || attempts > 0);
    let explained = failure.is_some() && !answered;
    let silent = {
        let (prompt, variant) = (column.prompt.clone(), column.variant.clone());
        let (said, tags) = (scores.clone(), row.tags.clone());
        Memo::new(move |_| {
            let looked = Looked { state, tags: &tags, variant: &variant };
            judging::silent(&board.judges(&prompt), &said, looked, board.goes_on())
        })
    };
    view! {
        <div class="pane__head">
            <h2 class="pane__title grow clip" title=title.clone()>{title.clone()}</h2>
            <IconButton small=true label="Close the cell" mark=Mark::Close testid="cell-close" on_press=move |_| board.close() />
        </div>
        <div class="pane__body opened" data-testid="cell-inspector">
            <div class="opened__state">
                <StateChip state />
                <span class="mono quiet clip">{column.model}</span>
                {answered.then(|| view! { <Freshness cached=line.cached /> })}
            </div>
            {failure.map(|error| view! { <Failure state error attempts /> })}
            {(!explained).then(|| view! { <Output state output opened /> })}
            <Scores scores silent opened />
            {expected.map(|expected| view! {
                <section><h3 class="facts__title">"Expected"</h3><pre class="opened__text">{model::pretty(&expected)}</pre></section>
            })}
            <section><h3 class="facts__title">"Facts"</h3><dl class="facts__list">{facts.into_iter().map(fact).collect_view()}</dl></section>
            <Messages messages />
        </div>
    }
}

#[component]
fn StateChip(state: CellState) -> impl IntoView {
    let (mark, tone, word) = model::cell_look(state);
    view! { <span class=format!("chip chip{}", tone.modifier()) data-testid="cell-opened-state"><Icon mark />{word}</span> }
}

/// Whether it was answered by a call of this run, or by an earlier one that it repeats.
#[component]
fn Freshness(cached: bool) -> impl IntoView {
    let (mark, word) = if cached { (Mark::Bolt, "cached") } else { (Mark::Spark, "fresh") };
    view! { <span class="chip" data-testid="cell-freshness"><Icon mark />{word}</span> }
}

#[component]
fn Failure(state: CellState, error: String, attempts: u32) -> impl IntoView {
    let hint = model::failure_hint(state, &error, attempts);
    let (tone, mark) = match state {
        CellState::Cancelled => (Tone::Warn, Mark::Warning),
        _ => (Tone::Danger, Mark::Error),
    };
    view! {
        <Note tone mark>
            <p data-testid="cell-error">{error}</p>
            <p class="note__hints">{hint}</p>
        </Note>
    }
}

/// The output, or what of it has been written. Always text: what a model wrote is never markup here.
#[component]
fn Output(state: CellState, output: Option<String>, opened: Opened) -> impl IntoView {
    let text = opened.text();
    let writing = state == CellState::Running;
    let shown = match (output, state) {
        (Some(output), _) => output.into_any(),
        (None, CellState::Running) => (move || text.get()).into_any(),
        (None, state) => view! { <span class="quiet">{model::no_output(state)}</span> }.into_any(),
    };
    view! {
        <section>
            <h3 class="facts__title">"Output"{writing.then(|| view! { <span class="live" title="Being written"></span> })}</h3>
            <pre class="opened__text" data-testid="cell-output" aria-live=if writing { "polite" } else { "off" }>{shown}</pre>
        </section>
    }
    .into_any()
}

/// What the scorers say, and which judges have said nothing.
#[component]
fn Scores(scores: Vec<ScoreView>, silent: Memo<Vec<Silent>>, opened: Opened) -> impl IntoView {
    let none = scores.is_empty();
    let said = scores.into_iter().map(|score| view! { <Score score opened /> }).collect_view();
    let others = move || {
        silent.get().into_iter().map(|judge| view! { <SilentJudge judge /> }).collect_view()
    };
    view! {
        <section hidden=move || none && silent.with(Vec::is_empty)>
            <h3 class="facts__title">"Scores"</h3>
            <ul class="opened__scores">{said}{others}</ul>
        </section>
    }
}

/// A judge that has not said anything yet, or never will.
#[component]
fn SilentJudge(judge: Silent) -> impl IntoView {
    let Silent { judge, silence } = judge;
    let (class, mark, known, word, why) = match silence {
        Silence::ToCome => ("verdict verdict--accent", Mark::Gauge, "judging", "judging", None),
        Silence::Stopped => {
            let why = "The run stopped before this judge answered. Resume the run to ask it.";
            ("verdict", Mark::Stop, "unasked", "not judged", Some(why.to_owned()))
        }
        Silence::Skips(why) => ("verdict", Mark::Info, "skipped", "skipped", Some(why)),
    };
    let testid = format!("cell-{known}-{judge}");
    view! {
        <li class=class data-testid=testid>
            <Icon mark />
            <div>
                <p><span class="mono">{judge.clone()}</span>" "<span class="verdict__word">{word}</span></p>
                {why.map(|why| view! { <p class="verdict__why">{why}</p> })}
            </div>
        </li>
    }
}

#[component]
fn Score(score: ScoreView, opened: Opened) -> impl IntoView {
    let ScoreView { scorer, value, pass, reason, signature } = score;
    let (mark, tone) = model::verdict_look(pass);
    let judge = judging::asked(&signature).map(|asked| (asked, scorer.clone()));
    view! {
        <li class=format!("verdict verdict{}", tone.modifier())>
            <Icon mark />
            <div>
                <p><span class="mono">{scorer}</span>" "<span class="verdict__word">{model::verdict(pass, value)}</span></p>
                <p class="verdict__why">{reason}</p>
                {judge.map(|(asked, scorer)| view! {
                    <p class="verdict__why quiet">{asked}</p>
                    <Judgement opened scorer />
                })}
                {(!signature.is_empty()).then(|| view! { <p class="verdict__why quiet mono">{signature}</p> })}
            </div>
        </li>
    }
}

fn fact((name, value): (&'static str, String)) -> impl IntoView {
    view! { <div class="facts__line"><dt class="quiet">{name}</dt><dd class="mono">{value}</dd></div> }
}

#[component]
fn Messages(messages: Vec<MessageView>) -> impl IntoView {
    let count = messages.len();
    (count > 0).then(|| view! {
        <details class="opened__messages" data-testid="cell-messages">
            <summary class="facts__title">"Messages sent "<span class="quiet number">{count}</span></summary>
            {messages.into_iter().map(|message| view! { <Message message /> }).collect_view()}
        </details>
    })
}

#[component]
pub(super) fn Message(message: MessageView) -> impl IntoView {
    let MessageView { role, content } = message;
    view! {
        <div class="message">
            <h4 class=format!("message__role message__role--{role}")>{role.clone()}</h4>
            <p class="message__text">{content.into_iter().map(piece).collect_view()}</p>
        </div>
    }
}

fn piece(segment: SegmentView) -> impl IntoView {
    let (class, said) = model::provenance(&segment.from);
    view! { <span class=class title=said>{segment.text}</span> }
}
