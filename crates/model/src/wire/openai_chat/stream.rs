//! Replies that arrive event by event, put together.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::message::{Logprobs, Said, Text, with_ids};
use super::{broken_off, finish_of, usage_of};
use crate::sse::Event;
use crate::stream::DONE;
use crate::wire::{Assembly, malformed, non_empty, reason, says_something, truncated};
use crate::{Content, Failure, Finish, TokenLogprob, ToolCall, Usage, classify};

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
    delta: Option<Said>,
    logprobs: Option<Logprobs>,
    finish_reason: Option<String>,
    error: Option<Value>,
}

/// A streamed reply in the making.
#[derive(Default)]
pub(super) struct Parts {
    text: String,
    refusal: String,
    reasoning: String,
    /// By the index that the server gives each call.
    calls: BTreeMap<u64, ToolCall>,
    logprobs: Option<Vec<TokenLogprob>>,
    finish: Option<Finish>,
    usage: Usage,
    choices: usize,
    /// Whether anything was generated, or counted: text, reasoning, a call.
    begun: bool,
    done: bool,
}

impl Assembly for Parts {
    fn take(&mut self, event: &Event, on_text: &mut dyn FnMut(&str)) -> Result<(), Failure> {
        if event.data == DONE {
            self.done = true;
            return Ok(());
        }
        match serde_json::from_str::<Chunk>(&event.data) {
            Ok(chunk) => self.add(chunk, event, on_text),
            Err(_) if event.name == "error" => Err(self.reported(&event.data)),
            // Named events are extensions; this wire's own have no name.
            Err(_) if !event.name.is_empty() => Ok(()),
            Err(error) => Err(malformed(format!(
                "an event of the stream is not a chat completion chunk: {error}"
            ))),
        }
    }

    fn is_done(&self) -> bool {
        self.done
    }

    fn end(self: Box<Self>) -> Result<Content, Failure> {
        if !self.done {
            return Err(truncated("the stream ended without its closing mark"));
        }
        if self.choices == 0 {
            return Err(malformed("the reply holds no choice"));
        }
        let Some(finish) = self.finish else {
            return Err(truncated("the stream closed without a finish reason"));
        };
        let refused = self.text.is_empty() && !self.refusal.is_empty();
        Ok(Content {
            text: if refused { self.refusal } else { self.text },
            finish: if refused { Finish::Refusal } else { finish },
            usage: self.usage,
            tool_calls: with_ids(self.calls.into_values()),
            logprobs: self.logprobs,
            reasoning: non_empty(self.reasoning),
        })
    }
}

impl Parts {
    fn add(
        &mut self,
        chunk: Chunk,
        event: &Event,
        on_text: &mut dyn FnMut(&str),
    ) -> Result<(), Failure> {
        if let Some(usage) = &chunk.usage {
            self.usage = usage_of(usage).or(self.usage);
            self.begun |= self.usage.is_told();
        }
        if event.name == "error" || chunk.error.as_ref().is_some_and(says_something) {
            return Err(self.reported(&event.data));
        }
        for choice in chunk.choices.into_iter().flatten().filter(|choice| choice.index == 0) {
            self.choices += 1;
            if let Some(delta) = choice.delta {
                self.say(delta, on_text);
            }
            if let Some(told) = choice.logprobs.and_then(|logprobs| logprobs.content) {
                let logprobs = self.logprobs.get_or_insert_default();
                logprobs.extend(told.into_iter().map(TokenLogprob::from));
            }
            if let Some(reason) = reason(choice.finish_reason) {
                if let Some(error) = broken_off(&reason, choice.error) {
                    return Err(classify::of_reported(&error, true));
                }
                self.finish = Some(finish_of(&reason));
            }
        }
        Ok(())
    }

    fn say(&mut self, mut delta: Said, on_text: &mut dyn FnMut(&str)) {
        self.begun |= delta.tool_calls.is_some() || delta.function_call.is_some();
        self.reasoning.push_str(&delta.take_reasoning());
        let old = delta.take_function_call();
        let text = delta.content.map(Text::into_string).unwrap_or_default();
        if !text.is_empty() {
            self.text.push_str(&text);
            on_text(&text);
        }
        self.refusal.push_str(delta.refusal.as_deref().unwrap_or_default());
        self.begun |=
            [&self.text, &self.reasoning, &self.refusal].iter().any(|said| !said.is_empty());
        for (place, called) in delta.tool_calls.into_iter().flatten().enumerate() {
            let index = called.index.unwrap_or(place as u64);
            called.add_to(self.calls.entry(index).or_default());
        }
        if let Some(function) = old {
            function.add_to(self.calls.entry(0).or_default());
        }
    }

    fn reported(&self, data: &str) -> Failure {
        let body = serde_json::from_str(data).unwrap_or_else(|_| Value::String(data.to_owned()));
        classify::of_reported(&body, self.begun)
    }
}
