//! Options as the settings of a request.
//!
//! They stand under Prompty's names, or in `additionalProperties` under the name that a wire has for them. A name that
//! is known is read wherever it stands, so that one prompt says the same to models of several wires.

use assay_model::{Request, Setting};
use assay_prompt::Options;
use serde_json::{Map, Value};

/// Prompty's place for what an endpoint knows beside its own options.
const FURTHER: &str = "additionalProperties";

/// Gemini's place for settings.
pub(super) const CONFIG: &str = "generationConfig";

/// The settings with the names they have: ours first, then those of the wires.
const NAMES: [(Setting, &[&str]); 11] = [
    (Setting::Temperature, &["temperature"]),
    (Setting::TopP, &["topP", "top_p"]),
    (Setting::TopK, &["topK", "top_k"]),
    (Setting::FrequencyPenalty, &["frequencyPenalty", "frequency_penalty"]),
    (Setting::PresencePenalty, &["presencePenalty", "presence_penalty"]),
    (
        Setting::MaxOutputTokens,
        &["maxOutputTokens", "max_output_tokens", "max_tokens", "max_completion_tokens"],
    ),
    (Setting::Seed, &["seed"]),
    (Setting::Stop, &["stopSequences", "stop_sequences", "stop"]),
    (Setting::ReasoningEffort, &["reasoningEffort", "reasoning_effort"]),
    (Setting::Logprobs, &["logprobs", "top_logprobs", "topLogprobs", "responseLogprobs"]),
    (
        Setting::ParallelToolCalls,
        &["allowMultipleToolCalls", "parallelToolCalls", "parallel_tool_calls"],
    ),
];

/// Objects of the wires in which the effort may stand alone, and its name there.
const EFFORTS: [(&str, &str); 2] = [("reasoning", "effort"), ("thinkingConfig", "thinkingLevel")];

/// The names under which the form of the answer is said.
const FORMATS: [&str; 4] =
    ["responseFormat", "response_format", "responseJsonSchema", "responseMimeType"];

/// Options of one place.
#[derive(Debug)]
pub(super) struct Layer {
    pub above: &'static str,
    pub fields: Map<String, Value>,
}

/// The form that an answer is to have.
#[derive(Debug, PartialEq)]
pub(super) enum Format {
    /// Any, whatever the prompt declares.
    Text,
    /// JSON, as the prompt declares it.
    Json,
    /// JSON of this schema.
    Schema(Value),
}

impl Layer {
    /// The options themselves, then what stands further inside.
    pub fn all(options: &Options) -> [Layer; 3] {
        let mut options = options.0.clone();
        let mut further = object(&mut options, FURTHER);
        let config = object(&mut further, CONFIG);
        [
            Layer { above: "", fields: options },
            Layer { above: "additionalProperties.", fields: further },
            Layer { above: "additionalProperties.generationConfig.", fields: config },
        ]
    }

    /// A field's name, as a person finds it.
    pub fn place(&self, name: &str) -> String {
        format!("`{}{name}`", self.above)
    }

    /// Takes a field out; `null` is no word on it.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.fields.shift_remove(name).filter(|value| !value.is_null())
    }

    /// Takes the settings out.
    pub fn settings(&mut self) -> Vec<(Setting, &'static str, Value)> {
        let names = NAMES.iter().flat_map(|(setting, names)| names.iter().map(|n| (*setting, *n)));
        let named =
            names.filter_map(|(setting, name)| self.take(name).map(|value| (setting, name, value)));
        let mut found: Vec<_> = named.collect();
        found.extend(self.efforts());
        found
    }

    /// Takes out the objects that hold the effort and nothing else.
    fn efforts(&mut self) -> Vec<(Setting, &'static str, Value)> {
        let mut found = Vec::new();
        for (name, inner) in EFFORTS {
            let only = self.fields.get(name).and_then(Value::as_object);
            let only = only.filter(|fields| fields.len() == 1).and_then(|fields| fields.get(inner));
            if let Some(effort) = only.cloned() {
                self.fields.shift_remove(name);
                found.push((Setting::ReasoningEffort, name, effort));
            }
        }
        found
    }

    /// Takes out what is said of the answer's form.
    pub fn formats(&mut self) -> Vec<(&'static str, Value)> {
        FORMATS.iter().filter_map(|name| self.take(name).map(|value| (*name, value))).collect()
    }
}

