//! What the repository promises about itself: which crate may use which, what the window may do,
//! that the templates it ships are sound. Read from the files and from cargo, not from memory.

#![allow(clippy::unwrap_used)]

mod architecture;
mod commands;
mod machine_paths;
mod setup;
mod shell;
mod templates;

use std::path::{Path, PathBuf};

/// The repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the repository")
}

/// A file of the repository as text.
fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// A folder's entries, sorted.
fn entries(path: impl AsRef<Path>) -> Vec<PathBuf> {
    let path = root().join(path);
    let listing = std::fs::read_dir(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut entries: Vec<_> = listing.map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries
}

/// All files beneath a folder.
fn files_beneath(path: impl AsRef<Path>) -> Vec<PathBuf> {
    let (folders, mut files): (Vec<_>, Vec<_>) =
        entries(path).into_iter().partition(|p| p.is_dir());
    files.extend(folders.into_iter().flat_map(files_beneath));
    files
}

/// The last part of a path.
fn name(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into_owned()
}
