//! Every named place of the write path.

use std::path::Path;

use assay_store::{Failpoint, Store};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::witness::Witness;

/// Reached while a database is brought up to date.
const MIGRATING: &[Failpoint] = &[
    Failpoint::BackupCopied,
    Failpoint::BackupPublished,
    Failpoint::SchemaPieceApplied,
    Failpoint::SchemaApplied,
];

/// Reached while a run is created.
const PLANNING: &[Failpoint] = &[Failpoint::RunPlanned, Failpoint::RunHalfPlanned];

/// Reached while the run of a process that is gone is taken over.
const RECOVERING: &[Failpoint] = &[Failpoint::AttemptsLost, Failpoint::RunInterrupted];

#[test]
fn a_run_survives_death_at_every_place_of_its_way() {
    let folder = tempfile::tempdir().unwrap();
    let mut witness = Witness::of("KILLED");
    let mut deaths = 0;
    let on_the_way = |place: &&Failpoint| !MIGRATING.contains(place) && !PLANNING.contains(place);
    for &place in Failpoint::ALL.iter().filter(on_the_way) {
        // A run is taken over once by each child.
        let times: &[u32] = if RECOVERING.contains(&place) { &[1] } else { &[1, 6] };
        for &nth in times {
            die(&mut witness, folder.path(), place, nth);
            deaths += 1;
        }
    }
    witness.finish(folder.path());
    println!("{deaths} deaths");
}

#[test]
fn a_run_survives_death_while_it_is_planned() {
    for &place in PLANNING {
        let folder = tempfile::tempdir().unwrap();
        let mut witness = Witness::of("KILLED");
        die(&mut witness, folder.path(), place, 1);
        let store = Store::open(folder.path()).unwrap();
        assert_eq!(
            store.run_record(&"KILLED".into()).unwrap(),
            None,
            "{place:?}: all of it or nothing"
        );
        drop(store);
        witness.finish(folder.path());
    }
}

#[test]
fn a_database_survives_death_while_it_is_brought_up_to_date() {
    for &place in MIGRATING {
        let folder = version_1();
        let mut witness = Witness::of("KILLED");
        let nth = if place == Failpoint::SchemaPieceApplied { 4 } else { 1 };
        kill_at(&mut witness, folder.path(), place, nth);
        assert_eq!(version(folder.path()), 1, "{place:?}: all of it or nothing");
        let store = Store::open(folder.path()).unwrap();
        assert_eq!(store.cell(&"R1".into(), 0).unwrap().unwrap().output.as_deref(), Some("refund"));
        let kept = Connection::open(folder.path().join("assay-version-1.db")).unwrap();
        let cells: i64 = kept.query_row("SELECT count(*) FROM cell", [], |row| row.get(0)).unwrap();
        assert_eq!(cells, 9, "{place:?}: the copy is whole");
    }
}

/// A child goes on with the run until it reaches a place, and what it left is looked at.
fn die(witness: &mut Witness, folder: &Path, place: Failpoint, nth: u32) {
    kill_at(witness, folder, place, nth);
    witness.check(folder);
}

fn kill_at(witness: &mut Witness, folder: &Path, place: Failpoint, nth: u32) {
    let ended = witness.listen(witness.start(folder, Some((place, nth))), None);
    assert!(!ended.success(), "{place:?} was not reached for the {nth}. time");
}

fn version_1() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let database = Connection::open(folder.path().join("assay.db")).unwrap();
    database.execute_batch(include_str!("../data/version-1.sql")).unwrap();
    folder
}

fn version(folder: &Path) -> i64 {
    let database = Connection::open(folder.join("assay.db")).unwrap();
    database.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}
