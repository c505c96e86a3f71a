//! One command at a time, over all windows and terminals that have the repository open.
//!
//! A command compares the states before and after it, so what another one did meanwhile would be taken for its own. The
//! lock is the system's and not the mere presence of a file: a program that dies lets go of it.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use git2::Repository;

use super::GitError;
use crate::RepoError;

/// The file in git's own folder that is locked. Nothing is ever in it.
const LOCK: &str = "assay-changing";
/// How long a command waits for another; most take less, and one that talks to a server may take very long.
const PATIENCE: Duration = Duration::from_secs(2);
const BETWEEN_TRIES: Duration = Duration::from_millis(20);

/// Held while a command changes the repository.
pub(super) struct Alone {
    _lock: File,
}

/// Whether a command changes the repository now.
pub(super) fn is_somebody(repository: &Repository) -> bool {
    let lock = open(&repository.commondir().join(LOCK), OpenOptions::new().read(true));
    lock.is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// Waits for other commands to be over.
///
/// # Errors
/// [`GitError::Busy`] when one takes long.
pub(super) fn alone(repository: &Repository) -> Result<Alone, GitError> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    let lock = open(&repository.commondir().join(LOCK), &mut options)
        .map_err(|error| RepoError::from_io(&format!(".git/{LOCK}"), error))?;
    let begun = Instant::now();
    loop {
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) if begun.elapsed() > PATIENCE => {
                return Err(GitError::Busy);
            }
            Err(TryLockError::WouldBlock) => thread::sleep(BETWEEN_TRIES),
            // Where the file system knows no locks there is nothing to wait for.
            Ok(()) | Err(TryLockError::Error(_)) => return Ok(Alone { _lock: lock }),
        }
    }
}

#[cfg(unix)]
fn open(place: &Path, options: &mut OpenOptions) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    // Neither through a link that a hostile folder may have there, nor waiting at a pipe.
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    options.custom_flags(flags.bits().cast_signed()).open(place)
}

#[cfg(not(unix))]
fn open(place: &Path, options: &mut OpenOptions) -> std::io::Result<File> {
    options.open(place)
}
