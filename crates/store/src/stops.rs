//! Why a run stopped by itself: in words for people, and as a kind for whoever offers the way on.

use rusqlite::Row;
use serde::{Deserialize, Serialize};

/// What version 3 adds: the kind. Runs of before said it in words alone, and only one of them has to be known again.
pub(crate) const SCHEMA_3: &str = "
ALTER TABLE run ADD COLUMN stop TEXT;
UPDATE run SET stop = 'budget' WHERE state = 'failed' AND reason LIKE 'the budget of $% is spent';
";

/// Why a run could not go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written")]
pub struct Stop {
    /// What kind of reason it is.
    pub kind: StopKind,
    /// The reason, for people.
    pub reason: String,
}

/// As a saved run has it: one that was saved before version 3 has the words alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Whole { kind: StopKind, reason: String },
    Words(String),
}

/// The kinds of reasons that are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopKind {
    /// What it may cost is spent.
    Budget,
    /// Every model that is left stands still.
    Paused,
    /// Any other.
    Other,
}

impl Stop {
    /// A reason of this kind.
    pub fn new(kind: StopKind, reason: impl Into<String>) -> Stop {
        Stop { kind, reason: reason.into() }
    }

    /// From the columns `stop` and `reason`.
    pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Stop> {
        let kind = StopKind::of_word(row.get::<_, Option<String>>("stop")?.as_deref());
        Ok(Stop::new(kind, row.get::<_, Option<String>>("reason")?.unwrap_or_default()))
    }
}

impl From<Written> for Stop {
    fn from(written: Written) -> Stop {
        match written {
            Written::Whole { kind, reason } => Stop { kind, reason },
            Written::Words(reason) => Stop::new(StopKind::Other, reason),
        }
    }
}

/// A reason that is not told apart.
impl From<String> for Stop {
    fn from(reason: String) -> Stop {
        Stop::new(StopKind::Other, reason)
    }
}

impl From<&str> for Stop {
    fn from(reason: &str) -> Stop {
        Stop::new(StopKind::Other, reason)
    }
}

impl StopKind {
    /// The word it is stored as.
    pub(crate) fn word(self) -> &'static str {
        match self {
            StopKind::Budget => "budget",
            StopKind::Paused => "paused",
            StopKind::Other => "other",
        }
    }

    fn of_word(word: Option<&str>) -> StopKind {
        match word {
            Some("budget") => StopKind::Budget,
            Some("paused") => StopKind::Paused,
            _ => StopKind::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_saved_reason_is_read_with_its_kind_and_one_without_is_of_no_kind() {
        let stop = Stop::new(StopKind::Budget, "the budget is spent");
        let saved = serde_json::to_string(&stop).unwrap();
        assert_eq!(serde_json::from_str::<Stop>(&saved).unwrap(), stop);
        let words: Stop = serde_json::from_str("\"no key\"").unwrap();
        assert_eq!(words, Stop::from("no key"));
    }

    #[test]
    fn every_kind_is_read_back_from_its_word_and_an_unknown_word_is_of_no_kind() {
        for kind in [StopKind::Budget, StopKind::Paused, StopKind::Other] {
            assert_eq!(StopKind::of_word(Some(kind.word())), kind);
        }
        assert_eq!(StopKind::of_word(Some("of a later version")), StopKind::Other);
    }
}
