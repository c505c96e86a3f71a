//! Gemini `generateContent`. Source: Gemini API reference, "Generating content", "Troubleshooting"; google.rpc.Status.

use serde_json::{Value, json};

use super::Refusal;
use crate::model_server::fault::Problem;
use crate::model_server::reply::{Counts, Event, Reply, Said, Stop, words};

/// The name between `models/` and the method.
pub(super) fn model(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.split(':').next().unwrap_or_default().to_owned()
}

pub(super) fn json(reply: &Reply) -> Value {
    let text = (!reply.text().is_empty()).then(|| json!({"text": reply.text()}));
    let parts: Vec<Value> = text.into_iter().chain(calls(reply)).collect();
    chunk(reply, parts, finish(reply), Some(usage(reply)))
}

pub(super) fn events(reply: &Reply) -> Vec<Event> {
    let mut events: Vec<Event> = words(reply.text())
        .map(|word| Event::unnamed(chunk(reply, vec![json!({"text": word})], None, None)))
        .collect();
    // The stream has no mark of its own; what closes it is the finish reason.
    let finish = finish(reply).filter(|_| reply.closed);
    let last = |usage: Value| Event::unnamed(chunk(reply, calls(reply), finish, Some(usage)));
    events.push(last(usage(reply)));
    if reply.usage == Counts::Twice {
        events.push(Event::unnamed(chunk(reply, Vec::new(), finish, Some(usage(&reply.larger())))));
    }
    events
}

pub(super) fn thinking(reply: &Reply) -> Vec<Event> {
    let thought = json!({"text": "Hm.", "thought": true});
    vec![Event::unnamed(chunk(reply, vec![thought], None, None))]
}

fn calls(reply: &Reply) -> Vec<Value> {
    let call = |(name, arguments): &(String, Value)| json!({"functionCall": {"name": name, "args": arguments}});
    reply.calls.iter().map(call).collect()
}

fn chunk(reply: &Reply, parts: Vec<Value>, finish: Option<&str>, usage: Option<Value>) -> Value {
    let mut chunk = json!({"modelVersion": reply.model, "responseId": "test"});
    match &reply.said {
        Said::Nothing => {}
        Said::Refusal(_) => chunk["promptFeedback"] = json!({"blockReason": "PROHIBITED_CONTENT"}),
        Said::Text(_) | Said::Null => chunk["candidates"] = json!([candidate(parts, finish)]),
    }
    if let Some(usage) = usage.filter(|usage| !usage.is_null()) {
        chunk["usageMetadata"] = usage;
    }
    chunk
}

fn candidate(parts: Vec<Value>, finish: Option<&str>) -> Value {
    let content = if parts.is_empty() {
        json!({"role": "model"})
    } else {
        json!({"role": "model", "parts": parts})
    };
    let mut candidate = json!({"content": content, "index": 0});
    if let Some(finish) = finish {
        candidate["finishReason"] = json!(finish);
    }
    candidate
}

fn finish(reply: &Reply) -> Option<&'static str> {
    reply.finish.map(|stop| match stop {
        Stop::End | Stop::Calls => "STOP",
        Stop::Length => "MAX_TOKENS",
        Stop::Filter => "SAFETY",
        Stop::Blank => "",
    })
}

fn usage(reply: &Reply) -> Value {
    let Reply { prompt_tokens, completion_tokens, .. } = reply;
    let sound = json!({
        "promptTokenCount": prompt_tokens,
        "candidatesTokenCount": completion_tokens,
        "totalTokenCount": prompt_tokens + completion_tokens,
    });
    reply.usage_object(sound, ["promptTokenCount", "candidatesTokenCount"])
}

pub(super) fn refusal(problem: Problem, retry_after: Option<&str>) -> Refusal {
    let (code, status, message) = match problem {
        Problem::RateLimited => (429, "RESOURCE_EXHAUSTED", "Rate limit reached for requests"),
        Problem::QuotaExhausted => (429, "RESOURCE_EXHAUSTED", "You exceeded your current quota"),
        Problem::BadRequest => (400, "INVALID_ARGUMENT", "temperature must be in the range [0, 2]"),
        Problem::Unauthorized => (400, "INVALID_ARGUMENT", "API key not valid."),
        Problem::NotFound => (404, "NOT_FOUND", "models/none is not found"),
        Problem::ServerError => (500, "INTERNAL", "An internal error has occurred"),
        Problem::Overloaded => (503, "UNAVAILABLE", "The model is overloaded"),
    };
    let delay = retry_after.filter(|text| text.parse::<f64>().is_ok());
    let detail = match problem {
        Problem::RateLimited => delay.map(|delay| {
            json!({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": format!("{delay}s")})
        }),
        Problem::QuotaExhausted => Some(json!({
            "@type": "type.googleapis.com/google.rpc.QuotaFailure",
            "violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}],
        })),
        Problem::Unauthorized => Some(json!({
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "API_KEY_INVALID",
        })),
        _ => None,
    };
    let details: Vec<Value> = detail.into_iter().collect();
    let error = json!({"code": code, "message": message, "status": status, "details": details});
    Refusal { status: code, body: json!({"error": error}), tells_delay: delay.is_some() }
}

pub(super) fn error_event(error: &Value) -> Event {
    Event::unnamed(json!({"error": error}))
}

/// A list of one, as streams without events report.
pub(super) fn error_json(error: &Value) -> Value {
    json!([{"error": error}])
}

/// As Vertex AI lists them. Source: Vertex AI API, `publishers.models.list`.
pub(super) fn publisher_models(ids: &[String], more: bool) -> Value {
    let model = |id: &String| json!({"name": format!("publishers/google/models/{id}")});
    with_token(json!({"publisherModels": ids.iter().map(model).collect::<Vec<_>>()}), ids, more)
}

pub(super) fn models(ids: &[String], more: bool) -> Value {
    let model = |id: &String| json!({"name": format!("models/{id}"), "supportedGenerationMethods": ["generateContent"]});
    with_token(json!({"models": ids.iter().map(model).collect::<Vec<_>>()}), ids, more)
}

/// A page, and what asks for the one after it.
fn with_token(mut page: Value, ids: &[String], more: bool) -> Value {
    if let (true, Some(last)) = (more, ids.last()) {
        page["nextPageToken"] = json!(last);
    }
    page
}
