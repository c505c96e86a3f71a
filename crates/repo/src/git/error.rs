//! What can go wrong with branches, remotes and history, told by name.
//!
//! Conflicts of a merge are not here: they are data, see [`Merged`](super::Merged).

use std::path::Path;

use crate::RepoError;

/// How many paths a message names before it counts the rest.
const NAMED: usize = 3;

/// Why a git command was not done.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// The repository or one of its files could not be used.
    #[error(transparent)]
    Repo(#[from] RepoError),
    /// Git has no branch or tag of such a name.
    #[error("{name:?} cannot be the name of a {what}")]
    BadName {
        /// `branch` or `tag`.
        what: &'static str,
        /// What was asked for.
        name: String,
    },
    /// Nothing goes by that name.
    #[error("there is no {what} {name:?}")]
    Unknown {
        /// `branch`, `tag`, `remote` or `conflict in`.
        what: &'static str,
        /// What was asked for.
        name: String,
    },
    /// The name is taken.
    #[error("the {what} {name:?} is already there")]
    Exists {
        /// `branch` or `tag`.
        what: &'static str,
        /// What was asked for.
        name: String,
    },
    /// The branch that commits go to cannot be deleted.
    #[error("the branch {name:?} is checked out")]
    CheckedOut {
        /// The branch.
        name: String,
    },
    /// The branch is checked out in another worktree of this repository.
    #[error("the branch {name:?} is checked out in {path}")]
    InWorktree {
        /// The branch.
        name: String,
        /// The worktree's folder.
        path: String,
    },
    /// The worktree leaves files out on purpose, and only git knows which.
    #[error("this worktree is sparse")]
    Sparse,
    /// Another window or terminal has been changing the repository for a while.
    #[error("another window or terminal is changing this repository")]
    Busy,
    /// A command failed, and what it had done could not be taken back at once.
    #[error("{source}; part of `{command}` was done")]
    HalfDone {
        /// The command.
        command: String,
        /// Why it failed.
        source: Box<GitError>,
    },
    /// Deleting the branch would leave commits without a name.
    #[error("the branch {name:?} has commits that no other branch has")]
    Unmerged {
        /// The branch.
        name: String,
    },
    /// Changes that were not committed stand where other content would go.
    #[error("{} changed and would be overwritten", named(paths))]
    InTheWay {
        /// The files, by path.
        paths: Vec<String>,
    },
    /// A branch left its changes behind before, and they still wait for it.
    #[error("changes of the branch {branch:?} are still kept")]
    DraftsWaiting {
        /// The branch.
        branch: String,
    },
    /// There are no commits yet.
    #[error("there is no commit yet")]
    NoCommit,
    /// HEAD stands on a commit and not on a branch.
    #[error("no branch is checked out")]
    NoBranch,
    /// The person stopped it.
    #[error("cancelled")]
    Cancelled,
    /// The repository has no remote, or more than one and none is chosen.
    #[error("it is not known where to sync with")]
    NoRemote {
        /// The remotes there are.
        known: Vec<String>,
    },
    /// An address that is not used.
    #[error("{url:?} cannot be used: {reason}")]
    BadAddress {
        /// The address without a password.
        url: String,
        /// Why.
        reason: &'static str,
    },
    /// The repository names an address that the person has not confirmed.
    #[error("{remote} leads to {url}, which you have not confirmed")]
    Unconfirmed {
        /// The remote's name.
        remote: String,
        /// The address without a password.
        url: String,
    },
    /// The repository's own configuration rewrites addresses.
    #[error("the repository's own configuration sends {url} to {to}")]
    Rewritten {
        /// The address that was asked for.
        url: String,
        /// Where it would go.
        to: String,
    },
    /// Neither the user's agent nor their stores know a login that is accepted.
    #[error("{host} did not accept you")]
    NotAccepted {
        /// The other computer, or the folder.
        host: String,
    },
    /// The certificate or host key is not one the user trusts.
    #[error("{host} could not prove that it is {host}")]
    Untrusted {
        /// The other computer.
        host: String,
    },
    /// The other side could not be reached, or broke off.
    #[error("{host}: {reason}")]
    Unreachable {
        /// The other computer, or the folder.
        host: String,
        /// What libgit2 said.
        reason: String,
    },
    /// The other side took part of what was sent, or nothing.
    #[error("{host} refused {reference}: {reason}")]
    Rejected {
        /// The other computer, or the folder.
        host: String,
        /// The reference that was to move.
        reference: String,
        /// What it said.
        reason: String,
    },
    /// A hook of the folder that was to be sent to decides what comes in, and nothing of a repository is run.
    #[error("the hook {hook} decides what comes in, and Assay runs no hooks")]
    Hooked {
        /// The hook's file.
        hook: String,
        /// The command of git's that asks it.
        push: String,
    },
    /// Everything was taken back already.
    #[error("there is nothing to undo")]
    NothingToUndo,
    /// What the command made is not what is there now.
    #[error("{what} changed since `{command}`")]
    ChangedSince {
        /// The command that was to be taken back.
        command: String,
        /// The file or reference.
        what: String,
    },
    /// The state before the command could not be kept, so the command was not begun.
    #[error("nothing was done, because it could not be undone: {source}")]
    NoSnapshot {
        /// Why not.
        source: Box<GitError>,
    },
    /// A file that was to be kept for undo is too large.
    #[error("{path} changed and is larger than {} MB", limit / 1_000_000)]
    TooLargeToKeep {
        /// The file.
        path: String,
        /// The largest that is kept, in bytes.
        limit: u64,
    },
    /// Only some rows were to be committed of a file whose rows cannot be told apart.
    #[error("the rows of {path} cannot be committed one by one")]
    RowsTogether {
        /// The file.
        path: String,
    },
    /// The cache of the history could not be written.
    #[error("the index of the history could not be kept in {path}: {reason}")]
    Cache {
        /// Its file.
        path: String,
        /// What the system said.
        reason: String,
    },
}

