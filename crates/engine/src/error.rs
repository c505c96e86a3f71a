//! Why a run cannot be planned, started or read.

use assay_prompt::Diagnostic;
use assay_store::StoreError;

/// Why the engine refused.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A prompt has errors, so nothing of it is sent.
    #[error("{prompt}: {}", first_error(.diagnostics))]
    InvalidPrompt {
        /// The prompt's key.
        prompt: String,
        /// Its errors, at least one.
        diagnostics: Vec<Diagnostic>,
    },
    /// The prompt has no variant of that id.
    #[error("no prompt of this run has a variant `{variant}`; there are {}", list(.known))]
    UnknownVariant {
        /// What was asked for.
        variant: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The prompt has no case of that id.
    #[error("no prompt of this run has a case `{case}`")]
    UnknownCase {
        /// What was asked for.
        case: String,
    },
    /// A case, or an example shown with it, does not fit the template.
    #[error("{} ({} in {})", .diagnostic.message, .diagnostic.code, .diagnostic.file)]
    Unrenderable {
        /// What does not fit, and where.
        diagnostic: Box<Diagnostic>,
    },
    /// Comparing all rows by their meaning would take too long.
    #[error("{prompt} has {rows} rows to compare by their meaning; {limit} can be")]
    TooManyRows {
        /// The prompt's name.
        prompt: String,
        /// Rows there are.
        rows: usize,
        /// Rows there may be.
        limit: usize,
    },
    /// The person stopped it.
    #[error("stopped before it was done")]
    Stopped,
    /// The selection leaves nothing to run.
    #[error("nothing to run: {reason}")]
    NothingToRun {
        /// Which part of the selection emptied it.
        reason: String,
    },
    /// The matrix is larger than a run may be.
    #[error("the run would have {cells} cells; a run has at most {limit}")]
    TooManyCells {
        /// Cells of the matrix.
        cells: u64,
        /// Cells a run may have.
        limit: u64,
    },
    /// Neither the evals nor the front matter nor the caller name a model.
    #[error("{prompt} names no model to run on")]
    NoModel {
        /// The prompt's key.
        prompt: String,
    },
    /// No provider of that name, or no name at all.
    #[error("model `{model}` is not available: {reason}")]
    UnknownModel {
        /// As it was named.
        model: String,
        /// What is missing.
        reason: String,
    },
    /// A budget can hold only where every price is known.
    #[error(
        "the price of `{model}` is not known, so no budget can hold; set its price, or run without a budget"
    )]
    UnknownPrice {
        /// The model's id.
        model: String,
    },
    /// A budget that is no sum of money.
    #[error("a budget is a sum of dollars, not {budget}")]
    BadBudget {
        /// What was given.
        budget: f64,
    },
    /// There is no such part of a matrix.
    #[error("there is no shard {index} of {of}; shards count from 1")]
    BadShard {
        /// Which one was asked for.
        index: u32,
        /// Of how many.
        of: u32,
    },
    /// Runs that are not parts of one matrix.
    #[error("these runs cannot be merged: {reason}")]
    CannotMerge {
        /// What keeps them apart.
        reason: String,
    },
    /// A shard's file cannot be read or written.
    #[error("{}: {reason}", .file.display())]
    ShardFile {
        /// The file.
        file: std::path::PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The environment variable that should hold a provider's key is not set.
    #[error("provider `{provider}` takes its key from ${variable}, which is not set")]
    KeyMissing {
        /// The provider's name.
        provider: String,
        /// The variable.
        variable: String,
    },
    /// An embedded model cannot be used.
    #[error(transparent)]
    Local(#[from] assay_local::LocalError),
    /// A judge asks with a prompt that is not there.
    #[error("there is no judge prompt `{name}`")]
    NoJudgePrompt {
        /// As the scorer names it.
        name: String,
    },
    /// A panel asks one model under two names.
    #[error("the panel of `{scorer}` asks `{model}` twice, as `{}`", .names.join("` and `"))]
    SameJudge {
        /// The scorer's id.
        scorer: String,
        /// The model's id.
        model: String,
        /// The names.
        names: Vec<String>,
    },
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No run of that id.
    #[error("there is no run `{run}`")]
    UnknownRun {
        /// What was asked for.
        run: String,
    },
    /// Nothing of two sides can be held against each other.
    #[error("nothing of {base} can be compared with {head}: {reason}")]
    NothingToCompare {
        /// The base, as it was named.
        base: String,
        /// The head, as it was named.
        head: String,
        /// What kept them apart.
        reason: String,
    },
    /// What was stored of the run cannot be read back.
    #[error("run `{run}` cannot be read back: {reason}")]
    UnreadableRun {
        /// The run.
        run: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A run would be gone on with at another server than the one that has answered some of it.
    #[error("run `{run}` cannot go on: what it has of `{model}` {}", moved(.before, .now))]
    ModelMoved {
        /// The run.
        run: String,
        /// The model's id.
        model: String,
        /// Scheme, host and port of the server that answered.
        before: String,
        /// Those of the server that would answer now.
        now: String,
    },
}

fn moved(before: &str, now: &str) -> String {
    match before == now {
        true => format!("was answered at {now}, but at another address or in another protocol"),
        false => format!("was answered at {before}, and now it is at {now}"),
    }
}

fn first_error(diagnostics: &[Diagnostic]) -> String {
    match diagnostics.first() {
        Some(d) => format!("{} ({} in {})", d.message, d.code, d.file),
        None => "it has errors".to_owned(),
    }
}

/// `a`, `b` and `c`, each in backticks.
pub(crate) fn list(names: &[String]) -> String {
    match names {
        [] => "none".to_owned(),
        [one] => format!("`{one}`"),
        [rest @ .., last] => {
            let rest: Vec<_> = rest.iter().map(|n| format!("`{n}`")).collect();
            format!("{} and `{last}`", rest.join(", "))
        }
    }
}
