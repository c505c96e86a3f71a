//! Which models can run, and how a model id finds its backend.
//!
//! A model id is `provider/model`. `local/…` is the embedded model; every other provider is an
//! endpoint the user added to their own settings. A repository names models by id only: it can
//! bring neither an address nor a key.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use assay_local::{LocalError, LocalModel};
use assay_model::{Caller, CustomSpecError, Endpoint, Message, Request, Setting, WireKind};
use assay_net::{Client, Url};
use assay_score::Resources;

use crate::cost::Price;
use crate::digest;
use crate::error::{EngineError, list};
use crate::lanes::ProviderLimits;
use crate::neighbours::Neighbours;
use crate::resources::WordNetFolder;
use crate::scripts::{Scripts, Trust, untrusted};
use crate::spec::Served;

/// The embedded model's id.
pub const LOCAL_MODEL_ID: &str = "local/smollm2-135m";

/// What the embedded model can be asked for.
const LOCAL_SETTINGS: [Setting; 5] =
    [Setting::Temperature, Setting::TopP, Setting::MaxOutputTokens, Setting::Seed, Setting::Stop];

/// An endpoint the user added.
#[derive(Debug, Clone)]
pub struct Provider {
    /// First part of its models' ids.
    pub name: String,
    /// Where it is, and the key that may go there.
    pub endpoint: Endpoint,
    /// How it is spoken to.
    pub wire: WireKind,
    /// The variable that should hold its key, when it is not set.
    pub missing_key: Option<String>,
    /// What it allows, as far as the user said.
    pub limits: ProviderLimits,
}

/// What a model costs, by its id; `None` when nobody knows.
pub type Prices = dyn Fn(&str) -> Option<Price> + Send + Sync;

/// Everything a model id can resolve to.
pub struct Models {
    client: Client,
    providers: BTreeMap<String, Provider>,
    prices: Arc<Prices>,
    local: Arc<LocalSlot>,
    neighbours: Arc<Neighbours>,
    dictionary: Arc<WordNetFolder>,
    scripts: Option<Arc<Scripts>>,
    trust: Arc<Trust>,
}

/// Where a plan finds its models.
pub(crate) trait Resolve {
    /// The backend of a model id.
    fn target(&self, id: &str) -> Result<Target, EngineError>;
    /// What needs the embedding model.
    fn embedded(&self) -> &Arc<Neighbours>;
    /// What scorers may ask for.
    fn for_scorers(&self) -> Resources;
}

impl Resolve for Models {
    fn target(&self, id: &str) -> Result<Target, EngineError> {
        self.resolve(id)
    }

    fn embedded(&self) -> &Arc<Neighbours> {
        self.neighbours()
    }

    fn for_scorers(&self) -> Resources {
        self.resources(Arc::clone(&self.trust))
    }
}

/// A model that can be called.
#[derive(Clone)]
pub struct Target {
    /// Its id.
    pub id: String,
    /// Its name on the wire.
    pub model: String,
    /// Scheme, host and port its calls go to, or `local`.
    pub origin: String,
    /// What it costs, when that is known. The embedded model is free.
    pub price: Option<Price>,
    /// What decides, beside the bytes of a request, who answers it and how it is read: see [`served_by`].
    pub(crate) served_by: [u8; 32],
    /// What its provider allows.
    pub(crate) limits: ProviderLimits,
    pub(crate) backend: Backend,
}

#[derive(Clone)]
pub(crate) enum Backend {
    Local(Arc<LocalSlot>),
    Remote(Arc<Caller>),
}

/// The embedded model, loaded when first needed and kept.
pub(crate) struct LocalSlot {
    models_dir: PathBuf,
    loaded: Mutex<Option<Arc<LocalModel>>>,
}

impl LocalSlot {
    /// The loaded model. Blocks while it loads.
    pub(crate) fn model(&self) -> Result<Arc<LocalModel>, LocalError> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(model) = loaded.as_ref() {
            return Ok(Arc::clone(model));
        }
        let model = Arc::new(LocalModel::load(&self.path()?)?);
        *loaded = Some(Arc::clone(&model));
        Ok(model)
    }

    fn path(&self) -> Result<PathBuf, LocalError> {
        assay_local::model_path(&self.models_dir)
            .ok_or_else(|| LocalError::NotInstalled { looked_in: self.models_dir.clone() })
    }
}

