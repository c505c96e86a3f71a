//! Judges with one word or one number: `g-eval`, `factuality`, `closed-qa`.

use assay_prompt::ScorerSpec;
use serde::Deserialize;
use serde_json::Value;

use super::asker::{Asker, Stop};
use super::fence::Given;
use super::rubric::Reference;
use super::{Family, Finding, text};

/// The best grade of `g-eval`; the worst is 1.
const BEST: u8 = 5;

/// Steps of an evaluation at most.
const MOST_STEPS: usize = 20;

/// The rubric as one text.
fn rubric(spec: &ScorerSpec, what: &str) -> Result<String, String> {
    let written = text(spec, "rubric")?;
    let value = || spec.value.as_ref().and_then(Value::as_str).map(str::to_owned);
    written.or_else(value).ok_or_else(|| format!("needs a `rubric`: {what}"))
}

/// Going through steps that the model made from the criteria, then a grade from 1 to 5 (Liu and others, 2023).
///
/// The steps are made once for all outputs. The grade is the one that the model wrote: the mean over its likely
/// tokens, as in the paper, needs log-probabilities that most servers do not give.
#[derive(Debug)]
struct GEval {
    criteria: String,
    steps: Option<Vec<String>>,
    reference: Reference,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Steps {
    steps: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Graded {
    analysis: String,
    score: u8,
}

/// Reads a `g-eval`.
pub(super) fn g_eval(spec: &ScorerSpec) -> Result<Box<dyn Family>, String> {
    let steps = match spec.options.get("steps") {
        None => None,
        Some(steps) => Some(given_steps(steps)?),
    };
    let criteria = rubric(spec, "what makes an output good")?;
    Ok(Box::new(GEval { criteria, steps, reference: Reference::of(spec)? }))
}

fn given_steps(steps: &Value) -> Result<Vec<String>, String> {
    let texts = steps.as_array().and_then(|steps| {
        steps.iter().map(|step| step.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
    });
    texts.map_or_else(|| Err("`options.steps` is a list of texts".to_owned()), sound_steps)
}

fn sound_steps(steps: Vec<String>) -> Result<Vec<String>, String> {
    let empty = steps.iter().any(|step| !has_words(step));
    match steps.len() {
        0 => Err("there is no step".to_owned()),
        n if n > MOST_STEPS => Err(format!("there are {n} steps; at most {MOST_STEPS} are taken")),
        _ if empty => Err("a step is empty".to_owned()),
        _ => Ok(steps),
    }
}

impl Family for GEval {
    fn trial(&self, asker: &Asker<'_>) -> Result<Finding, Stop> {
        let criteria = asker.criteria(&self.criteria)?;
        let (input, output) = (asker.case_input(), asker.output()?);
        let steps = match &self.steps {
            Some(steps) => steps.clone(),
            None => asker
                .ask("g-eval-steps", criteria.clone(), |steps: Steps| sound_steps(steps.steps))?,
        };
        let given = criteria
            .words("steps", numbered(&steps))
            .data("input", input)
            .data("reference", self.reference.text(asker)?.unwrap_or_default())
            .data("output", output);
        let Graded { analysis, score } = asker.ask("g-eval", given, |graded: Graded| {
            reasoned(&graded.analysis)?;
            match (1..=BEST).contains(&graded.score) {
                true => Ok(graded),
                false => Err(format!("`score` is from 1 to {BEST}, not {}", graded.score)),
            }
        })?;
        let value = f64::from(score - 1) / f64::from(BEST - 1);
        Ok(Finding::of(value, format!("{score} of {BEST}: {analysis}")))
    }

    fn prompts(&self) -> &'static [&'static str] {
        match self.steps {
            Some(_) => &["g-eval"],
            None => &["g-eval-steps", "g-eval"],
        }
    }

    fn shared(&self) -> Option<&'static str> {
        self.steps.is_none().then_some("g-eval-steps")
    }

    fn threshold(&self) -> f64 {
        0.7
    }
}

fn numbered(steps: &[String]) -> String {
    let lines =
        steps.iter().enumerate().map(|(place, step)| format!("{}. {}", place + 1, step.trim()));
    lines.collect::<Vec<_>>().join("\n")
}

/// A verdict without a reason before it is a guess, or the example of the prompt.
pub(super) fn reasoned(analysis: &str) -> Result<(), String> {
    match has_words(analysis) {
        true => Ok(()),
        false => Err("`analysis` is empty".to_owned()),
    }
}

/// Whether a text says anything: the `…` of an example does not.
pub(super) fn has_words(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

/// How the facts of an answer stand to those of a reference, in the five ways of OpenAI's evals.
#[derive(Debug)]
struct Factuality {
    reference: Reference,
    scores: [f64; 5],
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Relation {
    Subset,
    Superset,
    Same,
    Contradicts,
    DiffersImmaterially,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Compared {
    analysis: String,
    verdict: Relation,
}

/// The verdicts, with what they are worth when nobody says otherwise.
const RELATIONS: [(&str, f64, &str); 5] = [
    ("subset", 1.0, "says a part of the reference and nothing else"),
    ("superset", 1.0, "says the reference and more that agrees with it"),
    ("same", 1.0, "says what the reference says"),
    ("contradicts", 0.0, "contradicts the reference"),
    ("differs-immaterially", 1.0, "differs from the reference in nothing that matters"),
];

/// Reads a `factuality`.
pub(super) fn factuality(spec: &ScorerSpec) -> Result<Box<dyn Family>, String> {
    let mut scores = RELATIONS.map(|(_, score, _)| score);
    for (name, value) in spec.options.iter() {
        let place = RELATIONS.iter().position(|(known, ..)| known == name);
        let place = place.ok_or_else(|| format!("`options.{name}` is no verdict of factuality"))?;
        let score = value.as_f64().filter(|score| (0.0..=1.0).contains(score));
        scores[place] =
            score.ok_or_else(|| format!("`options.{name}` is from 0 to 1, not {value}"))?;
    }
    Ok(Box::new(Factuality { reference: Reference::or_value(spec)?, scores }))
}

impl Family for Factuality {
    fn trial(&self, asker: &Asker<'_>) -> Result<Finding, Stop> {
        let given = Given::default()
            .data("input", asker.case_input())
            .data("reference", self.reference.needed(asker)?)
            .data("output", asker.output()?);
        let Compared { analysis, verdict } =
            asker.ask("factuality", given, |compared: Compared| {
                reasoned(&compared.analysis).map(|()| compared)
            })?;
        let (_, _, words) = RELATIONS[verdict as usize];
        Ok(Finding::of(self.scores[verdict as usize], format!("{words}: {analysis}")))
    }

    fn prompts(&self) -> &'static [&'static str] {
        &["factuality"]
    }

    fn threshold(&self) -> f64 {
        0.5
    }
}

/// One question about the output, answered with yes or no.
#[derive(Debug)]
struct ClosedQa {
    question: String,
    reference: Reference,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct YesOrNo {
    analysis: String,
    verdict: Said,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Said {
    Yes,
    No,
}

/// Reads a `closed-qa`.
pub(super) fn closed_qa(spec: &ScorerSpec) -> Result<Box<dyn Family>, String> {
    let question = rubric(spec, "the question about the output")?;
    Ok(Box::new(ClosedQa { question, reference: Reference::of(spec)? }))
}

impl Family for ClosedQa {
    fn trial(&self, asker: &Asker<'_>) -> Result<Finding, Stop> {
        let given = asker
            .criteria(&self.question)?
            .data("input", asker.case_input())
            .data("reference", self.reference.text(asker)?.unwrap_or_default())
            .data("output", asker.output()?);
        let said = asker
            .ask("closed-qa", given, |said: YesOrNo| reasoned(&said.analysis).map(|()| said))?;
        let yes = said.verdict == Said::Yes;
        Ok(Finding::of(if yes { 1.0 } else { 0.0 }, said.analysis))
    }

    fn prompts(&self) -> &'static [&'static str] {
        &["closed-qa"]
    }

    fn threshold(&self) -> f64 {
        0.5
    }
}
