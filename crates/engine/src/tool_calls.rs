//! Tool calls as an output: what is stored, shown, compared and scored when a model asks for tools and says nothing.
//!
//! `[{"name":"get_weather","arguments":{"city":"Paris"}}]`: compact JSON, one object a call in the model's order, the
//! arguments' keys sorted, so that equal calls are equal texts. The ids of calls, which servers make up anew each time,
//! stand in the response only. Arguments that are not JSON stay the text that they are.

use assay_model::{Reply, ToolCall};
use serde_json::{Map, Value, json};

/// The output of a reply: its text, or its calls where there is none.
pub(crate) fn output(reply: &mut Reply) -> String {
    if reply.text.trim().is_empty() && !reply.tool_calls.is_empty() {
        canonical(&reply.tool_calls)
    } else {
        std::mem::take(&mut reply.text)
    }
}

fn canonical(calls: &[ToolCall]) -> String {
    let calls: Vec<Value> = calls
        .iter()
        .map(|call| json!({"name": call.name, "arguments": arguments(&call.arguments)}))
        .collect();
    Value::Array(calls).to_string()
}

/// The calls in an output that consists of them; nothing where the model said something, as its calls
/// are not in the output then.
pub(crate) fn of(output: &str, finish: &str) -> Option<Vec<assay_score::ToolCall>> {
    (finish == "tool_calls").then(|| serde_json::from_str(output).ok())?
}

/// JSON is read no deeper than its parser goes, so sorting ends.
fn arguments(text: &str) -> Value {
    match text.trim() {
        "" => json!({}),
        text => serde_json::from_str(text).map_or_else(|_| json!(text), sorted),
    }
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.into_iter().collect();
            fields.sort_by(|a, b| a.0.cmp(&b.0));
            let fields = fields.into_iter().map(|(name, value)| (name, sorted(value)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(id: &str, arguments: &str) -> ToolCall {
        ToolCall {
            id: id.into(),
            name: "f".into(),
            arguments: arguments.into(),
            ..ToolCall::default()
        }
    }

    #[test]
    fn equal_calls_are_equal_texts_whatever_their_ids_and_the_order_of_their_arguments() {
        let one = canonical(&[call("a", r#"{"b": 1, "a": [{"d": 2, "c": 1.5}]}"#)]);
        let other = canonical(&[call("z", r#"{"a":[{"c":1.5,"d":2}],"b":1}"#)]);
        assert_eq!(one, r#"[{"name":"f","arguments":{"a":[{"c":1.5,"d":2}],"b":1}}]"#);
        assert_eq!(one, other);
    }

    #[test]
    fn arguments_that_are_no_json_stay_text_and_none_are_an_empty_object() {
        let texts = canonical(&[call("a", "{\"city\": \"Par"), call("b", " ")]);
        assert_eq!(
            texts,
            r#"[{"name":"f","arguments":"{\"city\": \"Par"},{"name":"f","arguments":{}}]"#
        );
    }
}
