//! What every wire promises alike, and where each goes its own way.

use std::time::Duration;

use crate::common::{MODES, Mode, PATIENT, Spoken, TEXT, WIRES, call, caller, request};
use assay_model::{
    CancellationToken, FailureKind, Finish, Message, Preset, Rates, Request, Tool, ToolCall, Usage,
    Window,
};
use assay_net::{Client, Credential, Origin, redact::Secrets};
use assay_testkit::{Fault, ModelServer};
use serde_json::json;

const CANARY: &str = "sk-canary-4f1d9c7e21b04a55";

async fn server() -> ModelServer {
    ModelServer::start().await.reply_with(|_| TEXT.to_owned())
}

fn asking_for_tools() -> Request {
    let tool = |name: &str| Tool {
        name: name.to_owned(),
        description: "Tells the weather.".to_owned(),
        parameters: json!({"type": "object", "properties": {"city": {"type": "string"}}}),
    };
    Request { tools: vec![tool("weather"), tool("time")], ..request() }
}

#[tokio::test]
async fn text_finish_usage_and_times_are_the_same_on_every_wire() {
    for wire in WIRES {
        let server = server().await;
        let caller = caller(&PATIENT, wire, &wire.base_url(&server), None);
        for mode in MODES {
            let (outcome, heard) = call(&caller, &request(), mode).await;
            let reply = outcome.expect("a reply");
            assert_eq!((reply.text.as_str(), &reply.finish), (TEXT, &Finish::Stop), "{wire:?}");
            assert_eq!((reply.usage.input, reply.usage.output), (Some(2), Some(5)), "{wire:?}");
            assert_eq!(heard.is_empty(), mode == Mode::Plain, "{wire:?}");
            assert_eq!(reply.first_token_ms.is_some(), mode == Mode::Streamed, "{wire:?}");
            assert!(reply.first_token_ms.unwrap_or(0) <= reply.latency_ms, "{wire:?}");
        }
    }
}

#[tokio::test]
async fn the_body_that_is_sent_is_the_canonical_body_and_the_raw_reply_is_kept() {
    for wire in WIRES {
        let server = server().await;
        let caller = caller(&PATIENT, wire, &wire.base_url(&server), None);
        for mode in MODES {
            let reply = call(&caller, &request(), mode).await.0.expect("a reply");
            let sent = server.requests().pop().expect("a request");
            let body = caller.body(&request(), mode == Mode::Streamed).expect("expressible");
            assert_eq!(sent.body, body, "{wire:?}");
            assert_eq!(body, caller.body(&request(), mode == Mode::Streamed).expect("the same"));
            let raw = String::from_utf8(reply.raw).expect("UTF-8");
            let is_json = serde_json::from_str::<serde_json::Value>(&raw).is_ok();
            assert_eq!(is_json, mode == Mode::Plain, "{wire:?}: {raw}");
        }
    }
}

#[tokio::test]
async fn each_wire_goes_to_its_own_place_with_its_own_headers() {
    for (wire, streamed, plain) in [
        (Spoken::Chat, "/v1/chat/completions", "/v1/chat/completions"),
        (Spoken::Responses, "/v1/responses", "/v1/responses"),
        (Spoken::Anthropic, "/v1/messages", "/v1/messages"),
        (
            Spoken::Gemini,
            "/v1beta/models/test-model:streamGenerateContent?alt=sse",
            "/v1beta/models/test-model:generateContent",
        ),
        (Spoken::Custom, "/v1/chat/completions", "/v1/chat/completions"),
    ] {
        let server = server().await;
        let caller = caller(&PATIENT, wire, &wire.base_url(&server), None);
        for mode in MODES {
            call(&caller, &request(), mode).await.0.expect("a reply");
        }
        let requests = server.requests();
        assert_eq!([&requests[0].path, &requests[1].path], [streamed, plain], "{wire:?}");
        let version = requests[0].header("anthropic-version");
        assert_eq!(version, (wire == Spoken::Anthropic).then_some("2023-06-01"), "{wire:?}");
        assert_eq!(requests[0].header("authorization"), None, "{wire:?}");
    }
}

