//! What is governed at a commit, and the rules there, read from git's objects.
//!
//! Nothing is checked out and nothing runs. What cannot be read is told, never skipped: a prompt that is
//! left out of the reading would be one that nobody has to approve.

use std::collections::{BTreeMap, BTreeSet};

use assay_prompt::{Files, Prompt, REPOSITORY_FILE, Variant, content_id_with_files, files_shown};
use serde::Serialize;
use serde_json::{Value, json};

use super::content::{Content, Item, Unnamed};
use super::policy::{POLICY_FILE, Rules, RulesError};
use super::signers::SIGNERS_FILE;
use super::statement::{Role, Subject};
use crate::discover::{PromptKey, VARIANT, find, join};
use crate::file::{MAX_FILE, digest};
use crate::{RepoError, Revision, change};

/// The longest text that could be the name of a file.
const MAX_NAME: usize = 4_096;

/// Stands for the digest of what is not there.
const ABSENT: &str = "none";

/// The largest picture or file of a case that is read.
const MAX_MEDIA: u64 = 20_000_000;

/// Why a commit has no rules.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The commit cannot be read.
    #[error(transparent)]
    Repo(#[from] RepoError),
    /// Its rules are not understood.
    #[error(transparent)]
    Rules(#[from] RulesError),
}

impl Revision {
    /// Policy and allowed signers of the commit. Those of a target branch decide, never a proposal's.
    ///
    /// # Errors
    /// When one of the files is there and cannot be read or understood.
    pub fn rules(&self) -> Result<Rules, ReadError> {
        let policy = self.text_if_there(POLICY_FILE)?;
        let signers = self.text_if_there(SIGNERS_FILE)?;
        Ok(Rules::read(policy.as_deref(), signers.as_deref())?)
    }

    /// Everything at the commit that can be approved, by content.
    ///
    /// # Errors
    /// When the commit itself, or what stands in its `.assay` folder, cannot be read.
    pub fn content(&self) -> Result<Content, RepoError> {
        let mut content = Content { repository: self.config()?.0.id, ..Content::default() };
        for (role, file) in [
            (Role::Policy, POLICY_FILE),
            (Role::Signers, SIGNERS_FILE),
            (Role::Repository, REPOSITORY_FILE),
        ] {
            content.items.push(self.whole_file(role, file)?);
        }
        let mut homes: BTreeMap<String, String> = BTreeMap::new();
        let prompts = self.prompts()?;
        for key in &prompts {
            match self.prompt_content(key, &prompts, &mut homes) {
                Ok(items) => content.items.extend(items),
                Err(unnamed) => content.unnamed.push(unnamed),
            }
        }
        Ok(content)
    }

    fn whole_file(&self, role: Role, file: &str) -> Result<Item, RepoError> {
        let found = self.text_if_there(file)?;
        let digest = found.map_or_else(|| ABSENT.to_owned(), |text| digest(text.as_bytes()));
        let subject = Subject { role, prompt: String::new(), variant: String::new(), digest };
        Ok(Item { subject, path: file.to_owned(), gates: 0 })
    }

    /// Everything of one prompt, out of `prompts`. `homes` tells where each id was met before.
    fn prompt_content(
        &self,
        key: &PromptKey,
        prompts: &[PromptKey],
        homes: &mut BTreeMap<String, String>,
    ) -> Result<Vec<Item>, Unnamed> {
        let path = key.key.clone();
        let unreadable = |error: RepoError| Unnamed::Unreadable {
            path: key.key.clone(),
            reason: error.to_string(),
        };
        let files = self.files(key).map_err(unreadable)?;
        let prompt = change::parse(key, &files);
        let id = permanent_id(key, &prompt).ok_or(Unnamed::NoId { path: path.clone() })?;
        if let Some(other) = homes.insert(id.clone(), path.clone()) {
            return Err(Unnamed::SharedId { id, path, other });
        }
        let media = self.media(key, &prompt).map_err(unreadable)?;
        let (id, prompt, files, media) = (&id, &prompt, &files, &media);
        Ok(Measured { revision: self, key, prompts, id, prompt, files, media }.items())
    }

    /// The pictures and files that cases and examples show, by their path below the prompt's folder. One
    /// that is not there is left out, and counts as that.
    fn media(
        &self,
        key: &PromptKey,
        prompt: &Prompt,
    ) -> Result<BTreeMap<String, Vec<u8>>, RepoError> {
        let mut media = BTreeMap::new();
        let attached = prompt.cases.rows.iter().flat_map(|row| row.attachments.iter().cloned());
        let wanted: BTreeSet<String> =
            files_shown(prompt, |_| true).into_iter().chain(attached).collect();
        for path in wanted {
            match self.read_bytes(&join(key.base(), &path), MAX_MEDIA) {
                Ok(bytes) => {
                    media.insert(path, bytes);
                }
                Err(RepoError::NotFound { .. } | RepoError::OutsideWorkspace { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(media)
    }

    /// A file of the rules. What git does not see because its folder is a link or another repository, whoever
    /// checks it out would: there are no rules then, rather than none that bind.
    fn text_if_there(&self, file: &str) -> Result<Option<String>, RepoError> {
        self.require_folder_of(file)?;
        match self.read_bytes(file, MAX_FILE) {
            Ok(bytes) => crate::file::into_text(file, bytes).map(Some),
            Err(RepoError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn is_named_by(file: &str, name: &str) -> bool {
    file == name || file.strip_suffix(name).is_some_and(|folder| folder.ends_with('/'))
}

/// What names a prompt for good. A lone file has no manifest for an id, so its path stands for one, and
/// moving it asks for approval again.
fn permanent_id(key: &PromptKey, prompt: &Prompt) -> Option<String> {
    let by_path = || key.lone.then(|| format!("path:{}", key.key));
    prompt.id.clone().filter(|id| !id.is_empty()).or_else(by_path)
}

/// A prompt, and everything it is measured with.
struct Measured<'a> {
    revision: &'a Revision,
    key: &'a PromptKey,
    /// All that the commit has.
    prompts: &'a [PromptKey],
    id: &'a str,
    prompt: &'a Prompt,
    files: &'a Files,
    media: &'a BTreeMap<String, Vec<u8>>,
}

impl Measured<'_> {
    fn items(&self) -> Vec<Item> {
        let mut items = vec![
            self.item(Role::Cases, "", self.cases()),
            self.item(Role::Scorers, "", self.scorers()),
            self.item(Role::Suite, "", self.suite()),
        ];
        for variant in &self.prompt.variants {
            let bytes = |path: &str| self.media.get(path).map(Vec::as_slice);
            let id = content_id_with_files(self.prompt, variant, bytes);
            items.push(self.item(Role::Prompt, &variant.id, id));
        }
        items
    }

    fn item(&self, role: Role, variant: &str, digest: String) -> Item {
        let gates = if role == Role::Suite { self.prompt.evals.gates.len() } else { 0 };
        let subject =
            Subject { role, prompt: self.id.to_owned(), variant: variant.to_owned(), digest };
        Item { subject, path: self.key.key.clone(), gates }
    }

    /// The cases as rows, however their file is written, and the bytes of what they show.
    fn cases(&self) -> String {
        let media: BTreeMap<_, _> =
            self.media.iter().map(|(path, bytes)| (path, digest(bytes))).collect();
        digest_of(&json!({"rows": without_places(&self.prompt.cases.rows), "files": media}))
    }

    /// The scorers, and the files and judge prompts they name.
    fn scorers(&self) -> String {
        let specs = without_places(&self.prompt.evals.scorers);
        let mut named = BTreeSet::new();
        gather_texts(&specs, &mut named);
        let files: BTreeMap<_, _> = self
            .files
            .iter()
            .filter(|(file, _)| named.iter().any(|name| is_named_by(file, name)))
            .map(|(file, text)| (file.as_str(), digest(text.as_bytes())))
            .collect();
        let judges: BTreeMap<_, _> =
            self.judges().into_iter().map(|name| (name, self.judge_digest(name))).collect();
        digest_of(&json!({"scorers": specs, "files": files, "judges": judges}))
    }

    /// What the scorers call the prompts that judge: by name, folder or file.
    fn judges(&self) -> Vec<&str> {
        let scorers = self.prompt.evals.scorers.iter();
        scorers.filter_map(|scorer| scorer.extra.get("prompt")?.as_str()).collect()
    }

    /// All texts of a judge's prompt, found as a run finds it: among the prompts, or where it says.
    fn judge_digest(&self, name: &str) -> String {
        let key = find(self.prompts, name).unwrap_or_else(|_| at_place(name));
        match self.revision.files(&key) {
            Ok(files) if !files.is_empty() => digest_of(&json!(files)),
            Ok(_) => ABSENT.to_owned(),
            Err(error) => error.to_string(),
        }
    }

    /// The models, repeats and gates. Where the suite names no model, each variant runs on its own.
    fn suite(&self) -> String {
        let evals = &self.prompt.evals;
        let (models, gates) = (without_places(&evals.models), without_places(&evals.gates));
        let own = |variant: &Variant| {
            let model = &variant.model;
            json!([variant.id, model.provider, model.id, model.api_type])
        };
        let own: Vec<Value> = match evals.models.is_empty() {
            true => self.prompt.variants.iter().map(own).collect(),
            false => Vec::new(),
        };
        let suite = json!({"models": models, "own": own, "repeat": evals.repeat, "gates": gates});
        digest_of(&suite)
    }
}

/// A judge's prompt that is none of the repository's prompts.
fn at_place(path: &str) -> PromptKey {
    let key = path.trim_end_matches('/').to_owned();
    let name = key.rsplit('/').next().unwrap_or(&key).to_owned();
    PromptKey { lone: name.ends_with(VARIANT), key, name }
}

fn digest_of(value: &Value) -> String {
    digest(value.to_string().as_bytes())
}

/// Values as they mean, without where they stand in their file.
fn without_places(items: &[impl Serialize]) -> Value {
    // What these types hold is plain data, which always becomes JSON; if not, it is at least unlike any.
    let mut value = serde_json::to_value(items).unwrap_or_else(|error| json!(error.to_string()));
    for item in value.as_array_mut().into_iter().flatten() {
        if let Some(fields) = item.as_object_mut() {
            fields.shift_remove("span");
        }
    }
    value
}

/// Every text in a value that could name a file, as it could: `./score.rhai` is a file beside the evals, which
/// may stand in a folder of their own.
fn gather_texts<'v>(value: &'v Value, texts: &mut BTreeSet<&'v str>) {
    match value {
        Value::String(text) => {
            let name = text.strip_prefix("./").unwrap_or(text);
            if !name.is_empty() && name.len() <= MAX_NAME && !name.contains('\n') {
                texts.insert(name);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| gather_texts(item, texts)),
        Value::Object(fields) => fields.values().for_each(|field| gather_texts(field, texts)),
        _ => {}
    }
}
