//! Edits of whole prompts and variants. Each is a list of steps on files that can be taken back.

use std::collections::{BTreeSet, VecDeque};

use assay_prompt::edit::{self, Changes, EditError};
use assay_prompt::{Files, MANIFEST_FILE};
use assay_repo::{PromptKey, Step};
use assay_wire::*;

use crate::app::{App, Open};
use crate::environment::new_id;
use crate::error::Explain;
use crate::prompts::{find, folder, join, lone_file};
use crate::router::Answer;

/// How many edits can be taken back; the oldest is forgotten first.
const KEPT: usize = 50;

/// The edits that can be taken back, newest last.
#[derive(Debug, Default)]
pub(crate) struct Undos {
    next: u64,
    kept: VecDeque<Undo>,
}

#[derive(Debug)]
struct Undo {
    name: String,
    root: String,
    /// The prompt as it was called before.
    prompt: Option<String>,
    steps: Vec<Step>,
    moved: Moved,
}

/// Files that go on under another name, from and to, although their steps do not say so: what is
/// typed in them and not saved goes along.
type Moved = Vec<(String, String)>;

impl Undos {
    fn keep(
        &mut self,
        root: String,
        prompt: Option<String>,
        steps: Vec<Step>,
        moved: Moved,
    ) -> String {
        self.next += 1;
        let name = self.next.to_string();
        self.kept.push_back(Undo { name: name.clone(), root, prompt, steps, moved });
        if self.kept.len() > KEPT {
            self.kept.pop_front();
        }
        name
    }

    fn take(&mut self, root: &str, name: &str) -> Option<Undo> {
        let at = self.kept.iter().position(|undo| undo.name == name && undo.root == root)?;
        self.kept.remove(at)
    }

    fn put_back(&mut self, undo: Undo) {
        self.kept.push_back(undo);
    }
}

impl Answer<CreatePrompt> for App {
    fn answer(&self, command: CreatePrompt) -> Result<Edited, ApiError> {
        let open = self.workspace()?;
        let key = self.new_key(&open, &command.name)?;
        let name = key.rsplit('/').next().unwrap_or(&key);
        let files = edit::new_prompt(name, &new_id());
        let steps = writes(&key, files);
        self.edit(&open, None, Some(key.clone()), format!("Made {key}"), &steps)
    }
}

impl Answer<DuplicatePrompt> for App {
    fn answer(&self, command: DuplicatePrompt) -> Result<Edited, ApiError> {
        let open = self.workspace()?;
        let source = find(&open, &command.prompt)?;
        let files = open.workspace.files(&source).map_err(|e| e.explain())?;
        let done = format!("Copied {} to {}", source.name, command.name);
        if let Some(file) = lone_file(&source) {
            let to = self.renamed(&open, &source, &command.name)?;
            let text = files.get(&file).cloned().unwrap_or_default();
            let steps = [Step::Write { path: to.clone(), text, base: None }];
            return self.edit(&open, Some(source.key), Some(to), done, &steps);
        }
        let to = self.renamed(&open, &source, &command.name)?;
        let id = new_id();
        let files = edit::duplicate_prompt(&files, &id).map_err(|e| refused(&source, &e))?;
        let steps = writes(&to, files);
        self.edit(&open, Some(source.key), Some(to), done, &steps)
    }
}

impl Answer<RenamePrompt> for App {
    fn answer(&self, command: RenamePrompt) -> Result<Edited, ApiError> {
        let open = self.workspace()?;
        let key = find(&open, &command.prompt)?;
        let to = self.renamed(&open, &key, &command.name)?;
        let steps = [Step::Move { from: key.key.clone(), to: to.clone() }];
        let done = format!("Renamed {} to {to}", key.key);
        self.edit(&open, Some(key.key), Some(to), done, &steps)
    }
}

impl Answer<DeletePrompt> for App {
    fn answer(&self, command: DeletePrompt) -> Result<Edited, ApiError> {
        let open = self.workspace()?;
        let key = find(&open, &command.prompt)?;
        refuse_root(&key, "deleted")?;
        let steps = [Step::Discard { path: key.key.clone() }];
        let done = format!("Deleted {}", key.key);
        self.edit(&open, Some(key.key), None, done, &steps)
    }
}

impl Answer<ConvertPrompt> for App {
    fn answer(&self, command: ConvertPrompt) -> Result<Edited, ApiError> {
        let open = self.workspace()?;
        let key = find(&open, &command.prompt)?;
        let Some(file) = lone_file(&key) else {
            let message = format!("{} is a folder with a manifest already", key.name);
            return Err(ApiError::new(Code::BadInput, message));
        };
        let files = open.workspace.files(&key).map_err(|e| e.explain())?;
        let id = new_id();
        let changes = edit::manifest_for_lone(&file, &files, &id).map_err(|e| refused(&key, &e))?;
        let to = key.key.trim_end_matches(".prompty").to_owned();
        let mut steps = vec![Step::Move { from: key.key.clone(), to: join(&to, &file) }];
        let written = changes.into_iter().filter_map(|(name, text)| Some((name, text?)));
        steps.extend(writes(&to, written.collect()));
        let done = format!("Made a folder of {}", key.name);
        self.edit(&open, Some(key.key), Some(to), done, &steps)
    }
}

