//! Paths inside the workspace: beneath its root, never through a link, never into `.git`.
//!
//! A repository may be hostile, and so may a path that comes from one of its files. Whatever reads
//! or writes a file of the worktree takes a [`RelPath`], which cannot say `..`.

use std::fmt;
use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::RepoError;

/// A path below the workspace's root, with `/` between its parts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RelPath(String);

impl RelPath {
    /// Accepts plain names joined by `/`; a leading `./` and a trailing `/` are dropped.
    pub(crate) fn parse(given: &str) -> Result<Self, RepoError> {
        let outside = || RepoError::OutsideWorkspace { path: given.to_owned() };
        let mut parts = Vec::new();
        for component in Path::new(given).components() {
            match component {
                Component::CurDir => {}
                Component::Normal(part) => {
                    let part = part.to_str().ok_or_else(outside)?;
                    if !is_plain_name(part) {
                        return Err(outside());
                    }
                    parts.push(part);
                }
                _ => return Err(outside()),
            }
        }
        if parts.is_empty() {
            return Err(outside());
        }
        Ok(Self(parts.join("/")))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The place on disk, after checking that no folder around it is a link. It may be one itself.
    pub(crate) fn beneath_parent(&self, root: &Path) -> Result<PathBuf, RepoError> {
        if let Some((around, name)) = self.0.rsplit_once('/') {
            return Ok(Self(around.to_owned()).beneath(root)?.join(name));
        }
        Ok(root.join(&self.0))
    }

    /// The place on disk, after checking that no folder on the way is a link.
    pub(crate) fn beneath(&self, root: &Path) -> Result<PathBuf, RepoError> {
        let mut place = root.to_owned();
        let mut seen = String::new();
        for part in self.0.split('/') {
            place.push(part);
            if !seen.is_empty() {
                seen.push('/');
            }
            seen.push_str(part);
            match fs::symlink_metadata(&place) {
                Ok(found) if found.file_type().is_symlink() => {
                    return Err(RepoError::Link { path: seen });
                }
                // What does not exist yet cannot be a link; the caller reports what it misses.
                _ => {}
            }
        }
        Ok(place)
    }
}

impl fmt::Display for RelPath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Whether a single name is safe on every system a repository may be cloned to.
fn is_plain_name(name: &str) -> bool {
    // Windows drops trailing dots and spaces, and knows `.git` by its short name as well.
    let bare = name.trim_end_matches(['.', ' ']);
    let is_gits = bare.eq_ignore_ascii_case(".git") || bare.eq_ignore_ascii_case("git~1");
    let is_special = name.contains('\0') || (cfg!(windows) && name.contains(['\\', ':']));
    !(bare.is_empty() || is_gits || is_special)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(given: &str, expected: Option<&str>) {
        let parsed = RelPath::parse(given).ok();
        assert_eq!(parsed.as_ref().map(RelPath::as_str), expected, "for {given:?}");
    }

    #[test]
    fn plain_paths_are_accepted() {
        check("assay.yaml", Some("assay.yaml"));
        check("./prompts/triage/", Some("prompts/triage"));
        check("a/./b.prompty", Some("a/b.prompty"));
        check(".assay/policy.toml", Some(".assay/policy.toml"));
        check(".gitignore", Some(".gitignore"));
    }

    #[test]
    fn paths_that_leave_the_workspace_are_refused() {
        for given in ["", ".", "..", "../x", "a/../../x", "/etc/passwd", "a\0b"] {
            check(given, None);
        }
    }

    #[test]
    fn gits_own_folder_is_refused_by_all_its_names() {
        for given in [
            ".git/config",
            ".GIT/hooks/pre-commit",
            "a/.git",
            "GIT~1/config",
            ".git./config",
            ".git /config",
        ] {
            check(given, None);
        }
    }
}
