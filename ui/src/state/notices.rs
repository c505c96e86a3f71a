//! Who hears what the application says unasked.

use std::sync::Arc;

use assay_wire::Notice;
use leptos::prelude::*;

type Listener = Arc<dyn Fn(&Notice) + Send + Sync>;

/// The listeners to the application's notices.
///
/// Not a signal: two notices within a frame are two facts, and a signal would keep only the second.
#[derive(Clone, Copy)]
pub struct Notices {
    listeners: StoredValue<Vec<(u64, Listener)>>,
    next: StoredValue<u64>,
}

impl Notices {
    /// Without listeners yet.
    pub fn new() -> Self {
        Self { listeners: StoredValue::new(Vec::new()), next: StoredValue::new(0) }
    }

    /// Calls `listener` with every notice until the component that asked is gone.
    pub fn listen(self, listener: impl Fn(&Notice) + Send + Sync + 'static) {
        let id = self.next.get_value();
        self.next.set_value(id + 1);
        self.listeners.update_value(|all| all.push((id, Arc::new(listener))));
        on_cleanup(move || {
            self.listeners.try_update_value(|all| all.retain(|(other, _)| *other != id));
        });
    }

    /// Hands a notice to all listeners.
    pub fn tell(self, notice: &Notice) {
        for (_, listener) in self.listeners.get_value() {
            listener(notice);
        }
    }
}

impl Default for Notices {
    fn default() -> Self {
        Self::new()
    }
}
