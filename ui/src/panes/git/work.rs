//! The git command that is under way: what it does, how far it is, how to stop it, and what came of it.
//!
//! One runs at a time. What it said stays on screen until the next one, or until the person puts it away: a toast would
//! be gone before somebody has read which files stayed behind.

use std::sync::Arc;

use assay_wire::{ApiError, Command, Notice, StopGit};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    components::Tone,
    ipc,
    state::{Documents, Notices, context},
};

/// How far a command is, as the application last said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Far {
    /// `connecting`, `receiving`, `resolving`, `sending`, `files` or `history`.
    pub stage: String,
    /// Objects, files or commits that are done.
    pub done: u64,
    /// Of how many; 0 while that is not known.
    pub total: u64,
    /// Bytes that came or went.
    pub bytes: u64,
}

/// What can be done about a refusal.
#[derive(Clone)]
pub struct Way {
    /// On its button.
    pub label: String,
    /// Does it.
    pub act: Arc<dyn Fn() + Send + Sync>,
}

impl Way {
    /// A way out that does `act`.
    pub fn new(label: impl Into<String>, act: impl Fn() + Send + Sync + 'static) -> Self {
        Self { label: label.into(), act: Arc::new(act) }
    }
}

/// Why the last command was not done, and the ways out.
#[derive(Clone)]
pub struct Trouble {
    /// What the application answered.
    pub error: ApiError,
    /// What can be done, the likeliest first.
    pub ways: Vec<Way>,
}

/// What the last command did, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// What it means.
    pub tone: Tone,
    /// What was done.
    pub title: String,
    /// What is worth knowing of it, a sentence each.
    pub lines: Vec<String>,
}

/// The git command that is under way.
#[derive(Clone, Copy)]
pub struct Work {
    doing: RwSignal<Option<String>>,
    far: RwSignal<Option<Far>>,
    reading: RwSignal<Option<Far>>,
    stopping: RwSignal<bool>,
    /// What the last command did, where it ended after it was asked to stop.
    stopped: StoredValue<Option<String>>,
    trouble: RwSignal<Option<Trouble>>,
    said: RwSignal<Option<Said>>,
    documents: Documents,
}

impl Work {
    /// Idle.
    pub fn new() -> Self {
        Self {
            doing: RwSignal::new(None),
            far: RwSignal::new(None),
            reading: RwSignal::new(None),
            stopping: RwSignal::new(false),
            stopped: StoredValue::new(None),
            trouble: RwSignal::new(None),
            said: RwSignal::new(None),
            documents: context(),
        }
    }

    /// Follows the application's notices.
    pub fn follow(self, notices: Notices) {
        notices.listen(move |notice| {
            let Notice::GitProgress { stage, done, total, bytes } = notice else { return };
            let (done, total, bytes) = (*done, *total, *bytes);
            let far = Far { stage: stage.clone(), done, total, bytes };
            // Commits are read in the background, beside whatever else goes on.
            let is_history = far.stage == "history";
            if is_history { self.reading.set(Some(far)) } else { self.far.set(Some(far)) }
        });
    }

    /// What is being done, in words.
    pub fn doing(self) -> Signal<Option<String>> {
        self.doing.into()
    }

    /// Whether something is being done.
    pub fn is_busy(self) -> bool {
        self.doing.with(Option::is_some)
    }

    /// How far it is.
    pub fn far(self) -> Signal<Option<Far>> {
        self.far.into()
    }

    /// How far the reading of commits in the background is.
    pub fn reading(self) -> Signal<Option<Far>> {
        self.reading.into()
    }

    /// Whether it was asked to stop and has not yet.
    pub fn is_stopping(self) -> bool {
        self.stopping.get()
    }

    /// Why the last command was not done.
    pub fn trouble(self) -> Signal<Option<Trouble>> {
        self.trouble.into()
    }

    /// What the last command did.
    pub fn said(self) -> Signal<Option<Said>> {
        self.said.into()
    }

