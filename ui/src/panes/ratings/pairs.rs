//! The queue of pairs: which of two outputs is better, on sides that say nothing.

use assay_wire::{ApiError, BlindPair, NextPair, PairTurn, PreferOutput, Seek, Side};
use leptos::prelude::*;

use super::{
    model::{self, PairKey},
    outputs::Asked,
    sitting::{Queue, QueueFrame, Sitting},
};
use crate::{
    components::{Blank, Button, Keys, Kind, Mark},
    ipc,
};

/// The pairs of a run.
enum Pairs {}

/// A pair, and what was said of it before.
#[derive(Clone, Copy)]
struct Chosen {
    place: u32,
    left: u32,
    right: u32,
    before: Option<Side>,
}

impl Chosen {
    /// Keeps a choice from the pair, or none.
    async fn say(self, run: String, side: Option<Side>) -> Result<(), ApiError> {
        let Self { left, right, .. } = self;
        ipc::call(PreferOutput { run, left, right, side }).await
    }
}

impl Queue for Pairs {
    const ELEMENT: &'static str = "pair-queue";

    type Turn = PairTurn;
    type Undo = Chosen;

    async fn ask(run: String, seek: Seek) -> Result<PairTurn, ApiError> {
        ipc::call(NextPair { run, seek }).await
    }

    async fn take_back(run: String, chosen: Chosen) -> Result<Seek, ApiError> {
        chosen.say(run, chosen.before).await?;
        Ok(Seek::At(chosen.place))
    }

    fn progress(turn: &PairTurn) -> (u32, u32) {
        (turn.rated, turn.total)
    }
}

impl Sitting<Pairs> {
    fn press(self, key: PairKey) {
        match (key, self.at()) {
            (PairKey::Undo, _) => self.undo(),
            (PairKey::Choose(side), Some(at)) => {
                let choose = async move |run| at.say(run, Some(side)).await.map(|()| at);
                self.say(choose, Seek::After(at.place));
            }
            (PairKey::Skip, Some(at)) => self.go(Seek::After(at.place)),
            (_, None) => {}
        }
    }

    /// What is shown.
    fn at(self) -> Option<Chosen> {
        self.shown(|turn| {
            let pair = turn.pair.as_ref()?;
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
    let sitting = Sitting::<Pairs>::begin(run);
    let on_key = move |key: &str| model::pair_key(key).map(|key| sitting.press(key)).is_some();
    let turn = move |PairTurn { total, pair, .. }: PairTurn| match pair {
        Some(pair) => view! { <Turn sitting pair /> }.into_any(),
        None => view! { <AllChosen total on_results /> }.into_any(),
    };
    view! {
        <QueueFrame
            sitting label="Two outputs to choose from" reading="Reading the pairs" on_key turn
            none=|| view! { <NoPairs /> }.into_any()
        />
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
fn Turn(sitting: Sitting<Pairs>, pair: BlindPair) -> impl IntoView {
    let BlindPair { asked, left, right, said, .. } = pair;
    let cannot_undo = sitting.cannot_undo();
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
    sitting: Sitting<Pairs>,
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
