//! New, rename, duplicate and delete, for prompts and for variants: the one place that asks the application for
//! them, goes along to where the edit led, and offers to take it back.
//!
//! What needs a name is first a [`Question`], which a dialog puts to the person. Where a refusal is shown is the
//! business of whoever asked: see [`Asker`].

use assay_wire::{
    AddVariant, ApiError, Code, ConvertPrompt, CreatePrompt, DeletePrompt, DeleteVariant,
    DuplicatePrompt, Edited, RenamePrompt, RenameVariant, UndoEdit,
};
use leptos::{prelude::*, task::spawn_local};

use super::{Desk, Documents, Place, SaveState, Toasts, context};
use crate::ipc;

/// What a name is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// A prompt that is made.
    NewPrompt,
    /// The copy of the prompt of this key.
    DuplicatePrompt(String),
    /// The prompt of this key, from now on.
    RenamePrompt(String),
    /// A short variant that is made.
    NewVariant,
    /// The copy of this variant.
    DuplicateVariant(String),
    /// This variant, from now on.
    RenameVariant(String),
}

impl Question {
    /// Whether it is about a variant of the open prompt.
    pub fn is_of_variant(&self) -> bool {
        matches!(
            self,
            Question::NewVariant | Question::DuplicateVariant(_) | Question::RenameVariant(_)
        )
    }

    /// The prompt it changes, or `None` where it makes one.
    fn changes(&self, open: Option<String>) -> Option<String> {
        match self {
            Question::NewPrompt | Question::DuplicatePrompt(_) => None,
            Question::RenamePrompt(key) => Some(key.clone()),
            Question::NewVariant | Question::DuplicateVariant(_) | Question::RenameVariant(_) => {
                open
            }
        }
    }
}

/// Who asked for an edit, and so where a refusal is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asker {
    /// The dialog that asks for a name.
    Dialog,
    /// The list of prompts.
    List,
    /// The column of this variant.
    Variant(String),
}

/// What became of the variants of the open prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VariantNews {
    /// This one is new.
    Added(String),
    /// The first is now called as the second.
    Renamed(String, String),
}

/// An edit that was done, as far as taking it back needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Done {
    /// Steps for [`UndoEdit`], in the order in which they were done.
    undos: Vec<String>,
    /// The prompt that was open before it.
    was: Option<String>,
    /// The prompt that was open after it.
    now: Option<String>,
    /// The prompt that it made or changed, as it was called after it.
    led_to: Option<String>,
}

/// Edits of whole prompts and variants.
#[derive(Clone, Copy)]
pub struct Edits {
    question: RwSignal<Option<Question>>,
    busy: RwSignal<bool>,
    refusal: RwSignal<Option<(Asker, ApiError)>>,
    news: RwSignal<Option<VariantNews>>,
    moved: RwSignal<Option<(String, String)>>,
    last: RwSignal<Option<Done>>,
    documents: Documents,
    desk: Desk,
    toasts: Toasts,
}

impl Edits {
    /// With nothing asked and nothing done.
    pub fn new() -> Self {
        Self {
            question: RwSignal::new(None),
            busy: RwSignal::new(false),
            refusal: RwSignal::new(None),
            news: RwSignal::new(None),
            moved: RwSignal::new(None),
            last: RwSignal::new(None),
            documents: context(),
            desk: context(),
            toasts: context(),
        }
    }

    /// What a name is asked for right now.
    pub fn question(self) -> Signal<Option<Question>> {
        self.question.into()
    }

    /// Whether an edit is under way.
    pub fn is_busy(self) -> Signal<bool> {
        self.busy.into()
    }

    /// Why the last edit that `asker` asked for did not happen.
    pub fn refusal(self, asker: &Asker) -> Option<ApiError> {
        self.refusal.with(|refusal| {
            refusal.as_ref().filter(|(other, _)| other == asker).map(|(_, error)| error.clone())
        })
    }

    /// Takes the last refusal off the screen.
    pub fn forgive(self) {
        self.refusal.set(None);
    }

    /// What last became of the open prompt's variants.
    pub fn news(self) -> Signal<Option<VariantNews>> {
        self.news.into()
    }

    /// The prompt that last got another key, before and now.
    pub fn moved(self) -> Signal<Option<(String, String)>> {
        self.moved.into()
    }

    /// Whether there is an edit to take back.
    pub fn can_undo(self) -> bool {
        self.last.with(Option::is_some)
    }

    /// Asks for a name.
    pub fn ask(self, question: Question) {
        self.forgive();
        self.question.set(Some(question));
    }

    /// Leaves the question unanswered.
    pub fn dismiss(self) {
        if self.question.with_untracked(Option::is_some) {
            self.question.set(None);
        }
    }

    /// Does what was asked, under this name.
    pub fn answer(self, name: String) {
        let Some(question) = self.question.get_untracked() else { return };
        let subject = question.changes(self.documents.key().get_untracked());
        self.begin(Asker::Dialog, subject, async move |steps| {
            let edited = self.carry_out(&question, name.clone(), steps).await?;
            steps.push(edited);
            self.news.set(news_of(&question, name));
            self.question.set(None);
            Ok(())
        });
    }

