//! Temporary workspaces: real git repositories that no setting of this machine reaches.
//!
//! Author, time, line endings and ignore rules are written into each repository's own configuration, so
//! the same test makes the same commit ids everywhere. Git is used directly here: what these tests put
//! to the test is the crate that wraps it.

use std::fs;
use std::path::{Path, PathBuf};

use git2::{IndexAddOption, Repository, RepositoryInitOptions, Signature, Time};
use tempfile::TempDir;

use crate::canary;

/// The author of every commit made here.
pub const AUTHOR: (&str, &str) = ("Ada Tester", "ada@example.com");

/// When the first commit is made, in seconds since 1970; each further one comes a minute later.
pub const FIRST_COMMIT: i64 = 1_760_000_000;

/// What stands in templates where each new workspace gets an id of its own.
const NO_ID: &str = "00000000000000000000000000";

/// A git repository in a temporary folder, deleted with this value. Before that it is looked through for the canary.
///
/// What fails here fails the test, with the path in its message.
#[derive(Debug)]
pub struct TestWorkspace {
    folder: TempDir,
}

impl TestWorkspace {
    /// A repository without commits.
    pub fn empty() -> Self {
        let folder = TempDir::with_prefix("assay-test-").expect("a temporary folder");
        let mut options = RepositoryInitOptions::new();
        options.initial_head("main").external_template(false);
        let repository =
            Repository::init_opts(folder.path(), &options).expect("an empty repository");
        isolate(&repository);
        Self { folder }
    }

    /// A copy of `templates/<name>`, with fixed ids in it, committed once.
    pub fn from_template(name: &str) -> Self {
        let workspace = Self::empty();
        let template = templates().join(name);
        let mut ids = 0;
        for path in files_below(&template) {
            let bytes = fs::read(template.join(&path)).expect(&path);
            match String::from_utf8(bytes) {
                Ok(text) => workspace.write(&path, &with_ids(&text, &mut ids)),
                Err(other) => workspace.write_bytes(&path, other.as_bytes()),
            }
        }
        workspace.commit("start from a template");
        workspace
    }

    /// A copy of a folder as it is, committed once.
    pub fn from_folder(folder: &Path) -> Self {
        let workspace = Self::empty();
        for path in files_below(folder) {
            workspace.write_bytes(&path, &fs::read(folder.join(&path)).expect(&path));
        }
        workspace.commit("begin");
        workspace
    }

    /// The folder, without links in its path.
    pub fn path(&self) -> PathBuf {
        self.folder.path().canonicalize().expect("the temporary folder")
    }

    /// Writes a file, and the folders it stands in.
    pub fn write(&self, rel: &str, text: &str) {
        self.write_bytes(rel, text.as_bytes());
    }

    /// Writes a file that is not text.
    pub fn write_bytes(&self, rel: &str, bytes: &[u8]) {
        let place = self.folder.path().join(rel);
        if let Some(around) = place.parent() {
            fs::create_dir_all(around).expect(rel);
        }
        fs::write(place, bytes).expect(rel);
    }

    /// The text of a file.
    pub fn read(&self, rel: &str) -> String {
        fs::read_to_string(self.folder.path().join(rel)).expect(rel)
    }

    /// Deletes a file.
    pub fn remove(&self, rel: &str) {
        fs::remove_file(self.folder.path().join(rel)).expect(rel);
    }

    /// Commits everything that is not ignored, and returns the commit's id in hex.
    pub fn commit(&self, message: &str) -> String {
        let repository = Repository::open(self.folder.path()).expect("the repository");
        let mut index = repository.index().expect("its index");
        index.add_all(["*"], IndexAddOption::DEFAULT, None).expect("staging everything");
        index.update_all(["*"], None).expect("staging what was deleted");
        index.write().expect("writing the index");
        let tree = index.write_tree().expect("a tree of the index");
        let tree = repository.find_tree(tree).expect("the tree just written");
        let parent = repository.head().ok().and_then(|head| head.peel_to_commit().ok());
        let author = author(parent.as_ref());
        let parents: Vec<_> = parent.iter().collect();
        repository
            .commit(Some("HEAD"), &author, &author, message, &tree, &parents)
            .expect("a commit")
            .to_string()
    }
}

impl Drop for TestWorkspace {
    fn drop(&mut self) {
        canary::check_folder(self.folder.path());
    }
}

/// A minute after the commit before.
fn author(parent: Option<&git2::Commit<'_>>) -> Signature<'static> {
    let seconds = parent.map_or(FIRST_COMMIT, |parent| parent.time().seconds() + 60);
    Signature::new(AUTHOR.0, AUTHOR.1, &Time::new(seconds, 0)).expect("a signature")
}

fn isolate(repository: &Repository) {
    let ignored = repository.path().join("info").join("exclude");
    let ignored = ignored.to_str().expect("a path in UTF-8");
    let mut config = repository.config().expect("its configuration");
    for (key, value) in [
        ("user.name", AUTHOR.0),
        ("user.email", AUTHOR.1),
        ("core.autocrlf", "false"),
        ("core.excludesFile", ignored),
        ("commit.gpgsign", "false"),
    ] {
        config.set_str(key, value).expect(key);
    }
}

fn templates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../templates")
}

/// The files of a folder at any depth, by their paths below it, in order.
fn files_below(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(below) = folders.pop() {
        let place = folder.join(&below);
        for entry in fs::read_dir(&place).unwrap_or_else(|e| panic!("{}: {e}", place.display())) {
            let entry = entry.expect("an entry of the template");
            let name = entry.file_name().into_string().expect("a name in UTF-8");
            let path = if below.is_empty() { name } else { format!("{below}/{name}") };
            if entry.file_type().expect(&path).is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Gives each placeholder an id of its own, the same in every run.
fn with_ids(text: &str, given: &mut u64) -> String {
    let mut parts = text.split(NO_ID);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        *given += 1;
        out.push_str(&format!("01JTEST{given:019}"));
        out.push_str(part);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_steps_make_the_same_commit() {
        let commit = || {
            let workspace = TestWorkspace::empty();
            workspace.write("a/b.txt", "text\n");
            workspace.commit("first");
            workspace.remove("a/b.txt");
            workspace.commit("second")
        };
        assert_eq!(commit(), commit());
    }

    #[test]
    fn every_placeholder_gets_an_id_of_its_own() {
        let mut given = 0;
        let text = with_ids(&format!("id: {NO_ID}\nid: {NO_ID}\n"), &mut given);
        assert_eq!(text, "id: 01JTEST0000000000000000001\nid: 01JTEST0000000000000000002\n");
        assert_eq!(with_ids("no id", &mut given), "no id");
    }

    #[test]
    fn a_template_opens_committed_and_without_placeholders() {
        let workspace = TestWorkspace::from_template("support-triage");
        let config = workspace.read("assay.yaml");
        assert!(!config.contains(NO_ID), "{config}");
        let repository = Repository::open(workspace.path()).expect("the repository");
        let statuses = repository.statuses(None).expect("its status");
        assert!(statuses.is_empty(), "the template's copy is not committed");
    }
}
