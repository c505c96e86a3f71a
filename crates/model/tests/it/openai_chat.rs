//! Every fault of the catalogue against the OpenAI chat wire, streamed and plain: each is called by its name, none
//! hangs, and no broken reply passes for a whole one.

use std::time::Duration;

use assay_model::FailureKind::*;
use assay_model::{
    Caller, CancellationToken, Endpoint, Failure, FailureKind, Finish, Message, Reply, Request,
    RetryAdvice, Usage, WireKind,
};
use assay_net::{Client, Credential, Limits, Origin, Url};
use assay_testkit::{Fault, ModelServer};
use serde_json::json;

const TEXT: &str = "Zażółć gęślą jaźń, 你好 🌾!";
const CANARY: &str = "sk-canary-4f1d9c7e21b04a55";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Streamed,
    Plain,
}

/// Small in size, and ample in time: a busy machine must not look like a silent server.
fn limits() -> Limits {
    Limits { line: 16 << 10, body: 256 << 10, ..Limits::default() }
}

/// For servers that are told to be silent or slow.
fn impatient() -> Limits {
    let moment = Duration::from_millis(400);
    Limits { first_byte: moment, idle: moment, total: 2 * moment, ..limits() }
}

fn limits_for(fault: &Fault) -> Limits {
    match fault {
        Fault::StallBeforeHeaders
        | Fault::StallAfterHeaders
        | Fault::StallMidBody
        | Fault::Drip { .. } => impatient(),
        _ => limits(),
    }
}

fn request() -> Request {
    Request {
        model: "test-model".to_owned(),
        messages: vec![Message::text("user", "Say something.")],
        ..Request::default()
    }
}

fn chat_at(base_url: &str, credential: Option<Credential>) -> Caller {
    chat_within(limits(), base_url, credential)
}

fn chat_within(limits: Limits, base_url: &str, credential: Option<Credential>) -> Caller {
    let endpoint = Endpoint { base_url: Url::parse(base_url).expect("a URL"), credential };
    Caller::new(Client::new(limits).expect("a client"), endpoint, WireKind::OpenAiChat)
        .expect("a wire")
}

async fn server() -> ModelServer {
    ModelServer::start().await.reply_with(|_| TEXT.to_owned())
}

async fn call(chat: &Caller, mode: Mode) -> Result<Reply, Failure> {
    let cancel = CancellationToken::new();
    match mode {
        Mode::Streamed => {
            let mut heard = String::new();
            let reply = chat.generate(&request(), &mut |text| heard.push_str(text), &cancel).await;
            if let Ok(reply) = &reply
                && reply.finish != Finish::Refusal
            {
                assert_eq!(heard, reply.text, "what was streamed is what was replied");
            }
            reply
        }
        Mode::Plain => chat.generate_plain(&request(), &cancel).await,
    }
}

async fn call_failing(fault: Fault, mode: Mode) -> Result<Reply, Failure> {
    let server = server().await;
    let limits = limits_for(&fault);
    server.fault_next(fault);
    call(&chat_within(limits, &server.url(), None), mode).await
}

async fn fails(fault: Fault, mode: Mode, kind: FailureKind, retry: &str) {
    let failure = match call_failing(fault.clone(), mode).await {
        Err(failure) => failure,
        Ok(reply) => panic!("{fault:?}, {mode:?}: passed for a whole reply: {reply:?}"),
    };
    assert_eq!(failure.kind, kind, "{fault:?}, {mode:?}: {failure}");
    let advice = match failure.advice() {
        RetryAdvice::Retry { .. } => "again",
        RetryAdvice::RetryOnce => "once",
        RetryAdvice::Never => "never",
    };
    assert_eq!(advice, retry, "{fault:?}, {mode:?}: {failure:?}");
}

async fn fails_in_both(fault: Fault, kind: FailureKind, retry: &str) {
    fails(fault.clone(), Mode::Streamed, kind, retry).await;
    fails(fault, Mode::Plain, kind, retry).await;
}

