//! Commits: from named files of the worktree to a new commit, and the list of past ones.
//!
//! A commit holds the last commit's files and the named changes, nothing else: what somebody staged
//! with another program stays staged. No hook runs, and the clock is the caller's.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use git2::{Config, Index, Oid, Repository, RepositoryState, Signature, Sort, Time};
use serde::{Deserialize, Serialize};

use crate::RepoError;
use crate::change::FileChange;
use crate::filtered;

/// Who commits, where git's own configuration does not say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The person's name.
    pub name: String,
    /// The person's email address.
    pub email: String,
}

/// A moment and the place's distance to UTC, as git records them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct When {
    /// Seconds since 1970 in UTC.
    pub seconds: i64,
    /// Minutes east of UTC.
    pub offset_minutes: i32,
}

/// A commit as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitInfo {
    /// The full id, in hex.
    pub id: String,
    /// The first line of the message.
    pub summary: String,
    /// The author's name.
    pub author: String,
    /// When it was committed, in seconds since 1970 in UTC.
    pub time_s: i64,
}

impl CommitInfo {
    pub(crate) fn of(commit: &git2::Commit<'_>) -> Self {
        Self {
            id: commit.id().to_string(),
            summary: commit.summary().ok().flatten().unwrap_or_default().to_owned(),
            author: String::from_utf8_lossy(commit.author().name_bytes()).into_owned(),
            time_s: commit.time().seconds(),
        }
    }
}

/// The newest commits that HEAD reaches, newest first.
pub(crate) fn log(repository: &Repository, limit: usize) -> Result<Vec<CommitInfo>, RepoError> {
    if head_commit(repository)?.is_none() {
        return Ok(Vec::new());
    }
    let mut walk = repository.revwalk()?;
    // Without a topological order, which would read the whole history before the first commit.
    walk.set_sorting(Sort::TIME)?;
    walk.push_head()?;
    walk.take(limit).map(|id| Ok(CommitInfo::of(&repository.find_commit(id?)?))).collect()
}

/// The commit HEAD stands on; none in a repository without commits.
pub(crate) fn head_commit(repository: &Repository) -> Result<Option<git2::Commit<'_>>, RepoError> {
    match repository.head() {
        Ok(head) => Ok(Some(head.peel_to_commit()?)),
        Err(error) if error.code() == git2::ErrorCode::UnbornBranch => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Texts that files have in a commit in the place of what is on disk, by path.
pub(crate) type Texts = BTreeMap<String, String>;

/// Commits `changes`, of which at least one is asked for; files named in `texts` with these texts.
pub(crate) fn commit(
    repository: &Repository,
    root: &Path,
    message: &str,
    changes: &[FileChange],
    texts: &Texts,
    when: When,
    fallback: Option<&Identity>,
) -> Result<CommitInfo, RepoError> {
    let git = |source| RepoError::from_git(root, source);
    let message = tidy_message(message)?;
    require_no_merge(repository)?;
    if changes.is_empty() {
        return Err(RepoError::NothingToCommit);
    }
    let config = repository.config()?;
    let author = signature(&config, when, fallback)?;
    for path in changes.iter().filter_map(FileChange::kept_path) {
        filtered::require_plain(repository, &config, path)?;
    }
    let parent = head_commit(repository)?;

    let mut staged = repository.index()?;
    let mut next = Index::new()?;
    if let Some(parent) = &parent {
        next.read_tree(&parent.tree()?)?;
    }
    for change in changes {
        let text = texts.get(&change.path).map(|text| blob_of(repository, &change.path, text));
        stage(change, text.transpose()?, &mut staged, &mut next)?;
    }
    // The index is written first: when another program holds its lock, nothing has been committed.
    staged.write().map_err(git)?;
    let tree = repository.find_tree(next.write_tree_to(repository)?)?;
    let parents: Vec<_> = parent.iter().collect();
    let id = repository
        .commit(Some("HEAD"), &author, &author, &message, &tree, &parents)
        .map_err(git)?;
    Ok(CommitInfo::of(&repository.find_commit(id)?))
}

/// A text as git would store it if it stood on disk at this path, with git's own line endings.
fn blob_of(repository: &Repository, path: &str, text: &str) -> Result<Oid, RepoError> {
    let mut writer = repository.blob_writer(Some(Path::new(path)))?;
    writer.write_all(text.as_bytes()).map_err(|source| RepoError::from_io(path, source))?;
    Ok(writer.commit()?)
}

/// Brings one change into the repository's index and into the next commit's files, from disk or with this text.
fn stage(
    change: &FileChange,
    text: Option<Oid>,
    staged: &mut Index,
    next: &mut Index,
) -> Result<(), RepoError> {
    if let Some(gone) = change.removed_path() {
        staged.remove_path(Path::new(gone))?;
        next.remove_path(Path::new(gone))?;
    }
    if let Some(path) = change.kept_path() {
        staged.add_path(Path::new(path))?;
        if let Some(mut entry) = staged.get_path(Path::new(path), 0) {
            if let Some(text) = text {
                entry.id = text;
                // It is not the file on disk: without a size git looks at that again.
                entry.file_size = 0;
                staged.add(&entry)?;
            }
            next.add(&entry)?;
        }
    }
    Ok(())
}

pub(crate) fn tidy_message(message: &str) -> Result<String, RepoError> {
    let message = git2::message_prettify(message.trim(), None)?;
    if message.is_empty() {
        return Err(RepoError::EmptyMessage);
    }
    Ok(message)
}

/// Refuses while something that plain git began waits for its end, or files are still in conflict.
pub(crate) fn require_no_merge(repository: &Repository) -> Result<(), RepoError> {
    use RepositoryState as S;
    let what = match repository.state() {
        S::Clean if repository.index()?.has_conflicts() => "a merge",
        S::Clean => return Ok(()),
        S::Merge => "a merge",
        S::Revert | S::RevertSequence => "a revert",
        S::CherryPick | S::CherryPickSequence => "a cherry-pick",
        S::Bisect => "a bisection",
        S::Rebase | S::RebaseInteractive | S::RebaseMerge => "a rebase",
        S::ApplyMailbox | S::ApplyMailboxOrRebase => "applying patches",
    };
    Err(RepoError::InProgress { what })
}

/// Refuses to write without a signature what the person's settings want signed. Signing runs a program that the
/// settings name, and a repository has settings of its own.
pub(crate) fn require_no_signature(
    config: &Config,
    setting: &'static str,
) -> Result<(), RepoError> {
    match config.get_bool(setting) {
        Ok(true) => {
            let reason = "Assay starts no signing program".to_owned();
            Err(RepoError::Unsigned { setting, reason })
        }
        _ => Ok(()),
    }
}

/// Who commits on this machine, by git's own settings outside of any repository. Nobody where they name nobody.
pub fn known_identity() -> Option<Identity> {
    configured(&Config::open_default().ok()?)
}

/// Git's own `user.name` and `user.email`, else the fallback.
pub(crate) fn signature(
    config: &Config,
    when: When,
    fallback: Option<&Identity>,
) -> Result<Signature<'static>, RepoError> {
    let who = configured(config).or_else(|| fallback.cloned()).ok_or(RepoError::NoIdentity)?;
    let time = Time::new(when.seconds, when.offset_minutes);
    Ok(Signature::new(&who.name, &who.email, &time)?)
}

