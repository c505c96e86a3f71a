//! The one thread that writes, and its group commit.
//!
//! A commit that survives a power cut costs an fsync, milliseconds on ordinary disks. So writes queue here, and
//! one transaction carries all that have gathered: each caller still hears only of its own write, and only once
//! the disk has it. Each write runs in a savepoint, so one that is refused leaves its neighbours alone.
//!
//! Another process may hold the database for long: it plans a large run, or brings the schema up to date. Most writes
//! are told so after a while and their callers may try again; those that carry what was paid for have nowhere else to
//! go, so the batch that holds one waits many times longer.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;

use crate::error::{Fault, StoreError};
use crate::pending::{Pending, Promise, pending};

/// Writes that share one transaction at most.
const BATCH: usize = 64;

/// How often a transaction is begun for writes that must not be lost, before they are told that the database is held by
/// another: each time waits as long as the connection does, so two minutes in all.
const TRIES: u32 = 24;

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
        self.queue(work, Weight::Ordinary)
    }

    /// Queues a write that carries what was paid for.
    pub(crate) fn submit_paid<T, F>(&self, work: F) -> Pending<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        self.queue(work, Weight::Paid)
    }

    fn queue<T, F>(&self, work: F, weight: Weight) -> Pending<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        let (promise, answer) = pending(Arc::clone(&self.file));
        if let Some(queue) = &self.queue {
            // A closed queue drops the write and with it the promise, which answers `Stopped`.
            let _ =
                queue.send(Box::new(Queued { work: Some(work), outcome: None, promise, weight }));
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

/// How much depends on a write.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Weight {
    /// Its caller can try again.
    Ordinary,
    /// It is the only copy of what was paid for.
    Paid,
}

/// One queued write, whatever its answer's type.
trait Write: Send {
    /// How much depends on it.
    fn weight(&self) -> Weight;
    /// Does the work and keeps the outcome for later; says why when it failed.
    fn perform(&mut self, connection: &Connection, file: &Path) -> Result<(), StoreError>;
    /// Answers: the work's own outcome when the transaction was committed, else why it was not.
    fn settle(self: Box<Self>, committed: Result<(), StoreError>);
}

struct Queued<T, F> {
    work: Option<F>,
    outcome: Option<Result<T, StoreError>>,
    promise: Promise<T>,
    weight: Weight,
}

impl<T, F> Write for Queued<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T, Fault> + Send,
{
    fn weight(&self) -> Weight {
        self.weight
    }

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
    while let Some(batch) = gather(inbox) {
        commit(connection, batch, file);
    }
}

/// The next batch, or `None` when the queue is closed and empty.
///
/// Takes what queued up during the last commit, and waits for nobody: while the disk is busy a batch gathers by
/// itself. Waiting for stragglers was measured: it made no commit cheaper and every call's beginning later.
fn gather(inbox: &Receiver<Box<dyn Write>>) -> Option<Vec<Box<dyn Write>>> {
    let first = inbox.recv().ok()?;
    Some(std::iter::once(first).chain(inbox.try_iter().take(BATCH - 1)).collect())
}

/// Performs a batch in one transaction, then answers each of its writes.
fn commit(connection: &Connection, batch: Vec<Box<dyn Write>>, file: &Path) {
    reach!(BatchGathered);
    let mut batch = batch;
    let committed = transact(connection, &mut batch, file);
    if committed.is_err() && !connection.is_autocommit() {
        // The answer is the first error; where even this fails, SQLite has rolled back on its own.
        let _ = execute(connection, "ROLLBACK");
    }
    if committed.is_ok() {
        reach!(Committed);
    }
    for write in batch {
        write.settle(committed.clone());
        reach!(HalfAnswered);
    }
}

fn transact(
    connection: &Connection,
    batch: &mut [Box<dyn Write>],
    file: &Path,
) -> Result<(), StoreError> {
    let sqlite = |error| StoreError::from_sqlite(file, error);
    let is_paid = batch.iter().any(|write| write.weight() == Weight::Paid);
    begin(connection, if is_paid { TRIES } else { 1 }).map_err(sqlite)?;
    reach!(TransactionBegun);
    for write in batch {
        let said = write.perform(connection, file);
        reach!(WriteMade);
        // A full disk or a failing one ends the whole transaction; a refusal ends only its own savepoint.
        if connection.is_autocommit() {
            return said;
        }
    }
    reach!(BatchMade);
    execute(connection, "COMMIT").map_err(sqlite)
}

