//! Revisions become runs: the prompts as they were, asked the cases and judged by the scorers of another revision.
//!
//! Only what may have changed is asked. A variant with the same content on both sides, under the same `assay.yaml`, would
//! be asked the same question twice.

use std::collections::{BTreeMap, BTreeSet};

use assay_engine::{Plan, PromptSource, RunSpec};
use assay_prompt::Prompt;
use assay_repo::PromptKey;
use assay_wire::*;
use serde::Serialize;
use serde_json::Value;

use crate::app::{App, Open};
use crate::at::At;
use crate::error::Explain;
use crate::media;
use crate::prompts::lone_file;
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
            notes: asked.notes.clone(),
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
        let BothSpecs { specs, left_out, notes } = both;
        let Some(specs) = specs else {
            return Ok(RevisionsPlan { plan: None, differ: false, left_out, notes });
        };
        let mut plan = None;
        for spec in specs {
            let one = self.plan_without_keys(spec)?;
            if self.inner.engine.answered_before(&one).map_err(|e| e.explain())?.is_none() {
                let shown = self.plan_shown(&open, &one)?;
                plan = Some(plan.map_or_else(|| shown.clone(), |before| together(before, &shown)));
            }
        }
        Ok(RevisionsPlan { plan, differ: true, left_out, notes })
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
    notes: Vec<String>,
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
        let (left_out, notes) = (ours.left_out.clone(), ours.notes.clone());
        if ours.prompts.is_empty() {
            return Ok(BothSpecs { specs: None, left_out, notes });
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
        Ok(BothSpecs { specs: Some(specs), left_out, notes })
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
                known.judge_calls += share.judge_calls;
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
#[derive(Default)]
struct Asked {
    prompts: Vec<PromptSource>,
    variants: Vec<String>,
    left_out: Vec<String>,
    notes: Vec<String>,
}

impl Asked {
    fn of(at: &At, judge: &At, request: &RunRequest) -> Result<Asked, ApiError> {
        let mut asked = Asked::default();
        let itself = at.commit() == judge.commit();
        let settings = |at: &At| at.config().map(|config| (config.models, config.options));
        let may_all = settings(at)? != settings(judge)?;
        let mut elsewhere = Elsewhere::of(at, judge)?;
        for key in named(judge, &request.prompts)? {
            let Some(other) = judge.source(&key)? else { continue };
            let theirs = other.parse();
            let found = match at.source(&key)? {
                None if !itself => elsewhere.renamed(&key, &theirs),
                found => found.map(|source| (source, None)),
            };
            let Some((source, was)) = found else {
                asked.left_out.push(format!("{} is not there at {}", key.name, at.name()));
                continue;
            };
            let sides = Sides { at, judge, name: &key.name, ours: source.parse(), theirs };
            if !itself {
                asked.notes.extend(was.map(|was| sides.renamed(&was)));
                if !sides.ask(request, may_all, &mut asked) {
                    continue;
                }
            }
            asked.prompts.push(judged_by(source, &sides.ours, &other, &sides.theirs));
        }
        if !itself && request.prompts.is_empty() {
            let gone = elsewhere
                .left()
                .map(|name| format!("{name} is not there at {} any more", judge.name()));
            asked.left_out.extend(gone);
        }
        if itself || !request.variants.is_empty() {
            asked.variants = request.variants.clone();
        }
        asked.variants.sort();
        asked.variants.dedup();
        Ok(asked)
    }
}

/// A prompt as two revisions have it, the base and the head.
struct Sides<'a> {
    at: &'a At<'a>,
    judge: &'a At<'a>,
    name: &'a str,
    ours: Prompt,
    theirs: Prompt,
}

