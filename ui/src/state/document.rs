//! One open file: what was typed, what is on disk, and how far apart they are.
//!
//! Every change is saved by itself a moment after the last key, and only while the file on disk is the one that was
//! read. An edit made outside is taken over; where something was typed meanwhile, the two are merged, and where both
//! changed the same lines both texts are kept and the person chooses.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use assay_wire::{ApiError, DropDraft, FileView, KeepDraft, SaveFile, SaveOutcome};
use futures_util::lock::Mutex;
use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};

use super::outside::{Meeting, Outside, meet};
use crate::ipc;

/// Milliseconds of rest after the last key before a file is saved.
const REST_MS: u32 = 600;

/// Milliseconds of typing without a rest after which the text is kept as a draft.
const DRAFT_MS: f64 = 2_000.0;

/// How far a document is from the disk.
#[derive(Debug, Clone, PartialEq)]
pub enum SaveState {
    /// The same.
    Saved,
    /// Changed; will be saved in a moment.
    Unsaved,
    /// Being written.
    Saving,
    /// Somebody else changed the file.
    Conflict {
        /// What is on disk.
        theirs: String,
        /// Names it.
        digest: String,
    },
    /// Could not be written. The text is kept as a draft where that was possible.
    Failed(ApiError),
}

/// One open file. Clones are the same file.
#[derive(Clone)]
pub struct Document {
    /// Path below the prompt's folder.
    pub name: Arc<str>,
    /// Path below the repository's root.
    pub path: Arc<str>,
    text: ArcRwSignal<String>,
    disk: ArcRwSignal<Option<Disk>>,
    state: ArcRwSignal<SaveState>,
    draft: ArcRwSignal<Option<String>>,
    edits: Arc<AtomicU64>,
    /// Rises whenever something else becomes known to be on disk.
    seen: Arc<AtomicU64>,
    /// Held by whoever writes it.
    writing: Arc<Mutex<()>>,
    /// Whether nothing of it is to be written any more: its prompt was closed.
    closed: Arc<AtomicBool>,
    /// When the text was last kept or saved, in milliseconds.
    kept: Arc<AtomicU64>,
}

/// What is known to be on disk.
#[derive(Debug, Clone, PartialEq)]
struct Disk {
    text: String,
    digest: String,
}

impl Document {
    pub(super) fn new(file: FileView) -> Self {
        let draft = file.draft.filter(|draft| *draft != file.text);
        Self {
            name: file.name.into(),
            path: file.path.into(),
            text: ArcRwSignal::new(file.text.clone()),
            disk: ArcRwSignal::new(Some(Disk { text: file.text, digest: file.digest })),
            state: ArcRwSignal::new(SaveState::Saved),
            draft: ArcRwSignal::new(draft),
            edits: Arc::default(),
            seen: Arc::default(),
            writing: Arc::default(),
            closed: Arc::default(),
            kept: Arc::default(),
        }
    }

    /// A file that is not on disk yet.
    pub(super) fn fresh(folder: &str, name: &str, text: String) -> Self {
        let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        Self {
            name: name.into(),
            path: path.into(),
            text: ArcRwSignal::new(text),
            disk: ArcRwSignal::new(None),
            state: ArcRwSignal::new(SaveState::Unsaved),
            draft: ArcRwSignal::new(None),
            edits: Arc::default(),
            seen: Arc::default(),
            writing: Arc::default(),
            closed: Arc::default(),
            kept: Arc::default(),
        }
    }

    /// The text as typed.
    pub fn text(&self) -> String {
        self.text.get()
    }

    /// The text as typed, without following it.
    pub fn text_now(&self) -> String {
        self.text.get_untracked()
    }

    /// How far it is from the disk.
    pub fn state(&self) -> SaveState {
        self.state.get()
    }

    /// Text that was typed before the window last closed and never reached the disk.
    pub fn draft(&self) -> Option<String> {
        self.draft.get()
    }

    /// Takes over a new text; it is saved once the person rests.
    pub fn edit(&self, text: String) {
        if self.text.with_untracked(|now| *now == text) {
            return;
        }
        self.text.set(text);
        if !self.is_disputed() {
            self.now(SaveState::Unsaved);
        }
        self.keep_draft();
        self.save_soon();
    }

    /// Saves once the person rests.
    fn save_soon(&self) {
        let edit = self.edits.fetch_add(1, Ordering::Relaxed) + 1;
        let document = self.clone();
        spawn_local(async move {
            TimeoutFuture::new(REST_MS).await;
            if document.edits.load(Ordering::Relaxed) == edit {
                document.save().await;
            }
        });
    }

    /// Brings the text to disk now. What is typed meanwhile is written after it, and a write that is under way is waited
    /// for: whoever asks for this is about to read the disk.
    pub async fn save(&self) {
        let _turn = self.writing.lock().await;
        while self.differs_from_disk() && self.write_once().await {}
    }

    /// Writes nothing any more. What is typed was brought to disk before, or what it belonged to is gone: a path may
    /// name another file by the time the last key is saved.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    /// In a conflict: overwrites what somebody else wrote.
    pub async fn keep_mine(&self) {
        if let SaveState::Conflict { theirs, digest } = self.state.get_untracked() {
            self.now_on_disk(theirs, digest);
            self.now(SaveState::Unsaved);
            self.save().await;
        }
    }

    /// In a conflict: takes over what somebody else wrote.
    pub async fn take_theirs(&self) {
        if let SaveState::Conflict { theirs, digest } = self.state.get_untracked() {
            self.text.set(theirs.clone());
            self.now_on_disk(theirs, digest);
            self.now(SaveState::Saved);
            self.forget_draft().await;
        }
    }

