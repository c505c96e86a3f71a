//! `assay propose`: what a branch has, proposed and signed.

use assay_app::App;
use assay_wire::{ApiError, Propose, ReadChanges};
use serde_json::json;

use super::review::{document, text};
use crate::arguments::ProposeBranch;
use crate::exit::Exit;
use crate::output::{Output, counted};

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
    let changes = app.call(ReadChanges {})?;
    let left = match changes.branch.as_ref() == Some(&proposal.branch) {
        true => changes.files.len() as u32,
        false => 0,
    };
    output.show(&document, || {
        let mut said = text::proposal(&proposal);
        if left > 0 {
            let files = counted(left, "file");
            said.push_str(&format!("left out, since not committed: changes of {files}\n"));
        }
        format!("{said}\nassay sync sends the branch and the proposal")
    })?;
    Ok(Exit::Done)
}
