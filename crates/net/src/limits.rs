//! How much one exchange may take, in bytes and in time.

use std::time::Duration;

/// Caps on one request and its reply. They are the user's to set, never a repository's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The longest line of a streamed reply, in bytes. Held by whoever splits the stream into lines.
    pub line: usize,
    /// The largest reply body, in bytes.
    pub body: usize,
    /// The longest wait for the first byte of the reply's body, from the moment the request starts.
    pub first_byte: Duration,
    /// The longest silence between two pieces of the body. A keep-alive comment counts as life.
    pub idle: Duration,
    /// The longest whole exchange.
    pub total: Duration,
    /// The longest wait for a connection, TLS included.
    pub connect: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            line: 1 << 20,
            body: 32 << 20,
            first_byte: Duration::from_secs(120),
            idle: Duration::from_secs(60),
            total: Duration::from_secs(15 * 60),
            connect: Duration::from_secs(5),
        }
    }
}
