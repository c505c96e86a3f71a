//! The one exchange loop, for every wire: sends, listens, and keeps what came.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use assay_net::{Client, Credential, Limits, NetError, Origin, Response, Url};

use crate::stream::Stream;
use crate::wire::{CustomSpecError, ModelPage, Wire, WireKind};
use crate::{
    CancellationToken, Content, Failure, FailureKind, Finish, Rates, Reply, Request, Setting,
    TokenLogprob, ToolCall, Unsupported, classify,
};

/// How long to wait, once a reply is complete, for the end of its body: reading it keeps the connection usable.
const DRAIN: Duration = Duration::from_millis(200);

/// Enough of an error's body to understand it.
const LONGEST_ERROR: usize = 256 << 10;

/// The longest message of a failure, in characters: a sentence of ours and a few of the server's.
const LONGEST_MESSAGE: usize = 600;

/// Headers in which servers name an exchange: OpenAI and most others, Anthropic, Azure's gateway, LiteLLM.
const REQUEST_IDS: [&str; 4] =
    ["x-request-id", "request-id", "apim-request-id", "x-litellm-call-id"];

/// Pages of a list of models that are asked for. A thousand names stand on each where a wire can say so.
const MOST_PAGES: usize = 100;

/// The longest name of an exchange that is kept.
const LONGEST_REQUEST_ID: usize = 200;

/// Where a model is served, and the key for it.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// What the wire's own paths come below: `https://api.openai.com/v1`. A query is kept.
    pub base_url: Url,
    /// Sent only to the origin it is bound to, in the header that it names itself ([`WireKind::key_place`] says which
    /// one a protocol's own servers want).
    pub credential: Option<Credential>,
}

/// A client of one endpoint. A clone shares connections with the original.
#[derive(Debug, Clone)]
pub struct Caller {
    client: Client,
    credential: Option<Credential>,
    base_url: Url,
    origin: Origin,
    wire: Arc<dyn Wire>,
}

/// What an exchange has brought so far. It outlives the future that fills it, so that a cancelled or broken exchange
/// still hands over what was received.
struct Exchange {
    started: Instant,
    sent: bool,
    raw: Vec<u8>,
    first_text: Option<Duration>,
    request_id: Option<String>,
    rates: Rates,
}

/// A request as it will be sent.
struct Outgoing {
    url: Url,
    body: Vec<u8>,
    streamed: bool,
}

/// A list of models as far as it was read. However a server cuts it, all of it together is bounded like one reply.
struct Listing {
    began: Instant,
    names: Vec<String>,
    /// What the pages were asked for by, after the first.
    asked: Vec<String>,
    received: usize,
}

/// A whole reply, and how long it took.
type Timed = (Content, Duration);

impl Caller {
    /// A client for `endpoint`. Nothing is contacted or checked yet; an address that may not be contacted shows as a
    /// [`FailureKind::Rejected`] when it is used.
    ///
    /// # Errors
    /// When a custom protocol's declaration is wrong; the other wires have none.
    pub fn new(
        client: Client,
        endpoint: Endpoint,
        kind: WireKind,
    ) -> Result<Caller, CustomSpecError> {
        let Endpoint { base_url, credential } = endpoint;
        let (origin, wire) = (Origin::of(&base_url), kind.wire(&base_url)?);
        Ok(Caller { client, credential, base_url, origin, wire })
    }

