//! The commits and what each of them touched.

use std::collections::{BTreeMap, HashMap};

use git2::{Commit, Oid, Repository, Sort};
use serde::{Deserialize, Serialize};

use super::trees::Trees;
use crate::git::{Follow, GitError, Progress, Stage};

/// How many times a path may have been touched in all; a history beyond that is not indexed to its end.
const MAX_TOUCHES: usize = 5_000_000;
/// How often whoever follows is told, in commits.
const TELL_EVERY: usize = 256;

/// A commit, known by where it stands in the list: parents come before their children.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Node {
    id: Vec<u8>,
    parents: Vec<u32>,
}

/// Commits with their parents, and the commits that touched each path.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Graph {
    nodes: Vec<Node>,
    touched: BTreeMap<String, Vec<u32>>,
    touches: usize,
    /// The commits from which everything back to the first is known.
    tips: Vec<Vec<u8>>,
    /// Where each commit stands; made again when the index is read.
    #[serde(skip)]
    places: HashMap<Vec<u8>, u32>,
}

impl Graph {
    /// After reading: the places, which the file does not hold, and whether it can be used at all.
    pub(super) fn restored(mut self) -> Option<Self> {
        let known = u32::try_from(self.nodes.len()).ok()?;
        for (at, node) in (0..).zip(&self.nodes) {
            let is_whole =
                Oid::from_bytes(&node.id).is_ok() && node.parents.iter().all(|&p| p < at);
            if !is_whole {
                return None;
            }
            self.places.insert(node.id.clone(), at);
        }
        let is_whole = |commits: &Vec<u32>| commits.iter().all(|&at| at < known);
        self.touched.values().all(is_whole).then_some(self)
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The id of a commit.
    pub(super) fn id(&self, at: u32) -> Oid {
        // What is no id was refused when the index was read.
        Oid::from_bytes(&self.nodes[at as usize].id).unwrap_or(Oid::ZERO_SHA1)
    }

    /// Where a commit stands.
    pub(super) fn find(&self, id: Oid) -> Option<u32> {
        self.places.get(id.as_bytes()).copied()
    }

    pub(super) fn parents(&self, at: u32) -> &[u32] {
        &self.nodes[at as usize].parents
    }

    /// Whether a commit touched exactly this path.
    pub(super) fn touches_file(&self, at: u32, path: &str) -> bool {
        self.touched.get(path).is_some_and(|commits| commits.binary_search(&at).is_ok())
    }

    /// The commits that touched a path or what is below it, path by path, oldest first.
    pub(super) fn touches<'g>(
        &'g self,
        path: &'g str,
    ) -> impl Iterator<Item = (&'g str, &'g [u32])> + 'g {
        let exact = self.touched.get_key_value(path).into_iter();
        let below = if path.is_empty() { String::new() } else { format!("{path}/") };
        let start = below.clone();
        let inside =
            self.touched.range(start..).take_while(move |(key, _)| key.starts_with(&below));
        exact.chain(inside).map(|(path, commits)| (path.as_str(), commits.as_slice()))
    }

    /// A commit and all before it.
    pub(super) fn ancestors(&self, at: u32) -> Ancestors {
        let mut known = vec![false; at as usize + 1];
        known[at as usize] = true;
        // Parents come before their children, so one pass from the end meets each commit after all of its children.
        for child in (0..=at).rev() {
            if known[child as usize] {
                for &parent in self.parents(child) {
                    known[parent as usize] = true;
                }
            }
        }
        Ancestors(known)
    }

    /// Reads the commits that are not known yet. How many those were, and whether none is left.
    pub(super) fn update(
        &mut self,
        repository: &Repository,
        follow: &dyn Follow,
    ) -> Result<(usize, bool), GitError> {
        let tips = tips(repository)?;
        let ids = self.unknown(repository, &tips)?;
        let mut trees = Trees::new(repository)?;
        let total = ids.len() as u64;
        let mut new = 0;
        for (done, id) in ids.into_iter().enumerate() {
            if done.is_multiple_of(TELL_EVERY) {
                follow.progress(Progress::of(Stage::Reading, done as u64, total));
                if follow.is_cancelled() {
                    return Ok((new, false));
                }
            }
            if self.touches > MAX_TOUCHES {
                return Ok((new, false));
            }
            if self.find(id).is_none() {
                if !self.add(&mut trees, &repository.find_commit(id)?)? {
                    return Ok((new, false));
                }
                new += 1;
            }
        }
        self.tips = tips.iter().map(|id| id.as_bytes().to_vec()).collect();
        Ok((new, true))
    }

    /// The commits that may be new, parents first.
    fn unknown(&self, repository: &Repository, tips: &[Oid]) -> Result<Vec<Oid>, GitError> {
        if tips.iter().all(|tip| self.find(*tip).is_some()) {
            return Ok(Vec::new());
        }
        let mut walk = repository.revwalk()?;
        walk.set_sorting(Sort::TOPOLOGICAL | Sort::REVERSE)?;
        for tip in tips {
            walk.push(*tip)?;
        }
        for tip in &self.tips {
            // A commit that was rewritten away may be gone from the repository by now.
            if let Ok(commit) = Oid::from_bytes(tip).and_then(|id| repository.find_commit(id)) {
                walk.hide(commit.id())?;
            }
        }
        Ok(walk.collect::<Result<_, _>>()?)
    }

    /// Adds a commit, when what it touched can be told.
    fn add(&mut self, trees: &mut Trees<'_>, commit: &Commit<'_>) -> Result<bool, GitError> {
        let Ok(at) = u32::try_from(self.nodes.len()) else { return Ok(false) };
        let Some(paths) = touched(trees, commit)? else { return Ok(false) };
        // A clone that was cut off does not have the parents of its oldest commits.
        let parents: Vec<u32> = commit.parent_ids().filter_map(|id| self.find(id)).collect();
        for path in paths {
            self.touched.entry(path).or_default().push(at);
            self.touches += 1;
        }
        let id = commit.id().as_bytes().to_vec();
        self.places.insert(id.clone(), at);
        self.nodes.push(Node { id, parents });
        Ok(true)
    }
}

