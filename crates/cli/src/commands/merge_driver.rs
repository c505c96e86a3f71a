//! `assay merge-driver`: one file of a merge, for git.

use std::path::Path;

use assay_app::{DriverFiles, merge_driver};
use assay_wire::ApiError;

use super::file_in;
use crate::arguments::MergeDriver;
use crate::exit::Exit;
use crate::output::{Output, counted};

pub(crate) fn execute(
    directory: &Path,
    arguments: &MergeDriver,
    output: &Output,
) -> Result<Exit, ApiError> {
    let files = DriverFiles {
        base: file_in(directory, &arguments.base),
        ours: file_in(directory, &arguments.ours),
        theirs: file_in(directory, &arguments.theirs),
        path: arguments.path.clone(),
    };
    let undecided = merge_driver(&files)?.undecided;
    if undecided.is_empty() {
        return Ok(Exit::Done);
    }
    // Standard output is git's.
    let count = counted(undecided.len() as u32, "conflict");
    output.note(&format!("{}: {count}, where ours was kept for now", arguments.path));
    for conflict in &undecided {
        let (ours, theirs) = (&conflict.ours, &conflict.theirs);
        output.note(&format!("  {}: ours {ours}, theirs {theirs}", conflict.place));
    }
    Ok(Exit::Failed)
}
