//! How an endpoint of one's own is spoken to, as JSON text that can be changed field by field.
//!
//! The text is the truth; a field of the form is a place in it. The application judges the whole when it is saved.

use serde_json::{Map, Value};

/// What a declaration begins with: the smallest that works.
pub const STARTING_POINT: &str = r#"{
  "path": "",
  "request": {
    "prompt": "{{prompt}}"
  },
  "output": "/text"
}"#;

/// A field of a declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Declared {
    /// What comes below the address.
    Path,
    /// The body, a template.
    Request,
    /// Where the text is in a reply.
    Output,
    /// Where the text is in an event of a stream.
    Delta,
    /// Where the reason is for which the model stopped.
    Finish,
    /// The payload that closes a stream.
    ClosingMark,
    /// Where the tokens read are counted.
    UsageInput,
    /// Where the tokens written are counted.
    UsageOutput,
    /// Where the tokens read from a cache are counted.
    UsageCached,
    /// Headers of every request.
    Headers,
}

impl Declared {
    /// Where it is in the declaration.
    fn keys(self) -> &'static [&'static str] {
        match self {
            Declared::Path => &["path"],
            Declared::Request => &["request"],
            Declared::Output => &["output"],
            Declared::Delta => &["delta"],
            Declared::Finish => &["finish"],
            Declared::ClosingMark => &["closing_mark"],
            Declared::UsageInput => &["usage", "input"],
            Declared::UsageOutput => &["usage", "output"],
            Declared::UsageCached => &["usage", "cached"],
            Declared::Headers => &["headers"],
        }
    }

    /// What the text says of it, as its field shows it; empty where it says nothing, or cannot be read.
    pub fn of(self, text: &str) -> String {
        let Ok(declaration) = read(text) else { return String::new() };
        let mut found = Some(&declaration);
        for key in self.keys() {
            found = found.and_then(|object| object.get(key));
        }
        match (self, found) {
            (_, None | Some(Value::Null)) => String::new(),
            (Declared::Headers, Some(Value::Object(headers))) => header_lines(headers),
            (Declared::Request, Some(body)) => pretty(body),
            (_, Some(Value::String(text))) => text.clone(),
            (_, Some(other)) => other.to_string(),
        }
    }

    fn value(self, typed: &str) -> Result<Option<Value>, String> {
        match self {
            Declared::Request => {
                let body =
                    serde_json::from_str(typed).map_err(|e| format!("This is no JSON: {e}"))?;
                Ok(Some(body))
            }
            Declared::Headers => headers(typed),
            _ => Ok(Some(typed.trim()).filter(|text| !text.is_empty()).map(Value::from)),
        }
    }
}

/// The text with a field as typed.
///
/// # Errors
/// What is wrong with what is typed, or with the text around it.
pub fn with(text: &str, field: Declared, typed: &str) -> Result<String, String> {
    let mut declaration = read(text)?;
    let value = field.value(typed)?;
    let (last, parents) = field.keys().split_last().ok_or("There is no such field")?;
    let mut object = &mut declaration;
    for key in parents {
        let inner = object.as_object_mut().ok_or("It must be an object")?;
        object = inner.entry(*key).or_insert_with(|| Value::Object(Map::new()));
    }
    let object = object
        .as_object_mut()
        .ok_or_else(|| format!("`{}` must be an object", parents.join(".")))?;
    match value {
        Some(value) => drop(object.insert((*last).to_owned(), value)),
        None => drop(object.remove(*last)),
    }
    Ok(pretty(&declaration))
}

/// Why the text cannot be read; `None` where it can.
pub fn objection(text: &str) -> Option<String> {
    read(text).err()
}

fn read(text: &str) -> Result<Value, String> {
    let read: Value =
        serde_json::from_str(text).map_err(|e| format!("The JSON cannot be read: {e}"))?;
    if read.is_object() { Ok(read) } else { Err("The JSON must be an object".to_owned()) }
}

fn pretty(value: &Value) -> String {
    // A value that was read or built here can always be written.
    serde_json::to_string_pretty(value).unwrap_or_default()
}

fn header_lines(headers: &Map<String, Value>) -> String {
    let line = |(name, value): (&String, &Value)| match value {
        Value::String(text) => format!("{name}: {text}"),
        other => format!("{name}: {other}"),
    };
    headers.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn headers(typed: &str) -> Result<Option<Value>, String> {
    let mut headers = Map::new();
    for line in typed.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, value) = line
            .split_once(':')
            .ok_or_else(|| format!("“{line}” is no header, such as x-tenant: us"))?;
        headers.insert(name.trim().to_owned(), Value::from(value.trim()));
    }
    Ok((!headers.is_empty()).then_some(Value::Object(headers)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_a_place_in_the_text() {
        assert_eq!(Declared::Output.of(STARTING_POINT), "/text");
        let text = with(STARTING_POINT, Declared::UsageInput, " /tokens/in ").expect("fits");
        assert_eq!(Declared::UsageInput.of(&text), "/tokens/in");
        assert_eq!(Declared::Output.of(&text), "/text", "the rest stays");
        let without = with(&text, Declared::UsageInput, "").expect("fits");
        assert_eq!(Declared::UsageInput.of(&without), "");
    }

    #[test]
    fn a_request_that_is_no_json_is_refused_and_changes_nothing() {
        let why = with(STARTING_POINT, Declared::Request, "{").expect_err("is no JSON");
        assert!(why.contains("JSON"), "{why}");
        let text = with(STARTING_POINT, Declared::Request, r#"["{{prompt}}"]"#).expect("any JSON");
        assert!(Declared::Request.of(&text).contains("{{prompt}}"));
    }

    #[test]
    fn headers_are_a_line_each() {
        let text =
            with(STARTING_POINT, Declared::Headers, "x-tenant: us\n\n x-app:a:b").expect("fits");
        let shown = Declared::Headers.of(&text);
        let lines: std::collections::BTreeSet<_> = shown.lines().collect();
        assert_eq!(lines, ["x-app: a:b", "x-tenant: us"].into());
        assert!(with(STARTING_POINT, Declared::Headers, "nothing").is_err());
    }

    #[test]
    fn a_text_that_cannot_be_read_says_so_in_every_field() {
        assert_eq!(objection(STARTING_POINT), None);
        assert!(objection("[]").is_some() && objection("{").is_some());
        assert_eq!(Declared::Output.of("{"), "");
        assert!(with("{", Declared::Output, "/text").is_err());
        assert!(with(r#"{"usage": 1}"#, Declared::UsageInput, "/a").is_err());
    }
}