#[tokio::test]
async fn the_query_of_a_base_url_survives() {
    let server = server().await;
    let versioned = format!("{}?api-version=2024-10-21", server.url());
    let caller = caller(&PATIENT, Spoken::Chat, &versioned, None);
    call(&caller, &request(), Mode::Plain).await.0.expect("a reply");
    assert_eq!(server.requests()[0].path, "/v1/chat/completions?api-version=2024-10-21");
}

#[tokio::test]
async fn a_reply_cut_at_its_token_limit_says_so_on_every_wire() {
    let limited = Request { max_output_tokens: Some(2), ..request() };
    for wire in WIRES {
        let server = server().await;
        let caller = caller(&PATIENT, wire, &wire.base_url(&server), None);
        for mode in MODES {
            let reply = call(&caller, &limited, mode).await.0.expect("a reply");
            assert_eq!(reply.finish, Finish::Length, "{wire:?}");
            assert_eq!(reply.text, "Zażółć gęślą ", "{wire:?}");
        }
    }
}

#[tokio::test]
async fn tools_are_asked_for_and_their_arguments_arrive_whole_on_every_wire() {
    let arguments = json!({"city": "Łódź", "days": 3});
    for wire in WIRES.into_iter().filter(|wire| *wire != Spoken::Custom) {
        let server = server().await;
        let server = server.calls_tools(&[("weather", arguments.clone()), ("time", json!({}))]);
        let caller = caller(&PATIENT, wire, &wire.base_url(&server), None);
        for mode in MODES {
            let reply = call(&caller, &asking_for_tools(), mode).await.0.expect("a reply");
            assert_eq!(reply.finish, Finish::ToolCalls, "{wire:?}, {mode:?}");
            let [weather, time] = reply.tool_calls.as_slice() else { panic!("{reply:?}") };
            assert_eq!([&weather.name, &time.name], ["weather", "time"], "{wire:?}, {mode:?}");
            let told: serde_json::Value = serde_json::from_str(&weather.arguments).expect("JSON");
            assert_eq!(told, arguments, "{wire:?}, {mode:?}");
            assert_eq!(time.arguments, "{}", "{wire:?}, {mode:?}");
            assert!(!weather.id.is_empty() && weather.id != time.id, "{wire:?}, {mode:?}");
        }
        let body = server.requests()[0].json();
        assert!(body["tools"].as_array().is_some_and(|tools| !tools.is_empty()), "{wire:?}");
    }
}

#[tokio::test]
async fn an_answered_tool_call_is_told_on_every_wire() {
    let call_id = "call_1".to_owned();
    let asked = ToolCall {
        id: call_id.clone(),
        name: "weather".into(),
        arguments: "{}".into(),
        ..ToolCall::default()
    };
    let mut request = asking_for_tools();
    request.messages.extend([
        Message { role: "assistant".into(), tool_calls: vec![asked], ..Message::default() },
        Message { tool_call_id: Some(call_id), ..Message::text("tool", "Rain.") },
    ]);
    for wire in WIRES.into_iter().filter(|wire| *wire != Spoken::Custom) {
        let server = server().await;
        let caller = caller(&PATIENT, wire, &wire.base_url(&server), None);
        let reply = call(&caller, &request, Mode::Plain).await.0.expect("a reply");
        assert_eq!(reply.text, TEXT, "{wire:?}");
        assert!(server.requests()[0].contains("Rain."), "{wire:?}");
    }
}

#[tokio::test]
async fn what_a_wire_cannot_say_is_refused_before_anything_is_sent() {
    let seeded = Request { seed: Some(7), ..request() };
    for (wire, request) in [
        (Spoken::Responses, &seeded),
        (Spoken::Anthropic, &seeded),
        (Spoken::Custom, &asking_for_tools()),
    ] {
        let server = server().await;
        let caller = caller(&PATIENT, wire, &wire.base_url(&server), None);
        for mode in MODES {
            let failure = call(&caller, request, mode).await.0.expect_err("refused");
            assert_eq!((failure.kind, failure.maybe_billed), (FailureKind::Rejected, false));
            assert!(failure.message.contains(caller.wire()), "{failure}");
        }
        assert_eq!(server.count(), 0, "{wire:?}");
    }
}

