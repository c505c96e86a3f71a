//! Merging another branch into the one that is checked out.
//!
//! The merge is made in memory. What both sides changed in one file is asked of a [`TextMerger`], which knows rows and
//! front matter, before git's line merge is believed: a line merge can be clean and still give two rows one id. While a
//! file is left that nobody can merge, nothing is changed, and the conflicts come back with all three texts; the
//! same call with a [`Resolution`] for each of them makes the merge. So there is never a half merged worktree.
//!
//! The gate of reviews decides on the same merge ([`merged_tree`]), so that what people approve is what goes in.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use git2::{Commit, Index, IndexEntry, MergeOptions, Oid, Repository, Tree};

use super::snapshot::{At, at, differences, plain_entry};
use super::{Follow, GitError, Unfollowed, checkout};
use crate::commit::{self, CommitInfo, Identity};
use crate::file::MAX_FILE;
use crate::review::shallow;
use crate::workspace::Workspace;
use crate::{RepoError, When};

/// How many times the common ancestors of two histories that cross are merged themselves, as git does it.
const MAX_CROSSINGS: u32 = 16;

/// Git's mode of regular files.
const REGULAR: u32 = 0o100_644;

/// What one side of a merge has of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Side {
    /// No such file.
    Absent,
    /// A text.
    Text(String),
    /// No text, or one that is too large to be shown.
    Opaque {
        /// The object's id.
        id: String,
    },
}

/// A file that was not merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConflictFile {
    /// Its path; on our side where a side has moved it.
    pub path: String,
    /// As it was where the two sides parted.
    pub base: Side,
    /// As it is on the branch that is checked out.
    pub ours: Side,
    /// As it is on the other.
    pub theirs: Side,
}

/// How a person decides a conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution {
    /// This text.
    Text(String),
    /// What our side has, which may be no file.
    Ours,
    /// What the other side has, which may be no file.
    Theirs,
}

/// Decisions by path.
pub type Resolutions = BTreeMap<String, Resolution>;

/// What a [`TextMerger`] makes of three texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextMerge {
    /// Both sides' changes.
    Merged(String),
    /// A person has to decide.
    Conflict,
    /// It knows nothing of such files; git's line merge holds.
    NotMine,
}

/// Merges texts by what they mean.
pub trait TextMerger {
    /// Merges a file that both sides changed, or added (then `base` is none).
    fn merge(&self, path: &str, base: Option<&str>, ours: &str, theirs: &str) -> TextMerge;
}

/// Git's line merge for everything.
pub(crate) struct ByLines;

impl TextMerger for ByLines {
    fn merge(&self, _path: &str, _base: Option<&str>, _ours: &str, _theirs: &str) -> TextMerge {
        TextMerge::NotMine
    }
}

/// What a merge became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merged {
    /// Everything of the other side is here already.
    UpToDate,
    /// Nothing was done here meanwhile: the branch moved to the other's commit.
    FastForward {
        /// The commit.
        to: CommitInfo,
    },
    /// A commit with both parents.
    Commit {
        /// The commit.
        made: CommitInfo,
    },
    /// Nothing was changed; these files have to be decided.
    Conflicts {
        /// The files, by path.
        files: Vec<ConflictFile>,
    },
}

/// What to merge, and how.
pub struct MergeRequest<'a> {
    /// The branch, tag or commit to merge.
    pub revision: &'a str,
    /// The commit's message; else one that names what was merged.
    pub message: Option<&'a str>,
    /// Decisions on conflicts that an earlier call gave.
    pub resolutions: &'a Resolutions,
    /// What merges texts before git's line merge does.
    pub merger: &'a dyn TextMerger,
    /// The commit's time.
    pub when: When,
    /// Who commits, where git's configuration does not say.
    pub fallback: Option<&'a Identity>,
    /// Who follows.
    pub follow: &'a dyn Follow,
}

impl Workspace {
    /// Merges a revision into the branch that is checked out.
    ///
    /// # Errors
    /// [`GitError::InTheWay`] when changes that were not committed would be overwritten; nothing was changed then.
    pub fn merge(&self, request: &MergeRequest<'_>) -> Result<Merged, GitError> {
        self.undoable(&format!("merge {}", request.revision), request.when, |doing| {
            let merged = self.merge_into_head(doing.repository, request)?;
            if matches!(merged, Merged::Conflicts { .. }) {
                self.require_disputed(doing.repository, request.revision, request.resolutions)?;
            }
            Ok(merged)
        })
    }

