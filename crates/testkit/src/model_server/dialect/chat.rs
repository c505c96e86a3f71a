//! OpenAI chat completions. Source: OpenAI API reference, "Create chat completion", "Streaming", "Error codes".

use serde_json::{Value, json};

use super::Refusal;
use crate::model_server::fault::Problem;
use crate::model_server::reply::{Counts, Event, Reply, Said, Stop, halves, words};

pub(super) fn json(reply: &Reply) -> Value {
    let content = match &reply.said {
        Said::Text(text) => json!(text),
        Said::Null | Said::Refusal(_) | Said::Nothing => Value::Null,
    };
    let mut message = json!({"role": "assistant", "content": content, "refusal": reply.refusal()});
    if !reply.calls.is_empty() {
        message["tool_calls"] = reply.calls.iter().enumerate().map(call).collect();
    }
    let choice =
        json!({"index": 0, "message": message, "logprobs": null, "finish_reason": finish(reply)});
    json!({
        "id": "chatcmpl-test",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": reply.model,
        "choices": if reply.said == Said::Nothing { json!([]) } else { json!([choice]) },
        "usage": usage(reply),
    })
}

/// The chunks of a stream. Most are written as text because a benchmark asks for hundreds of thousands of them.
pub(super) fn events(reply: &Reply) -> Vec<Event> {
    let mut events = Vec::new();
    let mut delta =
        |delta: &Value| events.push(event(reply, &choice(&delta.to_string(), "null"), "null"));
    match &reply.said {
        Said::Text(text) => {
            delta(&json!({"role": "assistant", "content": ""}));
            let content = |word| format!(r#"{{"content":{}}}"#, Value::from(word));
            events.extend(
                words(text).map(|word| event(reply, &choice(&content(word), "null"), "null")),
            );
        }
        Said::Null => delta(&json!({"role": "assistant", "content": null})),
        Said::Refusal(text) => {
            halves(text).iter().for_each(|half| delta(&json!({"refusal": half})))
        }
        Said::Nothing => {}
    }
    events.extend(reply.calls.iter().enumerate().flat_map(|call| call_events(reply, call)));
    if let Some(finish) = finish(reply).filter(|_| reply.said != Said::Nothing) {
        events.push(event(reply, &choice("{}", &json!(finish).to_string()), "null"));
    }
    if reply.usage != Counts::Missing {
        events.push(event(reply, "[]", &usage(reply).to_string()));
    }
    if reply.usage == Counts::Twice {
        events.push(event(reply, "[]", &usage(&reply.larger()).to_string()));
    }
    events.extend(reply.closed.then(|| Event::unnamed("[DONE]")));
    events
}

pub(super) fn before_work(reply: &Reply) -> Vec<Event> {
    vec![event(reply, &choice(r#"{"role":"assistant","content":""}"#, "null"), "null")]
}

pub(super) fn thinking(reply: &Reply) -> Vec<Event> {
    let thought = event(reply, &choice(r#"{"reasoning_content":"Hm."}"#, "null"), "null");
    before_work(reply).into_iter().chain([thought]).collect()
}

/// A call arrives with its name first, and then its arguments in pieces.
fn call_events(reply: &Reply, (place, (name, arguments)): (usize, &(String, Value))) -> Vec<Event> {
    let arguments = arguments.to_string();
    let function = json!({"name": name, "arguments": ""});
    let head = json!({"index": place, "id": Reply::call_id(place), "type": "function", "function": function});
    let pieces =
        halves(&arguments).map(|half| json!({"index": place, "function": {"arguments": half}}));
    let deltas = [head].into_iter().chain(pieces).map(|call| json!({"tool_calls": [call]}));
    deltas.map(|delta| event(reply, &choice(&delta.to_string(), "null"), "null")).collect()
}

fn call((place, (name, arguments)): (usize, &(String, Value))) -> Value {
    json!({
        "id": Reply::call_id(place),
        "type": "function",
        "function": {"name": name, "arguments": arguments.to_string()},
    })
}

fn event(reply: &Reply, choices: &str, usage: &str) -> Event {
    let model = Value::from(reply.model.as_str());
    Event::unnamed(format!(
        r#"{{"id":"chatcmpl-test","object":"chat.completion.chunk","created":1700000000,"model":{model},"choices":{choices},"usage":{usage}}}"#
    ))
}

fn choice(delta: &str, finish: &str) -> String {
    format!(r#"[{{"index":0,"delta":{delta},"logprobs":null,"finish_reason":{finish}}}]"#)
}

fn finish(reply: &Reply) -> Option<&'static str> {
    reply.finish.map(|stop| match stop {
        Stop::End => "stop",
        Stop::Length => "length",
        Stop::Filter => "content_filter",
        Stop::Calls => "tool_calls",
        Stop::Blank => "",
    })
}

fn usage(reply: &Reply) -> Value {
    let Reply { prompt_tokens, completion_tokens, .. } = reply;
    let sound = json!({
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
        "prompt_tokens_details": {"cached_tokens": 0},
    });
    reply.usage_object(sound, ["prompt_tokens", "completion_tokens"])
}

pub(super) fn refusal(problem: Problem) -> Refusal {
    let (status, message, kind, code) = match problem {
        Problem::RateLimited => {
            (429, "Rate limit reached for requests", "requests", "rate_limit_exceeded")
        }
        Problem::QuotaExhausted => (
            429,
            "You exceeded your current quota, please check your plan and billing details.",
            "insufficient_quota",
            "insufficient_quota",
        ),
        Problem::BadRequest => {
            (400, "Invalid value for 'temperature'", "invalid_request_error", "invalid_value")
        }
        Problem::Unauthorized => {
            (401, "Incorrect API key provided", "invalid_request_error", "invalid_api_key")
        }
        Problem::NotFound => {
            (404, "The model does not exist", "invalid_request_error", "model_not_found")
        }
        Problem::ServerError => (500, "The server had an error", "server_error", "internal_error"),
        Problem::Overloaded => {
            (503, "The engine is currently overloaded", "server_error", "overloaded")
        }
    };
    let error = json!({"message": message, "type": kind, "param": null, "code": code});
    Refusal::new(status, error_json(&error))
}

pub(super) fn error_event(error: &Value) -> Event {
    Event::unnamed(error_json(error))
}

pub(super) fn error_json(error: &Value) -> Value {
    json!({"error": error})
}

pub(super) fn models(ids: &[String], more: bool) -> Value {
    let data: Vec<Value> =
        ids.iter().map(|id| json!({"id": id, "object": "model", "owned_by": "assay"})).collect();
    match more {
        true => json!({"object": "list", "data": data, "has_more": true}),
        false => json!({"object": "list", "data": data}),
    }
}
