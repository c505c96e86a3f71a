//! The schema's versions, forward only, each step with a copy of what it started from.
//!
//! Each table group keeps its own SQL beside its queries; a migration is the list of pieces that one version
//! added. `user_version` says how many have been applied. A migration that has shipped is never edited.
//!
//! What is in here was paid for. So before a database is brought up to date it is copied beside itself, as
//! `assay-version-1.db` for one of version 1, and only a copy that is whole and on the disk gets that name.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::connection::sync_folder;
use crate::error::{Fault, StoreError};
use crate::{
    attempts, blobs, cache, cells, consents, drafts, heard, labels, lanes, lease, prices,
    providers, ratings, runs, scorers, settings, stops,
};

/// Version n is what the first n entries make.
const MIGRATIONS: &[&[&str]] = &[
    &[
        lease::SCHEMA,
        runs::SCHEMA,
        blobs::SCHEMA,
        attempts::SCHEMA,
        cells::SCHEMA,
        cache::SCHEMA,
        drafts::SCHEMA,
        settings::SCHEMA,
        providers::SCHEMA,
    ],
    &[
        runs::SCHEMA_2,
        attempts::SCHEMA_2,
        cache::SCHEMA_2,
        providers::SCHEMA_2,
        lanes::SCHEMA_2,
        prices::SCHEMA_2,
    ],
    &[
        stops::SCHEMA_3,
        scorers::SCHEMA_3,
        runs::SCHEMA_3,
        labels::SCHEMA_3,
        ratings::SCHEMA_3,
        consents::SCHEMA_3,
    ],
    &[labels::SCHEMA_4],
    &[labels::SCHEMA_5],
    &[heard::SCHEMA_6],
    &[labels::SCHEMA_7],
];

/// Refuses a database that a later version wrote. Writes nothing.
pub(crate) fn check_version(connection: &Connection, file: &Path) -> Result<usize, Fault> {
    let found = stored_version(connection)?;
    match usize::try_from(found) {
        Ok(version) if version <= MIGRATIONS.len() => Ok(version),
        _ => {
            Err(StoreError::TooNew { file: file.to_owned(), found, known: MIGRATIONS.len() as i64 }
                .into())
        }
    }
}

/// Applies what the database lacks, all of it or nothing, whichever process comes first.
pub(crate) fn migrate(connection: &mut Connection, file: &Path) -> Result<(), Fault> {
    let from = check_version(connection, file)?;
    if from == MIGRATIONS.len() {
        return Ok(());
    }
    if from > 0 {
        back_up(connection, file, from)?;
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let from = check_version(&transaction, file)?;
    for piece in MIGRATIONS.iter().skip(from).copied().flatten() {
        transaction.execute_batch(piece)?;
        reach!(SchemaPieceApplied);
    }
    transaction.pragma_update(None, "user_version", MIGRATIONS.len() as i64)?;
    reach!(SchemaApplied);
    transaction.commit()?;
    Ok(())
}

fn stored_version(connection: &Connection) -> Result<i64, rusqlite::Error> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Copies a database of version `from` beside itself.
fn back_up(connection: &Connection, file: &Path, from: usize) -> Result<(), Fault> {
    let kept = file.with_file_name(format!("assay-version-{from}.db"));
    let growing = kept.with_extension(format!("db-{}", std::process::id()));
    let copied = copy(connection, &growing);
    reach!(BackupCopied);
    let copied = copied.and_then(|version| match version == from as i64 {
        true => publish(&growing, &kept),
        // Another process was faster: its copy is the one of the old version.
        false => Ok(()),
    });
    reach!(BackupPublished);
    // Renamed away, or of no use.
    let _ = fs::remove_file(&growing);
    copied
}

/// Returns the version of what was copied.
fn copy(connection: &Connection, to: &Path) -> Result<i64, Fault> {
    remove_leftover(to)?;
    connection.execute("VACUUM INTO ?", [to.to_string_lossy()])?;
    let copy = Connection::open_with_flags(to, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    Ok(stored_version(&copy)?)
}

fn remove_leftover(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(StoreError::from_io(path, error))
        }
        _ => Ok(()),
    }
}

