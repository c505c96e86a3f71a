//! Who changed what and when, per prompt, per row and per line, from an index of the commits.
//!
//! Git finds the history of one path by comparing the trees of every commit; in 50,000 commits that takes seconds. Here
//! it is done once, in the background, and kept in a file below the data folder: which commits there are, their
//! parents, and which paths each of them touched. What is asked afterwards is read from memory.
//!
//! A commit *touches* a path when it differs there from all of its parents: a merge that takes one side as it is
//! touches nothing. Commits are known by their ids, which are their content, so a rewritten history adds commits and
//! spoils none; which of them count is decided when somebody asks, from where HEAD stands then.

mod cache;
mod graph;
mod lines;
mod moved;
mod rows;
mod trees;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use git2::{Oid, Repository};

use super::{Follow, GitError};
use crate::commit::CommitInfo;
use crate::workspace::Workspace;

use graph::Graph;
pub use lines::BlameLine;
pub use rows::{BlameRow, RowChange, RowVersion};

/// How many names one history follows a prompt through.
const MAX_NAMES: usize = 32;

/// The index of a workspace's history.
#[derive(Debug)]
pub struct History {
    workspace: Workspace,
    file: PathBuf,
    graph: Graph,
}

/// What reading commits came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Built {
    /// Commits that were new.
    pub new: usize,
    /// Commits that are known.
    pub commits: usize,
    /// Whether every commit that a branch or tag reaches is known.
    pub complete: bool,
}

/// A commit that touched what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    /// The commit.
    pub commit: CommitInfo,
    /// The files of it that were touched, by path.
    pub paths: Vec<String>,
}

/// The history of a file or folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryOf {
    /// Newest first.
    pub entries: Vec<HistoryEntry>,
    /// The names it had before, newest first.
    pub earlier_names: Vec<String>,
    /// How many commits are left out beyond the limit.
    pub more: usize,
}

/// Who wrote the parts of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blame {
    /// A file of examples or cases, row by row.
    Rows(Vec<BlameRow>),
    /// Any other text, line by line.
    Lines(Vec<BlameLine>),
}

/// A name that something had, and the newest commit at which it had it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Named {
    path: String,
    below: u32,
}

impl History {
    /// The index as it was kept in `folder`, or an empty one. Reads no commit.
    pub fn open(workspace: &Workspace, folder: &Path) -> Self {
        let file = cache::file(folder, workspace.root());
        let graph = cache::read(&file).unwrap_or_default();
        Self { workspace: workspace.clone(), file, graph }
    }

    /// Reads the commits that are not known yet, oldest first, and keeps the index. When the person stops it, what
    /// was read is kept.
    ///
    /// # Errors
    /// When the repository cannot be read, or the index not be kept.
    pub fn update(&mut self, follow: &dyn Follow) -> Result<Built, GitError> {
        let repository = self.workspace.repository()?;
        let (new, complete) = self.graph.update(&repository, follow)?;
        if new > 0 {
            cache::write(&self.file, &self.graph)?;
        }
        Ok(Built { new, commits: self.graph.len(), complete })
    }

