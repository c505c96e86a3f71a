//! Attempts: one call each. Its beginning is on the disk before the request leaves, its end in one transaction
//! with the reply, the cell and the scores.
//!
//! So after a crash every call that may have been paid for is known, and a cell is done only when its reply is
//! here. Attempts are never removed; a cell that was tried three times has three.

use std::mem;

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use crate::blobs::{self, Blob, BlobId};
use crate::cache;
use crate::cells::{self, Standing, StoredScore};
use crate::error::{Fault, StoreError};
use crate::ids::{AttemptId, RunId, RunSeq};
use crate::lease::Owner;
use crate::numbers::{dollars, signed, unsigned};
use crate::runs;
use crate::states::{AttemptState, CellState};
use crate::transitions::{self, Counted};

pub(crate) const SCHEMA: &str = "
CREATE TABLE attempt (
  id             INTEGER PRIMARY KEY,
  run            INTEGER NOT NULL,
  cell           INTEGER NOT NULL,
  state          TEXT NOT NULL CHECK (state IN ('started', 'done', 'failed', 'unknown')),
  origin         TEXT NOT NULL,
  request        INTEGER NOT NULL REFERENCES blob (id),
  started_ms     INTEGER NOT NULL,
  ended_ms       INTEGER,
  response       INTEGER REFERENCES blob (id),
  output         TEXT,
  finish         TEXT,
  latency_ms     INTEGER,
  first_token_ms INTEGER,
  input_tokens   INTEGER,
  output_tokens  INTEGER,
  cost           REAL,
  cached         INTEGER NOT NULL DEFAULT 0 CHECK (cached IN (0, 1)),
  kind           TEXT,
  message        TEXT,
  maybe_billed   INTEGER NOT NULL DEFAULT 0 CHECK (maybe_billed IN (0, 1)),
  FOREIGN KEY (run, cell) REFERENCES cell (run, ordinal)
) STRICT;
CREATE INDEX attempt_of_cell ON attempt (run, cell);
";

/// What version 2 adds: the whole usage, the provider's own name of the call, what was put aside for it, and
/// whose reply a cached one is.
pub(crate) const SCHEMA_2: &str = "
ALTER TABLE attempt ADD COLUMN cached_tokens INTEGER;
ALTER TABLE attempt ADD COLUMN cache_write_tokens INTEGER;
ALTER TABLE attempt ADD COLUMN reasoning_tokens INTEGER;
ALTER TABLE attempt ADD COLUMN request_id TEXT;
ALTER TABLE attempt ADD COLUMN reserved REAL;
ALTER TABLE attempt ADD COLUMN source INTEGER REFERENCES attempt (id);
ALTER TABLE attempt ADD COLUMN received_ms INTEGER;
";

/// An attempt about to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct BeginAttempt {
    /// The cell's ordinal.
    pub cell: u32,
    /// The request's body, as it will be sent.
    pub request: Vec<u8>,
    /// When, in milliseconds since 1970.
    pub started_ms: i64,
    /// Where it goes: scheme, host and port, or a name for what runs here.
    pub origin: String,
    /// What the call may cost at most, in US dollars; `None` for what costs nothing or has no known price.
    ///
    /// It counts as spent when nobody learns how the call ended.
    pub reserved: Option<f64>,
}

/// An attempt that has ended.
#[derive(Debug, Clone, PartialEq)]
pub struct FinishAttempt {
    /// The run.
    pub run: RunId,
    /// The cell's ordinal.
    pub cell: u32,
    /// Which attempt.
    pub attempt: AttemptId,
    /// When, in milliseconds since 1970.
    pub ended_ms: i64,
    /// What the provider calls this call, for asking them about it.
    pub request_id: Option<String>,
    /// How.
    pub outcome: AttemptOutcome,
    /// What the scorers said of the output. They replace earlier ones of this cell.
    pub scores: Vec<StoredScore>,
    /// Under which key a good reply may be used again; `None` keeps it out of the cache.
    pub cache_key: Option<[u8; 32]>,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq)]
pub enum AttemptOutcome {
    /// A reply was received.
    Done {
        /// The text that was read from it.
        output: String,
        /// The reply as received.
        response: Vec<u8>,
        /// From sending to the last byte.
        latency_ms: u64,
        /// From sending to the first text, when it was streamed.
        first_token_ms: Option<u64>,
        /// As counted by the model's side.
        usage: Usage,
        /// Why generation stopped.
        finish: String,
        /// In US dollars, when the price is known; for a reply used again, what it cost then.
        cost: Option<f64>,
        /// Whose reply it is, when it came from the cache; latency and cost are the original's then.
        original: Option<Original>,
    },
    /// There is no reply, or none that can be used.
    Failed {
        /// The kind of failure, a word.
        kind: String,
        /// For people.
        message: String,
        /// What was received before it failed; may be empty.
        response: Vec<u8>,
        /// The other side may have counted it.
        maybe_billed: bool,
        /// In US dollars, when it is known; without it, a call that may have been billed counts at what was
        /// reserved for it.
        cost: Option<f64>,
        /// Another attempt follows: the cell is queued again.
        retry: bool,
    },
}

