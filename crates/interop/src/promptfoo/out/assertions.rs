//! Scorers as the assertions of each test.

use std::collections::BTreeSet;

use assay_prompt::{Prompt, Row, ScorerSpec, json_schema};
use serde_json::{Map, Value, json};

use super::super::assertion::{TYPES, type_there};
use super::super::{providers, transform};
use crate::Notes;

/// The scorers of a prompt, for one row after the other.
pub(super) struct Assertions<'p> {
    prompt: &'p Prompt,
    /// What could not be said.
    pub notes: &'p mut Notes,
    noted: BTreeSet<String>,
}

/// What a scorer becomes for one row.
struct Assertion {
    kind: String,
    value: Option<Value>,
    threshold: Option<f64>,
    /// Assertions that only together mean the same.
    set: Vec<Value>,
    negate: bool,
}

impl Assertion {
    fn of(kind: &str, value: Option<Value>) -> Self {
        let kind = kind.to_owned();
        Self { kind, value, threshold: None, set: Vec::new(), negate: false }
    }
}

impl<'p> Assertions<'p> {
    pub fn of(prompt: &'p Prompt, notes: &'p mut Notes) -> Self {
        Self { prompt, notes, noted: BTreeSet::new() }
    }

    /// The assertions of the scorers that look at this row.
    pub fn for_row(&mut self, row: &Row) -> Vec<Value> {
        let prompt = self.prompt;
        let looks = |scorer: &&ScorerSpec| {
            scorer.tags.is_empty() || scorer.tags.iter().any(|tag| row.tags.contains(tag))
        };
        prompt.evals.scorers.iter().filter(looks).filter_map(|s| self.assertion(s, row)).collect()
    }

    /// Says once what is wrong with a scorer.
    fn leave(&mut self, scorer: &ScorerSpec, why: &str) -> Option<Value> {
        if self.noted.insert(scorer.id.clone()) {
            self.notes.left_out("evals.yaml", format!("scorer {}", scorer.id), why);
        }
        None
    }

    fn assertion(&mut self, scorer: &ScorerSpec, row: &Row) -> Option<Value> {
        let wanted = match self.wanted(scorer, row) {
            Ok(wanted) => wanted,
            Err(why) => return self.leave(scorer, why),
        };
        let Some(mut said) = self.of_kind(scorer, wanted) else {
            return self.leave(scorer, "promptfoo has no assertion that means this");
        };
        let null = said.value == Some(Value::Null);
        let write = if null { transform::code_or_null } else { transform::code };
        let code = match scorer.path.as_deref().map(write) {
            Some(None) => return self.leave(scorer, "its path is more than names and places"),
            Some(code) => code,
            None => None,
        };
        if scorer.negate && !said.negate {
            said.kind = format!("not-{}", said.kind);
        }
        Some(finished(scorer, said, code))
    }

    /// What the scorer compares with in this row: nothing, when it compares with nothing.
    fn wanted(&self, scorer: &ScorerSpec, row: &Row) -> Result<Option<Value>, &'static str> {
        if scorer.value.is_some() || !compares(&scorer.kind) {
            return Ok(scorer.value.clone());
        }
        let path = scorer.expected.as_deref().unwrap_or("$");
        let pointer = transform::pointer(path)
            .ok_or("its path into `expected` is more than names and places")?;
        let found = row.expected.as_ref().and_then(|expected| expected.pointer(&pointer));
        found.cloned().map(Some).ok_or("a case expects nothing for it; it has no assertion there")
    }

    fn of_kind(&mut self, scorer: &ScorerSpec, wanted: Option<Value>) -> Option<Assertion> {
        Some(match scorer.kind.as_str() {
            "contains" | "icontains" | "starts-with" => return texts(scorer, wanted?),
            "regex" => return Some(self.regex(scorer, &wanted?)),
            "json" => Assertion::of("is-json", None),
            "json-schema" => {
                let schema = wanted.unwrap_or_else(|| self.outputs());
                Assertion::of("is-json", Some(schema))
            }
            "max-words" | "word-count" => Assertion::of("word-count", Some(limits(scorer))),
            // Under these names promptfoo computes something else, or asks for it otherwise.
            "bleu" | "meteor" | "rouge-n" => return None,
            "xml" | "contains-xml" | "sql" | "contains-sql" if !scorer.options.is_empty() => {
                return None;
            }
            "latency" | "cost" => {
                let threshold = Some(scorer.max?);
                Assertion { threshold, ..Assertion::of(&scorer.kind, None) }
            }
            "levenshtein" => {
                let threshold = scorer.max.or(scorer.threshold);
                Assertion { threshold, ..Assertion::of("levenshtein", wanted) }
            }
            // In a file of its own a program is a module there.
            "javascript" | "python" if scorer.extra.contains_key("script") => return None,
            other => {
                let there = other.strip_prefix("promptfoo/").unwrap_or_else(|| type_there(other));
                let known = TYPES.contains(&there)
                    || ["select-best", "max-score", "assert-set"].contains(&there);
                if !known {
                    return None;
                }
                let value = wanted.or_else(|| scorer.extra.get("rubric").cloned());
                Assertion { threshold: scorer.threshold, ..Assertion::of(there, value) }
            }
        })
    }

    fn outputs(&self) -> Value {
        self.prompt.variants.first().map_or(json!({}), |variant| json_schema(&variant.outputs))
    }

    /// JavaScript has no flags inside a pattern.
    fn regex(&mut self, scorer: &ScorerSpec, pattern: &Value) -> Assertion {
        let text = pattern.as_str().unwrap_or_default();
        let inline = text.strip_prefix("(?").and_then(|rest| rest.split_once(')'));
        let flags = inline.filter(|(flags, _)| flags.chars().all(|c| "ims".contains(c)));
        let Some((flags, rest)) = flags else {
            return Assertion::of("regex", Some(pattern.clone()));
        };
        let why = "a pattern with flags is a line of JavaScript there";
        self.notes.translated("evals.yaml", format!("scorer {}", scorer.id), why);
        let not = if scorer.negate { "!" } else { "" };
        let code = format!("{not}new RegExp({}, {}).test(output)", json!(rest), json!(flags));
        Assertion { negate: true, ..Assertion::of("javascript", Some(json!(code))) }
    }
}

