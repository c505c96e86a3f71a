//! Inputs and outputs: the typed names of a prompt, as `inputs.yaml` and `outputs.yaml` list them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::closest::closest;
use crate::diagnostic::{Diagnostic, Report, name_list};
use crate::fix::{Edit, Fix};
use crate::yaml::{self, Fields, Node, Yaml};
use crate::{Span, codes};

/// How deep schemas may nest; the deepest useful ones have four levels.
const MAX_DEPTH: usize = 16;

/// One input or output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Property {
    /// Its name; empty for the item type of a list.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// Whether every case must have it.
    pub required: bool,
    /// Its value where a case has none.
    pub default: Option<Value>,
    /// For people, and for models when it is an output.
    pub description: Option<String>,
    /// The values it may have; empty when any will do.
    pub enum_values: Vec<Value>,
    /// What an array holds.
    pub items: Option<Box<Property>>,
    /// What an object holds.
    pub properties: Vec<Property>,
}

/// What a [`Property`] holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// Any number; `number` is read as the same.
    Float,
    /// True or false.
    Boolean,
    /// A list, see [`Property::items`].
    Array,
    /// A map, see [`Property::properties`].
    Object,
    /// Conversation turns, inserted as messages.
    Thread,
    /// An image.
    Image,
    /// Another file.
    File,
}

impl Kind {
    const ALL: [(&'static str, Kind); 10] = [
        ("string", Kind::String),
        ("integer", Kind::Integer),
        ("float", Kind::Float),
        ("number", Kind::Float),
        ("boolean", Kind::Boolean),
        ("array", Kind::Array),
        ("object", Kind::Object),
        ("thread", Kind::Thread),
        ("image", Kind::Image),
        ("file", Kind::File),
    ];

    /// The name it has in a file.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("string", |(name, _)| name)
    }

    /// Whether its values name pictures or files.
    pub(crate) fn is_media(self) -> bool {
        matches!(self, Kind::Image | Kind::File)
    }

    fn named(name: &str) -> Option<Kind> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
    }

    /// Whether a value may stand where this kind is asked for.
    pub fn admits(self, value: &Value) -> bool {
        match self {
            Kind::String => value.is_string(),
            Kind::Integer => value.as_f64().is_some_and(|number| number.fract() == 0.0),
            Kind::Float => value.is_number(),
            Kind::Boolean => value.is_boolean(),
            Kind::Array => value.is_array(),
            Kind::Object => value.is_object(),
            Kind::Thread => value.is_array(),
            Kind::Image | Kind::File => value.is_string() || value.is_object(),
        }
    }
}

/// A JSON Schema of what a model should answer: an object with `outputs` as its properties.
///
/// Other properties are allowed; a model that says more than was asked has still answered.
pub fn json_schema(outputs: &[Property]) -> Value {
    object_schema(outputs)
}

fn object_schema(properties: &[Property]) -> Value {
    let schemas: Map<String, Value> = properties
        .iter()
        .map(|property| (property.name.clone(), property_schema(property)))
        .collect();
    let required: Vec<&str> = properties
        .iter()
        .filter(|property| property.required)
        .map(|property| property.name.as_str())
        .collect();
    let mut schema = json!({"type": "object", "properties": schemas});
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema["additionalProperties"] = Value::Bool(true);
    schema
}

fn property_schema(property: &Property) -> Value {
    let mut schema = match property.kind {
        Kind::String | Kind::Image | Kind::File => json!({"type": "string"}),
        Kind::Integer => json!({"type": "integer"}),
        Kind::Float => json!({"type": "number"}),
        Kind::Boolean => json!({"type": "boolean"}),
        Kind::Array | Kind::Thread => json!({"type": "array"}),
        Kind::Object if property.properties.is_empty() => json!({"type": "object"}),
        Kind::Object => object_schema(&property.properties),
    };
    if let Some(items) = &property.items {
        schema["items"] = property_schema(items);
    }
    if let Some(description) = &property.description {
        schema["description"] = json!(description);
    }
    if !property.enum_values.is_empty() {
        schema["enum"] = json!(property.enum_values);
    }
    schema
}

/// Reads an `outputs.yaml` by itself: what a prompt declares to answer.
pub fn read_outputs(file: &str, text: &str) -> (Vec<Property>, Vec<Diagnostic>) {
    let mut report = Report::new(file);
    let node = yaml::parse(text, 0, &mut report);
    let outputs = node.map(|node| read_properties("outputs", &node, &mut report));
    (outputs.unwrap_or_default(), report.found)
}

/// Reads `inputs` or `outputs`: a list of properties, or Prompty's map of name to property.
pub(crate) fn read_properties(
    key: &'static str,
    node: &Node,
    report: &mut Report,
) -> Vec<Property> {
    let properties = read_list(key, node, 0, report);
    for (index, property) in properties.iter().enumerate() {
        if properties[..index].iter().any(|p| p.name == property.name) {
            report.error(
                codes::DUPLICATE_PROPERTY,
                last_named(node, &property.name),
                format!("`{key}` has `{}` more than once", property.name),
            );
        }
    }
    properties
}

