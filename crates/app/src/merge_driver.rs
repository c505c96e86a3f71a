//! Merging one file for git: what `git merge` calls when somebody works without the window.
//!
//! It needs no repository, no settings and no database, because git runs it in the middle of a merge, once a
//! file, perhaps on a machine where Assay has never been started.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use assay_prompt::merge::{Conflict, MergeError, Sides, merge};
use assay_repo::MAX_FILE;
use assay_wire::{ApiError, Code, ConflictView, SideView};
use serde_json::Value;

/// How many characters of a value are shown.
const SHOWN: usize = 60;

/// The files that git names.
#[derive(Debug, Clone)]
pub struct DriverFiles {
    /// `%O`: what both began with.
    pub base: PathBuf,
    /// `%A`: what this branch made of it, and where the merge is written.
    pub ours: PathBuf,
    /// `%B`: what the other branch made of it.
    pub theirs: PathBuf,
    /// `%P`: the file's path in the repository, whose ending says what it is.
    pub path: String,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriverReport {
    /// What both changed; empty when the merge is done.
    pub undecided: Vec<Undecided>,
}

/// What both changed, each in another way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undecided {
    /// Where: a row and field, a key, or a passage of the text.
    pub place: String,
    /// What this branch has there, on one line; it is what was written.
    pub ours: String,
    /// What the other branch has there.
    pub theirs: String,
}

/// Merges three versions of a file and writes the merge in the place of ours. Where both changed the same thing
/// our value is written, so that the file can be read; no marker is ever written.
///
/// # Errors
/// When a version cannot be read, or has what no merge could keep; then our file is left as it is.
pub fn merge_driver(files: &DriverFiles) -> Result<DriverReport, ApiError> {
    let [base, ours, theirs] = [&files.base, &files.ours, &files.theirs].map(|file| read(file));
    let (base, ours, theirs) = (base?, ours?, theirs?);
    let sides = Sides { base: &base, ours: &ours, theirs: &theirs };
    let merged = merge(&files.path, sides, &[]).map_err(refused)?;
    if merged.with_ours() != ours {
        fs::write(&files.ours, merged.with_ours()).map_err(|error| {
            let message = format!("cannot write {}: {error}", files.ours.display());
            ApiError::new(Code::Storage, message)
        })?;
    }
    Ok(DriverReport { undecided: merged.conflicts().iter().map(undecided).collect() })
}

/// The same of a file that a merge inside Assay could not decide. A side without text is told of as a whole.
pub fn undecided_of(file: &ConflictView) -> Vec<Undecided> {
    let (SideView::Text(ours), SideView::Text(theirs)) = (&file.ours, &file.theirs) else {
        return vec![undecided_whole(file)];
    };
    let base = match &file.base {
        SideView::Text(base) => base.as_str(),
        SideView::Absent | SideView::Opaque(_) => "",
    };
    match merge(&file.path, Sides { base, ours, theirs }, &[]) {
        Ok(merged) if !merged.conflicts().is_empty() => {
            merged.conflicts().iter().map(undecided).collect()
        }
        // Its places are not known; git's lines are what is in conflict.
        _ => vec![undecided_whole(file)],
    }
}

fn undecided_whole(file: &ConflictView) -> Undecided {
    let side = |side: &SideView| match side {
        SideView::Absent => shown(None),
        SideView::Text(text) => shown(Some(&Value::from(text.as_str()))),
        SideView::Opaque(_) => "no text that could be shown".to_owned(),
    };
    let (ours, theirs) = (side(&file.ours), side(&file.theirs));
    Undecided { place: "the whole file".to_owned(), ours, theirs }
}

