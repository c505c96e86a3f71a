//! What differs between any two states of a workspace: two commits, or a commit and the files on disk.
//!
//! The finding of files is [`crate::change`]'s and the words are [`crate::compare`]'s, so a change reads the
//! same here as before a commit.

use crate::change::{self, FileChange};
use crate::path::RelPath;
use crate::source::{Committed, Source, Worktree};
use crate::{RepoError, Revision, Versions, Workspace};

impl Workspace {
    /// Every file that differs from `base` in `head`, or on disk when there is no head, and what changed inside it.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub fn changes_between(
        &self,
        base: &Revision,
        head: Option<&Revision>,
    ) -> Result<Vec<FileChange>, RepoError> {
        let repository = self.repository()?;
        let tree = base.tree(&repository)?;
        let old = Committed { repository: &repository, tree: &tree };
        let folders = match head {
            Some(head) => head.config()?.0.prompts,
            None => self.config().0.prompts,
        };
        let Some(head) = head else {
            let mut changes = change::files(&repository, Some(&tree))?;
            let disk = Worktree { root: self.root() };
            change::describe_between(self.root(), &folders, Some(&old), &disk, &mut changes);
            return Ok(changes);
        };
        let new_tree = head.tree(&repository)?;
        let new = Committed { repository: &repository, tree: &new_tree };
        let mut changes = change::files_between(&repository, &tree, &new_tree)?;
        change::describe_between(self.root(), &folders, Some(&old), &new, &mut changes);
        Ok(changes)
    }

    /// The text of a changed file in `base`, and in `head` or on disk.
    ///
    /// # Errors
    /// When one of them is no text that may be read.
    pub fn versions_between(
        &self,
        base: &Revision,
        head: Option<&Revision>,
        change: &FileChange,
    ) -> Result<Versions, RepoError> {
        let repository = self.repository()?;
        let tree = base.tree(&repository)?;
        let old = text(&Committed { repository: &repository, tree: &tree }, change.old_path())?;
        let new = match head {
            Some(head) => {
                let tree = head.tree(&repository)?;
                text(&Committed { repository: &repository, tree: &tree }, change.kept_path())?
            }
            None => text(&Worktree { root: self.root() }, change.kept_path())?,
        };
        Ok((old, new))
    }
}

fn text(source: &dyn Source, path: Option<&str>) -> Result<Option<String>, RepoError> {
    match path {
        Some(path) => source.text(&RelPath::parse(path)?),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::path::Path;

    use crate::{FileStatus, Identity, When, Workspace};

    const WHEN: When = When { seconds: 1_760_000_000, offset_minutes: 0 };

    /// Two commits, and a change on disk.
    fn workspace(folder: &Path) -> Workspace {
        let same: String = (0..20).map(|number| format!("line {number} stays\n")).collect();
        let text = |word: &str| format!("---\nname: a\n---\nuser:\n{word}\n{same}");
        let files = [("a.prompty".to_owned(), text("first").into_bytes())];
        let someone = Identity { name: "Ada".into(), email: "ada@example.com".into() };
        let workspace =
            Workspace::create(&folder.join("w"), &files, "first", WHEN, Some(&someone)).unwrap();
        std::fs::write(workspace.root().join("a.prompty"), text("second")).unwrap();
        workspace.commit("second", &[], WHEN, Some(&someone)).unwrap();
        std::fs::rename(workspace.root().join("a.prompty"), workspace.root().join("b.prompty"))
            .unwrap();
        workspace
    }

    #[test]
    fn two_commits_differ_in_what_was_committed() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = workspace(folder.path());
        let [base, head] = ["HEAD~1", "HEAD"].map(|name| workspace.revision(name).unwrap());
        let changes = workspace.changes_between(&base, Some(&head)).unwrap();
        assert_eq!(changes.len(), 1);
        assert_eq!(changes[0].prompt.as_deref(), Some("a.prompty"));
        assert_eq!(changes[0].items[0].summary, "a: 1 word added, 1 removed in the template");
        let (old, new) = workspace.versions_between(&base, Some(&head), &changes[0]).unwrap();
        assert!(old.unwrap().contains("first") && new.unwrap().contains("second"));
        assert_eq!(workspace.changes_between(&head, Some(&head)).unwrap(), []);
    }

    #[test]
    fn a_commit_and_the_disk_differ_in_both() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = workspace(folder.path());
        let base = workspace.revision("HEAD~1").unwrap();
        let changes = workspace.changes_between(&base, None).unwrap();
        assert_eq!(changes.len(), 1);
        assert_eq!(changes[0].status, FileStatus::Renamed);
        assert_eq!(changes[0].from.as_deref(), Some("a.prompty"));
        let (old, new) = workspace.versions_between(&base, None, &changes[0]).unwrap();
        assert!(old.unwrap().contains("first") && new.unwrap().contains("second"));
    }
}
