//! Revisions become runs: the prompts as they were, asked the cases and judged by the scorers of another revision.
//!
//! Only what may have changed is asked. A variant with the same content on both sides, under the same `assay.yaml`, would
//! be asked the same question twice.

use std::collections::BTreeMap;

use assay_engine::{Plan, PromptSource, RunSpec};
use assay_prompt::Prompt;
use assay_repo::PromptKey;
use assay_wire::*;

use crate::app::{App, Open};
use crate::at::At;
use crate::error::Explain;
use crate::media;
use crate::router::Answer;
use crate::runs::engine_request;

impl Answer<StartRevision> for App {
    fn answer(&self, command: StartRevision) -> Result<RevisionRun, ApiError> {
        let open = self.workspace()?;
        let at = At::of(&open.workspace, command.revision.as_deref())?;
        let judge = At::of(&open.workspace, command.judged_by.as_deref())?;
        let asked = Asked::of(&at, &judge, &command.request)?;
        let mut reply = RevisionRun {
            run: None,
            started: false,
            prompts: asked.prompts.iter().map(|prompt| prompt.key.clone()).collect(),
            variants: asked.variants.clone(),
            left_out: asked.left_out.clone(),
        };
        if asked.prompts.is_empty() {
            return Ok(reply);
        }
        let spec = revision_spec(&open, &at, &judge, asked, &command.request)?;
        let plan = self.with_models(|models| Plan::new(spec.clone(), models))?;
        if let Some(run) = self.inner.engine.answered_before(&plan).map_err(|e| e.explain())? {
            return Ok(RevisionRun { run: Some(run.to_string()), ..reply });
        }
        self.require_consent(&open, command.consent)?;
        reply.run = Some(self.begin(plan)?.run);
        reply.started = true;
        Ok(reply)
    }
}

impl Answer<PlanRevisions> for App {
    fn answer(&self, command: PlanRevisions) -> Result<RevisionsPlan, ApiError> {
        let open = self.workspace()?;
        let PlanRevisions { base, head, request } = command;
        let both = BothSpecs::of(&open, &base, head.as_deref(), &request)?;
        let BothSpecs { specs, left_out } = both;
        let Some(specs) = specs else {
            return Ok(RevisionsPlan { plan: None, differ: false, left_out });
        };
        let mut plan = None;
        for spec in specs {
            let one = self.plan_without_keys(spec)?;
            if self.inner.engine.answered_before(&one).map_err(|e| e.explain())?.is_none() {
                let shown = self.plan_shown(&open, &one)?;
                plan = Some(plan.map_or_else(|| shown.clone(), |before| together(before, &shown)));
            }
        }
        Ok(RevisionsPlan { plan, differ: true, left_out })
    }
}

impl App {
    /// The runs that have answered a base and a head, both asked the head's cases; none while one of them is missing.
    /// Sends nothing.
    pub(crate) fn answered_revisions(
        &self,
        open: &Open,
        base: &str,
        head: &str,
        request: &RunRequest,
    ) -> Result<Option<(String, String)>, ApiError> {
        let Some(specs) = BothSpecs::of(open, base, Some(head), request)?.specs else {
            return Ok(None);
        };
        let mut runs = Vec::new();
        for spec in specs {
            let plan = self.plan_without_keys(spec)?;
            let run = self.inner.engine.answered_before(&plan).map_err(|e| e.explain())?;
            let Some(run) = run else { return Ok(None) };
            runs.push(run.to_string());
        }
        Ok(runs.pop().and_then(|head| Some((runs.pop()?, head))))
    }
}

/// What both sides of a comparison of revisions are asked.
struct BothSpecs {
    /// The base's and the head's; none when nothing differs.
    specs: Option<[RunSpec; 2]>,
    left_out: Vec<String>,
}

impl BothSpecs {
    fn of(
        open: &Open,
        base: &str,
        head: Option<&str>,
        request: &RunRequest,
    ) -> Result<BothSpecs, ApiError> {
        let base = At::of(&open.workspace, Some(base))?;
        let head = At::of(&open.workspace, head)?;
        let ours = Asked::of(&base, &head, request)?;
        let left_out = ours.left_out.clone();
        if ours.prompts.is_empty() {
            return Ok(BothSpecs { specs: None, left_out });
        }
        let narrowed = RunRequest {
            prompts: ours.prompts.iter().map(|prompt| prompt.key.clone()).collect(),
            variants: ours.variants.clone(),
            ..request.clone()
        };
        let theirs = Asked::of(&head, &head, &narrowed)?;
        let specs = [
            revision_spec(open, &base, &head, ours, request)?,
            revision_spec(open, &head, &head, theirs, &narrowed)?,
        ];
        Ok(BothSpecs { specs: Some(specs), left_out })
    }
}

