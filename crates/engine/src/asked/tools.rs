//! A variant's tools as functions that a model can ask for.
//!
//! They are written as Prompty has them, with parameters as a list of properties, or as OpenAI's interface has them,
//! with a JSON Schema. Nothing is called: what a model asks for is its answer.

use assay_model::{Tool, ToolChoice};
use serde_json::{Map, Value, json};

/// A tool, or why it cannot be sent.
pub(super) fn tool(value: &Value) -> Result<Tool, String> {
    let function = value.get("function").filter(|function| function.is_object()).unwrap_or(value);
    let text = |key: &str| function.get(key).and_then(Value::as_str);
    let Some(name) = text("name") else {
        return Err(format!("the tool {value} has no name, so it is not sent"));
    };
    let kind = value.get("kind").or_else(|| value.get("type")).and_then(Value::as_str);
    if let Some(kind) = kind.filter(|kind| *kind != "function") {
        return Err(format!("the tool `{name}` is of kind `{kind}`; only functions are sent"));
    }
    let bound = bound(function);
    Ok(Tool {
        name: name.to_owned(),
        description: text("description").unwrap_or_default().to_owned(),
        parameters: parameters(function.get("parameters").unwrap_or(&Value::Null), &bound),
    })
}

/// Whether a tool asks for arguments that keep to its schema to the letter.
pub(super) fn is_strict(value: &Value) -> bool {
    let strict = value.get("strict").or_else(|| value.pointer("/function/strict"));
    strict == Some(&Value::Bool(true))
}

/// Which tool is to be asked for, in the words of any wire.
pub(super) fn choice(value: &Value) -> Option<ToolChoice> {
    let name = value.pointer("/function/name").or_else(|| value.get("name"));
    if let Some(name) = name.and_then(Value::as_str) {
        return Some(ToolChoice::Named(name.to_owned()));
    }
    match value.get("type").unwrap_or(value).as_str()? {
        "auto" => Some(ToolChoice::Auto),
        "none" => Some(ToolChoice::None),
        "required" | "any" => Some(ToolChoice::Required),
        _ => None,
    }
}

/// Parameters that the application fills in itself, so that the model never sees them.
fn bound(function: &Value) -> Vec<&str> {
    match function.get("bindings") {
        Some(Value::Object(bindings)) => bindings.keys().map(String::as_str).collect(),
        Some(Value::Array(bindings)) => {
            bindings.iter().filter_map(|binding| binding.get("name")?.as_str()).collect()
        }
        _ => Vec::new(),
    }
}

/// The JSON Schema of a tool's arguments, always an object.
fn parameters(value: &Value, bound: &[&str]) -> Value {
    match value {
        Value::Array(list) => object(named(list), bound),
        Value::Object(fields) => match fields.get("properties") {
            Some(Value::Array(list)) => object(named(list), bound),
            _ if is_schema(fields) => without(fields, bound),
            _ => object(fields.iter().map(|(name, of)| (name.as_str(), of)).collect(), bound),
        },
        _ => object(Vec::new(), bound),
    }
}

fn is_schema(fields: &Map<String, Value>) -> bool {
    fields.get("type").is_some_and(Value::is_string) || fields.contains_key("properties")
}

/// A JSON Schema, but for these properties.
fn without(schema: &Map<String, Value>, bound: &[&str]) -> Value {
    let mut schema = schema.clone();
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.retain(|name, _| !bound.contains(&name.as_str()));
    }
    if let Some(Value::Array(required)) = schema.get_mut("required") {
        required.retain(|name| !name.as_str().is_some_and(|name| bound.contains(&name)));
    }
    Value::Object(schema)
}

fn named(list: &[Value]) -> Vec<(&str, &Value)> {
    list.iter().filter_map(|property| Some((property.get("name")?.as_str()?, property))).collect()
}

fn object(properties: Vec<(&str, &Value)>, bound: &[&str]) -> Value {
    let shown = properties.into_iter().filter(|(name, _)| !bound.contains(name));
    let (mut schemas, mut required) = (Map::new(), Vec::new());
    for (name, property) in shown {
        schemas.insert(name.to_owned(), schema(property));
        if property.get("required") == Some(&Value::Bool(true)) {
            required.push(json!(name));
        }
    }
    let mut schema = json!({"type": "object", "properties": schemas});
    if !required.is_empty() {
        schema["required"] = Value::Array(required);
    }
    schema
}

/// What a property holds. It nests no deeper than the front matter it was read from may.
fn schema(property: &Value) -> Value {
    let kind = property.get("kind").or_else(|| property.get("type")).and_then(Value::as_str);
    let kind = kind.unwrap_or("string");
    let inner = property.get("properties");
    let mut schema = match (kind, inner) {
        ("object", Some(Value::Array(list))) => object(named(list), &[]),
        ("object", Some(Value::Object(map))) => {
            object(map.iter().map(|(name, of)| (name.as_str(), of)).collect(), &[])
        }
        ("float", _) => json!({"type": "number"}),
        ("integer" | "number" | "boolean" | "array" | "object", _) => json!({"type": kind}),
        ("thread", _) => json!({"type": "array"}),
        _ => json!({"type": "string"}),
    };
    if let Some(items) = property.get("items").filter(|items| items.is_object()) {
        schema["items"] = self::schema(items);
    }
    if let Some(description) = property.get("description").filter(|text| text.is_string()) {
        schema["description"] = description.clone();
    }
    if let Some(values) = property.get("enumValues").or_else(|| property.get("enum"))
        && values.is_array()
    {
        schema["enum"] = values.clone();
    }
    schema
}
