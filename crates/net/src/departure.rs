//! A body that notes when it is on its way.
//!
//! The transport asks for a request's body once there is a connection and the head of the request is written to it. Until
//! then no server can have the request, however the wait for it ended. Without this, a wait that is shorter than a slow
//! connection takes would look like a server that has the request and is silent.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, SizeHint};

/// Whether a request was on its way. A clone looks at the same request.
#[derive(Debug, Clone)]
pub(crate) struct Departure(Arc<AtomicBool>);

/// The body of that request.
#[derive(Debug)]
pub(crate) struct Departing {
    body: Bytes,
    departure: Departure,
}

impl Departure {
    /// Of a request with this body.
    pub fn of(body: Vec<u8>) -> (Departing, Departure) {
        // Nobody asks for a body of nothing.
        let departure = Departure(Arc::new(AtomicBool::new(body.is_empty())));
        (Departing { body: body.into(), departure: departure.clone() }, departure)
    }

    /// Of a request without a body: its head may be there unseen.
    pub fn unseen() -> Departure {
        Departure(Arc::new(AtomicBool::new(true)))
    }

    /// Whether the server may have something of the request.
    pub fn has_begun(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

impl Body for Departing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.departure.0.store(true, Ordering::SeqCst);
        let body = std::mem::take(&mut self.body);
        Poll::Ready((!body.is_empty()).then(|| Ok(Frame::data(body))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_empty()
    }

    /// Exact, so that the body goes out with its length and not in chunks.
    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.body.len() as u64)
    }
}
