//! The file that keeps the index between two starts.
//!
//! It holds nothing that the repository does not have, so whatever is wrong with it, it is made anew. A digest in front
//! tells a file that was cut off or changed from a whole one.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::graph::Graph;
use crate::git::GitError;

/// What the file begins with; another layout gets another line.
const HEADER: &[u8] = b"assay history 1\n";
/// The length of a digest.
const DIGEST: usize = 32;
/// No index is larger, in bytes.
const MAX_SIZE: u64 = 1_000_000_000;

/// The file of a workspace's index in `folder`.
pub(super) fn file(folder: &Path, root: &Path) -> PathBuf {
    let name = crate::digest(root.as_os_str().as_encoded_bytes());
    let name: String = name.trim_start_matches("sha256:").chars().take(32).collect();
    folder.join(format!("{name}.history"))
}

/// The index that a file holds; nothing when there is none, or it is not whole.
pub(super) fn read(file: &Path) -> Option<Graph> {
    if fs::metadata(file).ok()?.len() > MAX_SIZE {
        return None;
    }
    let bytes = fs::read(file).ok()?;
    let (digest, body) = bytes.strip_prefix(HEADER)?.split_at_checked(DIGEST)?;
    if Sha256::digest(body)[..] != *digest {
        return None;
    }
    postcard::from_bytes::<Graph>(body).ok()?.restored()
}

/// Keeps an index, all at once.
pub(super) fn write(file: &Path, graph: &Graph) -> Result<(), GitError> {
    let failed = |reason: String| GitError::Cache { path: file.display().to_string(), reason };
    let body = postcard::to_stdvec(graph).map_err(|error| failed(error.to_string()))?;
    let written = || -> std::io::Result<()> {
        let folder = file.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let mut unfinished = tempfile::NamedTempFile::new_in(folder)?;
        unfinished.write_all(HEADER)?;
        unfinished.write_all(&Sha256::digest(&body)[..])?;
        unfinished.write_all(&body)?;
        unfinished.persist(file).map_err(|error| error.error)?;
        Ok(())
    };
    written().map_err(|error| failed(error.to_string()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_file_with_one_wrong_byte_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(folder.path(), Path::new("/somewhere"));
        assert!(read(&file).is_none());
        write(&file, &Graph::default()).unwrap();
        assert!(read(&file).is_some());
        let whole = fs::read(&file).unwrap();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            fs::write(&file, &bytes).unwrap();
            assert!(read(&file).is_none(), "byte {at} was not missed");
        }
        fs::write(&file, &whole[..whole.len() - 1]).unwrap();
        assert!(read(&file).is_none());
    }
}
