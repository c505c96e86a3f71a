//! Replies that arrive event by event, put together.

use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::Content;
use crate::classify;
use crate::reply::{Finish, Usage};
use crate::sse::{Decoder, Event};
use crate::{Failure, FailureKind};

const DONE: &str = "[DONE]";

#[derive(Deserialize)]
struct Chunk {
    choices: Option<Vec<Choice>>,
    usage: Option<Value>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    index: u64,
    delta: Option<Delta>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Delta {
    content: Option<Text>,
    refusal: Option<String>,
}

/// Content as the wire has it: a text, or (Mistral's reasoning models) a list of parts of which some are text.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Text {
    Whole(String),
    Parts(Vec<Part>),
    Other(IgnoredAny),
}

#[derive(Deserialize)]
pub(super) struct Part {
    text: Option<String>,
}

impl Text {
    pub(super) fn into_string(self) -> String {
        match self {
            Text::Whole(text) => text,
            Text::Parts(parts) => parts.into_iter().filter_map(|part| part.text).collect(),
            Text::Other(_) => String::new(),
        }
    }
}

/// A streamed reply in the making.
pub(super) struct Assembly {
    decoder: Decoder,
    parts: Parts,
}

#[derive(Default)]
struct Parts {
    text: String,
    refusal: String,
    finish: Option<Finish>,
    usage: Usage,
    events: usize,
    choices: usize,
    done: bool,
}

impl Assembly {
    pub fn new(longest_line: usize) -> Assembly {
        Assembly { decoder: Decoder::new(longest_line), parts: Parts::default() }
    }

    /// Whether the closing mark has come. What follows it means nothing.
    pub fn is_done(&self) -> bool {
        self.parts.done
    }

    /// Whether nothing so far was an event: what arrives is not a stream.
    pub fn saw_no_event(&self) -> bool {
        self.parts.events == 0
    }

    /// Takes one piece of the body and hands over the text in it.
    pub fn feed(&mut self, piece: &[u8], on_text: &mut dyn FnMut(&str)) -> Result<(), Failure> {
        let parts = &mut self.parts;
        let mut failed = None;
        let fed = self.decoder.feed(piece, |event| {
            if failed.is_none() {
                failed = parts.take(&event, on_text).err();
            }
        });
        match (failed, fed) {
            (Some(failure), _) => Err(failure),
            (None, Err(error)) if !parts.done => {
                Err(Failure::of_reply(FailureKind::TooLarge, error.to_string()))
            }
            (None, _) => Ok(()),
        }
    }

    /// The reply, if it is complete.
    pub fn finish(mut self, latency: Duration) -> Result<Content, Failure> {
        // The one thing an unfinished last line can still say is that the stream is closed.
        let closed = self.decoder.end().is_some_and(|event| event.data == DONE);
        self.parts.done |= closed;
        self.parts.finish(latency)
    }
}

impl Parts {
    fn take(&mut self, event: &Event, on_text: &mut dyn FnMut(&str)) -> Result<(), Failure> {
        if self.done {
            return Ok(());
        }
        self.events += 1;
        if event.data == DONE {
            self.done = true;
            return Ok(());
        }
        match serde_json::from_str::<Chunk>(&event.data) {
            Ok(chunk) => self.add(chunk, event, on_text),
            Err(_) if event.name == "error" => Err(self.reported(&event.data)),
            // Named events are extensions; this wire's own have no name.
            Err(_) if !event.name.is_empty() => Ok(()),
            Err(error) => {
                let message =
                    format!("an event of the stream is not a chat completion chunk: {error}");
                Err(Failure::of_reply(FailureKind::Malformed, message))
            }
        }
    }

    fn add(
        &mut self,
        chunk: Chunk,
        event: &Event,
        on_text: &mut dyn FnMut(&str),
    ) -> Result<(), Failure> {
        if event.name == "error" || chunk.error.as_ref().is_some_and(|error| !error.is_null()) {
            return Err(self.reported(&event.data));
        }
        if let Some(usage) = &chunk.usage {
            self.usage = usage_of(usage).or(self.usage);
        }
        for choice in chunk.choices.into_iter().flatten().filter(|choice| choice.index == 0) {
            self.choices += 1;
            if let Some(delta) = choice.delta {
                self.say(delta, on_text);
            }
            if let Some(reason) = choice.finish_reason {
                self.finish = Some(finish_of(&reason));
            }
        }
        Ok(())
    }

    fn say(&mut self, delta: Delta, on_text: &mut dyn FnMut(&str)) {
        let text = delta.content.map(Text::into_string).unwrap_or_default();
        if !text.is_empty() {
            self.text.push_str(&text);
            on_text(&text);
        }
        self.refusal.push_str(delta.refusal.as_deref().unwrap_or_default());
    }

    fn reported(&self, data: &str) -> Failure {
        let body = serde_json::from_str(data).unwrap_or_else(|_| Value::String(data.to_owned()));
        classify::of_reported(&body, !self.text.is_empty())
    }

    fn finish(self, latency: Duration) -> Result<Content, Failure> {
        if !self.done {
            return Err(Failure::of_reply(
                FailureKind::Truncated,
                "the stream ended without its closing mark",
            ));
        }
        if self.choices == 0 {
            return Err(Failure::of_reply(FailureKind::Malformed, "the reply holds no choice"));
        }
        let Some(finish) = self.finish else {
            return Err(Failure::of_reply(
                FailureKind::Truncated,
                "the stream closed without a finish reason",
            ));
        };
        if self.text.is_empty() && !self.refusal.is_empty() {
            let finish = Finish::Other("refusal".to_owned());
            return Ok(Content { text: self.refusal, finish, usage: self.usage, latency });
        }
        Ok(Content { text: self.text, finish, usage: self.usage, latency })
    }
}

impl Usage {
    /// These numbers, and those of `earlier` where these are missing: usage is cumulative, the latest word counts.
    fn or(self, earlier: Usage) -> Usage {
        Usage {
            input: self.input.or(earlier.input),
            output: self.output.or(earlier.output),
            cached: self.cached.or(earlier.cached),
        }
    }
}

pub(super) fn finish_of(reason: &str) -> Finish {
    match reason {
        "stop" => Finish::Stop,
        "length" => Finish::Length,
        "tool_calls" | "function_call" => Finish::ToolCalls,
        "content_filter" => Finish::ContentFilter,
        other => Finish::Other(other.to_owned()),
    }
}

pub(super) fn usage_of(usage: &Value) -> Usage {
    Usage {
        input: usage["prompt_tokens"].as_u64(),
        output: usage["completion_tokens"].as_u64(),
        cached: usage["prompt_tokens_details"]["cached_tokens"].as_u64(),
    }
}