/// The name of the last entry of a list that has it.
fn last_named(node: &Node, name: &str) -> Span {
    let Yaml::List(items) = &node.value else {
        return node.span;
    };
    let names = items.iter().filter_map(|item| item.get("name"));
    names.rev().find(|node| node.as_str() == Some(name)).map_or(node.span, |node| node.span)
}

fn read_list(key: &'static str, node: &Node, depth: usize, report: &mut Report) -> Vec<Property> {
    if depth > MAX_DEPTH {
        report.error(
            codes::SCHEMA_TOO_DEEP,
            node.span,
            format!("`{key}` is nested more than {MAX_DEPTH} levels deep"),
        );
        return Vec::new();
    }
    match &node.value {
        Yaml::List(items) => {
            items.iter().filter_map(|item| read_property(key, None, item, depth, report)).collect()
        }
        Yaml::Map(entries) if entries.iter().all(|e| matches!(e.node.value, Yaml::Map(_))) => {
            entries
                .iter()
                .filter_map(|entry| {
                    read_property(key, Some(&entry.key), &entry.node, depth, report)
                })
                .collect()
        }
        Yaml::Null => Vec::new(),
        _ => {
            report
                .error(
                    codes::SCHEMA_NOT_A_LIST,
                    node.span,
                    format!("`{key}` must be a list of `{{name, kind}}`"),
                )
                .hint("write each as `- {name: question, kind: string}`");
            Vec::new()
        }
    }
}

fn read_property(
    key: &'static str,
    name: Option<&str>,
    node: &Node,
    depth: usize,
    report: &mut Report,
) -> Option<Property> {
    let mut fields = Fields::open(key, node, report);
    let name = match name {
        Some(name) => Some(name.to_owned()),
        None => fields.string("name", report),
    };
    let Some(name) = name else {
        report.error(
            codes::PROPERTY_WITHOUT_NAME,
            node.span,
            format!("an entry of `{key}` has no name"),
        );
        return None;
    };
    let property = read_body(key, name, fields, depth, report);
    check_name(key, &property, node, depth, report);
    check_default(key, &property, node, report);
    Some(property)
}

fn read_body(
    key: &'static str,
    name: String,
    mut fields: Fields,
    depth: usize,
    report: &mut Report,
) -> Property {
    let kind = read_kind(key, &name, &mut fields, report);
    let enum_values = fields.list("enumValues", report).unwrap_or_default();
    let items = fields.node("items").map(|node| {
        let inner = Fields::open("items", node, report);
        Box::new(read_items(key, inner, depth + 1, report))
    });
    let properties = fields
        .node("properties")
        .map(|node| read_list("properties", node, depth + 1, report))
        .unwrap_or_default();
    let property = Property {
        name,
        kind,
        required: fields.boolean("required", report).unwrap_or(false),
        default: fields.node("default").map(Node::to_json),
        description: fields.string("description", report),
        enum_values: enum_values.iter().map(Node::to_json).collect(),
        items,
        properties,
    };
    // Prompty's own documentation fields; they say nothing to a run.
    fields.node("example");
    fields.node("strict");
    fields.warn_unknown(report);
    property
}

fn read_items(key: &'static str, fields: Fields, depth: usize, report: &mut Report) -> Property {
    if depth > MAX_DEPTH {
        let span = fields.span();
        report.error(
            codes::SCHEMA_TOO_DEEP,
            span,
            format!("`{key}` is nested more than {MAX_DEPTH} levels deep"),
        );
        return Property::text(String::new());
    }
    let mut fields = fields;
    let name = fields.string("name", report).unwrap_or_default();
    read_body(key, name, fields, depth, report)
}

fn read_kind(key: &str, name: &str, fields: &mut Fields, report: &mut Report) -> Kind {
    let place = fields.span();
    let Some(text) = fields.string("kind", report) else {
        return Kind::String;
    };
    Kind::named(&text).unwrap_or_else(|| {
        let span = fields.node("kind").map_or(place, |node| node.span);
        let file = report.file;
        let message = format!("`{name}` of `{key}` has the unknown kind `{text}`");
        let finding = report.error(codes::UNKNOWN_KIND, span, message);
        finding.hint(format!("the kinds are {}", name_list(Kind::ALL.map(|(name, _)| name))));
        if let Some(meant) = meant_kind(&text) {
            let edits = vec![Edit::replace(file, span, meant)];
            finding.fix(Fix::offered(format!("Change to `{meant}`"), edits));
        }
        Kind::String
    })
}

