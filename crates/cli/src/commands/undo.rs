//! `assay undo`: the last git command taken back.

use assay_app::App;
use assay_wire::{ApiError, ReadUndos, UndoGit, UndoView};
use serde_json::{Value, json};

use crate::arguments::Undo;
use crate::exit::Exit;
use crate::output::{Output, counted};

pub(crate) fn execute(app: &App, arguments: &Undo, output: &Output) -> Result<Exit, ApiError> {
    if arguments.list {
        return list(&app.call(ReadUndos {})?, output);
    }
    let undone = app.call(UndoGit {})?;
    let document = json!({
        "schema": "assay.undo/1",
        "undone": step(&undone.step), "refs": undone.refs, "files": undone.files,
    });
    output.show(&document, || {
        let files = counted(undone.files.len() as u32, "file");
        let mut text = format!("took back `{}` ({files})", undone.step.command);
        for sent in &undone.step.sent {
            text.push_str(&format!("\nwhat was sent stays there: {sent}"));
        }
        text
    })?;
    Ok(Exit::Done)
}

fn list(steps: &[UndoView], output: &Output) -> Result<Exit, ApiError> {
    let document = json!({
        "schema": "assay.undo/1",
        "steps": steps.iter().map(step).collect::<Vec<_>>(),
    });
    output.show(&document, || {
        let lines: Vec<_> = steps.iter().map(|step| step.command.as_str()).collect();
        if lines.is_empty() { "nothing to undo".to_owned() } else { lines.join("\n") }
    })?;
    Ok(Exit::Done)
}

fn step(step: &UndoView) -> Value {
    json!({"command": step.command, "timeS": step.time_s, "sent": step.sent})
}