    /// Refuses decisions on files that only one side has changed, by name: what was meant is still undecided.
    pub(super) fn require_disputed(
        &self,
        repository: &Repository,
        revision: &str,
        resolutions: &Resolutions,
    ) -> Result<(), GitError> {
        let Some(ours) = commit::head_commit(repository)? else { return Ok(()) };
        let theirs = repository.find_commit(Oid::from_str(&self.revision(revision)?.id())?)?;
        let base = repository.merge_base(ours.id(), theirs.id()).ok();
        let sides = Sides::of(repository, base, &ours, &theirs)?;
        let mut disputed = sides.both_changed()?;
        disputed.extend(conflicts(&sides.merge()?)?.into_keys());
        match resolutions.keys().find(|path| !disputed.contains(*path)) {
            Some(path) => Err(GitError::Unknown { what: "conflict in", name: path.clone() }),
            None => Ok(()),
        }
    }

    /// The merge itself, inside a command that can be taken back.
    pub(super) fn merge_into_head(
        &self,
        repository: &Repository,
        request: &MergeRequest<'_>,
    ) -> Result<Merged, GitError> {
        commit::require_no_merge(repository)?;
        let theirs = Oid::from_str(&self.revision(request.revision)?.id())?;
        let theirs = repository.find_commit(theirs)?;
        require_wanted(request.follow)?;
        let Some(ours) = commit::head_commit(repository)? else {
            return fast_forward(repository, None, &theirs, request.follow);
        };
        let base = repository.merge_base(ours.id(), theirs.id()).ok();
        if base == Some(theirs.id()) {
            return Ok(Merged::UpToDate);
        }
        if base == Some(ours.id()) {
            return fast_forward(repository, Some(ours.id()), &theirs, request.follow);
        }
        shallow::require_whole(repository, ours.id(), theirs.id())?;
        let sides = Sides::of(repository, base, &ours, &theirs)?;
        let (mut index, conflicts) = sides.merged_by(&Deciding {
            resolutions: request.resolutions,
            merger: request.merger,
            follow: request.follow,
        })?;
        if !conflicts.is_empty() {
            return Ok(Merged::Conflicts { files: conflicts });
        }
        let made = self.commit_merge(repository, &mut index, [&ours, &theirs], request)?;
        Ok(Merged::Commit { made })
    }

    fn commit_merge(
        &self,
        repository: &Repository,
        index: &mut Index,
        parents: [&Commit<'_>; 2],
        request: &MergeRequest<'_>,
    ) -> Result<CommitInfo, GitError> {
        let config = repository.config()?;
        let author = commit::signature(&config, request.when, request.fallback)?;
        commit::require_no_signature(&config, "commit.gpgsign")?;
        let into = self.branch().unwrap_or_else(|| "HEAD".to_owned());
        let message = match request.message {
            Some(message) => commit::tidy_message(message)?,
            None => format!("Merge {} into {into}\n", request.revision),
        };
        let tree = repository.find_tree(index.write_tree_to(repository)?)?;
        // The commit is there before the worktree moves, and the branch moves last.
        let id = repository.commit(None, &author, &author, &message, &tree, &parents)?;
        checkout::safely(repository, tree.as_object(), request.follow)?;
        move_head(repository, Some(parents[0].id()), id, "assay: merge")?;
        Ok(CommitInfo::of(&repository.find_commit(id)?))
    }
}

/// The tree that merging `theirs` into `ours` gives where nobody is there to decide, which is the one that
/// [`Workspace::merge`] commits; else the paths that are in conflict.
///
/// # Errors
/// When git's objects cannot be read or written.
pub(crate) fn merged_tree(
    repository: &Repository,
    ours: &Commit<'_>,
    theirs: &Commit<'_>,
    merger: &dyn TextMerger,
) -> Result<Result<Oid, Vec<String>>, GitError> {
    let base = repository.merge_base(ours.id(), theirs.id()).ok();
    let undecided = Resolutions::new();
    let by = Deciding { resolutions: &undecided, merger, follow: &Unfollowed };
    let (mut index, left) = match Sides::of(repository, base, ours, theirs)?.merged_by(&by) {
        // Of what goes by no text nobody could decide here.
        Err(GitError::Repo(RepoError::NotText { path, .. })) => return Ok(Err(vec![path])),
        merged => merged?,
    };
    if !left.is_empty() || index.has_conflicts() {
        return Ok(Err(left.into_iter().map(|file| file.path).collect()));
    }
    Ok(Ok(index.write_tree_to(repository)?))
}

/// Who decides on what both sides changed.
struct Deciding<'a> {
    resolutions: &'a Resolutions,
    merger: &'a dyn TextMerger,
    follow: &'a dyn Follow,
}

/// Stops a merge that is not wanted any more. Once files are written, it goes on to its end.
fn require_wanted(follow: &dyn Follow) -> Result<(), GitError> {
    if follow.is_cancelled() { Err(GitError::Cancelled) } else { Ok(()) }
}