    /// Whether the commit that HEAD stands on is known, and so all before it.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub fn is_current(&self) -> Result<bool, GitError> {
        let repository = self.workspace.repository()?;
        Ok(self.head(&repository)?.is_some() || self.workspace.head().is_none())
    }

    /// Whether no commit is known yet.
    pub fn is_empty(&self) -> bool {
        self.graph.len() == 0
    }

    /// The commits that touched a file or folder, newest first, at most `limit` of them. Renames are followed.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub fn of(&self, path: &str, limit: usize) -> Result<HistoryOf, GitError> {
        let repository = self.workspace.repository()?;
        let path = path.trim_matches('/');
        let path = if path == "." { "" } else { path };
        let Some(head) = self.head(&repository)? else {
            return Ok(HistoryOf { entries: Vec::new(), earlier_names: Vec::new(), more: 0 });
        };
        let names = self.names(&repository, path, head)?;
        let touched = self.touching(&names);
        let more = touched.len().saturating_sub(limit);
        let mut entries = Vec::new();
        for (at, paths) in touched.into_iter().rev().take(limit) {
            let commit = repository.find_commit(self.graph.id(at))?;
            entries.push(HistoryEntry { commit: CommitInfo::of(&commit), paths });
        }
        let earlier_names = names.into_iter().skip(1).map(|name| name.path).collect();
        Ok(HistoryOf { entries, earlier_names, more })
    }

    /// The versions of one row of a file of examples or cases, newest first, at most `limit` of them.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub fn of_row(&self, file: &str, id: &str, limit: usize) -> Result<Vec<RowVersion>, GitError> {
        let repository = self.workspace.repository()?;
        let Some(head) = self.head(&repository)? else { return Ok(Vec::new()) };
        let names = self.names(&repository, file, head)?;
        rows::history(&repository, &self.graph, &names, id, limit)
    }

    /// Who wrote the parts of a file as it is in HEAD.
    ///
    /// # Errors
    /// When it is not there, or is no text.
    pub fn blame(&self, file: &str, follow: &dyn Follow) -> Result<Blame, GitError> {
        let repository = self.workspace.repository()?;
        let head = self.head(&repository)?.ok_or(GitError::NoCommit)?;
        let names = self.names(&repository, file, head)?;
        if rows::is_table(&repository, &self.graph, &names)? {
            return rows::blame(&repository, &self.graph, &names).map(Blame::Rows);
        }
        lines::blame(&repository, &self.graph, &names, follow).map(Blame::Lines)
    }

    /// HEAD's commit in the index.
    fn head(&self, repository: &Repository) -> Result<Option<u32>, GitError> {
        let head = crate::commit::head_commit(repository)?;
        Ok(head.and_then(|head| self.graph.find(head.id())))
    }

    /// The names that a path had, from HEAD back.
    fn names(
        &self,
        repository: &Repository,
        path: &str,
        head: u32,
    ) -> Result<Vec<Named>, GitError> {
        let mut names = vec![Named { path: path.to_owned(), below: head }];
        while names.len() < MAX_NAMES {
            let Some(name) = names.last().filter(|name| !name.path.is_empty()) else { break };
            let Some(earlier) = moved::earlier(repository, &self.graph, name)? else { break };
            if names.contains(&earlier) {
                break;
            }
            names.push(earlier);
        }
        Ok(names)
    }

    /// The commits that touched any of these names, each with the paths.
    fn touching(&self, names: &[Named]) -> BTreeMap<u32, Vec<String>> {
        let mut touched: BTreeMap<u32, Vec<String>> = BTreeMap::new();
        for name in names {
            let reachable = self.graph.ancestors(name.below);
            for (path, commits) in self.graph.touches(&name.path) {
                for &at in commits.iter().filter(|&&at| reachable.contains(at)) {
                    let paths = touched.entry(at).or_default();
                    if !paths.iter().any(|known| known == path) {
                        paths.push(path.to_owned());
                    }
                }
            }
        }
        touched
    }
}

/// The text of a file in a commit; nothing when it is not there, is no text or is too large.
fn text_at(repository: &Repository, commit: Oid, path: &str) -> Option<(Oid, String)> {
    let tree = repository.find_commit(commit).ok()?.tree().ok()?;
    let entry = tree.get_path(Path::new(path)).ok()?;
    let (size, kind) = repository.odb().ok()?.read_header(entry.id()).ok()?;
    if kind != git2::ObjectType::Blob || size as u64 > crate::file::MAX_FILE {
        return None;
    }
    let blob = repository.find_blob(entry.id()).ok()?;
    Some((entry.id(), String::from_utf8(blob.content().to_vec()).ok()?))
}