/// Gives a finished copy its name, once the disk has it.
fn publish(copy: &Path, kept: &Path) -> Result<(), Fault> {
    let named = |path: &Path| {
        let path: PathBuf = path.to_owned();
        move |error| StoreError::from_io(&path, error)
    };
    // Windows syncs only through a handle that may write.
    File::options()
        .append(true)
        .open(copy)
        .and_then(|file| file.sync_all())
        .map_err(named(copy))?;
    fs::rename(copy, kept).map_err(named(kept))?;
    match kept.parent() {
        Some(folder) => Ok(sync_folder(folder).map_err(named(folder))?),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const STOPPED: &str = "the budget of $0.5 is spent";

    /// A database of version 2 with what version 1 had in it, as the second step left it.
    fn version_2(file: &Path) -> Connection {
        let connection = Connection::open(file).unwrap();
        connection.execute_batch(include_str!("../tests/data/version-1.sql")).unwrap();
        MIGRATIONS[1].iter().for_each(|piece| connection.execute_batch(piece).unwrap());
        connection.execute("UPDATE run SET reason = ?1 WHERE id = 'R0'", [STOPPED]).unwrap();
        connection.pragma_update(None, "user_version", 2).unwrap();
        connection.pragma_update(None, "foreign_keys", true).unwrap();
        connection
    }

    #[test]
    fn a_database_of_version_2_with_runs_is_brought_up_to_date_and_kept_beside() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("assay.db");
        let mut connection = version_2(&file);
        migrate(&mut connection, &file).unwrap();
        assert_eq!(stored_version(&connection).unwrap(), MIGRATIONS.len() as i64);
        let counts =
            "SELECT count(*), count(parent), count(purpose), sum(stop = 'budget') FROM run";
        let counts: (i64, i64, i64, i64) = connection
            .query_row(counts, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .unwrap();
        assert_eq!(counts, (2, 0, 0, 1), "no run of before was asked for by another");
        let broken: i64 = connection
            .query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(broken, 0);
        let kept = Connection::open(folder.path().join("assay-version-2.db")).unwrap();
        assert_eq!(stored_version(&kept).unwrap(), 2);
    }

    #[test]
    fn labels_of_a_database_of_version_3_stand_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("assay.db");
        let mut connection = version_2(&file);
        MIGRATIONS[2].iter().for_each(|piece| connection.execute_batch(piece).unwrap());
        connection.pragma_update(None, "user_version", 3).unwrap();
        let label = "INSERT INTO label VALUES ('w', 'p', 's', 'a', zeroblob(32), 'ann', ?1, 5)";
        connection.execute(label, [true]).unwrap();
        migrate(&mut connection, &file).unwrap();
        let read = "SELECT rater, pass, taken_back, at_ms FROM label";
        let found: (String, bool, bool, i64) = connection
            .query_row(read, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .unwrap();
        assert_eq!(found, ("ann".to_owned(), true, false, 5));
        let held: i64 =
            connection.query_row("SELECT count(*) FROM calibration", [], |row| row.get(0)).unwrap();
        assert_eq!(held, 0, "nobody has held a judge against it yet");
        assert!(folder.path().join("assay-version-3.db").exists());
    }

    #[test]
    fn ratings_of_a_database_of_version_5_stand_beside_an_empty_index() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("assay.db");
        let mut connection = version_2(&file);
        let steps = MIGRATIONS[2..5].iter().copied().flatten();
        steps.for_each(|piece| connection.execute_batch(piece).unwrap());
        connection.pragma_update(None, "user_version", 5).unwrap();
        let said = "INSERT INTO rating VALUES (1, 'w', 'p', 'c', 'k', 'o', NULL, NULL, 'ann', 'pass', 'pass', 5)";
        connection.execute(said, []).unwrap();
        migrate(&mut connection, &file).unwrap();
        let read = "SELECT (SELECT count(*) FROM rating), (SELECT count(*) FROM heard)";
        let found: (i64, i64) =
            connection.query_row(read, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        assert_eq!(found, (1, 0));
    }

    #[test]
    fn calibrations_of_a_database_of_version_4_stand_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("assay.db");
        let mut connection = version_2(&file);
        let steps = MIGRATIONS[2].iter().chain(MIGRATIONS[3]);
        steps.for_each(|piece| connection.execute_batch(piece).unwrap());
        connection.pragma_update(None, "user_version", 4).unwrap();
        let held = "INSERT INTO calibration VALUES ('w', 'p', 's', 'a', 'one', 'ann', 60, 5)";
        connection.execute(held, []).unwrap();
        migrate(&mut connection, &file).unwrap();
        let read = "SELECT labels, weak OR weak_known, at_ms FROM calibration";
        let found: (u32, bool, i64) = connection
            .query_row(read, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .unwrap();
        assert_eq!(found, (60, false, 5), "nobody noted then whether it was weak");
    }
}
