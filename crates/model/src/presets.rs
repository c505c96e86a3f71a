//! Providers that are known by name: their protocol, address and key, so that a person need not look them up.

use assay_net::KeyPlace;

use crate::WireKind;

/// What is known of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preset {
    /// Its name, as in settings and on the command line.
    pub name: &'static str,
    /// What it is called.
    pub title: &'static str,
    /// The name of its protocol: [`WireKind::as_str`].
    pub wire: &'static str,
    /// The base URL. `None` where only the user knows it; `base_url_form` then shows what it looks like.
    pub base_url: Option<&'static str>,
    /// What a base URL looks like, with capitals for what the user fills in.
    pub base_url_form: &'static str,
    /// The environment variable that holds a key by custom. `None` where none is needed.
    pub key_env: Option<&'static str>,
    /// Where its protocol is described.
    pub docs: &'static str,
}

/// Every preset, in the order to show them.
pub const PRESETS: &[Preset] = &[
    Preset {
        base_url: Some("https://api.openai.com/v1"),
        key_env: Some("OPENAI_API_KEY"),
        docs: "https://platform.openai.com/docs/api-reference/chat",
        ..preset("openai", "OpenAI", "openai-chat")
    },
    Preset {
        base_url: Some("https://api.openai.com/v1"),
        key_env: Some("OPENAI_API_KEY"),
        docs: "https://platform.openai.com/docs/api-reference/responses",
        ..preset("openai-responses", "OpenAI (Responses)", "openai-responses")
    },
    Preset {
        base_url_form: "https://RESOURCE.openai.azure.com/openai/v1",
        key_env: Some("AZURE_OPENAI_API_KEY"),
        docs: "https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle",
        ..preset("azure-openai", "Azure OpenAI", "openai-chat")
    },
    Preset {
        base_url: Some("https://api.anthropic.com/v1"),
        key_env: Some("ANTHROPIC_API_KEY"),
        docs: "https://docs.anthropic.com/en/api/messages",
        ..preset("anthropic", "Anthropic", "anthropic")
    },
    Preset {
        base_url: Some("https://generativelanguage.googleapis.com/v1beta"),
        key_env: Some("GEMINI_API_KEY"),
        docs: "https://ai.google.dev/api/generate-content",
        ..preset("gemini", "Google Gemini (AI Studio)", "gemini")
    },
    Preset {
        base_url_form: "https://aiplatform.googleapis.com/v1/projects/PROJECT/locations/LOCATION/publishers/google",
        key_env: Some("VERTEX_ACCESS_TOKEN"),
        docs: "https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference",
        ..preset("vertex", "Google Vertex AI", "gemini")
    },
    Preset {
        base_url: Some("https://openrouter.ai/api/v1"),
        key_env: Some("OPENROUTER_API_KEY"),
        docs: "https://openrouter.ai/docs/api-reference/overview",
        ..preset("openrouter", "OpenRouter", "openai-chat")
    },
    Preset {
        base_url: Some("http://localhost:11434/v1"),
        docs: "https://github.com/ollama/ollama/blob/main/docs/openai.md",
        ..preset("ollama", "Ollama", "openai-chat")
    },
    Preset {
        base_url: Some("http://localhost:1234/v1"),
        docs: "https://lmstudio.ai/docs/app/api/endpoints/openai",
        ..preset("lm-studio", "LM Studio", "openai-chat")
    },
    Preset {
        base_url: Some("http://localhost:8080/v1"),
        docs: "https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md",
        ..preset("llama-cpp", "llama.cpp", "openai-chat")
    },
    Preset {
        base_url: Some("http://localhost:8000/v1"),
        key_env: Some("VLLM_API_KEY"),
        docs: "https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html",
        ..preset("vllm", "vLLM", "openai-chat")
    },
    Preset {
        base_url_form: "https://GATEWAY/v1",
        key_env: Some("WATSONX_API_KEY"),
        docs: "https://www.ibm.com/docs/en/watsonx/saas?topic=models-model-gateway",
        ..preset("watsonx", "IBM watsonx model gateway", "openai-chat")
    },
    Preset {
        base_url_form: "https://HOST/v1",
        docs: "https://platform.openai.com/docs/api-reference/chat",
        ..preset("openai-compatible", "Any server that speaks OpenAI's protocol", "openai-chat")
    },
    Preset {
        base_url_form: "https://HOST",
        ..preset("custom-http", "An endpoint of one's own, declared", "custom-http")
    },
];

const fn preset(name: &'static str, title: &'static str, wire: &'static str) -> Preset {
    Preset { name, title, wire, base_url: None, base_url_form: "", key_env: None, docs: "" }
}

impl Preset {
    /// The preset of a name.
    pub fn named(name: &str) -> Option<&'static Preset> {
        PRESETS.iter().find(|preset| preset.name == name)
    }

    /// Its protocol. `None` for the one that the user declares.
    pub fn kind(&self) -> Option<WireKind> {
        WireKind::named(self.wire)
    }

    /// The header that carries the key: where its protocol's own servers look, but for two who speak another's.
    pub fn key_place(&self) -> KeyPlace {
        match self.name {
            "azure-openai" => KeyPlace::ApiKey,
            "vertex" => KeyPlace::Bearer,
            _ => self.kind().map_or(KeyPlace::Bearer, |kind| kind.key_place()),
        }
    }

    /// Whether a list of models proves that a provider is set up right. OpenRouter shows its list to anyone, and Vertex
    /// AI's has nothing to do with the project and its location.
    pub fn list_is_proof(&self) -> bool {
        !matches!(self.name, "openrouter" | "vertex")
    }

    /// What a base URL looks like, to show where one is asked for.
    pub fn base_url_example(&self) -> &'static str {
        self.base_url.unwrap_or(self.base_url_form)
    }
}

#[cfg(test)]
mod tests {
    use assay_net::Origin;

    use super::*;

    #[test]
    fn every_preset_names_a_protocol_and_an_address_that_may_be_contacted() {
        for preset in PRESETS {
            let name = preset.name;
            assert_eq!(preset.kind().is_none(), name == "custom-http", "{name}");
            let example = preset.base_url_example();
            assert!(Origin::parse(example).is_ok(), "{name}: {example}");
            assert_eq!(preset.base_url.is_some(), preset.base_url_form.is_empty(), "{name}");
            assert_eq!(Preset::named(name), Some(preset), "names are unique");
        }
    }

    #[test]
    fn keys_go_where_each_provider_looks_for_them() {
        for (name, header) in [
            ("openai", "authorization"),
            ("azure-openai", "api-key"),
            ("anthropic", "x-api-key"),
            ("gemini", "x-goog-api-key"),
            ("vertex", "authorization"),
            ("custom-http", "authorization"),
        ] {
            let place = Preset::named(name).map(Preset::key_place);
            assert_eq!(place.as_ref().map(KeyPlace::header_name), Some(header), "{name}");
        }
    }
}
