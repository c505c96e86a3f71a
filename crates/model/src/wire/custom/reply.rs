//! Replies, read by the declared paths.

use serde_json::Value;

use super::Paths;
use crate::sse::Event;
use crate::wire::{Assembly, has_error, malformed, truncated};
use crate::{Content, Failure, Finish, Usage, classify};

pub(super) fn of_whole(paths: &Paths, reply: &Value) -> Result<Content, Failure> {
    let usage = usage_in(paths, reply);
    if has_error(reply) {
        return Err(classify::of_reported(reply, usage.is_told()));
    }
    let Some(text) = paths.output.text(reply) else {
        return Err(malformed("the reply has nothing where its text should be"));
    };
    let finish = finish_in(paths, reply);
    if paths.finish.is_some() && finish.is_none() {
        return Err(truncated("the reply does not say that it is finished"));
    }
    Ok(Content { text, finish: finish.unwrap_or_default(), usage, ..Content::default() })
}

/// The words of the OpenAI chat wire and their like; any other is kept as it is, but for those that deny: `false`, 0,
/// an empty text and the text `null` say that the reply goes on.
fn finish_in(paths: &Paths, reply: &Value) -> Option<Finish> {
    let reason = paths.finish.as_ref()?.affirmed(reply)?;
    Some(match reason.to_ascii_lowercase().as_str() {
        "stop" | "end_turn" | "completed" | "complete" | "done" | "true" => Finish::Stop,
        "length" | "max_tokens" => Finish::Length,
        "content_filter" => Finish::ContentFilter,
        "refusal" => Finish::Refusal,
        _ => Finish::Other(reason),
    })
}

fn usage_in(paths: &Paths, reply: &Value) -> Usage {
    let count = |path: &Option<super::Path>| path.as_ref()?.find(reply)?.as_u64();
    Usage {
        input: count(&paths.input_tokens),
        output: count(&paths.output_tokens),
        cached: count(&paths.cached_tokens),
        ..Usage::default()
    }
}

/// A streamed reply in the making.
pub(super) struct Parts {
    paths: Paths,
    text: String,
    finish: Option<Finish>,
    usage: Usage,
    deltas: usize,
    /// Events of any kind: what a server of the user's own does before its first text is not known to be free.
    events: usize,
    done: bool,
}

impl Parts {
    pub fn new(paths: Paths) -> Parts {
        let (text, finish, usage) = (String::new(), None, Usage::default());
        Parts { paths, text, finish, usage, deltas: 0, events: 0, done: false }
    }
}

impl Assembly for Parts {
    fn take(&mut self, event: &Event, on_text: &mut dyn FnMut(&str)) -> Result<(), Failure> {
        if event.data == self.paths.closing_mark {
            self.done = true;
            return Ok(());
        }
        let said: Value = match serde_json::from_str(&event.data) {
            Ok(said) => said,
            Err(_) if event.name == "error" => Value::String(event.data.clone()),
            // Named events may be anything.
            Err(_) if !event.name.is_empty() => return Ok(()),
            Err(error) => {
                return Err(malformed(format!("an event of the stream is not JSON: {error}")));
            }
        };
        if event.name == "error" || has_error(&said) {
            return Err(classify::of_reported(&said, self.events > 0));
        }
        self.events += 1;
        if let Some(text) = self.paths.delta.as_ref().and_then(|delta| delta.text(&said)) {
            self.deltas += 1;
            self.text.push_str(&text);
            if !text.is_empty() {
                on_text(&text);
            }
        }
        self.finish = finish_in(&self.paths, &said).or(self.finish.take());
        self.usage = usage_in(&self.paths, &said).or(self.usage);
        Ok(())
    }

    fn is_done(&self) -> bool {
        self.done
    }

    fn end(self: Box<Self>) -> Result<Content, Failure> {
        if !self.done && self.finish.is_none() {
            return Err(truncated("the stream ended without its closing mark"));
        }
        if self.deltas == 0 {
            return Err(malformed("the stream has nothing where its text should be"));
        }
        if self.paths.finish.is_some() && self.finish.is_none() {
            return Err(truncated("the stream closed without a finish reason"));
        }
        Ok(Content {
            text: self.text,
            finish: self.finish.unwrap_or_default(),
            usage: self.usage,
            ..Content::default()
        })
    }
}
