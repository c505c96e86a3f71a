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
    let config = at.config()?;
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
        aliases: config.models,
        options: config.options,
        request: engine_request(&request),
        judges,
        commit: at.commit(),
    })
}
