//! What a command may change, kept as objects of the repository: references, index entries and the worktree's bytes.
//!
//! A [`State`] is two trees and a list. One tree holds the index, each stage in a folder of its own (`s0` … `s3`), so
//! that an index with conflicts fits as well. The other holds the files: those that differ from the index as the very
//! bytes on disk, the others by their object. Objects that are there already cost nothing, so the state of a large
//! repository is taken in about the time of a `git status`.
//!
//! What no command touches is not kept: ignored files, other repositories inside this one, and untracked files that
//! are very large or very many.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use git2::{
    ConfigLevel, Index, IndexEntry, IndexEntryExtendedFlag, IndexTime, ObjectType, Oid, Repository,
    Status, StatusOptions, Tree,
};

use super::GitError;
use crate::change;
use crate::file;
use crate::path::RelPath;
use crate::review::refs::is_of_logs;
use crate::workspace::Workspace;

/// The largest changed file that is kept, in bytes.
const MAX_KEPT: u64 = 64_000_000;
/// How many bytes of untracked files are kept; what is above stays on disk and is not part of the state.
const MAX_UNTRACKED: u64 = 256_000_000;

/// Git's modes of regular files, files that run and links.
const REGULAR: u32 = 0o100_644;
const EXECUTABLE: u32 = 0o100_755;
const LINK: u32 = 0o120_000;

/// Where the pins of this module and [`super::undo`] are; they are no part of a state.
pub(super) const OWN_REFS: [&str; 2] = ["refs/assay/undo/", "refs/assay/undone/"];

/// References by name: an id in hex, or `ref: NAME` of one that points at another.
pub(super) type Refs = BTreeMap<String, String>;

/// What a command may change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct State {
    pub(super) refs: Refs,
    /// The tree of the index.
    pub(super) index: Oid,
    /// The tree of the files.
    pub(super) files: Oid,
}

impl State {
    /// The state now. Opens the repository anew, because a handle remembers the index it has read.
    pub(super) fn take(workspace: &Workspace) -> Result<Self, GitError> {
        let repository = workspace.repository()?;
        let index = repository.index()?;
        Ok(Self {
            refs: refs(&repository)?,
            index: index_tree(&repository, &index)?,
            files: files_tree(&repository, workspace.root(), &index)?,
        })
    }
}

/// A tree with what changed from one tree to another.
pub(super) fn with(
    repository: &Repository,
    tree: Oid,
    (from, to): (Oid, Oid),
) -> Result<Oid, GitError> {
    if tree == from || from == to {
        return Ok(if tree == from { to } else { tree });
    }
    let changed =
        differences(repository, &repository.find_tree(from)?, &repository.find_tree(to)?)?;
    let mut next = Index::new()?;
    next.read_tree(&repository.find_tree(tree)?)?;
    for Difference { path, after, .. } in changed {
        match after {
            Some((id, mode)) => next.add(&plain_entry(path.into_bytes(), id, mode, 0))?,
            None => forget(&mut next, &path)?,
        }
    }
    Ok(next.write_tree_to(repository)?)
}

/// Every reference but our own pins and statements, with HEAD and what branches follow.
pub(super) fn refs(repository: &Repository) -> Result<Refs, GitError> {
    let mut found = settings(repository)?;
    // A reference that cannot be read is no reason to refuse every command.
    for reference in repository.references()?.flatten() {
        note(&reference, &mut found);
    }
    note(&repository.find_reference("HEAD")?, &mut found);
    Ok(found)
}

/// Whether a name among references is that of a setting: `branch.main.remote`.
pub(super) fn is_setting(name: &str) -> bool {
    name.starts_with("branch.")
}

/// What branches follow, which goes and comes with them.
fn settings(repository: &Repository) -> Result<Refs, GitError> {
    let config = repository.config()?;
    let mut found = Refs::new();
    config.entries(Some("^branch\\..*\\.(remote|merge)$"))?.for_each(|entry| {
        // A key without a value has none to be read.
        if entry.level() == ConfigLevel::Local
            && entry.has_value()
            && let (Ok(name), Ok(value)) = (entry.name(), entry.value())
        {
            found.insert(name.to_owned(), value.to_owned());
        }
    })?;
    Ok(found)
}

