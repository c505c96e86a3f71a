//! Taking commands back.
//!
//! Each command that changes something runs inside [`Workspace::undoable`]: the state before it is pinned under a
//! reference of its own, then what it changed is told by comparing the states before and after. [`Workspace::undo`]
//! takes back exactly that, and only where everything the command made is still as it made it; edits of other files
//! made since then stay. What was sent to another computer stays there, and the answer says so.

use std::collections::BTreeMap;

use assay_prompt::merge::take_rows;
use git2::{Oid, Repository, Signature, Time};
use serde::{Deserialize, Serialize};

use super::snapshot::{self, Difference, Refs, State, differences, plain_entry};
use super::{GitError, checkout};
use crate::When;
use crate::commit::{CommitInfo, Identity, Texts};
use crate::workspace::Workspace;

/// Where commands that can be taken back are pinned, and where those that were go.
const PINNED: &str = snapshot::OWN_REFS[0];
const TAKEN_BACK: &str = snapshot::OWN_REFS[1];
/// How many commands can be taken back; the oldest is forgotten first.
const KEPT: usize = 100;
/// How many tips are kept by one pin until its command is over.
const MAX_TIPS: usize = 2_000;
/// Git's mode of folders.
const FOLDER: i32 = 0o040_000;

/// A command that was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undone {
    /// The command.
    pub step: UndoStep,
    /// The references that moved back.
    pub refs: Vec<String>,
    /// The files that were written or removed.
    pub files: Vec<String>,
}

/// A command that can be taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoStep {
    /// What was done, as a person would type it.
    pub command: String,
    /// When, in seconds since 1970 in UTC.
    pub at_s: i64,
    /// What went to another computer, and stays there: `main to origin`.
    pub sent: Vec<String>,
}

/// What a pin's message holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Note {
    step: UndoStep,
    /// Before the command; only those that it changed, once it is over.
    before: Refs,
    /// After it; nothing while it runs, and for ever when the program ended in between.
    after: Option<Refs>,
}

/// What a command that can be taken back works with.
pub(super) struct Doing<'a> {
    pub(super) repository: &'a Repository,
    /// What it sends to another computer.
    pub(super) sent: Vec<String>,
}

impl Workspace {
    /// Runs a command between two snapshots.
    ///
    /// # Errors
    /// Those of the command, which may have changed something all the same: that can be taken back too.
    /// [`GitError::NoSnapshot`] when it was not begun.
    pub(super) fn undoable<T>(
        &self,
        command: &str,
        when: When,
        act: impl FnOnce(&mut Doing<'_>) -> Result<T, GitError>,
    ) -> Result<T, GitError> {
        let repository = self.repository()?;
        let refused = |source| GitError::NoSnapshot { source: Box::new(source) };
        let before = State::take(self).map_err(refused)?;
        let step = UndoStep { command: command.to_owned(), at_s: when.seconds, sent: Vec::new() };
        let pin = Pin::begin(&repository, step, &before).map_err(refused)?;
        let mut doing = Doing { repository: &repository, sent: Vec::new() };
        let done = act(&mut doing);
        let finished = pin.finish(&repository, self, &before, doing.sent);
        let done = done?;
        finished?;
        Ok(done)
    }

    /// Commits as [`Workspace::commit`] does, so that it can be taken back.
    ///
    /// # Errors
    /// Those of a commit, and [`GitError::NoSnapshot`].
    pub fn commit_undoable(
        &self,
        message: &str,
        paths: &[String],
        when: When,
        fallback: Option<&Identity>,
    ) -> Result<CommitInfo, GitError> {
        self.undoable("commit", when, |_| Ok(self.commit(message, paths, when, fallback)?))
    }

    /// The same, with only the named rows of some files: their other changes stay on disk, for a later commit.
    ///
    /// # Errors
    /// [`GitError::RowsTogether`] for a file whose rows cannot be told apart, and those of a commit.
    pub fn commit_rows_undoable(
        &self,
        message: &str,
        paths: &[String],
        rows: &BTreeMap<String, Vec<String>>,
        when: When,
        fallback: Option<&Identity>,
    ) -> Result<CommitInfo, GitError> {
        let mut texts = Texts::new();
        for (path, ids) in rows {
            texts.insert(path.clone(), self.some_rows(path, ids)?);
        }
        self.undoable("commit", when, |_| {
            Ok(self.commit_texts(message, paths, &texts, when, fallback)?)
        })
    }

    /// The last commit's text of a file, with the changes of these rows.
    fn some_rows(&self, path: &str, ids: &[String]) -> Result<String, GitError> {
        let together = || GitError::RowsTogether { path: path.to_owned() };
        let (old, new) = self.versions(path)?;
        let new = new.ok_or_else(together)?;
        take_rows(path, &old.unwrap_or_default(), &new, ids).ok_or_else(together)
    }

    /// The commands that can be taken back, newest first.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub fn undo_steps(&self) -> Result<Vec<UndoStep>, GitError> {
        let repository = self.repository()?;
        let mut steps = Vec::new();
        for name in pins(&repository)?.iter().rev() {
            // A pin that another program has spoilt cannot be taken back; the others can.
            if let Ok((_, note)) = read(&repository, name) {
                steps.push(note.step);
            }
        }
        Ok(steps)
    }

