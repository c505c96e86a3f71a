//! Scorers that ask a model: what they ask, and what is made of the replies.
//!
//! A [`Judge`] is a machine without a memory of its own. [`Judge::next`] is given what is judged and every reply so
//! far, and says what it must ask next or what came of it; whoever runs it keeps the replies. So judging can stop at
//! any moment and go on on another day, and equal questions are asked once however many outputs raise them.
//!
//! What is judged was written by others: a model, a customer, whoever wants to pass. Three things keep it from
//! deciding its own verdict. It stands between boundaries that are made of a digest of itself, so it cannot contain
//! them ([`Question`]). Replies are read strictly: exactly the JSON that was asked for, a reason for every verdict, every
//! number and word in its range, and no reply that is a copy of something in the material. And whatever cannot be
//! read is asked for once more and is a *judge error* then: counted on its own, neither a pass nor a failure.
//!
//! | judge | asks | calls for each output and model |
//! |---|---|---|
//! | `llm-rubric` | is each criterion of `rubric` met? | 1 |
//! | `g-eval` | how good is it, from 1 to 5, going through steps made from `rubric`? | 1, and 1 for all |
//! | `factuality` | how do its facts stand to those of the reference? | 1 |
//! | `closed-qa` | yes or no to the question in `rubric` | 1 |
//! | `pairwise` | is it better than the `baseline` variant's answer? In both orders. | 2 |
//! | `faithfulness` | which of its claims do the contexts support? | 2 |
//! | `answer-relevance` | which of its statements answer the question? | 1 |
//! | `context-precision` | is each context of use for the answer? | 1 for each context |
//! | `context-recall` | which sentences of the reference do the contexts support? | 1 |
//!
//! *Range*: all are from 0 to 1, more is better. *Defaults*: `llm-rubric` passes when all criteria are met, `g-eval` and the
//! four of retrieved texts from 0.7 on, the others from 0.5 on.
//!
//! *They mislead*, each in its way, and [`Calibration`] and [`report`] measure how much: `llm-rubric` where criteria overlap,
//! so that one fault costs twice; `g-eval` because grades crowd at 4 and 5, and are not comparable between models;
//! `factuality` where the reference is wrong or incomplete, and it takes leaving facts out (`subset`) for right unless told
//! otherwise; `closed-qa` because a question that suggests its answer is answered so; `pairwise` where length passes for
//! quality, and it says nothing of how good both are; `faithfulness` because an answer may be faithful to wrong contexts, and
//! the fewer claims it makes the better it stands; `answer-relevance` because a wrong answer can be relevant;
//! `context-precision` and `context-recall` because they judge the retrieval and not the answer.
//!
//! Several `models` are a panel: the majority decides, and the reason says who disagreed. Research behind the forms:
//! binary criteria agree better with people than one number, both orders because judges prefer a position (Zheng and
//! others, 2023), G-Eval by Liu and others (2023), RAG judges after ragas 0.4.3 with a quote that must be found.

mod asker;
mod calibration;
mod evidence;
mod fence;
mod graded;
mod pairwise;
mod panel;
mod question;
mod rag;
mod reply;
mod rubric;

#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::fmt;

use assay_prompt::{Row, ScorerSpec};
use serde_json::Value;

use crate::Outcome;
use crate::scorers::ScorerProblem;
use asker::{Asked, Asker, Stop};

pub use calibration::{Against, Calibration, LABELS_NEEDED, Labelled, People, Rate, WEAK_BELOW};
pub use evidence::{Choice, Evidence, JudgeReport, Orders, PairReport, report};
pub use pairwise::ORDER_DEPENDENT;
pub use question::{Question, QuestionId, Replies, Reply};

/// The kinds of scorers that ask a model.
pub const KINDS: &[&str] = &[
    "llm-rubric",
    "g-eval",
    "factuality",
    "closed-qa",
    "pairwise",
    "faithfulness",
    "answer-relevance",
    "context-precision",
    "context-recall",
];

/// Which way of asking and reading this is: scores of another version are not compared with these.
const VERSION: u32 = 1;

