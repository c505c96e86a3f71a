//! The faults, and what each must come to on each wire.

use std::time::Duration;

use assay_model::FailureKind::{self, *};
use assay_model::Finish;
use assay_testkit::Fault;
use serde_json::{Value, json};

use super::Outcome::{self, Fails, Passes};
use super::Retry::{self, After, Again, Never, Once};
use crate::common::{Mode, Spoken, TEXT};

type Expect = Box<dyn Fn(Spoken, Mode) -> Option<Outcome>>;
type Order = Box<dyn Fn(Spoken, Mode) -> Fault>;

/// A fault, and what it must come to. `None` where there is nothing to fail.
pub struct Row {
    pub name: String,
    pub order: Order,
    pub expect: Expect,
}

fn row(
    name: impl Into<String>,
    fault: Fault,
    expect: impl Fn(Spoken, Mode) -> Option<Outcome> + 'static,
) -> Row {
    Row { name: name.into(), order: Box::new(move |_, _| fault.clone()), expect: Box::new(expect) }
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
        fails("429, wait a second", Fault::rate_limited("1"), RateLimited, After(1)),
        fails("429, wait two hours", Fault::rate_limited("7200"), RateLimited, Never),
        fails("429, wait by a wrong clock", skewed, RateLimited, After(5)),
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
        fails("HTTP/2, going away", Fault::Http2GoAway, Malformed, Once),
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
        fails("with a blank finish reason", Fault::BlankFinish, Truncated, Once),
        unfinished(json!(false)),
        unfinished(json!(0)),
        unfinished(json!("null")),
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

/// An error object, as each wire has it, in one of the places where it may stand.
fn reported(
    name: &str,
    place: fn(Value) -> Fault,
    errors: fn(Spoken) -> Value,
    expect: impl Fn(Spoken, Mode) -> Option<Outcome> + 'static,
) -> Row {
    let order = move |wire, _| place(errors(wire));
    Row { name: name.to_owned(), order: Box::new(order), expect: Box::new(expect) }
}

fn overloaded(wire: Spoken) -> Value {
    match wire {
        Spoken::Chat | Spoken::Custom => json!({"message": "overloaded", "type": "server_error"}),
        Spoken::Responses => json!({"code": "server_error", "message": "overloaded"}),
        Spoken::Anthropic => json!({"type": "overloaded_error", "message": "Overloaded"}),
        Spoken::Gemini => json!({"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}),
    }
}

fn rate_limit(wire: Spoken) -> Value {
    match wire {
        Spoken::Anthropic => json!({"type": "rate_limit_error", "message": "slow down"}),
        Spoken::Gemini => {
            json!({"code": 429, "message": "slow down", "status": "RESOURCE_EXHAUSTED"})
        }
        _ => json!({"code": "rate_limit_exceeded", "message": "slow down"}),
    }
}

fn empty_account(wire: Spoken) -> Value {
    match wire {
        Spoken::Anthropic => json!({"type": "billing_error", "message": "no credit"}),
        Spoken::Gemini => {
            json!({"code": 429, "details": [{"violations": [{"quotaId": "RequestsPerDay"}]}]})
        }
        _ => json!({"code": "insufficient_quota", "message": "no credit"}),
    }
}

fn errors_inside_replies() -> Vec<Row> {
    let inside: fn(Value) -> Fault = |error| Fault::ErrorMidStream { error };
    let at_once: fn(Value) -> Fault = |error| Fault::ErrorAtOnce { error };
    let after_thinking: fn(Value) -> Fault = |error| Fault::ErrorAfterThinking { error };
    // In place of a plain reply an error was no work, but for a response that says of itself that it failed.
    let by_work = |kind| {
        move |wire, mode| match (wire, mode) {
            (Spoken::Responses, _) | (_, Mode::Streamed) => Some(Fails(kind, Once)),
            (_, Mode::Plain) => Some(Fails(kind, Again)),
        }
    };
    // What a declared protocol sends before its first text is not known to be free.
    let at_first = |kind| {
        move |wire, mode| match (wire, mode) {
            (Spoken::Custom, Mode::Streamed) | (Spoken::Responses, Mode::Plain) => {
                Some(Fails(kind, Once))
            }
            _ => Some(Fails(kind, Again)),
        }
    };
    let always = |kind, retry| move |_, _| Some(Fails(kind, retry));
    vec![
        reported("error inside: overloaded", inside, overloaded, by_work(ServerError)),
        reported("error inside: rate limit", inside, rate_limit, by_work(RateLimited)),
        reported(
            "error inside: empty account",
            inside,
            empty_account,
            always(QuotaExhausted, Never),
        ),
        reported("error at once: overloaded", at_once, overloaded, at_first(ServerError)),
        reported("error at once: rate limit", at_once, rate_limit, at_first(RateLimited)),
        reported("error after thinking", after_thinking, overloaded, always(ServerError, Once)),
        reported("limit after thinking", after_thinking, rate_limit, always(RateLimited, Once)),
        broken_off(),
    ]
}

/// A choice that broke off, as OpenRouter writes it: status 200, a finish reason, and half of a text.
fn broken_off() -> Row {
    let order = |_, mode| {
        let said = json!({"role": "assistant", "content": "Half of"});
        let choice = match mode {
            Mode::Streamed => json!({"index": 0, "delta": said, "finish_reason": "error"}),
            Mode::Plain => json!({"index": 0, "message": said, "finish_reason": "error",
                "error": {"code": 502, "message": "the model's server broke off"}}),
        };
        spoken(mode, &json!({"choices": [choice]}), "[DONE]")
    };
    let expect = |wire, _| (wire == Spoken::Chat).then_some(Fails(ServerError, Once));
    Row { name: "choice broken off".to_owned(), order: Box::new(order), expect: Box::new(expect) }
}

/// A reply that says of itself that it goes on, and then does not.
fn unfinished(denial: Value) -> Row {
    let name = format!("finished: {denial}");
    let order = move |_, mode| {
        let said = json!({"role": "assistant", "content": TEXT});
        let choice = json!({"delta": said, "message": said, "finish_reason": denial});
        spoken(mode, &json!({"choices": [choice]}), "not the closing mark")
    };
    let expect = |wire, _| (wire == Spoken::Custom).then_some(Fails(Truncated, Once));
    Row { name, order: Box::new(order), expect: Box::new(expect) }
}

/// One object with status 200: as it is, or as the one event of a stream before its end.
fn spoken(mode: Mode, said: &Value, end: &str) -> Fault {
    match mode {
        Mode::Plain => Fault::status(200, said.to_string()),
        Mode::Streamed => {
            Fault::status(200, format!("data: {said}\n\nevent: end\ndata: {end}\n\n"))
        }
    }
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

pub fn catalogue() -> Vec<Row> {
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
