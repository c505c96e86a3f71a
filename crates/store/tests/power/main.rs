//! The power fails at every sync of a run, and everything that was acknowledged before is there.
//!
//! `kill -9` cannot show this: what a process wrote and did not sync outlives the process in the system's cache.
//! So every write and every sync of SQLite's is recorded while a run goes on, and disks are built from the
//! record as a power failure may leave them at that moment: without what was not synced, with some of it, with
//! the last write torn. The same without syncs is the control, and must lose something.
//!
//! The recorder can also refuse a write or a sync, as a full or a broken disk does.
//!
//! `ASSAY_STORE_IMAGES` sets the number of disks.
#![allow(clippy::unwrap_used)]

mod disk;
mod failing;
mod inspect;
mod record;
mod work;

use std::time::Instant;

use assay_store::{Synchronous, Tuning};
use disk::{Damage, Image};
use inspect::Loss;
use record::Recording;

/// Disks in a run of the tests; a benchmark asks for more.
const IMAGES: usize = 300;

/// Disks of one recorded run at most: each has about four times as many.
const OF_ONE_RUN: usize = 500;

/// Small enough that the log is copied into the database many times within a short run.
const CHECKPOINT_PAGES: u32 = 60;

#[test]
fn what_was_acknowledged_survives_a_power_failure() {
    let wanted = std::env::var("ASSAY_STORE_IMAGES").map_or(IMAGES, |text| text.parse().unwrap());
    let began = Instant::now();
    let (mut disks, mut runs) = (0, 0);
    while disks < wanted {
        disks += survive(OF_ONE_RUN.min(wanted - disks));
        runs += 1;
    }
    println!("{disks} disks of {runs} runs in {:?}: all whole, nothing lost", began.elapsed());
}

/// Looks at so many disks of a run; returns how many there were.
fn survive(wanted: usize) -> usize {
    let recording = recording(Synchronous::Full);
    assert!(recording.writes_to("assay.db") > 100, "the log is copied into the database");
    let images = disk::images(&recording, wanted);
    let torn = images.iter().filter(|image| matches!(image.damage, Damage::Torn { .. })).count();
    assert!(torn * 10 > images.len(), "{torn} of {} have a torn write", images.len());
    for image in &images {
        if let Err(loss) = survives(&recording, image) {
            panic!("{image}: {loss:?}");
        }
    }
    images.len()
}

#[test]
fn without_syncs_the_same_test_finds_losses_and_damage() {
    let (lost, damaged, all) = losses(Synchronous::Off);
    assert!(lost * 4 > all, "only {lost} of {all} disks lost what was acknowledged");
    assert!(damaged > 0, "none of {all} disks is damaged");
}

/// The difference between the setting we pay for and the one most applications choose.
#[test]
fn with_fewer_syncs_the_same_test_finds_losses_on_whole_disks() {
    let (lost, damaged, all) = losses(Synchronous::Normal);
    assert!(lost * 4 > all, "only {lost} of {all} disks lost what was acknowledged");
    assert_eq!(damaged, 0, "of {all} disks");
}

/// How many disks lost something, how many are damaged, and how many there are.
fn losses(synchronous: Synchronous) -> (usize, usize, usize) {
    let recording = recording(synchronous);
    let images = disk::images(&recording, 80);
    let found: Vec<_> =
        images.iter().filter_map(|image| survives(&recording, image).err()).collect();
    let damaged = found.iter().filter(|loss| matches!(loss, Loss::Damaged(_))).count();
    (found.len() - damaged, damaged, images.len())
}

fn recording(synchronous: Synchronous) -> Recording {
    work::record(Tuning { synchronous, checkpoint_pages: CHECKPOINT_PAGES })
}

fn survives(recording: &Recording, image: &Image) -> Result<(), Loss> {
    let folder = work::folder();
    image.write_to(recording, folder.path());
    inspect::inspect(folder.path(), recording.acknowledged_before(image.moment))
}
