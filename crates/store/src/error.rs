//! What can go wrong with the database, told apart as far as a person can act on it.
//!
//! A full disk, a read-only folder, a damaged file and a database that another program holds need different
//! sentences on screen, so each has its variant and names the file. Refusals (an unknown run, a run that
//! another process is executing) are variants too. Everything else keeps SQLite's own words.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::ffi;

use crate::{AttemptId, CellState, RunId};

/// Why the store could not do what was asked. Nothing that was acknowledged before is lost by any of these.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// No space left. Nothing of the refused write was kept; later writes work again once there is room.
    #[error("no space left on the disk of {}", file.display())]
    Full {
        /// The database file.
        file: PathBuf,
    },
    /// Too little space for calls to be made; what is under way can still be stored.
    #[error("only {} MiB are free on the disk of {}, and {} MiB are kept free", free >> 20, file.display(), reserve >> 20)]
    Low {
        /// The database file.
        file: PathBuf,
        /// Bytes that are free.
        free: u64,
        /// Bytes that are kept free.
        reserve: u64,
    },
    /// The file or its folder may not be written.
    #[error("{} is read-only", file.display())]
    ReadOnly {
        /// The database file.
        file: PathBuf,
    },
    /// The file is not a database, or it is damaged.
    #[error("{} is damaged or is not a database: {detail}", file.display())]
    Corrupt {
        /// The database file.
        file: PathBuf,
        /// SQLite's own words.
        detail: String,
    },
    /// Another program held the database for longer than we wait (5 s).
    #[error("{} is held by another program", file.display())]
    Busy {
        /// The database file.
        file: PathBuf,
    },
    /// A later version of Assay wrote this file. It was left as it was.
    #[error("{} was written by a later version (schema {found}, this one knows up to {known})", file.display())]
    TooNew {
        /// The database file.
        file: PathBuf,
        /// The schema version in the file.
        found: i64,
        /// The highest version known here.
        known: i64,
    },
    /// The thread that writes is gone, so this write was not made.
    #[error("the writer of {} has stopped", file.display())]
    Stopped {
        /// The database file.
        file: PathBuf,
    },
    /// A file or folder beside the database could not be used.
    #[error("cannot use {}", path.display())]
    Folder {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// There is no such run.
    #[error("no run {run}")]
    UnknownRun {
        /// The run asked for.
        run: RunId,
    },
    /// The run's grid has no such cell.
    #[error("run {run} has no cell {cell}")]
    UnknownCell {
        /// The run asked for.
        run: RunId,
        /// The ordinal asked for.
        cell: u32,
    },
    /// A score names a scorer that the run was not created with.
    #[error("run {run} has no scorer {scorer}")]
    UnknownScorer {
        /// The run.
        run: RunId,
        /// The scorer named.
        scorer: String,
    },
    /// Another live process executes this run, or this process never took it.
    #[error("run {run} is not leased by this process")]
    NotLeased {
        /// The run.
        run: RunId,
    },
    /// Only a queued cell may begin an attempt; beginning it twice would pay twice.
    #[error("cell {cell} of run {run} is {state}, not queued")]
    NotQueued {
        /// The run.
        run: RunId,
        /// The cell's ordinal.
        cell: u32,
        /// The state it is in.
        state: CellState,
    },
    /// The attempt does not belong to the cell, or its end is already recorded.
    #[error("attempt {attempt} of cell {cell} in run {run} is not open")]
    NotOpen {
        /// The run.
        run: RunId,
        /// The cell's ordinal.
        cell: u32,
        /// The attempt.
        attempt: AttemptId,
    },
    /// Anything else, in SQLite's words.
    #[error("{}: {source}", file.display())]
    Other {
        /// The database file.
        file: PathBuf,
        /// SQLite's error.
        source: Arc<rusqlite::Error>,
    },
}

impl StoreError {
    /// Sorts an error of the file system; `path` is the file or folder it is about.
    pub(crate) fn from_io(path: &Path, error: io::Error) -> StoreError {
        let file = path.to_owned();
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Full { file },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                StoreError::ReadOnly { file }
            }
            _ => StoreError::Folder { path: file, source: Arc::new(error) },
        }
    }

    /// Sorts an error of SQLite on the database at `file`.
    pub(crate) fn from_sqlite(file: &Path, error: rusqlite::Error) -> StoreError {
        let file = file.to_owned();
        // The shared-memory file beside the database is grown by allocation, which fails only for want of space.
        if extended_code(&error) == Some(ffi::SQLITE_IOERR_SHMSIZE) {
            return StoreError::Full { file };
        }
        match error.sqlite_error_code() {
            Some(ffi::ErrorCode::DiskFull) => StoreError::Full { file },
            Some(ffi::ErrorCode::ReadOnly | ffi::ErrorCode::PermissionDenied) => {
                StoreError::ReadOnly { file }
            }
            Some(ffi::ErrorCode::DatabaseCorrupt | ffi::ErrorCode::NotADatabase) => {
                StoreError::Corrupt { file, detail: error.to_string() }
            }
            Some(ffi::ErrorCode::DatabaseBusy | ffi::ErrorCode::DatabaseLocked) => {
                StoreError::Busy { file }
            }
            _ => StoreError::Other { file, source: Arc::new(error) },
        }
    }
}

fn extended_code(error: &rusqlite::Error) -> Option<i32> {
    error.sqlite_error().map(|e| e.extended_code)
}

/// An error inside a query, before the edge of the crate puts the file's name to it.
#[derive(Debug)]
pub(crate) enum Fault {
    /// SQLite failed.
    Sqlite(rusqlite::Error),
    /// We refused.
    Refused(StoreError),
}

impl Fault {
    /// The public error, naming the database.
    pub(crate) fn on(self, file: &Path) -> StoreError {
        match self {
            Fault::Sqlite(error) => StoreError::from_sqlite(file, error),
            Fault::Refused(error) => error,
        }
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Fault {
        Fault::Sqlite(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Fault {
        Fault::Refused(error)
    }
}
