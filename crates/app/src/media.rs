//! Pictures and files that a run's cases show, read when it is planned.

use assay_engine::{MAX_MEDIA, MAX_MEDIA_OF_RUN, MediaFile, MediaFiles};
use assay_prompt::{Prompt, Row, files_shown};
use assay_repo::PromptKey;
use assay_wire::{ApiError, Code, RunRequest};

use crate::app::Open;
use crate::at::At;
use crate::error::Explain;
use crate::prompts::{folder, join};

/// Reads what the chosen cases of a prompt show. `read` counts the bytes of the whole run.
pub(crate) fn of_cases(
    at: &At,
    key: &PromptKey,
    prompt: &Prompt,
    request: &RunRequest,
    read: &mut u64,
) -> Result<MediaFiles, ApiError> {
    let mut files = MediaFiles::new();
    for name in files_shown(prompt, |case| is_chosen(request, case)) {
        let path = join(&folder(key), &name);
        let bytes = at.read_bytes(&path, MAX_MEDIA).map_err(|e| e.explain())?;
        *read += bytes.len() as u64;
        if *read > MAX_MEDIA_OF_RUN {
            let message = format!(
                "the pictures and files of this run are larger than {MAX_MEDIA_OF_RUN} bytes together"
            );
            return Err(ApiError::new(Code::BadInput, message)
                .hint("Choose fewer cases for one run, or make the files smaller."));
        }
        files.insert(name, MediaFile(bytes.into()));
    }
    Ok(files)
}

/// Reads what all cases of a prompt show, as far as it is there.
pub(crate) fn of_prompt(open: &Open, key: &PromptKey, prompt: &Prompt) -> MediaFiles {
    let folder = folder(key);
    let read = |name: String| {
        let bytes = open.workspace.read_bytes(&join(&folder, &name), MAX_MEDIA).ok()?;
        Some((name, MediaFile(bytes.into())))
    };
    files_shown(prompt, |_| false).into_iter().filter_map(read).collect()
}

/// As the engine chooses.
fn is_chosen(request: &RunRequest, case: &Row) -> bool {
    (request.cases.is_empty() || request.cases.contains(&case.id))
        && (request.tags.is_empty() || case.tags.iter().any(|tag| request.tags.contains(tag)))
}
