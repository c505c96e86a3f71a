//! What people said of the outputs of two runs, for the verdict between them.

use std::sync::Arc;

use assay_engine::{People, PeopleSaid};
use assay_store::RunId;
use assay_wire::{ApiError, CellRatings};

use super::RatedRun;
use super::shared::SharedFiles;
use crate::app::App;
use crate::error::Explain;

/// What people have said so far: as long as it is equal, nobody has said anything else.
pub(crate) struct Spoken {
    /// The store's mark of what was said here, which costs no page of a history; none while nothing was.
    here: Option<i64>,
    /// What the files say; read again only when they have changed, or cannot be listed.
    shared: Option<Arc<SharedFiles>>,
}

impl PartialEq for Spoken {
    fn eq(&self, other: &Spoken) -> bool {
        let same_files = match (&self.shared, &other.shared) {
            (Some(ours), Some(theirs)) => {
                Arc::ptr_eq(ours, theirs) || ours.ratings.is_empty() && theirs.ratings.is_empty()
            }
            (ours, theirs) => ours.is_none() && theirs.is_none(),
        };
        self.here == other.here && same_files
    }
}

impl Spoken {
    fn is_nothing(&self) -> bool {
        self.here.is_none() && self.shared.as_ref().is_none_or(|files| files.ratings.is_empty())
    }
}

impl App {
    /// What was said of the open repository's outputs; nothing where none is open.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) fn spoken(&self) -> Result<Spoken, ApiError> {
        let Ok(open) = self.workspace() else { return Ok(Spoken { here: None, shared: None }) };
        let here = self.inner.store.ratings_mark(&open.id).map_err(|e| e.explain())?;
        Ok(Spoken { here, shared: Some(self.shared_ratings(&open)) })
    }

    /// What people said of the outputs of these runs.
    ///
    /// # Errors
    /// When a run, or what was said, cannot be read back.
    pub(crate) fn people_of(&self, runs: [&str; 2]) -> Result<People, ApiError> {
        let mut people = People::default();
        if self.spoken()?.is_nothing() {
            return Ok(people);
        }
        for run in runs {
            self.rated_run(run)?.tell(&mut people);
        }
        Ok(people)
    }
}

impl RatedRun {
    fn tell(&self, people: &mut People) {
        for said in self.outputs.all().iter().filter_map(|output| self.said_of(output)) {
            people.add(RunId::new(&self.run), said.cell, words(&said));
        }
    }
}

fn words(said: &CellRatings) -> PeopleSaid {
    PeopleSaid {
        passes: said.raters.iter().filter_map(|rater| rater.pass).collect(),
        grades: said.raters.iter().filter_map(|rater| rater.grade).collect(),
    }
}