#[tokio::test]
async fn usage_that_makes_no_sense_is_unknown_and_never_zero_on_every_wire() {
    for wire in WIRES {
        for fault in [Fault::MissingUsage, Fault::OddUsage] {
            for mode in MODES {
                let server = server().await;
                server.fault_next(fault.clone());
                let caller = caller(&PATIENT, wire, &wire.base_url(&server), None);
                let reply = call(&caller, &request(), mode).await.0.expect("a reply");
                assert_eq!(reply.usage, Usage::default(), "{wire:?}, {fault:?}, {mode:?}");
            }
        }
    }
}

#[tokio::test]
async fn of_two_counts_in_a_stream_the_latest_holds() {
    for wire in WIRES.into_iter().filter(|wire| *wire != Spoken::Responses) {
        let server = server().await;
        server.fault_next(Fault::DuplicateUsage);
        let caller = caller(&PATIENT, wire, &wire.base_url(&server), None);
        let reply = call(&caller, &request(), Mode::Streamed).await.0.expect("a reply");
        assert_eq!((reply.usage.input, reply.usage.output), (Some(2), Some(6)), "{wire:?}");
    }
}

#[tokio::test]
async fn rates_and_the_servers_name_of_an_exchange_come_with_replies_and_failures() {
    let headers = [
        ("x-request-id", "req_42"),
        ("x-ratelimit-limit-requests", "60"),
        ("x-ratelimit-remaining-requests", "59"),
        ("x-ratelimit-reset-requests", "1s"),
    ];
    let window =
        Window { limit: Some(60), remaining: Some(59), reset: Some(Duration::from_secs(1)) };
    let rates = Rates { requests: Some(window), ..Rates::default() };
    for wire in WIRES {
        let server = server().await.headers(&headers);
        let caller = caller(&PATIENT, wire, &wire.base_url(&server), None);
        let reply = call(&caller, &request(), Mode::Streamed).await.0.expect("a reply");
        assert_eq!((reply.rates, reply.request_id.as_deref()), (rates, Some("req_42")), "{wire:?}");
        server.fault_next(Fault::rate_limited("3"));
        let failure = call(&caller, &request(), Mode::Streamed).await.0.expect_err("limited");
        assert_eq!(failure.rates.requests, Some(window), "{wire:?}");
        assert_eq!(failure.request_id.as_deref(), Some("req_42"), "{wire:?}");
        assert_eq!(failure.retry_after, Some(Duration::from_secs(3)), "{wire:?}");
    }
}

#[tokio::test]
async fn a_key_goes_where_each_provider_looks_for_it_and_nowhere_else() {
    const PLACES: [&str; 4] = ["authorization", "x-api-key", "x-goog-api-key", "api-key"];
    for (preset, wire) in [
        ("openai", Spoken::Chat),
        ("openai-responses", Spoken::Responses),
        ("azure-openai", Spoken::Chat),
        ("anthropic", Spoken::Anthropic),
        ("gemini", Spoken::Gemini),
        ("vertex", Spoken::Gemini),
    ] {
        let server = server().await.require_key(CANARY);
        let base_url = wire.base_url(&server);
        let place = Preset::named(preset).expect("known").key_place();
        let origin = Origin::parse(&base_url).expect("an origin");
        let key = Credential::new(origin, CANARY).sent_as(place.clone());
        let caller = caller(&PATIENT, wire, &base_url, Some(key));
        call(&caller, &request(), Mode::Streamed).await.0.expect("the key is right");
        caller.list_models().await.expect("the key is right");
        for sent in server.requests() {
            let carried: Vec<&str> =
                PLACES.into_iter().filter(|name| sent.header(name).is_some()).collect();
            assert_eq!(carried, [place.header_name()], "{preset}");
            assert!(!sent.path.contains(CANARY), "{preset}");
        }
    }
}

