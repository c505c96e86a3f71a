//! An import as far as it got: which file, what was found in it, what of it is kept.

use assay_wire::{
    ApiError, ChooseFile, ChooseFolder, Edited, FormatView, ImportView, KeepView, ListFormats,
    Notice, ReadImport, WriteImport,
};
use leptos::{prelude::*, task::spawn_local};

use super::model::{self, Part};
use crate::{
    ipc,
    state::{Desk, Documents, Edits, Load, Notices, Session, context},
};

/// The import sheet's state. It stays when the sheet is closed, so that a slip loses no choices.
#[derive(Clone, Copy)]
pub struct Importing {
    /// Whether the sheet is open.
    pub open: RwSignal<bool>,
    /// File or folder that is read, as typed.
    pub path: RwSignal<String>,
    /// Folder the prompts go to; the first folder of prompts when empty.
    pub into: RwSignal<String>,
    format: RwSignal<Option<String>>,
    formats: RwSignal<Load<Vec<FormatView>>>,
    waiting: RwSignal<Vec<String>>,
    report: RwSignal<Option<Load<ImportView>>>,
    keeps: RwSignal<Vec<KeepView>>,
    writing: RwSignal<bool>,
    refused: RwSignal<Option<ApiError>>,
    asked: StoredValue<u64>,
    session: Session,
    documents: Documents,
    desk: Desk,
    edits: Edits,
}

impl Importing {
    /// With nothing to import.
    pub fn new() -> Self {
        Self {
            open: RwSignal::new(false),
            path: RwSignal::new(String::new()),
            into: RwSignal::new(String::new()),
            format: RwSignal::new(None),
            formats: RwSignal::new(Load::Loading),
            waiting: RwSignal::new(Vec::new()),
            report: RwSignal::new(None),
            keeps: RwSignal::new(Vec::new()),
            writing: RwSignal::new(false),
            refused: RwSignal::new(None),
            asked: StoredValue::new(0),
            session: context(),
            documents: context(),
            desk: context(),
            edits: context(),
        }
    }

    /// Takes files that are dropped on the window.
    pub fn follow(self, notices: Notices) {
        notices.listen(move |notice| {
            if let Notice::Dropped { paths } = notice {
                self.take(paths.clone());
            }
        });
    }

    /// Opens the sheet.
    pub fn show(self) {
        self.open.set(true);
        if self.formats.with_untracked(|formats| formats.ready().is_none()) {
            spawn_local(async move { self.formats.set(ipc::call(ListFormats {}).await.into()) });
        }
    }

    /// Imports these files and folders one after another. Where no repository is open, a folder is opened as one.
    pub fn take(self, paths: Vec<String>) {
        if self.session.workspace().with_untracked(Option::is_none) {
            if let Some(folder) = paths.into_iter().next() {
                self.session.open(folder);
            }
            return;
        }
        // What was left in a closed sheet is not what they are about.
        let begin = !self.open.get_untracked() || self.report.with_untracked(Option::is_none);
        self.waiting.update(|waiting| waiting.extend(paths));
        self.show();
        if begin {
            self.go_on();
        }
    }

    /// The formats there are.
    pub fn formats(self) -> Signal<Load<Vec<FormatView>>> {
        self.formats.into()
    }

    /// The format that was chosen; recognised by itself when `None`.
    pub fn format(self) -> Signal<Option<String>> {
        self.format.into()
    }

    /// What was found, once something was read.
    pub fn report(self) -> Signal<Option<Load<ImportView>>> {
        self.report.into()
    }

    /// What is kept of each prompt, in the order of the report.
    pub fn keeps(self) -> Signal<Vec<KeepView>> {
        self.keeps.into()
    }

    /// Whether it is being written.
    pub fn is_writing(self) -> Signal<bool> {
        self.writing.into()
    }

    /// Why it was not written.
    pub fn refused(self) -> Signal<Option<ApiError>> {
        self.refused.into()
    }

    /// How many files wait after this one.
    pub fn waiting(self) -> usize {
        self.waiting.with(Vec::len)
    }

