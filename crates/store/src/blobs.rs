//! Bytes as sent and as received, kept once however often they occur.
//!
//! Rows refer to a blob by number, not by digest: numbers grow, so blobs are appended to the file, where a table
//! in the order of digests would touch a page at random for each.

use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};

use crate::error::Fault;

pub(crate) const SCHEMA: &str = "
CREATE TABLE blob (
  id     INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),  -- SHA-256 of bytes
  bytes  BLOB NOT NULL
) STRICT;
";

/// A blob's number in this database.
pub(crate) type BlobId = i64;

/// Bytes to be stored, with their digest.
///
/// Made by the caller: a digest takes as long as a row, and the one thread that writes has better things to do.
pub(crate) struct Blob {
    digest: [u8; 32],
    bytes: Vec<u8>,
}

impl Blob {
    pub(crate) fn new(bytes: Vec<u8>) -> Blob {
        Blob { digest: Sha256::digest(&bytes).into(), bytes }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

/// The number of a blob, which is stored unless its bytes are there.
pub(crate) fn put(connection: &Connection, blob: &Blob) -> Result<BlobId, Fault> {
    let known = connection
        .prepare_cached("SELECT id FROM blob WHERE digest = ?")?
        .query_row(params![blob.digest], |row| row.get(0))
        .optional()?;
    if let Some(id) = known {
        return Ok(id);
    }
    connection
        .prepare_cached("INSERT INTO blob (digest, bytes) VALUES (?, ?)")?
        .execute(params![blob.digest, blob.bytes])?;
    Ok(connection.last_insert_rowid())
}

/// The bytes of a blob.
pub(crate) fn get(connection: &Connection, id: BlobId) -> Result<Vec<u8>, Fault> {
    let bytes = connection
        .prepare_cached("SELECT bytes FROM blob WHERE id = ?")?
        .query_row(params![id], |row| row.get(0))?;
    Ok(bytes)
}

/// Bytes in a text format: as text where they are text, in base64 where they are not.
pub(crate) mod readable {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Readable {
        Text(String),
        Base64(String),
    }

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        let readable = match std::str::from_utf8(bytes) {
            Ok(text) => Readable::Text(text.to_owned()),
            Err(_) => Readable::Base64(STANDARD.encode(bytes)),
        };
        readable.serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        match Readable::deserialize(from)? {
            Readable::Text(text) => Ok(text.into_bytes()),
            Readable::Base64(text) => STANDARD.decode(text).map_err(serde::de::Error::custom),
        }
    }
}
