//! Boundaries around what others wrote.
//!
//! The boundary's number is made of a digest of everything between boundaries in the question. A text that contains
//! its own digest cannot be found, so no text can close its boundary; should one ever do, another number is taken.
//! The number depends on nothing else, so the same question is the same bytes and the cache finds it.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

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
}

impl Given {
    /// An input in our own words, or those of the evals file.
    pub fn words(mut self, name: &'static str, text: impl Into<String>) -> Given {
        self.plain.push((name, text.into()));
        self
    }

    /// An input that others wrote. An empty one stays empty: there is nothing to put between boundaries.
    pub fn data(mut self, name: &'static str, text: impl Into<String>) -> Given {
        self.data.push((name, text.into()));
        self
    }

    /// Everything that others wrote.
    pub fn foreign(&self) -> impl Iterator<Item = &str> {
        self.data.iter().map(|(_, text)| text.as_str())
    }

    /// The inputs of the prompt.
    pub fn input(&self) -> Map<String, Value> {
        let number = self.number();
        let plain = self.plain.iter().map(|(name, text)| (*name, text.clone()));
        let data = self.data.iter().map(|(name, text)| (*name, bounded(name, text, &number)));
        plain.chain(data).map(|(name, text)| (name.to_owned(), Value::String(text))).collect()
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
