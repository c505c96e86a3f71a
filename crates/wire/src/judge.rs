//! Judges: which there are, labelling what they judge, and how they do against people.

use serde::{Deserialize, Serialize};

use crate::prompt::MessageView;
use crate::run::MeanView;

/// Copies a built-in judge prompt into the open repository, to be changed and named in a scorer's `prompt`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AddJudge {
    /// Its name, such as `llm-rubric`.
    pub name: String,
}

/// Asks for the judges of a prompt.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListJudges {
    /// Name or key of the prompt.
    pub prompt: String,
}

/// A scorer that asks a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JudgeLine {
    /// The scorer's id.
    pub scorer: String,
    /// Its type.
    pub kind: String,
    /// The models that it asks.
    pub models: Vec<String>,
    /// The prompts that it asks with.
    pub prompts: Vec<String>,
    /// Why it judges nothing, when it is not written as it must be.
    pub problem: Option<String>,
    /// Outputs that people have labelled, for what it asks now.
    pub labels: u32,
    /// Labels that it needs to be calibrated.
    pub needed: u32,
    /// Why it is not calibrated as it is now, in the words of its gates: too few labels, or they were held against
    /// another prompt, model or setting.
    pub uncalibrated: Option<String>,
}

impl JudgeLine {
    /// Whether this very judge was held against enough labels.
    #[must_use]
    pub fn is_calibrated(&self) -> bool {
        self.uncalibrated.is_none()
    }
}

/// Asks for an output to label: one that this rater has not labelled, in an order that follows from `seed`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NextToLabel {
    /// Name or key of the prompt.
    pub prompt: String,
    /// The scorer's id.
    pub scorer: String,
    /// Who labels.
    pub rater: String,
    /// Which order.
    pub seed: u64,
    /// Outputs passed over for now, by their subject.
    pub skip: Vec<String>,
}

/// An output to label, and how far its rater is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelTask {
    /// The output; `None` when none is left.
    pub item: Option<LabelItem>,
    /// Outputs that this rater has labelled.
    pub labelled: u32,
    /// Outputs that there are.
    pub outputs: u32,
    /// Labels that the judge needs.
    pub needed: u32,
}

/// An output, blind: neither whose it is nor what the judge said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelItem {
    /// What is labelled, as [`SetLabel`] takes it.
    pub subject: String,
    /// What is asked about the output.
    pub question: String,
    /// The case's inputs.
    pub input: String,
    /// What the case expects.
    pub expected: Option<String>,
    /// The case's retrieved texts.
    pub contexts: Vec<String>,
    /// The baseline's answer, for a judge of pairs.
    pub baseline: Option<String>,
    /// The output.
    pub output: String,
}

/// Labels an output.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SetLabel {
    /// Name or key of the prompt.
    pub prompt: String,
    /// The scorer's id.
    pub scorer: String,
    /// Who labels.
    pub rater: String,
    /// Which output.
    pub subject: String,
    /// Whether it passes; `None` takes the label back.
    pub pass: Option<bool>,
}

/// Takes labels that were given elsewhere.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TakeLabels {
    /// Name or key of the prompt.
    pub prompt: String,
    /// The scorer's id.
    pub scorer: String,
    /// Who labelled where a line does not say.
    pub rater: String,
    /// The labels.
    pub labels: Vec<LabelLine>,
}

/// A label as it stands in a file. It names the output by as much as tells it from the others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelLine {
    /// The case's id.
    pub case: String,
    /// The variant's id.
    #[serde(default)]
    pub variant: Option<String>,
    /// The model's id.
    #[serde(default)]
    pub model: Option<String>,
    /// The output itself.
    #[serde(default)]
    pub output: Option<String>,
    /// Whether it passes.
    pub pass: bool,
    /// Who says so.
    #[serde(default)]
    pub rater: Option<String>,
}

/// What became of labels from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelsTaken {
    /// Outputs labelled.
    pub labelled: u32,
    /// Lines that name no output, or more than one, with the reason; counted from 1.
    pub refused: Vec<(u32, String)>,
}

/// Asks how a judge does. Whoever sees the numbers has held the judge, as it judged the latest run, against the labels:
/// from 50 on it counts as calibrated.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ShowJudge {
    /// Name or key of the prompt.
    pub prompt: String,
    /// The scorer's id.
    pub scorer: String,
}

