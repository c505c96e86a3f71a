//! Notices to whoever listens.

use std::sync::{Mutex, PoisonError};

use assay_wire::Notice;

type Listener = Box<dyn Fn(Notice) -> bool + Send + Sync>;

/// The listeners; usually one window.
#[derive(Default)]
pub(crate) struct Notices(Mutex<Vec<Listener>>);

impl Notices {
    pub fn subscribe(&self, listener: Listener) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(listener);
    }

    /// Tells everybody, and forgets who no longer listens.
    pub fn send(&self, notice: &Notice) {
        let mut listeners = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|listener| listener(notice.clone()));
    }
}