fn note(reference: &git2::Reference<'_>, found: &mut Refs) {
    let Ok(name) = reference.name() else { return };
    // Signed statements are no part of a state either: what was said is taken back by saying so.
    if OWN_REFS.iter().any(|own| name.starts_with(own)) || is_of_logs(name) {
        return;
    }
    let value = match (reference.symbolic_target(), reference.target()) {
        (Ok(Some(target)), _) => format!("ref: {target}"),
        (_, Some(id)) => id.to_string(),
        _ => return,
    };
    found.insert(name.to_owned(), value);
}

/// The stage of an index entry, which git keeps in its flags.
fn stage(entry: &IndexEntry) -> u16 {
    (entry.flags >> 12) & 3
}

/// Whether an entry only says that a file will come: `git add --intent-to-add`.
fn is_announced(entry: &IndexEntry) -> bool {
    IndexEntryExtendedFlag::from_bits_truncate(entry.flags_extended).is_intent_to_add()
}

fn index_tree(repository: &Repository, index: &Index) -> Result<Oid, GitError> {
    let mut staged = Index::new()?;
    for entry in index.iter() {
        if is_announced(&entry) {
            // Git knows the empty file without keeping it.
            repository.blob(b"")?;
        }
        let folder = format!("s{}/", stage(&entry));
        let path = [folder.as_bytes(), entry.path.as_slice()].concat();
        staged.add(&plain_entry(path, entry.id, entry.mode, 0))?;
    }
    Ok(staged.write_tree_to(repository)?)
}

/// An index entry that says nothing of the file on disk, which git then looks at anew.
pub(super) fn plain_entry(path: Vec<u8>, id: Oid, mode: u32, stage: u16) -> IndexEntry {
    IndexEntry {
        ctime: IndexTime::new(0, 0),
        mtime: IndexTime::new(0, 0),
        dev: 0,
        ino: 0,
        mode,
        uid: 0,
        gid: 0,
        file_size: 0,
        id,
        flags: stage << 12,
        flags_extended: 0,
        path,
    }
}

fn files_tree(repository: &Repository, root: &Path, index: &Index) -> Result<Oid, GitError> {
    let mut files = Index::new()?;
    for entry in index.iter().filter(|entry| stage(entry) == 0) {
        files.add(&plain_entry(entry.path, entry.id, entry.mode, 0))?;
    }
    let left_out = change::left_out(index);
    let mut untracked = 0;
    for (path, status) in differing(repository)? {
        if status.contains(Status::WT_DELETED) && left_out.contains(path.as_bytes()) {
            continue;
        }
        if status.contains(Status::WT_DELETED) {
            forget(&mut files, &path)?;
            continue;
        }
        let is_new = status.contains(Status::WT_NEW);
        match kept_file(repository, root, &path, is_new, &mut untracked)? {
            Some((id, mode)) => files.add(&plain_entry(path.into_bytes(), id, mode, 0))?,
            None if is_new => {}
            None => forget(&mut files, &path)?,
        }
    }
    Ok(files.write_tree_to(repository)?)
}

/// Takes a path out of an index, in which it need not be.
fn forget(files: &mut Index, path: &str) -> Result<(), GitError> {
    if files.get_path(Path::new(path), 0).is_some() {
        files.remove(Path::new(path), 0)?;
    }
    Ok(())
}

/// The files that differ from the index, and those it does not know.
pub(super) fn differing(repository: &Repository) -> Result<Vec<(String, Status)>, GitError> {
    let mut options = StatusOptions::new();
    options
        .include_untracked(true)
        .recurse_untracked_dirs(true)
        .exclude_submodules(true)
        .include_ignored(false);
    let statuses = repository.statuses(Some(&mut options))?;
    let worktree = Status::WT_NEW
        | Status::WT_MODIFIED
        | Status::WT_DELETED
        | Status::WT_TYPECHANGE
        | Status::WT_RENAMED
        | Status::CONFLICTED;
    let differs = statuses.iter().filter(|entry| entry.status().intersects(worktree));
    // A path that is no text cannot be one of a prompt's; no command of ours writes there.
    Ok(differs
        .filter_map(|entry| Some((entry.path().ok()?.to_owned(), entry.status())))
        .filter(|(path, _)| !path.ends_with('/') && !file::is_unfinished(path))
        .collect())
}

