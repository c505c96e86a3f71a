//! What can be typed after the commands that are git's as well: `clone`, `diff`, `log`, `branch`, `switch`, `tag`,
//! `sync` and `undo`, and what git itself types after `merge-driver`.

use std::path::PathBuf;

use clap::Args;

use crate::arguments::Json;

/// Clone a repository.
#[derive(Debug, Args)]
pub struct CloneFrom {
    /// Its address: https://…, ssh://…, git@HOST:PATH, file://… or a folder with its whole path
    #[arg(value_name = "URL")]
    pub address: String,
    /// The folder to make; named after the address when not given
    #[arg(value_name = "DIR")]
    pub into: Option<PathBuf>,
    /// The branch to check out
    #[arg(long, value_name = "NAME")]
    pub branch: Option<String>,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Who changed what, and when.
#[derive(Debug, Args)]
pub struct Log {
    /// A prompt, file or folder; the whole repository when not given
    #[arg(value_name = "PROMPT")]
    pub of: Option<String>,
    /// At most so many commits
    #[arg(short = 'n', long, value_name = "N", default_value_t = 50)]
    pub limit: u32,
    /// With a file of examples or cases: the versions of this row
    #[arg(long, value_name = "ID", requires = "of", conflicts_with = "blame")]
    pub row: Option<String>,
    /// With a file: who last changed each row or line of it
    #[arg(long, requires = "of")]
    pub blame: bool,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// List, make, rename, delete or merge branches.
#[derive(Debug, Args)]
pub struct Branch {
    /// The branch; without one, branches are listed
    pub name: Option<String>,
    /// Where a new one begins
    #[arg(long, value_name = "REVISION", requires = "name")]
    pub at: Option<String>,
    /// Give it another name
    #[arg(long, value_name = "NAME", requires = "name", conflicts_with_all = ["at", "delete", "merge"])]
    pub rename: Option<String>,
    /// Delete it
    #[arg(long, requires = "name", conflicts_with_all = ["at", "merge"])]
    pub delete: bool,
    /// With --delete, also when no other branch has its commits
    #[arg(long, requires = "delete")]
    pub force: bool,
    /// Merge it into the branch that is checked out
    #[arg(long, requires = "name", conflicts_with = "at")]
    pub merge: bool,
    #[command(flatten)]
    pub(crate) decisions: Decisions,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Decisions on conflicts.
#[derive(Debug, Args)]
pub struct Decisions {
    /// Take this file as it is here, where both sides changed it; may be repeated
    #[arg(long, value_name = "PATH")]
    pub ours: Vec<String>,
    /// Take this file as it is on the other side; may be repeated
    #[arg(long, value_name = "PATH")]
    pub theirs: Vec<String>,
}

/// Go to another branch.
#[derive(Debug, Args)]
pub struct SwitchTo {
    /// The branch
    pub name: String,
    /// Make it first
    #[arg(short = 'c', long)]
    pub create: bool,
    /// Where a new one begins
    #[arg(long, value_name = "REVISION", requires = "create")]
    pub at: Option<String>,
    /// Leave all changes with the branch that is left; they come back with it
    #[arg(long, conflicts_with = "carry")]
    pub keep: bool,
    /// Take all changes along, or stay
    #[arg(long)]
    pub carry: bool,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// List, make or delete tags.
#[derive(Debug, Args)]
pub struct Tag {
    /// The tag; without one, tags are listed
    pub name: Option<String>,
    /// The revision it is put on
    #[arg(long, value_name = "REVISION", requires = "name")]
    pub at: Option<String>,
    /// What it says
    #[arg(short, long, value_name = "TEXT", requires = "name")]
    pub message: Option<String>,
    /// Delete it
    #[arg(long, requires = "name", conflicts_with_all = ["at", "message"])]
    pub delete: bool,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Fetch, merge and send.
#[derive(Debug, Args)]
pub struct SyncWith {
    /// The remote; the branch's own when not given
    #[arg(long, value_name = "NAME")]
    pub remote: Option<String>,
    /// Fetch and merge, and send nothing
    #[arg(long)]
    pub no_push: bool,
    /// Confirm this address for this repository, from now on
    #[arg(long, value_name = "URL")]
    pub allow: Option<String>,
    #[command(flatten)]
    pub(crate) decisions: Decisions,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Take the last git command back.
#[derive(Debug, Args)]
pub struct Undo {
    /// List what can be taken back, and take nothing back
    #[arg(long)]
    pub list: bool,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Show what differs between two revisions.
///
/// Examples, cases and parameters are told by their names, templates line by line; `<` and `>` stand before lines
/// that only moved.
#[derive(Debug, Args)]
pub struct Diff {
    /// A git revision; the last commit when not given
    pub base: Option<String>,
    /// A git revision; the files on disk when not given
    pub head: Option<String>,
    /// Show the messages a model would be sent, and what differs in them
    #[arg(long)]
    pub rendered: bool,
    /// Only this prompt; may be repeated
    #[arg(long = "prompt", value_name = "P")]
    pub prompts: Vec<String>,
    /// With --rendered, this case; may be repeated. Else of each variant the first with other messages
    #[arg(long = "case", value_name = "ID", requires = "rendered")]
    pub cases: Vec<String>,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Merge one file, when git asks for it.
#[derive(Debug, Args)]
pub struct MergeDriver {
    /// What both began with
    #[arg(value_name = "%O")]
    pub base: PathBuf,
    /// What this branch made of it; the merge is written there
    #[arg(value_name = "%A")]
    pub ours: PathBuf,
    /// What the other branch made of it
    #[arg(value_name = "%B")]
    pub theirs: PathBuf,
    /// The file's path in the repository
    #[arg(value_name = "%P")]
    pub path: String,
}
