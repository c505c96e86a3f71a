//! dotprompt's own conformance suite: each case is imported, rendered, and compared whole.
//!
//! One thing only is made equal first: line ends at both ends of a message, which this format takes
//! off and dotprompt keeps.

use std::collections::BTreeMap;
use std::fs;

use assay_interop::{Import, MemorySource, NoteKind, VariantDraft, import_dotprompt};
use assay_prompt::{Kind, Message, Origin, Property, Role, Row, codes, parse_folder, render};
use serde_json::{Map, Value, json};

use crate::support::shared;

const FILES: [&str; 13] = [
    "metadata",
    "partials",
    "picoschema",
    "unicode",
    "variables",
    "whitespace",
    "helpers/history",
    "helpers/ifEquals",
    "helpers/json",
    "helpers/media",
    "helpers/role",
    "helpers/section",
    "helpers/unlessEquals",
];

/// The suites that are refused, with the construct their report names.
const REFUSED: [(&str, &str, &str); 10] = [
    // All inputs as one value: a template here sees inputs by name only.
    ("helpers/json", "basic", "`this`"),
    ("helpers/json", "indented", "`this`"),
    ("helpers/json", "indented_4_spaces", "`this`"),
    ("helpers/json", "nested_objects", "`this`"),
    ("helpers/json", "arrays", "`this`"),
    ("helpers/json", "empty_values", "`this`"),
    // An image becomes an input of that kind, which rendering refuses until models can get it.
    ("helpers/media", "basic", "`url` of kind image is an address"),
    ("helpers/media", "url_only", "`url` of kind image is an address"),
    ("helpers/media", "content_types", "`url` of kind image is an address"),
    // A message is one text and has no pending parts.
    ("helpers/section", "*", "`{{section"),
];

#[derive(Debug, PartialEq)]
enum Outcome {
    Same,
    /// With the constructs the report names.
    Refused(Vec<String>),
}

#[test]
fn every_case_gives_the_same_result_or_is_refused_by_name() {
    let Some(root) = shared("conformance/dotprompt") else {
        return;
    };
    let (mut same, mut refused, mut wrong) = (0, 0, Vec::new());
    for file in FILES {
        let text = fs::read_to_string(root.join(format!("{file}.yaml"))).unwrap();
        let suites: Vec<Value> = serde_saphyr::from_str(&text).unwrap();
        for suite in &suites {
            let name = suite["name"].as_str().unwrap();
            for case in suite["tests"].as_array().unwrap() {
                let listed = REFUSED
                    .iter()
                    .find(|(known, suite, _)| *known == file && ["*", name].contains(suite));
                match (outcome(suite, case), listed) {
                    (Ok(Outcome::Same), None) => same += 1,
                    (Ok(Outcome::Refused(named)), Some((_, _, construct)))
                        if named.iter().any(|what| what.starts_with(construct)) =>
                    {
                        refused += 1;
                    }
                    (other, _) => wrong.push(format!("{file}/{name}/{}: {other:?}", case["desc"])),
                }
            }
        }
    }
    println!("dotprompt conformance: {same} the same, {refused} refused by name, of 117");
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(same + refused, 117);
    assert!(same >= 105);
}

/// What came of one case; the error is a difference that no report announced.
fn outcome(suite: &Value, case: &Value) -> Result<Outcome, String> {
    let import = match import_suite(suite) {
        Ok(import) => import,
        Err(named) => return Ok(Outcome::Refused(vec![named])),
    };
    let named: Vec<String> = import
        .notes
        .iter()
        .filter(|note| note.kind != NoteKind::Translated)
        .map(|note| note.what.clone())
        .collect();
    let compared = messages(&import, suite, case).and_then(|messages| {
        let expected = expected_messages(&case["expect"]["messages"]);
        differs("messages", &messages, &expected)?;
        metadata(&import.prompts[0].variants[0], &case["expect"])
    });
    match compared {
        Ok(()) => Ok(Outcome::Same),
        Err(unsupported) if unsupported.contains("is an address") => {
            Ok(Outcome::Refused(vec![unsupported]))
        }
        Err(_) if !named.is_empty() => Ok(Outcome::Refused(named)),
        Err(difference) => Err(difference),
    }
}

fn import_suite(suite: &Value) -> Result<Import, String> {
    let mut files = BTreeMap::new();
    files.insert("case.prompt".to_owned(), suite["template"].as_str().unwrap().into());
    let mut schemas = BTreeMap::new();
    for key in ["partials", "resolverPartials"] {
        for (name, text) in suite[key].as_object().into_iter().flatten() {
            files.insert(format!("_{name}.prompt"), text.as_str().unwrap().into());
        }
    }
    for key in ["schemas", "resolverSchemas"] {
        schemas.extend(suite[key].as_object().cloned().unwrap_or_default());
    }
    let source = MemorySource(files);
    import_dotprompt("case.prompt", &source, &schemas, &mut || "01J8ZQ4V7N".to_owned())
        .map_err(|refusal| refusal.what)
}

