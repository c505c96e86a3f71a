//! The ways a model server goes wrong, each a script of bytes and silences.

use std::time::Duration;

use serde_json::{Value, json};

use super::connection::Step;
use super::reply::{
    LAST_CHUNK, Reply, chunk, chunked, head, json_answer, sized, sse, sse_open, stream_head,
};

/// One way to fail. Where plain and streamed replies differ, the documentation says how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// An answer with this status and body. The constructors below make the common ones.
    Status {
        /// The HTTP status.
        status: u16,
        /// The body, sent as JSON.
        body: String,
        /// Further headers.
        headers: Vec<(String, String)>,
    },
    /// Status 307 to another place.
    Redirect {
        /// Where it points.
        location: String,
    },
    /// Bytes that are no HTTP.
    NotHttp,
    /// The connection is torn (RST) before any header.
    ResetBeforeHeaders,
    /// The connection ends in good order (FIN) before any header.
    CloseBeforeHeaders,
    /// The connection is torn after the headers.
    ResetAfterHeaders,
    /// The connection is torn in the middle of the body.
    ResetMidBody,
    /// The connection ends in good order in the middle of the body.
    CloseMidBody,
    /// Silence in place of headers.
    StallBeforeHeaders,
    /// Silence after the headers.
    StallAfterHeaders,
    /// Silence in the middle of the body.
    StallMidBody,
    /// The whole reply, a byte at a time, with this pause after each.
    Drip {
        /// The pause.
        every: Duration,
    },
    /// Status 200 and nothing else.
    EmptyBody,
    /// Status 200 and a web page, as a proxy's sign-in page is.
    Html,
    /// Status 200 and text that is almost JSON.
    MalformedJson,
    /// JSON that ends in the middle, in a body of the announced length; a stream that ends half-way in good order.
    Truncated,
    /// The sound reply with a `content-length` larger than it. Ends the connection.
    ContentLengthTooLong,
    /// The sound reply with a `content-length` smaller than it. Ends the connection.
    ContentLengthTooShort,
    /// The sound reply, called `text/plain`.
    WrongContentType,
    /// The sound reply with a trailer field after the last chunk (plain replies are sent in chunks too).
    Trailer,
    /// A reply without a choice.
    EmptyChoices,
    /// A reply whose content is `null`.
    NullContent,
    /// A refusal in place of content.
    Refusal,
    /// Finished by a content filter, with the text so far.
    ContentFilter,
    /// No usage at all.
    MissingUsage,
    /// Usage with a negative number, a text and a fraction.
    OddUsage,
    /// Streamed: the usage arrives twice, the second time larger. Plain: the sound reply.
    DuplicateUsage,
    /// Streamed: everything but `[DONE]`. Plain: the sound reply.
    WithoutDone,
    /// Streamed: `[DONE]` without any finish reason. Plain: a `null` finish reason.
    WithoutFinish,
    /// Streamed: this error object as an event after half of the text. Plain: the error object with status 200.
    ErrorMidStream {
        /// The value of `error`.
        error: Value,
    },
    /// The sound reply, every byte an HTTP chunk of its own, so that characters are split.
    SplitBytes,
    /// Streamed: lines end in CRLF, comments between them. Plain: the sound reply.
    CrlfAndComments,
    /// Streamed: lines end in CR alone. Plain: the sound reply.
    LoneCr,
    /// A byte order mark before the reply.
    ByteOrderMark,
    /// Streamed: each payload over many `data:` lines. Plain: pretty-printed JSON.
    MultiLineData,
    /// Streamed: the last line has no line end. Plain: the sound reply.
    NoFinalNewline,
    /// Streamed: events of unknown names between the others. Plain: unknown fields.
    UnknownEvents,
    /// One line (streamed) or one text (plain) of this many bytes.
    HugeLine {
        /// How long.
        bytes: usize,
    },
    /// A body of at least this many bytes in lines of ordinary length.
    HugeBody {
        /// How large.
        bytes: usize,
    },
}

impl Fault {
    /// A status with a JSON body.
    pub fn status(status: u16, body: impl Into<String>) -> Fault {
        Fault::Status { status, body: body.into(), headers: Vec::new() }
    }

