//! `Attest`: what a run showed, signed, as evidence for the content it measured.
//!
//! A run can be attested when exactly what it used is committed: a statement about content that nobody else has would
//! be worth nothing. Everything is gathered first; a run that lacks something for one variant is signed for none.

use std::collections::BTreeMap;

use assay_engine::RunSpec;
use assay_repo::review::{Body, Content, Draft, Item, Role, Signed, Subject};
use assay_wire::*;

use super::committed::require_committed;
use super::evidence::evidence_of;
use super::hearing::{Hearing, Target, name_of, revoked};
use super::say::{draft, known_target};
use super::showed::{Against, Showed};
use crate::app::App;
use crate::error::Explain;
use crate::results::no_run;
use crate::router::Answer;

impl Answer<Attest> for App {
    fn answer(&self, command: Attest) -> Result<AttestedView, ApiError> {
        let hearing = self.hear()?;
        let run = self.ended_run(&hearing, &command.run)?;
        let spec = self.spec_of(&run)?;
        let revision = require_committed(&hearing.open, &spec)?;
        let content = revision.content().map_err(|e| e.explain())?;
        let base = base_of(&hearing, command.base.as_deref())?;
        let against = Against { base: base.as_ref(), head: (&revision, &content) };
        let showed = Showed::of(self, &hearing.open, &run, &spec, against)?;
        let rules = revision.rules().map_err(|e| e.explain())?;
        let empty = Content::default();
        let replaced = base.as_ref().map_or(&empty, |base| &base.content);
        let mut drafts = Vec::new();
        for (key, variant) in showed.variants() {
            let subjects = measured(&content, &key, &variant)?;
            let evidence = showed.evidence(&key, &variant)?;
            let body = Body::Eval(Box::new(evidence.clone()));
            let told = subjects[0].digest.clone();
            let draft = draft(&hearing, subjects, replaced, &rules, body)?;
            drafts.push(((key, variant, told, evidence), draft));
        }
        let taken_back = revoked(&hearing.signed, Some(&rules));
        let stands = |signed: &&Signed| hearing.is_own(signed) && !taken_back.contains(&signed.id);
        let mut contents = Vec::new();
        for ((prompt, variant, content, evidence), draft) in drafts {
            let mut earlier = hearing.signed.iter().filter(stands);
            let signed = match earlier.find(|signed| says_the_same(signed, &draft)) {
                Some(signed) => signed.clone(),
                None => self.state(&hearing, draft)?,
            };
            let person = name_of(Some(&rules), &signed);
            let evidence = evidence_of(&signed, &evidence, person, false);
            contents.push(AttestedContentView { prompt, variant, content, evidence });
        }
        Ok(AttestedView { run, contents })
    }
}

impl Answer<ListEvidence> for App {
    fn answer(&self, _: ListEvidence) -> Result<Vec<EvidenceLine>, ApiError> {
        let hearing = self.hear()?;
        let tip = hearing.open.workspace.head();
        let tip = tip.map(|id| hearing.open.workspace.revision(&id)).transpose();
        let Some(tip) = tip.map_err(|e| e.explain())? else { return Ok(Vec::new()) };
        let content = tip.content().map_err(|e| e.explain())?;
        let rules = tip.rules().ok();
        let taken_back = revoked(&hearing.signed, rules.as_ref());
        let paths: BTreeMap<&str, &str> = content
            .items
            .iter()
            .map(|item| (item.subject.prompt.as_str(), item.path.as_str()))
            .collect();
        let path_of = |subject: &Subject| {
            let path = paths.get(subject.prompt.as_str()).copied();
            path.map_or_else(|| subject.prompt.clone(), str::to_owned)
        };
        let mut lines = Vec::new();
        for signed in hearing.signed.iter().filter(|signed| !taken_back.contains(&signed.id)) {
            let Body::Eval(evidence) = &signed.statement.body else { continue };
            let here = self.has_run(&evidence.run)?;
            let variants = signed.statement.subjects.iter().filter(|s| s.role == Role::Prompt);
            lines.extend(variants.map(|subject| EvidenceLine {
                prompt: path_of(subject),
                variant: subject.variant.clone(),
                content: subject.digest.clone(),
                current: content.items.iter().any(|item| item.subject == *subject),
                here,
                evidence: evidence_of(signed, evidence, name_of(rules.as_ref(), signed), false),
            }));
        }
        lines.sort_by_key(|line| std::cmp::Reverse(line.evidence.time_s));
        Ok(lines)
    }
}

