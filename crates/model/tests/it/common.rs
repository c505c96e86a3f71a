//! The wires under test, each against the model server.

use std::sync::LazyLock;
use std::time::Duration;

use assay_model::wire::UsagePaths;
use assay_model::{
    Caller, CancellationToken, CustomSpec, Endpoint, Failure, Message, Reply, Request, WireKind,
};
use assay_net::{Client, Credential, Limits, Url};
use assay_testkit::ModelServer;
use serde_json::json;

pub const TEXT: &str = "Zażółć gęślą jaźń, 你好 🌾!";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Streamed,
    Plain,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoken {
    Chat,
    Responses,
    Anthropic,
    Gemini,
    Custom,
}

pub const MODES: [Mode; 2] = [Mode::Streamed, Mode::Plain];

pub const WIRES: [Spoken; 5] =
    [Spoken::Chat, Spoken::Responses, Spoken::Anthropic, Spoken::Gemini, Spoken::Custom];

impl Spoken {
    pub fn kind(self) -> WireKind {
        match self {
            Spoken::Chat => WireKind::OpenAiChat,
            Spoken::Responses => WireKind::OpenAiResponses,
            Spoken::Anthropic => WireKind::Anthropic,
            Spoken::Gemini => WireKind::Gemini,
            Spoken::Custom => WireKind::Custom(Box::new(declared())),
        }
    }

    pub fn base_url(self, server: &ModelServer) -> String {
        match self {
            Spoken::Gemini => server.gemini_url(),
            _ => server.url(),
        }
    }
}

/// A declaration that comes to the chat protocol, which the server speaks anyway.
fn declared() -> CustomSpec {
    CustomSpec {
        path: "chat/completions".to_owned(),
        request: json!({
            "model": "{{model}}",
            "messages": "{{messages}}",
            "max_tokens": "{{max_output_tokens}}",
            "stream": "{{stream}}",
            "stream_options": {"include_usage": true},
        }),
        output: "/choices/0/message/content".to_owned(),
        delta: Some("/choices/0/delta/content".to_owned()),
        finish: Some("$.choices[0].finish_reason".to_owned()),
        usage: UsagePaths {
            input: Some("/usage/prompt_tokens".to_owned()),
            output: Some("/usage/completion_tokens".to_owned()),
            cached: Some("$.usage.prompt_tokens_details.cached_tokens".to_owned()),
        },
        ..CustomSpec::default()
    }
}

/// Small in size, and ample in time: a busy machine must not look like a silent server.
pub fn limits() -> Limits {
    Limits { line: 16 << 10, body: 256 << 10, ..Limits::default() }
}

/// For servers that are told to be silent or slow.
pub fn impatient() -> Limits {
    let moment = Duration::from_millis(400);
    Limits { first_byte: moment, idle: moment, total: 2 * moment, ..limits() }
}

/// Making a client reads the machine's certificates, which takes longer than most tests.
pub static PATIENT: LazyLock<Client> = LazyLock::new(|| Client::new(limits()).expect("a client"));
pub static IMPATIENT: LazyLock<Client> =
    LazyLock::new(|| Client::new(impatient()).expect("a client"));

pub fn caller(client: &Client, wire: Spoken, base_url: &str, key: Option<Credential>) -> Caller {
    let endpoint = Endpoint { base_url: Url::parse(base_url).expect("a URL"), credential: key };
    Caller::new(client.clone(), endpoint, wire.kind()).expect("a wire")
}

pub fn request() -> Request {
    Request {
        model: "test-model".to_owned(),
        messages: vec![Message::text("user", "Say something.")],
        ..Request::default()
    }
}

/// The outcome, and the text as it was heard.
pub async fn call(
    caller: &Caller,
    request: &Request,
    mode: Mode,
) -> (Result<Reply, Failure>, String) {
    let cancel = CancellationToken::new();
    let mut heard = String::new();
    let outcome = match mode {
        Mode::Streamed => caller.generate(request, &mut |text| heard.push_str(text), &cancel).await,
        Mode::Plain => caller.generate_plain(request, &cancel).await,
    };
    (outcome, heard)
}