    /// 429 with `retry-after`.
    pub fn rate_limited(retry_after: &str) -> Fault {
        let error = error("Rate limit reached for requests", "requests", "rate_limit_exceeded");
        Fault::Status {
            status: 429,
            body: error,
            headers: vec![("retry-after".to_owned(), retry_after.to_owned())],
        }
    }

    /// 429 for an account without credit: waiting does not help.
    pub fn insufficient_quota() -> Fault {
        let message =
            "You exceeded your current quota, please check your plan and billing details.";
        Fault::status(429, error(message, "insufficient_quota", "insufficient_quota"))
    }

    /// 400 for a malformed request.
    pub fn bad_request() -> Fault {
        Fault::status(
            400,
            error("Invalid value for 'temperature'", "invalid_request_error", "invalid_value"),
        )
    }

    /// 401 for a wrong key.
    pub fn unauthorized() -> Fault {
        Fault::status(
            401,
            error("Incorrect API key provided", "invalid_request_error", "invalid_api_key"),
        )
    }

    /// 404 for an unknown model or path.
    pub fn not_found() -> Fault {
        Fault::status(
            404,
            error("The model does not exist", "invalid_request_error", "model_not_found"),
        )
    }

    /// 500.
    pub fn server_error() -> Fault {
        Fault::status(500, error("The server had an error", "server_error", "internal_error"))
    }

    /// 503.
    pub fn overloaded() -> Fault {
        Fault::status(
            503,
            error("The engine is currently overloaded", "server_error", "overloaded"),
        )
    }

    pub(super) fn script(&self, reply: &Reply) -> Vec<Step> {
        use Step::{Close, Reset, Stall, Write};
        match self {
            Fault::Status { status, body, headers } => {
                let headers: Vec<_> =
                    headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                vec![Write(json_answer(*status, &headers, body))]
            }
            Fault::Redirect { location } => {
                vec![Write(json_answer(307, &[("location", location)], "{}"))]
            }
            Fault::NotHttp => vec![Write(b"SSH-2.0-OpenSSH_9.9\r\n".to_vec()), Close],
            Fault::ResetBeforeHeaders => vec![Reset],
            Fault::CloseBeforeHeaders => vec![Close],
            Fault::ResetAfterHeaders => vec![Write(split(reply).head), Reset],
            Fault::ResetMidBody => vec![Write(split(reply).cut_half_way()), Reset],
            Fault::CloseMidBody => vec![Write(split(reply).cut_half_way()), Close],
            Fault::StallBeforeHeaders => vec![Stall],
            Fault::StallAfterHeaders => vec![Write(split(reply).head), Stall],
            Fault::StallMidBody => vec![Write(split(reply).cut_half_way()), Stall],
            Fault::Drip { every } => drip(reply, *every),
            Fault::EmptyBody => vec![Write(sized(200, media_type(reply), &[], b""))],
            Fault::Html => {
                vec![Write(sized(200, "text/html", &[], b"<!doctype html><title>Sign in</title>"))]
            }
            Fault::MalformedJson => malformed(reply),
            Fault::Truncated => truncated(reply),
            Fault::ContentLengthTooLong => wrong_length(reply, |length| length + 100),
            Fault::ContentLengthTooShort => wrong_length(reply, |length| length / 2),
            Fault::WrongContentType => vec![Write(sized(200, "text/plain", &[], &body(reply)))],
            Fault::Trailer => trailer(reply),
            Fault::HugeLine { bytes } => {
                sound(&Reply { text: "x".repeat(*bytes), ..reply.clone() })
            }
            Fault::HugeBody { bytes } => huge_body(reply, *bytes),
            Fault::SplitBytes => split_bytes(reply),
            Fault::ByteOrderMark => {
                whole(reply, [b"\xef\xbb\xbf".as_slice(), &body(reply)].concat())
            }
            _ if reply.streamed => vec![Write(chunked(&self.stream(reply)))],
            _ => vec![Write(json_answer(200, &[], &self.plain(reply)))],
        }
    }

