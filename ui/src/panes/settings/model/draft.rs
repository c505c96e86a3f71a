//! The form of a provider: what is typed, what the preset already knows, and what is asked of the application.

use assay_wire::{AddProvider, LimitsView, PresetView, ProviderView, TimesView};

use super::declaration::STARTING_POINT;

/// The preset whose protocol the user declares.
const DECLARED: &str = "custom-http";

/// The form of a provider, as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// Name of its preset.
    pub preset: String,
    /// First part of its models' ids.
    pub name: String,
    /// Its address; the preset's when empty.
    pub base_url: String,
    /// Environment variable that may hold its key.
    pub key_env: String,
    /// The header that carries its key; the preset's when empty.
    pub key_header: String,
    /// Model names, apart by commas, spaces or lines.
    pub models: String,
    /// Calls at once.
    pub concurrency: Option<u32>,
    /// Requests a minute.
    pub rpm: Option<u64>,
    /// Tokens a minute.
    pub tpm: Option<u64>,
    /// How long a call may take.
    pub times: TimesView,
    /// How it is spoken to, as JSON text.
    pub custom: String,
    /// The name of the provider that is changed, as it was; `None` for a new one.
    pub replaced: Option<String>,
}

impl Draft {
    /// A new provider of a preset.
    pub fn new(preset: &PresetView, taken: &[ProviderView]) -> Self {
        let draft = Self { name: free_name(&preset.name, taken), ..Self::default() };
        draft.of_preset(preset)
    }

    /// The same with another preset: what the preset knows is its own, the rest stays.
    #[must_use]
    pub fn of_preset(self, preset: &PresetView) -> Self {
        let declared = preset.name == DECLARED;
        Self {
            preset: preset.name.clone(),
            base_url: String::new(),
            key_env: preset.key_env.clone().unwrap_or_default(),
            key_header: String::new(),
            custom: if declared { STARTING_POINT.to_owned() } else { String::new() },
            ..self
        }
    }

    /// A provider that is there, to be changed.
    pub fn of(provider: &ProviderView) -> Self {
        let LimitsView { concurrency, rpm, tpm } = provider.limits;
        Self {
            preset: provider.preset.clone(),
            name: provider.name.clone(),
            base_url: provider.base_url.clone(),
            key_env: provider.key.env.clone().unwrap_or_default(),
            key_header: provider.key_header.clone().unwrap_or_default(),
            models: provider.models.join(", "),
            concurrency,
            rpm,
            tpm,
            times: provider.times,
            custom: provider.custom.clone().unwrap_or_default(),
            replaced: Some(provider.name.clone()),
        }
    }

    /// What is asked of the application. It judges the values; only the space around them goes.
    pub fn request(&self, presets: &[PresetView]) -> AddProvider {
        let filled = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        AddProvider {
            name: self.name.trim().to_owned(),
            preset: self.preset.clone(),
            base_url: filled(&self.base_url),
            key_env: self.key_variable(presets),
            key_header: filled(&self.key_header),
            models: names(&self.models),
            limits: LimitsView { concurrency: self.concurrency, rpm: self.rpm, tpm: self.tpm },
            times: self.times,
            custom: filled(&self.custom),
        }
    }

    /// The variable, where it is another than the preset's: only then the user has said that a key is needed, also by a
    /// server on this machine. Empty for "none".
    fn key_variable(&self, presets: &[PresetView]) -> Option<String> {
        let typed = self.key_env.trim().trim_start_matches('$');
        let known = presets.iter().find(|preset| preset.name == self.preset);
        let usual = known.and_then(|preset| preset.key_env.as_deref()).unwrap_or_default();
        (typed != usual).then(|| typed.to_owned())
    }

    /// Whether its protocol is declared here.
    pub fn is_declared(&self) -> bool {
        self.preset == DECLARED
    }

    /// Whether the address has to be given.
    pub fn needs_address(&self, presets: &[PresetView]) -> bool {
        presets.iter().any(|preset| preset.name == self.preset && preset.base_url.is_none())
    }

    /// Whether saving it replaces a provider that is there.
    pub fn replaces(&self, providers: &[ProviderView]) -> bool {
        providers.iter().any(|provider| provider.name == self.name.trim())
    }

    /// Whether enough is typed to ask.
    pub fn is_filled(&self, presets: &[PresetView]) -> bool {
        let addressed = !self.base_url.trim().is_empty() || !self.needs_address(presets);
        !self.name.trim().is_empty() && !self.preset.is_empty() && addressed
    }
}

/// The presets, each under a heading that says what it asks of the user.
pub fn presets_grouped(presets: &[PresetView]) -> Vec<(&'static str, PresetView)> {
    let heading = |preset: &PresetView| match &preset.base_url {
        Some(url) if url.starts_with("http://") => "Servers on this machine",
        Some(_) => "Services",
        None => "With an address of yours",
    };
    presets.iter().map(|preset| (heading(preset), preset.clone())).collect()
}

