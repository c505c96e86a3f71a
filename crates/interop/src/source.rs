//! Where importers read from: files beneath one root, by plain relative paths.
//!
//! A file that is imported may come from anybody and may name any path. So a [`Source`] gives out
//! regular files beneath its root only, never through a link, never more than [`MAX_FILE`] bytes, and
//! a path that leads outside does not exist.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

/// The largest file that is read, in bytes.
pub const MAX_FILE: u64 = 16 << 20;
/// The most files a folder lists; what lies deeper or beyond is not looked at.
pub(crate) const MAX_FILES: usize = 10_000;
const MAX_DEPTH: usize = 16;
/// So many bytes of a file say what it is.
const HEAD: usize = 1 << 16;

/// Why a file could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// Nothing is there.
    #[error("{path} does not exist")]
    Missing {
        /// As it was asked for.
        path: String,
    },
    /// The path leads out of the folder, or through a link.
    #[error("{path} lies outside the imported folder")]
    Outside {
        /// As it was asked for.
        path: String,
    },
    /// It is there and cannot be used.
    #[error("{path} cannot be read: {reason}")]
    Unreadable {
        /// As it was asked for.
        path: String,
        /// In words.
        reason: String,
    },
}

/// Files beneath one root.
pub trait Source {
    /// The bytes of the file at `path`, with `/` between its parts; `a/../b` is followed as text.
    ///
    /// # Errors
    /// [`SourceError`] when there is no such file beneath the root.
    fn read(&self, path: &str) -> Result<Vec<u8>, SourceError>;

    /// The paths of all files, sorted.
    fn list(&self) -> Vec<String>;

    /// The beginning of a file, enough to see what it is.
    ///
    /// # Errors
    /// As [`Self::read`].
    fn head(&self, path: &str) -> Result<Vec<u8>, SourceError> {
        let mut bytes = self.read(path)?;
        bytes.truncate(HEAD);
        Ok(bytes)
    }

    /// The name of the root itself, where it has one.
    fn name(&self) -> Option<String> {
        None
    }

    /// The text of a file; a byte order mark is taken off.
    ///
    /// # Errors
    /// As [`Self::read`], and when it is not UTF-8.
    fn text(&self, path: &str) -> Result<String, SourceError> {
        let bytes = self.read(path)?;
        let text = String::from_utf8(bytes).map_err(|error| SourceError::Unreadable {
            path: path.to_owned(),
            reason: format!("byte {} is not UTF-8", error.utf8_error().valid_up_to()),
        })?;
        Ok(text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_owned))
    }
}

/// `path` as seen from the folder of `from`, with `.` and `..` resolved. `None` when it leads
/// outside or is not a relative path.
pub(crate) fn beside(from: &str, path: &str) -> Option<String> {
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    plain(&format!("{folder}/{path}"), path.starts_with('/'))
}

/// A path made of plain names only.
pub(crate) fn plain(path: &str, absolute: bool) -> Option<String> {
    if absolute || path.contains(['\\', '\0', ':']) {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

/// Files that are already in memory.
#[derive(Debug, Clone, Default)]
pub struct MemorySource(pub BTreeMap<String, Vec<u8>>);

impl<const N: usize> From<[(&str, &str); N]> for MemorySource {
    fn from(files: [(&str, &str); N]) -> Self {
        Self(files.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())).into())
    }
}

impl Source for MemorySource {
    fn read(&self, path: &str) -> Result<Vec<u8>, SourceError> {
        let name = plain(path, path.starts_with('/'))
            .ok_or_else(|| SourceError::Outside { path: path.to_owned() })?;
        self.0.get(&name).cloned().ok_or_else(|| SourceError::Missing { path: path.to_owned() })
    }

    fn list(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }
}

/// A folder on disk.
#[derive(Debug, Clone)]
pub struct FolderSource {
    root: PathBuf,
}

impl FolderSource {
    /// Everything beneath `root`, which itself may be a link: it is the person's own choice.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    fn walk(&self, folder: &Path, prefix: &str, depth: usize, found: &mut Vec<String>) {
        let Ok(entries) = fs::read_dir(folder) else {
            return;
        };
        for entry in entries.flatten() {
            let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else {
                continue;
            };
            if found.len() >= MAX_FILES {
                return;
            }
            let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
            if kind.is_file() {
                found.push(path);
            } else if kind.is_dir() && depth < MAX_DEPTH && !skipped(&name) {
                self.walk(&entry.path(), &path, depth + 1, found);
            }
        }
    }
}

/// Folders that hold other people's files.
fn skipped(name: &str) -> bool {
    name.starts_with('.') || matches!(name, "node_modules" | "target" | "__pycache__")
}

impl FolderSource {
    /// The first bytes of a regular file, no more than `limit`.
    fn first(&self, path: &str, limit: u64) -> Result<Vec<u8>, SourceError> {
        let name = plain(path, path.starts_with('/'))
            .ok_or_else(|| SourceError::Outside { path: path.to_owned() })?;
        let file = open(&self.root, &name).map_err(|error| explain(path, &error))?;
        let kind = file.metadata().map_err(|error| explain(path, &error))?;
        if !kind.is_file() {
            return Err(unreadable(path, "it is not a regular file"));
        }
        let mut bytes = Vec::new();
        file.take(limit).read_to_end(&mut bytes).map_err(|error| explain(path, &error))?;
        Ok(bytes)
    }
}

