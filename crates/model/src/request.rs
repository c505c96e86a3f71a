//! What is asked of a model, in words that no wire owns.

use serde::Serialize;
use serde_json::{Map, Value};

/// One request for one reply. `None` and empty mean: not sent, the server's default holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Request {
    /// The model's name as the endpoint knows it. It is put into the JSON body only, never into a URL.
    pub model: String,
    /// The conversation, in order.
    pub messages: Vec<Message>,
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
    /// Further fields of the body. A field that the client sets itself is not overwritten.
    pub extra: Map<String, Value>,
}

/// One message of the conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// `system`, `developer`, `user`, `assistant` or `tool`.
    pub role: String,
    /// Its text.
    pub content: String,
}
