//! What only a window can do, asked for through one trait.

use std::path::PathBuf;

/// The program around the application.
pub trait Host: Send + Sync + 'static {
    /// Asks the person for a folder; `None` when they closed the dialog.
    fn choose_folder(&self) -> Option<PathBuf>;
}

/// A program without a window: it cannot ask.
pub struct Headless;

impl Host for Headless {
    fn choose_folder(&self) -> Option<PathBuf> {
        None
    }
}
