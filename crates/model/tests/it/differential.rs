//! Our parsers against those of the `genai` crate: the same replies of the model server, read by both.
//!
//! Two differences are known. `genai` drops white space at the ends of a plain reply, so texts are compared without it;
//! and it has no word for a reply of Gemini's that asks for tools, so its "completed" with calls counts as that.

use crate::common::{MODES, Mode, PATIENT, Spoken, TEXT, call, caller, request};
use assay_model::{Finish, Reply, Request, Tool};
use assay_testkit::ModelServer;
use futures_util::StreamExt as _;
use genai::adapter::AdapterKind;
use genai::chat::{
    ChatOptions, ChatRequest, ChatStreamEvent, StopReason, Tool as TheirTool, Usage as TheirUsage,
};
use genai::resolver::{AuthData, Endpoint, ServiceTargetResolver};
use genai::{Client, ModelIden, ServiceTarget};
use serde_json::{Value, json};

const COVERED: [(Spoken, AdapterKind); 4] = [
    (Spoken::Chat, AdapterKind::OpenAI),
    (Spoken::Responses, AdapterKind::OpenAIResp),
    (Spoken::Anthropic, AdapterKind::Anthropic),
    (Spoken::Gemini, AdapterKind::Gemini),
];

/// What both can say of a reply.
#[derive(Debug, PartialEq)]
struct Read {
    text: String,
    /// Name and arguments.
    calls: Vec<(String, Value)>,
    finish: &'static str,
    input: Option<u64>,
    output: Option<u64>,
}

impl Read {
    fn ours(reply: &Reply) -> Read {
        let arguments = |text: &str| serde_json::from_str(text).expect("JSON");
        let calls = reply.tool_calls.iter().map(|c| (c.name.clone(), arguments(&c.arguments)));
        Read {
            text: reply.text.trim().to_owned(),
            calls: calls.collect(),
            finish: match reply.finish {
                Finish::Stop => "stop",
                Finish::Length => "length",
                Finish::ToolCalls => "calls",
                Finish::ContentFilter | Finish::Refusal => "filter",
                Finish::Other(_) => "other",
            },
            input: reply.usage.input,
            output: reply.usage.output,
        }
    }

    fn theirs(
        text: String,
        calls: Vec<(String, Value)>,
        stop: Option<&StopReason>,
        usage: &TheirUsage,
    ) -> Read {
        let has_calls = !calls.is_empty();
        Read {
            text: text.trim().to_owned(),
            calls,
            finish: match stop {
                Some(StopReason::Completed(_) | StopReason::StopSequence(_)) if has_calls => {
                    "calls"
                }
                Some(StopReason::Completed(_) | StopReason::StopSequence(_)) => "stop",
                Some(StopReason::MaxTokens(_)) => "length",
                Some(StopReason::ToolCall(_)) => "calls",
                Some(StopReason::ContentFilter(_)) => "filter",
                Some(StopReason::Other(_)) | None => "other",
            },
            input: usage.prompt_tokens.and_then(|n| u64::try_from(n).ok()),
            output: usage.completion_tokens.and_then(|n| u64::try_from(n).ok()),
        }
    }
}

fn their_client(kind: AdapterKind, base_url: &str) -> Client {
    let base_url = format!("{base_url}/");
    let resolver = ServiceTargetResolver::from_resolver_fn(
        move |target: ServiceTarget| -> Result<ServiceTarget, genai::resolver::Error> {
            Ok(ServiceTarget {
                endpoint: Endpoint::from_owned(base_url.clone()),
                auth: AuthData::from_single("key"),
                model: ModelIden::new(kind, target.model.model_name),
            })
        },
    );
    Client::builder().with_service_target_resolver(resolver).build().expect("a client")
}

fn their_request(request: &Request) -> ChatRequest {
    let tool = |tool: &Tool| {
        TheirTool::new(tool.name.as_str())
            .with_description(tool.description.as_str())
            .with_schema(tool.parameters.clone())
    };
    let text = request.messages[0].joined_text();
    let asked = ChatRequest::from_user(text);
    if request.tools.is_empty() { asked } else { asked.with_tools(request.tools.iter().map(tool)) }
}

async fn their_reading(kind: AdapterKind, base_url: &str, request: &Request, mode: Mode) -> Read {
    let client = their_client(kind, base_url);
    let options = ChatOptions::default()
        .with_capture_usage(true)
        .with_capture_content(true)
        .with_capture_tool_calls(true);
    let options = match request.max_output_tokens {
        Some(limit) => options.with_max_tokens(u32::try_from(limit).expect("small")),
        None => options,
    };
    let asked = their_request(request);
    let model = request.model.as_str();
    let named = |call: &genai::chat::ToolCall| {
        let arguments = match &call.fn_arguments {
            Value::String(text) => serde_json::from_str(text).expect("JSON"),
            value => value.clone(),
        };
        (call.fn_name.clone(), arguments)
    };
    if mode == Mode::Plain {
        let reply = client.exec_chat(model, asked, Some(&options)).await.expect("a reply");
        let calls = reply.tool_calls().into_iter().map(named).collect();
        let text = reply.texts().concat();
        return Read::theirs(text, calls, reply.stop_reason.as_ref(), &reply.usage);
    }
    let reply = client.exec_chat_stream(model, asked, Some(&options)).await.expect("a stream");
    let (mut stream, mut text) = (reply.stream, String::new());
    while let Some(event) = stream.next().await {
        match event.expect("an event") {
            ChatStreamEvent::Chunk(chunk) => text.push_str(&chunk.content),
            ChatStreamEvent::End(end) => {
                let calls = end.captured_tool_calls().into_iter().flatten().map(named).collect();
                let usage = end.captured_usage.clone().unwrap_or_default();
                return Read::theirs(text, calls, end.captured_stop_reason.as_ref(), &usage);
            }
            _ => {}
        }
    }
    panic!("the stream has no end");
}

async fn compare(what: &str, server: ModelServer, request: &Request) {
    for (wire, kind) in COVERED {
        let base_url = wire.base_url(&server);
        let ours = caller(&PATIENT, wire, &base_url, None);
        for mode in MODES {
            let reply = call(&ours, request, mode).await.0.expect("a reply");
            let theirs = their_reading(kind, &base_url, request, mode).await;
            assert_eq!(Read::ours(&reply), theirs, "{what}, {wire:?}, {mode:?}");
        }
    }
}

#[tokio::test]
async fn a_text_is_read_alike() {
    let server = ModelServer::start().await.reply_with(|_| TEXT.to_owned());
    compare("text", server, &request()).await;
}

#[tokio::test]
async fn a_reply_cut_at_its_limit_is_read_alike() {
    let server = ModelServer::start().await.reply_with(|_| TEXT.to_owned());
    let limited = Request { max_output_tokens: Some(2), ..request() };
    compare("limit", server, &limited).await;
}

#[tokio::test]
async fn tool_calls_are_read_alike() {
    let tool = Tool {
        name: "weather".to_owned(),
        description: "Tells the weather.".to_owned(),
        parameters: json!({"type": "object", "properties": {"city": {"type": "string"}}}),
    };
    let asking = Request { tools: vec![tool], ..request() };
    let arguments = json!({"city": "Łódź", "days": [1, 2]});
    let server = ModelServer::start().await.reply_with(|_| "Let me see.".to_owned());
    let server =
        server.calls_tools(&[("weather", arguments), ("weather", json!({"city": "Oslo"}))]);
    compare("tools", server, &asking).await;
}
