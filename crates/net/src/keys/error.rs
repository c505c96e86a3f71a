//! What can go wrong with keys, in words that say how to go on. None of them shows a key or a part of one.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// A key that could not be kept, found or removed.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// Not a name that a key can have.
    #[error("`{name}` cannot name a key: use up to 64 letters, digits, `-` and `_`")]
    Name {
        /// What was given.
        name: String,
    },
    /// A key without a character, or one too long to be a key.
    #[error("what was given for `{name}` is no key: it must have 1 to {limit} bytes of text")]
    Secret {
        /// Whose key.
        name: String,
        /// The longest key, in bytes.
        limit: usize,
    },
    /// The operating system's store cannot be used at all on this machine, now.
    #[error(
        "the system's key store cannot be used: {reason}; keep the key in an encrypted file or in an environment \
         variable"
    )]
    OsUnavailable {
        /// What the system said.
        reason: String,
    },
    /// The operating system's store is there and failed.
    #[error("the system's key store could not {doing}: {detail}")]
    Os {
        /// What was tried.
        doing: &'static str,
        /// What the system said.
        detail: String,
    },
    /// The operating system's store is waiting for something, mostly for a person who is asked to unlock it.
    #[error("the system's key store did not answer within {} s; is it asking to be unlocked?", limit.as_secs())]
    OsSilent {
        /// How long it was waited for.
        limit: Duration,
    },
    /// The key file is encrypted and its passphrase was not given yet.
    #[error("the key file {} is locked; unlock it with its passphrase", file.display())]
    Locked {
        /// The key file.
        file: PathBuf,
    },
    /// The passphrase does not open the key file.
    #[error("that is not the passphrase of the key file {}", file.display())]
    WrongPassphrase {
        /// The key file.
        file: PathBuf,
    },
    /// A passphrase without a character.
    #[error("a key file needs a passphrase")]
    EmptyPassphrase,
    /// There is no key file yet.
    #[error("there is no key file at {} yet; create it with a passphrase", file.display())]
    NoFile {
        /// Where it would be.
        file: PathBuf,
    },
    /// There is a key file already, and creating one would lose what it holds.
    #[error("the key file {} is there already; unlock it with its passphrase", file.display())]
    FileExists {
        /// The key file.
        file: PathBuf,
    },
    /// The key file opened and does not hold what Assay writes, or is no key file at all.
    #[error("the key file {} cannot be read: {detail}", file.display())]
    BadFile {
        /// The key file.
        file: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// Reading or writing the key file failed.
    #[error("the key file {}: {source}", file.display())]
    File {
        /// The key file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A place that keys are read from and not written to, or that the settings switched off.
    #[error("a key cannot be kept in {place}: {reason}")]
    NotKeptThere {
        /// The place.
        place: super::Place,
        /// Why not.
        reason: &'static str,
    },
    /// The environment variable is set to something that is not text.
    #[error("the environment variable {variable} does not hold text")]
    Environment {
        /// The variable.
        variable: String,
    },
    /// `ASSAY_KEYS` has a value that means nothing.
    #[error("ASSAY_KEYS is `{value}`; it may be `os`, `file` or `memory`")]
    Setting {
        /// What it is set to.
        value: String,
    },
}
