//! What several panes share. Each type is a context: provided once, `Copy`, and changed only through its methods.

mod desk;
mod document;
mod documents;
mod edits;
mod keyring;
mod latest;
mod notices;
mod outside;
mod runs;
mod session;
mod spending;
mod toasts;

use assay_wire::ApiError;

pub use desk::{Desk, GitTab, Place, Tab};
pub use document::{Document, SaveState};
pub use documents::{Documents, OpenPrompt};
pub use edits::{Asker, Edits, Question, VariantNews};
pub use keyring::{KeyWork, Keyring, place_words};
pub use latest::Latest;
pub use notices::Notices;
pub use runs::{Progress, Runs, Scope};
pub use session::Session;
pub use spending::{Spending, is_here};
pub use toasts::{Toast, Toasts};

/// Something asked of the application, as far as it got.
#[derive(Debug, Clone, PartialEq)]
pub enum Load<T> {
    /// Asked, not answered.
    Loading,
    /// Answered.
    Ready(T),
    /// Refused.
    Failed(ApiError),
}

impl<T> Load<T> {
    /// What was answered.
    pub fn ready(&self) -> Option<&T> {
        match self {
            Load::Ready(value) => Some(value),
            Load::Loading | Load::Failed(_) => None,
        }
    }
}

impl<T> From<Result<T, ApiError>> for Load<T> {
    fn from(result: Result<T, ApiError>) -> Self {
        result.map_or_else(Load::Failed, Load::Ready)
    }
}

/// The context of that type, which [`crate::app::App`] provides before it draws anything.
///
/// # Panics
/// When called outside the window's contents, which is a mistake in this crate.
pub fn context<T: Clone + 'static>() -> T {
    leptos::prelude::expect_context::<T>()
}
