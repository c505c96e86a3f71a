//! The protocols that the server speaks: each puts one reply, or one refusal, into its own shape.

mod chat;
mod gemini;
mod messages;
mod responses;

use serde_json::Value;

use super::fault::Problem;
use super::reply::{Event, Reply, words};
use super::request::RecordedRequest;

/// A protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// OpenAI chat completions.
    Chat,
    /// OpenAI Responses.
    Responses,
    /// Anthropic Messages.
    Messages,
    /// Gemini `generateContent`.
    Gemini,
}

/// A refusal: status, body, and whether the delay stands in the body already.
pub(super) struct Refusal {
    pub status: u16,
    pub body: Value,
    pub tells_delay: bool,
}

impl Refusal {
    fn new(status: u16, body: Value) -> Refusal {
        Refusal { status, body, tells_delay: false }
    }
}

/// Where Vertex AI lists what Google offers, whatever the project.
pub(super) const VERTEX_MODELS: &str = "/v1beta1/publishers/google/models";

impl Dialect {
    /// The protocol that a request to generate is made in.
    pub fn of(path: &str) -> Option<Dialect> {
        match path {
            "/v1/chat/completions" => Some(Dialect::Chat),
            "/v1/responses" => Some(Dialect::Responses),
            "/v1/messages" => Some(Dialect::Messages),
            path if path.starts_with("/v1beta/models/") => Some(Dialect::Gemini),
            // Vertex AI: below a project and its location.
            path if path.starts_with("/v1/projects/") => Some(Dialect::Gemini),
            _ => None,
        }
    }

    /// The protocol that a client seems to speak, whatever it asks for.
    pub fn spoken_by(request: &RecordedRequest) -> Dialect {
        Dialect::of(request.place()).unwrap_or_else(|| match () {
            () if request.header("anthropic-version").is_some() => Dialect::Messages,
            () if request.path.starts_with("/v1beta") => Dialect::Gemini,
            () => Dialect::Chat,
        })
    }

    pub fn is_streamed(self, path: &str, request: &Value) -> bool {
        match self {
            Dialect::Gemini => path.contains(":streamGenerateContent"),
            _ => request["stream"].as_bool().unwrap_or(false),
        }
    }

    pub fn model(self, path: &str, request: &Value) -> String {
        match self {
            Dialect::Gemini => gemini::model(path),
            _ => request["model"].as_str().unwrap_or_default().to_owned(),
        }
    }

    pub fn token_limit(self, request: &Value) -> Option<usize> {
        let limit = match self {
            Dialect::Chat => {
                request["max_tokens"].as_u64().or(request["max_completion_tokens"].as_u64())
            }
            Dialect::Responses => request["max_output_tokens"].as_u64(),
            Dialect::Messages => request["max_tokens"].as_u64(),
            Dialect::Gemini => request["generationConfig"]["maxOutputTokens"].as_u64(),
        };
        limit.and_then(|limit| usize::try_from(limit).ok())
    }

    pub fn has_tools(self, request: &Value) -> bool {
        request["tools"].as_array().is_some_and(|tools| !tools.is_empty())
    }

    pub fn tells_usage(self, request: &Value, streamed: bool) -> bool {
        self != Dialect::Chat
            || !streamed
            || request["stream_options"]["include_usage"].as_bool().unwrap_or(false)
    }

    pub fn prompt_tokens(self, request: &Value) -> usize {
        self.texts(request).into_iter().map(|text| words(text).count()).sum()
    }

    /// What the server says when nothing else was ordered: the model's name and the last message.
    pub fn default_text(self, path: &str, request: &Value) -> String {
        let last = self.texts(request).last().copied().unwrap_or_default();
        format!("{} heard: {last}", self.model(path, request))
    }

    pub fn json(self, reply: &Reply) -> Value {
        match self {
            Dialect::Chat => chat::json(reply),
            Dialect::Responses => responses::json(reply),
            Dialect::Messages => messages::json(reply),
            Dialect::Gemini => gemini::json(reply),
        }
    }

