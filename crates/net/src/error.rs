//! What can go wrong between asking and the last byte.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::time::Duration;

use crate::{Limits, Origin, OriginError};

/// How far an exchange had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// No connection yet: the server has seen nothing of the request.
    Connect,
    /// Connected, and no header of the reply has arrived. The server may have the request.
    Headers,
    /// The headers have arrived, and not the whole body.
    Body,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Phase::Connect => "while connecting",
            Phase::Headers => "before it answered",
            Phase::Body => "in the middle of its reply",
        })
    }
}

/// A request that was not sent, or a reply that did not arrive whole.
///
/// No message ever holds a URL's path or query, a header or a part of a body: those may carry what is private.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// The URL is none that Assay contacts. Nothing was sent.
    #[error(transparent)]
    Origin(#[from] OriginError),
    /// The key belongs elsewhere. Nothing was sent.
    #[error("the key for {credential} may not be sent to {url}")]
    WrongOrigin {
        /// Where the request was to go.
        url: Origin,
        /// Where the key may go.
        credential: Origin,
    },
    /// The network is switched off for all but this machine. Nothing was sent.
    #[error("{origin} is not on this machine, and only this machine may be contacted")]
    NotLoopback {
        /// Where the request was to go.
        origin: Origin,
    },
    /// A header that only the sender sets, or one that is not a header. Nothing was sent.
    #[error("the header `{name}` cannot be set here")]
    Header {
        /// The header's name.
        name: String,
    },
    /// The key holds bytes that no header can carry. Nothing was sent.
    #[error("the key for {origin} holds characters that cannot be sent; was it pasted whole?")]
    UnusableCredential {
        /// Where the key may go.
        origin: Origin,
    },
    /// The HTTP client could not be set up.
    #[error("the network client cannot start: {detail}")]
    Setup {
        /// What the platform said.
        detail: String,
    },
    /// The host has no address.
    #[error("no address was found for {origin}: {detail}")]
    Dns {
        /// Who was to be contacted.
        origin: Origin,
        /// What the resolver said.
        detail: String,
    },
    /// Nobody listens there.
    #[error("{origin} refused the connection")]
    Refused {
        /// Who was contacted.
        origin: Origin,
    },
    /// No connection, for another reason.
    #[error("{origin} cannot be reached: {detail}")]
    Unreachable {
        /// Who was contacted.
        origin: Origin,
        /// What the system said.
        detail: String,
    },
    /// The server could not prove who it is, or does not speak TLS.
    #[error("no secure connection to {origin}: {detail}")]
    Tls {
        /// Who was contacted.
        origin: Origin,
        /// What the handshake said.
        detail: String,
    },
    /// Silence, or an exchange that took too long.
    #[error("{origin} took longer than {} s {phase}", limit.as_secs_f64())]
    TimedOut {
        /// Who was contacted.
        origin: Origin,
        /// How far it had come.
        phase: Phase,
        /// The limit that was reached.
        limit: Duration,
    },
    /// The connection broke.
    #[error("{origin} closed the connection {phase}")]
    Reset {
        /// Who was contacted.
        origin: Origin,
        /// How far it had come.
        phase: Phase,
    },
    /// The connection ended in good order before the body that was announced.
    #[error("the reply of {origin} ended early")]
    CutShort {
        /// Who was contacted.
        origin: Origin,
    },
    /// The reply passed a cap.
    #[error("the reply of {origin} is larger than {limit} bytes")]
    TooLarge {
        /// Who was contacted.
        origin: Origin,
        /// The cap.
        limit: usize,
    },
    /// The server pointed elsewhere. It was not followed.
    #[error("{origin} redirected to {to} (status {status}), which is not followed")]
    Redirected {
        /// Who was contacted.
        origin: Origin,
        /// The status of the answer.
        status: u16,
        /// The origin it pointed to, or words for "nowhere".
        to: String,
    },
    /// What came back is not HTTP.
    #[error("{origin} does not answer in HTTP: {detail}")]
    NotHttp {
        /// Who was contacted.
        origin: Origin,
        /// What the parser said.
        detail: String,
    },
}

