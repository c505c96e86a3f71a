//! What lists of proposals ask of git: where commits stand to each other, which statements a tree keeps, and
//! which logs there are.

use std::collections::BTreeSet;

use git2::{ErrorCode, Oid, Repository};

use super::attest::attested;
use super::refs::{self, LOG_BRANCHES, LOGS};
use crate::file::digest;
use crate::{RepoError, Revision, Workspace};

/// Where the logs of all other clones are kept after a fetch.
const REMOTES: &str = "refs/assay/remotes/";

impl Workspace {
    /// Whether `tip` is `ancestor`, or has it in its past.
    ///
    /// # Errors
    /// When git's objects cannot be read.
    pub fn has_in_past(&self, tip: &Revision, ancestor: &Revision) -> Result<bool, RepoError> {
        let (tip, ancestor) = (id_of(tip)?, id_of(ancestor)?);
        Ok(tip == ancestor || self.repository()?.graph_descendant_of(tip, ancestor)?)
    }

    /// The last commit that both have in their past; none of histories without a common beginning.
    ///
    /// # Errors
    /// When git's objects cannot be read.
    pub fn merge_base(
        &self,
        one: &Revision,
        other: &Revision,
    ) -> Result<Option<String>, RepoError> {
        match self.repository()?.merge_base(id_of(one)?, id_of(other)?) {
            Ok(id) => Ok(Some(id.to_string())),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The ids of the statements that the tree of a commit keeps: of what was merged into it.
    ///
    /// # Errors
    /// When git's objects cannot be read.
    pub fn attested_at(&self, commit: &Revision) -> Result<BTreeSet<String>, RepoError> {
        let repository: Repository = self.repository()?;
        let tree = repository.find_commit(id_of(commit)?)?.tree()?;
        Ok(attested(&repository, &tree)?.iter().map(super::Entry::id).collect())
    }

    /// The names of the logs of this clone, in order: fingerprints in hex.
    ///
    /// # Errors
    /// When git's references cannot be read.
    pub fn logs(&self) -> Result<Vec<String>, RepoError> {
        refs::names(&self.repository()?, LOGS)
    }

    /// A mark that is another one once something was said here or was fetched: a digest of where the logs end.
    /// It costs reading references, and no statement.
    ///
    /// # Errors
    /// When git's references cannot be read.
    pub fn logs_mark(&self) -> Result<String, RepoError> {
        let repository = self.repository()?;
        let mut ends = Vec::new();
        for place in [LOGS, LOG_BRANCHES, REMOTES] {
            for reference in repository.references_glob(&format!("{place}*"))? {
                let reference = reference?;
                let end = reference.target().unwrap_or(Oid::ZERO_SHA1);
                ends.push(format!("{} {end}", String::from_utf8_lossy(reference.name_bytes())));
            }
        }
        ends.sort();
        Ok(digest(ends.join("\n").as_bytes()))
    }
}

fn id_of(revision: &Revision) -> Result<Oid, RepoError> {
    Ok(Oid::from_str(&revision.id())?)
}
