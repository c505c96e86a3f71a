//! The OpenAI chat completions wire, streamed and plain.
//!
//! Source: OpenAI API reference, "Create chat completion" and "Streaming". A streamed reply is complete when a finish
//! reason was seen and `[DONE]` closed the stream; a plain one when it is whole JSON with a finish reason. Anything
//! less is [`FailureKind::Truncated`].

mod body;
mod plain;
mod stream;

use std::time::{Duration, Instant};

use assay_net::{Client, Credential, NetError, Origin, Response, Url};

use crate::classify;
use crate::reply::{Finish, Reply, Usage};
use crate::{CancellationToken, Failure, FailureKind, Request};
use stream::Assembly;

/// How long to wait, once a reply is complete, for the end of its body: reading it keeps the connection usable.
const DRAIN: Duration = Duration::from_millis(200);

/// Enough of an error's body to understand it.
const LONGEST_ERROR: usize = 256 << 10;

/// Where a model is served, and the key for it.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Up to and without `/chat/completions`: `https://api.openai.com/v1`.
    pub base_url: Url,
    /// Sent only to the origin it is bound to.
    pub credential: Option<Credential>,
}

/// A client of one endpoint. A clone shares connections with the original.
#[derive(Debug, Clone)]
pub struct OpenAiChat {
    client: Client,
    credential: Option<Credential>,
    origin: Origin,
    chat_url: Url,
    models_url: Url,
    is_openai: bool,
}

/// What an exchange has brought so far. It outlives the future that fills it, so that a cancelled or broken exchange
/// still hands over what was received.
struct Exchange {
    started: Instant,
    sent: bool,
    raw: Vec<u8>,
    first_text: Option<Duration>,
}

/// A reply's meaning, without its bytes and times.
struct Content {
    text: String,
    finish: Finish,
    usage: Usage,
    latency: Duration,
}

impl OpenAiChat {
    /// A client for `endpoint`. Nothing is contacted or checked yet; an address that may not be contacted shows as a
    /// [`FailureKind::Rejected`] when it is used.
    pub fn new(client: Client, endpoint: Endpoint) -> OpenAiChat {
        let Endpoint { base_url, credential } = endpoint;
        OpenAiChat {
            client,
            credential,
            origin: Origin::of(&base_url),
            chat_url: below(&base_url, &["chat", "completions"]),
            models_url: below(&base_url, &["models"]),
            is_openai: base_url.host_str() == Some("api.openai.com"),
        }
    }

    /// Who is contacted.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The request's body. Canonical: the same request gives the same bytes, so they can stand in a cache key.
    pub fn body(&self, request: &Request, stream: bool) -> Vec<u8> {
        body::encode(request, stream, self.is_openai)
    }

    /// Generates one reply, handing over its text as it arrives.
    pub async fn generate(
        &self,
        request: &Request,
        on_text: &mut (dyn FnMut(&str) + Send),
        cancel: &CancellationToken,
    ) -> Result<Reply, Failure> {
        let mut exchange = Exchange::new();
        let work = self.stream(self.body(request, true), &mut exchange, on_text);
        let outcome = or_cancelled(work, cancel).await;
        self.conclude(outcome, exchange)
    }

    /// Generates one reply, all at once. For servers that do not stream.
    pub async fn generate_plain(
        &self,
        request: &Request,
        cancel: &CancellationToken,
    ) -> Result<Reply, Failure> {
        let mut exchange = Exchange::new();
        let work = self.plain(self.body(request, false), &mut exchange);
        let outcome = or_cancelled(work, cancel).await;
        self.conclude(outcome, exchange)
    }

    /// The names of the models that the endpoint offers, sorted.
    pub async fn list_models(&self) -> Result<Vec<String>, Failure> {
        let mut exchange = Exchange::new();
        let outcome = self.models(&mut exchange).await;
        outcome.map_err(|failure| Failure {
            maybe_billed: false,
            ..self.with_raw(failure, exchange.raw)
        })
    }

