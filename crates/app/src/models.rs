//! What prompts can run on: the embedded model, and the providers of the user's own settings with their keys and prices.
//!
//! The settings are read each time, because a terminal may have changed them while the window is open. What a provider
//! is and how one is added stands in `providers`, its key in `keys`, prices in `prices`.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use assay_engine::{EngineError, LOCAL_MODEL_ID, Models, Plan};
use assay_net::keys::{KeysError, Place};
use assay_wire::*;

use crate::app::App;
use crate::error::Explain;
use crate::host::Wanted;
use crate::keys::SILENT;
use crate::providers::Settings;
use crate::router::Answer;

/// Models that can be called, and why some cannot.
pub(crate) struct Usable {
    pub models: Models,
    /// What kept a provider's key from being used, by provider.
    troubles: HashMap<String, KeyTrouble>,
}

/// Why a key cannot be used.
pub(crate) enum KeyTrouble {
    /// A place could not be looked into.
    Unread(KeysError),
    /// It was set for another address.
    Elsewhere {
        /// Where it is kept.
        place: Place,
        /// The address it may go to; `None` when another installation set it.
        origin: Option<String>,
    },
    /// Whether it was set for this address is not certain: a version of Assay that kept one note for all places of a
    /// key set it, or another key.
    Unplaced {
        /// Where it is kept.
        place: Place,
        /// The address that the note names, which is the provider's.
        origin: String,
    },
}

impl Answer<ListModels> for App {
    fn answer(&self, _: ListModels) -> Result<ModelsView, ApiError> {
        self.models_view()
    }
}

impl App {
    pub(crate) fn models_view(&self) -> Result<ModelsView, ApiError> {
        self.models_view_with(self.keys_status(), |provider| self.key_view(provider))
    }

    /// For a window that opens, which must not wait for the system's store of keys.
    pub(crate) fn models_at_a_glance(&self) -> Result<ModelsView, ApiError> {
        let (status, answered) = self.keys_at_a_glance();
        self.models_view_with(status, |provider| match answered {
            true => self.key_view(provider),
            false => KeyView {
                needed: provider.needs_key(),
                env: provider.key_env().map(str::to_owned),
                trouble: Some(format!("the system's key store: {SILENT}")),
                ..KeyView::default()
            },
        })
    }

    fn models_view_with(
        &self,
        keys: KeysStatusView,
        key: impl Fn(&Settings) -> KeyView,
    ) -> Result<ModelsView, ApiError> {
        let providers = self.settings()?;
        Ok(ModelsView {
            local: self.local_view(),
            providers: providers.iter().map(|provider| provider.view(key(provider))).collect(),
            presets: crate::providers::presets(),
            keys,
            usual_times: crate::providers::usual_times(),
            loopback_only: self.inner.client.is_loopback_only(),
        })
    }

    fn local_view(&self) -> LocalModelView {
        let folder = &self.inner.folders.models;
        let found = assay_local::model_path(folder);
        LocalModelView {
            id: LOCAL_MODEL_ID.to_owned(),
            installed: found.is_some(),
            path: found
                .unwrap_or_else(|| folder.join(assay_local::MODEL_FILE))
                .display()
                .to_string(),
        }
    }

    /// Every provider as if its key were there: enough to plan, and never to send.
    pub(crate) fn models_without_keys(&self) -> Result<Models, ApiError> {
        let settings = self.settings()?;
        let providers = settings.iter().map(|settings| settings.provider(None, true)).collect();
        let models = self.inner.models.with_providers(providers).with_prices(self.prices()?);
        Ok(models.with_trust(self.trust_of_open()))
    }

