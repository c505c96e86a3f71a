//! `flow.dag.yaml`: which nodes are prompts, their variants, and where their values come from.

use assay_prompt::ModelRef;
use serde_json::{Map, Value, json};

use super::template::{self, Filled};
use super::{is_template, options, variant};
use crate::prompty::convert::MAX_INPUTS;
use crate::prompty::{model, schema};
use crate::source::beside;
use crate::yaml::{self, Dialect, Document};
use crate::{Notes, PromptDraft, Refusal, Source, VariantDraft};

/// The most nodes and variants that are looked at.
const MAX_NODES: usize = 200;

/// What a node's inputs say to the model rather than to the template.
const PARAMETERS: [&str; 24] = [
    "temperature",
    "top_p",
    "stop",
    "max_tokens",
    "max_completion_tokens",
    "presence_penalty",
    "frequency_penalty",
    "logit_bias",
    "n",
    "best_of",
    "echo",
    "suffix",
    "logprobs",
    "top_logprobs",
    "response_format",
    "tools",
    "tool_choice",
    "functions",
    "function_call",
    "seed",
    "user",
    "stream",
    "parallel_tool_calls",
    "reasoning_effort",
];

/// Reads a flow; also gives the templates it names.
pub(super) fn read(
    file: &str,
    source: &dyn Source,
    notes: &mut Notes,
) -> Result<(Vec<PromptDraft>, Vec<String>), Refusal> {
    let text = source.text(file).map_err(|e| Refusal::new(file, "the flow", e.to_string()))?;
    let document = yaml::read(file, &text, 1, Dialect::Python)?;
    let Some(nodes) = document.get("/nodes").as_array() else {
        return Err(Refusal::new(file, "no `nodes`", "a flow lists its nodes there"));
    };
    let inputs = schema::read(document.get("/inputs")).properties;
    if inputs.len() > MAX_INPUTS {
        let what = format!("{} inputs", inputs.len());
        let why = format!("at most {MAX_INPUTS} are read");
        return Err(Refusal::new(&document.place("/inputs"), what, why));
    }
    let mut flow = Flow { file, source, document: &document, inputs, notes, templates: Vec::new() };
    let mut drafts = Vec::new();
    for at in 0..nodes.len().min(MAX_NODES) {
        drafts.extend(flow.node(at));
    }
    let templates = flow.templates;
    match drafts.as_mut_slice() {
        [] => {
            return Err(Refusal::new(
                file,
                "no prompt",
                "no node of this flow has a template that is there",
            ));
        }
        [only] => only.name = PromptDraft::named(&one_name(file, &only.name)).name,
        several => {
            for draft in several {
                draft.name = PromptDraft::named(&format!("{}-{}", folder(file), draft.name)).name;
            }
        }
    }
    Ok((drafts, templates))
}

/// The folder a flow stands in is what people call it.
fn folder(file: &str) -> &str {
    file.rsplit('/').nth(1).unwrap_or("flow")
}

fn one_name(file: &str, node: &str) -> String {
    if file.contains('/') { folder(file).to_owned() } else { node.to_owned() }
}

struct Flow<'a> {
    file: &'a str,
    source: &'a dyn Source,
    document: &'a Document,
    inputs: Vec<Map<String, Value>>,
    notes: &'a mut Notes,
    templates: Vec<String>,
}

