//! Opening connections: the settings every one of them carries, and the pool of those that read.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};

use crate::error::{Fault, StoreError};
use crate::migrate;

/// How long a connection waits for another process before it answers `Busy`.
const PATIENCE: Duration = Duration::from_secs(5);

/// After how many pages of 4 KiB the log is copied into the database. Four times SQLite's own number: pages of the
/// digests' index are written all over the file, and more of them are copied once instead of many times. A run of
/// 60,000 cells gained a third and more; a log of 16 MiB is read in a tenth of a second after a crash.
const CHECKPOINT_PAGES: u32 = 4_000;

/// Readers kept open between calls. More are opened while more threads read at once.
const KEPT_READERS: usize = 4;

/// Statements a connection keeps compiled: more than the crate has, so none is compiled twice.
const STATEMENTS: usize = 96;

/// Between two looks at a database that another process is just making.
const SWITCH: Duration = Duration::from_millis(20);

/// Opens the connection that writes, and brings the database to this version's schema.
pub(crate) fn open_writer(file: &Path) -> Result<Connection, StoreError> {
    check_writable(file)?;
    let prepare = || -> Result<Connection, Fault> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let mut connection = open(file, flags)?;
        // Before any setting that writes: a file from a later version stays as it is.
        migrate::check_version(&connection, file)?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             PRAGMA journal_size_limit = 67108864;
             PRAGMA fullfsync = ON;
             PRAGMA checkpoint_fullfsync = ON;",
        )?;
        connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        migrate::migrate(&mut connection, file)?;
        Ok(connection)
    };
    // While another process switches a new database to its log, SQLite answers "busy" at once, whatever patience it was
    // told to have. One that is held for longer has used that patience up by itself.
    let begun = Instant::now();
    loop {
        match prepare().map_err(|fault| fault.on(file)) {
            Err(StoreError::Busy { .. }) if begun.elapsed() < PATIENCE => thread::sleep(SWITCH),
            outcome => return outcome,
        }
    }
}

/// SQLite opens what it may not write for reading and fails much later; a person should hear of it now.
fn check_writable(file: &Path) -> Result<(), StoreError> {
    if let Some(folder) = file.parent() {
        make_folder(folder).map_err(|error| StoreError::from_io(folder, error))?;
    }
    File::options()
        .append(true)
        .create(true)
        .open(file)
        .map(drop)
        .map_err(|error| StoreError::from_io(file, error))
}

/// Makes a folder that a power failure does not take away again with all that is in it. SQLite sees to the
/// names within.
fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(above) = folder.parent() {
        make_folder(above)?;
        fs::create_dir_all(folder)?;
        sync_folder(above)?;
    }
    Ok(())
}

/// Puts a folder's names on the disk, where the system lets one ask for that.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    // An empty path names the working folder.
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

fn open(file: &Path, flags: OpenFlags) -> Result<Connection, rusqlite::Error> {
    let connection = Connection::open_with_flags(file, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.execute_batch(
        "PRAGMA foreign_keys = ON;
         PRAGMA trusted_schema = OFF;
         PRAGMA cell_size_check = ON;
         PRAGMA mmap_size = 0;
         PRAGMA temp_store = MEMORY;",
    )?;
    Ok(connection)
}

/// Connections that only read: a write through one of them is an error of SQLite's.
pub(crate) struct Readers {
    file: Arc<Path>,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(crate) fn new(file: Arc<Path>) -> Readers {
        Readers { file, idle: Mutex::new(Vec::new()) }
    }

    /// Runs `query` on a connection of its own, as of one moment: what is written meanwhile stays unseen.
    pub(crate) fn read<T>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let snapshot = || -> Result<T, Fault> {
            let mut connection = self.take()?;
            let answer = {
                let transaction = connection.transaction()?;
                query(&transaction)?
            };
            self.give_back(connection);
            Ok(answer)
        };
        snapshot().map_err(|fault| fault.on(&self.file))
    }

    fn take(&self) -> Result<Connection, rusqlite::Error> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| open(&self.file, OpenFlags::SQLITE_OPEN_READ_ONLY), Ok)
    }

    fn give_back(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < KEPT_READERS {
            idle.push(connection);
        }
    }
}
