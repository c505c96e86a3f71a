//! A temporary folder for what a program keeps.

use std::path::Path;

use tempfile::TempDir;

use crate::canary;

/// A folder for a program's data, deleted with this value. Before that it is looked through for the canary.
#[derive(Debug)]
pub struct DataFolder {
    folder: TempDir,
}

impl DataFolder {
    /// An empty folder.
    ///
    /// # Panics
    /// When no temporary folder can be made.
    pub fn new() -> DataFolder {
        DataFolder { folder: TempDir::with_prefix("assay-data-").expect("a temporary folder") }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Looks through it now, while what a program does away with at its end is still there.
    ///
    /// # Panics
    /// When something in it holds the canary.
    #[track_caller]
    pub fn check(&self) {
        canary::check_folder(self.path());
    }
}

impl Default for DataFolder {
    fn default() -> Self {
        DataFolder::new()
    }
}

impl Drop for DataFolder {
    fn drop(&mut self) {
        self.check();
    }
}
