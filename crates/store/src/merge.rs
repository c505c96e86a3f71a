//! Taking over what another database measured: the shards of one matrix that several machines ran.
//!
//! Cells are matched by what they are, a variant on a model with a sample of a case, because their places differ
//! from grid to grid. All that stands behind a cell comes along: attempts, exchanges byte by byte, scores.

use std::collections::HashMap;

use rusqlite::{Connection, params};

use crate::attempts::{self, AttemptRecord, Exchange, Original};
use crate::blobs::{self, Blob};
use crate::cells::{self, CellDetail, CellResult};
use crate::error::{Fault, StoreError};
use crate::ids::{AttemptId, RunId, RunSeq};
use crate::lease::Owner;
use crate::numbers::{dollars, signed};
use crate::runs::{self, NewCell, RunDetail};
use crate::states::{AttemptState, CellState};
use crate::transitions::{self, Counted};

/// Cells that travel at once.
pub(crate) const TOGETHER: usize = 64;

/// A run's plan with its cells.
pub(crate) struct Grid {
    plan: RunDetail,
    cells: Vec<NewCell>,
}

/// Reads the plan of a run.
pub(crate) fn grid(connection: &Connection, run: &RunId) -> Result<Grid, Fault> {
    let plan = runs::detail(connection, run)?;
    let plan = plan.ok_or_else(|| StoreError::UnknownRun { run: run.clone() })?;
    Ok(Grid { plan, cells: cells::places(connection, run)? })
}

/// Which cell of ours each of theirs is, as far as we have it: theirs first.
pub(crate) fn matches(theirs: &Grid, ours: &Grid) -> Vec<(u32, u32)> {
    let columns = numbered(&ours.plan.columns);
    let rows = numbered(&ours.plan.rows);
    let places: HashMap<_, _> = ours
        .cells
        .iter()
        .zip(0_u32..)
        .map(|(cell, ordinal)| ((cell.column, cell.row), ordinal))
        .collect();
    let place = |cell: &NewCell| {
        let column = columns.get(theirs.plan.columns.get(cell.column as usize)?)?;
        let row = rows.get(theirs.plan.rows.get(cell.row as usize)?)?;
        places.get(&(*column, *row)).copied()
    };
    theirs
        .cells
        .iter()
        .zip(0..)
        .filter_map(|(cell, ordinal)| Some((ordinal, place(cell)?)))
        .collect()
}

fn numbered<T: Eq + std::hash::Hash>(all: &[T]) -> HashMap<&T, u32> {
    all.iter().zip(0..).collect()
}

/// A cell on its way, with all that stands behind it.
pub(crate) struct Carried {
    /// Its place with us.
    cell: u32,
    detail: CellDetail,
    /// The attempt that it stands on, with them.
    standing: Option<AttemptId>,
    exchanges: Vec<Exchange>,
}

/// Reads those of their cells that were tried at all.
pub(crate) fn carry(
    connection: &Connection,
    run: &RunId,
    matches: &[(u32, u32)],
) -> Result<Vec<Carried>, Fault> {
    let seq = runs::seq(connection, run)?;
    let mut carried = Vec::new();
    for &(theirs, cell) in matches {
        let standing = cells::standing(connection, run, seq, theirs)?.attempt;
        let Some(detail) = cells::detail(connection, run, theirs)? else { continue };
        if detail.attempts.is_empty() {
            continue;
        }
        let exchanges = detail.attempts.iter();
        let exchanges = exchanges
            .filter_map(|attempt| attempts::exchange(connection, attempt.id).transpose())
            .collect::<Result<_, _>>()?;
        carried.push(Carried { cell, detail, standing, exchanges });
    }
    Ok(carried)
}

/// Stores cells of theirs in a run that `owner` holds; returns how many. One that was tried here stays as it is.
pub(crate) fn put(
    connection: &Connection,
    run: &RunId,
    carried: &[Carried],
    owner: Option<Owner>,
) -> Result<u32, Fault> {
    let seq = runs::leased_seq(connection, run, owner)?;
    let mut stored = 0;
    for cell in carried {
        let here = cells::standing(connection, run, seq, cell.cell)?;
        if here.state == CellState::Queued && here.attempt.is_none() {
            put_cell(connection, run, seq, cell)?;
            stored += 1;
        }
    }
    Ok(stored)
}

