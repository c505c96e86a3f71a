//! `cargo xtask golden DIR`: the metrics beside the values of their references, with the program of `tests/golden`.

use std::path::Path;

use crate::failure::Failure;
use crate::places::Places;
use crate::setup;
use crate::shell::Shell;

/// Compares every golden file of a folder.
///
/// # Errors
/// When a value is out of tolerance, a file cannot be compared, or the model or WordNet is missing
/// and cannot be fetched.
pub fn golden(places: &Places, folder: &Path) -> Result<(), Failure> {
    setup::prepare_metrics(places)?;
    // The program runs in the repository's root; the folder is meant from where the person stands.
    let folder = std::path::absolute(folder)
        .map_err(|e| Failure::Said(format!("{}: {e}", folder.display())))?;
    Shell::cargo()
        .args(["run", "--release", "--quiet", "-p", "assay-golden", "--"])
        .args([folder])
        .env("ASSAY_MODELS_DIR", &places.models)
        .inside(&places.root)
        .run()
}
