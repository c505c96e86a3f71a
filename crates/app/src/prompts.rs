//! A prompt's files, its messages, and writing one file.

use assay_engine::EngineError;
use assay_prompt::{Diagnostic, Message, Origin, Prompt, Row, content_id_with_files};
use assay_repo::{PromptKey, Workspace, Written};
use assay_wire::*;

use crate::app::{App, Open};
use crate::check::problem;
use crate::error::Explain;
use crate::media;
use crate::router::Answer;

impl Answer<ReadPrompt> for App {
    fn answer(&self, command: ReadPrompt) -> Result<PromptView, ApiError> {
        let open = self.workspace()?;
        let key = find(&open, &command.prompt)?;
        let files = open.workspace.files(&key).map_err(|e| e.explain())?;
        let drafts = self.inner.store.drafts(&open.root()).map_err(|e| e.explain())?;
        let folder = folder(&key);
        let mut views = Vec::new();
        for name in files.keys() {
            let path = join(&folder, name);
            let file = open.workspace.read_text(&path).map_err(|e| e.explain())?;
            let draft = drafts
                .iter()
                .find(|d| d.path == path && d.text != file.text)
                .map(|d| d.text.clone());
            views.push(FileView {
                name: name.clone(),
                path,
                text: file.text,
                digest: file.digest,
                draft,
            });
        }
        Ok(PromptView {
            prompt: key.key.clone(),
            name: key.name.clone(),
            lone: lone_file(&key),
            folder,
            files: views,
        })
    }
}

impl Answer<RenderPrompt> for App {
    fn answer(&self, command: RenderPrompt) -> Result<RenderView, ApiError> {
        let open = self.workspace()?;
        let key = find(&open, &command.prompt)?;
        let prompt = open.workspace.load(&key).map_err(|e| e.explain())?;
        refuse_broken(&open, &key, &prompt)?;
        let variant = match &command.variant {
            Some(id) => prompt.variant(id),
            None => prompt.variants.first(),
        };
        let variant = variant.ok_or_else(|| no_variant(&prompt, command.variant.as_deref()))?;
        let case = chosen_case(&prompt, &command)?;
        let rendered =
            self.inner.models.neighbours().render(&prompt, variant, &case).map_err(|error| {
                match error {
                    EngineError::Unrenderable { diagnostic } => {
                        invalid(&open.workspace, &folder(&key), &diagnostic)
                    }
                    other => other.explain(),
                }
            })?;
        let files = media::of_prompt(&open, &key, &prompt);
        let bytes = |path: &str| files.get(path).map(|file| &*file.0);
        let content_id = content_id_with_files(&prompt, variant, bytes);
        let tokens: usize =
            rendered.messages.iter().map(|m| assay_prompt::estimate_tokens(&m.text())).sum();
        Ok(RenderView {
            prompt: key.key.clone(),
            variant: variant.id.clone(),
            case: command.input.is_none().then(|| case.id.clone()),
            content_id,
            messages: rendered.messages.iter().map(message_view).collect(),
            tokens: tokens as u32,
        })
    }
}

impl Answer<SaveFile> for App {
    fn answer(&self, command: SaveFile) -> Result<SaveOutcome, ApiError> {
        let open = self.workspace()?;
        let now = self.inner.environment.now_ms();
        let SaveFile { path, text, base } = command;
        // An empty digest is what a conflict names a file by that is gone.
        let base = base.filter(|digest| !digest.is_empty());
        // First where it survives a full disk, a read-only folder and a crash.
        self.inner
            .store
            .keep_draft(&open.root(), &path, &text, base.as_deref(), now)
            .map_err(|e| e.explain())?;
        let written = open
            .workspace
            .write_text(&path, &text, base.as_deref())
            .map_err(|e| e.explain().hint("Your text is kept as a draft; nothing is lost."))?;
        match written {
            Written::Saved { digest } => {
                self.inner.store.drop_draft(&open.root(), &path).map_err(|e| e.explain())?;
                self.inner.notices.send(Notice::WorkspaceChanged);
                Ok(SaveOutcome::Saved { digest })
            }
            Written::Conflict { on_disk } => {
                let (text, digest) = on_disk.map_or_else(Default::default, |f| (f.text, f.digest));
                Ok(SaveOutcome::Conflict { text, digest })
            }
        }
    }
}

