//! A database of an earlier version: brought up to date whole, and kept as it was beside it.

use std::fs;
use std::path::Path;

use assay_store::{CellState, Draft, Original, RunState, Stop, StopKind, Store, StoreError};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::support::*;

/// A folder with the database that version 1 wrote.
fn version_1() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let database = Connection::open(folder.path().join("assay.db")).unwrap();
    database.execute_batch(include_str!("../data/version-1.sql")).unwrap();
    assert_eq!(version(folder.path().join("assay.db").as_path()), 1);
    folder
}

fn version(file: &Path) -> i64 {
    let database = Connection::open(file).unwrap();
    database.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

fn check(file: &Path) -> String {
    let database = Connection::open(file).unwrap();
    database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap()
}

#[test]
fn what_version_1_held_is_all_there() {
    let folder = version_1();
    let store = Store::open(folder.path()).unwrap();
    let run = "R1".into();
    let record = store.run_record(&run).unwrap().unwrap();
    assert_eq!((record.done, record.failed, record.cached, record.total), (2, 1, 1, 8));
    assert_eq!(
        (record.budget, record.spent, record.shard),
        (None, 0.25, None),
        "one reply was paid for, the other was used again"
    );
    let fresh = store.cell(&run, 0).unwrap().unwrap();
    assert_eq!((fresh.output.as_deref(), fresh.scores.len()), (Some("refund"), 2));
    assert_eq!(fresh.attempts[0].usage.input, Some(100));
    let again = store.cell(&run, 1).unwrap().unwrap();
    assert!(again.record.cached && again.attempts[0].original.is_none(), "it was not noted then");
    let failed = store.cell(&run, 2).unwrap().unwrap();
    assert_eq!((failed.attempts.len(), failed.record.error.as_deref()), (2, Some("no credit")));
    let reply = store.cache_get(&[7; 32]).unwrap().unwrap();
    let original = Original { attempt: Some(fresh.attempts[0].id), received_ms: 3_000 };
    assert_eq!(reply.original, original, "found by when and what was received");
    assert_eq!(
        store.run_record(&"R0".into()).unwrap().unwrap().state,
        RunState::Failed("no key".into())
    );
    let [provider] = store.providers().unwrap().try_into().unwrap();
    assert_eq!((provider.preset, provider.options), (None, serde_json::json!({})));
    assert!(matches!(store.drafts("w").unwrap().as_slice(), [Draft { at_ms: 6, .. }]));
}

#[test]
fn a_run_that_stopped_at_its_budget_is_known_as_one_although_only_words_said_so() {
    let folder = version_1();
    let file = folder.path().join("assay.db");
    let reason = "the budget of $0.5 is spent";
    Connection::open(&file)
        .unwrap()
        .execute("UPDATE run SET reason = ? WHERE id = 'R0'", [reason])
        .unwrap();
    let store = Store::open(folder.path()).unwrap();
    let record = store.run_record(&"R0".into()).unwrap().unwrap();
    assert_eq!(record.state, RunState::Failed(Stop::new(StopKind::Budget, reason)));
}

#[test]
fn a_run_begun_by_version_1_goes_on() {
    let folder = version_1();
    let store = Store::open(folder.path()).unwrap();
    let run = "R1".into();
    assert_eq!(store.recover(9_000).unwrap(), std::slice::from_ref(&run));
    assert_eq!(store.pending_cells(&run).unwrap(), [3, 4, 5, 6, 7]);
    store.set_run_state(&run, RunState::Running, 9_001).unwrap();
    complete(&store, &run, 3, "resumed");
    assert_eq!(store.cells(&run, 3, 4).unwrap()[0].state, CellState::Done);
}

#[test]
fn the_database_is_copied_before_it_changes() {
    let folder = version_1();
    drop(Store::open(folder.path()).unwrap());
    let (now, kept) = (folder.path().join("assay.db"), folder.path().join("assay-version-1.db"));
    assert!(version(&now) > 1);
    assert_eq!((version(&kept), check(&kept)), (1, "ok".to_owned()));
    let earlier = Connection::open(&kept).unwrap();
    let cells: i64 = earlier.query_row("SELECT count(*) FROM cell", [], |row| row.get(0)).unwrap();
    assert_eq!(cells, 9);

    let written = fs::metadata(&kept).unwrap().modified().unwrap();
    drop(Store::open(folder.path()).unwrap());
    assert_eq!(fs::metadata(&kept).unwrap().modified().unwrap(), written, "copied once");
    let mut left: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["assay-version-1.db", "assay.db"]);
}

#[test]
fn without_a_copy_nothing_changes() {
    let folder = version_1();
    let kept = folder.path().join("assay-version-1.db");
    fs::create_dir(&kept).unwrap();
    let Err(refused) = Store::open(folder.path()) else { panic!("it was opened") };
    assert!(matches!(&refused, StoreError::Folder { path, .. } if *path == kept), "{refused:?}");
    assert_eq!(version(&folder.path().join("assay.db")), 1);
}

#[test]
fn a_new_database_needs_no_copy() {
    let (_store, folder) = store();
    assert!(!folder.path().join("assay-version-1.db").exists());
    assert!(!folder.path().join("assay-version-0.db").exists());
}

#[test]
fn an_upgraded_database_has_the_same_tables_as_a_new_one() {
    let schema = |folder: &Path| -> Vec<(String, String)> {
        let database = Connection::open(folder.join("assay.db")).unwrap();
        let mut select = database
            .prepare("SELECT m.name, c.name || c.type || c.\"notnull\" FROM sqlite_schema m, pragma_table_info(m.name) c ORDER BY 1, c.cid")
            .unwrap();
        select
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect()
    };
    let (upgraded, (_store, new)) = (version_1(), store());
    drop(Store::open(upgraded.path()).unwrap());
    assert_eq!(schema(upgraded.path()), schema(new.path()));
}
