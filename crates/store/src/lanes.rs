//! Lanes that stand still: a model of a run that met an error which asking again would not cure.
//!
//! The rest of the run goes on. The reason stays until somebody tries the lane again, over a restart too.

use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};

use crate::error::Fault;
use crate::ids::RunId;
use crate::lease::Owner;
use crate::runs;

pub(crate) const SCHEMA_2: &str = "
CREATE TABLE lane_pause (
  run      INTEGER NOT NULL REFERENCES run (seq),
  model    TEXT NOT NULL,
  kind     TEXT NOT NULL,
  reason   TEXT NOT NULL,
  since_ms INTEGER NOT NULL,
  PRIMARY KEY (run, model)
) STRICT, WITHOUT ROWID;
";

/// Why a run asks one of its models nothing more for now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LanePause {
    /// The model's id.
    pub model: String,
    /// The kind of error, a word.
    pub kind: String,
    /// What happened, for people.
    pub reason: String,
    /// Since when, in milliseconds since 1970.
    pub since_ms: i64,
}

/// Pauses a lane of a run that `owner` holds, or replaces the reason.
pub(crate) fn pause(
    connection: &Connection,
    run: &RunId,
    pause: &LanePause,
    owner: Option<Owner>,
) -> Result<(), Fault> {
    let seq = runs::leased_seq(connection, run, owner)?;
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO lane_pause (run, model, kind, reason, since_ms) VALUES (?, ?, ?, ?, ?)",
        )?
        .execute(params![seq, pause.model, pause.kind, pause.reason, pause.since_ms])?;
    Ok(())
}

/// Lets a lane of a run that `owner` holds go on.
pub(crate) fn resume(
    connection: &Connection,
    run: &RunId,
    model: &str,
    owner: Option<Owner>,
) -> Result<(), Fault> {
    let seq = runs::leased_seq(connection, run, owner)?;
    connection
        .prepare_cached("DELETE FROM lane_pause WHERE run = ? AND model = ?")?
        .execute(params![seq, model])?;
    Ok(())
}

/// The paused lanes of a run, by model.
pub(crate) fn list(connection: &Connection, run: &RunId) -> Result<Vec<LanePause>, Fault> {
    let seq = runs::seq(connection, run)?;
    let mut select = connection.prepare_cached(
        "SELECT model, kind, reason, since_ms FROM lane_pause WHERE run = ? ORDER BY model",
    )?;
    let pauses = select.query_map(params![seq], read_pause)?.collect::<Result<_, _>>()?;
    Ok(pauses)
}

fn read_pause(row: &Row<'_>) -> rusqlite::Result<LanePause> {
    Ok(LanePause {
        model: row.get(0)?,
        kind: row.get(1)?,
        reason: row.get(2)?,
        since_ms: row.get(3)?,
    })
}