fn put_cell(
    connection: &Connection,
    run: &RunId,
    seq: RunSeq,
    carried: &Carried,
) -> Result<(), Fault> {
    let (ordinal, record) = (carried.cell, &carried.detail.record);
    let mut counted = Counted::default();
    for (attempt, exchange) in carried.detail.attempts.iter().zip(&carried.exchanges) {
        counted.spent += charge(attempt);
        let id = put_attempt(connection, seq, ordinal, attempt, exchange)?;
        if carried.standing == Some(attempt.id) {
            cells::lease(connection, seq, ordinal, id)?;
            if let (CellState::Done, Some(output)) = (record.state, &exchange.output) {
                let latency_ms = record.latency_ms.unwrap_or_default();
                let (cost, cached) = (record.cost, record.cached);
                let result = CellResult { output, latency_ms, cost, cached };
                cells::complete(connection, seq, ordinal, id, &result)?;
            }
        }
    }
    match record.state {
        CellState::Done => {
            cells::put_scores(connection, run, seq, ordinal, &carried.detail.scores)?;
            (counted.done, counted.cached) = (1, i64::from(record.cached));
        }
        CellState::Failed => {
            let message = record.error.as_deref().unwrap_or_default();
            cells::fail(connection, seq, ordinal, CellState::Failed, message)?;
            counted.failed = 1;
        }
        _ => cells::requeue(connection, seq, ordinal)?,
    }
    transitions::count(connection, seq, &counted)
}

/// What an attempt counts for against a budget.
fn charge(attempt: &AttemptRecord) -> f64 {
    let reserved = dollars(attempt.reserved);
    match attempt.state {
        AttemptState::Done if attempt.cached => 0.0,
        AttemptState::Done => attempt.cost.map_or(reserved, |cost| dollars(Some(cost))),
        AttemptState::Failed if attempt.cost.is_some() => dollars(attempt.cost),
        AttemptState::Failed => f64::from(attempt.maybe_billed) * reserved,
        AttemptState::Started | AttemptState::Unknown => reserved,
    }
}

/// An attempt under way over there is unknown here.
fn put_attempt(
    connection: &Connection,
    seq: RunSeq,
    cell: u32,
    attempt: &AttemptRecord,
    exchange: &Exchange,
) -> Result<AttemptId, Fault> {
    let state = match attempt.state {
        AttemptState::Started => AttemptState::Unknown,
        ended => ended,
    };
    let request = blobs::put(connection, &Blob::new(exchange.request.clone()))?;
    let response = exchange.response.clone().map(|bytes| blobs::put(connection, &Blob::new(bytes)));
    let usage = &attempt.usage;
    connection
        .prepare_cached(
            "INSERT INTO attempt (run, cell, state, origin, request, started_ms, ended_ms, response, output,
               finish, latency_ms, first_token_ms, input_tokens, output_tokens, cached_tokens,
               cache_write_tokens, reasoning_tokens, request_id, cost, reserved, cached, received_ms, kind,
               message, maybe_billed)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            seq,
            cell,
            state,
            attempt.origin,
            request,
            attempt.started_ms,
            attempt.ended_ms,
            response.transpose()?,
            exchange.output,
            attempt.finish,
            attempt.latency_ms.map(signed),
            attempt.first_token_ms.map(signed),
            usage.input.map(signed),
            usage.output.map(signed),
            usage.cached.map(signed),
            usage.cache_write.map(signed),
            usage.reasoning.map(signed),
            attempt.request_id,
            attempt.cost,
            attempt.reserved,
            attempt.cached,
            attempt.original.map(|Original { received_ms, .. }| received_ms),
            attempt.kind,
            attempt.message,
            attempt.maybe_billed,
        ])?;
    Ok(AttemptId(connection.last_insert_rowid()))
}