    /// Asks the person for a file, or for a folder.
    pub fn browse(self, folder: bool) {
        spawn_local(async move {
            let chosen = if folder {
                ipc::call(ChooseFolder {}).await
            } else {
                ipc::call(ChooseFile {}).await
            };
            match chosen {
                Ok(Some(path)) => {
                    self.path.set(path);
                    self.format.set(None);
                    self.read();
                }
                Ok(None) => {}
                Err(error) => self.refused.set(Some(error)),
            }
        });
    }

    /// Chooses a format, and reads again what was read.
    pub fn choose_format(self, format: Option<String>) {
        self.format.set(format);
        if self.report.with_untracked(Option::is_some) {
            self.read();
        }
    }

    /// Reads the file and reports. An answer that a later question overtook is dropped.
    pub fn read(self) {
        let file = self.path.with_untracked(|path| path.trim().to_owned());
        if file.is_empty() || self.writing.get_untracked() {
            return;
        }
        let asked = self.asked.get_value() + 1;
        self.asked.set_value(asked);
        self.refused.set(None);
        self.report.set(Some(Load::Loading));
        let format = self.format.get_untracked();
        spawn_local(async move {
            let read: Load<ImportView> = ipc::call(ReadImport { format, file }).await.into();
            if self.asked.get_value() == asked {
                let found = read.ready().map(|view| model::keep_all(&view.prompts));
                self.keeps.set(found.unwrap_or_default());
                self.report.set(Some(read));
            }
        });
    }

    /// Keeps a part of the prompt at that place of the report, or leaves it out.
    pub fn switch(self, at: usize, part: &Part, on: bool) {
        let variants = self.report.with_untracked(|report| {
            let view = report.as_ref().and_then(Load::ready)?;
            Some(view.prompts.get(at)?.variants.clone())
        });
        self.keeps.update(|keeps| {
            if let (Some(keep), Some(variants)) = (keeps.get_mut(at), variants) {
                model::switch(keep, &variants, part, on);
            }
        });
    }

    /// Writes what is kept, after everything typed is on disk.
    pub fn write(self) {
        if self.writing.get_untracked() || self.keeps.with_untracked(|k| model::kept(k) == 0) {
            return;
        }
        self.writing.set(true);
        self.refused.set(None);
        let into = self.into.with_untracked(|into| into.trim().to_owned());
        let import = WriteImport {
            format: self.format.get_untracked(),
            file: self.path.with_untracked(|path| path.trim().to_owned()),
            into: Some(into).filter(|into| !into.is_empty()),
            keep: self.keeps.get_untracked(),
        };
        spawn_local(async move {
            self.documents.flush().await;
            let written = ipc::call(import).await;
            self.writing.set(false);
            match written {
                Ok(written) => self.written(&written),
                Err(error) => self.refused.set(Some(error)),
            }
        });
    }

    /// Leaves this file, and goes on to the next one.
    pub fn go_on(self) {
        // What is still being read is of no more use.
        self.asked.set_value(self.asked.get_value() + 1);
        self.report.set(None);
        self.refused.set(None);
        self.format.set(None);
        let next = self.waiting.try_update(|w| (!w.is_empty()).then(|| w.remove(0))).flatten();
        self.path.set(next.clone().unwrap_or_default());
        match next {
            Some(_) => self.read(),
            None => self.open.set(false),
        }
    }

    fn written(self, view: &ImportView) {
        let done = model::done_words(view, &untrack(|| self.title(&view.format)));
        let first = view.keys.first().cloned();
        self.edits.did(Edited { prompt: first, done, undo: view.undo.clone() });
        self.desk.show_edit();
        self.go_on();
    }

    /// The names people know formats by; a folder may hold files of several.
    pub fn title(self, formats: &str) -> String {
        let titles: Vec<_> = formats.split(", ").map(|format| self.title_of(format)).collect();
        titles.join(", ")
    }

    fn title_of(self, format: &str) -> String {
        let known = |all: &Load<Vec<FormatView>>| {
            Some(all.ready()?.iter().find(|known| known.name == format)?.title.clone())
        };
        self.formats.with(known).unwrap_or_else(|| format.to_owned())
    }
}

impl Default for Importing {
    fn default() -> Self {
        Self::new()
    }
}
