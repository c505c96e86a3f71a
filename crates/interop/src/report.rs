//! What an import or export says about itself: what came over, and a note for all that did not come
//! over as it was.

use std::collections::{BTreeMap, BTreeSet};

use assay_prompt::{Files, Prompt, codes, line_col, parse_folder};

use crate::{Format, Keep, PromptDraft};

/// What happened to one thing that did not come over exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoteKind {
    /// It is there in other words, and means the same.
    Translated,
    /// It is not there.
    LeftOut,
    /// It is there as it was, but Assay will not run it.
    NotRun,
    /// It is there as it was, and Assay has no use for it.
    Kept,
}

impl NoteKind {
    /// Its name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            NoteKind::Translated => "translated",
            NoteKind::LeftOut => "left-out",
            NoteKind::NotRun => "not-run",
            NoteKind::Kept => "kept",
        }
    }
}

/// One line of a report.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// What happened.
    pub kind: NoteKind,
    /// The construct, by the name its format has for it.
    pub what: String,
    /// Why, and what to do about it.
    pub why: String,
    /// `file` or `file:line`.
    pub place: String,
}

/// The most notes that are listed. More would help nobody, and a file can ask for millions.
const MAX_NOTES: usize = 2_000;

/// Collects notes; the same one twice counts once.
#[derive(Debug, Clone, Default)]
pub struct Notes {
    seen: BTreeSet<Note>,
    list: Vec<Note>,
}

impl Notes {
    /// It is there in other words.
    pub fn translated(&mut self, place: &str, what: impl Into<String>, why: impl Into<String>) {
        self.add(NoteKind::Translated, place, what.into(), why.into());
    }

    /// It is not there.
    pub fn left_out(&mut self, place: &str, what: impl Into<String>, why: impl Into<String>) {
        self.add(NoteKind::LeftOut, place, what.into(), why.into());
    }

    /// It is kept and not run.
    pub fn not_run(&mut self, place: &str, what: impl Into<String>, why: impl Into<String>) {
        self.add(NoteKind::NotRun, place, what.into(), why.into());
    }

    /// It is kept and of no use here.
    pub fn kept(&mut self, place: &str, what: impl Into<String>, why: impl Into<String>) {
        self.add(NoteKind::Kept, place, what.into(), why.into());
    }

    /// Takes over the notes of another.
    pub fn extend(&mut self, other: Notes) {
        for note in other.list {
            self.push(note);
        }
    }

    /// In the order they were made.
    pub fn list(&self) -> &[Note] {
        &self.list
    }

    fn add(&mut self, kind: NoteKind, place: &str, what: String, why: String) {
        self.push(Note { kind, what, why, place: place.to_owned() });
    }

    fn push(&mut self, note: Note) {
        if self.list.len() > MAX_NOTES {
            return;
        }
        let note = if self.list.len() == MAX_NOTES { more_notes(note.place) } else { note };
        if self.seen.insert(note.clone()) {
            self.list.push(note);
        }
    }
}

/// Stands for all notes from here on. "Left out", because nobody knows what they say.
fn more_notes(place: String) -> Note {
    let why = format!("more than {MAX_NOTES} things are not as they were; the rest is not listed");
    Note { kind: NoteKind::LeftOut, what: "further notes".to_owned(), why, place }
}

/// Why a file could not be imported or exported at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {what}: {why}")]
pub struct Refusal {
    /// `file` or `file:line`.
    pub place: String,
    /// The construct or the problem.
    pub what: String,
    /// Why it stops everything, and the way out.
    pub why: String,
}

impl Refusal {
    /// A refusal that names the place, the construct and the reason.
    pub fn new(place: &str, what: impl Into<String>, why: impl Into<String>) -> Self {
        Self { place: place.to_owned(), what: what.into(), why: why.into() }
    }
}

/// How much came over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Prompt folders.
    pub prompts: usize,
    /// Variants of all prompts.
    pub variants: usize,
    /// Models the prompts are evaluated with.
    pub models: usize,
    /// Evaluation rows.
    pub cases: usize,
    /// Few-shot rows.
    pub examples: usize,
    /// Scorers, counted for each case they look at: what promptfoo calls assertions.
    pub scorers: usize,
}

/// What an import brought.
#[derive(Debug, Clone)]
pub struct Import {
    /// What was read: one format, or several of a folder.
    pub formats: Vec<Format>,
    /// One draft for each prompt folder, with names that differ.
    pub prompts: Vec<PromptDraft>,
    /// Everything that did not come over exactly.
    pub notes: Vec<Note>,
}

