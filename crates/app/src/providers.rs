//! The providers of the user's own settings: set up from a preset, checked, kept, tested.
//!
//! An address comes only from here, and a repository can bring none. Its key is bound to the address's origin before
//! anything else sees it.

use std::time::Duration;

use assay_engine::{LONGEST_CALL, Provider, ProviderLimits};
use assay_model::{
    Caller, CancellationToken, CustomSpec, Endpoint, Failure, Message, PRESETS, Preset, Request,
    WireKind,
};
use assay_net::keys::Found;
use assay_net::{Credential, KeyPlace, Limits, Origin, Url};
use assay_store::ProviderRecord;
use assay_wire::*;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::error::Explain;
use crate::router::Answer;

/// What providers were before there were presets.
const FIRST_PRESET: &str = "openai-compatible";

/// The preset whose protocol the user declares.
const DECLARED: &str = "custom-http";

/// A declaration is typed or written by hand.
const LONGEST_DECLARATION: usize = 256 << 10;

/// What a test asks a model.
const TEST_PROMPT: &str = "Answer with the one word: yes";

/// A provider as it is set up, checked.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    record: ProviderRecord,
    options: Options,
    base_url: Url,
    origin: Origin,
    preset: &'static Preset,
    wire: WireKind,
}

/// What a provider's record says beside its columns.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Options {
    limits: ProviderLimits,
    /// How it is spoken to, when that is declared.
    #[serde(skip_serializing_if = "Option::is_none")]
    custom: Option<CustomSpec>,
    /// The header that carries the key, when it is not the preset's.
    #[serde(skip_serializing_if = "Option::is_none")]
    key_header: Option<String>,
    /// It may be called without a key, though a variable is named that may hold one.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    key_optional: bool,
}

impl Answer<AddProvider> for App {
    fn answer(&self, command: AddProvider) -> Result<ModelsView, ApiError> {
        check_name(&command.name)?;
        // Checked here, where the person can still correct it.
        let settings = Settings::read(record(command)?)?;
        let before = self.record_of(settings.name())?;
        self.inner.store.put_provider(settings.record.clone()).map_err(|e| e.explain())?;
        if before
            .is_some_and(|before| Origin::parse(&before.base_url) != Ok(settings.origin.clone()))
        {
            self.drop_key(settings.name())?;
        }
        self.models_view()
    }
}

impl Answer<RemoveProvider> for App {
    fn answer(&self, command: RemoveProvider) -> Result<ModelsView, ApiError> {
        // One whose settings cannot be read any more can still be removed.
        if self.record_of(&command.name)?.is_none() {
            return Err(no_provider(&command.name, &self.settings()?));
        }
        self.inner.store.remove_provider(&command.name).map_err(|e| e.explain())?;
        self.models_view()
    }
}

impl Answer<TestProvider> for App {
    fn answer(&self, command: TestProvider) -> Result<ProviderTest, ApiError> {
        let settings = self.provider_named(&command.name)?;
        let key = match self.find_key(&settings) {
            Ok(None) if settings.needs_key() => return Ok(unusable(settings.missing_key_words())),
            Ok(found) => found.map(|found| settings.credential(found)),
            Err(trouble) if settings.needs_key() => return Ok(unusable(trouble.words())),
            // Whoever needs no key is asked without.
            Err(_) => None,
        };
        let caller = settings.caller(&self.inner.client, key)?;
        Ok(self.try_out(&settings, &caller))
    }
}

impl App {
    /// Every provider, by name.
    pub(crate) fn settings(&self) -> Result<Vec<Settings>, ApiError> {
        let records = self.inner.store.providers().map_err(|e| e.explain())?;
        records.into_iter().map(Settings::read).collect()
    }

    pub(crate) fn provider_named(&self, name: &str) -> Result<Settings, ApiError> {
        let mut all = self.settings()?;
        match all.iter().position(|settings| settings.name() == name) {
            Some(place) => Ok(all.swap_remove(place)),
            None => Err(no_provider(name, &all)),
        }
    }

    fn record_of(&self, name: &str) -> Result<Option<ProviderRecord>, ApiError> {
        let records = self.inner.store.providers().map_err(|e| e.explain())?;
        Ok(records.into_iter().find(|record| record.name == name))
    }

