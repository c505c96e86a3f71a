//! Pins: the states before and after a command, kept as a commit under a reference of their own.
//!
//! The commit's message is the command and the references it changed; its tree holds index and files of both states,
//! and its parents are the commits those references led to. So whatever an undo needs is reachable, and git's own
//! cleaning up leaves it alone. Tag objects can be neither in a tree nor a parent: their bytes are kept as files.

use std::collections::BTreeSet;
use std::path::Path;

use git2::{ObjectType, Oid, Repository, Signature, Time, Tree};
use serde::{Deserialize, Serialize};

use super::snapshot::{self, Refs, State};
use super::undo::UndoStep;
use super::{GitError, worktrees};

/// Where commands that can be taken back are pinned, and where those that were go.
const PINNED: &str = snapshot::OWN_REFS[0];
const TAKEN_BACK: &str = snapshot::OWN_REFS[1];
/// How many are kept of either; the oldest is forgotten first.
const KEPT: usize = 100;
/// How many tips are kept by one pin until its command is over.
const MAX_TIPS: usize = 2_000;
/// How often a tag may be a tag of a tag.
const MAX_TAGS: usize = 20;
/// Digits of a pin's number in its name, and the largest that is believed.
const DIGITS: usize = 20;
const LAST: u64 = 1 << 53;
/// Git's modes of folders and files.
const FOLDER: i32 = 0o040_000;
const FILE: i32 = 0o100_644;

/// What a pin's message holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Note {
    step: UndoStep,
    /// The worktree it was done in; empty for the one that git's own folder stands in.
    #[serde(default)]
    worktree: String,
    /// Before the command; only those that it changed, once it is over.
    before: Refs,
    /// After it; nothing while it runs, and for ever when the program ended in between.
    after: Option<Refs>,
}

/// A command as it is pinned.
pub(super) struct Pinned {
    name: String,
    id: Oid,
    pub(super) step: UndoStep,
    pub(super) before: State,
    /// Nothing of a command that never came to its end.
    pub(super) after: Option<State>,
}

/// The commands of this worktree that can be taken back, newest first, as far as they are `wanted`. A pin that another
/// program has spoilt cannot be taken back; the others can.
pub(super) fn newest(repository: &Repository, wanted: usize) -> Result<Vec<Pinned>, GitError> {
    let here = worktrees::own_name(repository);
    let names = names(repository, PINNED)?;
    let pins = names.iter().rev().filter_map(|name| read(repository, name, &here).ok().flatten());
    Ok(pins.take(wanted).collect())
}

