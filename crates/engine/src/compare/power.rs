//! What a comparison of so many cases can show, before anything is sent.
//!
//! How many cases change sides is known after a run only. What an earlier run of the prompt showed is taken for it, else
//! that one case in five does.

use std::collections::BTreeSet;

use assay_score::stats::planning::detectable_effect;
use assay_score::verdict::{Kind, Rules};
use assay_store::{RunId, RunRecord, RunState};

use super::SideOf;
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
        let spread = told.as_ref().map_or(CHANGED.sqrt(), |(spread, _)| *spread);
        Some(Power {
            prompt: source.key.clone(),
            name: source.name.clone(),
            cases: cases.len(),
            sources: (sources < cases.len()).then_some(sources),
            detectable: (effect * spread).min(1.0),
            told_by: told.map(|(_, run)| run),
        })
    }

    /// How much the differences of two variants spread in the newest run that has two. Only a help to plan: a run that
    /// cannot be read tells nothing.
    fn told_spread(&self, workspace: &str, prompt: &str) -> Option<(f64, RunId)> {
        let runs = self.store().runs(workspace, LOOKED_AT).ok()?;
        let is_readable = |run: &RunRecord| run.state == RunState::Done && run.total <= MOST_CELLS;
        let mut readable = runs.into_iter().filter(is_readable);
        readable.find_map(|run| Some((self.spread(&run.id, prompt)?, run.id)))
    }

    fn spread(&self, run: &RunId, prompt: &str) -> Option<f64> {
        let detail = self.store().run(run).ok()??;
        let mut columns = detail.columns.iter().filter(|column| column.prompt == prompt);
        let first = columns.next()?;
        let other = columns.find(|c| c.variant != first.variant && c.model == first.model)?;
        let side = |variant: &str| SideOf {
            variant: Some(variant.to_owned()),
            model: Some(first.model.clone()),
            ..SideOf::run(run.clone())
        };
        let compared = self
            .compare(&side(&first.variant), &side(&other.variant), &[prompt.to_owned()])
            .ok()?;
        let scorers = &compared.pairs.first()?.verdict.scorers;
        let passes = |gate: bool| {
            scorers.iter().find(|s| s.kind == Kind::PassFail && (s.gate || !gate) && s.cases > 1)
        };
        let told = passes(true).or_else(|| passes(false))?;
        let rules = Rules::default();
        let n = told.sources.unwrap_or(told.cases) as f64;
        Some(told.detectable? / detectable_effect(n, rules.alpha, rules.power)?)
    }
}
