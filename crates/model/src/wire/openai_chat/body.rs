//! The request body, in canonical bytes.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::{Media, Message, Part, Request, Tool, ToolCall, ToolChoice};

/// Fields that `extra` cannot set: those the client writes, and `n`, whose further replies would be paid for and lost.
pub(super) const RESERVED: [&str; 21] = [
    "model",
    "messages",
    "temperature",
    "top_p",
    "top_k",
    "frequency_penalty",
    "presence_penalty",
    "max_tokens",
    "max_completion_tokens",
    "seed",
    "stop",
    "response_format",
    "reasoning_effort",
    "logprobs",
    "top_logprobs",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "stream",
    "stream_options",
    "n",
];

/// The order of fields here is the order of bytes sent.
#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<Said<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presence_penalty: Option<f64>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_logprobs: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallel_tool_calls: Option<bool>,
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
struct Said<'a> {
    role: &'a str,
    content: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a str>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

/// The body. `renamed` says that the token limit goes by its new name.
pub(super) fn encode(request: &Request, stream: bool, renamed: bool) -> Vec<u8> {
    let body = Body {
        model: &request.model,
        messages: request.messages.iter().map(said).collect(),
        temperature: request.temperature,
        top_p: request.top_p,
        top_k: request.top_k,
        frequency_penalty: request.frequency_penalty,
        presence_penalty: request.presence_penalty,
        max_tokens: request.max_output_tokens.filter(|_| !renamed),
        max_completion_tokens: request.max_output_tokens.filter(|_| renamed),
        seed: request.seed,
        stop: &request.stop,
        response_format: request.json_schema.as_ref().map(|schema| ResponseFormat {
            r#type: "json_schema",
            json_schema: JsonSchema { name: "output", strict: false, schema },
        }),
        reasoning_effort: request.reasoning_effort.as_deref(),
        logprobs: request.logprobs.map(|_| true),
        top_logprobs: request.logprobs.filter(|top| *top > 0),
        tools: request.tools.iter().map(tool).collect(),
        tool_choice: request.tool_choice.as_ref().map(tool_choice),
        parallel_tool_calls: request.parallel_tool_calls,
        extra: crate::wire::extra(request, &RESERVED),
        stream,
        stream_options: stream.then_some(StreamOptions { include_usage: true }),
    };
    crate::wire::to_bytes(&body)
}

fn said(message: &Message) -> Said<'_> {
    Said {
        role: &message.role,
        content: content(message),
        // To a tool's message the call's id is enough, and its name is no field of the wire.
        name: message.name.as_deref().filter(|_| message.role != "tool"),
        tool_calls: message.tool_calls.iter().map(tool_call).collect(),
        tool_call_id: message.tool_call_id.as_deref(),
    }
}

/// Text alone goes as one string: many servers know nothing else.
fn content(message: &Message) -> Value {
    if message.parts.is_empty() && !message.tool_calls.is_empty() {
        Value::Null
    } else if message.is_text() {
        Value::String(message.joined_text())
    } else {
        message.parts.iter().map(part).collect()
    }
}

fn part(part: &Part) -> Value {
    match part {
        Part::Text(text) => json!({"type": "text", "text": text}),
        Part::Image(media) => json!({"type": "image_url", "image_url": {"url": media.data_url()}}),
        Part::File(media) => match sound_format(media) {
            Some(format) => json!({
                "type": "input_audio",
                "input_audio": {"data": media.base64(), "format": format},
            }),
            None => file(media),
        },
    }
}

fn file(media: &Media) -> Value {
    let name = media.name.as_deref().unwrap_or("file");
    json!({"type": "file", "file": {"filename": name, "file_data": media.data_url()}})
}

/// The two sounds that the wire takes, by its names for them.
fn sound_format(media: &Media) -> Option<&'static str> {
    match media.media_type.as_str() {
        "audio/wav" | "audio/x-wav" | "audio/wave" => Some("wav"),
        "audio/mpeg" | "audio/mp3" => Some("mp3"),
        _ => None,
    }
}

fn tool(tool: &Tool) -> Value {
    let Tool { name, description, parameters } = tool;
    json!({
        "type": "function",
        "function": {"name": name, "description": description, "parameters": parameters},
    })
}

fn tool_call(call: &ToolCall) -> Value {
    let ToolCall { id, name, arguments, .. } = call;
    json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}})
}

