//! Where two trees differ, by path.
//!
//! Libgit2's own comparison walks both trees with iterators that are made for many other things; over 50,000 commits with
//! folders of a hundred prompts it takes minutes. Here two trees are read side by side as the bytes they are, what both
//! have alike is passed over, and what was read for one commit is still there for the next.
//!
//! A tree may come from anybody. One that stands inside itself many times over has more paths than there is memory, so
//! paths are counted; depth is limited; and an entry that cannot be read ends its tree.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::rc::Rc;

use git2::{Odb, Oid, Repository};

/// How many folders deep paths are looked for.
const MAX_DEPTH: usize = 64;
/// How many bytes of trees are remembered.
const MAX_KNOWN: usize = 4_000_000;
/// How many paths and folders two trees may differ in.
const MAX_DIFFERENCES: usize = 1_000_000;
/// The length of an id.
const ID: usize = 20;

/// Git's modes of folders and of other repositories, as trees write them.
const FOLDER: [&[u8]; 2] = [b"40000", b"040000"];
const REPOSITORY: &[u8] = b"160000";

/// Trees of a repository as bytes, each read once while there is room.
pub(super) struct Trees<'r> {
    odb: Odb<'r>,
    known: HashMap<Oid, Rc<[u8]>>,
    size: usize,
}

/// A comparison under way.
struct Comparison {
    /// The folder that is looked into, with the slash behind it.
    folder: Vec<u8>,
    paths: Vec<String>,
    left: usize,
}

impl<'r> Trees<'r> {
    pub(super) fn new(repository: &'r Repository) -> Result<Self, git2::Error> {
        Ok(Self { odb: repository.odb()?, known: HashMap::new(), size: 0 })
    }

    /// The paths of files at which two trees differ, sorted. Nothing when there are too many to be told.
    pub(super) fn differing(
        &mut self,
        old: Option<Oid>,
        new: Option<Oid>,
    ) -> Result<Option<Vec<String>>, git2::Error> {
        let mut comparison =
            Comparison { folder: Vec::new(), paths: Vec::new(), left: MAX_DIFFERENCES };
        self.compare(old, new, 0, &mut comparison)?;
        let Comparison { mut paths, left, .. } = comparison;
        // They are in order but for trees that no git has written.
        paths.sort();
        paths.dedup();
        Ok((left > 0).then_some(paths))
    }

    fn compare(
        &mut self,
        old: Option<Oid>,
        new: Option<Oid>,
        depth: usize,
        found: &mut Comparison,
    ) -> Result<(), git2::Error> {
        if old == new || depth > MAX_DEPTH {
            return Ok(());
        }
        let (old, new) = (self.read(old)?, self.read(new)?);
        let (mut old, mut new) = (Entries(&old), Entries(&new));
        let (mut was, mut is) = (old.next(), new.next());
        loop {
            let order = match (&was, &is) {
                (None, None) => return Ok(()),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(was), Some(is)) => was.order(is),
            };
            if found.left == 0 {
                return Ok(());
            }
            let before = if order.is_le() { std::mem::replace(&mut was, old.next()) } else { None };
            let after = if order.is_ge() { std::mem::replace(&mut is, new.next()) } else { None };
            if before != after {
                self.entry(before, after, depth, found)?;
            }
        }
    }

    /// An entry that the two trees do not have alike. When both have it, both have a folder or both have none.
    fn entry(
        &mut self,
        before: Option<Entry<'_>>,
        after: Option<Entry<'_>>,
        depth: usize,
        found: &mut Comparison,
    ) -> Result<(), git2::Error> {
        let Some(entry) = after.or(before) else { return Ok(()) };
        found.left = found.left.saturating_sub(1);
        let length = found.folder.len();
        found.folder.extend_from_slice(entry.name);
        if entry.is_folder() {
            found.folder.push(b'/');
            let id = |entry: Option<Entry<'_>>| entry.and_then(|entry| entry.id());
            self.compare(id(before), id(after), depth + 1, found)?;
        } else if entry.mode != REPOSITORY {
            // No prompt has a name that is no text.
            found.paths.extend(str::from_utf8(&found.folder).ok().map(str::to_owned));
        }
        found.folder.truncate(length);
        Ok(())
    }

    fn read(&mut self, id: Option<Oid>) -> Result<Rc<[u8]>, git2::Error> {
        let Some(id) = id else { return Ok(Rc::default()) };
        if let Some(known) = self.known.get(&id) {
            return Ok(Rc::clone(known));
        }
        let tree: Rc<[u8]> = Rc::from(self.odb.read(id)?.data());
        if self.size > MAX_KNOWN {
            self.known.clear();
            self.size = 0;
        }
        self.size += tree.len();
        self.known.insert(id, Rc::clone(&tree));
        Ok(tree)
    }
}

