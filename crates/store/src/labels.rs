//! What people say of outputs that a judge is held against: pass or fail, each rater once for each output.
//!
//! A label is kept by a digest of the case and the output, so it holds for every run in which they come up again, and
//! by a digest of what was asked, so that another rubric begins anew. A label that was taken back stays as such: where
//! it was shared before, others have to learn of it.
//!
//! Beside them stand the calibrations: which judge, as its signature says, was held against how many of them. Another
//! model or another judge prompt has another signature, and nobody has held that one against anything.

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

pub(crate) const SCHEMA_4: &str = "
ALTER TABLE label ADD COLUMN taken_back INTEGER NOT NULL DEFAULT 0 CHECK (taken_back IN (0, 1));
CREATE TABLE calibration (
  workspace TEXT NOT NULL,
  prompt    TEXT NOT NULL,
  scorer    TEXT NOT NULL,
  asks      TEXT NOT NULL,
  signature TEXT NOT NULL,
  rater     TEXT NOT NULL,
  labels    INTEGER NOT NULL CHECK (labels >= 0),
  at_ms     INTEGER NOT NULL,
  PRIMARY KEY (workspace, prompt, scorer, asks, signature, rater)
) STRICT, WITHOUT ROWID;
";

pub(crate) const SCHEMA_5: &str = "
ALTER TABLE calibration ADD COLUMN weak INTEGER NOT NULL DEFAULT 0 CHECK (weak IN (0, 1));
";

/// Calibrations from before version 5 say nothing of whether their judge is weak, and its default must not say it for
/// them.
pub(crate) const SCHEMA_7: &str = "
ALTER TABLE calibration ADD COLUMN weak_known INTEGER NOT NULL DEFAULT 0 CHECK (weak_known IN (0, 1));
";

/// What labels are about: a scorer of a prompt, as it asks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
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
    /// What; `None` takes back what they said before.
    pub pass: Option<bool>,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
}

/// A judge that was held against labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalibrationRecord {
    /// What makes the judge's scores comparable: its prompts' contents, its models, its settings.
    pub signature: String,
    /// Who held it against them.
    pub rater: String,
    /// Labelled outputs that it had a verdict on.
    pub labels: u32,
    /// Whether they leave room for a judge that misses much; `None` when nobody noted it.
    pub weak: Option<bool>,
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

    /// All labels of a topic, by output and rater; those that were taken back too.
    pub fn labels(&self, topic: &LabelTopic) -> Result<Vec<LabelRecord>, StoreError> {
        self.read(|connection| list(connection, topic))
    }

    /// Every topic of a workspace that has labels or calibrations.
    pub fn label_topics(&self, workspace: &str) -> Result<Vec<LabelTopic>, StoreError> {
        self.read(|connection| topics(connection, workspace))
    }

    /// Keeps that a judge was held against labels, over what the same person kept of it before.
    pub fn put_calibration(
        &self,
        topic: &LabelTopic,
        calibration: CalibrationRecord,
    ) -> Result<(), StoreError> {
        let topic = topic.clone();
        self.write(move |connection| put_calibration(connection, &topic, &calibration)).wait()
    }

    /// What was held against the labels of a topic, latest first.
    pub fn calibrations(&self, topic: &LabelTopic) -> Result<Vec<CalibrationRecord>, StoreError> {
        self.read(|connection| calibrations(connection, topic))
    }
}

fn put(connection: &Connection, topic: &LabelTopic, label: &LabelRecord) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO label (workspace, prompt, scorer, asks, subject, rater, pass, taken_back, at_ms)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            topic.workspace,
            topic.prompt,
            topic.scorer,
            topic.asks,
            label.subject,
            label.rater,
            label.pass.unwrap_or_default(),
            label.pass.is_none(),
            label.at_ms
        ])?;
    Ok(())
}

fn list(connection: &Connection, topic: &LabelTopic) -> Result<Vec<LabelRecord>, Fault> {
    let mut select = connection.prepare_cached(
        "SELECT subject, rater, pass, at_ms, taken_back FROM label
         WHERE workspace = ? AND prompt = ? AND scorer = ? AND asks = ? ORDER BY subject, rater",
    )?;
    let of = params![topic.workspace, topic.prompt, topic.scorer, topic.asks];
    let labels = select.query_map(of, |row| {
        Ok(LabelRecord {
            subject: row.get(0)?,
            rater: row.get(1)?,
            pass: (!row.get::<_, bool>(4)?).then_some(row.get(2)?),
            at_ms: row.get(3)?,
        })
    })?;
    Ok(labels.collect::<Result<_, _>>()?)
}

fn topics(connection: &Connection, workspace: &str) -> Result<Vec<LabelTopic>, Fault> {
    let mut select = connection.prepare_cached(
        "SELECT prompt, scorer, asks FROM label WHERE workspace = ?1
         UNION SELECT prompt, scorer, asks FROM calibration WHERE workspace = ?1 ORDER BY 1, 2, 3",
    )?;
    let topics = select.query_map(params![workspace], |row| {
        Ok(LabelTopic {
            workspace: workspace.to_owned(),
            prompt: row.get(0)?,
            scorer: row.get(1)?,
            asks: row.get(2)?,
        })
    })?;
    Ok(topics.collect::<Result<_, _>>()?)
}

fn put_calibration(
    connection: &Connection,
    topic: &LabelTopic,
    calibration: &CalibrationRecord,
) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO calibration
               (workspace, prompt, scorer, asks, signature, rater, labels, weak, weak_known, at_ms)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            topic.workspace,
            topic.prompt,
            topic.scorer,
            topic.asks,
            calibration.signature,
            calibration.rater,
            calibration.labels,
            calibration.weak.unwrap_or_default(),
            calibration.weak.is_some(),
            calibration.at_ms
        ])?;
    Ok(())
}

fn calibrations(
    connection: &Connection,
    topic: &LabelTopic,
) -> Result<Vec<CalibrationRecord>, Fault> {
    let mut select = connection.prepare_cached(
        "SELECT signature, rater, labels, iif(weak OR weak_known, weak, NULL), at_ms FROM calibration
         WHERE workspace = ? AND prompt = ? AND scorer = ? AND asks = ?
         ORDER BY at_ms DESC, signature, rater",
    )?;
    let of = params![topic.workspace, topic.prompt, topic.scorer, topic.asks];
    let found = select.query_map(of, |row| {
        Ok(CalibrationRecord {
            signature: row.get(0)?,
            rater: row.get(1)?,
            labels: row.get(2)?,
            weak: row.get(3)?,
            at_ms: row.get(4)?,
        })
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}