/// A name for a provider that no other has: `openai`, then `openai-2`.
pub fn free_name(preset: &str, taken: &[ProviderView]) -> String {
    let is_free = |name: &str| taken.iter().all(|provider| provider.name != name);
    let numbered = (2..).map(|n| format!("{preset}-{n}"));
    std::iter::once(preset.to_owned())
        .chain(numbered)
        .find(|name| is_free(name))
        .unwrap_or_default()
}

fn names(typed: &str) -> Vec<String> {
    let apart = |c: char| c == ',' || c.is_whitespace();
    typed.split(apart).filter(|name| !name.is_empty()).map(ToOwned::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use assay_wire::KeyView;

    use super::*;

    fn preset(name: &str, base_url: Option<&str>, key_env: Option<&str>) -> PresetView {
        PresetView {
            name: name.into(),
            title: name.into(),
            wire: "openai-chat".into(),
            base_url: base_url.map(Into::into),
            base_url_form: "https://HOST/v1".into(),
            key_env: key_env.map(Into::into),
            docs: String::new(),
            needs_key: key_env.is_some(),
        }
    }

    fn presets() -> [PresetView; 3] {
        [
            preset("openai", Some("https://api.openai.com/v1"), Some("OPENAI_API_KEY")),
            preset("ollama", Some("http://localhost:11434/v1"), None),
            preset("custom-http", None, None),
        ]
    }

    fn provider(name: &str) -> ProviderView {
        ProviderView {
            name: name.into(),
            preset: "openai".into(),
            wire: "openai-chat".into(),
            base_url: "https://llm.example/v1".into(),
            key: KeyView { env: Some("WORK_KEY".into()), ..KeyView::default() },
            models: vec!["small".into(), "large".into()],
            limits: LimitsView { concurrency: Some(4), rpm: None, tpm: Some(9_000) },
            times: TimesView { idle_ms: Some(90_000), ..TimesView::default() },
            custom: None,
            key_header: Some("x-key".into()),
            test_calls: false,
        }
    }

    #[test]
    fn a_provider_taken_into_the_form_and_out_again_is_the_same() {
        let provider = provider("work");
        let request = Draft::of(&provider).request(&presets());
        assert_eq!((request.name, request.preset), (provider.name, provider.preset));
        assert_eq!(request.base_url, Some(provider.base_url));
        assert_eq!(request.key_env, provider.key.env);
        assert_eq!(request.key_header, provider.key_header);
        assert_eq!((request.models, request.limits), (provider.models, provider.limits));
        assert_eq!(request.times, provider.times);
        assert_eq!(request.custom, None);
    }

    #[test]
    fn a_preset_that_knows_its_address_asks_for_a_name_only() {
        let [openai, _, custom] = presets();
        let draft = Draft::new(&openai, &[]);
        assert!(draft.is_filled(&presets()) && !draft.needs_address(&presets()));
        let request = draft.request(&presets());
        assert_eq!((request.base_url, request.key_env), (None, None), "both are the preset's");
        let declared = draft.of_preset(&custom);
        assert!(declared.is_declared() && !declared.is_filled(&presets()));
    }

    #[test]
    fn a_variable_may_be_typed_with_its_dollar_sign_or_taken_away() {
        let typed = |key_env: &str| {
            let draft =
                Draft { preset: "openai".into(), key_env: key_env.into(), ..Draft::default() };
            draft.request(&presets()).key_env
        };
        assert_eq!(typed(" $WORK_KEY ").as_deref(), Some("WORK_KEY"));
        assert_eq!(typed(" ").as_deref(), Some(""), "empty is none, not the preset's");
        assert_eq!(typed("OPENAI_API_KEY"), None);
    }

    #[test]
    fn models_may_be_apart_by_commas_spaces_or_lines() {
        assert_eq!(names("a, b\nc  d,"), ["a", "b", "c", "d"]);
        assert!(names(" ").is_empty());
    }

    #[test]
    fn a_new_provider_has_a_name_of_its_own() {
        assert_eq!(free_name("openai", &[]), "openai");
        assert_eq!(free_name("openai", &[provider("openai"), provider("openai-2")]), "openai-3");
    }

    #[test]
    fn a_name_that_is_there_is_replaced() {
        let draft = |name: &str| Draft { name: name.into(), ..Draft::default() };
        assert!(draft(" work ").replaces(&[provider("work")]));
        assert!(!draft("home").replaces(&[provider("work")]));
    }

    #[test]
    fn presets_stand_under_what_they_ask_of_the_user() {
        let headings: Vec<_> =
            presets_grouped(&presets()).into_iter().map(|(heading, _)| heading).collect();
        assert_eq!(headings, ["Services", "Servers on this machine", "With an address of yours"]);
    }
}
