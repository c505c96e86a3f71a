//! What crosses between page and program is recorded, so that a key in it would be found.

use assay_testkit::canary::{self, KEY};
use assay_tests::window::{PATIENCE, Window};
use serde_json::json;

type Failure = Box<dyn std::error::Error>;

/// Asks for a command that is not there, named like the key. The refusal names it as well.
const ASK: &str = "window.__TAURI_INTERNALS__
    .invoke('rpc', {cmd: arguments[0], payload: 'null'})
    .catch(() => { window.refused = true });";

#[test]
fn a_key_that_crossed_to_the_program_or_from_it_would_be_found() -> Result<(), Failure> {
    let data = tempfile::tempdir()?;
    let window = Window::open(data.path())?;
    window.find("welcome-sample")?;
    canary::check_bytes("the trace before", window.take_trace()?.as_bytes());
    window.script(ASK, &[json!(KEY)])?;
    window.until(PATIENCE, "the refusal", || {
        Ok((window.script("return window.refused", &[])? == true).then_some(()))
    })?;
    let trace = window.take_trace()?;
    let with_key = trace.lines().filter(|line| canary::find("it", line.as_bytes()).is_some());
    assert_eq!(with_key.count(), 2, "the request and its refusal:\n{trace}");
    window.close()?;
    Ok(())
}
