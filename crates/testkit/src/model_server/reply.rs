//! A sound reply in the OpenAI chat protocol, plain and streamed, and the bytes it travels as.

use std::time::Duration;

use serde_json::{Value, json};

use super::connection::Step;

/// What the server says when nothing else was ordered: the model's name and the last message.
pub(super) fn default_text(request: &Value) -> String {
    let model = request["model"].as_str().unwrap_or_default();
    let last = request["messages"].as_array().and_then(|messages| messages.last());
    let content = last.and_then(|message| message["content"].as_str()).unwrap_or_default();
    format!("{model} heard: {content}")
}

/// A reply before it is put into bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Reply {
    pub model: String,
    pub text: String,
    pub finish: &'static str,
    pub streamed: bool,
    pub with_usage: bool,
    pub prompt_tokens: usize,
    pub completion_tokens: usize,
}

impl Reply {
    /// The reply to a request, cut to its token limit. A token is a word here.
    pub fn to(request: &Value, text: String) -> Reply {
        let limit = request["max_tokens"].as_u64().or(request["max_completion_tokens"].as_u64());
        let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
        let words: Vec<&str> = words(&text).collect();
        let kept = words.len().min(limit);
        let streamed = request["stream"].as_bool().unwrap_or(false);
        Reply {
            model: request["model"].as_str().unwrap_or_default().to_owned(),
            finish: if kept < words.len() { "length" } else { "stop" },
            text: words[..kept].concat(),
            streamed,
            with_usage: !streamed
                || request["stream_options"]["include_usage"].as_bool().unwrap_or(false),
            prompt_tokens: prompt_tokens(request),
            completion_tokens: kept,
        }
    }

    /// The whole answer as it should be.
    pub fn script(&self, word_delay: Duration) -> Vec<Step> {
        if !self.streamed {
            return vec![Step::Write(json_answer(200, &[], &self.json().to_string()))];
        }
        let events = self.sse();
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
        json!({
            "id": "chatcmpl-test",
            "object": "chat.completion",
            "created": 1_700_000_000,
            "model": self.model,
            "choices": [{
                "index": 0,
                "message": {"role": "assistant", "content": self.text, "refusal": null},
                "logprobs": null,
                "finish_reason": self.finish,
            }],
            "usage": self.usage(),
        })
    }

    /// The payloads of the streamed reply, without the closing `[DONE]`. Written as text because a benchmark asks for
    /// hundreds of thousands of them.
    pub fn events(&self) -> Vec<String> {
        let mut events = vec![self.event(&json!({"role": "assistant", "content": ""}), None)];
        events.extend(
            words(&self.text).map(|word| self.envelope(&choice(&content(word), "null"), "null")),
        );
        events.push(self.event(&json!({}), Some(self.finish)));
        if self.with_usage {
            events.push(self.usage_event(&self.usage()));
        }
        events
    }

    /// The chunk that follows the last choice and carries the usage.
    pub fn usage_event(&self, usage: &Value) -> String {
        self.envelope("[]", &usage.to_string())
    }

    pub fn usage(&self) -> Value {
        json!({
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.prompt_tokens + self.completion_tokens,
            "prompt_tokens_details": {"cached_tokens": 0},
        })
    }

    pub fn event(&self, delta: &Value, finish: Option<&str>) -> String {
        self.envelope(&choice(&delta.to_string(), &json!(finish).to_string()), "null")
    }

    fn envelope(&self, choices: &str, usage: &str) -> String {
        let model = Value::from(self.model.as_str());
        format!(
            r#"{{"id":"chatcmpl-test","object":"chat.completion.chunk","created":1700000000,"model":{model},"choices":{choices},"usage":{usage}}}"#
        )
    }

    fn sse(&self) -> Vec<Vec<u8>> {
        sse(&self.events())
    }
}

/// Payloads as server-sent events, with `[DONE]` after the last.
pub(super) fn sse(events: &[String]) -> Vec<Vec<u8>> {
    let mut lines = sse_open(events);
    lines.push(b"data: [DONE]\n\n".to_vec());
    lines
}

/// Payloads as server-sent events, without a closing `[DONE]`.
pub(super) fn sse_open(events: &[String]) -> Vec<Vec<u8>> {
    events.iter().map(|event| format!("data: {event}\n\n").into_bytes()).collect()
}

pub(super) const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// The head of a streamed answer.
pub(super) fn stream_head() -> Vec<u8> {
    head(200, "text/event-stream", &[("transfer-encoding", "chunked")])
}

/// One piece in HTTP's chunked coding.
pub(super) fn chunk(piece: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{:x}\r\n", piece.len()).into_bytes();
    bytes.extend_from_slice(piece);
    bytes.extend_from_slice(b"\r\n");
    bytes
}

/// A whole streamed answer, one HTTP chunk for each piece.
pub(super) fn chunked(pieces: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = stream_head();
    for piece in pieces {
        bytes.extend(chunk(piece));
    }
    bytes.extend_from_slice(LAST_CHUNK);
    bytes
}

/// A whole answer of known length.
pub(super) fn sized(
    status: u16,
    media_type: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Vec<u8> {
    let length = body.len().to_string();
    let headers: Vec<_> =
        headers.iter().copied().chain([("content-length", length.as_str())]).collect();
    let mut bytes = head(status, media_type, &headers);
    bytes.extend_from_slice(body);
    bytes
}

/// A whole answer in JSON.
pub(super) fn json_answer(status: u16, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    sized(status, "application/json", headers, body.as_bytes())
}

pub(super) fn head(status: u16, media_type: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} Scripted\r\ncontent-type: {media_type}\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    head.into_bytes()
}

fn choice(delta: &str, finish: &str) -> String {
    format!(r#"[{{"index":0,"delta":{delta},"logprobs":null,"finish_reason":{finish}}}]"#)
}

fn content(word: &str) -> String {
    format!(r#"{{"content":{}}}"#, Value::from(word))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(' ')
}

fn prompt_tokens(request: &Value) -> usize {
    let messages = request["messages"].as_array().into_iter().flatten();
    messages
        .filter_map(|message| message["content"].as_str())
        .map(|content| words(content).count())
        .sum()
}
