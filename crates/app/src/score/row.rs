//! A row with an output: `{"id", "output", "expected", "references", "contexts", …}`.
//!
//! `hyp` and `refs` are other names of `output` and `references`, as files of reference values have.

use assay_prompt::Row;
use assay_score::{Resources, Subject, ToolCall};
use serde_json::{Map, Value};

/// A case and what a model made of it.
pub(super) struct OutputRow {
    pub(super) case: Row,
    /// Nothing where the call failed.
    pub(super) output: Option<String>,
    latency_ms: Option<u64>,
    cost: Option<f64>,
    finish: Option<String>,
    tool_calls: Option<Vec<ToolCall>>,
}

impl OutputRow {
    /// Reads a line; nothing where it is about the file, as the first one of a file of reference
    /// values is.
    pub(super) fn parse(line: &str) -> Result<Option<OutputRow>, String> {
        let value: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
        let Value::Object(mut fields) = value else {
            return Err("a row is an object".to_owned());
        };
        if fields.contains_key("_meta") {
            return Ok(None);
        }
        let mut fields = Fields(&mut fields);
        let output = fields.either("output", "hyp").ok_or("the row has no `output`")?;
        Ok(Some(OutputRow {
            output: match output {
                Value::Null => None,
                Value::String(text) => Some(text),
                other => Some(other.to_string()),
            },
            latency_ms: fields.read(
                "latencyMs",
                "a whole number of milliseconds",
                Value::as_u64,
            )?,
            cost: fields.read("cost", "a number of US dollars", Value::as_f64)?,
            finish: fields.read("finish", "a text", text)?,
            tool_calls: fields.read("toolCalls", "a list of {name, arguments}", |calls| {
                serde_json::from_value(calls.clone()).ok()
            })?,
            case: Row {
                id: fields.read("id", "a text", id)?.unwrap_or_default(),
                input: fields
                    .read("input", "an object", |value| value.as_object().cloned())?
                    .unwrap_or_default(),
                expected: fields.0.remove("expected").filter(|expected| !expected.is_null()),
                references: fields.texts("references", "refs")?,
                contexts: fields.texts("contexts", "contexts")?,
                tags: fields.texts("tags", "tags")?,
                group: fields.read("group", "a text", id)?,
                extra: std::mem::take(fields.0),
                ..Row::default()
            },
        }))
    }

    /// What scorers see; nothing where there is no output.
    pub(super) fn subject<'a>(&'a self, resources: &'a Resources) -> Option<Subject<'a>> {
        Some(Subject {
            latency_ms: self.latency_ms,
            cost: self.cost,
            finish: self.finish.as_deref(),
            tool_calls: self.tool_calls.as_deref(),
            resources,
            ..Subject::new(self.output.as_deref()?, &self.case)
        })
    }
}

struct Fields<'a>(&'a mut Map<String, Value>);

impl Fields<'_> {
    fn either(&mut self, name: &str, other: &str) -> Option<Value> {
        self.0.remove(name).or_else(|| self.0.remove(other))
    }

    /// A field of one kind; absent and null are the same.
    fn read<T>(
        &mut self,
        name: &str,
        kind: &str,
        get: impl Fn(&Value) -> Option<T>,
    ) -> Result<Option<T>, String> {
        match self.0.remove(name).filter(|value| !value.is_null()) {
            None => Ok(None),
            Some(value) => match get(&value) {
                Some(got) => Ok(Some(got)),
                None => Err(format!("`{name}` is {kind}")),
            },
        }
    }

    /// A list of texts; a single text is a list of one.
    fn texts(&mut self, name: &str, other: &str) -> Result<Vec<String>, String> {
        let wrong = || format!("`{name}` is a list of texts");
        match self.either(name, other) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::String(one)) => Ok(vec![one]),
            Some(Value::Array(items)) => {
                items.iter().map(|item| text(item).ok_or_else(wrong)).collect()
            }
            Some(_) => Err(wrong()),
        }
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// Ids are often numbers in files of others.
fn id(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn rows_may_be_written_as_reference_files_have_them() {
        let row = OutputRow::parse(r#"{"id":7,"hyp":"a","refs":["b","c"]}"#).unwrap().unwrap();
        assert_eq!((row.case.id.as_str(), row.output.as_deref()), ("7", Some("a")));
        assert_eq!(row.case.references, ["b", "c"]);
    }

    #[test]
    fn a_row_of_the_wrong_shape_is_told_and_a_failed_call_is_no_output() {
        let problem = |line: &str| OutputRow::parse(line).err().unwrap();
        assert_eq!(problem("[1]"), "a row is an object");
        assert_eq!(problem(r#"{"id":"x"}"#), "the row has no `output`");
        assert_eq!(problem(r#"{"output":"","references":[1]}"#), "`references` is a list of texts");
        assert_eq!(
            problem(r#"{"output":"","latencyMs":-1}"#),
            "`latencyMs` is a whole number of milliseconds"
        );
        assert!(OutputRow::parse(r#"{"_meta":{}}"#).unwrap().is_none());
        let failed = OutputRow::parse(r#"{"output":null}"#).unwrap().unwrap();
        assert!(failed.subject(Resources::NONE).is_none());
    }
}
