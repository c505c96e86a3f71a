//! What differs between the last commit and the worktree, file by file.
//!
//! This module finds the files and what each belongs to; what changed inside them, in the words of
//! prompts, is told by [`crate::compare`].

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::rc::Rc;

use assay_prompt::{Files, MANIFEST_FILE, Prompt, parse_folder, parse_lone};
use git2::{
    Delta, Diff, DiffFindOptions, DiffOptions, Index, IndexEntry, IndexEntryExtendedFlag,
    Repository, Tree,
};
use serde::{Deserialize, Serialize};

use crate::RepoError;
use crate::compare;
use crate::discover::{PromptKey, VARIANT, join, root_name};
use crate::file;
use crate::path::RelPath;
use crate::source::{self, Committed, Source, Worktree};
use crate::staged;

/// What happened to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FileStatus {
    /// It is not in the last commit.
    Added,
    /// Its content or mode differs.
    Edited,
    /// It is in the last commit only.
    Deleted,
    /// It stood elsewhere in the last commit, and may be edited as well.
    Renamed,
}

/// A file that differs from the last commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChange {
    /// Where it is, or was when it is deleted.
    pub path: String,
    /// Where a renamed file was.
    pub from: Option<String>,
    /// What happened to it.
    pub status: FileStatus,
    /// The key of the prompt it belongs to.
    pub prompt: Option<String>,
    /// What changed inside it, in the words of prompts.
    pub items: Vec<ChangeItem>,
}

impl FileChange {
    /// The path that the next commit has to forget.
    pub(crate) fn removed_path(&self) -> Option<&str> {
        match self.status {
            FileStatus::Deleted => Some(&self.path),
            _ => self.from.as_deref(),
        }
    }

    /// The path that the next commit has to take from the worktree.
    pub(crate) fn kept_path(&self) -> Option<&str> {
        (self.status != FileStatus::Deleted).then_some(self.path.as_str())
    }

    /// The path that the last commit has it at.
    pub(crate) fn old_path(&self) -> Option<&str> {
        match self.status {
            FileStatus::Added => None,
            _ => self.from.as_deref().or(Some(&self.path)),
        }
    }

    /// Whether `path` is this file or a folder around it.
    fn is_at(&self, path: &str) -> bool {
        [Some(self.path.as_str()), self.from.as_deref()]
            .into_iter()
            .flatten()
            .any(|own| is_within(own, path))
    }
}

/// Whether something was added, removed or edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It differs, or stands elsewhere.
    Edited,
}

/// The kind of thing that changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Subject {
    /// A variant: its template, options, model or texts about it.
    Variant,
    /// A few-shot example, or a file of them.
    Example,
    /// An evaluation case, or a file of them.
    Case,
    /// An input or output.
    Schema,
    /// Scorers, gates, models or repeats.
    Evals,
    /// The prompt's `prompt.yaml`.
    Manifest,
    /// The repository's `assay.yaml` or a file of its `.assay` folder.
    Repository,
    /// Any other file.
    Other,
}

/// One change inside a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeItem {
    /// Whether it was added, removed or edited.
    pub what: What,
    /// The kind of thing.
    pub subject: Subject,
    /// The variant, row, property or scorer; the file's path where the item is about all of a file.
    pub id: String,
    /// One line for a person: `example ex-refund: output edited`.
    pub summary: String,
}

/// One prompt as one side has it.
pub(crate) struct Side {
    pub(crate) key: PromptKey,
    pub(crate) prompt: Prompt,
    pub(crate) files: Files,
}

impl Side {
    fn load(source: &dyn Source, key: PromptKey) -> Result<Self, RepoError> {
        let files = source::files(source, &key)?;
        Ok(Self { prompt: parse(&key, &files), key, files })
    }

    /// The path of a file below the prompt's folder.
    pub(crate) fn name_of<'a>(&self, path: &'a str) -> &'a str {
        path.strip_prefix(self.key.base()).map_or(path, |name| name.trim_start_matches('/'))
    }
}

