//! Every fault of the catalogue on every wire, streamed and plain: each is called by its name, none hangs, and no broken
//! reply passes for a whole one.

use std::sync::Arc;
use std::time::Duration;

use crate::common::{IMPATIENT, MODES, Mode, PATIENT, Spoken, TEXT, WIRES, call, caller, request};
use assay_model::FailureKind::*;
use assay_model::{FailureKind, Finish, RetryAdvice};
use assay_net::Client;
use assay_testkit::{Fault, ModelServer};
use serde_json::{Value, json};

/// Far beyond every limit of a client here, and of a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// Exchanges at one time.
const AT_ONCE: usize = 24;

#[derive(Debug, Clone, PartialEq)]
enum Expected {
    Fails(FailureKind, Retry),
    Passes(&'static str, Finish),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Retry {
    Again,
    Once,
    Never,
}

use Expected::{Fails, Passes};
use Retry::{Again, Never, Once};

type Expect = Arc<dyn Fn(Spoken, Mode) -> Option<Expected> + Send + Sync>;
type Order = Arc<dyn Fn(Spoken) -> Fault + Send + Sync>;

/// A fault, and what it must come to. `None` where there is nothing to fail.
struct Row {
    name: String,
    order: Order,
    expect: Expect,
}

fn row(
    name: impl Into<String>,
    fault: Fault,
    expect: impl Fn(Spoken, Mode) -> Option<Expected> + Send + Sync + 'static,
) -> Row {
    Row { name: name.into(), order: Arc::new(move |_| fault.clone()), expect: Arc::new(expect) }
}

/// The same on every wire, streamed and plain.
fn fails(name: impl Into<String>, fault: Fault, kind: FailureKind, retry: Retry) -> Row {
    row(name, fault, move |_, _| Some(Fails(kind, retry)))
}

fn is_sound(name: &str, fault: Fault) -> Row {
    row(name, fault, |_, _| Some(Passes(TEXT, Finish::Stop)))
}

fn refusals() -> Vec<Row> {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let skewed = Fault::Status {
        status: 429,
        body: "{}".to_owned(),
        headers: vec![
            header("date", "Wed, 21 Oct 2015 07:28:00 GMT"),
            header("retry-after", "Wed, 21 Oct 2015 07:28:05 GMT"),
        ],
    };
    let mut rows = vec![
        fails("429, wait a second", Fault::rate_limited("1"), RateLimited, Again),
        fails("429, wait two hours", Fault::rate_limited("7200"), RateLimited, Never),
        fails("429, wait by a wrong clock", skewed, RateLimited, Again),
        fails("429, account empty", Fault::insufficient_quota(), QuotaExhausted, Never),
        fails("malformed request", Fault::bad_request(), Rejected, Never),
        fails("wrong key", Fault::unauthorized(), Unauthorized, Never),
        fails("unknown model", Fault::not_found(), NotFound, Never),
        fails("server error", Fault::server_error(), ServerError, Again),
        fails("overloaded", Fault::overloaded(), ServerError, Again),
        fails(
            "redirect",
            Fault::Redirect { location: "https://evil.example/".to_owned() },
            Redirected,
            Never,
        ),
    ];
    rows.extend(
        [
            (400, Rejected, Never),
            (401, Unauthorized, Never),
            (402, QuotaExhausted, Never),
            (403, Unauthorized, Never),
            (404, NotFound, Never),
            (407, Rejected, Never),
            (408, TimedOut, Again),
            (409, Rejected, Again),
            (413, Rejected, Never),
            (422, Rejected, Never),
            (429, RateLimited, Again),
            (500, ServerError, Again),
            (502, ServerError, Again),
            (503, ServerError, Again),
            (504, ServerError, Again),
            (529, ServerError, Again),
        ]
        .map(|(status, kind, retry)| {
            fails(format!("bare {status}"), Fault::status(status, "<html>"), kind, retry)
        }),
    );
    rows
}

fn broken_connections() -> Vec<Row> {
    // A stream's headers come before its work where that is known; a plain reply's come after.
    let before_headers = |wire, mode| match (wire, mode) {
        (Spoken::Gemini | Spoken::Custom, _) | (_, Mode::Plain) => Some(Fails(Reset, Once)),
        (_, Mode::Streamed) => Some(Fails(Reset, Again)),
    };
    vec![
        row("reset before headers", Fault::ResetBeforeHeaders, before_headers),
        row("closed before headers", Fault::CloseBeforeHeaders, before_headers),
        fails("reset after headers", Fault::ResetAfterHeaders, Reset, Once),
        fails("reset in the middle", Fault::ResetMidBody, Reset, Once),
        fails("closed in the middle", Fault::CloseMidBody, Truncated, Once),
        fails("silent before headers", Fault::StallBeforeHeaders, TimedOut, Once),
        fails("silent after headers", Fault::StallAfterHeaders, TimedOut, Once),
        fails("silent in the middle", Fault::StallMidBody, TimedOut, Once),
        fails("dripping", Fault::Drip { every: Duration::from_millis(20) }, TimedOut, Once),
        fails("no HTTP", Fault::NotHttp, Malformed, Once),
    ]
}

fn incomplete_replies() -> Vec<Row> {
    vec![
        fails("truncated", Fault::Truncated, Truncated, Once),
        // A stream says itself where it ends, but for Gemini's, which ends with its body.
        row("length too long", Fault::ContentLengthTooLong, |wire, mode| match (wire, mode) {
            (Spoken::Gemini, _) | (_, Mode::Plain) => Some(Fails(Truncated, Once)),
            (_, Mode::Streamed) => Some(Passes(TEXT, Finish::Stop)),
        }),
        fails("length too short", Fault::ContentLengthTooShort, Truncated, Once),
        fails("without a finish reason", Fault::WithoutFinish, Truncated, Once),
        // The declared protocol names a finish reason, which is enough.
        row("without a closing mark", Fault::WithoutDone, |wire, mode| match (wire, mode) {
            (Spoken::Custom, _) | (_, Mode::Plain) => Some(Passes(TEXT, Finish::Stop)),
            (_, Mode::Streamed) => Some(Fails(Truncated, Once)),
        }),
    ]
}

fn no_replies() -> Vec<Row> {
    vec![
        fails("empty body", Fault::EmptyBody, Malformed, Once),
        fails("a web page", Fault::Html, Malformed, Once),
        fails("almost JSON", Fault::MalformedJson, Malformed, Once),
        fails("packed without being asked", Fault::Gzip, Malformed, Once),
        fails("no choice", Fault::EmptyChoices, Malformed, Once),
        fails("a huge body", Fault::HugeBody { bytes: 1 << 20 }, TooLarge, Never),
        fails("a huge line", Fault::HugeLine { bytes: 1 << 20 }, TooLarge, Never),
        row("a long line", Fault::HugeLine { bytes: 64 << 10 }, |_, mode| {
            (mode == Mode::Streamed).then_some(Fails(TooLarge, Never))
        }),
    ]
}

/// An error object, as each wire has it.
fn reported(
    name: &str,
    errors: [Value; 4],
    expect: impl Fn(Spoken, Mode) -> Option<Expected> + Send + Sync + 'static,
) -> Row {
    let order = move |wire| {
        let [chat, responses, anthropic, gemini] = errors.clone();
        let error = match wire {
            Spoken::Chat | Spoken::Custom => chat,
            Spoken::Responses => responses,
            Spoken::Anthropic => anthropic,
            Spoken::Gemini => gemini,
        };
        Fault::ErrorMidStream { error }
    };
    Row { name: name.to_owned(), order: Arc::new(order), expect: Arc::new(expect) }
}

fn errors_inside_replies() -> Vec<Row> {
    let by_text = |kind| {
        move |_, mode| match mode {
            Mode::Streamed => Some(Fails(kind, Once)),
            Mode::Plain => Some(Fails(kind, Again)),
        }
    };
    vec![
        reported(
            "error inside: overloaded",
            [
                json!({"message": "overloaded", "type": "server_error"}),
                json!({"code": "server_error", "message": "overloaded"}),
                json!({"type": "overloaded_error", "message": "Overloaded"}),
                json!({"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}),
            ],
            by_text(ServerError),
        ),
        reported(
            "error inside: rate limit",
            [
                json!({"message": "slow down", "code": "rate_limit_exceeded"}),
                json!({"code": "rate_limit_exceeded", "message": "slow down"}),
                json!({"type": "rate_limit_error", "message": "slow down"}),
                json!({"code": 429, "message": "slow down", "status": "RESOURCE_EXHAUSTED"}),
            ],
            by_text(RateLimited),
        ),
        reported(
            "error inside: account empty",
            [
                json!({"code": "insufficient_quota"}),
                json!({"code": "insufficient_quota", "message": "no credit"}),
                json!({"type": "billing_error", "message": "no credit"}),
                json!({"code": 429, "details": [{"violations": [{"quotaId": "RequestsPerDay"}]}]}),
            ],
            |_, _| Some(Fails(QuotaExhausted, Never)),
        ),
    ]
}

fn odd_but_sound() -> Vec<Row> {
    vec![
        is_sound("split characters", Fault::SplitBytes),
        is_sound("CRLF and comments", Fault::CrlfAndComments),
        is_sound("CR alone", Fault::LoneCr),
        is_sound("byte order mark", Fault::ByteOrderMark),
        is_sound("many data lines", Fault::MultiLineData),
        is_sound("no final newline", Fault::NoFinalNewline),
        is_sound("unknown events", Fault::UnknownEvents),
        is_sound("wrong content type", Fault::WrongContentType),
        is_sound("trailer", Fault::Trailer),
        is_sound("no usage", Fault::MissingUsage),
        is_sound("odd usage", Fault::OddUsage),
        is_sound("usage twice", Fault::DuplicateUsage),
    ]
}

fn replies_without_text() -> Vec<Row> {
    const DECLINED: &str = "I cannot help with that.";
    vec![
        row("null content", Fault::NullContent, |wire, _| match wire {
            Spoken::Custom => Some(Fails(Malformed, Once)),
            _ => Some(Passes("", Finish::Stop)),
        }),
        row("refusal", Fault::Refusal, |wire, _| match wire {
            Spoken::Custom => Some(Fails(Malformed, Once)),
            Spoken::Gemini => Some(Passes("", Finish::ContentFilter)),
            _ => Some(Passes(DECLINED, Finish::Refusal)),
        }),
        row("content filter", Fault::ContentFilter, |wire, _| match wire {
            Spoken::Anthropic => Some(Passes(TEXT, Finish::Refusal)),
            _ => Some(Passes(TEXT, Finish::ContentFilter)),
        }),
    ]
}

fn catalogue() -> Vec<Row> {
    [
        refusals(),
        broken_connections(),
        incomplete_replies(),
        no_replies(),
        errors_inside_replies(),
        odd_but_sound(),
        replies_without_text(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

struct Case {
    what: String,
    wire: Spoken,
    mode: Mode,
    fault: Fault,
    expected: Expected,
}

fn cases(rows: &[Row]) -> Vec<Case> {
    let mut cases = Vec::new();
    for row in rows {
        for (wire, mode) in WIRES.into_iter().flat_map(|wire| MODES.map(|mode| (wire, mode))) {
            let Some(expected) = (row.expect)(wire, mode) else { continue };
            let what = format!("{}, {wire:?}, {mode:?}", row.name);
            cases.push(Case { what, wire, mode, fault: (row.order)(wire), expected });
        }
    }
    cases
}

fn client_for(fault: &Fault) -> &'static Client {
    match fault {
        Fault::StallBeforeHeaders
        | Fault::StallAfterHeaders
        | Fault::StallMidBody
        | Fault::Drip { .. } => &IMPATIENT,
        _ => &PATIENT,
    }
}

/// What went wrong with a case, if anything did.
async fn verdict(case: Case) -> Option<String> {
    let Case { what, wire, mode, fault, expected } = case;
    let server = ModelServer::start().await.reply_with(|_| TEXT.to_owned());
    let caller = caller(client_for(&fault), wire, &wire.base_url(&server), None);
    server.fault_next(fault);
    let request = request();
    let exchange = tokio::time::timeout(DEADLINE, call(&caller, &request, mode));
    let Ok((outcome, heard)) = exchange.await else { return Some(format!("{what}: hangs")) };
    let got = match outcome {
        Err(failure) => Fails(failure.kind, retry(failure.advice())),
        Ok(reply) => {
            let told = [TEXT, "", "I cannot help with that."];
            let text = told.into_iter().find(|text| *text == reply.text);
            let streamed = mode == Mode::Streamed && !heard.is_empty();
            match text {
                Some(text) if !streamed || heard == text => Passes(text, reply.finish),
                _ => return Some(format!("{what}: a text of its own: {:?}", reply.text)),
            }
        }
    };
    (got != expected).then(|| format!("{what}: {got:?} in place of {expected:?}"))
}

fn retry(advice: RetryAdvice) -> Retry {
    match advice {
        RetryAdvice::Retry { .. } => Again,
        RetryAdvice::RetryOnce => Once,
        RetryAdvice::Never => Never,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_fault_on_every_wire_is_called_by_its_name() {
    let rows = catalogue();
    let cases = cases(&rows);
    let total = cases.len();
    let mut running = tokio::task::JoinSet::new();
    let mut wrong = Vec::new();
    for case in cases {
        if running.len() >= AT_ONCE {
            wrong.extend(running.join_next().await.and_then(|done| done.expect("no panic")));
        }
        running.spawn(verdict(case));
    }
    while let Some(done) = running.join_next().await {
        wrong.extend(done.expect("no panic"));
    }
    println!(
        "{} faults, {total} cases on {} wires, {} wrong",
        rows.len(),
        WIRES.len(),
        wrong.len()
    );
    assert!(rows.len() >= 28, "the catalogue has 28 faults and more");
    assert!(wrong.is_empty(), "{} of {total}:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test]
async fn nobody_at_home_is_unreachable_and_free_on_every_wire() {
    for (wire, mode) in WIRES.into_iter().flat_map(|wire| MODES.map(|mode| (wire, mode))) {
        let gone = wire.base_url(&ModelServer::start().await);
        let (outcome, _) = call(&caller(&PATIENT, wire, &gone, None), &request(), mode).await;
        let failure = outcome.expect_err("the server is gone");
        assert_eq!((failure.kind, failure.maybe_billed), (Unreachable, false), "{wire:?}");
        assert_eq!(retry(failure.advice()), Again, "{wire:?}");
    }
}

#[tokio::test]
async fn a_server_without_tls_is_unreachable_over_https_on_every_wire() {
    for wire in WIRES {
        let server = ModelServer::start().await;
        let secure = wire.base_url(&server).replace("http://", "https://");
        let (outcome, _) =
            call(&caller(&PATIENT, wire, &secure, None), &request(), Mode::Plain).await;
        let failure = outcome.expect_err("no TLS");
        assert_eq!((failure.kind, failure.maybe_billed), (Unreachable, false), "{wire:?}");
        assert_eq!(server.count(), 0, "{wire:?}");
    }
}