impl Flow<'_> {
    /// The prompt of a node, when it is one.
    fn node(&mut self, at: usize) -> Option<PromptDraft> {
        let pointer = format!("/nodes/{at}");
        let node = self.document.get(&pointer);
        let name = node.get("name").and_then(Value::as_str).unwrap_or("node").to_owned();
        let mut draft = PromptDraft::named(&name);
        let variants = self.variants(&name);
        if variants.is_empty() {
            let variant = self.variant(&name, node, &pointer)?;
            draft.add(variant);
        }
        for (id, node, pointer) in variants {
            if let Some(variant) = self.variant(&id, &node, &pointer) {
                draft.add(variant);
            }
        }
        share_inputs(&mut draft.variants);
        self.activation(&name, node, &pointer);
        (!draft.variants.is_empty()).then_some(draft)
    }

    /// The variants of a node, the default one first.
    fn variants(&mut self, name: &str) -> Vec<(String, Value, String)> {
        let token = name.replace('~', "~0").replace('/', "~1");
        let pointer = format!("/node_variants/{token}");
        let first = self.document.get(&format!("{pointer}/default_variant_id"));
        let Some(variants) = self.document.get(&format!("{pointer}/variants")).as_object() else {
            return Vec::new();
        };
        let mut all: Vec<_> = variants
            .iter()
            .take(MAX_NODES)
            .map(|(id, variant)| {
                let token = id.replace('~', "~0").replace('/', "~1");
                let pointer = format!("{pointer}/variants/{token}/node");
                (id.clone(), variant.get("node").cloned().unwrap_or_default(), pointer)
            })
            .collect();
        all.sort_by_key(|(id, ..)| Some(id.as_str()) != first.as_str());
        all
    }

    fn activation(&mut self, name: &str, node: &Value, pointer: &str) {
        let when = node.get("activate").or_else(|| node.get("skip"));
        if when.is_some_and(|when| !when.is_null()) {
            let what = format!("the condition of the node `{name}`");
            let place = self.document.place(pointer);
            self.notes.not_run(&place, what, "flows are not run: each prompt stands for itself");
        }
    }

    fn variant(&mut self, id: &str, node: &Value, pointer: &str) -> Option<VariantDraft> {
        let kind = node.get("type").and_then(Value::as_str).unwrap_or("unknown");
        let place = self.document.place(pointer);
        let path = node.pointer("/source/path").and_then(Value::as_str);
        let prompt = matches!(kind, "llm" | "prompt" | "custom_llm");
        let Some(path) = path.filter(|path| prompt && is_template(path)) else {
            let what = format!(
                "the {kind} node `{}`",
                node.get("name").and_then(Value::as_str).unwrap_or(id)
            );
            self.notes.not_run(&place, what, "only nodes with a template are prompts");
            return None;
        };
        let file = self.template_file(path);
        let known = self.values(node, pointer);
        match template::read(&file, self.source, known, self.notes) {
            Ok(filled) => {
                self.templates.push(file);
                Some(self.filled(id, node, filled, &place))
            }
            Err(refusal) => {
                let what = format!("the template `{path}` of `{id}`");
                self.notes.left_out(&place, what, refusal.why);
                None
            }
        }
    }

    /// The template beside the flow, or among the files it includes from elsewhere.
    fn template_file(&self, path: &str) -> String {
        let beside_flow = beside(self.file, path).unwrap_or_else(|| path.to_owned());
        if self.source.head(&beside_flow).is_ok() {
            return beside_flow;
        }
        let included = self.document.get("/additional_includes").as_array();
        let mut named = included.into_iter().flatten().filter_map(Value::as_str);
        let wanted = path.rsplit('/').next().unwrap_or(path);
        let found = named.find(|name| name.rsplit('/').next() == Some(wanted));
        found.and_then(|name| beside(self.file, name)).unwrap_or(beside_flow)
    }

    /// The inputs a template may use, from where the node takes them, and constants among them.
    fn values(&mut self, node: &Value, pointer: &str) -> Map<String, Value> {
        let mut known = Map::new();
        let empty = Map::new();
        let inputs = node.get("inputs").and_then(Value::as_object).unwrap_or(&empty);
        for (name, value) in inputs {
            let text = value.as_str().unwrap_or_default();
            let mut input = match text.strip_prefix("${inputs.").and_then(|t| t.strip_suffix('}')) {
                Some(of) => flow_input(&self.inputs, of),
                None if text.starts_with("${") => {
                    let place = self.document.place(&format!("{pointer}/inputs"));
                    let what = format!("`{name}: {text}`");
                    self.notes.translated(
                        &place,
                        what,
                        format!("`{name}` is an input of the prompt"),
                    );
                    continue;
                }
                None => constant(value),
            };
            input.insert("name".into(), json!(name));
            known.insert(name.clone(), Value::Object(input));
        }
        known
    }

    fn filled(&mut self, id: &str, node: &Value, filled: Filled, place: &str) -> VariantDraft {
        let mut found = model::Model::default();
        model::options(&parameters(node, &filled), &mut found);
        let text = |pointer: &str| node.pointer(pointer).and_then(Value::as_str);
        let provider = text("/provider").map(provider_of);
        let mut draft = variant(id, filled);
        draft.model = ModelRef {
            id: text("/inputs/deployment_name").or(text("/inputs/model")).map(str::to_owned),
            provider: provider.map(str::to_owned),
            api_type: text("/api").map(str::to_owned),
            options: options(&found.model),
        };
        draft.tools = found.tools;
        if let Some(connection) = text("/connection").or(text("/inputs/connection")) {
            let why =
                "endpoints and keys come from your own settings; its name stays in `metadata`";
            self.notes.kept(place, format!("the connection `{connection}`"), why);
            draft.metadata.insert("promptflow".into(), json!({"connection": connection}));
        }
        draft
    }
}

fn flow_input(flow: &[Map<String, Value>], name: &str) -> Map<String, Value> {
    let mut input = flow
        .iter()
        .find(|input| input.get("name").is_some_and(|n| n == name))
        .cloned()
        .unwrap_or_default();
    // What the flow's chat window does with an input says nothing to a template.
    input.retain(|key, _| ["kind", "default", "description"].contains(&key.as_str()));
    input
}

fn constant(value: &Value) -> Map<String, Value> {
    let mut input = Map::new();
    input.insert("kind".into(), json!(schema::kind_of_value(value)));
    if !value.is_null() {
        input.insert("default".into(), value.clone());
    }
    input
}

/// What goes to the model: numbers may stand in quotes there, and an empty text is none at all.
fn parameters(node: &Value, filled: &Filled) -> Map<String, Value> {
    let used =
        |name: &str| filled.inputs.iter().any(|input| input.get("name") == Some(&json!(name)));
    let empty = Map::new();
    let inputs = node.get("inputs").and_then(Value::as_object).unwrap_or(&empty);
    inputs
        .iter()
        .filter(|(name, value)| {
            let reference = value.as_str().is_some_and(|text| text.starts_with("${"));
            PARAMETERS.contains(&name.as_str()) && !used(name) && !reference
        })
        .filter_map(|(name, value)| Some((name.clone(), parameter(value)?)))
        .collect()
}

fn parameter(value: &Value) -> Option<Value> {
    let Value::String(text) = value else {
        return Some(value.clone()).filter(|value| !value.is_null());
    };
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let json = serde_json::from_str::<Value>(text).ok();
    Some(json.filter(|found| !found.is_string()).unwrap_or_else(|| json!(text)))
}

fn provider_of(provider: &str) -> &str {
    match provider {
        "AzureOpenAI" => "foundry",
        "OpenAI" => "openai",
        other => model::provider_of(other),
    }
}

/// Variants of one node take the same inputs, so that they stand in one file.
fn share_inputs(variants: &mut [VariantDraft]) {
    let mut all: Vec<assay_prompt::Property> = Vec::new();
    for input in variants.iter().flat_map(|variant| &variant.inputs) {
        match all.iter().find(|known| known.name == input.name) {
            None => all.push(input.clone()),
            Some(known) if known == input => {}
            Some(_) => return,
        }
    }
    for variant in variants {
        variant.inputs.clone_from(&all);
    }
}
