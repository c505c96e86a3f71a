//! Everything below a folder.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::{Finding, objects, search};

/// Files that are meant for keys, which must therefore be encrypted, and how an encrypted one begins.
const KEY_FILE: &str = "keys.age";
const ENCRYPTED: &[u8] = b"age-encryption.org/v1\n";

pub(super) fn findings(folder: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        match look_in(&folder, &mut folders, &mut findings) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => findings.push(unreadable(&folder, &error)),
        }
    }
    findings
}

/// Looks at the entries of one folder; folders among them are added to `further`.
fn look_in(
    folder: &Path,
    further: &mut Vec<PathBuf>,
    findings: &mut Vec<Finding>,
) -> io::Result<()> {
    if is_objects_of_git(folder) {
        findings.extend(objects::findings(folder));
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        findings.extend(finding(&path, search::in_bytes(entry.file_name().as_encoded_bytes())));
        if kind.is_dir() {
            further.push(path);
            continue;
        }
        let found = match kind {
            kind if kind.is_symlink() => target(&path),
            kind if kind.is_file() => content(&path),
            _ => Ok(None),
        };
        match found {
            Ok(found) => findings.extend(finding(&path, found)),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => findings.push(unreadable(&path, &error)),
        }
    }
    Ok(())
}

/// `objects` of a repository, wherever its other parts are.
fn is_objects_of_git(folder: &Path) -> bool {
    folder.file_name() == Some(OsStr::new("objects")) && folder.with_file_name("HEAD").is_file()
}

fn target(link: &Path) -> io::Result<Option<String>> {
    Ok(search::in_bytes(fs::read_link(link)?.as_os_str().as_encoded_bytes()))
}

fn content(path: &Path) -> io::Result<Option<String>> {
    if path.file_name() == Some(OsStr::new(KEY_FILE)) && !is_encrypted(path)? {
        return Ok(Some("is a file for keys and not encrypted".to_owned()));
    }
    search::in_stream(File::open(path)?)
}

fn is_encrypted(path: &Path) -> io::Result<bool> {
    let mut beginning = Vec::new();
    File::open(path)?.take(ENCRYPTED.len() as u64).read_to_end(&mut beginning)?;
    Ok(beginning == ENCRYPTED)
}

fn finding(path: &Path, what: Option<String>) -> Option<Finding> {
    what.map(|what| Finding { place: path.display().to_string(), what })
}

fn unreadable(path: &Path, error: &io::Error) -> Finding {
    Finding {
        place: path.display().to_string(),
        what: format!("cannot be looked through: {error}"),
    }
}
