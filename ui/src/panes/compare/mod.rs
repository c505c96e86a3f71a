//! Compare: two columns of one run, or two runs, on the same cases; the verdict above, the outputs of a case below.
//!
//! What is said here is what `assay compare` says: one object, worked out by the application.

use std::sync::Arc;

use assay_wire::{ComparedGateView, ComparedGateWord, ComparisonView, PairView, VerdictView};
use leptos::prelude::*;

use crate::{
    actions::{Action, Stage, about},
    components::{
        Blank, Button, Chip, ErrorNote, IconButton, Keys, Kind, Loading, Mark, Note, Tone,
    },
    state::{Documents, Load, Runs, context},
};

mod board;
mod cases;
pub mod model;
mod outputs;
mod reading;
mod revisions;
mod sides;

pub use board::Versus;
pub use model::missing_words;

use cases::CaseList;
use outputs::OutputsPane;
use revisions::RevisionChoice;
use sides::SideChoices;

/// Two sides, the verdict, the cases and their outputs.
#[component]
pub fn ComparePane() -> impl IntoView {
    let (versus, shown) = (context::<Versus>(), context::<Runs>().shown());
    // Revisions can be compared without a run in the matrix.
    let nothing =
        Memo::new(move |_| shown.with(Option::is_none) && versus.side(board::Side::Base).is_none());
    move || match nothing.get() {
        true => view! { <NoRun /> }.into_any(),
        false => view! {
            <section class="versus" aria-label="Compare" data-testid="compare-view">
                <SideChoices />
                <RevisionChoice />
                <Compared />
            </section>
        }
        .into_any(),
    }
}

/// What came of it: the verdict, the cases and their outputs of the nearest [`Versus`].
#[component]
pub fn Compared() -> impl IntoView {
    let versus = context::<Versus>();
    move || match versus.view().get() {
        None => view! { <OneSide /> }.into_any(),
        Some(Load::Loading) => view! { <Loading what="Comparing" /> }.into_any(),
        Some(Load::Failed(error)) => view! {
            <div class="versus__refused">
                <ErrorNote error actions=move || view! {
                    <Button small=true on_press=move |_| versus.try_again()>"Compare again"</Button>
                } />
            </div>
        }
        .into_any(),
        Some(Load::Ready(view)) => view! { <Comparison view /> }.into_any(),
    }
}

#[component]
fn NoRun() -> impl IntoView {
    let (stage, runs, documents) = (Stage::here(), context::<Runs>(), context::<Documents>());
    let idle = Signal::derive(move || runs.is_starting() || documents.key().with(Option::is_none));
    view! {
        <Blank
            mark=Mark::Compare title="Nothing to compare yet"
            text="Run the open prompt: two of its variants, or two runs, are held against each other here on the same cases."
        >
            <Button kind=Kind::Primary icon=Mark::Play disabled=idle on_press=move |_| stage.perform(Action::Run)>
                "Run" <Keys chord=about(Action::Run).keys[0] />
            </Button>
            <RevisionChoice />
        </Blank>
    }
}

#[component]
fn OneSide() -> impl IntoView {
    view! {
        <Blank
            mark=Mark::Compare title="This run has one column"
            text="Choose another run above to hold it against, or add a variant and run again."
        />
    }
}

#[component]
fn Comparison(view: Arc<ComparisonView>) -> impl IntoView {
    let versus = context::<Versus>();
    let missing = missing_words(&view);
    view! {
        {missing.map(|text| view! { <Note tone=Tone::Warn mark=Mark::Warning><p>{text}</p></Note> })}
        {(!view.left_out.is_empty()).then(|| {
            let lines = view.left_out.iter().map(|why| view! { <li>{why.clone()}</li> }).collect_view();
            view! { <details class="versus__left-out"><summary>"Left out"</summary><ul>{lines}</ul></details> }
        })}
        <PairChoice view />
        {move || versus.pair().map(|pair| view! { <Verdicts pair /> })}
        <div class="versus__body">
            <CaseList />
            <OutputsPane />
        </div>
    }
}

/// Which pair, where there are several.
#[component]
fn PairChoice(view: Arc<ComparisonView>) -> impl IntoView {
    let versus = context::<Versus>();
    let choose = move |value: String| {
        if let Ok(at) = value.parse() {
            versus.choose(at, 0);
        }
    };
    (view.pairs.len() > 1).then(move || {
        let options = (0..view.pairs.len())
            .map(|at| {
                let words = model::pair_words(&view, at);
                view! { <option value=at.to_string() selected=move || versus.pair_at().get() == at>{words}</option> }
            })
            .collect_view();
        view! {
            <label class="versus__pair">
                <span class="field__label">"Pair"</span>
                <select
                    class="input" data-testid="compare-pair"
                    on:change:target=move |event| choose(event.target().value())
                >
                    {options}
                </select>
            </label>
        }
    })
}

