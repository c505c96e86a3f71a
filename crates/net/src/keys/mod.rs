//! Where keys are kept, and found again.
//!
//! Four places, asked in this order: the operating system's store, a file encrypted with a passphrase, the environment,
//! and memory for as long as the process runs. A person chooses where a key is kept; when that place fails, it is an
//! error that says how to go on. A key never goes to a weaker place by itself, and never to disk as plain text.
//!
//! A key leaves this crate inside a [`Credential`] and in no other way. Every key that is seen here is at once one that
//! [`Secrets`] takes out of what is kept.
//!
//! Everything here may block: on a person who is asked to unlock a store, or for the half second that a passphrase
//! takes. Left to others: asking for a key, and which header carries it.
//!
//! ```
//! use assay_net::keys::{Keys, KeysConfig, Place};
//! use assay_net::Origin;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let keys = Keys::open(KeysConfig::memory());
//! keys.set("openai", "sk-0123456789abcdef".into(), Place::Memory)?;
//! let found = keys.find("openai", None)?.ok_or("no key")?;
//! assert_eq!((found.place(), found.hint()), (Place::Memory, "cdef"));
//! let key = found.bind(Origin::parse("https://api.example.com/v1")?);
//! assert!(!format!("{key:?}").contains("0123"));
//! # Ok(())
//! # }
//! ```

mod environment;
mod error;
mod file;
mod os;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use crate::redact::{self, Secrets};
use crate::{Credential, Origin};
use environment::Environment;
use file::FileStore;
use os::OsStore;

pub use error::KeysError;

/// In bytes. Tokens of cloud providers reach two thousand.
const LONGEST_SECRET: usize = 4096;

const LONGEST_NAME: usize = 64;

/// The variable that says which places are used: `os` (all), `file` (not the system's store), or `memory` (neither it
/// nor a file). For tests and for machines whose store gets in the way.
const SETTING: &str = "ASSAY_KEYS";

/// Where a key is, or is to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// The operating system's store.
    Os,
    /// The file encrypted with a passphrase.
    File,
    /// An environment variable: read once, never written.
    Environment,
    /// This process, until it ends.
    Memory,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Place::Os => "the system's key store",
            Place::File => "the encrypted key file",
            Place::Environment => "the environment",
            Place::Memory => "memory",
        })
    }
}

/// Which places are used.
#[derive(Debug, Clone)]
pub struct KeysConfig {
    file: Option<PathBuf>,
    os: bool,
    work: u8,
}

impl KeysConfig {
    /// All places, with the encrypted file at `file`, whether it exists yet or not.
    pub fn new(file: impl Into<PathBuf>) -> KeysConfig {
        KeysConfig { file: Some(file.into()), os: true, work: file::WORK }
    }

    /// The environment and memory alone.
    pub fn memory() -> KeysConfig {
        KeysConfig { file: None, os: false, work: file::WORK }
    }

    /// The same without the operating system's store, which belongs to the person and not to a test.
    #[must_use]
    pub fn without_os(self) -> KeysConfig {
        KeysConfig { os: false, ..self }
    }

    /// The same, with scrypt's cost at 2^`exponent` (1 to 20) instead of what a passphrase needs. For tests, where a
    /// passphrase protects nothing.
    #[must_use]
    pub fn with_work(self, exponent: u8) -> KeysConfig {
        KeysConfig { work: exponent.clamp(1, file::MOST_WORK), ..self }
    }

    /// The places that `ASSAY_KEYS` allows, with the encrypted file at `file`.
    pub fn from_environment(file: impl Into<PathBuf>) -> Result<KeysConfig, KeysError> {
        let value = std::env::var_os(SETTING).unwrap_or_default();
        KeysConfig::from_setting(file.into(), &value.to_string_lossy())
    }

    fn from_setting(file: PathBuf, value: &str) -> Result<KeysConfig, KeysError> {
        match value {
            "" | "os" => Ok(KeysConfig::new(file)),
            "file" => Ok(KeysConfig::new(file).without_os()),
            "memory" => Ok(KeysConfig::memory()),
            other => Err(KeysError::Setting { value: other.to_owned() }),
        }
    }
}

/// What can be used now, for a person to see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeysStatus {
    /// The operating system's store.
    pub os: OsStatus,
    /// The encrypted file.
    pub file: FileStatus,
    /// Where the encrypted file is or would be; `None` when files are switched off.
    pub path: Option<PathBuf>,
}

/// Whether the operating system's store can be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OsStatus {
    /// It answered a read.
    Available,
    /// It did not.
    Unavailable {
        /// Why not.
        reason: String,
    },
    /// It has not answered yet: it may be starting, or waiting for a person to unlock it.
    Silent,
    /// The settings say not to use it.
    Off,
}

/// Whether the encrypted file can be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FileStatus {
    /// There is none yet.
    Absent,
    /// It is there, and its passphrase was not given yet.
    Locked,
    /// Its keys can be used.
    Unlocked,
    /// It is there, and damaged or out of reach.
    Unusable {
        /// What is wrong.
        reason: String,
    },
    /// The settings say not to use one.
    Off,
}