/// Two plans as one: what both runs come to.
fn together(plan: PlanView, more: &PlanView) -> PlanView {
    PlanView {
        cells: plan.cells + more.cells,
        cached: plan.cached + more.cached,
        input_tokens: plan.input_tokens + more.input_tokens,
        output_tokens_max: plan.output_tokens_max.zip(more.output_tokens_max).map(|(a, b)| a + b),
        judge_calls: plan.judge_calls + more.judge_calls,
        cost: both_costs(plan.cost, more.cost.as_ref()),
        unknown_prices: united(plan.unknown_prices, &more.unknown_prices),
        unsendable: plan.unsendable + more.unsendable,
        left_out: united(plan.left_out, &more.left_out),
        hosts: united(plan.hosts, &more.hosts),
        per_host: both_shares(plan.per_host, &more.per_host),
        missing_keys: united(plan.missing_keys, &more.missing_keys),
        columns: [plan.columns, more.columns.clone()].concat(),
        needs_consent: plan.needs_consent || more.needs_consent,
        // Both are asked the same cases.
        rows: plan.rows.max(more.rows),
        power: plan.power,
    }
}

/// What both cost; nothing where one is not known.
fn both_costs(cost: Option<CostRange>, more: Option<&CostRange>) -> Option<CostRange> {
    let (cost, more) = (cost?, more?);
    Some(CostRange { low: cost.low + more.low, high: cost.high + more.high, ..cost })
}

fn both_shares(mut shares: Vec<HostShareView>, more: &[HostShareView]) -> Vec<HostShareView> {
    for share in more {
        match shares.iter_mut().find(|known| known.host == share.host) {
            Some(known) => {
                known.cells += share.cells;
                known.input_tokens += share.input_tokens;
                known.cost = both_costs(known.cost.take(), share.cost.as_ref());
            }
            None => shares.push(share.clone()),
        }
    }
    shares
}

/// Each of them once, in the order in which they come.
fn united(mut words: Vec<String>, more: &[String]) -> Vec<String> {
    for word in more {
        if !words.contains(word) {
            words.push(word.clone());
        }
    }
    words
}

/// Which prompts and variants of a revision are asked.
struct Asked {
    prompts: Vec<PromptSource>,
    variants: Vec<String>,
    left_out: Vec<String>,
}

impl Asked {
    fn of(at: &At, judge: &At, request: &RunRequest) -> Result<Asked, ApiError> {
        let settings = |at: &At| at.config().map(|config| (config.models, config.options));
        let same_settings = settings(at)? == settings(judge)?;
        let itself = at.commit() == judge.commit();
        let mut asked = Asked { prompts: Vec::new(), variants: Vec::new(), left_out: Vec::new() };
        for key in named(judge, &request.prompts)? {
            let Some(other) = judge.source(&key)? else { continue };
            let Some(source) = at.source(&key)? else {
                asked.left_out.push(format!("{} is not there at {}", key.name, at.name()));
                continue;
            };
            let (ours, theirs) = (source.parse(), other.parse());
            let changed = changed_variants(&ours, &theirs, !same_settings);
            if !itself && request.variants.is_empty() && changed.is_empty() {
                asked.left_out.push(format!("{} is the same at both revisions", key.name));
                continue;
            }
            if !itself {
                asked.variants.extend(changed);
            }
            asked.prompts.push(judged_by(source, &ours, &other, &theirs));
        }
        if itself || !request.variants.is_empty() {
            asked.variants = request.variants.clone();
        }
        asked.variants.sort();
        asked.variants.dedup();
        Ok(asked)
    }
}

