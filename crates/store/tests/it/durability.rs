//! What was acknowledged is on the disk, whatever happens to the process next.

use std::fs;
use std::path::Path;
use std::process::Command;

use assay_store::{AttemptState, CellState, RunId, RunState, Store};

use crate::support::*;

#[test]
fn a_begun_attempt_is_in_the_files_before_it_ends() {
    let (store, folder, run) = store_with_run(2);
    let attempt = begin(&store, &run, 1);

    let elsewhere = tempfile::tempdir().unwrap();
    for name in ["assay.db", "assay.db-wal"] {
        fs::copy(folder.path().join(name), elsewhere.path().join(name)).unwrap();
    }
    let copy = Store::open(elsewhere.path()).unwrap();
    let cell = copy.cell(&run, 1).unwrap().unwrap();
    assert_eq!((cell.record.state, cell.attempts[0].id), (CellState::Leased, attempt));
    assert_eq!(cell.request.as_deref(), Some(b"request 1".as_slice()));
}

/// Set in the child process of the test below, to the folder it works in.
const CHILD_FOLDER: &str = "ASSAY_STORE_TEST_FOLDER";

#[test]
fn what_a_process_acknowledged_survives_its_abort() {
    if let Some(folder) = std::env::var_os(CHILD_FOLDER) {
        work_and_abort(Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    let ended = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "durability::what_a_process_acknowledged_survives_its_abort",
            "--nocapture",
        ])
        .env(CHILD_FOLDER, folder.path())
        .output()
        .unwrap();
    assert!(!ended.status.success(), "the child aborts");

    let run = RunId::new("R1");
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(store.run_record(&run).unwrap().unwrap().state, RunState::Running);
    assert_eq!(store.recover(9_000).unwrap(), std::slice::from_ref(&run));
    assert_eq!(store.run_record(&run).unwrap().unwrap().state, RunState::Interrupted);

    let done = store.cell(&run, 0).unwrap().unwrap();
    assert_eq!((done.record.state, done.output.as_deref()), (CellState::Done, Some("paid for")));
    let open = store.cell(&run, 1).unwrap().unwrap();
    assert_eq!(open.record.state, CellState::Queued);
    assert_eq!(
        (open.attempts[0].state, open.attempts[0].ended_ms),
        (AttemptState::Unknown, Some(9_000))
    );
    assert_eq!(store.pending_cells(&run).unwrap(), [1, 2], "only what is missing is sent again");
    assert!(store.recover(9_001).unwrap().is_empty(), "recovered once");

    store.set_run_state(&run, RunState::Running, 9_002).unwrap();
    complete(&store, &run, 1, "again");
    assert_eq!(store.cell(&run, 1).unwrap().unwrap().attempts.len(), 2);
}

fn work_and_abort(folder: &Path) -> ! {
    let store = Store::open(folder).unwrap();
    let run = new_run("R1", 1, 3);
    let id = run.id.clone();
    store.create_run(run).unwrap();
    store.set_run_state(&id, RunState::Running, 1_500).unwrap();
    complete(&store, &id, 0, "paid for");
    begin(&store, &id, 1);
    std::process::abort();
}

#[test]
fn writes_take_effect_in_the_order_they_were_queued() {
    let (store, _folder, run) = store_with_run(500);
    let pending: Vec<_> = (0..500).map(|cell| store.begin_attempt(&run, beginning(cell))).collect();
    let ids: Vec<_> = pending.into_iter().map(|pending| pending.wait().unwrap()).collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
}

#[test]
fn many_threads_each_hear_of_their_own_write() {
    let (store, _folder, run) = store_with_run(160);
    std::thread::scope(|scope| {
        for first in 0..16 {
            let (store, run) = (store.clone(), run.clone());
            scope.spawn(move || {
                for cell in (first..160).step_by(16) {
                    complete(&store, &run, cell, &format!("output {cell}"));
                }
            });
        }
    });
    let cells = store.cells(&run, 0, 160).unwrap();
    assert!(cells.iter().all(|cell| cell.preview == format!("output {}", cell.ordinal)));
    assert_eq!(store.run_record(&run).unwrap().unwrap().done, 160);
}

#[test]
fn one_refused_write_leaves_its_neighbours_alone() {
    let (store, _folder, run) = store_with_run(40);
    let pending: Vec<_> = (0..80)
        .map(|n| store.begin_attempt(&run, beginning(if n % 2 == 0 { n / 2 } else { 999 })))
        .collect();
    let answers: Vec<_> = pending.into_iter().map(|pending| pending.wait().is_ok()).collect();
    assert!(answers.iter().enumerate().all(|(n, good)| *good == (n % 2 == 0)), "{answers:?}");
    assert!(store.cells(&run, 0, 40).unwrap().iter().all(|cell| cell.state == CellState::Leased));
}

#[test]
fn what_is_queued_when_the_store_is_dropped_is_still_written() {
    let (store, folder, run) = store_with_run(50);
    let pending: Vec<_> = (0..50).map(|cell| store.begin_attempt(&run, beginning(cell))).collect();
    drop(store);
    assert!(pending.into_iter().all(|pending| pending.wait().is_ok()));
    let store = Store::open(folder.path()).unwrap();
    assert!(store.cells(&run, 0, 50).unwrap().iter().all(|cell| cell.state == CellState::Leased));
}
