//! What is judged, and what comes of it.

use assay_prompt::Row;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Resources;

/// One output and what a scorer may know about it.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The model's answer, as received.
    pub output: &'a str,
    /// From the request to the last token, in milliseconds. For a reply from the cache, that of the
    /// call that filled it.
    pub latency_ms: Option<u64>,
    /// In US dollars, when the price is known.
    pub cost: Option<f64>,
    /// The case that was asked, with what it expects.
    pub case: &'a Row,
    /// Why the model stopped: `stop`, `length`, `tool_calls`, `content_filter`, `refusal`, or the
    /// server's own word; nothing when it did not say.
    pub finish: Option<&'a str>,
    /// The tools that the model asked for, when they are known apart from the output.
    pub tool_calls: Option<&'a [ToolCall]>,
    /// What scorers may ask for beside all this.
    pub resources: &'a Resources,
}

impl<'a> Subject<'a> {
    /// An output of a case, with nothing else known.
    #[must_use]
    pub fn new(output: &'a str, case: &'a Row) -> Subject<'a> {
        Subject {
            output,
            latency_ms: None,
            cost: None,
            case,
            finish: None,
            tool_calls: None,
            resources: Resources::NONE,
        }
    }
}

/// A tool that a model asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolCall {
    /// The tool.
    pub name: String,
    /// Its arguments: an object as a rule, a text where the model wrote no JSON.
    #[serde(default)]
    pub arguments: Value,
}

/// What one scorer found in one output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "camelCase")]
pub enum Outcome {
    /// The output was judged.
    Scored {
        /// On the scorer's own scale: from 0 to 1 and higher is better for assertions, 0 to 100 for
        /// BLEU, and for an error rate lower is better. The guide to scorers lists them.
        value: f64,
        /// Whether the output does what the scorer asks. Nothing for a metric without a limit, which
        /// measures and asks for nothing.
        pass: Option<bool>,
        /// A fact about the output, for people: `` `other` is not `billing` ``.
        reason: String,
    },
    /// The scorer could not judge. Neither a pass nor a failure, and counted on its own.
    NotJudged {
        /// What stood in the way.
        reason: String,
    },
}

impl Outcome {
    /// The value, if the output was judged.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        match self {
            Outcome::Scored { value, .. } => Some(*value),
            Outcome::NotJudged { .. } => None,
        }
    }

    /// Whether the output passed, if it was judged and there is something to pass.
    #[must_use]
    pub fn pass(&self) -> Option<bool> {
        match self {
            Outcome::Scored { pass, .. } => *pass,
            Outcome::NotJudged { .. } => None,
        }
    }

    /// The reason, judged or not.
    #[must_use]
    pub fn reason(&self) -> &str {
        match self {
            Outcome::Scored { reason, .. } | Outcome::NotJudged { reason } => reason,
        }
    }
}

/// One scorer's outcome for one output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// The scorer's id in `evals.yaml`.
    pub scorer: String,
    /// What it found.
    pub outcome: Outcome,
}
