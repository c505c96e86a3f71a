//! The real clock, ids and randomness: the one place of the application that takes them.

use assay_engine::Environment;
use jiff::{Timestamp, Zoned};

/// The system's clock and randomness.
pub(crate) struct System;

impl Environment for System {
    fn now_ms(&self) -> i64 {
        Timestamp::now().as_millisecond()
    }

    fn new_run_id(&self) -> String {
        new_id()
    }

    fn jitter(&self) -> f64 {
        // The low bits of a ULID are random; 16 of them spread retries well enough.
        let random = ulid::Ulid::generate().random() & 0xffff;
        random as f64 / 65_536.0
    }
}

/// A fresh ULID, 26 characters.
pub(crate) fn new_id() -> String {
    ulid::Ulid::generate().to_string()
}

/// The day, as `2026-03-21`.
pub(crate) fn today() -> String {
    Zoned::now().date().to_string()
}

/// Now, with the local offset, as a commit wants it.
pub(crate) fn commit_time() -> assay_repo::When {
    let now = Zoned::now();
    assay_repo::When {
        seconds: now.timestamp().as_second(),
        offset_minutes: now.offset().seconds() / 60,
    }
}
