//! What can be typed. The doc comments here are the help texts.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Prompts as code: edit, run, score and commit prompts that live in a git repository
#[derive(Debug, Parser)]
#[command(name = "assay", version, max_term_width = 100)]
pub struct Arguments {
    /// The repository, or a folder in it
    #[arg(short = 'C', long = "directory", value_name = "DIR", default_value = ".", global = true)]
    pub directory: PathBuf,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a new repository from a template
    Init(Init),
    /// List prompts, their variants and cases
    List(Json),
    /// Find problems; exit code 1 if there is an error
    Check(Check),
    /// Show the exact messages a model would be sent
    Render(Render),
    /// Show what a run would do; sends nothing
    Plan(Plan),
    /// Run prompts on models, score the outputs, judge the gates
    Run(Run),
    /// List runs
    Runs(Runs),
    /// Show a run and its cells
    Show(Show),
    /// Commit changes
    Commit(Commit),
    /// Make, copy, rename or remove prompts
    #[command(subcommand)]
    Prompt(PromptEdit),
    /// Add, rename or remove variants
    #[command(subcommand)]
    Variant(VariantEdit),
    /// Bring in prompts of another format, with a report
    Import(Import),
    /// Write a prompt in another format
    Export(Export),
    /// The embedded model and endpoints
    #[command(subcommand)]
    Models(Models),
}

/// Output for scripts.
#[derive(Debug, Args)]
pub struct Json {
    /// One JSON document on standard output
    #[arg(long)]
    pub json: bool,
}

