//! Calls at once to one provider, shared by the lanes of its models.
//!
//! The lanes that have cells left divide the ceiling evenly, so that a slow model, which would hold every place for
//! a minute, leaves a fast one its own. A lane that is done or paused leaves its share to the others.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// The places of one provider.
#[derive(Debug)]
pub(crate) struct Ceiling {
    places: usize,
    free: Arc<Semaphore>,
    /// Lanes with cells left.
    lanes: AtomicUsize,
    changed: Notify,
}

impl Ceiling {
    pub fn new(places: usize) -> Ceiling {
        let places = places.clamp(1, Semaphore::MAX_PERMITS);
        Ceiling {
            places,
            free: Arc::new(Semaphore::new(places)),
            lanes: AtomicUsize::new(0),
            changed: Notify::new(),
        }
    }

    /// Places of one lane, at least one; the places there are still bound all lanes together.
    pub fn share(&self) -> usize {
        (self.places / self.lanes.load(Ordering::SeqCst).max(1)).max(1)
    }

    pub fn join(&self) {
        self.lanes.fetch_add(1, Ordering::SeqCst);
    }

    pub fn leave(&self) {
        self.lanes.fetch_sub(1, Ordering::SeqCst);
        self.changed.notify_waiters();
    }

    /// When a lane leaves its share to the others.
    pub fn changed(&self) -> tokio::sync::futures::Notified<'_> {
        self.changed.notified()
    }

    /// A place, in the order of asking. Without one when the ceiling is gone, which it never is while it is asked.
    pub async fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.free).acquire_owned().await.ok()
    }
}
