//! The `options` of a scorer, read by name: what is of the wrong kind, or not known, is a problem of
//! the scorer and never a silent default.

use std::cell::RefCell;

use assay_prompt::ScorerSpec;
use serde_json::{Map, Value};

/// Options, and which of them were asked for.
pub(super) struct Settings<'a> {
    options: &'a Map<String, Value>,
    known: RefCell<Vec<&'static str>>,
}

impl<'a> Settings<'a> {
    pub(super) fn of(spec: &'a ScorerSpec) -> Settings<'a> {
        Settings { options: &spec.options, known: RefCell::default() }
    }

    fn get(&self, name: &'static str) -> Option<&'a Value> {
        self.known.borrow_mut().push(name);
        self.options.get(name).filter(|value| !value.is_null())
    }

    /// `true` or `false`.
    pub(super) fn flag(&self, name: &'static str, default: bool) -> Result<bool, String> {
        match self.get(name) {
            None => Ok(default),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(other) => Err(format!("option `{name}` is true or false, not {other}")),
        }
    }

    /// A number, if it is given.
    pub(super) fn number(&self, name: &'static str) -> Result<Option<f64>, String> {
        let number = |value: &Value| {
            let finite = value.as_f64().filter(|number| number.is_finite());
            finite.ok_or_else(|| format!("option `{name}` is a number, not {value}"))
        };
        self.get(name).map(number).transpose()
    }

    /// A whole number within a range, if it is given.
    pub(super) fn count(
        &self,
        name: &'static str,
        least: u32,
        most: u32,
    ) -> Result<Option<u32>, String> {
        let count = |value: &Value| {
            let whole = value.as_u64().and_then(|count| u32::try_from(count).ok());
            whole.filter(|count| (least..=most).contains(count)).ok_or_else(|| {
                format!("option `{name}` is a whole number from {least} to {most}, not {value}")
            })
        };
        self.get(name).map(count).transpose()
    }

    /// One of a few words, by what it stands for. The first is the default.
    pub(super) fn choice<T: Copy>(
        &self,
        name: &'static str,
        choices: &[(&str, T)],
    ) -> Result<T, String> {
        let names = || choices.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
        let Some(value) = self.get(name) else {
            let first = choices.first().map(|(_, choice)| *choice);
            return first.ok_or_else(|| format!("option `{name}` has no choices"));
        };
        let chosen = choices.iter().find(|(word, _)| value.as_str() == Some(word));
        chosen
            .map(|(_, choice)| *choice)
            .ok_or_else(|| format!("option `{name}` is one of {}, not {value}", names()))
    }

    /// Any text, if it is given.
    pub(super) fn text(&self, name: &'static str) -> Result<Option<&'a str>, String> {
        let text = |value: &'a Value| {
            value.as_str().ok_or_else(|| format!("option `{name}` is a text, not {value}"))
        };
        self.get(name).map(text).transpose()
    }

    /// A list of texts; a single text is a list of one.
    pub(super) fn texts(&self, name: &'static str) -> Result<Vec<String>, String> {
        let wrong = |value: &Value| format!("option `{name}` is a list of texts, not {value}");
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(Value::String(one)) => Ok(vec![one.clone()]),
            Some(value @ Value::Array(items)) => {
                let text = |item: &Value| item.as_str().map(str::to_owned);
                items.iter().map(|item| text(item).ok_or_else(|| wrong(value))).collect()
            }
            Some(other) => Err(wrong(other)),
        }
    }

    /// Refuses what nobody asked for.
    pub(super) fn refuse_others(self) -> Result<(), String> {
        let known = self.known.into_inner();
        let Some(other) = self.options.keys().find(|key| !known.contains(&key.as_str())) else {
            return Ok(());
        };
        match known.as_slice() {
            [] => Err(format!("has no option `{other}`, nor any other")),
            known => Err(format!("has no option `{other}`; known are {}", known.join(", "))),
        }
    }
}
