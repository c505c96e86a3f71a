//! A run whose every write is recorded.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use assay_store::{
    AttemptOutcome, BeginAttempt, FinishAttempt, NewCell, NewColumn, NewRow, NewRun, RunId,
    RunState, Store, StoreError, StoredScore, Tuning, Usage, open_tuned,
};
use tempfile::TempDir;

use crate::record::{self, Acknowledged, Recording};

/// Cells of the run.
pub const CELLS: u32 = 160;
const AT_ONCE: usize = 6;

pub fn run() -> RunId {
    RunId::new("POWER")
}

/// A folder for a disk that is only simulated: in memory where the system offers that, since no real sync is
/// looked at.
pub fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        tempfile::tempdir_in(memory).unwrap()
    } else {
        tempfile::tempdir().unwrap()
    }
}

/// Does a run and closes the store; all of it is on record.
pub fn record(tuning: Tuning) -> Recording {
    let folder = folder();
    // As SQLite will name it.
    let path = folder.path().canonicalize().unwrap();
    record::begin(&path);
    work(&path, tuning);
    record::end(&path)
}

/// Stores the run, begun.
pub fn create(store: &Store, folder: &Path) {
    store.create_run(plan()).unwrap();
    store.set_run_state(&run(), RunState::Running, 1).unwrap();
    record::acknowledge(folder, Acknowledged::Created);
}

fn work(folder: &Path, tuning: Tuning) {
    let store = open_tuned(folder, tuning).unwrap();
    create(&store, folder);
    let next = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let cell = next.fetch_add(1, Ordering::Relaxed);
                    if cell >= CELLS {
                        break;
                    }
                    call(&store, folder, cell).unwrap();
                }
            });
        }
    });
}

/// Begins and ends a cell, and has both noted once they are acknowledged.
pub fn call(store: &Store, folder: &Path, cell: u32) -> Result<(), StoreError> {
    let begin = BeginAttempt {
        cell,
        request: format!("request {cell} {}", "with some words ".repeat(60)).into_bytes(),
        started_ms: 0,
        origin: "https://models.example".into(),
        reserved: None,
    };
    let attempt = store.begin_attempt(&run(), begin).wait()?;
    record::acknowledge(folder, Acknowledged::Begun { cell, attempt: attempt.0 });
    let outcome = AttemptOutcome::Done {
        output: output(cell),
        response: reply(cell),
        latency_ms: 1,
        first_token_ms: None,
        usage: Usage::default(),
        finish: "stop".into(),
        cost: None,
        original: None,
    };
    let score =
        StoredScore { scorer: "exact".into(), value: None, pass: None, reason: "so".into() };
    let finish = FinishAttempt {
        run: run(),
        cell,
        attempt,
        ended_ms: 1,
        request_id: None,
        outcome,
        scores: vec![score],
        cache_key: None,
    };
    store.finish_attempt(finish).wait()?;
    record::acknowledge(folder, Acknowledged::Ended { cell, attempt: attempt.0 });
    Ok(())
}

pub fn output(cell: u32) -> String {
    format!("output {cell}")
}

pub fn reply(cell: u32) -> Vec<u8> {
    format!("raw {cell} {}", "because ".repeat(150)).into_bytes()
}

fn plan() -> NewRun {
    let column = NewColumn {
        prompt: "p".into(),
        variant: "v".into(),
        content_id: "sha256:0".into(),
        model: "m".into(),
    };
    let row = |n: u32| NewRow {
        prompt: "p".into(),
        case_id: format!("case-{n}"),
        sample: 0,
        case_json: "{}".into(),
    };
    NewRun {
        id: run(),
        workspace: "w".into(),
        created_ms: 0,
        title: "power".into(),
        spec: "{}".into(),
        columns: vec![column],
        rows: (0..CELLS).map(row).collect(),
        cells: (0..CELLS).map(|row| NewCell { column: 0, row }).collect(),
        scorers: vec!["exact".into()],
        budget: None,
        shard: None,
    }
}
