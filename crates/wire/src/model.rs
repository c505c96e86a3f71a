//! What prompts can run on: the embedded model, the providers the user added, their keys and prices.
//!
//! No type here holds a key. A key is named by its provider; where it is kept and its last four characters are all
//! that crosses.

use serde::{Deserialize, Serialize};

use crate::TimesView;

/// Asks for [`ModelsView`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListModels {}

/// The embedded model, the providers the user added, and what could be added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelsView {
    /// The embedded model.
    pub local: LocalModelView,
    /// Providers, by name.
    pub providers: Vec<ProviderView>,
    /// What a provider can be set up from, in the order to show them.
    pub presets: Vec<PresetView>,
    /// Where keys can be kept.
    pub keys: KeysStatusView,
    /// How long calls may take where the user said nothing.
    pub usual_times: TimesView,
    /// Whether nothing but this machine is contacted.
    pub loopback_only: bool,
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

/// Puts the files of the embedded models where they are looked for. Nothing is fetched: they are taken from a folder of
/// this machine.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InstallModels {
    /// The folder, or one of the files; looked through to some depth, for an unpacked package has folders of its own.
    pub from: String,
}

/// A provider that the user added. A model of it is named `name/model`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderView {
    /// First part of its models' ids.
    pub name: String,
    /// Name of the [`PresetView`] it was set up from.
    pub preset: String,
    /// The protocol it speaks, such as `openai-chat`.
    pub wire: String,
    /// Such as `https://api.openai.com/v1`.
    pub base_url: String,
    /// Its key.
    pub key: KeyView,
    /// Model names the user wants offered.
    pub models: Vec<String>,
    /// What it allows, as far as the user said.
    pub limits: LimitsView,
    /// How long its calls may take, as far as the user said.
    pub times: TimesView,
    /// How it is spoken to, as JSON text, when that was declared.
    pub custom: Option<String>,
    /// The header that carries its key, where the user chose one.
    pub key_header: Option<String>,
    /// Whether a test makes one small call, which may cost something, because a list of models is not there or proves
    /// nothing.
    pub test_calls: bool,
}

/// The key of a provider. Never the key itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyView {
    /// Whether nothing can be sent without one.
    pub needed: bool,
    /// Where it was found; `None` when there is none.
    pub place: Option<KeptIn>,
    /// Its last four characters; empty when it is too short to spare four.
    pub hint: String,
    /// The environment variable that may hold it.
    pub env: Option<String>,
    /// Why a place could not be looked into, or why what was found there is not used.
    pub trouble: Option<String>,
}

/// Where a key is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeptIn {
    /// The operating system's store.
    Os,
    /// The file encrypted with a passphrase.
    File,
    /// An environment variable, which is only read.
    Env,
    /// The program, until it ends.
    Memory,
}

/// What a provider allows. What is `None` is found out from its answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LimitsView {
    /// Calls at once.
    pub concurrency: Option<u32>,
    /// Requests a minute, of each model.
    pub rpm: Option<u64>,
    /// Tokens a minute, of each model.
    pub tpm: Option<u64>,
}

/// What a provider can be set up from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresetView {
    /// To pass as [`AddProvider::preset`].
    pub name: String,
    /// What people call it.
    pub title: String,
    /// The protocol it speaks.
    pub wire: String,
    /// Its address; `None` when only the user knows it.
    pub base_url: Option<String>,
    /// What an address looks like, with capitals for what the user fills in.
    pub base_url_form: String,
    /// The environment variable that holds its key by custom.
    pub key_env: Option<String>,
    /// Where it is described; empty when nowhere.
    pub docs: String,
    /// Whether it answers nobody without a key.
    pub needs_key: bool,
}

/// Where keys can be kept now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeysStatusView {
    /// The operating system's store.
    pub os: OsKeysView,
    /// The encrypted file.
    pub file: KeyFileView,
    /// Where that file is or would be; `None` when files are switched off.
    pub path: Option<String>,
}

/// The operating system's key store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OsKeysView {
    /// Whether it answered.
    pub available: bool,
    /// Why not.
    pub reason: Option<String>,
}

/// The encrypted key file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyFileView {
    /// There is none yet.
    Absent,
    /// It waits for its passphrase.
    Locked,
    /// Its keys can be used.
    Unlocked,
    /// It is damaged, out of reach or switched off; the text says which.
    Unusable(String),
}

