//! Places in the write path where a test ends the process, to see what is left.
//!
//! With the feature `failpoints`, which only this crate's own tests turn on, reaching an armed place aborts: no
//! destructor runs, no buffer is flushed, as when the process is killed. Without it the places are not compiled.

/// Marks a place of the write path.
macro_rules! reach {
    ($place:ident) => {
        #[cfg(feature = "failpoints")]
        $crate::failpoints::reach($crate::failpoints::Failpoint::$place);
    };
}

#[cfg(feature = "failpoints")]
pub(crate) use armed::reach;
#[cfg(feature = "failpoints")]
pub use armed::{Failpoint, Synchronous, Tuning, arm, open_tuned};

#[cfg(feature = "failpoints")]
mod armed {
    use std::path::Path;
    use std::sync::{Mutex, PoisonError};

    use crate::{Store, StoreError};

    macro_rules! failpoints {
        ($($(#[doc = $about:literal])+ $name:ident),+ $(,)?) => {
            /// A place in the write path.
            #[derive(Debug, Clone, Copy, PartialEq, Eq)]
            pub enum Failpoint {
                $($(#[doc = $about])+ $name),+
            }

            impl Failpoint {
                /// Every one of them.
                pub const ALL: &[Failpoint] = &[$(Failpoint::$name),+];
            }
        };
    }

    failpoints! {
        /// The database was copied under a passing name, before its version is raised.
        BackupCopied,
        /// The copy has its name.
        BackupPublished,
        /// One piece of a new schema is in the transaction.
        SchemaPieceApplied,
        /// The whole new schema is in the transaction.
        SchemaApplied,
        /// A run's plan is in the transaction, its cells are not.
        RunPlanned,
        /// Half of a run's cells are in the transaction, at most.
        RunHalfPlanned,
        /// Writes were taken off the queue.
        BatchGathered,
        /// A transaction is open and empty.
        TransactionBegun,
        /// One write of a transaction was made.
        WriteMade,
        /// All writes of a transaction were made.
        BatchMade,
        /// A transaction is on the disk, and nobody has heard of it.
        Committed,
        /// Some have heard of a transaction, others have not.
        HalfAnswered,
        /// A request is in the transaction, its attempt is not.
        RequestStored,
        /// An attempt is in the transaction, its cell is still queued.
        AttemptStored,
        /// A reply is in the transaction, its attempt is still open.
        ReplyStored,
        /// An attempt has ended in the transaction, its cell has not.
        AttemptEnded,
        /// A reply is in the cache, its cell is still leased.
        ReplyCached,
        /// A cell has its result in the transaction, its scores are missing.
        CellCompleted,
        /// A cell has its scores in the transaction, its run has not counted it.
        ScoresStored,
        /// A gone process's attempts are unknown in the transaction, their cells still leased.
        AttemptsLost,
        /// A gone process's run is interrupted in the transaction.
        RunInterrupted,
    }

    static ARMED: Mutex<Option<(Failpoint, u32)>> = Mutex::new(None);

    /// Has the process abort when it reaches `place` for the `nth` time from now, counted from 1.
    pub fn arm(place: Failpoint, nth: u32) {
        *ARMED.lock().unwrap_or_else(PoisonError::into_inner) = Some((place, nth));
    }

    pub(crate) fn reach(place: Failpoint) {
        let mut armed = ARMED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, left)) = armed.as_mut().filter(|(at, _)| *at == place) {
            *left = left.saturating_sub(1);
            if *left == 0 {
                std::process::abort();
            }
        }
    }

    /// How a database is opened to show that a test of it can fail.
    #[derive(Debug, Clone, Copy)]
    pub struct Tuning {
        /// What waits for the disk.
        pub synchronous: Synchronous,
        /// After how many pages the log is copied into the database.
        pub checkpoint_pages: u32,
    }

    /// What waits for the disk.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Synchronous {
        /// Every commit, as in the product.
        Full,
        /// Only copying the log into the database.
        Normal,
        /// Nothing.
        Off,
    }

    impl Tuning {
        pub(crate) fn apply(self, connection: &rusqlite::Connection) -> rusqlite::Result<()> {
            let Tuning { synchronous, checkpoint_pages } = self;
            connection.execute_batch(&format!(
                "PRAGMA synchronous = {synchronous:?}; PRAGMA wal_autocheckpoint = {checkpoint_pages};"
            ))
        }
    }

    /// As [`Store::open`], tuned.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_tuned(dir: &Path, tuning: Tuning) -> Result<Store, StoreError> {
        Store::open_prepared(dir, |connection| tuning.apply(connection))
    }
}