fn tool_choice(choice: &ToolChoice) -> Value {
    match choice {
        ToolChoice::Auto => json!("auto"),
        ToolChoice::None => json!("none"),
        ToolChoice::Required => json!("required"),
        ToolChoice::Named(name) => json!({"type": "function", "function": {"name": name}}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(model: &str) -> Request {
        Request {
            model: model.to_owned(),
            messages: vec![Message::text("user", "Hi, źdźbło")],
            ..Request::default()
        }
    }

    fn text(request: &Request, stream: bool, renamed: bool) -> String {
        String::from_utf8(encode(request, stream, renamed)).expect("UTF-8")
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
            top_k: Some(40),
            frequency_penalty: Some(0.5),
            presence_penalty: Some(-0.5),
            parallel_tool_calls: Some(true),
            max_output_tokens: Some(60),
            seed: Some(7),
            stop: vec!["END".to_owned()],
            json_schema: Some(json!({"type": "object", "properties": {"z": {}, "a": {}}})),
            ..request("m")
        };
        full.extra = [("typical_p".to_owned(), json!(5)), ("min_p".to_owned(), json!(0.1))]
            .into_iter()
            .collect();
        let bytes = text(&full, true, false);
        assert_eq!(
            bytes,
            concat!(
                r#"{"model":"m","messages":[{"role":"user","content":"Hi, źdźbło"}],"temperature":0.0,"top_p":0.9,"#,
                r#""top_k":40,"frequency_penalty":0.5,"presence_penalty":-0.5,"#,
                r#""max_tokens":60,"seed":7,"stop":["END"],"response_format":{"type":"json_schema","json_schema":"#,
                r#"{"name":"output","strict":false,"schema":{"type":"object","properties":{"z":{},"a":{}}}}},"#,
                r#""parallel_tool_calls":true,"min_p":0.1,"typical_p":5,"stream":true,"stream_options":{"include_usage":true}}"#,
            )
        );
        full.extra = [("min_p".to_owned(), json!(0.1)), ("typical_p".to_owned(), json!(5))]
            .into_iter()
            .collect();
        assert_eq!(text(&full, true, false), bytes);
    }

    #[test]
    fn pictures_files_and_sounds_travel_inside_the_request() {
        let media = |media_type: &str, name: Option<&str>| Media {
            media_type: media_type.to_owned(),
            bytes: b"abc".as_slice().into(),
            name: name.map(str::to_owned),
        };
        let mut shown = request("m");
        shown.messages[0].parts.extend([
            Part::Image(media("image/png", None)),
            Part::File(media("application/pdf", Some("a.pdf"))),
            Part::File(media("audio/wav", None)),
        ]);
        let body: Value = serde_json::from_str(&text(&shown, false, false)).expect("JSON");
        assert_eq!(
            body["messages"][0]["content"],
            json!([
                {"type": "text", "text": "Hi, źdźbło"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,YWJj"}},
                {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,YWJj"}},
                {"type": "input_audio", "input_audio": {"data": "YWJj", "format": "wav"}},
            ])
        );
    }

    #[test]
    fn tools_and_what_became_of_them_are_told_in_the_wires_words() {
        let call = ToolCall {
            id: "c1".into(),
            name: "f".into(),
            arguments: "{}".into(),
            ..ToolCall::default()
        };
        let asked = Request {
            messages: vec![
                Message { role: "assistant".into(), tool_calls: vec![call], ..Message::default() },
                Message { tool_call_id: Some("c1".into()), ..Message::text("tool", "42") },
            ],
            tools: vec![Tool { name: "f".into(), description: "d".into(), parameters: json!({}) }],
            tool_choice: Some(ToolChoice::Named("f".into())),
            reasoning_effort: Some("low".into()),
            logprobs: Some(2),
            ..request("m")
        };
        assert_eq!(
            text(&asked, false, false),
            concat!(
                r#"{"model":"m","messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","#,
                r#""function":{"name":"f","arguments":"{}"}}]},{"role":"tool","content":"42","tool_call_id":"c1"}],"#,
                r#""reasoning_effort":"low","logprobs":true,"top_logprobs":2,"tools":[{"type":"function","function":"#,
                r#"{"name":"f","description":"d","parameters":{}}}],"tool_choice":{"type":"function","function":{"name":"f"}}}"#,
            )
        );
    }

    #[test]
    fn extras_cannot_overwrite_what_the_client_sets() {
        let mut sly = request("m");
        sly.extra = RESERVED.iter().map(|name| ((*name).to_owned(), json!("sly"))).collect();
        assert_eq!(text(&sly, false, false), text(&request("m"), false, false));
    }

    #[test]
    fn the_token_limit_is_sent_once_by_one_of_its_names() {
        let limited = Request { max_output_tokens: Some(9), ..request("m") };
        for (renamed, field) in [(false, "max_tokens"), (true, "max_completion_tokens")] {
            let body: Value = serde_json::from_str(&text(&limited, false, renamed)).expect("JSON");
            let fields = ["max_tokens", "max_completion_tokens"].map(|name| body.get(name));
            assert_eq!(fields.iter().flatten().count(), 1, "{body}");
            assert_eq!(body[field], 9);
        }
    }
}
