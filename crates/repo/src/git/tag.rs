//! Tags: names that stay on a commit.

use git2::{ObjectType, Repository};

use super::GitError;
use super::branch::commit_at;
use crate::commit::{self, CommitInfo, Identity};
use crate::workspace::Workspace;
use crate::{RepoError, When};

/// A tag on a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagInfo {
    /// Its name.
    pub name: String,
    /// What it was given to say; nothing of one without a message.
    pub message: Option<String>,
    /// The commit it is on.
    pub commit: CommitInfo,
}

impl Workspace {
    /// The tags that are on commits, by name.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub fn tags(&self) -> Result<Vec<TagInfo>, GitError> {
        let repository = self.repository()?;
        let mut found = Vec::new();
        for reference in repository.references_glob("refs/tags/*")?.flatten() {
            let Ok(name) = reference.name() else { continue };
            let name = name.trim_start_matches("refs/tags/").to_owned();
            let Ok(commit) = reference.peel_to_commit() else { continue };
            let message = reference.target().and_then(|id| message(&repository, id));
            found.push(TagInfo { name, message, commit: CommitInfo::of(&commit) });
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    /// Puts a tag on a revision, or on HEAD; with a message it says who tagged and when.
    ///
    /// # Errors
    /// When the name is taken or none, the revision is no commit, or nobody is known to tag.
    pub fn create_tag(
        &self,
        name: &str,
        at: Option<&str>,
        message: Option<&str>,
        when: When,
        fallback: Option<&Identity>,
    ) -> Result<(), GitError> {
        // A zero byte would be a panic in the check itself.
        if name.contains('\0') || name.starts_with('-') || !git2::Tag::is_valid_name(name) {
            return Err(GitError::BadName { what: "tag", name: name.to_owned() });
        }
        self.undoable(&format!("tag {name}"), when, |doing| {
            let commit = commit_at(self, doing.repository, at)?;
            let made = match message.map(str::trim).filter(|message| !message.is_empty()) {
                Some(message) => {
                    let config = doing.repository.config()?;
                    let tagger = commit::signature(&config, when, fallback)?;
                    commit::require_no_signature(&config, "tag.gpgsign")?;
                    let message = git2::message_prettify(message, None)?;
                    doing.repository.tag(name, commit.as_object(), &tagger, &message, false)
                }
                None => doing.repository.tag_lightweight(name, commit.as_object(), false),
            };
            made.map(drop).map_err(|error| match error.code() {
                git2::ErrorCode::Exists => GitError::Exists { what: "tag", name: name.to_owned() },
                _ => error.into(),
            })
        })
    }

    /// Deletes a tag.
    ///
    /// # Errors
    /// When there is none.
    pub fn delete_tag(&self, name: &str, when: When) -> Result<(), GitError> {
        self.undoable(&format!("tag --delete {name}"), when, |doing| {
            let unknown = || GitError::Unknown { what: "tag", name: name.to_owned() };
            let found = doing.repository.find_reference(&format!("refs/tags/{name}"));
            found
                .map_err(|_| unknown())?
                .delete()
                .map_err(|error| GitError::Repo(RepoError::from_git(self.root(), error)))
        })
    }
}

/// What an annotated tag says.
fn message(repository: &Repository, id: git2::Oid) -> Option<String> {
    let object = repository.find_object(id, Some(ObjectType::Tag)).ok()?;
    let tag = object.into_tag().ok()?;
    let message = tag.message().ok()??.trim().to_owned();
    (!message.is_empty()).then_some(message)
}
