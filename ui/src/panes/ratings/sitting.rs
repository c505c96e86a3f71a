//! A person before a queue: what is shown of it, what was said there, and the way back.
//!
//! The outputs and the pairs of a run are two queues of one kind: the application says which thing is shown next, a key
//! says something of it and leads on, and what was said can be taken back. What is asked and how a thing is drawn is the
//! business of each [`Queue`].

use assay_wire::{ApiError, Seek};
use leptos::{ev::KeyboardEvent, prelude::*, task::spawn_local};

use super::{ProgressLine, is_text};
use crate::{
    components::{Button, ErrorNote, Loading, focus_on},
    state::{Latest, Load},
};

/// One of the queues of a run.
pub(super) trait Queue: 'static {
    /// The element on the page that has the keyboard.
    const ELEMENT: &'static str;

    /// What the application answers: a thing to speak of, or none, and how far one is.
    type Turn: Clone + Send + Sync + 'static;

    /// Takes back what was said last.
    type Undo: Clone + Send + Sync + 'static;

    /// Asks for a thing of the queue.
    fn ask(run: String, seek: Seek) -> impl Future<Output = Result<Self::Turn, ApiError>>;

    /// Takes something back; where in the queue that was.
    fn take_back(run: String, undo: Self::Undo) -> impl Future<Output = Result<Seek, ApiError>>;

    /// How many things are done, and of how many.
    fn progress(turn: &Self::Turn) -> (u32, u32);
}

/// A person before one of the queues of a run.
pub(super) struct Sitting<Q: Queue> {
    run: StoredValue<String>,
    turn: RwSignal<Load<Q::Turn>>,
    undos: RwSignal<Vec<Q::Undo>>,
    trouble: RwSignal<Option<ApiError>>,
    busy: StoredValue<bool>,
    asked: Latest,
}

impl<Q: Queue> Clone for Sitting<Q> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Q: Queue> Copy for Sitting<Q> {}

impl<Q: Queue> Sitting<Q> {
    /// Before the queue of a run, where one left it.
    pub fn begin(run: String) -> Self {
        let sitting = Self {
            run: StoredValue::new(run),
            turn: RwSignal::new(Load::Loading),
            undos: RwSignal::new(Vec::new()),
            trouble: RwSignal::new(None),
            busy: StoredValue::new(false),
            asked: Latest::new(),
        };
        sitting.go(Seek::Open);
        sitting
    }

    /// Goes somewhere in the queue.
    pub fn go(self, seek: Seek) {
        // The view may be gone by the time something leads on.
        let Some(run) = self.run.try_get_value() else { return };
        let question = self.asked.ask();
        spawn_local(async move {
            let turn = Q::ask(run, seek).await;
            // Or by the time the answer comes, or one has gone elsewhere.
            if !self.asked.is_last(question) {
                return;
            }
            self.busy.set_value(false);
            self.turn.set(turn.into());
            request_animation_frame(|| focus_on(Q::ELEMENT));
        });
    }

    /// Keeps something that is said of what is shown, and goes on. A key pressed before that is done is not for a thing
    /// that is not seen yet.
    pub fn say(
        self,
        said: impl AsyncFnOnce(String) -> Result<Q::Undo, ApiError> + 'static,
        then: Seek,
    ) {
        if self.busy.get_value() {
            return;
        }
        self.busy.set_value(true);
        let run = self.run.get_value();
        spawn_local(async move {
            if self.kept(said(run).await) {
                self.go(then);
            }
        });
    }

    /// Keeps something that is said beside, and stays. Nothing is drawn anew: the button that took the keyboard from it
    /// is being pressed.
    pub fn add(self, said: impl AsyncFnOnce(String) -> Result<Q::Undo, ApiError> + 'static) {
        let run = self.run.get_value();
        spawn_local(async move {
            self.kept(said(run).await);
        });
    }

    /// Takes the last thing back and goes to where it was said.
    pub fn undo(self) {
        if self.busy.get_value() {
            return;
        }
        let Some(undo) = self.undos.try_update(Vec::pop).flatten() else { return };
        self.busy.set_value(true);
        let run = self.run.get_value();
        spawn_local(async move {
            match Q::take_back(run, undo.clone()).await {
                Ok(seek) => {
                    self.trouble.try_set(None);
                    self.go(seek);
                }
                Err(error) => {
                    self.undos.try_update(|undos| undos.push(undo));
                    self.refuse(error);
                }
            }
        });
    }

    /// Whether there is nothing to take back.
    pub fn cannot_undo(self) -> Signal<bool> {
        Signal::derive(move || self.undos.with(Vec::is_empty))
    }

    /// Something of what is shown, without following it.
    pub fn shown<T>(self, read: impl FnOnce(&Q::Turn) -> Option<T>) -> Option<T> {
        self.turn.with_untracked(|turn| read(turn.ready()?))
    }

    /// Takes note of what became of something said; whether it was kept.
    fn kept(self, said: Result<Q::Undo, ApiError>) -> bool {
        match said {
            Ok(undo) => {
                self.trouble.try_set(None);
                self.undos.try_update(|undos| undos.push(undo));
                true
            }
            Err(error) => {
                self.refuse(error);
                false
            }
        }
    }

    /// Says why something was not kept. What it is said of stays, and so does what was typed: it can be said again.
    fn refuse(self, error: ApiError) {
        self.busy.try_set_value(false);
        self.trouble.try_set(Some(error));
    }
}

/// A queue on the page: how far one is, and the thing that is shown.
#[component]
pub(super) fn QueueFrame<Q: Queue>(
    /// The person before it.
    sitting: Sitting<Q>,
    /// What it holds, for screen readers.
    label: &'static str,
    /// What is being read while nothing is there.
    reading: &'static str,
    /// Whether a key was for the queue.
    on_key: impl Fn(&str) -> bool + 'static,
    /// Draws a queue that holds nothing.
    none: impl Fn() -> AnyView + Send + 'static,
    /// Draws a turn.
    turn: impl Fn(Q::Turn) -> AnyView + Send + 'static,
) -> impl IntoView {
    let on_key = move |event: KeyboardEvent| {
        let is_command = event.ctrl_key() || event.meta_key() || event.alt_key();
        if !is_command && !is_text(&event) && on_key(&event.key()) {
            event.prevent_default();
        }
    };
    let again = move || view! { <Button small=true on_press=move |_| sitting.go(Seek::Open)>"Try again"</Button> };
    view! {
        <div
            id=Q::ELEMENT class="queue" role="group" aria-label=label tabindex="0" data-testid=Q::ELEMENT
            on:keydown=on_key
        >
            {move || match sitting.turn.get() {
                Load::Loading => view! { <Loading what=reading /> }.into_any(),
                Load::Failed(error) => view! { <ErrorNote error actions=again /> }.into_any(),
                Load::Ready(now) => match Q::progress(&now) {
                    (_, 0) => none(),
                    (rated, total) => view! { <ProgressLine rated total />{turn(now)} }.into_any(),
                },
            }}
            {move || sitting.trouble.get().map(|error| view! { <ErrorNote error /> })}
        </div>
    }
}
