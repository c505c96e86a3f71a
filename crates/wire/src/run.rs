//! Runs: planning, starting, and what they come to.
//!
//! A run is a matrix. **Columns** are a variant on a model, **rows** are a case (and, with
//! repeats, a sample of it), a **cell** is where a column and a row of the same prompt meet. Cells
//! are numbered prompt by prompt and row by row, so the cells of neighbouring rows are one range:
//! a row's cells begin at [`RowView::first_cell`], in the order of its prompt's columns.

use serde::{Deserialize, Serialize};

use crate::compare::PowerView;

/// What to run. Empty lists mean "what the prompt's evals say".
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunRequest {
    /// Names or keys of prompts; all when empty.
    pub prompts: Vec<String>,
    /// Variant ids; all when empty.
    pub variants: Vec<String>,
    /// Model ids such as `local/smollm2-135m`; those of `evals.yaml` when empty.
    pub models: Vec<String>,
    /// Case ids; all when empty.
    pub cases: Vec<String>,
    /// Only cases that carry one of these tags.
    pub tags: Vec<String>,
    /// Samples per case; that of `evals.yaml` when `None`.
    pub repeat: Option<u32>,
    /// Calls at once, per model; chosen by the model's kind when `None`.
    pub concurrency: Option<u32>,
    /// Ask the model again even when the same call was answered before.
    pub no_cache: bool,
    /// What the run may cost, in US dollars.
    pub budget: Option<f64>,
    /// Answer only this part of the matrix: which one, from 1, and of how many.
    pub shard: Option<(u32, u32)>,
}

/// Asks what a run would do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PlanRun {
    /// What to run.
    pub request: RunRequest,
}

/// What a run would do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanView {
    /// Cells that would be answered: of the whole matrix, or of the shard.
    pub cells: u32,
    /// Cells answered from the cache, free and at once.
    pub cached: u32,
    /// Estimated input tokens of the cells to send.
    pub input_tokens: u64,
    /// Most output tokens those cells may cost; `None` when a column sets no limit.
    pub output_tokens_max: Option<u64>,
    /// Calls that judges make about the answers. Tokens, cost and hosts have them in.
    #[serde(default)]
    pub judge_calls: u64,
    /// What those cells cost; `None` when the price of one is not known.
    pub cost: Option<CostRange>,
    /// Models whose price is not known.
    pub unknown_prices: Vec<String>,
    /// Cells that cannot be sent and will fail with their reason.
    pub unsendable: u32,
    /// Where what is sent is not what was asked for, in words.
    pub left_out: Vec<String>,
    /// Hosts that would be contacted; empty when everything stays on this machine.
    pub hosts: Vec<String>,
    /// What each of these hosts would be sent.
    pub per_host: Vec<HostShareView>,
    /// Providers that cannot be called because their key is missing.
    pub missing_keys: Vec<String>,
    /// Columns, in order.
    pub columns: Vec<ColumnView>,
    /// Cases per prompt that would run.
    pub rows: u32,
    /// Whether the person must consent before anything is sent, because the repository is not trusted.
    pub needs_consent: bool,
    /// What the cases of each prompt can show.
    pub power: Vec<PowerView>,
}

/// What one host would be sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HostShareView {
    /// Scheme, host and port.
    pub host: String,
    /// Cells to send there.
    pub cells: u32,
    /// Calls that judges make there.
    #[serde(default)]
    pub judge_calls: u64,
    /// Estimated input tokens of both.
    pub input_tokens: u64,
    /// What they cost; `None` when the price of one is not known.
    pub cost: Option<CostRange>,
}

/// A range of money, as estimated before anything is sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CostRange {
    /// Hardly less.
    pub low: f64,
    /// Hardly more.
    pub high: f64,
    /// `USD`.
    pub currency: String,
}

/// Starts a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StartRun {
    /// What to run.
    pub request: RunRequest,
    /// The person pressed Run knowing the plan: consent for this run in a repository that is not trusted.
    pub consent: bool,
}

/// Sends what is missing of a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ResumeRun {
    /// The run.
    pub run: String,
    /// See [`StartRun::consent`].
    pub consent: bool,
    /// Also send the cells that failed.
    pub retry_failed: bool,
    /// What the run may cost from now on, all in all, in US dollars; as before when `None`.
    pub budget: Option<f64>,
}