    /// Who is contacted.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The wire's name.
    pub fn wire(&self) -> &'static str {
        self.wire.name()
    }

    /// Whether a request can ask for this.
    pub fn takes(&self, setting: Setting) -> bool {
        self.wire.takes(setting)
    }

    /// Whether a field of [`Request::extra`] is sent.
    pub fn sends(&self, field: &str) -> bool {
        self.wire.sends(field)
    }

    /// The request's body. Canonical: the same request gives the same bytes, so they can stand in a cache key.
    pub fn body(&self, request: &Request, stream: bool) -> Result<Vec<u8>, Unsupported> {
        self.wire.body(request, stream && self.wire.streams())
    }

    /// Generates one reply, handing over its text as it arrives: for who watches, since only the whole reply has had keys
    /// taken out that a server echoed. Where the wire cannot stream, all of it at once.
    pub async fn generate(
        &self,
        request: &Request,
        on_text: &mut (dyn FnMut(&str) + Send),
        cancel: &CancellationToken,
    ) -> Result<Reply, Failure> {
        let outgoing = self.outgoing(request, self.wire.streams())?;
        let mut exchange = Exchange::new();
        let work = self.stream(outgoing, &mut exchange, on_text);
        let outcome = or_cancelled(work, cancel).await;
        self.conclude(outcome, exchange)
    }

    /// Generates one reply, all at once. For servers that do not stream.
    pub async fn generate_plain(
        &self,
        request: &Request,
        cancel: &CancellationToken,
    ) -> Result<Reply, Failure> {
        let outgoing = self.outgoing(request, false)?;
        let mut exchange = Exchange::new();
        let work = self.plain(outgoing, &mut exchange);
        let outcome = or_cancelled(work, cancel).await;
        self.conclude(outcome, exchange)
    }

    /// The names of the models that the endpoint offers, to the last page of its list; sorted, each once.
    ///
    /// # Errors
    /// Also when the list has no end in sight: after a hundred pages, or what one reply may take in bytes or in time.
    pub async fn list_models(&self) -> Result<Vec<String>, Failure> {
        let Some(first) = self.wire.models_url(&self.base_url) else {
            let lack = Unsupported::new(self.wire.name(), "a list of models");
            return Err(Failure::from(lack));
        };
        let mut listing = Listing::new();
        let mut url = first.clone();
        loop {
            let mut exchange = Exchange::new();
            let outcome = self.models(&url, &mut exchange).await;
            let next = outcome
                .and_then(|page| listing.take(page, exchange.raw.len(), self.client.limits()));
            match next {
                Ok(Some((parameter, cursor))) => {
                    url = first.clone();
                    url.query_pairs_mut().append_pair(parameter, &cursor);
                }
                Ok(None) => break,
                Err(failure) => {
                    return Err(Failure {
                        maybe_billed: false,
                        ..self.with_exchange(failure, exchange)
                    });
                }
            }
        }
        Ok(listing.names().map(|name| self.redact_text(name)).collect())
    }

    /// Whether the endpoint has a list of models to ask for.
    pub fn has_list(&self) -> bool {
        self.wire.models_url(&self.base_url).is_some()
    }

    /// The same client without its key, to see what a server shows to anyone.
    #[must_use]
    pub fn without_key(&self) -> Caller {
        Caller { credential: None, ..self.clone() }
    }

    fn outgoing(&self, request: &Request, streamed: bool) -> Result<Outgoing, Unsupported> {
        Ok(Outgoing {
            url: self.wire.address(&request.model, streamed)?.below(&self.base_url),
            body: self.wire.body(request, streamed)?,
            streamed,
        })
    }

    async fn stream(
        &self,
        outgoing: Outgoing,
        exchange: &mut Exchange,
        on_text: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Timed, Failure> {
        if !outgoing.streamed {
            let (content, latency) = self.plain(outgoing, exchange).await?;
            on_text(&content.text);
            return Ok((content, latency));
        }
        let mut response = self.post(outgoing, exchange).await?;
        let mut stream = Stream::new(self.wire.assembly(), self.client.limits().line);
        while !stream.is_done() {
            match next(&mut response, exchange).await? {
                Some(range) => stream.feed(&exchange.raw[range], &mut |text| {
                    exchange.first_text.get_or_insert_with(|| exchange.started.elapsed());
                    on_text(text);
                })?,
                None => break,
            }
        }
        let latency = exchange.started.elapsed();
        if stream.is_done() {
            drain(&mut response, exchange).await;
        }
        if stream.saw_no_event() {
            // Some servers ignore the wish to stream, and some report errors without it.
            let content = self.wire.decode(&exchange.raw)?;
            on_text(&content.text);
            return Ok((content, latency));
        }
        Ok((stream.end(on_text)?, latency))
    }

    async fn plain(&self, outgoing: Outgoing, exchange: &mut Exchange) -> Result<Timed, Failure> {
        let mut response = self.post(outgoing, exchange).await?;
        while next(&mut response, exchange).await?.is_some() {}
        let content = self.wire.decode(&exchange.raw)?;
        Ok((content, exchange.started.elapsed()))
    }

    async fn models(&self, url: &Url, exchange: &mut Exchange) -> Result<ModelPage, Failure> {
        let credential = self.credential.as_ref();
        let answer =
            self.client.get_json(url, credential, &self.wire.headers(), "list models").await;
        let mut response = success(answer, exchange, true).await?;
        while next(&mut response, exchange).await?.is_some() {}
        self.wire.decode_models(&exchange.raw)
    }

    async fn post(&self, outgoing: Outgoing, exchange: &mut Exchange) -> Result<Response, Failure> {
        exchange.sent = true;
        let Outgoing { url, body, streamed } = outgoing;
        let (credential, headers) = (self.credential.as_ref(), self.wire.headers());
        let answer = self.client.post_json(&url, credential, &headers, body, "generate").await;
        let headers_before_work = streamed && self.wire.answers_before_work();
        success(answer, exchange, headers_before_work).await
    }

    fn conclude(
        &self,
        outcome: Result<Timed, Failure>,
        exchange: Exchange,
    ) -> Result<Reply, Failure> {
        let (content, latency) = match outcome.and_then(worked_for) {
            Ok(whole) => whole,
            Err(failure) if failure.kind == FailureKind::Cancelled => {
                return Err(self.with_exchange(Failure::cancelled(exchange.sent), exchange));
            }
            Err(failure) => return Err(self.with_exchange(failure, exchange)),
        };
        Ok(Reply {
            usage: content.usage.of_reply(content.says_something()),
            text: self.redact_text(content.text),
            finish: self.redact_finish(content.finish),
            tool_calls: content.tool_calls.into_iter().map(|call| self.redact_call(call)).collect(),
            logprobs: content.logprobs.filter(|tokens| !self.spell_a_key(tokens)),
            reasoning: content.reasoning.map(|text| self.redact_text(text)),
            request_id: exchange.request_id.map(|id| self.redact_text(id)),
            rates: exchange.rates,
            raw: self.redact(exchange.raw),
            latency_ms: millis(latency),
            first_token_ms: exchange.first_text.map(millis),
        })
    }

    fn with_exchange(&self, failure: Failure, exchange: Exchange) -> Failure {
        Failure {
            message: shortened(self.redact_text(failure.message)),
            raw: self.redact(exchange.raw),
            request_id: exchange.request_id.map(|id| self.redact_text(id)),
            rates: Box::new(exchange.rates),
            ..failure
        }
    }

    fn redact_call(&self, call: ToolCall) -> ToolCall {
        ToolCall {
            id: self.redact_text(call.id),
            name: self.redact_text(call.name),
            arguments: self.redact_text(call.arguments),
            signature: call.signature.map(|signature| self.redact_text(signature)),
        }
    }

    fn redact_finish(&self, finish: Finish) -> Finish {
        match finish {
            Finish::Other(word) => Finish::Other(self.redact_text(word)),
            known => known,
        }
    }

    /// Whether the tokens together hold a key, or one of those that might have stood in a place does. Each alone is too
    /// short to be known as a part of it, so all of them go.
    fn spell_a_key(&self, tokens: &[TokenLogprob]) -> bool {
        let mut told: String = tokens.iter().map(|token| token.token.as_str()).collect();
        for (other, _) in tokens.iter().flat_map(|token| &token.top) {
            told.push('\n');
            told.push_str(other);
        }
        matches!(self.client.secrets().redact_text(&told), Cow::Owned(_))
    }

    fn redact_text(&self, text: String) -> String {
        match self.client.secrets().redact_text(&text) {
            Cow::Borrowed(_) => text,
            Cow::Owned(clean) => clean,
        }
    }

    /// Takes out every key that this process has loaded, in any encoding.
    fn redact(&self, bytes: Vec<u8>) -> Vec<u8> {
        match self.client.secrets().redact(&bytes) {
            Cow::Borrowed(_) => bytes,
            Cow::Owned(clean) => clean,
        }
    }
}

