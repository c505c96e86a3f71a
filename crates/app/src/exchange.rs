//! Importing from and exporting to other formats.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use assay_interop::{
    Conversation, Export, FolderSource, Format, Import, Keep, Note, Refusal, Source,
};
use assay_prompt::{Files, Role, parse_folder};
use assay_wire::*;

use crate::app::{App, Open};
use crate::edits::writes;
use crate::environment::new_id;
use crate::error::Explain;
use crate::prompts::{find, join};
use crate::router::Answer;

/// The most prompts of one import that are shown with their texts.
const SHOWN: usize = 200;

impl Answer<ChooseFile> for App {
    fn answer(&self, _: ChooseFile) -> Result<Option<String>, ApiError> {
        Ok(self.inner.host.choose_file().map(|path| path.display().to_string()))
    }
}

impl Answer<ListFormats> for App {
    fn answer(&self, _: ListFormats) -> Result<Vec<FormatView>, ApiError> {
        Ok(Format::ALL
            .into_iter()
            .map(|format| FormatView {
                name: format.name().to_owned(),
                title: format.title().to_owned(),
                exports: format.exports(),
            })
            .collect())
    }
}

impl Answer<ReadImport> for App {
    fn answer(&self, command: ReadImport) -> Result<ImportView, ApiError> {
        let import = read(command.format.as_deref(), Path::new(&command.file))?;
        Ok(report(&import))
    }
}

impl Answer<WriteImport> for App {
    fn answer(&self, command: WriteImport) -> Result<ImportView, ApiError> {
        let mut import = read(command.format.as_deref(), Path::new(&command.file))?;
        let into = command.into.as_deref();
        match self.open_workspace() {
            Some(open) => self.import_into(&open, into, &mut import, &command.keep),
            None => import_beside(into, &mut import, &command.keep),
        }
    }
}

impl Answer<ExportPrompt> for App {
    fn answer(&self, command: ExportPrompt) -> Result<ExportView, ApiError> {
        let format = named(&command.format)?;
        let open = self.workspace()?;
        let key = find(&open, &command.prompt)?;
        let files = open.workspace.files(&key).map_err(|e| e.explain())?;
        let prompt = assay_repo::parse(&key, &files);
        crate::prompts::refuse_broken(&open, &key, &prompt)?;
        let export = match &command.run {
            Some(run) => self.rated_outputs(format, &key.key, run)?,
            None => assay_interop::export(format, &prompt, &files).map_err(|r| refused(&r))?,
        };
        let wrote = match &command.out {
            Some(out) => write_export(Path::new(out), &export)?,
            None => Vec::new(),
        };
        let file = |(name, text): (String, String)| ImportedFile { name, text };
        Ok(ExportView {
            format: format.name().to_owned(),
            files: export.files.into_iter().map(file).collect(),
            notes: export.notes.iter().map(note).collect(),
            wrote,
        })
    }
}

impl App {
    /// The answers of a run's cells that passed every scorer, each with what it answered.
    fn rated_outputs(&self, format: Format, prompt: &str, run: &str) -> Result<Export, ApiError> {
        if format != Format::MessagesJsonl {
            let message = format!("{} has no place for the answers of a run", format.title());
            return Err(ApiError::new(Code::BadInput, message)
                .hint("Export to messages-jsonl, or leave the run out."));
        }
        let view = self.answer(ReadRun { run: run.to_owned(), rows: true })?;
        let mut rows = Vec::new();
        for row in view.rows.iter().filter(|row| row.prompt == prompt) {
            for column in 0..view.columns.len() as u32 {
                let cell = row.first_cell + column;
                rows.extend(self.passed(&view.summary.run, cell)?);
            }
        }
        let text = assay_interop::conversations_to_jsonl(&rows);
        if text.is_empty() {
            let message = format!("no answer of run {run} passed every scorer");
            return Err(ApiError::new(Code::NotFound, message));
        }
        let name = prompt.rsplit('/').next().unwrap_or(prompt);
        Ok(Export { files: [(format!("{name}.jsonl"), text)].into(), notes: Vec::new() })
    }

