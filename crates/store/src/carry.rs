//! Shards: runs that answer a part of a matrix, and their cells on the way into the run that they are joined into.
//!
//! A shard has the whole grid, so that a cell has the same place in every shard; what belongs to another is skipped.

use std::collections::HashMap;

use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use crate::attempts::{self, AttemptOutcome, AttemptRecord, BeginAttempt, FinishAttempt, Original};
use crate::cells::{self, StoredScore};
use crate::error::{Fault, StoreError};
use crate::ids::{AttemptId, RunId, RunSeq};
use crate::lease::Owner;
use crate::runs::{self, NewRun};
use crate::states::{AttemptState, CellState};
use crate::store::Store;
use crate::transitions::{self, Counted};

/// A cell with everything that stands behind it, on its way to another run or database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CarriedCell {
    /// Its place in the run.
    pub ordinal: u32,
    /// Whether its last attempt failed for good. Without that, it is done if an attempt is, and else to be done.
    pub failed: bool,
    /// All attempts, in order.
    pub attempts: Vec<CarriedAttempt>,
    /// All scores with their reasons.
    pub scores: Vec<StoredScore>,
}

/// An attempt with what was sent and received.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CarriedAttempt {
    /// What is known of it.
    pub record: AttemptRecord,
    /// What was sent.
    #[serde(with = "crate::blobs::readable")]
    pub request: Vec<u8>,
    /// What was received; empty when nothing was.
    #[serde(with = "crate::blobs::readable")]
    pub response: Vec<u8>,
    /// The text that was read from it.
    pub output: Option<String>,
}

impl Store {
    /// Stores a run with its whole grid in one transaction; the cells of `skipped` are left out of it on purpose. This
    /// process holds it from then on.
    pub fn create_shard(&self, run: NewRun, skipped: Vec<u32>) -> Result<(), StoreError> {
        let owner = self.owner()?;
        self.write(move |connection| runs::create(connection, &run, &skipped, owner)).wait()
    }

    /// The cells `from..to` of a run with all that stands behind them, but for those that were left out of it.
    pub fn carried_cells(
        &self,
        run: &RunId,
        from: u32,
        to: u32,
    ) -> Result<Vec<CarriedCell>, StoreError> {
        self.read(|connection| carried(connection, run, from, to))
    }

    /// Puts cells of another run, perhaps of another database, into one that this process holds and that left them
    /// out, in one transaction. What they cost counts as spent here too.
    pub fn put_cells(&self, run: &RunId, cells: Vec<CarriedCell>) -> Result<(), StoreError> {
        let (run, owner) = (run.clone(), self.known_owner());
        self.write(move |connection| put(connection, &run, cells, owner)).wait()
    }

    /// Has a run answer the cells that it left out.
    pub fn queue_skipped(&self, run: &RunId) -> Result<(), StoreError> {
        let (run, owner) = (run.clone(), self.known_owner());
        self.write(move |connection| {
            let seq = runs::leased_seq(connection, &run, owner)?;
            transitions::move_cells(connection, seq, CellState::Skipped, CellState::Queued)
        })
        .wait()
    }

    /// Cells of a run that were left out on purpose.
    pub fn skipped_cells(&self, run: &RunId) -> Result<u32, StoreError> {
        self.read(|connection| skipped(connection, run))
    }

    /// For each cell that is still to be done, how many of its calls were sent and lost: their end was never recorded,
    /// or they failed and may have been billed. Those that a person stopped are not counted.
    pub fn lost_calls(&self, run: &RunId) -> Result<HashMap<u32, u32>, StoreError> {
        self.read(|connection| lost_calls(connection, run))
    }
}

fn skipped(connection: &Connection, run: &RunId) -> Result<u32, Fault> {
    let seq = runs::seq(connection, run)?;
    let count = connection
        .prepare_cached("SELECT count(*) FROM cell WHERE run = ? AND state = ?")?
        .query_row(params![seq, CellState::Skipped], |row| row.get(0))?;
    Ok(count)
}