    /// Asks for the list of models, which costs nothing, and makes one small call where a list would prove nothing.
    fn try_out(&self, settings: &Settings, caller: &Caller) -> ProviderTest {
        if !caller.has_list() {
            return self.try_call(settings, caller, settings.first_model().unwrap_or("test"));
        }
        let models = match self.runtime().block_on(caller.list_models()) {
            Ok(models) => models,
            Err(failure) => return unusable(settings.failure_words(&failure)),
        };
        match settings.first_model() {
            Some(model) if !settings.preset.list_is_proof() => {
                ProviderTest { models, ..self.try_call(settings, caller, model) }
            }
            _ => ProviderTest {
                ok: true,
                message: self.listed(settings, caller, models.len()),
                models,
            },
        }
    }

    /// What a list of so many models says, and what it does not.
    fn listed(&self, settings: &Settings, caller: &Caller, count: usize) -> String {
        let offers = match count {
            1 => "It answers, and offers 1 model.".to_owned(),
            n => format!("It answers, and offers {n} models."),
        };
        if !settings.preset.list_is_proof() {
            return format!(
                "{offers} The list proves nothing more; name one of them for this provider, and a test calls it."
            );
        }
        match settings.needs_key() && self.is_public(caller) {
            true => format!(
                "{offers} It shows that list without a key as well, so the key is not proven."
            ),
            false => offers,
        }
    }

    /// Whether anyone may see the list of models.
    fn is_public(&self, caller: &Caller) -> bool {
        self.runtime().block_on(caller.without_key().list_models()).is_ok()
    }

    fn try_call(&self, settings: &Settings, caller: &Caller, model: &str) -> ProviderTest {
        let request = Request {
            model: model.to_owned(),
            messages: vec![Message::text("user", TEST_PROMPT)],
            max_output_tokens: Some(16),
            ..Request::default()
        };
        let never = CancellationToken::new();
        match self.runtime().block_on(caller.generate_plain(&request, &never)) {
            Ok(_) => ProviderTest {
                ok: true,
                message: format!("It answers a call of `{model}`."),
                models: settings.record.models.clone(),
            },
            Err(failure) => unusable(settings.failure_words(&failure)),
        }
    }
}

impl Settings {
    /// Checks a record.
    fn read(record: ProviderRecord) -> Result<Settings, ApiError> {
        let wrong = |what: String| bad(format!("provider `{}`: {what}", record.name));
        let preset = record.preset.as_deref().unwrap_or(FIRST_PRESET);
        let preset = Preset::named(preset).ok_or_else(|| wrong(no_preset(preset)))?;
        let options: Options = serde_json::from_value(record.options.clone())
            .map_err(|e| wrong(format!("its settings cannot be read: {e}")))?;
        let origin = Origin::parse(&record.base_url).map_err(|e| {
            wrong(e.to_string()).hint(
                "An address is https://…, or http:// on this machine, such as http://localhost:11434/v1.",
            )
        })?;
        let base_url = Url::parse(&record.base_url).map_err(|e| wrong(e.to_string()))?;
        if !base_url.username().is_empty() || base_url.password().is_some() {
            return Err(wrong("an address carries no user name and no password".to_owned())
                .hint("Keep the key with `assay keys set`, or in Settings."));
        }
        let wire = match (&options.custom, preset.kind()) {
            (Some(spec), None) => WireKind::Custom(Box::new(spec.clone())),
            (None, Some(kind)) => kind,
            (None, None) => return Err(undeclared(&record.name)),
            (Some(_), Some(_)) => {
                return Err(wrong(format!("only the preset `{DECLARED}` takes a declaration")));
            }
        };
        if let Some(header) = &options.key_header {
            header.parse::<KeyPlace>().map_err(|e| wrong(e.to_string()))?;
        }
        Ok(Settings { options, base_url, origin, preset, wire, record })
    }

    pub fn name(&self) -> &str {
        &self.record.name
    }

    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The environment variable that may hold its key.
    pub fn key_env(&self) -> Option<&str> {
        self.record.key_env.as_deref()
    }

    /// Whether nothing can be sent without a key.
    pub fn needs_key(&self) -> bool {
        self.record.key_env.is_some() && !self.options.key_optional
    }

    /// The key, for this provider's address and in its header.
    pub fn credential(&self, found: Found) -> Credential {
        let chosen = self.options.key_header.as_deref().and_then(|header| header.parse().ok());
        let place = chosen.unwrap_or_else(|| self.preset.key_place());
        found.bind(self.origin.clone()).sent_as(place)
    }

    /// As the engine calls it. Without a key it is missing, unless it is not needed or `only_planned`.
    pub fn provider(&self, key: Option<Credential>, only_planned: bool) -> Provider {
        let missing = key.is_none() && self.needs_key() && !only_planned;
        Provider {
            name: self.record.name.clone(),
            endpoint: Endpoint { base_url: self.base_url.clone(), credential: key },
            wire: self.wire.clone(),
            missing_key: self.record.key_env.clone().filter(|_| missing),
            limits: self.options.limits,
        }
    }