/// Make a new repository from a template.
#[derive(Debug, Args)]
pub struct Init {
    /// The folder to make
    #[arg(default_value = ".")]
    pub dir: PathBuf,
    /// The template: support-triage, summarize or extract
    #[arg(long, default_value = "support-triage")]
    pub template: String,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Find problems.
#[derive(Debug, Args)]
pub struct Check {
    /// Prompts by name or path; all when none is named
    #[arg(value_name = "PATH")]
    pub prompts: Vec<String>,
    /// Apply the safe fixes first
    #[arg(long)]
    pub fix: bool,
    /// With --fix, apply the fixes of this code and no other, also those that somebody should look at
    #[arg(long, value_name = "CODE", requires = "fix")]
    pub code: Vec<String>,
    /// Also list rows that mean nearly the same, found with the embedding model
    #[arg(long)]
    pub near: bool,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Show the exact messages.
#[derive(Debug, Args)]
pub struct Render {
    /// PROMPT or PROMPT/VARIANT
    #[arg(value_name = "PROMPT[/VARIANT]")]
    pub prompt: String,
    /// The case to render for; the first when not given
    #[arg(long, conflicts_with = "input")]
    pub case: Option<String>,
    /// A file with a JSON object of input values; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    pub input: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Which part of the matrix.
#[derive(Debug, Args)]
pub struct Selection {
    /// Prompts by name or path; all when none is named
    #[arg(value_name = "PROMPT")]
    pub prompts: Vec<String>,
    /// Only this variant; may be repeated
    #[arg(long = "variant", value_name = "V")]
    pub variants: Vec<String>,
    /// Run on this model instead of the evals'; may be repeated
    #[arg(long = "model", value_name = "M")]
    pub models: Vec<String>,
    /// Only this case; may be repeated
    #[arg(long = "case", value_name = "ID")]
    pub cases: Vec<String>,
    /// Only cases with this tag; may be repeated
    #[arg(long = "tag", value_name = "T")]
    pub tags: Vec<String>,
    /// Samples of each case
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub repeat: Option<u32>,
    /// Calls at once, per model
    #[arg(short = 'j', long = "jobs", value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub concurrency: Option<u32>,
    /// Ask again even where the same call was answered before
    #[arg(long)]
    pub no_cache: bool,
}

/// Show what a run would do.
#[derive(Debug, Args)]
pub struct Plan {
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Run prompts on models.
#[derive(Debug, Args)]
pub struct Run {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Send what is missing of an earlier run
    #[arg(long, value_name = "RUN", conflicts_with_all = ["prompts", "variants", "models", "cases", "tags", "repeat", "no_cache"])]
    pub resume: Option<String>,
    /// With --resume: also send the cells that failed
    #[arg(long, requires = "resume")]
    pub retry_failed: bool,
    /// Write the result as JSON; `-` is standard output
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// List runs.
#[derive(Debug, Args)]
pub struct Runs {
    /// At most so many
    #[arg(long, default_value_t = 20)]
    pub limit: u32,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Show a run.
#[derive(Debug, Args)]
pub struct Show {
    /// The run's id, as `assay runs` prints it; `last` is the newest
    pub run: String,
    /// Only this cell, by its number
    #[arg(long, value_name = "ID")]
    pub cell: Option<u32>,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Commit changes.
#[derive(Debug, Args)]
pub struct Commit {
    /// The message
    #[arg(short, long)]
    pub message: String,
    /// Files to commit; everything that changed when none is named
    #[arg(value_name = "PATH")]
    pub paths: Vec<String>,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Make, copy, rename or remove prompts.
#[derive(Debug, Subcommand)]
pub enum PromptEdit {
    /// Make a prompt with one variant
    New {
        /// Its name, or a path below the repository's root
        name: String,
    },
    /// Copy a prompt
    Duplicate {
        /// By name or path
        prompt: String,
        /// Name of the copy
        name: String,
    },
    /// Rename a prompt; its permanent id stays
    Rename {
        /// By name or path
        prompt: String,
        /// The new name
        name: String,
    },
    /// Take a prompt away
    Delete {
        /// By name or path
        prompt: String,
    },
    /// Give a lone .prompty file a folder with a manifest
    Convert {
        /// By name or path
        prompt: String,
    },
}

/// Add, rename or remove variants.
#[derive(Debug, Subcommand)]
pub enum VariantEdit {
    /// Add a variant
    Add {
        /// The prompt and the new variant's id
        #[arg(value_name = "PROMPT/VARIANT")]
        variant: String,
        /// Begin as a copy of this variant
        #[arg(long, value_name = "V")]
        from: Option<String>,
    },
    /// Rename a variant and its file
    Rename {
        /// Which
        #[arg(value_name = "PROMPT/VARIANT")]
        variant: String,
        /// Its new id
        id: String,
    },
    /// Take a variant away
    Delete {
        /// Which
        #[arg(value_name = "PROMPT/VARIANT")]
        variant: String,
    },
}

/// Bring in prompts of another format.
#[derive(Debug, Args)]
pub struct Import {
    /// prompty, dotprompt, promptfoo, github-models, messages-jsonl, openai-evals, langchain,
    /// promptflow, langfuse, mlflow, or auto
    pub format: String,
    /// The file, or a folder of files
    pub file: PathBuf,
    /// The folder the prompts go to; the repository's first folder of prompts when not given
    #[arg(long, value_name = "DIR")]
    pub into: Option<PathBuf>,
    /// Only report; write nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Write a prompt in another format.
#[derive(Debug, Args)]
pub struct Export {
    /// prompty, dotprompt, promptfoo, github-models or messages-jsonl
    pub format: String,
    /// The prompt, by name or path
    pub prompt: String,
    /// The file or folder to write; standard output when not given and it is one file
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// With messages-jsonl: the answers of this run that passed every scorer, instead of the examples
    #[arg(long, value_name = "RUN")]
    pub run: Option<String>,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// The embedded model and endpoints.
#[derive(Debug, Subcommand)]
pub enum Models {
    /// List what prompts can run on
    List(Json),
    /// Add an endpoint, or replace the one of that name
    Add(AddModel),
    /// Remove an endpoint
    Remove {
        /// Its name
        name: String,
    },
    /// Ask an endpoint which models it has
    Test {
        /// Its name
        name: String,
    },
}

/// Add an endpoint.
#[derive(Debug, Args)]
pub struct AddModel {
    /// What the endpoint speaks
    #[arg(value_parser = ["openai-compatible"])]
    pub kind: String,
    /// First part of its models' ids, as in NAME/model
    pub name: String,
    /// Its address, such as http://localhost:11434/v1
    #[arg(long, value_name = "URL")]
    pub base_url: String,
    /// The environment variable that holds its key
    #[arg(long, value_name = "VAR")]
    pub key_env: Option<String>,
    /// A model to offer; may be repeated
    #[arg(long = "model", value_name = "M")]
    pub models: Vec<String>,
}

impl Command {
    /// Whether the command works on a repository that must be open.
    pub(crate) fn needs_workspace(&self) -> bool {
        !matches!(self, Command::Init(_) | Command::Models(_) | Command::Import(_))
    }

    /// Whether standard output is for a script.
    pub(crate) fn json(&self) -> bool {
        match self {
            Command::Init(a) => a.json.json,
            Command::List(json) | Command::Models(Models::List(json)) => json.json,
            Command::Check(a) => a.json.json,
            Command::Render(a) => a.json.json,
            Command::Plan(a) => a.json.json,
            Command::Runs(a) => a.json.json,
            Command::Show(a) => a.json.json,
            Command::Commit(a) => a.json.json,
            Command::Run(a) => a.json.as_deref() == Some("-".as_ref()),
            Command::Import(a) => a.json.json,
            Command::Export(a) => a.json.json,
            Command::Prompt(_) | Command::Variant(_) | Command::Models(_) => false,
        }
    }
}