fn configured(config: &Config) -> Option<Identity> {
    let read = |key| {
        let value = config.get_string(key).unwrap_or_default();
        Some(value.trim().to_owned()).filter(|value| !value.is_empty())
    };
    Some(Identity { name: read("user.name")?, email: read("user.email")? })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const WHEN: When = When { seconds: 1_760_000_000, offset_minutes: 120 };

    fn config(entries: &[(&str, &str)]) -> (tempfile::TempDir, Config) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config");
        let mut config = Config::open(&file).unwrap();
        for (key, value) in entries {
            config.set_str(key, value).unwrap();
        }
        (folder, config)
    }

    fn someone() -> Identity {
        Identity { name: "Sam Fallback".into(), email: "sam@example.com".into() }
    }

    #[test]
    fn without_an_identity_the_hint_says_how_to_set_one() {
        let (_folder, config) = config(&[("user.name", "Ada")]);
        let error = signature(&config, WHEN, None).map(drop).unwrap_err();
        assert!(matches!(error, RepoError::NoIdentity));
        assert!(error.hint().unwrap().contains("user.email"));
    }

    #[test]
    fn the_fallback_signs_only_where_git_does_not_know_better() {
        let (_folder, empty) = config(&[]);
        let (_other, known) = config(&[("user.name", "Ada"), ("user.email", "ada@example.com")]);
        let by = |config| {
            let signature = signature(config, WHEN, Some(&someone())).unwrap();
            signature.to_string()
        };
        assert_eq!(by(&empty), "Sam Fallback <sam@example.com>");
        assert_eq!(by(&known), "Ada <ada@example.com>");
    }

    #[test]
    fn the_time_is_the_callers() {
        let (_folder, empty) = config(&[]);
        let when = signature(&empty, WHEN, Some(&someone())).unwrap().when();
        assert_eq!((when.seconds(), when.offset_minutes()), (1_760_000_000, 120));
    }

    #[test]
    fn a_message_of_blank_lines_is_empty() {
        assert!(matches!(tidy_message(" \n\n\t"), Err(RepoError::EmptyMessage)));
        assert_eq!(tidy_message("\n  subject  \n\n\n\nbody").unwrap(), "subject\n\nbody\n");
    }
}