/// One side of a file.
pub(crate) struct Version {
    pub(crate) path: String,
    pub(crate) text: String,
    /// The prompt it belongs to there.
    pub(crate) side: Option<Rc<Side>>,
}

/// Parses the files of a prompt.
pub fn parse(key: &PromptKey, files: &Files) -> Prompt {
    if key.lone {
        let file = key.key.rsplit('/').next().unwrap_or(&key.key);
        parse_lone(&key.name, file, files)
    } else {
        parse_folder(&key.name, files)
    }
}

/// From which likeness on, in per cent, a file that appeared is one that disappeared. Variants of one prompt
/// are alike in their front matter, so this is above git's usual 50.
const MOVED: u16 = 70;

/// Every file that differs from the last commit, without what is inside it, in the order of paths.
pub(crate) fn files(
    repository: &Repository,
    head: Option<&Tree<'_>>,
) -> Result<Vec<FileChange>, RepoError> {
    listed_here(repository, from_worktree(repository, head, false)?)
}

/// How the worktree differs from the last commit, for whoever wants to know what does not.
pub(crate) struct Touched {
    /// Where it differs, or holds what git ignores. An ignored folder is named without its end, and not what is in it.
    pub(crate) paths: BTreeSet<String>,
    /// The regular files among them that are on disk and that git does not ignore.
    pub(crate) there: BTreeSet<String>,
    /// How many files differ.
    pub(crate) files: usize,
}

/// Looks at everything that differs, and at what is ignored.
pub(crate) fn touched(
    repository: &Repository,
    head: Option<&Tree<'_>>,
) -> Result<Touched, RepoError> {
    let root = repository.workdir().unwrap_or(repository.path());
    let diff = from_worktree(repository, head, true)?;
    let mut touched = Touched { paths: BTreeSet::new(), there: BTreeSet::new(), files: 0 };
    for delta in diff.deltas() {
        for file in [delta.old_file(), delta.new_file()] {
            // A name that is no text still stands in a folder that has one.
            let path = file.path_bytes().map(String::from_utf8_lossy);
            touched.paths.extend(path.map(|path| path.trim_end_matches('/').to_owned()));
        }
        touched.there.extend(regular_file(root, &delta).map(str::to_owned));
    }
    touched.files = listed_here(repository, diff)?.len();
    Ok(touched)
}

/// The regular file that is on disk where something differs.
fn regular_file<'d>(root: &Path, delta: &git2::DiffDelta<'d>) -> Option<&'d str> {
    let is_there = !matches!(delta.status(), Delta::Deleted | Delta::Ignored | Delta::Unreadable);
    let path = delta.new_file().path().filter(|_| is_there)?;
    // The mode of the delta may be one that git does not know, which is a panic in there.
    let is_regular = root.join(path).symlink_metadata().is_ok_and(|found| found.is_file());
    path.to_str().filter(|_| is_regular)
}

fn from_worktree<'r>(
    repository: &'r Repository,
    head: Option<&Tree<'_>>,
    ignored: bool,
) -> Result<Diff<'r>, RepoError> {
    let mut options = DiffOptions::new();
    options
        .include_untracked(true)
        .recurse_untracked_dirs(true)
        .include_ignored(ignored)
        .include_typechange(true)
        .ignore_submodules(true);
    if head.is_some_and(|head| staged::is_nothing(repository, head)) {
        return Ok(repository.diff_index_to_workdir(None, Some(&mut options))?);
    }
    Ok(repository.diff_tree_to_workdir_with_index(head, Some(&mut options))?)
}

/// The changes of a worktree, of which some files may be left out.
fn listed_here(repository: &Repository, diff: Diff<'_>) -> Result<Vec<FileChange>, RepoError> {
    let changes = listed(diff)?;
    if changes.iter().all(|change| change.removed_path().is_none()) {
        return Ok(changes);
    }
    let elsewhere = left_out(&repository.index()?);
    Ok(changes.into_iter().filter_map(|change| without(change, &elsewhere)).collect())
}