/// Lets a paused lane of a run go on. A run that has ended is resumed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RetryLane {
    /// The run.
    pub run: String,
    /// The lane's model.
    pub model: String,
    /// See [`StartRun::consent`].
    pub consent: bool,
}

/// Joins the shards of one matrix into a run of its own; the shards stay as they are.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MergeRuns {
    /// Runs of this database.
    pub runs: Vec<String>,
    /// Files that [`SaveRun`] wrote, on this machine.
    pub files: Vec<String>,
}

/// Writes a run with all that stands behind its cells as one file, for another machine to merge.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SaveRun {
    /// The run.
    pub run: String,
    /// A file on this machine; one that is there is replaced.
    pub file: String,
}

/// A run began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunStarted {
    /// Its id.
    pub run: String,
    /// Cells to send.
    pub cells: u32,
}

/// Stops a run. Cells that are done stay.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CancelRun {
    /// The run.
    pub run: String,
}

/// Asks for the runs of the open workspace.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListRuns {
    /// At most so many.
    pub limit: u32,
}

/// A run in the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunSummary {
    /// Its id.
    pub run: String,
    /// What ran, in words.
    pub title: String,
    /// When it was started, in milliseconds since 1970.
    pub created_ms: i64,
    /// How long it took, or has been going.
    pub wall_ms: Option<i64>,
    /// Its state.
    pub state: RunState,
    /// Why, when it stopped by itself.
    pub reason: Option<String>,
    /// What kind of reason that is.
    pub stop: Option<StopKind>,
    /// Cells by outcome.
    pub counts: CellCounts,
    /// What it may cost, in US dollars.
    pub budget: Option<f64>,
    /// What it has cost, in US dollars, as far as prices are known. Calls that may have been billed count at the most
    /// they may cost; cached replies cost nothing.
    pub spent: f64,
    /// Which part of a matrix it answers, from 1, and of how many.
    pub shard: Option<(u32, u32)>,
}

/// The state of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunState {
    /// Cells are being sent.
    Running,
    /// Every cell has an outcome.
    Done,
    /// The person stopped it; it can be resumed.
    Cancelled,
    /// Every model that is left of it stands still, as [`RunView::paused`] says; it can be resumed.
    Paused,
    /// What it may cost is spent; it can be resumed with more.
    Spent,
    /// It stopped by itself for another reason, which is given; it can be resumed.
    Failed,
    /// The program ended while it ran; it can be resumed.
    Interrupted,
}

/// Why a run stopped by itself, as far as it matters for going on with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StopKind {
    /// What it may cost is spent: the run is [`RunState::Spent`].
    Budget,
    /// Every model that is left stands still: the run is [`RunState::Paused`].
    Paused,
    /// Any other reason.
    Other,
}

/// Cells by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellCounts {
    /// All of them.
    pub total: u32,
    /// With an output; includes cached ones.
    pub done: u32,
    /// With a reason instead.
    pub failed: u32,
    /// Done without a call.
    pub cached: u32,
    /// Being answered now.
    pub running: u32,
    /// Left out on purpose: another shard's.
    pub skipped: u32,
    /// Calls of judges, as far as they are known; 0 while nothing is judged.
    #[serde(default)]
    pub judge_calls: u32,
    /// Of these, those that have ended.
    #[serde(default)]
    pub judge_calls_done: u32,
}

/// Asks for one run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReadRun {
    /// Its id.
    pub run: String,
    /// Whether its rows come along: they never change, may be a hundred thousand, and only a matrix shows them.
    #[serde(default)]
    pub rows: bool,
}

/// One run without its cells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunView {
    /// As in the list.
    pub summary: RunSummary,
    /// Scorer ids; [`CellLine::scores`](crate::CellLine::scores) refers to them by place.
    pub scorers: Vec<String>,
    /// What the values of each scorer are comparable with, by prompt and scorer.
    #[serde(default)]
    pub signatures: Vec<SignatureView>,
    /// Its columns, with their means so far.
    pub columns: Vec<ColumnStats>,
    /// Its rows, where they were asked for.
    pub rows: Vec<RowView>,
    /// Gates, judged once nothing of the run is going on.
    pub gates: Vec<GateView>,
    /// Models that are asked nothing more for now, by id.
    pub paused: Vec<PausedLaneView>,
}

