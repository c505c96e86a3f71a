//! Two runs, or two columns of one, held against each other on the same cases.
//!
//! This module decides what meets what: which column of the base stands against which of the head
//! which of their cases are the same, and what each scorer said of them. What follows from the
//! numbers is [`assay_score::verdict`]'s business; running what is missing is the caller's. Whoever shows a comparison,
//! in a terminal, in the window or in a commit, shows a [`Compared`].
//!
//! Three rules keep a comparison honest. A case that is not the same on both sides is left out and named. An answer that
//! failed, is missing or was not judged has its own count and never becomes a zero. Scores that were made differently
//! are refused with both signatures.

mod cases;
mod corpora;
mod earlier;
mod gates;
mod pairing;
mod people;
mod power;
mod side;
mod signature;
mod spending;

use assay_score::verdict::{Comparison, Verdict, VerdictError, Word, compare};
use assay_store::{NewColumn, RunId, Store, StoreError};

use crate::error::EngineError;
use crate::run::Engine;

pub use cases::ComparedCase;
pub use gates::{ComparedGate, GateWord};
pub use people::{People, PeopleSaid};
pub use power::Power;
pub(crate) use power::Spreads;
pub use spending::{Spent, What};

use cases::{Cases, Known};
use corpora::Corpora;
use pairing::{Met, meetings};
use side::ReadSide;

/// From so many cases on, fewer draws say as much, and nobody waits for them.
const MANY_CASES: usize = 2_000;
const FEW_DRAWS: usize = 999;

/// One side of a comparison: a run, or the part of it that is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SideOf {
    /// The run.
    pub run: RunId,
    /// What people call this side: the run's id, or the revision it was run at.
    pub label: String,
    /// Only this variant.
    pub variant: Option<String>,
    /// Only this model.
    pub model: Option<String>,
}

impl SideOf {
    /// A whole run, called by its id.
    pub fn run(run: RunId) -> SideOf {
        SideOf { label: run.to_string(), run, variant: None, model: None }
    }
}

/// Everything that can be said of two sides.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// The side that stands.
    pub base: SideOf,
    /// The side that may replace it.
    pub head: SideOf,
    /// What met, in the order of the head's columns.
    pub pairs: Vec<ComparedPair>,
    /// What of the two sides met nothing, in words.
    pub left_out: Vec<String>,
}

/// Two columns of one prompt that were held against each other.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparedPair {
    /// The prompt's key.
    pub prompt: String,
    /// The base's column.
    pub base: NewColumn,
    /// The head's.
    pub head: NewColumn,
    /// What each scorer says.
    pub verdict: Verdict,
    /// Scorers that could not be compared.
    pub refused: Vec<Refused>,
    /// The gates that ask for a comparison.
    pub gates: Vec<ComparedGate>,
    /// What quality costs: money, time and tokens.
    pub spent: Vec<Spent>,
    /// The cases that both sides were asked, in the order of the head.
    pub cases: Vec<ComparedCase>,
    /// Cases of the same id that are not the same on both sides, and so stand in no number.
    pub differing: Vec<String>,
    /// Cases that one side only was asked.
    pub unpaired: Vec<String>,
}

/// A scorer that could not be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The scorer's id.
    pub scorer: String,
    /// Whether a release hangs on it.
    pub gate: bool,
    /// Why, in words.
    pub reason: String,
}

impl Compared {
    /// Whether every gate that asks for a comparison holds.
    pub fn holds(&self) -> bool {
        self.gates().all(|gate| gate.word == GateWord::Holds)
    }

    /// Whether a gate is broken by what is known, whatever may be missing.
    pub fn is_broken(&self) -> bool {
        self.gates().any(|gate| matches!(gate.word, GateWord::Broken | GateWord::NotShown))
    }

    /// Whether too much is missing for a verdict that somebody waits for.
    pub fn is_incomplete(&self) -> bool {
        let lacks = |pair: &ComparedPair| {
            pair.verdict.scorers.iter().any(|scorer| scorer.word == Word::Incomplete)
                || pair.refused.iter().any(|refused| refused.gate)
        };
        self.pairs.iter().any(lacks) || self.gates().any(|gate| gate.word == GateWord::Incomplete)
    }

    fn gates(&self) -> impl Iterator<Item = &ComparedGate> {
        self.pairs.iter().flat_map(|pair| &pair.gates)
    }
}

