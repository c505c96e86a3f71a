//! The request body, in canonical bytes.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::{LACKS, NAME};
use crate::wire::{arguments, extra, to_bytes};
use crate::{Media, Message, Part, Request, Tool, ToolCall, ToolChoice, Unsupported};

/// Fields that `extra` cannot set, because they are written here.
pub(super) const RESERVED: [&str; 4] = ["contents", "systemInstruction", "tools", "toolConfig"];

/// The field of `extra` that joins what is written here of the same name.
const CONFIG: &str = "generationConfig";

/// Fields of it that `extra` cannot set, because they are written here, and `candidateCount`, whose further replies
/// would be paid for and lost.
const RESERVED_CONFIG: [&str; 13] = [
    "temperature",
    "topP",
    "topK",
    "frequencyPenalty",
    "presencePenalty",
    "maxOutputTokens",
    "seed",
    "stopSequences",
    "responseMimeType",
    "responseJsonSchema",
    "responseLogprobs",
    "logprobs",
    "candidateCount",
];

/// The order of fields here is the order of bytes sent.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    contents: Vec<Turn>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system_instruction: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_config: Option<Value>,
    #[serde(skip_serializing_if = "GenerationConfig::is_empty")]
    generation_config: GenerationConfig<'a>,
    #[serde(flatten)]
    extra: BTreeMap<&'a str, &'a Value>,
}

#[derive(Serialize)]
struct Turn {
    role: &'static str,
    parts: Vec<Value>,
}

#[derive(Serialize, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
struct GenerationConfig<'a> {
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
    max_output_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop_sequences: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    response_mime_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_json_schema: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_logprobs: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_config: Option<Value>,
    #[serde(flatten)]
    extra: BTreeMap<&'a str, &'a Value>,
}

impl GenerationConfig<'_> {
    fn is_empty(&self) -> bool {
        *self == GenerationConfig::default()
    }
}

pub(super) fn encode(request: &Request) -> Result<Vec<u8>, Unsupported> {
    let instructions =
        request.messages.iter().take_while(|message| is_instruction(message)).count();
    request.refuse(NAME, &LACKS)?;
    let (instructions, spoken) = request.messages.split_at(instructions);
    let body = Body {
        contents: turns(spoken)?,
        system_instruction: system_instruction(instructions)?,
        tools: tools(&request.tools),
        tool_config: request.tool_choice.as_ref().map(tool_config),
        generation_config: generation_config(request)?,
        extra: extra(request, &[&RESERVED[..], &[CONFIG]].concat()),
    };
    Ok(to_bytes(&body))
}

fn generation_config(request: &Request) -> Result<GenerationConfig<'_>, Unsupported> {
    let schema = request.json_schema.as_ref();
    let effort = request.reasoning_effort.as_deref();
    Ok(GenerationConfig {
        temperature: request.temperature,
        top_p: request.top_p,
        top_k: request.top_k,
        frequency_penalty: request.frequency_penalty,
        presence_penalty: request.presence_penalty,
        max_output_tokens: request.max_output_tokens,
        seed: request.seed,
        stop_sequences: &request.stop,
        response_mime_type: schema.map(|_| "application/json"),
        response_json_schema: schema,
        response_logprobs: request.logprobs.map(|_| true),
        logprobs: request.logprobs.filter(|top| *top > 0),
        thinking_config: effort.map(|effort| thinking(&request.model, effort)).transpose()?,
        extra: extra_config(request),
    })
}

fn extra_config(request: &Request) -> BTreeMap<&str, &Value> {
    let fields = request.extra.get(CONFIG).and_then(Value::as_object).into_iter().flatten();
    let fields = fields.map(|(name, value)| (name.as_str(), value));
    let thinks = request.reasoning_effort.is_some();
    let written =
        |name: &str| RESERVED_CONFIG.contains(&name) || thinks && name == "thinkingConfig";
    fields.filter(|(name, _)| !written(name)).collect()
}

/// Models of the 2.5 line think within a budget of tokens, later ones to a level. The budgets are those that Google's
/// own OpenAI-compatible endpoint uses for the same words ("OpenAI compatibility", section "Thinking").
fn thinking(model: &str, effort: &str) -> Result<Value, Unsupported> {
    if !model.contains("gemini-2.5") {
        return Ok(json!({"thinkingLevel": effort}));
    }
    let budget = match effort {
        "none" => 0,
        "minimal" | "low" => 1024,
        "medium" => 8192,
        "high" => 24_576,
        other => {
            let what = format!("the reasoning effort `{other}` for this model");
            return Err(Unsupported::new(NAME, what));
        }
    };
    Ok(json!({"thinkingBudget": budget}))
}

fn is_instruction(message: &Message) -> bool {
    matches!(message.role.as_str(), "system" | "developer")
}

fn system_instruction(messages: &[Message]) -> Result<Option<Value>, Unsupported> {
    let parts: Vec<Value> = messages.iter().flat_map(|message| &message.parts).map(part).collect();
    refuse_names(messages)?;
    Ok((!messages.is_empty()).then(|| json!({"parts": parts})))
}

