//! What people say of outputs that a judge is held against: pass or fail, each rater once for each output.
//!
//! A label is kept by a digest of the case and the output, so it holds for every run in which they come up again, and
//! by a digest of what was asked, so that another rubric begins anew.

use rusqlite::{Connection, params};

use crate::error::{Fault, StoreError};
use crate::store::Store;

pub(crate) const SCHEMA_3: &str = "
CREATE TABLE label (
  workspace TEXT NOT NULL,
  prompt    TEXT NOT NULL,
  scorer    TEXT NOT NULL,
  asks      TEXT NOT NULL,
  subject   BLOB NOT NULL CHECK (length(subject) = 32),
  rater     TEXT NOT NULL,
  pass      INTEGER NOT NULL CHECK (pass IN (0, 1)),
  at_ms     INTEGER NOT NULL,
  PRIMARY KEY (workspace, prompt, scorer, asks, subject, rater)
) STRICT, WITHOUT ROWID;
";

/// What labels are about: a scorer of a prompt, as it asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelTopic {
    /// The repository's id.
    pub workspace: String,
    /// The prompt's permanent id, or its key where it has none.
    pub prompt: String,
    /// The scorer's id.
    pub scorer: String,
    /// A digest of what it asks.
    pub asks: String,
}

/// One label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelRecord {
    /// A digest of the case and the output.
    pub subject: [u8; 32],
    /// Who says so.
    pub rater: String,
    /// What.
    pub pass: bool,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
}

impl Store {
    /// Keeps labels, over those of the same rater for the same output; all or none.
    pub fn put_labels(
        &self,
        topic: &LabelTopic,
        labels: Vec<LabelRecord>,
    ) -> Result<(), StoreError> {
        let topic = topic.clone();
        self.write(move |connection| {
            labels.iter().try_for_each(|label| put(connection, &topic, label))
        })
        .wait()
    }

    /// Takes a rater's label of an output back, if there is one.
    pub fn remove_label(
        &self,
        topic: &LabelTopic,
        subject: [u8; 32],
        rater: &str,
    ) -> Result<(), StoreError> {
        let (topic, rater) = (topic.clone(), rater.to_owned());
        self.write(move |connection| {
            connection
                .prepare_cached(
                    "DELETE FROM label WHERE workspace = ? AND prompt = ? AND scorer = ? AND asks = ?
                       AND subject = ? AND rater = ?",
                )?
                .execute(params![topic.workspace, topic.prompt, topic.scorer, topic.asks, subject, rater])?;
            Ok(())
        })
        .wait()
    }

    /// All labels of a topic, by output and rater.
    pub fn labels(&self, topic: &LabelTopic) -> Result<Vec<LabelRecord>, StoreError> {
        self.read(|connection| list(connection, topic))
    }

    /// How many outputs have labels that were given to another wording of the same scorer.
    pub fn older_labels(&self, topic: &LabelTopic) -> Result<u32, StoreError> {
        self.read(|connection| {
            let count = connection
                .prepare_cached(
                    "SELECT count(DISTINCT subject) FROM label
                     WHERE workspace = ? AND prompt = ? AND scorer = ? AND asks <> ?",
                )?
                .query_row(
                    params![topic.workspace, topic.prompt, topic.scorer, topic.asks],
                    |row| row.get(0),
                )?;
            Ok(count)
        })
    }
}

fn put(connection: &Connection, topic: &LabelTopic, label: &LabelRecord) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO label (workspace, prompt, scorer, asks, subject, rater, pass, at_ms)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            topic.workspace,
            topic.prompt,
            topic.scorer,
            topic.asks,
            label.subject,
            label.rater,
            label.pass,
            label.at_ms
        ])?;
    Ok(())
}

fn list(connection: &Connection, topic: &LabelTopic) -> Result<Vec<LabelRecord>, Fault> {
    let mut select = connection.prepare_cached(
        "SELECT subject, rater, pass, at_ms FROM label
         WHERE workspace = ? AND prompt = ? AND scorer = ? AND asks = ? ORDER BY subject, rater",
    )?;
    let of = params![topic.workspace, topic.prompt, topic.scorer, topic.asks];
    let labels = select.query_map(of, |row| {
        Ok(LabelRecord {
            subject: row.get(0)?,
            rater: row.get(1)?,
            pass: row.get(2)?,
            at_ms: row.get(3)?,
        })
    })?;
    Ok(labels.collect::<Result<_, _>>()?)
}
