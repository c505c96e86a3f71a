//! Model options under Prompty's names, and how several layers of them merge.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Options of a model call: `temperature`, `maxOutputTokens`, `topP`, `seed`, `stopSequences`, …
///
/// Unknown names are kept: a provider may know them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Options(pub Map<String, Value>);

impl Options {
    /// These options with every key of `over` laid on top.
    #[must_use]
    pub fn merged(&self, over: &Options) -> Options {
        let mut merged = self.0.clone();
        for (key, value) in &over.0 {
            merged.insert(key.clone(), value.clone());
        }
        Options(merged)
    }

    /// A number, or nothing when the key is absent or holds something else.
    pub fn number(&self, key: &str) -> Option<f64> {
        self.0.get(key)?.as_f64()
    }

    /// A whole number of zero or more; `200.0` counts.
    pub fn integer(&self, key: &str) -> Option<u64> {
        let value = self.0.get(key)?;
        let whole = |number: f64| (number >= 0.0 && number.fract() == 0.0).then_some(number as u64);
        value.as_u64().or_else(|| value.as_f64().and_then(whole))
    }

    /// A list of strings; a single string counts as a list of one.
    pub fn strings(&self, key: &str) -> Vec<String> {
        match self.0.get(key) {
            Some(Value::String(one)) => vec![one.clone()],
            Some(Value::Array(items)) => {
                items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
            }
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use serde_json::json;

    fn options(value: Value) -> Options {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn later_layers_win_key_by_key() {
        let base = options(json!({"temperature": 0, "seed": 1}));
        let merged = base.merged(&options(json!({"temperature": 1, "topP": 0.5})));
        assert_eq!(merged, options(json!({"temperature": 1, "seed": 1, "topP": 0.5})));
    }

    #[test]
    fn values_of_other_types_read_as_absent() {
        let it = options(
            json!({"seed": -1, "topP": "high", "maxOutputTokens": 200.0, "stopSequences": "END"}),
        );
        assert_eq!(it.integer("seed"), None);
        assert_eq!(it.number("topP"), None);
        assert_eq!(it.integer("maxOutputTokens"), Some(200));
        assert_eq!(it.strings("stopSequences"), ["END"]);
    }
}