impl NetError {
    /// Whether the server may have received the request, so that the work may have been done and billed.
    pub fn request_may_have_arrived(&self) -> bool {
        match self {
            NetError::TimedOut { phase, .. } | NetError::Reset { phase, .. } => {
                *phase != Phase::Connect
            }
            NetError::CutShort { .. } | NetError::TooLarge { .. } | NetError::NotHttp { .. } => {
                true
            }
            NetError::Origin(_)
            | NetError::WrongOrigin { .. }
            | NetError::NotLoopback { .. }
            | NetError::Header { .. }
            | NetError::UnusableCredential { .. }
            | NetError::Setup { .. }
            | NetError::Dns { .. }
            | NetError::Refused { .. }
            | NetError::Unreachable { .. }
            | NetError::Tls { .. }
            | NetError::Redirected { .. } => false,
        }
    }
}

/// Sorts what `reqwest` reports. `phase` is what was awaited; a failed connection is recognised in any phase.
pub(crate) fn classify(
    error: &reqwest::Error,
    origin: &Origin,
    phase: Phase,
    limits: &Limits,
) -> NetError {
    let origin = origin.clone();
    if error.is_connect() {
        return classify_connect(error, origin, limits);
    }
    let hyper = chain(error).find_map(|error| error.downcast_ref::<hyper::Error>());
    let ended_early = io_errors(error).any(|error| error.kind() == io::ErrorKind::UnexpectedEof)
        || hyper.is_some_and(hyper::Error::is_incomplete_message);
    if ended_early && phase == Phase::Body {
        NetError::CutShort { origin }
    } else if hyper.is_some_and(hyper::Error::is_parse) || is_bad_framing(error) {
        NetError::NotHttp { origin, detail: innermost(error) }
    } else {
        NetError::Reset { origin, phase }
    }
}

fn classify_connect(error: &reqwest::Error, origin: Origin, limits: &Limits) -> NetError {
    if error.is_timeout() {
        return NetError::TimedOut { origin, phase: Phase::Connect, limit: limits.connect };
    }
    if error.is_dns() {
        return NetError::Dns { origin, detail: innermost(error) };
    }
    let system = io_errors(error).find(|error| error.raw_os_error().is_some());
    match system {
        Some(system) if system.kind() == io::ErrorKind::ConnectionRefused => {
            NetError::Refused { origin }
        }
        Some(system) => NetError::Unreachable { detail: system.to_string(), origin },
        // The operating system has no complaint, so the handshake has one.
        None if origin.is_https() => NetError::Tls { detail: innermost(error), origin },
        None => NetError::Unreachable { detail: innermost(error), origin },
    }
}

/// Every link of the chain, including what an `io::Error` wraps (its `source` skips that).
fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| {
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner as &(dyn StdError + 'static)),
            None => error.source(),
        }
    })
}

fn io_errors<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a io::Error> {
    chain(error).filter_map(|error| error.downcast_ref::<io::Error>())
}