    /// A cell as a conversation, when it is done, judged, and no scorer failed it.
    fn passed(&self, run: &str, cell: u32) -> Result<Option<Conversation>, ApiError> {
        let view = self.answer(ReadCell { run: run.to_owned(), cell })?;
        let passed = !view.scores.is_empty() && view.scores.iter().all(|s| s.pass == Some(true));
        let Some(output) = view.output.filter(|_| passed) else {
            return Ok(None);
        };
        let mut messages: Vec<(Role, String)> = view
            .messages
            .iter()
            .filter_map(|message| {
                let text = message.content.iter().map(|segment| segment.text.as_str()).collect();
                Some((Role::named(&message.role)?, text))
            })
            .collect();
        messages.push((Role::Assistant, output));
        let metadata = [("case", &view.row.case), ("model", &view.column.model)]
            .map(|(key, value)| (key.to_owned(), value.as_str().into()));
        Ok(Some(Conversation { messages, weight: None, metadata: metadata.into_iter().collect() }))
    }

    fn import_into(
        &self,
        open: &Open,
        into: Option<&str>,
        import: &mut Import,
        keep: &[KeepView],
    ) -> Result<ImportView, ApiError> {
        let folder = match into {
            Some(path) => below(open, path)?,
            None => first_folder(open),
        };
        let taken = |name: &str| open.workspace.root().join(join(&folder, name)).exists();
        let wanted = make_free(import, &taken);
        let files = import.kept(&|name| kept(keep, &wanted, name));
        let wrote: Vec<String> = files.keys().map(|name| join(&folder, name)).collect();
        let keys: BTreeSet<String> =
            files.keys().filter_map(|name| Some(join(&folder, name.split_once('/')?.0))).collect();
        let mut view = report(import);
        if !files.is_empty() {
            let done = format!("Imported {} from {}", keys.len(), formats(import, Format::title));
            let first = keys.first().cloned();
            view.undo = self.edit(open, None, first, done, &writes(&folder, files))?.undo;
        }
        Ok(ImportView { wrote, keys: keys.into_iter().collect(), ..view })
    }
}

/// Without a repository the prompts become plain folders.
fn import_beside(
    into: Option<&str>,
    import: &mut Import,
    keep: &[KeepView],
) -> Result<ImportView, ApiError> {
    let Some(into) = into.map(Path::new) else {
        return Err(ApiError::new(Code::NoWorkspace, "no prompts repository is open")
            .hint("Open one, or say where the prompts go with `--into DIR`."));
    };
    let wanted = make_free(import, &|name| into.join(name).exists());
    let files = import.kept(&|name| kept(keep, &wanted, name));
    let wrote = files.keys().map(|name| into.join(name).display().to_string()).collect();
    assay_repo::create_files(into, &files).map_err(|e| e.explain())?;
    Ok(ImportView { wrote, ..report(import) })
}

fn read(format: Option<&str>, path: &Path) -> Result<Import, ApiError> {
    let (root, file) = place(path)?;
    let source = FolderSource::new(root);
    let format = match format {
        Some(name) => Some(named(name)?),
        None if file.is_empty() => None,
        None => Some(detect(&source, &file, path)?),
    };
    match format {
        Some(format) => assay_interop::import(format, &file, &source, &mut new_id),
        None => assay_interop::import_folder(&source, &mut new_id),
    }
    .map_err(|refusal| refused(&refusal))
}

/// The root that an import may read, and the file below it (`""` for all of a folder).
fn place(path: &Path) -> Result<(PathBuf, String), ApiError> {
    let unreadable = |reason: String| {
        ApiError::new(Code::BadInput, format!("{} cannot be read: {reason}", path.display()))
    };
    let found = std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?;
    if found.is_dir() {
        return Ok((path.to_owned(), String::new()));
    }
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| unreadable("its name is not UTF-8".to_owned()))?;
    let root = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok((root.to_owned(), name.to_owned()))
}

