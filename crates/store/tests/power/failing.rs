//! The disk refuses a write or a sync, at each in turn: what was acknowledged stays, the rest is refused.

use std::path::Path;

use assay_store::{RunState, Store, Synchronous, Tuning, open_tuned};

use crate::inspect;
use crate::record::{self, Recording};
use crate::work;

/// Cells tried at each failing change.
const CELLS: u32 = 2;

#[test]
fn one_change_that_the_disk_refuses_loses_nothing_that_was_acknowledged() {
    refuse_each(true);
}

#[test]
fn a_disk_that_fails_for_good_loses_nothing_that_was_acknowledged() {
    refuse_each(false);
}

/// Refuses the first change of a piece of work, then the second, until there are no more.
fn refuse_each(once: bool) {
    let (mut changes, mut told) = (0, 0);
    while let Some(refused_calls) = fails_at(changes, once) {
        changes += 1;
        told += usize::from(refused_calls > 0);
    }
    println!("{changes} changes refused in turn, {told} of them to a caller's knowledge");
    // The others are copies of the log into the database, which are made again later.
    assert!(changes > 40 && told * 2 > changes, "{told} of {changes}");
}

/// Works while the disk fails; returns how many calls were refused, or `None` when the work was done before.
fn fails_at(changes: usize, once: bool) -> Option<usize> {
    let folder = work::folder();
    let path = folder.path().canonicalize().unwrap();
    record::begin(&path);
    let tuning = Tuning { synchronous: Synchronous::Full, checkpoint_pages: 30 };
    let store = open_tuned(&path, tuning).unwrap();
    work::create(&store, &path);
    record::fail_after(&path, changes, once);
    let refused = (0..CELLS).filter(|&cell| work::call(&store, &path, cell).is_err()).count();
    let failed = record::mend(&path);
    let goes_on = work::call(&store, &path, CELLS);
    drop(store);
    let recording = record::end(&path);

    assert!(goes_on.is_ok(), "after {changes} changes: {goes_on:?}");
    check(&recording, &path, changes);
    (failed > 0).then_some(refused)
}

fn check(recording: &Recording, folder: &Path, changes: usize) {
    let known = recording.acknowledged_before(recording.0.len());
    if let Err(loss) = inspect::inspect(folder, known) {
        panic!("after {changes} changes: {loss:?}");
    }
    let store = Store::open(folder).unwrap();
    store.recover(2).unwrap();
    store.set_run_state(&work::run(), RunState::Running, 3).unwrap();
    assert!(!store.pending_cells(&work::run()).unwrap().is_empty());
}
