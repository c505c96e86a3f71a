//! WordNet 3.0, the dictionary of synonyms that METEOR looks words up in (WordNet licence: free use
//! and redistribution with its notice).
//!
//! Debian packages it as data; the package is fetched and unpacked, not installed, so this takes no
//! rights. Other systems have other versions, with other synonyms and so other scores, or none.
//! There METEOR goes without synonyms, and its name says so.

use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::places::{Places, program};
use crate::setup::{Found, Purpose};
use crate::shell::Shell;

const PACKAGE: &str = "wordnet-base";

/// The folder below the models folder. It and [`FILES`] must equal the constants of the
/// application; a contract test compares them.
const FOLDER: &str = "wordnet";
const FILES: [&str; 12] = [
    "index.noun",
    "data.noun",
    "noun.exc",
    "index.verb",
    "data.verb",
    "verb.exc",
    "index.adj",
    "data.adj",
    "adj.exc",
    "index.adv",
    "data.adv",
    "adv.exc",
];

/// The notice that goes with every copy.
const NOTICE: &str = "copyright";

pub(super) fn check(places: &Places, _: Purpose) -> Result<Found, Failure> {
    if is_there(places) || program("apt-get").is_none() {
        return Ok(Found::There);
    }
    Ok(Found::Missing("fetching WordNet 3.0 (6 MB)".to_owned()))
}

pub(super) fn act(places: &Places, _: Purpose) -> Result<(), Failure> {
    // Beside its place, so that the last step is a rename.
    let scratch = places.models.join(format!(".fetching-wordnet-{}", std::process::id()));
    let outcome = fetch(&scratch).and_then(|fetched| move_in(&fetched, &place(places)));
    // Left behind only when it cannot be removed, and then the next fetch does not need it.
    let _ = std::fs::remove_dir_all(&scratch);
    outcome
}

fn place(places: &Places) -> PathBuf {
    places.models.join(FOLDER)
}

fn is_there(places: &Places) -> bool {
    let folder = place(places);
    FILES.iter().all(|file| folder.join(file).is_file())
}

/// The folder with its files. apt checks them against the signed index.
fn fetch(scratch: &Path) -> Result<PathBuf, Failure> {
    let unpacked = scratch.join("unpacked");
    std::fs::create_dir_all(&unpacked).map_err(Failure::io("make", &unpacked))?;
    let download = || {
        Shell::new("apt-get").args(["download", "--quiet", PACKAGE]).inside(scratch).run_quietly()
    };
    if download().is_err() {
        // The index may be old or absent.
        Shell::new("apt-get").args(["update", "-q"]).run_quietly()?;
        download()?;
    }
    let package = package_file(scratch)?;
    Shell::new("dpkg-deb").args(["--extract"]).args([&package, &unpacked]).run_quietly()?;
    let share = unpacked.join("usr").join("share");
    let files = share.join("wordnet");
    let notice = share.join("doc").join(PACKAGE).join(NOTICE);
    std::fs::rename(&notice, files.join(NOTICE)).map_err(Failure::io("move", &notice))?;
    Ok(files)
}

fn package_file(folder: &Path) -> Result<PathBuf, Failure> {
    let entries = std::fs::read_dir(folder).map_err(Failure::io("read", folder))?;
    let paths = entries.flatten().map(|entry| entry.path());
    paths
        .into_iter()
        .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .ok_or_else(|| Failure::Said(format!("apt-get fetched no {PACKAGE}")))
}

/// The folder goes in whole, so half of it is never found under its name.
fn move_in(fetched: &Path, place: &Path) -> Result<(), Failure> {
    if place.exists() {
        std::fs::remove_dir_all(place).map_err(Failure::io("remove", place))?;
    }
    std::fs::rename(fetched, place).map_err(Failure::io("move", fetched))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_dictionary_is_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut places = Places::find().expect("a home");
        places.models = folder.path().to_owned();
        std::fs::create_dir(place(&places)).expect("a folder");
        for file in FILES {
            assert!(!is_there(&places), "without {file}");
            std::fs::write(place(&places).join(file), "").expect("writes");
        }
        assert!(is_there(&places));
    }

    #[test]
    fn what_was_there_gives_way_to_what_was_fetched() {
        let folder = tempfile::tempdir().expect("a folder");
        let [fetched, place] = ["fetched", "place"].map(|name| folder.path().join(name));
        for (folder, file) in [(&fetched, "new"), (&place, "old")] {
            std::fs::create_dir(folder).expect("a folder");
            std::fs::write(folder.join(file), "").expect("writes");
        }
        move_in(&fetched, &place).expect("moves");
        assert!(place.join("new").is_file() && !place.join("old").exists());
    }
}
