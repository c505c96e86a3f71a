//! What the window knows of the past: the commits of a prompt, what one of them changed, who wrote a file, and the
//! versions of a row.
//!
//! The application reads all commits once, in the background. Until it has, each question is asked again a little later.

use std::time::Duration;

use assay_wire::{
    BlameView, DifferenceView, HistoryView, ReadBlame, ReadDifference, ReadHistory, ReadRowHistory,
    RowVersionView,
};
use leptos::{prelude::*, task::spawn_local};

use super::model;
use crate::{
    components::focus_on,
    ipc,
    panes::git::changes::set_if_new,
    state::{Desk, GitTab, Load, Place, context},
};

/// Commits read at first, and how many more each time they are asked for.
const STEP: u32 = 100;

/// Versions of a row.
const VERSIONS: u32 = 200;

/// Until it is asked again while commits are being read.
const AGAIN: Duration = Duration::from_millis(400);

/// What is shown beside the commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    /// What a commit changed.
    Commit,
    /// Who wrote a file.
    Blame,
}

/// The past of a prompt, a file or the whole repository.
#[derive(Clone, Copy)]
pub struct Past {
    of: RwSignal<Option<String>>,
    limit: RwSignal<u32>,
    history: RwSignal<Load<HistoryView>>,
    beside: RwSignal<Beside>,
    commit: RwSignal<Option<String>>,
    /// Nothing for a commit that is the first of all.
    change: RwSignal<Option<Load<Option<DifferenceView>>>>,
    file: RwSignal<Option<String>>,
    blame: RwSignal<Option<Load<BlameView>>>,
    row: RwSignal<Option<String>>,
    versions: RwSignal<Option<Load<Vec<RowVersionView>>>>,
    /// How many commits were shown when more were asked for.
    more_from: StoredValue<Option<usize>>,
    asked: StoredValue<u64>,
    desk: Desk,
}

impl Past {
    /// Of the whole repository, not read yet.
    pub fn new() -> Self {
        Self {
            of: RwSignal::new(None),
            limit: RwSignal::new(STEP),
            history: RwSignal::new(Load::Loading),
            beside: RwSignal::new(Beside::Commit),
            commit: RwSignal::new(None),
            change: RwSignal::new(None),
            file: RwSignal::new(None),
            blame: RwSignal::new(None),
            row: RwSignal::new(None),
            versions: RwSignal::new(None),
            more_from: StoredValue::new(None),
            asked: StoredValue::new(0),
            desk: context(),
        }
    }

    /// The prompt or path that is looked at; the whole repository when `None`.
    pub fn of(self) -> Signal<Option<String>> {
        self.of.into()
    }

    /// Its commits.
    pub fn history(self) -> Signal<Load<HistoryView>> {
        self.history.into()
    }

    /// What is shown beside them.
    pub fn beside(self) -> RwSignal<Beside> {
        self.beside
    }

    /// The chosen commit.
    pub fn commit(self) -> Signal<Option<String>> {
        self.commit.into()
    }

    /// What it changed; nothing inside for the first of all.
    pub fn change(self) -> Signal<Option<Load<Option<DifferenceView>>>> {
        self.change.into()
    }

    /// The file whose writers are shown.
    pub fn file(self) -> Signal<Option<String>> {
        self.file.into()
    }

    /// Its writers.
    pub fn blame(self) -> Signal<Option<Load<BlameView>>> {
        self.blame.into()
    }

    /// The row whose versions are shown.
    pub fn row(self) -> Signal<Option<String>> {
        self.row.into()
    }

    /// Its versions.
    pub fn versions(self) -> Signal<Option<Load<Vec<RowVersionView>>>> {
        self.versions.into()
    }

    /// Forgets what belonged to another project.
    pub fn forget(self) {
        self.look_at(None);
        self.beside.set(Beside::Commit);
    }

    /// Looks at a prompt, a path or, without one, the whole repository.
    pub fn look_at(self, of: Option<String>) {
        self.of.set(of);
        self.limit.set(STEP);
        self.history.set(Load::Loading);
        self.commit.set(None);
        self.change.set(None);
        self.file.set(None);
        self.blame.set(None);
        self.close_row();
    }

    /// The view opens: reads the commits again, and goes on with what was still being read when it was left.
    pub fn enter(self) {
        self.refresh();
        if self.blame.with_untracked(|blame| matches!(blame, Some(Load::Loading))) {
            self.read_blame();
        }
    }