    /// Takes a prompt away.
    pub fn delete_prompt(self, prompt: String) {
        self.begin(Asker::List, Some(prompt.clone()), async |steps| {
            steps.push(ipc::call(DeletePrompt { prompt }).await?);
            Ok(())
        });
    }

    /// Gives a lone file a folder with a manifest.
    pub fn convert(self, prompt: String) {
        self.begin(Asker::List, Some(prompt.clone()), async |steps| {
            steps.push(ipc::call(ConvertPrompt { prompt }).await?);
            Ok(())
        });
    }

    /// Takes a variant of the open prompt away.
    pub fn delete_variant(self, variant: String) {
        let Some(prompt) = self.documents.key().get_untracked() else { return };
        let asker = Asker::Variant(variant.clone());
        self.begin(asker, Some(prompt.clone()), async |steps| {
            steps.push(ipc::call(DeleteVariant { prompt, variant }).await?);
            Ok(())
        });
    }

    /// Takes the last edit back.
    pub fn undo_last(self) {
        if let Some(done) = self.last.get_untracked() {
            self.undo(done);
        }
    }

    /// What was asked, done under `name`. A lone file gets its folder first, as a step of its own.
    async fn carry_out(
        self,
        question: &Question,
        name: String,
        steps: &mut Vec<Edited>,
    ) -> Result<Edited, ApiError> {
        match question.clone() {
            Question::NewPrompt => ipc::call(CreatePrompt { name }).await,
            Question::DuplicatePrompt(prompt) => ipc::call(DuplicatePrompt { prompt, name }).await,
            Question::RenamePrompt(prompt) => ipc::call(RenamePrompt { prompt, name }).await,
            Question::NewVariant => {
                let prompt = self.folder(steps).await?;
                ipc::call(AddVariant { prompt, id: name, from: None }).await
            }
            Question::DuplicateVariant(from) => {
                let prompt = self.folder(steps).await?;
                ipc::call(AddVariant { prompt, id: name, from: Some(from) }).await
            }
            Question::RenameVariant(variant) => {
                let prompt = self.folder(steps).await?;
                ipc::call(RenameVariant { prompt, variant, id: name }).await
            }
        }
    }

    /// Key of the open prompt, once it is a folder with a manifest.
    async fn folder(self, steps: &mut Vec<Edited>) -> Result<String, ApiError> {
        let Some(prompt) = self.documents.key().get_untracked() else {
            return Err(ApiError::new(Code::NotFound, "no prompt is open"));
        };
        if !untrack(|| self.documents.is_lone()) {
            return Ok(prompt);
        }
        let converted = ipc::call(ConvertPrompt { prompt: prompt.clone() }).await?;
        let key = converted.prompt.clone().unwrap_or(prompt);
        steps.push(converted);
        Ok(key)
    }

