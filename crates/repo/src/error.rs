//! What can go wrong between the person, the folder and git, told by name.
//!
//! Every variant names the file or thing it is about; [`RepoError::hint`] says what to do next where
//! there is one right thing to do. Conflicts with what is on disk are not errors but data: see
//! [`crate::Written`].

use std::io;
use std::path::{Path, PathBuf};

/// Why the repository or one of its files could not be used.
#[derive(Debug, thiserror::Error)]
pub enum RepoError {
    /// Neither the folder nor any folder above it is a git worktree.
    #[error("{} is not in a git repository", path.display())]
    NotARepository {
        /// The folder that was asked for.
        path: PathBuf,
    },
    /// Nothing is there.
    #[error("there is no folder {}", path.display())]
    NoFolder {
        /// What was asked for.
        path: PathBuf,
    },
    /// A repository without a worktree, so without files to edit.
    #[error("{} is a bare repository and has no files to edit", path.display())]
    Bare {
        /// The bare repository.
        path: PathBuf,
    },
    /// The repository's own configuration points its worktree at another folder.
    #[error("{} keeps its files somewhere else (core.worktree)", path.display())]
    WorktreeElsewhere {
        /// The folder holding `.git`.
        path: PathBuf,
    },
    /// Somebody else owns the folder, so its configuration is not trusted.
    #[error("{} belongs to another user", path.display())]
    OtherOwner {
        /// The folder that was asked for.
        path: PathBuf,
    },
    /// A new workspace was asked for where something already is.
    #[error("{} already holds files", path.display())]
    NotEmpty {
        /// The folder, or the file in its place.
        path: PathBuf,
    },

