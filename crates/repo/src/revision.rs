//! The workspace as it was at a commit: its prompts, their files and `assay.yaml`, read from git's objects.
//!
//! Nothing is checked out and nothing of the repository runs. The same bounds hold as for the worktree.

use std::collections::BTreeSet;
use std::path::Path;

use assay_prompt::{Diagnostic, Files, REPOSITORY_FILE, RepositoryConfig};
use git2::{ObjectType, Oid, Repository, Tree};

use crate::RepoError;
use crate::discover::{self, PromptKey};
use crate::path::RelPath;
use crate::source::{self, Committed, Source};
use crate::workspace::Workspace;

/// A commit of a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    workspace: Workspace,
    id: Oid,
}

impl Workspace {
    /// The commit that a person means: an id or its beginning, a branch, a tag, `HEAD~2`, ….
    ///
    /// # Errors
    /// [`RepoError::UnknownRevision`] when nothing of that name is a commit, [`RepoError::Shallow`] when it
    /// may be one that was left out of the clone.
    pub fn revision(&self, name: &str) -> Result<Revision, RepoError> {
        let unknown = || RepoError::UnknownRevision { name: name.to_owned() };
        // `:/text` would search the whole history, and `a:b` names a file.
        if name.is_empty() || name.contains(':') || name.chars().any(char::is_control) {
            return Err(unknown());
        }
        let repository = self.repository()?;
        // git2 has many codes for a name that fits nothing; to a person they are one.
        let commit = repository.revparse_single(name).and_then(|object| object.peel_to_commit());
        let id = match commit {
            Ok(commit) => commit.id(),
            Err(_) if repository.is_shallow() => {
                return Err(RepoError::Shallow { what: format!("the commit {name:?}") });
            }
            Err(_) => return Err(unknown()),
        };
        Ok(Revision { workspace: self.clone(), id })
    }
}

impl Revision {
    /// The commit's whole id, in hex.
    pub fn id(&self) -> String {
        self.id.to_string()
    }

    /// `assay.yaml` as it was. Without one, the whole repository is searched for prompts.
    ///
    /// # Errors
    /// When the commit cannot be read.
    pub fn config(&self) -> Result<(RepositoryConfig, Vec<Diagnostic>), RepoError> {
        self.read(|committed| {
            let text = RelPath::parse(REPOSITORY_FILE).and_then(|path| committed.text(&path));
            Ok(crate::workspace::config_of(text))
        })
    }

    /// The prompts of the commit, by key.
    ///
    /// # Errors
    /// When the commit cannot be read, or holds too many files.
    pub fn prompts(&self) -> Result<Vec<PromptKey>, RepoError> {
        let folders = self.config()?.0.prompts;
        let root = discover::root_name(self.workspace.root());
        self.read(|committed| {
            let mut found = BTreeSet::new();
            for folder in &folders {
                discover::committed_prompts(committed, &root, folder, &mut found)?;
            }
            Ok(found.into_iter().collect())
        })
    }

    /// The texts of a prompt, by their path below its folder; none when it was not there.
    ///
    /// # Errors
    /// When one that belongs to the prompt cannot be read.
    pub fn files(&self, prompt: &PromptKey) -> Result<Files, RepoError> {
        self.read(|committed| source::files(committed, prompt))
    }

    /// The bytes of a regular file, at most `limit` of them.
    ///
    /// # Errors
    /// When it is not there, is no such file, or is larger.
    pub fn read_bytes(&self, rel: &str, limit: u64) -> Result<Vec<u8>, RepoError> {
        let path = RelPath::parse(rel)?;
        self.read(|committed| committed.bytes(&path, limit))
    }

    /// What git calls whatever stands at a path, with its kind: a file of any size, a link, a folder.
    ///
    /// # Errors
    /// When nothing is there.
    pub fn object_at(&self, rel: &str) -> Result<String, RepoError> {
        let path = RelPath::parse(rel)?;
        self.read(|committed| {
            let entry = committed.tree.get_path(Path::new(path.as_str()));
            let entry = entry.map_err(|_| RepoError::NotFound { path: path.to_string() })?;
            Ok(format!("{:o} {}", entry.filemode(), entry.id()))
        })
    }