    /// Whether something is typed that is not on disk.
    pub(super) fn has_unsaved(&self) -> bool {
        let text = self.text_now();
        self.disk.with_untracked(|disk| disk.as_ref().is_none_or(|disk| disk.text != text))
    }

    /// Puts the kept draft in place of the text.
    pub fn restore_draft(&self) {
        if let Some(draft) = self.draft.get_untracked() {
            self.draft.set(None);
            self.edit(draft);
        }
    }

    /// Drops the kept draft.
    pub async fn discard_draft(&self) {
        self.draft.set(None);
        self.forget_draft().await;
    }

    /// Sees to it that a crash in the midst of long typing loses little.
    fn keep_draft(&self) {
        let now = js_sys::Date::now();
        if now - (self.kept.load(Ordering::Relaxed) as f64) < DRAFT_MS {
            return;
        }
        self.kept.store(now as u64, Ordering::Relaxed);
        let base = self.disk.with_untracked(|disk| disk.as_ref().map(|disk| disk.digest.clone()));
        let draft = KeepDraft { path: self.path.to_string(), text: self.text_now(), base };
        spawn_local(async move {
            // The save that follows says what is wrong, if it fails as well.
            let _ = ipc::call(draft).await;
        });
    }

    /// How often something else became known to be on disk.
    pub(super) fn seen(&self) -> u64 {
        self.seen.load(Ordering::Relaxed)
    }

    /// It, and that count.
    pub(super) fn with_seen(self) -> (Self, u64) {
        let seen = self.seen();
        (self, seen)
    }

    /// Takes over what was found on disk, read when `seen` was the count.
    pub(super) fn absorb(&self, found: &FileView, seen: u64) -> Outside {
        if self.seen() != seen || self.writing.try_lock().is_none() {
            return Outside::Unclear;
        }
        match self.disk.get_untracked() {
            Some(base) if base.digest != found.digest => {
                self.meet(&base.text, found.text.clone(), found.digest.clone())
            }
            _ => {
                self.settle_dispute();
                Outside::Same
            }
        }
    }

    /// What somebody else wrote is gone again, so there is nothing to choose.
    fn settle_dispute(&self) {
        if self.is_disputed() {
            self.now(SaveState::Unsaved);
            self.save_soon();
        }
    }

    /// Puts what is typed and what is on disk together; else it is for the person to choose.
    fn meet(&self, base: &str, theirs: String, digest: String) -> Outside {
        let there = (!digest.is_empty()).then_some(theirs.as_str());
        match meet(base, &self.text_now(), there) {
            Meeting::Same => {
                self.now_on_disk(theirs, digest);
                self.now(SaveState::Saved);
                Outside::Same
            }
            Meeting::Taken => {
                self.now_on_disk(theirs.clone(), digest);
                self.text.set(theirs);
                self.now(SaveState::Saved);
                Outside::Taken
            }
            Meeting::Merged(merged) => {
                self.now_on_disk(theirs, digest);
                self.now(SaveState::Unsaved);
                self.edit(merged);
                // Where it holds nothing but what was typed, nobody else asks for it to be written.
                self.save_soon();
                Outside::Merged
            }
            Meeting::Disputed => {
                // What was read before this does not settle it.
                self.seen.fetch_add(1, Ordering::Relaxed);
                self.now(SaveState::Conflict { theirs, digest });
                Outside::Disputed
            }
        }
    }

    fn is_disputed(&self) -> bool {
        self.state.with_untracked(|state| matches!(state, SaveState::Conflict { .. }))
    }

    /// Sets how far it is from the disk. What is the same is not drawn again: a button may be under the pointer.
    fn now(&self, state: SaveState) {
        if self.state.with_untracked(|now| *now != state) {
            self.state.set(state);
        }
    }

    fn now_on_disk(&self, text: String, digest: String) {
        self.seen.fetch_add(1, Ordering::Relaxed);
        self.disk.set(Some(Disk { text, digest }));
    }

    fn differs_from_disk(&self) -> bool {
        let same = self.disk.with_untracked(|disk| {
            disk.as_ref().is_some_and(|disk| self.text.with_untracked(|text| *text == disk.text))
        });
        if same {
            self.now(SaveState::Saved);
        }
        !same
    }

    /// Writes what is typed now; whether to look again.
    async fn write_once(&self) -> bool {
        if self.closed.load(Ordering::Relaxed) {
            return false;
        }
        let text = self.text.get_untracked();
        let base = self.disk.with_untracked(|disk| disk.as_ref().map(|disk| disk.digest.clone()));
        // While it is for the person to choose, that is what stands there.
        if !self.is_disputed() {
            self.now(SaveState::Saving);
        }
        let file = SaveFile { path: self.path.to_string(), text: text.clone(), base };
        match ipc::call(file).await {
            Ok(SaveOutcome::Saved { digest }) => {
                self.now_on_disk(text, digest);
                self.kept.store(js_sys::Date::now() as u64, Ordering::Relaxed);
                true
            }
            Ok(SaveOutcome::Conflict { text, digest }) => {
                let base = self.disk.get_untracked().map(|disk| disk.text).unwrap_or_default();
                self.meet(&base, text, digest) != Outside::Disputed
            }
            Err(error) => {
                self.now(SaveState::Failed(error));
                false
            }
        }
    }

    async fn forget_draft(&self) {
        // A draft that stays is offered once more next time; nothing is lost by that.
        let _ = ipc::call(DropDraft { path: self.path.to_string() }).await;
    }
}