    /// Does an edit: everything typed is on disk before, and the window is where it led after. `subject` is the
    /// prompt it changes, `None` for one that makes a prompt. Steps that were done before one failed are kept.
    fn begin(
        self,
        asker: Asker,
        subject: Option<String>,
        edit: impl AsyncFnOnce(&mut Vec<Edited>) -> Result<(), ApiError> + 'static,
    ) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.refusal.set(None);
        spawn_local(async move {
            self.documents.hold();
            let mut steps = Vec::new();
            let outcome = match self.flushed().await {
                Ok(()) => edit(&mut steps).await,
                Err(error) => Err(error),
            };
            self.follow(subject, steps);
            if let Err(error) = outcome {
                self.refusal.set(Some((asker, error)));
            }
            self.documents.settle(self.toasts).await;
            self.busy.set(false);
        });
    }

    /// Brings everything typed to disk. An edit that would leave typed text behind is refused.
    async fn flushed(self) -> Result<(), ApiError> {
        self.documents.flush().await;
        let open = untrack(|| self.documents.all());
        match open.into_iter().find(|d| untrack(|| d.state()) != SaveState::Saved) {
            None => Ok(()),
            Some(document) => {
                let message = format!("{} is not on disk as it is typed here", document.name);
                Err(ApiError::new(Code::Conflict, message)
                    .hint("Settle what stands above its text, then try again."))
            }
        }
    }

    /// Offers to take back what something else did. Goes along to the prompt that it made, if it made one.
    pub fn did(self, edited: Edited) {
        let was = self.documents.key().get_untracked();
        let led_to = edited.prompt.clone();
        let now = led_to.clone().or_else(|| was.clone());
        self.go(now.clone());
        self.offer_undo(edited.done, Done { undos: vec![edited.undo], was, now, led_to });
    }

    /// Goes along to where the steps led, and offers to take them back.
    fn follow(self, subject: Option<String>, steps: Vec<Edited>) {
        let Some(last) = steps.last() else { return };
        let was = self.documents.key().get_untracked();
        let led_to = last.prompt.clone();
        self.has_moved(subject.as_ref(), led_to.as_ref());
        let now = destination(&was, subject.as_ref(), &led_to);
        self.go(now.clone());
        let text = last.done.clone();
        let undos = steps.into_iter().map(|edited| edited.undo).collect();
        self.offer_undo(text, Done { undos, was, now, led_to });
    }

    /// Tells whoever keeps something by the key of a prompt when that prompt got another one.
    fn has_moved(self, from: Option<&String>, to: Option<&String>) {
        if let Some((from, to)) = from.zip(to).filter(|(from, to)| from != to) {
            self.moved.set(Some((from.clone(), to.clone())));
        }
    }

    fn offer_undo(self, text: String, done: Done) {
        self.last.set(Some(done.clone()));
        self.toasts.say_with_undo(text, move || self.undo(done.clone()));
    }

    /// Opens the prompt of that key, unless it is open.
    fn go(self, key: Option<String>) {
        if self.documents.key().get_untracked() == key {
            return;
        }
        match key {
            Some(key) => {
                self.documents.open(key);
                self.desk.show_edit();
            }
            None => self.documents.close(),
        }
    }

    fn undo(self, done: Done) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.refusal.set(None);
        spawn_local(async move {
            self.documents.hold();
            let taken_back = self.take_back(&done).await;
            match taken_back {
                Ok(prompt) => {
                    let here = self.documents.key().get_untracked();
                    self.has_moved(done.led_to.as_ref(), prompt.as_ref());
                    self.go(way_back(here, &done, prompt));
                    self.toasts.say("Took the edit back");
                }
                Err(error) => {
                    self.desk.place.set(Place::Prompts);
                    self.refusal.set(Some((Asker::List, error)));
                }
            }
            if self.last.with_untracked(|last| last.as_ref() == Some(&done)) {
                self.last.set(None);
            }
            self.documents.settle(self.toasts).await;
            self.busy.set(false);
        });
    }

    /// Takes the steps back, the last one first; the prompt as it is called after that.
    async fn take_back(self, done: &Done) -> Result<Option<String>, ApiError> {
        self.flushed().await?;
        let mut prompt = None;
        for undo in done.undos.iter().rev() {
            prompt = ipc::call(UndoEdit { undo: undo.clone() }).await?.prompt;
        }
        Ok(prompt)
    }
}

impl Default for Edits {
    fn default() -> Self {
        Self::new()
    }
}

fn news_of(question: &Question, name: String) -> Option<VariantNews> {
    match question {
        Question::NewVariant | Question::DuplicateVariant(_) => Some(VariantNews::Added(name)),
        Question::RenameVariant(old) => Some(VariantNews::Renamed(old.clone(), name)),
        _ => None,
    }
}

/// The prompt to be at after an edit of `subject` that led to `led_to`, for somebody who was at `was`.
fn destination(
    was: &Option<String>,
    subject: Option<&String>,
    led_to: &Option<String>,
) -> Option<String> {
    let concerns_open = subject.is_none_or(|subject| was.as_ref() == Some(subject));
    if concerns_open { led_to.clone() } else { was.clone() }
}

/// The prompt to be at after an edit was taken back, which is now called `prompt`, for somebody who is at `here`.
fn way_back(here: Option<String>, done: &Done, prompt: Option<String>) -> Option<String> {
    if here == done.now && done.was != done.now {
        done.was.clone()
    } else if here.is_some() && here == done.led_to {
        prompt
    } else {
        here
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(key: &str) -> Option<String> {
        Some(key.to_owned())
    }

    fn done(was: Option<String>, now: Option<String>, led_to: Option<String>) -> Done {
        Done { undos: vec!["1".into()], was, now, led_to }
    }

    #[test]
    fn a_prompt_that_was_made_is_opened() {
        assert_eq!(destination(&key("a"), None, &key("b")), key("b"));
    }

    #[test]
    fn the_open_prompt_is_followed_and_another_is_not() {
        assert_eq!(destination(&key("a"), Some(&"a".into()), &key("b")), key("b"));
        assert_eq!(destination(&key("a"), Some(&"a".into()), &None), None, "it was deleted");
        assert_eq!(destination(&key("a"), Some(&"c".into()), &key("d")), key("a"));
        assert_eq!(destination(&key("a"), Some(&"c".into()), &None), key("a"));
    }

    #[test]
    fn taking_back_leads_to_where_one_was() {
        let deleted = done(key("a"), None, None);
        assert_eq!(way_back(None, &deleted, key("a")), key("a"));
        let made = done(key("a"), key("b"), key("b"));
        assert_eq!(way_back(key("b"), &made, None), key("a"), "and not to a prompt that is gone");
    }

    #[test]
    fn somebody_who_went_elsewhere_stays_there() {
        let renamed = done(key("a"), key("b"), key("b"));
        assert_eq!(way_back(key("c"), &renamed, key("a")), key("c"));
        let other = done(key("c"), key("c"), key("b"));
        assert_eq!(way_back(key("b"), &other, key("a")), key("a"), "what is open was renamed back");
    }
}
