//! What lists of proposals ask of git: where commits stand to each other, which statements a tree keeps, and
//! which logs there are.

use std::collections::BTreeSet;

use git2::{ErrorCode, Oid, Repository};

use super::attest::attested;
use super::refs::{self, LOGS};
use crate::{RepoError, Revision, Workspace};

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
}

fn id_of(revision: &Revision) -> Result<Oid, RepoError> {
    Ok(Oid::from_str(&revision.id())?)
}
