//! Who executes a run, when several processes share the database.
//!
//! A process that executes runs holds an owner number and, for as long as it lives, an operating system lock on
//! `leases/<owner>.lock` beside the database. The lock falls with the process, however it ends, which no time
//! stamp or process id says as reliably. A run carries its owner's number; it is abandoned when that lock can be
//! taken. Numbers come from the database and are never given out twice.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::error::{Fault, StoreError};

pub(crate) const SCHEMA: &str = "
CREATE TABLE owner (
  id INTEGER PRIMARY KEY AUTOINCREMENT
) STRICT;
";

/// The number of a process that executes runs.
pub(crate) type Owner = i64;

/// A held lock: the process is alive as long as this value is.
#[derive(Debug)]
pub(crate) struct Lease {
    path: PathBuf,
    // Closing it lets go of the lock.
    _lock: File,
}

impl Lease {
    /// Takes the owner's lock, or `None` while another holds it.
    ///
    /// A missing file is made: a lock that was tidied away belonged to a process that has ended.
    pub(crate) fn try_take(folder: &Path, owner: Owner) -> Result<Option<Lease>, StoreError> {
        fs::create_dir_all(folder).map_err(|error| StoreError::from_io(folder, error))?;
        let path = folder.join(format!("{owner}.lock"));
        let lock = File::options().create(true).append(true).open(&path);
        let lock = lock.map_err(|error| StoreError::from_io(&path, error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Lease { path, _lock: lock })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(StoreError::from_io(&path, error)),
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // Tidiness only: a file left behind is taken and removed by whoever recovers its runs.
        let _ = fs::remove_file(&self.path);
    }
}

/// A number that no process has had.
pub(crate) fn new_owner(connection: &Connection) -> Result<Owner, Fault> {
    connection.prepare_cached("INSERT INTO owner DEFAULT VALUES")?.execute([])?;
    Ok(connection.last_insert_rowid())
}
