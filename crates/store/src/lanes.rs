//! Lanes that stand still: a model of a run that met an error which asking again would not cure.
//!
//! The rest of the run goes on. The reason stays until somebody tries the lane again, over a restart too.

use std::collections::HashMap;

use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};

use crate::error::{Fault, StoreError};
use crate::ids::{AttemptId, RunId};
use crate::lease::Owner;
use crate::runs;
use crate::store::Store;

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

/// Calls of one cell that failed in one way, and whether its model answered others meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailedCalls {
    /// How many.
    pub calls: u32,
    /// The first of them.
    pub first: AttemptId,
    /// The latest call of the same run that its model answered.
    pub answered: Option<AttemptId>,
}

impl Store {
    /// For each cell that is still to be done, its calls that failed with this kind of error; not those without any.
    pub fn failed_calls(
        &self,
        run: &RunId,
        kind: &str,
    ) -> Result<HashMap<u32, FailedCalls>, StoreError> {
        self.read(|connection| failed_calls(connection, run, kind))
    }
}

fn failed_calls(
    connection: &Connection,
    run: &RunId,
    kind: &str,
) -> Result<HashMap<u32, FailedCalls>, Fault> {
    let seq = runs::seq(connection, run)?;
    // CROSS JOIN keeps SQLite from walking all attempts of a run for the few cells that are left.
    let mut select = connection.prepare_cached(
        "WITH answered (model, latest) AS (
           SELECT v.model, max(c.attempt) FROM cell c JOIN run_column v ON v.run = c.run AND v.ordinal = c.column_at
           WHERE c.run = ?1 AND c.state = 'done' AND c.cached = 0 GROUP BY v.model)
         SELECT c.ordinal, count(*), min(a.id), max(w.latest)
         FROM cell c CROSS JOIN attempt a ON a.run = c.run AND a.cell = c.ordinal
           JOIN run_column v ON v.run = c.run AND v.ordinal = c.column_at
           LEFT JOIN answered w ON w.model = v.model
         WHERE c.run = ?1 AND c.state IN ('queued', 'leased') AND a.kind = ?2
         GROUP BY c.ordinal",
    )?;
    let failed = select.query_map(params![seq, kind], |row| {
        let calls = FailedCalls { calls: row.get(1)?, first: row.get(2)?, answered: row.get(3)? };
        Ok((row.get(0)?, calls))
    })?;
    Ok(failed.collect::<Result<_, _>>()?)
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