/// Takes an object out. What is none stays, to be found and named as an option that is not known.
fn object(fields: &mut Map<String, Value>, name: &str) -> Map<String, Value> {
    match fields.get(name) {
        Some(Value::Object(_)) => match fields.shift_remove(name) {
            Some(Value::Object(found)) => found,
            _ => Map::new(),
        },
        _ => Map::new(),
    }
}

/// Puts a setting into the request, if the value is of its kind.
pub(super) fn set(request: &mut Request, setting: Setting, value: &Value) -> bool {
    match setting {
        Setting::Temperature => put(&mut request.temperature, value.as_f64()),
        Setting::TopP => put(&mut request.top_p, value.as_f64()),
        Setting::TopK => put(&mut request.top_k, whole(value)),
        Setting::FrequencyPenalty => put(&mut request.frequency_penalty, value.as_f64()),
        Setting::PresencePenalty => put(&mut request.presence_penalty, value.as_f64()),
        Setting::MaxOutputTokens => put(&mut request.max_output_tokens, whole(value)),
        Setting::Seed => put(&mut request.seed, whole(value)),
        Setting::Stop => texts(value).is_some_and(|texts| {
            request.stop = texts;
            true
        }),
        Setting::ReasoningEffort => put(&mut request.reasoning_effort, effort(value)),
        Setting::Logprobs => set_logprobs(request, value),
        Setting::ParallelToolCalls => put(&mut request.parallel_tool_calls, value.as_bool()),
        Setting::JsonSchema => false,
    }
}

fn put<T>(place: &mut Option<T>, value: Option<T>) -> bool {
    let fits = value.is_some();
    if fits {
        *place = value;
    }
    fits
}

/// A whole number of zero or more; `200.0` counts.
fn whole(value: &Value) -> Option<u64> {
    let number = |number: f64| {
        (number >= 0.0 && number <= u64::MAX as f64 && number.fract() == 0.0)
            .then_some(number as u64)
    };
    value.as_u64().or_else(|| value.as_f64().and_then(number))
}

fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(one) => Some(vec![one.clone()]),
        Value::Array(items) => items.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}

/// Wires differ on the case of the word.
fn effort(value: &Value) -> Option<String> {
    value.as_str().map(str::to_ascii_lowercase)
}

/// `true` asks for the probabilities, and a number for as many others beside each.
fn set_logprobs(request: &mut Request, value: &Value) -> bool {
    let count = match value {
        Value::Bool(false) => return true,
        Value::Bool(true) => Some(0),
        other => whole(other).and_then(|count| u32::try_from(count).ok()),
    };
    count.is_some_and(|count| {
        request.logprobs = Some(request.logprobs.unwrap_or(0).max(count));
        true
    })
}

impl Format {
    /// Reads what stands under one of [`FORMATS`].
    pub fn read(name: &str, value: &Value) -> Option<Format> {
        if name == "responseJsonSchema" {
            return value.is_object().then(|| Format::Schema(value.clone()));
        }
        let word = value.get("type").unwrap_or(value).as_str()?;
        match word {
            "text" | "text/plain" => Some(Format::Text),
            "json" | "json_object" | "application/json" => Some(Format::Json),
            "json_schema" => Some(match schema(value) {
                Some(schema) => Format::Schema(schema.clone()),
                None => Format::Json,
            }),
            _ => None,
        }
    }
}

fn schema(format: &Value) -> Option<&Value> {
    let found = format.pointer("/json_schema/schema").or_else(|| format.get("schema"));
    found.filter(|schema| schema.is_object())
}