impl App {
    /// The id of a run that has answered all of its matrix.
    fn ended_run(&self, hearing: &Hearing, name: &str) -> Result<String, ApiError> {
        let newest = || -> Result<Option<String>, ApiError> {
            Ok(self.answer(ListRuns { limit: 1 })?.into_iter().next().map(|run| run.run))
        };
        let run = match name {
            "last" => newest()?.ok_or_else(|| no_run(name))?,
            name => name.to_owned(),
        };
        let record = self.record(&run).map_err(|error| match error.code {
            Code::NotFound => error.hint("`assay runs` lists the runs of this machine."),
            _ => error,
        })?;
        if record.workspace != hearing.open.id {
            return Err(no_run(&run).hint("It belongs to another repository; open that one."));
        }
        let is_whole = record.done + record.failed == record.total && record.shard.is_none();
        if record.state != assay_store::RunState::Done || !is_whole {
            let message = format!("run `{run}` has not answered all of its cells");
            return Err(ApiError::new(Code::BadInput, message)
                .hint(format!("Continue with: assay run --resume {run}")));
        }
        Ok(run)
    }

    /// Whether a run was made on this machine, and is kept with its outputs.
    fn has_run(&self, run: &str) -> Result<bool, ApiError> {
        let found = self.inner.store.run_record(&assay_store::RunId::new(run));
        Ok(found.map_err(|e| e.explain())?.is_some())
    }

    /// What a run was asked.
    pub(crate) fn spec_of(&self, run: &str) -> Result<RunSpec, ApiError> {
        let detail =
            self.inner.store.run(&assay_store::RunId::new(run)).map_err(|e| e.explain())?;
        let detail = detail.ok_or_else(|| no_run(run))?;
        serde_json::from_str(&detail.spec).map_err(|error| {
            ApiError::new(Code::Storage, format!("run `{run}` cannot be read back: {error}"))
        })
    }
}

/// Whether a statement says all that a draft would: signing that again would say nothing more.
fn says_the_same(signed: &Signed, draft: &Draft) -> bool {
    let said = &signed.statement;
    let (subjects, base) = (&draft.subjects, &draft.base);
    said.repository == draft.repository
        && said.policy == draft.policy
        && said.body == draft.body
        && said.subjects.len() == subjects.len()
        && subjects.iter().all(|subject| said.is_about(subject))
        && said.base.len() == base.len()
        && base.iter().all(|digest| said.base.contains(digest))
}

/// The branch that the run's gates are compared with: the one that is named, else the main one.
fn base_of(hearing: &Hearing, name: Option<&str>) -> Result<Option<Target>, ApiError> {
    match (name, hearing.main()) {
        (Some(name), _) => known_target(hearing, name).map(Some),
        (None, Some(main)) => hearing.read_target(main),
        (None, None) => Ok(None),
    }
}

/// A variant and what it was measured with, as subjects; the variant comes first.
fn measured(content: &Content, key: &str, variant: &str) -> Result<Vec<Subject>, ApiError> {
    let of = |role: Role, variant: &str| {
        let is_it = |item: &&Item| {
            item.path == key && item.subject.role == role && item.subject.variant == variant
        };
        content.items.iter().find(is_it).map(|item| item.subject.clone())
    };
    let found = [
        of(Role::Prompt, variant),
        of(Role::Cases, ""),
        of(Role::Scorers, ""),
        of(Role::Suite, ""),
    ];
    found.into_iter().collect::<Option<Vec<_>>>().ok_or_else(|| {
        let unnamed = content.unnamed.iter().find(|unnamed| unnamed.path() == key);
        let message =
            unnamed.map_or_else(|| format!("{key} has no variant {variant}"), ToString::to_string);
        ApiError::new(Code::BadInput, message)
            .hint("`assay check --fix` gives missing ids; commit them.")
    })
}