fn detect(source: &dyn Source, file: &str, path: &Path) -> Result<Format, ApiError> {
    Format::detect(file, &source.head(file).unwrap_or_default()).ok_or_else(|| {
        let message = format!("{} could be of several formats", path.display());
        ApiError::new(Code::BadInput, message).hint(format!("Say which: {}.", names()))
    })
}

fn named(name: &str) -> Result<Format, ApiError> {
    Format::named(name).ok_or_else(|| {
        ApiError::new(Code::BadInput, format!("there is no format `{name}`"))
            .hint(format!("The formats are {}.", names()))
    })
}

fn names() -> String {
    Format::ALL.map(Format::name).join(", ")
}

fn refused(refusal: &Refusal) -> ApiError {
    ApiError::new(Code::BadInput, refusal.to_string())
}

fn first_folder(open: &Open) -> String {
    let folders = open.workspace.config().0.prompts;
    folders.into_iter().next().filter(|folder| folder != ".").unwrap_or_default()
}

/// A folder of the open repository, given below its root or as a whole path.
fn below(open: &Open, path: &str) -> Result<String, ApiError> {
    let root = open.workspace.root();
    let given = Path::new(path);
    let relative = if given.is_absolute() {
        // The folder itself may not be there yet; what is there of the way to it may be a link.
        let there = given.ancestors().find(|part| part.exists()).unwrap_or(given);
        let real = there.canonicalize().unwrap_or_else(|_| there.to_owned());
        let rest = given.strip_prefix(there).unwrap_or(Path::new(""));
        real.join(rest).strip_prefix(root).map(Path::to_owned).map_err(|_| outside(path))?
    } else {
        given.to_owned()
    };
    let plain = |part: &Component| matches!(part, Component::Normal(_) | Component::CurDir);
    if !relative.components().all(|part| plain(&part)) {
        return Err(outside(path));
    }
    let parts: Vec<_> = relative
        .components()
        .filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
            _ => None,
        })
        .collect();
    Ok(parts.join("/"))
}

fn outside(path: &str) -> ApiError {
    ApiError::new(Code::BadInput, format!("{path} is not in the open repository"))
}

/// Gives prompts whose folder is taken another name; the names they had, by the new ones.
fn make_free(import: &mut Import, taken: &dyn Fn(&str) -> bool) -> BTreeMap<String, String> {
    let mut used: BTreeSet<String> = import.prompts.iter().map(|p| p.name.to_lowercase()).collect();
    let mut wanted = BTreeMap::new();
    for prompt in &mut import.prompts {
        let name = prompt.name.clone();
        let mut number = 2;
        while taken(&prompt.name) {
            prompt.name = free(&name, &mut number, &mut used);
        }
        wanted.insert(prompt.name.clone(), name);
    }
    wanted
}

/// `name` with the next number that no prompt of the import has. Compared without case: on some
/// systems `A` and `a` are one folder.
fn free(name: &str, number: &mut u32, used: &mut BTreeSet<String>) -> String {
    loop {
        let candidate = format!("{name}-{number}");
        *number += 1;
        if used.insert(candidate.to_lowercase()) {
            return candidate;
        }
    }
}

/// What a person keeps of the prompt `name`, which they chose by the name it had in the report.
fn kept(keep: &[KeepView], wanted: &BTreeMap<String, String>, name: &str) -> Keep {
    let shown = wanted.get(name).map_or(name, String::as_str);
    keep.iter().find(|view| view.name == shown).map_or_else(Keep::default, |view| Keep {
        prompt: view.prompt,
        without: view.without.iter().cloned().collect(),
        cases: view.cases,
        examples: view.examples,
        evals: view.evals,
    })
}

/// What was read, in words; a folder may hold several formats.
fn formats(import: &Import, word: fn(Format) -> &'static str) -> String {
    import.formats.iter().map(|format| word(*format)).collect::<Vec<_>>().join(", ")
}

