//! Answers as the bytes they travel as.

use super::reply::Event;

pub(super) const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// Events as lines of a stream, each whole.
pub(super) fn sse(events: &[Event]) -> Vec<Vec<u8>> {
    events.iter().map(Event::to_bytes).collect()
}

/// The head of a streamed answer.
pub(super) fn stream_head() -> Vec<u8> {
    head(200, "text/event-stream", &[("transfer-encoding", "chunked")])
}

/// One piece in HTTP's chunked coding.
pub(super) fn chunk(piece: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{:x}\r\n", piece.len()).into_bytes();
    bytes.extend_from_slice(piece);
    bytes.extend_from_slice(b"\r\n");
    bytes
}

/// A whole streamed answer, one HTTP chunk for each piece.
pub(super) fn chunked(pieces: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = stream_head();
    for piece in pieces {
        bytes.extend(chunk(piece));
    }
    bytes.extend_from_slice(LAST_CHUNK);
    bytes
}

/// A whole answer of known length.
pub(super) fn sized(
    status: u16,
    media_type: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Vec<u8> {
    let length = body.len().to_string();
    let headers: Vec<_> =
        headers.iter().copied().chain([("content-length", length.as_str())]).collect();
    let mut bytes = head(status, media_type, &headers);
    bytes.extend_from_slice(body);
    bytes
}

/// A whole answer in JSON.
pub(super) fn json_answer(status: u16, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    sized(status, "application/json", headers, body.as_bytes())
}

pub(super) fn head(status: u16, media_type: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} Scripted\r\ncontent-type: {media_type}\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    head.into_bytes()
}

/// The same answer with further headers before the others.
pub(super) fn with_headers(answer: &[u8], headers: &[(String, String)]) -> Vec<u8> {
    let line_end = answer.windows(2).position(|window| window == b"\r\n");
    let Some(at) = line_end.filter(|_| answer.starts_with(b"HTTP/")) else {
        return answer.to_vec();
    };
    let lines: String =
        headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    [&answer[..at + 2], lines.as_bytes(), &answer[at + 2..]].concat()
}
