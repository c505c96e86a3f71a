//! OpenAI Responses. Source: OpenAI API reference, "Create a model response", "Streaming events".

use serde_json::{Value, json};

use crate::model_server::reply::{Event, Reply, Said, Stop, halves, words};

const ITEM: &str = "msg_test";

pub(super) fn json(reply: &Reply) -> Value {
    response(reply, &status(reply), output(reply))
}

fn response(reply: &Reply, status: &Value, output: Vec<Value>) -> Value {
    json!({
        "id": "resp_test",
        "object": "response",
        "created_at": 1_700_000_000,
        "status": status,
        "error": null,
        "incomplete_details": incomplete(reply),
        "model": reply.model,
        "output": output,
        "parallel_tool_calls": true,
        "store": false,
        "usage": if *status == json!("in_progress") { Value::Null } else { usage(reply) },
    })
}

fn status(reply: &Reply) -> Value {
    match reply.finish {
        None => json!("in_progress"),
        Some(Stop::End | Stop::Calls) => json!("completed"),
        Some(Stop::Length | Stop::Filter) => json!("incomplete"),
        Some(Stop::Blank) => json!(""),
    }
}

fn incomplete(reply: &Reply) -> Value {
    match reply.finish {
        Some(Stop::Length) => json!({"reason": "max_output_tokens"}),
        Some(Stop::Filter) => json!({"reason": "content_filter"}),
        None | Some(Stop::End | Stop::Calls | Stop::Blank) => Value::Null,
    }
}

fn output(reply: &Reply) -> Vec<Value> {
    let parts = match &reply.said {
        Said::Nothing => return Vec::new(),
        Said::Null => Vec::new(),
        Said::Text(text) => vec![json!({"type": "output_text", "text": text, "annotations": []})],
        Said::Refusal(text) => vec![json!({"type": "refusal", "refusal": text})],
    };
    let message = json!({
        "type": "message",
        "id": ITEM,
        "status": "completed",
        "role": "assistant",
        "content": parts,
    });
    [message].into_iter().chain(reply.calls.iter().enumerate().map(call)).collect()
}

fn call((place, (name, arguments)): (usize, &(String, Value))) -> Value {
    json!({
        "type": "function_call",
        "id": format!("fc_test_{place}"),
        "call_id": Reply::call_id(place),
        "name": name,
        "arguments": arguments.to_string(),
        "status": "completed",
    })
}

pub(super) fn before_work(reply: &Reply) -> Vec<Event> {
    let begun = response(reply, &json!("in_progress"), Vec::new());
    ["response.created", "response.in_progress"]
        .map(|name| numbered(name, json!({"response": begun})))
        .into()
}

pub(super) fn thinking(reply: &Reply) -> Vec<Event> {
    let item = json!({"type": "reasoning", "id": "rs_test", "summary": []});
    let begun = numbered("response.output_item.added", json!({"output_index": 0, "item": item}));
    before_work(reply).into_iter().chain([begun]).collect()
}

pub(super) fn events(reply: &Reply) -> Vec<Event> {
    let mut events = before_work(reply);
    match &reply.said {
        Said::Text(text) => {
            events.extend(words(text).map(|word| delta("response.output_text.delta", word)));
            events.push(part_event("response.output_text.done", json!({"text": text})));
        }
        Said::Refusal(text) => {
            events.extend(halves(text).map(|half| delta("response.refusal.delta", half)));
        }
        Said::Null | Said::Nothing => {}
    }
    events.extend(reply.calls.iter().enumerate().flat_map(call_events));
    if reply.closed {
        let name = match reply.finish {
            Some(Stop::Length | Stop::Filter) => "response.incomplete",
            _ => "response.completed",
        };
        events.push(numbered(name, json!({"response": json(reply)})));
    }
    for (number, event) in events.iter_mut().enumerate() {
        event.data = event.data.replacen(
            "\"sequence_number\":0",
            &format!("\"sequence_number\":{number}"),
            1,
        );
    }
    events
}

fn call_events(call_at: (usize, &(String, Value))) -> Vec<Event> {
    let (place, (name, arguments)) = call_at;
    let arguments = arguments.to_string();
    let item = json!({"type": "function_call", "id": format!("fc_test_{place}"),
        "call_id": Reply::call_id(place), "name": name, "arguments": ""});
    let at = place + 1;
    let pieces = halves(&arguments).map(|half| {
        numbered(
            "response.function_call_arguments.delta",
            json!({"item_id": item["id"], "output_index": at, "delta": half}),
        )
    });
    let begun = numbered("response.output_item.added", json!({"output_index": at, "item": item}));
    let done = json!({"output_index": at, "item": call(call_at)});
    let done = numbered("response.output_item.done", done);
    [begun].into_iter().chain(pieces).chain([done]).collect()
}

fn delta(name: &'static str, text: &str) -> Event {
    part_event(name, json!({"delta": text}))
}

fn part_event(name: &'static str, mut fields: Value) -> Event {
    fields["item_id"] = json!(ITEM);
    fields["output_index"] = json!(0);
    fields["content_index"] = json!(0);
    numbered(name, fields)
}

/// An event with its type inside as well. The number is put in when all are there.
fn numbered(name: &'static str, fields: Value) -> Event {
    let mut data = json!({"type": name, "sequence_number": 0});
    if let (Some(data), Value::Object(fields)) = (data.as_object_mut(), fields) {
        data.extend(fields);
    }
    Event::named(name, data)
}

fn usage(reply: &Reply) -> Value {
    let Reply { prompt_tokens, completion_tokens, .. } = reply;
    let sound = json!({
        "input_tokens": prompt_tokens,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": completion_tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": prompt_tokens + completion_tokens,
    });
    reply.usage_object(sound, ["input_tokens", "output_tokens"])
}

pub(super) fn error_event(error: &Value) -> Event {
    let mut data = json!({"type": "error", "sequence_number": 9});
    if let (Some(data), Some(error)) = (data.as_object_mut(), error.as_object()) {
        data.extend(
            error.iter().filter(|(name, _)| *name != "type").map(|(n, v)| (n.clone(), v.clone())),
        );
    }
    Event::named("error", data)
}

pub(super) fn error_json(error: &Value) -> Value {
    json!({"id": "resp_test", "object": "response", "status": "failed", "error": error, "output": []})
}