    pub fn view(&self, key: KeyView) -> ProviderView {
        let limits = &self.options.limits;
        let custom = self.options.custom.as_ref();
        ProviderView {
            name: self.record.name.clone(),
            preset: self.preset.name.to_owned(),
            wire: self.wire.as_str().to_owned(),
            base_url: self.record.base_url.clone(),
            key,
            models: self.record.models.clone(),
            limits: LimitsView {
                concurrency: limits.concurrency,
                rpm: limits.requests_per_minute,
                tpm: limits.tokens_per_minute,
            },
            times: TimesView {
                first_byte_ms: limits.first_byte_ms,
                idle_ms: limits.idle_ms,
                total_ms: limits.total_ms,
            },
            custom: custom.and_then(|spec| serde_json::to_string_pretty(spec).ok()),
            key_header: self.options.key_header.clone(),
            test_calls: self.test_calls(),
        }
    }

    fn caller(
        &self,
        client: &assay_net::Client,
        credential: Option<Credential>,
    ) -> Result<Caller, ApiError> {
        let endpoint = Endpoint { base_url: self.base_url.clone(), credential };
        let client = client.clone().with_limits(self.options.limits.caps(client.limits()));
        Caller::new(client, endpoint, self.wire.clone())
            .map_err(|e| bad(format!("provider `{}`: {e}", self.record.name)))
    }

    /// Whether a test makes a call: there is no list of models, or one that proves nothing.
    fn test_calls(&self) -> bool {
        let wire = self.wire.clone().wire(&self.base_url);
        let has_list = wire.is_ok_and(|wire| wire.models_url(&self.base_url).is_some());
        !has_list || (self.first_model().is_some() && !self.preset.list_is_proof())
    }

    fn first_model(&self) -> Option<&str> {
        self.record.models.first().map(String::as_str)
    }

    fn missing_key_words(&self) -> String {
        match self.key_env() {
            Some(variable) => format!("It has no key: none is kept, and ${variable} is not set."),
            None => "It has no key.".to_owned(),
        }
    }

    /// What a test met, and what a person can do about it.
    fn failure_words(&self, failure: &Failure) -> String {
        use assay_model::FailureKind as Kind;
        let next = match failure.kind {
            Kind::Unreachable => "Is the address right, and is the server running?",
            Kind::TimedOut | Kind::Reset | Kind::Truncated | Kind::ServerError => {
                "The server is in trouble, or busy; try again."
            }
            Kind::RateLimited => "The address and the key are right; try again later.",
            Kind::QuotaExhausted => "The key is right, and its account has nothing left.",
            Kind::Unauthorized => "Set another key, or one that may do this.",
            Kind::NotFound if self.record.base_url.ends_with("/v1") => "Is the address right?",
            Kind::NotFound => "Is the address right? Most end in /v1.",
            Kind::Redirected => "Use the address that it points to, if you trust it.",
            Kind::Malformed => "Is this the right preset for that address?",
            Kind::Rejected | Kind::TooLarge | Kind::Cancelled => "",
        };
        format!("{} {next}", sentence(&failure.message)).trim_end().to_owned()
    }
}

/// What a provider can be set up from.
pub(crate) fn presets() -> Vec<PresetView> {
    PRESETS.iter().map(preset_view).collect()
}

fn preset_view(preset: &Preset) -> PresetView {
    PresetView {
        name: preset.name.to_owned(),
        title: preset.title.to_owned(),
        wire: preset.wire.to_owned(),
        base_url: preset.base_url.map(str::to_owned),
        base_url_form: preset.base_url_example().to_owned(),
        key_env: preset.key_env.map(str::to_owned),
        docs: preset.docs.to_owned(),
        needs_key: preset.key_env.is_some() && !preset.base_url.is_some_and(is_here),
    }
}

/// What is kept of a new provider; not checked yet.
fn record(command: AddProvider) -> Result<ProviderRecord, ApiError> {
    let name = if command.preset.is_empty() { FIRST_PRESET } else { &command.preset };
    let preset = Preset::named(name).ok_or_else(|| bad(no_preset(name)))?;
    let given = command.base_url.filter(|url| !url.trim().is_empty());
    let base_url = given.as_deref().or(preset.base_url).ok_or_else(|| {
        bad(format!("{} needs an address", preset.title))
            .hint(format!("Such as {}", preset.base_url_form))
    })?;
    let base_url = base_url.trim().trim_end_matches('/').to_owned();
    let key_optional = command.key_env.is_none() && is_here(&base_url);
    let key_env = command.key_env.or_else(|| preset.key_env.map(str::to_owned));
    let options = Options {
        limits: limits(command.limits, command.times)?,
        custom: command.custom.as_deref().map(declaration).transpose()?,
        key_header: command.key_header.filter(|header| !header.trim().is_empty()),
        key_optional,
    };
    Ok(ProviderRecord {
        name: command.name,
        kind: preset.wire.to_owned(),
        base_url,
        key_env: key_env.filter(|variable| !variable.trim().is_empty()),
        models: command.models,
        preset: Some(preset.name.to_owned()),
        options: serde_json::to_value(options).map_err(|e| bad(e.to_string()))?,
    })
}

