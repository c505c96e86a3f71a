//! The person at the terminal: asked for keys and passphrases, which are never shown.

use std::io::{BufRead, IsTerminal, Read};
use std::path::PathBuf;

use assay_app::{Host, SecretString, Wanted};
use assay_wire::{ApiError, Code};

/// A line longer than this is no key and no passphrase.
const LONGEST_SECRET: u64 = 16 << 10;

/// A terminal, or a script that writes to standard input.
pub(crate) struct Terminal;

impl Host for Terminal {
    fn is_window(&self) -> bool {
        false
    }

    fn choose_folder(&self) -> Option<PathBuf> {
        None
    }

    fn choose_file(&self) -> Option<PathBuf> {
        None
    }

    /// Asks without echo; from a script, takes a line of standard input.
    fn take_secret(&self, wanted: Wanted<'_>) -> Result<Option<SecretString>, ApiError> {
        if !std::io::stdin().is_terminal() {
            return next_line();
        }
        let secret = ask(&question(wanted))?;
        if wanted == Wanted::NewPassphrase && secret != ask("The same passphrase again: ")? {
            return Err(ApiError::new(Code::BadInput, "the two passphrases differ"));
        }
        Ok((!secret.trim().is_empty()).then(|| SecretString::from(secret)))
    }

    /// A script that forgot a key is told so; it must not wait for a line that never comes.
    fn asks_when_needed(&self) -> bool {
        std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }
}

fn question(wanted: Wanted<'_>) -> String {
    match wanted {
        Wanted::Key { provider } => format!("Key of {provider} (not shown): "),
        Wanted::Passphrase => "Passphrase of the key file (not shown): ".to_owned(),
        Wanted::NewPassphrase => "A passphrase for the new key file (not shown): ".to_owned(),
    }
}

fn ask(question: &str) -> Result<String, ApiError> {
    rpassword::prompt_password(question).map_err(|e| unreadable(&e))
}

fn next_line() -> Result<Option<SecretString>, ApiError> {
    let mut line = String::new();
    let mut input = std::io::stdin().lock().take(LONGEST_SECRET);
    input.read_line(&mut line).map_err(|e| unreadable(&e))?;
    let text = line.trim_end_matches(['\n', '\r']);
    Ok((!text.trim().is_empty()).then(|| SecretString::from(text)))
}

fn unreadable(error: &std::io::Error) -> ApiError {
    ApiError::new(Code::BadInput, format!("the terminal could not be read: {error}"))
        .hint("A script can write the key to standard input, a line.")
}
