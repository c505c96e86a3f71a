//! The record of every origin that was contacted, and why.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::Origin;

/// How often one origin was contacted for one purpose. Times are milliseconds since the Unix epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LedgerEntry {
    /// Who was contacted.
    pub origin: Origin,
    /// Why, in the caller's words.
    pub purpose: &'static str,
    /// Requests sent or tried.
    pub requests: u64,
    /// When the first one started.
    pub first_ms: i64,
    /// When the latest one started.
    pub last_ms: i64,
}

/// Written before a request leaves, so a request that fails is in it too.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    entries: Mutex<BTreeMap<(Origin, &'static str), Tally>>,
}

#[derive(Debug)]
struct Tally {
    requests: u64,
    first_ms: i64,
    last_ms: i64,
}

impl Ledger {
    pub(crate) fn record(&self, origin: &Origin, purpose: &'static str) {
        let now = now_ms();
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let tally = entries.entry((origin.clone(), purpose)).or_insert(Tally {
            requests: 0,
            first_ms: now,
            last_ms: now,
        });
        tally.requests += 1;
        tally.last_ms = now;
    }

    pub(crate) fn entries(&self) -> Vec<LedgerEntry> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries
            .iter()
            .map(|((origin, purpose), tally)| LedgerEntry {
                origin: origin.clone(),
                purpose,
                requests: tally.requests,
                first_ms: tally.first_ms,
                last_ms: tally.last_ms,
            })
            .collect()
    }
}

fn now_ms() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}
