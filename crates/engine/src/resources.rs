//! What scorers may ask for, loaded once and only when one asks: the embedding model, WordNet, and the
//! processes that scripts run in.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use assay_local::{EMBEDDER_ID, EMBEDDER_PIECES, EMBEDDER_WEIGHTS, LocalError};
use assay_score::metrics::meteor::wordnet::WordNet;
use assay_score::semantic::Pieces;
use assay_score::{Custom, Dictionary, Embed, Resources, WITHOUT_WORDNET};

use crate::error::EngineError;
use crate::models::Models;
use crate::neighbours::Neighbours;
use crate::scripts::{RepositoryScripts, Trust};
use crate::wordnet::load_wordnet;

impl Models {
    /// What scorers may ask for; `trust` says, each time a program is to run, whether the person trusts the repository
    /// that they are of. Nothing is loaded yet, and nothing need be installed.
    pub fn resources(&self, trust: Arc<Trust>) -> Resources {
        Resources {
            embedder: Some(Arc::clone(self.neighbours()) as Arc<dyn Embed>),
            dictionary: Some(Arc::clone(self.dictionary()) as Arc<dyn Dictionary>),
            custom: self.scripts().map(|scripts| {
                let scripts = Arc::clone(scripts);
                Arc::new(RepositoryScripts { scripts, trust }) as Arc<dyn Custom>
            }),
        }
    }
}

impl Embed for Neighbours {
    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, String> {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        let points = self.points(&texts).map_err(|error| explained(&error))?;
        Ok(points.iter().map(|point| point.to_vec()).collect())
    }

    fn pieces(&self, text: &str) -> Result<Pieces, String> {
        let states = self.piece_states(text).map_err(|error| explained(&error))?;
        Pieces::new(states.pieces, &states.states)
            .ok_or_else(|| "the embedding model gave no numbers".to_owned())
    }
}

/// Why there is no embedding, with the way out where there is one.
fn explained(error: &EngineError) -> String {
    match error {
        EngineError::Local(LocalError::EmbedderNotInstalled { .. }) => format!(
            "{error}; put a folder {EMBEDDER_ID} there, with {EMBEDDER_WEIGHTS} and {EMBEDDER_PIECES}"
        ),
        _ => error.to_string(),
    }
}

/// WordNet as it lies in the models folder or in the system's.
pub(crate) struct WordNetFolder {
    models_dir: PathBuf,
    loaded: OnceLock<Result<Arc<WordNet>, String>>,
}

impl WordNetFolder {
    /// Below this folder, which need not be there until somebody asks.
    pub fn new(models_dir: PathBuf) -> Self {
        Self { models_dir, loaded: OnceLock::new() }
    }

    fn load(&self) -> Result<Arc<WordNet>, String> {
        let loaded = load_wordnet(&self.models_dir);
        let loaded = loaded.map_err(|problem| format!("WordNet cannot be used: {problem}"))?;
        loaded.ok_or_else(|| format!("WordNet 3.0 is not installed; {WITHOUT_WORDNET}"))
    }
}

impl Dictionary for WordNetFolder {
    fn wordnet(&self) -> Result<Arc<WordNet>, String> {
        self.loaded.get_or_init(|| self.load()).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_installed_is_named_with_the_way_out() {
        let folder = tempfile::tempdir().expect("a folder");
        let neighbours = Neighbours::new(folder.path().to_owned());
        let absent = Embed::embed(&neighbours, &["text"]).expect_err("nothing is installed");
        assert!(absent.contains("is not installed") && absent.contains("put a folder"), "{absent}");
        assert_eq!(Embed::pieces(&neighbours, "text").err(), Some(absent));
    }
}