    /// The faults that lie in the events of a stream.
    fn stream(&self, reply: &Reply) -> Vec<Vec<u8>> {
        let events = reply.events();
        let text = |lines: Vec<Vec<u8>>| String::from_utf8_lossy(&lines.concat()).into_owned();
        match self {
            Fault::EmptyChoices => sse(&[reply.usage_event(&reply.usage())]),
            Fault::NullContent => sse(&[
                reply.event(&json!({"role": "assistant", "content": null}), None),
                reply.event(&json!({"content": null}), Some("stop")),
            ]),
            Fault::Refusal => sse(&[
                reply.event(&json!({"refusal": "I cannot help "}), None),
                reply.event(&json!({"refusal": "with that."}), None),
                reply.event(&json!({}), Some("stop")),
            ]),
            Fault::ContentFilter => {
                sse(&Reply { finish: "content_filter", ..reply.clone() }.events())
            }
            Fault::MissingUsage => sse(&Reply { with_usage: false, ..reply.clone() }.events()),
            Fault::OddUsage => {
                let sound = Reply { with_usage: false, ..reply.clone() }.events();
                sse(&[sound, vec![reply.usage_event(&odd_usage())]].concat())
            }
            Fault::DuplicateUsage => {
                let larger =
                    Reply { completion_tokens: reply.completion_tokens + 1, ..reply.clone() };
                sse(&[events, vec![reply.usage_event(&larger.usage())]].concat())
            }
            Fault::WithoutDone => sse_open(&events),
            Fault::WithoutFinish => sse(&events[..events.len().saturating_sub(2)]),
            Fault::ErrorMidStream { error } => {
                let half = events.len() / 2;
                [sse_open(&events[..half]), sse_open(&[json!({"error": error}).to_string()])]
                    .concat()
            }
            Fault::CrlfAndComments => {
                let text = text(sse(&events))
                    .replace("\n\n", "\n: still here\n\n:\n")
                    .replace('\n', "\r\n");
                vec![text.into_bytes()]
            }
            Fault::LoneCr => vec![text(sse(&events)).replace('\n', "\r").into_bytes()],
            Fault::MultiLineData => {
                let mut lines: Vec<Vec<u8>> =
                    events.iter().map(|event| over_many_lines(event)).collect();
                lines.push(b"data: [DONE]\n\n".to_vec());
                lines
            }
            Fault::NoFinalNewline => vec![text(sse(&events)).trim_end().as_bytes().to_vec()],
            Fault::UnknownEvents => {
                let unknown =
                    b"event: weather\nid: 7\nretry: 10\nflavour: mint\ndata: sunny\n\n".to_vec();
                sse(&events).into_iter().flat_map(|event| [unknown.clone(), event]).collect()
            }
            _ => sse(&events),
        }
    }

    /// The same faults in a plain reply.
    fn plain(&self, reply: &Reply) -> String {
        let mut json = reply.json();
        match self {
            Fault::EmptyChoices => json["choices"] = json!([]),
            Fault::NullContent => json["choices"][0]["message"]["content"] = Value::Null,
            Fault::Refusal => {
                json["choices"][0]["message"] =
                    json!({"content": null, "refusal": "I cannot help with that."});
            }
            Fault::ContentFilter => json["choices"][0]["finish_reason"] = json!("content_filter"),
            Fault::WithoutFinish => json["choices"][0]["finish_reason"] = Value::Null,
            Fault::MissingUsage => json["usage"] = Value::Null,
            Fault::OddUsage => json["usage"] = odd_usage(),
            Fault::ErrorMidStream { error } => json = json!({"error": error}),
            Fault::UnknownEvents => json["weather"] = json!({"flavour": ["mint"]}),
            Fault::MultiLineData => return format!("{json:#}"),
            _ => {}
        }
        json.to_string()
    }
}

fn error(message: &str, kind: &str, code: &str) -> String {
    json!({"error": {"message": message, "type": kind, "param": null, "code": code}}).to_string()
}

fn odd_usage() -> Value {
    json!({"prompt_tokens": -3, "completion_tokens": "many", "prompt_tokens_details": {"cached_tokens": 0.5}})
}