    pub fn events(self, reply: &Reply) -> Vec<Event> {
        match self {
            Dialect::Chat => chat::events(reply),
            Dialect::Responses => responses::events(reply),
            Dialect::Messages => messages::events(reply),
            Dialect::Gemini => gemini::events(reply),
        }
    }

    /// What a stream opens with before anything is generated.
    pub fn before_work(self, reply: &Reply) -> Vec<Event> {
        match self {
            Dialect::Chat => chat::before_work(reply),
            Dialect::Responses => responses::before_work(reply),
            Dialect::Messages => messages::before_work(),
            Dialect::Gemini => Vec::new(),
        }
    }

    /// A stream up to a thought, which nobody has counted yet.
    pub fn thinking(self, reply: &Reply) -> Vec<Event> {
        match self {
            Dialect::Chat => chat::thinking(reply),
            Dialect::Responses => responses::thinking(reply),
            Dialect::Messages => messages::thinking(reply),
            Dialect::Gemini => gemini::thinking(reply),
        }
    }

    /// The refusal of a request.
    pub fn refusal(self, problem: Problem, retry_after: Option<&str>) -> Refusal {
        match self {
            Dialect::Chat | Dialect::Responses => chat::refusal(problem),
            Dialect::Messages => messages::refusal(problem),
            Dialect::Gemini => gemini::refusal(problem, retry_after),
        }
    }

    /// An error inside a stream.
    pub fn error_event(self, error: &Value) -> Event {
        match self {
            Dialect::Chat => chat::error_event(error),
            Dialect::Responses => responses::error_event(error),
            Dialect::Messages => messages::error_event(error),
            Dialect::Gemini => gemini::error_event(error),
        }
    }

    /// An error in place of a plain reply, with status 200.
    pub fn error_json(self, error: &Value) -> Value {
        match self {
            Dialect::Chat => chat::error_json(error),
            Dialect::Responses => responses::error_json(error),
            Dialect::Messages => messages::error_json(error),
            Dialect::Gemini => gemini::error_json(error),
        }
    }

    /// The list of models, or the page of it that was asked for: `page` of them, after the one that was named.
    pub fn models(self, request: &RecordedRequest, ids: &[String], page: usize) -> Value {
        let after = request.parameter(self.page_parameter()).unwrap_or_default();
        let from = ids.iter().position(|id| id == after).map_or(0, |place| place + 1);
        let upto = if page == 0 { ids.len() } else { ids.len().min(from + page) };
        let (shown, more) = (&ids[from..upto], upto < ids.len());
        match self {
            Dialect::Chat | Dialect::Responses => chat::models(shown, more),
            Dialect::Messages => messages::models(shown, more),
            Dialect::Gemini if request.place() == VERTEX_MODELS => {
                gemini::publisher_models(shown, more)
            }
            Dialect::Gemini => gemini::models(shown, more),
        }
    }

    /// What a page of the list of models is asked for by.
    fn page_parameter(self) -> &'static str {
        match self {
            Dialect::Chat | Dialect::Responses => "after",
            Dialect::Messages => "after_id",
            Dialect::Gemini => "pageToken",
        }
    }

    /// The texts of a conversation, in order.
    fn texts(self, request: &Value) -> Vec<&str> {
        let (list, content) = match self {
            Dialect::Chat | Dialect::Messages => ("messages", "content"),
            Dialect::Responses => ("input", "content"),
            Dialect::Gemini => ("contents", "parts"),
        };
        let messages = request[list].as_array().into_iter().flatten();
        messages.flat_map(|message| texts_of(&message[content])).collect()
    }
}

/// A text, or the texts of a list of parts.
fn texts_of(content: &Value) -> Vec<&str> {
    match content {
        Value::String(text) => vec![text],
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        _ => Vec::new(),
    }
}
