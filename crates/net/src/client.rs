//! The sender: checks first, then one request, never two.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{Method, StatusCode};
use tokio::time::Instant;
use url::Url;

use crate::departure::Departure;
use crate::error::classify;
use crate::ledger::Ledger;
use crate::redact::Secrets;
use crate::resolver::Resolver;
use crate::{Credential, LedgerEntry, Limits, NetError, Origin, Phase, Response};

/// Connections kept open to one host between requests: enough for a run at full width to reuse every one.
const IDLE_CONNECTIONS_PER_HOST: usize = 256;

/// Shorter than the minute or so after which servers drop a silent connection, so that a request seldom meets one
/// that is closing.
const IDLE_CONNECTION_LIFE: Duration = Duration::from_secs(30);

/// What only the sender or the transport may set: anything that carries a key, and anything that moves the request.
const RESERVED_HEADERS: [&str; 13] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "x-api-key",
    "api-key",
    "x-goog-api-key",
    "x-auth-token",
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "upgrade",
    "referer",
];

/// Sends requests. A clone is cheap and shares connections, the ledger, the switch and the keys to redact.
#[derive(Debug, Clone)]
pub struct Client {
    shared: Arc<Shared>,
    limits: Limits,
    secrets: Secrets,
}

#[derive(Debug)]
struct Shared {
    http: reqwest::Client,
    loopback_only: AtomicBool,
    ledger: Ledger,
    refused: Ledger,
}

struct Outgoing<'a> {
    method: Method,
    url: &'a Url,
    credential: Option<&'a Credential>,
    headers: &'a [(&'a str, &'a str)],
    body: Option<Vec<u8>>,
    purpose: &'static str,
}

impl Client {
    /// A client for `https` anywhere and plain HTTP on this machine.
    pub fn new(limits: Limits) -> Result<Client, NetError> {
        Client::build(limits, false)
    }

    /// A client that contacts this machine only and refuses every other origin with [`NetError::NotLoopback`].
    pub fn loopback_only(limits: Limits) -> Result<Client, NetError> {
        Client::build(limits, true)
    }

    /// The caps this client holds.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whether this client contacts this machine only.
    pub fn is_loopback_only(&self) -> bool {
        self.shared.loopback_only.load(Ordering::SeqCst)
    }

    /// Turns the network beyond this machine off or on, for every clone, from the next request on. What is under way
    /// goes on.
    pub fn set_loopback_only(&self, only: bool) {
        self.shared.loopback_only.store(only, Ordering::SeqCst);
    }

    /// The same client, which takes the keys of this registry out of replies, and adds to it those that it sends.
    #[must_use]
    pub fn with_secrets(self, secrets: Secrets) -> Client {
        Client { secrets, ..self }
    }