/// The prompts of a revision that go by these keys or names; all when there are none.
fn named(at: &At, names: &[String]) -> Result<Vec<PromptKey>, ApiError> {
    let keys = at.prompts().map_err(|e| e.explain())?;
    let is_named = |key: &PromptKey, name: &String| key.key == *name || key.name == *name;
    if let Some(unknown) = names.iter().find(|name| !keys.iter().any(|key| is_named(key, name))) {
        return Err(ApiError::new(
            Code::NotFound,
            format!("there is no prompt `{unknown}` at {}", at.name()),
        ));
    }
    let is_meant = |key: &PromptKey| match names {
        // Judges are there for other prompts' scorers.
        [] => !crate::judges::is_judge_prompt(&key.key, &BTreeMap::new()),
        names => names.iter().any(|name| is_named(key, name)),
    };
    Ok(keys.into_iter().filter(is_meant).collect())
}

/// The variants that both have and that may answer otherwise.
fn changed_variants(ours: &Prompt, theirs: &Prompt, all: bool) -> Vec<String> {
    let changed = theirs.variants.iter().filter(|theirs| {
        let ours = ours.variant(&theirs.id);
        ours.is_some_and(|ours| all || ours.content_id != theirs.content_id)
    });
    changed.map(|variant| variant.id.clone()).collect()
}

/// The prompt with the cases and evals of the other, unless they are its own: then it is like any other run of it.
fn judged_by(
    source: PromptSource,
    ours: &Prompt,
    other: &PromptSource,
    theirs: &Prompt,
) -> PromptSource {
    let own = ours.cases == theirs.cases && ours.evals == theirs.evals;
    PromptSource { judged_by: (!own).then(|| other.files.clone()), ..source }
}

fn revision_spec(
    open: &Open,
    at: &At,
    judge: &At,
    asked: Asked,
    request: &RunRequest,
) -> Result<RunSpec, ApiError> {
    let (config, judging) = (at.config()?, judge.config()?.models);
    let keys = at.prompts().map_err(|e| e.explain())?;
    let (mut prompts, mut judges, mut media_read) = (Vec::new(), BTreeMap::new(), 0);
    for mut source in asked.prompts {
        let prompt = source.parse();
        // Both sides are judged by the same words: those on disk.
        crate::judges::add_kept(open, &prompt, &mut judges)?;
        if let Some(key) = keys.iter().find(|key| key.key == source.key) {
            at.refuse_broken(key, &prompt)?;
            source.media = media::of_cases(judge, key, &prompt, request, &mut media_read)?;
        }
        prompts.push(source);
    }
    let request = RunRequest { variants: asked.variants, ..request.clone() };
    Ok(RunSpec {
        workspace: open.id.clone(),
        prompts,
        judge_aliases: (judging != config.models).then_some(judging),
        aliases: config.models,
        options: config.options,
        request: engine_request(&request),
        judges,
        commit: at.commit(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(host: &str, cost: Option<f64>) -> PlanView {
        let range = |high| CostRange { low: 0.0, high, currency: "USD".to_owned() };
        let share = HostShareView {
            host: host.to_owned(),
            cells: 3,
            input_tokens: 30,
            cost: cost.map(range),
        };
        PlanView {
            cells: 4,
            cached: 1,
            input_tokens: 30,
            output_tokens_max: Some(100),
            judge_calls: 2,
            cost: cost.map(range),
            unknown_prices: Vec::new(),
            unsendable: 0,
            left_out: vec!["seed".to_owned()],
            hosts: vec![host.to_owned()],
            per_host: vec![share],
            missing_keys: Vec::new(),
            columns: Vec::new(),
            rows: 4,
            needs_consent: false,
            power: Vec::new(),
        }
    }

    #[test]
    fn two_plans_come_to_their_sums_and_say_everything_once() {
        let both = together(plan("a", Some(0.5)), &plan("a", Some(0.25)));
        assert_eq!((both.cells, both.cached, both.judge_calls, both.rows), (8, 2, 4, 4));
        assert_eq!(both.output_tokens_max, Some(200));
        assert_eq!(both.cost.map(|cost| cost.high), Some(0.75));
        assert_eq!((both.hosts.len(), both.left_out.len(), both.per_host.len()), (1, 1, 1));
        assert_eq!(both.per_host[0].cells, 6);
    }

    #[test]
    fn a_cost_that_nobody_knows_makes_the_sum_unknown_and_other_hosts_stay_apart() {
        let both = together(plan("a", Some(0.5)), &plan("b", None));
        assert_eq!(both.cost, None);
        let hosts: Vec<&str> = both.per_host.iter().map(|share| share.host.as_str()).collect();
        assert_eq!(hosts, ["a", "b"]);
    }
}
