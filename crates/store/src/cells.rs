//! Cells and their scores: what a table shows, by the page, and what stands behind one cell.
//!
//! A cell's row carries what a table needs, its preview included, so a page is one walk along the primary key.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use crate::attempts::{self, AttemptRecord};
use crate::error::{Fault, StoreError};
use crate::ids::{AttemptId, RunId, RunSeq};
use crate::numbers::{signed, unsigned};
use crate::runs;
use crate::states::CellState;

pub(crate) const SCHEMA: &str = "
CREATE TABLE cell (
  run        INTEGER NOT NULL REFERENCES run (seq),
  ordinal    INTEGER NOT NULL,
  column_at  INTEGER NOT NULL,
  row_at     INTEGER NOT NULL,
  state      TEXT NOT NULL CHECK (state IN ('queued', 'leased', 'done', 'failed', 'skipped', 'cancelled')),
  attempt    INTEGER,                     -- the latest, or the one whose result this is
  cached     INTEGER NOT NULL DEFAULT 0 CHECK (cached IN (0, 1)),
  latency_ms INTEGER,
  cost       REAL,
  preview    TEXT,
  error      TEXT,
  PRIMARY KEY (run, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE score (
  run    INTEGER NOT NULL,
  cell   INTEGER NOT NULL,
  scorer INTEGER NOT NULL,
  value  REAL,
  pass   INTEGER CHECK (pass IN (0, 1)),
  reason TEXT NOT NULL,
  PRIMARY KEY (run, cell, scorer),
  FOREIGN KEY (run, cell) REFERENCES cell (run, ordinal)
) STRICT, WITHOUT ROWID;
";

/// How much of an output or an error a table gets, in characters.
pub const PREVIEW_CHARS: usize = 240;

/// A score as the store keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredScore {
    /// The scorer's id, one of [`NewRun::scorers`](crate::NewRun::scorers).
    pub scorer: String,
    /// The value; `None` when it could not be judged.
    pub value: Option<f64>,
    /// Whether it passed; `None` when it could not be judged.
    pub pass: Option<bool>,
    /// Why, for people.
    pub reason: String,
}

/// A cell in a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellRecord {
    /// Its place in the run.
    pub ordinal: u32,
    /// Its column's place.
    pub column: u32,
    /// Its row's place.
    pub row: u32,
    /// Where it stands.
    pub state: CellState,
    /// The beginning of the output, at most [`PREVIEW_CHARS`] characters; empty until there is one.
    pub preview: String,
    /// From sending to the last byte.
    pub latency_ms: Option<u64>,
    /// In US dollars, when the price is known.
    pub cost: Option<f64>,
    /// Whether the output came from the cache.
    pub cached: bool,
    /// Why its last attempt failed, at most [`PREVIEW_CHARS`] characters.
    pub error: Option<String>,
    /// Scores by the scorer's place, in that order.
    pub scores: Vec<CellScore>,
}

/// A score in a table.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CellScore {
    /// The scorer's place in the run.
    pub scorer: u16,
    /// The value; `None` when it could not be judged.
    pub value: Option<f64>,
    /// Whether it passed; `None` when it could not be judged.
    pub pass: Option<bool>,
}

/// Everything about one cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellDetail {
    /// What a table shows.
    pub record: CellRecord,
    /// The whole output.
    pub output: Option<String>,
    /// The request of the attempt the cell stands on: the one that gave the output, or the latest.
    pub request: Option<Vec<u8>>,
    /// What that attempt received, byte by byte.
    pub response: Option<Vec<u8>>,
    /// All attempts, in order.
    pub attempts: Vec<AttemptRecord>,
    /// All scores with their reasons.
    pub scores: Vec<StoredScore>,
}

/// The output of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellOutput {
    /// The cell's place in the run.
    pub cell: u32,
    /// Its column's place.
    pub column: u32,
    /// Its row's place.
    pub row: u32,
    /// The whole output.
    pub output: String,
    /// Why generation stopped.
    pub finish: Option<String>,
}

/// Where a cell stands and on which attempt.
pub(crate) struct Standing {
    pub state: CellState,
    pub attempt: Option<AttemptId>,
}

