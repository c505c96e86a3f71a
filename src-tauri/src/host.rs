//! What the application asks of a window: dialogs of the platform, and what the person has copied.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use arboard::{Clipboard, Error as ClipboardError};
use assay_app::{Host, SecretString, Wanted};
use assay_wire::{ApiError, Code};
use sha2::{Digest, Sha256};
use tauri::AppHandle;
use tauri_plugin_dialog::{DialogExt, MessageDialogKind};

/// The desktop as [`assay_app`] sees it.
pub struct Desktop {
    window: AppHandle,
    taken: Taken,
}

impl Desktop {
    /// A host whose dialogs belong to this application.
    pub fn new(window: AppHandle) -> Self {
        Self { window, taken: Taken::default() }
    }
}

impl Host for Desktop {
    fn is_window(&self) -> bool {
        true
    }

    /// Called from worker threads only, as [`crate::commands::rpc`] does: on the window's own
    /// thread it would wait for itself.
    fn choose_folder(&self) -> Option<PathBuf> {
        let dialog = self.window.dialog().file().set_title("Open a prompts repository");
        dialog.blocking_pick_folder()?.into_path().ok()
    }

    fn choose_file(&self) -> Option<PathBuf> {
        let dialog = self.window.dialog().file().set_title("Import prompts");
        dialog.blocking_pick_file()?.into_path().ok()
    }

    /// Takes the copied text, so that the page never sees it.
    fn take_secret(&self, _: Wanted<'_>) -> Result<Option<SecretString>, ApiError> {
        let mut clipboard = Clipboard::new().map_err(|error| no_clipboard(&error))?;
        match clipboard.get_text() {
            Ok(text) if !text.trim().is_empty() => {
                self.taken.note(&text);
                Ok(Some(SecretString::from(text)))
            }
            Ok(_) | Err(ClipboardError::ContentNotAvailable) => Ok(None),
            Err(error) => Err(no_clipboard(&error)),
        }
    }

    /// Clears the clipboard of what was taken from it, so that nobody else sees the key. What the person has copied since
    /// is theirs. One that cannot be cleared is the person's to clear; the key is theirs to keep all the same.
    fn secret_kept(&self) {
        let cleared = Clipboard::new().and_then(|mut clipboard| {
            match clipboard.get_text() {
                Ok(text) if self.taken.is(&text) => clipboard.clear()?,
                Ok(_) | Err(ClipboardError::ContentNotAvailable) => {}
                Err(error) => return Err(error),
            }
            self.taken.forget();
            Ok(())
        });
        if let Err(error) = cleared {
            eprintln!("assay-desktop: the clipboard could not be cleared: {error}");
        }
    }
}

/// Which text was taken from the clipboard last, by its digest: the text itself is kept nowhere.
#[derive(Default)]
struct Taken(Mutex<Option<[u8; 32]>>);

impl Taken {
    fn note(&self, text: &str) {
        self.set(Some(Sha256::digest(text).into()));
    }

    fn is(&self, text: &str) -> bool {
        let taken = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        taken.is_some_and(|taken| taken == <[u8; 32]>::from(Sha256::digest(text)))
    }

    fn forget(&self) {
        self.set(None);
    }

    fn set(&self, digest: Option<[u8; 32]>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = digest;
    }
}

fn no_clipboard(error: &ClipboardError) -> ApiError {
    ApiError::new(Code::BadInput, format!("the clipboard could not be read: {error}"))
        .hint("Set the key in a terminal: assay keys set NAME.")
}

/// Shows an error that no view of the page is waiting for; returns at once.
pub fn tell(window: &AppHandle, error: &ApiError) {
    let mut text = error.message.clone();
    for hint in &error.hints {
        text.push_str("\n\n");
        text.push_str(hint);
    }
    let dialog = window.dialog().message(text).title("Assay").kind(MessageDialogKind::Error);
    dialog.show(|_| {});
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_text_that_was_taken_is_cleared_and_only_once() {
        let taken = Taken::default();
        assert!(!taken.is("") && !taken.is("key-1"), "nothing was taken");
        taken.note("key-1\n");
        assert!(taken.is("key-1\n"));
        assert!(!taken.is("key-1") && !taken.is("a letter that was copied since"));
        taken.note("key-2");
        assert!(taken.is("key-2") && !taken.is("key-1\n"), "the last counts");
        taken.forget();
        assert!(!taken.is("key-2"), "what is copied again later is the person's");
    }
}
