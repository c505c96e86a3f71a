//! Questions to a model, and the replies that have come.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::fence;

/// One call of a judge prompt.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The prompt: a built-in one's name, or a folder of the repository.
    pub prompt: String,
    /// The model, as the scorer names it.
    pub model: String,
    /// The prompt's inputs. What others wrote stands between boundaries already.
    pub input: Map<String, Value>,
}

/// Which question it is: equal questions have equal ids, in every run and on every machine.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct QuestionId(String);

impl QuestionId {
    /// The id as it was written down.
    #[must_use]
    pub fn read(id: &str) -> QuestionId {
        QuestionId(id.to_owned())
    }

    /// As text: hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Question {
    /// Whether it asks to put right what could not be read before.
    #[must_use]
    pub fn is_repair(&self) -> bool {
        let repair = self.input.get(super::asker::REPAIR).and_then(Value::as_str);
        repair.is_some_and(|words| !words.is_empty())
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> QuestionId {
        let input = Value::Object(self.input.clone()).to_string();
        QuestionId(fence::digest(&[&self.prompt, &self.model, &input])[..40].to_owned())
    }
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// The model said something, and was not cut off.
    Said(String),
    /// It was cut off at the most tokens it may write.
    CutOff,
    /// There is no reply, for this reason.
    Failed(String),
}

/// The replies so far.
#[derive(Debug, Clone, Default)]
pub struct Replies(HashMap<QuestionId, Reply>);

impl Replies {
    /// Keeps a reply. A later one takes the place of an earlier one.
    pub fn put(&mut self, question: QuestionId, reply: Reply) {
        self.0.insert(question, reply);
    }

    /// The reply to a question.
    #[must_use]
    pub fn get(&self, question: &QuestionId) -> Option<&Reply> {
        self.0.get(question)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