/// Where a cell stands now.
pub(crate) fn standing(
    connection: &Connection,
    run: &RunId,
    seq: RunSeq,
    cell: u32,
) -> Result<Standing, Fault> {
    connection
        .prepare_cached("SELECT state, attempt FROM cell WHERE run = ? AND ordinal = ?")?
        .query_row(params![seq, cell], |row| {
            Ok(Standing { state: row.get(0)?, attempt: row.get(1)? })
        })
        .optional()?
        .ok_or_else(|| StoreError::UnknownCell { run: run.clone(), cell }.into())
}

/// Marks a cell as under way.
pub(crate) fn lease(
    connection: &Connection,
    seq: RunSeq,
    cell: u32,
    attempt: AttemptId,
) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "UPDATE cell SET state = 'leased', attempt = ? WHERE run = ? AND ordinal = ?",
        )?
        .execute(params![attempt, seq, cell])?;
    Ok(())
}

/// What a table shows of a good attempt.
pub(crate) struct CellResult<'a> {
    pub output: &'a str,
    pub latency_ms: u64,
    pub cost: Option<f64>,
    pub cached: bool,
}

/// Gives a cell its result.
pub(crate) fn complete(
    connection: &Connection,
    seq: RunSeq,
    cell: u32,
    attempt: AttemptId,
    result: &CellResult<'_>,
) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "UPDATE cell SET state = 'done', attempt = ?, cached = ?, latency_ms = ?, cost = ?, preview = ?,
               error = NULL
             WHERE run = ? AND ordinal = ?",
        )?
        .execute(params![
            attempt,
            result.cached,
            signed(result.latency_ms),
            result.cost,
            beginning(result.output),
            seq,
            cell
        ])?;
    Ok(())
}

/// Notes why a cell has no result, and whether it gets another chance (`Queued`) or not (`Failed`).
pub(crate) fn fail(
    connection: &Connection,
    seq: RunSeq,
    cell: u32,
    state: CellState,
    message: &str,
) -> Result<(), Fault> {
    connection
        .prepare_cached("UPDATE cell SET state = ?, error = ? WHERE run = ? AND ordinal = ?")?
        .execute(params![state, beginning(message), seq, cell])?;
    Ok(())
}

/// The first [`PREVIEW_CHARS`] characters.
fn beginning(text: &str) -> &str {
    text.char_indices().nth(PREVIEW_CHARS).map_or(text, |(end, _)| &text[..end])
}

/// Stores what scorers said of a cell, over what they said before.
pub(crate) fn put_scores(
    connection: &Connection,
    run: &RunId,
    seq: RunSeq,
    cell: u32,
    scores: &[StoredScore],
) -> Result<(), Fault> {
    let mut insert = connection.prepare_cached(
        "INSERT OR REPLACE INTO score (run, cell, scorer, value, pass, reason)
         SELECT ?1, ?2, ordinal, ?4, ?5, ?6 FROM run_scorer WHERE run = ?1 AND name = ?3",
    )?;
    for s in scores {
        // SQLite stores what is not a number as NULL, which would read as "not judged" with a pass beside it.
        let value = s.value.filter(|value| !value.is_nan());
        if insert.execute(params![seq, cell, s.scorer, value, s.pass, s.reason])? == 0 {
            let refused = StoreError::UnknownScorer { run: run.clone(), scorer: s.scorer.clone() };
            return Err(refused.into());
        }
    }
    Ok(())
}

