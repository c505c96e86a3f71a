//! What scorers of whole columns made of the outputs of two columns: BLEU, an error rate, macro F1.
//!
//! Such a number is no mean of what was stored beside each answer, so the outputs are read once more, a page at a time, and
//! each is kept as the little that it adds to a sum. Only scorers that have such a number cost this: metrics that are
//! always judged by theirs, and others where a gate asks for one (`category.macro-f1`).

use std::collections::HashMap;

use assay_prompt::{ScorerSpec, column_numbers, number_scale};
use assay_score::verdict::{Direction, Statistics};
use assay_score::{Corpus, Subject};
use assay_store::{Store, StoreError};

use super::side::Column;

/// Outputs read at once.
const PAGE: u32 = 500;

/// What is noted of both columns, by scorer.
pub(super) struct Corpora<'a> {
    kept: Vec<Kept<'a>>,
    numbers: Vec<Number>,
    base: &'a Column<'a>,
    /// The most samples that a case has on either side.
    samples: u32,
}

struct Kept<'a> {
    scorer: String,
    corpus: Corpus<'a>,
    /// By the cell's place in its run, for base and head.
    noted: [HashMap<u32, Statistics>; 2],
}

/// A number that is compared.
struct Number {
    /// What it goes by: the scorer's id, or `id.name` as a gate has it.
    name: String,
    scorer: String,
    number: String,
    direction: Direction,
}

/// A number of the sums of what was noted; none where they leave it undefined.
type OfSums<'f> = Box<dyn Fn(&[f64]) -> Option<f64> + 'f>;

/// How a number follows from the sums of what was noted.
pub(super) struct Formula<'f> {
    pub name: &'f str,
    /// The id of its scorer.
    pub scorer: &'f str,
    pub direction: Direction,
    /// How it was made, for base and head; empty where the base has no such number.
    pub signatures: [String; 2],
    pub score: OfSums<'f>,
    noted: [&'f HashMap<u32, Statistics>; 2],
}

impl Formula<'_> {
    /// What a cell of the base (0) or the head (1) adds; none where its output could not be counted.
    pub fn noted(&self, side: usize, cell: u32) -> Option<&Statistics> {
        self.noted[side].get(&cell)
    }
}

impl<'a> Corpora<'a> {
    pub fn read(
        store: &Store,
        base: &'a Column<'a>,
        head: &'a Column<'a>,
    ) -> Result<Corpora<'a>, StoreError> {
        let numbers = numbers_of(head);
        let mut kept: Vec<Kept> = Vec::new();
        for number in &numbers {
            if !kept.iter().any(|kept| kept.scorer == number.scorer)
                && let Some(corpus) = head.made.corpus(&number.scorer)
            {
                let scorer = number.scorer.clone();
                kept.push(Kept { scorer, corpus, noted: Default::default() });
            }
        }
        if !kept.is_empty() {
            note(store, 0, base, &mut kept)?;
            note(store, 1, head, &mut kept)?;
        }
        let samples = base.samples().max(head.samples());
        Ok(Corpora { kept, numbers, base, samples })
    }

    /// One formula for each number that the head's scorers have.
    pub fn formulas(&self) -> Vec<Formula<'_>> {
        self.numbers.iter().filter_map(|number| self.formula(number)).collect()
    }

    fn formula<'f>(&'f self, number: &'f Number) -> Option<Formula<'f>> {
        let kept = self.kept.iter().find(|kept| kept.scorer == number.scorer)?;
        let (corpus, samples) = (&kept.corpus, self.samples);
        let ours = corpus.signature(&number.number)?.to_owned();
        let theirs = self.base.made.corpus(&number.scorer);
        let theirs = theirs.and_then(|of| of.signature(&number.number).map(str::to_owned));
        let [base, head] = &kept.noted;
        // Samples of a case are averaged, and metrics count whole words: all samples together are whole again.
        let score = move |sum: &[f64]| match samples {
            1 => corpus.number(&number.number, sum),
            samples => {
                let whole: Vec<f64> = sum.iter().map(|mean| mean * f64::from(samples)).collect();
                corpus.number(&number.number, &whole)
            }
        };
        Some(Formula {
            name: &number.name,
            scorer: &number.scorer,
            direction: number.direction,
            signatures: [theirs.unwrap_or_default(), ours],
            score: Box::new(score),
            noted: [base, head],
        })
    }
}

/// The numbers that stand for a scorer of the column, and those that its gates ask for by name.
fn numbers_of(column: &Column) -> Vec<Number> {
    let Some(prompt) = column.prompt else { return Vec::new() };
    let scorers = &prompt.evals.scorers;
    let of = |name: &str, spec: &ScorerSpec, number: &str| Number {
        name: name.to_owned(),
        scorer: spec.id.clone(),
        number: number.to_owned(),
        direction: match number_scale(&spec.kind, number).lower_is_better {
            true => Direction::LowerIsBetter,
            false => Direction::HigherIsBetter,
        },
    };
    // The accuracy of labels is the mean of what was stored, and has an exact test.
    let is_corpus = |spec: &&ScorerSpec| column_numbers(spec).is_some_and(|all| all == ["corpus"]);
    let mut numbers: Vec<Number> =
        scorers.iter().filter(is_corpus).map(|spec| of(&spec.id, spec, "corpus")).collect();
    for name in prompt.evals.gates.iter().filter_map(|gate| gate.scorer.as_deref()) {
        let is_known = scorers.iter().any(|spec| spec.id == name)
            || numbers.iter().any(|number| number.name == name);
        if let Some((spec, number)) = named(name, scorers).filter(|_| !is_known) {
            numbers.push(of(name, spec, number));
        }
    }
    numbers
}

/// The scorer and its number that `id.name` names: of ids that fit, the longest.
fn named<'n>(name: &'n str, scorers: &'n [ScorerSpec]) -> Option<(&'n ScorerSpec, &'n str)> {
    let number = |spec: &ScorerSpec| name.strip_prefix(spec.id.as_str())?.strip_prefix('.');
    let fitting = scorers.iter().filter_map(|spec| Some((spec, number(spec)?)));
    fitting.max_by_key(|(spec, _)| spec.id.len())
}

/// Reads the outputs of a column and notes each.
fn note(store: &Store, side: usize, column: &Column, kept: &mut [Kept]) -> Result<(), StoreError> {
    let record = &column.side.detail.record;
    for from in (0..record.total).step_by(PAGE as usize) {
        let to = from.saturating_add(PAGE).min(record.total);
        let outputs = store.outputs(&record.id, from, to)?;
        for output in outputs.iter().filter(|output| output.column == column.place) {
            let Some(case) = column.case(output.row) else { continue };
            let finish = output.finish.as_deref();
            let subject = Subject { finish, ..Subject::new(&output.output, case) };
            for kept in kept.iter_mut().filter(|kept| kept.corpus.looks_at(case)) {
                let noted = kept.corpus.note(&subject);
                kept.noted[side].extend(noted.map(|statistics| (output.cell, statistics)));
            }
        }
    }
    Ok(())
}
