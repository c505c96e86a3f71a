//! What a list of all prompts needs, in one look: which prompts there are, how many files differ from the last commit, and
//! which prompts need not be read again.
//!
//! Git finds out which files differ by asking the system about each, and reads hardly any. A prompt in which none does is
//! what the last commit has there, so the id of that tells whether somebody who has read it before knows it still. What
//! stands in thousands of prompts is then read once, and not after every change of one.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::path::Path;

use git2::{IndexEntry, Repository, Tree};

use crate::RepoError;
use crate::change::{self, Touched};
use crate::discover::{self, PromptKey};
use crate::workspace::{Workspace, head_tree};

/// The bits of an index entry that hold its stage, and the one that says that it is not on disk.
const STAGE: u16 = 0x3000;
const LEFT_OUT: u16 = 0x4000;

/// The prompts of a worktree, and how far it is from the last commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// The prompts, by key.
    pub prompts: Vec<Surveyed>,
    /// How many files differ from the last commit.
    pub changed_files: usize,
}

/// A prompt, and whether it is what the last commit has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surveyed {
    /// Where it is.
    pub key: PromptKey,
    /// The id of what the last commit has in the prompt's folder, or of a lone prompt's file alone; none when a file there
    /// differs, or is ignored by git. While the id is the same, so are the files.
    pub content: Option<String>,
}

impl Workspace {
    /// Looks at all prompts and at what differs from the last commit.
    ///
    /// # Errors
    /// Those of [`Workspace::prompts`] and [`Workspace::changes`].
    pub fn survey(&self) -> Result<Survey, RepoError> {
        let repository = self.repository()?;
        let head = head_tree(&repository)?;
        let touched = change::touched(&repository, head.as_ref())?;
        let files = telling(&repository, &touched)?;
        let prompts = discover::prompts_among(self.root(), &self.folders(), &files)?;
        let mut committed = Contents { repository: &repository, head, last: None };
        let survey = |key: PromptKey| {
            let is_touched = holds(&touched.paths, place(&key));
            let content = if is_touched { None } else { committed.id(place(&key)) };
            Surveyed { key, content }
        };
        let prompts = prompts.into_iter().map(survey).collect();
        Ok(Survey { prompts, changed_files: touched.files })
    }
}

/// The manifests and variants on disk that git does not ignore: those of the index where nothing differs, and what was found
/// where something does.
fn telling(repository: &Repository, touched: &Touched) -> Result<Vec<String>, RepoError> {
    let is_there = |entry: &IndexEntry| {
        let is_regular = matches!(entry.mode, 0o100_644 | 0o100_755);
        // Neither in dispute, nor left out of a sparse worktree.
        is_regular && entry.flags & STAGE == 0 && entry.flags_extended & LEFT_OUT == 0
    };
    let index = repository.index()?;
    let tracked = index.iter().filter(is_there).filter_map(|entry| {
        let path = str::from_utf8(&entry.path).ok().filter(|path| discover::is_telling(path))?;
        (!touched.paths.contains(path)).then(|| path.to_owned())
    });
    let found = touched.there.iter().filter(|path| discover::is_telling(path)).cloned();
    Ok(tracked.chain(found).collect())
}

/// The folder of a prompt, or the file of a lone one.
fn place(key: &PromptKey) -> &str {
    if key.lone { &key.key } else { key.base() }
}

/// Whether one of these paths is this place, stands below it or around it.
fn holds(touched: &BTreeSet<String>, place: &str) -> bool {
    if place.is_empty() {
        return !touched.is_empty();
    }
    let below = format!("{place}/");
    let from = Bound::Included(below.as_str());
    let next = touched.range::<str, _>((from, Bound::Unbounded)).next();
    let mut around = Path::new(place).ancestors().filter_map(Path::to_str);
    next.is_some_and(|path| path.starts_with(&below)) || around.any(|path| touched.contains(path))
}

/// The ids of what the last commit has, looked up in the order of the alphabet.
struct Contents<'r> {
    repository: &'r Repository,
    head: Option<Tree<'r>>,
    /// The folder that was looked into last: prompts stand side by side.
    last: Option<(String, Tree<'r>)>,
}

impl Contents<'_> {
    fn id(&mut self, place: &str) -> Option<String> {
        let head = self.head.as_ref()?;
        if place.is_empty() {
            return Some(head.id().to_string());
        }
        let Some((around, name)) = place.rsplit_once('/') else {
            return Some(head.get_name(place)?.id().to_string());
        };
        if self.last.as_ref().is_none_or(|(known, _)| known != around) {
            let entry = head.get_path(Path::new(around)).ok()?;
            self.last = Some((around.to_owned(), self.repository.find_tree(entry.id()).ok()?));
        }
        let (_, tree) = self.last.as_ref()?;
        Some(tree.get_name(name)?.id().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_touched_by_what_is_in_it_or_around_it_and_not_beside_it() {
        let check = |path: &str, place: &str, expected: bool| {
            let touched = BTreeSet::from([path.to_owned()]);
            assert_eq!(holds(&touched, place), expected, "{path} and {place}");
        };
        check("p/a/x.yaml", "p/a", true);
        check("p/a", "p/a", true);
        check("p", "p/a", true);
        check("p/a.prompty", "p/a", false);
        check("p/ab/x.yaml", "p/a", false);
        check("p/a/x.yaml", "", true);
        check("p/a-b/x", "p/a", false);
    }
}