/// The paths that a sparse worktree leaves out: git has them, and the disk has not.
pub(crate) fn left_out(index: &Index) -> BTreeSet<Vec<u8>> {
    let is_left_out = |entry: &IndexEntry| {
        let flags = IndexEntryExtendedFlag::from_bits_truncate(entry.flags_extended);
        flags.is_skip_worktree()
    };
    index.iter().filter(is_left_out).map(|entry| entry.path).collect()
}

/// A change as it is where these paths are left out of the worktree on purpose, and so not deleted.
fn without(mut change: FileChange, left_out: &BTreeSet<Vec<u8>>) -> Option<FileChange> {
    let is_left_out = |path: &str| left_out.contains(path.as_bytes());
    match change.status {
        FileStatus::Deleted if is_left_out(&change.path) => return None,
        FileStatus::Renamed if change.from.as_deref().is_some_and(is_left_out) => {
            change.status = FileStatus::Added;
            change.from = None;
        }
        _ => {}
    }
    Some(change)
}

/// Every file that differs between two commits, in the same way.
pub(crate) fn files_between(
    repository: &Repository,
    old: &Tree<'_>,
    new: &Tree<'_>,
) -> Result<Vec<FileChange>, RepoError> {
    let mut options = DiffOptions::new();
    options.include_typechange(true).ignore_submodules(true);
    listed(repository.diff_tree_to_tree(Some(old), Some(new), Some(&mut options))?)
}

fn listed(mut diff: Diff<'_>) -> Result<Vec<FileChange>, RepoError> {
    diff.find_similar(Some(
        DiffFindOptions::new().renames(true).for_untracked(true).rename_threshold(MOVED),
    ))?;
    let mut changes: Vec<_> = diff.deltas().filter_map(|delta| change(&delta)).collect();
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(changes)
}

fn change(delta: &git2::DiffDelta<'_>) -> Option<FileChange> {
    let old = delta.old_file().path().and_then(Path::to_str);
    let new = delta.new_file().path().and_then(Path::to_str);
    let (status, path, from) = match delta.status() {
        Delta::Added | Delta::Untracked | Delta::Copied => (FileStatus::Added, new?, None),
        Delta::Deleted => (FileStatus::Deleted, old?, None),
        Delta::Modified | Delta::Typechange | Delta::Conflicted => {
            (FileStatus::Edited, new.or(old)?, None)
        }
        Delta::Renamed => (FileStatus::Renamed, new?, Some(old?.to_owned())),
        Delta::Unmodified | Delta::Ignored | Delta::Unreadable => return None,
    };
    // A path that ends in a slash is another repository inside this one.
    if path.ends_with('/') || file::is_unfinished(path) {
        return None;
    }
    Some(FileChange { path: path.to_owned(), from, status, prompt: None, items: Vec::new() })
}

/// The changes at `paths`, which may be files or folders; all of them when none is named.
pub(crate) fn select(
    changes: Vec<FileChange>,
    paths: &[String],
) -> Result<Vec<FileChange>, RepoError> {
    if paths.is_empty() {
        return Ok(changes);
    }
    let paths: Vec<_> = paths.iter().map(|path| tidy(path)).collect();
    if let Some(path) = paths.iter().find(|path| !changes.iter().any(|change| change.is_at(path))) {
        return Err(RepoError::Unchanged { path: (*path).to_owned() });
    }
    Ok(changes.into_iter().filter(|change| paths.iter().any(|path| change.is_at(path))).collect())
}

fn tidy(path: &str) -> &str {
    path.strip_prefix("./").unwrap_or(path).trim_end_matches('/')
}