impl Import {
    pub(crate) fn new(
        formats: Vec<Format>,
        mut prompts: Vec<PromptDraft>,
        mut notes: Notes,
        ids: &mut dyn FnMut() -> String,
    ) -> Self {
        let mut names = Names::default();
        for prompt in &mut prompts {
            prompt.id = ids();
            prompt.name = names.give(&prompt.name);
            note_errors(prompt, &mut notes);
        }
        Self { formats, prompts, notes: notes.list }
    }

    /// Whether everything came over and nothing waits to be run.
    pub fn complete(&self) -> bool {
        let came = |kind| matches!(kind, NoteKind::Translated | NoteKind::Kept);
        self.notes.iter().all(|note| came(note.kind))
    }

    /// All files, `prompt/file` to text.
    pub fn files(&self) -> Files {
        self.kept(&|_| Keep::default())
    }

    /// The files of what a person keeps.
    pub fn kept(&self, keep: &dyn Fn(&str) -> Keep) -> Files {
        self.prompts
            .iter()
            .flat_map(|prompt| {
                let files = prompt.files(&keep(&prompt.name));
                files.into_iter().map(move |(name, text)| (format!("{}/{name}", prompt.name), text))
            })
            .collect()
    }

    /// What came over, counted from the files themselves.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for draft in &self.prompts {
            let prompt = parse_folder(&draft.name, &draft.files(&Keep::default()));
            counts.prompts += 1;
            counts.variants += prompt.variants.len();
            counts.models += prompt.evals.models.len();
            counts.cases += prompt.cases.rows.len();
            counts.examples += prompt.examples.rows.len();
            counts.scorers += scorings(&prompt);
        }
        counts
    }
}

/// How often a scorer looks at a case; without cases, each scorer counts once.
fn scorings(prompt: &Prompt) -> usize {
    if prompt.cases.rows.is_empty() {
        return prompt.evals.scorers.len();
    }
    let looks = |tags: &[String], row: &[String]| {
        tags.is_empty() || tags.iter().any(|tag| row.contains(tag))
    };
    let rows = &prompt.cases.rows;
    let scorers = &prompt.evals.scorers;
    scorers.iter().map(|s| rows.iter().filter(|row| looks(&s.tags, &row.tags)).count()).sum()
}

/// More findings than a person looks at.
const MAX_ERRORS: usize = 100;

/// What our own reader finds wrong with a result is not "complete", whoever is to blame. A prompt
/// for another kind of model is whole, though: it came over as it was.
fn note_errors(draft: &PromptDraft, notes: &mut Notes) {
    let files = draft.files(&Keep::default());
    let prompt = parse_folder(&draft.name, &files);
    let errors = prompt.errors().count();
    if errors > MAX_ERRORS {
        let what = format!("{} further findings", errors - MAX_ERRORS);
        notes.left_out(&draft.name, what, "put the first ones right, then check the prompt");
    }
    for found in prompt.errors().take(MAX_ERRORS) {
        let meaning = codes::meaning(found.code).unwrap_or(found.code);
        let what = format!("{}: {meaning}", found.code);
        let text = files.get(&found.file).map_or("", String::as_str);
        let line = line_col(text, found.span.start).0;
        let place = format!("{}/{}:{line}", draft.name, found.file);
        match found.code {
            codes::NOT_CHAT => notes.kept(&place, what, found.message.clone()),
            _ => notes.left_out(&place, what, found.message.clone()),
        }
    }
}

/// Names that are given once. Compared without case: on some systems `A` and `a` are one folder.
#[derive(Default)]
pub(crate) struct Names {
    given: BTreeSet<String>,
    /// The number that a name is tried with next, so that thousands of one name take no long time.
    next: BTreeMap<String, usize>,
}

impl Names {
    /// A file's name, made of `stem` and `end`; another number in it is noted.
    pub fn file(&mut self, stem: &str, end: &str, place: &str, notes: &mut Notes) -> String {
        let name = format!("{}{end}", self.give(stem));
        let wanted = format!("{stem}{end}");
        if name != wanted {
            let why = format!("another file has that name; it is written as {name}");
            notes.translated(place, wanted, why);
        }
        name
    }

    /// `name`, else `name-2`, `name-3`, …
    pub fn give(&mut self, name: &str) -> String {
        if self.given.insert(name.to_lowercase()) {
            return name.to_owned();
        }
        let number = self.next.entry(name.to_lowercase()).or_insert(2);
        loop {
            let candidate = format!("{name}-{number}");
            *number += 1;
            if self.given.insert(candidate.to_lowercase()) {
                return candidate;
            }
        }
    }
}

/// What an export wrote.
#[derive(Debug, Clone, Default)]
pub struct Export {
    /// File name to text.
    pub files: BTreeMap<String, String>,
    /// Everything that could not be said exactly.
    pub notes: Vec<Note>,
}
