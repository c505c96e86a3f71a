//! Runs: what was planned, column by row, and where each run stands.
//!
//! A run's counters are kept as its cells end, so a list of runs never counts cells. The specification stands in
//! a table of its own, because the counters' row is written with every cell and should stay short.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use crate::error::{Fault, StoreError};
use crate::ids::{RunId, RunSeq};
use crate::lease::Owner;
use crate::states::{CellState, RunState};

pub(crate) const SCHEMA: &str = "
CREATE TABLE run (
  seq        INTEGER PRIMARY KEY,
  id         TEXT NOT NULL UNIQUE,
  workspace  TEXT NOT NULL,
  title      TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  ended_ms   INTEGER,
  state      TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'cancelled', 'failed', 'interrupted')),
  reason     TEXT,
  owner      INTEGER REFERENCES owner (id),
  total      INTEGER NOT NULL,
  done       INTEGER NOT NULL DEFAULT 0,
  failed     INTEGER NOT NULL DEFAULT 0,
  cached     INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX run_of_workspace ON run (workspace, created_ms);
CREATE INDEX run_of_owner ON run (owner) WHERE owner IS NOT NULL;

CREATE TABLE run_spec (
  run  INTEGER PRIMARY KEY REFERENCES run (seq),
  spec TEXT NOT NULL
) STRICT;

CREATE TABLE run_column (
  run        INTEGER NOT NULL REFERENCES run (seq),
  ordinal    INTEGER NOT NULL,
  prompt     TEXT NOT NULL,
  variant    TEXT NOT NULL,
  content_id TEXT NOT NULL,
  model      TEXT NOT NULL,
  PRIMARY KEY (run, ordinal)
) STRICT, WITHOUT ROWID;

-- A case as it was when the run was planned, once however many samples are drawn of it.
CREATE TABLE run_case (
  run     INTEGER NOT NULL REFERENCES run (seq),
  ordinal INTEGER NOT NULL,
  prompt  TEXT NOT NULL,
  case_id TEXT NOT NULL,
  json    TEXT NOT NULL,
  PRIMARY KEY (run, ordinal)
) STRICT;

CREATE TABLE run_row (
  run       INTEGER NOT NULL REFERENCES run (seq),
  ordinal   INTEGER NOT NULL,
  case_at   INTEGER NOT NULL,
  sample    INTEGER NOT NULL,
  PRIMARY KEY (run, ordinal),
  FOREIGN KEY (run, case_at) REFERENCES run_case (run, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_scorer (
  run     INTEGER NOT NULL REFERENCES run (seq),
  ordinal INTEGER NOT NULL,
  name    TEXT NOT NULL,
  PRIMARY KEY (run, ordinal),
  UNIQUE (run, name)
) STRICT, WITHOUT ROWID;
";

/// What version 2 adds: a run's budget, what counts against it, and which part of a larger run it is.
pub(crate) const SCHEMA_2: &str = "
ALTER TABLE run ADD COLUMN budget REAL;
ALTER TABLE run ADD COLUMN spent REAL NOT NULL DEFAULT 0.0;
ALTER TABLE run ADD COLUMN shard INTEGER;
ALTER TABLE run ADD COLUMN shards INTEGER CHECK ((shard IS NULL) = (shards IS NULL));
UPDATE run SET spent = coalesce(
  (SELECT sum(cost) FROM attempt WHERE run = run.seq AND state = 'done' AND cached = 0), 0.0);
";

/// What version 3 adds: runs that another asks for, and what for.
pub(crate) const SCHEMA_3: &str = "
ALTER TABLE run ADD COLUMN parent INTEGER REFERENCES run (seq);
ALTER TABLE run ADD COLUMN purpose TEXT CHECK ((parent IS NULL) = (purpose IS NULL));
CREATE INDEX run_of_parent ON run (parent) WHERE parent IS NOT NULL;
";

/// A run to be created.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRun {
    /// Its name.
    pub id: RunId,
    /// The repository's id.
    pub workspace: String,
    /// When it was created, in milliseconds since 1970.
    pub created_ms: i64,
    /// What a list calls it.
    pub title: String,
    /// Everything needed to plan it again, as JSON. The store does not read it.
    pub spec: String,
    /// What is compared.
    pub columns: Vec<NewColumn>,
    /// What it is compared on.
    pub rows: Vec<NewRow>,
    /// Which column meets which row. A cell's ordinal is its place here.
    pub cells: Vec<NewCell>,
    /// The scorers' ids, each once.
    pub scorers: Vec<String>,
    /// What it may cost, in US dollars. The store keeps the number; whoever dispatches holds it.
    pub budget: Option<f64>,
    /// Which part of a matrix its cells are, when other machines run the others.
    pub shard: Option<Shard>,
}

/// One part of a matrix that is split over machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// Which part, from 1.
    pub index: u32,
    /// How many parts there are.
    pub of: u32,
}

