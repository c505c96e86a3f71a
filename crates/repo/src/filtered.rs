//! Files that plain git passes through a program of the user's on their way in and out of the repository.
//!
//! Git LFS, git-crypt and the like are named in `.gitattributes` and set up in git's configuration. Nothing of the kind
//! is run here, because a repository's own configuration could name any program. What such a file has on disk is then
//! not what belongs into a commit (a large file, a secret in the clear), and the other way round, so these files are
//! left to git itself. A filter that nobody set up changes nothing, in git as here.

use std::path::Path;

use git2::{AttrCheckFlags, AttrValue, Config, Repository};

use crate::RepoError;

/// The attribute of files that git stores in another encoding than they have on disk.
const ENCODING: &str = "working-tree-encoding";

/// Refuses a path whose bytes another program would have to change.
pub(crate) fn require_plain(
    repository: &Repository,
    config: &Config,
    path: &str,
) -> Result<(), RepoError> {
    let attribute = |name| attribute(repository, path, name);
    let program = attribute("filter")?.filter(|filter| is_set_up(config, filter));
    let changed_by = match program {
        Some(filter) => Some(filter),
        None => attribute(ENCODING)?,
    };
    let filtered = |filter| RepoError::Filtered { path: path.to_owned(), filter };
    changed_by.map_or(Ok(()), |filter| Err(filtered(filter)))
}

/// The word that an attribute is set to.
fn attribute(repository: &Repository, path: &str, name: &str) -> Result<Option<String>, RepoError> {
    let flags = AttrCheckFlags::FILE_THEN_INDEX;
    let value = repository.get_attr_bytes(Path::new(path), name, flags)?;
    Ok(match AttrValue::from_bytes(value) {
        AttrValue::String(word) => Some(word.to_owned()),
        AttrValue::Bytes(word) => Some(String::from_utf8_lossy(word).into_owned()),
        AttrValue::True | AttrValue::False | AttrValue::Unspecified => None,
    })
}

fn is_set_up(config: &Config, filter: &str) -> bool {
    ["clean", "smudge", "process"]
        .iter()
        .any(|way| config.get_entry(&format!("filter.{filter}.{way}")).is_ok())
}