fn report(import: &Import) -> ImportView {
    let counts = import.counts();
    ImportView {
        format: formats(import, Format::name),
        counts: ImportCounts {
            prompts: counts.prompts as u32,
            variants: counts.variants as u32,
            models: counts.models as u32,
            cases: counts.cases as u32,
            examples: counts.examples as u32,
            scorers: counts.scorers as u32,
        },
        complete: import.complete(),
        prompts: import
            .prompts
            .iter()
            .enumerate()
            .map(|(at, draft)| shown(&draft.name, draft.files(&Keep::default()), at < SHOWN))
            .collect(),
        notes: import.notes.iter().map(note).collect(),
        wrote: Vec::new(),
        keys: Vec::new(),
        undo: String::new(),
    }
}

fn shown(name: &str, files: Files, with_texts: bool) -> ImportedPrompt {
    let prompt = parse_folder(name, &files);
    let evals = &prompt.evals;
    ImportedPrompt {
        name: name.to_owned(),
        variants: prompt.variants.iter().map(|variant| variant.id.clone()).collect(),
        cases: prompt.cases.rows.len() as u32,
        examples: prompt.examples.rows.len() as u32,
        evals: (evals.models.len() + evals.scorers.len() + evals.gates.len()) as u32,
        files: files
            .into_iter()
            .filter(|_| with_texts)
            .map(|(name, text)| ImportedFile { name, text })
            .collect(),
    }
}

fn note(note: &Note) -> ImportNote {
    ImportNote {
        kind: note.kind.as_str().to_owned(),
        what: note.what.clone(),
        why: note.why.clone(),
        place: note.place.clone(),
    }
}

/// Writes an export to `out`: a folder, or the name of its one or main file.
fn write_export(out: &Path, export: &Export) -> Result<Vec<String>, ApiError> {
    let as_file = !out.is_dir() && out.extension().is_some();
    let main = main_file(export);
    let (folder, renamed) = match (as_file, main) {
        (true, Some(main)) => (out.parent().unwrap_or(Path::new(".")), Some((main, out))),
        _ => (out, None),
    };
    let place = |name: &str| match renamed {
        Some((main, out)) if main == name => {
            out.file_name().map_or_else(|| name.to_owned(), |n| n.to_string_lossy().into_owned())
        }
        _ => name.to_owned(),
    };
    let files: Files =
        export.files.iter().map(|(name, text)| (place(name), text.clone())).collect();
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    assay_repo::create_files(folder, &files).map_err(|error| {
        error.explain().hint("Give another name with `--out`, or move what is there away.")
    })?;
    Ok(files.keys().map(|name| folder.join(name).display().to_string()).collect())
}

/// The one file, or the one that names the others.
fn main_file(export: &Export) -> Option<&str> {
    let mut names = export.files.keys().map(String::as_str);
    match export.files.len() {
        1 => names.next(),
        _ => names.find(|name| name.starts_with("promptfooconfig")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_interop::PromptDraft;

    fn import(names: &[&str]) -> Import {
        Import {
            formats: vec![Format::Prompty],
            prompts: names.iter().map(|name| PromptDraft::named(name)).collect(),
            notes: Vec::new(),
        }
    }

    #[test]
    fn what_a_person_chose_holds_also_where_the_name_is_taken() {
        let mut import = import(&["chat", "other"]);
        let wanted = make_free(&mut import, &|name| name == "chat");
        let keep = KeepView {
            name: "chat".to_owned(),
            prompt: false,
            without: Vec::new(),
            cases: true,
            examples: true,
            evals: true,
        };
        let files = import.kept(&|name| kept(std::slice::from_ref(&keep), &wanted, name));
        assert_eq!(files.keys().collect::<Vec<_>>(), ["other/prompt.yaml"]);
    }

    #[test]
    fn a_new_name_is_no_other_prompts_name() {
        let mut import = import(&["a", "A-2", "a-3"]);
        make_free(&mut import, &|name| matches!(name, "a" | "A-2" | "a-4"));
        let names: Vec<_> = import.prompts.iter().map(|prompt| prompt.name.as_str()).collect();
        assert_eq!(names, ["a-5", "A-2-2", "a-3"]);
    }
}