impl Models {
    /// The embedded models in `models_dir`, and the endpoints.
    pub fn new(models_dir: PathBuf, client: Client, providers: Vec<Provider>) -> Self {
        let neighbours = Arc::new(Neighbours::new(models_dir.clone()));
        let dictionary = Arc::new(WordNetFolder::new(models_dir.clone()));
        let local = Arc::new(LocalSlot { models_dir, loaded: Mutex::default() });
        Self {
            client,
            providers: by_name(providers),
            prices: Arc::new(|_| None),
            local,
            neighbours,
            dictionary,
            scripts: None,
            trust: untrusted(),
        }
    }

    /// The same models at these prices. Without any, no price is known.
    #[must_use]
    pub fn with_prices(mut self, prices: Arc<Prices>) -> Self {
        self.prices = prices;
        self
    }

    /// The same models, with a place for the scripts of scorers. Without one, no script is run.
    #[must_use]
    pub fn with_scripts(mut self, scripts: Arc<Scripts>) -> Self {
        self.scripts = Some(scripts);
        self
    }

    /// The same models, for scorers of a repository that the person trusts, or does not: asked each time, as trust may be
    /// taken back while a run goes on. Programs among them run in a trusted one only, and with consent to their text.
    #[must_use]
    pub fn with_trust(mut self, trust: Arc<Trust>) -> Self {
        self.trust = trust;
        self
    }

    /// Where scripts run.
    pub(crate) fn scripts(&self) -> Option<&Arc<Scripts>> {
        self.scripts.as_ref()
    }

    /// What needs the embedding model.
    pub fn neighbours(&self) -> &Arc<Neighbours> {
        &self.neighbours
    }

    /// What needs WordNet.
    pub(crate) fn dictionary(&self) -> &Arc<WordNetFolder> {
        &self.dictionary
    }

    /// The same embedded models, which stay loaded, with other endpoints.
    #[must_use]
    pub fn with_providers(&self, providers: Vec<Provider>) -> Self {
        Self {
            client: self.client.clone(),
            providers: by_name(providers),
            prices: Arc::clone(&self.prices),
            local: Arc::clone(&self.local),
            neighbours: Arc::clone(&self.neighbours),
            dictionary: Arc::clone(&self.dictionary),
            scripts: self.scripts.clone(),
            trust: Arc::clone(&self.trust),
        }
    }

    /// Finds the backend of a model id.
    ///
    /// # Errors
    /// When the provider is not known, its key is missing, or the embedded model is not installed.
    pub fn resolve(&self, id: &str) -> Result<Target, EngineError> {
        let unknown = |reason: String| EngineError::UnknownModel { model: id.to_owned(), reason };
        let (provider, model) = id
            .split_once('/')
            .ok_or_else(|| unknown("a model id is `provider/model`".to_owned()))?;
        if provider == "local" {
            return self.local_target(id, model);
        }
        let Some(known) = self.providers.get(provider) else {
            let names: Vec<_> =
                std::iter::once("local".to_owned()).chain(self.providers.keys().cloned()).collect();
            return Err(unknown(format!(
                "there is no provider `{provider}`; there are {}",
                list(&names)
            )));
        };
        if let Some(variable) = &known.missing_key {
            return Err(EngineError::KeyMissing {
                provider: provider.to_owned(),
                variable: variable.clone(),
            });
        }
        let endpoint = known.endpoint.clone();
        let declared = |wrong: CustomSpecError| unknown(wrong.to_string());
        let served_by = served_by(&known.wire, &endpoint.base_url, model).map_err(declared)?;
        let caps = known.limits.caps(self.client.limits());
        let client = self.client.clone().with_limits(caps);
        let caller = Caller::new(client, endpoint, known.wire.clone());
        let caller = caller.map_err(declared)?;
        Ok(Target {
            id: id.to_owned(),
            model: model.to_owned(),
            origin: caller.origin().to_string(),
            price: (self.prices)(id),
            served_by,
            limits: known.limits,
            backend: Backend::Remote(Arc::new(caller)),
        })
    }

