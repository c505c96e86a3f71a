//! Each fault as a script of bytes and silences.

use std::time::Duration;

use serde_json::{Value, json};

use super::connection::Step;
use super::fault::{Fault, Problem};
use super::http::{LAST_CHUNK, chunk, chunked, head, json_answer, sized, sse, stream_head};
use super::reply::{Counts, Event, Reply, Said, Stop};

impl Fault {
    /// What happens in place of `reply`.
    pub(super) fn script(&self, reply: &Reply) -> Vec<Step> {
        use Step::{Close, Reset, Stall, Write};
        match self {
            Fault::Status { status, body, headers } => {
                let headers: Vec<_> =
                    headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                vec![Write(json_answer(*status, &headers, body))]
            }
            Fault::Refused { problem, retry_after } => {
                vec![Write(refused(reply, *problem, retry_after.as_deref()))]
            }
            Fault::Redirect { location } => {
                vec![Write(json_answer(307, &[("location", location)], "{}"))]
            }
            Fault::NotHttp => vec![Write(b"SSH-2.0-OpenSSH_9.9\r\n".to_vec()), Close],
            Fault::Http2GoAway => vec![Write(HTTP2_GO_AWAY.to_vec()), Close],
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
            Fault::Gzip => vec![Write(sized(200, media_type(reply), GZIP_HEADER, GZIP_NOISE))],
            Fault::MalformedJson => malformed(reply),
            Fault::Truncated => truncated(reply),
            Fault::ContentLengthTooLong => wrong_length(reply, |length| length + 100),
            Fault::ContentLengthTooShort => wrong_length(reply, |length| length / 2),
            Fault::WrongContentType => vec![Write(sized(200, "text/plain", &[], &body(reply)))],
            Fault::Trailer => trailer(reply),
            Fault::HugeBody { bytes } => huge_body(reply, *bytes),
            Fault::SplitBytes => split_bytes(reply),
            Fault::ByteOrderMark => {
                whole(reply, [b"\xef\xbb\xbf".as_slice(), &body(reply)].concat())
            }
            _ => match self.altered(reply) {
                Some(altered) => sound(&altered),
                None if reply.streamed => vec![Write(chunked(&self.stream(reply)))],
                None => vec![Write(json_answer(200, &[], &self.plain(reply)))],
            },
        }
    }

    /// The faults that lie in what is said: the protocol puts them into its own shape.
    fn altered(&self, reply: &Reply) -> Option<Reply> {
        let reply = reply.clone();
        Some(match self {
            Fault::HugeLine { bytes } => Reply { said: Said::Text("x".repeat(*bytes)), ..reply },
            Fault::EmptyChoices => Reply { said: Said::Nothing, ..reply },
            Fault::NullContent => Reply { said: Said::Null, ..reply },
            Fault::Refusal => {
                Reply { said: Said::Refusal("I cannot help with that.".to_owned()), ..reply }
            }
            Fault::ContentFilter => Reply { finish: Some(Stop::Filter), ..reply },
            Fault::MissingUsage => Reply { usage: Counts::Missing, ..reply },
            Fault::OddUsage => Reply { usage: Counts::Odd, ..reply },
            Fault::DuplicateUsage => Reply { usage: Counts::Twice, ..reply },
            Fault::WithoutDone => Reply { closed: false, ..reply },
            Fault::WithoutFinish => Reply { finish: None, ..reply },
            Fault::BlankFinish => Reply { finish: Some(Stop::Blank), ..reply },
            _ => return None,
        })
    }

    /// The faults that lie in the lines of a stream.
    fn stream(&self, reply: &Reply) -> Vec<Vec<u8>> {
        let events = reply.events();
        let text = || String::from_utf8_lossy(&sse(&events).concat()).into_owned();
        match self {
            Fault::ErrorMidStream { error } => {
                let half = &events[..events.len() / 2];
                sse(&[half, &[reply.dialect.error_event(error)]].concat())
            }
            Fault::ErrorAtOnce { error } => {
                let error = [reply.dialect.error_event(error)];
                sse(&[reply.dialect.before_work(reply).as_slice(), &error].concat())
            }
            Fault::ErrorAfterThinking { error } => {
                let error = [reply.dialect.error_event(error)];
                sse(&[reply.dialect.thinking(reply).as_slice(), &error].concat())
            }
            Fault::CrlfAndComments => {
                let text = text().replace("\n\n", "\n: still here\n\n:\n").replace('\n', "\r\n");
                vec![text.into_bytes()]
            }
            Fault::LoneCr => vec![text().replace('\n', "\r").into_bytes()],
            Fault::MultiLineData => events.iter().map(over_many_lines).collect(),
            Fault::NoFinalNewline => vec![text().trim_end().as_bytes().to_vec()],
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
            Fault::ErrorMidStream { error } | Fault::ErrorAtOnce { error } => {
                json = reply.dialect.error_json(error);
            }
            Fault::ErrorAfterThinking { error } => json = counted(&json, error),
            Fault::UnknownEvents => json["weather"] = json!({"flavour": ["mint"]}),
            Fault::MultiLineData => return format!("{json:#}"),
            _ => {}
        }
        json.to_string()
    }
}

/// Settings, and the announcement that the server will take no stream and is calm about it (RFC 9113, 6.5 and 6.8).
const HTTP2_GO_AWAY: &[u8] = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00\
    \x00\x00\x08\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00";

const GZIP_HEADER: &[(&str, &str)] = &[("content-encoding", "gzip")];

/// The beginning of a packed file, and then nothing that could be unpacked.
const GZIP_NOISE: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\xde\xad\xbe\xef\x0a\x0a";

/// An error in place of a reply, beside the count of tokens that the reply has.
fn counted(reply: &Value, error: &Value) -> Value {
    let mut told = json!({"error": error});
    for field in ["usage", "usageMetadata"].iter().filter(|field| reply.get(field).is_some()) {
        told[*field] = reply[*field].clone();
    }
    told
}

fn refused(reply: &Reply, problem: Problem, retry_after: Option<&str>) -> Vec<u8> {
    let refusal = reply.dialect.refusal(problem, retry_after);
    let header = retry_after.filter(|_| !refusal.tells_delay);
    let headers: Vec<_> = header.map(|value| ("retry-after", value)).into_iter().collect();
    json_answer(refusal.status, &headers, &refusal.body.to_string())
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
        return vec![Step::Write(chunked(&sse(&events[..events.len() / 2])))];
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
    sound(&Reply { said: Said::Text("x ".repeat(bytes / 2 + 1)), ..reply.clone() })
}

fn over_many_lines(event: &Event) -> Vec<u8> {
    let Ok(data) = serde_json::from_str::<Value>(&event.data) else { return event.to_bytes() };
    let pretty = format!("{data:#}").replace('\n', "\ndata: ");
    Event { data: pretty, ..event.clone() }.to_bytes()
}
