//! Keys: taken from the person by the program itself, kept where they say, and bound to one address.
//!
//! `assay-net` keeps keys by name. Which address a name stood for when its key was set is noted in `key_origins`, so that
//! a provider that is later set up anew, for another address, does not come by that key. A key in an environment variable
//! is the user's word twice, in the variable and in the provider's settings, and needs no such note.

use assay_net::SecretString;
use assay_net::keys::{FileStatus, Found, KeyEntry, KeysError, KeysStatus, OsStatus, Place};
use assay_wire::*;

use crate::app::App;
use crate::error::Explain;
use crate::host::Wanted;
use crate::models::KeyTrouble;
use crate::providers::Settings;
use crate::router::Answer;

/// Where a key may be kept under a note.
const NOTED: [Place; 3] = [Place::Os, Place::File, Place::Memory];

impl Answer<SetKey> for App {
    fn answer(&self, command: SetKey) -> Result<ModelsView, ApiError> {
        let place = place(command.place)?;
        let settings = self.provider_named(&command.provider)?;
        self.require_place(place)?;
        let wanted = Wanted::Key { provider: &command.provider };
        let secret = self.inner.host.take_secret(wanted)?.ok_or_else(|| nothing("key"))?;
        self.make_way(&settings, place)?;
        self.keep_key(&settings, secret, place)?;
        self.inner.host.secret_kept();
        self.models_view()
    }
}

impl Answer<RemoveKey> for App {
    fn answer(&self, command: RemoveKey) -> Result<ModelsView, ApiError> {
        let removed = self.inner.keys.remove(&command.provider).map_err(|e| e.explain())?;
        if removed.is_empty() {
            return Err(self.nothing_to_remove(&command.provider));
        }
        self.forget_origins(&command.provider, &removed)?;
        self.models_view()
    }
}

impl Answer<ListKeys> for App {
    fn answer(&self, _: ListKeys) -> Result<KeysView, ApiError> {
        let kept = self.inner.keys.list().map_err(|e| e.explain())?;
        let entry = |entry: KeyEntry| {
            Ok(KeptKeyView {
                origin: self.noted_origin(&entry.name, entry.place)?,
                provider: entry.name,
                place: kept_in(entry.place),
                hint: entry.hint,
            })
        };
        let keys = kept.into_iter().map(entry).collect::<Result<_, ApiError>>()?;
        Ok(KeysView { keys, status: self.keys_status() })
    }
}

impl Answer<UnlockKeys> for App {
    fn answer(&self, _: UnlockKeys) -> Result<ModelsView, ApiError> {
        let secret = self.inner.host.take_secret(Wanted::Passphrase)?;
        let secret = secret.ok_or_else(|| nothing("passphrase"))?;
        self.inner.keys.unlock(secret).map_err(|e| e.explain())?;
        self.inner.host.secret_kept();
        self.models_view()
    }
}

impl Answer<CreateKeyFile> for App {
    fn answer(&self, _: CreateKeyFile) -> Result<ModelsView, ApiError> {
        let secret = self.inner.host.take_secret(Wanted::NewPassphrase)?;
        let secret = secret.ok_or_else(|| nothing("passphrase"))?;
        self.inner.keys.create_file(secret).map_err(|e| e.explain())?;
        self.inner.host.secret_kept();
        self.models_view()
    }
}

impl App {
    /// The key of a provider, from the first place whose key may go where the provider is.
    pub(crate) fn find_key(&self, settings: &Settings) -> Result<Option<Found>, KeyTrouble> {
        let (name, variable) = (settings.name(), settings.key_env());
        let here = Some(settings.origin().to_string());
        let may_go = |place| {
            place == Place::Environment
                || self.inner.key_origins.of(name, place).is_ok_and(|origin| origin == here)
        };
        let found = self.inner.keys.find_where(name, variable, may_go);
        if let Some(found) = found.map_err(KeyTrouble::Unread)? {
            return Ok(Some(found));
        }
        match self.inner.keys.find(name, variable).map_err(KeyTrouble::Unread)? {
            Some(found) => Err(self.elsewhere(settings, found.place())),
            None => Ok(None),
        }
    }