/// One column: a variant on a model.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NewColumn {
    /// The prompt's key.
    pub prompt: String,
    /// The variant's id.
    pub variant: String,
    /// What the variant said at that time.
    pub content_id: String,
    /// The model's id.
    pub model: String,
}

/// One row: a sample of a case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NewRow {
    /// The prompt's key.
    pub prompt: String,
    /// The case's id.
    pub case_id: String,
    /// Which repetition, from 0.
    pub sample: u32,
    /// The case as it was, as JSON. The store does not read it.
    pub case_json: String,
}

/// One cell of the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewCell {
    /// The place of its column in [`NewRun::columns`].
    pub column: u32,
    /// The place of its row in [`NewRun::rows`].
    pub row: u32,
}

/// A run in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Its name.
    pub id: RunId,
    /// The repository's id.
    pub workspace: String,
    /// What a list calls it.
    pub title: String,
    /// When it was created, in milliseconds since 1970.
    pub created_ms: i64,
    /// When it ended, unless it goes on.
    pub ended_ms: Option<i64>,
    /// Where it stands.
    pub state: RunState,
    /// Cells with an output.
    pub done: u32,
    /// Cells that failed for good.
    pub failed: u32,
    /// Done cells whose output came from the cache.
    pub cached: u32,
    /// All cells.
    pub total: u32,
    /// What it may cost, in US dollars.
    pub budget: Option<f64>,
    /// What counts against the budget, in US dollars: replies at their cost, and calls that may have been billed
    /// at what was reserved for them, as do replies that do not tell their tokens. Replies used again cost nothing;
    /// those of unknown price count nothing. What its child runs have spent is in it.
    pub spent: f64,
    /// Which part of a matrix it is.
    pub shard: Option<Shard>,
}

/// A run with its plan. Cells are read by the page, see [`Store::cells`](crate::Store::cells).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunDetail {
    /// What a list shows.
    pub record: RunRecord,
    /// The specification given at creation.
    pub spec: String,
    /// The columns, by ordinal.
    pub columns: Vec<NewColumn>,
    /// The rows, by ordinal.
    pub rows: Vec<NewRow>,
    /// The scorers' ids; scores refer to them by place.
    pub scorers: Vec<String>,
}

/// Stores a run and its whole grid, held by `owner`. Its cells are queued, but for those of `skipped`.
pub(crate) fn create(
    connection: &Connection,
    run: &NewRun,
    skipped: &[u32],
    owner: Owner,
) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "INSERT INTO run (id, workspace, title, created_ms, state, owner, total, budget, shard, shards)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            run.id,
            run.workspace,
            run.title,
            run.created_ms,
            RunState::Queued.word(),
            owner,
            run.cells.len() as i64,
            run.budget,
            run.shard.map(|shard| shard.index),
            run.shard.map(|shard| shard.of)
        ])?;
    let seq = connection.last_insert_rowid();
    connection
        .prepare_cached("INSERT INTO run_spec (run, spec) VALUES (?, ?)")?
        .execute(params![seq, run.spec])?;
    insert_columns(connection, seq, &run.columns)?;
    insert_rows(connection, seq, &run.rows)?;
    insert_scorers(connection, seq, &run.scorers)?;
    reach!(RunPlanned);
    insert_cells(connection, seq, run, skipped)
}

