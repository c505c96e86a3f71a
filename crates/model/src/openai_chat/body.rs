//! The request body, in canonical bytes.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::{Message, Request};

/// Models that take `max_completion_tokens` and refuse `max_tokens`, by the start of their names. Source: OpenAI API
/// reference, "Create chat completion": `max_tokens` is "deprecated in favor of `max_completion_tokens`, and is not
/// compatible with o-series models". Servers that imitate OpenAI know `max_tokens` only, hence both.
const REASONING_MODELS: [&str; 4] = ["o1", "o3", "o4", "gpt-5"];

/// Fields that `extra` cannot set: those the client writes, and `n`, whose further replies would be paid for and lost.
const RESERVED: [&str; 12] = [
    "model",
    "messages",
    "temperature",
    "top_p",
    "max_tokens",
    "max_completion_tokens",
    "seed",
    "stop",
    "response_format",
    "stream",
    "stream_options",
    "n",
];

/// The order of fields here is the order of bytes sent.
#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: &'a [Message],
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<ResponseFormat<'a>>,
    #[serde(flatten)]
    extra: BTreeMap<&'a str, &'a Value>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
}

#[derive(Serialize)]
struct ResponseFormat<'a> {
    r#type: &'static str,
    json_schema: JsonSchema<'a>,
}

#[derive(Serialize)]
struct JsonSchema<'a> {
    name: &'static str,
    /// Strict mode takes only schemas that forbid further properties and require all of them; a prompt's need not.
    strict: bool,
    schema: &'a Value,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

pub(super) fn encode(request: &Request, stream: bool, is_openai: bool) -> Vec<u8> {
    let renamed = is_openai && is_reasoning_model(&request.model);
    let body = Body {
        model: &request.model,
        messages: &request.messages,
        temperature: request.temperature,
        top_p: request.top_p,
        max_tokens: request.max_output_tokens.filter(|_| !renamed),
        max_completion_tokens: request.max_output_tokens.filter(|_| renamed),
        seed: request.seed,
        stop: &request.stop,
        response_format: request.json_schema.as_ref().map(|schema| ResponseFormat {
            r#type: "json_schema",
            json_schema: JsonSchema { name: "output", strict: false, schema },
        }),
        extra: extra(request),
        stream,
        stream_options: stream.then_some(StreamOptions { include_usage: true }),
    };
    serde_json::to_vec(&body).expect("text, numbers and JSON values always serialise")
}

fn extra(request: &Request) -> BTreeMap<&str, &Value> {
    let fields = request.extra.iter().map(|(name, value)| (name.as_str(), value));
    fields.filter(|(name, _)| !RESERVED.contains(name)).collect()
}

fn is_reasoning_model(model: &str) -> bool {
    REASONING_MODELS.iter().any(|start| model.starts_with(start))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request(model: &str) -> Request {
        Request {
            model: model.to_owned(),
            messages: vec![Message {
                role: "user".to_owned(), content: "Hi, źdźbło".to_owned()
            }],
            ..Request::default()
        }
    }

    fn text(request: &Request, stream: bool, is_openai: bool) -> String {
        String::from_utf8(encode(request, stream, is_openai)).expect("UTF-8")
    }

    #[test]
    fn what_is_not_set_is_not_sent() {
        assert_eq!(
            text(&request("m"), false, false),
            r#"{"model":"m","messages":[{"role":"user","content":"Hi, źdźbło"}]}"#
        );
    }

    #[test]
    fn fields_stand_in_a_fixed_order_whatever_the_order_of_the_extras() {
        let mut full = Request {
            temperature: Some(0.0),
            top_p: Some(0.9),
            max_output_tokens: Some(60),
            seed: Some(7),
            stop: vec!["END".to_owned()],
            json_schema: Some(json!({"type": "object", "properties": {"z": {}, "a": {}}})),
            ..request("m")
        };
        full.extra = [("top_k".to_owned(), json!(5)), ("min_p".to_owned(), json!(0.1))]
            .into_iter()
            .collect();
        let bytes = text(&full, true, false);
        assert_eq!(
            bytes,
            concat!(
                r#"{"model":"m","messages":[{"role":"user","content":"Hi, źdźbło"}],"temperature":0.0,"top_p":0.9,"#,
                r#""max_tokens":60,"seed":7,"stop":["END"],"response_format":{"type":"json_schema","json_schema":"#,
                r#"{"name":"output","strict":false,"schema":{"type":"object","properties":{"z":{},"a":{}}}}},"#,
                r#""min_p":0.1,"top_k":5,"stream":true,"stream_options":{"include_usage":true}}"#,
            )
        );
        full.extra = [("min_p".to_owned(), json!(0.1)), ("top_k".to_owned(), json!(5))]
            .into_iter()
            .collect();
        assert_eq!(text(&full, true, false), bytes);
    }

    #[test]
    fn extras_cannot_overwrite_what_the_client_sets() {
        let mut sly = request("m");
        sly.extra = RESERVED.iter().map(|name| ((*name).to_owned(), json!("sly"))).collect();
        assert_eq!(text(&sly, false, false), text(&request("m"), false, false));
    }

    #[test]
    fn the_token_limit_has_another_name_for_openais_reasoning_models_only() {
        let field = |model: &str, is_openai: bool| {
            let limited = Request { max_output_tokens: Some(9), ..request(model) };
            let body = text(&limited, false, is_openai);
            assert!(body.contains(r#"tokens":9"#), "{body}");
            if body.contains("max_completion_tokens") {
                "max_completion_tokens"
            } else {
                "max_tokens"
            }
        };
        for model in ["o1", "o3-mini", "o4-mini", "gpt-5-nano"] {
            assert_eq!(field(model, true), "max_completion_tokens", "{model}");
            assert_eq!(field(model, false), "max_tokens", "{model}");
        }
        assert_eq!(field("gpt-4o", true), "max_tokens");
    }
}