#[tokio::test]
async fn an_echoed_key_is_taken_out_of_what_is_kept_on_every_wire() {
    let client =
        Client::new(crate::common::limits()).expect("a client").with_secrets(Secrets::new());
    for wire in WIRES {
        let server = ModelServer::start().await.reply_with(|_| format!("You sent {CANARY}."));
        let base_url = wire.base_url(&server);
        let key = Credential::new(Origin::parse(&base_url).expect("an origin"), CANARY);
        let caller = caller(&client, wire, &base_url, Some(key));
        for mode in MODES {
            let reply = call(&caller, &request(), mode).await.0.expect("a reply");
            assert!(!String::from_utf8_lossy(&reply.raw).contains(CANARY), "{wire:?}, {mode:?}");
            assert_eq!(reply.text, "You sent [key].", "{wire:?}, {mode:?}");
        }
        server
            .fault_next(Fault::status(400, format!("{{\"error\":{{\"message\":\"{CANARY}\"}}}}")));
        let failure = call(&caller, &request(), Mode::Plain).await.0.expect_err("refused");
        assert!(
            failure.message.contains("[key]") && !failure.message.contains(CANARY),
            "{failure}"
        );
    }
}

/// A whole reply in which the server says the key wherever it may say what it likes.
fn saying_the_key(wire: Spoken) -> serde_json::Value {
    let call = json!({"id": CANARY, "function": {"name": CANARY, "arguments": "{}"}});
    match wire {
        Spoken::Chat | Spoken::Custom => json!({"choices": [{
            "message": {"content": "x", "reasoning": CANARY, "tool_calls": [call]},
            "finish_reason": CANARY,
            "logprobs": {"content": [
                {"token": &CANARY[..9], "logprob": -0.5},
                {"token": &CANARY[9..], "logprob": -0.5, "top_logprobs": []},
            ]},
        }]}),
        Spoken::Responses => json!({
            "status": "incomplete",
            "incomplete_details": {"reason": CANARY},
            "output": [{"type": "function_call", "call_id": CANARY, "name": CANARY}],
        }),
        Spoken::Anthropic => json!({
            "stop_reason": CANARY,
            "content": [{"type": "tool_use", "id": CANARY, "name": CANARY, "input": {}}],
        }),
        Spoken::Gemini => json!({"candidates": [{
            "content": {"parts": [{"functionCall": {"id": CANARY, "name": CANARY}}]},
            "finishReason": CANARY,
        }]}),
    }
}

#[tokio::test]
async fn an_echoed_key_is_taken_out_of_every_field_of_a_reply_on_every_wire() {
    let client = Client::new(crate::common::limits()).expect("a client");
    for wire in WIRES {
        let server = server().await.headers(&[("x-request-id", CANARY)]).models(&[CANARY, "m"]);
        let base_url = wire.base_url(&server);
        let key = Credential::new(Origin::parse(&base_url).expect("an origin"), CANARY);
        let caller = caller(&client, wire, &base_url, Some(key));
        server.fault_next(Fault::status(200, saying_the_key(wire).to_string()));
        let reply = call(&caller, &request(), Mode::Plain).await.0.expect("a reply");
        assert_eq!(reply.request_id.as_deref(), Some("[key]"), "{wire:?}");
        // Gemini's words are told in small letters, in which this key is as well.
        assert_eq!(reply.finish, Finish::Other("[key]".to_owned()), "{wire:?}");
        assert_eq!(reply.tool_calls.is_empty(), wire == Spoken::Custom, "{wire:?}");
        let kept = format!("{reply:?}{:?}{:?}", reply.request_id, reply.logprobs);
        assert!(!kept.contains(CANARY) && reply.logprobs.is_none(), "{wire:?}: {kept}");
        server.fault_next(Fault::server_error());
        let failure = call(&caller, &request(), Mode::Plain).await.0.expect_err("an error");
        assert_eq!(failure.request_id.as_deref(), Some("[key]"), "{wire:?}");
        if let Ok(models) = caller.list_models().await {
            assert_eq!(models, ["m", "[key]"], "{wire:?}");
        }
    }
}

