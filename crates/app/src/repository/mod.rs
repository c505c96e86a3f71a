//! Branches, remotes, history and undo of the open repository.
//!
//! Commands that change something run one at a time. A long one tells how far it is through notices, at most twenty a
//! second, and stops when the person asks it to, opens another repository or leaves.

mod branches;
mod history;
pub(crate) mod merger;
mod sync;

use std::cell::Cell;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use assay_repo::CommitInfo;
use assay_repo::git::{Follow, GitError, Progress, Stage, UndoStep};
use assay_wire::*;

use crate::app::App;
use crate::error::Explain;
use crate::latest::Latest;
use crate::router::Answer;

/// Between two notices about progress.
const TELL_EVERY: Duration = Duration::from_millis(50);

/// What goes on in the open repository.
#[derive(Default)]
pub(crate) struct GitWork {
    /// The command that tells how far it is.
    running: Latest,
    /// The reading of commits.
    reading: Latest,
    /// The file whose lines are looked at.
    blaming: Latest,
    /// Held by a command that changes something.
    changing: Mutex<()>,
    history: Mutex<Option<history::Kept>>,
}

impl GitWork {
    /// Stops what is running, at its next chance.
    pub fn stop(&self) {
        self.running.stop();
        self.reading.stop();
        self.blaming.stop();
    }

    /// Held by whatever changes the repository, for as long as it does.
    pub fn alone(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Passes progress on to the window, and the person's wish to stop to git.
struct Told<'a, W: Fn() -> bool> {
    app: &'a App,
    wanted: W,
    told: Cell<Option<Instant>>,
}

impl<'a, W: Fn() -> bool> Told<'a, W> {
    fn new(app: &'a App, wanted: W) -> Self {
        Self { app, wanted, told: Cell::new(None) }
    }
}

impl<W: Fn() -> bool> Follow for Told<'_, W> {
    fn progress(&self, progress: Progress) {
        let now = Instant::now();
        if self.told.get().is_some_and(|told| now.duration_since(told) < TELL_EVERY) {
            return;
        }
        self.told.set(Some(now));
        self.app.inner.notices.send(notice(progress));
    }

    fn is_cancelled(&self) -> bool {
        !(self.wanted)()
    }
}

fn notice(progress: Progress) -> Notice {
    let stage = match progress.stage {
        Stage::Connecting => "connecting",
        Stage::Receiving => "receiving",
        Stage::Resolving => "resolving",
        Stage::Sending => "sending",
        Stage::CheckingOut => "files",
        Stage::Reading => "history",
    };
    let Progress { done, total, bytes, .. } = progress;
    Notice::GitProgress { stage: stage.to_owned(), done, total, bytes }
}

impl Answer<StopGit> for App {
    fn answer(&self, _: StopGit) -> Result<(), ApiError> {
        self.inner.git.stop();
        Ok(())
    }
}

impl Answer<UndoGit> for App {
    fn answer(&self, _: UndoGit) -> Result<UndoneView, ApiError> {
        let open = self.workspace()?;
        let _alone = self.inner.git.alone();
        let undone = open.workspace.undo().map_err(|e| e.explain())?;
        self.inner.notices.send(Notice::WorkspaceChanged);
        Ok(UndoneView { step: undo_view(undone.step), refs: undone.refs, files: undone.files })
    }
}

impl Answer<ReadUndos> for App {
    fn answer(&self, _: ReadUndos) -> Result<Vec<UndoView>, ApiError> {
        let open = self.workspace()?;
        let steps = open.workspace.undo_steps().map_err(|e| e.explain())?;
        Ok(steps.into_iter().map(undo_view).collect())
    }
}

fn undo_view(step: UndoStep) -> UndoView {
    UndoView {
        command: step.command,
        time_s: step.at_s,
        sent: step.sent,
        unfinished: step.unfinished,
    }
}

pub(crate) fn commit_view(commit: CommitInfo) -> CommitView {
    CommitView {
        id: commit.id,
        summary: commit.summary,
        author: commit.author,
        time_s: commit.time_s,
    }
}

impl Explain for GitError {
    fn explain(self) -> ApiError {
        let code = match &self {
            Self::Repo(_) | Self::NoSnapshot { .. } | Self::Cache { .. } => Code::Git,
            Self::BadName { .. } | Self::Exists { .. } | Self::BadAddress { .. } => Code::BadInput,
            Self::Unknown { .. } | Self::NothingToUndo => Code::NotFound,
            Self::Unconfirmed { .. } | Self::Rewritten { .. } | Self::Untrusted { .. } => {
                Code::NotTrusted
            }
            Self::InTheWay { .. }
            | Self::ChangedSince { .. }
            | Self::DraftsWaiting { .. }
            | Self::InWorktree { .. } => Code::Conflict,
            _ => Code::Git,
        };
        let error = match self {
            // What the repository itself refuses has a code of its own.
            Self::Repo(error) => return error.explain(),
            Self::NoSnapshot { source } => {
                let cause = source.explain();
                let message = format!("nothing was done, because it could not be undone: {cause}");
                return cause
                    .hints
                    .into_iter()
                    .fold(ApiError::new(cause.code, message), ApiError::hint);
            }
            error => error,
        };
        let hint = error.hint();
        let error = ApiError::new(code, error.to_string());
        hint.into_iter().fold(error, ApiError::hint)
    }
}
