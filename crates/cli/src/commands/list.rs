//! `assay list`: prompts, variants, cases.

use assay_app::App;
use assay_wire::{ApiError, ReadWorkspace};
use serde_json::json;

use crate::exit::Exit;
use crate::output::{Output, counted, table};

pub(crate) fn execute(app: &App, output: &Output) -> Result<Exit, ApiError> {
    let workspace = app.call(ReadWorkspace {})?;
    let prompts: Vec<_> = workspace
        .prompts
        .iter()
        .map(|p| {
            json!({
                "prompt": p.key, "name": p.name, "description": p.description,
                "variants": p.variants, "cases": p.cases, "examples": p.examples,
                "errors": p.errors, "warnings": p.warnings,
            })
        })
        .collect();
    let document = json!({
        "schema": "assay.list/1",
        "path": workspace.path,
        "branch": workspace.branch,
        "head": workspace.head,
        "prompts": prompts,
    });
    output.show(&document, || {
        if workspace.prompts.is_empty() {
            return "This repository holds no prompts.".to_owned();
        }
        let mut rows = vec![
            ["PROMPT", "VARIANTS", "CASES", "EXAMPLES", "PROBLEMS"].map(str::to_owned).to_vec(),
        ];
        rows.extend(workspace.prompts.iter().map(|p| {
            vec![
                p.key.clone(),
                p.variants.join(", "),
                p.cases.to_string(),
                p.examples.to_string(),
                problems(p.errors, p.warnings),
            ]
        }));
        table(&rows)
    })?;
    Ok(Exit::Done)
}

fn problems(errors: u32, warnings: u32) -> String {
    match (errors, warnings) {
        (0, 0) => "none".to_owned(),
        (0, warnings) => counted(warnings, "warning"),
        (errors, 0) => counted(errors, "error"),
        _ => format!("{}, {}", counted(errors, "error"), counted(warnings, "warning")),
    }
}
