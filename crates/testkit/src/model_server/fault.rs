//! The ways a model server goes wrong.

use std::time::Duration;

use serde_json::Value;

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
    /// A refusal in the protocol's own words. The constructors below make these.
    Refused {
        /// What for.
        problem: Problem,
        /// How long to wait.
        retry_after: Option<String>,
    },
    /// Status 307 to another place.
    Redirect {
        /// Where it points.
        location: String,
    },
    /// Bytes that are no HTTP.
    NotHttp,
    /// The frames in which an HTTP/2 server says that it is going away, to a client that speaks HTTP/1.1.
    Http2GoAway,
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
    /// The sound reply, packed by gzip without being asked to, or so it says: a client that unpacks nothing sees noise.
    Gzip,
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
    /// A reply without a choice, a message, an output or a candidate.
    EmptyChoices,
    /// A reply whose content is `null`.
    NullContent,
    /// A refusal in place of content (Gemini: a blocked prompt).
    Refusal,
    /// Finished by a content filter, with the text so far (Anthropic: a refusal).
    ContentFilter,
    /// No usage at all.
    MissingUsage,
    /// Usage with a negative number, a text and a fraction.
    OddUsage,
    /// Streamed: the usage arrives twice, the second time larger. Plain: the sound reply.
    DuplicateUsage,
    /// Streamed: everything but the closing mark (Gemini: but the finish reason). Plain: the sound reply.
    WithoutDone,
    /// A reply, closed if streamed, without any finish reason.
    WithoutFinish,
    /// A reply, closed if streamed, whose finish reason is an empty text.
    BlankFinish,
    /// Streamed: this error object as an event after half of the text. Plain: the error object with status 200. Each in
    /// the protocol's own envelope.
    ErrorMidStream {
        /// The error object.
        error: Value,
    },
    /// Streamed: this error object before anything was generated, after whatever the protocol opens with. Plain: as
    /// [`Fault::ErrorMidStream`].
    ErrorAtOnce {
        /// The error object.
        error: Value,
    },
    /// Streamed: this error object after thinking, of which no text has come. Plain: the error object beside a count of
    /// tokens, with status 200.
    ErrorAfterThinking {
        /// The error object.
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

/// What a server refuses a request for, in its protocol's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// Too many requests.
    RateLimited,
    /// An account without credit.
    QuotaExhausted,
    /// A malformed request.
    BadRequest,
    /// A wrong key.
    Unauthorized,
    /// An unknown model or path.
    NotFound,
    /// The server failed.
    ServerError,
    /// The server has too much to do.
    Overloaded,
}

impl Fault {
    /// A status with a JSON body.
    pub fn status(status: u16, body: impl Into<String>) -> Fault {
        Fault::Status { status, body: body.into(), headers: Vec::new() }
    }

    /// 429, and how long to wait: where the protocol says it (seconds or a date in `retry-after`, or in the body).
    pub fn rate_limited(retry_after: &str) -> Fault {
        let retry_after = Some(retry_after.to_owned());
        Fault::Refused { problem: Problem::RateLimited, retry_after }
    }

    /// 429 for an account without credit: waiting does not help.
    pub fn insufficient_quota() -> Fault {
        Fault::refused(Problem::QuotaExhausted)
    }

    /// 400 for a malformed request.
    pub fn bad_request() -> Fault {
        Fault::refused(Problem::BadRequest)
    }

    /// 401 for a wrong key (Gemini: 400).
    pub fn unauthorized() -> Fault {
        Fault::refused(Problem::Unauthorized)
    }

    /// 404 for an unknown model or path.
    pub fn not_found() -> Fault {
        Fault::refused(Problem::NotFound)
    }

    /// 500.
    pub fn server_error() -> Fault {
        Fault::refused(Problem::ServerError)
    }

    /// 503 (Anthropic: 529).
    pub fn overloaded() -> Fault {
        Fault::refused(Problem::Overloaded)
    }

    fn refused(problem: Problem) -> Fault {
        Fault::Refused { problem, retry_after: None }
    }
}
