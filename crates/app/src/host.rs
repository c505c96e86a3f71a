//! What only the program around the application can do, asked for through one trait.

use std::path::PathBuf;

use assay_net::SecretString;
use assay_wire::ApiError;

/// A secret that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted<'a> {
    /// The key of a provider.
    Key {
        /// Whose.
        provider: &'a str,
    },
    /// The passphrase of the encrypted key file.
    Passphrase,
    /// The passphrase that a new key file is to have.
    NewPassphrase,
}

/// The program around the application.
pub trait Host: Send + Sync + 'static {
    /// Whether a person looks at it for longer than one command.
    fn is_window(&self) -> bool;

    /// Asks the person for a folder; `None` when they closed the dialog.
    fn choose_folder(&self) -> Option<PathBuf>;

    /// Asks the person for a file; `None` when they closed the dialog.
    fn choose_file(&self) -> Option<PathBuf>;

    /// Takes a secret from the person: in a window what they have copied; in a terminal what they type. `None` when they
    /// gave none.
    ///
    /// # Errors
    /// When there is no way to take one.
    fn take_secret(&self, wanted: Wanted<'_>) -> Result<Option<SecretString>, ApiError>;

    /// The secret that was taken last is where it belongs: a window clears the clipboard. One that found no place stays
    /// there, so that the person can choose another without copying it again.
    fn secret_kept(&self) {}

    /// Whether a secret that a run lacks is asked for at once. A window has a place of its own for that.
    fn asks_when_needed(&self) -> bool {
        false
    }
}

/// A program without a person: it cannot ask.
pub struct Headless;

impl Host for Headless {
    fn is_window(&self) -> bool {
        false
    }

    fn choose_folder(&self) -> Option<PathBuf> {
        None
    }

    fn choose_file(&self) -> Option<PathBuf> {
        None
    }

    fn take_secret(&self, _: Wanted<'_>) -> Result<Option<SecretString>, ApiError> {
        Ok(None)
    }
}
