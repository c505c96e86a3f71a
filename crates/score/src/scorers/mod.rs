//! The scorers of an `evals.yaml`, compiled once and asked for every output.
//!
//! Each family has a file. A family states facts ([`Fact`]) and nothing else: what `negate` and
//! `tags` mean is decided here, once for all.

mod answer;
mod equality;
mod json;
mod limits;
mod text;
mod wanted;

use std::fmt;

use assay_prompt::{Property, Row, ScorerSpec};

use self::answer::Answer;
use crate::{Outcome, Score, Subject};

/// The kinds of scorers known here, for messages and completion.
pub const KINDS: &[&str] = &[
    "equals",
    "contains",
    "icontains",
    "starts-with",
    "regex",
    "max-words",
    "json",
    "json-schema",
    "latency",
    "cost",
];

/// A scorer that can't judge anything as it is written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("scorer `{scorer}`: {message}")]
pub struct ScorerProblem {
    /// The scorer's id.
    pub scorer: String,
    /// What is wrong with it, in lower case.
    pub message: String,
}

/// All scorers of a prompt, ready to judge.
#[derive(Debug)]
pub struct Scorers {
    all: Vec<Scorer>,
}

impl Scorers {
    /// Compiles patterns, paths and schemas. `outputs` is what the prompt declares to answer, the
    /// schema named `outputs`.
    ///
    /// A scorer with a problem stays in the set and judges nothing, so that its column shows why.
    #[must_use]
    pub fn compile(specs: &[ScorerSpec], outputs: &[Property]) -> (Scorers, Vec<ScorerProblem>) {
        let all: Vec<Scorer> = specs.iter().map(|spec| Scorer::compile(spec, outputs)).collect();
        let problems = all.iter().filter_map(Scorer::problem).collect();
        (Scorers { all }, problems)
    }

    /// One score for each scorer that looks at this case, in the order of the file. A scorer with
    /// `tags` looks only at cases that have one of them.
    #[must_use]
    pub fn score(&self, subject: &Subject) -> Vec<Score> {
        let answer = Answer::new(subject.output);
        self.all
            .iter()
            .filter(|scorer| scorer.looks_at(subject.case))
            .map(|scorer| Score {
                scorer: scorer.id.clone(),
                outcome: scorer.judge(subject, &answer),
            })
            .collect()
    }

    /// The scorers' ids in the order of the file.
    #[must_use]
    pub fn ids(&self) -> Vec<&str> {
        self.all.iter().map(|scorer| scorer.id.as_str()).collect()
    }
}

/// What a family of scorers does.
trait Check: fmt::Debug + Send + Sync {
    /// States what it found in the answer.
    fn find(&self, subject: &Subject, answer: &Answer) -> Result<Fact, Stop>;
}

/// A check, or what is wrong with its description.
type Compiled = Result<Box<dyn Check>, String>;

/// A statement about an output. It is true whether or not the scorer is negated.
struct Fact {
    /// Whether the output is what the scorer describes.
    holds: bool,
    /// How much of it, from 0 to 1.
    share: f64,
    /// The statement.
    text: String,
}

impl Fact {
    /// A fact with nothing between yes and no.
    fn plain(holds: bool, text: String) -> Fact {
        Fact { holds, share: if holds { 1.0 } else { 0.0 }, text }
    }
}

/// Why there is no fact.
enum Stop {
    /// The output is not of a kind that has the fact, for instance no JSON where a path leads into
    /// it. This fails, negated or not: an unreadable answer is never a good one.
    Unreadable(String),
    /// The scorer itself can't judge here.
    CannotJudge(String),
}

#[derive(Debug)]
struct Scorer {
    id: String,
    negate: bool,
    tags: Vec<String>,
    check: Compiled,
}

impl Scorer {
    fn compile(spec: &ScorerSpec, outputs: &[Property]) -> Scorer {
        let check = match spec.kind.as_str() {
            "equals" => equality::equals(spec),
            "contains" => text::contains(spec, text::Case::Exact),
            "icontains" => text::contains(spec, text::Case::Ignored),
            "starts-with" => text::starts_with(spec),
            "regex" => text::regex(spec),
            "max-words" => text::max_words(spec),
            "json" => json::json(),
            "json-schema" => json::json_schema(spec, outputs),
            "latency" => limits::latency(spec),
            "cost" => limits::cost(spec),
            unknown => Err(format!("unknown type `{unknown}`; known are {}", KINDS.join(", "))),
        };
        Scorer { id: spec.id.clone(), negate: spec.negate, tags: spec.tags.clone(), check }
    }

    fn problem(&self) -> Option<ScorerProblem> {
        let message = self.check.as_ref().err()?.clone();
        Some(ScorerProblem { scorer: self.id.clone(), message })
    }

    fn looks_at(&self, case: &Row) -> bool {
        self.tags.is_empty() || self.tags.iter().any(|tag| case.tags.contains(tag))
    }

    fn judge(&self, subject: &Subject, answer: &Answer) -> Outcome {
        let found = match &self.check {
            Ok(check) => check.find(subject, answer),
            Err(problem) => Err(Stop::CannotJudge(problem.clone())),
        };
        match found {
            Ok(fact) if self.negate => negated(fact),
            Ok(Fact { holds, share, text }) => {
                Outcome::Scored { value: share, pass: holds, reason: text }
            }
            Err(Stop::Unreadable(reason)) => Outcome::Scored { value: 0.0, pass: false, reason },
            Err(Stop::CannotJudge(reason)) => Outcome::NotJudged { reason },
        }
    }
}

fn negated(fact: Fact) -> Outcome {
    let reason = if fact.holds { format!("{}, and must not", fact.text) } else { fact.text };
    Outcome::Scored { value: 1.0 - fact.share, pass: !fact.holds, reason }
}

#[cfg(test)]
mod tests;
