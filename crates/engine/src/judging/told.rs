//! One judgement, call by call: what each model of a judge was asked about an output, what it said, and what came of it.
//!
//! Nothing of this is kept anywhere but in the child runs. It is worked out by stepping the judge over its replies once
//! more, so what is shown is what decided.

use std::collections::BTreeMap;

use assay_prompt::{Message, Prompt, Row, render};
use assay_score::Outcome;
use assay_score::judge::{Member, Question, Replies, Reply};
use assay_store::RunId;

use super::JudgedScorer;
use super::heard::Heard;
use super::prompts::built_in_judge;
use super::report::Judged;
use crate::error::EngineError;
use crate::run::Engine;
use crate::spec::RunSpec;

/// What one model of a judge did at one output.
#[derive(Debug, Clone, PartialEq)]
pub struct PanelMember {
    /// The model's id.
    pub model: String,
    /// What came of it; none while it has not been answered to the end.
    pub outcome: Option<Outcome>,
    /// Its calls, in the order in which they were needed.
    pub calls: Vec<JudgeCall>,
}

/// One question to a model.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgeCall {
    /// The judge prompt, as the scorer names it.
    pub prompt: String,
    /// The messages as they were sent.
    pub messages: Vec<Message>,
    /// Whether it asked to put right what could not be read before.
    pub is_repair: bool,
    /// What the model said, to the letter.
    pub said: Option<String>,
    /// Why there is nothing that could be read.
    pub problem: Option<String>,
}

impl Engine {
    /// How a judge came to what it says of a cell, model by model; empty where it has nothing to look at.
    ///
    /// # Errors
    /// When there is no such run, or it cannot be read back.
    pub fn judgement(
        &self,
        run: &RunId,
        cell: u32,
        scorer: &str,
    ) -> Result<Vec<PanelMember>, EngineError> {
        let (detail, spec) = self.judged_run(run)?;
        let judges = spec.prompts.iter().map(|source| {
            let all = JudgedScorer::all(&source.parse()).into_iter();
            (source.key.clone(), all.filter(|judge| judge.id == scorer).collect())
        });
        let judges: BTreeMap<String, Vec<JudgedScorer>> = judges.collect();
        let page = self.page_around(&detail, cell, cell.saturating_add(1))?;
        let judged = page.judged(&judges);
        let Some(judged) = judged.iter().find(|one| one.is(cell, scorer)) else {
            return Ok(Vec::new());
        };
        let replies = self.replies_about(run, judged)?;
        let asked_with = prompts(&spec, judged);
        let members = judged.judge().members(&judged.material(), &replies).into_iter();
        Ok(members.map(|member| told(&spec, &asked_with, member)).collect())
    }

    fn replies_about(&self, run: &RunId, judged: &Judged<'_>) -> Result<Replies, EngineError> {
        let mut replies = Replies::default();
        let heard = Heard::of_run(self.store(), run, false)?;
        heard.follow(self.store(), &mut replies, |replies| judged.needs(replies))?;
        Ok(replies)
    }
}

/// The prompts that a judge asked with, by the name that its scorer gives them.
fn prompts(spec: &RunSpec, judged: &Judged<'_>) -> BTreeMap<String, Prompt> {
    let named = judged.judge().prompts().into_iter().filter_map(|name| {
        let source = spec.judges.get(name).cloned().or_else(|| built_in_judge(name));
        Some((name.to_owned(), source?.parse()))
    });
    named.collect()
}

fn told(spec: &RunSpec, prompts: &BTreeMap<String, Prompt>, member: Member) -> PanelMember {
    let call = |(question, reply): (Question, Option<Reply>)| {
        call(prompts.get(&question.prompt), question, reply)
    };
    PanelMember {
        model: spec.resolve_judge(&member.model),
        outcome: member.outcome,
        calls: member.calls.into_iter().map(call).collect(),
    }
}

fn call(prompt: Option<&Prompt>, question: Question, reply: Option<Reply>) -> JudgeCall {
    let (said, problem) = match reply {
        Some(Reply::Said(text)) => (Some(text), None),
        Some(Reply::CutOff) => (None, Some("the reply was cut off".to_owned())),
        Some(Reply::Failed(reason)) => (None, Some(reason)),
        None => (None, Some("not asked yet".to_owned())),
    };
    JudgeCall {
        is_repair: question.is_repair(),
        messages: prompt.map_or_else(Vec::new, |prompt| messages(prompt, &question)),
        prompt: question.prompt,
        said,
        problem,
    }
}

/// What was sent: the prompt with the question's inputs.
fn messages(prompt: &Prompt, question: &Question) -> Vec<Message> {
    let case = Row { input: question.input.clone(), ..Row::default() };
    let variant = prompt.variants.first();
    let rendered = variant.and_then(|variant| render(prompt, variant, &case).ok());
    rendered.map_or_else(Vec::new, |rendered| rendered.messages)
}
