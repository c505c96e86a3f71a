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
        if undone.step.unfinished {
            text.push_str("\nit had been cut off, so all that changed since went with it: `assay undo` brings that back");
        }
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
        let lines: Vec<_> = steps.iter().map(line).collect();
        if lines.is_empty() { "nothing to undo".to_owned() } else { lines.join("\n") }
    })?;
    Ok(Exit::Done)
}

fn line(step: &UndoView) -> String {
    let cut_off = if step.unfinished { " (was cut off)" } else { "" };
    format!("{}{cut_off}", step.command)
}

fn step(step: &UndoView) -> Value {
    json!({
        "command": step.command, "timeS": step.time_s, "sent": step.sent, "unfinished": step.unfinished,
    })
}
