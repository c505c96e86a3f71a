//! WordNet from the models folder, for METEOR.
//!
//! Set-up puts it there; on Debian the system's own copy does as well. Where there is none, METEOR
//! runs without synonyms, under another name.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use assay_score::metrics::meteor::wordnet::{FILES, FOLDER, WordNet, WordNetError};
use thiserror::Error;

/// Where Debian's `wordnet-base` has it.
const SYSTEM: &str = "/usr/share/wordnet";

/// Why WordNet is there and cannot be used.
#[derive(Debug, Error)]
pub enum WordNetProblem {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file is not one of WordNet's.
    #[error("not as WordNet's: {0}")]
    Malformed(#[from] WordNetError),
}

/// Reads WordNet, which takes a moment and about 25 MB. `None` where it is not installed.
///
/// # Errors
/// When one of its files cannot be read or is damaged.
pub fn load_wordnet(models_dir: &Path) -> Result<Option<Arc<WordNet>>, WordNetProblem> {
    let folders = [models_dir.join(FOLDER), SYSTEM.into()];
    let complete = |folder: &PathBuf| FILES.iter().all(|file| folder.join(file).is_file());
    let Some(folder) = folders.into_iter().find(complete) else { return Ok(None) };
    let wordnet = WordNet::read(|file| {
        let file = folder.join(file);
        std::fs::read(&file).map_err(|source| WordNetProblem::Unreadable { file, source })
    });
    wordnet.map(Arc::new).map(Some)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_damaged_copy_is_named_and_a_whole_one_read() {
        let models = tempfile::tempdir().unwrap();
        let folder = models.path().join(FOLDER);
        std::fs::create_dir(&folder).unwrap();
        for file in FILES {
            std::fs::write(folder.join(file), "").unwrap();
        }
        assert_eq!(load_wordnet(models.path()).unwrap().unwrap().synonyms("word").count(), 0);
        std::fs::write(folder.join("data.verb"), "no set").unwrap();
        let damaged = load_wordnet(models.path()).unwrap_err().to_string();
        assert!(damaged.contains("data.verb, line 1"), "{damaged}");
    }
}