    /// Why the key in this place does not go where the provider is.
    fn elsewhere(&self, settings: &Settings, place: Place) -> KeyTrouble {
        let origins = &self.inner.key_origins;
        let origin = origins.of(settings.name(), place).ok().flatten();
        let before = origins.without_place(settings.name()).ok().flatten();
        match (origin, before) {
            (None, Some(before)) if before == settings.origin().to_string() => {
                KeyTrouble::Unplaced { place, origin: before }
            }
            (origin, before) => KeyTrouble::Elsewhere { place, origin: origin.or(before) },
        }
    }

    /// What a person sees of a provider's key.
    pub(crate) fn key_view(&self, settings: &Settings) -> KeyView {
        let view = KeyView {
            needed: settings.needs_key(),
            env: settings.key_env().map(str::to_owned),
            ..KeyView::default()
        };
        match self.find_key(settings) {
            Ok(None) => view,
            Ok(Some(found)) => KeyView {
                place: Some(kept_in(found.place())),
                hint: found.hint().to_owned(),
                ..view
            },
            Err(trouble) => KeyView { trouble: Some(trouble.words()), ..view },
        }
    }

    pub(crate) fn keys_status(&self) -> KeysStatusView {
        status_view(self.inner.keys.status())
    }

    /// The state of keys for a window that opens: what takes longer than a moment is shown as not known yet.
    pub(crate) fn keys_at_a_glance(&self) -> (KeysStatusView, bool) {
        let status = self.inner.keys.glance();
        let answered = status.os != OsStatus::Silent;
        (status_view(status), answered)
    }

    /// Asks for a provider's key and keeps it until the program ends. Says whether one was given.
    pub(crate) fn ask_key(&self, provider: &str) -> Result<bool, ApiError> {
        let settings = self.provider_named(provider)?;
        let Some(secret) = self.inner.host.take_secret(Wanted::Key { provider })? else {
            return Ok(false);
        };
        self.keep_key(&settings, secret, Place::Memory)?;
        self.inner.host.secret_kept();
        Ok(true)
    }

    /// Forgets the key of a provider that moved to another address, as far as its places can be reached. One that
    /// cannot be is not used either: its note names the address before.
    pub(crate) fn drop_key(&self, provider: &str) -> Result<(), ApiError> {
        match self.inner.keys.remove(provider) {
            Ok(removed) => self.forget_origins(provider, &removed),
            Err(KeysError::Locked { .. } | KeysError::OsSilent { .. }) => Ok(()),
            Err(error) => Err(error.explain()),
        }
    }

    /// Removes a key that is kept in another place, which would go before the new one or lie there forgotten. One that
    /// is out of reach goes nowhere from now on.
    fn make_way(&self, settings: &Settings, place: Place) -> Result<(), ApiError> {
        let others: Vec<_> = NOTED.into_iter().filter(|other| *other != place).collect();
        self.forget_origins(settings.name(), &others)?;
        let kept = self.inner.keys.find(settings.name(), None);
        if matches!(&kept, Ok(Some(found)) if found.place() != place) {
            self.drop_key(settings.name())?;
        }
        Ok(())
    }

    /// Keeps a key for the address that the provider has. At no moment is there a note of that address while the place
    /// may still keep a key that was set for another.
    fn keep_key(
        &self,
        settings: &Settings,
        secret: SecretString,
        place: Place,
    ) -> Result<(), ApiError> {
        let (name, origins) = (settings.name(), &self.inner.key_origins);
        if self.noted_origin(name, place)? != Some(settings.origin().to_string()) {
            origins.forget(name, place).map_err(|e| e.explain())?;
        }
        self.inner.keys.set(name, secret, place).map_err(|e| e.explain())?;
        origins.note(name, place, settings.origin()).map_err(|e| e.explain())
    }

    /// Refuses a place before the person is asked for the key.
    fn require_place(&self, place: Place) -> Result<(), ApiError> {
        let KeysStatus { os, file, path } = self.inner.keys.status();
        let error = match (place, os, file, path) {
            (Place::Os, OsStatus::Unavailable { reason }, ..) => {
                KeysError::OsUnavailable { reason }
            }
            (Place::Os, OsStatus::Silent, ..) => {
                KeysError::OsUnavailable { reason: SILENT.to_owned() }
            }
            (Place::File, _, FileStatus::Absent, Some(file)) => KeysError::NoFile { file },
            (Place::File, _, FileStatus::Locked, Some(file)) => KeysError::Locked { file },
            (Place::File, _, FileStatus::Unusable { reason: detail }, Some(file)) => {
                KeysError::BadFile { file, detail }
            }
            _ => return Ok(()),
        };
        Err(error.explain())
    }