impl Engine {
    /// Holds two runs, or two columns of one, against each other. With prompts, only those of these keys or names.
    ///
    /// It reads both runs whole and draws thousands of samples: not for the threads of an async runtime.
    ///
    /// # Errors
    /// When there is no such run, it cannot be read back, or nothing of the two sides meets.
    pub fn compare(
        &self,
        base: &SideOf,
        head: &SideOf,
        prompts: &[String],
    ) -> Result<Compared, EngineError> {
        self.compare_with(base, head, prompts, &People::default())
    }

    /// The same, with what people said of the outputs.
    ///
    /// # Errors
    /// As for [`Engine::compare`].
    pub fn compare_with(
        &self,
        base: &SideOf,
        head: &SideOf,
        prompts: &[String],
        people: &People,
    ) -> Result<Compared, EngineError> {
        compare_sides(self.store(), base, head, prompts, people)
    }
}

fn compare_sides(
    store: &Store,
    base: &SideOf,
    head: &SideOf,
    prompts: &[String],
    people: &People,
) -> Result<Compared, EngineError> {
    let sides = [ReadSide::read(store, base, prompts)?, ReadSide::read(store, head, prompts)?];
    let met = meetings(&sides[0], &sides[1]);
    if met.pairs.is_empty() {
        return Err(nothing_met(base, head, &met));
    }
    let pairs = met.pairs.iter().map(|pair| compared(store, pair, &met, &sides, people));
    let pairs = pairs.collect::<Result<_, _>>()?;
    Ok(Compared { base: base.clone(), head: head.clone(), pairs, left_out: met.left_out })
}

fn nothing_met(base: &SideOf, head: &SideOf, met: &Met) -> EngineError {
    let reason = match met.left_out.is_empty() {
        true => "neither has such a column".to_owned(),
        false => met.left_out.join("; "),
    };
    EngineError::NothingToCompare { base: base.label.clone(), head: head.label.clone(), reason }
}

fn compared(
    store: &Store,
    pair: &pairing::Pair,
    met: &Met,
    sides: &[ReadSide; 2],
    people: &People,
) -> Result<ComparedPair, StoreError> {
    let (base, head) = (sides[0].column(pair.base), sides[1].column(pair.head));
    let corpora = Corpora::read(store, &base, &head)?;
    let formulas = corpora.formulas();
    let cases = Cases::of(&base, &head, Known { formulas: &formulas, people });
    let names = met.names(pair, sides);
    let (scorers, one_sided) = cases.scorers();
    let mut comparison = Comparison::new(names.subject, names.base, names.head, scorers);
    if cases.paired.len() > MANY_CASES {
        comparison.rules.draws = FEW_DRAWS;
    }
    let (verdict, refused) = judged(comparison);
    Ok(ComparedPair {
        prompt: head.column.prompt.clone(),
        base: base.column.clone(),
        head: head.column.clone(),
        gates: gates::judge(&cases, &verdict),
        spent: spending::of(&cases),
        cases: cases.listed(&verdict),
        verdict,
        refused: one_sided.into_iter().chain(refused).collect(),
        differing: cases.differing,
        unpaired: cases.unpaired,
    })
}

/// The verdict of all scorers that can be compared: one that cannot must not keep the others from it.
fn judged(mut comparison: Comparison) -> (Verdict, Vec<Refused>) {
    let mut refused = Vec::new();
    loop {
        let error = match compare(&comparison) {
            Ok(verdict) => return (verdict, refused),
            Err(error) => error,
        };
        let at = comparison.scorers.iter().position(|s| s.scorer == *scorer_of(&error));
        // Every refusal names a scorer of the comparison, so each turn leaves one less.
        let gate = comparison.scorers.remove(at.unwrap_or_default()).gate;
        let scorer = scorer_of(&error).clone();
        refused.push(Refused { scorer, gate, reason: reason(&error) });
    }
}

fn scorer_of(error: &VerdictError) -> &String {
    match error {
        VerdictError::Signatures { scorer, .. }
        | VerdictError::NothingPaired { scorer, .. }
        | VerdictError::Undefined { scorer }
        | VerdictError::BadValue { scorer, .. } => scorer,
    }
}

/// The error without the scorer's name, which stands beside it.
fn reason(error: &VerdictError) -> String {
    let text = error.to_string();
    let name = format!("scorer `{}`: ", scorer_of(error));
    text.strip_prefix(&name).map_or(text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests;
