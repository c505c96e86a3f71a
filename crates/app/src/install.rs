//! The embedded models' files, put where they are looked for.
//!
//! Nothing is fetched: the files come out of a folder that the person names, be it an unpacked package, a stick or the
//! models folder of another machine. Each is known by its name and its SHA-256, and takes its place whole or not at all.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use assay_local::{
    EMBEDDER_ID, EMBEDDER_PIECES, EMBEDDER_PIECES_SHA256, EMBEDDER_WEIGHTS,
    EMBEDDER_WEIGHTS_SHA256, MODEL_FILE, MODEL_SHA256,
};
use assay_wire::*;
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::router::Answer;

/// How far below a folder is looked, and at how many files and folders: an unpacked package, not a whole disk.
const DEEPEST: usize = 6;
const MOST_ENTRIES: usize = 20_000;

/// A file of an embedded model.
struct Piece {
    name: &'static str,
    /// Its folder below the models folder; empty for that folder itself.
    folder: &'static str,
    sha256: &'static str,
}

const PIECES: [Piece; 3] = [
    Piece { name: MODEL_FILE, folder: "", sha256: MODEL_SHA256 },
    Piece { name: EMBEDDER_WEIGHTS, folder: EMBEDDER_ID, sha256: EMBEDDER_WEIGHTS_SHA256 },
    Piece { name: EMBEDDER_PIECES, folder: EMBEDDER_ID, sha256: EMBEDDER_PIECES_SHA256 },
];

impl Answer<InstallModels> for App {
    fn answer(&self, command: InstallModels) -> Result<ModelsView, ApiError> {
        let from = Path::new(&command.from);
        let mut found = Vec::new();
        let mut left = MOST_ENTRIES;
        look_through(from, DEEPEST, &mut left, &mut found).map_err(|e| unreadable(from, &e))?;
        let others = install(&found, &self.inner.folders.models)?;
        match others {
            None => self.models_view(),
            Some(others) => Err(none_in(from, &others)),
        }
    }
}

/// Files that carry the name of a piece, in `place` or below it. Links are not followed.
fn look_through(
    place: &Path,
    depth: usize,
    left: &mut usize,
    found: &mut Vec<PathBuf>,
) -> std::io::Result<()> {
    let kind = fs::symlink_metadata(place)?.file_type();
    if kind.is_file() && PIECES.iter().any(|piece| is_named(place, piece)) {
        found.push(place.to_owned());
    }
    if !kind.is_dir() || depth == 0 {
        return Ok(());
    }
    for entry in fs::read_dir(place)? {
        if *left == 0 {
            return Ok(());
        }
        *left -= 1;
        // What cannot be looked into below the folder holds nothing that could be taken.
        let _ = entry.and_then(|entry| look_through(&entry.path(), depth - 1, left, found));
    }
    Ok(())
}

fn is_named(file: &Path, piece: &Piece) -> bool {
    file.file_name().is_some_and(|name| name == piece.name)
}

/// Puts in place what is found. Where nothing was, what was of another content than its name says.
fn install(found: &[PathBuf], models: &Path) -> Result<Option<Vec<PathBuf>>, ApiError> {
    let (mut installed, mut others) = (false, Vec::new());
    for piece in &PIECES {
        let into = models.join(piece.folder);
        for file in found.iter().filter(|file| is_named(file, piece)) {
            if put(file, piece, &into).map_err(|e| unreadable(file, &e))? {
                installed = true;
                break;
            }
            others.push(file.clone());
        }
    }
    Ok((!installed).then_some(others))
}

/// Copies the file into the folder if it is the piece. A file that is there already is replaced, as it may be damaged.
fn put(file: &Path, piece: &Piece, folder: &Path) -> std::io::Result<bool> {
    fs::create_dir_all(folder)?;
    let place = folder.join(piece.name);
    let beside = folder.join(format!(".{}-{}", piece.name, std::process::id()));
    let copied = copy(file, &beside);
    let whole = matches!(&copied, Ok(sum) if sum == piece.sha256);
    if !whole {
        // Left behind only where it cannot be removed, and then under a name that nothing looks for.
        let _ = fs::remove_file(&beside);
        return copied.map(|_| false);
    }
    fs::rename(&beside, &place)?;
    Ok(true)
}

/// Copies a file and says the SHA-256 of what was written.
fn copy(from: &Path, to: &Path) -> std::io::Result<String> {
    let (mut read, mut written) = (File::open(from)?, File::create(to)?);
    let (mut hash, mut piece) = (Sha256::new(), vec![0; 1 << 20]);
    loop {
        let length = match read.read(&mut piece) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hash.update(&piece[..length]);
        written.write_all(&piece[..length])?;
    }
    written.sync_all()?;
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn none_in(from: &Path, others: &[PathBuf]) -> ApiError {
    let from = from.display();
    let error = match others.first() {
        None => {
            ApiError::new(Code::NotFound, format!("no file of the embedded models is in {from}"))
        }
        Some(other) => ApiError::new(
            Code::BadInput,
            format!("{} is not the file that its name says: its content differs", other.display()),
        ),
    };
    error.hint(format!(
        "{MODEL_FILE} answers prompts; {EMBEDDER_WEIGHTS} and {EMBEDDER_PIECES} of {EMBEDDER_ID} say how alike texts are."
    ))
}

fn unreadable(place: &Path, error: &std::io::Error) -> ApiError {
    ApiError::new(Code::BadInput, format!("{} cannot be put in place: {error}", place.display()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn found_in(place: &Path) -> Vec<PathBuf> {
        let (mut found, mut left) = (Vec::new(), MOST_ENTRIES);
        look_through(place, DEEPEST, &mut left, &mut found).unwrap();
        found
    }

    #[test]
    fn a_file_of_the_name_is_found_below_the_folder_and_named_itself() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("package/model");
        fs::create_dir_all(&inside).unwrap();
        fs::write(inside.join(EMBEDDER_PIECES), "a").unwrap();
        fs::write(inside.join("other.txt"), "b").unwrap();
        assert_eq!(found_in(folder.path()), [inside.join(EMBEDDER_PIECES)]);
        assert_eq!(found_in(&inside.join(EMBEDDER_PIECES)).len(), 1);
    }

    #[test]
    fn another_content_takes_no_place_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let (file, models) = (folder.path().join(MODEL_FILE), folder.path().join("models"));
        fs::write(&file, "not the model").unwrap();
        let others = install(&found_in(folder.path()), &models).unwrap();
        assert_eq!(others.as_deref(), Some(&[file][..]));
        assert_eq!(fs::read_dir(&models).unwrap().count(), 0);
    }

    #[test]
    fn the_right_content_takes_its_place_and_replaces_a_damaged_file() {
        let folder = tempfile::tempdir().unwrap();
        let (file, models) = (folder.path().join("word.txt"), folder.path().join("models"));
        fs::write(&file, "abc").unwrap();
        // The SHA-256 of `abc` (FIPS 180-2, B.1).
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let piece = Piece { name: "word.txt", folder: "", sha256 };
        fs::create_dir_all(&models).unwrap();
        fs::write(models.join("word.txt"), "damaged").unwrap();
        assert!(put(&file, &piece, &models).unwrap());
        assert_eq!(fs::read_to_string(models.join("word.txt")).unwrap(), "abc");
        assert_eq!(fs::read_dir(&models).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_without_them_is_named_with_what_is_missing() {
        let error = none_in(Path::new("/some/folder"), &[]);
        assert!(error.message.contains("/some/folder"), "{error}");
        assert!(error.hints[0].contains(MODEL_FILE), "{error:?}");
    }
}
