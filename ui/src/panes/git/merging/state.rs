//! The merge that waits for decisions. Nothing of it is on disk or in git: while a place is open, nothing was merged.

use std::collections::BTreeMap;

use assay_prompt::merge::{Choice, Place};
use assay_wire::{ConflictView, ResolutionChoice};
use leptos::prelude::*;

use super::model::{Disputed, Whose};

/// What is merged, and so which command takes the decisions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A branch or tag.
    Revision(String),
    /// What a sync fetched.
    Remote {
        /// What the other side is called, as `origin/main`.
        name: String,
        /// Whether it sends afterwards.
        push: bool,
    },
}

impl Source {
    /// What the other side is called.
    pub fn name(&self) -> &str {
        match self {
            Source::Revision(name) | Source::Remote { name, .. } => name,
        }
    }
}

/// The merge that waits for decisions.
#[derive(Clone, Copy)]
pub struct Merging {
    source: RwSignal<Option<Source>>,
    into: RwSignal<String>,
    files: RwSignal<Vec<Disputed>>,
    turn: RwSignal<u64>,
}

impl Merging {
    /// None.
    pub fn new() -> Self {
        Self {
            source: RwSignal::new(None),
            into: RwSignal::new(String::new()),
            files: RwSignal::new(Vec::new()),
            turn: RwSignal::new(0),
        }
    }

    /// Whether a merge waits.
    pub fn is_open(self) -> bool {
        self.source.with(Option::is_some)
    }

    /// What the other side is called.
    pub fn theirs(self) -> String {
        self.source.with(|source| source.as_ref().map(|s| s.name().to_owned()).unwrap_or_default())
    }

    /// The branch it is merged into.
    pub fn ours(self) -> String {
        self.into.get()
    }

    /// The files in dispute, by path, and with a number that moves when their versions are others.
    pub fn paths(self) -> Vec<(String, u64)> {
        let turn = self.turn.get();
        self.files.with(|files| files.iter().map(|f| (f.file.path.clone(), turn)).collect())
    }

    /// A file with what was decided of it.
    pub fn file(self, path: &str) -> Option<Disputed> {
        self.files.with(|files| files.iter().find(|f| f.file.path == path).cloned())
    }

    /// How many places wait for a decision.
    pub fn open_places(self) -> usize {
        self.files.with(|files| files.iter().map(Disputed::open).sum())
    }

    /// Whether a merge waits and nothing of it is left to decide.
    pub fn is_decided(self) -> bool {
        untrack(|| self.is_open() && self.open_places() == 0)
    }

    /// How many files are in dispute.
    pub fn count(self) -> usize {
        self.files.with(Vec::len)
    }

    /// A merge came back with conflicts. What was decided before holds where the versions are the same.
    pub fn open(self, source: Source, into: String, files: Vec<ConflictView>) {
        let files = self.files.with_untracked(|before| {
            let known = |file: &ConflictView| before.iter().find_map(|known| known.again(file));
            files.into_iter().map(|f| known(&f).unwrap_or_else(|| Disputed::new(f))).collect()
        });
        self.turn.update(|turn| *turn += 1);
        self.into.set(into);
        self.files.set(files);
        self.source.set(Some(source));
    }

    /// Leaves it for now: nothing was merged. What was decided is there when the same versions meet again.
    pub fn leave(self) {
        self.source.set(None);
    }

    /// It is over: merged, or no longer to be.
    pub fn forget(self) {
        self.source.set(None);
        self.files.set(Vec::new());
    }

    /// Decides a place of a file.
    pub fn decide(self, path: &str, place: Place, choice: Choice) {
        self.change(path, |file| file.decide(place, choice));
    }

    /// Takes back what was decided of a place.
    pub fn undecide(self, path: &str, place: &Place) {
        self.change(path, |file| file.undecide(place));
    }

    /// Takes one version of a file whole, or goes back to deciding its places.
    pub fn take_whole(self, path: &str, whose: Option<Whose>) {
        self.change(path, |file| file.whole = whose);
    }

    fn change(self, path: &str, change: impl FnOnce(&mut Disputed)) {
        self.files.update(|files| {
            if let Some(file) = files.iter_mut().find(|file| file.file.path == path) {
                change(file);
            }
        });
    }

    /// What is merged and what was decided of every file, once that is all.
    pub fn decided(self) -> Option<(Source, BTreeMap<String, ResolutionChoice>)> {
        let source = self.source.get_untracked()?;
        let resolutions = self.files.with_untracked(|files| {
            let decided = |file: &Disputed| Some((file.file.path.clone(), file.resolution()?));
            files.iter().map(decided).collect::<Option<BTreeMap<_, _>>>()
        })?;
        Some((source, resolutions))
    }
}

impl Default for Merging {
    fn default() -> Self {
        Self::new()
    }
}
