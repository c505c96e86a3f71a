//! Runs that another run asks for: a judge's questions are cells like any other, in a run of their own.
//!
//! A child is not listed among the runs of its workspace, and what it spends counts as spent by its parent. What a
//! run needs to go on where it stopped is read back from its children: their answers, by the ids of their cases.

use rusqlite::{Connection, ToSql, params};

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

impl Store {
    /// Stores a run that `parent` asks for, which this process must hold. `purpose` is a word: what for.
    ///
    /// # Errors
    /// [`StoreError::NotLeased`] unless this process holds the parent.
    pub fn create_child(
        &self,
        run: NewRun,
        parent: &RunId,
        purpose: &'static str,
    ) -> Result<(), StoreError> {
        let (owner, parent) = (self.owner()?, parent.clone());
        self.write(move |connection| create(connection, &run, &[], (&parent, purpose), owner))
            .wait()
    }

    /// Stores a child of `parent` that leaves out all of its cells, for those of another run's child to be put there
    /// ([`Store::put_cells`]).
    ///
    /// # Errors
    /// [`StoreError::NotLeased`] unless this process holds the parent.
    pub fn create_empty_child(
        &self,
        run: NewRun,
        parent: &RunId,
        purpose: &'static str,
    ) -> Result<(), StoreError> {
        let (owner, parent) = (self.owner()?, parent.clone());
        let all: Vec<u32> = (0..run.cells.len() as u32).collect();
        self.write(move |connection| create(connection, &run, &all, (&parent, purpose), owner))
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

    /// What the children of a run were answered, earlier ones first.
    pub fn child_answers(
        &self,
        parent: &RunId,
        purpose: &'static str,
    ) -> Result<Vec<ChildAnswer>, StoreError> {
        self.read(|connection| {
            let seq = runs::seq(connection, parent)?;
            answers(connection, "r.parent = ? AND r.purpose = ?", params![seq, purpose])
        })
    }

    /// What the cells of a run were answered, by ordinal.
    pub fn run_answers(&self, run: &RunId) -> Result<Vec<ChildAnswer>, StoreError> {
        self.read(|connection| {
            let seq = runs::seq(connection, run)?;
            answers(connection, "r.seq = ?", params![seq])
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

fn answers(
    connection: &Connection,
    of: &str,
    values: &[&dyn ToSql],
) -> Result<Vec<ChildAnswer>, Fault> {
    let mut select = connection.prepare_cached(&format!(
        "SELECT k.case_id, c.state, a.output, a.finish, c.error
         FROM run r JOIN cell c ON c.run = r.seq
           JOIN run_row w ON w.run = c.run AND w.ordinal = c.row_at
           JOIN run_case k ON k.run = c.run AND k.ordinal = w.case_at
           LEFT JOIN attempt a ON a.id = c.attempt
         WHERE {of} AND c.state IN ('done', 'failed') ORDER BY r.seq, c.ordinal"
    ))?;
    let answers = select.query_map(values, |row| {
        let done = row.get::<_, CellState>(1)? == CellState::Done;
        Ok(ChildAnswer {
            case_id: row.get(0)?,
            output: row.get::<_, Option<String>>(2)?.filter(|_| done),
            finish: row.get(3)?,
            error: row.get(4)?,
        })
    })?;
    Ok(answers.collect::<Result<_, _>>()?)
}