fn insert_columns(
    connection: &Connection,
    seq: RunSeq,
    columns: &[NewColumn],
) -> Result<(), Fault> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO run_column (run, ordinal, prompt, variant, content_id, model) VALUES (?, ?, ?, ?, ?, ?)",
    )?;
    for (ordinal, c) in columns.iter().enumerate() {
        insert.execute(params![seq, ordinal as i64, c.prompt, c.variant, c.content_id, c.model])?;
    }
    Ok(())
}

fn insert_rows(connection: &Connection, seq: RunSeq, rows: &[NewRow]) -> Result<(), Fault> {
    let mut insert_case = connection.prepare_cached(
        "INSERT INTO run_case (run, ordinal, prompt, case_id, json) VALUES (?, ?, ?, ?, ?)",
    )?;
    let mut insert_row = connection.prepare_cached(
        "INSERT INTO run_row (run, ordinal, case_at, sample) VALUES (?, ?, ?, ?)",
    )?;
    let mut cases = HashMap::new();
    for (ordinal, row) in rows.iter().enumerate() {
        let next = cases.len() as i64;
        let case_at = *cases.entry((&row.prompt, &row.case_id, &row.case_json)).or_insert(next);
        if case_at == next {
            insert_case.execute(params![seq, case_at, row.prompt, row.case_id, row.case_json])?;
        }
        insert_row.execute(params![seq, ordinal as i64, case_at, row.sample])?;
    }
    Ok(())
}

fn insert_scorers(connection: &Connection, seq: RunSeq, scorers: &[String]) -> Result<(), Fault> {
    let mut insert = connection
        .prepare_cached("INSERT INTO run_scorer (run, ordinal, name) VALUES (?, ?, ?)")?;
    for (ordinal, name) in scorers.iter().enumerate() {
        insert.execute(params![seq, ordinal as i64, name])?;
    }
    Ok(())
}

/// Each cell is written once, in the state that it begins in: others wait while a large run is planned.
fn insert_cells(
    connection: &Connection,
    seq: RunSeq,
    run: &NewRun,
    skipped: &[u32],
) -> Result<(), Fault> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO cell (run, ordinal, column_at, row_at, state) VALUES (?, ?, ?, ?, ?)",
    )?;
    let skipped: HashSet<u32> = skipped.iter().copied().collect();
    for (ordinal, cell) in run.cells.iter().enumerate() {
        if cell.column as usize >= run.columns.len() || cell.row as usize >= run.rows.len() {
            let refused = StoreError::UnknownCell { run: run.id.clone(), cell: ordinal as u32 };
            return Err(refused.into());
        }
        let state = match skipped.contains(&(ordinal as u32)) {
            true => CellState::Skipped,
            false => CellState::Queued,
        };
        insert.execute(params![seq, ordinal as i64, cell.column, cell.row, state])?;
        if ordinal == run.cells.len() / 2 {
            reach!(RunHalfPlanned);
        }
    }
    Ok(())
}

/// A run's row number.
pub(crate) fn seq(connection: &Connection, run: &RunId) -> Result<RunSeq, Fault> {
    find(connection, run).map(|(seq, _)| seq)
}

/// The row number of a run that `owner` holds.
pub(crate) fn leased_seq(
    connection: &Connection,
    run: &RunId,
    owner: Option<Owner>,
) -> Result<RunSeq, Fault> {
    match find(connection, run)? {
        (seq, holder) if holder.is_some() && holder == owner => Ok(seq),
        _ => Err(StoreError::NotLeased { run: run.clone() }.into()),
    }
}

