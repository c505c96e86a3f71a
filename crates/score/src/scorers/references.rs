//! The texts that an output is measured against.

use assay_prompt::{Row, ScorerSpec};
use serde_json::Value;

use super::Stop;
use super::wanted::Wanted;

/// Where reference texts come from.
#[derive(Debug)]
pub(super) enum References {
    /// `value`, and nothing else; or `expected` with the case's `references`.
    Wanted(Wanted),
    /// Neither was written: the case's `references`, and its `expected` when that is text.
    OfCase,
}

impl References {
    pub(super) fn of(spec: &ScorerSpec) -> Result<References, String> {
        match (&spec.value, &spec.expected) {
            (None, None) => Ok(References::OfCase),
            _ => Wanted::of(spec).map(References::Wanted),
        }
    }

    /// The references of a case, at least one, each once. An empty text is a reference as well: an
    /// output that should be empty can be measured.
    pub(super) fn texts(&self, case: &Row) -> Result<Vec<String>, Stop> {
        let mut texts: Vec<String> = Vec::new();
        for text in self.all(case)? {
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        if texts.is_empty() {
            return Err(Stop::CannotJudge(format!(
                "case `{}` has no reference: no `references`, and no text as `expected`",
                case.id
            )));
        }
        Ok(texts)
    }

    fn all(&self, case: &Row) -> Result<Vec<String>, Stop> {
        match self {
            References::Wanted(wanted) => {
                let value = wanted.for_case(case)?;
                let none = || Stop::CannotJudge("needs a text or a list of texts".to_owned());
                let mut texts = texts_of(&value).ok_or_else(none)?;
                if matches!(wanted, Wanted::Expected(_)) {
                    texts.extend(case.references.iter().cloned());
                }
                Ok(texts)
            }
            References::OfCase => {
                let mut texts = case.expected.as_ref().and_then(texts_of).unwrap_or_default();
                texts.extend(case.references.iter().cloned());
                Ok(texts)
            }
        }
    }
}

/// A text, or a list of nothing but texts.
fn texts_of(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(items) => items.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}
