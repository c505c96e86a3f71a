//! Taking commands back.
//!
//! Each command that changes something runs inside [`Workspace::undoable`]: the state before it is pinned under a
//! reference of its own, then what it changed is told by comparing the states before and after. [`Workspace::undo`]
//! takes back exactly that, and only where everything the command made is still as it made it; edits of other files
//! made since then stay. What was sent to another computer stays there, and the answer says so. A command that fails
//! half way is taken back at once.

use std::collections::{BTreeMap, BTreeSet};

use assay_prompt::merge::take_rows;
use git2::{Oid, Repository};
use serde::{Deserialize, Serialize};

use super::back::Back;
use super::pin::{self, Pin, Pinned};
use super::snapshot::{self, Refs, State, is_setting};
use super::{GitError, alone};
use crate::When;
use crate::commit::{self, CommitInfo, Identity, Texts};
use crate::workspace::Workspace;

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
    /// Whether the program ended in the middle of it. Then nobody can tell its work from what came since.
    #[serde(default)]
    pub unfinished: bool,
}

/// What a command that can be taken back works with.
pub(super) struct Doing<'a> {
    workspace: &'a Workspace,
    pub(super) repository: &'a Repository,
    /// What it sends to another computer.
    pub(super) sent: Vec<String>,
    pin: Pin,
    before: State,
    /// What it goes back to when it fails: where nothing of it was half done.
    whole: Option<State>,
    /// Since it waits for another computer: what is on disk then is of the person's doing.
    waiting: Option<State>,
}

impl Workspace {
    /// Runs a command between two snapshots, while no other does.
    ///
    /// # Errors
    /// Those of the command, which is taken back then as far as it changed files.
    /// [`GitError::NoSnapshot`] and [`GitError::Busy`] when it was not begun.
    pub(super) fn undoable<T>(
        &self,
        command: &str,
        when: When,
        act: impl FnOnce(&mut Doing<'_>) -> Result<T, GitError>,
    ) -> Result<T, GitError> {
        let repository = self.repository()?;
        let _alone = alone::alone(&repository)?;
        self.pinned(&repository, command, when.seconds, act)
    }

    /// The same for a caller who is alone already.
    fn pinned<T>(
        &self,
        repository: &Repository,
        command: &str,
        at_s: i64,
        act: impl FnOnce(&mut Doing<'_>) -> Result<T, GitError>,
    ) -> Result<T, GitError> {
        let refused = |source| GitError::NoSnapshot { source: Box::new(source) };
        let before = State::take(self).map_err(refused)?;
        let step =
            UndoStep { command: command.to_owned(), at_s, sent: Vec::new(), unfinished: false };
        let pin = Pin::begin(repository, step, &before).map_err(refused)?;
        let sent = Vec::new();
        let mut doing =
            Doing { workspace: self, repository, sent, pin, before, whole: None, waiting: None };
        match act(&mut doing) {
            Ok(done) => doing.finish().map(|()| done),
            Err(error) => Err(doing.give_up(command, error)),
        }
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
        let pins = pin::newest(&repository, usize::MAX)?;
        let steps = pins.into_iter().map(|pin| pin.step);
        // What has no end may be about to have one.
        let runs = |step: &UndoStep| step.unfinished && alone::is_somebody(&repository);
        Ok(steps.filter(|step| !runs(step)).collect())
    }

    /// The last command, where it was cut off in the middle by a crash or a power cut.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub fn cut_off(&self) -> Result<Option<UndoStep>, GitError> {
        let repository = self.repository()?;
        let last = pin::newest(&repository, 1)?.pop().map(|pin| pin.step);
        Ok(last.filter(|step| step.unfinished && !alone::is_somebody(&repository)))
    }

    /// Takes the last command back. One that was cut off is taken back with all that came since, and that can be taken
    /// back in its turn.
    ///
    /// # Errors
    /// [`GitError::NothingToUndo`]; [`GitError::ChangedSince`] when something it made is no longer as it made it, and
    /// then nothing is changed.
    pub fn undo(&self) -> Result<Undone, GitError> {
        let repository = self.repository()?;
        let _alone = alone::alone(&repository)?;
        commit::require_no_merge(&repository)?;
        let pinned = pin::newest(&repository, 1)?.pop().ok_or(GitError::NothingToUndo)?;
        if pinned.step.unfinished {
            let command = format!("undo {}", pinned.step.command);
            return self.pinned(&repository, &command, pinned.step.at_s, |_| {
                self.take_back(&repository, &pinned)
            });
        }
        self.take_back(&repository, &pinned)
    }

    fn take_back(&self, repository: &Repository, pinned: &Pinned) -> Result<Undone, GitError> {
        let now = State::take(self)?;
        // Of a command that never came to its end, all that is there now counts as its work.
        let after = pinned.after.as_ref().unwrap_or(&now);
        let back = Back::between(repository, &pinned.before, after)?;
        back.require_possible(self, repository, &pinned.step.command, &now)?;
        pinned.restore_tags(repository)?;
        let mut step = pinned.step.clone();
        for sent in sent_since(repository, &back, step.at_s)? {
            if !step.sent.contains(&sent) {
                step.sent.push(sent);
            }
        }
        back.write(self, repository)?;
        pinned.retire(repository)?;
        let names = back.refs.into_iter().map(|(name, ..)| name);
        Ok(Undone {
            step,
            refs: names.filter(|name| !is_setting(name)).collect(),
            files: back.files.into_iter().map(|difference| difference.path).collect(),
        })
    }
}

impl Doing<'_> {
    /// Notes what is on disk when the command begins to wait for another computer. What it did until then is whole, and
    /// stays when the rest fails.
    pub(super) fn waits(&mut self) -> Result<(), GitError> {
        self.goes_on()?;
        self.waiting = Some(State::take(self.workspace)?);
        Ok(())
    }

