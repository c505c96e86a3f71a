//! Short confirmations, with Undo where there is something to undo. Errors never go here.

use std::{sync::Arc, time::Duration};

use leptos::prelude::*;

/// How long a toast stays: long enough to read it and reach for Undo.
const STAY: Duration = Duration::from_secs(7);

/// One confirmation.
#[derive(Clone)]
pub struct Toast {
    /// Tells toasts apart.
    pub id: u64,
    /// What was done.
    pub text: String,
    /// Takes it back.
    pub undo: Option<Arc<dyn Fn() + Send + Sync>>,
}

/// The confirmations on screen.
#[derive(Clone, Copy)]
pub struct Toasts {
    shown: RwSignal<Vec<Toast>>,
    next: StoredValue<u64>,
}

impl Toasts {
    /// With none on screen.
    pub fn new() -> Self {
        Self { shown: RwSignal::new(Vec::new()), next: StoredValue::new(0) }
    }

    /// Those on screen, oldest first.
    pub fn shown(self) -> Signal<Vec<Toast>> {
        self.shown.into()
    }

    /// Confirms that something was done.
    pub fn say(self, text: impl Into<String>) {
        self.add(text.into(), None);
    }

    /// Confirms that something was done which `undo` takes back.
    pub fn say_with_undo(self, text: impl Into<String>, undo: impl Fn() + Send + Sync + 'static) {
        self.add(text.into(), Some(Arc::new(undo)));
    }

    /// Takes one off the screen.
    pub fn dismiss(self, id: u64) {
        self.shown.update(|all| all.retain(|toast| toast.id != id));
    }

    fn add(self, text: String, undo: Option<Arc<dyn Fn() + Send + Sync>>) {
        let id = self.next.get_value();
        self.next.set_value(id + 1);
        self.shown.update(|all| all.push(Toast { id, text, undo }));
        set_timeout(move || self.dismiss(id), STAY);
    }
}

impl Default for Toasts {
    fn default() -> Self {
        Self::new()
    }
}
