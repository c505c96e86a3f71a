//! What stands outside and remembers: the calls a provider charged for, the ends that were acknowledged.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::process::ExitStatus;

use assay_store::{AttemptState, CellDetail, CellState, Failpoint, RunId, Store};
use rusqlite::Connection;

use crate::child::{self, AT_ONCE, CELLS, Said, Working};

/// All that was said by all the children of one run.
pub struct Witness {
    run: RunId,
    /// Each charged call, and which child made it.
    calls: HashMap<(u32, i64), usize>,
    ended: HashSet<(u32, i64)>,
    children: usize,
}

impl Witness {
    pub fn of(run: &str) -> Witness {
        let (calls, ended) = (HashMap::new(), HashSet::new());
        Witness { run: RunId::new(run), calls, ended, children: 0 }
    }

    /// Starts a child on the run.
    pub fn start(&self, folder: &Path, dies_at: Option<(Failpoint, u32)>) -> Working {
        child::start(folder, &self.run, dies_at)
    }

    /// Has a child do what is left of the run.
    pub fn finish(&mut self, folder: &Path) {
        let ended = self.listen(self.start(folder, None), None);
        assert!(ended.success(), "{ended}");
        self.check_done(folder);
    }

    /// Listens until the child is gone; kills it once it has said `most` things.
    pub fn listen(&mut self, mut child: Working, most: Option<usize>) -> ExitStatus {
        let mut heard = 0;
        while let Some(said) = child.next() {
            match said {
                Said::Called { cell, attempt } => {
                    self.calls.insert((cell, attempt), self.children);
                }
                Said::Ended { cell, attempt } => {
                    self.ended.insert((cell, attempt));
                }
            }
            heard += 1;
            if most == Some(heard) {
                // SIGKILL. What it says before it is gone is still heard.
                child.process.kill().unwrap();
            }
        }
        self.children += 1;
        let ended = child.process.wait().unwrap();
        assert_ne!(ended.code(), Some(101), "the child found something wrong itself");
        ended
    }

    /// Holds what is on the disk against what was said. The database may be one that was just abandoned.
    pub fn check(&self, folder: &Path) {
        check_integrity(folder);
        let store = Store::open(folder).unwrap();
        let mut known: HashMap<u32, CellDetail> = HashMap::new();
        for &(cell, attempt) in self.calls.keys() {
            let detail =
                known.entry(cell).or_insert_with(|| store.cell(&self.run, cell).unwrap().unwrap());
            let on_record = detail.attempts.iter().find(|one| one.id.0 == attempt);
            let on_record = on_record.unwrap_or_else(|| {
                panic!("a call of cell {cell} was paid for, and attempt {attempt} is not on record")
            });
            if self.ended.contains(&(cell, attempt)) {
                let kept = matches!(on_record.state, AttemptState::Done | AttemptState::Failed);
                assert!(
                    kept,
                    "the end of attempt {attempt} of cell {cell} was acknowledged and is lost"
                );
            }
        }
        for (cell, detail) in &known {
            self.check_cell(&store, *cell, detail);
        }
    }

    /// Holds the whole run against what was said, once it is done.
    pub fn check_done(&self, folder: &Path) {
        self.check(folder);
        let store = Store::open(folder).unwrap();
        let record = store.run_record(&self.run).unwrap().unwrap();
        assert_eq!((record.done, record.failed, record.total), (CELLS, 0, CELLS));
        assert!(store.pending_cells(&self.run).unwrap().is_empty());
        for cell in 0..CELLS {
            let detail = store.cell(&self.run, cell).unwrap().unwrap();
            let mut done = detail.attempts.iter().filter(|one| one.state == AttemptState::Done);
            let paid_for = done.next().unwrap();
            let later = |call: &(u32, i64)| call.0 == cell && call.1 > paid_for.id.0;
            let again = done.next().is_some() || self.calls.keys().any(later);
            assert!(!again, "cell {cell} was paid for again: {:?}", detail.attempts);
        }
        self.check_repeats();
    }

    /// A finished cell has its output, its reply, its score and its place in the cache: all or nothing.
    fn check_cell(&self, store: &Store, cell: u32, detail: &CellDetail) {
        let done = detail.attempts.iter().any(|one| one.state == AttemptState::Done);
        assert_eq!(done, detail.record.state == CellState::Done, "cell {cell}: {detail:?}");
        assert_eq!(detail.scores.len(), usize::from(done), "cell {cell}");
        assert_eq!(store.is_cached(&child::key(&self.run, cell)).unwrap(), done, "cell {cell}");
        if done {
            assert_eq!(detail.output.as_deref(), Some(child::output(cell).as_str()));
            assert!(
                detail.response.as_ref().is_some_and(|raw| raw.starts_with(b"raw ")),
                "cell {cell}"
            );
        }
    }

    /// A child may leave no more calls without an end than it had under way.
    fn check_repeats(&self) {
        for child in 0..self.children {
            let lost =
                self.calls.iter().filter(|(call, by)| **by == child && !self.ended.contains(call));
            let lost = lost.count();
            assert!(lost <= AT_ONCE, "child {child} left {lost} calls under way of {AT_ONCE}");
        }
    }
}

fn check_integrity(folder: &Path) {
    let database = Connection::open(folder.join("assay.db")).unwrap();
    let said: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(said, "ok");
    let broken: i64 = database
        .query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(broken, 0, "rows that refer to nothing");
}