/// The reply is whole in spite of the fault.
async fn passes(fault: Fault) -> [Reply; 2] {
    let mut replies = Vec::new();
    for mode in [Mode::Streamed, Mode::Plain] {
        match call_failing(fault.clone(), mode).await {
            Ok(reply) => replies.push(reply),
            Err(failure) => panic!("{fault:?}, {mode:?}: {failure:?}"),
        }
    }
    replies.try_into().expect("two modes")
}

async fn passes_with_the_text(fault: Fault) {
    for reply in passes(fault.clone()).await {
        assert_eq!((reply.text.as_str(), reply.finish), (TEXT, Finish::Stop), "{fault:?}");
    }
}

#[tokio::test]
async fn a_sound_reply_is_taken_whole_with_usage_and_times() {
    let server = server().await;
    for mode in [Mode::Streamed, Mode::Plain] {
        let reply = call(&chat_at(&server.url(), None), mode).await.expect("a reply");
        assert_eq!(reply.text, TEXT);
        assert_eq!(reply.finish, Finish::Stop);
        assert_eq!(
            reply.usage,
            Usage { input: Some(2), output: Some(5), cached: Some(0), ..Usage::default() }
        );
        assert_eq!(reply.first_token_ms.is_some(), mode == Mode::Streamed);
        assert!(reply.first_token_ms.unwrap_or(0) <= reply.latency_ms);
    }
}

#[tokio::test]
async fn the_raw_reply_is_kept_as_received() {
    let server = server().await;
    let chat = chat_at(&server.url(), None);
    let streamed =
        String::from_utf8(call(&chat, Mode::Streamed).await.expect("a reply").raw).expect("UTF-8");
    assert!(
        streamed.starts_with("data: {") && streamed.ends_with("data: [DONE]\n\n"),
        "{streamed}"
    );
    assert_eq!(
        streamed.matches("data: ").count(),
        1 + 5 + 1 + 1 + 1,
        "role, words, finish, usage, mark: {streamed}"
    );
    let plain = call(&chat, Mode::Plain).await.expect("a reply").raw;
    let json: serde_json::Value = serde_json::from_slice(&plain).expect("JSON");
    assert_eq!(json["choices"][0]["message"]["content"], TEXT);
}

#[tokio::test]
async fn the_body_that_is_sent_is_the_canonical_body() {
    let server = server().await;
    let chat = chat_at(&server.url(), None);
    call(&chat, Mode::Streamed).await.expect("a reply");
    call(&chat, Mode::Plain).await.expect("a reply");
    let requests = server.requests();
    assert_eq!(requests[0].body, chat.body(&request(), true).expect("expressible"));
    assert_eq!(requests[1].body, chat.body(&request(), false).expect("expressible"));
    assert_eq!(requests[0].path, "/v1/chat/completions");
    assert_eq!(requests[0].header("authorization"), None);
}

#[tokio::test]
async fn a_reply_cut_at_its_token_limit_says_so() {
    let server = server().await;
    let chat = chat_at(&server.url(), None);
    let limited = Request { max_output_tokens: Some(2), ..request() };
    let reply =
        chat.generate(&limited, &mut |_| {}, &CancellationToken::new()).await.expect("a reply");
    assert_eq!((reply.text.as_str(), reply.finish), ("Zażółć gęślą ", Finish::Length));
}

