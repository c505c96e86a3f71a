//! Anthropic Messages. Source: Anthropic API reference, "Create a Message", "Streaming Messages", "Errors".

use serde_json::{Value, json};

use super::Refusal;
use crate::model_server::fault::Problem;
use crate::model_server::reply::{Counts, Event, Reply, Said, Stop, halves, words};

pub(super) fn json(reply: &Reply) -> Value {
    json!({
        "id": "msg_test",
        "type": "message",
        "role": "assistant",
        "model": reply.model,
        "content": if reply.said == Said::Nothing { Value::Null } else { json!(content(reply)) },
        "stop_reason": stop_reason(reply),
        "stop_sequence": null,
        "usage": usage(reply),
    })
}

fn content(reply: &Reply) -> Vec<Value> {
    let text = reply.refusal().unwrap_or(reply.text());
    let text = (!text.is_empty()).then(|| json!({"type": "text", "text": text}));
    let calls = reply.calls.iter().enumerate().map(|(place, (name, arguments))| {
        json!({"type": "tool_use", "id": Reply::call_id(place), "name": name, "input": arguments})
    });
    text.into_iter().chain(calls).collect()
}

pub(super) fn events(reply: &Reply) -> Vec<Event> {
    let mut events = Vec::new();
    if reply.said != Said::Nothing {
        events.push(start(reply));
        events.push(Event::named("ping", json!({"type": "ping"})));
        events.extend(text_block(reply));
        events.extend(reply.calls.iter().enumerate().flat_map(call_block));
        events.push(end(reply, reply));
    }
    if reply.usage == Counts::Twice {
        events.push(end(reply, &reply.larger()));
    }
    events.extend(
        reply.closed.then(|| Event::named("message_stop", json!({"type": "message_stop"}))),
    );
    events
}

pub(super) fn before_work() -> Vec<Event> {
    vec![Event::named("ping", json!({"type": "ping"}))]
}

pub(super) fn thinking(reply: &Reply) -> Vec<Event> {
    let uncounted = Reply { usage: Counts::Missing, ..reply.clone() };
    vec![start(&uncounted), block_start(0, json!({"type": "thinking", "thinking": ""}))]
}

fn start(reply: &Reply) -> Event {
    let mut message = json(reply);
    message["content"] = json!([]);
    message["stop_reason"] = Value::Null;
    if reply.usage == Counts::Sound || reply.usage == Counts::Twice {
        message["usage"]["output_tokens"] = json!(1);
    }
    Event::named("message_start", json!({"type": "message_start", "message": message}))
}

fn text_block(reply: &Reply) -> Vec<Event> {
    let text = reply.refusal().unwrap_or(reply.text());
    if text.is_empty() {
        return Vec::new();
    }
    let deltas = words(text).map(|word| delta(0, json!({"type": "text_delta", "text": word})));
    let mut events = vec![block_start(0, json!({"type": "text", "text": ""}))];
    events.extend(deltas);
    events.push(block_stop(0));
    events
}

fn call_block((place, (name, arguments)): (usize, &(String, Value))) -> Vec<Event> {
    let index = place + 1;
    let block = json!({"type": "tool_use", "id": Reply::call_id(place), "name": name, "input": {}});
    let arguments = arguments.to_string();
    let deltas = halves(&arguments)
        .map(|half| delta(index, json!({"type": "input_json_delta", "partial_json": half})));
    let mut events = vec![block_start(index, block)];
    events.extend(deltas);
    events.push(block_stop(index));
    events
}

fn block_start(index: usize, block: Value) -> Event {
    let data = json!({"type": "content_block_start", "index": index, "content_block": block});
    Event::named("content_block_start", data)
}

fn delta(index: usize, delta: Value) -> Event {
    let data = json!({"type": "content_block_delta", "index": index, "delta": delta});
    Event::named("content_block_delta", data)
}

fn block_stop(index: usize) -> Event {
    Event::named("content_block_stop", json!({"type": "content_block_stop", "index": index}))
}

fn end(reply: &Reply, counted: &Reply) -> Event {
    let usage = match reply.usage {
        Counts::Sound | Counts::Twice => json!({"output_tokens": counted.completion_tokens}),
        Counts::Missing => Value::Null,
        Counts::Odd => json!({"output_tokens": "many"}),
    };
    let delta = json!({"stop_reason": stop_reason(reply), "stop_sequence": null});
    Event::named("message_delta", json!({"type": "message_delta", "delta": delta, "usage": usage}))
}

/// The protocol has one word for a model that declines and for a filter.
fn stop_reason(reply: &Reply) -> Value {
    if reply.refusal().is_some() {
        return json!("refusal");
    }
    match reply.finish {
        None => Value::Null,
        Some(Stop::End) => json!("end_turn"),
        Some(Stop::Length) => json!("max_tokens"),
        Some(Stop::Filter) => json!("refusal"),
        Some(Stop::Calls) => json!("tool_use"),
        Some(Stop::Blank) => json!(""),
    }
}

fn usage(reply: &Reply) -> Value {
    let sound = json!({
        "input_tokens": reply.prompt_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": reply.completion_tokens,
        "service_tier": "standard",
    });
    reply.usage_object(sound, ["input_tokens", "output_tokens"])
}

pub(super) fn refusal(problem: Problem) -> Refusal {
    let (status, kind, message) = match problem {
        Problem::RateLimited => (429, "rate_limit_error", "Rate limit reached for requests"),
        Problem::QuotaExhausted => (429, "rate_limit_error", "The spend limit has been reached"),
        Problem::BadRequest => (400, "invalid_request_error", "temperature: Input should be <= 1"),
        Problem::Unauthorized => (401, "authentication_error", "invalid x-api-key"),
        Problem::NotFound => (404, "not_found_error", "model: claude-none"),
        Problem::ServerError => (500, "api_error", "Internal server error"),
        Problem::Overloaded => (529, "overloaded_error", "Overloaded"),
    };
    let mut error = json!({"type": kind, "message": message});
    if problem == Problem::QuotaExhausted {
        error["details"] = json!({"error_code": "enforced_spend_limit_reached"});
    }
    Refusal::new(status, error_json(&error))
}

pub(super) fn error_event(error: &Value) -> Event {
    Event::named("error", error_json(error))
}

pub(super) fn error_json(error: &Value) -> Value {
    json!({"type": "error", "error": error, "request_id": "req_test"})
}

pub(super) fn models(ids: &[String], more: bool) -> Value {
    let data: Vec<Value> =
        ids.iter().map(|id| json!({"type": "model", "id": id, "display_name": id})).collect();
    json!({"data": data, "has_more": more, "first_id": ids.first(), "last_id": ids.last()})
}
