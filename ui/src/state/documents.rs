//! The files of the open prompt, and the prompt as they say it.
//!
//! The parsed prompt is derived from the typed texts, so preview and problems never wait for a save. What somebody else
//! did on disk is told apart here from what Assay did itself; what either means for one file is that file's business:
//! [`Document`].

use std::sync::Arc;

use assay_prompt::{Checker, Files, Prompt, edit::Changes};
use assay_wire::{ApiError, Code, FileView, Notice, PromptView, ReadPrompt};
use leptos::{prelude::*, task::spawn_local};

use super::{Document, Load, Notices, Toasts, outside::Outside};
use crate::ipc;

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
    /// As it was read. A file of which `left` holds something typed that is not on disk goes on where it was left.
    fn new(view: PromptView, left: &[(Document, u64)]) -> Self {
        let document = |file: FileView| match left.iter().find(|(d, _)| *d.path == *file.path) {
            Some((document, seen)) if document.has_unsaved() => {
                document.absorb(&file, *seen);
                document.clone()
            }
            _ => Document::new(file),
        };
        let documents = view.files.into_iter().map(document).collect();
        Self { key: view.prompt, name: view.name, lone: view.lone, folder: view.folder, documents }
    }

    /// The file of that name.
    pub fn document(&self, name: &str) -> Option<&Document> {
        self.documents.iter().find(|document| &*document.name == name)
    }

    /// The prompt as typed; only what changed since `checker` last saw it is read again.
    fn parse(&self, checker: &mut Checker) -> Arc<Prompt> {
        let files: Files = self
            .documents
            .iter()
            .map(|document| (document.name.to_string(), document.text()))
            .collect();
        match &self.lone {
            Some(file) => checker.check_lone(&self.name, file, &files),
            None => checker.check_folder(&self.name, &files),
        }
    }
}

/// The open prompt and its files.
#[derive(Clone, Copy)]
pub struct Documents {
    open: RwSignal<Option<Load<OpenPrompt>>>,
    parsed: Memo<Option<Arc<Prompt>>>,
    wanted: RwSignal<Option<String>>,
    /// Files of prompts that were left, until what is typed in them is on disk.
    left: StoredValue<Vec<Document>>,
    looking: StoredValue<bool>,
    again: StoredValue<bool>,
    /// How many edits of whole files by Assay itself are under way.
    held: StoredValue<u32>,
}

impl Documents {
    /// With no prompt open.
    pub fn new() -> Self {
        let open = RwSignal::new(None::<Load<OpenPrompt>>);
        let checker = StoredValue::new((String::new(), Checker::new()));
        let parsed = Memo::new(move |_| {
            open.with(|open| {
                let prompt = open.as_ref().and_then(Load::ready)?;
                checker.try_update_value(|(key, checker)| {
                    if *key != prompt.key {
                        // What was read of the prompt before is of no more use.
                        (*key, *checker) = (prompt.key.clone(), Checker::new());
                    }
                    prompt.parse(checker)
                })
            })
        });
        Self {
            open,
            parsed,
            wanted: RwSignal::new(None),
            left: StoredValue::new(Vec::new()),
            looking: StoredValue::new(false),
            again: StoredValue::new(false),
            held: StoredValue::new(0),
        }
    }