/// Whether `path` is `folder` or stands below it.
pub(crate) fn is_within(path: &str, folder: &str) -> bool {
    matches!(folder, "" | ".")
        || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Fills in which prompt each file belongs to and what changed inside it.
///
/// A file that cannot be read as text keeps an item that says so; the other files are told in full.
pub(crate) fn describe(
    repository: &Repository,
    root: &Path,
    head: Option<&Tree<'_>>,
    folders: &[String],
    changes: &mut [FileChange],
) {
    let disk = Worktree { root };
    let committed = head.map(|tree| Committed { repository, tree });
    let old = committed.as_ref().map(|source| source as &dyn Source);
    describe_between(root, folders, old, &disk, changes);
}

/// The same for any two sides.
pub(crate) fn describe_between(
    root: &Path,
    folders: &[String],
    old: Option<&dyn Source>,
    now: &dyn Source,
    changes: &mut [FileChange],
) {
    let mut sides = Sides { root, folders, now, old, known: BTreeMap::new() };
    for change in changes {
        sides.describe(change);
    }
}

/// Both sides of every comparison, each prompt parsed once.
struct Sides<'a> {
    root: &'a Path,
    folders: &'a [String],
    now: &'a dyn Source,
    old: Option<&'a dyn Source>,
    known: BTreeMap<(PromptKey, Of), Rc<Side>>,
}

/// Which of the two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Of {
    Head,
    Now,
}

impl Sides<'_> {
    fn describe(&mut self, change: &mut FileChange) {
        change.prompt = self.prompt_of(change);
        change.items = match self.items(change) {
            Ok(items) => items,
            Err(error) => vec![compare::unreadable(change, &error)],
        };
    }

    /// The key of the prompt that a file belongs to now, or did when it is gone from it.
    fn prompt_of(&self, change: &FileChange) -> Option<String> {
        let now = self.owner(change.kept_path(), Of::Now);
        let key = now.or_else(|| self.owner(change.old_path(), Of::Head))?;
        Some(key.key)
    }

    fn items(&mut self, change: &FileChange) -> Result<Vec<ChangeItem>, RepoError> {
        let old = self.version(change.old_path(), Of::Head)?;
        let new = self.version(change.kept_path(), Of::Now)?;
        Ok(compare::items(old.as_ref(), new.as_ref()))
    }

    /// One side of a file: its text, and the prompt it belongs to there.
    fn version(&mut self, path: Option<&str>, of: Of) -> Result<Option<Version>, RepoError> {
        let (Some(path), Some(source)) = (path, self.source(of)) else {
            return Ok(None);
        };
        let Some(text) = source.text(&RelPath::parse(path)?)? else {
            return Ok(None);
        };
        let side = match self.owner(Some(path), of) {
            Some(key) => Some(self.side(key, of, source)?),
            None => None,
        };
        Ok(Some(Version { path: path.to_owned(), text, side }))
    }

    fn side(&mut self, key: PromptKey, of: Of, source: &dyn Source) -> Result<Rc<Side>, RepoError> {
        if let Some(known) = self.known.get(&(key.clone(), of)) {
            return Ok(Rc::clone(known));
        }
        let side = Rc::new(Side::load(source, key.clone())?);
        self.known.insert((key, of), Rc::clone(&side));
        Ok(side)
    }
}

impl<'a> Sides<'a> {
    fn source(&self, of: Of) -> Option<&'a dyn Source> {
        match of {
            Of::Head => self.old,
            Of::Now => Some(self.now),
        }
    }

    /// The prompt that the file at `path` belongs to on one side.
    fn owner(&self, path: Option<&str>, of: Of) -> Option<PromptKey> {
        let (path, source) = (path?, self.source(of)?);
        let searched = self
            .folders
            .iter()
            .map(|folder| tidy(folder))
            .find(|folder| is_within(path, folder))?;
        let around = folders_around(path)
            .take_while(|folder| is_within(folder, searched))
            .find(|folder| source.holds(&join(folder, MANIFEST_FILE)));
        match around {
            Some(folder) => Some(PromptKey::folder(folder, &root_name(self.root))),
            None => path.ends_with(VARIANT).then(|| PromptKey::lone(path)),
        }
    }
}

/// The folders a path stands in, from the nearest to the root, which is the empty path.
fn folders_around(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| {
        (!path.is_empty()).then(|| path.rsplit_once('/').map_or("", |(around, _)| around))
    })
    .skip(1)
}
