//! Replies that arrive all at once.

use serde::Deserialize;
use serde_json::Value;

use super::{finish_of, usage_of};
use crate::wire::{malformed, non_empty, parse, reason, says_something, truncated};
use crate::{Content, Failure, ToolCall, classify};

#[derive(Deserialize)]
struct Answer {
    content: Option<Vec<Value>>,
    stop_reason: Option<String>,
    usage: Option<Value>,
    error: Option<Value>,
}

/// A block of content that means something here. Others (results of the server's own tools, thinking that is hidden)
/// are in the raw reply.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Block {
    Text {
        #[serde(default)]
        text: String,
    },
    Thinking {
        #[serde(default)]
        thinking: String,
    },
    ToolUse {
        #[serde(default)]
        id: String,
        #[serde(default)]
        name: String,
        #[serde(default)]
        input: Value,
    },
    #[serde(other)]
    Other,
}

pub(super) fn decode(raw: &[u8]) -> Result<Content, Failure> {
    let answer: Answer = parse(raw, "a message")?;
    let usage = answer.usage.as_ref().map(usage_of).unwrap_or_default();
    if let Some(error) = answer.error.filter(says_something) {
        return Err(classify::of_reported(&error, usage.is_told()));
    }
    let blocks = answer.content.ok_or_else(|| malformed("the reply holds no content"))?;
    let reason = reason(answer.stop_reason)
        .ok_or_else(|| truncated("the reply does not say that it is finished"))?;
    let mut content = Content { finish: finish_of(&reason), usage, ..Content::default() };
    let mut thinking = String::new();
    for block in blocks {
        match serde_json::from_value(block) {
            Ok(Block::Text { text }) => content.text.push_str(&text),
            Ok(Block::Thinking { thinking: more }) => thinking.push_str(&more),
            Ok(Block::ToolUse { id, name, input }) => {
                content.tool_calls.push(ToolCall {
                    id,
                    name,
                    arguments: input.to_string(),
                    signature: None,
                });
            }
            Ok(Block::Other) => {}
            Err(error) => return Err(malformed(format!("a block of the reply is odd: {error}"))),
        }
    }
    content.reasoning = non_empty(thinking);
    Ok(content)
}