    /// A path that is absolute, climbs, or reaches into git's own folder.
    #[error("{path:?} is not a path inside the workspace")]
    OutsideWorkspace {
        /// The path as it was given.
        path: String,
    },
    /// The file, or a folder on the way to it, is a symbolic link.
    #[error("{path} is a link, and links are not followed")]
    Link {
        /// The link.
        path: String,
    },
    /// A folder, device, pipe or socket where a file was expected.
    #[error("{path} is not a regular file")]
    NotAFile {
        /// The path of it.
        path: String,
    },
    /// A link, another repository or a file where a folder was expected.
    #[error("{path} is not a folder of this repository")]
    NotAFolder {
        /// The path of it.
        path: String,
    },
    /// The file is above the size that is read or written whole.
    #[error("{path} is larger than {} MB", limit / 1_000_000)]
    TooLarge {
        /// The file.
        path: String,
        /// The largest accepted size in bytes.
        limit: u64,
    },
    /// The bytes are not UTF-8 text.
    #[error("{path} is not UTF-8 text (byte {offset} cannot be read)")]
    NotText {
        /// The file.
        path: String,
        /// Where the first unreadable byte stands.
        offset: usize,
    },
    /// No such file in the worktree.
    #[error("{path} does not exist")]
    NotFound {
        /// The file.
        path: String,
    },
    /// Something is where another was to go.
    #[error("{path} is already there")]
    Exists {
        /// The path that is taken.
        path: String,
    },
    /// Somebody else changed the file while it was being edited; nothing was written.
    #[error("{path} was changed meanwhile")]
    ChangedMeanwhile {
        /// The file.
        path: String,
    },
    /// The system gives no notice of changes there.
    #[error("{path} cannot be watched for changes: {reason}")]
    Unwatched {
        /// The folder.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// The file or its folder may not be written.
    #[error("{path} is read-only")]
    ReadOnly {
        /// The file.
        path: String,
    },
    /// No room was left; the file on disk is unchanged.
    #[error("{path} was not saved: the disk is full")]
    DiskFull {
        /// The file.
        path: String,
    },
    /// Any other failure of the file system.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// The folder holds more than is searched for prompts.
    #[error("{path} holds more than {limit} files or folders")]
    TooManyFiles {
        /// The folder being searched.
        path: String,
        /// How many entries are looked at.
        limit: usize,
    },
    /// The repository's `assay.yaml` cannot be understood.
    #[error("assay.yaml: {message}")]
    Config {
        /// The first thing wrong in it.
        message: String,
    },

    /// No prompt goes by that name.
    #[error("there is no prompt {name:?}")]
    UnknownPrompt {
        /// What was asked for.
        name: String,
        /// The keys of the prompts there are.
        known: Vec<String>,
    },
    /// No commit goes by that name.
    #[error("there is no commit {name:?}")]
    UnknownRevision {
        /// What was asked for.
        name: String,
    },
    /// The history was cut off when the repository was cloned, before what is asked for.
    #[error("this clone is shallow: its history ends before {what}")]
    Shallow {
        /// What is not there.
        what: String,
    },
    /// Several prompts go by that name.
    #[error("{name:?} names more than one prompt")]
    AmbiguousPrompt {
        /// What was asked for.
        name: String,
        /// The keys of those that fit.
        keys: Vec<String>,
    },

    /// A commit without a message.
    #[error("the commit message is empty")]
    EmptyMessage,
    /// Nothing differs from the last commit.
    #[error("there is nothing to commit")]
    NothingToCommit,
    /// A path named for the commit has no changes.
    #[error("{path} has no changes to commit")]
    Unchanged {
        /// The path as it was given.
        path: String,
    },
    /// Git does not know who is committing.
    #[error("git does not know your name and email address")]
    NoIdentity,
    /// Another program holds one of git's lock files, or died holding it.
    #[error("another program is using the repository ({} exists)", lock.display())]
    Locked {
        /// The lock file.
        lock: PathBuf,
    },
    /// A merge, rebase or the like was begun elsewhere and is not finished.
    #[error("{what} is in progress")]
    InProgress {
        /// What was begun, with its article: "a merge".
        what: &'static str,
    },
    /// A program of the user's changes the file on its way into the repository and out of it, and none is run.
    #[error("{path} goes through {filter:?} on its way into git, and Assay runs no such program")]
    Filtered {
        /// The file.
        path: String,
        /// The filter's name in `.gitattributes`, or the encoding.
        filter: String,
    },
    /// The person wants what they write to be signed, and Assay cannot sign it.
    #[error("{setting} asks for a signature, and {reason}")]
    Unsigned {
        /// The setting of git's.
        setting: &'static str,
        /// Why there is none.
        reason: String,
    },
    /// Any other failure of git.
    #[error("git: {}", source.message())]
    Git {
        /// What libgit2 said.
        #[from]
        source: git2::Error,
    },
}

impl RepoError {
    /// What the person can do about it, where there is one right thing to do.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotARepository { .. } => {
                "create a workspace there, or run `git init` in it".to_owned()
            }
            Self::NoFolder { .. } => {
                "name a folder that is there; `assay init DIR` makes a repository in a new one"
                    .to_owned()
            }
            Self::OtherOwner { path } => format!(
                "if you trust it: git config --global --add safe.directory {:?}",
                path.display().to_string()
            ),
            Self::NotEmpty { .. } => "choose an empty folder, or one that is not there yet".into(),
            Self::TooManyFiles { .. } => {
                "name the folders with prompts in assay.yaml, for example: prompts: [prompts]"
                    .to_owned()
            }
            Self::UnknownPrompt { known, .. } if known.is_empty() => {
                "this repository holds no prompts".to_owned()
            }
            Self::UnknownPrompt { known, .. } => format!("known prompts: {}", known.join(", ")),
            Self::UnknownRevision { .. } => {
                "name a branch, a tag, or a commit by its id, such as main or HEAD~1".to_owned()
            }
            Self::Shallow { .. } => {
                "fetch all of it: git fetch --unshallow origin (fetch-depth: 0 in GitHub Actions, GIT_DEPTH: \"0\" in GitLab CI)"
                    .to_owned()
            }
            Self::AmbiguousPrompt { keys, .. } => format!("name one of: {}", keys.join(", ")),
            Self::NoIdentity => {
                "set them with git config --global user.name \"Your Name\" and git config --global user.email you@example.com"
                    .to_owned()
            }
            Self::Locked { lock } => format!(
                "wait for it to finish; if no other program is running, delete {}",
                lock.display()
            ),
            Self::InProgress { .. } => "finish or abort it with git, then do this again".to_owned(),
            Self::Filtered { .. } => {
                "let git do it (git add and git commit, or git switch), or leave the file out".to_owned()
            }
            Self::Unsigned { setting, .. } => format!(
                "do it with git, which runs your signing program, or switch it off here: git config {setting} false"
            ),
            Self::DiskFull { .. } => "free some space and save again".to_owned(),
            _ => return None,
        })
    }

    /// The file or folder of the worktree that it is about, where it is about one.
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::OutsideWorkspace { path }
            | Self::Link { path }
            | Self::NotAFile { path }
            | Self::NotAFolder { path }
            | Self::TooLarge { path, .. }
            | Self::NotText { path, .. }
            | Self::NotFound { path }
            | Self::ReadOnly { path }
            | Self::DiskFull { path }
            | Self::Exists { path }
            | Self::Filtered { path, .. }
            | Self::ChangedMeanwhile { path }
            | Self::Io { path, .. } => Some(path),
            _ => None,
        }
    }

    /// A failed system call on `path`, by what it means for the person.
    pub(crate) fn from_io(path: &str, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => Self::NotFound { path },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::ReadOnly { path }
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path },
            _ => Self::Io { path, source },
        }
    }

    /// A failure of libgit2 while opening or using the repository at `root`.
    pub(crate) fn from_git(root: &Path, source: git2::Error) -> Self {
        match source.code() {
            git2::ErrorCode::Owner => Self::OtherOwner { path: root.to_owned() },
            git2::ErrorCode::Locked => Self::Locked {
                lock: named_lock(source.message())
                    .unwrap_or_else(|| root.join(".git").join("index.lock")),
            },
            _ => Self::Git { source },
        }
    }
}

