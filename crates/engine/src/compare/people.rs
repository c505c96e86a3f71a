//! What people said of the outputs that are compared.
//!
//! Ratings are kept by content and output, beside the runs. Whoever reads them hands them over by run and cell; here they
//! become two scorers of their own. An output that nobody looked at is no error: only cases that were rated on both sides
//! are compared. No gate hangs on them.

use std::collections::HashMap;

use assay_score::verdict::{Answers, Measure};
use assay_store::{CellRecord, RunId};

/// The ratings of outputs, by run and cell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct People {
    said: HashMap<RunId, HashMap<u32, PeopleSaid>>,
}

/// What people said of one output, a word each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PeopleSaid {
    /// Passes and failures.
    pub passes: Vec<bool>,
    /// Grades from 1 to 5.
    pub grades: Vec<u8>,
}

impl People {
    /// Notes what was said of the output of a cell.
    pub fn add(&mut self, run: RunId, cell: u32, said: PeopleSaid) {
        self.said.entry(run).or_default().insert(cell, said);
    }
}

/// What people are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    Passes,
    Grades,
}

impl Asked {
    pub const ALL: [Asked; 2] = [Asked::Passes, Asked::Grades];

    /// What it goes by among scorers.
    pub fn name(self) -> &'static str {
        match self {
            Asked::Passes => "people: pass",
            Asked::Grades => "people: grade",
        }
    }

    pub fn named(name: &str) -> Option<Asked> {
        Asked::ALL.into_iter().find(|asked| asked.name() == name)
    }

    pub fn signature(self) -> &'static str {
        match self {
            Asked::Passes => "people|pass|v:1",
            Asked::Grades => "people|grade:1-5|v:1",
        }
    }

    /// Grades are steps in an order.
    pub fn measure(self) -> Measure<'static> {
        match self {
            Asked::Passes => Measure::PassFail,
            Asked::Grades => Measure::Rating,
        }
    }

    /// What was said of these answers of a run; each word of each person is one.
    pub fn answers(self, people: &People, run: &RunId, cells: &[&CellRecord]) -> Answers {
        let of_run = people.said.get(run);
        let said = || cells.iter().filter_map(|cell| of_run?.get(&cell.ordinal));
        match self {
            Asked::Passes => {
                let passes: Vec<bool> = said().flat_map(|said| said.passes.clone()).collect();
                Answers::passes(&passes)
            }
            Asked::Grades => {
                let grades = said().flat_map(|said| said.grades.iter().map(|g| f64::from(*g)));
                Answers::scores(&grades.collect::<Vec<f64>>())
            }
        }
    }
}
