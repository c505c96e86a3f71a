//! The one thread that writes, and its group commit.
//!
//! A commit that survives a power cut costs an fsync, milliseconds on ordinary disks. So writes queue here, and
//! one transaction carries all that have gathered: each caller still hears only of its own write, and only once
//! the disk has it. Each write runs in a savepoint, so one that is refused leaves its neighbours alone.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::error::{Fault, StoreError};
use crate::pending::{Pending, Promise, pending};

/// Writes that share one transaction at most.
const BATCH: usize = 64;

/// How long a first write waits for others, and only while the last batch says that others are about.
const GATHER: Duration = Duration::from_millis(10);

/// A handle on the writing thread. Dropping it finishes what is queued.
pub(crate) struct Writer {
    queue: Option<Sender<Box<dyn Write>>>,
    thread: Option<JoinHandle<()>>,
    file: Arc<Path>,
}

impl Writer {
    /// Starts the thread; `connection` is its own from here on.
    pub(crate) fn start(connection: Connection, file: Arc<Path>) -> Result<Writer, StoreError> {
        let (queue, inbox) = mpsc::channel();
        let at = Arc::clone(&file);
        let thread = thread::Builder::new()
            .name("assay-store".to_owned())
            .spawn(move || write_all(&connection, &inbox, &at))
            .map_err(|error| StoreError::from_io(&file, error))?;
        Ok(Writer { queue: Some(queue), thread: Some(thread), file })
    }

    /// Queues a write. Writes take effect in the order they were queued.
    pub(crate) fn submit<T, F>(&self, work: F) -> Pending<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        let (promise, answer) = pending(Arc::clone(&self.file));
        if let Some(queue) = &self.queue {
            // A closed queue drops the write and with it the promise, which answers `Stopped`.
            let _ = queue.send(Box::new(Queued { work: Some(work), outcome: None, promise }));
        }
        answer
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // A panic over there has been told to those who waited.
            let _ = thread.join();
        }
    }
}

/// One queued write, whatever its answer's type.
trait Write: Send {
    /// Does the work and keeps the outcome for later; says why when it failed.
    fn perform(&mut self, connection: &Connection, file: &Path) -> Result<(), StoreError>;
    /// Answers: the work's own outcome when the transaction was committed, else why it was not.
    fn settle(self: Box<Self>, committed: Result<(), StoreError>);
}

struct Queued<T, F> {
    work: Option<F>,
    outcome: Option<Result<T, StoreError>>,
    promise: Promise<T>,
}

impl<T, F> Write for Queued<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T, Fault> + Send,
{
    fn perform(&mut self, connection: &Connection, file: &Path) -> Result<(), StoreError> {
        let Some(work) = self.work.take() else { return Ok(()) };
        let outcome = in_savepoint(connection, work).map_err(|fault| fault.on(file));
        let said = outcome.as_ref().map(|_| ()).map_err(StoreError::clone);
        self.outcome = Some(outcome);
        said
    }

    fn settle(self: Box<Self>, committed: Result<(), StoreError>) {
        match (self.outcome, committed) {
            (Some(Err(own)), _) => self.promise.answer(Err(own)),
            (_, Err(error)) => self.promise.answer(Err(error)),
            (Some(Ok(value)), Ok(())) => self.promise.answer(Ok(value)),
            (None, Ok(())) => drop(self.promise),
        }
    }
}

fn write_all(connection: &Connection, inbox: &Receiver<Box<dyn Write>>, file: &Path) {
    let mut expected = 1;
    while let Some(batch) = gather(inbox, expected) {
        expected = batch.len();
        commit(connection, batch, file);
    }
}

/// The next batch, or `None` when the queue is closed and empty.
///
/// What queued up during the last commit is taken at once. Only when that is fewer than the last batch held do we
/// wait for the rest: a burst's stragglers share its commit, and a writer on its own never waits for nobody.
fn gather(inbox: &Receiver<Box<dyn Write>>, expected: usize) -> Option<Vec<Box<dyn Write>>> {
    let mut batch = vec![inbox.recv().ok()?];
    let deadline = Instant::now() + GATHER;
    while batch.len() < BATCH {
        let patience = match batch.len() < expected {
            true => deadline.saturating_duration_since(Instant::now()),
            false => Duration::ZERO,
        };
        match inbox.recv_timeout(patience) {
            Ok(write) => batch.push(write),
            Err(_) => break,
        }
    }
    Some(batch)
}

/// Performs a batch in one transaction, then answers each of its writes.
fn commit(connection: &Connection, batch: Vec<Box<dyn Write>>, file: &Path) {
    let mut batch = batch;
    let committed = transact(connection, &mut batch, file);
    if committed.is_err() && !connection.is_autocommit() {
        // The answer is the first error; where even this fails, SQLite has rolled back on its own.
        let _ = execute(connection, "ROLLBACK");
    }
    for write in batch {
        write.settle(committed.clone());
    }
}

fn transact(
    connection: &Connection,
    batch: &mut [Box<dyn Write>],
    file: &Path,
) -> Result<(), StoreError> {
    let sqlite = |error| StoreError::from_sqlite(file, error);
    execute(connection, "BEGIN IMMEDIATE").map_err(sqlite)?;
    for write in batch {
        let said = write.perform(connection, file);
        // A full disk or a failing one ends the whole transaction; a refusal ends only its own savepoint.
        if connection.is_autocommit() {
            return said;
        }
    }
    execute(connection, "COMMIT").map_err(sqlite)
}

fn in_savepoint<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, Fault>,
) -> Result<T, Fault> {
    execute(connection, "SAVEPOINT one_write")?;
    let outcome = work(connection).and_then(|value| {
        execute(connection, "RELEASE one_write")?;
        Ok(value)
    });
    if outcome.is_err() && !connection.is_autocommit() {
        execute(connection, "ROLLBACK TO one_write")?;
        execute(connection, "RELEASE one_write")?;
    }
    outcome
}

fn execute(connection: &Connection, sql: &str) -> Result<(), rusqlite::Error> {
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}