    /// The wait is over: what the person did meanwhile is no work of the command's, and stays when it is taken back.
    pub(super) fn goes_on(&mut self) -> Result<(), GitError> {
        let Some(then) = self.waiting.take() else { return Ok(()) };
        let now = State::take(self.workspace)?;
        let mut before = self.before.clone();
        before.index = snapshot::with(self.repository, before.index, (then.index, now.index))?;
        before.files = snapshot::with(self.repository, before.files, (then.files, now.files))?;
        carry_over(&mut before.refs, &then.refs, &now.refs);
        if before != self.before {
            self.pin.begin_again(self.repository, &before)?;
            self.before = before;
        }
        self.whole = Some(now);
        Ok(())
    }

    fn finish(mut self) -> Result<(), GitError> {
        self.goes_on()?;
        let after = State::take(self.workspace)?;
        self.pin.finish(self.repository, &self.before, &after, self.sent)
    }

    /// Takes back what a command did to files before it failed. Nothing is taken back of one that has sent something:
    /// that is over. The error to tell.
    fn give_up(mut self, command: &str, error: GitError) -> GitError {
        let taken_back = match self.sent.is_empty() {
            true => self.goes_on().and_then(|()| self.put_back()),
            false => Ok(()),
        };
        let told = match taken_back {
            Ok(()) => error,
            Err(_) => GitError::HalfDone { command: command.to_owned(), source: Box::new(error) },
        };
        // Without its end the pin is that of a command that was cut off, which can be taken back too.
        let _ = self.finish();
        told
    }

    fn put_back(&self) -> Result<(), GitError> {
        let after = State::take(self.workspace)?;
        let whole = self.whole.as_ref().unwrap_or(&self.before);
        if (after.index, after.files) == (whole.index, whole.files) {
            return Ok(());
        }
        let back = Back::between(self.repository, whole, &after)?.but_branches();
        back.write(self.workspace, self.repository)
    }
}

/// Branches that moved meanwhile: whoever talks to another computer moves only what is said to be fetched.
fn carry_over(before: &mut Refs, then: &Refs, now: &Refs) {
    let is_own = |name: &&String| name.starts_with("refs/heads/") || *name == "HEAD";
    let names: BTreeSet<&String> = then.keys().chain(now.keys()).filter(is_own).collect();
    for name in names.into_iter().filter(|name| then.get(*name) != now.get(*name)) {
        match now.get(name) {
            Some(value) => before.insert(name.clone(), value.clone()),
            None => before.remove(name),
        };
    }
}

/// Of the branches that move back, those whose commits of this command another computer has by now.
fn sent_since(repository: &Repository, back: &Back, at_s: i64) -> Result<Vec<String>, GitError> {
    let mut sent = Vec::new();
    for (name, _, after) in &back.refs {
        let Some(branch) = name.strip_prefix("refs/heads/") else { continue };
        let made = after.as_ref().and_then(|id| Oid::from_str(id).ok());
        let Some(made) = made.and_then(|id| repository.find_commit(id).ok()) else { continue };
        // A commit that is older was not made by the command, only gone to.
        if made.time().seconds() == at_s {
            let remotes = remotes_with(repository, branch, made.id())?;
            sent.extend(remotes.into_iter().map(|remote| format!("{branch} to {remote}")));
        }
    }
    Ok(sent)
}

/// The remotes whose branch of that name has a commit, as far as is known here.
fn remotes_with(
    repository: &Repository,
    branch: &str,
    commit: Oid,
) -> Result<Vec<String>, GitError> {
    let mut found = Vec::new();
    for remote in repository.remotes()?.iter().flatten().flatten() {
        let there = repository.find_reference(&format!("refs/remotes/{remote}/{branch}"));
        let Ok(tip) = there.and_then(|there| there.peel_to_commit()) else { continue };
        if tip.id() == commit || repository.graph_descendant_of(tip.id(), commit)? {
            found.push(remote.to_owned());
        }
    }
    Ok(found)
}
