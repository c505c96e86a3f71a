//! Logs in git: one reference per key, which only the holder of that key moves forward.
//!
//! Each entry is a commit that holds the statement and its signature as two files, so plain git shows,
//! fetches and checks them. Commits are made from the statement alone: the same statement is the same
//! commit on every machine. Taking over what came from elsewhere is left to [`super::adoption`].
//!
//! A server may take no references but branches. Logs stand on branches there that share no commit with any other
//! ([`LOG_BRANCHES`]), and both places are read as one.

use std::path::Path;

use git2::{Commit, ErrorCode, Oid, Repository, Signature, Time, Tree};

pub use super::adoption::{Adopted, adopt, adopt_all};
use super::log::{Entry, Signed};
use super::statement::MAX_STATEMENT;
use crate::RepoError;

/// Where the logs of this clone stand.
pub const LOGS: &str = "refs/assay/log/";

/// Where they stand where a server takes nothing but branches.
pub const LOG_BRANCHES: &str = "refs/heads/assay/log/";

/// The two files of an entry.
const STATEMENT: &str = "statement.json";
const SIGNATURE: &str = "statement.sig";

/// The address that commits of logs carry; it is nobody's.
const ADDRESS: &str = "statement@assay";

/// The longest log that is read.
const MAX_ENTRIES: usize = 100_000;

const FILE_MODE: i32 = 0o100_644;

/// Where another clone's logs are kept after a fetch: `refs/assay/remotes/origin/log/`.
pub fn remote_logs(remote: &str) -> String {
    format!("refs/assay/remotes/{remote}/log/")
}

/// Where its logs are kept that stand on branches there: `refs/remotes/origin/assay/log/`.
pub fn remote_log_branches(remote: &str) -> String {
    format!("refs/remotes/{remote}/{}", &LOG_BRANCHES["refs/heads/".len()..])
}

/// Where it is remembered how much of each log a remote has shown.
pub(super) fn shown_logs(remote: &str) -> String {
    format!("refs/assay/remotes/{remote}/shown/")
}

/// Whether a reference belongs to the logs, here or as fetched, and is no branch to people.
pub fn is_of_logs(reference: &str) -> bool {
    let is_fetched_branch = || {
        let name = reference.rsplit_once('/').map_or("", |(_, name)| name);
        reference.starts_with("refs/remotes/")
            && is_log_name(name)
            && reference.contains("/assay/log/")
    };
    reference.starts_with(LOGS)
        || reference.starts_with("refs/assay/remotes/")
        || reference.starts_with(LOG_BRANCHES)
        || is_fetched_branch()
}

/// What a fetch asks for, so that logs arrive beside ours and never over them.
pub fn fetch_refspec(remote: &str) -> String {
    format!("+{LOGS}*:{}*", remote_logs(remote))
}

/// What a push sends of one key's log. Never forced: a log only grows.
pub fn push_refspec(name: &str) -> String {
    format!("{LOGS}{name}:{LOGS}{name}")
}

/// What a push sends of one key's log to a server that takes branches only.
pub fn push_branch_refspec(name: &str) -> String {
    format!("{LOGS}{name}:{LOG_BRANCHES}{name}")
}

/// Writes into the configuration that plain `git fetch` brings a remote's logs as well. Whether it was not there yet.
///
/// # Errors
/// When the configuration cannot be read or written.
pub fn follow(repository: &Repository, remote: &str) -> Result<bool, RepoError> {
    let spec = fetch_refspec(remote);
    let known = repository.find_remote(remote)?.fetch_refspecs()?;
    if known.iter().flatten().flatten().any(|one| one.trim_start_matches('+') == &spec[1..]) {
        return Ok(false);
    }
    repository.remote_add_fetch(remote, &spec)?;
    Ok(true)
}

