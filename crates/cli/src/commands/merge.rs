//! `assay merge`: shards that several machines ran, joined into one run.

use std::path::Path;

use assay_app::App;
use assay_wire::{ApiError, MergeRuns};

use crate::arguments::Merge;
use crate::commands::import::absolute;
use crate::commands::reports::Reports;
use crate::commands::run;
use crate::exit::Exit;
use crate::output::Output;

pub(crate) fn execute(
    app: &App,
    directory: &Path,
    arguments: &Merge,
    output: &Output,
) -> Result<Exit, ApiError> {
    run::check_result_file(app, arguments.json.as_deref())?;
    let reports = Reports::new(directory, &arguments.reports, arguments.json.as_deref())?;
    let (mut runs, mut files) = (Vec::new(), Vec::new());
    for shard in &arguments.shards {
        // A run's id is never a file's name that anybody would choose.
        let file = directory.join(shard);
        match file.is_file() {
            true => files.push(absolute(&file)?),
            false => runs.push(shard.clone()),
        }
    }
    let merged = app.call(MergeRuns { runs, files })?;
    run::report(app, &merged, arguments.json.as_deref(), &reports, output)
}