#[tokio::test]
async fn statuses_are_called_by_their_names() {
    fails_in_both(Fault::rate_limited("1"), RateLimited, "again").await;
    fails_in_both(Fault::rate_limited("7200"), RateLimited, "never").await;
    fails_in_both(Fault::insufficient_quota(), QuotaExhausted, "never").await;
    fails_in_both(Fault::status(402, "{}"), QuotaExhausted, "never").await;
    fails_in_both(Fault::unauthorized(), Unauthorized, "never").await;
    fails_in_both(Fault::status(403, "{}"), Unauthorized, "never").await;
    fails_in_both(Fault::not_found(), NotFound, "never").await;
    fails_in_both(Fault::bad_request(), Rejected, "never").await;
    fails_in_both(Fault::status(413, "{}"), Rejected, "never").await;
    fails_in_both(Fault::status(422, "{}"), Rejected, "never").await;
    fails_in_both(Fault::status(408, "{}"), TimedOut, "again").await;
    fails_in_both(Fault::status(409, "{}"), Rejected, "again").await;
    fails_in_both(Fault::server_error(), ServerError, "again").await;
    fails_in_both(Fault::status(502, "<html>Bad Gateway"), ServerError, "again").await;
    fails_in_both(Fault::overloaded(), ServerError, "again").await;
    fails_in_both(Fault::status(504, ""), ServerError, "again").await;
    fails_in_both(Fault::status(529, "{}"), ServerError, "again").await;
    fails_in_both(
        Fault::Redirect { location: "https://evil.example/".to_owned() },
        Redirected,
        "never",
    )
    .await;
}

#[tokio::test]
async fn a_torn_connection_is_a_reset_and_its_cost_is_known() {
    // A stream's headers come before its work; a plain reply's come after.
    for fault in [Fault::ResetBeforeHeaders, Fault::CloseBeforeHeaders] {
        fails(fault.clone(), Mode::Streamed, Reset, "again").await;
        fails(fault, Mode::Plain, Reset, "once").await;
    }
    fails_in_both(Fault::ResetAfterHeaders, Reset, "once").await;
    fails_in_both(Fault::ResetMidBody, Reset, "once").await;
}

#[tokio::test]
async fn silence_is_a_time_out() {
    fails_in_both(Fault::StallBeforeHeaders, TimedOut, "once").await;
    fails_in_both(Fault::StallAfterHeaders, TimedOut, "once").await;
    fails_in_both(Fault::StallMidBody, TimedOut, "once").await;
    fails_in_both(Fault::Drip { every: Duration::from_millis(20) }, TimedOut, "once").await;
}

#[tokio::test]
async fn a_reply_that_stops_early_is_truncated() {
    fails_in_both(Fault::CloseMidBody, Truncated, "once").await;
    fails_in_both(Fault::Truncated, Truncated, "once").await;
    // A stream says itself where it ends, so a wrong length does not matter there.
    fails(Fault::ContentLengthTooLong, Mode::Plain, Truncated, "once").await;
    call_failing(Fault::ContentLengthTooLong, Mode::Streamed).await.expect("the closing mark came");
    fails_in_both(Fault::ContentLengthTooShort, Truncated, "once").await;
    fails_in_both(Fault::WithoutFinish, Truncated, "once").await;
    fails(Fault::WithoutDone, Mode::Streamed, Truncated, "once").await;
}

#[tokio::test]
async fn what_is_not_the_protocol_is_malformed() {
    fails_in_both(Fault::EmptyBody, Malformed, "once").await;
    fails_in_both(Fault::Html, Malformed, "once").await;
    fails_in_both(Fault::MalformedJson, Malformed, "once").await;
    fails_in_both(Fault::EmptyChoices, Malformed, "once").await;
    fails_in_both(Fault::NotHttp, Malformed, "once").await;
}

#[tokio::test]
async fn what_is_too_large_is_given_up() {
    fails_in_both(Fault::HugeBody { bytes: 1 << 20 }, TooLarge, "never").await;
    fails(Fault::HugeLine { bytes: 64 << 10 }, Mode::Streamed, TooLarge, "never").await;
    fails(Fault::HugeLine { bytes: 1 << 20 }, Mode::Plain, TooLarge, "never").await;
}

#[tokio::test]
async fn an_error_inside_a_reply_is_a_failure_not_a_short_reply() {
    let overloaded =
        Fault::ErrorMidStream { error: json!({"message": "overloaded", "type": "server_error"}) };
    fails(overloaded.clone(), Mode::Streamed, ServerError, "once").await;
    fails(overloaded, Mode::Plain, ServerError, "again").await;
    fails_in_both(
        Fault::ErrorMidStream { error: json!({"code": "insufficient_quota"}) },
        QuotaExhausted,
        "never",
    )
    .await;
    let failure = call_failing(
        Fault::ErrorMidStream { error: json!({"message": "no memory"}) },
        Mode::Streamed,
    )
    .await;
    let failure = failure.expect_err("an error");
    assert_eq!(failure.message, "the server reported: no memory");
    assert!(
        String::from_utf8_lossy(&failure.raw).contains("Zażółć"),
        "what came before the error is kept"
    );
}