/// Writes the bytes of a file on disk to an object; nothing when it is neither file nor link, or new and too much.
fn kept_file(
    repository: &Repository,
    root: &Path,
    path: &str,
    is_new: bool,
    untracked: &mut u64,
) -> Result<Option<(Oid, u32)>, GitError> {
    let place = match RelPath::parse(path) {
        Ok(place) => place,
        Err(_) if is_new => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let Ok(found) = fs::symlink_metadata(root.join(path)) else { return Ok(None) };
    if found.is_symlink() {
        return link(repository, root, path).map(Some);
    }
    if !found.is_file() {
        return Ok(None);
    }
    let too_much = found.len() > MAX_KEPT || *untracked + found.len() > MAX_UNTRACKED;
    if is_new && too_much {
        return Ok(None);
    }
    if found.len() > MAX_KEPT {
        return Err(GitError::TooLargeToKeep { path: path.to_owned(), limit: MAX_KEPT });
    }
    if is_new {
        *untracked += found.len();
    }
    let bytes = file::read_bytes(root, &place, MAX_KEPT)?;
    Ok(Some((repository.blob(&bytes)?, mode_of(&found))))
}

fn link(repository: &Repository, root: &Path, path: &str) -> Result<(Oid, u32), GitError> {
    let target =
        fs::read_link(root.join(path)).map_err(|error| crate::RepoError::from_io(path, error))?;
    Ok((repository.blob(&raw(&target))?, LINK))
}

/// A path's bytes, which need not be text.
#[cfg(unix)]
fn raw(path: &Path) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    path.as_os_str().as_bytes().to_owned()
}

/// As git writes it where paths are text.
#[cfg(not(unix))]
fn raw(path: &Path) -> Vec<u8> {
    path.to_string_lossy().replace('\\', "/").into_bytes()
}

#[cfg(unix)]
fn mode_of(found: &fs::Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    if found.permissions().mode() & 0o100 == 0 { REGULAR } else { EXECUTABLE }
}

/// The system has no such bit.
#[cfg(not(unix))]
fn mode_of(_: &fs::Metadata) -> u32 {
    REGULAR
}

/// What a tree has at a path: the object and its mode.
pub(super) type At = Option<(Oid, u32)>;

/// A path that two trees do not have alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) path: String,
    pub(super) before: At,
    pub(super) after: At,
}

/// Where two trees differ, by path.
pub(super) fn differences(
    repository: &Repository,
    before: &Tree<'_>,
    after: &Tree<'_>,
) -> Result<Vec<Difference>, GitError> {
    let mut options = git2::DiffOptions::new();
    options.include_typechange(true).skip_binary_check(true);
    let diff = repository.diff_tree_to_tree(Some(before), Some(after), Some(&mut options))?;
    let mut found = Vec::new();
    for delta in diff.deltas() {
        let path = delta.new_file().path().or_else(|| delta.old_file().path());
        let Some(path) = path.and_then(Path::to_str) else { continue };
        // Looked up in the trees: a mode that git does not know, as an evil tree may have, is a panic in the delta.
        let (before, after) = (at(before, path), at(after, path));
        if before != after {
            found.push(Difference { path: path.to_owned(), before, after });
        }
    }
    Ok(found)
}

/// What a tree has at a path.
pub(super) fn at(tree: &Tree<'_>, path: &str) -> At {
    let entry = tree.get_path(Path::new(path)).ok()?;
    let is_leaf = entry.kind() != Some(ObjectType::Tree);
    is_leaf.then(|| (entry.id(), entry.filemode().cast_unsigned()))
}