impl Listing {
    fn new() -> Listing {
        Listing { began: Instant::now(), names: Vec::new(), asked: Vec::new(), received: 0 }
    }

    /// Takes a page of so many bytes, and says what asks for the one after it.
    fn take(
        &mut self,
        page: ModelPage,
        bytes: usize,
        limits: &Limits,
    ) -> Result<Option<(&'static str, String)>, Failure> {
        self.names.extend(page.names);
        self.received += bytes;
        // Whoever names a page again has no further one.
        let next = page.next.filter(|(_, cursor)| !self.asked.contains(cursor));
        let Some((parameter, cursor)) = next else { return Ok(None) };
        self.asked.push(cursor.clone());
        let pages = self.asked.len();
        if pages >= MOST_PAGES || self.received > limits.body || self.began.elapsed() > limits.total
        {
            let message = format!(
                "the list of models does not end: {pages} pages were read, and there are more"
            );
            return Err(Failure::of_reply(FailureKind::TooLarge, message));
        }
        Ok(Some((parameter, cursor)))
    }

    /// In order, each once.
    fn names(mut self) -> impl Iterator<Item = String> {
        self.names.sort_unstable();
        self.names.dedup();
        self.names.into_iter()
    }
}

impl Exchange {
    fn new() -> Exchange {
        Exchange {
            started: Instant::now(),
            sent: false,
            raw: Vec::new(),
            first_text: None,
            request_id: None,
            rates: Rates::default(),
        }
    }

    /// Takes what the headers say.
    fn begin(&mut self, response: &Response) {
        let id = REQUEST_IDS.iter().find_map(|name| response.header(name));
        self.request_id =
            id.filter(|id| !id.is_empty() && id.len() <= LONGEST_REQUEST_ID).map(str::to_owned);
        self.rates = Rates::of(response.headers(), response.retry_after(), SystemTime::now());
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
    exchange.begin(&response);
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

/// A reply, unless the server itself says that there was none.
fn worked_for(reply: Timed) -> Result<Timed, Failure> {
    if reply.0.is_of_no_work() {
        let message = "the reply is empty, and the server says that it generated nothing";
        return Err(Failure::of_reply(FailureKind::Truncated, message));
    }
    Ok(reply)
}

/// A message of a length that can be shown.
fn shortened(mut message: String) -> String {
    if let Some((end, _)) = message.char_indices().nth(LONGEST_MESSAGE) {
        message.truncate(end);
    }
    message
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