fn refuse_names(messages: &[Message]) -> Result<(), Unsupported> {
    if messages.iter().any(|message| message.name.is_some() && message.role != "tool") {
        return Err(Unsupported::new(NAME, "names of speakers"));
    }
    Ok(())
}

/// The conversation. All answers of tools to one turn must stand in one turn, so neighbours are joined.
fn turns(messages: &[Message]) -> Result<Vec<Turn>, Unsupported> {
    refuse_names(messages)?;
    let mut turns: Vec<Turn> = Vec::new();
    for (place, message) in messages.iter().enumerate() {
        let before = &messages[..place];
        let joins = message.role == "tool" && before.last().is_some_and(|last| last.role == "tool");
        let turn = turn(message, before)?;
        match turns.last_mut() {
            Some(last) if joins => last.parts.extend(turn.parts),
            _ => turns.push(turn),
        }
    }
    Ok(turns)
}

fn turn(message: &Message, before: &[Message]) -> Result<Turn, Unsupported> {
    let parts = || message.parts.iter().map(part);
    match message.role.as_str() {
        "user" => Ok(Turn { role: "user", parts: parts().collect() }),
        "assistant" => {
            let calls = message.tool_calls.iter().map(function_call);
            let parts = parts().map(Ok).chain(calls).collect::<Result<_, _>>()?;
            Ok(Turn { role: "model", parts })
        }
        "tool" => Ok(Turn { role: "user", parts: vec![function_response(message, before)?] }),
        "system" | "developer" => {
            Err(Unsupported::new(NAME, "instructions after the conversation has begun"))
        }
        other => Err(Unsupported::new(NAME, format!("the role `{other}`"))),
    }
}

fn part(part: &Part) -> Value {
    match part {
        Part::Text(text) => json!({"text": text}),
        Part::Image(media) | Part::File(media) => inline(media),
    }
}

fn inline(media: &Media) -> Value {
    json!({"inlineData": {"mimeType": media.media_type, "data": media.base64()}})
}

fn function_call(call: &ToolCall) -> Result<Value, Unsupported> {
    let args = arguments(&call.arguments)
        .ok_or_else(|| Unsupported::new(NAME, "arguments of a tool that are no JSON object"))?;
    let mut part = json!({"functionCall": {"name": call.name, "args": args}});
    if let Some(signature) = &call.signature {
        part["thoughtSignature"] = json!(signature);
    }
    Ok(part)
}

/// A tool's answer, which goes by the tool's name here and not by the call's id.
fn function_response(message: &Message, before: &[Message]) -> Result<Value, Unsupported> {
    if !message.is_text() {
        return Err(Unsupported::new(NAME, "pictures or files in a tool's answer"));
    }
    let id = message.tool_call_id.as_deref();
    let mut calls = before.iter().flat_map(|message| &message.tool_calls);
    let named = || calls.find(|call| Some(call.id.as_str()) == id).map(|call| call.name.clone());
    let name = message.name.clone().or_else(named);
    let name = name.ok_or_else(|| Unsupported::new(NAME, "a tool's answer to no call"))?;
    let text = message.joined_text();
    let response = serde_json::from_str(&text).ok().filter(Value::is_object);
    let response = response.unwrap_or_else(|| json!({"output": text}));
    Ok(json!({"functionResponse": {"name": name, "response": response}}))
}

fn tools(tools: &[Tool]) -> Option<Value> {
    let declarations: Vec<Value> = tools.iter().map(declaration).collect();
    (!declarations.is_empty()).then(|| json!([{"functionDeclarations": declarations}]))
}

fn declaration(tool: &Tool) -> Value {
    let Tool { name, description, parameters } = tool;
    json!({"name": name, "description": description, "parametersJsonSchema": parameters})
}