    /// Looks at the disk again whenever something changed there.
    pub fn follow(self, notices: Notices, toasts: Toasts) {
        notices.listen(move |notice| {
            if matches!(notice, Notice::WorkspaceChanged) {
                self.look_again(toasts);
            }
        });
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

    /// Whether the open prompt is a lone `.prompty` file.
    pub fn is_lone(self) -> bool {
        self.open.with(|open| {
            open.as_ref().and_then(Load::ready).is_some_and(|prompt| prompt.lone.is_some())
        })
    }

    /// Opens the prompt of that key. What was typed in the one before is still saved.
    pub fn open(self, key: String) {
        self.leave();
        self.wanted.set(Some(key.clone()));
        self.open.set(Some(Load::Loading));
        self.read(key);
    }

    /// Reads the files again, after what is typed was brought to disk.
    pub fn reload(self) {
        if let Some(key) = self.wanted.get_untracked() {
            self.read(key);
        }
    }

    /// Leaves the prompt for none. What is typed was brought to disk before, or its files are gone.
    pub fn close(self) {
        self.leave();
        let left = self.left.try_update_value(std::mem::take).unwrap_or_default();
        left.iter().for_each(Document::close);
        self.wanted.set(None);
        self.open.set(None);
    }

    /// Keeps the files of the open prompt at hand: the last keys may not be on disk yet, and whoever comes back at once
    /// finds them.
    fn leave(self) {
        let files = untrack(|| self.all());
        self.left.update_value(|left| {
            left.retain(|document| {
                document.has_unsaved() && files.iter().all(|file| file.path != document.path)
            });
            left.extend(files);
        });
    }

    /// Adds a file that is not there yet to the open prompt, and brings it to disk.
    pub fn create(self, name: &str, text: String) {
        let made = self.open.try_update(|open| match open {
            Some(Load::Ready(prompt)) => {
                let document = Document::fresh(&prompt.folder, name, text);
                prompt.documents.push(document.clone());
                Some(document)
            }
            _ => None,
        });
        if let Some(document) = made.flatten() {
            spawn_local(async move { document.save().await });
        }
    }

    /// The texts of all files, as typed.
    pub fn files(self) -> Files {
        let text = |document: Document| (document.name.to_string(), document.text());
        self.all().into_iter().map(text).collect()
    }

    /// Takes over the new texts of files as if they had been typed, and makes the files that are not there. All are
    /// saved at once, so that no file on disk names one that is not. None is removed this way: that is for the
    /// application, which can bring it back.
    pub fn apply(self, changes: Changes, toasts: Toasts) {
        self.hold();
        for (name, text) in changes {
            let Some(text) = text else { continue };
            match untrack(|| self.document(&name)) {
                Some(document) => document.edit(text),
                None => self.create(&name, text),
            }
        }
        spawn_local(async move {
            self.flush().await;
            self.settle(toasts).await;
        });
    }

    /// Brings everything typed to disk, before something reads it from there.
    pub async fn flush(self) {
        let left = self.left.get_value();
        for document in untrack(|| self.all()).into_iter().chain(left) {
            document.save().await;
        }
    }

    /// Keeps an edit of Assay's own from being taken for somebody else's, until [`Documents::settle`].
    pub fn hold(self) {
        self.held.update_value(|held| *held += 1);
    }

    /// After [`Documents::hold`]: takes over what Assay's own edit changed, without a word.
    pub async fn settle(self, toasts: Toasts) {
        let wanted = self.wanted.get_untracked();
        if let Some(key) = wanted.filter(|_| !untrack(|| self.all()).is_empty()) {
            let seen = self.seen();
            let read = ipc::call(ReadPrompt { prompt: key.clone() }).await;
            if let (Ok(view), true) = (read, self.wanted.get_untracked().as_ref() == Some(&key)) {
                self.absorb(view, &seen, None);
            }
        }
        self.held.update_value(|held| *held = held.saturating_sub(1));
        if self.again.try_update_value(std::mem::take) == Some(true) {
            self.look_again(toasts);
        }
    }

    fn is_held(self) -> bool {
        self.held.get_value() > 0
    }

    /// What is known to be on disk of each file, as counts.
    fn seen(self) -> Vec<(Arc<str>, u64)> {
        untrack(|| self.all())
            .into_iter()
            .map(|document| (document.name.clone(), document.seen()))
            .collect()
    }

    /// Takes over edits made outside. Asked several times at once, it looks once more after the first.
    fn look_again(self, toasts: Toasts) {
        let Some(key) = self.wanted.get_untracked() else {
            return;
        };
        if self.looking.get_value() || self.is_held() {
            self.again.set_value(true);
            return;
        }
        self.looking.set_value(true);
        let seen = self.seen();
        spawn_local(async move {
            let read = ipc::call(ReadPrompt { prompt: key.clone() }).await;
            self.looking.set_value(false);
            if self.is_held() {
                // What was read may be from before our own edit or from its midst.
                self.again.set_value(true);
                return;
            }
            if self.wanted.get_untracked().as_ref() == Some(&key) {
                match read {
                    Ok(view) => self.absorb(view, &seen, Some(toasts)),
                    Err(error) if error.code == Code::NotFound => self.gone(toasts),
                    // The files stay as they are on screen; saving them says what is wrong.
                    Err(_) => {}
                }
            }
            if self.again.try_update_value(std::mem::take) == Some(true) {
                self.look_again(toasts);
            }
        });
    }

    /// Takes over what was read; `toasts` hear of what somebody else did.
    fn absorb(self, view: PromptView, seen: &[(Arc<str>, u64)], toasts: Option<Toasts>) {
        for found in &view.files {
            let Some(document) = untrack(|| self.document(&found.name)) else {
                continue;
            };
            let count = seen.iter().find(|(name, _)| **name == *found.name).map(|(_, n)| *n);
            let outside = document.absorb(found, count.unwrap_or_default());
            if outside == Outside::Unclear {
                self.again.set_value(true);
            }
            if let (Some(toasts), Some(words)) = (toasts, outside.words(&found.name)) {
                toasts.say(words);
            }
        }
        self.follow_files(view, seen);
    }

    /// Opens files that appeared and lets go of those that are gone, unless something is typed in them, or they were
    /// made since `seen` was counted: then they may not be in the answer yet.
    fn follow_files(self, view: PromptView, seen: &[(Arc<str>, u64)]) {
        let there = |name: &str| view.files.iter().any(|file| file.name == name);
        let now = untrack(|| self.all());
        let known = |name: &str| now.iter().any(|document| *document.name == *name);
        let is_news = |document: &Document| {
            seen.iter().all(|(name, count)| *name != document.name || *count != document.seen())
        };
        let stays = |document: &Document| document.has_unsaved() || is_news(document);
        if now.iter().any(|document| !there(&document.name) && is_news(document)) {
            self.again.set_value(true);
        }
        let kept = |document: &Document| there(&document.name) || stays(document);
        if now.iter().all(kept) && view.files.iter().all(|file| known(&file.name)) {
            return;
        }
        let documents: Vec<Document> = view
            .files
            .iter()
            .map(|file| {
                let open = now.iter().find(|document| *document.name == *file.name);
                open.cloned().unwrap_or_else(|| Document::new(file.clone()))
            })
            .chain(now.iter().filter(|d| !there(&d.name) && stays(d)).cloned())
            .collect();
        self.open.update(|open| {
            if let Some(Load::Ready(prompt)) = open {
                prompt.documents = documents;
            }
        });
    }

    /// The prompt is no longer there. What is typed and not saved stays on screen.
    fn gone(self, toasts: Toasts) {
        let files = untrack(|| self.all());
        if !files.iter().any(Document::has_unsaved) {
            // Files of prompts that were left before may still wait to be saved.
            files.iter().for_each(Document::close);
            self.wanted.set(None);
            self.open.set(None);
            toasts.say("The open prompt was removed or renamed");
        }
    }

    /// Reads the prompt, after what is typed was brought to disk.
    fn read(self, key: String) {
        spawn_local(async move {
            self.flush().await;
            let seen = self.seen();
            let left: Vec<_> = self.left.get_value().into_iter().map(Document::with_seen).collect();
            let read = ipc::call(ReadPrompt { prompt: key.clone() }).await;
            // An answer that arrives after the person went elsewhere is of no use.
            if self.wanted.get_untracked().as_ref() != Some(&key) {
                return;
            }
            match read {
                // What is typed while it was on its way stays.
                Ok(view) if self.is_read() => self.absorb(view, &seen, None),
                Ok(view) => self.open.set(Some(Load::Ready(OpenPrompt::new(view, &left)))),
                Err(error) => self.refuse(error),
            }
        });
    }

    fn is_read(self) -> bool {
        self.open.with_untracked(|open| open.as_ref().and_then(Load::ready).is_some())
    }

    /// Says why the prompt could not be read, unless that would take something typed off the screen.
    fn refuse(self, error: ApiError) {
        if !untrack(|| self.all()).iter().any(Document::has_unsaved) {
            self.open.set(Some(Load::Failed(error)));
        }
    }
}

impl Default for Documents {
    fn default() -> Self {
        Self::new()
    }
}
