//! The queue of pairs: which of two outputs is better, on sides that say nothing.

use assay_wire::{BlindPair, NextPair, PairTurn, PreferOutput, Seek, Side};
use leptos::{ev::KeyboardEvent, prelude::*, task::spawn_local};

use super::{
    ProgressLine, is_text,
    model::{self, PairKey},
    outputs::Asked,
};
use crate::{
    components::{Blank, Button, ErrorNote, Keys, Kind, Loading, Mark, focus_on},
    ipc,
    state::Load,
};

const QUEUE: &str = "pair-queue";

/// A choice that can be taken back.
#[derive(Clone, Copy)]
struct Chosen {
    place: u32,
    left: u32,
    right: u32,
    before: Option<Side>,
}

/// A rater before the pairs of a run.
#[derive(Clone, Copy)]
struct Sitting {
    run: StoredValue<String>,
    turn: RwSignal<Load<PairTurn>>,
    undos: RwSignal<Vec<Chosen>>,
    busy: StoredValue<bool>,
}

impl Sitting {
    fn begin(run: String) -> Self {
        let sitting = Self {
            run: StoredValue::new(run),
            turn: RwSignal::new(Load::Loading),
            undos: RwSignal::new(Vec::new()),
            busy: StoredValue::new(false),
        };
        sitting.go(Seek::Open);
        sitting
    }

    fn go(self, seek: Seek) {
        // The view may be gone by the time something leads on.
        let Some(run) = self.run.try_get_value() else { return };
        spawn_local(async move {
            let turn = ipc::call(NextPair { run, seek }).await;
            // Or by the time the answer comes.
            if self.turn.try_set(turn.into()).is_none() {
                self.busy.set_value(false);
                request_animation_frame(|| focus_on(QUEUE));
            }
        });
    }

    fn press(self, key: PairKey) {
        match (key, self.at()) {
            (PairKey::Choose(side), Some(at)) => self.choose(at, Some(side), Seek::After(at.place)),
            (PairKey::Skip, Some(at)) => self.go(Seek::After(at.place)),
            (PairKey::Undo, _) => self.undo(),
            (_, None) => {}
        }
    }

    fn choose(self, at: Chosen, side: Option<Side>, then: Seek) {
        // A key pressed before the next pair is seen is not for it.
        if self.busy.get_value() {
            return;
        }
        self.busy.set_value(true);
        self.undos.update(|undos| undos.push(at));
        self.say(at, side, then);
    }

    fn undo(self) {
        if let Some(at) = self.undos.try_update(Vec::pop).flatten() {
            self.say(at, at.before, Seek::At(at.place));
        }
    }

    fn say(self, at: Chosen, side: Option<Side>, then: Seek) {
        let (run, Chosen { left, right, .. }) = (self.run.get_value(), at);
        spawn_local(async move {
            match ipc::call(PreferOutput { run, left, right, side }).await {
                Ok(()) => self.go(then),
                Err(error) => {
                    self.busy.try_set_value(false);
                    self.turn.try_set(Load::Failed(error));
                }
            }
        });
    }

    fn at(self) -> Option<Chosen> {
        self.turn.with_untracked(|turn| {
            let pair = turn.ready()?.pair.as_ref()?;
            Some(Chosen {
                place: pair.place,
                left: pair.left_cell,
                right: pair.right_cell,
                before: pair.said,
            })
        })
    }
}

/// The pairs of a run, one at a time.
#[component]
pub(super) fn PairQueue(
    /// The run.
    run: String,
    /// Leads to the results.
    on_results: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let sitting = Sitting::begin(run);
    let on_key = move |event: KeyboardEvent| {
        if event.ctrl_key() || event.meta_key() || event.alt_key() || is_text(&event) {
            return;
        }
        if let Some(key) = model::pair_key(&event.key()) {
            event.prevent_default();
            sitting.press(key);
        }
    };
    view! {
        <div
            id=QUEUE class="queue" role="group" aria-label="Two outputs to choose from" tabindex="0" data-testid="pair-queue"
            on:keydown=on_key
        >
            {move || match sitting.turn.get() {
                Load::Loading => view! { <Loading what="Reading the pairs" /> }.into_any(),
                Load::Failed(error) => view! {
                    <ErrorNote error actions=move || view! {
                        <Button small=true on_press=move |_| sitting.go(Seek::Open)>"Try again"</Button>
                    } />
                }
                .into_any(),
                Load::Ready(PairTurn { total: 0, .. }) => view! { <NoPairs /> }.into_any(),
                Load::Ready(PairTurn { total, rated, pair }) => view! {
                    <ProgressLine rated total />
                    {match pair {
                        Some(pair) => view! { <Turn sitting pair /> }.into_any(),
                        None => view! { <AllChosen total on_results /> }.into_any(),
                    }}
                }
                .into_any(),
            }}
        </div>
    }
}

#[component]
fn NoPairs() -> impl IntoView {
    view! {
        <Blank
            mark=Mark::Compare title="No pairs to choose from"
            text="Pairs are different outputs of two columns for the same case. Run a prompt with two variants or on two models."
        />
    }
}

#[component]
fn AllChosen(total: u32, on_results: impl Fn() + Copy + Send + Sync + 'static) -> impl IntoView {
    view! {
        <Blank mark=Mark::Check title="All pairs done" text=format!("You have chosen from all {total} pairs. The results say which variant and model was preferred.")>
            <Button kind=Kind::Primary testid="pair-results" on_press=move |_| on_results()>"Reveal the names"</Button>
        </Blank>
    }
}

#[component]
fn Turn(sitting: Sitting, pair: BlindPair) -> impl IntoView {
    let BlindPair { asked, left, right, said, .. } = pair;
    let cannot_undo = Signal::derive(move || sitting.undos.with(Vec::is_empty));
    view! {
        <div class="queue__body">
            <Asked asked />
            <div class="queue__sides">
                <OneSide name="Left" testid="pair-left" text=left />
                <OneSide name="Right" testid="pair-right" text=right />
            </div>
        </div>
        <div class="queue__foot">
            <div class="queue__keys" role="group" aria-label="Which is better">
                <Choose sitting side=Side::Left said label="Left is better" chord="1" testid="pair-choose-left" />
                <Choose sitting side=Side::Neither said label="Neither" chord="0" testid="pair-choose-neither" />
                <Choose sitting side=Side::Right said label="Right is better" chord="2" testid="pair-choose-right" />
            </div>
            <div class="queue__keys">
                <Button small=true on_press=move |_| sitting.press(PairKey::Skip)>"Skip" <Keys chord="S" /></Button>
                <Button small=true testid="pair-undo" disabled=cannot_undo on_press=move |_| sitting.press(PairKey::Undo)>"Undo" <Keys chord="U" /></Button>
            </div>
        </div>
    }
}

#[component]
fn OneSide(name: &'static str, testid: &'static str, text: String) -> impl IntoView {
    view! {
        <section class="queue__answer">
            <h3 class="facts__title">{name}</h3>
            <pre class="queue__text" data-testid=testid tabindex="0">{text}</pre>
        </section>
    }
}

#[component]
fn Choose(
    sitting: Sitting,
    side: Side,
    said: Option<Side>,
    label: &'static str,
    chord: &'static str,
    testid: &'static str,
) -> impl IntoView {
    view! {
        <button
            type="button" class="button button--small" aria-pressed=(said == Some(side)).to_string() data-testid=testid
            on:click=move |_| sitting.press(PairKey::Choose(side))
        >{label}<Keys chord /></button>
    }
}
