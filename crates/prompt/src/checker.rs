//! From the files of a folder to a prompt, once or again and again.
//!
//! Parsing never fails: it gives what was understood and a list of findings, because a prompt under
//! someone's hands is half-typed most of the time. What each file says by itself is read by the
//! module of its kind and kept in [`Readings`]; here they are put together.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::Report;
use crate::evals::EvalsFile;
use crate::files::{self, Files};
use crate::manifest::{self, MANIFEST_FILE, Manifest};
use crate::readings::Readings;
use crate::rows::Kinds;
use crate::{
    Evals, FewShot, Prompt, Rows, RowsFormat, Span, Template, characters, codes, evals,
    front_matter, yaml,
};

/// The cases of a folder whose evals name no file: the first of these that exists.
const CASES_FILES: [&str; 3] = ["cases.jsonl", "cases.csv", "cases.yaml"];

/// Reads a folder that has a `prompt.yaml`.
pub fn parse_folder(name: &str, files: &Files) -> Prompt {
    Folder::new(name, files, &mut Readings::default()).read()
}

/// Reads a `.prompty` file without a `prompt.yaml`: a prompt of one variant, named after the file.
pub fn parse_lone(name: &str, file: &str, files: &Files) -> Prompt {
    Folder::new(name, files, &mut Readings::default()).read_lone(file)
}

/// Reads prompts again and again, and of a changed folder only the files that changed. What it gives
/// is always what [`parse_folder`] and [`parse_lone`] give.
///
/// ```
/// use assay_prompt::{Checker, Files, parse_folder};
///
/// let mut checker = Checker::new();
/// let mut files = Files::from([("prompt.yaml".into(), "format: assay/1\n".into())]);
/// checker.check_folder("triage", &files);
/// files.insert("cases.jsonl".into(), "{\"id\":\"a\"}\n".into());
/// assert_eq!(*checker.check_folder("triage", &files), parse_folder("triage", &files));
/// ```
#[derive(Default)]
pub struct Checker {
    /// By name, and by file for lone prompts.
    prompts: BTreeMap<(String, Option<String>), Kept>,
}

/// A prompt as it was last seen.
#[derive(Default)]
struct Kept {
    files: Files,
    readings: Readings,
    prompt: Option<Arc<Prompt>>,
}

impl Checker {
    /// One that has seen nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// As [`parse_folder`].
    pub fn check_folder(&mut self, name: &str, files: &Files) -> Arc<Prompt> {
        let kept = self.prompts.entry((name.to_owned(), None)).or_default();
        kept.check(files, |readings| Folder::new(name, files, readings).read())
    }

    /// As [`parse_lone`].
    pub fn check_lone(&mut self, name: &str, file: &str, files: &Files) -> Arc<Prompt> {
        let kept = self.prompts.entry((name.to_owned(), Some(file.to_owned()))).or_default();
        kept.check(files, |readings| Folder::new(name, files, readings).read_lone(file))
    }

    /// Lets go of the prompts of a name, when they are gone or closed.
    pub fn forget(&mut self, name: &str) {
        self.prompts.retain(|(known, _), _| known != name);
    }
}

impl Kept {
    fn check(&mut self, files: &Files, read: impl FnOnce(&mut Readings) -> Prompt) -> Arc<Prompt> {
        if let Some(prompt) = self.prompt.as_ref().filter(|_| self.files == *files) {
            return Arc::clone(prompt);
        }
        self.readings.keep(|file| self.files.get(file) == files.get(file));
        self.remember(files);
        let prompt = Arc::new(read(&mut self.readings));
        self.prompt = Some(Arc::clone(&prompt));
        prompt
    }

    fn remember(&mut self, files: &Files) {
        self.files.retain(|file, _| files.contains_key(file));
        for (file, text) in files {
            if self.files.get(file) != Some(text) {
                self.files.insert(file.clone(), text.clone());
            }
        }
    }
}

/// A prompt on its way.
struct Folder<'f> {
    files: &'f Files,
    readings: &'f mut Readings,
    prompt: Prompt,
}

impl<'f> Folder<'f> {
    fn new(name: &str, files: &'f Files, readings: &'f mut Readings) -> Self {
        Self { files, readings, prompt: Prompt::empty(name) }
    }

    fn read(mut self) -> Prompt {
        let mut report = Report::new(MANIFEST_FILE);
        match self.files.get(MANIFEST_FILE) {
            Some(text) => {
                let read = |report: &mut Report| read_manifest(text, report);
                let reading = self.readings.manifests.get(MANIFEST_FILE, read);
                self.prompt.diagnostics.extend_from_slice(&reading.found);
                if let Some(manifest) = &reading.value {
                    self.add_all(manifest, &mut report);
                }
            }
            None => {
                let message = format!("the folder has no {MANIFEST_FILE}");
                report.error(codes::MISSING_FILE, Span::default(), message);
            }
        }
        self.finish(report)
    }

