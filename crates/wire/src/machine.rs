//! What this machine has of what Assay needs.

use serde::{Deserialize, Serialize};

/// Asks for [`MachineView`]. Looks at this machine alone; nothing is sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReadMachine {}

/// What was found, in the order to show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineView {
    /// One for each thing that was looked at.
    pub findings: Vec<FindingView>,
}

/// What was found of one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingView {
    /// The thing, in a word or two: `database`, `provider work`.
    pub subject: String,
    /// How it stands.
    pub fitness: Fitness,
    /// What was found, in a line.
    pub message: String,
    /// What can be done about it.
    pub hint: Option<String>,
}

impl FindingView {
    /// A finding without a hint.
    pub fn new(
        subject: impl Into<String>,
        fitness: Fitness,
        message: impl Into<String>,
    ) -> FindingView {
        FindingView { subject: subject.into(), fitness, message: message.into(), hint: None }
    }

    /// The same with what can be done about it.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> FindingView {
        FindingView { hint: Some(hint.into()), ..self }
    }
}

/// How a thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fitness {
    /// As it should be.
    Ok,
    /// It is not there, and something cannot be done without it.
    Missing,
    /// It is there and does not work.
    Broken,
}
