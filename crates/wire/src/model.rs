//! What prompts can run on.

use serde::{Deserialize, Serialize};

/// Asks for [`ModelsView`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListModels {}

/// The embedded model and the endpoints the user added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelsView {
    /// The embedded model.
    pub local: LocalModelView,
    /// Endpoints, by name.
    pub providers: Vec<ProviderView>,
}

/// The embedded model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalModelView {
    /// Its model id, `local/…`.
    pub id: String,
    /// Whether its file is there.
    pub installed: bool,
    /// Where its file is, or is looked for.
    pub path: String,
}

/// An OpenAI-compatible endpoint that the user added. A model of it is named `name/model`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderView {
    /// First part of its models' ids.
    pub name: String,
    /// Such as `https://api.openai.com/v1`.
    pub base_url: String,
    /// Environment variable that holds its key.
    pub key_env: Option<String>,
    /// Whether that variable is set.
    pub key_found: bool,
    /// Model names the user wants offered.
    pub models: Vec<String>,
}

/// Adds an endpoint; a name that exists is replaced.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AddProvider {
    /// Letters, digits, `-` and `_`; not `local`.
    pub name: String,
    /// `https://…`, or `http://` on this machine.
    pub base_url: String,
    /// Environment variable that holds the key; `None` when it needs none.
    pub key_env: Option<String>,
    /// Model names to offer.
    pub models: Vec<String>,
}

/// Removes an endpoint.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RemoveProvider {
    /// Its name.
    pub name: String,
}

/// Asks an endpoint which models it has.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TestProvider {
    /// Its name.
    pub name: String,
}

/// What an endpoint answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderTest {
    /// Whether it can be used.
    pub ok: bool,
    /// In words.
    pub message: String,
    /// The models it named.
    pub models: Vec<String>,
}

/// Asks for the network ledger.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReadLedger {}

/// A host contacted since start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerView {
    /// Scheme, host and port.
    pub origin: String,
    /// Why.
    pub purpose: String,
    /// How often.
    pub requests: u64,
}