fn limits(limits: LimitsView, times: TimesView) -> Result<ProviderLimits, ApiError> {
    let none = [limits.concurrency.map(u64::from), limits.rpm, limits.tpm].contains(&Some(0));
    if none {
        return Err(bad("a limit of 0 would let nothing through".to_owned())
            .hint("Leave it out to have it found out."));
    }
    check_times(&times)?;
    Ok(ProviderLimits {
        concurrency: limits.concurrency,
        requests_per_minute: limits.rpm,
        tokens_per_minute: limits.tpm,
        first_byte_ms: times.first_byte_ms,
        idle_ms: times.idle_ms,
        total_ms: times.total_ms,
    })
}

fn check_times(times: &TimesView) -> Result<(), ApiError> {
    let longest = millis(LONGEST_CALL);
    let mut set = [times.first_byte_ms, times.idle_ms, times.total_ms].into_iter().flatten();
    match set.find(|ms| !(1..=longest).contains(ms)) {
        None => Ok(()),
        Some(ms) => Err(bad(format!("{} is no time limit for a call", shown_time(ms))).hint(
            format!("It is from 1ms to {}; leave it out for the usual one.", shown_time(longest)),
        )),
    }
}

/// How long a call may take where nothing is said.
pub(crate) fn usual_times() -> TimesView {
    let Limits { first_byte, idle, total, .. } = Limits::default();
    TimesView {
        first_byte_ms: Some(millis(first_byte)),
        idle_ms: Some(millis(idle)),
        total_ms: Some(millis(total)),
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Reads how a model of the user's own is spoken to.
fn declaration(text: &str) -> Result<CustomSpec, ApiError> {
    let wrong = |what: String| {
        bad(format!("the declaration: {what}")).hint(
            "It has at least `request`, a template, and `output`, where the text is in the reply.",
        )
    };
    if text.len() > LONGEST_DECLARATION {
        return Err(wrong(format!("it is longer than {LONGEST_DECLARATION} bytes")));
    }
    let spec: CustomSpec = serde_json::from_str(text).map_err(|e| wrong(e.to_string()))?;
    spec.check().map_err(|e| wrong(e.to_string()))?;
    Ok(spec)
}

fn is_here(base_url: &str) -> bool {
    Origin::parse(base_url).is_ok_and(|origin| origin.is_loopback())
}

fn check_name(name: &str) -> Result<(), ApiError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name == "local" {
        return Err(bad("`local` names the embedded model".to_owned())
            .hint("Choose another name for the provider."));
    }
    if name.is_empty() || name.len() > 64 || !name.chars().all(fits) {
        return Err(bad(format!("`{name}` cannot name a provider"))
            .hint("Use up to 64 letters, digits, `-` and `_`."));
    }
    Ok(())
}

fn no_provider(name: &str, known: &[Settings]) -> ApiError {
    let known: Vec<_> = known.iter().map(Settings::name).collect();
    let error = ApiError::new(Code::NotFound, format!("there is no provider `{name}`"));
    match known.as_slice() {
        [] => error.hint("Add one: assay models add PRESET NAME."),
        known => error.hint(format!("Providers: {}.", known.join(", "))),
    }
}

fn no_preset(name: &str) -> String {
    let known: Vec<_> = PRESETS.iter().map(|preset| preset.name).collect();
    format!("there is no preset `{name}`; there are {}", known.join(", "))
}

fn undeclared(name: &str) -> ApiError {
    bad(format!("provider `{name}`: how it is spoken to must be declared"))
        .hint("Give a declaration with `--spec FILE`, or in Settings.")
}

fn unusable(message: String) -> ProviderTest {
    ProviderTest { ok: false, message, models: Vec::new() }
}

/// With a capital and a full stop.
fn sentence(text: &str) -> String {
    let mut chars = text.trim().chars();
    let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    let rest = chars.as_str();
    let stop = if rest.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{rest}{stop}")
}

fn bad(message: String) -> ApiError {
    ApiError::new(Code::BadInput, message)
}
