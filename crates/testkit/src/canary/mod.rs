//! The canary: a key worth nothing that tests use as theirs, and the search for it in all they leave behind.
//!
//! A key may be in three places: the header it is sent in, the encrypted key file, and the memory of the process that
//! uses it. Every other byte that a test leaves is looked through: data folders (database, write-ahead log, logs, the
//! webview's storage), repositories (files, and git's objects, loose and packed), what programs print, what crosses
//! between page and program. The folders of this crate do so when they close, so that no test can forget to; what a
//! test captures itself it hands to [`check_bytes`].
//!
//! Keys are looked for in every form of [`forms`], and any [`TELLING`] characters of a key in a row are enough: a
//! shortened key helps a thief too, and a database breaks long values at the ends of its pages. The last four characters
//! may be shown.
//!
//! What stands for the three places is said here as well and not left to chance: of a recorded request one header may
//! hold the key ([`check_request`]), and a file that is meant for keys must be encrypted ([`check_folder`]). Not looked
//! into: compressed files other than git's objects, because Assay writes none; sockets, pipes and devices.
//!
//! ```
//! use assay_testkit::canary;
//!
//! assert!(canary::find("a log", b"using key sk-...Qz71").is_none());
//! let found = canary::find("a log", format!("using key {}", canary::KEY).as_bytes());
//! assert_eq!(found.unwrap().to_string(), "a log holds the canary key, plain, at byte 10");
//! ```

mod folder;
mod forms;
mod objects;
mod request;
mod search;

use std::fmt;
use std::path::Path;

pub use forms::{Form, TELLING, forms};

/// The key of the tests: `ASSAY_TEST_KEY`, which every program that a test starts finds in its environment too.
pub const KEY: &str = env!("ASSAY_TEST_KEY");

/// Another key, for tests of several. It begins with [`KEY`], so what finds the one finds the other.
pub fn key(ending: &str) -> String {
    format!("{KEY}{ending}")
}

/// The canary where it must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file, the git object, or what else it was found in.
    pub place: String,
    /// How it was written, or what is wrong with a place that is meant for keys.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.place, self.what)
    }
}

/// The first canary in `bytes`, which are called `place` in the finding.
pub fn find(place: &str, bytes: &[u8]) -> Option<Finding> {
    search::in_bytes(bytes).map(|what| Finding { place: place.to_owned(), what })
}

/// Every file and git object below `folder` that holds the canary, names and the targets of links included.
///
/// Links are not followed. A file that is gone when it is read is none: a program may be at work there.
pub fn find_in_folder(folder: &Path) -> Vec<Finding> {
    folder::findings(folder)
}

/// Fails the test when `bytes` hold the canary.
///
/// # Panics
/// With the place and the form in which it was found.
#[track_caller]
pub fn check_bytes(place: &str, bytes: &[u8]) {
    fail(find(place, bytes).as_slice());
}

/// Fails the test when anything below `folder` holds the canary, or a file for keys is not encrypted.
///
/// # Panics
/// With all files and git objects, and the form in which each holds it.
#[track_caller]
pub fn check_folder(folder: &Path) {
    fail(&find_in_folder(folder));
}

/// Fails the test when a request holds the canary anywhere but in the one header it is sent in.
///
/// # Panics
/// With the part of the request that holds it.
#[track_caller]
pub fn check_request(request: &crate::RecordedRequest) {
    fail(&request::findings(request));
}

/// A test that fails already is told and not aborted: checks also run when things are dropped.
#[track_caller]
fn fail(findings: &[Finding]) {
    match findings {
        [] => {}
        _ if std::thread::panicking() => eprintln!("{}", lines(findings)),
        _ => panic!("{}", lines(findings)),
    }
}

fn lines(findings: &[Finding]) -> String {
    let lines: Vec<_> = findings.iter().map(Finding::to_string).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests;
