//! The name that something had before it was moved.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use git2::{Delta, Diff, DiffFindOptions, Oid, Repository, Tree};

use super::Named;
use super::graph::Graph;
use crate::change::is_within;
use crate::git::GitError;

/// From which likeness on, in per cent, a file that appeared is one that disappeared; as in the list of changes.
const LIKENESS: u16 = 70;
/// How many files a commit may have touched for those that came to be compared with those that went. When a whole repository
/// is put in order, what was moved and edited at once is not found again.
const MAX_COMPARED: usize = 500;

/// The name before, where the oldest commit that touched `name` moved it there.
pub(super) fn earlier(
    repository: &Repository,
    graph: &Graph,
    name: &Named,
) -> Result<Option<Named>, GitError> {
    let reachable = graph.ancestors(name.below);
    let touched = graph.touches(&name.path).flat_map(|(_, commits)| commits.iter().copied());
    let Some(oldest) = touched.filter(|&at| reachable.contains(at)).min() else { return Ok(None) };
    let [parent, ..] = graph.parents(oldest) else { return Ok(None) };
    let old = repository.find_commit(graph.id(*parent))?.tree()?;
    if old.get_path(Path::new(&name.path)).is_ok() {
        // It was there before and was not touched: nothing was moved.
        return Ok(None);
    }
    let new = repository.find_commit(graph.id(oldest))?.tree()?;
    let path = source(repository, &old, &new, &name.path)?;
    Ok(path.map(|path| Named { path, below: *parent }))
}

/// Where most of what is at `path` in the new tree was in the old one.
fn source(
    repository: &Repository,
    old: &Tree<'_>,
    new: &Tree<'_>,
    path: &str,
) -> Result<Option<String>, GitError> {
    let mut diff = repository.diff_tree_to_tree(Some(old), Some(new), None)?;
    let votes = if diff.deltas().len() > MAX_COMPARED {
        unchanged(&diff, path)
    } else {
        let mut options = DiffFindOptions::new();
        diff.find_similar(Some(options.renames(true).rename_threshold(LIKENESS)))?;
        alike(&diff, path)
    };
    // Of names with as many files, the first by the alphabet, so that the answer is always the same.
    let most = votes.into_iter().rev().max_by_key(|(_, votes)| *votes);
    Ok(most.map(|(name, _)| name))
}

/// Names that `path` may have had, each with how many files say so.
type Votes = BTreeMap<String, usize>;

/// By files that are like those that went.
fn alike(diff: &Diff<'_>, path: &str) -> Votes {
    let mut votes = Votes::new();
    for delta in diff.deltas().filter(|delta| delta.status() == Delta::Renamed) {
        let from = delta.old_file().path().and_then(Path::to_str);
        let to = delta.new_file().path().and_then(Path::to_str);
        if let (Some(from), Some(to)) = (from, to)
            && is_within(to, path)
            && let Some(name) = before_move(from, to, path)
        {
            *votes.entry(name).or_default() += 1;
        }
    }
    votes
}

/// By files that are just those that went: what is looked up, and need not be compared with everything.
fn unchanged(diff: &Diff<'_>, path: &str) -> Votes {
    let mut gone: HashMap<Oid, Vec<&str>> = HashMap::new();
    let deltas: Vec<_> = diff.deltas().collect();
    for delta in deltas.iter().filter(|delta| delta.status() == Delta::Deleted) {
        let from = delta.old_file().path().and_then(Path::to_str);
        gone.entry(delta.old_file().id()).or_default().extend(from);
    }
    let mut votes = Votes::new();
    for delta in deltas.iter().filter(|delta| delta.status() == Delta::Added) {
        let to = delta.new_file().path().and_then(Path::to_str);
        for to in to.into_iter().filter(|to| is_within(to, path)) {
            let from = gone.get(&delta.new_file().id()).into_iter().flatten();
            for name in from.filter_map(|from| before_move(from, to, path)) {
                *votes.entry(name).or_default() += 1;
            }
        }
    }
    votes
}

/// What `path` was called, when `from` became `to` with it: what stands below `path` has the same name on both sides.
fn before_move(from: &str, to: &str, path: &str) -> Option<String> {
    let below = to.strip_prefix(path)?;
    let name = from.strip_suffix(below)?;
    (!name.is_empty() && name != path).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::before_move;

    #[test]
    fn a_file_tells_what_its_folder_was_called() {
        let name = |from, to, path| before_move(from, to, path);
        assert_eq!(name("old/a.prompty", "new/a.prompty", "new").as_deref(), Some("old"));
        assert_eq!(name("p/old/x/y", "p/new/x/y", "p/new").as_deref(), Some("p/old"));
        assert_eq!(name("a.prompty", "b.prompty", "b.prompty").as_deref(), Some("a.prompty"));
        assert_eq!(name("old/b.prompty", "new/a.prompty", "new"), None);
    }
}
