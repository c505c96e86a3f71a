//! A reply as it streams in, held to its limits.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use reqwest::header::CONTENT_TYPE;
use tokio::time::Instant;

use crate::error::classify;
use crate::retry_after::retry_after;
use crate::{Limits, NetError, Origin, Phase};

/// The headers of a reply, and its body piece by piece. Dropping it gives up the rest.
#[derive(Debug)]
pub struct Response {
    inner: reqwest::Response,
    origin: Origin,
    limits: Limits,
    started: Instant,
    received: usize,
}

impl Response {
    pub(crate) fn new(
        inner: reqwest::Response,
        origin: Origin,
        started: Instant,
        limits: Limits,
    ) -> Response {
        Response { inner, origin, limits, started, received: 0 }
    }

    /// The HTTP status, never a redirect.
    pub fn status(&self) -> u16 {
        self.inner.status().as_u16()
    }

    /// Whether the status is one of success (2xx).
    pub fn is_success(&self) -> bool {
        self.inner.status().is_success()
    }

    /// Who answered.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// A header as text, or `None` when it is absent or not text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.inner.headers().get(name)?.to_str().ok()
    }

    /// All headers that are text, names in lower case.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.inner
            .headers()
            .iter()
            .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
    }

    /// The media type in lower case without its parameters, such as `text/event-stream`.
    pub fn media_type(&self) -> Option<String> {
        let value = self.inner.headers().get(CONTENT_TYPE)?.to_str().ok()?;
        Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
    }

    /// How long the server asks us to wait before the next try (`retry-after-ms`, `retry-after`).
    pub fn retry_after(&self) -> Option<Duration> {
        retry_after(self.inner.headers(), SystemTime::now())
    }

    /// The next piece of the body as it arrives, or `None` at its end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, NetError> {
        let (deadline, limit) = self.deadline();
        let chunk = match tokio::time::timeout_at(deadline, self.inner.chunk()).await {
            Ok(chunk) => {
                chunk.map_err(|error| classify(&error, &self.origin, Phase::Body, &self.limits))?
            }
            Err(_) => {
                return Err(NetError::TimedOut {
                    origin: self.origin.clone(),
                    phase: Phase::Body,
                    limit,
                });
            }
        };
        if let Some(chunk) = &chunk {
            self.received += chunk.len();
            if self.received > self.limits.body {
                return Err(NetError::TooLarge {
                    origin: self.origin.clone(),
                    limit: self.limits.body,
                });
            }
        }
        Ok(chunk)
    }

    /// The whole body.
    pub async fn bytes(mut self) -> Result<Vec<u8>, NetError> {
        let mut body = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// When waiting for the next piece ends, and the limit that says so.
    fn deadline(&self) -> (Instant, Duration) {
        let next = match self.received {
            0 => (self.started + self.limits.first_byte, self.limits.first_byte),
            _ => (Instant::now() + self.limits.idle, self.limits.idle),
        };
        next.min((self.started + self.limits.total, self.limits.total))
    }
}
