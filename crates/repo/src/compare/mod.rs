//! What changed inside a file, in the words a prompt engineer reads.
//!
//! Both sides are parsed and compared as prompts: variants by their template and options, rows by their
//! ids, schemas by their properties. Where that tells nothing (a comment, a broken file, a file of
//! another kind) the words of the text are counted, so that a changed file is never silent.

mod rows;
mod settings;
mod values;
mod variant;

use assay_prompt::{Diagnostic, MANIFEST_FILE, REPOSITORY_FILE, codes};
use assay_text::word_count;

use crate::RepoError;
use crate::change::{ChangeItem, FileChange, FileStatus, Side, Subject, Version, What};
use crate::discover::VARIANT;
use crate::source::references;

/// How many items one file gets; a generated file may change in every row.
const MAX_ITEMS: usize = 200;

/// The changes between two versions of a file, of which one may be missing.
pub(crate) fn items(old: Option<&Version>, new: Option<&Version>) -> Vec<ChangeItem> {
    match (old, new) {
        (Some(old), Some(new)) => capped(edited(old, new), &new.path),
        (None, Some(new)) => vec![whole(new, What::Added)],
        (Some(old), None) => vec![whole(old, What::Removed)],
        (None, None) => Vec::new(),
    }
}

/// The item of a file that is not text or may not be read.
pub(crate) fn unreadable(change: &FileChange, error: &RepoError) -> ChangeItem {
    let what = match change.status {
        FileStatus::Added => What::Added,
        FileStatus::Deleted => What::Removed,
        FileStatus::Edited | FileStatus::Renamed => What::Edited,
    };
    item(what, Subject::Other, &change.path, error.to_string())
}

fn item(what: What, subject: Subject, id: &str, summary: String) -> ChangeItem {
    ChangeItem { what, subject, id: id.to_owned(), summary }
}

fn capped(mut items: Vec<ChangeItem>, path: &str) -> Vec<ChangeItem> {
    if let Some(more) = items.len().checked_sub(MAX_ITEMS).filter(|more| *more > 0) {
        let subject = items[MAX_ITEMS].subject;
        items.truncate(MAX_ITEMS);
        let summary = format!("and {more} more changes in {path}");
        items.push(item(What::Edited, subject, path, summary));
    }
    items
}

fn edited(old: &Version, new: &Version) -> Vec<ChangeItem> {
    // A half-typed manifest no longer says what its files are, so the old one is asked as well.
    let subject = match subject(new) {
        Subject::Other => subject(old),
        known => known,
    };
    if old.text == new.text {
        let summary = if old.path == new.path {
            format!("{}: file mode changed", new.path)
        } else {
            format!("{} moved to {}, text unchanged", old.path, new.path)
        };
        return vec![item(What::Edited, subject, &new.path, summary)];
    }
    if broken(old).is_some() || broken(new).is_some() {
        return vec![as_text(subject, old, new)];
    }
    let items = match (&old.side, &new.side) {
        (Some(before), Some(after)) => {
            let names = (before.name_of(&old.path), after.name_of(&new.path));
            inside(subject, (before, names.0), (after, names.1))
        }
        _ if new.path == REPOSITORY_FILE => settings::repository(&old.text, &new.text),
        _ => Vec::new(),
    };
    if items.is_empty() { vec![as_text(subject, old, new)] } else { items }
}

/// A prompt and the name of one of its files.
type In<'a> = (&'a Side, &'a str);

fn inside(subject: Subject, old: In<'_>, new: In<'_>) -> Vec<ChangeItem> {
    match subject {
        Subject::Variant => variant::edited(old, new).into_iter().collect(),
        Subject::Example => {
            rows::edited(subject, &old.0.prompt.examples.rows, &new.0.prompt.examples.rows)
        }
        Subject::Case => rows::edited(subject, &old.0.prompt.cases.rows, &new.0.prompt.cases.rows),
        Subject::Schema => settings::schema(old, new),
        Subject::Evals => settings::evals(&old.0.prompt.evals, &new.0.prompt.evals),
        Subject::Manifest => settings::manifest(&old.0.prompt, &new.0.prompt).into_iter().collect(),
        Subject::Repository | Subject::Other => Vec::new(),
    }
}