/// A commit and all before it.
pub(super) struct Ancestors(Vec<bool>);

impl Ancestors {
    pub(super) fn contains(&self, at: u32) -> bool {
        self.0.get(at as usize).copied().unwrap_or(false)
    }
}

/// The commits that branches, tags and HEAD stand on.
fn tips(repository: &Repository) -> Result<Vec<Oid>, GitError> {
    let mut tips = Vec::new();
    for glob in ["refs/heads/*", "refs/remotes/*", "refs/tags/*"] {
        for reference in repository.references_glob(glob)?.flatten() {
            tips.extend(reference.peel_to_commit().ok().map(|commit| commit.id()));
        }
    }
    tips.extend(crate::commit::head_commit(repository)?.map(|head| head.id()));
    tips.sort();
    tips.dedup();
    Ok(tips)
}

/// The paths at which a commit differs from all of its parents; nothing when they are too many to be told.
fn touched(trees: &mut Trees<'_>, commit: &Commit<'_>) -> Result<Option<Vec<String>>, GitError> {
    let tree = Some(commit.tree_id());
    let mut parents = commit.parents().map(|parent| parent.tree_id());
    let Some(mut paths) = trees.differing(parents.next(), tree)? else { return Ok(None) };
    for parent in parents {
        if paths.is_empty() {
            break;
        }
        let Some(others) = trees.differing(Some(parent), tree)? else { return Ok(None) };
        paths.retain(|path| others.binary_search(path).is_ok());
    }
    Ok(Some(paths))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn node(number: u8, parents: &[u32]) -> Node {
        Node { id: vec![number; 20], parents: parents.to_vec() }
    }

    fn graph(nodes: Vec<Node>) -> Option<Graph> {
        Graph { nodes, ..Graph::default() }.restored()
    }

    #[test]
    fn ancestors_leave_out_what_another_branch_did() {
        // 0 ← 1 ← 3 (merge of 1 and 2), 0 ← 2, 0 ← 4
        let nodes =
            vec![node(1, &[]), node(2, &[0]), node(3, &[0]), node(4, &[1, 2]), node(5, &[0])];
        let graph = graph(nodes).unwrap();
        let of =
            |at| (0..5).filter(|&other| graph.ancestors(at).contains(other)).collect::<Vec<_>>();
        assert_eq!(of(3), [0, 1, 2, 3]);
        assert_eq!(of(4), [0, 4]);
        assert_eq!(of(1), [0, 1]);
    }

    #[test]
    fn an_index_that_was_spoilt_is_made_anew() {
        assert!(graph(vec![node(1, &[0])]).is_none(), "a commit cannot be its own parent");
        assert!(graph(vec![Node { id: vec![1; 3], parents: Vec::new() }]).is_none());
        let touched = BTreeMap::from([("a".to_owned(), vec![7])]);
        let spoilt = Graph { nodes: vec![node(1, &[])], touched, ..Graph::default() };
        assert!(spoilt.restored().is_none());
    }

    #[test]
    fn a_folder_has_what_was_touched_below_it_and_not_beside_it() {
        let touched = ["p/a", "p/a/x", "p/a/y/z", "p/ab", "p/a.txt"];
        let touched = touched.iter().map(|path| ((*path).to_owned(), vec![0])).collect();
        let graph = Graph { nodes: vec![node(1, &[])], touched, ..Graph::default() };
        let below = |path| graph.touches(path).map(|(path, _)| path.to_owned()).collect::<Vec<_>>();
        assert_eq!(below("p/a"), ["p/a", "p/a/x", "p/a/y/z"]);
        assert_eq!(below("").len(), 5);
    }
}
