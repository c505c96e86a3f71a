//! A prompt as a promptfoo configuration: the config, and a list of messages for each variant.

mod assertions;
mod messages;
mod nunjucks;

use assay_prompt::{GateSpec, Prompt, Row, Variant};
use serde_json::{Map, Value, json};

use super::providers;
use crate::report::Names;
use crate::{Export, Notes, Refusal, yaml};

/// The configuration's name; promptfoo looks for it.
const CONFIG: &str = "promptfooconfig.yaml";
const CONFIG_STEM: &str = "promptfooconfig";
/// What editors check the file against.
const HEADER: &str = "# yaml-language-server: $schema=https://promptfoo.dev/config-schema.json\n";

/// Writes `prompt`.
///
/// # Errors
/// A refusal when messages of a variant cannot be said as a list, naming the construct.
pub(crate) fn export(prompt: &Prompt) -> Result<Export, Refusal> {
    if let Some(error) = prompt.errors().find(|error| error.file.ends_with(".prompty")) {
        return Err(Refusal::new(&error.file, error.code, error.message.clone()));
    }
    let mut export = Export::default();
    let mut notes = Notes::default();
    let mut config = Map::new();
    config.insert("description".to_owned(), json!(description(prompt)));
    config.insert("prompts".to_owned(), prompts(prompt, &mut export, &mut notes)?);
    config.insert("providers".to_owned(), models(prompt, &mut notes));
    if prompt.evals.repeat > 1 {
        config.insert("evaluateOptions".to_owned(), json!({"repeat": prompt.evals.repeat}));
    }
    config.insert("defaultTest".to_owned(), default_test(prompt));
    config.insert("tests".to_owned(), tests(prompt, &mut notes));
    let gates = gates(&prompt.evals.gates, &mut notes);
    let text = format!("{HEADER}{gates}{}", yaml::write(&Value::Object(config)));
    export.files.insert(CONFIG.to_owned(), text);
    export.notes = notes.list().to_vec();
    Ok(export)
}

fn description(prompt: &Prompt) -> String {
    let said = prompt.variants.iter().find_map(|variant| variant.description.clone());
    said.unwrap_or_else(|| prompt.name.clone())
}

fn prompts(prompt: &Prompt, export: &mut Export, notes: &mut Notes) -> Result<Value, Refusal> {
    let mut entries = Vec::new();
    let mut names = Names::default();
    names.give(CONFIG_STEM);
    for variant in &prompt.variants {
        let file = names.file(&variant.id, ".yaml", &variant.file, notes);
        let messages = messages::of(prompt, variant, notes)?;
        export.files.insert(file.clone(), yaml::write(&messages));
        let mut entry = json!({"raw": format!("file://{file}"), "label": variant.id});
        let config = own_config(variant);
        if !config.is_empty() {
            entry["config"] = Value::Object(config);
        }
        entries.push(entry);
    }
    Ok(Value::Array(entries))
}

/// The options and tools a variant brings along.
fn own_config(variant: &Variant) -> Map<String, Value> {
    let mut config = providers::config(&variant.model.options);
    if !variant.tools.is_empty() {
        config.insert("tools".to_owned(), json!(variant.tools));
    }
    config
}

fn models(prompt: &Prompt, notes: &mut Notes) -> Value {
    let mut entries = Vec::new();
    for model in &prompt.evals.models {
        if model.id.starts_with("local/") || !model.id.contains('/') && model.id != "echo" {
            let why = "promptfoo does not know it: a model of this computer, or an alias";
            notes.left_out("evals.yaml", format!("model {}", model.id), why);
            continue;
        }
        let id = providers::provider_id(&model.id);
        let config = providers::config(&model.options);
        entries.push(match config.is_empty() {
            true => json!(id),
            false => json!({"id": id, "config": config}),
        });
    }
    if entries.is_empty() {
        entries.extend(own_models(prompt));
    }
    if entries.is_empty() {
        let why = "there is no model promptfoo knows; `echo` answers with the prompt itself";
        notes.translated(CONFIG, "providers", why);
        entries.push(json!("echo"));
    }
    Value::Array(entries)
}