impl From<git2::Error> for GitError {
    fn from(source: git2::Error) -> Self {
        Self::Repo(RepoError::from(source))
    }
}

impl GitError {
    /// A failure of libgit2 in the repository at `root`.
    pub(crate) fn from_git(root: &Path, source: git2::Error) -> Self {
        Self::Repo(RepoError::from_git(root, source))
    }

    /// What the person can do about it, where there is one right thing to do.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Repo(error) => return error.hint(),
            Self::NoSnapshot { source } => return source.hint(),
            Self::Unmerged { .. } => "merge it first, or delete it with force".to_owned(),
            Self::CheckedOut { .. } => "switch to another branch first".to_owned(),
            Self::InWorktree { path, .. } => format!("do it in {path}, or switch to another branch there"),
            Self::Sparse => "do this with git, which knows what is left out of it".to_owned(),
            Self::Busy => "wait until it is done, then do this again".to_owned(),
            Self::HalfDone { .. } => "undo takes it back: assay undo".to_owned(),
            Self::InTheWay { .. } => {
                "commit them, or switch with the changes kept on their branch".to_owned()
            }
            Self::DraftsWaiting { branch } => {
                format!("switch to {branch} with nothing changed, and they come back")
            }
            Self::NoCommit => "commit something first".to_owned(),
            Self::NoBranch => "switch to a branch, or make one here".to_owned(),
            Self::NoRemote { known } if known.is_empty() => {
                "add one: git remote add origin ADDRESS".to_owned()
            }
            Self::NoRemote { known } => format!("name one of: {}", known.join(", ")),
            Self::Unconfirmed { url, .. } => {
                format!("if you trust it, confirm the address: assay sync --allow {url}")
            }
            Self::Rewritten { .. } => {
                "remove `url.….insteadOf` from the repository's configuration; your own is used"
                    .to_owned()
            }
            Self::NotAccepted { .. } => {
                "add the key to ssh-agent (ssh-add), or set up a credential helper (git config --global credential.helper)"
                    .to_owned()
            }
            Self::Untrusted { host } => {
                format!("check its key with its owner, then add it: ssh-keyscan {host} >> ~/.ssh/known_hosts")
            }
            Self::Rejected { .. } => "fetch and merge what is new there, then push again".to_owned(),
            Self::Hooked { push, .. } => format!("send it with git, which asks the hook: {push}"),
            Self::ChangedSince { .. } => {
                "commit or take back that change first, then undo".to_owned()
            }
            Self::RowsTogether { .. } => "commit the whole file".to_owned(),
            Self::TooLargeToKeep { .. } => {
                "commit it, or take it out of the repository".to_owned()
            }
            _ => return None,
        })
    }
}

/// The first few of many paths.
fn named(paths: &[String]) -> String {
    let shown = paths.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match paths.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_of_files_is_counted_and_not_listed() {
        let paths: Vec<_> = ["a", "b", "c", "d", "e"].map(str::to_owned).into();
        let error = GitError::InTheWay { paths };
        assert_eq!(error.to_string(), "a, b, c and 2 more changed and would be overwritten");
    }

    #[test]
    fn a_refusal_for_want_of_a_snapshot_says_what_to_do_about_its_cause() {
        let cause = GitError::TooLargeToKeep { path: "a.bin".to_owned(), limit: 64_000_000 };
        let error = GitError::NoSnapshot { source: Box::new(cause) };
        assert!(error.to_string().ends_with("a.bin changed and is larger than 64 MB"), "{error}");
        assert!(error.hint().is_some());
    }
}