    /// The same client with other caps. Only the wait for a connection stays as it is: connections are shared.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Client {
        let limits = Limits { connect: self.limits.connect, ..limits };
        Client { limits, ..self }
    }

    /// The keys to take out of whatever is kept of a reply: all that were sent, and all that were added.
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Writes into the ledger that another part of the program contacts an address, as git does. A text that is no URL
    /// names nobody who could be contacted.
    pub fn note_contact(&self, address: &str, purpose: &'static str) {
        if let Ok(url) = Url::parse(address) {
            self.shared.ledger.record(&Origin::of(&url), purpose);
        }
    }

    /// Every origin contacted so far and why, in the order of origins.
    pub fn ledger(&self) -> Vec<LedgerEntry> {
        self.shared.ledger.entries()
    }

    /// Every origin that was to be contacted and was not, because a rule of this crate refused it before anything was
    /// sent: no `https`, not on this machine while the switch says so, a key that belongs elsewhere.
    pub fn refused(&self) -> Vec<LedgerEntry> {
        self.shared.refused.entries()
    }

    /// Posts JSON. Returns when the reply's headers are there, whatever its status; only a redirect is an error.
    ///
    /// `credential` goes along in the header that is its place, and only if its origin is the URL's. `headers` may not
    /// carry a key of their own.
    pub async fn post_json(
        &self,
        url: &Url,
        credential: Option<&Credential>,
        headers: &[(&str, &str)],
        body: Vec<u8>,
        purpose: &'static str,
    ) -> Result<Response, NetError> {
        self.send(Outgoing {
            method: Method::POST,
            url,
            credential,
            headers,
            body: Some(body),
            purpose,
        })
        .await
    }

    /// Gets JSON, under the same rules as [`Client::post_json`].
    pub async fn get_json(
        &self,
        url: &Url,
        credential: Option<&Credential>,
        headers: &[(&str, &str)],
        purpose: &'static str,
    ) -> Result<Response, NetError> {
        self.send(Outgoing { method: Method::GET, url, credential, headers, body: None, purpose })
            .await
    }

    fn build(limits: Limits, loopback_only: bool) -> Result<Client, NetError> {
        let http = reqwest::Client::builder()
            .redirect(Policy::none())
            .referer(false)
            .no_proxy()
            // Bytes are kept as received, whatever another crate of the build has switched on in this library.
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd()
            // One call is one request: what to send again is decided where it is known what a repeat costs.
            .retry(reqwest::retry::never())
            .dns_resolver(Resolver::of_system())
            .connect_timeout(limits.connect)
            .pool_max_idle_per_host(IDLE_CONNECTIONS_PER_HOST)
            .pool_idle_timeout(IDLE_CONNECTION_LIFE)
            .user_agent(concat!("assay/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| NetError::Setup { detail: error.to_string() })?;
        let shared = Shared {
            http,
            loopback_only: AtomicBool::new(loopback_only),
            ledger: Ledger::default(),
            refused: Ledger::default(),
        };
        Ok(Client { shared: Arc::new(shared), limits, secrets: Secrets::new() })
    }

    async fn send(&self, outgoing: Outgoing<'_>) -> Result<Response, NetError> {
        let started = Instant::now();
        let limits = &self.limits;
        let origin = self.check(&outgoing).inspect_err(|_| {
            self.shared.refused.record(&Origin::of(outgoing.url), outgoing.purpose);
        })?;
        let headers = headers(&outgoing)?;
        if let Some(credential) = outgoing.credential {
            self.secrets.add(credential);
        }
        let mut request =
            self.shared.http.request(outgoing.method, outgoing.url.clone()).headers(headers);
        let mut departure = Departure::unseen();
        if let Some(body) = outgoing.body {
            let departing;
            (departing, departure) = Departure::of(body);
            request = request.body(reqwest::Body::wrap(departing));
        }
        self.shared.ledger.record(&origin, outgoing.purpose);
        let limit = limits.first_byte.min(limits.total);
        let answer = match tokio::time::timeout_at(started + limit, request.send()).await {
            Ok(answer) => {
                answer.map_err(|error| classify(&error, &origin, Phase::Headers, limits))?
            }
            Err(_) if departure.has_begun() => {
                return Err(NetError::TimedOut { origin, phase: Phase::Headers, limit });
            }
            Err(_) => return Err(NetError::TimedOut { origin, phase: Phase::Connect, limit }),
        };
        refuse_redirect(&answer, outgoing.url, &origin)?;
        Ok(Response::new(answer, origin, started, limits.clone()))
    }

    /// Everything that must hold before a byte leaves.
    fn check(&self, outgoing: &Outgoing<'_>) -> Result<Origin, NetError> {
        let origin = Origin::allowed(outgoing.url)?;
        if self.is_loopback_only() && !origin.is_loopback() {
            return Err(NetError::NotLoopback { origin });
        }
        match outgoing.credential {
            Some(credential) if *credential.origin() != origin => {
                Err(NetError::WrongOrigin { url: origin, credential: credential.origin().clone() })
            }
            _ => Ok(origin),
        }
    }
}

fn headers(outgoing: &Outgoing<'_>) -> Result<HeaderMap, NetError> {
    let mut map = HeaderMap::with_capacity(outgoing.headers.len() + 3);
    map.insert(ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
    if outgoing.body.is_some() {
        map.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    for (name, value) in outgoing.headers {
        let (name, value) = header(name, value)?;
        map.insert(name, value);
    }
    if let Some(credential) = outgoing.credential {
        let (name, value) = credential.to_header()?;
        map.insert(name, value);
    }
    Ok(map)
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), NetError> {
    let refused = || NetError::Header { name: name.to_owned() };
    let parsed: HeaderName = name.parse().map_err(|_| refused())?;
    if RESERVED_HEADERS.contains(&parsed.as_str()) {
        return Err(refused());
    }
    Ok((parsed, value.parse().map_err(|_| refused())?))
}

fn refuse_redirect(answer: &reqwest::Response, url: &Url, origin: &Origin) -> Result<(), NetError> {
    let status: StatusCode = answer.status();
    if !status.is_redirection() {
        return Ok(());
    }
    let location = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    let to = location.and_then(|location| url.join(location).ok());
    Err(NetError::Redirected {
        origin: origin.clone(),
        status: status.as_u16(),
        to: to.map_or_else(|| "nowhere".to_owned(), |to| Origin::of(&to).to_string()),
    })
}