    /// Does a command, unless one is under way; everything typed is on disk before it begins.
    pub async fn run<C: Command>(
        self,
        what: impl Into<String>,
        command: C,
    ) -> Option<Result<C::Reply, ApiError>> {
        if self.doing.with_untracked(Option::is_some) {
            return None;
        }
        let what = what.into();
        self.clear();
        self.doing.set(Some(what.clone()));
        self.documents.flush().await;
        let answer = ipc::call(command).await;
        self.stopped.set_value(self.stopping.get_untracked().then_some(what));
        self.doing.set(None);
        self.far.set(None);
        self.stopping.set(false);
        Some(answer)
    }

    /// Stops what is under way at its next chance.
    pub fn stop(self) {
        self.stopping.set(true);
        spawn_local(async move {
            if let Err(error) = ipc::call(StopGit {}).await {
                self.stopping.set(false);
                self.refuse(error, Vec::new());
            }
        });
    }

    /// Says what was done.
    pub fn say(self, said: Said) {
        self.trouble.set(None);
        self.said.set(Some(said));
    }

    /// Says why something was not done, and what can be. What the person stopped was no failure.
    pub fn refuse(self, error: ApiError, ways: Vec<Way>) {
        if let Some(what) = self.stopped.try_update_value(std::mem::take).flatten() {
            return self.say(stopped(&what, &error));
        }
        self.said.set(None);
        self.trouble.set(Some(Trouble { error, ways }));
    }

    /// Takes off the screen what the last command came to.
    pub fn clear(self) {
        self.far.set(None);
        self.stopping.set(false);
        self.stopped.set_value(None);
        self.trouble.set(None);
        self.said.set(None);
    }
}

impl Default for Work {
    fn default() -> Self {
        Self::new()
    }
}

/// What is said of a command that ended because it was asked to.
fn stopped(what: &str, error: &ApiError) -> Said {
    let line = format!("{what}: {}", error.message);
    Said { tone: Tone::Info, title: "Stopped".to_owned(), lines: vec![line] }
}

/// How far a command is, in words.
pub fn far_words(far: &Far) -> String {
    let Far { stage, done, total, bytes } = far;
    let count = match (done, total) {
        (0, 0) => String::new(),
        (done, 0) => format!(" {done}"),
        (done, total) => format!(" {done} of {total}"),
    };
    let size = if *bytes == 0 { String::new() } else { format!(", {}", size_words(*bytes)) };
    match stage.as_str() {
        "connecting" => "Reaching the other side".to_owned(),
        "receiving" => format!("Receiving objects{count}{size}"),
        "resolving" => format!("Putting objects together{count}"),
        "sending" => format!("Sending objects{count}{size}"),
        "files" => format!("Writing files{count}"),
        "history" => format!("Reading commits{count}"),
        _ => format!("Going on{count}{size}"),
    }
}

/// A number of bytes as people read it.
fn size_words(bytes: u64) -> String {
    match bytes {
        ..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{} KB", bytes / 1_000),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use assay_wire::Code;

    use super::*;

    fn far(stage: &str, done: u64, total: u64, bytes: u64) -> String {
        far_words(&Far { stage: stage.into(), done, total, bytes })
    }

    #[test]
    fn progress_is_told_with_what_is_known_of_it() {
        assert_eq!(far("receiving", 12, 40, 2_500_000), "Receiving objects 12 of 40, 2.5 MB");
        assert_eq!(far("sending", 3, 0, 900), "Sending objects 3, 900 bytes");
        assert_eq!(far("files", 0, 0, 0), "Writing files");
        assert_eq!(far("connecting", 0, 0, 0), "Reaching the other side");
    }

    #[test]
    fn what_was_stopped_says_what_it_was_and_is_no_failure() {
        let error = ApiError { code: Code::Git, message: "cancelled".into(), hints: Vec::new() };
        let said = stopped("Syncing", &error);
        assert_eq!((said.tone, &said.lines[0][..]), (Tone::Info, "Syncing: cancelled"));
    }

    #[test]
    fn a_stage_that_this_build_does_not_know_still_says_how_far_it_is() {
        assert_eq!(far("polishing", 1, 2, 0), "Going on 1 of 2");
    }
}
