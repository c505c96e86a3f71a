//! What a run was asked to do, in full.
//!
//! A [`RunSpec`] is stored with its run. It holds the text of the prompt's files as they were, so
//! that resuming a run, or looking at what a cell was sent, never depends on the working tree.
//! Beside it stands where each model was, so that a run that is taken up asks the same ones.

use std::collections::BTreeMap;

use assay_prompt::{
    Diagnostic, EvalModel, Evals, Files, Options, Prompt, Row, Rows, parse_folder, parse_lone,
};
use assay_store::Shard;
use serde::{Deserialize, Serialize};

use crate::media::MediaFiles;
use crate::scripts;

/// A prompt's files, as they were when the run was planned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PromptSource {
    /// Folder or file below the repository's root.
    pub key: String,
    /// Its name.
    pub name: String,
    /// The lone file's name, when the prompt is not a folder.
    pub lone: Option<String>,
    /// File name to text.
    pub files: Files,
    /// The pictures and files that its cases show.
    #[serde(default, skip_serializing_if = "MediaFiles::is_empty")]
    pub media: MediaFiles,
    /// What it is asked in place of its own cases, when it judges.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub questions: Option<Questions>,
    /// The files whose cases and evals are taken instead of its own, so that two revisions are asked the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged_by: Option<Files>,
}

/// What a judge prompt is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Questions {
    /// The model's id.
    pub model: String,
    /// The inputs, each with the id of its question.
    pub cases: Vec<Row>,
}

impl Questions {
    /// Puts itself in the place of the prompt's own cases, models and scorers. The first variant judges.
    fn put_into(&self, prompt: &mut Prompt) {
        let model = EvalModel { id: self.model.clone(), options: Options::default() };
        prompt.variants.truncate(1);
        prompt.cases = Rows { file: None, rows: self.cases.clone() };
        prompt.evals = Evals { models: vec![model], ..Evals::default() };
    }
}

impl PromptSource {
    /// Parses the files. Scripts of scorers that stand in files are in the scorers then.
    pub fn parse(&self) -> Prompt {
        let own = self.parsed(&self.files);
        let mut prompt = match &self.judged_by {
            Some(files) => judged_by(own, self.parsed(files)),
            None => own,
        };
        if let Some(questions) = &self.questions {
            questions.put_into(&mut prompt);
        }
        prompt
    }

    fn parsed(&self, files: &Files) -> Prompt {
        let mut prompt = match &self.lone {
            Some(file) => parse_lone(&self.name, file, files),
            None => parse_folder(&self.name, files),
        };
        scripts::fill_in(&mut prompt, files);
        prompt
    }
}

/// A prompt with the cases and evals of another. What was found wrong in its own is nothing to it any more.
fn judged_by(mut prompt: Prompt, other: Prompt) -> Prompt {
    let is_about_data = |of: &Prompt, found: &Diagnostic| {
        let data = [&of.cases.file, &of.evals.file];
        data.into_iter().any(|file| file.as_deref() == Some(found.file.as_str()))
    };
    let mut found = std::mem::take(&mut prompt.diagnostics);
    found.retain(|diagnostic| !is_about_data(&prompt, diagnostic));
    found.extend(other.diagnostics.iter().filter(|d| is_about_data(&other, d)).cloned());
    Prompt { diagnostics: found, cases: other.cases, evals: other.evals, ..prompt }
}

/// Which part of the matrix to run; empty lists mean all of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunRequest {
    /// Variant ids.
    pub variants: Vec<String>,
    /// Model ids or aliases; those of the evals when empty.
    pub models: Vec<String>,
    /// Case ids.
    pub cases: Vec<String>,
    /// Only cases with one of these tags.
    pub tags: Vec<String>,
    /// Samples per case; that of the evals when `None`.
    pub repeat: Option<u32>,
    /// Calls at once per model.
    pub concurrency: Option<u32>,
    /// Do not answer from the cache.
    pub no_cache: bool,
    /// What the run may cost, in US dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<f64>,
    /// Only the cells of this part of the matrix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
}