#[tokio::test]
async fn odd_but_sound_replies_are_taken_whole() {
    for fault in [
        Fault::SplitBytes,
        Fault::CrlfAndComments,
        Fault::LoneCr,
        Fault::ByteOrderMark,
        Fault::MultiLineData,
        Fault::NoFinalNewline,
        Fault::UnknownEvents,
        Fault::WrongContentType,
        Fault::Trailer,
        Fault::MissingUsage,
        Fault::OddUsage,
        Fault::DuplicateUsage,
    ] {
        passes_with_the_text(fault).await;
    }
}

#[tokio::test]
async fn usage_that_makes_no_sense_is_unknown_and_never_zero() {
    for reply in passes(Fault::MissingUsage).await.into_iter().chain(passes(Fault::OddUsage).await)
    {
        assert_eq!(reply.usage, Usage::default());
    }
    let [streamed, plain] = passes(Fault::DuplicateUsage).await;
    assert_eq!(
        (streamed.usage.output, plain.usage.output),
        (Some(6), Some(5)),
        "the latest word counts"
    );
}

#[tokio::test]
async fn replies_without_text_say_why() {
    for reply in passes(Fault::NullContent).await {
        assert_eq!((reply.text.as_str(), reply.finish), ("", Finish::Stop));
    }
    for reply in passes(Fault::Refusal).await {
        assert_eq!(reply.text, "I cannot help with that.");
        assert_eq!(reply.finish, Finish::Refusal);
    }
    for reply in passes(Fault::ContentFilter).await {
        assert_eq!((reply.text.as_str(), reply.finish), (TEXT, Finish::ContentFilter));
    }
}

#[tokio::test]
async fn the_servers_delay_reaches_the_caller() {
    let failure =
        call_failing(Fault::rate_limited("1.5"), Mode::Streamed).await.expect_err("limited");
    assert_eq!(failure.status, Some(429));
    assert_eq!(failure.advice(), RetryAdvice::Retry { after: Some(Duration::from_millis(1500)) });
    assert!(failure.message.contains("Rate limit reached"), "{failure}");
    assert!(!failure.maybe_billed);
}

#[tokio::test]
async fn nobody_at_home_is_unreachable_and_free() {
    let gone = server().await.url();
    let failure =
        call(&chat_at(&gone, None), Mode::Streamed).await.expect_err("the server is gone");
    assert_eq!((failure.kind, failure.maybe_billed), (Unreachable, false), "{failure:?}");
}

