//! History and blame of the rows of a file of examples or cases.
//!
//! A row is known by its id. Two versions of it are the same when they say the same, however the line is written, so
//! a file that was only formatted anew blames nobody.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::rc::Rc;

use assay_prompt::{RowsFormat, read_rows, row_to_line};
use git2::{Oid, Repository};

use super::graph::Graph;
use super::{Named, text_at};
use crate::commit::CommitInfo;
use crate::git::GitError;

/// How many versions of a file are looked at, newest first.
const MAX_VERSIONS: usize = 5_000;

/// What a commit did to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowChange {
    /// It is new.
    Added,
    /// It says something else.
    Edited,
    /// It is gone.
    Removed,
}

/// A version of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowVersion {
    /// The commit that made it.
    pub commit: CommitInfo,
    /// What it did.
    pub change: RowChange,
    /// The row as a line of JSON; none when it was removed.
    pub row: Option<String>,
}

/// Who last changed a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlameRow {
    /// The row's id.
    pub id: String,
    /// The commit that made it what it is; none when it is older than what was looked at.
    pub commit: Option<CommitInfo>,
}

/// A file's rows by id, as lines of JSON.
type Table = Rc<BTreeMap<String, String>>;

/// Whether the file is one of rows, by its ending and by what it holds.
pub(super) fn is_table(
    repository: &Repository,
    graph: &Graph,
    names: &[Named],
) -> Result<bool, GitError> {
    let Some(name) = names.first() else { return Ok(false) };
    if RowsFormat::of(&name.path).is_none() {
        return Ok(false);
    }
    let mut tables = Tables::new(repository);
    Ok(!tables.at(graph.id(name.below), &name.path).is_empty())
}

/// The versions of one row, newest first.
pub(super) fn history(
    repository: &Repository,
    graph: &Graph,
    names: &[Named],
    id: &str,
    limit: usize,
) -> Result<Vec<RowVersion>, GitError> {
    let mut tables = Tables::new(repository);
    let mut versions = Vec::new();
    for (at, name) in versions_of(graph, names) {
        if versions.len() == limit {
            break;
        }
        let now = tables.at(graph.id(at), &name.path).get(id).cloned();
        let before = tables.before(graph, at, names);
        if before.iter().any(|table| table.get(id) == now.as_ref()) {
            continue;
        }
        let was_there = before.iter().any(|table| table.contains_key(id));
        let change = match (&now, was_there) {
            (None, _) => RowChange::Removed,
            (Some(_), false) => RowChange::Added,
            (Some(_), true) => RowChange::Edited,
        };
        let commit = CommitInfo::of(&repository.find_commit(graph.id(at))?);
        versions.push(RowVersion { commit, change, row: now });
    }
    Ok(versions)
}

/// Who last changed each row of the file as it is now, in the order of the file.
pub(super) fn blame(
    repository: &Repository,
    graph: &Graph,
    names: &[Named],
) -> Result<Vec<BlameRow>, GitError> {
    let Some(name) = names.first() else { return Ok(Vec::new()) };
    let mut tables = Tables::new(repository);
    let now = tables.at(graph.id(name.below), &name.path);
    let mut makers: BTreeMap<String, u32> = BTreeMap::new();
    for (at, name) in versions_of(graph, names) {
        if makers.len() == now.len() {
            break;
        }
        let then = tables.at(graph.id(at), &name.path);
        let before = tables.before(graph, at, names);
        for (id, row) in now.iter().filter(|(id, row)| then.get(*id) == Some(*row)) {
            let made_here = before.iter().all(|table| table.get(id) != Some(row));
            if made_here {
                makers.entry(id.clone()).or_insert(at);
            }
        }
    }
    in_order(repository, graph, name, &makers)
}

fn in_order(
    repository: &Repository,
    graph: &Graph,
    name: &Named,
    makers: &BTreeMap<String, u32>,
) -> Result<Vec<BlameRow>, GitError> {
    let text = text_at(repository, graph.id(name.below), &name.path);
    let mut blamed = Vec::new();
    for row in text.map(|(_, text)| read_rows(&name.path, &text)).unwrap_or_default() {
        let commit = match makers.get(&row.id) {
            Some(at) => Some(CommitInfo::of(&repository.find_commit(graph.id(*at))?)),
            None => None,
        };
        blamed.push(BlameRow { id: row.id, commit });
    }
    Ok(blamed)
}

/// The commits that touched a file under any of its names, newest first, with the name it had.
fn versions_of<'n>(graph: &Graph, names: &'n [Named]) -> Vec<(u32, &'n Named)> {
    let mut versions: BTreeMap<u32, &Named> = BTreeMap::new();
    for name in names {
        let reachable = graph.ancestors(name.below);
        let exact = graph.touches(&name.path).filter(|(path, _)| *path == name.path);
        for &at in exact.flat_map(|(_, commits)| commits) {
            if reachable.contains(at) {
                versions.entry(at).or_insert(name);
            }
        }
    }
    versions.into_iter().rev().take(MAX_VERSIONS).collect()
}

/// Files of rows, each content read once.
struct Tables<'r> {
    repository: &'r Repository,
    known: HashMap<Oid, Table>,
}

impl<'r> Tables<'r> {
    fn new(repository: &'r Repository) -> Self {
        Self { repository, known: HashMap::new() }
    }

    /// The rows of a file in a commit; none when it is not there or cannot be read.
    fn at(&mut self, commit: Oid, path: &str) -> Table {
        let Some(id) = entry_at(self.repository, commit, path) else { return Table::default() };
        if let Some(known) = self.known.get(&id) {
            return Rc::clone(known);
        }
        let text = text_at(self.repository, commit, path).map(|(_, text)| text).unwrap_or_default();
        let rows = read_rows(path, &text).into_iter();
        let table: Table = Rc::new(rows.map(|row| (row.id.clone(), row_to_line(&row))).collect());
        self.known.insert(id, Rc::clone(&table));
        table
    }

    /// The rows as each parent of a commit has them, under whichever name the file had there. Before the first commit
    /// there was one empty file.
    fn before(&mut self, graph: &Graph, at: u32, names: &[Named]) -> Vec<Table> {
        let mut tables = Vec::new();
        for &parent in graph.parents(at) {
            let parent = graph.id(parent);
            let is_there = |name: &&Named| entry_at(self.repository, parent, &name.path).is_some();
            tables.push(match names.iter().find(is_there) {
                Some(name) => self.at(parent, &name.path),
                None => Table::default(),
            });
        }
        if tables.is_empty() {
            tables.push(Table::default());
        }
        tables
    }
}

/// The object of a file in a commit.
fn entry_at(repository: &Repository, commit: Oid, path: &str) -> Option<Oid> {
    let tree = repository.find_commit(commit).ok()?.tree().ok()?;
    Some(tree.get_path(Path::new(path)).ok()?.id())
}