impl Answer<KeepDraft> for App {
    fn answer(&self, command: KeepDraft) -> Result<(), ApiError> {
        let open = self.workspace()?;
        let KeepDraft { path, text, base } = command;
        let now = self.inner.environment.now_ms();
        self.inner
            .store
            .keep_draft(&open.root(), &path, &text, base.as_deref(), now)
            .map_err(|e| e.explain())
    }
}

impl Answer<DropDraft> for App {
    fn answer(&self, command: DropDraft) -> Result<(), ApiError> {
        let open = self.workspace()?;
        self.inner.store.drop_draft(&open.root(), &command.path).map_err(|e| e.explain())
    }
}

impl App {
    /// The prompts named, or all.
    pub(crate) fn selected(
        &self,
        open: &Open,
        names: &[String],
    ) -> Result<Vec<PromptKey>, ApiError> {
        if names.is_empty() {
            return open.workspace.prompts().map_err(|e| e.explain());
        }
        let mut keys: Vec<PromptKey> = Vec::new();
        for name in names {
            let key = find(open, name)?;
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        Ok(keys)
    }
}

/// The prompt of that name or key.
pub(crate) fn find(open: &Open, name: &str) -> Result<PromptKey, ApiError> {
    open.workspace.find_prompt(name).map_err(|e| e.explain())
}

/// The folder of a prompt's files below the root, `""` for the root.
pub(crate) fn folder(key: &PromptKey) -> String {
    if !key.lone {
        return if key.key == "." { String::new() } else { key.key.clone() };
    }
    key.key.rsplit_once('/').map_or_else(String::new, |(folder, _)| folder.to_owned())
}

/// The file's name, when the prompt is a lone file.
pub(crate) fn lone_file(key: &PromptKey) -> Option<String> {
    let name = || key.key.rsplit('/').next().unwrap_or(&key.key).to_owned();
    key.lone.then(name)
}

pub(crate) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// A diagnostic as the reason why something could not be done.
pub(crate) fn invalid(workspace: &Workspace, folder: &str, diagnostic: &Diagnostic) -> ApiError {
    let file = join(folder, &diagnostic.file);
    let text = workspace.read_text(&file).map(|f| f.text).unwrap_or_default();
    let problem = problem(folder, &text, diagnostic);
    let error = ApiError::new(
        Code::InvalidPrompt,
        format!(
            "{}:{}:{}: {} ({})",
            problem.file, problem.line, problem.column, problem.message, problem.code
        ),
    );
    match problem.hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

pub(crate) fn refuse_broken(open: &Open, key: &PromptKey, prompt: &Prompt) -> Result<(), ApiError> {
    match prompt.errors().next() {
        Some(first) => Err(invalid(&open.workspace, &folder(key), first)),
        None => Ok(()),
    }
}

fn no_variant(prompt: &Prompt, wanted: Option<&str>) -> ApiError {
    let known: Vec<_> = prompt.variants.iter().map(|v| v.id.as_str()).collect();
    let message = match wanted {
        Some(id) => format!("{} has no variant `{id}`", prompt.name),
        None => format!("{} has no variant", prompt.name),
    };
    ApiError::new(Code::NotFound, message).hint(format!("Variants: {}.", known.join(", ")))
}

fn chosen_case(prompt: &Prompt, command: &RenderPrompt) -> Result<Row, ApiError> {
    if let Some(text) = &command.input {
        return given_input(text);
    }
    let mut cases = prompt.run_cases().into_iter();
    let case = match &command.case {
        Some(id) => cases.find(|c| c.id == *id),
        None => cases.next(),
    };
    case.ok_or_else(|| {
        let wanted = command.case.as_deref().unwrap_or("any");
        ApiError::new(Code::NotFound, format!("{} has no case `{wanted}`", prompt.name))
    })
}

/// A case made of given input, for trying a prompt on something that is in no file.
fn given_input(text: &str) -> Result<Row, ApiError> {
    let input = serde_json::from_str(text).map_err(|e| {
        ApiError::new(Code::BadInput, format!("the input is not a JSON object: {e}"))
    })?;
    Ok(Row { id: "input".to_owned(), input, ..Row::default() })
}

/// A rendered message, piece by piece.
pub(crate) fn message_view(message: &Message) -> MessageView {
    let content = message
        .segments
        .iter()
        .map(|s| SegmentView {
            text: s.text.clone(),
            from: match &s.from {
                Origin::Template => "template".to_owned(),
                Origin::Input(name) => name.clone(),
                Origin::Example(id) => format!("example {id}"),
            },
        })
        .collect();
    MessageView { role: message.role.as_str().to_owned(), content }
}
