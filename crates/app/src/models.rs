//! What prompts can run on: the embedded model and the endpoints the user added.
//!
//! An endpoint comes only from here, the user's own settings. Its key is read from the
//! environment variable the user named, and bound to the endpoint's origin at once.

use assay_engine::{LOCAL_MODEL_ID, Models, Provider, ProviderLimits};
use assay_model::{Caller, Endpoint, WireKind};
use assay_net::{Credential, Origin, Url};
use assay_store::ProviderRecord;
use assay_wire::*;

use crate::app::App;
use crate::error::Explain;
use crate::router::Answer;

/// The kind of every endpoint so far.
const OPENAI_COMPATIBLE: &str = "openai-compatible";

impl Answer<ListModels> for App {
    fn answer(&self, _: ListModels) -> Result<ModelsView, ApiError> {
        self.models_view()
    }
}

impl Answer<AddProvider> for App {
    fn answer(&self, command: AddProvider) -> Result<ModelsView, ApiError> {
        check_name(&command.name)?;
        let record = ProviderRecord {
            name: command.name,
            kind: OPENAI_COMPATIBLE.to_owned(),
            base_url: command.base_url.trim_end_matches('/').to_owned(),
            key_env: command.key_env.filter(|v| !v.is_empty()),
            models: command.models,
            preset: None,
            options: serde_json::json!({}),
        };
        // Refused here, where the person can still correct it.
        provider(&record)?;
        self.inner.store.put_provider(record).map_err(|e| e.explain())?;
        self.models_view()
    }
}

impl Answer<RemoveProvider> for App {
    fn answer(&self, command: RemoveProvider) -> Result<ModelsView, ApiError> {
        self.provider_record(&command.name)?;
        self.inner.store.remove_provider(&command.name).map_err(|e| e.explain())?;
        self.models_view()
    }
}

impl Answer<TestProvider> for App {
    fn answer(&self, command: TestProvider) -> Result<ProviderTest, ApiError> {
        let provider = provider(&self.provider_record(&command.name)?)?;
        if let Some(variable) = provider.missing_key {
            return Ok(ProviderTest {
                ok: false,
                message: format!("${variable}, which should hold its key, is not set"),
                models: Vec::new(),
            });
        }
        let caller = Caller::new(self.inner.client.clone(), provider.endpoint, provider.wire)
            .map_err(|wrong| ApiError::new(Code::BadInput, wrong.to_string()))?;
        Ok(match self.runtime().block_on(caller.list_models()) {
            Ok(models) => ProviderTest {
                ok: true,
                message: match models.len() {
                    1 => "It answers, and offers 1 model.".to_owned(),
                    n => format!("It answers, and offers {n} models."),
                },
                models,
            },
            Err(failure) => {
                ProviderTest { ok: false, message: failure.to_string(), models: Vec::new() }
            }
        })
    }
}

impl Answer<ReadLedger> for App {
    fn answer(&self, _: ReadLedger) -> Result<Vec<LedgerView>, ApiError> {
        let entries = self.inner.client.ledger();
        Ok(entries
            .into_iter()
            .map(|e| LedgerView {
                origin: e.origin.to_string(),
                purpose: e.purpose.to_owned(),
                requests: e.requests,
            })
            .collect())
    }
}

impl App {
    /// What can be run on now. Read each time, because a terminal may have changed the settings.
    pub(crate) fn models(&self) -> Result<Models, ApiError> {
        let records = self.inner.store.providers().map_err(|e| e.explain())?;
        let providers = records.iter().map(provider).collect::<Result<Vec<_>, _>>()?;
        Ok(self.inner.models.with_providers(providers))
    }

    pub(crate) fn models_view(&self) -> Result<ModelsView, ApiError> {
        let folder = &self.inner.folders.models;
        let found = assay_local::model_path(folder);
        let records = self.inner.store.providers().map_err(|e| e.explain())?;
        Ok(ModelsView {
            local: LocalModelView {
                id: LOCAL_MODEL_ID.to_owned(),
                installed: found.is_some(),
                path: found
                    .unwrap_or_else(|| folder.join(assay_local::MODEL_FILE))
                    .display()
                    .to_string(),
            },
            providers: records.into_iter().map(provider_view).collect(),
        })
    }

    fn provider_record(&self, name: &str) -> Result<ProviderRecord, ApiError> {
        let records = self.inner.store.providers().map_err(|e| e.explain())?;
        let known: Vec<_> = records.iter().map(|r| r.name.clone()).collect();
        records.into_iter().find(|r| r.name == name).ok_or_else(|| {
            ApiError::new(Code::NotFound, format!("there is no provider `{name}`"))
                .hint(format!("Providers: {}.", known.join(", ")))
        })
    }
}

fn provider_view(record: ProviderRecord) -> ProviderView {
    let key_found = record.key_env.as_ref().is_none_or(|v| std::env::var_os(v).is_some());
    ProviderView {
        name: record.name,
        base_url: record.base_url,
        key_env: record.key_env,
        key_found,
        models: record.models,
    }
}

/// An endpoint with its key bound to its origin.
fn provider(record: &ProviderRecord) -> Result<Provider, ApiError> {
    let origin = Origin::parse(&record.base_url).map_err(|e| {
        ApiError::new(Code::BadInput, format!("provider `{}`: {e}", record.name))
            .hint("An address is https://…, or http:// on this machine, such as http://localhost:11434/v1.")
    })?;
    let key = record.key_env.as_deref().and_then(|v| std::env::var(v).ok());
    let missing_key = record.key_env.clone().filter(|_| key.is_none());
    let credential = key.map(|secret| Credential::new(origin, secret));
    let base_url = Url::parse(&record.base_url)
        .map_err(|e| ApiError::new(Code::BadInput, format!("provider `{}`: {e}", record.name)))?;
    let endpoint = Endpoint { base_url, credential };
    let limits = limits(record)?;
    let name = record.name.clone();
    Ok(Provider { name, endpoint, wire: WireKind::OpenAiChat, missing_key, limits })
}

/// What the user said the provider allows: `limits` of its settings.
fn limits(record: &ProviderRecord) -> Result<ProviderLimits, ApiError> {
    match record.options.get("limits") {
        None => Ok(ProviderLimits::default()),
        Some(limits) => serde_json::from_value(limits.clone()).map_err(|e| {
            ApiError::new(Code::BadInput, format!("provider `{}`: limits: {e}", record.name))
        }),
    }
}

fn check_name(name: &str) -> Result<(), ApiError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name == "local" {
        return Err(ApiError::new(Code::BadInput, "`local` names the embedded model")
            .hint("Choose another name for the endpoint."));
    }
    if name.is_empty() || !name.chars().all(fits) {
        return Err(ApiError::new(Code::BadInput, format!("`{name}` cannot name a provider"))
            .hint("Use letters, digits, `-` and `_`."));
    }
    Ok(())
}
