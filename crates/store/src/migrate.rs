//! The schema's versions, forward only.
//!
//! Each table group keeps its own SQL beside its queries; a migration is the list of pieces that one version
//! added. `user_version` says how many have been applied. A migration that has shipped is never edited.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::error::{Fault, StoreError};
use crate::{attempts, blobs, cache, cells, drafts, lease, providers, runs, settings};

/// Version n is what the first n entries make.
const MIGRATIONS: &[&[&str]] = &[&[
    lease::SCHEMA,
    runs::SCHEMA,
    blobs::SCHEMA,
    attempts::SCHEMA,
    cells::SCHEMA,
    cache::SCHEMA,
    drafts::SCHEMA,
    settings::SCHEMA,
    providers::SCHEMA,
]];

/// Refuses a database that a later version wrote. Writes nothing.
pub(crate) fn check_version(connection: &Connection, file: &Path) -> Result<usize, Fault> {
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
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
    if check_version(connection, file)? == MIGRATIONS.len() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let from = check_version(&transaction, file)?;
    for piece in MIGRATIONS.iter().skip(from).copied().flatten() {
        transaction.execute_batch(piece)?;
    }
    transaction.pragma_update(None, "user_version", MIGRATIONS.len() as i64)?;
    transaction.commit()?;
    Ok(())
}
