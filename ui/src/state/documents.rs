//! The files of the open prompt: what was typed, what is on disk, and how far apart they are.
//!
//! Every change is saved by itself a moment after the last key, and only while the file on disk is
//! the one that was read. Otherwise both texts are kept and the person chooses. The parsed prompt
//! is derived from the typed texts, so preview and problems never wait for a save.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use assay_prompt::{Files, Prompt};
use assay_wire::{ApiError, DropDraft, FileView, PromptView, ReadPrompt, SaveFile, SaveOutcome};
use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};

use super::Load;
use crate::ipc;

/// Milliseconds of rest after the last key before a file is saved.
const REST_MS: u32 = 600;

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
    writing: Arc<AtomicBool>,
}

/// What is known to be on disk.
#[derive(Debug, Clone, PartialEq)]
struct Disk {
    text: String,
    digest: String,
}

impl Document {
    fn new(file: FileView) -> Self {
        let draft = file.draft.filter(|draft| *draft != file.text);
        Self {
            name: file.name.into(),
            path: file.path.into(),
            text: ArcRwSignal::new(file.text.clone()),
            disk: ArcRwSignal::new(Some(Disk { text: file.text, digest: file.digest })),
            state: ArcRwSignal::new(SaveState::Saved),
            draft: ArcRwSignal::new(draft),
            edits: Arc::default(),
            writing: Arc::default(),
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
        self.state.update(|state| {
            if !matches!(state, SaveState::Conflict { .. }) {
                *state = SaveState::Unsaved;
            }
        });
        let edit = self.edits.fetch_add(1, Ordering::Relaxed) + 1;
        let document = self.clone();
        spawn_local(async move {
            TimeoutFuture::new(REST_MS).await;
            if document.edits.load(Ordering::Relaxed) == edit {
                document.save().await;
            }
        });
    }

    /// Brings the text to disk now. What is typed meanwhile is written after it.
    pub async fn save(&self) {
        if self.writing.swap(true, Ordering::Relaxed) {
            return;
        }
        while self.differs_from_disk() && self.write_once().await {}
        self.writing.store(false, Ordering::Relaxed);
    }

    /// In a conflict: overwrites what somebody else wrote.
    pub async fn keep_mine(&self) {
        if let SaveState::Conflict { theirs, digest } = self.state.get_untracked() {
            self.disk.set(Some(Disk { text: theirs, digest }));
            self.save().await;
        }
    }

    /// In a conflict: takes over what somebody else wrote.
    pub async fn take_theirs(&self) {
        if let SaveState::Conflict { theirs, digest } = self.state.get_untracked() {
            self.text.set(theirs.clone());
            self.disk.set(Some(Disk { text: theirs, digest }));
            self.state.set(SaveState::Saved);
            self.forget_draft().await;
        }
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

    fn differs_from_disk(&self) -> bool {
        let same = self.disk.with_untracked(|disk| {
            disk.as_ref().is_some_and(|disk| self.text.with_untracked(|text| *text == disk.text))
        });
        if same {
            self.state.set(SaveState::Saved);
        }
        !same
    }

    /// Writes what is typed now; whether to look again.
    async fn write_once(&self) -> bool {
        let text = self.text.get_untracked();
        let base = self.disk.with_untracked(|disk| disk.as_ref().map(|disk| disk.digest.clone()));
        self.state.set(SaveState::Saving);
        let file = SaveFile { path: self.path.to_string(), text: text.clone(), base };
        match ipc::call(file).await {
            Ok(SaveOutcome::Saved { digest }) => {
                self.disk.set(Some(Disk { text, digest }));
                true
            }
            Ok(SaveOutcome::Conflict { text, digest }) => {
                self.state.set(SaveState::Conflict { theirs: text, digest });
                false
            }
            Err(error) => {
                self.state.set(SaveState::Failed(error));
                false
            }
        }
    }

    async fn forget_draft(&self) {
        // A draft that stays is offered once more next time; nothing is lost by that.
        let _ = ipc::call(DropDraft { path: self.path.to_string() }).await;
    }
}

/// The prompt that is open.
#[derive(Clone)]
pub struct OpenPrompt {
    /// Names it in every command.
    pub key: String,
    /// Its name.
    pub name: String,
    /// The lone `.prompty` file's name, when it is no folder with a manifest.
    pub lone: Option<String>,
    /// Folder of its files below the root, `""` for the root.
    pub folder: String,
    /// Its files.
    pub documents: Vec<Document>,
}

impl OpenPrompt {
    fn new(view: PromptView) -> Self {
        let documents = view.files.into_iter().map(Document::new).collect();
        Self { key: view.prompt, name: view.name, lone: view.lone, folder: view.folder, documents }
    }

    /// The file of that name.
    pub fn document(&self, name: &str) -> Option<&Document> {
        self.documents.iter().find(|document| &*document.name == name)
    }

    /// The prompt as typed.
    fn parse(&self) -> Prompt {
        let files: Files = self
            .documents
            .iter()
            .map(|document| (document.name.to_string(), document.text()))
            .collect();
        match &self.lone {
            Some(file) => assay_prompt::parse_lone(&self.name, file, &files),
            None => assay_prompt::parse_folder(&self.name, &files),
        }
    }
}

/// The open prompt and its files.
#[derive(Clone, Copy)]
pub struct Documents {
    open: RwSignal<Option<Load<OpenPrompt>>>,
    parsed: Memo<Option<Arc<Prompt>>>,
    wanted: RwSignal<Option<String>>,
}

impl Documents {
    /// With no prompt open.
    pub fn new() -> Self {
        let open = RwSignal::new(None::<Load<OpenPrompt>>);
        let parsed = Memo::new(move |_| {
            open.with(|open| {
                open.as_ref().and_then(Load::ready).map(|prompt| Arc::new(prompt.parse()))
            })
        });
        Self { open, parsed, wanted: RwSignal::new(None) }
    }

    /// The open prompt, as far as it was read.
    pub fn open_prompt(self) -> Signal<Option<Load<OpenPrompt>>> {
        self.open.into()
    }

    /// Key of the prompt that is open or being opened.
    pub fn key(self) -> Signal<Option<String>> {
        self.wanted.into()
    }

    /// The open prompt as typed.
    pub fn parsed(self) -> Signal<Option<Arc<Prompt>>> {
        self.parsed.into()
    }

    /// The file of that name in the open prompt.
    pub fn document(self, name: &str) -> Option<Document> {
        self.open.with(|open| open.as_ref().and_then(Load::ready)?.document(name).cloned())
    }

    /// All files of the open prompt.
    pub fn all(self) -> Vec<Document> {
        self.open
            .with(|open| open.as_ref().and_then(Load::ready).map(|prompt| prompt.documents.clone()))
            .unwrap_or_default()
    }

    /// Opens the prompt of that key. What was typed in the one before is still saved.
    pub fn open(self, key: String) {
        self.wanted.set(Some(key.clone()));
        self.open.set(Some(Load::Loading));
        self.read(key);
    }

    /// Reads the files again, after what is typed was brought to disk.
    pub fn reload(self) {
        spawn_local(async move {
            self.flush().await;
            if let Some(key) = self.wanted.get_untracked() {
                self.read(key);
            }
        });
    }

    /// Leaves the prompt.
    pub fn close(self) {
        self.wanted.set(None);
        self.open.set(None);
    }

    /// Brings everything typed to disk, before something reads it from there.
    pub async fn flush(self) {
        for document in untrack(|| self.all()) {
            document.save().await;
        }
    }

    fn read(self, key: String) {
        spawn_local(async move {
            let read = ipc::call(ReadPrompt { prompt: key.clone() }).await;
            // An answer that arrives after the person went elsewhere is of no use.
            if self.wanted.get_untracked().as_ref() == Some(&key) {
                self.open.set(Some(read.map(OpenPrompt::new).into()));
            }
        });
    }
}

impl Default for Documents {
    fn default() -> Self {
        Self::new()
    }
}