/// The names of the logs below `prefix`, in order.
///
/// # Errors
/// When git's references cannot be read.
pub fn names(repository: &Repository, prefix: &str) -> Result<Vec<String>, RepoError> {
    let mut names = Vec::new();
    for reference in repository.references_glob(&format!("{prefix}*"))? {
        let reference = reference?;
        let name = reference.name().ok().and_then(|name| name.strip_prefix(prefix));
        names.extend(name.filter(|name| is_log_name(name)).map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

/// Whether it is a fingerprint in hex.
fn is_log_name(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The entries of a log, from the oldest on; none when there is no such log.
///
/// A commit without the two files gives an entry without content, which is refused like any other that
/// is not signed.
///
/// # Errors
/// When the log is longer than is read, or git's objects are damaged.
pub fn entries(repository: &Repository, reference: &str) -> Result<Vec<Entry>, RepoError> {
    let commits = commits_after(None, tip(repository, reference)?, reference)?;
    commits.iter().map(|commit| entry_of(repository, &commit.tree()?)).collect()
}

/// The commits of a log after one of them, from the oldest on.
pub(super) fn commits_after<'r>(
    last: Option<Oid>,
    mut next: Option<Commit<'r>>,
    reference: &str,
) -> Result<Vec<Commit<'r>>, RepoError> {
    let mut commits = Vec::new();
    while let Some(commit) = next.filter(|commit| Some(commit.id()) != last) {
        if commits.len() == MAX_ENTRIES {
            return Err(RepoError::TooManyFiles { path: reference.to_owned(), limit: MAX_ENTRIES });
        }
        next = if commit.parent_count() > 0 { Some(commit.parent(0)?) } else { None };
        commits.push(commit);
    }
    commits.reverse();
    Ok(commits)
}

pub(super) fn tip<'r>(
    repository: &'r Repository,
    reference: &str,
) -> Result<Option<Commit<'r>>, RepoError> {
    match repository.find_reference(reference) {
        Ok(found) => Ok(Some(found.peel_to_commit()?)),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

pub(super) fn entry_of(repository: &Repository, tree: &Tree<'_>) -> Result<Entry, RepoError> {
    let bytes = blob(repository, tree, STATEMENT)?;
    let signature = String::from_utf8(blob(repository, tree, SIGNATURE)?).unwrap_or_default();
    Ok(Entry { bytes, signature })
}

/// The bytes of a file of the tree. What is not there, is no file or is too large is empty.
fn blob(repository: &Repository, tree: &Tree<'_>, name: &str) -> Result<Vec<u8>, RepoError> {
    let Ok(entry) = tree.get_path(Path::new(name)) else {
        return Ok(Vec::new());
    };
    let (size, kind) = repository.odb()?.read_header(entry.id())?;
    if kind != git2::ObjectType::Blob || size > MAX_STATEMENT {
        return Ok(Vec::new());
    }
    Ok(repository.find_blob(entry.id())?.content().to_vec())
}

/// Adds an entry to the log of its key.
///
/// # Errors
/// When the log was moved meanwhile, or cannot be written.
pub fn append(repository: &Repository, entry: &Entry, signed: &Signed) -> Result<(), RepoError> {
    let reference = format!("{LOGS}{}", signed.key.fingerprint_hex());
    let last = tip(repository, &reference)?;
    let id = commit(repository, entry, signed, last.as_ref())?;
    let message = format!("assay: {}", signed.statement.kind());
    match last {
        None => repository.reference(&reference, id, false, &message)?,
        Some(last) => repository.reference_matching(&reference, id, true, last.id(), &message)?,
    };
    Ok(())
}

fn commit(
    repository: &Repository,
    entry: &Entry,
    signed: &Signed,
    last: Option<&Commit<'_>>,
) -> Result<Oid, RepoError> {
    let mut files = repository.treebuilder(None)?;
    files.insert(STATEMENT, repository.blob(&entry.bytes)?, FILE_MODE)?;
    files.insert(SIGNATURE, repository.blob(entry.signature.as_bytes())?, FILE_MODE)?;
    let tree = repository.find_tree(files.write()?)?;
    let statement = &signed.statement;
    let time = Time::new(statement.time_s, 0);
    let author = Signature::new(&statement.actor, ADDRESS, &time)?;
    let message = format!("{} {}\n\n{}\n", statement.kind(), statement.sequence, signed.id);
    let parents: Vec<_> = last.into_iter().collect();
    Ok(repository.commit(None, &author, &author, &message, &tree, &parents)?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::fixtures::{REPOSITORY, empty_repository, fill, log_name, log_of};
    use super::super::log::read_log;
    use super::*;

    #[test]
    fn a_log_comes_back_from_git_as_it_was_written() {
        let (_folder, repository) = empty_repository();
        let written = log_of(1, 3);
        fill(&repository, &written);
        assert_eq!(names(&repository, LOGS).unwrap(), [log_name(1)]);
        let read = entries(&repository, &format!("{LOGS}{}", log_name(1))).unwrap();
        assert_eq!(read, written);
        assert!(read_log(&log_name(1), REPOSITORY, &read).refused.is_empty());
    }

    #[test]
    fn the_same_statements_are_the_same_commits_everywhere() {
        let tip_of = |(_folder, repository): (tempfile::TempDir, Repository)| {
            fill(&repository, &log_of(1, 2));
            tip(&repository, &format!("{LOGS}{}", log_name(1))).unwrap().unwrap().id()
        };
        assert_eq!(tip_of(empty_repository()), tip_of(empty_repository()));
    }

    #[test]
    fn references_of_logs_are_told_from_branches_of_people() {
        for (reference, is) in [
            (format!("{LOGS}{}", log_name(1)), true),
            (format!("{}{}", remote_logs("origin"), log_name(1)), true),
            (format!("{}{}", remote_log_branches("a/b"), log_name(1)), true),
            ("refs/remotes/origin/assay/log/of-mine".to_owned(), false),
            ("refs/remotes/origin/main".to_owned(), false),
            ("refs/heads/assay".to_owned(), false),
        ] {
            assert_eq!(is_of_logs(&reference), is, "{reference}");
        }
    }

    #[test]
    fn a_log_made_of_anything_else_is_read_and_refused() {
        let (_folder, repository) = empty_repository();
        let tree =
            repository.find_tree(repository.treebuilder(None).unwrap().write().unwrap()).unwrap();
        let nobody = Signature::new("n", "n@example.com", &Time::new(0, 0)).unwrap();
        let reference = format!("{LOGS}{}", log_name(1));
        repository.commit(Some(&reference), &nobody, &nobody, "x", &tree, &[]).unwrap();
        let read = entries(&repository, &reference).unwrap();
        let log = read_log(&log_name(1), REPOSITORY, &read);
        assert_eq!((log.signed.len(), log.refused.len()), (0, 1));
    }

    #[test]
    fn references_that_are_no_fingerprints_are_no_logs() {
        let (_folder, repository) = empty_repository();
        fill(&repository, &log_of(1, 1));
        let at = repository.refname_to_id(&format!("{LOGS}{}", log_name(1))).unwrap();
        for other in ["x", "ABCD", &log_name(1)[1..]] {
            repository.reference(&format!("{LOGS}{other}"), at, true, "").unwrap();
        }
        assert_eq!(names(&repository, LOGS).unwrap(), [log_name(1)]);
        assert!(names(&repository, LOG_BRANCHES).unwrap().is_empty());
        assert!(entries(&repository, "refs/assay/log/none").unwrap().is_empty());
    }
}