/// Tokens as the model's side counted them. The whole is in `input` and `output`, the others are parts of these.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// All of the input.
    pub input: Option<u64>,
    /// All of the output.
    pub output: Option<u64>,
    /// Of the input, read from the provider's cache.
    pub cached: Option<u64>,
    /// Of the input, written to the provider's cache.
    pub cache_write: Option<u64>,
    /// Of the output, spent on reasoning.
    pub reasoning: Option<u64>,
}

/// The reply that a cached one repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Original {
    /// The attempt that received it; `None` when that is in another database or was not noted.
    pub attempt: Option<AttemptId>,
    /// When it was received, in milliseconds since 1970.
    pub received_ms: i64,
}

impl BeginAttempt {
    /// Takes the request out, ready to be stored.
    pub(crate) fn take_request(&mut self) -> Blob {
        Blob::new(mem::take(&mut self.request))
    }
}

impl FinishAttempt {
    /// Takes out what was received, ready to be stored.
    pub(crate) fn take_response(&mut self) -> Blob {
        let (AttemptOutcome::Done { response, .. } | AttemptOutcome::Failed { response, .. }) =
            &mut self.outcome;
        Blob::new(mem::take(response))
    }
}

/// An attempt as stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttemptRecord {
    /// Its number.
    pub id: AttemptId,
    /// Where it stands.
    pub state: AttemptState,
    /// Where it went.
    pub origin: String,
    /// When it began, in milliseconds since 1970.
    pub started_ms: i64,
    /// When it ended, or was found to be without an end.
    pub ended_ms: Option<i64>,
    /// From sending to the last byte.
    pub latency_ms: Option<u64>,
    /// From sending to the first text.
    pub first_token_ms: Option<u64>,
    /// As counted by the model's side.
    pub usage: Usage,
    /// What the provider calls this call.
    pub request_id: Option<String>,
    /// Why generation stopped.
    pub finish: Option<String>,
    /// In US dollars, when the price is known.
    pub cost: Option<f64>,
    /// What was put aside for it before it was made, in US dollars.
    pub reserved: Option<f64>,
    /// Whether it came from the cache.
    pub cached: bool,
    /// Whose reply it is, when it came from the cache and that was noted.
    pub original: Option<Original>,
    /// The kind of failure.
    pub kind: Option<String>,
    /// The failure, for people.
    pub message: Option<String>,
    /// It failed, and the other side may have counted it.
    pub maybe_billed: bool,
}

/// Records that an attempt is about to be made and leases its cell. Only a queued cell of a run that `owner`
/// holds can be leased.
pub(crate) fn begin(
    connection: &Connection,
    run: &RunId,
    begin: &BeginAttempt,
    request: &Blob,
    owner: Option<Owner>,
) -> Result<AttemptId, Fault> {
    let seq = runs::leased_seq(connection, run, owner)?;
    let state = cells::standing(connection, run, seq, begin.cell)?.state;
    if state != CellState::Queued {
        return Err(StoreError::NotQueued { run: run.clone(), cell: begin.cell, state }.into());
    }
    let request = blobs::put(connection, request)?;
    reach!(RequestStored);
    connection
        .prepare_cached(
            "INSERT INTO attempt (run, cell, state, origin, request, started_ms, reserved)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            seq,
            begin.cell,
            AttemptState::Started,
            begin.origin,
            request,
            begin.started_ms,
            begin.reserved.map(|_| dollars(begin.reserved))
        ])?;
    let attempt = AttemptId(connection.last_insert_rowid());
    reach!(AttemptStored);
    cells::lease(connection, seq, begin.cell, attempt)?;
    Ok(attempt)
}

/// Records an attempt's end.
///
/// What was received is always kept, even when the run was cancelled or taken over meanwhile: it may have been
/// paid for. It becomes the cell's result unless the cell has one; a failure counts only for the cell's latest
/// attempt.
pub(crate) fn finish(
    connection: &Connection,
    finish: &FinishAttempt,
    response: &Blob,
) -> Result<(), Fault> {
    let seq = runs::seq(connection, &finish.run)?;
    let standing = cells::standing(connection, &finish.run, seq, finish.cell)?;
    let open = open_charge(connection, seq, finish)?;
    let response = end(connection, finish, response)?;
    reach!(AttemptEnded);
    let spent = charge(&finish.outcome, open.reserved) - open.counted;
    let counted = settle(connection, seq, finish, &standing, response)?;
    transitions::count(connection, seq, &Counted { spent, ..counted })
}