impl Sides<'_> {
    /// Notes what is asked of it, and says whether anything is.
    fn ask(&self, request: &RunRequest, may_all: bool, asked: &mut Asked) -> bool {
        let Sides { at, judge, name, ours, theirs } = self;
        let changed = changed_variants(ours, theirs, may_all);
        let alone = [(theirs, ours, judge), (ours, theirs, at)];
        for (prompt, other, at) in alone {
            let only =
                prompt.variants.iter().filter(|variant| other.variant(&variant.id).is_none());
            asked
                .left_out
                .extend(only.map(|v| format!("{name}/{} is there at {} only", v.id, at.name())));
        }
        if changed.is_empty() && request.variants.is_empty() {
            asked.left_out.push(match self.others().as_slice() {
                [] => format!("{name} is the same at both revisions"),
                others => format!(
                    "{name} has other {} at the two revisions, and asks the same",
                    others.join(" and ")
                ),
            });
            return false;
        }
        asked.variants.extend(changed);
        asked.notes.extend(self.counted());
        true
    }

    /// What the prompt is measured with that is not the same on both sides.
    fn others(&self) -> Vec<&'static str> {
        let (ours, theirs) = (&self.ours, &self.theirs);
        let (before, after) = (&ours.evals, &theirs.evals);
        let differ = [
            ("cases", meaning(&ours.cases.rows) != meaning(&theirs.cases.rows)),
            ("scorers", meaning(&before.scorers) != meaning(&after.scorers)),
            ("models", meaning(&before.models) != meaning(&after.models)),
            ("repeats", before.repeat != after.repeat),
            ("gates", meaning(&before.gates) != meaning(&after.gates)),
        ];
        differ.into_iter().filter(|(_, differs)| *differs).map(|(what, _)| what).collect()
    }

    /// Whose cases and scorers count, where that makes a difference.
    fn counted(&self) -> Option<String> {
        let others = self.others();
        let (base, head) = (self.at.name(), self.judge.name());
        (!others.is_empty()).then(|| {
            let others = others.join(", ");
            format!("{}: {base} has other {others}; those of {head} count on both sides", self.name)
        })
    }

    fn renamed(&self, was: &str) -> String {
        format!("{} is {was} at {}", self.name, self.at.name())
    }
}

/// What rows of a file say, wherever in it they stand.
fn meaning(rows: &[impl Serialize]) -> Option<Vec<Value>> {
    let without_place = |row| {
        let mut value = serde_json::to_value(row).ok()?;
        if let Some(fields) = value.as_object_mut() {
            fields.shift_remove("span");
        }
        Some(value)
    };
    rows.iter().map(without_place).collect()
}

/// The prompts of the base whose paths the head does not have: taken away, or called otherwise since.
struct Elsewhere {
    prompts: Vec<(PromptKey, PromptSource, Option<String>)>,
}

impl Elsewhere {
    fn of(at: &At, judge: &At) -> Result<Elsewhere, ApiError> {
        let keys = |at: &At| at.prompts().map_err(|e| e.explain());
        let theirs: BTreeSet<String> = keys(judge)?.into_iter().map(|key| key.key).collect();
        let mut prompts = Vec::new();
        for key in keys(at)? {
            let is_judge = crate::judges::is_judge_prompt(&key.key, &BTreeMap::new());
            if is_judge || theirs.contains(&key.key) {
                continue;
            }
            if let Some(source) = at.source(&key)? {
                let id = source.parse().id.filter(|id| !id.is_empty());
                prompts.push((key, source, id));
            }
        }
        Ok(Elsewhere { prompts })
    }

    /// The prompt that `theirs` was, under its new key, and its old name. Its permanent id tells.
    fn renamed(
        &mut self,
        key: &PromptKey,
        theirs: &Prompt,
    ) -> Option<(PromptSource, Option<String>)> {
        let id = theirs.id.as_ref()?;
        let is_it = |(old, _, known): &(PromptKey, PromptSource, Option<String>)| {
            old.lone == key.lone && known.as_ref() == Some(id)
        };
        let place = self.prompts.iter().position(is_it)?;
        let (old, mut source, _) = self.prompts.remove(place);
        if let (Some(from), Some(to)) = (lone_file(&old), lone_file(key))
            && let Some(text) = source.files.remove(&from)
        {
            source.files.insert(to, text);
        }
        let source = PromptSource {
            key: key.key.clone(),
            name: key.name.clone(),
            lone: lone_file(key),
            ..source
        };
        Some((source, Some(old.name)))
    }

    /// The names of those that nothing took up.
    fn left(&self) -> impl Iterator<Item = &str> {
        self.prompts.iter().map(|(key, _, _)| key.name.as_str())
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
    // A prompt that was renamed goes by its new key on both sides.
    let keys = judge.prompts().map_err(|e| e.explain())?;
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
            judge_calls: 2,
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
        assert_eq!((both.per_host[0].cells, both.per_host[0].judge_calls), (6, 4));
    }

    #[test]
    fn a_cost_that_nobody_knows_makes_the_sum_unknown_and_other_hosts_stay_apart() {
        let both = together(plan("a", Some(0.5)), &plan("b", None));
        assert_eq!(both.cost, None);
        let hosts: Vec<&str> = both.per_host.iter().map(|share| share.host.as_str()).collect();
        assert_eq!(hosts, ["a", "b"]);
    }
}
