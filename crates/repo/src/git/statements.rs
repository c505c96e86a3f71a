//! Signed statements on their way: which logs a sync sends, where to, and what it takes over.
//!
//! Logs have references of their own, which no plain clone fetches; so a sync writes into the configuration that they are
//! fetched. Where a server refuses such references, or takes them and shows them to nobody, logs go to branches that
//! share no commit with any other, and both places are read as one. What cannot be sent does not stop a sync: it is told.

use std::collections::{BTreeMap, BTreeSet};

use git2::{Oid, Repository};

use super::transfer::{Refusal, Shown, Transfer};
use super::{Address, GitError, SyncRequest};
use crate::RepoError;
use crate::review::refs::{
    self, Adopted, LOG_BRANCHES, LOGS, fetch_refspec, push_branch_refspec, push_refspec,
    remote_log_branches, remote_logs,
};

/// What a server is told to have done that takes a log and then does not show it.
const HIDDEN: &str = "it takes them and shows them to nobody";

/// What became of signed statements.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statements {
    /// How many logs are longer here than before.
    pub taken: usize,
    /// How many statements of ours went to the other side.
    pub sent: usize,
    /// What the other side said to references of their own, where logs of ours stand on branches there from now on.
    pub on_branches: Option<String>,
    /// Why logs of ours could not be sent.
    pub unsent: Option<String>,
    /// Logs with which something is wrong on the other side, by name.
    pub alarms: Vec<(String, Adopted)>,
    /// The configuration was changed: from now on plain `git fetch` brings them, too.
    pub followed: bool,
}

/// A remote whose logs are exchanged with ours.
pub(super) struct Logs<'a> {
    pub(super) repository: &'a Repository,
    pub(super) remote: &'a str,
    pub(super) address: &'a Address,
    pub(super) request: &'a SyncRequest<'a>,
}

