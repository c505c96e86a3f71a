//! Keys in the operating system's store: the Secret Service on Linux and the BSDs, Keychain on macOS, Credential Manager
//! on Windows.
//!
//! A store that can be opened may still be of no use, so it is probed by a read. It may also ask a person for a
//! password and wait, or talk to a bus on which nobody answers. So one thread owns it, all work is done there in order,
//! and whoever asked stops waiting after a limit.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use keyring_core::api::CredentialStore;
use keyring_core::{Entry, Error};
use secrecy::{ExposeSecret, SecretString};

use super::{KeysError, OsStatus};

/// What Assay's keys are filed under.
const SERVICE: &str = "assay";

/// A name that no key has, for the read that probes.
const PROBE: &str = "assay.probe";

/// How long a store may take to say that it is there.
const PROBE_LIMIT: Duration = Duration::from_secs(10);

/// How long it is waited for where its state is shown beside other things.
const GLANCE_LIMIT: Duration = Duration::from_millis(300);

/// How long a store may take to answer otherwise: a person may have to find and type a password first.
const ANSWER_LIMIT: Duration = Duration::from_secs(120);

type Store = Arc<CredentialStore>;
type Job = Box<dyn FnOnce(Result<&Store, String>) + Send>;

/// A handle to the thread that owns the store.
pub(super) struct OsStore {
    jobs: Sender<Job>,
}

impl OsStore {
    /// Contacts nothing yet.
    pub(super) fn new() -> OsStore {
        OsStore::opened_by(connect)
    }

    fn opened_by(
        mut connect: impl FnMut() -> keyring_core::Result<Store> + Send + 'static,
    ) -> OsStore {
        let (jobs, next) = mpsc::channel::<Job>();
        thread::spawn(move || {
            let mut store = None;
            for job in next {
                // A store that was not there may be by now.
                match store.take().map_or_else(&mut connect, Ok) {
                    Ok(there) => job(Ok(store.insert(there))),
                    Err(error) => job(Err(error.to_string())),
                }
            }
        });
        OsStore { jobs }
    }

    /// Within ten seconds.
    pub(super) fn status(&self) -> OsStatus {
        self.status_within(PROBE_LIMIT)
    }

    /// Within a moment that nobody notices.
    pub(super) fn glance(&self) -> OsStatus {
        self.status_within(GLANCE_LIMIT)
    }

    fn status_within(&self, limit: Duration) -> OsStatus {
        match self.ask("be read", limit, |store| read(store, PROBE)) {
            Ok(_) => OsStatus::Available,
            Err(KeysError::OsSilent { .. }) => OsStatus::Silent,
            Err(KeysError::OsUnavailable { reason }) => OsStatus::Unavailable { reason },
            Err(error) => OsStatus::Unavailable { reason: error.to_string() },
        }
    }

    pub(super) fn get(&self, name: &str) -> Result<Option<SecretString>, KeysError> {
        let name = name.to_owned();
        self.ask("read the key", ANSWER_LIMIT, move |store| read(store, &name))
    }

    pub(super) fn set(&self, name: &str, secret: SecretString) -> Result<(), KeysError> {
        let name = name.to_owned();
        self.ask("keep the key", ANSWER_LIMIT, move |store| {
            entry(store, &name)?.set_secret(secret.expose_secret().as_bytes())
        })
    }

    /// Whether there was one.
    pub(super) fn remove(&self, name: &str) -> Result<bool, KeysError> {
        let name = name.to_owned();
        self.ask("remove the key", ANSWER_LIMIT, move |store| {
            match entry(store, &name)?.delete_credential() {
                Ok(()) => Ok(true),
                Err(Error::NoEntry) => Ok(false),
                Err(error) => Err(error),
            }
        })
    }

    /// The names of all keys, in order.
    pub(super) fn names(&self) -> Result<Vec<String>, KeysError> {
        self.ask("list its keys", ANSWER_LIMIT, |store| {
            let found = store.search(&HashMap::from([SEARCH]))?;
            let mut names: Vec<_> = found.iter().filter_map(name_of).collect();
            names.sort();
            names.dedup();
            Ok(names)
        })
    }

