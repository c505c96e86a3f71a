//! The request body, in canonical bytes.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::{LACKS, NAME};
use crate::wire::{extra, to_bytes};
use crate::{Media, Message, Part, Request, Tool, ToolCall, ToolChoice, Unsupported};

/// Fields that `extra` cannot set: those that are written here, and those that would keep the exchange at the server or
/// let it go on after the reply.
pub(super) const RESERVED: [&str; 17] = [
    "model",
    "input",
    "temperature",
    "top_p",
    "max_output_tokens",
    "text",
    "reasoning",
    "include",
    "top_logprobs",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "store",
    "background",
    "conversation",
    "stream",
    "stream_options",
];

/// The order of fields here is the order of bytes sent.
#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    input: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    include: Option<[&'static str; 1]>,
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
    store: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stream: bool,
}

pub(super) fn encode(request: &Request, stream: bool) -> Result<Vec<u8>, Unsupported> {
    refuse(request)?;
    let items: Result<Vec<Vec<Value>>, Unsupported> = request.messages.iter().map(items).collect();
    let body = Body {
        model: &request.model,
        input: items?.concat(),
        temperature: request.temperature,
        top_p: request.top_p,
        max_output_tokens: request.max_output_tokens,
        text: request.json_schema.as_ref().map(format),
        reasoning: request.reasoning_effort.as_ref().map(|effort| json!({"effort": effort})),
        include: request.logprobs.map(|_| ["message.output_text.logprobs"]),
        top_logprobs: request.logprobs.filter(|top| *top > 0),
        tools: request.tools.iter().map(tool).collect(),
        tool_choice: request.tool_choice.as_ref().map(tool_choice),
        parallel_tool_calls: request.parallel_tool_calls,
        extra: extra(request, &RESERVED),
        store: false,
        stream,
    };
    Ok(to_bytes(&body))
}

fn refuse(request: &Request) -> Result<(), Unsupported> {
    let lacks = |what: &str| Err(Unsupported::new(NAME, what));
    request.refuse(NAME, &LACKS)?;
    if request.messages.iter().any(|message| message.name.is_some() && message.role != "tool") {
        return lacks("names of speakers");
    }
    Ok(())
}

/// A message, and each of its calls, is an item of its own.
fn items(message: &Message) -> Result<Vec<Value>, Unsupported> {
    if message.role == "tool" {
        return Ok(vec![call_output(message)?]);
    }
    let says_nothing = message.parts.is_empty() && !message.tool_calls.is_empty();
    let said = (!says_nothing).then(|| said(message)).transpose()?;
    Ok(said.into_iter().chain(message.tool_calls.iter().map(call)).collect())
}

fn said(message: &Message) -> Result<Value, Unsupported> {
    if message.is_text() {
        return Ok(json!({"role": message.role, "content": message.joined_text()}));
    }
    if message.role == "assistant" {
        return Err(Unsupported::new(NAME, "pictures or files from the assistant"));
    }
    let parts: Result<Vec<Value>, Unsupported> = message.parts.iter().map(part).collect();
    Ok(json!({"role": message.role, "content": parts?}))
}

fn part(part: &Part) -> Result<Value, Unsupported> {
    match part {
        Part::Text(text) => Ok(json!({"type": "input_text", "text": text})),
        Part::Image(media) => {
            Ok(json!({"type": "input_image", "image_url": media.data_url(), "detail": "auto"}))
        }
        Part::File(media) => file(media),
    }
}

fn file(media: &Media) -> Result<Value, Unsupported> {
    if media.media_type.starts_with("audio/") {
        let what = format!("a file of type `{}`", media.media_type);
        return Err(Unsupported::new(NAME, what));
    }
    let name = media.name.as_deref().unwrap_or("file");
    Ok(json!({"type": "input_file", "filename": name, "file_data": media.data_url()}))
}

fn call(call: &ToolCall) -> Value {
    let ToolCall { id, name, arguments, .. } = call;
    json!({"type": "function_call", "call_id": id, "name": name, "arguments": arguments})
}

fn call_output(message: &Message) -> Result<Value, Unsupported> {
    let lacks = |what: &str| Unsupported::new(NAME, what);
    let id = message.tool_call_id.as_deref().ok_or_else(|| lacks("a tool's answer to no call"))?;
    if !message.is_text() {
        return Err(lacks("pictures or files in a tool's answer"));
    }
    Ok(json!({"type": "function_call_output", "call_id": id, "output": message.joined_text()}))
}

