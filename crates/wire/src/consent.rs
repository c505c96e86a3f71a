//! The programs among a repository's scorers, and which of them the person allowed to run.

use serde::{Deserialize, Serialize};

/// Asks for the programs among the scorers of the open repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListConsents {}

/// Allows a program of the open repository to run: exactly this text, wherever it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GiveConsent {
    /// Its whole hash, as [`ProgramView`] has it.
    pub hash: String,
}

/// Takes a consent back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakeConsent {
    /// The whole hash it was given for.
    pub hash: String,
}

/// What may run, and what may not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentsView {
    /// Whether the person trusts the repository; where not, none of its programs runs, allowed or not.
    pub trusted: bool,
    /// The programs of the open repository as they are on disk, by prompt and in the order of the scorers.
    pub programs: Vec<ProgramView>,
    /// Consents for texts that no scorer of this repository has, latest first.
    pub others: Vec<ConsentView>,
}

/// A scorer whose script is a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramView {
    /// Key of the prompt.
    pub prompt: String,
    /// The scorer's id.
    pub scorer: String,
    /// `javascript` or `python`.
    pub kind: String,
    /// Its text.
    pub source: String,
    /// What a consent is for: SHA-256 of language and text, in hexadecimal digits.
    pub hash: String,
    /// Whether the person allowed it.
    pub allowed: bool,
}

/// A consent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentView {
    /// What it is for.
    pub hash: String,
    /// `javascript` or `python`.
    pub kind: String,
    /// The repository it was given in.
    pub workspace: String,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
}
