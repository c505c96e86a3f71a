//! Notices to whoever listens: the window's page, or a test.

use std::sync::{Mutex, PoisonError};

use assay_wire::Notice;

type Listener = Box<dyn Fn(Notice) -> bool + Send + Sync>;

/// The listener. There is one at most: a page that is loaded again takes the place of the one
/// before, which can no longer say that it is gone.
#[derive(Default)]
pub(crate) struct Notices(Mutex<Option<Listener>>);

impl Notices {
    pub fn subscribe(&self, listener: Listener) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(listener);
    }

    /// Tells the listener, and forgets one that no longer listens.
    pub fn send(&self, notice: Notice) {
        let mut listener = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if listener.as_ref().is_some_and(|listener| !listener(notice)) {
            *listener = None;
        }
    }
}
