//! `assay stats`: statistics on numbers that somebody has.

use std::path::Path;

use assay_app::App;
use assay_wire::ApiError;
use serde_json::json;

use crate::arguments::Stats;
use crate::commands::file_in;
use crate::exit::Exit;
use crate::output::{Output, counted};

pub(crate) fn execute(
    app: &App,
    directory: &Path,
    arguments: &Stats,
    output: &Output,
) -> Result<Exit, ApiError> {
    let (from, to) = (file_in(directory, &arguments.input), file_in(directory, &arguments.output));
    let rows = app.stats_rows(&arguments.name, &from, &to)?;
    let told = counted(u32::try_from(rows).unwrap_or(u32::MAX), "row");
    if output.is_document() {
        let document = json!({"schema": "assay.stats/1", "name": arguments.name, "rows": rows});
        output.show(&document, String::new)?;
    } else {
        output.note(&format!("answered {told}"));
    }
    Ok(Exit::Done)
}