    /// Every provider with its key, where that can be had.
    fn models(&self) -> Result<Usable, ApiError> {
        let mut troubles = HashMap::new();
        let mut providers = Vec::new();
        for settings in self.settings()? {
            let key = match self.find_key(&settings) {
                Ok(found) => found.map(|found| settings.credential(found)),
                Err(trouble) => {
                    troubles.insert(settings.name().to_owned(), trouble);
                    None
                }
            };
            providers.push(settings.provider(key, false));
        }
        let models = self.inner.models.with_providers(providers).with_prices(self.prices()?);
        let models = models.with_trust(self.trust_of_open());
        Ok(Usable { models, troubles })
    }

    /// Does what needs models that can be called. A key that is missing is asked for, where a person can be asked.
    pub(crate) fn with_models<T>(
        &self,
        work: impl Fn(&Models) -> Result<T, EngineError>,
    ) -> Result<T, ApiError> {
        let mut asked = BTreeSet::new();
        loop {
            let Usable { models, mut troubles } = self.models()?;
            let error = match work(&models) {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            let EngineError::KeyMissing { provider, .. } = &error else {
                return Err(error.explain());
            };
            let (provider, trouble) = (provider.clone(), troubles.remove(provider));
            // Asked once each: what was given may be no use.
            if !asked.insert(provider.clone()) || !self.ask(&provider, trouble.as_ref())? {
                return Err(trouble.map_or_else(|| error.explain(), |t| t.explain(&provider)));
            }
        }
    }

    /// Providers of a plan that cannot be called because their key is missing.
    pub(crate) fn missing_keys(&self, plan: &Plan) -> Result<Vec<String>, ApiError> {
        let columns = plan.columns.iter().map(|column| &column.target);
        let targets = columns.chain(plan.judge_models());
        let used: BTreeSet<&str> = targets
            .filter_map(|target| target.id.split_once('/').map(|(provider, _)| provider))
            .collect();
        let settings: Vec<Settings> = self.settings()?;
        let missing = settings.iter().filter(|settings| {
            used.contains(settings.name())
                && settings.needs_key()
                && !matches!(self.find_key(settings), Ok(Some(_)))
        });
        Ok(missing.map(|settings| settings.name().to_owned()).collect())
    }

    /// Asks the person for what keeps a provider from being called. Says whether they gave it.
    fn ask(&self, provider: &str, trouble: Option<&KeyTrouble>) -> Result<bool, ApiError> {
        if !self.inner.host.asks_when_needed() {
            return Ok(false);
        }
        match trouble {
            None => self.ask_key(provider),
            Some(KeyTrouble::Unread(KeysError::Locked { .. })) => {
                let Some(passphrase) = self.inner.host.take_secret(Wanted::Passphrase)? else {
                    return Ok(false);
                };
                self.inner.keys.unlock(passphrase).map_err(|e| e.explain())?;
                self.inner.host.secret_kept();
                Ok(true)
            }
            Some(_) => Ok(false),
        }
    }
}

impl KeyTrouble {
    /// In the words of the wire.
    pub fn explain(self, provider: &str) -> ApiError {
        match self {
            KeyTrouble::Unread(error) => error.explain(),
            KeyTrouble::Elsewhere { .. } | KeyTrouble::Unplaced { .. } => {
                ApiError::new(Code::NoModel, format!("{} (provider `{provider}`)", self.words()))
                    .hint("Set it again, in Settings or with `assay keys set`, or remove it.")
            }
        }
    }

    /// In one line.
    pub fn words(&self) -> String {
        match self {
            KeyTrouble::Unread(error) => error.to_string(),
            KeyTrouble::Elsewhere { place, origin: Some(origin) } => {
                format!("the key in {place} may go to {origin} only")
            }
            KeyTrouble::Elsewhere { place, origin: None } => {
                format!("the key in {place} was not set for this address")
            }
            KeyTrouble::Unplaced { place, origin } => format!(
                "an earlier version of Assay did not note that the key in {place} was set for {origin}; \
                 set it again to use it there"
            ),
        }
    }
}

/// Prices as the engine asks for them.
pub(crate) type PriceOf = Arc<assay_engine::Prices>;