/// A key that was found. The key itself can only be bound to the origin it is for.
#[derive(Clone)]
pub struct Found {
    place: Place,
    secret: SecretString,
    hint: String,
}

impl Found {
    fn new(place: Place, secret: SecretString) -> Found {
        let hint = redact::hint(&secret);
        Found { place, secret, hint }
    }

    /// Where it was found.
    pub fn place(&self) -> Place {
        self.place
    }

    /// Its last four characters; nothing of a key too short to spare four.
    pub fn hint(&self) -> &str {
        &self.hint
    }

    /// The key, for the one origin it may go to.
    pub fn bind(self, origin: Origin) -> Credential {
        Credential::bind(origin, self.secret)
    }
}

impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Found").field("place", &self.place).field("secret", &"[redacted]").finish()
    }
}

/// One key in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyEntry {
    /// What it is called: a provider's name.
    pub name: String,
    /// Where it is kept.
    pub place: Place,
    /// Its last four characters; nothing of a key too short to spare four.
    pub hint: String,
}

/// All keys, in all places. A clone is a handle to the same.
#[derive(Clone)]
pub struct Keys {
    shared: Arc<Shared>,
}

struct Shared {
    os: Option<OsStore>,
    file: Option<Mutex<FileStore>>,
    environment: Environment,
    memory: Mutex<BTreeMap<String, SecretString>>,
    secrets: Secrets,
}

impl Keys {
    /// Nothing is read before it is asked for.
    pub fn open(config: KeysConfig) -> Keys {
        Keys::with_environment(config, Environment::of_process())
    }

    fn with_environment(config: KeysConfig, environment: Environment) -> Keys {
        let shared = Shared {
            os: config.os.then(OsStore::new),
            file: config.file.map(|path| Mutex::new(FileStore::new(path, config.work))),
            environment,
            memory: Mutex::default(),
            secrets: Secrets::new(),
        };
        Keys { shared: Arc::new(shared) }
    }

    /// Every key that was found or set, to be taken out of what is kept. Give it to [`crate::Client::with_secrets`].
    pub fn secrets(&self) -> &Secrets {
        &self.shared.secrets
    }

    /// Which places can be used now. Asks the operating system's store, within ten seconds.
    pub fn status(&self) -> KeysStatus {
        self.status_by(OsStore::status)
    }

    /// As [`Keys::status`], but waits a moment only: a store that takes longer is [`OsStatus::Silent`].
    pub fn glance(&self) -> KeysStatus {
        self.status_by(OsStore::glance)
    }

    fn status_by(&self, os: impl FnOnce(&OsStore) -> OsStatus) -> KeysStatus {
        let file = self.shared.file.as_ref().map(guard);
        KeysStatus {
            os: self.shared.os.as_ref().map_or(OsStatus::Off, os),
            path: file.as_ref().map(|file| file.path().to_owned()),
            file: file.map_or(FileStatus::Off, |mut file| file.status()),
        }
    }

    /// Starts an encrypted file, unlocked.
    pub fn create_file(&self, passphrase: SecretString) -> Result<(), KeysError> {
        self.file()?.create(passphrase)
    }

    /// Unlocks the encrypted file, for as long as this process runs.
    pub fn unlock(&self, passphrase: SecretString) -> Result<(), KeysError> {
        self.file()?.unlock(passphrase)
    }

    /// Locks the encrypted file again. Credentials that were bound stay so.
    pub fn lock(&self) {
        if let Some(file) = &self.shared.file {
            guard(file).forget();
        }
    }

    /// Keeps a key in `place`, in that place only, in place of the one it had there. White space around it is dropped.
    pub fn set(&self, name: &str, secret: SecretString, place: Place) -> Result<(), KeysError> {
        check_name(name)?;
        let secret = check_secret(name, &secret)?;
        self.shared.secrets.add_text(&secret);
        match place {
            Place::Os => self.os()?.set(name, secret),
            Place::File => self.file()?.set(name, secret),
            Place::Memory => {
                guard(&self.shared.memory).insert(name.to_owned(), secret);
                Ok(())
            }
            Place::Environment => {
                let reason = "it is only read; set the variable before Assay starts";
                Err(KeysError::NotKeptThere { place, reason })
            }
        }
    }

    /// The key of this name, from the first place that has it. `environment` is the variable that may hold it.
    ///
    /// A place that cannot be read is passed over only while another one has the key: where none has, its failure (the
    /// file is locked, the system's store did not answer) is the answer, since the key may be there. A system's store
    /// that cannot be used at all has no keys, as [`Keys::status`] shows.
    pub fn find(&self, name: &str, environment: Option<&str>) -> Result<Option<Found>, KeysError> {
        self.find_where(name, environment, |_| true)
    }

