//! Checking prompts: the linter over the whole repository, with lines for people.

use std::sync::Arc;

use assay_engine::ScriptProblem;
use assay_prompt::{
    Diagnostic, Files, JudgePrompt, MANIFEST_FILE, Prompt, REPOSITORY_FILE, Span, line_col,
};
use assay_repo::review::{POLICY_FILE, Rules, RulesError, SIGNERS_FILE};
use assay_repo::{PromptKey, RepoError, Workspace};
use assay_wire::*;

use crate::app::{App, Open};
use crate::error::Explain;
use crate::judges::has_judge_prompt;
use crate::known::{Reading, on_all_processors};
use crate::prompts::{folder, join};
use crate::router::Answer;

/// Problems of one prompt that are shown at most: past these nobody reads on, and a hostile file
/// could hold one on every line.
const MAX_PROBLEMS: usize = 1_000;

impl Answer<CheckPrompts> for App {
    fn answer(&self, command: CheckPrompts) -> Result<CheckView, ApiError> {
        let open = self.workspace()?;
        let readings = if command.prompts.is_empty() {
            let survey = open.workspace.survey().map_err(|e| e.explain())?;
            self.inner.known.readings(&open.workspace, &survey)
        } else {
            let keys = self.selected(&open, &command.prompts)?;
            on_all_processors(&keys, |key| Arc::new(read(&open.workspace, key)))
        };
        let mut checked: Vec<&Checked> = readings.iter().map(|reading| &reading.checked).collect();
        let files = checked.iter().map(|checked| checked.files).sum();
        let mut all = of_repository(&open.workspace);
        all.extend(shared_ids(&mut checked));
        all.extend(missing_judge_prompts(&open, &checked));
        all.extend(checked.iter().flat_map(|checked| checked.problems.iter().cloned()));
        all.sort_by(|a, b| (&a.file, a.span, &a.code).cmp(&(&b.file, b.span, &b.code)));
        let errors = all.iter().filter(|p| p.severity == Severity::Error).count() as u32;
        Ok(CheckView { files, errors, warnings: all.len() as u32 - errors, problems: all })
    }
}

/// What is wrong in `assay.yaml`, and with the repository itself.
pub(crate) fn of_repository(workspace: &Workspace) -> Vec<Problem> {
    let (_, found) = workspace.config();
    let text = workspace.read_text(REPOSITORY_FILE).map(|file| file.text).unwrap_or_default();
    let mut all = problems("", &[(REPOSITORY_FILE.to_owned(), text)].into(), &found);
    all.extend(broken_rules(workspace));
    all.extend(cut_off(workspace));
    all
}

/// Rules of review that nobody could be judged by: once they are merged, nothing else could be.
fn broken_rules(workspace: &Workspace) -> Vec<Problem> {
    let text = |file: &str| match workspace.read_text(file) {
        Ok(file) => Ok(Some(file.text)),
        Err(RepoError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.to_string()),
    };
    let judged = |file: &str, read: fn(&str) -> Result<Rules, RulesError>| {
        let (line, message) = match text(file) {
            Ok(text) => match read(&text?).err()? {
                RulesError::Policy { reason } => (1, reason),
                RulesError::Signers(error) => (error.line as u32, error.problem.to_string()),
            },
            Err(message) => (1, message),
        };
        Some(Problem {
            code: "R0005".to_owned(),
            severity: Severity::Error,
            message,
            hint: Some("nothing can be approved by rules that cannot be read; mend them before they are merged".to_owned()),
            file: file.to_owned(),
            span: (0, 0),
            line,
            column: 1,
            fix: None,
        })
    };
    let policy = judged(POLICY_FILE, |text| Rules::read(Some(text), None));
    let signers = judged(SIGNERS_FILE, |text| Rules::read(None, Some(text)));
    policy.into_iter().chain(signers).collect()
}

/// A git command that a crash or a power cut ended in the middle.
fn cut_off(workspace: &Workspace) -> Option<Problem> {
    let step = workspace.cut_off().ok()??;
    Some(Problem {
        code: "R0004".to_owned(),
        severity: Severity::Warning,
        message: format!("`{}` was cut off in the middle", step.command),
        hint: Some(
            "`assay undo` takes it back, with all that changed since; that can be taken back too"
                .to_owned(),
        ),
        file: ".".to_owned(),
        span: (0, 0),
        line: 1,
        column: 1,
        fix: None,
    })
}

