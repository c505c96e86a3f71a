//! Replies that may be used again instead of asking.
//!
//! What the key is made of (origin, model, canonical body, sample) is the caller's; the store compares 32 bytes.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use crate::attempts::{self, AttemptOutcome, FinishAttempt, Original, Usage};
use crate::blobs::BlobId;
use crate::error::Fault;
use crate::numbers::{signed, unsigned};

pub(crate) const SCHEMA: &str = "
CREATE TABLE cache (
  key            BLOB PRIMARY KEY CHECK (length(key) = 32),
  output         TEXT NOT NULL,
  response       INTEGER NOT NULL REFERENCES blob (id),
  finish         TEXT NOT NULL,
  latency_ms     INTEGER NOT NULL,
  first_token_ms INTEGER,
  input_tokens   INTEGER,
  output_tokens  INTEGER,
  cost           REAL,
  created_ms     INTEGER NOT NULL
) STRICT;
";

/// What version 2 adds: the whole usage, and which attempt received the reply.
pub(crate) const SCHEMA_2: &str = "
ALTER TABLE cache ADD COLUMN cached_tokens INTEGER;
ALTER TABLE cache ADD COLUMN cache_write_tokens INTEGER;
ALTER TABLE cache ADD COLUMN reasoning_tokens INTEGER;
ALTER TABLE cache ADD COLUMN attempt INTEGER REFERENCES attempt (id);
UPDATE cache SET attempt = a.id FROM attempt a
  WHERE a.response = cache.response AND a.ended_ms = cache.created_ms AND a.state = 'done' AND a.cached = 0;
";

/// A reply received before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CachedReply {
    /// The text that was read from it.
    pub output: String,
    /// The reply as received.
    pub response: Vec<u8>,
    /// SHA-256 of `response`.
    pub response_digest: [u8; 32],
    /// Why generation stopped.
    pub finish: String,
    /// How long it took then.
    pub latency_ms: u64,
    /// From sending to the first text, then.
    pub first_token_ms: Option<u64>,
    /// As counted by the model's side.
    pub usage: Usage,
    /// What it cost then, in US dollars.
    pub cost: Option<f64>,
    /// Which attempt received it, and when.
    pub original: Original,
}

/// Keeps a reply under `key`. One that came from the cache itself changes nothing, nor does a failure.
pub(crate) fn put(
    connection: &Connection,
    key: &[u8; 32],
    finished: &FinishAttempt,
    response: Option<BlobId>,
) -> Result<(), Fault> {
    let AttemptOutcome::Done {
        output,
        latency_ms,
        first_token_ms,
        usage,
        finish,
        cost,
        original: None,
        ..
    } = &finished.outcome
    else {
        return Ok(());
    };
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO cache (key, output, response, finish, latency_ms, first_token_ms,
               input_tokens, output_tokens, cached_tokens, cache_write_tokens, reasoning_tokens, cost, created_ms,
               attempt)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            key,
            output,
            response,
            finish,
            signed(*latency_ms),
            first_token_ms.map(signed),
            usage.input.map(signed),
            usage.output.map(signed),
            usage.cached.map(signed),
            usage.cache_write.map(signed),
            usage.reasoning.map(signed),
            cost,
            finished.ended_ms,
            finished.attempt
        ])?;
    Ok(())
}

/// The reply under `key`.
pub(crate) fn get(connection: &Connection, key: &[u8; 32]) -> Result<Option<CachedReply>, Fault> {
    let reply = connection
        .prepare_cached(
            "SELECT c.*, b.bytes, b.digest FROM cache c JOIN blob b ON b.id = c.response WHERE c.key = ?",
        )?
        .query_row(params![key], read_reply)
        .optional()?;
    Ok(reply)
}

/// Whether there is a reply under `key`, without reading it.
pub(crate) fn contains(connection: &Connection, key: &[u8; 32]) -> Result<bool, Fault> {
    Ok(connection.prepare_cached("SELECT 1 FROM cache WHERE key = ?")?.exists(params![key])?)
}

fn read_reply(row: &Row<'_>) -> rusqlite::Result<CachedReply> {
    let count = |name: &str| row.get::<_, Option<i64>>(name).map(|stored| stored.map(unsigned));
    Ok(CachedReply {
        output: row.get("output")?,
        response: row.get("bytes")?,
        response_digest: row.get("digest")?,
        finish: row.get("finish")?,
        latency_ms: count("latency_ms")?.unwrap_or(0),
        first_token_ms: count("first_token_ms")?,
        usage: attempts::read_usage(row)?,
        cost: row.get("cost")?,
        original: Original { attempt: row.get("attempt")?, received_ms: row.get("created_ms")? },
    })
}
