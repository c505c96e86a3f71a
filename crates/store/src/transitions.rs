//! How runs move from state to state, and what they count on the way.
//!
//! Counters change in the transaction that changes the cells they count.

use rusqlite::{Connection, params};

use crate::error::{Fault, StoreError};
use crate::ids::{RunId, RunSeq};
use crate::lease::Owner;
use crate::runs::{find, leased_seq, seq};
use crate::states::{AttemptState, CellState, RunState};

/// Moves a run to another state, and its unfinished cells and attempts with it.
///
/// A run that another process holds stays as it is.
pub(crate) fn set_state(
    connection: &Connection,
    run: &RunId,
    state: &RunState,
    at_ms: i64,
    owner: Option<Owner>,
) -> Result<(), Fault> {
    let (seq, holder) = find(connection, run)?;
    if holder.is_some() && holder != owner {
        return Err(StoreError::NotLeased { run: run.clone() }.into());
    }
    match state.is_live() {
        true => move_cells(connection, seq, CellState::Cancelled, CellState::Queued)?,
        false => release(connection, seq, at_ms)?,
    }
    if *state == RunState::Cancelled {
        move_cells(connection, seq, CellState::Queued, CellState::Cancelled)?;
    }
    let (owner, ended_ms) = match state.is_live() {
        true => (owner, None),
        false => (None, Some(at_ms)),
    };
    connection
        .prepare_cached(
            "UPDATE run SET state = ?, stop = ?, reason = ?, owner = ?, ended_ms = ? WHERE seq = ?",
        )?
        .execute(params![
            state.word(),
            state.stop().map(|stop| stop.kind.word()),
            state.stop().map(|stop| &stop.reason),
            owner,
            ended_ms,
            seq
        ])?;
    Ok(())
}

/// Lets go of what was under way: those attempts are unknown from now on, their cells queued.
pub(crate) fn release(connection: &Connection, seq: RunSeq, at_ms: i64) -> Result<(), Fault> {
    let mut lose = connection.prepare_cached(
        "UPDATE attempt SET state = ?, ended_ms = ? WHERE state = ? AND id IN
           (SELECT attempt FROM cell WHERE run = ? AND state = ?)
         RETURNING reserved",
    )?;
    let lost = params![AttemptState::Unknown, at_ms, AttemptState::Started, seq, CellState::Leased];
    let mut spent = 0.0;
    for reserved in lose.query_map(lost, |row| row.get::<_, Option<f64>>(0))? {
        spent += reserved?.unwrap_or(0.0);
    }
    count(connection, seq, &Counted { spent, ..Counted::default() })?;
    reach!(AttemptsLost);
    move_cells(connection, seq, CellState::Leased, CellState::Queued)
}

/// Moves one cell to another state.
pub(crate) fn move_cell(
    connection: &Connection,
    seq: RunSeq,
    cell: u32,
    to: CellState,
) -> Result<(), Fault> {
    connection
        .prepare_cached("UPDATE cell SET state = ? WHERE run = ? AND ordinal = ?")?
        .execute(params![to, seq, cell])?;
    Ok(())
}

/// Moves all cells of one state to another.
pub(crate) fn move_cells(
    connection: &Connection,
    seq: RunSeq,
    from: CellState,
    to: CellState,
) -> Result<(), Fault> {
    connection
        .prepare_cached("UPDATE cell SET state = ? WHERE run = ? AND state = ?")?
        .execute(params![to, seq, from])?;
    Ok(())
}

/// What a cell's end adds to its run's counters.
#[derive(Default, PartialEq)]
pub(crate) struct Counted {
    pub done: i64,
    pub failed: i64,
    pub cached: i64,
    pub spent: f64,
}

/// Changes the counters of ended cells.
pub(crate) fn count(connection: &Connection, seq: RunSeq, counted: &Counted) -> Result<(), Fault> {
    if *counted != Counted::default() {
        connection
            .prepare_cached(
                "UPDATE run SET done = done + ?, failed = failed + ?, cached = cached + ?, spent = spent + ?
                 WHERE seq = ?",
            )?
            .execute(params![counted.done, counted.failed, counted.cached, counted.spent, seq])?;
    }
    Ok(())
}

/// Queues the failed cells of a run again. Their attempts stay on record.
pub(crate) fn requeue_failed(
    connection: &Connection,
    run: &RunId,
    owner: Option<Owner>,
) -> Result<(), Fault> {
    let seq = leased_seq(connection, run, owner)?;
    let requeued = connection
        .prepare_cached("UPDATE cell SET state = ?, error = NULL WHERE run = ? AND state = ?")?
        .execute(params![CellState::Queued, seq, CellState::Failed])?;
    count(connection, seq, &Counted { failed: -(requeued as i64), ..Counted::default() })
}

/// Sets what a run may cost.
pub(crate) fn set_budget(
    connection: &Connection,
    run: &RunId,
    budget: Option<f64>,
) -> Result<(), Fault> {
    let seq = seq(connection, run)?;
    connection
        .prepare_cached("UPDATE run SET budget = ? WHERE seq = ?")?
        .execute(params![budget, seq])?;
    Ok(())
}

/// Replaces the specification of a run.
pub(crate) fn set_spec(connection: &Connection, run: &RunId, spec: &str) -> Result<(), Fault> {
    let seq = seq(connection, run)?;
    connection
        .prepare_cached("UPDATE run_spec SET spec = ? WHERE run = ?")?
        .execute(params![spec, seq])?;
    Ok(())
}

/// Owners with runs that are under way.
pub(crate) fn owners(connection: &Connection) -> Result<Vec<Owner>, Fault> {
    let mut select =
        connection.prepare_cached("SELECT DISTINCT owner FROM run WHERE owner IS NOT NULL")?;
    let owners = select.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(owners)
}

/// Marks the runs of an owner that is gone as interrupted. Names those that nobody else asked for.
pub(crate) fn interrupt(
    connection: &Connection,
    owner: Owner,
    now_ms: i64,
) -> Result<Vec<RunId>, Fault> {
    let mut select = connection.prepare_cached(
        "SELECT id, parent IS NULL FROM run WHERE owner = ? ORDER BY created_ms, seq",
    )?;
    let runs: Vec<(RunId, bool)> = select
        .query_map(params![owner], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (run, _) in &runs {
        set_state(connection, run, &RunState::Interrupted, now_ms, Some(owner))?;
        reach!(RunInterrupted);
    }
    Ok(runs.into_iter().filter(|(_, is_own)| *is_own).map(|(run, _)| run).collect())
}
