//! The scorers of an `evals.yaml`, compiled once and asked for every output.
//!
//! Each family has a file. A family states facts ([`check::Fact`]) and nothing else: what `negate`
//! and `tags` mean is decided here, once for all.

mod answer;
mod check;
mod column;
mod corpus;
mod equality;
mod json;
mod kinds;
mod label;
mod limits;
mod markup;
mod meaning;
mod metric;
mod references;
mod reply;
mod retrieval;
mod script;
mod settings;
mod signature;
mod sql;
mod text;
mod tools;
mod wanted;

pub(crate) use wanted::{Piece, filled_text, input_of, pieces};

use assay_prompt::{Property, Row, ScorerSpec};

use self::answer::Answer;
use self::check::{Check, ColumnNumber, ColumnSum, Compiled, Fact, Ledger, Stop};
use crate::{Outcome, Score, Subject};

pub use self::check::Direction;
pub use self::column::{Column, ColumnScore};
pub use self::corpus::Corpus;
pub use self::kinds::KINDS;
pub use self::script::{SCRIPT_FILE, ScriptLanguage, script_text};

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
        // Those that ask a model are machines of their own, see `judge`.
        let specs = specs.iter().filter(|spec| !crate::judge::is_judge(&spec.kind));
        let all: Vec<Scorer> = specs.map(|spec| Scorer::compile(spec, outputs)).collect();
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

    /// What each scorer's values are comparable with, by its id in the order of the file: only with
    /// values of the same signature.
    #[must_use]
    pub fn signatures(&self) -> Vec<(&str, &str)> {
        self.all.iter().map(|scorer| (scorer.id.as_str(), scorer.signature.as_str())).collect()
    }

    /// Which values of a scorer are better; nothing for an id that no scorer has.
    #[must_use]
    pub fn direction(&self, id: &str) -> Option<Direction> {
        self.all.iter().find(|scorer| scorer.id == id).map(Scorer::direction)
    }

    /// Begins to keep what each output adds to the numbers that a scorer has about a column; nothing for one without.
    #[must_use]
    pub fn corpus(&self, id: &str) -> Option<Corpus<'_>> {
        Corpus::new(self.all.iter().find(|scorer| scorer.id == id)?)
    }

    /// Begins to sum up a column of outputs.
    #[must_use]
    pub fn column(&self) -> Column<'_> {
        Column::new(&self.all)
    }
}

#[derive(Debug)]
struct Scorer {
    id: String,
    negate: bool,
    tags: Vec<String>,
    check: Compiled,
    signature: String,
}

impl Scorer {
    fn compile(spec: &ScorerSpec, outputs: &[Property]) -> Scorer {
        let check = kinds::compile(spec, outputs);
        let own = check.as_ref().ok().and_then(|check| check.signature());
        Scorer {
            id: spec.id.clone(),
            negate: spec.negate,
            tags: spec.tags.clone(),
            signature: own.unwrap_or_else(|| signature::of(spec)),
            check,
        }
    }

    fn problem(&self) -> Option<ScorerProblem> {
        let message = self.check.as_ref().err()?.clone();
        Some(ScorerProblem { scorer: self.id.clone(), message })
    }

    fn direction(&self) -> Direction {
        self.check.as_ref().map_or(Direction::Higher, |check| check.direction())
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
            Ok(fact) => scored(if self.negate { fact.negated() } else { fact }),
            Err(Stop::Unreadable(reason)) => {
                Outcome::Scored { value: 0.0, pass: Some(false), reason }
            }
            Err(Stop::CannotJudge(reason)) => Outcome::NotJudged { reason },
        }
    }
}

/// A value that is no number is no value.
fn scored(fact: Fact) -> Outcome {
    let value = fact.number();
    if value.is_nan() {
        return Outcome::NotJudged { reason: format!("{}, which is no number", fact.text) };
    }
    Outcome::Scored { value, pass: fact.holds, reason: fact.text }
}

#[cfg(test)]
mod tests;
