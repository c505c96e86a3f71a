//! What the application asks of a window: dialogs of the platform, and what the person has copied.

use std::path::PathBuf;

use arboard::{Clipboard, Error as ClipboardError};
use assay_app::{Host, SecretString, Wanted};
use assay_wire::{ApiError, Code};
use tauri::AppHandle;
use tauri_plugin_dialog::{DialogExt, MessageDialogKind};

/// The desktop as [`assay_app`] sees it.
pub struct Desktop {
    window: AppHandle,
}

impl Desktop {
    /// A host whose dialogs belong to this application.
    pub fn new(window: AppHandle) -> Self {
        Self { window }
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
            Ok(text) if !text.trim().is_empty() => Ok(Some(SecretString::from(text))),
            Ok(_) | Err(ClipboardError::ContentNotAvailable) => Ok(None),
            Err(error) => Err(no_clipboard(&error)),
        }
    }

    /// Clears the clipboard, so that nobody else sees the key. One that cannot be cleared is the person's to clear; the
    /// key is theirs to keep all the same.
    fn secret_kept(&self) {
        if let Err(error) = Clipboard::new().and_then(|mut clipboard| clipboard.clear()) {
            eprintln!("assay-desktop: the clipboard could not be cleared: {error}");
        }
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