/// What was found in one prompt, and what is compared with the others of the repository.
pub(crate) struct Checked {
    key: PromptKey,
    files: u32,
    problems: Vec<Problem>,
    /// Its permanent id, where it stands, and in which text.
    id: Option<(String, Span, String)>,
    /// The prompts that its scorers ask with, each with the text of the file that names it.
    asks_with: Vec<(JudgePrompt, String)>,
}

/// Judge prompts that scorers name and the repository does not have.
fn missing_judge_prompts(open: &Open, checked: &[&Checked]) -> Vec<Problem> {
    let asked = checked.iter().flat_map(|of| of.asks_with.iter().map(move |asked| (of, asked)));
    let missing = asked.filter(|(_, (asked, _))| !has_judge_prompt(open, &asked.name));
    missing.map(|(of, (asked, text))| problem(&folder(&of.key), text, &asked.missing())).collect()
}

/// Prompts that have the permanent id of another.
fn shared_ids(checked: &mut [&Checked]) -> Vec<Problem> {
    shared(checked)
        .into_iter()
        .map(|(checked, found)| {
            let manifest = checked.id.as_ref().map_or("", |id| id.2.as_str());
            problem(&folder(&checked.key), manifest, &found)
        })
        .collect()
}

/// Prompts that have the permanent id of another, with what is found in them.
fn shared<'c>(checked: &mut [&'c Checked]) -> Vec<(&'c Checked, Diagnostic)> {
    // In the order of the list, so that it is always the same one that is told.
    checked.sort_by(|a, b| a.key.key.cmp(&b.key.key));
    let (with_id, ids): (Vec<_>, Vec<_>) = checked
        .iter()
        .filter_map(|c| c.id.as_ref().map(|id| (*c, (c.key.key.as_str(), id.0.as_str(), id.1))))
        .unzip();
    let found = assay_prompt::shared_ids(&ids);
    found.into_iter().map(|(at, found)| (with_id[at], found)).collect()
}

/// The keys of all prompts that have the permanent id of one before them, with that id.
pub(crate) fn sharing(workspace: &Workspace, keys: &[PromptKey]) -> Vec<(PromptKey, String)> {
    let readings = on_all_processors(keys, |key| read(workspace, key));
    let mut checked: Vec<&Checked> = readings.iter().map(|reading| &reading.checked).collect();
    let of =
        |(checked, _): (&Checked, _)| Some((checked.key.clone(), checked.id.as_ref()?.0.clone()));
    shared(&mut checked).into_iter().filter_map(of).collect()
}

/// Reads a prompt, and what is wrong with it.
pub(crate) fn read(workspace: &Workspace, key: &PromptKey) -> Reading {
    let mut files = match workspace.files(key) {
        Ok(files) => files,
        // It is listed all the same, with its problem counted.
        Err(error) => return unread(key, &error),
    };
    let prompt = assay_repo::parse(key, &files);
    let found = [prompt.diagnostics.clone(), broken_scripts(&prompt, &files)].concat();
    let problems = problems(&folder(key), &files, &found);
    let text = |file: &str| files.get(file).cloned().unwrap_or_default();
    let asked = assay_prompt::judge_prompts(&prompt, &files).into_iter();
    let asks_with = asked.map(|asked| (asked.clone(), text(&asked.file))).collect();
    // What a lone prompt refers to is no part of its own file.
    let refers = || files.values().any(|text| text.contains("${file:"));
    let whole = !key.lone || !refers();
    let summary = summary(key, &prompt);
    let count = files.len() as u32;
    let manifest = files.remove(MANIFEST_FILE).unwrap_or_default();
    let id = prompt.id.map(|id| (id, prompt.id_span, manifest));
    let checked = Checked { key: key.clone(), files: count, problems, id, asks_with };
    Reading { summary, checked, whole }
}

