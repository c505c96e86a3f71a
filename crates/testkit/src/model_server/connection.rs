//! One connection: requests in, scripted bytes out.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::dialect::{Dialect, VERTEX_MODELS};
use super::fault::Fault;
use super::http::{json_answer, with_headers};
use super::reply::Reply;
use super::request::RecordedRequest;
use super::state::{Settings, State};

const LARGEST_HEAD: usize = 64 << 10;

/// One act of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Write(Vec<u8>),
    Wait(Duration),
    /// Says nothing more until the client gives up.
    Stall,
    /// Ends the connection in good order (FIN).
    Close,
    /// Tears the connection (RST).
    Reset,
}

/// Answers requests until the client leaves or a script ends the connection.
pub(super) async fn serve(stream: TcpStream, state: Arc<State>) {
    // Without this, small writes wait for each other; that it failed shows as slowness only.
    let _ = stream.set_nodelay(true);
    let mut connection = Connection { stream, unread: Vec::with_capacity(4096) };
    while let Some(request) = connection.next_request().await {
        let _in_flight = state.record(&request);
        let (latency, script) = answer(&state, &request);
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        if connection.play(script).await.is_none() {
            return;
        }
    }
}

fn answer(state: &State, request: &RecordedRequest) -> (Duration, Vec<Step>) {
    let settings = state.settings().clone();
    let body = request.json();
    let fault = state.take_fault(&body);
    let dialect = Dialect::spoken_by(request);
    let known = Dialect::of(request.place()).is_some();
    let mut script = match (request.method.as_str(), request.place()) {
        _ if !is_let_in(&settings, request) => Fault::unauthorized().script(&Reply::empty(dialect)),
        ("POST", _) if known => generate(&settings, dialect, request, &body, fault),
        ("GET", "/v1/models" | "/v1beta/models" | VERTEX_MODELS) => match fault {
            Some(fault) => fault.script(&Reply::empty(dialect)),
            None => {
                let list = dialect.models(request, &settings.models, settings.page).to_string();
                vec![Step::Write(json_answer(200, &[], &list))]
            }
        },
        _ => Fault::not_found().script(&Reply::empty(dialect)),
    };
    if let (Some(Step::Write(first)), false) = (script.first_mut(), settings.headers.is_empty()) {
        *first = with_headers(first, &settings.headers);
    }
    (settings.latency, script)
}

fn generate(
    settings: &Settings,
    dialect: Dialect,
    request: &RecordedRequest,
    body: &Value,
    fault: Option<Fault>,
) -> Vec<Step> {
    let path = request.path.as_str();
    let text = match &settings.reply {
        Some(reply) => reply(body),
        None => dialect.default_text(request.place(), body),
    };
    let reply = Reply::to(dialect, path, body, text, settings.calls.clone());
    match fault {
        Some(fault) => fault.script(&reply),
        None => reply.script(settings.word_delay),
    }
}

/// Whether the request carries the key, in any of the headers that providers look in.
fn is_let_in(settings: &Settings, request: &RecordedRequest) -> bool {
    let Some(key) = &settings.required_key else { return true };
    let bearer = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let others = ["x-api-key", "x-goog-api-key", "api-key"].map(|name| request.header(name));
    bearer.into_iter().chain(others.into_iter().flatten()).any(|sent| sent == key)
}

struct Connection {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl Connection {
    /// The next whole request, or `None` when the client left or does not speak HTTP.
    async fn next_request(&mut self) -> Option<RecordedRequest> {
        let end = loop {
            match find(&self.unread, b"\r\n\r\n") {
                Some(end) => break end,
                None if self.unread.len() > LARGEST_HEAD => return None,
                // A method starts with a letter; a TLS handshake does not, and would be waited for in vain.
                None if self.unread.first().is_some_and(|byte| !byte.is_ascii_alphabetic()) => {
                    return None;
                }
                None => self.read_more().await?,
            }
        };
        let head = std::str::from_utf8(&self.unread[..end]).ok()?;
        let mut request = RecordedRequest::from_head(head)?;
        let body = end + 4..end + 4 + request.content_length();
        while self.unread.len() < body.end {
            self.read_more().await?;
        }
        request.body = self.unread[body.clone()].to_vec();
        self.unread.drain(..body.end);
        Some(request)
    }

    async fn read_more(&mut self) -> Option<()> {
        match self.stream.read_buf(&mut self.unread).await {
            Ok(read) if read > 0 => Some(()),
            _ => None,
        }
    }

    /// Plays a script; `None` when the connection has ended.
    async fn play(&mut self, script: Vec<Step>) -> Option<()> {
        for step in script {
            match step {
                Step::Write(bytes) => self.stream.write_all(&bytes).await.ok()?,
                Step::Wait(time) => tokio::time::sleep(time).await,
                Step::Stall => while self.read_more().await.is_some() {},
                Step::Close => return None,
                Step::Reset => {
                    // With a linger of zero, closing sends RST in place of FIN.
                    let _ = self.stream.set_zero_linger();
                    return None;
                }
            }
        }
        Some(())
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
