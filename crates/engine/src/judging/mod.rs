//! The judges of a run: what they are, which models and prompts they need, and how their questions are asked.
//!
//! A judge is a machine of `assay-score` that says what it would ask. Here its questions become cells of child runs
//! ([`rounds`]), so that they have all that cells have: a plan, lanes, retries, the cache, the budget, a record of
//! every call. Nothing is kept but what the store keeps: which questions were answered is read back from the
//! children, and a run that was stopped in the middle asks only what is missing.

mod cost;
mod heard;
mod prompts;
mod report;
mod rounds;
mod target;
mod told;

use std::collections::BTreeMap;

use assay_prompt::{Prompt, Severity};
use assay_score::judge::{Judge, Material, Replies, Step};
use assay_score::{Outcome, ScorerProblem};

use crate::error::EngineError;
use crate::models::{Resolve, Target};
use crate::spec::{PromptSource, RunSpec};
use target::JudgeModels;

pub(crate) use cost::Expected;
pub use prompts::{BUILT_IN_JUDGES, built_in_judge};
pub use told::{JudgeCall, PanelMember};

/// What child runs are for, in the store.
pub(crate) const PURPOSE: &str = "judge";

/// The judges of a run's prompts.
pub(crate) struct Judging {
    /// By the place of the prompt.
    of_prompts: Vec<Vec<JudgedScorer>>,
    models: JudgeModels,
    prompts: BTreeMap<String, Prompt>,
}

/// A scorer that asks a model.
#[derive(Debug)]
pub struct JudgedScorer {
    /// Its id.
    pub id: String,
    /// The judge, or what is wrong with how it is written.
    pub judge: Result<Judge, ScorerProblem>,
}

impl JudgedScorer {
    /// The scorers of a prompt that ask a model, in the order of the file.
    #[must_use]
    pub fn all(prompt: &Prompt) -> Vec<JudgedScorer> {
        let scorers = prompt.evals.scorers.iter();
        let judged = scorers.filter_map(|spec| Some((spec.id.clone(), Judge::compile(spec)?)));
        judged.map(|(id, judge)| JudgedScorer { id, judge }).collect()
    }

    /// Whether it says anything of this case as this variant answers it. A variant is not compared with itself.
    #[must_use]
    pub fn looks_at(&self, case: &assay_prompt::Row, variant: &str) -> bool {
        match &self.judge {
            Ok(judge) => judge.looks_at(case) && judge.baseline() != Some(variant),
            Err(_) => true,
        }
    }

    fn next(&self, material: &Material<'_>, replies: &Replies) -> Step {
        match &self.judge {
            Ok(judge) => judge.next(material, replies),
            Err(problem) => Step::Done(Outcome::NotJudged { reason: problem.message.clone() }),
        }
    }
}

impl Judging {
    /// Finds the models and prompts that the judges of these prompts ask. Built-in prompts become part of the
    /// specification.
    ///
    /// # Errors
    /// When a model cannot be used, or a judge prompt is missing or has errors.
    pub fn new(
        spec: &mut RunSpec,
        prompts: &[Prompt],
        models: &dyn Resolve,
    ) -> Result<Judging, EngineError> {
        let of_prompts: Vec<_> = prompts.iter().map(JudgedScorer::all).collect();
        let judges = || of_prompts.iter().flatten().filter_map(|scorer| scorer.judge.as_ref().ok());
        let mut found = JudgeModels::new(models.embedded());
        for model in judges().flat_map(Judge::models) {
            found.add(model, models.target(&spec.resolve_judge(model))?);
        }
        judges().try_for_each(|judge| refuse_repeated(judge, &found))?;
        let wanted: Vec<&str> = judges().flat_map(Judge::prompts).collect();
        for name in wanted {
            add_prompt(spec, name)?;
        }
        let prompts = spec.judges.iter().map(|(name, source)| (name.clone(), source.parse()));
        let prompts: BTreeMap<_, _> = prompts.collect();
        refuse_broken(spec, &prompts)?;
        Ok(Judging { of_prompts, models: found, prompts })
    }

    /// Whether nothing is judged by a model.
    pub fn is_empty(&self) -> bool {
        self.of_prompts.iter().all(Vec::is_empty)
    }

    /// The judges of a prompt, by its place.
    pub fn of_prompt(&self, place: usize) -> &[JudgedScorer] {
        &self.of_prompts[place]
    }

    /// The models that judges ask.
    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        self.models.targets()
    }
}

/// Two names of one model would be two votes of one mind.
fn refuse_repeated(judge: &Judge, models: &JudgeModels) -> Result<(), EngineError> {
    let mut names: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for name in judge.models() {
        if let Some(target) = models.named(name) {
            names.entry(&target.id).or_default().push(name.clone());
        }
    }
    match names.into_iter().find(|(_, names)| names.len() > 1) {
        None => Ok(()),
        Some((model, names)) => Err(EngineError::SameJudge {
            scorer: judge.id().to_owned(),
            model: model.to_owned(),
            names,
        }),
    }
}

fn add_prompt(spec: &mut RunSpec, name: &str) -> Result<(), EngineError> {
    if spec.judges.contains_key(name) {
        return Ok(());
    }
    let source = built_in_judge(name);
    let source = source.ok_or_else(|| EngineError::NoJudgePrompt { name: name.to_owned() })?;
    spec.judges.insert(name.to_owned(), source);
    Ok(())
}

fn refuse_broken(spec: &RunSpec, prompts: &BTreeMap<String, Prompt>) -> Result<(), EngineError> {
    for (name, prompt) in prompts {
        let errors = prompt.diagnostics.iter().filter(|d| d.severity == Severity::Error);
        let diagnostics: Vec<_> = errors.cloned().collect();
        if !diagnostics.is_empty() || prompt.variants.is_empty() {
            let prompt = spec.judges.get(name).map_or(name, |source| &source.key).clone();
            return Err(EngineError::InvalidPrompt { prompt, diagnostics });
        }
    }
    Ok(())
}

/// What makes the scores of a run's judges comparable, by the key of the prompt and the id of the scorer.
#[must_use]
pub fn judge_signatures(spec: &RunSpec) -> BTreeMap<(String, String), String> {
    let content_id = |name: &str| {
        let source = spec.judges.get(name).cloned().or_else(|| built_in_judge(name));
        content_id(&source?)
    };
    let model = |name: &str| spec.resolve_judge(name);
    let of_prompt = |source: &PromptSource| {
        let prompt = source.parse();
        let signed = |scorer: JudgedScorer| {
            let judge = scorer.judge.ok()?;
            let signature =
                judge.signature(&content_id, &model) + against(&judge, &prompt).as_str();
            Some(((source.key.clone(), scorer.id), signature))
        };
        JudgedScorer::all(&prompt).into_iter().filter_map(signed).collect::<Vec<_>>()
    };
    spec.prompts.iter().flat_map(of_prompt).collect()
}

/// What a judge of pairs compares with: to win against another text is another thing.
fn against(judge: &Judge, prompt: &Prompt) -> String {
    let baseline = judge.baseline().and_then(|id| prompt.variant(id));
    let short = |id: &str| id.trim_start_matches("sha256:").chars().take(12).collect::<String>();
    baseline.map_or_else(String::new, |variant| format!("|baseline:{}", short(&variant.content_id)))
}

fn content_id(source: &PromptSource) -> Option<String> {
    source.parse().variants.first().map(|variant| variant.content_id.clone())
}
