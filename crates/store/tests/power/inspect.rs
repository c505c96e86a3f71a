//! Whether a disk has everything that was acknowledged, and is whole.

use std::collections::HashMap;
use std::error::Error;
use std::path::Path;

use assay_store::{CellRecord, CellState, Store};
use rusqlite::Connection;

use crate::record::Acknowledged;
use crate::work;

/// What is wrong with a disk.
#[derive(Debug)]
pub enum Loss {
    /// The database cannot be used, or says of itself that it is not whole.
    Damaged(#[expect(dead_code, reason = "shown by a failing test")] String),
    /// It can, and something that was acknowledged is not there.
    Lost(#[expect(dead_code, reason = "shown by a failing test")] String),
}

/// Opens the database as the application does, and holds it against what was acknowledged.
pub fn inspect(folder: &Path, known: impl Iterator<Item = Acknowledged>) -> Result<(), Loss> {
    let store = Store::open(folder).map_err(damaged)?;
    let attempts = read(folder).map_err(damaged)?;
    let known: Vec<_> = known.collect();
    if known.is_empty() {
        return Ok(());
    }
    let run = store.run_record(&work::run()).map_err(damaged)?;
    run.ok_or_else(|| Loss::Lost("the run".into()))?;
    let cells = store.cells(&work::run(), 0, work::CELLS).map_err(damaged)?;
    for one in known {
        let there = match one {
            Acknowledged::Created => true,
            Acknowledged::Begun { attempt, .. } => attempts.contains_key(&attempt),
            Acknowledged::Ended { cell, attempt } => {
                let reply = attempts.get(&attempt).and_then(Option::as_ref);
                reply == Some(&work::reply(cell)) && is_done(&cells[cell as usize])
            }
        };
        if !there {
            return Err(Loss::Lost(format!("{one:?}")));
        }
    }
    Ok(())
}

fn damaged(error: impl ToString) -> Loss {
    Loss::Damaged(error.to_string())
}

fn is_done(cell: &CellRecord) -> bool {
    cell.state == CellState::Done
        && cell.preview == work::output(cell.ordinal)
        && cell.scores.len() == 1
}

/// The reply of each attempt, by its number.
type Replies = HashMap<i64, Option<Vec<u8>>>;

/// Every attempt on the disk with the reply it has, once SQLite finds the whole file in order.
fn read(folder: &Path) -> Result<Replies, Box<dyn Error>> {
    let database = Connection::open(folder.join("assay.db"))?;
    let said: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    if said != "ok" {
        return Err(said.into());
    }
    let mut select = database
        .prepare("SELECT a.id, b.bytes FROM attempt a LEFT JOIN blob b ON b.id = a.response")?;
    let replies = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(replies.collect::<Result<_, _>>()?)
}
