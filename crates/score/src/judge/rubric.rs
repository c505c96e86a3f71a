//! `llm-rubric`: binary criteria, each met or not.
//!
//! A model agrees better with people on several plain questions than on one number, and people can see which
//! criterion was missed. `rubric` is a text, a text whose every line is an item of a list, or a list whose items are
//! texts or `{text, weight, must}`. The value is the share of met criteria, by weight; an unmet `must` never passes.

use assay_prompt::ScorerSpec;
use serde::Deserialize;
use serde_json::Value;

use super::asker::{Asker, Stop, plain};
use super::graded::has_words;
use super::{Family, Finding};

/// Criteria of one rubric at most: more would crowd each other out in one reply.
const MOST_CRITERIA: usize = 30;

#[derive(Debug)]
struct Rubric {
    criteria: Vec<Criterion>,
    expected: Reference,
}

#[derive(Debug, Clone, PartialEq)]
struct Criterion {
    text: String,
    weight: f64,
    must: bool,
}

/// What a judge answers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answers {
    criteria: Vec<Answered>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answered {
    number: usize,
    reason: String,
    met: bool,
}

/// Reads an `llm-rubric`.
pub(super) fn rubric(spec: &ScorerSpec) -> Result<Box<dyn Family>, String> {
    let written = spec.extra.get("rubric").or(spec.value.as_ref());
    let criteria = criteria(written.ok_or("needs a `rubric`: what a good output does")?)?;
    Ok(Box::new(Rubric { criteria, expected: Reference::of(spec)? }))
}

fn criteria(written: &Value) -> Result<Vec<Criterion>, String> {
    let criteria = match written {
        Value::String(text) => listed(text).into_iter().map(Criterion::plain).collect(),
        Value::Array(items) => items.iter().map(Criterion::read).collect::<Result<Vec<_>, _>>()?,
        other => return Err(format!("`rubric` is a text or a list of criteria, not {other}")),
    };
    match criteria.len() {
        0 => Err("`rubric` has no criterion".to_owned()),
        n if n > MOST_CRITERIA => {
            Err(format!("`rubric` has {n} criteria; at most {MOST_CRITERIA} fit in one question"))
        }
        _ if criteria.iter().all(|criterion| criterion.weight == 0.0) => {
            Err("every criterion of `rubric` weighs nothing".to_owned())
        }
        _ => Ok(criteria),
    }
}

/// The items of a text that is a list, line by line; else the text as one criterion.
fn listed(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let items: Option<Vec<&str>> = lines.iter().map(|line| item(line)).collect();
    match items {
        Some(items) if items.len() > 1 => items.into_iter().map(str::to_owned).collect(),
        _ if lines.is_empty() => Vec::new(),
        _ => vec![text.trim().to_owned()],
    }
}

/// What follows `- `, `* ` or `1. `.
fn item(line: &str) -> Option<&str> {
    let numbered = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let marks = match numbered.len() < line.len() {
        true => numbered.strip_prefix(". ").or_else(|| numbered.strip_prefix(") ")),
        false => line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")),
    };
    marks.map(str::trim).filter(|rest| !rest.is_empty())
}

impl Criterion {
    fn plain(text: String) -> Criterion {
        Criterion { text, weight: 1.0, must: false }
    }

    fn read(value: &Value) -> Result<Criterion, String> {
        let wrong = || format!("a criterion is a text or `{{text, weight, must}}`, not {value}");
        let text = value.as_str().or_else(|| value.get("text")?.as_str()).ok_or_else(wrong)?;
        let weight = value.get("weight").map_or(Some(1.0), Value::as_f64).ok_or_else(wrong)?;
        let must = value.get("must").map_or(Some(false), Value::as_bool).ok_or_else(wrong)?;
        match text.trim().is_empty() || !weight.is_finite() || weight < 0.0 {
            true => Err(wrong()),
            false => Ok(Criterion { text: text.trim().to_owned(), weight, must }),
        }
    }
}

impl Family for Rubric {
    fn trial(&self, asker: &Asker<'_>) -> Result<Finding, Stop> {
        let given = asker
            .criteria(&self.numbered())?
            .data("input", asker.case_input())
            .data("reference", self.expected.text(asker)?.unwrap_or_default())
            .data("output", asker.output()?);
        let answers = asker.ask("llm-rubric", given, |answers: Answers| {
            in_order(answers.criteria, self.criteria.len())
        })?;
        Ok(self.finding(&answers))
    }

    fn prompts(&self) -> &'static [&'static str] {
        &["llm-rubric"]
    }

    fn threshold(&self) -> f64 {
        1.0
    }
}

