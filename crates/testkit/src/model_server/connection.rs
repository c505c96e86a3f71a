//! One connection: requests in, scripted bytes out.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::fault::Fault;
use super::reply::{Reply, json_answer};
use super::request::RecordedRequest;
use super::state::State;

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
    let script = match (request.method.as_str(), request.path.split('?').next().unwrap_or_default())
    {
        _ if settings.required_key.is_some()
            && settings.required_key.as_deref() != request.header("authorization") =>
        {
            Fault::unauthorized().script(&Reply::default())
        }
        ("POST", "/v1/chat/completions") => {
            let reply = Reply::to(&body, (settings.reply)(&body));
            match fault {
                Some(fault) => fault.script(&reply),
                None => reply.script(settings.word_delay),
            }
        }
        ("GET", "/v1/models") => match fault {
            Some(fault) => fault.script(&Reply::default()),
            None => vec![Step::Write(json_answer(200, &[], &models(&settings.models)))],
        },
        _ => Fault::not_found().script(&Reply::default()),
    };
    (settings.latency, script)
}

fn models(ids: &[String]) -> String {
    let data: Vec<Value> =
        ids.iter().map(|id| json!({"id": id, "object": "model", "owned_by": "assay"})).collect();
    json!({"object": "list", "data": data}).to_string()
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