    fn read_lone(mut self, file: &str) -> Prompt {
        let mut report = Report::new(file);
        let base = file.rsplit('/').next().unwrap_or(file);
        let id = base.strip_suffix(".prompty").unwrap_or(base);
        match self.files.get(file) {
            Some(text) => self.add_variant(id, file, text),
            None => {
                let message = format!("{file} does not exist");
                report.error(codes::MISSING_FILE, Span::default(), message);
            }
        }
        self.finish(report)
    }

    fn finish(mut self, report: Report) -> Prompt {
        self.prompt.diagnostics.extend(report.found);
        self.prompt.finish(self.files)
    }

    fn add_all(&mut self, manifest: &Manifest, report: &mut Report) {
        self.prompt.id.clone_from(&manifest.id);
        self.prompt.id_span = manifest.id_span;
        self.add_variants(manifest, report);
        if let Some(few_shot) = &manifest.few_shot {
            self.add_examples(few_shot, manifest.few_shot_span, report);
        }
        for (path, span) in &manifest.evals {
            if let Some((file, text)) = files::find(self.files, path, *span, report) {
                self.add_evals(file, text);
            }
        }
        let unnamed = CASES_FILES.iter().find(|file| self.files.contains_key(**file));
        if let (None, Some(file)) = (&self.prompt.cases.file, unnamed) {
            self.prompt.cases = self.rows(file, Span::default(), report);
        }
    }

    fn add_variants(&mut self, manifest: &Manifest, report: &mut Report) {
        let shared = manifest.few_shot.as_ref().map(|few_shot| &few_shot.select);
        for entry in &manifest.variants {
            let found = files::find(self.files, &entry.file, entry.span, report);
            let Some((file, text)) = found else {
                continue;
            };
            self.add_variant(&entry.id, file, text);
            let select = entry.select.as_ref().or(shared);
            if let (Some(variant), Some(select)) = (self.prompt.variants.last_mut(), select) {
                variant.select = select.clone();
            }
        }
    }

    fn add_variant(&mut self, id: &str, file: &str, text: &str) {
        let front = self.readings.fronts.get(file, |report| front_matter::read_text(text, report));
        self.prompt.diagnostics.extend_from_slice(&front.found);
        let (variant, found) =
            front_matter::read_variant(id, file, &front.value, self.files, self.readings);
        self.prompt.variants.push(variant);
        self.prompt.diagnostics.extend(found);
    }

    fn add_examples(&mut self, few_shot: &FewShot, span: Span, report: &mut Report) {
        for error in Template::parse(&few_shot.user, 0).errors {
            // Quotes and escapes shift offsets inside a YAML text, so the whole of it is marked.
            let found = report.error(error.code, few_shot.user_span, error.message);
            found.hint = error.hint.map(Into::into);
        }
        self.prompt.few_shot = Some(few_shot.clone());
        self.prompt.examples = self.rows(&few_shot.file, span, report);
    }

    fn add_evals(&mut self, file: &str, text: &str) {
        let reading = self.readings.evals.get(file, |report| {
            yaml::parse(text, 0, report).map(|node| evals::read(&node, report))
        });
        self.prompt.diagnostics.extend_from_slice(&reading.found);
        if let Some(EvalsFile { evals, cases }) = &reading.value {
            let mut report = Report::new(file);
            if let Some((cases, span)) = cases {
                self.prompt.cases = self.rows(cases, *span, &mut report);
            }
            join_evals(&mut self.prompt.evals, evals.clone());
            self.prompt.diagnostics.extend(report.found);
        }
        self.prompt.evals.file.get_or_insert_with(|| file.to_owned());
    }

    /// The rows of the file that `path`, written in the report's file, refers to.
    fn rows(&mut self, path: &str, span: Span, report: &mut Report) -> Rows {
        let Some((file, text)) = files::find(self.files, path, span, report) else {
            return Rows::default();
        };
        let Some(format) = RowsFormat::of(file) else {
            let message =
                format!("{file} cannot be read: rows are read from .jsonl, .csv and .yaml");
            report
                .error(codes::UNREADABLE_ROWS, span, message)
                .hint("convert it to JSONL, one row per line");
            return Rows { file: Some(file.to_owned()), rows: Vec::new() };
        };
        let kinds = match format {
            RowsFormat::Csv => self.prompt.kinds(),
            RowsFormat::Jsonl | RowsFormat::Yaml => Kinds::default(),
        };
        let reading = self.readings.rows(file, kinds, |kinds, report| {
            characters::check_characters(text, report);
            format.parse(text, kinds, report)
        });
        self.prompt.diagnostics.extend_from_slice(&reading.found);
        Rows { file: Some(file.to_owned()), rows: reading.value.rows.clone() }
    }
}

fn read_manifest(text: &str, report: &mut Report) -> Option<Manifest> {
    characters::check_characters(text, report);
    let node = yaml::parse(text, 0, report)?;
    Some(manifest::read(&node, report))
}

/// Several evals files count as one; the first says how often to repeat.
fn join_evals(all: &mut Evals, more: Evals) {
    if all.file.is_none() {
        *all = more;
        return;
    }
    all.models.extend(more.models);
    all.scorers.extend(more.scorers);
    all.gates.extend(more.gates);
}
