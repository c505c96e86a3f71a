//! `assay check`: every problem with its place.

use assay_app::App;
use assay_wire::{ApiError, CheckPrompts, CheckView, Problem, Severity};
use serde_json::json;

use crate::arguments::Check;
use crate::exit::Exit;
use crate::output::{Output, counted};

pub(crate) fn execute(app: &App, arguments: &Check, output: &Output) -> Result<Exit, ApiError> {
    let check = app.call(CheckPrompts { prompts: arguments.prompts.clone() })?;
    let problems: Vec<_> = check.problems.iter().map(document).collect();
    let document = json!({
        "schema": "assay.check/1",
        "files": check.files,
        "errors": check.errors,
        "warnings": check.warnings,
        "problems": problems,
    });
    output.show(&document, || text(&check))?;
    Ok(if check.errors == 0 { Exit::Done } else { Exit::Failed })
}

fn document(problem: &Problem) -> serde_json::Value {
    json!({
        "code": problem.code,
        "severity": problem.severity,
        "message": problem.message,
        "hint": problem.hint,
        "file": problem.file,
        "span": [problem.span.0, problem.span.1],
        "line": problem.line,
        "column": problem.column,
    })
}

fn text(check: &CheckView) -> String {
    let mut text = String::new();
    for p in &check.problems {
        let severity = match p.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        text.push_str(&format!(
            "{}:{}:{}: {severity}[{}]: {}\n",
            p.file, p.line, p.column, p.code, p.message
        ));
        if let Some(hint) = &p.hint {
            text.push_str(&format!("  hint: {hint}\n"));
        }
    }
    text.push_str(&format!(
        "{}: {}, {}",
        counted(check.files, "file"),
        counted(check.errors, "error"),
        counted(check.warnings, "warning")
    ));
    text
}
