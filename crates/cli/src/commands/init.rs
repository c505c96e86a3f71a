//! `assay init`: a new repository from a template.

use std::path::Path;

use assay_app::App;
use assay_wire::{ApiError, Code, CreateWorkspace};
use serde_json::json;

use crate::arguments::Init;
use crate::exit::Exit;
use crate::output::Output;

pub(crate) fn execute(
    app: &App,
    directory: &Path,
    arguments: &Init,
    output: &Output,
) -> Result<Exit, ApiError> {
    let dir = directory.join(&arguments.dir);
    let path = std::path::absolute(&dir)
        .map_err(|e| ApiError::new(Code::BadInput, format!("{}: {e}", dir.display())))?;
    let made = app.call(CreateWorkspace {
        template: arguments.template.clone(),
        path: Some(path.display().to_string()),
    })?;
    let prompts: Vec<_> = made.prompts.iter().map(|p| p.name.as_str()).collect();
    let document = json!({
        "schema": "assay.init/1",
        "path": made.path,
        "template": arguments.template,
        "prompts": prompts,
    });
    output.show(&document, || {
        let name = prompts.first().copied().unwrap_or_default();
        format!("Made {}\nTry it: cd {} && assay run {name} --tag smoke", made.path, dir.display())
    })?;
    Ok(Exit::Done)
}