    fn ask<T: Send + 'static>(
        &self,
        doing: &'static str,
        limit: Duration,
        work: impl FnOnce(&Store) -> keyring_core::Result<T> + Send + 'static,
    ) -> Result<T, KeysError> {
        let (answer, answered) = mpsc::channel();
        let job = move |store: Result<&Store, String>| {
            let outcome = match store {
                // The text alone: the error itself may hold what was read.
                Ok(store) => {
                    work(store).map_err(|error| KeysError::Os { doing, detail: error.to_string() })
                }
                Err(reason) => Err(KeysError::OsUnavailable { reason }),
            };
            // Whoever asked may have stopped waiting.
            let _ = answer.send(outcome);
        };
        let stopped = || KeysError::Os { doing, detail: "it stopped working".to_owned() };
        self.jobs.send(Box::new(job)).map_err(|_| stopped())?;
        match answered.recv_timeout(limit) {
            Ok(outcome) => outcome,
            Err(RecvTimeoutError::Timeout) => Err(KeysError::OsSilent { limit }),
            Err(RecvTimeoutError::Disconnected) => Err(stopped()),
        }
    }
}

fn read(store: &Store, name: &str) -> keyring_core::Result<Option<SecretString>> {
    match entry(store, name)?.get_password() {
        Ok(secret) => Ok(Some(SecretString::from(secret))),
        Err(Error::NoEntry) => Ok(None),
        Err(error) => Err(error),
    }
}

fn entry(store: &Store, name: &str) -> keyring_core::Result<Entry> {
    store.build(SERVICE, name, Some(&modifiers(&format!("Assay: the key of {name}"))))
}

fn name_of(entry: &Entry) -> Option<String> {
    let (service, name) = entry.get_specifiers()?;
    (service == SERVICE).then_some(name)
}

#[cfg(all(unix, not(target_os = "macos")))]
fn connect() -> keyring_core::Result<Store> {
    Ok(zbus_secret_service_keyring_store::Store::new()?)
}

#[cfg(target_os = "macos")]
fn connect() -> keyring_core::Result<Store> {
    Ok(apple_native_keyring_store::keychain::Store::new()?)
}

#[cfg(target_os = "windows")]
fn connect() -> keyring_core::Result<Store> {
    Ok(windows_native_keyring_store::Store::new()?)
}

/// What a person reads in the system's own window of keys.
#[cfg(all(unix, not(target_os = "macos")))]
fn modifiers(label: &str) -> HashMap<&str, &str> {
    HashMap::from([("label", label)])
}

/// Keychain takes no label.
#[cfg(target_os = "macos")]
fn modifiers(_: &str) -> HashMap<&str, &str> {
    HashMap::new()
}

/// Kept on this machine: by default Windows would carry it to every machine that the account signs in on.
#[cfg(target_os = "windows")]
fn modifiers(_: &str) -> HashMap<&str, &str> {
    HashMap::from([("persistence", "Local")])
}

#[cfg(not(target_os = "windows"))]
const SEARCH: (&str, &str) = ("service", SERVICE);

/// Credential Manager is searched by the name it files an entry under, `NAME.SERVICE`.
#[cfg(target_os = "windows")]
const SEARCH: (&str, &str) = ("pattern", r"^[A-Za-z0-9_-]+\.assay$");

#[cfg(test)]
mod tests {
    use keyring_core::mock;

    use super::*;

    /// The threads and limits are tested here, on a store that is none; a real one is in `tests/system_store.rs`.
    fn store() -> keyring_core::Result<Store> {
        Ok(mock::Store::new()?)
    }

    #[test]
    fn a_store_that_never_answers_is_waited_for_no_longer_than_the_limit() {
        let (hold, held) = mpsc::channel::<()>();
        let silent = OsStore::opened_by(move || {
            // Until the test is over.
            let _ = held.recv();
            store()
        });
        let limit = Duration::from_millis(20);
        assert_eq!(silent.status_within(limit), OsStatus::Silent);
        for _ in 0..2 {
            let answer = silent.ask("answer", limit, |store| read(store, "p"));
            assert!(matches!(answer, Err(KeysError::OsSilent { .. })));
        }
        drop(hold);
    }

    #[test]
    fn a_store_that_was_not_there_is_asked_for_again() {
        let mut tries = 0;
        let late = OsStore::opened_by(move || {
            tries += 1;
            if tries > 1 { store() } else { Err(Error::NoDefaultStore) }
        });
        assert!(matches!(late.status(), OsStatus::Unavailable { .. }));
        late.ask("answer", PROBE_LIMIT, |_| Ok(())).expect("it is there by now");
    }

    #[test]
    fn a_store_that_ends_in_a_panic_is_an_error_and_not_a_wait() {
        let broken = OsStore::opened_by(store);
        for _ in 0..2 {
            let answer: Result<(), _> =
                broken.ask("work", ANSWER_LIMIT, |_| panic!("as a store's own code may"));
            let Err(KeysError::Os { detail, .. }) = answer else { panic!("{answer:?}") };
            assert_eq!(detail, "it stopped working");
        }
    }
}