/// The messages our renderer makes of the case's data, as dotprompt would write them.
fn messages(import: &Import, suite: &Value, case: &Value) -> Result<Vec<Value>, String> {
    let draft = &import.prompts[0];
    let prompt = parse_folder(&draft.name, &draft.files(&Default::default()));
    let mut data = suite["data"].as_object().cloned().unwrap_or_default();
    data.extend(case["data"].as_object().cloned().unwrap_or_default());
    let row = row(&data, &case["options"], &draft.variants[0].inputs);
    match render(&prompt, &prompt.variants[0], &row) {
        Ok(rendered) => Ok(rendered.messages.iter().map(message).collect()),
        Err(error) if error.code == codes::NO_MESSAGES => Ok(Vec::new()),
        Err(error) => Err(error.message),
    }
}

/// The defaults of the call under the case's input, with its context and conversation as inputs.
fn row(data: &Map<String, Value>, options: &Value, inputs: &[Property]) -> Row {
    let object =
        |value: Option<&Value>| value.and_then(Value::as_object).cloned().unwrap_or_default();
    let mut input = object(options.pointer("/input/default"));
    input.extend(object(data.get("input")));
    input.extend(object(data.get("context")));
    if let Some(turns) = data.get("messages").and_then(Value::as_array) {
        let thread = inputs.iter().find(|input| input.kind == Kind::Thread);
        let thread = thread.expect("a conversation needs a place");
        input.insert(thread.name.clone(), turns.iter().map(turn).collect());
    }
    Row { id: "case".to_owned(), input, ..Row::default() }
}

fn turn(message: &Value) -> Value {
    let role =
        if message["role"] == "model" { json!("assistant") } else { message["role"].clone() };
    json!({"role": role, "content": message["content"][0]["text"]})
}

fn message(message: &Message) -> Value {
    let role = if message.role == Role::Assistant { "model" } else { message.role.as_str() };
    let mut value = json!({"role": role, "content": [{"text": message.text()}]});
    // dotprompt marks what `{{history}}` put in, and not what it adds by itself.
    if message.segments.iter().all(|s| s.from == Origin::Input("history".to_owned())) {
        value["metadata"] = json!({"purpose": "history"});
    }
    value
}

fn expected_messages(messages: &Value) -> Vec<Value> {
    let mut messages = messages.as_array().unwrap().clone();
    for message in &mut messages {
        for part in message["content"].as_array_mut().unwrap() {
            if let Some(text) = part["text"].as_str() {
                part["text"] = json!(text.trim_matches('\n'));
            }
        }
    }
    messages
}

/// Everything else a result of dotprompt holds, from what was imported.
fn metadata(variant: &VariantDraft, expect: &Value) -> Result<(), String> {
    let kept = variant.metadata.get("dotprompt").cloned().unwrap_or(json!({}));
    let get = |key: &str| expect.get(key).cloned().unwrap_or(Value::Null);
    let or_empty = |value: Value| if value.is_null() { json!({}) } else { value };
    differs("config", &json!(variant.model.options), &or_empty(get("config")))?;
    differs("model", &json!(variant.model.id), &get("model"))?;
    differs("ext", &extensions(&kept), &or_empty(get("ext")))?;
    differs("input", &schema(&kept, "input", &[]), &get("input")["schema"])?;
    differs("output", &schema(&kept, "output", &variant.outputs), &get("output")["schema"])?;
    match get("raw") {
        Value::Null => Ok(()),
        raw => differs("raw", &raw_of(variant, &kept), &raw),
    }
}

fn extensions(kept: &Value) -> Value {
    let mut ext = json!({});
    for (key, value) in kept.as_object().unwrap() {
        if let Some((space, field)) = key.rsplit_once('.') {
            ext[space][field] = value.clone();
        }
    }
    ext
}

fn raw_of(variant: &VariantDraft, kept: &Value) -> Value {
    let mut raw = kept.clone();
    raw["config"] = json!(variant.model.options);
    raw
}

/// The schema that was kept as it was, or the one the property list stands for.
fn schema(kept: &Value, key: &str, listed: &[Property]) -> Value {
    match kept.get(key).and_then(|kept| kept.get("schema")) {
        Some(schema) => schema.clone(),
        None if listed.is_empty() => Value::Null,
        None => object_schema(listed),
    }
}

/// Picoschema's reading of a property list, written down a second time on purpose.
fn object_schema(properties: &[Property]) -> Value {
    let mut schema = json!({"type": "object", "properties": {}, "additionalProperties": false});
    let mut required = Vec::new();
    for property in properties {
        schema["properties"][&property.name] = value_schema(property, !property.required);
        if property.required {
            required.push(property.name.clone());
        }
    }
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

fn value_schema(property: &Property, nullable: bool) -> Value {
    let kind = match property.kind {
        Kind::Float => "number",
        other => other.as_str(),
    };
    let mut schema = match property.kind {
        Kind::Object => object_schema(&property.properties),
        Kind::Array => json!({"items": value_schema(property.items.as_ref().unwrap(), false)}),
        _ => json!({}),
    };
    if property.enum_values.is_empty() {
        schema["type"] = if nullable { json!([kind, "null"]) } else { json!(kind) };
    } else {
        let null = nullable.then_some(Value::Null);
        schema["enum"] = property.enum_values.iter().cloned().chain(null).collect();
    }
    if let Some(description) = &property.description {
        schema["description"] = json!(description);
    }
    schema
}

fn differs<T: PartialEq + std::fmt::Debug>(what: &str, ours: &T, theirs: &T) -> Result<(), String> {
    if ours == theirs {
        return Ok(());
    }
    Err(format!("{what}: {ours:?} instead of {theirs:?}"))
}
