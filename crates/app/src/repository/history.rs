//! History and blame, from an index that is read in the background.
//!
//! A window never waits for it: while the commits are being read it is told so, and asks again. A terminal waits.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, TryLockError};

use assay_repo::git::{Blame, History, HistoryEntry, RowChange, RowVersion};
use assay_wire::*;

use super::{Told, commit_view};
use crate::app::{App, Open};
use crate::error::Explain;
use crate::router::Answer;

/// The index of the repository that was looked at last.
pub(super) struct Kept {
    root: String,
    history: Arc<Mutex<History>>,
}

impl Answer<ReadHistory> for App {
    fn answer(&self, command: ReadHistory) -> Result<HistoryView, ApiError> {
        let open = self.workspace()?;
        let path = match &command.of {
            Some(name) => path_of(&open, name),
            None => ".".to_owned(),
        };
        let found = self.with_history(&open, |history| {
            history.of(&path, command.limit as usize).map_err(|e| e.explain())
        })?;
        let reading = found.is_none();
        let (entries, earlier_names, more) = match found {
            Some(found) => (found.entries, found.earlier_names, found.more as u32),
            None => (Vec::new(), Vec::new(), 0),
        };
        let entries = entries.into_iter().map(line).collect();
        Ok(HistoryView { path, entries, earlier_names, more, reading })
    }
}

impl Answer<ReadRowHistory> for App {
    fn answer(&self, command: ReadRowHistory) -> Result<Vec<RowVersionView>, ApiError> {
        let open = self.workspace()?;
        let versions = self.with_history(&open, |history| {
            let versions = history.of_row(&command.path, &command.id, command.limit as usize);
            versions.map_err(|e| e.explain())
        })?;
        Ok(versions.unwrap_or_default().into_iter().map(version).collect())
    }
}

impl Answer<ReadBlame> for App {
    fn answer(&self, command: ReadBlame) -> Result<BlameView, ApiError> {
        let open = self.workspace()?;
        let told = Told::new(self, self.inner.git.blaming.ask());
        let blame = self.with_history(&open, |history| {
            history.blame(&command.path, &told).map_err(|e| e.explain())
        })?;
        Ok(blame_view(command.path, blame))
    }
}

impl App {
    /// Reads the commits of the open repository on a thread of its own, so that whoever asks later need not wait.
    pub(crate) fn read_history_in_background(&self, open: &Open) {
        let history = self.history_of(open);
        let inner = Arc::downgrade(&self.inner);
        std::thread::spawn(move || {
            let Some(inner) = inner.upgrade() else { return };
            let app = App { inner };
            let mut history = history.lock().unwrap_or_else(PoisonError::into_inner);
            let told = Told::new(&app, app.inner.git.reading.ask());
            // Whoever asks for the history reads again, and is told what is wrong then.
            let _ = history.update(&told);
        });
    }

    /// Asks the index, which is brought up to date first; nothing while it is read for a window.
    fn with_history<T>(
        &self,
        open: &Open,
        ask: impl FnOnce(&History) -> Result<T, ApiError>,
    ) -> Result<Option<T>, ApiError> {
        let is_window = self.inner.host.is_window();
        let history = self.history_of(open);
        let mut history = match history.try_lock() {
            Ok(history) => history,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) if is_window => return Ok(None),
            Err(TryLockError::WouldBlock) => history.lock().unwrap_or_else(PoisonError::into_inner),
        };
        if !history.is_current().map_err(|e| e.explain())? {
            if is_window && history.is_empty() {
                self.read_history_in_background(open);
                return Ok(None);
            }
            let told = Told::new(self, self.inner.git.reading.ask());
            history.update(&told).map_err(|e| e.explain())?;
        }
        ask(&history).map(Some)
    }

    fn history_of(&self, open: &Open) -> Arc<Mutex<History>> {
        let mut kept = self.inner.git.history.lock().unwrap_or_else(PoisonError::into_inner);
        let root = open.root();
        if let Some(known) = kept.as_ref().filter(|kept| kept.root == root) {
            return Arc::clone(&known.history);
        }
        let history = Arc::new(Mutex::new(History::open(&open.workspace, &self.history_folder())));
        *kept = Some(Kept { root, history: Arc::clone(&history) });
        history
    }

    fn history_folder(&self) -> PathBuf {
        self.inner.folders.data.join("history")
    }
}

/// A prompt's key, or the path as it was given.
fn path_of(open: &Open, name: &str) -> String {
    open.workspace.find_prompt(name).map_or_else(|_| name.to_owned(), |key| key.key)
}

fn line(entry: HistoryEntry) -> HistoryLine {
    HistoryLine { commit: commit_view(entry.commit), paths: entry.paths }
}

fn version(version: RowVersion) -> RowVersionView {
    let change = match version.change {
        RowChange::Added => "added",
        RowChange::Edited => "edited",
        RowChange::Removed => "removed",
    };
    let commit = commit_view(version.commit);
    RowVersionView { commit, change: change.to_owned(), row: version.row }
}

fn blame_view(path: String, blame: Option<Blame>) -> BlameView {
    let reading = blame.is_none();
    let (rows, parts): (bool, Vec<_>) = match blame {
        Some(Blame::Rows(rows)) => {
            (true, rows.into_iter().map(|row| (row.id, row.commit)).collect())
        }
        Some(Blame::Lines(lines)) => {
            (false, lines.into_iter().map(|line| (line.text, line.commit)).collect())
        }
        None => (false, Vec::new()),
    };
    let parts = parts
        .into_iter()
        .map(|(text, commit)| BlamePart { text, commit: commit.map(commit_view) })
        .collect();
    BlameView { path, rows, parts, reading }
}
