//! `assay export`: a prompt in another format.

use std::path::Path;

use assay_app::App;
use assay_wire::{ApiError, Code, ExportPrompt, ExportView};
use serde_json::{Value, json};

use crate::arguments::Export;
use crate::commands::import::{absolute, note, notes};
use crate::exit::Exit;
use crate::output::Output;

pub(crate) fn execute(
    app: &App,
    directory: &Path,
    arguments: &Export,
    output: &Output,
) -> Result<Exit, ApiError> {
    let out = arguments.out.as_ref().map(|out| absolute(&directory.join(out))).transpose()?;
    let export = app.call(ExportPrompt {
        format: arguments.format.clone(),
        prompt: arguments.prompt.clone(),
        out,
        run: arguments.run.clone(),
    })?;
    if arguments.out.is_none() && !arguments.json.json && export.files.len() > 1 {
        return Err(several(&export));
    }
    // The one file goes to standard output as it is, so what is said of it goes elsewhere.
    if arguments.out.is_none() && !arguments.json.json {
        for line in notes(&export.notes).lines() {
            output.note(line);
        }
    }
    output.show(&document(&export), || text(&export))?;
    Ok(Exit::Done)
}

fn several(export: &ExportView) -> ApiError {
    let names: Vec<_> = export.files.iter().map(|file| file.name.as_str()).collect();
    let message = format!("{} writes several files: {}", export.format, names.join(", "));
    ApiError::new(Code::BadInput, message).hint("Say where they go with `--out DIR`.")
}

fn document(export: &ExportView) -> Value {
    let files: Vec<_> =
        export.files.iter().map(|file| json!({"name": file.name, "text": file.text})).collect();
    json!({
        "schema": "assay.export/1",
        "format": export.format,
        "files": files,
        "notes": export.notes.iter().map(note).collect::<Vec<_>>(),
        "wrote": export.wrote,
    })
}

fn text(export: &ExportView) -> String {
    if export.wrote.is_empty() {
        return export.files.iter().map(|file| file.text.as_str()).collect();
    }
    let wrote: String = export.wrote.iter().map(|path| format!("wrote {path}\n")).collect();
    notes(&export.notes) + wrote.as_str()
}
