//! Asking one model: a question, its reply read strictly, and one chance to put it right.

use std::cell::RefCell;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::fence::Given;
use super::reply::{self, Unusable};
use super::{Material, Question, Replies, Reply};
use crate::scorers::filled_text;

/// Characters of what was wrong that a judge is told, and people.
const MOST_WORDS: usize = 300;

/// The input of a judge prompt that says what could not be read; empty the first time.
pub(super) const REPAIR: &str = "repair";

/// Questions with what was answered so far.
pub(super) type Asked = Vec<(Question, Option<Reply>)>;

/// One model at one output.
pub(super) struct Asker<'a> {
    pub material: &'a Material<'a>,
    pub replies: &'a Replies,
    pub model: &'a str,
    /// A built-in prompt, and the folder of the repository that is asked with in its place.
    pub kept: Option<(&'static str, &'a str)>,
    /// Where every question is written down, for whoever wants to see them.
    pub log: Option<&'a RefCell<Asked>>,
}

/// Why there is no finding.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Stop {
    /// These have to be asked first.
    Need(Vec<Question>),
    /// The judge failed: no reply, or none that can be read.
    Failed(String),
    /// There is nothing here that could be judged.
    Cannot(String),
}

impl Asker<'_> {
    /// What the model says to a question: read as `R`, then held against what was asked.
    pub fn ask<R: DeserializeOwned, T>(
        &self,
        prompt: &'static str,
        given: Given,
        accept: impl Fn(R) -> Result<T, String>,
    ) -> Result<T, Stop> {
        let first = self.said(prompt, &given, "", &accept)?;
        let wrong = match first {
            Ok(read) => return Ok(read),
            Err(wrong) => wrong,
        };
        let repair: String = wrong.0.chars().take(MOST_WORDS).collect();
        let second = self.said(prompt, &given, &repair, &accept)?;
        second.map_err(|Unusable(wrong)| {
            Stop::Failed(format!(
                "asked twice, {}",
                wrong.chars().take(MOST_WORDS).collect::<String>()
            ))
        })
    }

    fn said<R: DeserializeOwned, T>(
        &self,
        prompt: &'static str,
        given: &Given,
        repair: &str,
        accept: &impl Fn(R) -> Result<T, String>,
    ) -> Result<Result<T, Unusable>, Stop> {
        let given = given.clone().words(REPAIR, repair);
        let question = self.question(prompt, &given);
        let reply = self.replies.get(&question.id());
        if let Some(log) = self.log {
            log.borrow_mut().push((question.clone(), reply.cloned()));
        }
        match reply {
            None => Err(Stop::Need(vec![question])),
            Some(Reply::Failed(reason)) => Err(Stop::Failed(reason.clone())),
            Some(Reply::CutOff) => Ok(Err(Unusable("the reply was cut off".to_owned()))),
            Some(Reply::Said(text)) => {
                Ok(reply::read(text, given.foreign())
                    .and_then(|read| accept(read).map_err(Unusable)))
            }
        }
    }

    fn question(&self, prompt: &'static str, given: &Given) -> Question {
        let prompt = match self.kept {
            Some((judging, kept)) if judging == prompt => kept,
            _ => prompt,
        };
        Question { prompt: prompt.to_owned(), model: self.model.to_owned(), input: given.input() }
    }

    /// The case's inputs as a judge reads them: a single text as it is, several with their names.
    pub fn case_input(&self) -> String {
        let input = &self.material.case.input;
        match input.values().next() {
            Some(Value::String(only)) if input.len() == 1 => only.clone(),
            _ => input.iter().map(|(name, value)| format!("{name}: {}\n", plain(value))).collect(),
        }
    }

    /// The answer that is judged.
    pub fn output(&self) -> Result<&str, Stop> {
        match self.material.output.trim().is_empty() {
            true => Err(Stop::Cannot("the output is empty".to_owned())),
            false => Ok(self.material.output),
        }
    }

    /// The retrieved texts, at least one.
    pub fn contexts(&self) -> Result<&[String], Stop> {
        match self.material.case.contexts.is_empty() {
            true => {
                Err(Stop::Cannot(format!("case `{}` has no `contexts`", self.material.case.id)))
            }
            false => Ok(&self.material.case.contexts),
        }
    }

    /// The beginning of a question: the criteria of the evals file for this case.
    pub fn criteria(&self, text: &str) -> Result<Given, Stop> {
        Given::criteria(text, &self.material.case.input).map_err(Stop::Cannot)
    }

    /// A text of the evals file with `{{ name }}` replaced by the case's inputs.
    pub fn filled(&self, text: &str) -> Result<String, Stop> {
        filled_text(text, &self.material.case.input).map_err(Stop::Cannot)
    }
}

/// A text as it is, anything else as JSON.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Several answers of one model, asked together. A failure counts at once: what else was asked would not help.
pub(super) fn all<T>(answers: impl IntoIterator<Item = Result<T, Stop>>) -> Result<Vec<T>, Stop> {
    let (mut found, mut needed) = (Vec::new(), Vec::new());
    for answer in answers {
        match answer {
            Ok(answer) => found.push(answer),
            Err(Stop::Need(questions)) => needed.extend(questions),
            Err(stop) => return Err(stop),
        }
    }
    match needed.is_empty() {
        true => Ok(found),
        false => Err(Stop::Need(needed)),
    }
}