fn innermost(error: &(dyn StdError + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

/// Whether the body broke the rules of chunked coding.
fn is_bad_framing(error: &(dyn StdError + 'static)) -> bool {
    io_errors(error).any(|error| {
        matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput)
    })
}

#[cfg(test)]
mod tests {
    //! HTTP/2, which is spoken over TLS only. Its frames are the same without, so a client that is told to speak it in
    //! clear shows what its errors come to.

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    const PREFACE: usize = 24;
    const FRAME_HEAD: usize = 9;
    const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
    /// Status 200 on the first stream.
    const HEADERS: &[u8] = &[0, 0, 1, 1, 4, 0, 0, 0, 1, 0x88];
    const HALF: &[u8] = &[0, 0, 4, 0, 0, 0, 0, 0, 1, b'h', b'a', b'l', b'f'];
    /// The other half, and the end of the stream.
    const REST: &[u8] = &[0, 0, 3, 0, 1, 0, 0, 0, 1, b's', b'a', b'y'];

    const NO_ERROR: u8 = 0;
    const INTERNAL_ERROR: u8 = 2;
    const REFUSED_STREAM: u8 = 7;
    const ENHANCE_YOUR_CALM: u8 = 11;

    /// The server goes away, and has taken the streams up to `last`.
    fn go_away(last: u8, code: u8) -> Vec<u8> {
        vec![0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, last, 0, 0, 0, code]
    }

    /// The server ends the first stream.
    fn reset(code: u8) -> Vec<u8> {
        vec![0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, code]
    }

    /// Answers the first request with these frames, and ends the connection.
    async fn serve(listener: TcpListener, frames: Vec<u8>) {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        stream.write_all(SETTINGS).await.expect("written");
        read_request(&mut stream).await;
        stream.write_all(&frames).await.expect("written");
        stream.shutdown().await.expect("shut");
        // A socket that is dropped with bytes unread would be torn.
        while stream.read(&mut [0; 1024]).await.is_ok_and(|read| read > 0) {}
    }

    /// Reads up to the frame that opens the first stream.
    async fn read_request(stream: &mut TcpStream) {
        stream.read_exact(&mut [0; PREFACE]).await.expect("a preface");
        let mut kind = 0;
        while kind != 1 {
            let mut head = [0; FRAME_HEAD];
            stream.read_exact(&mut head).await.expect("a frame");
            let length = usize::from(head[1]) << 8 | usize::from(head[2]);
            stream.read_exact(&mut vec![0; length]).await.expect("its payload");
            kind = head[3];
        }
    }

    async fn answer(frames: &[&[u8]]) -> Result<Vec<u8>, NetError> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let url = format!("http://{address}/");
        let origin = Origin::parse(&url).expect("an origin");
        let server = tokio::spawn(serve(listener, frames.concat()));
        let client = reqwest::Client::builder()
            .no_proxy()
            .retry(reqwest::retry::never())
            .http2_prior_knowledge()
            .build()
            .expect("a client");
        let limits = Limits::default();
        let sorted = |phase| move |error: reqwest::Error| (phase, error);
        let outcome = async {
            let mut answer = client.get(&url).send().await.map_err(sorted(Phase::Headers))?;
            let mut body = Vec::new();
            while let Some(chunk) = answer.chunk().await.map_err(sorted(Phase::Body))? {
                body.extend_from_slice(&chunk);
            }
            Ok(body)
        };
        let outcome = outcome.await;
        drop(client);
        server.await.expect("the server ends");
        outcome.map_err(|(phase, error)| classify(&error, &origin, phase, &limits))
    }

    #[tokio::test]
    async fn a_server_that_goes_away_before_it_answers_has_broken_the_connection() {
        for frames in [
            go_away(0, NO_ERROR),
            go_away(0, ENHANCE_YOUR_CALM),
            go_away(1, INTERNAL_ERROR),
            reset(REFUSED_STREAM),
            reset(INTERNAL_ERROR),
        ] {
            let error = answer(&[&frames]).await.expect_err("no answer");
            assert!(
                matches!(error, NetError::Reset { phase: Phase::Headers, .. }),
                "{frames:?}: {error:?}"
            );
            assert!(error.request_may_have_arrived());
        }
    }

    #[tokio::test]
    async fn a_server_that_goes_away_in_the_middle_leaves_no_whole_reply() {
        let nothing = Vec::new();
        for end in
            [go_away(1, INTERNAL_ERROR), go_away(1, NO_ERROR), reset(INTERNAL_ERROR), nothing]
        {
            let error = answer(&[HEADERS, HALF, &end]).await.expect_err("half of a reply");
            assert!(
                matches!(
                    error,
                    NetError::Reset { phase: Phase::Body, .. } | NetError::CutShort { .. }
                ),
                "{end:?}: {error:?}"
            );
        }
    }

    #[tokio::test]
    async fn a_server_that_goes_away_in_good_order_finishes_what_it_began() {
        let body = answer(&[HEADERS, HALF, &go_away(1, NO_ERROR), REST]).await;
        assert_eq!(body.expect("whole"), b"halfsay");
    }
}
