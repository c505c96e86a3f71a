//! Whether anything is staged, without reading the last commit's trees.
//!
//! Libgit2 compares the index with every folder of the last commit, which takes longer than to look at thousands of files on
//! disk. Git keeps the ids of folders in the index itself, as an extension that each command brings up to date; where that
//! says the same as the last commit, the folder is as it was. Folders whose ids are not kept are compared file by file.
//!
//! What cannot be read here is no error: whoever asks compares everything then.

use std::collections::HashMap;
use std::fs;

use git2::{Index, ObjectType, Oid, Repository, Tree};

/// The largest index that is read, in bytes.
const MAX_SIZE: u64 = 200_000_000;
/// How many folders deep ids are looked for.
const MAX_DEPTH: usize = 64;
/// The length of an id.
const ID: usize = 20;
/// The length of an entry before its name.
const ENTRY: usize = 62;
/// What says that an entry has two bytes more, and the bits of its name's length.
const EXTENDED: u16 = 0x4000;
const LENGTH: u16 = 0x0fff;

/// Whether the index is known to be just what a commit's tree is.
pub(crate) fn is_nothing(repository: &Repository, head: &Tree<'_>) -> bool {
    known_to_be_alike(repository, head).unwrap_or(false)
}

fn known_to_be_alike(repository: &Repository, head: &Tree<'_>) -> Option<bool> {
    let file = repository.path().join("index");
    if fs::metadata(&file).ok()?.len() > MAX_SIZE {
        return None;
    }
    let bytes = fs::read(file).ok()?;
    let root = kept_ids(&bytes)?;
    let alike = Alike { repository, index: repository.index().ok()? };
    let entries = alike.entries(&root, head.id(), "")?;
    // What the index has beyond the commit is not met on the way.
    Some(entries == alike.index.len())
}

/// A folder as the index knows it.
struct Folder<'i> {
    name: &'i [u8],
    /// How many entries there are in it and below, and its id; nothing when something was staged there since.
    known: Option<(usize, Oid)>,
    folders: Vec<Folder<'i>>,
}

struct Alike<'r> {
    repository: &'r Repository,
    index: Index,
}

impl Alike<'_> {
    /// How many entries a folder has, when it is as the tree; nothing when it is not.
    fn entries(&self, folder: &Folder<'_>, tree: Oid, path: &str) -> Option<usize> {
        if let Some((entries, id)) = folder.known {
            return (id == tree).then_some(entries);
        }
        let below: HashMap<_, _> = folder.folders.iter().map(|below| (below.name, below)).collect();
        let mut entries = 0;
        let tree = self.repository.find_tree(tree).ok()?;
        for entry in tree.iter() {
            let place = format!("{path}{}", entry.name().ok()?);
            entries += match entry.kind() {
                Some(ObjectType::Tree) => {
                    let below = below.get(entry.name_bytes())?;
                    self.entries(below, entry.id(), &format!("{place}/"))?
                }
                _ => {
                    let staged = self.index.get_path(place.as_ref(), 0)?;
                    let mode = entry.filemode().cast_unsigned();
                    (staged.id == entry.id() && staged.mode == mode).then_some(1)?
                }
            };
        }
        Some(entries)
    }
}

/// The ids of folders that an index keeps; nothing when it keeps none, or is of another kind.
fn kept_ids(index: &[u8]) -> Option<Folder<'_>> {
    let rest = index.strip_prefix(b"DIRC")?;
    let (version, rest) = number(rest)?;
    let (count, mut rest) = number(rest)?;
    if !(2..=3).contains(&version) {
        return None;
    }
    for _ in 0..count {
        rest = rest.get(entry_length(rest)?..)?;
    }
    // The last is the digest of it all.
    while rest.len() > ID {
        let (name, after) = rest.split_at_checked(4)?;
        let (size, after) = number(after)?;
        let (body, after) = after.split_at_checked(size as usize)?;
        match name {
            b"TREE" => return folder(&mut { body }, 0),
            // A part of the entries is elsewhere, or left out.
            b"link" | b"sdir" => return None,
            _ => rest = after,
        }
    }
    None
}

fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    Some((u32::from_be_bytes(*number), rest))
}

/// The length of the first entry, with the zeros that fill it up to eight bytes.
fn entry_length(bytes: &[u8]) -> Option<usize> {
    let flags = u16::from_be_bytes([*bytes.get(ENTRY - 2)?, *bytes.get(ENTRY - 1)?]);
    let start = if flags & EXTENDED == 0 { ENTRY } else { ENTRY + 2 };
    let name = match flags & LENGTH {
        LENGTH => bytes.get(start..)?.iter().position(|byte| *byte == 0)?,
        length => usize::from(length),
    };
    Some((start + name + 8) & !7)
}

