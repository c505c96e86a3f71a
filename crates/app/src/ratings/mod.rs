//! People's ratings: saying something of an output, and asking what was said.
//!
//! What one says stays on this machine until it is shared, which is to say signed; what others signed comes with the
//! repository's statements, and is found by an index of them. The two are kept apart: [`Voices`] reads both, and what
//! another key signed never stands in for what was said here.

mod heard;
mod outputs;
mod people;
mod queue;
mod rater;
mod share;
mod signed;
mod summary;
mod voices;

use std::sync::Arc;

use assay_store::{RatingRecord, Said};
use assay_wire::*;

use crate::app::{App, Open};
use crate::error::Explain;
use crate::planned::PlannedRun;
use crate::router::Answer;
use outputs::RunOutput;
pub(crate) use outputs::{RunOutputs, case_digest};
pub(crate) use people::Spoken;
pub(crate) use rater::{is_name, slug};
use voices::Voices;

/// The longest comment, in characters.
pub(crate) const MAX_COMMENT: usize = 4_000;

/// A run with its outputs, and everything that is said of them.
pub(crate) struct RatedRun {
    open: Arc<Open>,
    run: String,
    planned: Arc<PlannedRun>,
    outputs: Arc<RunOutputs>,
    voices: Voices,
}

impl Answer<SetRating> for App {
    fn answer(&self, command: SetRating) -> Result<Rated, ApiError> {
        let said = said(command.rating.clone())?;
        self.rate(&command.run, command.cell, command.rating.kind(), said)
    }
}

impl Answer<ClearRating> for App {
    fn answer(&self, command: ClearRating) -> Result<Rated, ApiError> {
        let said = match command.kind {
            RatingKind::Pass => Said::Pass(None),
            RatingKind::Grade => Said::Grade(None),
            RatingKind::Comment => Said::Comment(None),
        };
        self.rate(&command.run, command.cell, command.kind, said)
    }
}

impl Answer<ListRatings> for App {
    fn answer(&self, command: ListRatings) -> Result<RatingPage, ApiError> {
        let ListRatings { run, from, to } = command;
        let cells = match self.is_unrated(&run)? {
            true => Vec::new(),
            false => {
                let rated = self.rated_run(&run)?;
                let outputs = rated.outputs.all().iter();
                let asked = outputs.filter(|output| (from..to).contains(&output.cell));
                asked.filter_map(|output| rated.said_of(output)).collect()
            }
        };
        Ok(RatingPage { run, cells })
    }
}

impl Answer<PreferOutput> for App {
    fn answer(&self, command: PreferOutput) -> Result<(), ApiError> {
        let rated = self.rated_run(&command.run)?;
        let (left, right) = (rated.output(command.left)?, rated.output(command.right)?);
        let said = rated.preference(left, right, command.side)?;
        self.keep(&rated, left, said)
    }
}

impl App {
    /// A run with everything that is said of its outputs.
    ///
    /// # Errors
    /// When there is no such run in the open workspace.
    pub(crate) fn rated_run(&self, run: &str) -> Result<RatedRun, ApiError> {
        let open = self.workspace()?;
        let record = self.record(run)?;
        let planned = self.planned(&record.id)?;
        let outputs = self.run_outputs(&planned, &record)?;
        let voices = self.voices(&open, &planned.prompt_ids())?;
        Ok(RatedRun { open, run: run.to_owned(), planned, outputs, voices })
    }

    /// Whether nobody says anything of any output of a run's prompts, which can be told without reading its outputs.
    fn is_unrated(&self, run: &str) -> Result<bool, ApiError> {
        let open = self.workspace()?;
        let planned = self.planned(&self.record(run)?.id)?;
        Ok(self.voices(&open, &planned.prompt_ids())?.is_silent())
    }

    fn rate(&self, run: &str, cell: u32, kind: RatingKind, said: Said) -> Result<Rated, ApiError> {
        let rated = self.rated_run(run)?;
        let output = rated.output(cell)?;
        let before = rated.own(output).of(kind);
        self.keep(&rated, output, said)?;
        let after = self.rated_run(run)?;
        let subject = after.outputs.subject(&after.planned, output);
        let same = after.outputs.same_as(&after.planned, output);
        let cells = same.map(|o| after.voices.cell(o.cell, &subject)).collect();
        Ok(Rated { before, cells })
    }

    fn keep(&self, rated: &RatedRun, output: &RunOutput, said: Said) -> Result<(), ApiError> {
        let rating = RatingRecord {
            rated: rated.outputs.subject(&rated.planned, output),
            rater: rated.voices.rater().to_owned(),
            said,
            at_ms: self.inner.environment.now_ms(),
        };
        let added = self.inner.store.add_ratings(&rated.open.id, vec![rating]);
        added.map_err(|e| e.explain())
    }
}

impl RatedRun {
    /// The output of a cell.
    fn output(&self, cell: u32) -> Result<&RunOutput, ApiError> {
        self.outputs.of_cell(cell).ok_or_else(|| {
            ApiError::new(
                Code::NotFound,
                format!("cell {cell} of run `{}` has no output to rate", self.run),
            )
        })
    }

    /// What the present rater says of an output.
    fn own(&self, output: &RunOutput) -> RaterSaid {
        let said = self.voices.cell(output.cell, &self.outputs.subject(&self.planned, output));
        said.own().cloned().unwrap_or_default()
    }

    /// What is said of an output, unless nothing is.
    fn said_of(&self, output: &RunOutput) -> Option<CellRatings> {
        if !self.voices.know(&output.hash) {
            return None;
        }
        let said = self.voices.cell(output.cell, &self.outputs.subject(&self.planned, output));
        (!said.raters.is_empty()).then_some(said)
    }
}

/// What the store keeps of a rating.
fn said(rating: Rating) -> Result<Said, ApiError> {
    let bad = |message: String| Err(ApiError::new(Code::BadInput, message));
    match rating {
        Rating::Pass(pass) => Ok(Said::Pass(Some(pass))),
        Rating::Grade(grade) if (1..=5).contains(&grade) => Ok(Said::Grade(Some(grade))),
        Rating::Grade(grade) => bad(format!("a grade is 1 to 5, not {grade}")),
        Rating::Comment(text) if text.trim().is_empty() => Ok(Said::Comment(None)),
        Rating::Comment(text) if text.chars().count() > MAX_COMMENT => {
            bad(format!("a comment has at most {MAX_COMMENT} characters"))
        }
        Rating::Comment(text) => Ok(Said::Comment(Some(text.trim().to_owned()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grades_go_from_one_to_five() {
        assert_eq!(said(Rating::Grade(5)), Ok(Said::Grade(Some(5))));
        for grade in [0, 6, 255] {
            assert_eq!(said(Rating::Grade(grade)).map_err(|e| e.code), Err(Code::BadInput));
        }
    }

    #[test]
    fn an_empty_comment_takes_the_comment_back() {
        assert_eq!(said(Rating::Comment(" \n".into())), Ok(Said::Comment(None)));
        let long = "x".repeat(MAX_COMMENT + 1);
        assert_eq!(said(Rating::Comment(long)).map_err(|e| e.code), Err(Code::BadInput));
    }
}
