//! What is asked of a model, in words that no wire owns.

use serde_json::{Map, Value};

use crate::Message;

/// One request for one reply. `None` and empty mean: not sent, the server's default holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Request {
    /// The model's name as the endpoint knows it.
    pub model: String,
    /// The conversation, in order.
    pub messages: Vec<Message>,
    /// Tools that the model may ask for. Assay calls none: what was asked for is the reply.
    pub tools: Vec<Tool>,
    /// Whether and which tool must be asked for.
    pub tool_choice: Option<ToolChoice>,
    /// Sampling temperature.
    pub temperature: Option<f64>,
    /// Nucleus sampling.
    pub top_p: Option<f64>,
    /// The most tokens to generate.
    pub max_output_tokens: Option<u64>,
    /// For servers that can repeat a generation.
    pub seed: Option<u64>,
    /// Texts that end the generation.
    pub stop: Vec<String>,
    /// A JSON Schema that the reply should follow.
    pub json_schema: Option<Value>,
    /// How hard a reasoning model should think, in the server's word (`low`, `medium`, `high`).
    pub reasoning_effort: Option<String>,
    /// The probabilities of the tokens, each with this many others that might have stood there.
    pub logprobs: Option<u32>,
    /// Further fields of the body. A field that the client sets itself is not overwritten.
    pub extra: Map<String, Value>,
}

/// A tool, described to the model.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// What it is good for.
    pub description: String,
    /// The JSON Schema of its arguments, an object.
    pub parameters: Value,
}

/// Whether a model has to ask for a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolChoice {
    /// It decides.
    Auto,
    /// It must not.
    None,
    /// It must, whichever.
    Required,
    /// It must, this one.
    Named(String),
}

/// A wire has no way to say what was asked. Nothing was sent, and nothing is left out in silence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the wire `{wire}` cannot carry {what}")]
pub struct Unsupported {
    /// What it lacks, such as "a seed".
    pub what: String,
    /// The wire's name.
    pub wire: &'static str,
}

impl Unsupported {
    pub(crate) fn new(wire: &'static str, what: impl Into<String>) -> Unsupported {
        Unsupported { what: what.into(), wire }
    }
}