#[tokio::test]
async fn a_key_bound_elsewhere_is_rejected_and_nothing_is_sent() {
    let server = server().await;
    let key = Credential::new(Origin::parse("https://api.example.com").expect("valid"), CANARY);
    let chat = chat_at(&server.url(), Some(key));
    for failure in [call(&chat, Mode::Streamed).await.map(drop), chat.list_models().await.map(drop)]
    {
        let failure = failure.expect_err("refused");
        assert_eq!((failure.kind, failure.advice()), (Rejected, RetryAdvice::Never), "{failure:?}");
        assert!(!failure.maybe_billed);
    }
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn a_key_is_sent_to_its_endpoint_and_kept_out_of_what_is_stored() {
    let server = server().await.require_key(CANARY);
    let key = Credential::new(Origin::parse(&server.url()).expect("valid"), CANARY);
    let chat = chat_at(&server.url(), Some(key));
    call(&chat, Mode::Streamed).await.expect("the key is right");
    let echo = format!("{{\"error\": {{\"message\": \"you sent Bearer {CANARY}\"}}}}");
    server.fault_next(Fault::status(400, echo));
    let failure = call(&chat, Mode::Streamed).await.expect_err("rejected");
    assert_eq!(failure.message, "the server answered with status 400: you sent Bearer [key]");
    assert!(!String::from_utf8_lossy(&failure.raw).contains(CANARY));
}

#[tokio::test]
async fn a_cancelled_call_ends_at_once_with_what_it_had() {
    let server = server().await;
    server.fault_next(Fault::StallMidBody);
    let chat = chat_at(&server.url(), None);
    let cancel = CancellationToken::new();
    let outcome = chat.generate(&request(), &mut |_| cancel.cancel(), &cancel).await;
    let failure = outcome.expect_err("cancelled");
    assert_eq!((failure.kind, failure.maybe_billed), (Cancelled, true));
    assert_eq!(failure.advice(), RetryAdvice::Never);
    assert!(!failure.raw.is_empty());
}

#[tokio::test]
async fn a_call_cancelled_before_it_starts_sends_nothing() {
    let server = server().await;
    let cancel = CancellationToken::new();
    cancel.cancel();
    let chat = chat_at(&server.url(), None);
    let failure = chat.generate(&request(), &mut |_| {}, &cancel).await.expect_err("cancelled");
    assert_eq!((failure.kind, failure.maybe_billed), (Cancelled, false));
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn models_are_listed_by_name() {
    let server = server().await.models(&["zeta", "alpha", "alpha"]);
    let chat = chat_at(&server.url(), None);
    assert_eq!(chat.list_models().await.expect("a list"), ["alpha", "zeta"]);
    server.fault_next(Fault::unauthorized());
    let failure = chat.list_models().await.expect_err("refused");
    assert_eq!(
        (failure.kind, failure.status, failure.maybe_billed),
        (Unauthorized, Some(401), false)
    );
    let impatient = chat_within(impatient(), &server.url(), None);
    for (fault, kind) in [
        (Fault::Html, Malformed),
        (Fault::StallAfterHeaders, TimedOut),
        (Fault::Truncated, Truncated),
    ] {
        server.fault_next(fault);
        assert_eq!(impatient.list_models().await.expect_err("broken").kind, kind);
    }
}

#[tokio::test]
async fn a_server_that_ignores_streaming_is_still_understood() {
    let server = server().await;
    let plain = json!({"choices": [{"message": {"content": TEXT}, "finish_reason": "stop"}]});
    server.fault_next(Fault::status(200, plain.to_string()));
    let reply = call(&chat_at(&server.url(), None), Mode::Streamed).await.expect("a reply");
    assert_eq!(reply.text, TEXT);
}

#[tokio::test]
async fn a_hundred_calls_at_once_share_their_connections() {
    const WIDTH: usize = 100;
    const ROUNDS: usize = 5;
    let server = server().await.latency(Duration::from_millis(20));
    let chat = chat_at(&server.url(), None);
    let mut lanes = tokio::task::JoinSet::new();
    for lane in 0..WIDTH {
        let chat = chat.clone();
        let mode = if lane % 2 == 0 { Mode::Streamed } else { Mode::Plain };
        lanes.spawn(async move {
            for _ in 0..ROUNDS {
                assert_eq!(call(&chat, mode).await.expect("a reply").text, TEXT);
            }
        });
    }
    while let Some(lane) = lanes.join_next().await {
        lane.expect("no lane fails");
    }
    assert_eq!(server.count(), WIDTH * ROUNDS);
    assert!(
        server.connections() <= WIDTH + WIDTH / 2,
        "{} connections for {WIDTH} lanes",
        server.connections()
    );
}

#[test]
fn the_server_runs_beside_a_thread_without_a_runtime() {
    let server = ModelServer::start_blocking().reply_with(|_| TEXT.to_owned());
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let reply =
        runtime.block_on(call(&chat_at(&server.url(), None), Mode::Streamed)).expect("a reply");
    assert_eq!(reply.text, TEXT);
    assert_eq!(server.count(), 1);
}