/// Reads `name\0entries folders\n`, an id unless entries are -1, and then the folders.
fn folder<'i>(bytes: &mut &'i [u8], depth: usize) -> Option<Folder<'i>> {
    if depth > MAX_DEPTH {
        return None;
    }
    let name = until(bytes, 0)?;
    let entries: i64 = text(until(bytes, b' ')?)?;
    let folders: usize = text(until(bytes, b'\n')?)?;
    let known = match usize::try_from(entries) {
        Ok(entries) => {
            let all: &'i [u8] = bytes;
            let (id, rest) = all.split_at_checked(ID)?;
            *bytes = rest;
            Some((entries, Oid::from_bytes(id).ok()?))
        }
        Err(_) => None,
    };
    let folders = (0..folders).map(|_| folder(bytes, depth + 1)).collect::<Option<_>>()?;
    Some(Folder { name, known, folders })
}

fn until<'i>(bytes: &mut &'i [u8], end: u8) -> Option<&'i [u8]> {
    let all: &'i [u8] = bytes;
    let at = all.iter().position(|byte| *byte == end)?;
    *bytes = &all[at + 1..];
    Some(&all[..at])
}

fn text<T: std::str::FromStr>(bytes: &[u8]) -> Option<T> {
    str::from_utf8(bytes).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::process::{Command, Stdio};

    use assay_testkit::TestWorkspace;

    use super::*;
    use crate::{When, Workspace};

    const NOW: When = When { seconds: 1_760_000_000, offset_minutes: 0 };

    fn git(files: &TestWorkspace, arguments: &[&str]) {
        let mut git = Command::new("git");
        git.args(arguments).current_dir(files.path()).stdout(Stdio::null());
        git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        assert!(git.status().unwrap().success(), "git {arguments:?}");
    }

    fn check(files: &TestWorkspace, expected: bool, what: &str) {
        let repository = Repository::open(files.path()).unwrap();
        let head = repository.head().unwrap().peel_to_tree().unwrap();
        assert_eq!(is_nothing(&repository, &head), expected, "{what}");
    }

    #[test]
    fn whatever_is_staged_is_seen_and_what_is_only_on_disk_is_not() {
        let files = TestWorkspace::empty();
        for path in ["a", "b/c", "b/d/e", "f/g"] {
            files.write(path, "one\n");
        }
        files.commit("first");
        git(&files, &["read-tree", "HEAD"]);
        check(&files, true, "nothing");
        for path in ["a", "b/d/e", "new", "new-folder/x"] {
            files.write(path, "two\n");
        }
        check(&files, true, "changes on disk");
        for staging in [
            &["add", "b/d/e"] as &[&str],
            &["add", "new"],
            &["add", "new-folder"],
            &["add", "--intent-to-add", "new"],
            &["rm", "--quiet", "--cached", "f/g"],
            &["update-index", "--chmod=+x", "b/c"],
        ] {
            git(&files, staging);
            check(&files, false, &format!("{staging:?}"));
            git(&files, &["reset", "--quiet"]);
            check(&files, true, &format!("{staging:?}, taken back"));
        }
        let workspace = Workspace::open(&files.path()).unwrap();
        workspace.commit("a", &["a".to_owned()], NOW, None).unwrap();
        check(&files, true, "a commit by libgit2");
    }

    fn index() -> Vec<u8> {
        let entry = |name: &str| {
            let mut bytes = vec![1; ENTRY - 2];
            bytes.extend((name.len() as u16).to_be_bytes());
            bytes.extend(name.as_bytes());
            bytes.resize((bytes.len() + 8) & !7, 0);
            bytes
        };
        let tree = [b"\x00-1 1\nb\x001 0\n".as_slice(), &[7; ID]].concat();
        let size = (tree.len() as u32).to_be_bytes();
        let parts = [b"DIRC\0\0\0\x02\0\0\0\x02".to_vec(), entry("a"), entry("b/file-of-eight")];
        [parts.concat(), b"TREE".to_vec(), size.to_vec(), tree, vec![9; ID]].concat()
    }

    #[test]
    fn the_ids_of_folders_are_found_behind_the_entries() {
        let bytes = index();
        let root = kept_ids(&bytes).unwrap();
        assert_eq!((root.name, root.known, root.folders.len()), (b"".as_slice(), None, 1));
        let below = &root.folders[0];
        let id = Oid::from_bytes(&[7; ID]).unwrap();
        assert_eq!((below.name, below.known), (b"b".as_slice(), Some((1, id))));
    }

    #[test]
    fn an_index_that_is_cut_off_or_of_another_kind_keeps_none() {
        let bytes = index();
        for end in 0..bytes.len() - ID {
            assert!(kept_ids(&bytes[..end]).is_none(), "{end} bytes");
        }
        let other = |at: usize, byte: u8| {
            let mut bytes = bytes.clone();
            bytes[at] = byte;
            kept_ids(&bytes).is_none()
        };
        assert!(other(7, 4), "names are written otherwise in version 4");
        assert!(other(0, b'X'));
    }
}
