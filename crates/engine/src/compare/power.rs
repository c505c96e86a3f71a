//! What a comparison of so many cases can show, before anything is sent.
//!
//! How many cases change sides is known after a run only. What an earlier run of the prompt showed is taken for it, else
//! that one case in five does.

use std::collections::{BTreeSet, HashMap};
use std::sync::{MutexGuard, PoisonError};

use assay_score::stats::cluster::clustered_mean;
use assay_score::stats::means::mean;
use assay_score::stats::planning::detectable_effect;
use assay_score::verdict::{Answers, ComparedScorer, Kind, Rules};
use assay_store::{RunId, RunRecord, RunState, Store};

use super::SideOf;
use super::cases::{Cases, Known};
use super::people::People;
use super::side::ReadSide;
use crate::plan::Plan;
use crate::run::Engine;

/// The share of cases that is taken to change sides where nothing is known.
const CHANGED: f64 = 0.2;

/// Runs that are looked through for one that tells the spread.
const LOOKED_AT: usize = 8;

/// Cells of a run that is read for it at most: a plan must be quick.
const MOST_CELLS: u32 = 4_000;

/// The smallest change that a plan's cases find in 80 of 100 runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Power {
    /// The prompt's key.
    pub prompt: String,
    /// Its name.
    pub name: String,
    /// Cases.
    pub cases: usize,
    /// Sources they come from, where several share one.
    pub sources: Option<usize>,
    /// The change of a pass rate, from 0 to 1.
    pub detectable: f64,
    /// The run that told how much the answers of two columns differ; none where that is assumed.
    pub told_by: Option<RunId>,
}

impl Engine {
    /// What the cases of each prompt can show; nothing for a prompt with fewer than two.
    pub fn powers(&self, plan: &Plan) -> Vec<Power> {
        let prompts = 0..plan.spec.prompts.len();
        prompts.filter_map(|place| self.power(plan, place)).collect()
    }

    fn power(&self, plan: &Plan, place: usize) -> Option<Power> {
        let rows = plan.rows.iter().filter(|row| row.prompt == place && row.sample == 0);
        let cases: Vec<_> = rows.map(|row| &row.case).collect();
        let groups: BTreeSet<_> = cases.iter().filter_map(|case| case.group.as_ref()).collect();
        let alone = cases.iter().filter(|case| case.group.is_none()).count();
        let sources = groups.len() + alone;
        let rules = Rules::default();
        let effect = detectable_effect(sources as f64, rules.alpha, rules.power)?;
        let source = &plan.spec.prompts[place];
        let told = self.told_spread(&plan.spec.workspace, &source.key);
        let spread = told.as_ref().map_or(CHANGED.sqrt(), |told| told.spread);
        Some(Power {
            prompt: source.key.clone(),
            name: source.name.clone(),
            cases: cases.len(),
            sources: (sources < cases.len()).then_some(sources),
            detectable: (effect * spread).min(1.0),
            told_by: told.map(|told| told.run),
        })
    }

    /// How much the differences of two variants spread in the newest run that has two. Only a help to plan: a run that
    /// cannot be read tells nothing. A plan is looked at again and again, so what its runs told is kept until there are
    /// others.
    fn told_spread(&self, workspace: &str, prompt: &str) -> Option<Told> {
        let runs = self.store().runs(workspace, LOOKED_AT).ok()?;
        let is_readable = |run: &RunRecord| run.state == RunState::Done && run.total <= MOST_CELLS;
        let readable = runs.into_iter().filter(is_readable);
        let stand: Stand = readable.map(|run| (run.id, run.ended_ms)).collect();
        if let Some(known) = self.spreads().known(&stand, prompt) {
            return known;
        }
        let told = stand.iter().find_map(|(run, _)| {
            Some(Told { spread: spread(self.store(), run, prompt)?, run: run.clone() })
        });
        self.spreads().keep(stand, prompt, told.clone());
        told
    }

    fn spreads(&self) -> MutexGuard<'_, Spreads> {
        self.spreads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A spread, and the run that told it.
#[derive(Debug, Clone, PartialEq)]
struct Told {
    spread: f64,
    run: RunId,
}

/// Runs that were looked at, and when they ended: one that goes on again ends later.
type Stand = Vec<(RunId, Option<i64>)>;

/// What the newest runs told of each prompt.
#[derive(Debug, Default)]
pub(crate) struct Spreads {
    of: Stand,
    told: HashMap<String, Option<Told>>,
}

impl Spreads {
    fn known(&self, stand: &Stand, prompt: &str) -> Option<Option<Told>> {
        self.told.get(prompt).filter(|_| self.of == *stand).cloned()
    }

