//! `assay clone`: a repository of prompts from elsewhere.

use std::path::Path;

use assay_app::App;
use assay_wire::{ApiError, CloneWorkspace};
use serde_json::json;

use super::import::absolute;
use super::sync::following;
use crate::arguments::CloneFrom;
use crate::exit::Exit;
use crate::output::{Output, counted};

/// A plain clone has no statements.
const FOLLOWS: &str = "signed statements came along, and do with every `git fetch`: they were added to what it fetches";

pub(crate) fn execute(
    app: &App,
    directory: &Path,
    arguments: &CloneFrom,
    output: &Output,
) -> Result<Exit, ApiError> {
    let path = arguments.into.as_ref().map(|into| absolute(&directory.join(into))).transpose()?;
    let below = Some(absolute(&directory.to_path_buf())?);
    let view = following(app, output, || {
        app.call(CloneWorkspace {
            address: arguments.address.clone(),
            path,
            below,
            branch: arguments.branch.clone(),
        })
    })?;
    let document = json!({
        "schema": "assay.clone/1",
        "path": view.path, "branch": view.branch, "head": view.head,
        "prompts": view.prompts.iter().map(|prompt| &prompt.key).collect::<Vec<_>>(),
    });
    output.show(&document, || {
        let prompts = counted(view.prompts.len() as u32, "prompt");
        format!("{} with {prompts}\nnothing of it runs until you trust it\n{FOLLOWS}", view.path)
    })?;
    Ok(Exit::Done)
}