fn fast_forward(
    repository: &Repository,
    ours: Option<Oid>,
    theirs: &Commit<'_>,
    follow: &dyn Follow,
) -> Result<Merged, GitError> {
    checkout::safely(repository, theirs.as_object(), follow)?;
    move_head(repository, ours, theirs.id(), "assay: fast-forward")?;
    Ok(Merged::FastForward { to: CommitInfo::of(theirs) })
}

/// Moves the branch that is checked out from where it was, or HEAD itself where it is none. A commit that somebody
/// made there meanwhile is not left behind.
fn move_head(
    repository: &Repository,
    from: Option<Oid>,
    to: Oid,
    why: &str,
) -> Result<(), GitError> {
    let head = repository.find_reference("HEAD")?;
    match (head.symbolic_target().ok().flatten(), from) {
        (Some(branch), Some(from)) => {
            drop(repository.reference_matching(branch, to, true, from, why)?);
        }
        (Some(branch), None) => drop(repository.reference(branch, to, false, why)?),
        (None, _) => repository.set_head_detached(to)?,
    }
    Ok(())
}

/// The trees that are merged.
struct Sides<'r> {
    repository: &'r Repository,
    base: Tree<'r>,
    ours: Tree<'r>,
    theirs: Tree<'r>,
    commits: [Commit<'r>; 2],
}

impl<'r> Sides<'r> {
    fn of(
        repository: &'r Repository,
        base: Option<Oid>,
        ours: &Commit<'r>,
        theirs: &Commit<'r>,
    ) -> Result<Self, GitError> {
        let base = match base {
            Some(base) => repository.find_commit(base)?.tree()?,
            // Histories that share no commit have nothing in common.
            None => repository.find_tree(repository.treebuilder(None)?.write()?)?,
        };
        let commits = [ours.clone(), theirs.clone()];
        Ok(Self { repository, base, ours: ours.tree()?, theirs: theirs.tree()?, commits })
    }

    /// The merge, with what nobody decided beside it.
    fn merged_by(&self, by: &Deciding<'_>) -> Result<(Index, Vec<ConflictFile>), GitError> {
        let mut index = self.merge()?;
        let left = self.decide(&mut index, by)?;
        Ok((index, left))
    }

    /// Git's own merge, from all common ancestors, and from nothing where there is none. Renames are followed, so that
    /// an edit finds a file the other side moved.
    fn merge(&self) -> Result<Index, GitError> {
        let mut options = MergeOptions::new();
        options.find_renames(true).recursion_limit(MAX_CROSSINGS);
        let [ours, theirs] = &self.commits;
        Ok(self.repository.merge_commits(ours, theirs, Some(&options))?)
    }

    /// Puts what the merger and the person decide into the merged index; what nobody decided comes back.
    fn decide(&self, index: &mut Index, by: &Deciding<'_>) -> Result<Vec<ConflictFile>, GitError> {
        let conflicts = conflicts(index)?;
        let mut left = Vec::new();
        for (path, entries) in &conflicts {
            require_wanted(by.follow)?;
            let file = ConflictFile {
                path: path.clone(),
                base: self.side(entries[0]),
                ours: self.side(entries[1]),
                theirs: self.side(entries[2]),
            };
            match self.decision(&file, entries, by)? {
                Some(decided) => settle(index, path, decided)?,
                None => left.push(file),
            }
        }
        for path in self.both_changed()? {
            require_wanted(by.follow)?;
            let is_conflict = conflicts.contains_key(&path);
            if !is_conflict && let Some(file) = self.reconsider(index, &path, by)? {
                left.push(file);
            }
        }
        left.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(left)
    }

    /// What stands in place of a conflict: `Some(None)` is no file.
    fn decision(
        &self,
        file: &ConflictFile,
        entries: &[At; 3],
        by: &Deciding<'_>,
    ) -> Result<Option<At>, GitError> {
        let mode = text_mode(entries);
        let text = |text: &str| -> Result<Option<At>, GitError> {
            Ok(Some(Some((self.repository.blob(text.as_bytes())?, mode))))
        };
        match by.resolutions.get(&file.path) {
            Some(Resolution::Ours) => return Ok(Some(entries[1])),
            Some(Resolution::Theirs) => return Ok(Some(entries[2])),
            Some(Resolution::Text(decided)) => return text(decided),
            None => {}
        }
        match merged_text(file, by.merger) {
            TextMerge::Merged(merged) => text(&merged),
            TextMerge::Conflict | TextMerge::NotMine => Ok(None),
        }
    }