/// `strict` off: strict schemas must close every object and require every property; a prompt's need not.
fn format(schema: &Value) -> Value {
    json!({"format": {"type": "json_schema", "name": "output", "schema": schema, "strict": false}})
}

fn tool(tool: &Tool) -> Value {
    let Tool { name, description, parameters } = tool;
    json!({
        "type": "function",
        "name": name,
        "description": description,
        "parameters": parameters,
        "strict": false,
    })
}

fn tool_choice(choice: &ToolChoice) -> Value {
    match choice {
        ToolChoice::Auto => json!("auto"),
        ToolChoice::None => json!("none"),
        ToolChoice::Required => json!("required"),
        ToolChoice::Named(name) => json!({"type": "function", "name": name}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(messages: Vec<Message>) -> Request {
        Request { model: "gpt".to_owned(), messages, ..Request::default() }
    }

    fn text(request: &Request) -> String {
        String::from_utf8(encode(request, false).expect("expressible")).expect("UTF-8")
    }

    #[track_caller]
    fn lacks(request: &Request, what: &str) {
        assert_eq!(encode(request, false).expect_err(what).what, what);
    }

    #[test]
    fn the_server_is_told_to_keep_nothing() {
        let mut sly = asking(vec![Message::text("user", "Hi")]);
        sly.extra.insert("store".to_owned(), json!(true));
        assert_eq!(
            text(&sly),
            r#"{"model":"gpt","input":[{"role":"user","content":"Hi"}],"store":false}"#
        );
    }

    #[test]
    fn everything_stands_in_its_place() {
        let media = |media_type: &str| Media {
            media_type: media_type.to_owned(),
            bytes: b"abc".as_slice().into(),
            name: Some("a.pdf".to_owned()),
        };
        let mut question = Message::text("user", "Go");
        question.parts.push(Part::Image(media("image/png")));
        question.parts.push(Part::File(media("application/pdf")));
        let call = ToolCall {
            id: "1".into(),
            name: "f".into(),
            arguments: "{}".into(),
            ..ToolCall::default()
        };
        let request = Request {
            max_output_tokens: Some(9),
            tools: vec![Tool { name: "f".into(), description: "d".into(), parameters: json!({}) }],
            tool_choice: Some(ToolChoice::Named("f".into())),
            parallel_tool_calls: Some(false),
            json_schema: Some(json!({"type": "object"})),
            reasoning_effort: Some("low".into()),
            logprobs: Some(2),
            ..asking(vec![
                Message::text("system", "Be brief."),
                question,
                Message { role: "assistant".into(), tool_calls: vec![call], ..Message::default() },
                Message { tool_call_id: Some("1".into()), ..Message::text("tool", "42") },
            ])
        };
        assert_eq!(
            text(&request),
            concat!(
                r#"{"model":"gpt","input":[{"role":"system","content":"Be brief."},"#,
                r#"{"role":"user","content":[{"type":"input_text","text":"Go"},"#,
                r#"{"type":"input_image","image_url":"data:image/png;base64,YWJj","detail":"auto"},"#,
                r#"{"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,YWJj"}]},"#,
                r#"{"type":"function_call","call_id":"1","name":"f","arguments":"{}"},"#,
                r#"{"type":"function_call_output","call_id":"1","output":"42"}],"max_output_tokens":9,"#,
                r#""text":{"format":{"type":"json_schema","name":"output","schema":{"type":"object"},"strict":false}},"#,
                r#""reasoning":{"effort":"low"},"include":["message.output_text.logprobs"],"top_logprobs":2,"#,
                r#""tools":[{"type":"function","name":"f","description":"d","parameters":{},"strict":false}],"#,
                r#""tool_choice":{"type":"function","name":"f"},"parallel_tool_calls":false,"store":false}"#,
            )
        );
    }

    #[test]
    fn what_cannot_be_said_is_refused_and_never_left_out() {
        let hi = || Message::text("user", "Hi");
        lacks(&Request { seed: Some(1), ..asking(vec![hi()]) }, "a seed");
        lacks(&Request { stop: vec!["END".into()], ..asking(vec![hi()]) }, "stop texts");
        lacks(&asking(vec![Message { name: Some("Ann".into()), ..hi() }]), "names of speakers");
        lacks(&asking(vec![Message::text("tool", "42")]), "a tool's answer to no call");
        let sound =
            Media { media_type: "audio/wav".into(), bytes: [].as_slice().into(), name: None };
        let heard = Message { parts: vec![Part::File(sound)], ..hi() };
        lacks(&asking(vec![heard]), "a file of type `audio/wav`");
    }
}