/// A run's row number, and who holds it.
pub(crate) fn find(connection: &Connection, run: &RunId) -> Result<(RunSeq, Option<Owner>), Fault> {
    connection
        .prepare_cached("SELECT seq, owner FROM run WHERE id = ?")?
        .query_row(params![run], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?
        .ok_or_else(|| StoreError::UnknownRun { run: run.clone() }.into())
}

const RECORD: &str = "id, workspace, title, created_ms, ended_ms, state, reason, stop, done, failed, cached, total, budget,
  spent + coalesce((SELECT sum(child.spent) FROM run child WHERE child.parent = run.seq), 0.0) AS spent,
  shard, shards";

fn read_record(row: &Row<'_>) -> rusqlite::Result<RunRecord> {
    Ok(RunRecord {
        id: row.get("id")?,
        workspace: row.get("workspace")?,
        title: row.get("title")?,
        created_ms: row.get("created_ms")?,
        ended_ms: row.get("ended_ms")?,
        state: RunState::read(row)?,
        done: row.get("done")?,
        failed: row.get("failed")?,
        cached: row.get("cached")?,
        total: row.get("total")?,
        budget: row.get("budget")?,
        spent: row.get("spent")?,
        shard: read_shard(row)?,
    })
}

fn read_shard(row: &Row<'_>) -> rusqlite::Result<Option<Shard>> {
    let (index, of) = (row.get::<_, Option<u32>>("shard")?, row.get::<_, Option<u32>>("shards")?);
    Ok(index.zip(of).map(|(index, of)| Shard { index, of }))
}

/// A workspace's runs, latest first, without those that another asked for.
pub(crate) fn list(
    connection: &Connection,
    workspace: &str,
    limit: usize,
) -> Result<Vec<RunRecord>, Fault> {
    let mut select = connection.prepare_cached(&format!(
        "SELECT {RECORD} FROM run WHERE workspace = ? AND parent IS NULL ORDER BY created_ms DESC, seq DESC LIMIT ?"
    ))?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let runs =
        select.query_map(params![workspace, limit], read_record)?.collect::<Result<_, _>>()?;
    Ok(runs)
}

/// What a list shows of one run.
pub(crate) fn record(connection: &Connection, run: &RunId) -> Result<Option<RunRecord>, Fault> {
    let record = connection
        .prepare_cached(&format!("SELECT {RECORD} FROM run WHERE id = ?"))?
        .query_row(params![run], read_record)
        .optional()?;
    Ok(record)
}

/// A run with its plan.
pub(crate) fn detail(connection: &Connection, run: &RunId) -> Result<Option<RunDetail>, Fault> {
    let Some(record) = record(connection, run)? else { return Ok(None) };
    let seq = seq(connection, run)?;
    let spec = connection
        .prepare_cached("SELECT spec FROM run_spec WHERE run = ?")?
        .query_row(params![seq], |row| row.get(0))?;
    Ok(Some(RunDetail {
        record,
        spec,
        columns: columns(connection, seq)?,
        rows: rows(connection, seq)?,
        scorers: scorers(connection, seq)?,
    }))
}

/// The columns of a run, by ordinal, without its rows.
pub(crate) fn columns_of(connection: &Connection, run: &RunId) -> Result<Vec<NewColumn>, Fault> {
    columns(connection, seq(connection, run)?)
}

/// The scorers of a run, by ordinal.
pub(crate) fn scorers_of(connection: &Connection, run: &RunId) -> Result<Vec<String>, Fault> {
    scorers(connection, seq(connection, run)?)
}

fn columns(connection: &Connection, seq: RunSeq) -> Result<Vec<NewColumn>, Fault> {
    let mut select = connection.prepare_cached(
        "SELECT prompt, variant, content_id, model FROM run_column WHERE run = ? ORDER BY ordinal",
    )?;
    let columns = select.query_map(params![seq], |row| {
        Ok(NewColumn {
            prompt: row.get(0)?,
            variant: row.get(1)?,
            content_id: row.get(2)?,
            model: row.get(3)?,
        })
    })?;
    Ok(columns.collect::<Result<_, _>>()?)
}

fn rows(connection: &Connection, seq: RunSeq) -> Result<Vec<NewRow>, Fault> {
    let mut select = connection.prepare_cached(
        "SELECT c.prompt, c.case_id, r.sample, c.json
         FROM run_row r JOIN run_case c ON c.run = r.run AND c.ordinal = r.case_at
         WHERE r.run = ? ORDER BY r.ordinal",
    )?;
    let rows = select.query_map(params![seq], |row| {
        Ok(NewRow {
            prompt: row.get(0)?,
            case_id: row.get(1)?,
            sample: row.get(2)?,
            case_json: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The scorers' ids, by place.
pub(crate) fn scorers(connection: &Connection, seq: RunSeq) -> Result<Vec<String>, Fault> {
    let mut select =
        connection.prepare_cached("SELECT name FROM run_scorer WHERE run = ? ORDER BY ordinal")?;
    let scorers = select.query_map(params![seq], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(scorers)
}
