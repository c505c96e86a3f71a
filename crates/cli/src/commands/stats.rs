//! `assay stats`: statistics on numbers that somebody has.

use assay_app::App;
use assay_wire::ApiError;
use serde_json::json;

use crate::arguments::Stats;
use crate::exit::Exit;
use crate::output::{Output, counted};

pub(crate) fn execute(app: &App, arguments: &Stats, output: &Output) -> Result<Exit, ApiError> {
    let rows = app.stats_rows(&arguments.name, &arguments.input, &arguments.output)?;
    let told = counted(u32::try_from(rows).unwrap_or(u32::MAX), "row");
    if output.is_document() {
        let document = json!({"schema": "assay.stats/1", "name": arguments.name, "rows": rows});
        output.show(&document, String::new)?;
    } else {
        output.note(&format!("answered {told}"));
    }
    Ok(Exit::Done)
}
