//! What people said of the outputs of two runs, for the verdict between them.

use assay_engine::{People, PeopleSaid};
use assay_store::RunId;
use assay_wire::{ApiError, CellRatings};

use super::RatedRun;
use crate::app::App;
use crate::error::Explain;

/// What people have said so far: as long as it is equal, nobody has said anything else.
#[derive(Default, PartialEq)]
pub(crate) struct Spoken {
    /// The store's mark of what was said here, which costs no page of a history; none while nothing was.
    here: Option<i64>,
    /// Its mark of what was signed, and that of the signers who are believed; none while nothing was.
    heard: Option<((i64, i64), String)>,
}

impl Spoken {
    fn is_nothing(&self) -> bool {
        *self == Spoken::default()
    }
}

impl App {
    /// What was said of the open repository's outputs; nothing where none is open.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) fn spoken(&self) -> Result<Spoken, ApiError> {
        let Ok(open) = self.workspace() else { return Ok(Spoken::default()) };
        let here = self.inner.store.ratings_mark(&open.id).map_err(|e| e.explain())?;
        // Logs that cannot be read bring nothing new; the ratings of the run tell why.
        let _ = self.follow_logs(&open);
        let heard = self.inner.store.heard_mark(&open.root()).map_err(|e| e.explain())?;
        Ok(Spoken { here, heard: heard.map(|mark| (mark, self.voters_mark(&open))) })
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
        passes: said.counted().filter_map(|rater| rater.pass).collect(),
        grades: said.counted().filter_map(|rater| rater.grade).collect(),
    }
}