    /// [`Keys::find`] among the places that `serves` says yes to; the others are not looked into.
    pub fn find_where(
        &self,
        name: &str,
        environment: Option<&str>,
        serves: impl Fn(Place) -> bool,
    ) -> Result<Option<Found>, KeysError> {
        check_name(name)?;
        let mut failed = None;
        let places = [Place::Os, Place::File, Place::Environment, Place::Memory];
        for place in places.into_iter().filter(|place| serves(*place)) {
            match self.look(place, name, environment) {
                Ok(Some(secret)) => {
                    self.shared.secrets.add_text(&secret);
                    return Ok(Some(Found::new(place, secret)));
                }
                Ok(None) | Err(KeysError::OsUnavailable { .. }) => {}
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(None), Err)
    }

    /// [`Keys::find`], bound to where the key may go.
    pub fn bind(
        &self,
        name: &str,
        environment: Option<&str>,
        origin: Origin,
    ) -> Result<Option<Credential>, KeysError> {
        Ok(self.find(name, environment)?.map(|found| found.bind(origin)))
    }

    /// Removes the key from every place that keeps one, and says which did. A place that fails ends it; what was removed
    /// until then stays removed.
    pub fn remove(&self, name: &str) -> Result<Vec<Place>, KeysError> {
        check_name(name)?;
        let mut removed = Vec::new();
        if guard(&self.shared.memory).remove(name).is_some() {
            removed.push(Place::Memory);
        }
        match self.shared.os.as_ref().map(|os| os.remove(name)) {
            Some(Ok(true)) => removed.push(Place::Os),
            None | Some(Ok(false) | Err(KeysError::OsUnavailable { .. })) => {}
            Some(Err(error)) => return Err(error),
        }
        if let Some(file) = &self.shared.file
            && guard(file).remove(name)?
        {
            removed.push(Place::File);
        }
        Ok(removed)
    }

    /// Every key that is kept, by name and then by place. A locked file and a system's store that cannot be used add
    /// none; [`Keys::status`] says so.
    pub fn list(&self) -> Result<Vec<KeyEntry>, KeysError> {
        // Names first: looking a key up takes the same locks again.
        let in_memory: Vec<_> = guard(&self.shared.memory).keys().cloned().collect();
        let places = [
            (Place::Os, self.os_names()?),
            (Place::File, self.file_names()?),
            (Place::Memory, in_memory),
        ];
        let mut entries = Vec::new();
        for (place, names) in places {
            for name in names {
                // Another process may have removed it meanwhile.
                let Some(secret) = self.look(place, &name, None)? else { continue };
                self.shared.secrets.add_text(&secret);
                entries.push(KeyEntry { name, place, hint: redact::hint(&secret) });
            }
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn os_names(&self) -> Result<Vec<String>, KeysError> {
        match self.shared.os.as_ref().map(OsStore::names) {
            None | Some(Err(KeysError::OsUnavailable { .. })) => Ok(Vec::new()),
            Some(names) => names,
        }
    }

    fn file_names(&self) -> Result<Vec<String>, KeysError> {
        let Some(file) = &self.shared.file else { return Ok(Vec::new()) };
        match guard(file).entries() {
            Ok(entries) => Ok(entries.into_iter().flat_map(BTreeMap::keys).cloned().collect()),
            Err(KeysError::Locked { .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    fn look(
        &self,
        place: Place,
        name: &str,
        variable: Option<&str>,
    ) -> Result<Option<SecretString>, KeysError> {
        let shared = &self.shared;
        match place {
            Place::Os => shared.os.as_ref().map_or(Ok(None), |os| os.get(name)),
            Place::File => match &shared.file {
                Some(file) => Ok(guard(file).entries()?.and_then(|keys| keys.get(name).cloned())),
                None => Ok(None),
            },
            Place::Environment => variable.map_or(Ok(None), |name| shared.environment.get(name)),
            Place::Memory => Ok(guard(&shared.memory).get(name).cloned()),
        }
    }

    fn os(&self) -> Result<&OsStore, KeysError> {
        let reason = "the settings say not to use it";
        self.shared.os.as_ref().ok_or(KeysError::NotKeptThere { place: Place::Os, reason })
    }

    fn file(&self) -> Result<MutexGuard<'_, FileStore>, KeysError> {
        let reason = "the settings say not to use one";
        let off = KeysError::NotKeptThere { place: Place::File, reason };
        self.shared.file.as_ref().map(guard).ok_or(off)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.shared.file.as_ref().map(|file| guard(file).path().to_owned());
        f.debug_struct("Keys")
            .field("os", &self.shared.os.is_some())
            .field("file", &path)
            .finish_non_exhaustive()
    }
}

/// Where the encrypted file is kept, below the folder of settings.
pub fn file_in(settings: &Path) -> PathBuf {
    settings.join("keys.age")
}

fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn check_name(name: &str) -> Result<(), KeysError> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if name.is_empty() || name.len() > LONGEST_NAME || !name.bytes().all(fits) {
        return Err(KeysError::Name { name: name.chars().take(LONGEST_NAME).collect() });
    }
    Ok(())
}

/// The key without the white space that pasting leaves around it.
fn check_secret(name: &str, secret: &SecretString) -> Result<SecretString, KeysError> {
    let text = secret.expose_secret().trim();
    if text.is_empty() || text.len() > LONGEST_SECRET || text.contains(char::is_control) {
        return Err(KeysError::Secret { name: name.to_owned(), limit: LONGEST_SECRET });
    }
    Ok(SecretString::from(text))
}

#[cfg(test)]
mod tests;
