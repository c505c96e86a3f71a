//! What the Git view knows: the changes since the last commit, the file shown of them, and the commit being written.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use assay_wire::{
    ApiError, ChangesView, Commit, CommitView, DiffView, ReadChanges, ReadDiff, ReadLog,
};
use leptos::{prelude::*, task::spawn_local};

use super::{
    model,
    staging::{self, RowsOut},
};
use crate::{
    ipc,
    state::{Documents, Load, Toasts, context},
};

/// Commits shown of the history.
const LOG_LIMIT: u32 = 50;

/// The changes, the diff on screen and the commit being written. It outlives the view, so that a
/// half-written message is still there after a look at the editor.
#[derive(Clone, Copy)]
pub struct Changes {
    project: StoredValue<String>,
    view: RwSignal<Load<ChangesView>>,
    log: RwSignal<Load<Vec<CommitView>>>,
    shown: RwSignal<Option<String>>,
    diff: RwSignal<Option<Load<DiffView>>>,
    left_out: RwSignal<BTreeSet<String>>,
    rows_out: RwSignal<RowsOut>,
    summary: RwSignal<String>,
    body: RwSignal<String>,
    committing: RwSignal<bool>,
    trouble: RwSignal<Option<ApiError>>,
    undo: StoredValue<Option<Undo>>,
    asked: StoredValue<u64>,
    documents: Documents,
    toasts: Toasts,
}

/// Takes a commit back.
type Undo = Arc<dyn Fn() + Send + Sync>;

impl Changes {
    /// Knowing nothing yet.
    pub fn new() -> Self {
        Self {
            project: StoredValue::new(String::new()),
            view: RwSignal::new(Load::Loading),
            log: RwSignal::new(Load::Loading),
            shown: RwSignal::new(None),
            diff: RwSignal::new(None),
            left_out: RwSignal::new(BTreeSet::new()),
            rows_out: RwSignal::new(RowsOut::new()),
            summary: RwSignal::new(String::new()),
            body: RwSignal::new(String::new()),
            committing: RwSignal::new(false),
            trouble: RwSignal::new(None),
            undo: StoredValue::new(None),
            asked: StoredValue::new(0),
            documents: context(),
            toasts: context(),
        }
    }

    /// What changed since the last commit.
    pub fn view(self) -> Signal<Load<ChangesView>> {
        self.view.into()
    }

    /// The latest commits.
    pub fn log(self) -> Signal<Load<Vec<CommitView>>> {
        self.log.into()
    }

    /// Path of the file whose diff is shown.
    pub fn shown(self) -> Signal<Option<String>> {
        self.shown.into()
    }

    /// The diff of that file; `None` while no file is shown.
    pub fn diff(self) -> Signal<Option<Load<DiffView>>> {
        self.diff.into()
    }

    /// First line of the message being written.
    pub fn summary(self) -> RwSignal<String> {
        self.summary
    }

    /// The rest of the message being written.
    pub fn body(self) -> RwSignal<String> {
        self.body
    }

    /// Whether a commit is being made.
    pub fn is_committing(self) -> bool {
        self.committing.get()
    }

    /// Why the last commit was not made.
    pub fn trouble(self) -> Signal<Option<ApiError>> {
        self.trouble.into()
    }

    /// Whether a file goes into the commit. All do, unless they are taken out.
    pub fn is_chosen(self, path: &str) -> bool {
        self.left_out.with(|out| !out.contains(path))
    }

    /// Whether a row of a file goes into the commit.
    pub fn is_row_chosen(self, path: &str, row: &str) -> bool {
        let is_out = self.rows_out.with(|out| out.get(path).is_some_and(|rows| rows.contains(row)));
        self.is_chosen(path) && !is_out
    }

    /// Whether only some rows of a file go into the commit.
    pub fn is_in_part(self, path: &str) -> bool {
        self.is_chosen(path) && self.rows_out.with(|out| out.contains_key(path))
    }

    /// Of files that go in only in part, the rows that do.
    pub fn rows(self) -> BTreeMap<String, Vec<String>> {
        self.view.with(|view| {
            let files = view.ready().map_or(&[][..], |view| &view.files);
            self.left_out
                .with(|left| self.rows_out.with(|rows| staging::rows_in(files, left, rows)))
        })
    }

    /// Paths of the files that go into the commit.
    pub fn chosen(self) -> Vec<String> {
        self.view.with(|view| {
            let files = view.ready().map_or(&[][..], |view| &view.files);
            self.left_out.with(|out| model::chosen(files, out))
        })
    }

    /// How many files changed.
    pub fn count(self) -> usize {
        self.view.with(|view| view.ready().map_or(0, |view| view.files.len()))
    }

