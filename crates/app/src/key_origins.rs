//! For which address each kept key was set.
//!
//! A key is noted with the place that keeps it: of two keys of one provider, one may lie in a place that is locked, or
//! does not answer, while the provider moves and the other is set for its new address. Each goes to its own address only.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use assay_net::Origin;
use assay_net::keys::Place;
use assay_store::{Store, StoreError};

/// The notes. Those of keys in memory end with this process, as the keys do; another process has keys of its own.
pub(crate) struct KeyOrigins {
    store: Store,
    in_memory: Mutex<HashMap<String, String>>,
}

impl KeyOrigins {
    pub fn new(store: Store) -> KeyOrigins {
        KeyOrigins { store, in_memory: Mutex::default() }
    }

    /// The one address that the key of a provider in this place may go to; `None` when nobody here said so.
    pub fn of(&self, provider: &str, place: Place) -> Result<Option<String>, StoreError> {
        match setting(provider, place) {
            Some(setting) => self.read(&setting),
            None => Ok(self.in_memory().get(provider).cloned()),
        }
    }

    /// The address that was noted for a provider before notes named a place, as long as no key was set since.
    pub fn without_place(&self, provider: &str) -> Result<Option<String>, StoreError> {
        self.read(&old_setting(provider))
    }

    /// Notes that the key in this place was set for this address.
    pub fn note(&self, provider: &str, place: Place, origin: &Origin) -> Result<(), StoreError> {
        self.write(provider, place, &origin.to_string())?;
        self.clear(&old_setting(provider))
    }

    /// Forgets for which address the key in this place was set: it goes nowhere.
    pub fn forget(&self, provider: &str, place: Place) -> Result<(), StoreError> {
        match setting(provider, place) {
            Some(setting) => self.clear(&setting),
            None => {
                self.in_memory().remove(provider);
                Ok(())
            }
        }
    }

    fn write(&self, provider: &str, place: Place, origin: &str) -> Result<(), StoreError> {
        match setting(provider, place) {
            Some(setting) => self.store.set_setting(&setting, origin),
            None => {
                self.in_memory().insert(provider.to_owned(), origin.to_owned());
                Ok(())
            }
        }
    }

    fn read(&self, setting: &str) -> Result<Option<String>, StoreError> {
        Ok(self.store.setting(setting)?.filter(|origin| !origin.is_empty()))
    }

    fn clear(&self, setting: &str) -> Result<(), StoreError> {
        match self.read(setting)? {
            Some(_) => self.store.set_setting(setting, ""),
            None => Ok(()),
        }
    }

    fn in_memory(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.in_memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where a note is kept, unless it lives in memory only. A provider's name has no slash.
fn setting(provider: &str, place: Place) -> Option<String> {
    let place = match place {
        Place::Os => "os",
        Place::File => "file",
        Place::Environment | Place::Memory => return None,
    };
    Some(format!("{}/{place}", old_setting(provider)))
}

/// Where a provider had one note, whatever places kept a key for it.
fn old_setting(provider: &str) -> String {
    format!("key.origin/{provider}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn origin(url: &str) -> Origin {
        Origin::parse(url).unwrap()
    }

    #[test]
    fn each_place_has_a_note_of_its_own_and_one_in_memory_is_this_processes() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let origins = KeyOrigins::new(store.clone());
        let (a, b) = (origin("https://a.example/v1"), origin("https://b.example"));
        origins.note("p", Place::File, &a).unwrap();
        origins.note("p", Place::Memory, &b).unwrap();
        assert_eq!(origins.of("p", Place::File).unwrap().unwrap(), "https://a.example");
        assert_eq!(origins.of("p", Place::Memory).unwrap().unwrap(), "https://b.example");
        assert_eq!(origins.of("p", Place::Os).unwrap(), None);
        assert_eq!(origins.of("q", Place::File).unwrap(), None);
        let another = KeyOrigins::new(store);
        assert_eq!(another.of("p", Place::Memory).unwrap(), None);
        another.forget("p", Place::File).unwrap();
        assert_eq!(origins.of("p", Place::File).unwrap(), None);
    }

    #[test]
    fn a_note_without_a_place_holds_for_no_place_and_ends_with_the_first_that_has_one() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        store.set_setting("key.origin/p", "https://a.example").unwrap();
        let origins = KeyOrigins::new(store);
        for place in [Place::Os, Place::File, Place::Memory] {
            assert_eq!(origins.of("p", place).unwrap(), None, "{place}");
        }
        assert_eq!(origins.without_place("p").unwrap().unwrap(), "https://a.example");
        origins.note("p", Place::File, &origin("https://a.example")).unwrap();
        assert_eq!(origins.without_place("p").unwrap(), None);
    }
}