/// A slip of the fingers, or the name another language has for it.
fn meant_kind(text: &str) -> Option<&'static str> {
    match text.to_ascii_lowercase().as_str() {
        "str" | "text" => Some("string"),
        "int" => Some("integer"),
        "bool" => Some("boolean"),
        "double" | "decimal" => Some("float"),
        "list" => Some("array"),
        "dict" | "map" => Some("object"),
        other => closest(other, Kind::ALL.map(|(name, _)| name)),
    }
}

/// Only the names of inputs are used in templates, so only they must be identifiers.
fn check_name(key: &str, property: &Property, node: &Node, depth: usize, report: &mut Report) {
    if key != "inputs" || depth > 0 {
        return;
    }
    let name = &property.name;
    if !crate::template::is_identifier(name) || crate::template::is_reserved(name) {
        let span = node.get("name").map_or(node.span, |node| node.span);
        report
            .error(
                codes::PROPERTY_NAME,
                span,
                format!("a template cannot use an input named `{name}`"),
            )
            .hint("use letters, digits and _, and no word of the template language");
    }
}

fn check_default(key: &str, property: &Property, node: &Node, report: &mut Report) {
    let Some(default) = &property.default else {
        return;
    };
    // Prompty's own samples give a thread the default `{}`, which means no turns.
    let no_turns = property.kind == Kind::Thread && default.as_object().is_some_and(Map::is_empty);
    let listed = property.enum_values.is_empty() || property.enum_values.contains(default);
    if (property.kind.admits(default) && listed) || no_turns {
        return;
    }
    let span = node.get("default").map_or(node.span, |node| node.span);
    report.error(
        codes::DEFAULT_OF_OTHER_KIND,
        span,
        format!(
            "the default of `{}` in `{key}` is not {}",
            property.name,
            if listed {
                format!("of kind {}", property.kind.as_str())
            } else {
                "among its enumValues".to_owned()
            }
        ),
    );
}

impl Property {
    /// An optional text without a default.
    pub(crate) fn text(name: String) -> Self {
        Self::new(name, Kind::String)
    }

    /// One of a kind, with everything else unsaid.
    pub fn new(name: impl Into<String>, kind: Kind) -> Self {
        Self {
            name: name.into(),
            kind,
            required: false,
            default: None,
            description: None,
            enum_values: Vec::new(),
            items: None,
            properties: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::yaml;

    fn read(key: &'static str, text: &str) -> (Vec<Property>, Vec<&'static str>) {
        let mut report = Report::new("inputs.yaml");
        let node = yaml::parse(text, 0, &mut report).unwrap();
        let properties = read_properties(key, &node, &mut report);
        (properties, report.found.iter().map(|d| d.code).collect())
    }

    #[test]
    fn a_list_and_a_map_of_properties_read_the_same() {
        let list =
            read("inputs", "- {name: a, kind: integer, default: 2}\n- {name: b, required: true}\n");
        let map = read("inputs", "a: {kind: integer, default: 2}\nb: {required: true}\n");
        assert_eq!(list, map);
        assert_eq!(list.1, Vec::<&str>::new());
        assert_eq!(list.0[0].default, Some(json!(2)));
    }

    #[test]
    fn findings_name_what_is_wrong_and_the_rest_is_kept() {
        let text = "- {kind: string}\n- {name: a, kind: strin}\n- {name: a}\n- {name: b c}\n- {name: n, kind: integer, default: x}\n- {name: e, enumValues: [x], default: y}\n";
        let (properties, found) = read("inputs", text);
        assert_eq!(properties.len(), 5);
        assert_eq!(
            found,
            [
                codes::PROPERTY_WITHOUT_NAME,
                codes::UNKNOWN_KIND,
                codes::PROPERTY_NAME,
                codes::DEFAULT_OF_OTHER_KIND,
                codes::DEFAULT_OF_OTHER_KIND,
                codes::DUPLICATE_PROPERTY,
            ]
        );
    }

    #[test]
    fn scalar_shorthand_is_refused() {
        assert_eq!(read("inputs", "firstName: Jane\n").1, [codes::SCHEMA_NOT_A_LIST]);
    }

    #[test]
    fn outputs_become_a_json_schema() {
        let (outputs, _) = read(
            "outputs",
            "- {name: category, required: true, enumValues: [a, b]}\n- {name: tags, kind: array, items: {kind: string}}\n- {name: who, kind: object, properties: [{name: age, kind: float, required: true}]}\n",
        );
        assert_eq!(
            json_schema(&outputs),
            json!({
                "type": "object",
                "properties": {
                    "category": {"type": "string", "enum": ["a", "b"]},
                    "tags": {"type": "array", "items": {"type": "string"}},
                    "who": {
                        "type": "object",
                        "properties": {"age": {"type": "number"}},
                        "required": ["age"],
                        "additionalProperties": true
                    }
                },
                "required": ["category"],
                "additionalProperties": true
            })
        );
    }
}