impl Answer<AddVariant> for App {
    fn answer(&self, command: AddVariant) -> Result<Edited, ApiError> {
        let done = format!("Added the variant {}", command.id);
        self.edit_files(&command.prompt, done, |files| match &command.from {
            Some(from) => edit::duplicate_variant(files, from, &command.id),
            None => edit::add_variant(files, &command.id),
        })
    }
}

impl Answer<RenameVariant> for App {
    fn answer(&self, command: RenameVariant) -> Result<Edited, ApiError> {
        let done = format!("Renamed the variant {} to {}", command.variant, command.id);
        self.edit_files(&command.prompt, done, |files| {
            edit::rename_variant(files, &command.variant, &command.id)
        })
    }
}

impl Answer<DeleteVariant> for App {
    fn answer(&self, command: DeleteVariant) -> Result<Edited, ApiError> {
        let done = format!("Deleted the variant {}", command.variant);
        self.edit_files(&command.prompt, done, |files| {
            edit::remove_variant(files, &command.variant)
        })
    }
}

impl Answer<UndoEdit> for App {
    fn answer(&self, command: UndoEdit) -> Result<Edited, ApiError> {
        let open = self.workspace()?;
        let Some(undo) = self.undos().take(&open.root(), &command.undo) else {
            let message = "this edit can no longer be taken back";
            return Err(ApiError::new(Code::NotFound, message)
                .hint("What was deleted is kept in `.git/assay-discarded`."));
        };
        let moved: Moved = undo.moved.iter().cloned().map(|(from, to)| (to, from)).collect();
        match self.apply(&open, &undo.steps, &moved) {
            Ok(redo) => {
                let prompt = undo.prompt.clone();
                let again = self.undos().keep(undo.root, undo.prompt, redo, moved);
                Ok(Edited { prompt, done: "Took the edit back".to_owned(), undo: again })
            }
            Err(error) => {
                self.undos().put_back(undo);
                Err(error)
            }
        }
    }
}

impl App {
    /// Applies what `change` makes of a prompt's files.
    fn edit_files(
        &self,
        prompt: &str,
        done: String,
        change: impl Fn(&Files) -> Result<Changes, EditError>,
    ) -> Result<Edited, ApiError> {
        let open = self.workspace()?;
        let key = find(&open, prompt)?;
        if key.lone {
            let message = format!("{} is a lone file, which has one variant", key.name);
            return Err(ApiError::new(Code::BadInput, message)
                .hint("Make a folder of it first: `assay prompt convert`."));
        }
        let files = open.workspace.files(&key).map_err(|e| e.explain())?;
        let changes = change(&files).map_err(|e| refused(&key, &e))?;
        let moved = moved(&folder(&key), &files, &changes);
        let steps = steps(&folder(&key), &files, changes);
        let undo = self.apply(&open, &steps, &moved)?;
        let undo = self.undos().keep(open.root(), Some(key.key.clone()), undo, moved);
        Ok(Edited { prompt: Some(key.key), done, undo })
    }

    /// Does the steps and remembers how to take them back.
    pub(crate) fn edit(
        &self,
        open: &Open,
        before: Option<String>,
        after: Option<String>,
        done: String,
        steps: &[Step],
    ) -> Result<Edited, ApiError> {
        let undo = self.apply(open, steps, &[])?;
        let undo = self.undos().keep(open.root(), before, undo, Moved::new());
        Ok(Edited { prompt: after, done, undo })
    }

    /// Does the steps, on the files and on what is typed and not saved yet.
    fn apply(
        &self,
        open: &Open,
        steps: &[Step],
        moved: &[(String, String)],
    ) -> Result<Vec<Step>, ApiError> {
        let undo = open.workspace.apply(steps).map_err(|e| e.explain())?;
        self.inner.notices.send(Notice::WorkspaceChanged);
        let by_step = steps.iter().filter_map(|step| match step {
            Step::Move { from, to } => Some((from, to)),
            _ => None,
        });
        for (from, to) in by_step.chain(moved.iter().map(|(from, to)| (from, to))) {
            self.move_drafts(&open.root(), from, to)?;
        }
        Ok(undo)
    }

    /// A draft follows the file it belongs to.
    fn move_drafts(&self, root: &str, from: &str, to: &str) -> Result<(), ApiError> {
        let store = &self.inner.store;
        for draft in store.drafts(root).map_err(|e| e.explain())? {
            let Some(below) = draft.path.strip_prefix(from) else { continue };
            if !(below.is_empty() || below.starts_with('/')) {
                continue;
            }
            let path = format!("{to}{below}");
            store
                .keep_draft(root, &path, &draft.text, draft.base.as_deref(), draft.at_ms)
                .and_then(|()| store.drop_draft(root, &draft.path))
                .map_err(|e| e.explain())?;
        }
        Ok(())
    }

