//! What an output is compared with: a literal of `evals.yaml`, or a part of the case's `expected`.

use assay_prompt::{Row, ScorerSpec};
use serde_json::{Map, Value};

use super::Stop;
use super::answer::{Place, plain};

/// Where the value to compare with comes from.
#[derive(Debug)]
pub(super) enum Wanted {
    /// `value`, whose texts may name inputs of the case: `Dear {{ name }}`.
    Literal(Value),
    /// `expected`, a path into the case's `expected`.
    Expected(Place),
}

impl Wanted {
    /// Reads `value` or `expected`; with neither, all of the case's `expected`.
    pub(super) fn of(spec: &ScorerSpec) -> Result<Wanted, String> {
        match (&spec.value, &spec.expected) {
            (Some(_), Some(_)) => {
                Err("has `value` and `expected`; only one can be wanted".to_owned())
            }
            (Some(value), None) => Ok(Wanted::Literal(value.clone())),
            (None, path) => Place::parse(path.as_deref().unwrap_or("$")).map(Wanted::Expected),
        }
    }

    /// The value for this case.
    pub(super) fn for_case(&self, case: &Row) -> Result<Value, Stop> {
        match self {
            Wanted::Literal(value) => filled(value, &case.input).map_err(Stop::CannotJudge),
            Wanted::Expected(place) => expected(place, case),
        }
    }

    /// The value for this case as a list of texts; a single text is a list of one.
    pub(super) fn texts(&self, case: &Row) -> Result<Vec<String>, Stop> {
        let texts: Vec<String> = match self.for_case(case)? {
            Value::Array(values) => values.iter().map(plain).collect(),
            Value::Object(_) => {
                return Err(Stop::CannotJudge(
                    "needs a text or a list of texts, not an object".to_owned(),
                ));
            }
            single => vec![plain(&single)],
        };
        if texts.iter().all(String::is_empty) {
            return Err(Stop::CannotJudge("has no text to look for".to_owned()));
        }
        Ok(texts)
    }
}

fn expected(place: &Place, case: &Row) -> Result<Value, Stop> {
    let Some(expected) = &case.expected else {
        return Err(Stop::CannotJudge(format!("case `{}` has no `expected`", case.id)));
    };
    place.select(expected).ok_or_else(|| {
        Stop::CannotJudge(format!("case `{}` expects nothing at `{}`", case.id, place.source))
    })
}

/// The literal with every `{{ name }}` replaced by that input.
///
/// Names only: no filters, no blocks, and no second look at what was put in. Anything else between
/// braces stays as it is.
fn filled(value: &Value, input: &Map<String, Value>) -> Result<Value, String> {
    Ok(match value {
        Value::String(text) => Value::String(filled_text(text, input)?),
        Value::Array(values) => {
            Value::Array(values.iter().map(|value| filled(value, input)).collect::<Result<_, _>>()?)
        }
        Value::Object(fields) => {
            let fill = |(key, value): (&String, &Value)| Ok((key.clone(), filled(value, input)?));
            Value::Object(fields.iter().map(fill).collect::<Result<_, String>>()?)
        }
        other => other.clone(),
    })
}

/// A text with every `{{ name }}` replaced by that input.
pub(crate) fn filled_text(text: &str, input: &Map<String, Value>) -> Result<String, String> {
    let filled = pieces(text).map(|piece| match piece {
        Piece::Text(text) => Ok(text.to_owned()),
        Piece::Name(name) => input_of(name, input),
    });
    filled.collect()
}

/// A part of a text with places for inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece<'t> {
    /// As it is written.
    Text(&'t str),
    /// The place of the input of this name.
    Name(&'t str),
}

/// A text, cut at every `{{ name }}`. Each byte is looked at once, however many braces stand open.
pub(crate) fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    text.split("{{").enumerate().flat_map(|(place, part)| {
        let named = part.split_once("}}").map(|(name, after)| (name.trim(), after));
        match named.filter(|(name, _)| place > 0 && is_name(name)) {
            Some((name, after)) => [Piece::Name(name), Piece::Text(after)],
            None => [Piece::Text(if place > 0 { "{{" } else { "" }), Piece::Text(part)],
        }
    })
}

/// An input of a case as text.
pub(crate) fn input_of(name: &str, input: &Map<String, Value>) -> Result<String, String> {
    input.get(name).map(plain).ok_or_else(|| format!("the case has no input `{name}`"))
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn check(text: &str, expected: &str) {
        let input = serde_json::json!({"a": "1", "b": [2]});
        assert_eq!(filled_text(text, input.as_object().unwrap()).unwrap(), expected, "{text}");
    }

    #[test]
    fn names_of_inputs_are_replaced_and_all_other_braces_stay() {
        check("{{a}} and {{ b }}", "1 and [2]");
        check("{{ {{ a }} }}", "{{ 1 }}");
        check("{{{a}}}", "{{{a}}}");
        check("{{{{a}}", "{{1");
        check("a}} {{ a", "a}} {{ a");
        check("", "");
        assert!(filled_text("{{ c }}", &Map::new()).unwrap_err().contains("no input `c`"));
    }
}