/// What kind of thing a file holds.
fn subject(version: &Version) -> Subject {
    if version.path == REPOSITORY_FILE || version.path.starts_with(".assay/") {
        return Subject::Repository;
    }
    let Some(side) = &version.side else {
        return Subject::Other;
    };
    subject_in(side, side.name_of(&version.path))
}

fn subject_in(side: &Side, name: &str) -> Subject {
    let prompt = &side.prompt;
    let named = |file: &Option<String>| file.as_deref() == Some(name);
    let few_shot = prompt.few_shot.as_ref().map(|few_shot| few_shot.file.as_str());
    if name == MANIFEST_FILE {
        Subject::Manifest
    } else if name.ends_with(VARIANT) {
        Subject::Variant
    } else if named(&prompt.examples.file) || few_shot == Some(name) {
        Subject::Example
    } else if named(&prompt.cases.file) {
        Subject::Case
    } else if named(&prompt.evals.file) {
        Subject::Evals
    } else if side.files.values().any(|text| references(text).any(|file| file == name)) {
        Subject::Schema
    } else {
        Subject::Other
    }
}

/// A file that is there on one side only.
fn whole(version: &Version, what: What) -> ChangeItem {
    let subject = subject(version);
    let done = match what {
        What::Added => "added",
        What::Removed => "removed",
        What::Edited => "edited",
    };
    let Some(side) = &version.side else {
        let words = counted(word_count("", &version.text).added, "word");
        let summary = format!("{} {done}: {words}", version.path);
        return item(what, subject, &version.path, summary);
    };
    let name = side.name_of(&version.path);
    let prompt = &side.prompt;
    let (id, summary) = match subject {
        Subject::Variant => variant::whole(side, name, done),
        Subject::Example => {
            (name, format!("{} {done}", counted(prompt.examples.rows.len(), "example")))
        }
        Subject::Case => (name, format!("{} {done}", counted(prompt.cases.rows.len(), "case"))),
        Subject::Evals => (
            name,
            format!(
                "{name} {done}: {}, {}",
                counted(prompt.evals.scorers.len(), "scorer"),
                counted(prompt.evals.gates.len(), "gate")
            ),
        ),
        Subject::Manifest => (
            name,
            format!("prompt {} {done}: {}", prompt.name, counted(prompt.variants.len(), "variant")),
        ),
        Subject::Schema | Subject::Repository | Subject::Other => {
            let words = counted(word_count("", &version.text).added, "word");
            (name, format!("{name} {done}: {words}"))
        }
    };
    item(what, subject, id, summary)
}

/// Two texts that say the same to a parser, or that it cannot compare.
fn as_text(subject: Subject, old: &Version, new: &Version) -> ChangeItem {
    let words = words(&old.text, &new.text).unwrap_or_else(|| "spacing changed".to_owned());
    let name = new.side.as_ref().map_or(new.path.as_str(), |side| side.name_of(&new.path));
    let mut summary = format!("{name}: {words}");
    if let Some(problem) = broken(new) {
        summary.push_str("; ");
        summary.push_str(&problem.message);
    }
    item(What::Edited, subject, &new.path, summary)
}

/// Diagnostics after which a parser knows too little of a file to compare it.
const BROKEN: [&str; 4] =
    [codes::NO_FRONT_MATTER, codes::UNCLOSED_FRONT_MATTER, codes::BAD_YAML, codes::BAD_ROW];

/// Why a version of a file cannot be compared as what it is: it is broken, or the manifest that says
/// what it is.
fn broken(version: &Version) -> Option<&Diagnostic> {
    let side = version.side.as_ref()?;
    let name = side.name_of(&version.path);
    let mut problems = side.prompt.diagnostics.iter();
    problems.find(|problem| {
        [name, MANIFEST_FILE].contains(&problem.file.as_str()) && BROKEN.contains(&problem.code)
    })
}

/// `3 words added, 1 removed`, or nothing when only the space between words differs.
fn words(old: &str, new: &str) -> Option<String> {
    let count = word_count(old, new);
    match (count.added, count.removed) {
        (0, 0) => None,
        (added, 0) => Some(format!("{} added", counted(added, "word"))),
        (0, removed) => Some(format!("{} removed", counted(removed, "word"))),
        (added, removed) => Some(format!("{} added, {removed} removed", counted(added, "word"))),
    }
}

/// `1 word`, `2 words`.
fn counted(count: usize, thing: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{plural}")
}