    /// Refuses a file whose folder is a link, another repository or a file.
    pub(crate) fn require_folder_of(&self, rel: &str) -> Result<(), RepoError> {
        let Some((folder, _)) = rel.rsplit_once('/') else { return Ok(()) };
        self.read(|committed| match committed.tree.get_path(Path::new(folder)) {
            Ok(entry) if entry.kind() != Some(ObjectType::Tree) => {
                Err(RepoError::NotAFolder { path: folder.to_owned() })
            }
            _ => Ok(()),
        })
    }

    fn read<T>(
        &self,
        read: impl FnOnce(&Committed<'_>) -> Result<T, RepoError>,
    ) -> Result<T, RepoError> {
        let repository: Repository = self.workspace.repository()?;
        let tree = self.tree(&repository)?;
        read(&Committed { repository: &repository, tree: &tree })
    }

    /// The files of the commit.
    pub(crate) fn tree<'r>(&self, repository: &'r Repository) -> Result<Tree<'r>, RepoError> {
        Ok(repository.find_commit(self.id)?.tree()?)
    }
}

impl Committed<'_> {
    /// The bytes of a regular file of the commit.
    fn bytes(&self, path: &RelPath, limit: u64) -> Result<Vec<u8>, RepoError> {
        let name = || path.to_string();
        let entry = self.tree.get_path(Path::new(path.as_str()));
        let entry = entry.map_err(|_| RepoError::NotFound { path: name() })?;
        if !self.is_file(&entry) {
            return Err(RepoError::NotAFile { path: name() });
        }
        let (size, _) = self.repository.odb()?.read_header(entry.id())?;
        if size as u64 > limit {
            return Err(RepoError::TooLarge { path: name(), limit });
        }
        Ok(self.repository.find_blob(entry.id())?.content().to_vec())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::commit::{Identity, When};

    const WHEN: When = When { seconds: 1_760_000_000, offset_minutes: 0 };

    fn workspace(folder: &Path) -> Workspace {
        let files = [
            ("assay.yaml", "format: assay/1\nprompts: [prompts]\n"),
            ("prompts/a/prompt.yaml", "format: assay/1\n"),
            ("prompts/a/a.prompty", "---\nname: a\n---\nuser:\nold\n"),
            ("prompts/lone.prompty", "---\nname: lone\n---\nuser:\nhi\n"),
        ];
        let files: Vec<_> = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()))
            .collect();
        let someone = Identity { name: "Ada".into(), email: "ada@example.com".into() };
        Workspace::create(&folder.join("w"), &files, "first", WHEN, Some(&someone)).unwrap()
    }

    #[test]
    fn a_revision_shows_the_prompts_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = workspace(folder.path());
        let path = workspace.root().join("prompts/a/a.prompty");
        std::fs::write(&path, "---\nname: a\n---\nuser:\nnew\n").unwrap();
        std::fs::remove_file(workspace.root().join("prompts/lone.prompty")).unwrap();
        let head = workspace.revision("HEAD").unwrap();
        assert_eq!(head.id(), workspace.head().unwrap());
        let keys: Vec<_> = head.prompts().unwrap().into_iter().map(|key| key.key).collect();
        assert_eq!(keys, ["prompts/a", "prompts/lone.prompty"]);
        let files = head.files(&head.prompts().unwrap()[0]).unwrap();
        assert!(files["a.prompty"].contains("old"), "{files:?}");
        assert_eq!(head.config().unwrap().0.prompts, ["prompts"]);
        assert_eq!(head.read_bytes("prompts/a/prompt.yaml", 99).unwrap(), b"format: assay/1\n");
    }

    #[test]
    fn a_name_that_is_no_commit_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = workspace(folder.path());
        for name in
            ["", "nowhere", "HEAD~9", ":/first", "HEAD:assay.yaml", "a b", "\n", "..", "@{x"]
        {
            let error = workspace.revision(name).unwrap_err();
            assert!(matches!(&error, RepoError::UnknownRevision { .. }), "{name:?}: {error:?}");
        }
    }

    #[test]
    fn bytes_of_a_commit_keep_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let head = workspace(folder.path()).revision("main").unwrap();
        let error = head.read_bytes("assay.yaml", 3).unwrap_err();
        assert!(matches!(error, RepoError::TooLarge { .. }));
        assert!(matches!(head.read_bytes("prompts", 9).unwrap_err(), RepoError::NotAFile { .. }));
        assert!(matches!(head.read_bytes("gone", 9).unwrap_err(), RepoError::NotFound { .. }));
    }
}