    /// A file whose lines git has merged, by what it means; the file again when that is a conflict.
    fn reconsider(
        &self,
        index: &mut Index,
        path: &str,
        by: &Deciding<'_>,
    ) -> Result<Option<ConflictFile>, GitError> {
        let entries = [at(&self.base, path), at(&self.ours, path), at(&self.theirs, path)];
        let file = ConflictFile {
            path: path.to_owned(),
            base: self.side(entries[0]),
            ours: self.side(entries[1]),
            theirs: self.side(entries[2]),
        };
        if !by.resolutions.contains_key(path) && merged_text(&file, by.merger) == TextMerge::NotMine
        {
            return Ok(None);
        }
        match self.decision(&file, &entries, by)? {
            Some(decided) => settle(index, path, decided).map(|()| None),
            None => Ok(Some(file)),
        }
    }

    /// The paths that both sides changed, and not to the same.
    fn both_changed(&self) -> Result<BTreeSet<String>, GitError> {
        let ours = differences(self.repository, &self.base, &self.ours)?;
        let theirs = differences(self.repository, &self.base, &self.theirs)?;
        let ours: BTreeMap<_, _> = ours.into_iter().map(|one| (one.path, one.after)).collect();
        let differs = |path: &str, after: &At| {
            ours.get(path).is_some_and(|mine| mine != after && mine.is_some() && after.is_some())
        };
        Ok(theirs
            .into_iter()
            .filter(|one| differs(&one.path, &one.after))
            .map(|one| one.path)
            .collect())
    }

    fn side(&self, at: At) -> Side {
        let Some((id, mode)) = at else { return Side::Absent };
        let opaque = Side::Opaque { id: id.to_string() };
        // Where a link leads is no text, and a submodule's commit is none of ours.
        if !is_file(mode) {
            return opaque;
        }
        let size = self.repository.odb().and_then(|odb| odb.read_header(id)).map(|(size, _)| size);
        if !size.is_ok_and(|size| size as u64 <= MAX_FILE) {
            return opaque;
        }
        let Ok(blob) = self.repository.find_blob(id) else { return opaque };
        match String::from_utf8(blob.content().to_vec()) {
            Ok(text) => Side::Text(text),
            Err(_) => opaque,
        }
    }
}

/// What the merger makes of a file that both sides have as text.
fn merged_text(file: &ConflictFile, merger: &dyn TextMerger) -> TextMerge {
    let base = match &file.base {
        Side::Absent => None,
        Side::Text(text) => Some(text.as_str()),
        Side::Opaque { .. } => return TextMerge::NotMine,
    };
    match (&file.ours, &file.theirs) {
        (Side::Text(ours), Side::Text(theirs)) => merger.merge(&file.path, base, ours, theirs),
        _ => TextMerge::NotMine,
    }
}

/// Whether a mode is that of a regular file.
fn is_file(mode: u32) -> bool {
    mode & 0o170_000 == REGULAR & 0o170_000
}

/// The mode of a text that both sides have a hand in: what one of them changed, else as it was.
fn text_mode(entries: &[At; 3]) -> u32 {
    let [base, ours, theirs] =
        entries.map(|entry| entry.map(|(_, mode)| mode).filter(|mode| is_file(*mode)));
    match (ours, theirs) {
        (Some(ours), Some(theirs)) if Some(ours) == base => theirs,
        (ours, theirs) => ours.or(theirs).unwrap_or(REGULAR),
    }
}

/// The conflicts of an index by path, each with base, ours and theirs.
fn conflicts(index: &Index) -> Result<BTreeMap<String, [At; 3]>, GitError> {
    let entry = |entry: &Option<IndexEntry>| entry.as_ref().map(|entry| (entry.id, entry.mode));
    let mut found = BTreeMap::new();
    for conflict in index.conflicts()? {
        let conflict = conflict?;
        let sides = [&conflict.our, &conflict.their, &conflict.ancestor];
        let Some(named) = sides.into_iter().flatten().next() else { continue };
        let path = String::from_utf8(named.path.clone()).map_err(|error| RepoError::NotText {
            path: String::from_utf8_lossy(&named.path).into_owned(),
            offset: error.utf8_error().valid_up_to(),
        })?;
        let entries = [entry(&conflict.ancestor), entry(&conflict.our), entry(&conflict.their)];
        found.insert(path, entries);
    }
    Ok(found)
}

/// Puts a decision in the place of all stages of a path.
fn settle(index: &mut Index, path: &str, decided: At) -> Result<(), GitError> {
    let place = Path::new(path);
    for stage in 0..=3 {
        if index.get_path(place, stage).is_some() {
            index.remove(place, stage)?;
        }
    }
    if let Some((id, mode)) = decided {
        index.add(&plain_entry(path.as_bytes().to_vec(), id, mode, 0))?;
    }
    Ok(())
}
