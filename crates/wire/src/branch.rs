//! Branches, tags, remotes, merging and undo.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::CommitView;

/// Asks for branches, tags and remotes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReadBranches {}

/// Branches, tags and remotes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BranchesView {
    /// The branch that commits go to; none when HEAD stands on a commit.
    pub current: Option<String>,
    /// Local branches first, each part by name.
    pub branches: Vec<BranchView>,
    /// By name.
    pub tags: Vec<TagView>,
    /// By name.
    pub remotes: Vec<RemoteView>,
    /// The command that an undo takes back.
    pub undo: Option<UndoView>,
}

/// A branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BranchView {
    /// `main`, or `origin/main` of one that was fetched.
    pub name: String,
    /// It was fetched from a remote.
    pub remote: bool,
    /// Commits go to it.
    pub current: bool,
    /// Its last commit.
    pub tip: CommitView,
    /// The fetched branch it follows.
    pub upstream: Option<String>,
    /// Commits that its upstream lacks.
    pub ahead: u32,
    /// Commits that it lacks.
    pub behind: u32,
    /// Changes that were never committed wait for it.
    pub drafts: bool,
}

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagView {
    /// Its name.
    pub name: String,
    /// What it says.
    pub message: Option<String>,
    /// The commit it is on.
    pub commit: CommitView,
}

/// A remote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteView {
    /// Its name.
    pub name: String,
    /// Its address; none of one that is not used.
    pub address: Option<String>,
    /// The person has confirmed the address for this repository.
    pub confirmed: bool,
    /// Why the address is not used.
    pub problem: Option<String>,
}

/// Makes, renames or deletes a branch.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "lowercase")]
pub enum EditBranch {
    /// Makes one; the worktree stays where it is.
    Create {
        /// Its name.
        name: String,
        /// Where it begins; at HEAD when not given.
        at: Option<String>,
    },
    /// Gives it another name.
    Rename {
        /// Its name.
        name: String,
        /// Its new name.
        to: String,
    },
    /// Deletes it.
    Delete {
        /// Its name.
        name: String,
        /// Also when no other branch has its commits.
        force: bool,
    },
}

/// Makes or deletes a tag.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "lowercase")]
pub enum EditTag {
    /// Makes one.
    Create {
        /// Its name.
        name: String,
        /// The revision it is put on; HEAD when not given.
        at: Option<String>,
        /// What it says.
        message: Option<String>,
    },
    /// Deletes it.
    Delete {
        /// Its name.
        name: String,
    },
}

/// What becomes of changes that were not committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DraftsChoice {
    /// They go along, or the switch is refused.
    Carry,
    /// They go along where they can; else they stay with the branch that is left.
    KeepIfInTheWay,
    /// They stay with the branch that is left.
    Keep,
}

/// Goes to a branch.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SwitchBranch {
    /// The branch.
    pub name: String,
    /// Makes it first.
    pub create: bool,
    /// Where a new one begins; at HEAD when not given.
    pub at: Option<String>,
    /// What becomes of changes.
    pub drafts: DraftsChoice,
}

/// What a switch did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwitchView {
    /// The branch that was left.
    pub from: Option<String>,
    /// The branch that commits go to now.
    pub to: String,
    /// Files whose changes stayed with the branch that was left.
    pub kept: Vec<String>,
    /// Files whose changes came back.
    pub back: Vec<String>,
    /// Changes wait for this branch and could not come back.
    pub waiting: bool,
}

/// How a person decides a conflict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ResolutionChoice {
    /// This text.
    Text(String),
    /// What is on this branch, which may be no file.
    Ours,
    /// What is on the other, which may be no file.
    Theirs,
}

/// Merges a revision into the branch that is checked out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MergeBranch {
    /// A branch, tag or commit.
    pub revision: String,
    /// The commit's message; else one that names what was merged.
    pub message: Option<String>,
    /// Decisions on conflicts, by path.
    pub resolutions: BTreeMap<String, ResolutionChoice>,
}

/// What a merge became.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "kebab-case")]
pub enum MergeView {
    /// Everything of the other side is here already.
    UpToDate,
    /// The branch moved to the other's commit.
    FastForward {
        /// The commit.
        to: CommitView,
    },
    /// A commit with both parents.
    Merged {
        /// The commit.
        commit: CommitView,
    },
    /// Nothing was changed; these files have to be decided.
    Conflicts {
        /// By path.
        files: Vec<ConflictView>,
    },
}

/// A file that was not merged. A side without text has no such file, or one that is no text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConflictView {
    /// Its path.
    pub path: String,
    /// Where the two sides parted.
    pub base: SideView,
    /// On the branch that is checked out.
    pub ours: SideView,
    /// On the other.
    pub theirs: SideView,
}

/// What one side of a merge has of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SideView {
    /// No such file.
    Absent,
    /// A text.
    Text(String),
    /// No text, or one that is too large to be shown: the object's id.
    Opaque(String),
}

/// Fetches, merges and sends the branch that is checked out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SyncBranch {
    /// The remote; else the branch's own, else the only one.
    pub remote: Option<String>,
    /// Whether to send what is new here.
    pub push: bool,
    /// An address that the person confirms with this call, for this repository.
    pub allow: Option<String>,
    /// Decisions on conflicts, by path.
    pub resolutions: BTreeMap<String, ResolutionChoice>,
}

/// What a sync did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncView {
    /// The remote.
    pub remote: String,
    /// Its address.
    pub address: String,
    /// The branch.
    pub branch: String,
    /// What became of the other side's commits.
    pub merged: MergeView,
    /// How many commits went there; none when nothing was to be sent.
    pub sent: Option<u32>,
    /// How many signed statements went there.
    #[serde(default)]
    pub statements: u32,
    /// What became of signed statements, as sentences: what was sent otherwise than usual, and what is wrong.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// Clones a repository and opens it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CloneWorkspace {
    /// Its address. Asking for it confirms it.
    pub address: String,
    /// The folder to make; else one named after the address.
    pub path: Option<String>,
    /// The folder that one goes in; else where new repositories are made.
    pub below: Option<String>,
    /// The branch to check out; else the one the other side has chosen.
    pub branch: Option<String>,
}

/// Stops the git command that is running, at its next chance.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StopGit {}

/// Takes the last git command back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UndoGit {}

/// Asks for the commands that can be taken back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReadUndos {}

/// A command that can be taken back, or was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UndoView {
    /// What was done.
    pub command: String,
    /// When, in seconds since 1970.
    pub time_s: i64,
    /// What went to another computer, and stays there.
    pub sent: Vec<String>,
    /// Whether the program ended in the middle of it.
    #[serde(default)]
    pub unfinished: bool,
}

/// What an undo did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoneView {
    /// The command that was taken back.
    pub step: UndoView,
    /// References that moved back.
    pub refs: Vec<String>,
    /// Files that were written or removed.
    pub files: Vec<String>,
}
