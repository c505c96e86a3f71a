//! `assay commit`: a commit, with what it changed in words of prompts.

use assay_app::App;
use assay_wire::{ApiError, Commit as CommitCommand, ReadChanges};
use serde_json::json;

use crate::arguments::Commit;
use crate::exit::Exit;
use crate::output::Output;

pub(crate) fn execute(app: &App, arguments: &Commit, output: &Output) -> Result<Exit, ApiError> {
    let changes = app.call(ReadChanges {})?;
    let commit = app.call(CommitCommand {
        message: arguments.message.clone(),
        paths: arguments.paths.clone(),
        ..CommitCommand::default()
    })?;
    let left = app.call(ReadChanges {})?;
    let is_left = |path: &str| left.files.iter().any(|f| f.path == path);
    let committed: Vec<_> = changes.files.iter().filter(|f| !is_left(&f.path)).collect();
    let document = json!({
        "schema": "assay.commit/1",
        "commit": commit.id,
        "summary": commit.summary,
        "files": committed.iter().map(|f| json!({"path": f.path, "status": f.status})).collect::<Vec<_>>(),
    });
    output.show(&document, || {
        let mut text = format!("{} {}", &commit.id[..8.min(commit.id.len())], commit.summary);
        for file in &committed {
            text.push_str(&format!("\n  {}", file.path));
            for item in &file.items {
                text.push_str(&format!("\n    {} {}: {}", item.subject, item.id, item.summary));
            }
        }
        text
    })?;
    Ok(Exit::Done)
}
