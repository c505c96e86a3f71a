//! Taking over logs that were fetched.
//!
//! A log that came from elsewhere is taken over only where it continues ours, and only as far as the key's holder wrote
//! it: who may push to a server may put anything there under any name. So nobody can put an end to another's log here,
//! and what a server takes back is neither lost nor unnoticed.

use std::collections::BTreeSet;

use git2::{Commit, Oid, Repository};

use super::log::own_entries;
use super::refs::{
    LOGS, commits_after, entry_of, names, remote_log_branches, remote_logs, shown_logs, tip,
};
use crate::RepoError;

/// What became of a log that came from elsewhere.
///
/// In the order in which they matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Adopted {
    /// Ours has everything already.
    Nothing,
    /// Ours was moved forward.
    Forward,
    /// The other side shows less than it has shown before. What it hides is here all the same.
    RolledBack,
    /// It holds what the key's holder did not write. As far as they did, it was taken over.
    Forged,
    /// The key's holder wrote it, and it does not continue ours: the key was used in two places at once, or is stolen.
    Diverged,
}

/// Takes over the logs that were fetched from a remote, from both of their places.
///
/// # Errors
/// When git's references cannot be read or moved.
pub fn adopt_all(
    repository: &Repository,
    remote: &str,
) -> Result<Vec<(String, Adopted)>, RepoError> {
    let places = [remote_logs(remote), remote_log_branches(remote)];
    let shown = shown_logs(remote);
    let mut known = BTreeSet::new();
    for prefix in places.iter().chain([&shown]) {
        known.extend(names(repository, prefix)?);
    }
    let adopt_one = |name: String| {
        let mut adopted = Adopted::Nothing;
        for fetched in places.iter().map(|prefix| format!("{prefix}{name}")) {
            if repository.find_reference(&fetched).is_ok() {
                adopted = adopted.max(adopt(repository, &name, &fetched)?);
            }
        }
        if is_rolled_back(repository, &name, &places, &format!("{shown}{name}"))? {
            adopted = adopted.max(Adopted::RolledBack);
        }
        Ok((name, adopted))
    };
    known.into_iter().map(adopt_one).collect()
}

/// Moves our log of a key forward to one that was fetched, where that one continues it.
///
/// # Errors
/// When there is no such fetched log, or ours cannot be moved.
pub fn adopt(repository: &Repository, name: &str, fetched: &str) -> Result<Adopted, RepoError> {
    let Ok(theirs) = repository.find_reference(fetched)?.peel_to_commit() else {
        return Ok(Adopted::Forged);
    };
    let ours = tip(repository, &format!("{LOGS}{name}"))?;
    match &ours {
        Some(ours) if has(repository, ours.id(), theirs.id())? => return Ok(Adopted::Nothing),
        Some(ours) if !has(repository, theirs.id(), ours.id())? => {
            let (own, all) = own_part(repository, name, None, theirs, fetched)?;
            return Ok(if own.len() == all { Adopted::Diverged } else { Adopted::Forged });
        }
        _ => {}
    }
    let (own, all) = own_part(repository, name, ours.as_ref(), theirs, fetched)?;
    if let Some(&furthest) = own.last() {
        advance(repository, &format!("{LOGS}{name}"), ours.as_ref(), furthest)?;
    }
    Ok(if own.len() == all { Adopted::Forward } else { Adopted::Forged })
}

/// The commits after `ours` that the key's holder wrote, and how many there are at all.
fn own_part(
    repository: &Repository,
    name: &str,
    ours: Option<&Commit<'_>>,
    theirs: Commit<'_>,
    fetched: &str,
) -> Result<(Vec<Oid>, usize), RepoError> {
    let commits = match commits_after(ours.map(Commit::id), Some(theirs), fetched) {
        // Nobody's log is longer than one that is read.
        Err(RepoError::TooManyFiles { .. }) => return Ok((Vec::new(), usize::MAX)),
        commits => commits?,
    };
    let read = |commit: &Commit<'_>| entry_of(repository, &commit.tree()?);
    let last = ours.map(read).transpose()?.and_then(|entry| entry.open().ok());
    let own = own_entries(name, last, commits.iter().map_while(|commit| read(commit).ok()));
    Ok((commits[..own].iter().map(Commit::id).collect(), commits.len()))
}

fn advance(
    repository: &Repository,
    reference: &str,
    from: Option<&Commit<'_>>,
    to: Oid,
) -> Result<(), RepoError> {
    match from {
        None => repository.reference(reference, to, false, "assay: first fetched")?,
        Some(from) => {
            repository.reference_matching(reference, to, true, from.id(), "assay: fetched")?
        }
    };
    Ok(())
}

/// Whether a log that ends at `tip` has the entry `at`.
fn has(repository: &Repository, tip: Oid, at: Oid) -> Result<bool, RepoError> {
    Ok(tip == at || repository.graph_descendant_of(tip, at)?)
}

/// Whether a remote shows less of a log than it once did. What it has shown at most is remembered in `shown`.
fn is_rolled_back(
    repository: &Repository,
    name: &str,
    places: &[String],
    shown: &str,
) -> Result<bool, RepoError> {
    let Some(ours) = tip(repository, &format!("{LOGS}{name}"))? else { return Ok(false) };
    let before = tip(repository, shown)?.map(|commit| commit.id());
    let now = furthest(repository, name, places, ours.id())?;
    let Some(now) = now else { return Ok(before.is_some()) };
    let is_more = match before {
        Some(before) if before == now => return Ok(false),
        Some(before) => has(repository, now, before)?,
        None => true,
    };
    if is_more {
        repository.reference(shown, now, true, "assay: shown")?;
    }
    Ok(!is_more)
}

