//! Several stores on one folder, as a terminal beside the window has it.

use assay_store::{AttemptState, CellState, RunState, Store, StoreError};

use crate::support::*;

#[test]
fn a_second_store_reads_and_writes_beside_the_first() {
    let (first, folder, run) = store_with_run(2);
    let second = Store::open(folder.path()).unwrap();
    complete(&first, &run, 0, "refund");
    assert_eq!(second.cells(&run, 0, 1).unwrap()[0].preview, "refund");
    let own = new_run("R2", 1, 1);
    let own_id = own.id.clone();
    second.create_run(own).unwrap();
    complete(&second, &own_id, 0, "other");
    assert_eq!(first.runs(WORKSPACE, 10).unwrap().len(), 2);
}

#[test]
fn a_run_of_a_living_process_is_left_alone() {
    let (owner, folder, run) = store_with_run(2);
    owner.set_run_state(&run, RunState::Running, 1_500).unwrap();
    let attempt = begin(&owner, &run, 0);
    let other = Store::open(folder.path()).unwrap();

    assert!(other.recover(9_000).unwrap().is_empty());
    for refused in [
        other.set_run_state(&run, RunState::Running, 9_000),
        other.set_run_state(&run, RunState::Cancelled, 9_000),
        other.begin_attempt(&run, beginning(1)).wait().map(drop),
    ] {
        assert!(matches!(refused, Err(StoreError::NotLeased { .. })), "{refused:?}");
    }
    owner.finish_attempt(ending(&run, 0, attempt, reply("mine"))).wait().unwrap();
    assert_eq!(owner.run_record(&run).unwrap().unwrap().state, RunState::Running);
}

#[test]
fn a_run_whose_process_is_gone_is_taken_over() {
    let (owner, folder, run) = store_with_run(3);
    owner.set_run_state(&run, RunState::Running, 1_500).unwrap();
    complete(&owner, &run, 0, "kept");
    begin(&owner, &run, 1);
    let other = Store::open(folder.path()).unwrap();
    drop(owner);

    assert_eq!(other.recover(9_000).unwrap(), std::slice::from_ref(&run));
    let record = other.run_record(&run).unwrap().unwrap();
    assert_eq!(
        (record.state, record.done, record.ended_ms),
        (RunState::Interrupted, 1, Some(9_000))
    );
    let states: Vec<_> = other.cells(&run, 0, 3).unwrap().iter().map(|cell| cell.state).collect();
    assert_eq!(states, [CellState::Done, CellState::Queued, CellState::Queued]);
    assert_eq!(other.cell(&run, 1).unwrap().unwrap().attempts[0].state, AttemptState::Unknown);
    other.set_run_state(&run, RunState::Running, 9_001).unwrap();
    complete(&other, &run, 1, "resumed");
}

#[test]
fn a_store_does_not_recover_its_own_runs() {
    let (store, _folder, run) = store_with_run(1);
    begin(&store, &run, 0);
    assert!(store.recover(9_000).unwrap().is_empty());
    assert_eq!(store.cells(&run, 0, 1).unwrap()[0].state, CellState::Leased);
}

#[test]
fn an_ended_run_is_held_by_nobody() {
    let (owner, folder, run) = store_with_run(1);
    owner.set_run_state(&run, RunState::Done, 2_000).unwrap();
    let other = Store::open(folder.path()).unwrap();
    other.set_run_state(&run, RunState::Running, 3_000).unwrap();
    complete(&other, &run, 0, "continued elsewhere");
}