/// The names of the pins under a prefix, oldest first.
fn names(repository: &Repository, prefix: &str) -> Result<Vec<String>, GitError> {
    let mut names = Vec::new();
    for reference in repository.references_glob(&format!("{prefix}*"))?.flatten() {
        if let Ok(name) = reference.name()
            && number(name).is_some()
        {
            names.push(name.to_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// The number at the end of a pin's name; nothing where the name is not one of ours.
fn number(name: &str) -> Option<u64> {
    let digits = name.rsplit('/').next().filter(|digits| digits.len() == DIGITS)?;
    digits.parse().ok().filter(|number| *number < LAST)
}

/// Gives a commit the next free name under a prefix.
fn put(repository: &Repository, prefix: &str, id: Oid, why: &str) -> Result<String, GitError> {
    let mut next = names(repository, prefix)?.last().and_then(|name| number(name)).unwrap_or(0) + 1;
    loop {
        let name = format!("{prefix}{next:020}");
        match repository.reference(&name, id, false, why) {
            Ok(_) => return Ok(name),
            // Another program has just taken it.
            Err(error) if error.code() == git2::ErrorCode::Exists => next += 1,
            Err(error) => return Err(error.into()),
        }
    }
}

/// A pin of the worktree `here`; nothing of another's.
fn read(repository: &Repository, name: &str, here: &str) -> Result<Option<Pinned>, GitError> {
    let commit = repository.find_reference(name)?.peel_to_commit()?;
    let note: Note = serde_json::from_slice(commit.message_bytes())
        .map_err(|_| GitError::Unknown { what: "undo step", name: name.to_owned() })?;
    if note.worktree != here {
        return Ok(None);
    }
    let tree = commit.tree()?;
    let state = |when: &str, refs| -> Result<State, GitError> {
        let id = |part| tree.get_path(Path::new(&format!("{when}/{part}"))).map(|entry| entry.id());
        Ok(State { refs, index: id("index")?, files: id("files")? })
    };
    let mut step = note.step;
    step.unfinished = note.after.is_none();
    let before = state("before", note.before)?;
    let after = note.after.map(|refs| state("after", refs)).transpose()?;
    Ok(Some(Pinned { name: name.to_owned(), id: commit.id(), step, before, after }))
}

impl Pinned {
    /// Brings back the tags that git has cleaned away since.
    pub(super) fn restore_tags(&self, repository: &Repository) -> Result<(), GitError> {
        let tree = repository.find_commit(self.id)?.tree()?;
        let Some(kept) = tree.get_name("tags").and_then(|entry| entry.to_object(repository).ok())
        else {
            return Ok(());
        };
        let odb = repository.odb()?;
        for entry in kept.as_tree().into_iter().flat_map(Tree::iter) {
            let bytes = repository.find_blob(entry.id())?;
            odb.write(ObjectType::Tag, bytes.content())?;
        }
        Ok(())
    }

    /// A command that was taken back cannot be taken back again, but what it made is kept.
    pub(super) fn retire(&self, repository: &Repository) -> Result<(), GitError> {
        put(repository, TAKEN_BACK, self.id, "assay: taken back")?;
        repository.find_reference(&self.name)?.delete()?;
        forget_oldest(repository, TAKEN_BACK)
    }
}

/// The pin of a command that runs.
pub(super) struct Pin {
    name: String,
    note: Note,
}

impl Pin {
    pub(super) fn begin(
        repository: &Repository,
        step: UndoStep,
        before: &State,
    ) -> Result<Self, GitError> {
        let worktree = worktrees::own_name(repository);
        let note = Note { step, worktree, before: before.refs.clone(), after: None };
        let id = write(repository, &note, before, None)?;
        let name = put(repository, PINNED, id, "assay: before a command")?;
        Ok(Self { name, note })
    }

    /// Writes down another state to go back to, while the command runs.
    pub(super) fn begin_again(
        &mut self,
        repository: &Repository,
        before: &State,
    ) -> Result<(), GitError> {
        self.note.before.clone_from(&before.refs);
        let id = write(repository, &self.note, before, None)?;
        repository.reference(&self.name, id, true, "assay: before a command")?;
        Ok(())
    }

    /// Writes down what the command changed; a command that changed nothing leaves no pin.
    pub(super) fn finish(
        mut self,
        repository: &Repository,
        before: &State,
        after: &State,
        sent: Vec<String>,
    ) -> Result<(), GitError> {
        if after == before && sent.is_empty() {
            repository.find_reference(&self.name)?.delete()?;
            return Ok(());
        }
        let changed = |one: &Refs, other: &Refs| -> Refs {
            let differs = |(name, value): &(&String, &String)| other.get(*name) != Some(*value);
            one.iter().filter(differs).map(|(name, value)| (name.clone(), value.clone())).collect()
        };
        self.note.before = changed(&before.refs, &after.refs);
        self.note.after = Some(changed(&after.refs, &before.refs));
        self.note.step.sent = sent;
        let id = write(repository, &self.note, before, Some(after))?;
        repository.reference(&self.name, id, true, "assay: after a command")?;
        forget_oldest(repository, PINNED)
    }
}

fn forget_oldest(repository: &Repository, prefix: &str) -> Result<(), GitError> {
    let names = names(repository, prefix)?;
    for name in names.iter().take(names.len().saturating_sub(KEPT)) {
        repository.find_reference(name)?.delete()?;
    }
    Ok(())
}

fn write(
    repository: &Repository,
    note: &Note,
    before: &State,
    after: Option<&State>,
) -> Result<Oid, GitError> {
    let mut tree = repository.treebuilder(None)?;
    tree.insert("before", state_tree(repository, before)?, FOLDER)?;
    let values: BTreeSet<Oid> = note
        .before
        .values()
        .chain(note.after.iter().flat_map(Refs::values))
        .filter_map(|value| Oid::from_str(value).ok())
        .collect();
    if let Some(after) = after {
        tree.insert("after", state_tree(repository, after)?, FOLDER)?;
        for (name, kept) in Tagged::of(repository, &values).trees(repository)? {
            tree.insert(name, kept, FOLDER)?;
        }
    }
    let tree = repository.find_tree(tree.write()?)?;
    let message =
        serde_json::to_string(note).map_err(|error| git2::Error::from_str(&error.to_string()))?;
    let time = Time::new(note.step.at_s, 0);
    let author = Signature::new("Assay", "undo@assay.invalid", &time)?;
    let mut parents = Vec::new();
    for tip in tips(repository, &values) {
        parents.push(repository.find_commit(tip)?);
    }
    let parents: Vec<_> = parents.iter().collect();
    Ok(repository.commit(None, &author, &author, &message, &tree, &parents)?)
}

fn state_tree(repository: &Repository, state: &State) -> Result<Oid, GitError> {
    let mut tree = repository.treebuilder(None)?;
    tree.insert("index", state.index, FOLDER)?;
    tree.insert("files", state.files, FOLDER)?;
    Ok(tree.write()?)
}

/// The commits that references lead to, each once: a pin's parents, so that git keeps them.
fn tips(repository: &Repository, values: &BTreeSet<Oid>) -> BTreeSet<Oid> {
    let commit = |id: &Oid| repository.find_object(*id, None).ok()?.peel_to_commit().ok();
    values.iter().filter_map(commit).map(|commit| commit.id()).take(MAX_TIPS).collect()
}

/// What references lead to beside commits.
#[derive(Default)]
struct Tagged {
    tags: BTreeSet<Oid>,
    files: BTreeSet<Oid>,
    folders: BTreeSet<Oid>,
}

impl Tagged {
    fn of(repository: &Repository, values: &BTreeSet<Oid>) -> Self {
        let mut found = Self::default();
        for id in values {
            found.follow(repository, *id);
        }
        found
    }

    fn follow(&mut self, repository: &Repository, mut id: Oid) {
        for _ in 0..MAX_TAGS {
            let Ok(object) = repository.find_object(id, None) else { return };
            match object.kind() {
                Some(ObjectType::Tag) => self.tags.insert(id),
                Some(ObjectType::Blob) => self.files.insert(id),
                Some(ObjectType::Tree) => self.folders.insert(id),
                _ => return,
            };
            let Some(tag) = object.as_tag() else { return };
            id = tag.target_id();
        }
    }

    /// Trees that keep all of it, by the names they have in the pin.
    fn trees(&self, repository: &Repository) -> Result<Vec<(&'static str, Oid)>, GitError> {
        let mut tags = BTreeSet::new();
        for id in &self.tags {
            tags.insert(repository.blob(repository.odb()?.read(*id)?.data())?);
        }
        let parts =
            [("tags", &tags, FILE), ("blobs", &self.files, FILE), ("trees", &self.folders, FOLDER)];
        let mut trees = Vec::new();
        for (name, ids, mode) in parts.into_iter().filter(|(_, ids, _)| !ids.is_empty()) {
            let mut tree = repository.treebuilder(None)?;
            for id in ids {
                tree.insert(id.to_string(), *id, mode)?;
            }
            trees.push((name, tree.write()?));
        }
        Ok(trees)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_were_given_here_have_a_number() {
        assert_eq!(number("refs/assay/undo/00000000000000000012"), Some(12));
        for other in ["zzz", "12", "99999999999999999999", "18446744073709551615", ""] {
            assert_eq!(number(&format!("refs/assay/undo/{other}")), None, "{other}");
        }
    }
}
