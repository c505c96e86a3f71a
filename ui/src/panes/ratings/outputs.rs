//! The queue of outputs: one at a time, blind, by keyboard.

use assay_wire::{BlindCase, BlindOutput, NextOutput, OutputTurn, Rating, Seek, SetRating};
use leptos::{ev::KeyboardEvent, html, prelude::*, task::spawn_local};

use super::{
    ProgressLine, is_text,
    model::{self, OutputKey},
    said::{Ratings, Undo},
};
use crate::{
    components::{Blank, Button, ErrorNote, Keys, Kind, Loading, Mark, focus_on},
    ipc,
    state::{Load, context},
};

const QUEUE: &str = "rating-queue";
const COMMENT: &str = "rating-queue-comment";

/// A rater before the queue of a run.
#[derive(Clone, Copy)]
struct Sitting {
    run: StoredValue<String>,
    turn: RwSignal<Load<OutputTurn>>,
    undos: RwSignal<Vec<(u32, Undo)>>,
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

    /// Goes somewhere in the queue.
    fn go(self, seek: Seek) {
        // The view may be gone by the time something leads on.
        let Some(run) = self.run.try_get_value() else { return };
        spawn_local(async move {
            let turn = ipc::call(NextOutput { run, seek }).await;
            // Or by the time the answer comes.
            if self.turn.try_set(turn.into()).is_none() {
                self.busy.set_value(false);
                request_animation_frame(|| focus_on(QUEUE));
            }
        });
    }

    fn press(self, key: OutputKey) {
        let Some((place, cell, next)) = self.at() else {
            if key == OutputKey::Undo {
                self.undo();
            }
            return;
        };
        match key {
            OutputKey::Rate(rating) => self.rate(place, cell, rating, next),
            OutputKey::Comment => focus_on(COMMENT),
            OutputKey::Skip => self.go(next),
            OutputKey::Undo => self.undo(),
        }
    }

    /// Rates and goes on. A key pressed before that is done is not for an output that is not seen yet.
    fn rate(self, place: u32, cell: u32, rating: Rating, then: Seek) {
        if self.busy.get_value() {
            return;
        }
        self.busy.set_value(true);
        let (run, kind) = (self.run.get_value(), rating.kind());
        spawn_local(async move {
            match ipc::call(SetRating { run: run.clone(), cell, rating }).await {
                Ok(rated) => {
                    let undo = Undo { run, cell, kind, before: rated.before };
                    self.undos.try_update(|undos| undos.push((place, undo)));
                    self.go(then);
                }
                Err(error) => self.refuse(error),
            }
        });
    }

    /// Keeps a comment and stays. Nothing is drawn anew: the button that took the keyboard from it is being pressed.
    fn comment(self, text: String) {
        let Some((place, cell, _)) = self.at() else { return };
        let run = self.run.get_value();
        spawn_local(async move {
            let rating = Rating::Comment(text);
            let kind = rating.kind();
            match ipc::call(SetRating { run: run.clone(), cell, rating }).await {
                Ok(rated) => {
                    let undo = Undo { run, cell, kind, before: rated.before };
                    self.undos.try_update(|undos| undos.push((place, undo)));
                }
                Err(error) => self.refuse(error),
            }
        });
    }

    fn undo(self) {
        let Some((place, undo)) = self.undos.try_update(Vec::pop).flatten() else { return };
        spawn_local(async move {
            match undo.go().await {
                Ok(_) => self.go(Seek::At(place)),
                Err(error) => self.refuse(error),
            }
        });
    }

    fn refuse(self, error: assay_wire::ApiError) {
        self.busy.try_set_value(false);
        self.turn.try_set(Load::Failed(error));
    }

    /// The place and the cell that is shown, and what comes next: the next open one, but the next of all for whoever
    /// goes through what they have rated.
    fn at(self) -> Option<(u32, u32, Seek)> {
        self.turn.with_untracked(|turn| {
            let output = turn.ready()?.output.as_ref()?;
            let next = match output.said.is_review() {
                true => Seek::At(output.place + 1),
                false => Seek::After(output.place),
            };
            Some((output.place, output.cell, next))
        })
    }
}

/// The outputs of a run, one at a time.
#[component]
pub(super) fn OutputQueue(
    /// The run.
    run: String,
    /// Leads to the results.
    on_results: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let sitting = Sitting::begin(run);
    on_cleanup({
        let ratings = context::<Ratings>();
        move || ratings.read_again()
    });
    let on_key = move |event: KeyboardEvent| {
        if event.ctrl_key() || event.meta_key() || event.alt_key() || is_text(&event) {
            return;
        }
        if let Some(key) = model::output_key(&event.key()) {
            event.prevent_default();
            sitting.press(key);
        }
    };
    view! {
        <div
            id=QUEUE class="queue" role="group" aria-label="Output to rate" tabindex="0" data-testid="rating-queue"
            on:keydown=on_key
        >
            {move || match sitting.turn.get() {
                Load::Loading => view! { <Loading what="Reading the queue" /> }.into_any(),
                Load::Failed(error) => view! {
                    <ErrorNote error actions=move || view! {
                        <Button small=true on_press=move |_| sitting.go(Seek::Open)>"Try again"</Button>
                    } />
                }
                .into_any(),
                Load::Ready(OutputTurn { total: 0, .. }) => view! { <NoOutputs /> }.into_any(),
                Load::Ready(OutputTurn { total, rated, output }) => view! {
                    <ProgressLine rated total />
                    {match output {
                        Some(output) => view! { <Turn sitting output /> }.into_any(),
                        None => view! { <AllRated sitting total on_results /> }.into_any(),
                    }}
                }
                .into_any(),
            }}
        </div>
    }
}