fn media_type(reply: &Reply) -> &'static str {
    if reply.streamed { "text/event-stream" } else { "application/json" }
}

fn body(reply: &Reply) -> Vec<u8> {
    if reply.streamed {
        sse(&reply.events()).concat()
    } else {
        reply.json().to_string().into_bytes()
    }
}

fn sound(reply: &Reply) -> Vec<Step> {
    reply.script(Duration::ZERO)
}

fn whole(reply: &Reply, body: Vec<u8>) -> Vec<Step> {
    vec![Step::Write(sized(200, media_type(reply), &[], &body))]
}

/// The bytes of the sound reply, cut after its head.
struct Split {
    head: Vec<u8>,
    body: Vec<u8>,
}

impl Split {
    fn cut_half_way(mut self) -> Vec<u8> {
        self.head.extend_from_slice(&self.body[..self.body.len() / 2]);
        self.head
    }
}

fn split(reply: &Reply) -> Split {
    if reply.streamed {
        let head = stream_head();
        let body = chunked(&sse(&reply.events()))[head.len()..].to_vec();
        return Split { head, body };
    }
    let body = body(reply);
    let length = body.len().to_string();
    Split { head: head(200, media_type(reply), &[("content-length", &length)]), body }
}

fn drip(reply: &Reply, every: Duration) -> Vec<Step> {
    let Split { head, body } = split(reply);
    let drops = body.into_iter().flat_map(|byte| [Step::Write(vec![byte]), Step::Wait(every)]);
    [Step::Write(head)].into_iter().chain(drops).collect()
}

fn malformed(reply: &Reply) -> Vec<Step> {
    let almost = r#"{"choices": [{"index": 0, "message": nul}]}"#;
    whole(
        reply,
        if reply.streamed { format!("data: {almost}\n\n").into_bytes() } else { almost.into() },
    )
}

fn truncated(reply: &Reply) -> Vec<Step> {
    if reply.streamed {
        let events = reply.events();
        return vec![Step::Write(chunked(&sse_open(&events[..events.len() / 2])))];
    }
    let body = body(reply);
    whole(reply, body[..body.len() / 2].to_vec())
}

fn wrong_length(reply: &Reply, wrong: impl Fn(usize) -> usize) -> Vec<Step> {
    let body = body(reply);
    let length = wrong(body.len()).to_string();
    let head = head(200, media_type(reply), &[("content-length", &length)]);
    vec![Step::Write([head, body].concat()), Step::Close]
}

fn split_bytes(reply: &Reply) -> Vec<Step> {
    let mut bytes = head(200, media_type(reply), &[("transfer-encoding", "chunked")]);
    bytes.extend(body(reply).iter().flat_map(|byte| chunk(&[*byte])));
    bytes.extend_from_slice(LAST_CHUNK);
    vec![Step::Write(bytes)]
}

fn trailer(reply: &Reply) -> Vec<Step> {
    let mut bytes = head(
        200,
        media_type(reply),
        &[("transfer-encoding", "chunked"), ("trailer", "x-checksum")],
    );
    bytes.extend(chunk(&body(reply)));
    bytes.extend_from_slice(LAST_CHUNK.trim_ascii_end());
    bytes.extend_from_slice(b"\r\nx-checksum: 0\r\n\r\n");
    vec![Step::Write(bytes)]
}

fn huge_body(reply: &Reply, bytes: usize) -> Vec<Step> {
    if reply.streamed {
        let comment = format!(": {}\n", "x".repeat(1000));
        let comments = comment.repeat(bytes / comment.len() + 1).into_bytes();
        return vec![Step::Write(chunked(&[comments, body(reply)]))];
    }
    sound(&Reply { text: "x ".repeat(bytes / 2 + 1), ..reply.clone() })
}

fn over_many_lines(event: &str) -> Vec<u8> {
    let event: Value = serde_json::from_str(event).unwrap_or(Value::Null);
    let lines: String =
        format!("{event:#}").lines().map(|line| format!("data: {line}\n")).collect();
    format!("{lines}\n").into_bytes()
}
