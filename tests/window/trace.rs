//! What crosses between page and program, recorded in the page from the moment that the driver has it.

use serde_json::Value;

use super::{DriverError, PATIENCE, Result, Window};

const RECORDER: &str = include_str!("recorder.js");

const TAKE: &str = "return window.assayTrace ? window.assayTrace.take() : false";

impl Window {
    /// Waits for the page and records from then on. What the page asks for before that is not in the trace.
    pub(super) fn record(&self) -> Result<()> {
        self.until(PATIENCE, "the page, to record what it sends", || {
            // Between the empty page and ours there is none to run a script in.
            let in_place = self.script(RECORDER, &[]).unwrap_or_default();
            Ok((in_place == true).then_some(()))
        })
    }

    /// Requests, replies and notices so far, and none of them at the next call.
    ///
    /// # Errors
    /// When the page was loaded anew, which loses what was recorded, or more crossed than can be kept.
    pub fn take_trace(&self) -> Result<String> {
        let mut trace = String::new();
        loop {
            match self.script(TAKE, &[])? {
                Value::String(part) => trace.push_str(&part),
                Value::Null => return Ok(trace),
                _ => return Err(DriverError("the page was loaded anew, its trace is lost".into())),
            }
        }
    }
}
