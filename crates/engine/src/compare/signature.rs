//! How a scorer's scores were made, and which of them are better.
//!
//! A run notes the signatures of its scorers when it begins, those of judges among them. For one that noted nothing they
//! are worked out by the scorers that it began with; those of judges follow from their prompts.

use std::collections::{BTreeMap, HashMap};

use assay_prompt::Prompt;
use assay_score::verdict::Direction;
use assay_score::{Corpus, Scorers};
use assay_store::{RunId, Store, StoreError};

use crate::judging::judge_signatures;
use crate::spec::RunSpec;

/// What was noted of a run's scorers, by the prompt's key and the scorer's id.
pub(super) struct Noted {
    of_judges: BTreeMap<(String, String), String>,
    stored: HashMap<(String, String), String>,
}

impl Noted {
    pub fn read(store: &Store, run: &RunId, spec: &RunSpec) -> Result<Noted, StoreError> {
        let stored = store.signatures(run)?.into_iter();
        Ok(Noted {
            of_judges: judge_signatures(spec),
            stored: stored.map(|one| ((one.prompt, one.scorer), one.signature)).collect(),
        })
    }

    fn signature(&self, prompt: &str, scorer: &str) -> Option<String> {
        let key = (prompt.to_owned(), scorer.to_owned());
        self.stored.get(&key).or_else(|| self.of_judges.get(&key)).cloned()
    }
}

/// The scorers of a column, for what a run did not note.
pub(super) struct Made<'a> {
    noted: &'a Noted,
    prompt: &'a str,
    scorers: Option<Scorers>,
}

impl<'a> Made<'a> {
    pub fn of(noted: &'a Noted, key: &'a str, prompt: Option<&Prompt>, variant: &str) -> Made<'a> {
        let compile = |prompt: &Prompt| {
            let outputs = prompt.variant(variant).map_or(&[][..], |variant| &variant.outputs);
            Scorers::compile(&prompt.evals.scorers, outputs).0
        };
        Made { noted, prompt: key, scorers: prompt.map(compile) }
    }

    /// What a scorer's values are comparable with; empty where nobody knows, which is like nothing but itself.
    pub fn signature(&self, scorer: &str) -> String {
        let worked_out = || {
            let all = self.scorers.as_ref()?.signatures();
            all.into_iter().find(|(id, _)| *id == scorer).map(|(_, signature)| signature.to_owned())
        };
        self.noted.signature(self.prompt, scorer).or_else(worked_out).unwrap_or_default()
    }

    /// Begins to keep outputs for the numbers that a scorer has about a column.
    pub fn corpus(&self, scorer: &str) -> Option<Corpus<'_>> {
        self.scorers.as_ref()?.corpus(scorer)
    }

    /// Whether higher or lower values of a scorer are better.
    pub fn direction(&self, scorer: &str) -> Direction {
        match self.scorers.as_ref().and_then(|scorers| scorers.direction(scorer)) {
            Some(assay_score::Direction::Lower) => Direction::LowerIsBetter,
            _ => Direction::HigherIsBetter,
        }
    }
}