fn unread(key: &PromptKey, error: &RepoError) -> Reading {
    let summary = PromptSummary {
        key: key.key.clone(),
        name: key.name.clone(),
        description: None,
        variants: Vec::new(),
        cases: 0,
        examples: 0,
        errors: 1,
        warnings: 0,
    };
    let problems = vec![unreadable(key, error)];
    let (id, asks_with) = (None, Vec::new());
    let checked = Checked { key: key.clone(), files: 0, problems, id, asks_with };
    // It may be readable in a moment.
    Reading { summary, checked, whole: false }
}

fn summary(key: &PromptKey, prompt: &Prompt) -> PromptSummary {
    let errors = prompt.errors().count() as u32;
    PromptSummary {
        key: key.key.clone(),
        name: key.name.clone(),
        description: prompt.variants.first().and_then(|v| v.description.clone()),
        variants: prompt.variants.iter().map(|v| v.id.clone()).collect(),
        cases: prompt.cases.rows.len() as u32,
        examples: prompt.examples.rows.len() as u32,
        errors,
        warnings: prompt.diagnostics.len() as u32 - errors,
    }
}

/// Rhai scripts of scorers that cannot be read. None of them is run for that.
fn broken_scripts(prompt: &Prompt, files: &Files) -> Vec<Diagnostic> {
    let scripts = assay_prompt::rhai_scripts(prompt, files).into_iter();
    let broken = scripts.filter_map(|script| {
        let ScriptProblem { message, at } = assay_engine::check_script(&script.text).err()?;
        Some(script.broken(&message, at))
    });
    broken.collect()
}

/// Findings in `files` with their lines, as the window and the terminal show them.
pub(crate) fn problems(folder: &str, files: &Files, found: &[Diagnostic]) -> Vec<Problem> {
    // A file that is missing has no lines; the problem stands at its start.
    let text = |name: &str| files.get(name).map_or("", String::as_str);
    // Errors first: whatever is past the limit, none of them may be hidden by warnings.
    let mut found: Vec<&Diagnostic> = found.iter().collect();
    found.sort_by_key(|d| d.severity != assay_prompt::Severity::Error);
    found.into_iter().take(MAX_PROBLEMS).map(|d| problem(folder, text(&d.file), d)).collect()
}

/// One finding in the file `text`.
pub(crate) fn problem(folder: &str, text: &str, diagnostic: &Diagnostic) -> Problem {
    let (line, column) = line_col(text, diagnostic.span.start);
    Problem {
        code: diagnostic.code.to_owned(),
        severity: match diagnostic.severity {
            assay_prompt::Severity::Error => Severity::Error,
            assay_prompt::Severity::Warning => Severity::Warning,
        },
        message: diagnostic.message.clone(),
        hint: diagnostic.hint.as_deref().map(str::to_owned),
        file: join(folder, &diagnostic.file),
        span: (diagnostic.span.start as u32, diagnostic.span.end as u32),
        line: line as u32,
        column: column as u32,
        fix: diagnostic.fix.as_ref().map(|fix| FixOffer {
            title: fix.title.clone(),
            safe: fix.safe,
            edits: fix.edits.iter().map(|edit| edit_view(folder, edit)).collect(),
        }),
    }
}

fn edit_view(folder: &str, edit: &assay_prompt::Edit) -> EditView {
    EditView {
        file: join(folder, &edit.file),
        span: (edit.span.start as u32, edit.span.end as u32),
        text: edit.text.clone(),
        id_at: edit.id_at.map(|at| at as u32),
    }
}

fn unreadable(key: &PromptKey, error: &RepoError) -> Problem {
    Problem {
        code: "R0002".to_owned(),
        severity: Severity::Error,
        message: error.to_string(),
        hint: error.hint(),
        file: error.path().map_or_else(|| key.key.clone(), str::to_owned),
        span: (0, 0),
        line: 1,
        column: 1,
        fix: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_of_warnings_hides_an_error() {
        let found = |severity, code| Diagnostic {
            severity,
            ..Diagnostic::error(code, "a.prompty", assay_prompt::Span::default(), "")
        };
        let mut all = vec![found(assay_prompt::Severity::Warning, "W"); MAX_PROBLEMS];
        all.push(found(assay_prompt::Severity::Error, "E"));
        let problems = problems("", &Files::new(), &all);
        assert_eq!(problems.len(), MAX_PROBLEMS);
        assert_eq!(problems.iter().filter(|p| p.severity == Severity::Error).count(), 1);
    }
}
