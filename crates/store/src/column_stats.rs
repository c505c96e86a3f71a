//! The columns of a run summed up: what a table says above its cells.

use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};

use crate::error::Fault;
use crate::ids::{RunId, RunSeq};
use crate::numbers::unsigned;
use crate::runs;
use crate::states::CellState;

/// A column summed up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnStats {
    /// The column's place.
    pub column: u32,
    /// Cells with an output.
    pub done: u32,
    /// Cells that failed for good.
    pub failed: u32,
    /// Cells whose output came from the cache.
    pub cached: u32,
    /// What its done cells cost in US dollars, as far as prices are known; `None` when none is.
    pub cost: Option<f64>,
    /// Latencies of the done cells that were really asked, shortest first, in milliseconds.
    pub latencies: Vec<u64>,
    /// One entry for each scorer of the run, by place.
    pub scores: Vec<ScorerStats>,
}

/// What one scorer said of one column.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ScorerStats {
    /// The values of the cells it judged, by the cells' ordinals.
    pub values: Vec<f64>,
    /// How many cells it judged as pass or fail.
    pub judged: u32,
    /// How many of these passed.
    pub passed: u32,
    /// How many cells it could say nothing of.
    #[serde(default)]
    pub unjudged: u32,
}

/// Every column of a run summed up, by place.
pub(crate) fn column_stats(
    connection: &Connection,
    run: &RunId,
) -> Result<Vec<ColumnStats>, Fault> {
    let seq = runs::seq(connection, run)?;
    let scorers = runs::scorers(connection, seq)?.len();
    let columns: u32 = connection
        .prepare_cached("SELECT count(*) FROM run_column WHERE run = ?")?
        .query_row(params![seq], |row| row.get(0))?;
    let mut stats: Vec<ColumnStats> =
        (0..columns).map(|column| empty_stats(column, scorers)).collect();
    let columns = add_cells(connection, seq, &mut stats)?;
    add_scores(connection, seq, &columns, &mut stats)?;
    for column in &mut stats {
        column.latencies.sort_unstable();
    }
    Ok(stats)
}

fn empty_stats(column: u32, scorers: usize) -> ColumnStats {
    ColumnStats {
        column,
        done: 0,
        failed: 0,
        cached: 0,
        cost: None,
        latencies: Vec::new(),
        scores: vec![ScorerStats::default(); scorers],
    }
}

/// Adds up the cells; returns which column each is in, by ordinal.
fn add_cells(
    connection: &Connection,
    seq: RunSeq,
    stats: &mut [ColumnStats],
) -> Result<Vec<u32>, Fault> {
    let mut select = connection.prepare_cached(
        "SELECT column_at, state, cached, latency_ms, cost FROM cell WHERE run = ? ORDER BY ordinal",
    )?;
    let mut columns = Vec::new();
    let mut rows = select.query(params![seq])?;
    while let Some(row) = rows.next()? {
        let at = row.get(0)?;
        columns.push(at);
        if let Some(column) = stats.get_mut(at as usize) {
            add_cell(row, column)?;
        }
    }
    Ok(columns)
}

fn add_cell(row: &Row<'_>, column: &mut ColumnStats) -> rusqlite::Result<()> {
    match row.get(1)? {
        CellState::Done => {}
        CellState::Failed => {
            column.failed += 1;
            return Ok(());
        }
        _ => return Ok(()),
    }
    column.done += 1;
    let latency = row.get::<_, Option<i64>>(3)?.map(unsigned);
    match row.get::<_, bool>(2)? {
        true => column.cached += 1,
        false => column.latencies.extend(latency),
    }
    if let Some(cost) = row.get::<_, Option<f64>>(4)? {
        *column.cost.get_or_insert(0.0) += cost;
    }
    Ok(())
}

/// Adds up the scores. The columns are handed in, since looking each up would take longer than all the rest.
fn add_scores(
    connection: &Connection,
    seq: RunSeq,
    columns: &[u32],
    stats: &mut [ColumnStats],
) -> Result<(), Fault> {
    let mut select = connection.prepare_cached(
        "SELECT cell, scorer, value, pass FROM score WHERE run = ? ORDER BY cell, scorer",
    )?;
    let mut rows = select.query(params![seq])?;
    while let Some(row) = rows.next()? {
        let column = columns.get(row.get::<_, u32>(0)? as usize);
        let column = column.and_then(|&column| stats.get_mut(column as usize));
        let scorer: u16 = row.get(1)?;
        let Some(said) = column.and_then(|column| column.scores.get_mut(usize::from(scorer)))
        else {
            continue;
        };
        let (value, pass) = (row.get::<_, Option<f64>>(2)?, row.get::<_, Option<bool>>(3)?);
        said.values.extend(value);
        said.unjudged += u32::from(value.is_none() && pass.is_none());
        if let Some(pass) = pass {
            said.judged += 1;
            said.passed += u32::from(pass);
        }
    }
    Ok(())
}
