//! A reply before any protocol has put it into words.

use std::time::Duration;

use serde_json::{Value, json};

use super::connection::Step;
use super::dialect::Dialect;
use super::http::{LAST_CHUNK, chunk, chunked, json_answer, sse, stream_head};

/// A tool that the server asks for: its name and arguments.
pub(super) type Call = (String, Value);

/// What a reply says. Each protocol's module puts it into the protocol's own shape.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reply {
    pub dialect: Dialect,
    pub model: String,
    pub said: Said,
    /// `None` is a reply that does not say that it is finished.
    pub finish: Option<Stop>,
    /// Whether a stream gets its closing mark.
    pub closed: bool,
    pub calls: Vec<Call>,
    pub streamed: bool,
    pub usage: Counts,
    pub prompt_tokens: usize,
    pub completion_tokens: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    Text(String),
    /// A message with nothing in it.
    Null,
    /// The model declines.
    Refusal(String),
    /// No message at all.
    Nothing,
}

/// Why the model stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    End,
    Length,
    Filter,
    Calls,
    /// An empty text, which is no reason.
    Blank,
}

/// How tokens are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counts {
    Sound,
    Missing,
    /// A negative number, a text and a fraction.
    Odd,
    /// Twice in a stream, the second time larger.
    Twice,
}

/// One event of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Event {
    pub name: Option<&'static str>,
    pub data: String,
}

impl Event {
    pub fn unnamed(data: impl ToString) -> Event {
        Event { name: None, data: data.to_string() }
    }

    pub fn named(name: &'static str, data: impl ToString) -> Event {
        Event { name: Some(name), data: data.to_string() }
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        match self.name {
            Some(name) => format!("event: {name}\ndata: {}\n\n", self.data).into_bytes(),
            None => format!("data: {}\n\n", self.data).into_bytes(),
        }
    }
}

impl Reply {
    /// The reply to a request, cut to its token limit. A token is a word here.
    pub fn to(
        dialect: Dialect,
        path: &str,
        request: &Value,
        text: String,
        calls: Vec<Call>,
    ) -> Reply {
        let limit = dialect.token_limit(request).unwrap_or(usize::MAX);
        let words: Vec<&str> = words(&text).collect();
        let kept = words.len().min(limit);
        let calls = if dialect.has_tools(request) { calls } else { Vec::new() };
        let streamed = dialect.is_streamed(path, request);
        Reply {
            dialect,
            model: dialect.model(path, request),
            finish: Some(match () {
                () if kept < words.len() => Stop::Length,
                () if !calls.is_empty() => Stop::Calls,
                () => Stop::End,
            }),
            said: Said::Text(words[..kept].concat()),
            closed: true,
            calls,
            streamed,
            usage: if dialect.tells_usage(request, streamed) {
                Counts::Sound
            } else {
                Counts::Missing
            },
            prompt_tokens: dialect.prompt_tokens(request),
            completion_tokens: kept,
        }
    }

    /// What an answer needs that no request asked for.
    pub fn empty(dialect: Dialect) -> Reply {
        Reply::to(dialect, "", &Value::Null, String::new(), Vec::new())
    }

    /// The whole answer as it should be.
    pub fn script(&self, word_delay: Duration) -> Vec<Step> {
        if !self.streamed {
            return vec![Step::Write(json_answer(200, &[], &self.json().to_string()))];
        }
        let events = sse(&self.events());
        if word_delay.is_zero() {
            return vec![Step::Write(chunked(&events))];
        }
        let mut script = vec![Step::Write(stream_head())];
        for event in &events {
            script.extend([Step::Write(chunk(event)), Step::Wait(word_delay)]);
        }
        script.push(Step::Write(LAST_CHUNK.to_vec()));
        script
    }

    /// The plain reply.
    pub fn json(&self) -> Value {
        self.dialect.json(self)
    }

    /// The events of the streamed reply, the closing mark included.
    pub fn events(&self) -> Vec<Event> {
        self.dialect.events(self)
    }

    pub fn text(&self) -> &str {
        match &self.said {
            Said::Text(text) => text,
            Said::Null | Said::Refusal(_) | Said::Nothing => "",
        }
    }

    pub fn refusal(&self) -> Option<&str> {
        match &self.said {
            Said::Refusal(text) => Some(text),
            Said::Text(_) | Said::Null | Said::Nothing => None,
        }
    }

    /// The same reply with one more token, for who counts twice.
    pub fn larger(&self) -> Reply {
        Reply { completion_tokens: self.completion_tokens + 1, ..self.clone() }
    }

    /// The usage as an object of the protocol's own fields: input, output, cached and so on.
    pub fn usage_object(&self, sound: Value, odd: [&str; 2]) -> Value {
        match self.usage {
            Counts::Missing => Value::Null,
            Counts::Odd => json!({odd[0]: -3, odd[1]: "many"}),
            Counts::Sound | Counts::Twice => sound,
        }
    }

    /// The id of the n-th call.
    pub fn call_id(place: usize) -> String {
        format!("call_test_{place}")
    }
}

/// A text in the pieces it is streamed in.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(' ')
}

/// A text in two halves, for arguments that arrive in pieces.
pub(super) fn halves(text: &str) -> [&str; 2] {
    let middle = (text.len() / 2..=text.len()).find(|at| text.is_char_boundary(*at));
    let (first, second) = text.split_at(middle.unwrap_or(text.len()));
    [first, second]
}