/// A text file, up to the size that every file of a prompt may have.
fn read(file: &Path) -> Result<String, ApiError> {
    let bad = |why: String| ApiError::new(Code::BadInput, format!("{}: {why}", file.display()));
    let opened = File::open(file).map_err(|error| bad(error.to_string()))?;
    let mut bytes = Vec::new();
    opened.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(|error| bad(error.to_string()))?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(bad(format!("it is larger than {MAX_FILE} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| bad("it is not UTF-8 text".to_owned()))
}

fn refused(error: MergeError) -> ApiError {
    ApiError::new(Code::BadInput, error.to_string())
        .hint("Your version was left as it is. Put it right by hand, then `git add` it.")
        .hint("`git checkout --theirs FILE` takes the other version whole.")
}

fn undecided(conflict: &Conflict) -> Undecided {
    Undecided {
        place: conflict.place.to_string(),
        ours: shown(conflict.ours.as_ref()),
        theirs: shown(conflict.theirs.as_ref()),
    }
}

/// A value on one line, cut when it is long.
fn shown(value: Option<&Value>) -> String {
    let text = match value {
        None => return "taken out".to_owned(),
        Some(value) => value.to_string(),
    };
    if text.chars().count() <= SHOWN {
        return text;
    }
    let kept: String = text.chars().take(SHOWN - 1).collect();
    format!("{kept}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str =
        "{\"id\":\"a\",\"input\":{\"q\":\"1\"}}\n{\"id\":\"b\",\"input\":{\"q\":\"2\"}}\n";

    /// What is reported, and what stands in our file afterwards.
    fn run(
        path: &str,
        [base, ours, theirs]: [&str; 3],
    ) -> (Result<DriverReport, ApiError>, String) {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str, text: &str| {
            let file = folder.path().join(name);
            fs::write(&file, text).expect("it is written");
            file
        };
        let files = DriverFiles {
            base: file("base", base),
            ours: file("ours", ours),
            theirs: file("theirs", theirs),
            path: path.to_owned(),
        };
        let report = merge_driver(&files);
        (report, fs::read_to_string(&files.ours).expect("it is there"))
    }

    #[test]
    fn a_file_of_a_merge_is_told_by_its_places_and_one_that_was_deleted_as_a_whole() {
        let mut file = ConflictView {
            path: "cases.jsonl".to_owned(),
            base: SideView::Text(BASE.to_owned()),
            ours: SideView::Text(BASE.replace("\"1\"", "\"3\"")),
            theirs: SideView::Text(BASE.replace("\"1\"", "\"4\"")),
        };
        let told = undecided_of(&file);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].ours.contains('3') && told[0].theirs.contains('4'), "{told:?}");
        file.theirs = SideView::Absent;
        let told = undecided_of(&file);
        assert_eq!((told.len(), told[0].theirs.as_str()), (1, "taken out"));
    }

    #[test]
    fn edits_of_different_rows_are_merged() {
        let (ours, theirs) = (BASE.replace("\"1\"", "\"3\""), BASE.replace("\"2\"", "\"4\""));
        let (report, text) = run("prompts/a/cases.jsonl", [BASE, &ours, &theirs]);
        assert_eq!(report, Ok(DriverReport { undecided: Vec::new() }));
        assert_eq!(text, ours.replace("\"2\"", "\"4\""));
    }

    #[test]
    fn a_conflict_is_told_by_row_and_field_and_leaves_no_marker() {
        let (ours, theirs) = (BASE.replace("\"1\"", "\"3\""), BASE.replace("\"1\"", "\"4\""));
        let (report, text) = run("prompts/a/cases.jsonl", [BASE, &ours, &theirs]);
        let undecided = Undecided {
            place: "a: input.q".to_owned(),
            ours: "\"3\"".to_owned(),
            theirs: "\"4\"".to_owned(),
        };
        assert_eq!(report, Ok(DriverReport { undecided: vec![undecided] }));
        assert_eq!(text, ours);
    }

    #[test]
    fn a_version_that_cannot_be_read_leaves_ours_alone() {
        let ours = BASE.replace("\"1\"", "\"3\"");
        let (report, text) = run("cases.jsonl", [BASE, &ours, "{ half typed\n"]);
        assert_eq!(report.map_err(|error| error.code), Err(Code::BadInput));
        assert_eq!(text, ours);
    }
}
