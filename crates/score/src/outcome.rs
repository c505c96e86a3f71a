//! What is judged, and what comes of it.

use assay_prompt::Row;
use serde::{Deserialize, Serialize};

/// One output and what a scorer may know about it.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The model's answer, as received.
    pub output: &'a str,
    /// From the request to the last token, in milliseconds. For a reply from the cache, that of the
    /// call that filled it.
    pub latency_ms: u64,
    /// In US dollars, when the price is known.
    pub cost: Option<f64>,
    /// The case that was asked, with what it expects.
    pub case: &'a Row,
}

/// What one scorer found in one output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "camelCase")]
pub enum Outcome {
    /// The output was judged.
    Scored {
        /// From 0 to 1, higher is better; 1 or 0 for scorers that only pass or fail.
        value: f64,
        /// Whether the output does what the scorer asks.
        pass: bool,
        /// A fact about the output, for people: `` `other` is not `billing` ``.
        reason: String,
    },
    /// The scorer could not judge. Neither a pass nor a failure, and counted on its own.
    NotJudged {
        /// What stood in the way.
        reason: String,
    },
}

impl Outcome {
    /// The value, if the output was judged.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        match self {
            Outcome::Scored { value, .. } => Some(*value),
            Outcome::NotJudged { .. } => None,
        }
    }

    /// Whether the output passed, if it was judged.
    #[must_use]
    pub fn pass(&self) -> Option<bool> {
        match self {
            Outcome::Scored { pass, .. } => Some(*pass),
            Outcome::NotJudged { .. } => None,
        }
    }

    /// The reason, judged or not.
    #[must_use]
    pub fn reason(&self) -> &str {
        match self {
            Outcome::Scored { reason, .. } | Outcome::NotJudged { reason } => reason,
        }
    }
}

/// One scorer's outcome for one output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// The scorer's id in `evals.yaml`.
    pub scorer: String,
    /// What it found.
    pub outcome: Outcome,
}
