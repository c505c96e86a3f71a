//! What a conversation is made of, in words that no wire owns.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// One message of the conversation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// `system`, `developer`, `user`, `assistant` or `tool`.
    pub role: String,
    /// What it says and shows, in order.
    pub parts: Vec<Part>,
    /// Tools that this message, an assistant's, asked for.
    pub tool_calls: Vec<ToolCall>,
    /// The call that this message, a tool's, answers.
    pub tool_call_id: Option<String>,
    /// Who speaks, where several share a role; for a tool's message, the tool.
    pub name: Option<String>,
}

/// A piece of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Text.
    Text(String),
    /// A picture.
    Image(Media),
    /// Any other file: a PDF, a text, a sound.
    File(Media),
}

/// A file's bytes, which always travel inside the request: no server is asked to fetch a URL.
#[derive(Clone, PartialEq, Eq)]
pub struct Media {
    /// Such as `image/png`.
    pub media_type: String,
    /// The file.
    pub bytes: Arc<[u8]>,
    /// Its name, for wires that carry one.
    pub name: Option<String>,
}

/// A tool that a model asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ToolCall {
    /// What the answer must refer to. Made up (`call_0`) where a server gives none.
    pub id: String,
    /// The tool.
    pub name: String,
    /// Its arguments, as the model wrote them: mostly a JSON object, but nothing makes sure of it.
    pub arguments: String,
    /// What stands for the model's thoughts before the call, as received: Gemini's `thoughtSignature`. Its later models
    /// refuse a call that is sent back without it; other wires have none, and other models no use for it.
    pub signature: Option<String>,
}

impl Message {
    /// A message of text alone.
    pub fn text(role: impl Into<String>, text: impl Into<String>) -> Message {
        Message { role: role.into(), parts: vec![Part::Text(text.into())], ..Message::default() }
    }

    /// All text of the message, without what is not text.
    pub fn joined_text(&self) -> String {
        self.parts.iter().filter_map(Part::as_text).collect()
    }

    /// Whether there is nothing but text.
    pub(crate) fn is_text(&self) -> bool {
        self.parts.iter().all(|part| part.as_text().is_some())
    }
}

impl Part {
    fn as_text(&self) -> Option<&str> {
        match self {
            Part::Text(text) => Some(text),
            Part::Image(_) | Part::File(_) => None,
        }
    }
}

impl Media {
    /// The bytes in base64 (RFC 4648, with padding).
    pub(crate) fn base64(&self) -> String {
        STANDARD.encode(&self.bytes)
    }

    /// The file as a URL that holds it (RFC 2397).
    pub(crate) fn data_url(&self) -> String {
        format!("data:{};base64,{}", self.media_type, self.base64())
    }
}

impl fmt::Debug for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Media")
            .field("media_type", &self.media_type)
            .field("bytes", &format_args!("{} bytes", self.bytes.len()))
            .field("name", &self.name)
            .finish()
    }
}