/// The scorers to choose from, and what the chosen one says.
#[component]
fn Verdicts(pair: PairView) -> impl IntoView {
    let versus = context::<Versus>();
    let at = versus.pair_at();
    let chips = pair
        .verdicts
        .iter()
        .enumerate()
        .map(|(place, verdict)| {
            let (name, word, tone) = (verdict.scorer.clone(), verdict.word.as_str(), model::tone(verdict));
            view! {
                <button
                    type="button" class="versus__scorer" aria-pressed=move || (versus.verdict_at().get() == place).to_string()
                    on:click=move |_| versus.choose(at.get_untracked(), place)
                >
                    <span class="clip">{name}</span> <Chip tone>{word}</Chip>
                </button>
            }
        })
        .collect_view();
    let refused = pair
        .refused
        .iter()
        .map(|refused| view! { <p class="versus__refusal"><b>{refused.scorer.clone()}</b>" is not compared: "{refused.reason.clone()}</p> })
        .collect_view();
    let spent = (!pair.spent.is_empty() || pair.prefix.is_some())
        .then(|| view! { <SpentTable pair=pair.clone() /> });
    let gates = pair.gates.iter().cloned().map(|gate| view! { <GateLine gate /> }).collect_view();
    view! {
        <div class="versus__verdicts">
            <div class="versus__scorers" role="group" aria-label="Scorers">{chips}</div>
            {move || versus.verdict().map(|verdict| view! { <VerdictText verdict /> })}
            {gates}
            {refused}
            {spent}
        </div>
    }
}

#[component]
fn VerdictText(verdict: VerdictView) -> impl IntoView {
    let lines = model::verdict_lines(&verdict)
        .into_iter()
        .map(|line| view! { <p class="versus__line number">{line}</p> })
        .collect_view();
    let slices = (!verdict.slices.is_empty()).then(|| view! { <Slices verdict=verdict.clone() /> });
    view! { <div class="versus__verdict" data-testid="compare-verdict">{lines}{slices}</div> }
}

#[component]
fn Slices(verdict: VerdictView) -> impl IntoView {
    let rows = verdict
        .slices
        .iter()
        .map(|slice| {
            let value = |value: f64| model::value_words(&verdict, value);
            view! {
                <tr>
                    <th scope="row">{slice.tag.clone()}</th>
                    <td class="number">{slice.cases}</td>
                    <td class="number">{value(slice.base.mean)}" → "{value(slice.head.mean)}</td>
                    <td class="number">{slice.fixed}</td>
                    <td class="number">{slice.broken}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <details class="versus__slices">
            <summary>"By tag"</summary>
            <div class="versus__table" tabindex="0" role="region" aria-label="By tag">
                <table class="figure__table">
                    <thead>
                        <tr>
                            <th scope="col">"Tag"</th><th scope="col">"Cases"</th><th scope="col">"Base → head"</th>
                            <th scope="col">"Fixed"</th><th scope="col">"Broken"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </details>
    }
}

/// Money, time and tokens of an answer, beside its quality.
#[component]
fn SpentTable(pair: PairView) -> impl IntoView {
    let rows = pair
        .spent
        .iter()
        .map(|spent| {
            let [name, sides, change] = model::spent_row(spent);
            view! { <tr><th scope="row">{name}</th><td class="number">{sides}</td><td class="number">{change}</td></tr> }
        })
        .collect_view();
    view! {
        <details class="versus__slices">
            <summary>"Cost, latency and tokens"</summary>
            <table class="figure__table">
                <thead>
                    <tr><th scope="col">"Per answer"</th><th scope="col">"Base → head"</th><th scope="col">"Change"</th></tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
            {pair.prefix.map(|prefix| view! { <p class="quiet">"A provider's prompt cache: " {prefix.words()}</p> })}
        </details>
    }
}

/// A gate that asks for a comparison. Its sign and word say it; the colour only repeats it.
#[component]
fn GateLine(gate: ComparedGateView) -> impl IntoView {
    let (tone, word) = match gate.word {
        ComparedGateWord::Holds => (Tone::Ok, "holds"),
        ComparedGateWord::Broken => (Tone::Danger, "broken"),
        ComparedGateWord::NotShown => (Tone::Danger, "not shown"),
        ComparedGateWord::Incomplete => (Tone::Warn, "incomplete"),
    };
    let mark = if gate.word == ComparedGateWord::Holds { Mark::Check } else { Mark::Cross };
    let tags =
        if gate.tags.is_empty() { String::new() } else { format!(" ({})", gate.tags.join(", ")) };
    view! {
        <p class="versus__gate">
            <Chip tone icon=mark>{word}</Chip>
            <span>"gate "{gate.subject}{tags}": "{gate.reason}</span>
        </p>
    }
}

/// Turns the sides round.
#[component]
fn TurnRound() -> impl IntoView {
    let versus = context::<Versus>();
    view! {
        <IconButton small=true mark=Mark::Swap label="Turn base and head round" on_press=move |_| versus.turn_round() />
    }
}
