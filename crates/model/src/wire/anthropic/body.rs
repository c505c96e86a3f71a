//! The request body, in canonical bytes.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::{LACKS, NAME};
use crate::{Media, Message, Part, Request, Tool, ToolCall, ToolChoice, Unsupported};

/// The limit of tokens where a request names none: the wire has no default of its own. Every model since Claude 3 takes
/// this much.
pub const DEFAULT_MAX_TOKENS: u64 = 4096;

/// Fields that `extra` cannot set, because they are written here.
pub(super) const RESERVED: [&str; 12] = [
    "model",
    "max_tokens",
    "system",
    "messages",
    "temperature",
    "top_p",
    "top_k",
    "stop_sequences",
    "tools",
    "tool_choice",
    "output_config",
    "stream",
];

/// The order of fields here is the order of bytes sent.
#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    max_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<String>,
    messages: Vec<Turn>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u64>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop_sequences: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<OutputConfig<'a>>,
    #[serde(flatten)]
    extra: BTreeMap<&'a str, &'a Value>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stream: bool,
}

#[derive(Serialize)]
struct Turn {
    role: &'static str,
    content: Value,
}

#[derive(Serialize)]
struct OutputConfig<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    effort: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<Value>,
}

pub(super) fn encode(request: &Request, stream: bool) -> Result<Vec<u8>, Unsupported> {
    refuse(request)?;
    let instructions = request.messages.iter().take_while(|message| is_instruction(message));
    let spoken = &request.messages[instructions.clone().count()..];
    let body = Body {
        model: &request.model,
        max_tokens: request.max_output_tokens.unwrap_or(DEFAULT_MAX_TOKENS),
        system: system(instructions)?,
        messages: turns(spoken)?,
        temperature: request.temperature,
        top_p: request.top_p,
        top_k: request.top_k,
        stop_sequences: &request.stop,
        tools: request.tools.iter().map(tool).collect(),
        tool_choice: tool_choice(request),
        output_config: output_config(request),
        extra: crate::wire::extra(request, &RESERVED),
        stream,
    };
    Ok(crate::wire::to_bytes(&body))
}

fn refuse(request: &Request) -> Result<(), Unsupported> {
    let lacks = |what: &str| Err(Unsupported::new(NAME, what));
    request.refuse(NAME, &LACKS)?;
    // A tool's message names its tool; the wire goes by the call's id.
    if request.messages.iter().any(|message| message.name.is_some() && message.role != "tool") {
        return lacks("names of speakers");
    }
    Ok(())
}

fn is_instruction(message: &Message) -> bool {
    matches!(message.role.as_str(), "system" | "developer")
}

fn system<'a>(
    instructions: impl Iterator<Item = &'a Message>,
) -> Result<Option<String>, Unsupported> {
    let mut texts = Vec::new();
    for message in instructions {
        if !message.is_text() {
            return Err(Unsupported::new(NAME, "pictures or files among the instructions"));
        }
        texts.push(message.joined_text());
    }
    Ok((!texts.is_empty()).then(|| texts.join("\n\n")))
}

/// The conversation. All answers of tools to one turn must stand in one turn, so neighbours are joined.
fn turns(messages: &[Message]) -> Result<Vec<Turn>, Unsupported> {
    let mut turns: Vec<Turn> = Vec::new();
    let mut after_tool = false;
    for message in messages {
        let turn = turn(message)?;
        let is_tool = message.role == "tool";
        match (turns.last_mut(), turn.content) {
            (Some(Turn { content: Value::Array(before), .. }), Value::Array(results))
                if is_tool && after_tool =>
            {
                before.extend(results);
            }
            (_, content) => turns.push(Turn { role: turn.role, content }),
        }
        after_tool = is_tool;
    }
    Ok(turns)
}

fn turn(message: &Message) -> Result<Turn, Unsupported> {
    match message.role.as_str() {
        "user" => Ok(Turn { role: "user", content: content(message)? }),
        "assistant" => Ok(Turn { role: "assistant", content: content(message)? }),
        "tool" => Ok(Turn { role: "user", content: json!([tool_result(message)?]) }),
        "system" | "developer" => {
            Err(Unsupported::new(NAME, "instructions after the conversation has begun"))
        }
        other => Err(Unsupported::new(NAME, format!("the role `{other}`"))),
    }
}