/// Adds a provider; a name that exists is replaced, and keeps its key only if the key may go to the new address.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AddProvider {
    /// Letters, digits, `-` and `_`; not `local`.
    pub name: String,
    /// Name of a [`PresetView`].
    pub preset: String,
    /// `https://…`, or `http://` on this machine; the preset's when `None`.
    pub base_url: Option<String>,
    /// Environment variable that may hold the key; the preset's when `None`, none when empty.
    pub key_env: Option<String>,
    /// The header that carries the key; the preset's when `None`.
    pub key_header: Option<String>,
    /// Model names to offer.
    pub models: Vec<String>,
    /// What it allows.
    pub limits: LimitsView,
    /// How long its calls may take.
    pub times: TimesView,
    /// With the preset `custom-http`: how it is spoken to, as JSON text.
    pub custom: Option<String>,
}

/// Removes a provider. Its key stays where it is kept, until [`RemoveKey`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RemoveProvider {
    /// Its name.
    pub name: String,
}

/// Asks a provider which models it has; one that keeps no list is sent one small call.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TestProvider {
    /// Its name.
    pub name: String,
}

/// What a provider answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderTest {
    /// Whether it can be used.
    pub ok: bool,
    /// In words.
    pub message: String,
    /// The models it named.
    pub models: Vec<String>,
}

/// Keeps a key. The program takes it itself, from the clipboard or the terminal: it is no part of this question.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SetKey {
    /// Whose.
    pub provider: String,
    /// Where; never [`KeptIn::Env`].
    pub place: KeptIn,
}

/// Removes a key from every place that keeps it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RemoveKey {
    /// Whose, also of a provider that is gone.
    pub provider: String,
}

/// Asks for [`KeysView`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListKeys {}

/// Every key that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeysView {
    /// By name, those of providers that are gone too.
    pub keys: Vec<KeptKeyView>,
    /// Where keys can be kept.
    pub status: KeysStatusView,
}

/// A key that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptKeyView {
    /// Whose.
    pub provider: String,
    /// Where.
    pub place: KeptIn,
    /// Its last four characters; empty when it is too short to spare four.
    pub hint: String,
    /// The one address it may go to; `None` when that is not known here, so that it goes nowhere.
    pub origin: Option<String>,
}

/// Unlocks the encrypted key file; the program takes the passphrase as it takes a key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UnlockKeys {}

/// Makes an encrypted key file; the program takes the passphrase as it takes a key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CreateKeyFile {}

/// Asks for [`PricesView`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListPrices {}

/// What models cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PricesView {
    /// The user's own first.
    pub prices: Vec<PriceView>,
    /// `USD`.
    pub currency: String,
}

/// What a million tokens of a model cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PriceView {
    /// The model's name or id; `*` stands for any text.
    pub model: String,
    /// Read.
    pub input: f64,
    /// Read from the provider's cache; as `input` when `None`.
    pub cached_input: Option<f64>,
    /// Written to the provider's cache; as `input` when `None`.
    pub cache_write: Option<f64>,
    /// Generated.
    pub output: f64,
    /// The day it was so, `YYYY-MM-DD`.
    pub date: String,
    /// Where it was read; empty for the user's own.
    pub source: String,
    /// Whether the user set it.
    pub own: bool,
}

/// Sets a price of the user's own, over the one that comes with Assay.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SetPrice {
    /// A model's name or id; `*` stands for any text.
    pub model: String,
    /// US dollars for a million tokens read.
    pub input: f64,
    /// For those read from the provider's cache.
    pub cached_input: Option<f64>,
    /// For those written to the provider's cache.
    pub cache_write: Option<f64>,
    /// For a million tokens generated.
    pub output: f64,
    /// The day it is so, `YYYY-MM-DD`; today when `None`.
    pub date: Option<String>,
}

/// Removes a price of the user's own.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RemovePrice {
    /// As it was set.
    pub model: String,
}

/// Turns the network beyond this machine off or on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SetLoopbackOnly {
    /// Whether nothing but this machine may be contacted.
    pub on: bool,
}

/// Asks for the network ledger.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReadLedger {}

/// A host contacted since start, or one that a rule kept from being contacted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerView {
    /// Scheme, host and port.
    pub origin: String,
    /// Why.
    pub purpose: String,
    /// How often.
    pub requests: u64,
    /// When first, in milliseconds since 1970.
    pub first_ms: i64,
    /// When last.
    pub last_ms: i64,
    /// Whether nothing was sent, because a rule forbade it.
    pub refused: bool,
}