/// Models of one panel at most.
const MOST_MODELS: usize = 9;

/// Whether scorers of this kind ask a model.
#[must_use]
pub fn is_judge(kind: &str) -> bool {
    KINDS.contains(&kind)
}

/// What is judged.
#[derive(Debug, Clone, Copy)]
pub struct Material<'a> {
    /// The case that was asked, with what it expects.
    pub case: &'a Row,
    /// The answer.
    pub output: &'a str,
    /// What the baseline variant answered to the same case, for a pairwise judge.
    pub baseline: Option<&'a str>,
}

/// What a judge wants next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Replies to these questions; none of them is among the replies that it was given.
    Ask(Vec<Question>),
    /// Nothing more.
    Done(Outcome),
}

/// A scorer that asks a model, read from its entry in `evals.yaml`.
#[derive(Debug)]
pub struct Judge {
    id: String,
    kind: &'static str,
    models: Vec<String>,
    prompt: Option<String>,
    baseline: Option<String>,
    tags: Vec<String>,
    negate: bool,
    threshold: f64,
    /// A digest of what it asks.
    asks: String,
    /// A digest of how it makes a verdict of the replies.
    counts: String,
    family: Box<dyn Family>,
}

/// What one kind of judge asks one model.
trait Family: fmt::Debug + Send + Sync {
    /// Judges, as far as the replies reach.
    fn trial(&self, asker: &Asker<'_>) -> Result<Finding, Stop>;

    /// The built-in prompts that it asks with; the last is the one that `prompt` may replace.
    fn prompts(&self) -> &'static [&'static str];

    /// Calls for one output and model; repairs, and what all outputs share, not counted.
    fn calls(&self, _case: &Row) -> u32 {
        1
    }

    /// The prompt of a call that each model is asked once, for all outputs.
    fn shared(&self) -> Option<&'static str> {
        None
    }

    /// The value from which on an output passes when the scorer does not say.
    fn threshold(&self) -> f64;

    /// What was preferred in both orders, for a judge of pairs that has been answered.
    fn orders(&self, _asker: &Asker<'_>) -> Option<Orders> {
        None
    }
}

/// One model of a judge at one output.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// The model, as the scorer names it.
    pub model: String,
    /// What came of it; none while a question is open.
    pub outcome: Option<Outcome>,
    /// Its questions with their replies, in the order in which they were needed.
    pub calls: Vec<(Question, Option<Reply>)>,
}

/// What one model found.
#[derive(Debug, Clone, PartialEq)]
struct Finding {
    /// From 0 to 1, higher is better.
    value: f64,
    /// Something that it must have is missing, whatever the value.
    vetoed: bool,
    /// It follows from how was asked and not from the output, so nothing passes by it, negated or not.
    undecided: bool,
    reason: String,
}

impl Finding {
    fn of(value: f64, reason: String) -> Finding {
        Finding { value, vetoed: false, undecided: false, reason }
    }
}

impl Judge {
    /// Reads a scorer; none when its kind asks no model.
    ///
    /// # Errors
    /// What is wrong with it. Such a scorer judges nothing, and every cell says why.
    pub fn compile(spec: &ScorerSpec) -> Option<Result<Judge, ScorerProblem>> {
        let kind = KINDS.iter().copied().find(|kind| *kind == spec.kind)?;
        let problem = |message| ScorerProblem { scorer: spec.id.clone(), message };
        Some(Judge::read(spec, kind).map_err(problem))
    }