impl Rubric {
    fn numbered(&self) -> String {
        let lines = self.criteria.iter().enumerate();
        let lines = lines.map(|(place, criterion)| format!("{}. {}", place + 1, criterion.text));
        lines.collect::<Vec<_>>().join("\n")
    }

    fn finding(&self, answers: &[Answered]) -> Finding {
        let weigh = |wanted: &dyn Fn(&Answered) -> bool| -> f64 {
            let pairs = self.criteria.iter().zip(answers);
            pairs.filter(|(_, answer)| wanted(answer)).map(|(criterion, _)| criterion.weight).sum()
        };
        let value = weigh(&|answer| answer.met) / weigh(&|_| true);
        let vetoed = self
            .criteria
            .iter()
            .zip(answers)
            .any(|(criterion, answer)| criterion.must && !answer.met);
        Finding { vetoed, ..Finding::of(value, reason(answers)) }
    }
}

/// The reason of the only criterion, or of those that are not met.
fn reason(answers: &[Answered]) -> String {
    let unmet: Vec<&Answered> = answers.iter().filter(|answer| !answer.met).collect();
    match (answers, unmet.is_empty()) {
        ([only], _) => only.reason.clone(),
        (_, true) => format!("all {} criteria are met", answers.len()),
        _ => {
            let each = unmet.iter().map(|answer| format!("{}: {}", answer.number, answer.reason));
            format!(
                "{} of {} criteria are not met; {}",
                unmet.len(),
                answers.len(),
                each.collect::<Vec<_>>().join("; ")
            )
        }
    }
}

/// The answers by number, if each criterion has exactly one, with a reason.
fn in_order(mut answers: Vec<Answered>, wanted: usize) -> Result<Vec<Answered>, String> {
    answers.sort_by_key(|answer| answer.number);
    let numbers: Vec<usize> = answers.iter().map(|answer| answer.number).collect();
    if !numbers.iter().copied().eq(1..=wanted) {
        return Err(format!(
            "`criteria` answers {numbers:?}, and each of 1 to {wanted} is to be answered once"
        ));
    }
    match answers.iter().find(|answer| !has_words(&answer.reason)) {
        Some(answer) => Err(format!("criterion {} has no `reason`", answer.number)),
        None => Ok(answers),
    }
}

/// The right answer, for judges that may see it.
#[derive(Debug)]
pub(super) enum Reference {
    /// `value` of the scorer.
    Literal(String),
    /// `expected` of the case, or what a path leads to in it; else its first reference.
    OfCase(Option<String>),
}

impl Reference {
    pub fn of(spec: &ScorerSpec) -> Result<Reference, String> {
        let uses_value = spec.extra.contains_key("rubric");
        match (&spec.value, uses_value) {
            (Some(value), true) => Ok(Reference::Literal(plain(value))),
            _ => Self::of_case(spec),
        }
    }

    /// For judges whose `value` is the reference itself.
    pub fn or_value(spec: &ScorerSpec) -> Result<Reference, String> {
        match &spec.value {
            Some(value) => Ok(Reference::Literal(plain(value))),
            None => Self::of_case(spec),
        }
    }

    fn of_case(spec: &ScorerSpec) -> Result<Reference, String> {
        if let Some(path) = &spec.expected {
            serde_json_path::JsonPath::parse(path)
                .map_err(|error| format!("`expected` is no path: {error}"))?;
        }
        Ok(Reference::OfCase(spec.expected.clone()))
    }

    pub fn text(&self, asker: &Asker<'_>) -> Result<Option<String>, Stop> {
        match self {
            Reference::Literal(text) => asker.filled(text).map(Some),
            Reference::OfCase(path) => Ok(of_case(asker.material.case, path.as_deref())),
        }
    }

    /// The reference, which this judge cannot do without.
    pub fn needed(&self, asker: &Asker<'_>) -> Result<String, Stop> {
        let none = || {
            Stop::Cannot(format!(
                "case `{}` has no reference answer: `expected` or `references`",
                asker.material.case.id
            ))
        };
        self.text(asker)?.filter(|text| !text.trim().is_empty()).ok_or_else(none)
    }
}

fn of_case(case: &assay_prompt::Row, path: Option<&str>) -> Option<String> {
    let Some(expected) = &case.expected else { return case.references.first().cloned() };
    let Some(path) = path else { return Some(plain(expected)) };
    let path = serde_json_path::JsonPath::parse(path).ok()?;
    path.query(expected).first().map(plain)
}
