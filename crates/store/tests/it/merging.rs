//! Shards of one matrix, run in databases of their own, become one run.

use assay_store::{
    AttemptState, BeginAttempt, CellState, NewCell, NewRun, RunState, Shard, Store, StoreError,
};
use tempfile::TempDir;

use crate::support::*;

/// The matrix that is split: two columns, three rows.
fn whole() -> NewRun {
    new_run("WHOLE", 2, 3)
}

/// A part of it in a database of its own, with rows and cells in another order.
fn part(index: u32, cells: &[(u32, u32)]) -> (Store, TempDir) {
    let (store, folder) = store();
    let mut run = NewRun {
        id: format!("PART{index}").into(),
        shard: Some(Shard { index, of: 2 }),
        ..whole()
    };
    run.rows.reverse();
    let turned = |&(column, row): &(u32, u32)| NewCell { column, row: 2 - row };
    run.cells = cells.iter().map(turned).collect();
    store.create_run(run).unwrap();
    (store, folder)
}

#[test]
fn shards_become_one_run_with_all_that_was_measured() {
    let (first, _a) = part(1, &[(0, 0), (1, 1), (0, 2)]);
    let (second, _b) = part(2, &[(1, 0), (0, 1), (1, 2)]);
    let (one, two) = ("PART1".into(), "PART2".into());
    complete(&first, &one, 0, "0/0");
    let attempt = begin(&first, &one, 1);
    first.finish_attempt(ending(&one, 1, attempt, failure("no", true))).wait().unwrap();
    complete(&first, &one, 1, "1/1");
    let attempt = begin(&first, &one, 2);
    first.finish_attempt(ending(&one, 2, attempt, failure("never", false))).wait().unwrap();
    complete(&second, &two, 0, "1/0");
    let reserved = BeginAttempt { reserved: Some(0.5), ..beginning(1) };
    second.begin_attempt(&two, reserved).wait().unwrap();

    let (store, _folder) = store();
    let run = whole().id;
    store.create_run(whole()).unwrap();
    assert_eq!(store.take_cells(&run, &first, &one).unwrap(), 3);
    assert_eq!(store.take_cells(&run, &second, &two).unwrap(), 2);
    assert_eq!(store.take_cells(&run, &second, &two).unwrap(), 0, "each is taken once");

    let record = store.run_record(&run).unwrap().unwrap();
    assert_eq!((record.done, record.failed, record.total), (3, 1, 6));
    assert_eq!(record.spent, 3.0 * 0.25 + 0.5, "three replies and one call that nobody saw end");
    // Ordinals of the whole run by row, then by column.
    let previews: Vec<_> =
        store.cells(&run, 0, 6).unwrap().into_iter().map(|cell| cell.preview).collect();
    assert_eq!(previews, ["0/0", "1/0", "", "1/1", "", ""]);
    assert_eq!(store.pending_cells(&run).unwrap(), [2, 5]);
    let cell = store.cell(&run, 3).unwrap().unwrap();
    assert_eq!(cell.response.as_deref(), Some(b"raw 1/1".as_slice()));
    assert_eq!((cell.attempts.len(), cell.scores), (2, scores(true)));
    let failed = store.cell(&run, 4).unwrap().unwrap().record;
    assert_eq!((failed.state, failed.error.as_deref()), (CellState::Failed, Some("never")));
    assert_eq!(store.cell(&run, 2).unwrap().unwrap().attempts[0].state, AttemptState::Unknown);

    store.set_run_state(&run, RunState::Running, 9_000).unwrap();
    complete(&store, &run, 2, "resumed here");
}

#[test]
fn a_run_that_another_process_holds_takes_nothing_in() {
    let (first, _a) = part(1, &[(0, 0)]);
    complete(&first, &"PART1".into(), 0, "0/0");
    let (owner, folder) = store();
    owner.create_run(whole()).unwrap();
    let other = Store::open(folder.path()).unwrap();
    let refused = other.take_cells(&whole().id, &first, &"PART1".into());
    assert!(matches!(refused, Err(StoreError::NotLeased { .. })), "{refused:?}");
}
