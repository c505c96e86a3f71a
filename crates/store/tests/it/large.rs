//! A run of 100,000 cells.

use std::time::{Duration, Instant};

use assay_store::{RunState, Store};

use crate::support::*;

const CELLS: u32 = 100_000;

/// From opening the database to the first call of what is left.
const RESUMED_WITHIN: Duration = Duration::from_secs(1);

#[test]
fn a_large_run_goes_on_within_a_second_after_its_process_is_gone() {
    let (store, folder) = store();
    let new = new_run("LARGE", 4, CELLS / 4);
    let run = new.id.clone();
    store.create_run(new).unwrap();
    store.set_run_state(&run, RunState::Running, 1).unwrap();
    complete(&store, &run, 0, "done");
    let under_way = (1..=256).map(beginning).collect();
    store.begin_attempts(&run, under_way).unwrap();
    drop(store);

    let began = Instant::now();
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(store.recover(9_000).unwrap(), std::slice::from_ref(&run));
    store.set_run_state(&run, RunState::Running, 9_001).unwrap();
    let left = store.pending_cells(&run).unwrap();
    begin(&store, &run, left[0]);
    let took = began.elapsed();
    assert_eq!(left.len(), CELLS as usize - 1);
    assert!(took < RESUMED_WITHIN, "{took:?}");
    println!("resumed after {took:?}");
}
