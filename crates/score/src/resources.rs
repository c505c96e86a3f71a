//! What some scorers need beside the output: an embedding model and a dictionary.
//!
//! Both come in as data through traits, because this crate reads no files and knows no model. They
//! are asked when a scorer needs them and not before, so whoever provides them may load lazily.
//! What is absent leaves an output not judged, with a reason that says how to get it.

use std::fmt;
use std::sync::Arc;

use crate::metrics::meteor::wordnet::WordNet;
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

/// What a scorer may ask for. Nothing of it by default.
#[derive(Clone, Default)]
pub struct Resources {
    /// For `similar` and `bert-score`.
    pub embedder: Option<Arc<dyn Embed>>,
    /// For `meteor`.
    pub dictionary: Option<Arc<dyn Dictionary>>,
}

impl Resources {
    /// Nothing at all.
    pub const NONE: &'static Resources = &Resources { embedder: None, dictionary: None };

    /// The embedding model, or why there is none.
    pub(crate) fn embedder(&self) -> Result<&dyn Embed, String> {
        self.embedder
            .as_deref()
            .ok_or_else(|| format!("needs the embedding model; {WITHOUT_EMBEDDER}"))
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
            .finish()
    }
}