/// What the values of a scorer are comparable with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignatureView {
    /// The prompt's key.
    pub prompt: String,
    /// Scorer id.
    pub scorer: String,
    /// Its type, such as `bleu`; empty where the run does not tell.
    #[serde(default)]
    pub kind: String,
    /// The signature: two values of different ones are never compared.
    pub signature: String,
    /// The cases that it says anything of, by their tags; all when there are none.
    #[serde(default)]
    pub tags: Vec<String>,
    /// The variant that a judge of pairs holds the others against, of which it says nothing.
    #[serde(default)]
    pub baseline: Option<String>,
}

/// A model that is asked nothing more for now, because every other call to it would fail as well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PausedLaneView {
    /// The model's id.
    pub model: String,
    /// Why, in words.
    pub reason: String,
    /// The kind of failure: `unauthorized`, `quota_exhausted`, `not_found`, …
    pub kind: String,
    /// Since when, in milliseconds since 1970.
    pub since_ms: i64,
}

/// What a column is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnView {
    /// The prompt's key.
    pub prompt: String,
    /// Variant id.
    pub variant: String,
    /// Model id.
    pub model: String,
    /// Content id of the variant as it was run.
    pub content_id: String,
}

/// A column's means.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnStats {
    /// What it is.
    pub column: ColumnView,
    /// Cells with an output.
    pub done: u32,
    /// Cells that failed.
    pub failed: u32,
    /// Cells whose output came from the cache.
    pub cached: u32,
    /// Mean per scorer, by place in [`RunView::scorers`]; `None` where nothing was judged.
    pub means: Vec<Option<MeanView>>,
    /// Outputs that a scorer could say nothing of, by the same places.
    #[serde(default)]
    pub unjudged: Vec<u32>,
    /// Numbers about all its outputs together, such as corpus BLEU; none while cells still come in.
    #[serde(default)]
    pub numbers: Vec<ColumnNumberView>,
    /// US dollars that its outputs cost, as far as prices are known; cached ones at what they cost then.
    pub cost: Option<f64>,
    /// Median latency.
    pub p50_ms: Option<u64>,
    /// 95th percentile of the latency.
    pub p95_ms: Option<u64>,
}

/// A number about all outputs of a column together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnNumberView {
    /// Scorer id.
    pub scorer: String,
    /// Which of its numbers: `corpus`, `accuracy`, `macro-f1`, … The first stands for the scorer.
    pub name: String,
    /// `None` when it is not defined for these outputs.
    pub value: Option<f64>,
    /// Outputs in it.
    pub n: u32,
    /// Outputs that could not be counted, and failed cells.
    pub unjudged: u32,
    /// What it is comparable with: only with numbers of the same signature.
    pub signature: String,
    /// Beside the first number of a scorer of classes: which class was taken for which.
    #[serde(default)]
    pub confusion: Option<ConfusionView>,
}

/// Which class was taken for which.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfusionView {
    /// The classes, true or predicted.
    pub classes: Vec<String>,
    /// How often each true class (row) was predicted as each class (column).
    pub counts: Vec<Vec<u64>>,
}

/// A mean with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MeanView {
    /// The mean.
    pub mean: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Values in it.
    pub n: u32,
}

/// A row's case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowView {
    /// The prompt's key.
    pub prompt: String,
    /// Case id.
    pub case: String,
    /// 0 for the first sample of the case.
    pub sample: u32,
    /// Ordinal of its first cell.
    pub first_cell: u32,
    /// Start of the case's longest text input, on one line.
    pub preview: String,
    /// Its tags.
    pub tags: Vec<String>,
}

/// A gate's verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateView {
    /// Column it is judged over.
    pub column: u32,
    /// Scorer id or metric.
    pub subject: String,
    /// It is about cases with one of these tags; about all when empty.
    pub tags: Vec<String>,
    /// Whether it holds.
    pub ok: bool,
    /// What was measured.
    pub value: Option<f64>,
    /// What is asked for, in words.
    pub limit: String,
    /// In words.
    pub reason: String,
}
