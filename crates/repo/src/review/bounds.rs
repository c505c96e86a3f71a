//! How much a tree may hold that is merged or compared.
//!
//! A tree can hold one subtree under many names, and that one another: a few kilobytes stand for more files than
//! anybody could count. Git would try to, so this looks first, and only at what the other side does not have.

use git2::{ObjectType, Repository, Tree};

use crate::RepoError;

/// The most files and folders in which two trees may differ.
const MAX_ENTRIES: usize = 1_000_000;

/// The most folders that may stand within each other.
const MAX_DEPTH: usize = 200;

/// Refuses a tree that holds more than can be looked at beside what `known` has too.
///
/// # Errors
/// [`RepoError::TooManyFiles`], or when git's objects cannot be read.
pub(super) fn require_bounded(
    repository: &Repository,
    known: &Tree<'_>,
    tree: &Tree<'_>,
) -> Result<(), RepoError> {
    let mut count = Count { repository, left: MAX_ENTRIES };
    count.enter(Some(known), tree, 0)
}

struct Count<'r> {
    repository: &'r Repository,
    left: usize,
}

impl Count<'_> {
    fn enter(
        &mut self,
        known: Option<&Tree<'_>>,
        tree: &Tree<'_>,
        depth: usize,
    ) -> Result<(), RepoError> {
        let left = self.left.checked_sub(tree.len()).filter(|_| depth <= MAX_DEPTH);
        self.left = left.ok_or_else(|| RepoError::TooManyFiles {
            path: "the commit".to_owned(),
            limit: MAX_ENTRIES,
        })?;
        for entry in tree.iter().filter(|entry| entry.kind() == Some(ObjectType::Tree)) {
            let other = known.and_then(|known| {
                let name = entry.name().ok()?;
                known.get_name(name)
            });
            if other.as_ref().is_some_and(|other| other.id() == entry.id()) {
                continue;
            }
            let below = self.repository.find_tree(entry.id())?;
            let other = other.and_then(|other| self.repository.find_tree(other.id()).ok());
            self.enter(other.as_ref(), &below, depth + 1)?;
        }
        Ok(())
    }
}