    /// Reads more commits. The first of them gets the keyboard, as the button that asked for them is drawn anew.
    pub fn read_more(self) {
        let shown = self.history.with_untracked(|h| h.ready().map_or(0, |h| h.entries.len()));
        self.more_from.set_value(Some(shown));
        self.limit.update(|limit| *limit = limit.saturating_add(STEP));
        self.refresh();
    }

    fn go_on_to_more(self) {
        let Some(at) = self.more_from.try_update_value(std::mem::take).flatten() else { return };
        let first = self.history.with_untracked(|history| {
            Some(model::line_id(&history.ready()?.entries.get(at)?.commit.id))
        });
        if let Some(first) = first {
            request_animation_frame(move || focus_on(&first));
        }
    }

    fn is_seen(self) -> bool {
        self.desk.place.get_untracked() == Place::Git
            && self.desk.git.get_untracked() == GitTab::History
    }

    /// Reads the commits again. What is on screen stays there until the answer.
    pub fn refresh(self) {
        self.asked.update_value(|asked| *asked += 1);
        let asked = self.asked.get_value();
        let (of, limit) = (self.of.get_untracked(), self.limit.get_untracked());
        spawn_local(async move {
            let read = ipc::call(ReadHistory { of, limit }).await;
            if self.asked.get_value() != asked {
                return;
            }
            let is_reading = read.as_ref().is_ok_and(|history| history.reading);
            set_if_new(self.history, read.into());
            self.go_on_to_more();
            if is_reading {
                self.later(move |past| past.asked.get_value() == asked, Self::refresh);
            }
        });
    }

    /// Asks again in a moment, while the answer is `still` wanted and the view is on screen.
    fn later(self, still: impl Fn(Self) -> bool + 'static, ask: fn(Self)) {
        set_timeout(
            move || {
                if still(self) && self.is_seen() {
                    ask(self);
                }
            },
            AGAIN,
        );
    }

    /// Shows what a commit changed.
    pub fn show_commit(self, id: String, paths: Vec<String>) {
        self.beside.set(Beside::Commit);
        self.commit.set(Some(id.clone()));
        self.change.set(Some(Load::Loading));
        spawn_local(async move {
            let base = Some(model::before(&id));
            let read = ipc::call(ReadDifference { base, head: Some(id.clone()) }).await;
            if self.commit.with_untracked(|shown| shown.as_ref() != Some(&id)) {
                return;
            }
            let is_first = self.history.with_untracked(|history| {
                history.ready().is_some_and(|history| model::begins(history, &id))
            });
            self.change.set(Some(match read {
                Ok(view) => Load::Ready(Some(model::of_commit(view, &paths))),
                // Before the first commit there is nothing to compare with.
                Err(_) if is_first => Load::Ready(None),
                Err(error) => Load::Failed(error),
            }));
        });
    }

    /// Shows who wrote a file.
    pub fn show_blame(self, path: String) {
        self.beside.set(Beside::Blame);
        self.close_row();
        self.file.set(Some(path));
        self.blame.set(Some(Load::Loading));
        self.read_blame();
    }

    fn read_blame(self) {
        let Some(path) = self.file.get_untracked() else { return };
        spawn_local(async move {
            let read = ipc::call(ReadBlame { path: path.clone() }).await;
            let is_shown =
                move |past: Self| past.file.with_untracked(|shown| shown.as_ref() == Some(&path));
            if !is_shown(self) {
                return;
            }
            if read.as_ref().is_ok_and(|blame| blame.reading) {
                return self.later(is_shown, Self::read_blame);
            }
            self.blame.set(Some(read.into()));
        });
    }

    /// Shows the versions of a row of the file.
    pub fn show_row(self, id: String) {
        let Some(path) = self.file.get_untracked() else { return };
        self.row.set(Some(id.clone()));
        self.versions.set(Some(Load::Loading));
        spawn_local(async move {
            let question = ReadRowHistory { path, id: id.clone(), limit: VERSIONS };
            let read = ipc::call(question).await;
            if self.row.with_untracked(|shown| shown.as_ref() == Some(&id)) {
                self.versions.set(Some(read.into()));
            }
        });
    }

    /// Back from a row to its file.
    pub fn close_row(self) {
        self.row.set(None);
        self.versions.set(None);
    }
}

impl Default for Past {
    fn default() -> Self {
        Self::new()
    }
}
