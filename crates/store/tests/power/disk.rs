//! Disks as a power failure may leave them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::Path;

use crate::record::{Event, Recording};

/// A disk: everything synced before a moment, and of the rest what the damage leaves.
pub struct Image {
    /// The place in the recording just before which the power failed.
    pub moment: usize,
    pub damage: Damage,
}

/// What happened to the writes that no sync had confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// None of them reached the disk.
    NoneLeft,
    /// The first so many of them did, in 1/8.
    Beginning { eighths: usize },
    /// The first so many did, and of the next all but its end.
    Torn { eighths: usize, lost: usize },
    /// Any of them did, in disorder: every one whose turn comes up in this series.
    Scattered { seed: u64 },
}

/// What happens to the writes at a sync, and at an acknowledgement, where nothing should depend on them.
const AT_A_SYNC: [Damage; 7] = [
    Damage::NoneLeft,
    Damage::Beginning { eighths: 4 },
    Damage::Beginning { eighths: 8 },
    Damage::Torn { eighths: 7, lost: 512 },
    Damage::Torn { eighths: 3, lost: 4096 },
    Damage::Scattered { seed: 1 },
    Damage::Scattered { seed: 2 },
];
const AT_AN_ACKNOWLEDGEMENT: [Damage; 2] = [Damage::NoneLeft, Damage::Scattered { seed: 3 }];

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "power lost before event {}, {:?}", self.moment, self.damage)
    }
}

/// At most `most` of all the disks that a recording offers, evenly spread.
pub fn images(recording: &Recording, most: usize) -> Vec<Image> {
    let all: Vec<Image> =
        recording.0.iter().enumerate().flat_map(|(n, event)| at(n, event)).collect();
    let wanted = most.min(all.len());
    let chosen = |n: usize| n * wanted / all.len() != (n + 1) * wanted / all.len();
    let kept: Vec<bool> = (0..all.len()).map(chosen).collect();
    all.into_iter().zip(kept).filter_map(|(image, keep)| keep.then_some(image)).collect()
}

fn at(moment: usize, event: &Event) -> Vec<Image> {
    let (moment, damages): (usize, &[Damage]) = match event {
        Event::Sync { .. } | Event::SyncFolder => (moment, &AT_A_SYNC),
        // Just after it was heard.
        Event::Acknowledged(_) => (moment + 1, &AT_AN_ACKNOWLEDGEMENT),
        _ => return Vec::new(),
    };
    damages.iter().map(|&damage| Image { moment, damage }).collect()
}

impl Image {
    /// Makes the disk's files.
    pub fn write_to(&self, recording: &Recording, folder: &Path) {
        let mut disk = Disk::default();
        for event in &recording.0[..self.moment] {
            disk.happens(event);
        }
        for (name, bytes) in disk.after(self.damage) {
            fs::write(folder.join(name), bytes).unwrap();
        }
    }
}

type Files<'a> = BTreeMap<&'a str, Vec<u8>>;

/// What is safe, and what is on its way.
#[derive(Default)]
struct Disk<'a> {
    safe: Files<'a>,
    unsynced: Vec<&'a Event>,
    /// Files that are found again whatever happens.
    named: BTreeSet<&'a str>,
}

impl<'a> Disk<'a> {
    fn happens(&mut self, event: &'a Event) {
        match event {
            Event::Sync { file } => {
                let (synced, rest) = self.unsynced.drain(..).partition(|one| concerns(one) == file);
                self.unsynced = rest;
                let synced: Vec<_> = synced;
                synced.into_iter().for_each(|one| apply(&mut self.safe, one));
            }
            Event::SyncFolder => self.folder_synced(),
            Event::Acknowledged(_) => {}
            change => self.unsynced.push(change),
        }
    }

    /// A removal takes what was written before it along.
    fn folder_synced(&mut self) {
        while let Some(at) =
            self.unsynced.iter().position(|one| matches!(one, Event::Remove { .. }))
        {
            let gone = concerns(self.unsynced[at]);
            self.safe.remove(gone);
            let mut place = 0;
            self.unsynced.retain(|one| {
                place += 1;
                place - 1 > at || concerns(one) != gone
            });
        }
        self.named = self.safe.keys().copied().collect();
        self.named.extend(self.unsynced.iter().map(|one| concerns(one)));
    }

    /// The files once the power is back.
    fn after(mut self, damage: Damage) -> Files<'a> {
        let all = self.unsynced.len();
        match damage {
            Damage::NoneLeft => self.safe.retain(|name, _| self.named.contains(name)),
            Damage::Beginning { eighths } => self.keep(all * eighths / 8),
            Damage::Torn { eighths, lost } => {
                let whole = all * eighths / 8;
                self.keep(whole);
                if let Some(next) = self.unsynced.get(whole) {
                    tear(&mut self.safe, next, lost);
                }
            }
            Damage::Scattered { seed } => self.scatter(seed),
        }
        self.safe
    }

    fn keep(&mut self, first: usize) {
        for event in &self.unsynced[..first] {
            apply(&mut self.safe, event);
        }
    }

    fn scatter(&mut self, seed: u64) {
        // Fractions of the golden ratio: neither all nor none, and never the same ones.
        let mut turn = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        for event in &self.unsynced {
            turn = turn
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            if turn >> 63 == 1 {
                apply(&mut self.safe, event);
            }
        }
    }
}

fn concerns(event: &Event) -> &str {
    match event {
        Event::Write { file, .. }
        | Event::Truncate { file, .. }
        | Event::Remove { file }
        | Event::Sync { file } => file,
        Event::SyncFolder | Event::Acknowledged(_) => "",
    }
}

fn apply<'a>(files: &mut Files<'a>, event: &'a Event) {
    match event {
        Event::Write { file, offset, bytes } => put(files, file, *offset, bytes),
        Event::Truncate { file, length } => {
            files.entry(file).or_default().resize(*length as usize, 0);
        }
        Event::Remove { file } => drop(files.remove(file.as_str())),
        Event::Sync { .. } | Event::SyncFolder | Event::Acknowledged(_) => {}
    }
}

/// A write without its last bytes; a short one without its second half.
fn tear<'a>(files: &mut Files<'a>, event: &'a Event, lost: usize) {
    if let Event::Write { file, offset, bytes } = event {
        let kept = if bytes.len() > lost { bytes.len() - lost } else { bytes.len() / 2 };
        put(files, file, *offset, &bytes[..kept]);
    }
}

fn put<'a>(files: &mut Files<'a>, file: &'a str, offset: u64, bytes: &[u8]) {
    let content = files.entry(file).or_default();
    let from = offset as usize;
    if content.len() < from + bytes.len() {
        content.resize(from + bytes.len(), 0);
    }
    content[from..from + bytes.len()].copy_from_slice(bytes);
}