/// What a run was asked to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunSpec {
    /// Permanent id of the repository.
    pub workspace: String,
    /// The prompts.
    pub prompts: Vec<PromptSource>,
    /// Model aliases of `assay.yaml`.
    pub aliases: BTreeMap<String, String>,
    /// Those that its judges' models are named by, where they are not the same: both sides of a comparison are judged by
    /// the same judge, whatever an alias stood for at the base.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judge_aliases: Option<BTreeMap<String, String>>,
    /// Default options of `assay.yaml`.
    pub options: Options,
    /// Which part of the matrix.
    pub request: RunRequest,
    /// The prompts that its judges ask with, by the name that a question gives them. Built-in ones need not be here
    /// when a run is planned; they are from then on, so that it is judged by the same words on another day.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub judges: BTreeMap<String, PromptSource>,
    /// The commit whose prompts these are, when they are not those on disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

fn resolve(aliases: &BTreeMap<String, String>, id: &str) -> String {
    let alias = aliases.get(id).filter(|_| !id.contains('/'));
    alias.map_or_else(|| id.to_owned(), Clone::clone)
}

impl RunSpec {
    /// What an alias of `assay.yaml` stands for. A whole id, with its provider, is never an alias:
    /// a repository must not lead a chosen model elsewhere.
    pub(crate) fn resolve_alias(&self, id: &str) -> String {
        resolve(&self.aliases, id)
    }

    /// The same for the model of a judge.
    pub(crate) fn resolve_judge(&self, id: &str) -> String {
        resolve(self.judge_aliases.as_ref().unwrap_or(&self.aliases), id)
    }

    /// What runs, in words: the title of the run in lists.
    pub fn title(&self) -> String {
        let names: Vec<_> = self.prompts.iter().map(|p| p.name.as_str()).collect();
        let mut title = names.join(", ");
        if let Some(commit) = &self.commit {
            title.push_str(&format!(" · {}", commit.chars().take(8).collect::<String>()));
        }
        if !self.request.tags.is_empty() {
            title.push_str(&format!(" · {}", self.request.tags.join(", ")));
        }
        if !self.request.cases.is_empty() {
            title.push_str(&format!(" · {}", self.request.cases.join(", ")));
        }
        if let Some(shard) = self.request.shard {
            title.push_str(&format!(" · {} of {}", shard.index, shard.of));
        }
        title
    }
}

/// Where a model is, as far as a run that is taken up must know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Served {
    /// Scheme, host and port.
    pub origin: String,
    /// What else decides who answers: see [`Target`](crate::models::Target).
    pub by: [u8; 32],
}

/// Where models are, by their ids.
pub(crate) type Endpoints = BTreeMap<String, Served>;

/// What is stored of a run. Who reads it as a [`RunSpec`] passes over the rest.
#[derive(Serialize)]
struct Stored<'a> {
    #[serde(flatten)]
    spec: &'a RunSpec,
    endpoints: &'a Endpoints,
}

/// The part of what is stored that a [`RunSpec`] is not.
#[derive(Deserialize)]
struct StoredEndpoints {
    #[serde(default)]
    endpoints: Endpoints,
}

/// What is stored of a run whose models are at `endpoints`.
pub(crate) fn to_stored(spec: &RunSpec, endpoints: &Endpoints) -> serde_json::Result<String> {
    serde_json::to_string(&Stored { spec, endpoints })
}

/// Where the models of a stored run were when it began; those that nobody noted are missing.
pub(crate) fn stored_endpoints(stored: &str) -> serde_json::Result<Endpoints> {
    serde_json::from_str(stored).map(|stored: StoredEndpoints| stored.endpoints)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_run_reads_back_with_and_without_its_endpoints() {
        let spec = RunSpec {
            workspace: "w".to_owned(),
            prompts: Vec::new(),
            aliases: [("fast".to_owned(), "a/b".to_owned())].into(),
            judge_aliases: None,
            options: Options::default(),
            request: RunRequest { budget: Some(0.5), ..RunRequest::default() },
            judges: BTreeMap::new(),
            commit: None,
        };
        let served = Served { origin: "https://a.example".to_owned(), by: [7; 32] };
        let endpoints = Endpoints::from([("a/b".to_owned(), served)]);
        let stored = to_stored(&spec, &endpoints).expect("text");
        assert_eq!(serde_json::from_str::<RunSpec>(&stored).expect("a spec"), spec);
        assert_eq!(stored_endpoints(&stored).expect("endpoints"), endpoints);
        let older = serde_json::to_string(&spec).expect("text");
        assert_eq!(stored_endpoints(&older).expect("none"), Endpoints::new());
    }
}
