//! Runs that several machines share: written to files, and joined again.

use std::path::Path;

use assay_engine::ShardSource;
use assay_store::RunId;
use assay_wire::*;

use crate::app::App;
use crate::error::Explain;
use crate::router::Answer;

impl Answer<MergeRuns> for App {
    fn answer(&self, command: MergeRuns) -> Result<RunView, ApiError> {
        let runs = command.runs.iter().map(|run| ShardSource::Run(RunId::new(run)));
        let files = command.files.iter().map(|file| ShardSource::File(Path::new(file)));
        let sources: Vec<_> = runs.chain(files).collect();
        let merged = self.inner.engine.merge(&sources).map_err(|e| e.explain())?;
        self.answer(ReadRun { run: merged.to_string(), rows: false })
    }
}

impl Answer<SaveRun> for App {
    fn answer(&self, command: SaveRun) -> Result<(), ApiError> {
        let run = self.record(&command.run)?.id;
        self.inner.engine.export_shard(&run, Path::new(&command.file)).map_err(|e| e.explain())
    }
}