#[tokio::test]
async fn a_key_at_the_end_of_what_is_shown_of_a_message_is_not_cut_in_two() {
    let client = Client::new(crate::common::limits()).expect("a client");
    let server = server().await;
    let key = Credential::new(Origin::parse(&server.url()).expect("an origin"), CANARY);
    let caller = caller(&client, Spoken::Chat, &server.url(), Some(key));
    for length in [440, 490, 500, 550, 590, 599] {
        let message = format!("{}{CANARY}", "x".repeat(length));
        server.fault_next(Fault::status(400, json!({"error": {"message": message}}).to_string()));
        let failure = call(&caller, &request(), Mode::Plain).await.0.expect_err("refused");
        assert!(!failure.message.contains(&CANARY[..9]), "{length}: {failure}");
        assert!(failure.message.len() <= 600, "{length}: {failure}");
    }
}

#[tokio::test]
async fn models_are_listed_on_every_wire_that_lists_them() {
    for wire in WIRES {
        let server = server().await.models(&["zeta", "alpha", "alpha"]);
        let caller = caller(&PATIENT, wire, &wire.base_url(&server), None);
        match caller.list_models().await {
            Ok(models) => assert_eq!(models, ["alpha", "zeta"], "{wire:?}"),
            Err(failure) => {
                assert_eq!((wire, failure.kind), (Spoken::Custom, FailureKind::Rejected));
            }
        }
    }
}

#[tokio::test]
async fn models_are_listed_to_the_last_page_on_every_wire_that_lists_them() {
    let all: Vec<String> = (0..25).map(|number| format!("model-{number:02}")).collect();
    let ids: Vec<&str> = all.iter().map(String::as_str).collect();
    for wire in WIRES.into_iter().filter(|wire| *wire != Spoken::Custom) {
        let server = server().await.models(&ids).models_a_page(10);
        let caller = caller(&PATIENT, wire, &wire.base_url(&server), None);
        assert_eq!(caller.list_models().await.expect("a list"), all, "{wire:?}");
        assert_eq!(server.count(), 3, "{wire:?}");
    }
}

#[tokio::test]
async fn a_list_of_models_without_an_end_is_given_up_and_one_that_turns_in_a_circle_ends() {
    let server = server().await;
    let caller = caller(&PATIENT, Spoken::Anthropic, &Spoken::Anthropic.base_url(&server), None);
    for number in 0..200 {
        let page = json!({"data": [], "has_more": true, "last_id": format!("m-{number}")});
        server.fault_next(Fault::status(200, page.to_string()));
    }
    let failure = caller.list_models().await.expect_err("no end");
    assert_eq!((failure.kind, failure.maybe_billed), (FailureKind::TooLarge, false));
    assert_eq!(server.count(), 100, "it is bounded");

    server.no_faults();
    let circle = json!({"data": [{"id": "m"}], "has_more": true, "last_id": "m"}).to_string();
    server.fault_when(|_| true, Fault::status(200, circle));
    assert_eq!(caller.list_models().await.expect("a list"), ["m"]);
    assert_eq!(server.count(), 102, "the page that comes again is the last");
}

#[tokio::test]
async fn a_cancelled_call_ends_at_once_with_what_it_had_on_every_wire() {
    for wire in WIRES {
        let server = server().await;
        server.fault_next(Fault::StallMidBody);
        let caller = caller(&PATIENT, wire, &wire.base_url(&server), None);
        let cancel = CancellationToken::new();
        let outcome = caller.generate(&request(), &mut |_| cancel.cancel(), &cancel).await;
        let failure = outcome.expect_err("cancelled");
        assert_eq!(
            (failure.kind, failure.maybe_billed),
            (FailureKind::Cancelled, true),
            "{wire:?}"
        );
        assert!(!failure.raw.is_empty(), "{wire:?}");
    }
}