    fn noted_origin(&self, provider: &str, place: Place) -> Result<Option<String>, ApiError> {
        self.inner.key_origins.of(provider, place).map_err(|e| e.explain())
    }

    fn forget_origins(&self, provider: &str, places: &[Place]) -> Result<(), ApiError> {
        let mut places = places.iter();
        places.try_for_each(|place| {
            self.inner.key_origins.forget(provider, *place).map_err(|e| e.explain())
        })
    }

    fn nothing_to_remove(&self, provider: &str) -> ApiError {
        let error = ApiError::new(Code::NotFound, format!("no key is kept for `{provider}`"));
        let settings = self.provider_named(provider).ok();
        match settings.as_ref().and_then(Settings::key_env) {
            Some(variable) => {
                error.hint(format!("One in ${variable} is removed where that variable is set."))
            }
            None => error,
        }
    }
}

/// What is shown of a store that takes its time.
pub(crate) const SILENT: &str = "it has not answered yet; it may be asking to be unlocked";

fn status_view(status: KeysStatus) -> KeysStatusView {
    let KeysStatus { os, file, path } = status;
    let (available, reason) = match os {
        OsStatus::Available => (true, None),
        OsStatus::Unavailable { reason } => (false, Some(reason)),
        OsStatus::Silent => (false, Some(SILENT.to_owned())),
        OsStatus::Off => (false, Some("switched off by ASSAY_KEYS".to_owned())),
    };
    let file = match file {
        FileStatus::Absent => KeyFileView::Absent,
        FileStatus::Locked => KeyFileView::Locked,
        FileStatus::Unlocked => KeyFileView::Unlocked,
        FileStatus::Unusable { reason } => KeyFileView::Unusable(reason),
        FileStatus::Off => KeyFileView::Unusable("switched off by ASSAY_KEYS".to_owned()),
    };
    let path = path.map(|path| path.display().to_string());
    KeysStatusView { os: OsKeysView { available, reason }, file, path }
}

fn place(place: KeptIn) -> Result<Place, ApiError> {
    match place {
        KeptIn::Os => Ok(Place::Os),
        KeptIn::File => Ok(Place::File),
        KeptIn::Memory => Ok(Place::Memory),
        KeptIn::Env => Err(ApiError::new(Code::BadInput, "an environment variable is only read")
            .hint("Set the variable before Assay starts.")),
    }
}

fn kept_in(place: Place) -> KeptIn {
    match place {
        Place::Os => KeptIn::Os,
        Place::File => KeptIn::File,
        Place::Environment => KeptIn::Env,
        Place::Memory => KeptIn::Memory,
    }
}

fn nothing(what: &str) -> ApiError {
    ApiError::new(Code::BadInput, format!("no {what} was given")).hint(format!(
        "In the window, copy the {what} first; in the terminal, type it or pipe it in."
    ))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::Arc;

    use assay_net::keys::KeysConfig;

    use super::*;
    use crate::app::AppOptions;
    use crate::host::Headless;

    fn app(folder: &tempfile::TempDir) -> App {
        let options = AppOptions {
            data_dir: Some(folder.path().join("data")),
            models_dir: Some(folder.path().join("models")),
            keys: Some(KeysConfig::memory()),
            ..AppOptions::default()
        };
        App::open(options, Arc::new(Headless)).unwrap()
    }

    #[test]
    fn a_key_whose_note_names_no_place_is_not_used_until_it_is_set_again_and_is_said_to() {
        let folder = tempfile::tempdir().unwrap();
        let app = app(&folder);
        app.call(AddProvider {
            name: "p".to_owned(),
            base_url: Some("https://a.example/v1".to_owned()),
            ..AddProvider::default()
        })
        .unwrap();
        let secret = || SecretString::from("sk-0123456789abcdef");
        app.inner.store.set_setting("key.origin/p", "https://a.example").unwrap();
        app.inner.keys.set("p", secret(), Place::Memory).unwrap();

        let settings = app.provider_named("p").unwrap();
        let key = app.key_view(&settings);
        assert_eq!(key.place, None);
        let trouble = key.trouble.unwrap();
        assert!(
            trouble.contains("earlier version") && trouble.contains("set it again"),
            "{trouble}"
        );

        app.keep_key(&settings, secret(), Place::Memory).unwrap();
        assert_eq!(app.key_view(&settings).place, Some(KeptIn::Memory));
    }
}
