//! Replies that arrive all at once.

use serde::Deserialize;
use serde_json::Value;

use super::message::{Logprobs, Said, Text, with_ids};
use super::{broken_off, finish_of, usage_of};
use crate::wire::{malformed, non_empty, parse, reason, says_something, truncated};
use crate::{Content, Failure, Finish, TokenLogprob, ToolCall, classify};

#[derive(Deserialize)]
struct Answer {
    choices: Option<Vec<Choice>>,
    usage: Option<Value>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Choice {
    message: Option<Said>,
    logprobs: Option<Logprobs>,
    finish_reason: Option<String>,
    /// OpenRouter's, for a generation that broke off.
    error: Option<Value>,
}

pub(super) fn decode(raw: &[u8]) -> Result<Content, Failure> {
    let answer: Answer = parse(raw, "a chat completion")?;
    let usage = answer.usage.as_ref().map(usage_of).unwrap_or_default();
    if let Some(error) = answer.error.filter(says_something) {
        return Err(classify::of_reported(&error, usage.is_told()));
    }
    let choice = answer.choices.and_then(|choices| choices.into_iter().next());
    let choice = choice.ok_or_else(|| malformed("the reply holds no choice"))?;
    let reason = reason(choice.finish_reason)
        .ok_or_else(|| truncated("the reply does not say that it is finished"))?;
    if let Some(error) = broken_off(&reason, choice.error) {
        return Err(classify::of_reported(&error, true));
    }
    let mut said = choice.message.unwrap_or_default();
    let (reasoning, tool_calls) = (non_empty(said.take_reasoning()), tool_calls(&mut said));
    let (text, finish) = match (said.content, said.refusal) {
        (None, Some(refusal)) => (refusal, Finish::Refusal),
        (content, _) => (content.map(Text::into_string).unwrap_or_default(), finish_of(&reason)),
    };
    let logprobs = choice.logprobs.and_then(|logprobs| logprobs.content);
    Ok(Content {
        text,
        finish,
        usage,
        tool_calls,
        logprobs: logprobs.map(|told| told.into_iter().map(TokenLogprob::from).collect()),
        reasoning,
    })
}

fn tool_calls(said: &mut Said) -> Vec<ToolCall> {
    let old = said.take_function_call();
    let called = said.tool_calls.take().into_iter().flatten().map(|called| {
        let mut call = ToolCall::default();
        called.add_to(&mut call);
        call
    });
    let old = old.map(|function| {
        let mut call = ToolCall::default();
        function.add_to(&mut call);
        call
    });
    with_ids(called.chain(old))
}
