//! Reading and writing single text files of the worktree, whole.
//!
//! Reading takes regular files only, up to [`MAX_FILE`] bytes, and never waits on a pipe or device.
//! Writing replaces a file at once (temporary file, fsync, rename, fsync of the folder), and only while
//! the file on disk still is the one the caller read: whatever fails, a whole file is there.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use crate::RepoError;
use crate::path::RelPath;

/// The largest file that is read or written, in bytes.
pub const MAX_FILE: u64 = 4_000_000;

/// What the names of unfinished files begin with; a crash may leave one behind.
pub(crate) const UNFINISHED: &str = ".assay-unfinished-";

/// A text file as it is on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileText {
    /// The whole text.
    pub text: String,
    /// `sha256:<hex>` of the bytes; hand it back to write the file.
    pub digest: String,
}

impl FileText {
    fn new(text: String) -> Self {
        let digest = digest(text.as_bytes());
        Self { text, digest }
    }
}

/// A file of a folder, with what tells whether it has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its path from the workspace's root.
    pub path: String,
    /// How large it is.
    pub bytes: u64,
    /// When it was written last, where the system tells.
    pub modified: Option<SystemTime>,
}

/// What became of a write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Written {
    /// The text is on disk.
    Saved {
        /// The digest of what was written: the base of the next write.
        digest: String,
    },
    /// Somebody else changed the file since it was read; nothing was written.
    Conflict {
        /// What is there now, or nothing when the file was deleted.
        on_disk: Option<FileText>,
    },
}