/// Gives the cell what the attempt brought; returns what that adds to the run's counters.
fn settle(
    connection: &Connection,
    seq: RunSeq,
    finish: &FinishAttempt,
    standing: &Standing,
    response: Option<BlobId>,
) -> Result<Counted, Fault> {
    match &finish.outcome {
        AttemptOutcome::Done { output, latency_ms, cost, original, .. } => {
            if let Some(key) = &finish.cache_key {
                cache::put(connection, key, finish, response)?;
                reach!(ReplyCached);
            }
            if standing.state == CellState::Done {
                return Ok(Counted::default());
            }
            let cached = original.is_some();
            let result = cells::CellResult { output, latency_ms: *latency_ms, cost: *cost, cached };
            cells::complete(connection, seq, finish.cell, finish.attempt, &result)?;
            reach!(CellCompleted);
            cells::put_scores(connection, &finish.run, seq, finish.cell, &finish.scores)?;
            reach!(ScoresStored);
            let was_failed = i64::from(standing.state == CellState::Failed);
            let cached = i64::from(cached);
            Ok(Counted { done: 1, failed: -was_failed, cached, ..Counted::default() })
        }
        AttemptOutcome::Failed { message, retry, .. } => {
            if standing.state != CellState::Leased || standing.attempt != Some(finish.attempt) {
                return Ok(Counted::default());
            }
            let state = if *retry { CellState::Queued } else { CellState::Failed };
            cells::fail(connection, seq, finish.cell, state, message)?;
            Ok(Counted { failed: i64::from(!retry), ..Counted::default() })
        }
    }
}

/// What an open attempt has reserved, and how much of it its run counts as spent already.
struct OpenCharge {
    reserved: f64,
    counted: f64,
}

/// Refuses an attempt that is not open.
fn open_charge(
    connection: &Connection,
    seq: RunSeq,
    finish: &FinishAttempt,
) -> Result<OpenCharge, Fault> {
    connection
        .prepare_cached(
            "SELECT coalesce(reserved, 0.0), state FROM attempt
             WHERE id = ? AND run = ? AND cell = ? AND state IN ('started', 'unknown')",
        )?
        .query_row(params![finish.attempt, seq, finish.cell], |row| {
            let reserved: f64 = row.get(0)?;
            let lost = row.get::<_, AttemptState>(1)? == AttemptState::Unknown;
            let counted = if lost { reserved } else { 0.0 };
            Ok(OpenCharge { reserved, counted })
        })
        .optional()?
        .ok_or_else(|| {
            let (run, cell, attempt) = (finish.run.clone(), finish.cell, finish.attempt);
            StoreError::NotOpen { run, cell, attempt }.into()
        })
}

/// What an outcome counts for against a budget. Nothing is paid twice for a reply that is used again; one that does not
/// tell its tokens counts with all that was reserved for it.
fn charge(outcome: &AttemptOutcome, reserved: f64) -> f64 {
    match outcome {
        AttemptOutcome::Done { original: Some(_), .. } => 0.0,
        AttemptOutcome::Done { cost, .. } => cost.map_or(reserved, |cost| dollars(Some(cost))),
        AttemptOutcome::Failed { cost: Some(cost), .. } => dollars(Some(*cost)),
        AttemptOutcome::Failed { maybe_billed, .. } => f64::from(*maybe_billed) * reserved,
    }
}