/// The lock file that libgit2 names in quotes; it names none when it is the index's.
fn named_lock(message: &str) -> Option<PathBuf> {
    message.split('\'').find(|part| part.ends_with(".lock")).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: io::ErrorKind, expected: &str) {
        let error = RepoError::from_io("prompts/a.prompty", kind.into());
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn what_the_system_refuses_is_told_by_what_it_means() {
        use io::ErrorKind as K;
        check(K::PermissionDenied, "prompts/a.prompty is read-only");
        check(K::ReadOnlyFilesystem, "prompts/a.prompty is read-only");
        let full = "prompts/a.prompty was not saved: the disk is full";
        check(K::StorageFull, full);
        check(K::QuotaExceeded, full);
        check(K::NotFound, "prompts/a.prompty does not exist");
        check(K::Interrupted, "prompts/a.prompty: operation interrupted");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_device_is_recognised() {
        let told = std::fs::write("/dev/full", "text").expect_err("a device that is always full");
        let error = RepoError::from_io("a.prompty", told);
        assert!(matches!(error, RepoError::DiskFull { .. }), "{error}");
        assert!(error.hint().is_some());
    }

    #[test]
    fn a_folder_of_somebody_else_says_how_to_trust_it() {
        let refused = git2::Error::new(
            git2::ErrorCode::Owner,
            git2::ErrorClass::Config,
            "not owned by current user",
        );
        let error = RepoError::from_git(Path::new("/srv/prompts"), refused);
        assert_eq!(error.to_string(), "/srv/prompts belongs to another user");
        assert_eq!(
            error.hint().as_deref(),
            Some("if you trust it: git config --global --add safe.directory \"/srv/prompts\"")
        );
    }
}
