//! `assay verify`: the gate, for CI and hooks. The exit code is the gate.

mod files;

use std::path::Path;

use assay_app::App;
use assay_wire::{ApiError, Verify};
use serde_json::{Value, json};

use super::require_no_range;
use super::review::{document, text};
use crate::arguments::VerifyCommit;
use crate::exit::Exit;
use crate::output::Output;
use files::Files;

pub(crate) fn execute(
    app: &App,
    directory: &Path,
    arguments: &VerifyCommit,
    output: &Output,
) -> Result<Exit, ApiError> {
    let files = Files::new(directory, arguments)?;
    if let Some(base) = &arguments.base {
        require_no_range(base, "verify")?;
    }
    let (base, head) = (arguments.base.clone(), arguments.head.clone());
    let gate = app.call(Verify { base, head })?;
    files.write(&gate, output)?;
    if !files.takes_stdout() {
        let mut document = document::gate(&gate);
        if let Value::Object(fields) = &mut document {
            fields.insert("schema".to_owned(), json!("assay.verify/1"));
        }
        output.show(&document, || text::gate(&gate))?;
    }
    Ok(if gate.open { Exit::Done } else { Exit::Failed })
}
