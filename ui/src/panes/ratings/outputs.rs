//! The queue of outputs: one at a time, blind, by keyboard.

use assay_wire::{
    ApiError, BlindCase, BlindOutput, NextOutput, OutputTurn, Rating, Seek, SetRating,
};
use leptos::{ev::KeyboardEvent, html, prelude::*};

use super::{
    model::{self, OutputKey},
    said::{Ratings, Undo},
    sitting::{Queue, QueueFrame, Sitting},
};
use crate::{
    components::{Blank, Button, Keys, Kind, Mark, focus_on},
    ipc,
    state::context,
};

const COMMENT: &str = "rating-queue-comment";

/// The outputs of a run.
enum Outputs {}

/// A rating that can be taken back, and the place of its output in the queue.
#[derive(Clone)]
struct Said {
    place: u32,
    undo: Undo,
}

impl Queue for Outputs {
    const ELEMENT: &'static str = "rating-queue";

    type Turn = OutputTurn;
    type Undo = Said;

    async fn ask(run: String, seek: Seek) -> Result<OutputTurn, ApiError> {
        ipc::call(NextOutput { run, seek }).await
    }

    async fn take_back(_: String, said: Said) -> Result<Seek, ApiError> {
        said.undo.go().await?;
        Ok(Seek::At(said.place))
    }

    fn progress(turn: &OutputTurn) -> (u32, u32) {
        (turn.rated, turn.total)
    }
}

impl Sitting<Outputs> {
    fn press(self, key: OutputKey) {
        match (key, self.at()) {
            (OutputKey::Undo, _) => self.undo(),
            (OutputKey::Rate(rating), Some(at)) => {
                self.say(async move |run| rate(run, at, rating).await, at.next);
            }
            (OutputKey::Comment, Some(_)) => focus_on(COMMENT),
            (OutputKey::Skip, Some(at)) => self.go(at.next),
            (_, None) => {}
        }
    }

    /// Keeps a comment. `kept` is what is known to be kept of it.
    fn comment(self, text: String, kept: StoredValue<String>) {
        let Some(at) = self.at() else { return };
        self.add(async move |run| {
            let said = rate(run, at, Rating::Comment(text.clone())).await?;
            kept.try_set_value(text.trim().to_owned());
            Ok(said)
        });
    }

    /// What is shown.
    fn at(self) -> Option<At> {
        self.shown(|turn| turn.output.as_ref().map(At::of))
    }
}

/// Where in the queue one is.
#[derive(Clone, Copy, Debug, PartialEq)]
struct At {
    place: u32,
    cell: u32,
    next: Seek,
}

impl At {
    /// Next comes the next open one, but the next of all for whoever goes through what they have rated.
    fn of(output: &BlindOutput) -> Self {
        let next = match output.said.is_review() {
            true => Seek::At(output.place + 1),
            false => Seek::After(output.place),
        };
        Self { place: output.place, cell: output.cell, next }
    }
}

async fn rate(run: String, at: At, rating: Rating) -> Result<Said, ApiError> {
    let (cell, kind) = (at.cell, rating.kind());
    let rated = ipc::call(SetRating { run: run.clone(), cell, rating }).await?;
    Ok(Said { place: at.place, undo: Undo { run, cell, kind, before: rated.before } })
}

/// The outputs of a run, one at a time.
#[component]
pub(super) fn OutputQueue(
    /// The run.
    run: String,
    /// Leads to the results.
    on_results: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let sitting = Sitting::<Outputs>::begin(run);
    on_cleanup({
        let ratings = context::<Ratings>();
        move || ratings.read_again()
    });
    let on_key = move |key: &str| model::output_key(key).map(|key| sitting.press(key)).is_some();
    let turn = move |OutputTurn { total, output, .. }: OutputTurn| match output {
        Some(output) => view! { <Turn sitting output /> }.into_any(),
        None => view! { <AllRated sitting total on_results /> }.into_any(),
    };
    view! {
        <QueueFrame
            sitting label="Output to rate" reading="Reading the queue" on_key turn
            none=|| view! { <NoOutputs /> }.into_any()
        />
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
    sitting: Sitting<Outputs>,
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
fn Turn(sitting: Sitting<Outputs>, output: BlindOutput) -> impl IntoView {
    let BlindOutput { asked, output, said, .. } = output;
    let comment = said.comment.clone().unwrap_or_default();
    let verdicts = [Rating::Pass(true), Rating::Pass(false)];
    let grades = (1..=5).map(Rating::Grade);
    let choices = verdicts.into_iter().chain(grades).map(|rating| {
        let pressed = model::is_said(&said, &rating);
        view! { <Say sitting rating pressed /> }
    });
    let cannot_undo = sitting.cannot_undo();
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
fn Say(sitting: Sitting<Outputs>, rating: Rating, pressed: bool) -> impl IntoView {
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
fn Comment(sitting: Sitting<Outputs>, comment: String) -> impl IntoView {
    let field = NodeRef::<html::Input>::new();
    let kept = StoredValue::new(comment.clone());
    let leave = move |event: KeyboardEvent| {
        if matches!(event.key().as_str(), "Enter" | "Escape") && !event.is_composing() {
            event.prevent_default();
            event.stop_propagation();
            focus_on(Outputs::ELEMENT);
        }
    };
    let keep = move |_| {
        let text = field.get_untracked().map(|field| field.value()).unwrap_or_default();
        if text.trim() != kept.get_value() {
            sitting.comment(text, kept);
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

#[cfg(test)]
mod tests {
    use assay_wire::RaterSaid;

    use super::*;

    fn output(said: RaterSaid) -> BlindOutput {
        let asked = BlindCase {
            prompt: "p".to_owned(),
            case: "c".to_owned(),
            inputs: Vec::new(),
            expected: None,
        };
        BlindOutput { place: 3, cell: 7, asked, output: "Hello".to_owned(), said }
    }

    #[test]
    fn whoever_rates_goes_on_to_the_next_open_output() {
        let at = At::of(&output(RaterSaid::default()));
        assert_eq!(at, At { place: 3, cell: 7, next: Seek::After(3) });
        let commented = RaterSaid { comment: Some("Kind.".to_owned()), ..RaterSaid::default() };
        assert_eq!(At::of(&output(commented)).next, Seek::After(3), "a comment is no rating");
    }

    #[test]
    fn whoever_goes_through_what_they_rated_goes_on_one_by_one() {
        let said = RaterSaid { grade: Some(4), ..RaterSaid::default() };
        assert_eq!(At::of(&output(said)).next, Seek::At(4));
    }
}
