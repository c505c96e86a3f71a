//! Runs that another run asks for: a judge's questions are cells like any other, in a run of their own.
//!
//! A child is not listed among the runs of its workspace, and what it spends counts as spent by its parent. What a
//! run needs to go on where it stopped is read back from its children: which questions were asked and where their
//! answers are, and then the answers themselves, as many at a time as somebody can use.

use rusqlite::{Connection, OptionalExtension, ToSql, params};

use crate::cells::{self, StoredScore};
use crate::error::{Fault, StoreError};
use crate::ids::RunId;
use crate::lease::Owner;
use crate::runs::{self, NewRun};
use crate::states::CellState;
use crate::store::Store;

/// The end of a cell of a child run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildAnswer {
    /// The case that was asked.
    pub case_id: String,
    /// What was answered; `None` when its cell failed.
    pub output: Option<String>,
    /// Why generation stopped.
    pub finish: Option<String>,
    /// Why the cell failed, its beginning.
    pub error: Option<String>,
}

/// Where a child keeps an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChildCell {
    child: i64,
    cell: u32,
}

/// A question whose cell has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildQuestion {
    /// The case that was asked.
    pub case_id: String,
    /// Where its answer is.
    pub at: ChildCell,
    /// Whether its cell failed.
    pub failed: bool,
}

impl Store {
    /// Stores a run that `parent` asks for, which this process must hold. `purpose` is a word: what for. The cells of
    /// `skipped` are left out of it, for those of another run's child to be put there ([`Store::put_cells`]).
    ///
    /// # Errors
    /// [`StoreError::NotLeased`] unless this process holds the parent.
    pub fn create_child(
        &self,
        run: NewRun,
        skipped: Vec<u32>,
        parent: &RunId,
        purpose: &'static str,
    ) -> Result<(), StoreError> {
        let (owner, parent) = (self.owner()?, parent.clone());
        self.write(move |connection| create(connection, &run, &skipped, (&parent, purpose), owner))
            .wait()
    }

    /// The children of a run, earlier ones first.
    pub fn children(
        &self,
        parent: &RunId,
        purpose: &'static str,
    ) -> Result<Vec<RunId>, StoreError> {
        self.read(|connection| {
            let seq = runs::seq(connection, parent)?;
            let mut select = connection.prepare_cached(
                "SELECT id FROM run WHERE parent = ? AND purpose = ? ORDER BY seq",
            )?;
            let children = select.query_map(params![seq, purpose], |row| row.get(0))?;
            Ok(children.collect::<Result<_, _>>()?)
        })
    }

    /// Tells of every question that the children of a run have come to the end with, earlier ones first. Their answers
    /// stay where they are.
    pub fn child_questions(
        &self,
        parent: &RunId,
        purpose: &'static str,
        each: impl FnMut(ChildQuestion),
    ) -> Result<(), StoreError> {
        self.read(|connection| {
            let seq = runs::seq(connection, parent)?;
            questions(connection, "r.parent = ? AND r.purpose = ?", params![seq, purpose], each)
        })
    }

    /// Tells of every question that a run has come to the end with, by ordinal.
    pub fn run_questions(
        &self,
        run: &RunId,
        each: impl FnMut(ChildQuestion),
    ) -> Result<(), StoreError> {
        self.read(|connection| {
            let seq = runs::seq(connection, run)?;
            questions(connection, "r.seq = ?", params![seq], each)
        })
    }

    /// The answers at these places, in their order. A place that has none any more is left out.
    pub fn answers_at(&self, places: &[ChildCell]) -> Result<Vec<ChildAnswer>, StoreError> {
        self.read(|connection| {
            let answers = places.iter().filter_map(|at| answer(connection, *at).transpose());
            answers.collect()
        })
    }

    /// Stores what was found out about cells after they were done, over what was there. This process must hold the run.
    pub fn put_scores(
        &self,
        run: &RunId,
        scores: Vec<(u32, StoredScore)>,
    ) -> Result<(), StoreError> {
        let (run, owner) = (run.clone(), self.known_owner());
        self.write(move |connection| {
            let seq = runs::leased_seq(connection, &run, owner)?;
            for (cell, score) in &scores {
                cells::put_scores(connection, &run, seq, *cell, std::slice::from_ref(score))?;
            }
            Ok(())
        })
        .wait()
    }
}

fn create(
    connection: &Connection,
    run: &NewRun,
    skipped: &[u32],
    (parent, purpose): (&RunId, &str),
    owner: Owner,
) -> Result<(), Fault> {
    let parent = runs::leased_seq(connection, parent, Some(owner))?;
    runs::create(connection, run, skipped, owner)?;
    connection
        .prepare_cached("UPDATE run SET parent = ?, purpose = ? WHERE id = ?")?
        .execute(params![parent, purpose, run.id])?;
    Ok(())
}

fn questions(
    connection: &Connection,
    of: &str,
    values: &[&dyn ToSql],
    mut each: impl FnMut(ChildQuestion),
) -> Result<(), Fault> {
    let mut select = connection.prepare_cached(&format!(
        "SELECT r.seq, c.ordinal, k.case_id, c.state
         FROM run r JOIN cell c ON c.run = r.seq
           JOIN run_row w ON w.run = c.run AND w.ordinal = c.row_at
           JOIN run_case k ON k.run = c.run AND k.ordinal = w.case_at
         WHERE {of} AND c.state IN ('done', 'failed') ORDER BY r.seq, c.ordinal"
    ))?;
    let mut rows = select.query(values)?;
    while let Some(row) = rows.next()? {
        each(ChildQuestion {
            at: ChildCell { child: row.get(0)?, cell: row.get(1)? },
            case_id: row.get(2)?,
            failed: row.get::<_, CellState>(3)? == CellState::Failed,
        });
    }
    Ok(())
}

fn answer(connection: &Connection, at: ChildCell) -> Result<Option<ChildAnswer>, Fault> {
    let found = connection
        .prepare_cached(
            "SELECT k.case_id, c.state, a.output, a.finish, c.error
             FROM cell c
               JOIN run_row w ON w.run = c.run AND w.ordinal = c.row_at
               JOIN run_case k ON k.run = c.run AND k.ordinal = w.case_at
               LEFT JOIN attempt a ON a.id = c.attempt
             WHERE c.run = ? AND c.ordinal = ? AND c.state IN ('done', 'failed')",
        )?
        .query_row(params![at.child, at.cell], |row| {
            let done = row.get::<_, CellState>(1)? == CellState::Done;
            Ok(ChildAnswer {
                case_id: row.get(0)?,
                output: row.get::<_, Option<String>>(2)?.filter(|_| done),
                finish: row.get(3)?,
                error: row.get(4)?,
            })
        })
        .optional()?;
    Ok(found)
}
