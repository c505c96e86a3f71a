//! Bringing the worktree from one commit to another without losing what a person changed.
//!
//! Libgit2 looks at every file before it writes the first: where one differs from the commit that is left, and would be
//! overwritten, nothing is written at all and the files come back by name.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use git2::build::CheckoutBuilder;
use git2::{CheckoutNotificationType, ErrorCode, Object, Repository, Tree};

use super::snapshot::{self, At, Difference, differences};
use super::{Follow, GitError, Progress, Stage};
use crate::file::UNFINISHED;
use crate::path::RelPath;
use crate::{RepoError, commit, filtered};

/// Git's modes of submodules, links and files that run.
const SUBMODULE: u32 = 0o160_000;
const LINK: u32 = 0o120_000;
const EXECUTABLE: u32 = 0o100_755;
/// Folders in folders that are looked into.
const MAX_DEPTH: usize = 64;

/// Brings worktree and index to `target`. Changes of files that are alike in both commits stay.
///
/// # Errors
/// [`GitError::InTheWay`], and then nothing was written.
pub(super) fn safely(
    repository: &Repository,
    target: &Object<'_>,
    follow: &dyn Follow,
) -> Result<(), GitError> {
    require_unlocked(repository)?;
    require_known_files(repository, target)?;
    let in_the_way = RefCell::new(Vec::new());
    let done = {
        let mut options = CheckoutBuilder::new();
        options
            .safe()
            .overwrite_ignored(false)
            .notify_on(CheckoutNotificationType::CONFLICT)
            .notify(|_, path, _, _, _| {
                let path = path.map(|path| path.to_string_lossy().into_owned());
                in_the_way.borrow_mut().extend(path);
                true
            })
            .progress(|_, done, total| {
                let counted = Progress::of(Stage::CheckingOut, done as u64, total as u64);
                follow.progress(counted);
            });
        repository.checkout_tree(target, Some(&mut options))
    };
    match done {
        Err(error) if error.code() == ErrorCode::Conflict => {
            Err(GitError::InTheWay { paths: in_the_way.into_inner() })
        }
        Err(error) => {
            let root = repository.workdir().unwrap_or(repository.path());
            Err(GitError::from_git(root, error))
        }
        Ok(()) => Ok(()),
    }
}

/// Refuses while another program holds the index. Libgit2 asks for it last, when all files are written.
pub(super) fn require_unlocked(repository: &Repository) -> Result<(), GitError> {
    let lock = repository.path().join("index.lock");
    match lock.try_exists() {
        Ok(false) => Ok(()),
        _ => Err(RepoError::Locked { lock }.into()),
    }
}

/// Refuses a worktree that leaves files out, and files that another program would have to write.
pub(super) fn require_known_files(
    repository: &Repository,
    target: &Object<'_>,
) -> Result<(), GitError> {
    let config = repository.config()?;
    if config.get_bool("core.sparseCheckout").unwrap_or(false) {
        return Err(GitError::Sparse);
    }
    let here = match commit::head_commit(repository)? {
        Some(head) => head.tree()?,
        None => repository.find_tree(repository.treebuilder(None)?.write()?)?,
    };
    for Difference { path, after, .. } in differences(repository, &here, &target.peel_to_tree()?)? {
        if after.is_some() {
            filtered::require_plain(repository, &config, &path)?;
        }
    }
    Ok(())
}

/// The first path that has to be written where something stands that git does not tell of: an ignored file, or one too
/// large to be kept. `now` is what git tells of, and each difference goes from `after` back to `before`.
pub(super) fn taken<'d>(
    root: &Path,
    now: &Tree<'_>,
    differences: &'d [Difference],
) -> Option<&'d str> {
    let gone: BTreeSet<&Path> = differences
        .iter()
        .filter(|difference| difference.before.is_none())
        .map(|difference| Path::new(&difference.path))
        .collect();
    let is_file = |at: At| at.is_some_and(|(_, mode)| mode != SUBMODULE);
    let is_written = |difference: &&Difference| {
        is_file(difference.before) && !is_file(snapshot::at(now, &difference.path))
    };
    differences
        .iter()
        .filter(is_written)
        .map(|difference| difference.path.as_str())
        .find(|path| !is_free(root, Path::new(path), &gone))
}

/// Whether nothing is at a path but what will be gone.
fn is_free(root: &Path, path: &Path, gone: &BTreeSet<&Path>) -> bool {
    for around in path.ancestors().skip(1).filter(|around| !around.as_os_str().is_empty()) {
        // Neither below a file nor through a link, unless that goes first.
        match fs::symlink_metadata(root.join(around)) {
            Ok(found) if !found.is_dir() => return gone.contains(around),
            _ => {}
        }
    }
    match fs::symlink_metadata(root.join(path)) {
        Ok(found) if found.is_dir() => holds_only(root, path, gone, 0),
        Ok(_) => gone.contains(path),
        Err(error) => error.kind() == ErrorKind::NotFound,
    }
}