/// Begins a transaction; while another process holds the database, as often as said.
fn begin(connection: &Connection, tries: u32) -> Result<(), rusqlite::Error> {
    let mut left = tries;
    loop {
        left -= 1;
        match execute(connection, "BEGIN IMMEDIATE") {
            Err(error) if left > 0 && is_busy(&error) => {}
            begun => return begun,
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)
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

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::params;
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};

    type Inbox = Receiver<Box<dyn Write>>;

    fn writer() -> (Writer, tempfile::TempDir) {
        writer_that(|_| false)
    }

    /// A writer, and what it does each time it finds its database held by another.
    fn writer_that(busy: fn(i32) -> bool) -> (Writer, tempfile::TempDir) {
        let folder = tempfile::tempdir().expect("a folder");
        let mut connection = Connection::open(folder.path().join("t.db")).expect("a database");
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; CREATE TABLE kept (n INTEGER PRIMARY KEY, bytes BLOB)",
            )
            .expect("a table");
        connection.busy_handler(Some(busy)).expect("a setting");
        (
            Writer::start(connection, Arc::from(folder.path().join("t.db"))).expect("a thread"),
            folder,
        )
    }

    fn keep(writer: &Writer, n: i64, bytes: usize) -> Pending<()> {
        writer.submit(move |connection| {
            connection
                .execute("INSERT INTO kept VALUES (?, zeroblob(?))", params![n, bytes as i64])?;
            Ok(())
        })
    }

    fn kept(writer: &Writer) -> Vec<i64> {
        let read = writer.submit(|connection| {
            let mut select = connection.prepare("SELECT n FROM kept ORDER BY n")?;
            let rows = select.query_map([], |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
            Ok(rows)
        });
        read.wait().expect("a list")
    }

    fn limit_pages(writer: &Writer, pages: i64) {
        let set = writer.submit(move |connection| {
            connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
            Ok(())
        });
        set.wait().expect("a limit");
    }

    #[test]
    fn a_full_disk_is_told_and_what_was_kept_before_stays() {
        let (writer, folder) = writer();
        keep(&writer, 1, 10).wait().expect("there is room");
        limit_pages(&writer, 8);
        let refused = keep(&writer, 2, 1 << 20).wait();
        let file = folder.path().join("t.db");
        assert!(
            matches!(&refused, Err(StoreError::Full { file: named }) if *named == file),
            "{refused:?}"
        );
        limit_pages(&writer, 100_000);
        keep(&writer, 3, 1 << 20).wait().expect("there is room again");
        assert_eq!(kept(&writer), [1, 3]);
    }

    #[test]
    fn no_write_of_a_lost_transaction_is_acknowledged() {
        let (writer, _folder) = writer();
        let pending: Vec<_> = (0..10)
            .map(|n| {
                writer.submit(move |connection| {
                    connection.execute("INSERT INTO kept VALUES (?, x'')", params![n])?;
                    if n == 5 {
                        // What SQLite does by itself when the disk fails.
                        connection.execute_batch("ROLLBACK")?;
                        return Err(rusqlite::Error::InvalidQuery.into());
                    }
                    Ok(n)
                })
            })
            .collect();
        let acknowledged: Vec<_> =
            pending.into_iter().filter_map(|pending| pending.wait().ok()).collect();
        assert_eq!(kept(&writer), acknowledged);
    }

    #[test]
    fn a_file_that_may_not_be_written_is_told() {
        let (writer, _folder) = writer();
        let refuse =
            writer.submit(|connection| Ok(connection.pragma_update(None, "query_only", true)?));
        refuse.wait().expect("a setting");
        let refused = keep(&writer, 1, 1).wait();
        assert!(matches!(refused, Err(StoreError::ReadOnly { .. })), "{refused:?}");
    }

    /// Gives up each time; the second time, the one that holds the database lets go first.
    fn let_go_meanwhile(_: i32) -> bool {
        if ASKED.fetch_add(1, Ordering::SeqCst) == 1 {
            ASKED_TWICE.wait();
            LET_GO.wait();
        }
        false
    }
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    static ASKED_TWICE: Barrier = Barrier::new(2);
    static LET_GO: Barrier = Barrier::new(2);

    #[test]
    fn a_reply_outlasts_another_process_that_holds_the_database() {
        let (writer, folder) = writer_that(let_go_meanwhile);
        let other = held(&folder);
        let refused = keep(&writer, 1, 1).wait();
        assert!(matches!(refused, Err(StoreError::Busy { .. })), "{refused:?}");
        thread::spawn(move || {
            ASKED_TWICE.wait();
            other.execute_batch("COMMIT").expect("an end");
            LET_GO.wait();
        });
        let paid = writer.submit_paid(|connection| {
            connection.execute("INSERT INTO kept VALUES (2, x'')", [])?;
            Ok(())
        });
        paid.wait().expect("it waited");
        assert_eq!(kept(&writer), [2]);
    }

    /// Another connection that holds the writer's database.
    fn held(folder: &tempfile::TempDir) -> Connection {
        let other = Connection::open(folder.path().join("t.db")).expect("the database");
        other.execute_batch("BEGIN IMMEDIATE").expect("it is free");
        other
    }

    #[test]
    fn a_database_that_is_never_let_go_is_told_in_the_end() {
        let (writer, folder) = writer();
        let _other = held(&folder);
        let told = writer.submit_paid(|_| Ok(())).wait();
        assert!(matches!(told, Err(StoreError::Busy { .. })), "{told:?}");
    }

    #[test]
    fn a_write_that_panics_stops_the_writer_and_says_so() {
        let (writer, _folder) = writer();
        let panicking = writer.submit(|_| -> Result<(), Fault> { panic!("on purpose") });
        assert!(matches!(panicking.wait(), Err(StoreError::Stopped { .. })));
        assert!(matches!(keep(&writer, 1, 1).wait(), Err(StoreError::Stopped { .. })));
    }

    fn queued(writes: usize) -> (Sender<Box<dyn Write>>, Inbox) {
        let (queue, inbox) = mpsc::channel();
        for _ in 0..writes {
            let (promise, _) = pending(Arc::from(Path::new("t.db")));
            let work = Some(|_: &Connection| Ok::<(), Fault>(()));
            let write = Queued { work, outcome: None, promise, weight: Weight::Ordinary };
            queue.send(Box::new(write) as Box<dyn Write>).expect("an open queue");
        }
        (queue, inbox)
    }

    #[test]
    fn a_batch_takes_what_has_queued_up_and_no_more_than_its_limit() {
        let (_queue, inbox) = queued(BATCH + 3);
        assert_eq!(gather(&inbox).expect("a batch").len(), BATCH);
        assert_eq!(gather(&inbox).expect("a batch").len(), 3);
    }

    #[test]
    fn a_closed_queue_is_emptied_before_the_writer_ends() {
        let (queue, inbox) = queued(2);
        drop(queue);
        assert_eq!(gather(&inbox).expect("a batch").len(), 2);
        assert!(gather(&inbox).is_none());
    }
}