#[component]
fn NoOutputs() -> impl IntoView {
    view! {
        <Blank
            mark=Mark::Eye title="No outputs yet"
            text="This run has no output so far. Each different output comes here once, as soon as there is one."
        />
    }
}

#[component]
fn AllRated(
    sitting: Sitting,
    total: u32,
    on_results: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    view! {
        <Blank mark=Mark::Check title="All rated" text=format!("You have rated all {total} different outputs. The results name the variants and models.")>
            <Button kind=Kind::Primary testid="rating-results" on_press=move |_| on_results()>"See the results"</Button>
            <Button on_press=move |_| sitting.go(Seek::At(0))>"Go through them again"</Button>
        </Blank>
    }
}

/// One output and what can be said of it.
#[component]
fn Turn(sitting: Sitting, output: BlindOutput) -> impl IntoView {
    let BlindOutput { asked, output, said, .. } = output;
    let comment = said.comment.clone().unwrap_or_default();
    let verdicts = [Rating::Pass(true), Rating::Pass(false)];
    let grades = (1..=5).map(Rating::Grade);
    let choices = verdicts.into_iter().chain(grades).map(|rating| {
        let pressed = model::is_said(&said, &rating);
        view! { <Say sitting rating pressed /> }
    });
    let cannot_undo = Signal::derive(move || sitting.undos.with(Vec::is_empty));
    view! {
        <div class="queue__body">
            <Asked asked />
            <section class="queue__answer">
                <h3 class="facts__title">"Output"</h3>
                <pre class="queue__text" data-testid="rating-output" tabindex="0">{output}</pre>
            </section>
        </div>
        <div class="queue__foot">
            <div class="queue__keys" role="group" aria-label="Ratings">{choices.collect_view()}</div>
            <Comment sitting comment />
            <div class="queue__keys">
                <Button small=true testid="rating-skip" on_press=move |_| sitting.press(OutputKey::Skip)>"Skip" <Keys chord="S" /></Button>
                <Button small=true testid="rating-undo" disabled=cannot_undo on_press=move |_| sitting.press(OutputKey::Undo)>"Undo" <Keys chord="U" /></Button>
            </div>
        </div>
    }
}

/// The button beside a key. It stays down where that was said before.
#[component]
fn Say(sitting: Sitting, rating: Rating, pressed: bool) -> impl IntoView {
    let (label, chord, testid) = match &rating {
        Rating::Pass(true) => ("Pass".to_owned(), "P".to_owned(), "rating-pass".to_owned()),
        Rating::Pass(false) => ("Fail".to_owned(), "F".to_owned(), "rating-fail".to_owned()),
        Rating::Grade(grade) => (String::new(), grade.to_string(), format!("rating-grade-{grade}")),
        Rating::Comment(_) => (String::new(), "C".to_owned(), "rating-comment".to_owned()),
    };
    // What is written is its name, where something is.
    let name = label.is_empty().then(|| model::rating_words(&rating));
    view! {
        <button
            type="button" class="button button--small" aria-label=name aria-pressed=pressed.to_string() data-testid=testid
            on:click=move |_| sitting.press(OutputKey::Rate(rating.clone()))
        >{label}<Keys chord /></button>
    }
}

/// A comment. It is kept when the keyboard leaves it; Enter and Escape leave it.
#[component]
fn Comment(sitting: Sitting, comment: String) -> impl IntoView {
    let field = NodeRef::<html::Input>::new();
    let kept = StoredValue::new(comment.clone());
    let leave = move |event: KeyboardEvent| {
        if matches!(event.key().as_str(), "Enter" | "Escape") && !event.is_composing() {
            event.prevent_default();
            event.stop_propagation();
            focus_on(QUEUE);
        }
    };
    let keep = move |_| {
        let text = field.get_untracked().map(|field| field.value()).unwrap_or_default();
        if text.trim() != kept.get_value() {
            kept.set_value(text.trim().to_owned());
            sitting.comment(text);
        }
    };
    view! {
        <label class="queue__comment">
            <span class="quiet">"Comment" <Keys chord="C" /></span>
            <input
                id=COMMENT node_ref=field class="input" type="text" autocomplete="off" maxlength="4000" data-testid="rating-queue-comment"
                prop:value=comment on:keydown=leave on:change=keep
            />
        </label>
    }
}

/// What the output answers.
#[component]
pub(super) fn Asked(asked: BlindCase) -> impl IntoView {
    let BlindCase { case, inputs, expected, .. } = asked;
    let input = |(name, value): (String, String)| {
        view! { <dt class="mono quiet">{name}</dt><dd class="queue__input">{value}</dd> }
    };
    view! {
        <section class="queue__asked">
            <h3 class="facts__title">"Case "<span class="mono">{case}</span></h3>
            <dl class="queue__inputs">{inputs.into_iter().map(input).collect_view()}</dl>
            {expected.map(|expected| view! {
                <h3 class="facts__title">"Expected"</h3><pre class="queue__text queue__text--expected">{expected}</pre>
            })}
        </section>
    }
}
