//! Opening a database: what was there is there again, and what cannot be used is said and left alone.

use std::fs;

use assay_store::{CellState, RunState, Stop, StopKind, Store, StoreError};
use rusqlite::Connection;

use crate::support::*;

#[test]
fn a_run_is_whole_after_reopening() {
    let (store, folder) = store();
    let new = new_run("R1", 2, 4);
    let run = new.id.clone();
    store.create_run(new.clone()).unwrap();
    store.create_run(assay_store::NewRun { created_ms: 2_000, ..new_run("R2", 1, 1) }).unwrap();
    store.set_run_state(&run, RunState::Running, 1_500).unwrap();
    complete(&store, &run, 3, "refund");
    let stop = Stop::new(StopKind::Paused, "no key");
    store.set_run_state(&run, RunState::Failed(stop.clone()), 4_000).unwrap();
    drop(store);

    let store = Store::open(folder.path()).unwrap();
    let listed: Vec<_> = store.runs(WORKSPACE, 10).unwrap().into_iter().map(|run| run.id).collect();
    assert_eq!(listed, ["R2".into(), run.clone()], "latest first");
    assert!(store.runs("elsewhere", 10).unwrap().is_empty());
    let detail = store.run(&run).unwrap().unwrap();
    assert_eq!(
        (detail.spec, detail.columns, detail.rows, detail.scorers),
        (new.spec, new.columns, new.rows, new.scorers)
    );
    assert_eq!(detail.record.state, RunState::Failed(stop));
    assert_eq!(
        (detail.record.done, detail.record.total, detail.record.ended_ms),
        (1, 8, Some(4_000))
    );
    let cell = store.cell(&run, 3).unwrap().unwrap();
    assert_eq!((cell.record.column, cell.record.row, cell.record.state), (1, 1, CellState::Done));
    assert_eq!(cell.output.as_deref(), Some("refund"));
    assert_eq!(store.run(&"R9".into()).unwrap(), None);
}

#[test]
fn equal_bytes_are_stored_once() {
    let (store, folder, run) = store_with_run(3);
    for cell in 0..3 {
        complete(&store, &run, cell, "refund");
    }
    drop(store);
    let database = Connection::open(folder.path().join("assay.db")).unwrap();
    let count = |sql: &str| database.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count("SELECT count(*) FROM blob"), 4, "three requests and one reply");
    assert_eq!(count("SELECT count(DISTINCT response) FROM attempt"), 1);
    assert_eq!(count("SELECT count(*) FROM run_case"), 2, "two samples of a case share its text");
    assert_eq!(count("SELECT count(*) FROM pragma_foreign_key_check"), 0);
    assert_eq!(count("SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
}

#[test]
fn a_database_of_a_later_version_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("assay.db");
    let later = Connection::open(&file).unwrap();
    later.execute_batch("CREATE TABLE news (text TEXT); PRAGMA user_version = 99;").unwrap();
    drop(later);
    let before = fs::read(&file).unwrap();

    let Err(refused) = Store::open(folder.path()) else { panic!("it was opened") };
    assert!(matches!(refused, StoreError::TooNew { found: 99, .. }), "{refused:?}");
    assert!(refused.to_string().contains("later version (schema 99"), "{refused}");
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("assay.db");
    let text = "not a database, but a letter. ".repeat(200);
    fs::write(&file, &text).unwrap();
    let Err(refused) = Store::open(folder.path()) else { panic!("it was opened") };
    assert!(
        matches!(&refused, StoreError::Corrupt { file: named, .. } if *named == file),
        "{refused:?}"
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
}

#[test]
fn a_folder_that_cannot_be_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let blocked = folder.path().join("a-file");
    fs::write(&blocked, "").unwrap();
    let Err(refused) = Store::open(&blocked) else { panic!("it was opened") };
    assert!(refused.to_string().contains("a-file"), "{refused}");
}
