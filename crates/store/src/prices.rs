//! Prices a person has set, over those that come with the application.

use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};

use crate::error::Fault;

pub(crate) const SCHEMA_2: &str = "
CREATE TABLE price (
  pattern      TEXT PRIMARY KEY,
  input        REAL NOT NULL,
  cached_input REAL,
  cache_write  REAL,
  output       REAL NOT NULL,
  dated        TEXT NOT NULL
) STRICT, WITHOUT ROWID;
";

/// What a million tokens cost in US dollars, for the models that a pattern names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PriceRecord {
    /// Which models, unique. What matches is the reader's to say.
    pub pattern: String,
    /// Input.
    pub input: f64,
    /// Input read from the provider's cache; `None` costs as `input`.
    pub cached_input: Option<f64>,
    /// Input written to the provider's cache; `None` costs as `input`.
    pub cache_write: Option<f64>,
    /// Output.
    pub output: f64,
    /// The day these were the prices, `YYYY-MM-DD`.
    pub dated: String,
}

/// Adds a price, or replaces the one of that pattern.
pub(crate) fn put(connection: &Connection, price: &PriceRecord) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO price (pattern, input, cached_input, cache_write, output, dated)
             VALUES (?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            price.pattern,
            price.input,
            price.cached_input,
            price.cache_write,
            price.output,
            price.dated
        ])?;
    Ok(())
}

/// Removes a price, if there is one of that pattern.
pub(crate) fn remove(connection: &Connection, pattern: &str) -> Result<(), Fault> {
    connection.prepare_cached("DELETE FROM price WHERE pattern = ?")?.execute(params![pattern])?;
    Ok(())
}

/// All of them, by pattern.
pub(crate) fn list(connection: &Connection) -> Result<Vec<PriceRecord>, Fault> {
    let mut select = connection.prepare_cached(
        "SELECT pattern, input, cached_input, cache_write, output, dated FROM price ORDER BY pattern",
    )?;
    let prices = select.query_map([], read_price)?.collect::<Result<_, _>>()?;
    Ok(prices)
}

fn read_price(row: &Row<'_>) -> rusqlite::Result<PriceRecord> {
    Ok(PriceRecord {
        pattern: row.get(0)?,
        input: row.get(1)?,
        cached_input: row.get(2)?,
        cache_write: row.get(3)?,
        output: row.get(4)?,
        dated: row.get(5)?,
    })
}