/// The last entry of ours that a remote shows in any of the places.
fn furthest(
    repository: &Repository,
    name: &str,
    places: &[String],
    ours: Oid,
) -> Result<Option<Oid>, RepoError> {
    let mut furthest = None;
    for prefix in places {
        let Some(there) = commit_at(repository, &format!("{prefix}{name}")) else { continue };
        // What stands after ours is not the holder's: all of that was taken over before.
        let there = if has(repository, there, ours)? { ours } else { there };
        let is_further = match furthest {
            Some(known) => has(repository, there, known)?,
            None => true,
        };
        if is_further && has(repository, ours, there)? {
            furthest = Some(there);
        }
    }
    Ok(furthest)
}

/// The commit that a reference leads to, where it leads to one.
fn commit_at(repository: &Repository, reference: &str) -> Option<Oid> {
    Some(repository.find_reference(reference).ok()?.peel_to_commit().ok()?.id())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use git2::{Signature, Time};

    use super::super::fixtures::{draft, empty_repository, fill, log_name, log_of, signer};
    use super::super::log::{Draft, Entry, sign};
    use super::*;

    #[test]
    fn a_fetched_log_is_taken_over_only_where_it_continues_ours() {
        let (_folder, repository) = empty_repository();
        let ours = format!("{LOGS}{}", log_name(1));
        let fetched = format!("{}{}", remote_logs("origin"), log_name(1));
        let store = |entries: &[Entry]| {
            fill(&repository, entries);
            repository.refname_to_id(&ours).unwrap()
        };
        let one = store(&log_of(1, 1));
        let three = store(&log_of(1, 3)[1..]);
        let adopt_at = |ours_at: Oid, theirs: Oid| {
            repository.reference(&ours, ours_at, true, "").unwrap();
            repository.reference(&fetched, theirs, true, "").unwrap();
            let adopted = adopt(&repository, &log_name(1), &fetched).unwrap();
            (adopted, repository.refname_to_id(&ours).unwrap())
        };
        assert_eq!(adopt_at(one, three), (Adopted::Forward, three));
        assert_eq!(adopt_at(three, one), (Adopted::Nothing, three));
        repository.find_reference(&ours).unwrap().delete().unwrap();
        let elsewhere = Draft { time_s: 7, ..draft() };
        let other = store(&[sign(elsewhere, None, &signer(1)).unwrap()]);
        assert_eq!(adopt_at(three, other), (Adopted::Diverged, three));
    }

    #[test]
    fn what_others_put_into_a_log_is_not_taken_over_and_blocks_nobody() {
        let (_folder, repository) = empty_repository();
        let (ours, fetched) =
            (format!("{LOGS}{}", log_name(1)), format!("{}{}", remote_logs("origin"), log_name(1)));
        fill(&repository, &log_of(1, 2));
        let two = repository.refname_to_id(&ours).unwrap();
        let junk = child_of(&repository, Some(two));
        let adopt_at = |there: Oid| {
            if let Ok(mut ours) = repository.find_reference(&ours) {
                ours.delete().unwrap();
            }
            repository.reference(&fetched, there, true, "").unwrap();
            let adopted = adopt(&repository, &log_name(1), &fetched).unwrap();
            (adopted, repository.refname_to_id(&ours).ok())
        };
        assert_eq!(adopt_at(junk), (Adopted::Forged, Some(two)));
        assert_eq!(adopt_at(child_of(&repository, None)), (Adopted::Forged, None));
        assert_eq!(adopt_at(repository.blob(b"junk").unwrap()), (Adopted::Forged, None));
        assert_eq!(adopt_at(two), (Adopted::Forward, Some(two)));
    }

    /// A commit that holds no statement.
    fn child_of(repository: &Repository, parent: Option<Oid>) -> Oid {
        let tree = repository.treebuilder(None).unwrap().write().unwrap();
        let tree = repository.find_tree(tree).unwrap();
        let nobody = Signature::new("n", "n@example.com", &Time::new(0, 0)).unwrap();
        let parent = parent.map(|id| repository.find_commit(id).unwrap());
        let parents: Vec<_> = parent.iter().collect();
        repository.commit(None, &nobody, &nobody, "x", &tree, &parents).unwrap()
    }

    #[test]
    fn a_log_that_a_remote_takes_back_is_noticed_in_both_places() {
        let (_folder, repository) = empty_repository();
        let ours = format!("{LOGS}{}", log_name(1));
        fill(&repository, &log_of(1, 1));
        let one = repository.refname_to_id(&ours).unwrap();
        fill(&repository, &log_of(1, 2)[1..]);
        let two = repository.refname_to_id(&ours).unwrap();
        let place = |prefix: String, at: Option<Oid>| {
            let reference = format!("{prefix}{}", log_name(1));
            match at {
                Some(at) => drop(repository.reference(&reference, at, true, "").unwrap()),
                None => repository.find_reference(&reference).unwrap().delete().unwrap(),
            }
        };
        let adopted = || adopt_all(&repository, "origin").unwrap()[0].1;
        place(remote_logs("origin"), Some(two));
        assert_eq!(adopted(), Adopted::Nothing);
        place(remote_logs("origin"), Some(one));
        assert_eq!(adopted(), Adopted::RolledBack);
        place(remote_log_branches("origin"), Some(two));
        assert_eq!(adopted(), Adopted::Nothing, "the other place has it");
        place(remote_log_branches("origin"), Some(one));
        assert_eq!(adopted(), Adopted::RolledBack);
        place(remote_logs("origin"), None);
        place(remote_log_branches("origin"), None);
        assert_eq!(adopted(), Adopted::RolledBack, "and it is not forgotten");
    }
}