/// `sha256:<hex>` of some bytes.
pub fn digest(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let hash = Sha256::digest(bytes);
    hash.iter().fold("sha256:".to_owned(), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Whether a file name is one of ours that a crash left behind.
pub(crate) fn is_unfinished(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.starts_with(UNFINISHED)
}

/// The text of a regular file beneath `root`.
pub(crate) fn read(root: &Path, path: &RelPath) -> Result<FileText, RepoError> {
    text(root, path).map(FileText::new)
}

/// The same without a digest.
fn text(root: &Path, path: &RelPath) -> Result<String, RepoError> {
    into_text(path.as_str(), read_bytes(root, path, MAX_FILE)?)
}

/// The bytes of a regular file beneath `root`, up to `limit` of them.
pub(crate) fn read_bytes(root: &Path, path: &RelPath, limit: u64) -> Result<Vec<u8>, RepoError> {
    read_regular(&path.beneath(root)?, path.as_str(), limit)
}

/// The regular files of a folder beneath `root`, by name, and how many are left out beyond `limit`.
pub(crate) fn list(
    root: &Path,
    folder: &RelPath,
    limit: usize,
) -> Result<(Vec<Listed>, usize), RepoError> {
    let io = |source| RepoError::from_io(folder.as_str(), source);
    let entries = match fs::read_dir(folder.beneath(root)?) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok((Vec::new(), 0)),
        Err(error) => return Err(io(error)),
    };
    let mut names = BTreeSet::new();
    let mut left = 0;
    for entry in entries {
        let entry = entry.map_err(io)?;
        // A name that is no text cannot be one of ours. Of a link this tells the link itself.
        let (Ok(name), true) =
            (entry.file_name().into_string(), entry.file_type().is_ok_and(|kind| kind.is_file()))
        else {
            continue;
        };
        names.insert(name);
        if names.len() > limit {
            names.pop_last();
            left += 1;
        }
    }
    let listed = |name: String| {
        let path = format!("{folder}/{name}");
        let found = RelPath::parse(&path).ok()?.beneath(root).ok()?.symlink_metadata().ok()?;
        Some(Listed { path, bytes: found.len(), modified: found.modified().ok() })
    };
    Ok((names.into_iter().filter_map(listed).collect(), left))
}

/// UTF-8, or where it stops being that.
pub(crate) fn into_text(path: &str, bytes: Vec<u8>) -> Result<String, RepoError> {
    String::from_utf8(bytes).map_err(|error| RepoError::NotText {
        path: path.to_owned(),
        offset: error.utf8_error().valid_up_to(),
    })
}

fn read_regular(place: &Path, path: &str, limit: u64) -> Result<Vec<u8>, RepoError> {
    let io = |source| RepoError::from_io(path, source);
    // Asked before opening, because opening a pipe or a device may block or act.
    require_regular(&fs::symlink_metadata(place).map_err(io)?, path, limit)?;
    let file = open_without_following(place).map_err(io)?;
    // Asked again of what was really opened: the name may have been swapped in between.
    require_regular(&file.metadata().map_err(io)?, path, limit)?;
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(io)?;
    require_size(path, bytes.len(), limit)?;
    Ok(bytes)
}

fn require_regular(found: &fs::Metadata, path: &str, limit: u64) -> Result<(), RepoError> {
    let path = path.to_owned();
    if found.file_type().is_symlink() {
        return Err(RepoError::Link { path });
    }
    if !found.is_file() {
        return Err(RepoError::NotAFile { path });
    }
    if found.len() > limit {
        return Err(RepoError::TooLarge { path, limit });
    }
    Ok(())
}

fn require_size(path: &str, bytes: usize, limit: u64) -> Result<(), RepoError> {
    if bytes as u64 > limit {
        return Err(RepoError::TooLarge { path: path.to_owned(), limit });
    }
    Ok(())
}

#[cfg(unix)]
fn open_without_following(place: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(place)
}

#[cfg(not(unix))]
fn open_without_following(place: &Path) -> std::io::Result<File> {
    OpenOptions::new().read(true).open(place)
}

/// Replaces the file while it has the digest `base`, or creates it when `base` is `None`.
pub(crate) fn write(
    root: &Path,
    path: &RelPath,
    text: &str,
    base: Option<&str>,
) -> Result<Written, RepoError> {
    require_size(path.as_str(), text.len(), MAX_FILE)?;
    if let Some(conflict) = conflict(root, path, base)? {
        return Ok(conflict);
    }
    let io = |source| RepoError::from_io(path.as_str(), source);
    let unfinished = prepare(root, path, text.as_bytes()).map_err(io)?;
    {
        let _one_at_a_time = lock_writing();
        // Asked again: while the new text went to the disk, somebody else may have saved theirs.
        if let Some(conflict) = conflict(root, path, base)? {
            return Ok(conflict);
        }
        finish(root, path, unfinished).map_err(io)?;
    }
    Ok(Written::Saved { digest: digest(text.as_bytes()) })
}

/// What is on disk, when it is not what the caller read.
fn conflict(root: &Path, path: &RelPath, base: Option<&str>) -> Result<Option<Written>, RepoError> {
    let on_disk = read_if_there(root, path)?;
    let is_same = on_disk.as_ref().map(|found| found.digest.as_str()) == base;
    Ok((!is_same).then_some(Written::Conflict { on_disk }))
}

/// Held from the last look at a file to its replacement, so that of two writes of this process that
/// know the same base only one succeeds. Against other programs only the short time helps.
fn lock_writing() -> MutexGuard<'static, ()> {
    static WRITING: Mutex<()> = Mutex::new(());
    // The lock guards no data that a panic could have left half changed.
    WRITING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes a file of a workspace that is being made, where nobody else writes yet.
pub(crate) fn create(root: &Path, path: &RelPath, bytes: &[u8]) -> Result<(), RepoError> {
    prepare(root, path, bytes)
        .and_then(|unfinished| finish(root, path, unfinished))
        .map_err(|source| RepoError::from_io(path.as_str(), source))
}

/// Writes files that must not exist yet below `root`, which is made where needed. It need not be a
/// repository.
///
/// # Errors
/// [`RepoError::Exists`] before anything is written, when one of them is there.
pub fn create_files(root: &Path, files: &assay_prompt::Files) -> Result<(), RepoError> {
    let io = |source| RepoError::from_io(&root.display().to_string(), source);
    fs::create_dir_all(root).map_err(io)?;
    let mut places = Vec::new();
    for name in files.keys() {
        let path = RelPath::parse(name)?;
        if fs::symlink_metadata(path.beneath(root)?).is_ok() {
            return Err(RepoError::Exists { path: root.join(name).display().to_string() });
        }
        places.push(path);
    }
    for (path, text) in places.iter().zip(files.values()) {
        create(root, path, text.as_bytes())?;
    }
    Ok(())
}

/// The file's text, or `None` when there is no such file.
pub(crate) fn read_if_there(root: &Path, path: &RelPath) -> Result<Option<FileText>, RepoError> {
    Ok(text_if_there(root, path)?.map(FileText::new))
}

/// The same without a digest, for whoever reads thousands of files and writes none.
pub(crate) fn text_if_there(root: &Path, path: &RelPath) -> Result<Option<String>, RepoError> {
    match text(root, path) {
        Ok(text) => Ok(Some(text)),
        Err(RepoError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The whole content in a file beside the one it will replace, safely on disk.
fn prepare(root: &Path, path: &RelPath, bytes: &[u8]) -> std::io::Result<NamedTempFile> {
    let place = root.join(path.as_str());
    let folder = place.parent().unwrap_or(root);
    fs::create_dir_all(folder)?;
    let mut unfinished = begin(folder, &place)?;
    unfinished.write_all(bytes)?;
    unfinished.as_file().sync_all()?;
    Ok(unfinished)
}

/// Puts the prepared file in its place.
fn finish(root: &Path, path: &RelPath, unfinished: NamedTempFile) -> std::io::Result<()> {
    let place = root.join(path.as_str());
    unfinished.persist(&place).map_err(|error| error.error)?;
    sync_folder(place.parent().unwrap_or(root))
}

/// A temporary file beside `place`, with the permissions `place` has or a new file would get.
fn begin(folder: &Path, place: &Path) -> std::io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(UNFINISHED);
    match fs::metadata(place) {
        Ok(old) if old.permissions().readonly() => Err(std::io::ErrorKind::PermissionDenied.into()),
        Ok(old) => {
            let unfinished = builder.tempfile_in(folder)?;
            unfinished.as_file().set_permissions(old.permissions())?;
            Ok(unfinished)
        }
        Err(_) => {
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                // The process' umask takes away what the user does not want to give.
                builder.permissions(fs::Permissions::from_mode(0o666));
            }
            builder.tempfile_in(folder)
        }
    }
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Windows has no way to sync a folder; the rename itself is journaled.
#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> std::io::Result<()> {
    Ok(())
}
