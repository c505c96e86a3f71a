//! Keys in one file, encrypted with a passphrase: for machines without a key store, and for people who prefer it.
//!
//! The file is in the [age](https://age-encryption.org/v1) format, so that it can be opened without Assay
//! (`age -d keys.age`). Inside is one JSON document, `{"schema": "assay.keys/1", "keys": {NAME: KEY}}`.
//!
//! *Atomic*: a write goes to a new file beside it, which is synced and then renamed, so at every moment one whole
//! version is there. *Shared*: every write holds a lock file, reads what is there now and changes that, so that two
//! processes lose nothing of each other's. *Private*: only the user may read it, encrypted as it is.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::iter;
use std::path::{Path, PathBuf};

use age::{DecryptError, Decryptor, Encryptor, scrypt};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{FileStatus, KeysError};

/// The exponent of scrypt's cost: 128 MiB and about half a second for each guess at the passphrase, as OWASP's Password
/// Storage Cheat Sheet asks for (N = 2^17, r = 8, p = 1).
pub(super) const WORK: u8 = 17;

/// The highest cost that is paid to open a file: 1 GiB. A file that asks for more was not written here.
pub(super) const MOST_WORK: u8 = 20;

/// In bytes. Far above what keys take, and small enough to be read whole.
const LARGEST_FILE: u64 = 1 << 20;

const SCHEMA: &str = "assay.keys/1";

type Entries = BTreeMap<String, SecretString>;

/// The file, and what is known of it. Content is kept with the bytes it was decrypted from: as long as the file has the
/// same bytes, it need not be decrypted again.
pub(super) struct FileStore {
    path: PathBuf,
    work: u8,
    open: Option<Open>,
}

struct Open {
    passphrase: SecretString,
    encrypted: Vec<u8>,
    entries: Entries,
}

#[derive(Serialize, Deserialize)]
struct Document<S> {
    schema: String,
    keys: BTreeMap<String, S>,
}

