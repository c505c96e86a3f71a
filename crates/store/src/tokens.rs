//! What the cells of a run read and wrote, in tokens as the models counted them.

use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use crate::error::Fault;
use crate::ids::RunId;
use crate::numbers::unsigned;
use crate::runs;

/// The tokens of a cell with an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellTokens {
    /// The cell's ordinal.
    pub cell: u32,
    /// Tokens read, where the model told.
    pub input: Option<u64>,
    /// Tokens written, where the model told.
    pub output: Option<u64>,
}

/// The tokens of every cell of a run that has an output, by ordinal.
pub(crate) fn of_run(connection: &Connection, run: &RunId) -> Result<Vec<CellTokens>, Fault> {
    let seq = runs::seq(connection, run)?;
    let mut select = connection.prepare_cached(
        "SELECT c.ordinal, a.input_tokens, a.output_tokens
         FROM cell c JOIN attempt a ON a.id = c.attempt
         WHERE c.run = ? AND c.state = 'done' ORDER BY c.ordinal",
    )?;
    let tokens = select.query_map(params![seq], |row| {
        Ok(CellTokens {
            cell: row.get(0)?,
            input: row.get::<_, Option<i64>>(1)?.map(unsigned),
            output: row.get::<_, Option<i64>>(2)?.map(unsigned),
        })
    })?;
    Ok(tokens.collect::<Result<_, _>>()?)
}
