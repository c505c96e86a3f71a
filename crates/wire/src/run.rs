//! Runs: planning, starting, and looking at their cells.
//!
//! A run is a matrix. **Columns** are a variant on a model, **rows** are a case (and, with
//! repeats, a sample of it), a **cell** is where a column and a row of the same prompt meet. Cells
//! are numbered prompt by prompt and row by row, so the cells of neighbouring rows are one range:
//! a row's cells begin at [`RowView::first_cell`], in the order of its prompt's columns.

use serde::{Deserialize, Serialize};

use crate::prompt::MessageView;

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
    /// Cells of the matrix.
    pub cells: u32,
    /// Cells answered from the cache, free and at once.
    pub cached: u32,
    /// Estimated input tokens of the cells to send.
    pub input_tokens: u64,
    /// Most output tokens those cells may cost; `None` when a column sets no limit.
    pub output_tokens_max: Option<u64>,
    /// Cost, where the prices are known.
    pub cost: Option<CostRange>,
    /// Hosts that would be contacted; empty when everything stays on this machine.
    pub hosts: Vec<String>,
    /// Columns, in order.
    pub columns: Vec<ColumnView>,
    /// Cases per prompt that would run.
    pub rows: u32,
    /// Whether the person must consent before anything is sent, because the repository is not trusted.
    pub needs_consent: bool,
}

/// A range of money.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CostRange {
    /// At least.
    pub low: f64,
    /// At most.
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
    /// Why, when it failed or paused.
    pub reason: Option<String>,
    /// Cells by outcome.
    pub counts: CellCounts,
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
    /// It stopped by itself for the reason given; it can be resumed.
    Failed,
    /// The program ended while it ran; it can be resumed.
    Interrupted,
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
}

/// Asks for one run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReadRun {
    /// Its id.
    pub run: String,
}

/// One run without its cells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunView {
    /// As in the list.
    pub summary: RunSummary,
    /// Scorer ids; [`CellLine::scores`] refers to them by place.
    pub scorers: Vec<String>,
    /// Its columns, with their means so far.
    pub columns: Vec<ColumnStats>,
    /// Its rows.
    pub rows: Vec<RowView>,
    /// Gates, judged once nothing of the run is going on.
    pub gates: Vec<GateView>,
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
    /// Mean per scorer, by place in [`RunView::scorers`]; `None` where nothing was judged.
    pub means: Vec<Option<MeanView>>,
    /// US dollars, where the prices are known.
    pub cost: Option<f64>,
    /// Median latency.
    pub p50_ms: Option<u64>,
    /// 95th percentile of the latency.
    pub p95_ms: Option<u64>,
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

/// Asks for a window of cells.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReadCells {
    /// The run.
    pub run: String,
    /// First ordinal.
    pub from: u32,
    /// One past the last ordinal.
    pub to: u32,
}

/// A window of cells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellPage {
    /// The run.
    pub run: String,
    /// Ordinal of the first cell.
    pub from: u32,
    /// The cells, in order.
    pub cells: Vec<CellLine>,
}

/// A cell as the matrix shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellLine {
    /// Its number in the run.
    pub ordinal: u32,
    /// Its column.
    pub column: u32,
    /// Its row.
    pub row: u32,
    /// Its state.
    pub state: CellState,
    /// Start of the output, or of the reason why it failed.
    pub preview: String,
    /// Latency of the call, also when cached.
    pub latency_ms: Option<u32>,
    /// Answered without a call.
    pub cached: bool,
    /// By place in [`RunView::scorers`]; may end before the last scorer.
    pub scores: Vec<Option<ScoreLine>>,
}

impl CellLine {
    /// A cell nothing is known of yet.
    pub fn queued(ordinal: u32, column: u32, row: u32) -> Self {
        Self {
            ordinal,
            column,
            row,
            state: CellState::Queued,
            preview: String::new(),
            latency_ms: None,
            cached: false,
            scores: Vec::new(),
        }
    }
}

/// The state of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CellState {
    /// Waits.
    Queued,
    /// Sent, not answered.
    Running,
    /// Has an output.
    Done,
    /// Has a reason instead.
    Failed,
    /// The run was stopped before it.
    Cancelled,
}

/// A score as the matrix shows it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ScoreLine {
    /// `None` when the scorer could not judge.
    pub value: Option<f32>,
    /// Whether it passed; `None` when it could not be judged.
    pub pass: Option<bool>,
}

/// Asks for one cell.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReadCell {
    /// The run.
    pub run: String,
    /// Its ordinal.
    pub cell: u32,
}

/// Everything about one cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellView {
    /// As the matrix shows it.
    pub line: CellLine,
    /// Its column.
    pub column: ColumnView,
    /// Its row.
    pub row: RowView,
    /// The messages that were or will be sent, as sent.
    pub messages: Vec<MessageView>,
    /// The whole output.
    pub output: Option<String>,
    /// Why it failed.
    pub error: Option<String>,
    /// Why the model stopped: `stop`, `length`, …
    pub finish: Option<String>,
    /// Input tokens as the model counted them.
    pub input_tokens: Option<u64>,
    /// Output tokens as the model counted them.
    pub output_tokens: Option<u64>,
    /// Milliseconds to the first token.
    pub first_token_ms: Option<u64>,
    /// US dollars, where the prices are known.
    pub cost: Option<f64>,
    /// Calls made for it, the failed ones too.
    pub attempts: u32,
    /// Scores with their reasons.
    pub scores: Vec<ScoreView>,
    /// What the case expects, as JSON text.
    pub expected: Option<String>,
}

/// A score with its reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoreView {
    /// Scorer id.
    pub scorer: String,
    /// `None` when it could not judge.
    pub value: Option<f64>,
    /// `None` when it could not judge.
    pub pass: Option<bool>,
    /// In words.
    pub reason: String,
}

/// Streams the text of one cell as [`crate::Notice::CellText`], until another is watched.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WatchCell {
    /// The run.
    pub run: String,
    /// The cell; `None` watches nothing.
    pub cell: Option<u32>,
}