/// An entry of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry<'t> {
    mode: &'t [u8],
    name: &'t [u8],
    id: &'t [u8],
}

impl Entry<'_> {
    fn is_folder(&self) -> bool {
        FOLDER.contains(&self.mode)
    }

    fn id(&self) -> Option<Oid> {
        Oid::from_bytes(self.id).ok()
    }

    /// The order of entries in a tree: that of their paths, where a folder's goes on with a slash.
    fn order(&self, other: &Self) -> Ordering {
        let end = |entry: &Self| entry.is_folder().then_some(b'/');
        let (own, others) = (self.name.iter().copied(), other.name.iter().copied());
        own.chain(end(self)).cmp(others.chain(end(other)))
    }
}

/// What is left of a tree: `mode name\0id`, again and again.
struct Entries<'t>(&'t [u8]);

impl<'t> Iterator for Entries<'t> {
    type Item = Entry<'t>;

    fn next(&mut self) -> Option<Entry<'t>> {
        let space = self.0.iter().position(|byte| *byte == b' ')?;
        let (mode, rest) = (&self.0[..space], &self.0[space + 1..]);
        let end = rest.iter().position(|byte| *byte == 0)?;
        let (id, rest_of_tree) = rest[end + 1..].split_at_checked(ID)?;
        self.0 = rest_of_tree;
        Some(Entry { mode, name: &rest[..end], id })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const FILE: i32 = 0o100_644;

    /// The entries `name`, `mode` and id of a tree.
    fn tree(repository: &Repository, entries: &[(&str, i32, Oid)]) -> Oid {
        let mut builder = repository.treebuilder(None).unwrap();
        for (name, mode, id) in entries {
            builder.insert(name, *id, *mode).unwrap();
        }
        builder.write().unwrap()
    }

    fn scene() -> (tempfile::TempDir, Repository) {
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::init(folder.path()).unwrap();
        (folder, repository)
    }

    #[test]
    fn files_that_differ_are_told_with_those_of_folders_that_came_or_went() {
        let (_folder, repository) = scene();
        let blob = |text: &str| repository.blob(text.as_bytes()).unwrap();
        let (one, two) = (blob("one"), blob("two"));
        let below = |id| tree(&repository, &[("x", FILE, id), ("y", FILE, two)]);
        let old = [
            ("a", 0o040_000, below(one)),
            ("a.b", FILE, one),
            ("gone", 0o040_000, below(one)),
            ("kind", FILE, one),
            ("same", 0o040_000, below(one)),
            ("runs", FILE, one),
        ];
        let new = [
            ("a", 0o040_000, below(two)),
            ("a.b", FILE, two),
            ("kind", 0o040_000, below(one)),
            ("new", FILE, one),
            ("other", 0o160_000, one),
            ("same", 0o040_000, below(one)),
            ("runs", 0o100_755, one),
        ];
        let (old, new) = (tree(&repository, &old), tree(&repository, &new));
        let mut trees = Trees::new(&repository).unwrap();
        let mut check = |old, new, expected: &[&str]| {
            assert_eq!(trees.differing(old, new).unwrap().unwrap(), expected);
        };
        let changed = ["a.b", "a/x", "gone/x", "gone/y", "kind", "kind/x", "kind/y", "new", "runs"];
        check(Some(old), Some(new), &changed);
        check(Some(new), Some(old), &changed);
        check(Some(new), Some(new), &[]);
        check(None, Some(below(one)), &["x", "y"]);
    }

    #[test]
    fn a_tree_with_more_paths_than_memory_holds_is_given_up() {
        let (_folder, repository) = scene();
        let mut inside = repository.blob(b"boom").unwrap();
        let mut mode = FILE;
        for _ in 0..10 {
            let names: Vec<String> = (0..10).map(|number| format!("f{number}")).collect();
            let entries: Vec<_> = names.iter().map(|name| (name.as_str(), mode, inside)).collect();
            (inside, mode) = (tree(&repository, &entries), 0o040_000);
        }
        let mut trees = Trees::new(&repository).unwrap();
        assert_eq!(trees.differing(None, Some(inside)).unwrap(), None);
    }

    #[test]
    fn bytes_that_are_no_tree_end_it() {
        let entries = |bytes: &[u8]| Entries(bytes).count();
        let whole = [b"100644 a\0".as_slice(), &[7; ID], b"40000 b\0", &[8; ID]].concat();
        assert_eq!(entries(&whole), 2);
        for end in 0..whole.len() {
            assert_eq!(entries(&whole[..end]), usize::from(end >= 9 + ID), "{end} bytes");
        }
    }
}
