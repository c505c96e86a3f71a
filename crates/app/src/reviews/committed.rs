//! Whether what a run used is committed, and was all of its suite.
//!
//! The run's own record is compared with a commit, file by file, so it does not matter whether the run was made before
//! or after the commit, or what the worktree holds by now.

use assay_engine::{MediaFile, PromptSource, RunRequest, RunSpec, built_in_judge};
use assay_prompt::Evals;
use assay_repo::{PromptKey, Revision};
use assay_wire::{ApiError, Code};

use crate::app::Open;
use crate::error::Explain;
use crate::prompts::{folder, join};

/// The largest picture or file of a case that is compared.
const MAX_MEDIA: u64 = 20_000_000;

/// The commit that holds everything the run used.
pub(super) fn require_committed(open: &Open, spec: &RunSpec) -> Result<Revision, ApiError> {
    let commit = spec.commit.clone().or_else(|| open.workspace.head());
    let commit = commit.ok_or_else(|| dirty("there is no commit yet"))?;
    let revision = open.workspace.revision(&commit).map_err(|e| e.explain())?;
    let (config, _) = revision.config().map_err(|e| e.explain())?;
    if config.models != spec.aliases || config.options != spec.options {
        return Err(dirty("assay.yaml was not committed as the run used it"));
    }
    let keys = revision.prompts().map_err(|e| e.explain())?;
    for source in &spec.prompts {
        let key = keys.iter().find(|key| key.key == source.key);
        let key = key.ok_or_else(|| not_as_run(&source.key))?;
        require_prompt(&revision, key, source)?;
        require_whole_suite(&spec.request, source)?;
    }
    for (name, source) in &spec.judges {
        require_judge(&revision, name, source)?;
    }
    Ok(revision)
}

fn require_prompt(
    revision: &Revision,
    key: &PromptKey,
    source: &PromptSource,
) -> Result<(), ApiError> {
    if source.judged_by.is_some() {
        let message = format!("{} was asked the cases of another revision", source.key);
        return Err(ApiError::new(Code::BadInput, message)
            .hint("Attest the run of the head; that of the base is what it is compared with."));
    }
    if revision.files(key).map_err(|e| e.explain())? != source.files {
        return Err(not_as_run(&source.key));
    }
    for (path, MediaFile(bytes)) in &source.media {
        let path = join(&folder(key), path);
        let committed = revision.read_bytes(&path, MAX_MEDIA);
        if !committed.is_ok_and(|committed| committed[..] == bytes[..]) {
            return Err(not_as_run(&path));
        }
    }
    Ok(())
}

/// A judge of the repository must be committed as it judged; a built-in one comes with Assay.
fn require_judge(revision: &Revision, name: &str, source: &PromptSource) -> Result<(), ApiError> {
    let key = PromptKey {
        key: source.key.clone(),
        name: source.name.clone(),
        lone: source.lone.is_some(),
    };
    let committed = revision.files(&key).map_err(|e| e.explain())?;
    let is_built_in = || built_in_judge(name).is_some_and(|own| own.files == source.files);
    if committed == source.files || (committed.is_empty() && is_built_in()) {
        return Ok(());
    }
    Err(not_as_run(&source.key))
}

/// Numbers of some of the cases, or of other models, are no evidence for the whole.
fn require_whole_suite(request: &RunRequest, source: &PromptSource) -> Result<(), ApiError> {
    let evals = source.parse().evals;
    let Some(what) = narrower(request, &evals) else { return Ok(()) };
    let message = format!("the run asked {what} of {}", source.key);
    Err(ApiError::new(Code::BadInput, message)
        .hint("Run the whole suite, without --case, --tag, --model, --repeat and --shard; answers come from the cache."))
}

fn narrower(request: &RunRequest, evals: &Evals) -> Option<&'static str> {
    let is_like_models = request.models.is_empty()
        || evals.models.is_empty()
        || request.models.iter().eq(evals.models.iter().map(|model| &model.id));
    if !request.cases.is_empty() || !request.tags.is_empty() {
        Some("only some cases")
    } else if request.shard.is_some() {
        Some("only a shard")
    } else if request.repeat.is_some_and(|repeat| repeat != evals.repeat) {
        Some("other repeats than the suite")
    } else if !is_like_models {
        Some("other models than the suite")
    } else {
        None
    }
}

fn not_as_run(path: &str) -> ApiError {
    dirty(&format!("{path} is not committed as the run used it"))
}

fn dirty(message: &str) -> ApiError {
    ApiError::new(Code::BadInput, message)
        .hint("Commit what was run, or run again what is committed; answers come from the cache.")
}

#[cfg(test)]
mod tests {
    use assay_prompt::{EvalModel, Options};

    use super::*;

    #[test]
    fn a_run_of_a_part_is_told_by_what_it_left_out() {
        let model = |id: &str| EvalModel { id: id.to_owned(), options: Options::default() };
        let evals = Evals { models: vec![model("a/b")], ..Evals::default() };
        let told = |request: &RunRequest| narrower(request, &evals);
        let whole = RunRequest { models: vec!["a/b".to_owned()], ..RunRequest::default() };
        assert_eq!(told(&RunRequest::default()), None);
        assert_eq!(told(&whole), None);
        let other = RunRequest { models: vec!["a/c".to_owned()], ..RunRequest::default() };
        assert_eq!(told(&other), Some("other models than the suite"));
        let some = RunRequest { tags: vec!["german".to_owned()], ..whole.clone() };
        assert_eq!(told(&some), Some("only some cases"));
        let twice = RunRequest { repeat: Some(2), ..whole };
        assert_eq!(told(&twice), Some("other repeats than the suite"));
    }
}
