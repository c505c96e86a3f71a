//! `cargo xtask golden DIR`: the metrics beside the values of their references, with the program of `tests/golden`.

use std::path::Path;

use crate::failure::Failure;
use crate::places::Places;
use crate::shell::Shell;

/// Compares every golden file of a folder.
///
/// # Errors
/// When a value is out of tolerance, or a file cannot be compared.
pub fn golden(places: &Places, folder: &Path) -> Result<(), Failure> {
    // The program runs in the repository's root; the folder is meant from where the person stands.
    let folder = std::path::absolute(folder)
        .map_err(|e| Failure::Said(format!("{}: {e}", folder.display())))?;
    Shell::cargo()
        .args(["run", "--release", "--quiet", "-p", "assay-golden", "--"])
        .args([folder])
        .inside(&places.root)
        .run()
}
