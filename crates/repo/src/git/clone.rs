//! A new workspace from another repository.

use std::cell::RefCell;
use std::fs;
use std::path::Path;

use git2::build::{CheckoutBuilder, RepoBuilder};

use super::apart::apart;
use super::credential::Logins;
use super::transfer::Transfer;
use super::{Address, Follow, GitError, Progress, Stage};
use crate::review::refs::{adopt_all, fetch_refspec};
use crate::workspace::{Workspace, require_empty, unfinished_folder};
use crate::{RepoError, fsync};

/// What a clone calls the repository that it was made from.
const ORIGIN: &str = "origin";

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
    /// Clones a repository, with the statements that were signed about it. The folder appears only when everything is
    /// in it.
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
        let cloned = {
            let (address, made) = (request.address.clone(), made.clone());
            let branch = request.branch.map(str::to_owned);
            apart(request.follow, move |follow| {
                let transfer = Transfer { address: &address, follow };
                clone_to(&transfer, branch.as_deref(), &made)?;
                // Whoever is left behind here takes the folder along, and removes it when all is over.
                Ok(unfinished)
            })
        };
        let unfinished = cloned?;
        if request.into.is_dir() {
            // It is empty, and not every system renames over a folder.
            fs::remove_dir(request.into).map_err(io)?;
        }
        fs::rename(&made, request.into).map_err(io)?;
        // What it guarded has moved away.
        drop(unfinished);
        Ok(Self::open(request.into)?)
    }
}

fn clone_to(transfer: &Transfer<'_>, branch: Option<&str>, made: &Path) -> Result<(), GitError> {
    let follow = transfer.follow;
    follow.progress(Progress::of(Stage::Connecting, 0, 0));
    let logins = RefCell::new(Logins::new(transfer.address, follow));
    let cloned = {
        let mut files = CheckoutBuilder::new();
        files.safe().progress(|_, done, total| {
            follow.progress(Progress::of(Stage::CheckingOut, done as u64, total as u64));
        });
        let mut builder = RepoBuilder::new();
        builder.fetch_options(transfer.fetch_options(&logins)).with_checkout(files);
        // Signed statements come with the branches, here and with every later `git fetch`.
        builder.remote_create(|repository, name, url| {
            repository.remote(name, url)?;
            repository.remote_add_fetch(name, &fetch_refspec(name))?;
            repository.find_remote(name)
        });
        // Objects are copied and never linked to those of the other repository, which may go away.
        builder.clone_local(git2::build::CloneLocal::None);
        if let Some(branch) = branch {
            super::branch::require_name(branch)?;
            builder.branch(branch);
        }
        builder.clone(transfer.address.text(), made)
    };
    let (repository, done) = match cloned {
        Ok(repository) => (Some(repository), Ok(())),
        Err(error) => (None, Err(error)),
    };
    transfer.settled(done, &logins)?;
    let repository = repository.ok_or(GitError::NoCommit)?;
    adopt_all(&repository, ORIGIN)?;
    if follow.is_cancelled() { Err(GitError::Cancelled) } else { Ok(()) }
}
