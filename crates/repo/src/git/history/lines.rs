//! Who wrote each line of a text.
//!
//! Lines are handed from a commit to its parents as long as they are the same there; a line that no parent has was
//! written by the commit. Only commits that touched the file are looked at: between two of them it is the same.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;

use git2::{Oid, Repository};

use super::graph::Graph;
use super::{Named, text_at};
use crate::commit::CommitInfo;
use crate::git::{Follow, GitError, Progress, Stage};

/// How many versions are compared; lines that are older stay without a commit.
const MAX_VERSIONS: usize = 5_000;

/// Who wrote a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlameLine {
    /// The line, without its end.
    pub text: String,
    /// The commit that wrote it; none when it is older than what was looked at.
    pub commit: Option<CommitInfo>,
}

/// Lines that wait at a commit: their number there, from 1, and in the text that was asked for.
type Waiting = Vec<(usize, usize)>;

/// Blames the lines of the newest name's text.
pub(super) fn blame(
    repository: &Repository,
    graph: &Graph,
    names: &[Named],
    follow: &dyn Follow,
) -> Result<Vec<BlameLine>, GitError> {
    let Some(name) = names.first() else { return Ok(Vec::new()) };
    let (_, text) = text_at(repository, graph.id(name.below), &name.path)
        .ok_or_else(|| crate::RepoError::NotFound { path: name.path.clone() })?;
    let count = text.lines().count();
    let mut search = Search { repository, graph, names, makers: vec![None; count] };
    search.run(name.below, count, follow)?;
    let mut commits: BTreeMap<u32, CommitInfo> = BTreeMap::new();
    let mut blamed = Vec::new();
    for (line, maker) in text.lines().zip(search.makers) {
        let commit = match maker {
            Some(at) => Some(match commits.entry(at) {
                Entry::Occupied(known) => known.get().clone(),
                Entry::Vacant(free) => {
                    let commit = repository.find_commit(graph.id(at))?;
                    free.insert(CommitInfo::of(&commit)).clone()
                }
            }),
            None => None,
        };
        blamed.push(BlameLine { text: line.to_owned(), commit });
    }
    Ok(blamed)
}

struct Search<'a> {
    repository: &'a Repository,
    graph: &'a Graph,
    names: &'a [Named],
    /// For each line of the text that was asked for.
    makers: Vec<Option<u32>>,
}

impl Search<'_> {
    fn run(&mut self, head: u32, count: usize, follow: &dyn Follow) -> Result<(), GitError> {
        let mut waiting: BTreeMap<u32, Waiting> = BTreeMap::new();
        if let Some(at) = self.version(head) {
            waiting.insert(at, (1..=count).map(|line| (line, line - 1)).collect());
        }
        // Children stand after their parents, so the last has everything that is handed to it.
        let mut compared = 0;
        while let Some((at, lines)) = waiting.pop_last() {
            follow.progress(Progress::of(Stage::Reading, compared, 0));
            if follow.is_cancelled() {
                return Err(GitError::Cancelled);
            }
            compared += 1;
            if compared > MAX_VERSIONS as u64 {
                return Ok(());
            }
            self.hand_on(at, lines, &mut waiting);
        }
        Ok(())
    }

    /// Hands lines to the parents that have them; the others are the commit's own.
    fn hand_on(&mut self, at: u32, lines: Waiting, waiting: &mut BTreeMap<u32, Waiting>) {
        let Some((_, text)) = self.text(at) else { return };
        let mut left = lines;
        for &parent in self.graph.parents(at) {
            let Some((_, before)) = self.text(parent) else { continue };
            let Some(version) = self.version(parent) else { continue };
            let same = same_lines(&before, &text);
            let (theirs, own): (Waiting, Waiting) =
                left.into_iter().partition(|(line, _)| same.contains_key(line));
            let handed = theirs.into_iter().map(|(line, asked)| (same[&line], asked));
            waiting.entry(version).or_default().extend(handed);
            left = own;
        }
        for (_, asked) in left {
            if let Some(maker) = self.makers.get_mut(asked) {
                *maker = Some(at);
            }
        }
    }

    /// The nearest commit at or before `at` that touched the file, along parents that have it alike.
    fn version(&self, at: u32) -> Option<u32> {
        let mut at = at;
        loop {
            if self.names.iter().any(|name| self.graph.touches_file(at, &name.path)) {
                return Some(at);
            }
            at = match self.graph.parents(at) {
                [] => return None,
                [only] => *only,
                several => {
                    let blob = self.blob(at)?;
                    *several.iter().find(|parent| self.blob(**parent) == Some(blob))?
                }
            };
        }
    }

    fn blob(&self, at: u32) -> Option<Oid> {
        let tree = self.repository.find_commit(self.graph.id(at)).ok()?.tree().ok()?;
        let mut found =
            self.names.iter().filter_map(|name| tree.get_path(Path::new(&name.path)).ok());
        found.next().map(|entry| entry.id())
    }

    /// The text at a commit, under whichever name the file had there.
    fn text(&self, at: u32) -> Option<(Oid, String)> {
        let commit = self.graph.id(at);
        self.names.iter().find_map(|name| text_at(self.repository, commit, &name.path))
    }
}

/// The lines of `new` that `old` has as well: number in the new text, number in the old one.
fn same_lines(old: &str, new: &str) -> BTreeMap<usize, usize> {
    let hunks = assay_text::lines(old, new, None);
    let lines = hunks.into_iter().flatten();
    lines.filter_map(|line| Some((line.new?, line.old?))).collect()
}

#[cfg(test)]
mod tests {
    use super::same_lines;

    #[test]
    fn lines_that_both_texts_have_are_paired() {
        let same = same_lines("a\nb\nc\n", "x\na\nc\n");
        assert_eq!(same.into_iter().collect::<Vec<_>>(), [(2, 1), (3, 3)]);
    }
}