/// Ordinals of the cells that are still to be done, queued or under way.
pub(crate) fn unfinished(connection: &Connection, run: &RunId) -> Result<Vec<u32>, Fault> {
    let seq = runs::seq(connection, run)?;
    let mut select = connection.prepare_cached(
        "SELECT ordinal FROM cell WHERE run = ? AND state IN ('queued', 'leased') ORDER BY ordinal",
    )?;
    let ordinals = select.query_map(params![seq], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(ordinals)
}

/// The cells `from..to` that the run has.
pub(crate) fn page(
    connection: &Connection,
    run: &RunId,
    from: u32,
    to: u32,
) -> Result<Vec<CellRecord>, Fault> {
    let seq = runs::seq(connection, run)?;
    let mut select = connection.prepare_cached(
        "SELECT ordinal, column_at, row_at, state, preview, latency_ms, cost, cached, error
         FROM cell WHERE run = ? AND ordinal >= ? AND ordinal < ? ORDER BY ordinal",
    )?;
    let mut cells: Vec<CellRecord> =
        select.query_map(params![seq, from, to], read_cell)?.collect::<Result<_, _>>()?;
    attach_scores(connection, seq, from, to, &mut cells)?;
    Ok(cells)
}

fn read_cell(row: &Row<'_>) -> rusqlite::Result<CellRecord> {
    Ok(CellRecord {
        ordinal: row.get(0)?,
        column: row.get(1)?,
        row: row.get(2)?,
        state: row.get(3)?,
        preview: row.get::<_, Option<String>>(4)?.unwrap_or_default(),
        latency_ms: row.get::<_, Option<i64>>(5)?.map(unsigned),
        cost: row.get(6)?,
        cached: row.get(7)?,
        error: row.get(8)?,
        scores: Vec::new(),
    })
}

/// Both lists are in the order of ordinals, so one walk joins them.
fn attach_scores(
    connection: &Connection,
    seq: RunSeq,
    from: u32,
    to: u32,
    cells: &mut [CellRecord],
) -> Result<(), Fault> {
    let mut select = connection.prepare_cached(
        "SELECT cell, scorer, value, pass FROM score
         WHERE run = ? AND cell >= ? AND cell < ? ORDER BY cell, scorer",
    )?;
    let mut rows = select.query(params![seq, from, to])?;
    let mut cells = cells.iter_mut().peekable();
    while let Some(row) = rows.next()? {
        let ordinal: u32 = row.get(0)?;
        while cells.next_if(|cell| cell.ordinal < ordinal).is_some() {}
        if let Some(cell) = cells.peek_mut() {
            cell.scores.push(CellScore {
                scorer: row.get(1)?,
                value: row.get(2)?,
                pass: row.get(3)?,
            });
        }
    }
    Ok(())
}

/// Everything about one cell.
pub(crate) fn detail(
    connection: &Connection,
    run: &RunId,
    cell: u32,
) -> Result<Option<CellDetail>, Fault> {
    let Some(record) = page(connection, run, cell, cell.saturating_add(1))?.pop() else {
        return Ok(None);
    };
    let seq = runs::seq(connection, run)?;
    let exchange = match standing(connection, run, seq, cell)?.attempt {
        Some(attempt) => attempts::exchange(connection, attempt)?,
        None => None,
    };
    let (request, response, output) = match exchange {
        Some(exchange) => (Some(exchange.request), exchange.response, exchange.output),
        None => (None, None, None),
    };
    Ok(Some(CellDetail {
        record,
        output,
        request,
        response,
        attempts: attempts::of_cell(connection, seq, cell)?,
        scores: scores_of(connection, seq, cell)?,
    }))
}

/// The outputs of the cells `from..to`, by ordinal.
pub(crate) fn outputs(
    connection: &Connection,
    run: &RunId,
    from: u32,
    to: u32,
) -> Result<Vec<CellOutput>, Fault> {
    let seq = runs::seq(connection, run)?;
    let mut select = connection.prepare_cached(
        "SELECT c.ordinal, c.column_at, c.row_at, a.output, a.finish
         FROM cell c JOIN attempt a ON a.id = c.attempt
         WHERE c.run = ? AND c.ordinal >= ? AND c.ordinal < ? AND c.state = 'done'
           AND a.output IS NOT NULL
         ORDER BY c.ordinal",
    )?;
    let outputs = select.query_map(params![seq, from, to], |row| {
        Ok(CellOutput {
            cell: row.get(0)?,
            column: row.get(1)?,
            row: row.get(2)?,
            output: row.get(3)?,
            finish: row.get(4)?,
        })
    })?;
    Ok(outputs.collect::<Result<_, _>>()?)
}

/// A cell's scores, by the scorer's place.
pub(crate) fn scores_of(
    connection: &Connection,
    seq: RunSeq,
    cell: u32,
) -> Result<Vec<StoredScore>, Fault> {
    let mut select = connection.prepare_cached(
        "SELECT n.name, s.value, s.pass, s.reason
         FROM score s JOIN run_scorer n ON n.run = s.run AND n.ordinal = s.scorer
         WHERE s.run = ? AND s.cell = ? ORDER BY s.scorer",
    )?;
    let scores = select.query_map(params![seq, cell], |row| {
        Ok(StoredScore {
            scorer: row.get(0)?,
            value: row.get(1)?,
            pass: row.get(2)?,
            reason: row.get(3)?,
        })
    })?;
    Ok(scores.collect::<Result<_, _>>()?)
}
