//! Drafts: what was typed and not yet saved to its file, kept so that a crash loses no keystroke.

use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use crate::error::Fault;

pub(crate) const SCHEMA: &str = "
CREATE TABLE draft (
  workspace TEXT NOT NULL,
  path      TEXT NOT NULL,
  text      TEXT NOT NULL,
  base      TEXT,
  at_ms     INTEGER NOT NULL,
  PRIMARY KEY (workspace, path)
) STRICT;
";

/// The unsaved text of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The file, from the workspace's root.
    pub path: String,
    /// What was typed.
    pub text: String,
    /// The digest of the file that it was typed over; `None` for a file that was not there.
    pub base: Option<String>,
    /// When it was kept, in milliseconds since 1970.
    pub at_ms: i64,
}

/// Keeps a draft, over an earlier one of the same file.
pub(crate) fn keep(connection: &Connection, workspace: &str, draft: &Draft) -> Result<(), Fault> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO draft (workspace, path, text, base, at_ms) VALUES (?, ?, ?, ?, ?)")?
        .execute(params![workspace, draft.path, draft.text, draft.base, draft.at_ms])?;
    Ok(())
}

/// A workspace's drafts, by path.
pub(crate) fn list(connection: &Connection, workspace: &str) -> Result<Vec<Draft>, Fault> {
    let mut select = connection.prepare_cached(
        "SELECT path, text, base, at_ms FROM draft WHERE workspace = ? ORDER BY path",
    )?;
    let drafts = select.query_map(params![workspace], |row| {
        Ok(Draft { path: row.get(0)?, text: row.get(1)?, base: row.get(2)?, at_ms: row.get(3)? })
    })?;
    Ok(drafts.collect::<Result<_, _>>()?)
}

/// Forgets a draft, once its text is in the file.
pub(crate) fn forget(connection: &Connection, workspace: &str, path: &str) -> Result<(), Fault> {
    connection
        .prepare_cached("DELETE FROM draft WHERE workspace = ? AND path = ?")?
        .execute(params![workspace, path])?;
    Ok(())
}
