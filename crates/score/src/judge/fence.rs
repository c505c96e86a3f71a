//! Boundaries around what others wrote.
//!
//! The boundary's number is made of a digest of everything between boundaries in the question. A text that contains
//! its own digest cannot be found, so no text can close its boundary; should one ever do, another number is taken.
//! The number depends on nothing else, so the same question is the same bytes and the cache finds it.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::scorers::{Piece, input_of, pieces};

/// Hexadecimal digits of a boundary's number.
const DIGITS: usize = 16;

/// The SHA-256 of texts, each with its length before it, in hexadecimal digits.
pub(super) fn digest(texts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a question is made of: our own words, and what others wrote.
#[derive(Debug, Clone, Default)]
pub(super) struct Given {
    plain: Vec<(&'static str, String)>,
    data: Vec<(&'static str, String)>,
    criteria: Vec<Part>,
}

/// A part of the criteria.
#[derive(Debug, Clone)]
enum Part {
    /// Words of the evals file.
    Words(String),
    /// An input of the case, by its name.
    Data(String, String),
}

impl Given {
    /// An input in our own words, or those of the evals file.
    pub fn words(mut self, name: &'static str, text: impl Into<String>) -> Given {
        self.plain.push((name, text.into()));
        self
    }

    /// The criteria of the evals file. A `{{ name }}` in them stands for an input of the case, which others wrote: it
    /// gets boundaries as any other.
    pub fn criteria(text: &str, input: &Map<String, Value>) -> Result<Given, String> {
        let parts = pieces(text).map(|piece| match piece {
            Piece::Text(words) => Ok(Part::Words(words.to_owned())),
            Piece::Name(name) => Ok(Part::Data(name.to_owned(), input_of(name, input)?)),
        });
        Ok(Given { criteria: parts.collect::<Result<_, String>>()?, ..Given::default() })
    }

    /// An input that others wrote. An empty one stays empty: there is nothing to put between boundaries.
    pub fn data(mut self, name: &'static str, text: impl Into<String>) -> Given {
        self.data.push((name, text.into()));
        self
    }

    /// Everything that others wrote.
    pub fn foreign(&self) -> impl Iterator<Item = &str> {
        let in_criteria = self.criteria.iter().filter_map(|part| match part {
            Part::Words(_) => None,
            Part::Data(_, text) => Some(text.as_str()),
        });
        self.data.iter().map(|(_, text)| text.as_str()).chain(in_criteria)
    }

    /// The inputs of the prompt.
    pub fn input(&self) -> Map<String, Value> {
        let number = self.number();
        let plain = self.plain.iter().map(|(name, text)| (*name, text.clone()));
        let data = self.data.iter().map(|(name, text)| (*name, bounded(name, text, &number)));
        let criteria = (!self.criteria.is_empty()).then(|| ("criteria", self.shown(&number)));
        let all = plain.chain(data).chain(criteria);
        all.map(|(name, text)| (name.to_owned(), Value::String(text))).collect()
    }

    fn shown(&self, number: &str) -> String {
        let part = |part: &Part| match part {
            Part::Words(words) => words.clone(),
            Part::Data(name, text) => bounded(name, text, number),
        };
        self.criteria.iter().map(part).collect()
    }

    fn number(&self) -> String {
        let mut texts: Vec<&str> = self.foreign().collect();
        let mut number = digest(&texts)[..DIGITS].to_owned();
        while self.foreign().any(|text| text.contains(&number)) {
            texts.push("again");
            number = digest(&texts)[..DIGITS].to_owned();
        }
        number
    }
}

fn bounded(name: &str, text: &str, number: &str) -> String {
    match text.is_empty() {
        true => String::new(),
        false => format!("<data-{number} of=\"{name}\">\n{text}\n</data-{number}>"),
    }
}
