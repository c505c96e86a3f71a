//! Scorers of the output's form: `json`, `json-schema` and `contains-json`.

use assay_prompt::{Property, ScorerSpec};
use jsonschema::{PatternOptions, Validator};
use serde_json::Value;

use super::answer::{Answer, Place, quote};
use super::{Check, Compiled, Fact, Stop};
use crate::Subject;

/// `json`: is the output JSON?
///
/// *Definition.* The output without the blanks around it is one JSON text, or one code fence that
/// holds a JSON text; the reason says which.
///
/// *Range* 1 or 0, higher is better. *Defaults*: none needed.
///
/// *Misleads* when the fields matter: `7` is JSON. And a program that reads the output may not take
/// off the fence.
pub(super) fn json() -> Compiled {
    Ok(Box::new(Json))
}

#[derive(Debug)]
struct Json;

impl Check for Json {
    fn find(&self, _: &Subject, answer: &Answer) -> Result<Fact, Stop> {
        Ok(match answer.json() {
            Ok(_) if answer.is_fenced() => Fact::plain(true, "is JSON, in a code fence".to_owned()),
            Ok(_) => Fact::plain(true, "is JSON".to_owned()),
            // Here this is the fact that was asked for, so negation may use it.
            Err(Stop::Unreadable(reason)) => Fact::plain(false, reason),
            Err(stop) => return Err(stop),
        })
    }
}

/// `json-schema`: is the output JSON of this shape?
///
/// *Definition.* The output, or the part at `path`, is valid against a JSON Schema (draft 2020-12
/// unless `$schema` names another): the one made of the prompt's declared outputs, or one written
/// as `value`. Formats are annotations and are not checked. References to other documents are
/// refused, and patterns may not look around or back.
///
/// *Range* 1 or 0, higher is better. *Defaults*: `schema: outputs`.
///
/// *Misleads* about content: a wrong answer of the right shape passes. Properties that are not
/// declared are allowed.
pub(super) fn json_schema(spec: &ScorerSpec, outputs: &[Property]) -> Compiled {
    let path = Place::of(spec.path.as_deref())?;
    let validator = validator(&schema(spec, outputs)?)?;
    Ok(Box::new(Schema { path, validator }))
}

fn validator(schema: &Value) -> Result<Validator, String> {
    jsonschema::options()
        .offline()
        .with_pattern_options(PatternOptions::regex())
        .build(schema)
        .map_err(|error| format!("the schema can't be used: {error}"))
}

/// `contains-json`: is there JSON in the output?
///
/// *Definition.* Somewhere in the output stands an object or a list in JSON; with `schema: outputs`,
/// or a schema as `value`, one that is valid against it.
///
/// *Range* 1 or 0, higher is better. *Defaults*: no schema.
///
/// *Misleads* when a program reads the output, which wants JSON alone: use `json`. And `[1]` in a
/// sentence is JSON. Not judged where more than a thousand places could begin one.
pub(super) fn contains_json(spec: &ScorerSpec, outputs: &[Property]) -> Compiled {
    let wanted = spec.schema.is_some() || spec.value.is_some();
    let validator = match wanted {
        true => Some(validator(&schema(spec, outputs)?)?),
        false => None,
    };
    Ok(Box::new(ContainsJson { path: Place::of(spec.path.as_deref())?, validator }))
}

#[derive(Debug)]
struct ContainsJson {
    path: Option<Place>,
    validator: Option<Validator>,
}

impl ContainsJson {
    /// So many places where JSON may begin are tried.
    const MOST_TRIES: usize = 1_000;

    fn accepts(&self, value: &Value) -> bool {
        self.validator.as_ref().is_none_or(|validator| validator.is_valid(value))
    }
}

impl Check for ContainsJson {
    fn find(&self, _: &Subject, answer: &Answer) -> Result<Fact, Stop> {
        let text = answer.text_at(self.path.as_ref())?;
        let mut rest = text.as_str();
        let mut others = 0;
        for _ in 0..Self::MOST_TRIES {
            let Some(start) = rest.find(['{', '[']) else {
                return Ok(Fact::plain(false, absent(others)));
            };
            rest = &rest[start..];
            let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
            match values.next() {
                Some(Ok(value)) if self.accepts(&value) => {
                    return Ok(Fact::plain(true, "contains JSON".to_owned()));
                }
                Some(Ok(_)) => others += 1,
                _ => {}
            }
            // What stands inside a value of another shape may be of the right one.
            rest = &rest[1..];
        }
        Err(Stop::CannotJudge("has too many places where JSON may begin".to_owned()))
    }
}

fn absent(others: usize) -> String {
    match others {
        0 => "contains no JSON".to_owned(),
        _ => "contains JSON, but none of the declared shape".to_owned(),
    }
}

fn schema(spec: &ScorerSpec, outputs: &[Property]) -> Result<Value, String> {
    match (spec.schema.as_deref(), &spec.value) {
        (Some(_), Some(_)) => Err("has `schema` and `value`; only one can be meant".to_owned()),
        (None, Some(schema @ (Value::Object(_) | Value::Bool(_)))) => Ok(schema.clone()),
        (None, Some(_)) => Err("`value` is not a schema; a schema is an object".to_owned()),
        (None | Some("outputs"), None) if outputs.is_empty() => {
            Err("the prompt declares no outputs to check against".to_owned())
        }
        (None | Some("outputs"), None) => Ok(assay_prompt::json_schema(outputs)),
        (Some(name), None) => Err(format!("unknown schema `{name}`; known is outputs")),
    }
}

#[derive(Debug)]
struct Schema {
    path: Option<Place>,
    validator: Validator,
}

impl Check for Schema {
    fn find(&self, _: &Subject, answer: &Answer) -> Result<Fact, Stop> {
        let part;
        let value = match &self.path {
            None => answer.json()?,
            Some(place) => {
                let nothing = || format!("the output has nothing at `{}`", place.source);
                part = answer.value_at(place)?.ok_or_else(|| Stop::Unreadable(nothing()))?;
                &part
            }
        };
        let mut errors = self.validator.iter_errors(value);
        let Some(first) = errors.next() else {
            return Ok(Fact::plain(true, "has the declared shape".to_owned()));
        };
        let place = match first.instance_path().as_str() {
            "" => String::new(),
            place => format!("at {}: ", quote(place)),
        };
        let more = match errors.count() {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        Ok(Fact::plain(false, format!("{place}{}{more}", shortened(&first.to_string()))))
    }
}

/// A message that quotes the whole output would repeat what stands beside it.
fn shortened(message: &str) -> String {
    const LONGEST: usize = 200;
    match message.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &message[..end]),
        None => message.to_owned(),
    }
}
