//! What a person says a provider allows, and how long they wait for it.

use std::time::Duration;

use assay_net::Limits;
use serde::{Deserialize, Serialize};

/// Calls at once of a lane at most, unless its provider's settings or the caller say otherwise.
const CEILING: usize = 64;

/// No call takes longer, whatever a person sets.
pub const LONGEST_CALL: Duration = Duration::from_secs(24 * 60 * 60);

/// The limits of a provider, from its settings: `{"concurrency": 16, "requestsPerMinute": 500, "idleMs": 90000}`. What it
/// allows and is not set is found out from the server's own headers and refusals.
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
    /// The longest wait for the first byte of a reply, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_byte_ms: Option<u64>,
    /// The longest silence in the middle of a reply, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_ms: Option<u64>,
    /// The longest that one call may take in all, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_ms: Option<u64>,
}

impl ProviderLimits {
    /// How much one call may take, in bytes and in time: as is usual, where nothing is set.
    pub fn caps(&self, usual: &Limits) -> Limits {
        let set = |ms: Option<u64>| ms.map(Duration::from_millis).map(|t| t.min(LONGEST_CALL));
        Limits {
            first_byte: set(self.first_byte_ms).unwrap_or(usual.first_byte),
            idle: set(self.idle_ms).unwrap_or(usual.idle),
            total: set(self.total_ms).unwrap_or(usual.total),
            ..usual.clone()
        }
    }

    /// Calls at once of one lane.
    pub(crate) fn ceiling(&self) -> usize {
        self.concurrency.map_or(CEILING, |n| n as usize).max(1)
    }
}
