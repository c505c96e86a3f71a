//! Values and maps of them, as short phrases: `temperature 0 -> 0.2`, `seed set to 7`.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value};

/// How many characters of a value are shown.
const SHOWN: usize = 40;

/// What differs between two maps, key by key.
pub(super) fn maps(old: &Map<String, Value>, new: &Map<String, Value>) -> Vec<String> {
    let keys: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    keys.into_iter().filter_map(|key| value(key, old.get(key), new.get(key))).collect()
}

/// What differs between two records, field by field, but for where they stand in their files.
pub(super) fn records<T: Serialize>(old: &T, new: &T) -> Vec<String> {
    maps(&fields(old), &fields(new))
}

fn fields<T: Serialize>(record: &T) -> Map<String, Value> {
    let mut named = Map::new();
    // A record that is no map, or fails to serialize, differs in nothing that could be named.
    let Ok(Value::Object(fields)) = serde_json::to_value(record) else {
        return named;
    };
    for (name, value) in fields {
        match value {
            // Keys that stand beside the record's own in its file.
            Value::Object(inner) if matches!(name.as_str(), "options" | "extra") => {
                named.extend(inner);
            }
            value if is_nothing(&value) || name.to_ascii_lowercase().ends_with("span") => {}
            value => {
                named.insert(name.replace('_', " "), value);
            }
        }
    }
    named
}

/// A field that its file does not hold: absent and empty are the same in a record.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(values) => values.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

/// What differs in one named value.
pub(super) fn value(name: &str, old: Option<&Value>, new: Option<&Value>) -> Option<String> {
    match (old, new) {
        (Some(old), Some(new)) if old != new => {
            Some(format!("{name} {} -> {}", short(old), short(new)))
        }
        (None, Some(new)) => Some(format!("{name} set to {}", short(new))),
        (Some(old), None) => Some(format!("{name} removed (was {})", short(old))),
        _ => None,
    }
}

/// What differs in one named text.
pub(super) fn text(name: &str, old: Option<&str>, new: Option<&str>) -> Option<String> {
    let wrap = |text: Option<&str>| text.map(|text| Value::String(text.to_owned()));
    value(name, wrap(old).as_ref(), wrap(new).as_ref())
}

/// A value on one line, cut when it is long.
fn short(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.split_whitespace().collect::<Vec<_>>().join(" "),
        // 2 and 2.0 are the same number to whoever wrote it.
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => float.to_string(),
            _ => number.to_string(),
        },
        other => other.to_string(),
    };
    if text.chars().count() <= SHOWN {
        return text;
    }
    let kept: String = text.chars().take(SHOWN - 1).collect();
    format!("{kept}…")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(old: Value, new: Value, expected: &[&str]) {
        let map = |value: &Value| value.as_object().cloned().unwrap_or_default();
        assert_eq!(maps(&map(&old), &map(&new)), expected);
    }

    #[test]
    fn each_key_is_told_once() {
        check(
            json!({"temperature": 0, "seed": 7, "topP": 1}),
            json!({"temperature": 0.2, "stop": ["a"], "topP": 1}),
            &["seed removed (was 7)", "stop set to [\"a\"]", "temperature 0 -> 0.2"],
        );
    }

    #[test]
    fn long_values_are_cut_and_kept_on_one_line() {
        let long = "word\n".repeat(20);
        check(
            json!({}),
            json!({"rubric": long}),
            &["rubric set to word word word word word word word word…"],
        );
    }
}
