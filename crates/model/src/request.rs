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
    /// Whether several tools may be asked for at once.
    pub parallel_tool_calls: Option<bool>,
    /// Sampling temperature.
    pub temperature: Option<f64>,
    /// Nucleus sampling.
    pub top_p: Option<f64>,
    /// How many of the likeliest tokens may be chosen.
    pub top_k: Option<u64>,
    /// How much less likely a token becomes with each time it was said.
    pub frequency_penalty: Option<f64>,
    /// How much less likely a token becomes once it was said.
    pub presence_penalty: Option<f64>,
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

/// What a request may ask for beside what it says, and what not every wire has a word for. Without it there would still
/// be an answer, so a caller may leave it out and say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Setting {
    /// [`Request::temperature`].
    Temperature,
    /// [`Request::top_p`].
    TopP,
    /// [`Request::top_k`].
    TopK,
    /// [`Request::frequency_penalty`].
    FrequencyPenalty,
    /// [`Request::presence_penalty`].
    PresencePenalty,
    /// [`Request::max_output_tokens`].
    MaxOutputTokens,
    /// [`Request::seed`].
    Seed,
    /// [`Request::stop`].
    Stop,
    /// [`Request::json_schema`].
    JsonSchema,
    /// [`Request::reasoning_effort`].
    ReasoningEffort,
    /// [`Request::logprobs`].
    Logprobs,
    /// [`Request::parallel_tool_calls`].
    ParallelToolCalls,
}

impl Setting {
    /// All of them, in the order of their names here.
    pub const ALL: [Setting; 12] = [
        Setting::Temperature,
        Setting::TopP,
        Setting::TopK,
        Setting::FrequencyPenalty,
        Setting::PresencePenalty,
        Setting::MaxOutputTokens,
        Setting::Seed,
        Setting::Stop,
        Setting::JsonSchema,
        Setting::ReasoningEffort,
        Setting::Logprobs,
        Setting::ParallelToolCalls,
    ];

    /// What it is, in a sentence such as "it has no way to ask for …".
    pub fn words(self) -> &'static str {
        match self {
            Setting::Temperature => "a temperature",
            Setting::TopP => "a top-p",
            Setting::TopK => "a top-k",
            Setting::FrequencyPenalty => "a frequency penalty",
            Setting::PresencePenalty => "a presence penalty",
            Setting::MaxOutputTokens => "a limit of tokens",
            Setting::Seed => "a seed",
            Setting::Stop => "stop texts",
            Setting::JsonSchema => "a JSON schema",
            Setting::ReasoningEffort => "a reasoning effort",
            Setting::Logprobs => "the probabilities of tokens",
            Setting::ParallelToolCalls => "a word on several tool calls at once",
        }
    }
}

impl Request {
    /// Whether it asks for this.
    pub fn asks_for(&self, setting: Setting) -> bool {
        match setting {
            Setting::Temperature => self.temperature.is_some(),
            Setting::TopP => self.top_p.is_some(),
            Setting::TopK => self.top_k.is_some(),
            Setting::FrequencyPenalty => self.frequency_penalty.is_some(),
            Setting::PresencePenalty => self.presence_penalty.is_some(),
            Setting::MaxOutputTokens => self.max_output_tokens.is_some(),
            Setting::Seed => self.seed.is_some(),
            Setting::Stop => !self.stop.is_empty(),
            Setting::JsonSchema => self.json_schema.is_some(),
            Setting::ReasoningEffort => self.reasoning_effort.is_some(),
            Setting::Logprobs => self.logprobs.is_some(),
            Setting::ParallelToolCalls => self.parallel_tool_calls.is_some(),
        }
    }

    /// Asks for it no longer.
    pub fn leave_out(&mut self, setting: Setting) {
        match setting {
            Setting::Temperature => self.temperature = None,
            Setting::TopP => self.top_p = None,
            Setting::TopK => self.top_k = None,
            Setting::FrequencyPenalty => self.frequency_penalty = None,
            Setting::PresencePenalty => self.presence_penalty = None,
            Setting::MaxOutputTokens => self.max_output_tokens = None,
            Setting::Seed => self.seed = None,
            Setting::Stop => self.stop.clear(),
            Setting::JsonSchema => self.json_schema = None,
            Setting::ReasoningEffort => self.reasoning_effort = None,
            Setting::Logprobs => self.logprobs = None,
            Setting::ParallelToolCalls => self.parallel_tool_calls = None,
        }
    }

    /// Refuses what of `lacks` is asked for.
    pub(crate) fn refuse(&self, wire: &'static str, lacks: &[Setting]) -> Result<(), Unsupported> {
        match lacks.iter().find(|setting| self.asks_for(**setting)) {
            Some(setting) => Err(Unsupported::new(wire, setting.words())),
            None => Ok(()),
        }
    }
}

/// A wire has no way to say what was asked. Nothing was sent, and nothing is left out in silence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the protocol `{wire}` has no way to send {what}; leave that out, or choose a model that is spoken to in another one"
)]
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
