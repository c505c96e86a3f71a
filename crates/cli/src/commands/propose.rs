//! `assay propose`: what a branch has, proposed and signed.

use assay_app::App;
use assay_wire::{ApiError, Propose};
use serde_json::json;

use super::review::{document, text};
use crate::arguments::ProposeBranch;
use crate::exit::Exit;
use crate::output::Output;

pub(crate) fn execute(
    app: &App,
    arguments: &ProposeBranch,
    output: &Output,
) -> Result<Exit, ApiError> {
    let proposal = app.call(Propose {
        target: arguments.target.clone(),
        branch: arguments.branch.clone(),
        title: arguments.title.clone(),
        body: arguments.message.clone(),
        prompts: arguments.prompts.clone(),
    })?;
    let document = json!({
        "schema": "assay.propose/1",
        "proposal": document::proposal(&proposal),
    });
    output.show(&document, || {
        format!("{}\nassay sync sends the branch and the proposal", text::proposal(&proposal))
    })?;
    Ok(Exit::Done)
}
