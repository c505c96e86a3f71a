//! What the settings decide: what is typed in the form, and how keys, hosts and answers are put in words.

use assay_wire::{AddProvider, KeptIn, LimitsView, ProviderTest, ProviderView};

use crate::components::Tone;

/// Model names shown of an answer before it says how many more there are.
const SHOWN_MODELS: usize = 12;

/// The form of an endpoint, as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// First part of its models' ids.
    pub name: String,
    /// Its address.
    pub base_url: String,
    /// Environment variable that holds its key.
    pub key_env: String,
    /// Model names, apart by commas, spaces or lines.
    pub models: String,
    /// What it was set up from; any server that speaks OpenAI's protocol when empty.
    pub preset: String,
    /// What it allows.
    pub limits: LimitsView,
    /// How it is spoken to, where that was declared.
    pub custom: Option<String>,
    /// The header that carries its key, where one was chosen.
    pub key_header: Option<String>,
}

impl Draft {
    /// An endpoint that is there, to be changed.
    pub fn of(provider: &ProviderView) -> Self {
        Self {
            name: provider.name.clone(),
            base_url: provider.base_url.clone(),
            key_env: provider.key.env.clone().unwrap_or_default(),
            models: provider.models.join(", "),
            preset: provider.preset.clone(),
            limits: provider.limits,
            custom: provider.custom.clone(),
            key_header: provider.key_header.clone(),
        }
    }

    /// What is asked of the application. It judges the values; only the space around them goes.
    pub fn request(&self) -> AddProvider {
        let key_env = self.key_env.trim().trim_start_matches('$');
        AddProvider {
            name: self.name.trim().to_owned(),
            preset: self.preset.clone(),
            base_url: Some(self.base_url.trim().to_owned()),
            key_env: Some(key_env.to_owned()),
            key_header: self.key_header.clone(),
            models: names(&self.models),
            limits: self.limits,
            custom: self.custom.clone(),
        }
    }

    /// Whether saving it replaces an endpoint that is there.
    pub fn replaces(&self, providers: &[ProviderView]) -> bool {
        providers.iter().any(|provider| provider.name == self.name.trim())
    }

    /// Whether enough is typed to ask.
    pub fn is_filled(&self) -> bool {
        !self.name.trim().is_empty() && !self.base_url.trim().is_empty()
    }
}

fn names(typed: &str) -> Vec<String> {
    let apart = |c: char| c == ',' || c.is_whitespace();
    typed.split(apart).filter(|name| !name.is_empty()).map(ToOwned::to_owned).collect()
}

/// Whether the key is there, in words. The key itself never comes here.
pub fn key_words(provider: &ProviderView) -> (Tone, String) {
    let key = &provider.key;
    match (&key.env, key.place) {
        (Some(variable), Some(KeptIn::Env)) => (Tone::Ok, format!("${variable} is set")),
        (_, Some(_)) => (Tone::Ok, format!("key ends in {}", key.hint)),
        (Some(variable), None) if key.needed => (Tone::Warn, format!("${variable} is not set")),
        (_, None) => (Tone::Plain, "needs no key".to_owned()),
    }
}

/// Ids of the models an endpoint named, as prompts name them, and how many more there are.
pub fn offered(name: &str, test: &ProviderTest) -> (Vec<String>, usize) {
    let ids =
        test.models.iter().take(SHOWN_MODELS).map(|model| format!("{name}/{model}")).collect();
    (ids, test.models.len().saturating_sub(SHOWN_MODELS))
}

/// How often a host was contacted.
pub fn request_words(requests: u64) -> String {
    match requests {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        requests => format!("{requests} times"),
    }
}

#[cfg(test)]
mod tests {
    use assay_wire::KeyView;

    use super::*;

    fn provider(key_env: Option<&str>, key_found: bool) -> ProviderView {
        ProviderView {
            name: "work".into(),
            preset: "openai-compatible".into(),
            wire: "openai-chat".into(),
            base_url: "https://llm.example/v1".into(),
            key: KeyView {
                needed: key_env.is_some(),
                place: (key_env.is_some() && key_found).then_some(KeptIn::Env),
                env: key_env.map(Into::into),
                ..KeyView::default()
            },
            models: vec!["small".into(), "large".into()],
            limits: LimitsView::default(),
            custom: None,
            key_header: None,
            test_calls: false,
        }
    }

    #[test]
    fn an_endpoint_taken_into_the_form_and_out_again_is_the_same() {
        let provider = provider(Some("WORK_KEY"), true);
        let request = Draft::of(&provider).request();
        assert_eq!(
            (request.name, request.base_url, request.key_env, request.models),
            (provider.name, Some(provider.base_url), provider.key.env, provider.models)
        );
    }

    #[test]
    fn a_variable_may_be_typed_with_its_dollar_sign_and_none_is_none() {
        let typed =
            |key_env: &str| Draft { key_env: key_env.into(), ..Draft::default() }.request().key_env;
        assert_eq!(typed(" $WORK_KEY ").as_deref(), Some("WORK_KEY"));
        assert_eq!(typed("  ").as_deref(), Some(""));
    }

    #[test]
    fn models_may_be_apart_by_commas_spaces_or_lines() {
        assert_eq!(names("a, b\nc  d,"), ["a", "b", "c", "d"]);
        assert!(names(" ").is_empty());
    }

    #[test]
    fn a_name_that_is_there_is_replaced() {
        let draft = |name: &str| Draft { name: name.into(), ..Draft::default() };
        assert!(draft(" work ").replaces(&[provider(None, true)]));
        assert!(!draft("home").replaces(&[provider(None, true)]));
    }

    #[test]
    fn a_form_asks_once_name_and_address_are_there() {
        assert!(!Draft { name: "work".into(), ..Draft::default() }.is_filled());
        assert!(Draft::of(&provider(None, true)).is_filled());
    }

    #[test]
    fn a_missing_key_is_a_warning_that_names_its_variable() {
        assert_eq!(
            key_words(&provider(Some("K"), false)),
            (Tone::Warn, "$K is not set".to_owned())
        );
        assert_eq!(key_words(&provider(Some("K"), true)).0, Tone::Ok);
        assert_eq!(key_words(&provider(None, true)).0, Tone::Plain);
    }

    #[test]
    fn offered_models_are_named_as_prompts_name_them() {
        let models = (0..15).map(|n| format!("m{n}")).collect();
        let (ids, more) =
            offered("work", &ProviderTest { ok: true, message: String::new(), models });
        assert_eq!((ids.len(), ids[0].as_str(), more), (12, "work/m0", 3));
    }

    #[test]
    fn requests_are_counted_in_words() {
        assert_eq!([1, 2, 40].map(request_words), ["once", "twice", "40 times"]);
    }
}