    /// The key of a new prompt: `name` below the first folder of prompts, or a path of its own.
    pub(crate) fn new_key(&self, open: &Open, name: &str) -> Result<String, ApiError> {
        check_name(name)?;
        let folders = open.workspace.config().0.prompts;
        let folder = folders.first().map_or("", String::as_str);
        let folder = if folder == "." { "" } else { folder };
        Ok(if name.contains('/') { name.to_owned() } else { join(folder, name) })
    }

    /// What a prompt's key would be under another name: beside it, or at a path of its own.
    fn renamed(&self, _: &Open, key: &PromptKey, name: &str) -> Result<String, ApiError> {
        refuse_root(key, "renamed or copied")?;
        let name = if key.lone { name.trim_end_matches(".prompty") } else { name };
        check_name(name)?;
        let file = if key.lone { format!("{name}.prompty") } else { name.to_owned() };
        if name.contains('/') {
            return Ok(file);
        }
        let parent = key.key.rsplit_once('/').map_or("", |(parent, _)| parent);
        Ok(join(parent, &file))
    }
}

fn refuse_root(key: &PromptKey, done: &str) -> Result<(), ApiError> {
    if key.key != "." {
        return Ok(());
    }
    let message = format!("{} is the whole repository and cannot be {done}", key.name);
    Err(ApiError::new(Code::BadInput, message))
}

fn check_name(name: &str) -> Result<(), ApiError> {
    for part in name.split('/') {
        edit::check_name(part).map_err(|e| ApiError::new(Code::BadInput, e.to_string()))?;
    }
    Ok(())
}

/// Writes of files that do not exist yet.
pub(crate) fn writes(folder: &str, files: Files) -> Vec<Step> {
    files
        .into_iter()
        .map(|(name, text)| Step::Write { path: join(folder, &name), text, base: None })
        .collect()
}

/// Changes of a prompt's files as steps, each on the text that was read. What the manifest names is
/// there before it, and goes after it, so that a crash in between leaves a prompt that can be read.
fn steps(folder: &str, files: &Files, changes: Changes) -> Vec<Step> {
    let written = changes.iter().filter(|(_, text)| text.is_some());
    let written: BTreeSet<String> = written.map(|(name, _)| name.to_lowercase()).collect();
    let order = |(name, text): &(String, Option<String>)| match (text, name.as_str()) {
        // Where case is ignored, the new spelling is free only then.
        (None, _) if written.contains(&name.to_lowercase()) => 0,
        (Some(_), MANIFEST_FILE) => 2,
        (Some(_), _) => 1,
        (None, _) => 3,
    };
    let mut changes: Vec<_> = changes.into_iter().collect();
    changes.sort_by_key(order);
    changes
        .into_iter()
        .map(|(name, text)| {
            let path = join(folder, &name);
            let base = files.get(&name).map(|old| assay_repo::digest(old.as_bytes()));
            match text {
                Some(text) => Step::Write { path, text, base },
                None => Step::Discard { path },
            }
        })
        .collect()
}

/// Files that stand under another name afterwards, text and all.
fn moved(folder: &str, files: &Files, changes: &Changes) -> Moved {
    let new = |text: &String| {
        let is_it = |(name, now): &(&String, &Option<String>)| {
            !files.contains_key(*name) && now.as_ref() == Some(text)
        };
        changes.iter().find(is_it).map(|(name, _)| join(folder, name))
    };
    let gone = changes.iter().filter(|(_, text)| text.is_none());
    gone.filter_map(|(name, _)| Some((join(folder, name), new(files.get(name)?)?))).collect()
}

fn refused(key: &PromptKey, error: &EditError) -> ApiError {
    ApiError::new(Code::BadInput, format!("{}: {error}", key.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(changes: &[(&str, Option<&str>)], expected: &[&str]) {
        let changes: Changes =
            changes.iter().map(|(name, text)| ((*name).into(), text.map(str::to_owned))).collect();
        let order: Vec<_> = steps("p", &Files::new(), changes)
            .into_iter()
            .map(|step| match step {
                Step::Write { path, .. } => format!("write {path}"),
                Step::Discard { path } => format!("discard {path}"),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(order, expected);
    }

    #[test]
    fn the_manifest_never_names_a_file_that_is_not_there() {
        check(
            &[("a-old.prompty", None), ("prompt.yaml", Some("")), ("z-new.prompty", Some(""))],
            &["write p/z-new.prompty", "write p/prompt.yaml", "discard p/a-old.prompty"],
        );
    }

    #[test]
    fn a_file_makes_room_for_the_new_spelling_of_its_name() {
        check(
            &[("BRIEF.prompty", Some("")), ("brief.prompty", None), ("prompt.yaml", Some(""))],
            &["discard p/brief.prompty", "write p/BRIEF.prompty", "write p/prompt.yaml"],
        );
    }
}