/// Whether `expected` is what it compares with when nothing else is said.
fn compares(kind: &str) -> bool {
    matches!(
        kind,
        "equals"
            | "contains"
            | "contains-any"
            | "contains-all"
            | "icontains"
            | "icontains-any"
            | "icontains-all"
            | "starts-with"
            | "levenshtein"
            | "similar"
            | "factuality"
            | "context-recall"
    )
}

fn limits(scorer: &ScorerSpec) -> Value {
    let mut limits = Map::new();
    for (key, limit) in [("min", scorer.min), ("max", scorer.max)] {
        if let Some(limit) = limit {
            limits.insert(key.to_owned(), number(limit));
        }
    }
    Value::Object(limits)
}

fn number(value: f64) -> Value {
    let whole = value.fract() == 0.0 && value.abs() < 1e15;
    if whole { json!(value as i64) } else { json!(value) }
}

/// One text, several of which all, some or none must be there.
fn texts(scorer: &ScorerSpec, wanted: Value) -> Option<Assertion> {
    let kind = scorer.kind.as_str();
    let items = match wanted {
        Value::Array(items) => items,
        Value::Object(_) => return None,
        one => vec![one],
    };
    let texts: Vec<Value> = items.iter().map(super::super::vars::plain).map(Value::from).collect();
    let share =
        if kind == "starts-with" { f64::MIN_POSITIVE } else { scorer.threshold.unwrap_or(1.0) };
    match texts.as_slice() {
        [] => None,
        [one] => Some(Assertion::of(kind, Some(one.clone()))),
        _ if kind == "starts-with" && scorer.negate => None,
        // None of them may be there: promptfoo's `not-…-any` says just that.
        _ if scorer.negate => Some(Assertion::of(&format!("{kind}-any"), Some(json!(texts)))),
        _ if share >= 1.0 => Some(Assertion::of(&format!("{kind}-all"), Some(json!(texts)))),
        _ => {
            let share = share.max(1.0 / texts.len() as f64);
            let set = texts.into_iter().map(|text| json!({"type": kind, "value": text}));
            let mut said = Assertion::of("assert-set", None);
            said.set = set.collect();
            said.threshold = Some((share * 1e6).floor() / 1e6);
            Some(said)
        }
    }
}

fn finished(scorer: &ScorerSpec, said: Assertion, transform: Option<String>) -> Value {
    let mut out = Map::new();
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            out.insert(key.to_owned(), value);
        }
    };
    let set = !said.set.is_empty();
    let transform = transform.map(Value::from).or_else(|| scorer.extra.get("transform").cloned());
    put("type", Some(json!(said.kind)));
    put("value", said.value);
    put("threshold", said.threshold.map(number));
    put("weight", (scorer.weight != 1.0).then(|| number(scorer.weight)));
    put("metric", Some(json!(scorer.id)));
    if set {
        let with = |mut inner: Value| {
            if let Some(code) = &transform {
                inner["transform"] = code.clone();
            }
            inner
        };
        put("assert", Some(said.set.into_iter().map(with).collect()));
    } else {
        put("transform", transform);
        let judge = scorer.extra.get("model").and_then(Value::as_str);
        put("provider", judge.map(|model| json!(providers::provider_id(model))));
        put("rubricPrompt", scorer.extra.get("rubricPrompt").cloned());
    }
    put("config", (!scorer.tags.is_empty()).then(|| json!({"tags": scorer.tags})));
    Value::Object(out)
}