    fn keep(&mut self, stand: Stand, prompt: &str, told: Option<Told>) {
        if self.of != stand {
            (self.of, self.told) = (stand, HashMap::new());
        }
        self.told.insert(prompt.to_owned(), told);
    }
}

/// How much the first two variants of a run differ from case to case, by its scorer that says yes or no: a gate if one is.
fn spread(store: &Store, run: &RunId, prompt: &str) -> Option<f64> {
    let columns = store.columns(run).ok()?;
    let mut own = columns.iter().enumerate().filter(|(_, column)| column.prompt == prompt);
    let (base, first) = own.next()?;
    let (head, _) = own.find(|(_, c)| c.variant != first.variant && c.model == first.model)?;
    let side = ReadSide::read(store, &SideOf::run(run.clone()), &[prompt.to_owned()]).ok()?;
    let (base, head) = (side.column(base), side.column(head));
    let people = People::default();
    let cases = Cases::of(&base, &head, Known { formulas: &[], people: &people });
    let (scorers, _) = cases.scorers();
    let of = |gate: bool| {
        let passes = |s: &&ComparedScorer| s.measure.kind() == Kind::PassFail && (s.gate || !gate);
        scorers.iter().filter(passes).find_map(spread_of)
    };
    of(true).or_else(|| of(false))
}

/// The standard deviation of the differences, or what it would be for the error that shared sources leave.
fn spread_of(scorer: &ComparedScorer) -> Option<f64> {
    let (mut differences, mut sources) = (Vec::new(), Vec::new());
    for (place, case) in scorer.cases.iter().enumerate() {
        let of = |answers: &Answers| mean(&answers.values);
        let Some((base, head)) = of(&case.base).zip(of(&case.head)) else { continue };
        differences.push(head - base);
        // A case without a source is one of its own.
        sources.push(case.source.as_deref().map_or((place, ""), |source| (usize::MAX, source)));
    }
    let clustered = clustered_mean(&differences, &sources)?;
    let error = clustered.se.filter(|error| *error > 0.0)?;
    Some(error * (clustered.clusters as f64).sqrt())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use assay_score::verdict::{Measure, PairedCase};

    use super::*;

    fn told(run: &str) -> Option<Told> {
        Some(Told { spread: 0.5, run: RunId::new(run) })
    }

    #[test]
    fn what_runs_told_is_kept_until_there_are_others() {
        let stand = |ended| vec![(RunId::new("r"), Some(ended))];
        let mut spreads = Spreads::default();
        assert_eq!(spreads.known(&stand(1), "a"), None);
        spreads.keep(stand(1), "a", told("r"));
        spreads.keep(stand(1), "b", None);
        assert_eq!(spreads.known(&stand(1), "a"), Some(told("r")));
        assert_eq!(spreads.known(&stand(1), "b"), Some(None), "that nothing tells is known too");
        assert_eq!(spreads.known(&stand(2), "a"), None);
        spreads.keep(stand(2), "a", None);
        assert_eq!(spreads.known(&stand(2), "b"), None);
    }

    #[test]
    fn a_spread_is_that_of_the_verdict() {
        let case = |n: usize| PairedCase {
            base: Answers::passes(&[n.is_multiple_of(3)]),
            head: Answers::passes(&[n.is_multiple_of(2)]),
            source: n.is_multiple_of(5).then(|| "shared".to_owned()),
            ..PairedCase::new(format!("case-{n:02}"))
        };
        let scorer =
            || ComparedScorer::new("s", Measure::PassFail, (0..40).map(case).collect::<Vec<_>>());
        let comparison = super::super::Comparison::new("p", "a", "b", vec![scorer()]);
        let verdict = super::super::compare(&comparison).unwrap().scorers.remove(0);
        let effect = detectable_effect(verdict.sources.unwrap() as f64, 0.05, 0.8).unwrap();
        let spread = spread_of(&scorer()).unwrap();
        assert!((verdict.detectable.unwrap() - effect * spread).abs() < 1e-9);
    }
}