/// How a judge does: people first, then the judge against them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JudgeView {
    /// The scorer.
    pub line: JudgeLine,
    /// What makes its scores comparable.
    pub signature: String,
    /// The latest run that it judged.
    pub run: Option<String>,
    /// Outputs on which as many people say pass as fail.
    pub undecided: u32,
    /// Labelled outputs that it has no verdict on.
    pub unseen: u32,
    /// Outputs labelled when it asked something else.
    pub older: u32,
    /// How people agree, where two have labelled the same.
    pub people: Option<PeopleView>,
    /// The judge on the half of the labels that is for tuning its rubric.
    pub tuning: AgainstView,
    /// The judge on the half that is held out: the numbers that count.
    pub held_out: AgainstView,
    /// The pass rate that it tells, over the latest run.
    pub told: Option<MeanView>,
    /// The pass rate that lies behind it, corrected for how it errs.
    pub corrected: Option<MeanView>,
    /// Whether the held-out half leaves room for a judge that misses much.
    pub is_weak: bool,
    /// What each of its models did.
    pub models: Vec<JudgeModelView>,
    /// What of the labels in the repository's files could not be read, and why.
    pub refused: Vec<String>,
}

/// How people agree with each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PeopleView {
    /// Who labelled.
    pub raters: Vec<String>,
    /// Outputs that at least two labelled.
    pub outputs: u32,
    /// The share of equal pairs of labels.
    pub agreement: Option<f64>,
    /// Agreement beyond chance.
    pub kappa: Option<KappaView>,
}

/// Agreement beyond chance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KappaView {
    /// `Cohen's kappa`, or `Krippendorff's alpha` of more than two raters.
    pub name: String,
    /// From −1 to 1.
    pub value: f64,
    /// Its 95 % interval, where one is known.
    pub interval: Option<(f64, f64)>,
}

/// A judge against the consensus of people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgainstView {
    /// Outputs with both.
    pub outputs: u32,
    /// Of those that people passed, the share that the judge passed (TPR).
    pub passes: Option<MeanView>,
    /// Of those that people failed, the share that the judge failed (TNR).
    pub failures: Option<MeanView>,
    /// Agreement beyond chance.
    pub kappa: Option<KappaView>,
}

/// What one model of a judge did in the latest run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JudgeModelView {
    /// The model.
    pub model: String,
    /// Outputs that it was asked about.
    pub asked: u32,
    /// Of these, those that it failed at.
    pub failed: u32,
    /// What it leans to, when it judged pairs.
    pub pairs: Option<PairsView>,
}

/// What a judge of pairs leans to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairsView {
    /// Pairs judged in both orders.
    pub pairs: u32,
    /// Those whose orders agree.
    pub consistent: Option<MeanView>,
    /// Of the verdicts for one answer, those for the first.
    pub first: Option<MeanView>,
    /// Of the pairs that were won, those that the longer answer won.
    pub longer: Option<MeanView>,
    /// Of the pairs that were won, those that the judged output won.
    pub won: Option<MeanView>,
    /// What it leans to, in words.
    pub leanings: Vec<String>,
}

/// Asks how a judge came to what it says of a cell.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReadJudgement {
    /// The run.
    pub run: String,
    /// The cell's number.
    pub cell: u32,
    /// The scorer's id.
    pub scorer: String,
}

/// One judgement, model by model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JudgementView {
    /// The scorer's id.
    pub scorer: String,
    /// The models; several are a panel.
    pub members: Vec<JudgeMemberView>,
}

/// What one model of a judge did at one output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JudgeMemberView {
    /// The model's id.
    pub model: String,
    /// Its own value; `None` when it could not judge, or has not yet.
    pub value: Option<f64>,
    /// Its own vote; `None` when it could not judge, or has not yet.
    pub pass: Option<bool>,
    /// Its reason; `None` while it has not judged.
    pub reason: Option<String>,
    /// What it was asked, in order.
    pub calls: Vec<JudgeCallView>,
}

/// One question to a judge's model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JudgeCallView {
    /// The judge prompt, as the scorer names it.
    pub prompt: String,
    /// Whether it asked to put right what could not be read before.
    pub is_repair: bool,
    /// The messages as they were sent.
    pub messages: Vec<MessageView>,
    /// What the model said, to the letter.
    pub said: Option<String>,
    /// Why there is no reply that could be read.
    pub problem: Option<String>,
}
