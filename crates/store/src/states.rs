//! The states of runs, cells and attempts, and the words they are stored as.

use std::fmt;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};
use rusqlite::{Row, ToSql};
use serde::{Deserialize, Serialize};

use crate::stops::Stop;

/// Where a run stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Created, not started.
    Queued,
    /// A process executes it.
    Running,
    /// Every cell has ended.
    Done,
    /// A person stopped it.
    Cancelled,
    /// It could not go on, and why.
    Failed(Stop),
    /// Its process ended before it did. It can be resumed.
    Interrupted,
}

impl RunState {
    pub(crate) fn word(&self) -> &'static str {
        match self {
            RunState::Queued => "queued",
            RunState::Running => "running",
            RunState::Done => "done",
            RunState::Cancelled => "cancelled",
            RunState::Failed(_) => "failed",
            RunState::Interrupted => "interrupted",
        }
    }

    pub(crate) fn stop(&self) -> Option<&Stop> {
        match self {
            RunState::Failed(stop) => Some(stop),
            _ => None,
        }
    }

    /// Whether a process holds the run in this state.
    pub fn is_live(&self) -> bool {
        matches!(self, RunState::Queued | RunState::Running)
    }

    /// From the columns `state`, `stop` and `reason`.
    pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<RunState> {
        let word: String = row.get("state")?;
        Ok(match word.as_str() {
            "queued" => RunState::Queued,
            "running" => RunState::Running,
            "done" => RunState::Done,
            "cancelled" => RunState::Cancelled,
            "interrupted" => RunState::Interrupted,
            // The table admits these six only.
            _ => RunState::Failed(Stop::read(row)?),
        })
    }
}

/// An enum of plain variants that is stored as a word.
macro_rules! stored_as_word {
    ($name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $name {
            /// The word it is stored as.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::from(self.as_str()))
            }
        }
        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<$name> {
                match value.as_str()? {
                    $($word => Ok($name::$variant),)+
                    _ => Err(FromSqlError::InvalidType),
                }
            }
        }
    };
}

/// Where a cell stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CellState {
    /// To be done.
    Queued,
    /// An attempt is under way.
    Leased,
    /// It has an output.
    Done,
    /// Its last attempt failed, and no other will be made.
    Failed,
    /// It was left out on purpose.
    Skipped,
    /// The run was stopped before it was done.
    Cancelled,
}

stored_as_word!(CellState {
    Queued = "queued",
    Leased = "leased",
    Done = "done",
    Failed = "failed",
    Skipped = "skipped",
    Cancelled = "cancelled",
});

/// Where an attempt stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptState {
    /// Recorded before its request leaves.
    Started,
    /// A reply was received.
    Done,
    /// It failed, and the reason is known.
    Failed,
    /// Its end was never recorded: the request may have been sent, answered and billed.
    Unknown,
}

stored_as_word!(AttemptState { Started = "started", Done = "done", Failed = "failed", Unknown = "unknown" });
