//! Replies that arrive all at once.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::Content;
use super::stream::{Text, finish_of, usage_of};
use crate::classify;
use crate::reply::Finish;
use crate::{Failure, FailureKind};

#[derive(Deserialize)]
struct Answer {
    choices: Option<Vec<Choice>>,
    usage: Option<Value>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Choice {
    message: Option<Said>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Said {
    content: Option<Text>,
    refusal: Option<String>,
}

#[derive(Deserialize)]
struct Models {
    data: Option<Vec<Model>>,
}

#[derive(Deserialize)]
struct Model {
    id: String,
}

pub(super) fn decode(raw: &[u8], latency: Duration) -> Result<Content, Failure> {
    let body = without_mark(raw);
    let answer: Answer = serde_json::from_slice(body).map_err(|error| not_a_reply(body, &error))?;
    if let Some(error) = answer.error.filter(|error| !error.is_null()) {
        return Err(classify::of_reported(&error, false));
    }
    let choice = answer.choices.and_then(|choices| choices.into_iter().next());
    let choice = choice
        .ok_or_else(|| Failure::of_reply(FailureKind::Malformed, "the reply holds no choice"))?;
    let reason = choice.finish_reason.ok_or_else(|| {
        Failure::of_reply(FailureKind::Truncated, "the reply does not say that it is finished")
    })?;
    let said = choice.message.unwrap_or(Said { content: None, refusal: None });
    let (text, finish) = match (said.content, said.refusal) {
        (None, Some(refusal)) => (refusal, Finish::Other("refusal".to_owned())),
        (content, _) => (content.map(Text::into_string).unwrap_or_default(), finish_of(&reason)),
    };
    Ok(Content {
        text,
        finish,
        usage: answer.usage.as_ref().map(usage_of).unwrap_or_default(),
        latency,
    })
}

pub(super) fn decode_models(raw: &[u8]) -> Result<Vec<String>, Failure> {
    let body = without_mark(raw);
    let models: Models = serde_json::from_slice(body).map_err(|error| not_a_reply(body, &error))?;
    let mut ids: Vec<String> =
        models.data.unwrap_or_default().into_iter().map(|model| model.id).collect();
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// Why a body is no reply. An array of one error object is how Gemini's compatible endpoint reports.
fn not_a_reply(body: &[u8], error: &serde_json::Error) -> Failure {
    if body.trim_ascii().is_empty() {
        return Failure::of_reply(FailureKind::Malformed, "the reply is empty");
    }
    if error.is_eof() {
        return Failure::of_reply(FailureKind::Truncated, "the reply ends in the middle");
    }
    match serde_json::from_slice::<Value>(body) {
        Ok(value) if value.pointer("/0/error").is_some() => classify::of_reported(&value, false),
        Ok(_) => Failure::of_reply(
            FailureKind::Malformed,
            format!("the reply is not a chat completion: {error}"),
        ),
        Err(error) => {
            Failure::of_reply(FailureKind::Malformed, format!("the reply is not JSON: {error}"))
        }
    }
}

fn without_mark(raw: &[u8]) -> &[u8] {
    raw.strip_prefix(b"\xef\xbb\xbf").unwrap_or(raw)
}
