//! What some scorers need beside the output: an embedding model, a dictionary, a place to run scripts.
//!
//! All come in through traits, because this crate reads no files, knows no model and runs nothing. They
//! are asked when a scorer needs them and not before, so whoever provides them may load lazily.
//! What is absent leaves an output not judged, with a reason that says how to get it.

use std::fmt;
use std::sync::Arc;

use assay_prompt::Row;

use crate::metrics::meteor::wordnet::WordNet;
use crate::scorers::ScriptLanguage;
use crate::semantic::Pieces;

/// A model that turns texts into numbers.
pub trait Embed: Send + Sync {
    /// One embedding for each text.
    ///
    /// # Errors
    /// Why there are none, and what to do about it.
    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, String>;

    /// The word pieces of a text, each with its state.
    ///
    /// # Errors
    /// Why there are none, and what to do about it.
    fn pieces(&self, text: &str) -> Result<Pieces, String>;
}

/// A place that WordNet can be had from.
pub trait Dictionary: Send + Sync {
    /// WordNet, loaded once.
    ///
    /// # Errors
    /// Why it is not there, and what to do about it.
    fn wordnet(&self) -> Result<Arc<WordNet>, String>;
}

/// Something that runs the scripts of a repository, each within its limits.
pub trait Custom: Send + Sync {
    /// What a script says of an output.
    ///
    /// # Errors
    /// Why it says nothing, and what to do about it.
    fn judge(&self, request: &CustomRequest<'_>) -> Result<CustomVerdict, String>;
}

/// A script, and what it may know of an output.
#[derive(Debug, Clone, Copy)]
pub struct CustomRequest<'a> {
    /// What it is written in.
    pub language: ScriptLanguage,
    /// Its text.
    pub source: &'a str,
    /// The output, or the part that the scorer is about.
    pub output: &'a str,
    /// The case.
    pub case: &'a Row,
    /// How long the answer took, in milliseconds, when that is known.
    pub latency_ms: Option<u64>,
    /// What it cost in US dollars, when the price is known.
    pub cost: Option<f64>,
}

/// What a script says of an output.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomVerdict {
    /// From 0 to 1, higher is better.
    pub value: f64,
    /// Whether it passes, where the script says so.
    pub pass: Option<bool>,
    /// Why, in the script's words.
    pub reason: Option<String>,
}

/// What a scorer may ask for. Nothing of it by default.
#[derive(Clone, Default)]
pub struct Resources {
    /// For `similar` and `bert-score`.
    pub embedder: Option<Arc<dyn Embed>>,
    /// For `meteor`.
    pub dictionary: Option<Arc<dyn Dictionary>>,
    /// For `rhai`, `javascript` and `python`.
    pub custom: Option<Arc<dyn Custom>>,
}

impl Resources {
    /// Nothing at all.
    pub const NONE: &'static Resources =
        &Resources { embedder: None, dictionary: None, custom: None };

    /// The embedding model, or why there is none.
    pub(crate) fn embedder(&self) -> Result<&dyn Embed, String> {
        self.embedder
            .as_deref()
            .ok_or_else(|| format!("needs the embedding model; {WITHOUT_EMBEDDER}"))
    }

    /// What runs scripts, or why there is nothing.
    pub(crate) fn custom(&self) -> Result<&dyn Custom, String> {
        self.custom.as_deref().ok_or_else(|| "scripts are not run here".to_owned())
    }

    /// WordNet, or why there is none.
    pub(crate) fn wordnet(&self) -> Result<Arc<WordNet>, String> {
        match &self.dictionary {
            Some(dictionary) => dictionary.wordnet(),
            None => Err(format!("needs WordNet 3.0; {WITHOUT_WORDNET}")),
        }
    }
}

/// The way out for people without the embedding model.
const WITHOUT_EMBEDDER: &str =
    "it belongs in the folder of models, which `ASSAY_MODELS_DIR` may set";

/// The way out for people without WordNet.
pub const WITHOUT_WORDNET: &str =
    "install it (Debian: wordnet-base), or set `options: {matching: stems}` to do without";

impl fmt::Debug for Resources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resources")
            .field("embedder", &self.embedder.is_some())
            .field("dictionary", &self.dictionary.is_some())
            .field("custom", &self.custom.is_some())
            .finish()
    }
}
