//! Cells of a run: a window of them as the matrix shows them, and everything about one.

use serde::{Deserialize, Serialize};

use crate::prompt::MessageView;
use crate::run::{ColumnView, RowView};

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
    /// Answered without a call; latency and cost are those of the call it repeats.
    pub cached: bool,
    /// US dollars, where the price is known.
    pub cost: Option<f32>,
    /// By place in [`RunView::scorers`](crate::RunView::scorers); may end before the last scorer.
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
            cost: None,
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
    /// Another shard's.
    Skipped,
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
    /// Of the input tokens, those read from the provider's cache.
    pub cached_tokens: Option<u64>,
    /// Of the output tokens, those of reasoning.
    pub reasoning_tokens: Option<u64>,
    /// Milliseconds to the first token.
    pub first_token_ms: Option<u64>,
    /// US dollars, where the price is known; of a cached output, what it cost then.
    pub cost: Option<f64>,
    /// When a cached output was received first, in milliseconds since 1970, where that was noted.
    pub received_ms: Option<i64>,
    /// What the provider calls the call, for asking them about it.
    pub request_id: Option<String>,
    /// Calls made for it, the failed ones too.
    pub attempts: u32,
    /// Scores with their reasons.
    pub scores: Vec<ScoreView>,
    /// What the case expects, as JSON text.
    pub expected: Option<String>,
}

impl CellView {
    /// Whether the model asks for tools; the output holds its calls then, unless it said something as well.
    pub fn is_tool_call(&self) -> bool {
        self.output.is_some() && self.finish.as_deref() == Some("tool_calls")
    }
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
    /// What the value is comparable with: only with values of the same signature.
    #[serde(default)]
    pub signature: String,
}

/// Streams the text of one cell as [`crate::Notice::CellText`], until another is watched.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WatchCell {
    /// The run.
    pub run: String,
    /// The cell; `None` watches nothing.
    pub cell: Option<u32>,
}
