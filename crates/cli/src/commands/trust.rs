//! `assay trust`: whether this repository may run something without being asked.

use assay_app::App;
use assay_wire::{ApiError, ReadWorkspace, SetTrust, WorkspaceView};
use serde_json::json;

use crate::arguments::{Trust, TrustVerb};
use crate::exit::Exit;
use crate::output::Output;

pub(crate) fn execute(app: &App, arguments: &Trust, output: &Output) -> Result<Exit, ApiError> {
    let workspace = match arguments.verb {
        TrustVerb::Status => app.call(ReadWorkspace {})?,
        TrustVerb::Grant => app.call(SetTrust { trusted: true })?,
        TrustVerb::Revoke => app.call(SetTrust { trusted: false })?,
    };
    let WorkspaceView { path, trusted, .. } = &workspace;
    let document = json!({"schema": "assay.trust/1", "path": path, "trusted": trusted});
    output.show(&document, || match trusted {
        true => format!("{path} is trusted; to take that back: assay trust revoke"),
        false => format!(
            "{path} is not trusted: the window runs nothing of it before you press Run.\nassay trust grant trusts it."
        ),
    })?;
    Ok(Exit::Done)
}
