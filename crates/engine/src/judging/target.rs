//! The models of a run's judges, found once when the run is planned.

use std::collections::BTreeMap;
use std::sync::Arc;

use assay_score::Resources;

use crate::error::EngineError;
use crate::models::{Resolve, Target};
use crate::neighbours::Neighbours;

/// Models by the name that scorers give them, and by their id.
pub(crate) struct JudgeModels {
    by_name: BTreeMap<String, Target>,
    neighbours: Arc<Neighbours>,
}

impl JudgeModels {
    pub fn new(neighbours: &Arc<Neighbours>) -> JudgeModels {
        JudgeModels { by_name: BTreeMap::new(), neighbours: Arc::clone(neighbours) }
    }

    pub fn add(&mut self, name: &str, target: Target) {
        self.by_name.insert(name.to_owned(), target);
    }

    /// The model of that name.
    pub fn named(&self, name: &str) -> Option<&Target> {
        self.by_name.get(name)
    }

    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        self.by_name.values()
    }
}

impl Resolve for JudgeModels {
    fn target(&self, id: &str) -> Result<Target, EngineError> {
        let found = self.targets().find(|target| target.id == id);
        found.cloned().ok_or_else(|| EngineError::UnknownModel {
            model: id.to_owned(),
            reason: "no judge of this run asks it".to_owned(),
        })
    }

    fn embedded(&self) -> &Arc<Neighbours> {
        &self.neighbours
    }

    /// A judge's questions are scored by nothing.
    fn for_scorers(&self) -> Resources {
        Resources::default()
    }
}