impl Logs<'_> {
    /// Brings logs, and `specs` with them, and takes over what continues ours.
    pub(super) fn fetch(
        &self,
        mut specs: Vec<String>,
        told: &mut Statements,
    ) -> Result<(), GitError> {
        specs.push(fetch_refspec(self.remote));
        let shown = self.transfer().fetch(self.repository, &specs)?;
        // Where the configuration cannot be written, Assay fetches them all the same.
        told.followed |= refs::follow(self.repository, self.remote).unwrap_or(false);
        forget_gone(self.repository, self.remote, &shown)?;
        let adopted = refs::adopt_all(self.repository, self.remote)?;
        told.taken += adopted.iter().filter(|(_, adopted)| *adopted == Adopted::Forward).count();
        told.alarms =
            adopted.into_iter().filter(|(_, adopted)| *adopted > Adopted::Forward).collect();
        Ok(())
    }

    /// Sends our logs, each to where the other side takes it.
    pub(super) fn send(&self, told: &mut Statements) {
        if let Err(error) = self.try_to_send(told) {
            told.unsent = Some(match &error {
                GitError::Hooked { push, .. } => format!("{error}; git asks it: {push}"),
                _ => error.to_string(),
            });
        }
    }

    fn try_to_send(&self, told: &mut Statements) -> Result<(), GitError> {
        let (mut to_refs, mut to_branches) = (Vec::new(), Vec::new());
        for log in self.request.logs.iter().collect::<BTreeSet<_>>() {
            match self.place_of(log)? {
                Place::Refs(ours) => to_refs.push((log.as_str(), ours)),
                Place::Branch(ours) => to_branches.push((log.as_str(), ours)),
                Place::UpToDate => {}
            }
        }
        let new = self.new_in(to_refs.iter().chain(&to_branches))?;
        let refused = self.send_to_refs(&to_refs)?;
        told.sent += went(&new, &to_refs, &refused);
        let is_refused = |(log, _): &&(&str, Oid)| refused.iter().any(|(one, _)| one == log);
        to_branches.extend(to_refs.iter().filter(is_refused));
        let unsent =
            self.push(&to_branches, push_branch_refspec, &remote_log_branches(self.remote))?;
        told.sent += went(&new, &to_branches, &unsent);
        match unsent.into_iter().next() {
            Some((_, reason)) => told.unsent = Some(reason),
            None => told.on_branches = refused.into_iter().next().map(|(_, reason)| reason),
        }
        // What the other side has now is remembered as shown.
        refs::adopt_all(self.repository, self.remote)?;
        Ok(())
    }

    /// Sends logs to references of their own. Those that the other side refuses or hides come back.
    fn send_to_refs(&self, logs: &[(&str, Oid)]) -> Result<Vec<(String, String)>, GitError> {
        let known = |log: &str| tip(self.repository, &format!("{}{log}", remote_logs(self.remote)));
        let new: Vec<&str> =
            logs.iter().map(|(log, _)| *log).filter(|log| known(log).is_none()).collect();
        let mut refused = self.push(logs, push_refspec, &remote_logs(self.remote))?;
        let is_taken = |log: &&str| refused.iter().all(|(one, _)| one != log);
        let first: Vec<&str> = new.into_iter().filter(is_taken).collect();
        if first.is_empty() {
            return Ok(refused);
        }
        // The first time that a log went there: is it shown to who asks?
        let shown = self.transfer().fetch(self.repository, &[fetch_refspec(self.remote)])?;
        forget_gone(self.repository, self.remote, &shown)?;
        let hidden = first.into_iter().filter(|log| known(log).is_none());
        refused.extend(hidden.map(|log| (log.to_owned(), HIDDEN.to_owned())));
        Ok(refused)
    }

    /// Sends logs, and notes that the other side has them. Those that it refuses come back with its reasons.
    fn push(
        &self,
        logs: &[(&str, Oid)],
        spec: fn(&str) -> String,
        noted_in: &str,
    ) -> Result<Vec<(String, String)>, GitError> {
        if logs.is_empty() {
            return Ok(Vec::new());
        }
        let specs: Vec<String> = logs.iter().map(|(log, _)| spec(log)).collect();
        let refused = self.transfer().push(self.repository, self.remote, &specs)?;
        let refused: Vec<_> = refused.into_iter().filter_map(of_log).collect();
        for (log, ours) in logs {
            if refused.iter().all(|(one, _)| one != log) {
                self.repository.reference(
                    &format!("{noted_in}{log}"),
                    *ours,
                    true,
                    "assay: push",
                )?;
            }
        }
        Ok(refused)
    }

    /// How many statements each log has that the other side has not shown.
    fn new_in<'i, 'l: 'i>(
        &self,
        logs: impl Iterator<Item = &'i (&'l str, Oid)>,
    ) -> Result<BTreeMap<&'l str, usize>, GitError> {
        let mut new = BTreeMap::new();
        for (log, ours) in logs {
            let mut walk = self.repository.revwalk()?;
            walk.push(*ours)?;
            for place in [remote_logs(self.remote), remote_log_branches(self.remote)] {
                let there = tip(self.repository, &format!("{place}{log}"));
                // Somebody may have put there what is no log.
                if let Some(id) = there.filter(|id| self.repository.find_commit(*id).is_ok()) {
                    walk.hide(id)?;
                }
            }
            new.insert(*log, walk.count());
        }
        Ok(new)
    }

    /// Where a log of ours goes: to the branch that it has there, else to a reference of its own.
    fn place_of(&self, log: &str) -> Result<Place, GitError> {
        let Some(ours) = tip(self.repository, &format!("{LOGS}{log}")) else {
            return Ok(Place::UpToDate);
        };
        let at = |prefix: String| tip(self.repository, &format!("{prefix}{log}"));
        let (refs, branch) = (at(remote_logs(self.remote)), at(remote_log_branches(self.remote)));
        for there in [refs, branch].into_iter().flatten() {
            if there == ours || self.repository.graph_descendant_of(there, ours)? {
                return Ok(Place::UpToDate);
            }
        }
        Ok(if branch.is_some() { Place::Branch(ours) } else { Place::Refs(ours) })
    }

    fn transfer(&self) -> Transfer<'_> {
        Transfer { address: self.address, follow: self.request.follow }
    }
}

/// Where a log of ours goes, with the commit that it ends at.
enum Place {
    UpToDate,
    Refs(Oid),
    Branch(Oid),
}

fn tip(repository: &Repository, reference: &str) -> Option<Oid> {
    repository.refname_to_id(reference).ok()
}

/// How many statements went with those logs that were not refused.
fn went(new: &BTreeMap<&str, usize>, logs: &[(&str, Oid)], refused: &[(String, String)]) -> usize {
    let is_taken = |log: &str| refused.iter().all(|(one, _)| one != log);
    logs.iter().filter(|(log, _)| is_taken(log)).filter_map(|(log, _)| new.get(log)).sum()
}

/// The log that a refusal is about, and why it was refused.
fn of_log(refusal: Refusal) -> Option<(String, String)> {
    let name = &refusal.reference;
    let log = name.strip_prefix(LOGS).or_else(|| name.strip_prefix(LOG_BRANCHES))?;
    Some((log.to_owned(), refusal.reason))
}

/// Forgets fetched logs that the other side no longer shows, so that it is noticed.
fn forget_gone(repository: &Repository, remote: &str, shown: &Shown) -> Result<(), RepoError> {
    let places = [(LOGS, remote_logs(remote)), (LOG_BRANCHES, remote_log_branches(remote))];
    for (there, here) in places {
        let shown: BTreeSet<&str> =
            shown.iter().filter_map(|(name, _)| name.strip_prefix(there)).collect();
        for gone in refs::names(repository, &here)? {
            if !shown.contains(gone.as_str()) {
                repository.find_reference(&format!("{here}{gone}"))?.delete()?;
            }
        }
    }
    Ok(())
}
