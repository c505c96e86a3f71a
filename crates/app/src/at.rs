//! Where prompts are read from: the files on disk, or a commit.

use assay_engine::{MediaFiles, PromptSource};
use assay_prompt::{Files, Prompt, RepositoryConfig, Severity};
use assay_repo::{PromptKey, RepoError, Revision, Workspace};
use assay_wire::{ApiError, Code};

use crate::error::Explain;
use crate::prompts::{folder, lone_file};

/// The files on disk, or those of a commit.
pub(crate) enum At<'a> {
    Disk(&'a Workspace),
    Commit { name: String, revision: Revision },
}

impl<'a> At<'a> {
    /// The revision of that name; the files on disk when there is no name.
    pub fn of(workspace: &'a Workspace, name: Option<&str>) -> Result<At<'a>, ApiError> {
        let Some(name) = name else { return Ok(At::Disk(workspace)) };
        let revision = revision_named(workspace, name)?;
        Ok(At::Commit { name: name.to_owned(), revision })
    }

    /// What a person calls it.
    pub fn name(&self) -> &str {
        match self {
            At::Disk(_) => "the files on disk",
            At::Commit { name, .. } => name,
        }
    }

    /// The commit's whole id.
    pub fn commit(&self) -> Option<String> {
        match self {
            At::Disk(_) => None,
            At::Commit { revision, .. } => Some(revision.id()),
        }
    }

    pub fn prompts(&self) -> Result<Vec<PromptKey>, RepoError> {
        match self {
            At::Disk(workspace) => workspace.prompts(),
            At::Commit { revision, .. } => revision.prompts(),
        }
    }

    /// `assay.yaml`, which must be without errors.
    pub fn config(&self) -> Result<RepositoryConfig, ApiError> {
        let (config, problems) = match self {
            At::Disk(workspace) => workspace.config(),
            At::Commit { revision, .. } => revision.config().map_err(|e| e.explain())?,
        };
        match problems.iter().find(|problem| problem.severity == Severity::Error) {
            Some(first) => Err(self.broken(&format!("{}: {}", first.file, first.message))),
            None => Ok(config),
        }
    }

    pub fn read_bytes(&self, path: &str, limit: u64) -> Result<Vec<u8>, RepoError> {
        match self {
            At::Disk(workspace) => workspace.read_bytes(path, limit),
            At::Commit { revision, .. } => revision.read_bytes(path, limit),
        }
    }

    /// A prompt as it is here, without its pictures; none when it is not here.
    pub fn source(&self, key: &PromptKey) -> Result<Option<PromptSource>, ApiError> {
        let files = match self {
            At::Disk(workspace) => workspace.files(key),
            At::Commit { revision, .. } => revision.files(key),
        };
        match files {
            Ok(files) if files.is_empty() => Ok(None),
            Ok(files) => Ok(Some(source(key, files))),
            Err(RepoError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.explain()),
        }
    }

    /// Refuses a prompt with errors.
    pub fn refuse_broken(&self, key: &PromptKey, prompt: &Prompt) -> Result<(), ApiError> {
        let Some(first) = prompt.errors().next() else { return Ok(()) };
        let file = crate::prompts::join(&folder(key), &first.file);
        Err(self.broken(&format!("{file}: {} ({})", first.message, first.code)))
    }

    fn broken(&self, what: &str) -> ApiError {
        ApiError::new(Code::InvalidPrompt, format!("{what}, at {}", self.name()))
    }
}

/// What separates two revisions that stand for where they parted, as for git.
pub(crate) const PARTED: &str = "...";

/// The commit that a person means; of `A...B` the last one that both have. A side that is not named is `HEAD`.
pub(crate) fn revision_named(workspace: &Workspace, name: &str) -> Result<Revision, ApiError> {
    let named = |name: &str| {
        let name = if name.is_empty() { "HEAD" } else { name };
        workspace.revision(name).map_err(|e| e.explain())
    };
    let Some((one, other)) = name.split_once(PARTED) else { return named(name) };
    let parted = workspace.merge_base(&named(one)?, &named(other)?).map_err(|e| e.explain())?;
    let parted = parted.ok_or_else(|| {
        ApiError::new(Code::NotFound, format!("{one} and {other} have no commit in common"))
    })?;
    named(&parted)
}

fn source(key: &PromptKey, files: Files) -> PromptSource {
    PromptSource {
        lone: lone_file(key),
        key: key.key.clone(),
        name: key.name.clone(),
        files,
        media: MediaFiles::new(),
        questions: None,
        judged_by: None,
    }
}
