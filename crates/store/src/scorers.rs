//! What the scores of a run are comparable with: a signature for each scorer of each of its prompts.
//!
//! Stored once for a run and not with every score, since all scores of a scorer share it.

use std::collections::HashMap;

use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use crate::error::{Fault, StoreError};
use crate::ids::RunId;
use crate::runs;
use crate::store::Store;

pub(crate) const SCHEMA_3: &str = "
CREATE TABLE scorer_signature (
  run       INTEGER NOT NULL REFERENCES run (seq),
  prompt    TEXT NOT NULL,
  scorer    TEXT NOT NULL,
  signature TEXT NOT NULL,
  PRIMARY KEY (run, prompt, scorer)
) STRICT, WITHOUT ROWID;
";

/// The signature of a scorer in a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScorerSignature {
    /// The prompt's key.
    pub prompt: String,
    /// The scorer's id.
    pub scorer: String,
    /// What its scores are comparable with: only with scores of the same signature.
    pub signature: String,
}

impl Store {
    /// Notes what the scores of a run are comparable with. What was noted before stays: it is what the
    /// scores that are there were made by.
    pub fn put_signatures(
        &self,
        run: &RunId,
        signatures: Vec<ScorerSignature>,
    ) -> Result<(), StoreError> {
        let run = run.clone();
        self.write(move |connection| put(connection, &run, &signatures)).wait()
    }

    /// What the scores of a run are comparable with, by prompt and scorer. Empty for a run of a version
    /// that did not note it.
    pub fn signatures(&self, run: &RunId) -> Result<Vec<ScorerSignature>, StoreError> {
        self.read(|connection| of_run(connection, run))
    }

    /// How many scores of a run have a reason that begins so, by the place of the column and the scorer's id.
    pub fn count_reasons(
        &self,
        run: &RunId,
        beginning: &str,
    ) -> Result<HashMap<(u32, String), u32>, StoreError> {
        self.read(|connection| count_reasons(connection, run, beginning))
    }
}

fn put(connection: &Connection, run: &RunId, signatures: &[ScorerSignature]) -> Result<(), Fault> {
    let seq = runs::seq(connection, run)?;
    let mut insert = connection.prepare_cached(
        "INSERT OR IGNORE INTO scorer_signature (run, prompt, scorer, signature) VALUES (?, ?, ?, ?)",
    )?;
    for one in signatures {
        insert.execute(params![seq, one.prompt, one.scorer, one.signature])?;
    }
    Ok(())
}

fn of_run(connection: &Connection, run: &RunId) -> Result<Vec<ScorerSignature>, Fault> {
    let seq = runs::seq(connection, run)?;
    let mut select = connection.prepare_cached(
        "SELECT prompt, scorer, signature FROM scorer_signature WHERE run = ? ORDER BY prompt, scorer",
    )?;
    let found = select.query_map(params![seq], |row| {
        Ok(ScorerSignature { prompt: row.get(0)?, scorer: row.get(1)?, signature: row.get(2)? })
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}

fn count_reasons(
    connection: &Connection,
    run: &RunId,
    beginning: &str,
) -> Result<HashMap<(u32, String), u32>, Fault> {
    let seq = runs::seq(connection, run)?;
    let mut select = connection.prepare_cached(
        "SELECT c.column_at, k.name, count(*)
         FROM score s JOIN cell c ON c.run = s.run AND c.ordinal = s.cell
           JOIN run_scorer k ON k.run = s.run AND k.ordinal = s.scorer
         WHERE s.run = ?1 AND substr(s.reason, 1, length(?2)) = ?2 GROUP BY 1, 2",
    )?;
    let counts = select
        .query_map(params![seq, beginning], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?;
    Ok(counts.collect::<Result<_, _>>()?)
}