    fn read(spec: &ScorerSpec, kind: &'static str) -> Result<Judge, String> {
        let family: Box<dyn Family> = match kind {
            "llm-rubric" => rubric::rubric(spec)?,
            "g-eval" => graded::g_eval(spec)?,
            "factuality" => graded::factuality(spec)?,
            "closed-qa" => graded::closed_qa(spec)?,
            "pairwise" => pairwise::pairwise(spec)?,
            "faithfulness" => rag::faithfulness(),
            "answer-relevance" => rag::answer_relevance(),
            "context-precision" => rag::context_precision(spec)?,
            _ => rag::context_recall(spec)?,
        };
        let threshold = spec.threshold.or(spec.min).unwrap_or_else(|| family.threshold());
        if !(0.0..=1.0).contains(&threshold) {
            return Err(format!("`threshold` is from 0 to 1, not {threshold}"));
        }
        let expected = spec.expected.clone().map(Value::String);
        let negate = Value::Bool(spec.negate);
        Ok(Judge {
            id: spec.id.clone(),
            kind,
            models: models(spec)?,
            prompt: text(spec, "prompt")?,
            baseline: text(spec, "baseline")?,
            tags: spec.tags.clone(),
            negate: spec.negate,
            threshold,
            asks: digest_of(&[
                spec.extra.get("rubric"),
                spec.extra.get("baseline"),
                spec.value.as_ref(),
                expected.as_ref(),
            ]),
            counts: digest_of(&[
                Some(&Value::Object(spec.options.clone())),
                Some(&negate),
                Some(&Value::from(threshold)),
            ]),
            family,
        })
    }

    /// Its id in `evals.yaml`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its type.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// The models it asks, as they are written: ids or aliases.
    #[must_use]
    pub fn models(&self) -> &[String] {
        &self.models
    }

    /// The variant that a pairwise judge compares with. Its own answers are not judged.
    #[must_use]
    pub fn baseline(&self) -> Option<&str> {
        self.baseline.as_deref()
    }

    /// The prompts that it asks with: names of built-in ones, or the folder of the repository that `prompt` names.
    #[must_use]
    pub fn prompts(&self) -> Vec<&str> {
        let built_in = self.family.prompts();
        let (judging, before) = built_in.split_last().unwrap_or((&"", &[]));
        let judging = self.prompt.as_deref().unwrap_or(judging);
        before.iter().copied().chain([judging]).collect()
    }

    /// The folder of the repository whose prompt it asks with, when it is not a built-in one.
    #[must_use]
    pub fn kept_prompt(&self) -> Option<&str> {
        self.prompt.as_deref()
    }

    /// A digest of what it asks about an output: its rubric and what it compares with. Labels of people hold for this.
    #[must_use]
    pub fn asks(&self) -> &str {
        &self.asks
    }

    /// Whether it judges this case's outputs.
    #[must_use]
    pub fn looks_at(&self, case: &Row) -> bool {
        self.tags.is_empty() || self.tags.iter().any(|tag| case.tags.contains(tag))
    }

    /// The prompt of a call that each of its models is asked once, for all outputs.
    #[must_use]
    pub fn shared(&self) -> Option<&str> {
        self.family.shared()
    }

    /// Calls for one output, all models together; repairs, and what all outputs share, not counted.
    #[must_use]
    pub fn calls(&self, case: &Row) -> u32 {
        self.family.calls(case).saturating_mul(self.models.len() as u32)
    }

    /// What makes its scores comparable: kind, prompts, models, wording. `content_id` tells that of a prompt, and
    /// `model` what an alias stands for: the same word may have meant another model.
    #[must_use]
    pub fn signature(
        &self,
        content_id: &dyn Fn(&str) -> Option<String>,
        model: &dyn Fn(&str) -> String,
    ) -> String {
        let ids = self.prompts().into_iter().map(|prompt| {
            let id = content_id(prompt).unwrap_or_else(|| prompt.to_owned());
            id.trim_start_matches("sha256:").chars().take(12).collect::<String>()
        });
        let prompts: Vec<_> = ids.collect();
        let models = self.models.iter().map(|name| model(name)).collect::<Vec<_>>().join("+");
        let kind = self.kind;
        let (prompts, asks, counts) = (prompts.join("+"), &self.asks, &self.counts);
        format!("{kind}|prompt:{prompts}|model:{models}|asks:{asks}|counts:{counts}|v:{VERSION}")
    }

    /// Judges as far as the replies reach. Pure: the same material and replies give the same step.
    #[must_use]
    pub fn next(&self, material: &Material<'_>, replies: &Replies) -> Step {
        let trials =
            self.models.iter().map(|model| (model.as_str(), self.trial(model, material, replies)));
        panel::next(trials.collect(), self.threshold, self.negate)
    }

