//! What a person says a provider allows.

use serde::{Deserialize, Serialize};

/// Calls at once of a lane at most, unless its provider's settings or the caller say otherwise.
const CEILING: usize = 64;

/// The limits of a provider, from its settings: `{"concurrency": 16, "requestsPerMinute": 500}`. What is not set is
/// found out from the server's own headers and refusals.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ProviderLimits {
    /// Calls at once to all of its models together. Its models share them out evenly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u32>,
    /// Requests in any minute, to each of its models.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_per_minute: Option<u64>,
    /// Tokens in any minute, read and generated, of each of its models.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_per_minute: Option<u64>,
}

impl ProviderLimits {
    /// Calls at once of one lane.
    pub(crate) fn ceiling(&self) -> usize {
        self.concurrency.map_or(CEILING, |n| n as usize).max(1)
    }
}