fn content(message: &Message) -> Result<Value, Unsupported> {
    if message.is_text() && message.tool_calls.is_empty() {
        return Ok(Value::String(message.joined_text()));
    }
    let parts = message.parts.iter().map(block);
    parts.chain(message.tool_calls.iter().map(tool_use)).collect()
}

fn block(part: &Part) -> Result<Value, Unsupported> {
    match part {
        Part::Text(text) => Ok(json!({"type": "text", "text": text})),
        Part::Image(media) => Ok(json!({"type": "image", "source": in_base64(media)})),
        Part::File(media) => document(media),
    }
}

fn in_base64(media: &Media) -> Value {
    json!({"type": "base64", "media_type": media.media_type, "data": media.base64()})
}

fn document(media: &Media) -> Result<Value, Unsupported> {
    let lacks = || Unsupported::new(NAME, format!("a file of type `{}`", media.media_type));
    let source = match media.media_type.as_str() {
        "application/pdf" => in_base64(media),
        "text/plain" => {
            let text = std::str::from_utf8(&media.bytes).map_err(|_| lacks())?;
            json!({"type": "text", "media_type": "text/plain", "data": text})
        }
        _ => return Err(lacks()),
    };
    let mut document = json!({"type": "document", "source": source});
    if let Some(name) = &media.name {
        document["title"] = json!(name);
    }
    Ok(document)
}

fn tool_use(call: &ToolCall) -> Result<Value, Unsupported> {
    let ToolCall { id, name, arguments, .. } = call;
    let input = crate::wire::arguments(arguments)
        .ok_or_else(|| Unsupported::new(NAME, "arguments of a tool that are no JSON object"))?;
    Ok(json!({"type": "tool_use", "id": id, "name": name, "input": input}))
}

fn tool_result(message: &Message) -> Result<Value, Unsupported> {
    let id = message.tool_call_id.as_deref();
    let id = id.ok_or_else(|| Unsupported::new(NAME, "a tool's answer to no call"))?;
    Ok(json!({"type": "tool_result", "tool_use_id": id, "content": content(message)?}))
}

fn tool(tool: &Tool) -> Value {
    let Tool { name, description, parameters } = tool;
    json!({"name": name, "description": description, "input_schema": parameters})
}

/// The choice, and whether it may fall on several at once, which has no place of its own.
fn tool_choice(request: &Request) -> Option<Value> {
    let parallel = request.parallel_tool_calls;
    let unsaid = parallel.map(|_| &ToolChoice::Auto);
    let choice = request.tool_choice.as_ref().or(unsaid)?;
    let mut value = choice_of_tool(choice);
    if let Some(parallel) = parallel.filter(|_| *choice != ToolChoice::None) {
        value["disable_parallel_tool_use"] = json!(!parallel);
    }
    Some(value)
}

fn choice_of_tool(choice: &ToolChoice) -> Value {
    match choice {
        ToolChoice::Auto => json!({"type": "auto"}),
        ToolChoice::None => json!({"type": "none"}),
        ToolChoice::Required => json!({"type": "any"}),
        ToolChoice::Named(name) => json!({"type": "tool", "name": name}),
    }
}