    /// Takes the last command back.
    ///
    /// # Errors
    /// [`GitError::NothingToUndo`]; [`GitError::ChangedSince`] when something it made is no longer as it made it, and
    /// then nothing is changed.
    pub fn undo(&self) -> Result<Undone, GitError> {
        let repository = self.repository()?;
        let name = pins(&repository)?.pop().ok_or(GitError::NothingToUndo)?;
        let (pin, note) = read(&repository, &name)?;
        let now = State::take(self)?;
        let back = Back::plan(&repository, &pin, &note, &now)?;
        back.require_unchanged(&repository, &note.step.command, &now)?;
        back.write(self, &repository)?;
        let undone = Undone {
            step: note.step,
            refs: back.refs.iter().map(|(name, _, _)| name.clone()).collect(),
            files: back.files.iter().map(|difference| difference.path.clone()).collect(),
        };
        retire(&repository, &name, pin.id)?;
        Ok(undone)
    }
}

/// The names of the pins, oldest first.
fn pins(repository: &Repository) -> Result<Vec<String>, GitError> {
    let mut names = Vec::new();
    for reference in repository.references_glob(&format!("{PINNED}*"))?.flatten() {
        if let Ok(name) = reference.name() {
            names.push(name.to_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// The trees of a pin.
struct Pinned {
    id: Oid,
    /// Index and files before the command.
    before: (Oid, Oid),
    /// Index and files after it, once it is over.
    after: Option<(Oid, Oid)>,
}

fn read(repository: &Repository, name: &str) -> Result<(Pinned, Note), GitError> {
    let commit = repository.find_reference(name)?.peel_to_commit()?;
    let note: Note = serde_json::from_slice(commit.message_bytes())
        .map_err(|_| GitError::Unknown { what: "undo step", name: name.to_owned() })?;
    let tree = commit.tree()?;
    let id = |path: &str| tree.get_path(std::path::Path::new(path)).map(|entry| entry.id());
    let before = (id("before/index")?, id("before/files")?);
    let after = match &note.after {
        Some(_) => Some((id("after/index")?, id("after/files")?)),
        None => None,
    };
    Ok((Pinned { id: commit.id(), before, after }, note))
}

/// The pin of a command that runs.
struct Pin {
    name: String,
    note: Note,
}

impl Pin {
    fn begin(repository: &Repository, step: UndoStep, before: &State) -> Result<Self, GitError> {
        let note = Note { step, before: before.refs.clone(), after: None };
        let tips = tips(repository, before.refs.values());
        let id = write_pin(repository, &note, before, None, &tips)?;
        let mut next = pins(repository)?.last().map_or(1, |last| number(last) + 1);
        loop {
            let name = format!("{PINNED}{next:020}");
            match repository.reference(&name, id, false, "assay: before a command") {
                Ok(_) => return Ok(Self { name, note }),
                // Another program has just taken it.
                Err(error) if error.code() == git2::ErrorCode::Exists => next += 1,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Writes down what the command changed; a command that changed nothing leaves no pin.
    fn finish(
        mut self,
        repository: &Repository,
        workspace: &Workspace,
        before: &State,
        sent: Vec<String>,
    ) -> Result<(), GitError> {
        let after = State::take(workspace)?;
        if after == *before && sent.is_empty() {
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
        let values = self.note.before.values().chain(self.note.after.iter().flat_map(Refs::values));
        let tips = tips(repository, values);
        let id = write_pin(repository, &self.note, before, Some(&after), &tips)?;
        repository.reference(&self.name, id, true, "assay: after a command")?;
        forget_oldest(repository)
    }
}

/// The number at the end of a pin's name.
fn number(name: &str) -> u64 {
    name.rsplit('/').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// The commits that references lead to, each once: a pin's parents, so that git keeps them.
fn tips<'v>(repository: &Repository, values: impl Iterator<Item = &'v String>) -> Vec<Oid> {
    let mut tips: Vec<_> = values
        .filter_map(|value| Oid::from_str(value).ok())
        .filter_map(|id| repository.find_object(id, None).ok()?.peel_to_commit().ok())
        .map(|commit| commit.id())
        .collect();
    tips.sort();
    tips.dedup();
    tips.truncate(MAX_TIPS);
    tips
}

fn write_pin(
    repository: &Repository,
    note: &Note,
    before: &State,
    after: Option<&State>,
    tips: &[Oid],
) -> Result<Oid, GitError> {
    let mut tree = repository.treebuilder(None)?;
    tree.insert("before", state_tree(repository, before)?, FOLDER)?;
    if let Some(after) = after {
        tree.insert("after", state_tree(repository, after)?, FOLDER)?;
    }
    let tree = repository.find_tree(tree.write()?)?;
    let message =
        serde_json::to_string(note).map_err(|error| git2::Error::from_str(&error.to_string()))?;
    let time = Time::new(note.step.at_s, 0);
    let author = Signature::new("Assay", "undo@assay.invalid", &time)?;
    let mut parents = Vec::new();
    for tip in tips {
        parents.push(repository.find_commit(*tip)?);
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

fn forget_oldest(repository: &Repository) -> Result<(), GitError> {
    let names = pins(repository)?;
    for name in names.iter().take(names.len().saturating_sub(KEPT)) {
        repository.find_reference(name)?.delete()?;
    }
    Ok(())
}

/// A command that was taken back cannot be taken back again, but what it made is kept.
fn retire(repository: &Repository, name: &str, id: Oid) -> Result<(), GitError> {
    let kept = format!("{TAKEN_BACK}{:020}", number(name));
    repository.reference(&kept, id, true, "assay: taken back")?;
    repository.find_reference(name)?.delete()?;
    Ok(())
}

/// What taking a command back will do.
struct Back {
    /// Name, value before, value after.
    refs: Vec<(String, Option<String>, Option<String>)>,
    /// Paths of the index tree.
    index: Vec<Difference>,
    files: Vec<Difference>,
    /// The trees before, for what has to be written.
    before: (Oid, Oid),
}

impl Back {
    fn plan(
        repository: &Repository,
        pin: &Pinned,
        note: &Note,
        now: &State,
    ) -> Result<Self, GitError> {
        // Of a command that never came to its end, all that is there now counts as its work.
        let (index, files) = pin.after.unwrap_or((now.index, now.files));
        let after = note.after.as_ref().unwrap_or(&now.refs);
        let tree = |id| repository.find_tree(id);
        Ok(Self {
            refs: changed_refs(&note.before, after),
            index: differences(repository, &tree(pin.before.0)?, &tree(index)?)?,
            files: differences(repository, &tree(pin.before.1)?, &tree(files)?)?,
            before: pin.before,
        })
    }

    /// Refuses where something is no longer as the command made it.
    fn require_unchanged(
        &self,
        repository: &Repository,
        command: &str,
        now: &State,
    ) -> Result<(), GitError> {
        let changed = |what: &str| {
            Err(GitError::ChangedSince { command: command.to_owned(), what: what.to_owned() })
        };
        for (name, _, after) in &self.refs {
            if now.refs.get(name) != after.as_ref() {
                return changed(name);
            }
        }
        for (differences, now) in [(&self.files, now.files), (&self.index, now.index)] {
            let now = repository.find_tree(now)?;
            for Difference { path, after, .. } in differences {
                if snapshot::at(&now, path) != *after {
                    return changed(path.trim_start_matches("s0/"));
                }
            }
        }
        Ok(())
    }

    /// Files first, HEAD last: what is interrupted in between can be taken back again.
    fn write(&self, workspace: &Workspace, repository: &Repository) -> Result<(), GitError> {
        self.write_files(workspace, repository)?;
        self.write_index(workspace)?;
        for (name, before, _) in self.refs.iter().filter(|(name, ..)| name != "HEAD") {
            set_ref(repository, name, before.as_deref())?;
        }
        for (name, before, _) in self.refs.iter().filter(|(name, ..)| name == "HEAD") {
            set_ref(repository, name, before.as_deref())?;
        }
        Ok(())
    }

    fn write_files(&self, workspace: &Workspace, repository: &Repository) -> Result<(), GitError> {
        for gone in self.files.iter().filter(|difference| difference.before.is_none()) {
            checkout::remove(workspace.root(), &gone.path)?;
        }
        let (index, files) =
            (repository.find_tree(self.before.0)?, repository.find_tree(self.before.1)?);
        let is_clean = |difference: &&Difference| {
            snapshot::at(&index, &format!("s0/{}", difference.path)) == difference.before
        };
        let there = self.files.iter().filter(|difference| difference.before.is_some());
        let (clean, raw): (Vec<_>, Vec<_>) = there.partition(is_clean);
        // A file that was as the index has it went through git's line endings; the others are bytes as they were.
        checkout::over(repository, &files, &clean, false)?;
        checkout::over(repository, &files, &raw, true)
    }

    fn write_index(&self, workspace: &Workspace) -> Result<(), GitError> {
        if self.index.is_empty() {
            return Ok(());
        }
        // Opened anew: the other handle has read the index before files were written.
        let repository = workspace.repository()?;
        let mut index = repository.index()?;
        for Difference { path, before, .. } in &self.index {
            let Some((stage, path)) = staged(path) else { continue };
            match before {
                Some((id, mode)) => {
                    index.add(&plain_entry(path.as_bytes().to_vec(), *id, *mode, stage))?;
                }
                None => index.remove(std::path::Path::new(path), i32::from(stage))?,
            }
        }
        index.write().map_err(|error| GitError::from_git(workspace.root(), error))
    }
}

/// `s2/a/b` is `a/b` at stage 2.
fn staged(path: &str) -> Option<(u16, &str)> {
    let (stage, path) = path.strip_prefix('s')?.split_once('/')?;
    Some((stage.parse().ok()?, path))
}

fn changed_refs(before: &Refs, after: &Refs) -> Vec<(String, Option<String>, Option<String>)> {
    let names: std::collections::BTreeSet<_> = before.keys().chain(after.keys()).collect();
    names
        .into_iter()
        .map(|name| (name.clone(), before.get(name).cloned(), after.get(name).cloned()))
        .filter(|(_, before, after)| before != after)
        .collect()
}

fn set_ref(repository: &Repository, name: &str, value: Option<&str>) -> Result<(), GitError> {
    let why = "assay: undo";
    match value {
        None => match repository.find_reference(name) {
            Ok(mut reference) => reference.delete()?,
            Err(error) if error.code() == git2::ErrorCode::NotFound => {}
            Err(error) => return Err(error.into()),
        },
        Some(value) => match (value.strip_prefix("ref: "), name) {
            (Some(target), "HEAD") => repository.set_head(target)?,
            (Some(target), _) => drop(repository.reference_symbolic(name, target, true, why)?),
            (None, "HEAD") => repository.set_head_detached(Oid::from_str(value)?)?,
            (None, _) => drop(repository.reference(name, Oid::from_str(value)?, true, why)?),
        },
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_path_of_the_index_tree_names_its_stage() {
        assert_eq!(staged("s0/prompts/a.prompty"), Some((0, "prompts/a.prompty")));
        assert_eq!(staged("s3/a"), Some((3, "a")));
        assert_eq!(staged("a"), None);
        assert_eq!(staged("sx/a"), None);
    }

    #[test]
    fn references_that_came_went_or_moved_are_told() {
        let refs = |pairs: &[(&str, &str)]| -> Refs {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let before = refs(&[("a", "1"), ("b", "1"), ("c", "1")]);
        let after = refs(&[("b", "2"), ("c", "1"), ("d", "1")]);
        let names: Vec<_> =
            changed_refs(&before, &after).into_iter().map(|(name, ..)| name).collect();
        assert_eq!(names, ["a", "b", "d"]);
    }
}
