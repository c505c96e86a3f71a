//! `equals`: the output, or a part of it, is the wanted value.

use assay_prompt::ScorerSpec;
use serde_json::{Number, Value};

use super::answer::{Answer, Place, plain, quote};
use super::wanted::Wanted;
use super::{Check, Compiled, Fact, Stop};
use crate::Subject;

/// `equals`: is the output this value?
///
/// *Definition.* With `path`, the part of the output there is compared with the wanted value. Without,
/// the whole output is: as text when a text is wanted, else as JSON. Texts are equal when they are
/// the same without the blanks around them; numbers when they are numerically equal (`1` and `1.0`);
/// objects whatever the order of their keys; lists in order. A wanted `null` also matches a part
/// that is not there.
///
/// *Range* 1 or 0, higher is better. *Defaults*: all of the case's `expected` is wanted.
///
/// *Misleads* when there are several right answers, when upper and lower case should not matter, and
/// for a path with several matches: one match is compared by itself, more as a list.
pub(super) fn equals(spec: &ScorerSpec) -> Compiled {
    let path = Place::of(spec.path.as_deref())?;
    Ok(Box::new(Equals { path, wanted: Wanted::of(spec)? }))
}

#[derive(Debug)]
struct Equals {
    path: Option<Place>,
    wanted: Wanted,
}

impl Check for Equals {
    fn find(&self, subject: &Subject, answer: &Answer) -> Result<Fact, Stop> {
        let wanted = self.wanted.for_case(subject.case)?;
        let found = match (&self.path, &wanted) {
            (Some(path), _) => match answer.value_at(path)? {
                Some(found) => found,
                None if wanted.is_null() => return Ok(absent(path)),
                None => return Err(missing(path, &wanted)),
            },
            (None, Value::String(_)) => Value::String(answer.text().to_owned()),
            (None, _) => answer.json()?.clone(),
        };
        Ok(compare(&found, &wanted))
    }
}

fn absent(path: &Place) -> Fact {
    Fact::plain(true, format!("has nothing at `{}`, as wanted", path.source))
}

fn missing(path: &Place, wanted: &Value) -> Stop {
    Stop::Unreadable(format!("the output has nothing at `{}`, not {}", path.source, show(wanted)))
}

fn compare(found: &Value, wanted: &Value) -> Fact {
    if equal(found, wanted) {
        return Fact::plain(true, format!("is {}", show(wanted)));
    }
    let (left, right) = (show(found), show(wanted));
    let text = if left == right {
        format!("{left} ({}) is not {right} ({})", kind(found), kind(wanted))
    } else {
        format!("{left} is not {right}")
    };
    Fact::plain(false, text)
}

fn show(value: &Value) -> String {
    quote(&plain(value))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Whether two values are the same, as `equals` has it.
pub(super) fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::String(left), Value::String(right)) => left.trim() == right.trim(),
        (Value::Number(left), Value::Number(right)) => same_number(left, right),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left.iter().zip(right).all(|(left, right)| equal(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(key, value)| right.get(key).is_some_and(|other| equal(value, other)))
        }
        _ => left == right,
    }
}

/// Whole numbers exactly, beyond what a float can hold; others as floats.
fn same_number(left: &Number, right: &Number) -> bool {
    let whole =
        |number: &Number| number.as_i64().map(i128::from).or(number.as_u64().map(i128::from));
    match (whole(left), whole(right)) {
        (Some(left), Some(right)) => left == right,
        _ => left.as_f64() == right.as_f64(),
    }
}
