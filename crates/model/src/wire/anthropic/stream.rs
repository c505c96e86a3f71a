//! Replies that arrive event by event, put together.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::reply::Block;
use super::{finish_of, usage_of};
use crate::sse::Event;
use crate::wire::{Assembly, malformed, non_empty, reason, truncated};
use crate::{Content, Failure, Finish, ToolCall, Usage, classify};

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Said {
    MessageStart {
        message: Started,
    },
    ContentBlockStart {
        #[serde(default)]
        index: u64,
        content_block: Block,
    },
    ContentBlockDelta {
        #[serde(default)]
        index: u64,
        delta: Delta,
    },
    MessageDelta {
        delta: Stopped,
        usage: Option<Value>,
    },
    MessageStop,
    Error,
    /// `ping`, `content_block_stop`, and whatever comes to be: the API's versioning policy adds events.
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Started {
    usage: Option<Value>,
}

#[derive(Deserialize)]
#[serde(tag = "type")]
enum Delta {
    #[serde(rename = "text_delta")]
    Text { text: String },
    #[serde(rename = "input_json_delta")]
    InputJson { partial_json: String },
    #[serde(rename = "thinking_delta")]
    Thinking { thinking: String },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Stopped {
    stop_reason: Option<String>,
}

/// A streamed reply in the making.
#[derive(Default)]
pub(super) struct Parts {
    text: String,
    thinking: String,
    /// By the index of their blocks.
    calls: BTreeMap<u64, ToolCall>,
    finish: Option<Finish>,
    usage: Usage,
    started: bool,
    /// Whether a block was begun, of whatever kind, or tokens were counted.
    begun: bool,
    done: bool,
}

impl Assembly for Parts {
    fn take(&mut self, event: &Event, on_text: &mut dyn FnMut(&str)) -> Result<(), Failure> {
        match serde_json::from_str::<Said>(&event.data) {
            Ok(Said::Error) => Err(self.reported(&event.data)),
            Ok(said) => {
                self.add(said, on_text);
                Ok(())
            }
            Err(_) if event.name == "error" || crate::wire::reports_error(&event.data) => {
                Err(self.reported(&event.data))
            }
            // What is not known by its name may have any form.
            Err(_) if !is_known(&event.name) => Ok(()),
            Err(error) => {
                Err(malformed(format!("an event of the stream is not a message's: {error}")))
            }
        }
    }

    fn is_done(&self) -> bool {
        self.done
    }

    fn end(self: Box<Self>) -> Result<Content, Failure> {
        if !self.done {
            return Err(truncated("the stream ended without `message_stop`"));
        }
        if !self.started {
            return Err(malformed("the reply holds no message"));
        }
        let Some(finish) = self.finish else {
            return Err(truncated("the stream closed without a stop reason"));
        };
        Ok(Content {
            text: self.text,
            finish,
            usage: self.usage,
            tool_calls: joined(self.calls).into_iter().map(with_arguments).collect(),
            logprobs: None,
            reasoning: non_empty(self.thinking),
        })
    }
}

impl Parts {
    fn add(&mut self, said: Said, on_text: &mut dyn FnMut(&str)) {
        match said {
            Said::MessageStart { message } => {
                self.started = true;
                self.count(message.usage.as_ref());
            }
            Said::ContentBlockStart { index, content_block } => {
                self.begun = true;
                self.begin(index, content_block, on_text);
            }
            Said::ContentBlockDelta { index, delta } => {
                self.begun = true;
                self.go_on(index, delta, on_text);
            }
            Said::MessageDelta { delta, usage } => {
                self.count(usage.as_ref());
                if let Some(reason) = reason(delta.stop_reason) {
                    self.finish = Some(finish_of(&reason));
                }
            }
            Said::MessageStop => self.done = true,
            Said::Error | Said::Other => {}
        }
    }

    fn count(&mut self, usage: Option<&Value>) {
        if let Some(usage) = usage {
            self.usage = usage_of(usage).or(self.usage);
            self.begun |= self.usage.is_told();
        }
    }

    fn begin(&mut self, index: u64, block: Block, on_text: &mut dyn FnMut(&str)) {
        match block {
            Block::Text { text } => self.say(&text, on_text),
            Block::Thinking { thinking } => self.thinking.push_str(&thinking),
            Block::ToolUse { id, name, input } => {
                // The input of a streamed call begins empty; a server that has all of it at once says so here.
                let told = input.as_object().is_some_and(|input| !input.is_empty());
                let arguments = if told { input.to_string() } else { String::new() };
                self.calls.insert(index, ToolCall { id, name, arguments, signature: None });
            }
            Block::Other => {}
        }
    }

    fn go_on(&mut self, index: u64, delta: Delta, on_text: &mut dyn FnMut(&str)) {
        match delta {
            Delta::Text { text } => self.say(&text, on_text),
            Delta::Thinking { thinking } => self.thinking.push_str(&thinking),
            Delta::InputJson { partial_json } => {
                if let Some(call) = self.calls.get_mut(&index) {
                    call.arguments.push_str(&partial_json);
                }
            }
            Delta::Other => {}
        }
    }

    fn say(&mut self, text: &str, on_text: &mut dyn FnMut(&str)) {
        if !text.is_empty() {
            self.text.push_str(text);
            on_text(text);
        }
    }

    fn reported(&self, data: &str) -> Failure {
        let body = serde_json::from_str(data).unwrap_or_else(|_| Value::String(data.to_owned()));
        classify::of_reported(&body, self.begun)
    }
}

fn is_known(name: &str) -> bool {
    const KNOWN: [&str; 5] =
        ["", "message_start", "content_block_start", "content_block_delta", "message_delta"];
    KNOWN.contains(&name)
}

/// The calls in their order, with those put together that share an id. A LiteLLM proxy makes a block of each piece of a
/// call whose id the server behind it repeats, as llama-cpp-python does.
fn joined(calls: BTreeMap<u64, ToolCall>) -> Vec<ToolCall> {
    let mut whole: Vec<ToolCall> = Vec::new();
    for call in calls.into_values() {
        match whole.last_mut() {
            Some(last) if !call.id.is_empty() && last.id == call.id => {
                last.arguments.push_str(&call.arguments);
            }
            _ => whole.push(call),
        }
    }
    whole
}

/// A call without arguments is one with an empty object.
fn with_arguments(call: ToolCall) -> ToolCall {
    if call.arguments.is_empty() { ToolCall { arguments: "{}".to_owned(), ..call } } else { call }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_that_share_an_id_are_one_call() {
        let call = |id: &str, arguments: &str| ToolCall {
            id: id.to_owned(),
            name: "paint".to_owned(),
            arguments: arguments.to_owned(),
            signature: None,
        };
        let blocks = [
            (0, call("a", "{\"colour\"")),
            (1, call("a", ":\"red\"}")),
            (2, call("a", "")),
            (3, call("b", "{}")),
        ];
        let whole = joined(BTreeMap::from(blocks));
        assert_eq!(whole, [call("a", "{\"colour\":\"red\"}"), call("b", "{}")]);
    }
}