fn tool_config(choice: &ToolChoice) -> Value {
    let config = match choice {
        ToolChoice::Auto => json!({"mode": "AUTO"}),
        ToolChoice::None => json!({"mode": "NONE"}),
        ToolChoice::Required => json!({"mode": "ANY"}),
        ToolChoice::Named(name) => json!({"mode": "ANY", "allowedFunctionNames": [name]}),
    };
    json!({"functionCallingConfig": config})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(messages: Vec<Message>) -> Request {
        Request { model: "gemini-3-pro".to_owned(), messages, ..Request::default() }
    }

    fn text(request: &Request) -> String {
        String::from_utf8(encode(request).expect("expressible")).expect("UTF-8")
    }

    #[track_caller]
    fn lacks(request: &Request, what: &str) {
        assert_eq!(encode(request).expect_err(what).what, what);
    }

    #[test]
    fn a_short_question_makes_a_short_body() {
        let body = text(&asking(vec![Message::text("user", "Hi")]));
        assert_eq!(body, r#"{"contents":[{"role":"user","parts":[{"text":"Hi"}]}]}"#);
    }

    #[test]
    fn everything_stands_in_its_place() {
        let call = |id: &str| ToolCall {
            id: id.into(),
            name: "f".into(),
            arguments: r#"{"a":1}"#.into(),
            ..ToolCall::default()
        };
        let answer = |id: &str, text: &str| Message {
            tool_call_id: Some(id.into()),
            ..Message::text("tool", text)
        };
        let picture =
            Media { media_type: "image/png".into(), bytes: b"abc".as_slice().into(), name: None };
        let mut question = Message::text("user", "Go");
        question.parts.push(Part::Image(picture));
        let request = Request {
            max_output_tokens: Some(9),
            temperature: Some(0.5),
            seed: Some(7),
            stop: vec!["END".into()],
            tools: vec![Tool {
                name: "f".into(),
                description: "d".into(),
                parameters: json!({"type": "object"}),
            }],
            tool_choice: Some(ToolChoice::Named("f".into())),
            json_schema: Some(json!({"type": "object"})),
            reasoning_effort: Some("low".into()),
            logprobs: Some(3),
            top_k: Some(40),
            presence_penalty: Some(0.5),
            extra: json!({"safetySettings": [], "contents": "sly", "generationConfig": {"mediaResolution": "LOW", "seed": 8}})
                .as_object()
                .cloned()
                .expect("an object"),
            ..asking(vec![
                Message::text("system", "Be brief."),
                question,
                Message {
                    role: "assistant".into(),
                    tool_calls: vec![call("1"), call("2")],
                    ..Message::default()
                },
                answer("1", "42"),
                answer("2", r#"{"b":2}"#),
            ])
        };
        assert_eq!(
            text(&request),
            concat!(
                r#"{"contents":[{"role":"user","parts":[{"text":"Go"},{"inlineData":{"mimeType":"image/png","data":"YWJj"}}]},"#,
                r#"{"role":"model","parts":[{"functionCall":{"name":"f","args":{"a":1}}},{"functionCall":{"name":"f","args":{"a":1}}}]},"#,
                r#"{"role":"user","parts":[{"functionResponse":{"name":"f","response":{"output":"42"}}},"#,
                r#"{"functionResponse":{"name":"f","response":{"b":2}}}]}],"#,
                r#""systemInstruction":{"parts":[{"text":"Be brief."}]},"#,
                r#""tools":[{"functionDeclarations":[{"name":"f","description":"d","parametersJsonSchema":{"type":"object"}}]}],"#,
                r#""toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f"]}},"#,
                r#""generationConfig":{"temperature":0.5,"topK":40,"presencePenalty":0.5,"maxOutputTokens":9,"seed":7,"stopSequences":["END"],"#,
                r#""responseMimeType":"application/json","responseJsonSchema":{"type":"object"},"responseLogprobs":true,"#,
                r#""logprobs":3,"thinkingConfig":{"thinkingLevel":"low"},"mediaResolution":"LOW"},"safetySettings":[]}"#,
            )
        );
    }

    #[test]
    fn a_call_goes_back_with_the_signature_that_it_came_with() {
        let call = |signature: Option<&str>| ToolCall {
            id: "1".into(),
            name: "f".into(),
            arguments: "{}".into(),
            signature: signature.map(str::to_owned),
        };
        // Of calls made at once, only the first has one.
        let asked = Message {
            role: "assistant".into(),
            tool_calls: vec![call(Some("c2ln")), call(None)],
            ..Message::default()
        };
        let body = text(&asking(vec![Message::text("user", "Go"), asked]));
        let parts = concat!(
            r#""parts":[{"functionCall":{"name":"f","args":{}},"thoughtSignature":"c2ln"},"#,
            r#"{"functionCall":{"name":"f","args":{}}}]"#,
        );
        assert!(body.contains(parts), "{body}");
    }

    #[test]
    fn the_effort_is_a_budget_for_models_that_know_no_levels() {
        let thinking = |effort: &str| {
            let request = Request {
                model: "gemini-2.5-flash".into(),
                reasoning_effort: Some(effort.into()),
                ..asking(vec![Message::text("user", "Hi")])
            };
            encode(&request).map(|body| String::from_utf8(body).expect("UTF-8"))
        };
        assert!(thinking("low").expect("known").contains(r#"{"thinkingBudget":1024}"#));
        assert!(thinking("high").expect("known").contains(r#"{"thinkingBudget":24576}"#));
        let refused = thinking("mild").expect_err("unknown");
        assert_eq!(refused.what, "the reasoning effort `mild` for this model");
    }

    #[test]
    fn what_cannot_be_said_is_refused_and_never_left_out() {
        let hi = || Message::text("user", "Hi");
        let late = asking(vec![hi(), Message::text("system", "Be brief.")]);
        lacks(&late, "instructions after the conversation has begun");
        lacks(&asking(vec![Message { name: Some("Ann".into()), ..hi() }]), "names of speakers");
        lacks(&asking(vec![Message::text("tool", "42")]), "a tool's answer to no call");
        lacks(&asking(vec![Message::text("narrator", "Hi")]), "the role `narrator`");
    }
}
