//! Whether a clone has the history that a merge is decided by.
//!
//! A shallow clone ends somewhere. Where the last common ancestor lies beyond that, git finds an older one or
//! none, and merges otherwise than the server would: what was taken back there could come in again unseen.

use std::collections::HashSet;

use git2::{ErrorCode, Oid, Repository};

use crate::RepoError;

/// The file in which git keeps the commits whose parents it does not have.
const FILE: &str = "shallow";

/// Refuses when the history between two commits and their last common ancestor is cut off.
///
/// # Errors
/// [`RepoError::Shallow`], or when git's objects cannot be read.
pub(crate) fn require_whole(
    repository: &Repository,
    base: Oid,
    head: Oid,
) -> Result<(), RepoError> {
    if !repository.is_shallow() {
        return Ok(());
    }
    let cut = || RepoError::Shallow { what: "what the two sides have in common".to_owned() };
    let common = match repository.merge_base(base, head) {
        Ok(common) => common,
        Err(error) if error.code() == ErrorCode::NotFound => return Err(cut()),
        Err(error) => return Err(error.into()),
    };
    let ends = ends(repository)?;
    let mut walk = repository.revwalk()?;
    walk.push(base)?;
    walk.push(head)?;
    walk.hide(common)?;
    for id in walk {
        // On every way to the common ancestor there is all of the history, or it may not be the last one.
        if ends.contains(&id?) {
            return Err(cut());
        }
    }
    Ok(())
}

fn ends(repository: &Repository) -> Result<HashSet<Oid>, RepoError> {
    let text = std::fs::read_to_string(repository.commondir().join(FILE))
        .map_err(|source| RepoError::from_io(FILE, source))?;
    Ok(text.lines().filter_map(|line| Oid::from_str(line.trim()).ok()).collect())
}
