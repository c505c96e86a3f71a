//! What can be done with the proposal on screen, and whether it can be done now.

use std::{future::Future, sync::Arc};

use assay_wire::{
    AnchorView, ApiError, Attest, FileDifference, PlanRevisions, ProposalDetailView, RunRequest,
};
use leptos::{prelude::*, task::spawn_local};

use super::{
    errand::Errand,
    focus, lines, model,
    reviews::{Part, Reviews},
};
use crate::{components::focus_on, ipc, state::Place};

impl Reviews {
    /// Whether anything can be said of the proposal on screen.
    pub fn can_say(self) -> bool {
        self.detail_now().is_some_and(|detail| model::is_live(detail.proposal.state))
    }

    /// Whether both its sides can be evaluated.
    pub fn can_evaluate(self) -> bool {
        self.can_say() && !self.evaluating.is_going() && !self.evaluating.is_planning()
    }

    /// Whether it can be merged.
    pub fn can_merge(self) -> bool {
        let is_open = |detail: Arc<ProposalDetailView>| {
            detail.proposal.gate.open && detail.conflicts.is_empty()
        };
        self.can_say() && self.detail_now().is_some_and(is_open)
    }

    /// Whether files are on screen.
    pub fn shows_file(self) -> bool {
        self.part.get() == Part::Changes && self.detail_now().is_some_and(|d| !d.files.is_empty())
    }

    /// Whether outputs are on screen.
    pub fn shows_outputs(self) -> bool {
        self.part.get() == Part::Verdict && self.detail_now().is_some_and(|d| d.verdicts.is_some())
    }

    /// Whether a conversation is open.
    pub fn has_open_threads(self) -> bool {
        self.detail_now().is_some_and(|detail| detail.threads.iter().any(|t| !t.resolved))
    }

    /// Comments on what the keyboard is at: a conversation, a line; else on words that are selected, else on the proposal.
    pub fn comment(self) {
        if let Some(thread) = focus::thread() {
            return self.begin(Errand::Answer { thread, settles: false });
        }
        match (focus::line(), focus::selected()) {
            (Some((path, number)), _) => self.comment_on(&path, number),
            (None, Some(selected)) => self.comment_on_words(&selected),
            (None, None) => self.begin(Errand::Comment(None)),
        }
    }

    /// Comments on the words that are selected; on the line where they begin when they end nowhere in the file.
    fn comment_on_words(self, selected: &focus::Selected) {
        let anchor = selected.to.and_then(|to| {
            self.anchored(&selected.file, |file, text| {
                lines::anchor_between(file, text, selected.from, to)
            })
        });
        match anchor {
            Some(anchor) => self.begin(Errand::Comment(Some(anchor))),
            None => self.comment_on(&selected.file, selected.from.line),
        }
    }

    /// Comments on a line of a proposed file.
    pub fn comment_on(self, path: &str, number: u32) {
        let anchor = self.anchored(path, |file, text| {
            lines::anchor_of(path, lines::line_numbered(file, number)?, text)
        });
        self.begin(Errand::Comment(anchor));
    }

    /// What a comment is anchored to in a changed file. A very large one comes without its text: what is said of its
    /// lines is said of the proposal.
    fn anchored(
        self,
        path: &str,
        anchor: impl FnOnce(&FileDifference, &str) -> Option<AnchorView>,
    ) -> Option<AnchorView> {
        let detail = self.on_screen()?;
        let file = detail.files.iter().find(|file| file.file.path == path)?;
        let text = detail.texts.iter().find(|text| text.path == path)?;
        anchor(file, &text.text)
    }

    /// Settles the conversation that the keyboard is at, or goes on with it where it is settled.
    pub fn settle(self) {
        let (Some(at), Some(detail)) = (focus::thread(), self.on_screen()) else { return };
        if let Some(thread) = detail.threads.iter().find(|thread| thread.id == at) {
            self.begin(Errand::Answer { settles: !thread.resolved, thread: at });
        }
    }

    /// Goes on to the next conversation that is open.
    pub fn next_thread(self) {
        let Some(detail) = self.on_screen() else { return };
        let Some(next) = model::next_open(&detail.threads, focus::thread().as_deref()) else {
            return;
        };
        let anchor = detail.threads.iter().find(|t| t.id == next).and_then(|t| t.anchor.as_ref());
        let file = anchor.and_then(|a| detail.files.iter().find(|f| f.file.path == a.file));
        if let Some(file) = file.filter(|_| self.part.get_untracked() == Part::Changes) {
            // A file that was read is folded, and would hide it.
            self.set_viewed(file, false);
        } else {
            self.part.set(Part::Conversation);
        }
        request_animation_frame(move || self.go_to_thread(&next));
    }

    /// Gives a conversation the keyboard. One below lines that are not drawn stands with the others.
    fn go_to_thread(self, thread: &str) {
        let id = focus::thread_id(thread);
        if document().get_element_by_id(&id).is_some() {
            return focus_on(&id);
        }
        self.part.set(Part::Conversation);
        request_animation_frame(move || focus_on(&id));
    }

    /// Evaluates both sides of the proposal: its plan comes first, where that is to be confirmed.
    pub fn evaluate(self) {
        let Some(detail) = self.on_screen() else { return };
        if !untrack(|| self.can_evaluate()) {
            return;
        }
        self.part.set(Part::Verdict);
        self.evaluating.ask(PlanRevisions {
            base: detail.base.clone(),
            head: Some(detail.merged.clone().unwrap_or_else(|| detail.head.clone())),
            // All that differs, as the application looks for answers of both sides.
            request: RunRequest::default(),
        });
    }

    /// Signs what the head's run showed.
    pub fn attest(self) {
        let Some(detail) = self.on_screen() else { return };
        let Some((_, head)) = detail.sides.clone() else { return };
        let base = Some(detail.proposal.target.clone());
        let attest = Attest { run: head.run, base };
        let signed = async move { ipc::call(attest).await.map(|_| "Signed what the run showed") };
        self.work(signed, Self::refresh);
    }

    /// Opens the sheet that chooses the key that signs.
    pub fn ask_for_signer(self) {
        self.signing.ask();
    }

    /// Goes to the reviews, and gives the proposal on screen the keyboard.
    pub fn go_there(self) {
        self.desk.place.set(Place::Reviews);
        self.give_keyboard_back();
    }

    /// Opens the sheet that proposes a branch.
    pub fn ask_to_propose(self) {
        self.desk.place.set(Place::Reviews);
        self.proposing.ask();
    }

    /// Sends what was said here and fetches what others said. What is asked on the way, and what came of it, is git's.
    pub fn sync(self) {
        self.branches.sync(true);
    }

    /// Does something to the proposals, says that it is done, and reads them again as `then` does.
    pub(super) fn work<W: Into<String> + 'static>(
        self,
        doing: impl Future<Output = Result<W, ApiError>> + 'static,
        then: fn(Self),
    ) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.trouble.set(None);
        spawn_local(async move {
            let done = doing.await;
            self.busy.set(false);
            match done {
                Ok(words) => {
                    self.toasts.say(words);
                    self.session.refresh();
                    then(self);
                }
                Err(error) => self.trouble.set(Some(error)),
            }
        });
    }

    /// Takes the last trouble off the screen.
    pub fn forgive(self) {
        self.trouble.set(None);
    }

    /// Gives the keyboard back to where an errand began, else to the proposal, once the field that had it is gone.
    pub(super) fn give_keyboard_back(self) {
        let back = self.back.try_update_value(std::mem::take).flatten();
        request_animation_frame(move || focus::go_to(back.as_deref()));
    }
}
