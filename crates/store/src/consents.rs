//! The programs of repositories that a person allowed to run: each by a digest of its language and text.
//!
//! A consent is for a text, wherever it stands; the repository is noted so that a person recognises it. It
//! is kept here, outside every repository, because no repository may give it to itself.

use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};

use crate::error::{Fault, StoreError};
use crate::store::Store;

pub(crate) const SCHEMA_3: &str = "
CREATE TABLE consent (
  hash      TEXT PRIMARY KEY,
  kind      TEXT NOT NULL,
  workspace TEXT NOT NULL,
  at_ms     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
";

/// A consent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentRecord {
    /// Of the language and the text.
    pub hash: String,
    /// What it is for: `javascript`, `python`.
    pub kind: String,
    /// The repository it was given in.
    pub workspace: String,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
}

impl Store {
    /// Keeps a consent; one that was given before stays as it is.
    pub fn give_consent(&self, consent: ConsentRecord) -> Result<(), StoreError> {
        self.write(move |connection| give(connection, &consent)).wait()
    }

    /// Takes a consent back; says whether there was one.
    pub fn take_consent(&self, hash: &str) -> Result<bool, StoreError> {
        let hash = hash.to_owned();
        self.write(move |connection| {
            let gone = connection
                .prepare_cached("DELETE FROM consent WHERE hash = ?")?
                .execute(params![hash])?;
            Ok(gone > 0)
        })
        .wait()
    }

    /// Whether there is a consent.
    pub fn has_consent(&self, hash: &str) -> Result<bool, StoreError> {
        self.read(|connection| {
            let given = connection
                .prepare_cached("SELECT EXISTS (SELECT 1 FROM consent WHERE hash = ?)")?
                .query_row(params![hash], |row| row.get(0))?;
            Ok(given)
        })
    }

    /// All consents, latest first.
    pub fn consents(&self) -> Result<Vec<ConsentRecord>, StoreError> {
        self.read(list)
    }
}

fn give(connection: &Connection, consent: &ConsentRecord) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO consent (hash, kind, workspace, at_ms) VALUES (?, ?, ?, ?)",
        )?
        .execute(params![consent.hash, consent.kind, consent.workspace, consent.at_ms])?;
    Ok(())
}

fn list(connection: &Connection) -> Result<Vec<ConsentRecord>, Fault> {
    let mut select = connection.prepare_cached(
        "SELECT hash, kind, workspace, at_ms FROM consent ORDER BY at_ms DESC, hash",
    )?;
    let consents = select.query_map([], read)?.collect::<Result<_, _>>()?;
    Ok(consents)
}

fn read(row: &Row<'_>) -> rusqlite::Result<ConsentRecord> {
    Ok(ConsentRecord {
        hash: row.get(0)?,
        kind: row.get(1)?,
        workspace: row.get(2)?,
        at_ms: row.get(3)?,
    })
}