    fn local_target(&self, id: &str, model: &str) -> Result<Target, EngineError> {
        if model != assay_local::MODEL_ID {
            return Err(EngineError::UnknownModel {
                model: id.to_owned(),
                reason: format!("the embedded model is `{LOCAL_MODEL_ID}`"),
            });
        }
        self.local.path()?;
        Ok(Target {
            id: id.to_owned(),
            model: model.to_owned(),
            origin: "local".to_owned(),
            price: Some(Price::default()),
            served_by: digest::of(&[b"local", model.as_bytes()]),
            limits: ProviderLimits::default(),
            backend: Backend::Local(Arc::clone(&self.local)),
        })
    }
}

/// The protocol, the whole address, and of a protocol that the user declared the declaration: another path, another
/// `output` or another header makes it another answer.
fn served_by(wire: &WireKind, base: &Url, model: &str) -> Result<[u8; 32], CustomSpecError> {
    let protocol = wire.clone().wire(base)?;
    // Where a model has no address, every one of its cells fails with the reason.
    let url = match protocol.address(model, protocol.streams()) {
        Ok(address) => address.below(base),
        Err(_) => base.clone(),
    };
    let declared = match wire {
        WireKind::Custom(spec) => serde_json::to_vec(spec).unwrap_or_default(),
        _ => Vec::new(),
    };
    Ok(digest::of(&[wire.as_str().as_bytes(), url.as_str().as_bytes(), &declared]))
}

fn by_name(providers: Vec<Provider>) -> BTreeMap<String, Provider> {
    providers.into_iter().map(|p| (p.name.clone(), p)).collect()
}

impl Target {
    /// Whose model it is: the first part of its id.
    pub(crate) fn provider(&self) -> &str {
        self.id.split_once('/').map_or(self.id.as_str(), |(provider, _)| provider)
    }

    /// Calls at once, where that is known beforehand: the embedded model is bound by the machine's cores. An endpoint
    /// waits mostly for the network; what it bears is found out.
    pub(crate) fn calls_at_once(&self) -> Option<usize> {
        matches!(self.backend, Backend::Local(_)).then(assay_local::calls_at_once)
    }

    /// Whether it can be asked for this.
    pub(crate) fn takes(&self, setting: Setting) -> bool {
        match &self.backend {
            Backend::Local(_) => LOCAL_SETTINGS.contains(&setting),
            Backend::Remote(caller) => caller.takes(setting),
        }
    }

    /// Whether a field that is no setting is sent as it is.
    pub(crate) fn sends(&self, field: &str) -> bool {
        match &self.backend {
            Backend::Local(_) => false,
            Backend::Remote(caller) => caller.sends(field),
        }
    }

    /// Where it is.
    pub(crate) fn served(&self) -> Served {
        Served { origin: self.origin.clone(), by: self.served_by }
    }

    /// Whether what it writes costs money.
    pub(crate) fn charges_output(&self) -> bool {
        self.price.is_some_and(|price| price.output > 0.0)
    }

    /// Whether it can be told how long a reply may be. A protocol that the user declared sends what its template names.
    pub(crate) fn takes_limit(&self) -> bool {
        let Backend::Remote(caller) = &self.backend else { return true };
        let body = |max_output_tokens| {
            let messages = vec![Message::text("user", "")];
            let model = self.model.clone();
            let request = Request { model, messages, max_output_tokens, ..Request::default() };
            caller.body(&request, true).ok()
        };
        // One that cannot even say this much sends nothing at all.
        body(None).is_none() || body(None) != body(Some(1))
    }

    /// The host its calls go to, unless they stay on this machine's processor.
    pub(crate) fn host(&self) -> Option<&str> {
        matches!(self.backend, Backend::Remote(_)).then_some(self.origin.as_str())
    }
}
