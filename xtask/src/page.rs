//! Builds `ui/dist`, the page that the window shows, when something it is made of has changed.
//!
//! Trunk and cargo would find that out by themselves, but only after bundling and optimising for
//! half a minute; looking at names, sizes and times of the sources takes milliseconds.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::failure::Failure;
use crate::places::Places;
use crate::setup;
use crate::shell::Shell;

/// What the page is made of, beneath the repository.
const SOURCES: &[&str] = &[
    "ui",
    "crates/prompt",
    "crates/text",
    "crates/wire",
    "docs/guide/problems",
    "Cargo.toml",
    "Cargo.lock",
];

/// Folders beneath those that are made from them.
const MADE: &[&str] = &["dist", "generated", "node_modules", "target"];

/// Builds the page unless it is as new as its sources.
///
/// # Errors
/// When the build fails.
pub fn build(places: &Places) -> Result<(), Failure> {
    let sources = fingerprint(&places.root, SOURCES)?;
    if is_built(places, &sources) {
        return Ok(());
    }
    eprintln!("… page             building for wasm");
    let began = Instant::now();
    let folders = setup::tool_folders(places);
    Shell::new("trunk")
        .args(["build", "--release", "--skip-version-check"])
        .envs(setup::wasm_environment(&folders)?)
        .env("TRUNK_COLOR", "never")
        // Trunk refuses to start where this is 1, which is its usual value.
        .without("NO_COLOR")
        .inside(&places.ui())
        .run_quietly()?;
    let stamp = stamp(places);
    let folder = stamp.parent().unwrap_or(&places.target);
    std::fs::create_dir_all(folder).map_err(Failure::io("make", folder))?;
    std::fs::write(&stamp, sources).map_err(Failure::io("write", stamp))?;
    eprintln!("✓ page             built in {}", setup::duration(began.elapsed()));
    Ok(())
}

fn is_built(places: &Places, sources: &str) -> bool {
    places.ui().join("dist").join("index.html").is_file()
        && std::fs::read_to_string(stamp(places)).is_ok_and(|built_from| built_from == sources)
}

fn stamp(places: &Places) -> PathBuf {
    places.target.join("xtask").join("page-built-from")
}

/// Changes with the name, size or time of any file.
fn fingerprint(root: &Path, sources: &[&str]) -> Result<String, Failure> {
    let mut hasher = DefaultHasher::new();
    for source in sources {
        add(&root.join(source), &mut hasher)?;
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn add(path: &Path, hasher: &mut DefaultHasher) -> Result<(), Failure> {
    let metadata = path.symlink_metadata().map_err(Failure::io("read", path))?;
    path.hash(hasher);
    if metadata.is_dir() {
        return add_folder(path, hasher);
    }
    metadata.len().hash(hasher);
    metadata.modified().map_err(Failure::io("read", path))?.hash(hasher);
    Ok(())
}

fn add_folder(folder: &Path, hasher: &mut DefaultHasher) -> Result<(), Failure> {
    let entries: Result<Vec<_>, _> =
        std::fs::read_dir(folder).map_err(Failure::io("read", folder))?.collect();
    let mut entries = entries.map_err(Failure::io("read", folder))?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let is_made = MADE.iter().any(|made| entry.file_name() == *made);
        if !is_made {
            add(&entry.path(), hasher)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for (path, text) in [("ui/src/main.rs", "fn main() {}"), ("ui/dist/index.html", "<p>")] {
            write(folder.path(), path, text);
        }
        folder
    }

    fn write(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("writes");
    }

    fn of(root: &Path) -> String {
        fingerprint(root, &["ui"]).expect("reads")
    }

    #[test]
    fn a_changed_added_or_removed_source_is_a_reason_to_build() {
        let folder = workspace();
        let root = folder.path();
        let before = of(root);
        write(root, "ui/src/main.rs", "fn main() { start() }");
        let changed = of(root);
        assert_ne!(before, changed);
        write(root, "ui/src/lib.rs", "");
        let added = of(root);
        assert_ne!(changed, added);
        std::fs::remove_file(root.join("ui/src/lib.rs")).expect("removes");
        assert_eq!(of(root), changed);
    }

    #[test]
    fn what_a_build_writes_is_no_reason_to_build_again() {
        let folder = workspace();
        let before = of(folder.path());
        write(folder.path(), "ui/dist/index.html", "<p>Hello</p>");
        write(folder.path(), "ui/node_modules/left-pad/index.js", "");
        assert_eq!(of(folder.path()), before);
    }

    #[test]
    fn a_source_that_is_gone_is_named() {
        let folder = workspace();
        let error = fingerprint(folder.path(), &["absent"]).expect_err("not there").to_string();
        assert!(error.contains("absent"), "{error}");
    }
}