/// Whether a folder holds nothing else than what will be gone.
fn holds_only(root: &Path, folder: &Path, gone: &BTreeSet<&Path>, depth: usize) -> bool {
    let Ok(entries) = fs::read_dir(root.join(folder)) else { return false };
    entries.into_iter().all(|entry| {
        let Ok(entry) = entry else { return false };
        let path = folder.join(entry.file_name());
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        match is_folder {
            true => depth < MAX_DEPTH && holds_only(root, &path, gone, depth + 1),
            false => gone.contains(path.as_path()),
        }
    })
}

/// Removes a file, and the folders around it that are left empty. A submodule's folder stays unless it is empty: what
/// is in it belongs to another repository.
pub(super) fn remove(root: &Path, path: &str) -> Result<(), GitError> {
    let place = RelPath::parse(path)?.beneath_parent(root)?;
    if fs::symlink_metadata(&place).is_ok_and(|found| found.is_dir()) {
        let _ = fs::remove_dir(&place);
        return Ok(());
    }
    match fs::remove_file(&place) {
        Ok(()) => {}
        // Where a file is, nothing is below it.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
        Err(error) => return Err(RepoError::from_io(path, error).into()),
    }
    let around = Path::new(path).ancestors().skip(1);
    for folder in around.take_while(|folder| !folder.as_os_str().is_empty()) {
        // The first that holds something ends it.
        if fs::remove_dir(root.join(folder)).is_err() {
            break;
        }
    }
    Ok(())
}

/// Writes paths of a tree over what is on disk, as git would with its line endings, and leaves the index.
pub(super) fn over(
    repository: &Repository,
    root: &Path,
    tree: &Tree<'_>,
    paths: &[&str],
) -> Result<(), GitError> {
    if paths.is_empty() {
        // Without a path, all of the tree would be written.
        return Ok(());
    }
    let mut options = CheckoutBuilder::new();
    options.force().recreate_missing(true).update_index(false).disable_pathspec_match(true);
    for path in paths {
        remove_link(root, path)?;
        options.path(*path);
    }
    repository.checkout_tree(tree.as_object(), Some(&mut options))?;
    for path in paths {
        // Libgit2 leaves out a file in whose place another commit has a folder.
        if fs::symlink_metadata(root.join(path)).is_err() {
            bytes(repository, root, path, snapshot::at(tree, path))?;
        }
    }
    Ok(())
}

/// Libgit2 would write through a link, to wherever it leads.
fn remove_link(root: &Path, path: &str) -> Result<(), GitError> {
    let place = RelPath::parse(path)?.beneath_parent(root)?;
    match fs::symlink_metadata(&place) {
        Ok(found) if found.is_symlink() => {
            fs::remove_file(&place).map_err(|error| RepoError::from_io(path, error).into())
        }
        _ => Ok(()),
    }
}

/// Puts the very bytes of an object in the place of what is on disk.
pub(super) fn bytes(
    repository: &Repository,
    root: &Path,
    path: &str,
    what: At,
) -> Result<(), GitError> {
    let Some((id, mode)) = what else { return Ok(()) };
    let io = |error| RepoError::from_io(path, error);
    let place = RelPath::parse(path)?.beneath_parent(root)?;
    let folder = place.parent().unwrap_or(root);
    fs::create_dir_all(folder).map_err(io)?;
    if mode == SUBMODULE {
        return Ok(fs::create_dir_all(&place).map_err(io)?);
    }
    if place.is_dir() && !place.is_symlink() {
        // Only an empty one goes.
        fs::remove_dir(&place).map_err(io)?;
    }
    let blob = repository.find_blob(id)?;
    match mode {
        LINK => link(&place, blob.content()).map_err(io)?,
        _ => whole_file(folder, &place, blob.content(), mode == EXECUTABLE).map_err(io)?,
    }
    Ok(())
}

fn whole_file(folder: &Path, place: &Path, content: &[u8], runs: bool) -> io::Result<()> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(UNFINISHED);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // The process' umask takes away what the user does not want to give.
        builder.permissions(fs::Permissions::from_mode(if runs { 0o777 } else { 0o666 }));
    }
    #[cfg(not(unix))]
    let _ = runs;
    let mut unfinished = builder.tempfile_in(folder)?;
    unfinished.write_all(content)?;
    unfinished.as_file().sync_all()?;
    unfinished.persist(place)?;
    Ok(())
}

#[cfg(unix)]
fn link(place: &Path, target: &[u8]) -> io::Result<()> {
    use std::os::unix::ffi::OsStrExt;
    if fs::symlink_metadata(place).is_ok() {
        fs::remove_file(place)?;
    }
    std::os::unix::fs::symlink(std::ffi::OsStr::from_bytes(target), place)
}

/// As git does where the system has no links: a file that says where it leads.
#[cfg(not(unix))]
fn link(place: &Path, target: &[u8]) -> io::Result<()> {
    fs::write(place, target)
}