impl Source for FolderSource {
    fn read(&self, path: &str) -> Result<Vec<u8>, SourceError> {
        let bytes = self.first(path, MAX_FILE + 1)?;
        match bytes.len() as u64 > MAX_FILE {
            true => Err(unreadable(path, "it is larger than 16 MB")),
            false => Ok(bytes),
        }
    }

    fn head(&self, path: &str) -> Result<Vec<u8>, SourceError> {
        self.first(path, HEAD as u64)
    }

    fn name(&self) -> Option<String> {
        // `.` has no name of its own; the place it stands for has.
        let root = std::path::absolute(&self.root).ok()?;
        Some(root.file_name()?.to_str()?.to_owned())
    }

    fn list(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.walk(&self.root, "", 0, &mut found);
        found.sort();
        found
    }
}

/// Opens one part of the path after the other, so that no link on the way is followed, whatever is
/// swapped meanwhile. Without blocking: a pipe would wait for a writer.
#[cfg(unix)]
fn open(root: &Path, name: &str) -> std::io::Result<File> {
    use rustix::fs::{CWD, Mode, OFlags, openat};
    let step = OFlags::RDONLY | OFlags::CLOEXEC;
    let mut at = openat(CWD, root, step | OFlags::DIRECTORY, Mode::empty())?;
    let (folders, last) = name.rsplit_once('/').map_or(("", name), |(f, l)| (f, l));
    for folder in folders.split('/').filter(|part| !part.is_empty()) {
        at = openat(&at, folder, step | OFlags::DIRECTORY | OFlags::NOFOLLOW, Mode::empty())?;
    }
    let file = openat(&at, last, step | OFlags::NOFOLLOW | OFlags::NONBLOCK, Mode::empty())?;
    Ok(File::from(file))
}

#[cfg(unix)]
fn is_link(error: &std::io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

#[cfg(not(unix))]
fn is_link(_error: &std::io::Error) -> bool {
    false
}

#[cfg(not(unix))]
fn open(root: &Path, name: &str) -> std::io::Result<File> {
    let mut place = root.to_owned();
    for part in name.split('/') {
        place.push(part);
        if fs::symlink_metadata(&place)?.file_type().is_symlink() {
            return Err(std::io::Error::other("a link is on the way"));
        }
    }
    File::open(place)
}

fn unreadable(path: &str, reason: &str) -> SourceError {
    SourceError::Unreadable { path: path.to_owned(), reason: reason.to_owned() }
}

fn explain(path: &str, error: &std::io::Error) -> SourceError {
    let path = path.to_owned();
    match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => {
            SourceError::Missing { path }
        }
        _ if is_link(error) => SourceError::Outside { path },
        _ => SourceError::Unreadable { path, reason: error.to_string() },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn paths_stay_beneath_the_root() {
        assert_eq!(beside("a/b.yaml", "c/d.txt").as_deref(), Some("a/c/d.txt"));
        assert_eq!(beside("a/b.yaml", "../d.txt").as_deref(), Some("d.txt"));
        assert_eq!(beside("b.yaml", "./d.txt").as_deref(), Some("d.txt"));
        for path in ["../d.txt", "/etc/passwd", "c:\\x", "a\\b", "", "."] {
            assert_eq!(beside("b.yaml", path), None, "{path:?}");
        }
    }

    #[test]
    fn a_folder_gives_regular_files_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("sub")).unwrap();
        fs::write(folder.path().join("sub/a.txt"), "\u{feff}text").unwrap();
        let source = FolderSource::new(folder.path());
        assert_eq!(source.text("sub/a.txt").unwrap(), "text");
        assert_eq!(source.list(), ["sub/a.txt"]);
        assert!(matches!(source.read("b.txt"), Err(SourceError::Missing { .. })));
        assert!(matches!(source.read("../b.txt"), Err(SourceError::Outside { .. })));
        assert!(matches!(source.read("sub"), Err(SourceError::Unreadable { .. })));
        assert_eq!(source.head("sub/a.txt").unwrap(), source.read("sub/a.txt").unwrap());
        assert_eq!(FolderSource::new(folder.path().join("sub")).name().as_deref(), Some("sub"));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed_and_pipes_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret"), "key").unwrap();
        std::os::unix::fs::symlink(outside.path(), folder.path().join("out")).unwrap();
        std::os::unix::fs::symlink(outside.path().join("secret"), folder.path().join("s")).unwrap();
        std::process::Command::new("mkfifo").arg(folder.path().join("pipe")).status().unwrap();
        let source = FolderSource::new(folder.path());
        for path in ["out/secret", "s", "pipe"] {
            assert!(source.read(path).is_err(), "{path}");
        }
        assert_eq!(source.list(), Vec::<String>::new());
    }
}