fn output_config(request: &Request) -> Option<OutputConfig<'_>> {
    let effort = request.reasoning_effort.as_deref();
    let schema = request.json_schema.as_ref();
    let format = schema.map(|schema| json!({"type": "json_schema", "schema": schema}));
    (effort.is_some() || format.is_some()).then_some(OutputConfig { effort, format })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(messages: Vec<Message>) -> Request {
        Request { model: "claude".to_owned(), messages, ..Request::default() }
    }

    fn text(request: &Request) -> String {
        String::from_utf8(encode(request, false).expect("expressible")).expect("UTF-8")
    }

    #[track_caller]
    fn lacks(request: &Request, what: &str) {
        assert_eq!(encode(request, false).expect_err(what).what, what);
    }

    #[test]
    fn a_short_question_makes_a_short_body() {
        let body = text(&asking(vec![Message::text("user", "Hi")]));
        assert_eq!(
            body,
            r#"{"model":"claude","max_tokens":4096,"messages":[{"role":"user","content":"Hi"}]}"#
        );
    }

    #[test]
    fn everything_stands_in_its_place() {
        let call = |id: &str| ToolCall {
            id: id.into(),
            name: "f".into(),
            arguments: r#"{"a":1}"#.into(),
            ..ToolCall::default()
        };
        let answer = |id: &str| Message {
            tool_call_id: Some(id.into()),
            name: Some("f".into()),
            ..Message::text("tool", "42")
        };
        let request = Request {
            max_output_tokens: Some(9),
            temperature: Some(0.5),
            stop: vec!["END".into()],
            tools: vec![Tool {
                name: "f".into(),
                description: "d".into(),
                parameters: json!({"type": "object"}),
            }],
            tool_choice: Some(ToolChoice::Required),
            json_schema: Some(json!({"type": "object"})),
            reasoning_effort: Some("low".into()),
            top_k: Some(5),
            parallel_tool_calls: Some(false),
            extra: json!({"service_tier": "auto", "model": "sly"})
                .as_object()
                .cloned()
                .expect("an object"),
            ..asking(vec![
                Message::text("system", "Be brief."),
                Message::text("developer", "Be kind."),
                Message::text("user", "Go"),
                Message {
                    role: "assistant".into(),
                    tool_calls: vec![call("1"), call("2")],
                    ..Message::default()
                },
                answer("1"),
                answer("2"),
            ])
        };
        assert_eq!(
            text(&request),
            concat!(
                r#"{"model":"claude","max_tokens":9,"system":"Be brief.\n\nBe kind.","messages":["#,
                r#"{"role":"user","content":"Go"},"#,
                r#"{"role":"assistant","content":[{"type":"tool_use","id":"1","name":"f","input":{"a":1}},"#,
                r#"{"type":"tool_use","id":"2","name":"f","input":{"a":1}}]},"#,
                r#"{"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":"42"},"#,
                r#"{"type":"tool_result","tool_use_id":"2","content":"42"}]}],"#,
                r#""temperature":0.5,"top_k":5,"stop_sequences":["END"],"#,
                r#""tools":[{"name":"f","description":"d","input_schema":{"type":"object"}}],"#,
                r#""tool_choice":{"type":"any","disable_parallel_tool_use":true},"output_config":{"effort":"low","format":{"type":"json_schema","#,
                r#""schema":{"type":"object"}}},"service_tier":"auto"}"#,
            )
        );
    }

    #[test]
    fn pictures_and_documents_are_blocks() {
        let media = |media_type: &str| Media {
            media_type: media_type.to_owned(),
            bytes: b"abc".as_slice().into(),
            name: Some("a".to_owned()),
        };
        let with =
            |part: Part| asking(vec![Message { parts: vec![part], ..Message::text("user", "") }]);
        let block = |part: Part| {
            let body: Value = serde_json::from_str(&text(&with(part))).expect("JSON");
            body["messages"][0]["content"][0].clone()
        };
        assert_eq!(
            block(Part::Image(media("image/png"))),
            json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "YWJj"}})
        );
        assert_eq!(
            block(Part::File(media("application/pdf"))),
            json!({"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "YWJj"}, "title": "a"})
        );
        assert_eq!(
            block(Part::File(media("text/plain"))),
            json!({"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "abc"}, "title": "a"})
        );
        lacks(&with(Part::File(media("audio/wav"))), "a file of type `audio/wav`");
    }

    #[test]
    fn what_cannot_be_said_is_refused_and_never_left_out() {
        let hi = || Message::text("user", "Hi");
        lacks(&Request { seed: Some(1), ..asking(vec![hi()]) }, "a seed");
        lacks(&Request { logprobs: Some(0), ..asking(vec![hi()]) }, "the probabilities of tokens");
        let late = asking(vec![hi(), Message::text("system", "Be brief.")]);
        lacks(&late, "instructions after the conversation has begun");
        lacks(&asking(vec![Message { name: Some("Ann".into()), ..hi() }]), "names of speakers");
        lacks(&asking(vec![Message::text("narrator", "Hi")]), "the role `narrator`");
        lacks(&asking(vec![Message::text("tool", "42")]), "a tool's answer to no call");
        let call = ToolCall {
            id: "1".into(),
            name: "f".into(),
            arguments: "[".into(),
            ..ToolCall::default()
        };
        let odd = Message { tool_calls: vec![call], ..Message::text("assistant", "") };
        lacks(&asking(vec![odd]), "arguments of a tool that are no JSON object");
    }
}