    async fn stream(
        &self,
        body: Vec<u8>,
        exchange: &mut Exchange,
        on_text: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Content, Failure> {
        let mut response = self.post(body, exchange, true).await?;
        let mut assembly = Assembly::new(self.client.limits().line);
        while !assembly.is_done() {
            match next(&mut response, exchange).await? {
                Some(range) => assembly.feed(&exchange.raw[range], &mut |text| {
                    exchange.first_text.get_or_insert_with(|| exchange.started.elapsed());
                    on_text(text);
                })?,
                None => break,
            }
        }
        let latency = exchange.started.elapsed();
        if assembly.is_done() {
            drain(&mut response, exchange).await;
        }
        if assembly.saw_no_event() {
            // Some servers ignore `stream`, and some report errors without it.
            let content = plain::decode(&exchange.raw, latency)?;
            on_text(&content.text);
            return Ok(content);
        }
        assembly.finish(latency)
    }

    async fn plain(&self, body: Vec<u8>, exchange: &mut Exchange) -> Result<Content, Failure> {
        let mut response = self.post(body, exchange, false).await?;
        while next(&mut response, exchange).await?.is_some() {}
        plain::decode(&exchange.raw, exchange.started.elapsed())
    }

    async fn models(&self, exchange: &mut Exchange) -> Result<Vec<String>, Failure> {
        let answer = self
            .client
            .get_json(&self.models_url, self.credential.as_ref(), &[], "list models")
            .await;
        let mut response = success(answer, exchange, true).await?;
        while next(&mut response, exchange).await?.is_some() {}
        plain::decode_models(&exchange.raw)
    }

    async fn post(
        &self,
        body: Vec<u8>,
        exchange: &mut Exchange,
        streamed: bool,
    ) -> Result<Response, Failure> {
        exchange.sent = true;
        let answer = self
            .client
            .post_json(&self.chat_url, self.credential.as_ref(), &[], body, "generate")
            .await;
        success(answer, exchange, streamed).await
    }

    fn conclude(
        &self,
        outcome: Result<Content, Failure>,
        exchange: Exchange,
    ) -> Result<Reply, Failure> {
        match outcome {
            Ok(content) => Ok(Reply {
                text: content.text,
                finish: content.finish,
                usage: content.usage,
                raw: self.redact(exchange.raw),
                latency_ms: millis(content.latency),
                first_token_ms: exchange.first_text.map(millis),
            }),
            Err(failure) if failure.kind == FailureKind::Cancelled => {
                Err(self.with_raw(Failure::cancelled(exchange.sent), exchange.raw))
            }
            Err(failure) => Err(self.with_raw(failure, exchange.raw)),
        }
    }

    fn with_raw(&self, failure: Failure, raw: Vec<u8>) -> Failure {
        let message = self.redact(failure.message.into_bytes());
        Failure {
            message: String::from_utf8_lossy(&message).into_owned(),
            raw: self.redact(raw),
            ..failure
        }
    }

    fn redact(&self, bytes: Vec<u8>) -> Vec<u8> {
        match &self.credential {
            Some(credential) => credential.redact(bytes),
            None => bytes,
        }
    }
}

impl Exchange {
    fn new() -> Exchange {
        Exchange { started: Instant::now(), sent: false, raw: Vec::new(), first_text: None }
    }
}

async fn or_cancelled<T>(
    work: impl Future<Output = Result<T, Failure>>,
    cancel: &CancellationToken,
) -> Result<T, Failure> {
    tokio::select! {
        biased;
        () = cancel.cancelled() => Err(Failure::cancelled(true)),
        outcome = work => outcome,
    }
}

/// The response if it is one of success; otherwise the failure that its status and body describe.
async fn success(
    answer: Result<Response, NetError>,
    exchange: &mut Exchange,
    headers_before_work: bool,
) -> Result<Response, Failure> {
    let mut response = answer.map_err(|error| classify::of_network(&error, headers_before_work))?;
    if response.is_success() {
        return Ok(response);
    }
    let (status, retry_after) = (response.status(), response.retry_after());
    // The status alone decides what to do; a body that does not arrive only leaves the message shorter.
    while exchange.raw.len() < LONGEST_ERROR
        && matches!(next(&mut response, exchange).await, Ok(Some(_)))
    {}
    Err(classify::of_status(status, retry_after, &exchange.raw))
}

/// Keeps the next piece of the body and says where in `raw` it lies.
async fn next(
    response: &mut Response,
    exchange: &mut Exchange,
) -> Result<Option<std::ops::Range<usize>>, Failure> {
    let chunk = response.chunk().await.map_err(|error| classify::of_network(&error, false))?;
    Ok(chunk.map(|chunk| {
        let from = exchange.raw.len();
        exchange.raw.extend_from_slice(&chunk);
        from..exchange.raw.len()
    }))
}

/// What comes after the closing mark is kept and means nothing, not even when it breaks off.
async fn drain(response: &mut Response, exchange: &mut Exchange) {
    let rest = async { while let Ok(Some(_)) = next(response, exchange).await {} };
    let _ = tokio::time::timeout(DRAIN, rest).await;
}

fn below(base: &Url, segments: &[&str]) -> Url {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_put_below_the_base_url_and_its_query_is_kept() {
        let check = |base: &str, expected: &str| {
            assert_eq!(
                below(&Url::parse(base).expect("a URL"), &["chat", "completions"]).as_str(),
                expected
            );
        };
        check("https://api.openai.com/v1", "https://api.openai.com/v1/chat/completions");
        check("https://api.openai.com/v1/", "https://api.openai.com/v1/chat/completions");
        check("http://127.0.0.1:8080", "http://127.0.0.1:8080/chat/completions");
        check(
            "https://a.example/x?api-version=1",
            "https://a.example/x/chat/completions?api-version=1",
        );
    }
}