fn lost_calls(connection: &Connection, run: &RunId) -> Result<HashMap<u32, u32>, Fault> {
    let seq = runs::seq(connection, run)?;
    // CROSS JOIN keeps SQLite from walking all attempts of a run for the few cells that are left.
    let mut select = connection.prepare_cached(
        "SELECT c.ordinal, count(*) FROM cell c CROSS JOIN attempt a ON a.run = c.run AND a.cell = c.ordinal
         WHERE c.run = ?1 AND c.state IN (?2, ?3)
           AND (a.state = ?4 OR (a.state = ?5 AND a.maybe_billed = 1 AND a.kind <> 'cancelled'))
         GROUP BY c.ordinal",
    )?;
    let wanted = params![
        seq,
        CellState::Queued,
        CellState::Leased,
        AttemptState::Unknown,
        AttemptState::Failed
    ];
    let lost = select.query_map(wanted, |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(lost.collect::<Result<_, _>>()?)
}

fn carried(
    connection: &Connection,
    run: &RunId,
    from: u32,
    to: u32,
) -> Result<Vec<CarriedCell>, Fault> {
    let seq = runs::seq(connection, run)?;
    let page = cells::page(connection, run, from, to)?;
    let answered_here = page.iter().filter(|cell| cell.state != CellState::Skipped);
    answered_here
        .map(|cell| {
            let attempts = attempts::of_cell(connection, seq, cell.ordinal)?;
            let attempts = attempts.into_iter().map(|record| carry(connection, record));
            Ok(CarriedCell {
                ordinal: cell.ordinal,
                failed: cell.state == CellState::Failed,
                attempts: attempts.collect::<Result<_, Fault>>()?,
                scores: cells::scores_of(connection, seq, cell.ordinal)?,
            })
        })
        .collect()
}

fn carry(connection: &Connection, record: AttemptRecord) -> Result<CarriedAttempt, Fault> {
    let exchange = attempts::exchange(connection, record.id)?;
    let (request, response, output) = exchange.map_or_else(Default::default, |exchange| {
        (exchange.request, exchange.response, exchange.output)
    });
    Ok(CarriedAttempt { record, request, response: response.unwrap_or_default(), output })
}

/// Makes the attempts once more as they were made, so that counters, scores and states follow by the rules that hold
/// for every other run.
fn put(
    connection: &Connection,
    run: &RunId,
    cells: Vec<CarriedCell>,
    owner: Option<Owner>,
) -> Result<(), Fault> {
    let seq = runs::leased_seq(connection, run, owner)?;
    for cell in cells {
        let state = cells::standing(connection, run, seq, cell.ordinal)?.state;
        if state != CellState::Skipped {
            let cell = cell.ordinal;
            return Err(StoreError::NotQueued { run: run.clone(), cell, state }.into());
        }
        transitions::move_cell(connection, seq, cell.ordinal, CellState::Queued)?;
        let last = cell.attempts.len().saturating_sub(1);
        let mut scores = cell.scores;
        for (place, attempt) in cell.attempts.into_iter().enumerate() {
            let fails = cell.failed && place == last;
            let scores = if place == last { std::mem::take(&mut scores) } else { Vec::new() };
            let place = Target { connection, run, seq, cell: cell.ordinal, owner };
            place.attempt_again(attempt, fails, scores)?;
        }
    }
    Ok(())
}

/// The cell that attempts are put into.
struct Target<'a> {
    connection: &'a Connection,
    run: &'a RunId,
    seq: RunSeq,
    cell: u32,
    owner: Option<Owner>,
}

impl Target<'_> {
    fn attempt_again(
        &self,
        carried: CarriedAttempt,
        fails: bool,
        scores: Vec<StoredScore>,
    ) -> Result<(), Fault> {
        let record = carried.record;
        let mut begin = BeginAttempt {
            cell: self.cell,
            request: carried.request,
            started_ms: record.started_ms,
            origin: record.origin.clone(),
            reserved: record.reserved,
        };
        let request = begin.take_request();
        let attempt = attempts::begin(self.connection, self.run, &begin, &request, self.owner)?;
        let Some(outcome) = outcome(&record, carried.output, carried.response, fails) else {
            return self.lose(attempt, &record);
        };
        let mut finish = FinishAttempt {
            run: self.run.clone(),
            cell: self.cell,
            attempt,
            ended_ms: record.ended_ms.unwrap_or(record.started_ms),
            request_id: record.request_id,
            outcome,
            scores,
            cache_key: None,
        };
        let response = finish.take_response();
        attempts::finish(self.connection, &finish, &response)
    }

    fn lose(&self, attempt: AttemptId, record: &AttemptRecord) -> Result<(), Fault> {
        self.connection
            .prepare_cached("UPDATE attempt SET state = ?, ended_ms = ? WHERE id = ?")?
            .execute(params![AttemptState::Unknown, record.ended_ms, attempt])?;
        transitions::move_cell(self.connection, self.seq, self.cell, CellState::Queued)?;
        let spent = record.reserved.unwrap_or(0.0);
        transitions::count(self.connection, self.seq, &Counted { spent, ..Counted::default() })
    }
}

/// How an attempt ended; none when nobody knows.
fn outcome(
    record: &AttemptRecord,
    output: Option<String>,
    response: Vec<u8>,
    fails: bool,
) -> Option<AttemptOutcome> {
    match record.state {
        AttemptState::Started | AttemptState::Unknown => None,
        AttemptState::Done => Some(AttemptOutcome::Done {
            output: output.unwrap_or_default(),
            response,
            latency_ms: record.latency_ms.unwrap_or_default(),
            first_token_ms: record.first_token_ms,
            usage: record.usage,
            finish: record.finish.clone().unwrap_or_default(),
            cost: record.cost,
            // The attempt it repeats may be one of another database.
            original: record.original.map(|original| Original { attempt: None, ..original }),
        }),
        AttemptState::Failed => Some(AttemptOutcome::Failed {
            kind: record.kind.clone().unwrap_or_default(),
            message: record.message.clone().unwrap_or_default(),
            response,
            maybe_billed: record.maybe_billed,
            cost: record.cost,
            retry: !fails,
        }),
    }
}