    /// What stands between the person and the commit, in words.
    pub fn obstacle(self) -> Option<&'static str> {
        let chosen = self.chosen().len();
        self.summary.with(|summary| model::obstacle(summary, chosen))
    }

    /// Takes a file out of the commit, or back into it.
    pub fn toggle(self, path: &str) {
        self.rows_out.update(|out| drop(out.remove(path)));
        self.left_out.update(|out| {
            if !out.remove(path) {
                out.insert(path.to_owned());
            }
        });
    }

    /// Takes a row of a file out of the commit, or back into it.
    pub fn toggle_row(self, path: &str, row: &str) {
        let file = self.view.with_untracked(|view| {
            view.ready()?.files.iter().find(|file| file.path == path).cloned()
        });
        let Some(file) = file else { return };
        self.left_out.update(|left| {
            self.rows_out.update(|rows| staging::toggle_row(&file, row, left, rows));
        });
    }

    /// Takes all files into the commit, or all out of it.
    pub fn choose_all(self, all: bool) {
        self.rows_out.set(RowsOut::new());
        let paths = self.view.with_untracked(|view| {
            view.ready().map(|view| model::paths(&view.files)).unwrap_or_default()
        });
        self.left_out.set(if all { BTreeSet::new() } else { paths.into_iter().collect() });
    }

    /// The view of this project opens. What belonged to another one is forgotten.
    pub fn enter(self, project: &str) {
        if self.project.with_value(|before| before != project) {
            self.project.set_value(project.to_owned());
            self.view.set(Load::Loading);
            self.log.set(Load::Loading);
            self.shown.set(None);
            self.diff.set(None);
            self.left_out.set(BTreeSet::new());
            self.rows_out.set(RowsOut::new());
            self.summary.set(String::new());
            self.body.set(String::new());
            self.trouble.set(None);
        }
        self.refresh();
    }

    /// Reads everything again. What is on screen stays there until the answer.
    pub fn refresh(self) {
        let asked = self.asked.get_value() + 1;
        self.asked.set_value(asked);
        spawn_local(async move {
            self.documents.flush().await;
            let view = ipc::call(ReadChanges {}).await;
            let log = ipc::call(ReadLog { limit: LOG_LIMIT }).await;
            if self.asked.get_value() == asked {
                self.take(view.into(), log.into());
            }
        });
    }

    /// Shows the diff of a file.
    pub fn show(self, path: String) {
        if self.shown.with_untracked(|shown| shown.as_ref() != Some(&path)) {
            self.shown.set(Some(path));
            self.diff.set(Some(Load::Loading));
        }
        self.read_diff();
    }

    /// Commits the chosen files, if there is a message and something to commit.
    pub fn commit(self) {
        if untrack(|| self.obstacle().is_some() || self.is_committing()) {
            return;
        }
        let message = untrack(|| model::message(&self.summary.get(), &self.body.get()));
        let (paths, rows) = untrack(|| (self.chosen(), self.rows()));
        self.committing.set(true);
        self.trouble.set(None);
        spawn_local(async move {
            self.documents.flush().await;
            let files = paths.len();
            let answer = ipc::call(Commit { message, paths, rows }).await;
            self.committing.set(false);
            match answer {
                Ok(commit) => self.committed(&commit, files),
                Err(error) => self.trouble.set(Some(error)),
            }
            self.refresh();
        });
    }

    fn committed(self, commit: &CommitView, files: usize) {
        self.summary.set(String::new());
        self.body.set(String::new());
        let done = model::confirmation(commit, files);
        match self.undo.get_value() {
            Some(undo) => self.toasts.say_with_undo(done, move || undo()),
            None => self.toasts.say(done),
        }
    }

    /// What takes a commit back, offered beside the word that it was made.
    pub fn offer_undo(self, undo: impl Fn() + Send + Sync + 'static) {
        self.undo.set_value(Some(Arc::new(undo)));
    }

    fn take(self, view: Load<ChangesView>, log: Load<Vec<CommitView>>) {
        if let Load::Ready(view) = &view {
            let paths = model::paths(&view.files);
            self.left_out.update(|out| out.retain(|path| paths.contains(path)));
            self.rows_out.update(|out| out.retain(|path, _| paths.contains(path)));
            self.show_one_of(&paths);
        }
        set_if_new(self.view, view);
        set_if_new(self.log, log);
    }

    /// Stays with the file on screen while it differs, else goes on to the first one that does.
    fn show_one_of(self, paths: &[String]) {
        let now = self.shown.get_untracked();
        match now.filter(|path| paths.contains(path)).or_else(|| paths.first().cloned()) {
            Some(path) => self.show(path),
            None => {
                self.shown.set(None);
                self.diff.set(None);
            }
        }
    }

    fn read_diff(self) {
        let Some(path) = self.shown.get_untracked() else { return };
        spawn_local(async move {
            let read = ipc::call(ReadDiff { path: path.clone() }).await;
            // An answer that arrives after the person went on to another file is of no use.
            if self.shown.with_untracked(|shown| shown.as_ref() == Some(&path)) {
                self.set_diff(read.into());
            }
        });
    }

    fn set_diff(self, diff: Load<DiffView>) {
        if self.diff.with_untracked(|now| now.as_ref() != Some(&diff)) {
            self.diff.set(Some(diff));
        }
    }
}

impl Default for Changes {
    fn default() -> Self {
        Self::new()
    }
}

/// Leaves the screen alone when nothing is different, so that neither scroll nor focus is lost.
pub(super) fn set_if_new<T: PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, value: T) {
    if signal.with_untracked(|now| *now != value) {
        signal.set(value);
    }
}
