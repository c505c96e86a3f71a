//! What a plan comes to, before anything is sent: cells, tokens, hosts and money.

use std::collections::{BTreeMap, BTreeSet};

use assay_store::{Store, StoreError};

use crate::cost::{self, ASSUMED_OUTPUT, CostRange, Estimate};
use crate::error::EngineError;
use crate::judging::Expected;
use crate::models::Target;
use crate::neighbours::stop_unless;
use crate::plan::{Call, Column, Plan};

/// What a plan comes to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PlanSummary {
    /// Cells that this run answers: all of the matrix, or those of its shard.
    pub cells: u32,
    /// Cells answered from the cache, free and at once.
    pub cached: u32,
    /// Cells that cannot be sent and will fail with their reason.
    pub unsendable: u32,
    /// Estimated input tokens of the cells to send.
    pub input_tokens: u64,
    /// Most output tokens those may cost; `None` when a column sets no limit.
    pub output_tokens_max: Option<u64>,
    /// Calls that judges make about the cells' answers, and those that they make once for all of them. Their tokens and cost are in the sums. Each may be made once more
    /// to put a reply right: the most that is generated, and what that costs, reckon with all of these. Calls that turn
    /// out to be cached are not known before.
    pub judge_calls: u64,
    /// What those are likely to cost; `None` when the price of one is not known.
    pub cost: Option<CostRange>,
    /// Models whose price is not known.
    pub unpriced: BTreeSet<String>,
    /// Where what is sent is not what was asked for, in words.
    pub left_out: BTreeSet<String>,
    /// Hosts that would be contacted.
    pub hosts: BTreeSet<String>,
    /// What each host would be sent.
    pub per_host: BTreeMap<String, HostShare>,
}

/// What one host would be sent.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HostShare {
    /// Cells to send there.
    pub cells: u32,
    /// Calls that judges make there.
    pub judge_calls: u64,
    /// Estimated input tokens of both.
    pub input_tokens: u64,
    /// What they may cost; `None` when the price of one is not known.
    pub cost: Option<CostRange>,
}

impl Plan {
    /// Tokens, cached cells, hosts and cost. Renders every cell; sends nothing. Blocks, perhaps for minutes where the
    /// nearest examples are chosen first.
    ///
    /// # Errors
    /// When the cache cannot be read, the nearest examples cannot be chosen, or `go_on` says no.
    pub fn summary(
        &self,
        store: &Store,
        go_on: &dyn Fn() -> bool,
    ) -> Result<PlanSummary, EngineError> {
        self.choose_shots(go_on)?;
        let mut summary = PlanSummary {
            output_tokens_max: Some(0),
            left_out: self.left_out().into_iter().chain(self.limited()).collect(),
            cost: Some(CostRange::default()),
            ..PlanSummary::default()
        };
        let mut judges = BTreeSet::new();
        for cell in (0..self.cells.len() as u32).filter(|cell| self.holds(*cell)) {
            stop_unless(go_on)?;
            summary.cells += 1;
            let call = self.call(cell);
            if call.is_ok() {
                let (column, row) = self.at(cell);
                self.judging.expected(column, &row.case).for_each(|more| summary.add_judge(&more));
                judges.extend(self.judging.about(column, &row.case));
            }
            match call {
                // A cell that cannot be rendered will fail with its reason and is never sent.
                Err(_) => summary.unsendable += 1,
                Ok(call) if self.is_cached(&call, store)? => summary.cached += 1,
                Ok(call) => summary.add(&self.at(cell).0.target, call.estimate),
            }
        }
        self.judging.shared(judges).for_each(|once| summary.add_judge(&once));
        Ok(summary)
    }

    /// What columns ask for and their models are not asked.
    fn left_out(&self) -> BTreeSet<String> {
        self.columns.iter().flat_map(|column| &column.asked.left_out).cloned().collect()
    }

    /// What a budget does to replies whose length no option limits, or the provider has no word for.
    fn limited(&self) -> BTreeSet<String> {
        let of = |column: &Column| {
            let Column { target, options, .. } = column;
            let asked = options.integer("maxOutputTokens");
            let (model, tokens) = (&target.id, asked.unwrap_or(ASSUMED_OUTPUT));
            match (target.takes_limit(), asked) {
                (true, Some(_)) => None,
                (true, None) => Some(format!(
                    "`{model}` is asked for at most {tokens} tokens a reply, because there is a budget and no `maxOutputTokens`"
                )),
                (false, _) => Some(format!(
                    "`{model}` takes no limit of a reply's length; the budget reckons with {tokens} tokens, and longer replies may pass it"
                )),
            }
        };
        self.columns.iter().filter(|c| self.limits_output(&c.target)).filter_map(of).collect()
    }

    fn is_cached(&self, call: &Call, store: &Store) -> Result<bool, StoreError> {
        Ok(!self.spec.request.no_cache && store.is_cached(&call.cache_key)?)
    }
}

impl PlanSummary {
    /// Adds a call that would be sent.
    fn add(&mut self, target: &Target, estimate: Estimate) {
        let cost = target.price.as_ref().map(|price| cost::range(price, estimate));
        let host = self.add_tokens(target, estimate, cost);
        if let Some(host) = host {
            host.cells += 1;
        }
    }

    /// Adds what a judge would ask about an answer.
    fn add_judge(&mut self, expected: &Expected<'_>) {
        let calls = u64::from(expected.calls);
        let cost = expected.target.price.as_ref().map(|price| {
            let CostRange { low, high } = cost::range(price, expected.each);
            let repaired = high + cost::range(price, expected.repair).high;
            CostRange { low: low * calls as f64, high: repaired * calls as f64 }
        });
        let most = expected.each.output_max.zip(expected.repair.output_max);
        let all = Estimate {
            input: expected.each.input * calls,
            output_max: most.map(|(first, repair)| (first + repair) * calls),
        };
        self.judge_calls += calls;
        if let Some(host) = self.add_tokens(expected.target, all, cost) {
            host.judge_calls += calls;
        }
    }

    /// Adds tokens and cost; returns the share of the host.
    fn add_tokens(
        &mut self,
        target: &Target,
        estimate: Estimate,
        cost: Option<CostRange>,
    ) -> Option<&mut HostShare> {
        if cost.is_none() {
            self.unpriced.insert(target.id.clone());
        }
        self.input_tokens += estimate.input;
        let sum = self.output_tokens_max.zip(estimate.output_max);
        self.output_tokens_max = sum.map(|(sum, limit)| sum.saturating_add(limit));
        self.cost = sum_of(self.cost, cost);
        let host = target.host()?;
        self.hosts.insert(host.to_owned());
        let nothing = || HostShare { cost: Some(CostRange::default()), ..HostShare::default() };
        let share = self.per_host.entry(host.to_owned()).or_insert_with(nothing);
        share.input_tokens += estimate.input;
        share.cost = sum_of(share.cost, cost);
        Some(share)
    }
}

/// One unknown makes the sum unknown.
fn sum_of(sum: Option<CostRange>, more: Option<CostRange>) -> Option<CostRange> {
    let (mut sum, more) = sum.zip(more)?;
    sum.add(more);
    Some(sum)
}
