//! A new workspace from another repository.

use std::cell::RefCell;
use std::fs;
use std::path::Path;

use git2::Repository;
use git2::build::{CheckoutBuilder, RepoBuilder};

use super::credential::Logins;
use super::transfer::Transfer;
use super::{Address, Follow, GitError, Progress, Stage};
use crate::workspace::{Workspace, require_empty, unfinished_folder};
use crate::{RepoError, fsync};

/// What to clone, and where to.
pub struct CloneRequest<'a> {
    /// The address, which the person has typed or confirmed.
    pub address: &'a Address,
    /// The folder to make.
    pub into: &'a Path,
    /// The branch to check out; else the one the other side has chosen.
    pub branch: Option<&'a str>,
    /// Who follows.
    pub follow: &'a dyn Follow,
}

impl Workspace {
    /// Clones a repository. The folder appears only when everything is in it.
    ///
    /// # Errors
    /// When the folder holds something, or the other side cannot be reached.
    pub fn clone_from(request: &CloneRequest<'_>) -> Result<Self, GitError> {
        fsync::enable();
        require_empty(request.into)?;
        let io = |source| RepoError::from_io(&request.into.display().to_string(), source);
        let around = crate::workspace::parent_of(request.into);
        fs::create_dir_all(around).map_err(io)?;
        let unfinished = unfinished_folder(around).map_err(io)?;
        let made = unfinished.path().join("clone");
        drop(clone_to(request, &made)?);
        if request.into.is_dir() {
            // It is empty, and not every system renames over a folder.
            fs::remove_dir(request.into).map_err(io)?;
        }
        fs::rename(&made, request.into).map_err(io)?;
        Ok(Self::open(request.into)?)
    }
}

fn clone_to(request: &CloneRequest<'_>, made: &Path) -> Result<Repository, GitError> {
    let transfer = Transfer { address: request.address, follow: request.follow };
    request.follow.progress(Progress::of(Stage::Connecting, 0, 0));
    let logins = RefCell::new(Logins::new(request.address, request.follow));
    let cloned = {
        let mut files = CheckoutBuilder::new();
        files.safe().progress(|_, done, total| {
            let counted = Progress::of(Stage::CheckingOut, done as u64, total as u64);
            request.follow.progress(counted);
        });
        let mut builder = RepoBuilder::new();
        builder.fetch_options(transfer.fetch_options(&logins)).with_checkout(files);
        // Objects are copied and never linked to those of the other repository, which may go away.
        builder.clone_local(git2::build::CloneLocal::None);
        if let Some(branch) = request.branch {
            super::branch::require_name(branch)?;
            builder.branch(branch);
        }
        builder.clone(request.address.text(), made)
    };
    let (repository, done) = match cloned {
        Ok(repository) => (Some(repository), Ok(())),
        Err(error) => (None, Err(error)),
    };
    transfer.settled(done, &logins)?;
    repository.ok_or(GitError::NoCommit)
}
