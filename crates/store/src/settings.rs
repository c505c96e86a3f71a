//! A person's own settings, the workspaces opened lately, and the repositories they trust.
//!
//! Trust is kept here, outside every repository, because no repository may grant it to itself.

use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use crate::error::Fault;

pub(crate) const SCHEMA: &str = "
CREATE TABLE setting (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE recent_workspace (
  path  TEXT PRIMARY KEY,
  name  TEXT NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE trusted_repository (
  path  TEXT PRIMARY KEY,
  at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
";

/// A workspace opened before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecentWorkspace {
    /// Its folder.
    pub path: String,
    /// What a list calls it.
    pub name: String,
    /// When it was opened last, in milliseconds since 1970.
    pub at_ms: i64,
}

pub(crate) fn get(connection: &Connection, key: &str) -> Result<Option<String>, Fault> {
    let value = connection
        .prepare_cached("SELECT value FROM setting WHERE key = ?")?
        .query_row(params![key], |row| row.get(0))
        .optional()?;
    Ok(value)
}

pub(crate) fn set(connection: &Connection, key: &str, value: &str) -> Result<(), Fault> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO setting (key, value) VALUES (?, ?)")?
        .execute(params![key, value])?;
    Ok(())
}

pub(crate) fn remember_workspace(
    connection: &Connection,
    opened: &RecentWorkspace,
) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO recent_workspace (path, name, at_ms) VALUES (?, ?, ?)",
        )?
        .execute(params![opened.path, opened.name, opened.at_ms])?;
    Ok(())
}

pub(crate) fn forget_workspace(connection: &Connection, path: &str) -> Result<(), Fault> {
    connection
        .prepare_cached("DELETE FROM recent_workspace WHERE path = ?")?
        .execute(params![path])?;
    Ok(())
}

/// The latest first.
pub(crate) fn recent_workspaces(
    connection: &Connection,
    limit: usize,
) -> Result<Vec<RecentWorkspace>, Fault> {
    let mut select = connection.prepare_cached(
        "SELECT path, name, at_ms FROM recent_workspace ORDER BY at_ms DESC, path LIMIT ?",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let opened = select.query_map(params![limit], |row| {
        Ok(RecentWorkspace { path: row.get(0)?, name: row.get(1)?, at_ms: row.get(2)? })
    })?;
    Ok(opened.collect::<Result<_, _>>()?)
}

pub(crate) fn is_trusted(connection: &Connection, repository: &str) -> Result<bool, Fault> {
    let trusted = connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM trusted_repository WHERE path = ?)")?
        .query_row(params![repository], |row| row.get(0))?;
    Ok(trusted)
}

pub(crate) fn trust(connection: &Connection, repository: &str, at_ms: i64) -> Result<(), Fault> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO trusted_repository (path, at_ms) VALUES (?, ?)")?
        .execute(params![repository, at_ms])?;
    Ok(())
}

pub(crate) fn distrust(connection: &Connection, repository: &str) -> Result<(), Fault> {
    connection
        .prepare_cached("DELETE FROM trusted_repository WHERE path = ?")?
        .execute(params![repository])?;
    Ok(())
}