    /// What each of its models did, as far as the replies reach.
    #[must_use]
    pub fn evidence(&self, material: &Material<'_>, replies: &Replies) -> Vec<Evidence> {
        let of = |model: &String| {
            let asker = self.asker(model, material, replies, None);
            let failed = match self.family.trial(&asker) {
                Ok(_) => false,
                Err(Stop::Failed(_)) => true,
                Err(Stop::Need(_) | Stop::Cannot(_)) => return None,
            };
            let orders = self.family.orders(&asker);
            Some(Evidence { model: model.clone(), failed, orders, longer: longer(material) })
        };
        self.models.iter().filter_map(of).collect()
    }

    /// What each of its models was asked, what it said, and what came of it, as far as the replies reach.
    #[must_use]
    pub fn members(&self, material: &Material<'_>, replies: &Replies) -> Vec<Member> {
        let of = |model: &String| {
            let log = RefCell::default();
            let trial = self.family.trial(&self.asker(model, material, replies, Some(&log)));
            let outcome = match &trial {
                Err(Stop::Need(_)) => None,
                trial => Some(panel::alone(trial, self.threshold, self.negate)),
            };
            Member { model: model.clone(), outcome, calls: log.into_inner() }
        };
        self.models.iter().map(of).collect()
    }

    fn trial(
        &self,
        model: &str,
        material: &Material<'_>,
        replies: &Replies,
    ) -> Result<Finding, Stop> {
        self.family.trial(&self.asker(model, material, replies, None))
    }

    fn asker<'a>(
        &'a self,
        model: &'a str,
        material: &'a Material<'a>,
        replies: &'a Replies,
        log: Option<&'a RefCell<Asked>>,
    ) -> Asker<'a> {
        let judging = self.family.prompts().last().copied().unwrap_or_default();
        let kept = self.prompt.as_deref().map(|kept| (judging, kept));
        Asker { material, replies, model, kept, log }
    }
}

/// Which of a pair has more characters.
fn longer(material: &Material<'_>) -> std::cmp::Ordering {
    let length = |text: &str| text.chars().count();
    length(material.output).cmp(&length(material.baseline.unwrap_or_default()))
}

/// One model, or a panel.
fn models(spec: &ScorerSpec) -> Result<Vec<String>, String> {
    let one = text(spec, "model")?;
    let models = match (one, spec.extra.get("models")) {
        (Some(_), Some(_)) => return Err("has `model` and `models`; give one of them".to_owned()),
        (Some(one), None) => vec![one],
        (None, Some(Value::Array(several))) => each_text(several)?,
        (None, Some(_)) => return Err("`models` is a list of model ids".to_owned()),
        (None, None) => Vec::new(),
    };
    match models.len() {
        0 => Err("names no model to judge with; add `model: provider/name`".to_owned()),
        n if n > MOST_MODELS => Err(format!("a panel has at most {MOST_MODELS} models, not {n}")),
        _ => Ok(models),
    }
}

/// The texts of a list. A model that is named twice would have two votes and be asked once.
fn each_text(values: &[Value]) -> Result<Vec<String>, String> {
    let mut texts: Vec<String> = Vec::new();
    for value in values {
        let text = value.as_str().map(str::trim).filter(|text| !text.is_empty());
        let text = text.ok_or_else(|| format!("`models` holds model ids, not {value}"))?;
        if texts.iter().any(|known| known == text) {
            return Err(format!("`models` names `{text}` twice; a panel asks each model once"));
        }
        texts.push(text.to_owned());
    }
    Ok(texts)
}

/// A key that holds a text.
fn text(spec: &ScorerSpec, key: &str) -> Result<Option<String>, String> {
    match spec.extra.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(Some(text.trim().to_owned())),
        Some(other) => Err(format!("`{key}` is a text, not {other}")),
    }
}

/// A short digest of some keys of a scorer.
fn digest_of(keys: &[Option<&Value>]) -> String {
    fence::digest(&[&serde_json::json!(keys).to_string()])[..12].to_owned()
}
