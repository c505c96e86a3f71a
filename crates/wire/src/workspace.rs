//! The window at start, and the open workspace.

use serde::{Deserialize, Serialize};

use crate::{ModelsView, Problem};

/// Asks for [`AppView`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ReadApp {}

/// What the window shows before anything is open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AppView {
    /// Assay's version.
    pub version: String,
    /// The workspace that is open.
    pub workspace: Option<WorkspaceView>,
    /// Workspaces opened before, newest first.
    pub recent: Vec<RecentWorkspace>,
    /// Templates a new repository can be made from.
    pub templates: Vec<TemplateView>,
    /// What prompts can run on.
    pub models: ModelsView,
    /// Chosen appearance.
    pub theme: Theme,
    /// Where a new repository is made unless the person says otherwise.
    pub default_folder: String,
}

/// A workspace opened before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecentWorkspace {
    /// Absolute path of the repository's root.
    pub path: String,
    /// The folder's name.
    pub name: String,
    /// False when the folder is gone.
    pub exists: bool,
}

/// A starter repository shipped with Assay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateView {
    /// Name to pass to [`CreateWorkspace`].
    pub name: String,
    /// One line on what it is for.
    pub about: String,
}

/// The chosen appearance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// As the system says.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// Chooses the appearance.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SetTheme {
    /// The new one.
    pub theme: Theme,
}

/// Opens the system's folder chooser; the reply is `None` when the person closed it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChooseFolder {}

/// Opens a prompts repository.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OpenWorkspace {
    /// A folder inside a git worktree.
    pub path: String,
}

/// Makes a git repository from a template, commits it and opens it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CreateWorkspace {
    /// Name of a [`TemplateView`].
    pub template: String,
    /// The folder to make; `None` takes a free name in the default folder.
    pub path: Option<String>,
}

/// Reads the open workspace again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReadWorkspace {}

/// Trusts the open repository, or stops to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SetTrust {
    /// Whether it may run.
    pub trusted: bool,
}

/// Closes the open workspace.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CloseWorkspace {}

/// The open workspace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkspaceView {
    /// Absolute path of the repository's root.
    pub path: String,
    /// The root folder's name.
    pub name: String,
    /// Checked-out branch; `None` when the head is detached.
    pub branch: Option<String>,
    /// Abbreviated id of the head commit; `None` before the first commit.
    pub head: Option<String>,
    /// Whether the person trusts the repository to run.
    pub trusted: bool,
    /// Files that differ from the head commit.
    pub changed_files: u32,
    /// Its prompts, in the order of their paths.
    pub prompts: Vec<PromptSummary>,
    /// Problems of the repository itself (`assay.yaml`), not of a prompt.
    pub problems: Vec<Problem>,
}

/// A prompt in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptSummary {
    /// Folder or file below the root; names the prompt in every other command.
    pub key: String,
    /// Last part of the path, without extension.
    pub name: String,
    /// From the first variant's front matter.
    pub description: Option<String>,
    /// Variant ids in column order.
    pub variants: Vec<String>,
    /// Rows in the case file.
    pub cases: u32,
    /// Rows in the example file.
    pub examples: u32,
    /// Diagnostics that are errors.
    pub errors: u32,
    /// Diagnostics that are warnings.
    pub warnings: u32,
}