impl FileStore {
    pub(super) fn new(path: PathBuf, work: u8) -> FileStore {
        FileStore { path, work, open: None }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether there is a file, and whether it can be read with what was given.
    pub(super) fn status(&mut self) -> FileStatus {
        match self.entries() {
            Ok(Some(_)) => FileStatus::Unlocked,
            Ok(None) => FileStatus::Absent,
            Err(KeysError::Locked { .. }) => FileStatus::Locked,
            Err(error) => FileStatus::Unusable { reason: error.to_string() },
        }
    }

    /// Starts a file without keys.
    pub(super) fn create(&mut self, passphrase: SecretString) -> Result<(), KeysError> {
        if passphrase.expose_secret().is_empty() {
            return Err(KeysError::EmptyPassphrase);
        }
        let _lock = self.lock()?;
        if self.read()?.is_some() {
            return Err(KeysError::FileExists { file: self.path.clone() });
        }
        self.write(passphrase, Entries::new())
    }

    /// Keeps the passphrase, if it opens the file.
    pub(super) fn unlock(&mut self, passphrase: SecretString) -> Result<(), KeysError> {
        let no_file = || KeysError::NoFile { file: self.path.clone() };
        let encrypted = self.read()?.ok_or_else(no_file)?;
        let entries = self.decrypt(&passphrase, &encrypted)?;
        self.open = Some(Open { passphrase, encrypted, entries });
        Ok(())
    }

    /// Forgets the passphrase and what it opened.
    pub(super) fn forget(&mut self) {
        self.open = None;
    }

    /// What the file holds now, or `None` when there is none.
    pub(super) fn entries(&mut self) -> Result<Option<&Entries>, KeysError> {
        let Some(encrypted) = self.read()? else { return Ok(None) };
        let locked = || KeysError::Locked { file: self.path.clone() };
        let open = self.open.take().ok_or_else(locked)?;
        let open = if open.encrypted == encrypted {
            open
        } else {
            // Another process changed the file; if it changed the passphrase too, the file is locked again.
            let entries = match self.decrypt(&open.passphrase, &encrypted) {
                Err(KeysError::WrongPassphrase { .. }) => return Err(locked()),
                entries => entries?,
            };
            Open { encrypted, entries, ..open }
        };
        Ok(Some(&self.open.insert(open).entries))
    }

    pub(super) fn set(&mut self, name: &str, secret: SecretString) -> Result<(), KeysError> {
        self.change(|entries| entries.insert(name.to_owned(), secret)).map(drop)
    }

    /// Whether there was one.
    pub(super) fn remove(&mut self, name: &str) -> Result<bool, KeysError> {
        if self.entries()?.is_none_or(|entries| !entries.contains_key(name)) {
            return Ok(false);
        }
        self.change(|entries| entries.remove(name)).map(|removed| removed.is_some())
    }

    /// Changes what the file holds at this moment, which may be more than was read before.
    fn change<T>(&mut self, change: impl FnOnce(&mut Entries) -> T) -> Result<T, KeysError> {
        let _lock = self.lock()?;
        let no_file = KeysError::NoFile { file: self.path.clone() };
        let mut entries = self.entries()?.ok_or(no_file)?.clone();
        let changed = change(&mut entries);
        let locked = || KeysError::Locked { file: self.path.clone() };
        let passphrase = self.open.as_ref().ok_or_else(locked)?.passphrase.clone();
        self.write(passphrase, entries)?;
        Ok(changed)
    }

    fn write(&mut self, passphrase: SecretString, entries: Entries) -> Result<(), KeysError> {
        let encrypted =
            encrypt(&passphrase, self.work, &entries).map_err(|error| self.failed(error))?;
        replace(&self.path, &encrypted).map_err(|error| self.failed(error))?;
        self.open = Some(Open { passphrase, encrypted, entries });
        Ok(())
    }

    /// The file's bytes, or `None` when there is no file.
    fn read(&self) -> Result<Option<Vec<u8>>, KeysError> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.failed(error)),
        };
        let mut bytes = Vec::new();
        file.take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(|error| self.failed(error))?;
        if bytes.len() as u64 > LARGEST_FILE {
            return Err(self.bad("it is larger than a key file can be".to_owned()));
        }
        Ok(Some(bytes))
    }

    fn decrypt(&self, passphrase: &SecretString, encrypted: &[u8]) -> Result<Entries, KeysError> {
        let decryptor = Decryptor::new_buffered(encrypted).map_err(|error| self.refused(error))?;
        if !decryptor.is_scrypt() {
            return Err(self.bad("it is not encrypted with a passphrase".to_owned()));
        }
        let mut identity = scrypt::Identity::new(passphrase.clone());
        identity.set_max_work_factor(MOST_WORK);
        let mut reader = decryptor
            .decrypt(iter::once(&identity as &dyn age::Identity))
            .map_err(|error| self.refused(error))?;
        // As large as the file, so that it never grows and leaves a copy behind.
        let mut text = Zeroizing::new(Vec::with_capacity(encrypted.len()));
        reader.read_to_end(&mut text).map_err(|_| self.bad("it is damaged".to_owned()))?;
        self.parse(&text)
    }

    fn parse(&self, text: &[u8]) -> Result<Entries, KeysError> {
        // serde_json's own words quote what they stumble over, which may be a key.
        let document: Document<String> = serde_json::from_slice(text)
            .map_err(|_| self.bad("it does not hold keys of Assay".to_owned()))?;
        if document.schema != SCHEMA {
            return Err(self.bad(format!("it is written for another Assay ({})", document.schema)));
        }
        Ok(document.keys.into_iter().map(|(name, key)| (name, SecretString::from(key))).collect())
    }

    fn lock(&self) -> Result<File, KeysError> {
        lock(&self.path).map_err(|error| self.failed(error))
    }

    fn refused(&self, error: DecryptError) -> KeysError {
        match error {
            DecryptError::DecryptionFailed
            | DecryptError::KeyDecryptionFailed
            | DecryptError::NoMatchingKeys => {
                KeysError::WrongPassphrase { file: self.path.clone() }
            }
            DecryptError::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
                self.failed(error)
            }
            DecryptError::ExcessiveWork { .. } => {
                self.bad("it asks for more work than Assay ever writes".to_owned())
            }
            _ => self.bad("it is not an age file, or it is damaged".to_owned()),
        }
    }

    fn bad(&self, detail: String) -> KeysError {
        KeysError::BadFile { file: self.path.clone(), detail }
    }

    fn failed(&self, source: io::Error) -> KeysError {
        KeysError::File { file: self.path.clone(), source }
    }
}

fn encrypt(passphrase: &SecretString, work: u8, entries: &Entries) -> io::Result<Vec<u8>> {
    let keys = entries.iter().map(|(name, key)| (name.clone(), key.expose_secret())).collect();
    let document = Document { schema: SCHEMA.to_owned(), keys };
    let room: usize = document.keys.iter().map(|(name, key)| name.len() + key.len() * 6 + 8).sum();
    let mut text = Zeroizing::new(Vec::with_capacity(room + 64));
    serde_json::to_writer(&mut *text, &document)?;
    let mut recipient = scrypt::Recipient::new(passphrase.clone());
    recipient.set_work_factor(work);
    let recipients = iter::once(&recipient as &dyn age::Recipient);
    let encryptor = Encryptor::with_recipients(recipients).map_err(io::Error::other)?;
    let mut encrypted = Vec::new();
    let mut writer = encryptor.wrap_output(&mut encrypted)?;
    writer.write_all(&text)?;
    writer.finish()?;
    Ok(encrypted)
}

/// Puts a whole new file in place of the old one. `tempfile` makes files that only their owner may read.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = folder(path);
    let mut new = tempfile::Builder::new().prefix(".keys-").tempfile_in(folder)?;
    new.write_all(bytes)?;
    new.as_file().sync_all()?;
    new.persist(path).map_err(|error| error.error)?;
    sync_folder(folder)
}

/// Waits for whoever writes now. The lock ends with the file that is returned, and with the process.
fn lock(path: &Path) -> io::Result<File> {
    fs::create_dir_all(folder(path))?;
    let beside = path.with_added_extension("lock");
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(beside)?;
    file.lock()?;
    Ok(file)
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Without this a power cut may undo the rename.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Windows writes the folder with the rename.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