/// The models the variants were written for.
fn own_models(prompt: &Prompt) -> Vec<Value> {
    let mut ids = Vec::new();
    for variant in &prompt.variants {
        if let (Some(provider), Some(id)) = (&variant.model.provider, &variant.model.id)
            && provider != "local"
        {
            let id = json!(providers::provider_id(&format!("{provider}/{id}")));
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
    }
    ids
}

/// What every test has: the defaults of the inputs, and lists that stay lists.
fn default_test(prompt: &Prompt) -> Value {
    let mut vars = Map::new();
    for input in prompt.variants.iter().flat_map(|variant| &variant.inputs) {
        let thread = input.kind == assay_prompt::Kind::Thread;
        if let Some(default) = input.default.as_ref().filter(|_| !thread) {
            vars.entry(input.name.clone()).or_insert_with(|| default.clone());
        }
    }
    json!({"vars": vars, "options": {"disableVarExpansion": true}})
}

fn tests(prompt: &Prompt, notes: &mut Notes) -> Value {
    let mut assertions = assertions::Assertions::of(prompt, notes);
    prompt.run_cases().iter().map(|row| test(row, &mut assertions)).collect()
}

fn test(row: &Row, assertions: &mut assertions::Assertions) -> Value {
    let description = row.extra.get("description").and_then(Value::as_str).unwrap_or(&row.id);
    let mut test = json!({"description": description, "vars": row.input});
    note_values(row, assertions.notes);
    let asserts = assertions.for_row(row);
    if !asserts.is_empty() {
        test["assert"] = Value::Array(asserts);
    }
    test["metadata"] = Value::Object(metadata(row));
    test
}

/// What a row says beside its input; coming back in, it is read from here.
fn metadata(row: &Row) -> Map<String, Value> {
    let mut metadata = Map::new();
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            metadata.insert(key.to_owned(), value);
        }
    };
    let list = |items: &[String]| (!items.is_empty()).then(|| json!(items));
    put("id", Some(json!(row.id)));
    put("tags", list(&row.tags));
    put("group", row.group.as_ref().map(|group| json!(group)));
    put("expected", row.expected.clone());
    put("references", list(&row.references));
    put("contexts", list(&row.contexts));
    put("weight", row.weight.map(|weight| json!(weight)));
    if let Some(Value::Object(more)) = row.extra.get("metadata") {
        metadata.extend(more.clone());
    }
    metadata
}

/// Values that promptfoo would take for something else.
fn note_values(row: &Row, notes: &mut Notes) {
    for (name, value) in &row.input {
        let Some(text) = value.as_str() else { continue };
        let place = format!("case {}", row.id);
        if text.starts_with("file://") {
            notes.left_out(
                &place,
                name,
                "promptfoo reads a value that begins with file:// as a file",
            );
        }
        if text.contains("{{") || text.contains("{%") {
            notes.left_out(&place, name, "promptfoo takes values with braces for templates");
        }
    }
}

/// Gates have no counterpart: they are told to people.
fn gates(gates: &[GateSpec], notes: &mut Notes) -> String {
    let lines = gates.iter().map(|gate| {
        let name = gate.scorer.as_ref().or(gate.metric.as_ref());
        let name = name.map_or("", String::as_str).replace(['\n', '\r'], " ");
        let limit = |word: &str, limit: Option<f64>| {
            limit.map_or(String::new(), |limit| format!(", {word} {limit}"))
        };
        let tags = match gate.tags.as_slice() {
            [] => String::new(),
            tags => format!(", only {}", tags.join(", ").replace(['\n', '\r'], " ")),
        };
        format!(
            "# gate: {name}{}{}{}{tags}\n",
            limit("at least", gate.min),
            limit("at most", gate.max),
            limit("not inferior by more than", gate.non_inferior),
        )
    });
    let text: String = lines.collect();
    if !text.is_empty() {
        let why = "promptfoo has none; they stand in a comment (see PROMPTFOO_PASS_RATE_THRESHOLD)";
        notes.left_out("evals.yaml", "gates", why);
    }
    text
}
