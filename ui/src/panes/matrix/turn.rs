//! One request at a time, and one more for whoever asked meanwhile.

use leptos::prelude::*;

/// Lets one request go at a time. What is asked meanwhile is asked once more after it.
#[derive(Clone, Copy)]
pub struct Turn {
    taken: StoredValue<bool>,
    again: StoredValue<bool>,
}

impl Turn {
    /// With nobody on the way.
    pub fn new() -> Self {
        Self { taken: StoredValue::new(false), again: StoredValue::new(false) }
    }

    /// Whether the caller may go; if not, the one that goes will be told to go again.
    pub fn take(self) -> bool {
        let free = !self.taken.get_value();
        self.taken.set_value(true);
        self.again.set_value(!free);
        free
    }

    /// Ends a turn; `true` when somebody asked meanwhile.
    pub fn leave(self) -> bool {
        self.taken.set_value(false);
        self.again.get_value()
    }
}