/// Writes the attempt's own row; returns the reply's blob.
fn end(
    connection: &Connection,
    finish: &FinishAttempt,
    response: &Blob,
) -> Result<Option<BlobId>, Fault> {
    let response = put_response(connection, &finish.outcome, response)?;
    reach!(ReplyStored);
    match &finish.outcome {
        AttemptOutcome::Done {
            output,
            latency_ms,
            first_token_ms,
            usage,
            finish: why,
            cost,
            original,
            ..
        } => connection
            .prepare_cached(
                "UPDATE attempt SET state = 'done', ended_ms = ?, request_id = ?, response = ?, output = ?,
                   finish = ?, latency_ms = ?, first_token_ms = ?, input_tokens = ?, output_tokens = ?,
                   cached_tokens = ?, cache_write_tokens = ?, reasoning_tokens = ?, cost = ?, cached = ?,
                   source = ?, received_ms = ?
                 WHERE id = ?",
            )?
            .execute(params![
                finish.ended_ms,
                finish.request_id,
                response,
                output,
                why,
                signed(*latency_ms),
                first_token_ms.map(signed),
                usage.input.map(signed),
                usage.output.map(signed),
                usage.cached.map(signed),
                usage.cache_write.map(signed),
                usage.reasoning.map(signed),
                cost,
                original.is_some(),
                original.and_then(|original| original.attempt),
                original.map(|original| original.received_ms),
                finish.attempt,
            ])?,
        AttemptOutcome::Failed { kind, message, maybe_billed, cost, .. } => connection
            .prepare_cached(
                "UPDATE attempt SET state = 'failed', ended_ms = ?, request_id = ?, response = ?, kind = ?,
                   message = ?, maybe_billed = ?, cost = ?
                 WHERE id = ?",
            )?
            .execute(params![
                finish.ended_ms,
                finish.request_id,
                response,
                kind,
                message,
                maybe_billed,
                cost,
                finish.attempt,
            ])?,
    };
    Ok(response)
}

/// A failure may have received nothing.
fn put_response(
    connection: &Connection,
    outcome: &AttemptOutcome,
    response: &Blob,
) -> Result<Option<BlobId>, Fault> {
    match outcome {
        AttemptOutcome::Failed { .. } if response.is_empty() => Ok(None),
        _ => blobs::put(connection, response).map(Some),
    }
}

/// A cell's attempts, in the order they were made.
pub(crate) fn of_cell(
    connection: &Connection,
    seq: RunSeq,
    cell: u32,
) -> Result<Vec<AttemptRecord>, Fault> {
    let mut select = connection.prepare_cached(
        "SELECT id, state, origin, started_ms, ended_ms, latency_ms, first_token_ms, input_tokens, output_tokens,
           cached_tokens, cache_write_tokens, reasoning_tokens, request_id, finish, cost, reserved, cached, source,
           received_ms, kind, message, maybe_billed
         FROM attempt WHERE run = ? AND cell = ? ORDER BY id",
    )?;
    let attempts = select.query_map(params![seq, cell], read_attempt)?.collect::<Result<_, _>>()?;
    Ok(attempts)
}

fn read_attempt(row: &Row<'_>) -> rusqlite::Result<AttemptRecord> {
    let count = |name: &str| row.get::<_, Option<i64>>(name).map(|stored| stored.map(unsigned));
    let (attempt, received_ms) = (row.get("source")?, row.get::<_, Option<i64>>("received_ms")?);
    Ok(AttemptRecord {
        id: row.get("id")?,
        state: row.get("state")?,
        origin: row.get("origin")?,
        started_ms: row.get("started_ms")?,
        ended_ms: row.get("ended_ms")?,
        latency_ms: count("latency_ms")?,
        first_token_ms: count("first_token_ms")?,
        usage: read_usage(row)?,
        request_id: row.get("request_id")?,
        finish: row.get("finish")?,
        cost: row.get("cost")?,
        reserved: row.get("reserved")?,
        cached: row.get("cached")?,
        original: received_ms.map(|received_ms| Original { attempt, received_ms }),
        kind: row.get("kind")?,
        message: row.get("message")?,
        maybe_billed: row.get("maybe_billed")?,
    })
}

/// From the columns named as in the tables `attempt` and `cache`.
pub(crate) fn read_usage(row: &Row<'_>) -> rusqlite::Result<Usage> {
    let count = |name: &str| row.get::<_, Option<i64>>(name).map(|stored| stored.map(unsigned));
    Ok(Usage {
        input: count("input_tokens")?,
        output: count("output_tokens")?,
        cached: count("cached_tokens")?,
        cache_write: count("cache_write_tokens")?,
        reasoning: count("reasoning_tokens")?,
    })
}

/// What an attempt sent, received and made of it.
pub(crate) struct Exchange {
    pub request: Vec<u8>,
    pub response: Option<Vec<u8>>,
    pub output: Option<String>,
}

/// The exchange of one attempt.
pub(crate) fn exchange(
    connection: &Connection,
    attempt: AttemptId,
) -> Result<Option<Exchange>, Fault> {
    let found: Option<(BlobId, Option<BlobId>, Option<String>)> = connection
        .prepare_cached("SELECT request, response, output FROM attempt WHERE id = ?")?
        .query_row(params![attempt], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((request, response, output)) = found else { return Ok(None) };
    let request = blobs::get(connection, request)?;
    let response = response.map(|id| blobs::get(connection, id)).transpose()?;
    Ok(Some(Exchange { request, response, output }))
}
