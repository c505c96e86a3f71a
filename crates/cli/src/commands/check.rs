//! `assay check`: every problem with its place.

use assay_app::App;
use assay_wire::{
    ApiError, CheckPrompts, CheckView, EditView, FindNearRows, FixProblems, NearRows, Problem,
    Severity,
};
use serde_json::{Value, json};

use crate::arguments::Check;
use crate::exit::Exit;
use crate::output::{Output, counted};

pub(crate) fn execute(app: &App, arguments: &Check, output: &Output) -> Result<Exit, ApiError> {
    let prompts = arguments.prompts.clone();
    let (check, fixed) = if arguments.fix {
        let fix =
            app.call(FixProblems { prompts: prompts.clone(), codes: arguments.code.clone() })?;
        (fix.left, Some((fix.fixed, fix.files)))
    } else {
        (app.call(CheckPrompts { prompts: prompts.clone() })?, None)
    };
    let near = match arguments.near {
        true => app.call(FindNearRows { prompts, threshold: None })?,
        false => Vec::new(),
    };
    let mut document = json!({
        "schema": "assay.check/1",
        "files": check.files,
        "errors": check.errors,
        "warnings": check.warnings,
        "problems": check.problems.iter().map(document).collect::<Vec<_>>(),
    });
    if let Some((count, files)) = &fixed {
        document["fixed"] = json!({"problems": count, "files": files});
    }
    if arguments.near {
        document["near"] = near.iter().map(near_document).collect();
    }
    output.show(&document, || {
        let fixed = fixed.map(|(n, _)| format!("fixed {}\n", counted(n, "problem")));
        [fixed.unwrap_or_default(), near.iter().map(near_text).collect(), text(&check)].concat()
    })?;
    Ok(if check.errors == 0 { Exit::Done } else { Exit::Failed })
}

fn near_document(rows: &NearRows) -> Value {
    json!({
        "prompt": rows.prompt,
        "rows": [rows.left, rows.right],
        "similarity": rows.similarity,
    })
}

fn near_text(rows: &NearRows) -> String {
    let NearRows { prompt, left, right, similarity } = rows;
    format!("{prompt}: {left} and {right} mean nearly the same ({similarity:.2})\n")
}

fn document(problem: &Problem) -> Value {
    let mut document = json!({
        "code": problem.code,
        "severity": problem.severity,
        "message": problem.message,
        "hint": problem.hint,
        "file": problem.file,
        "span": [problem.span.0, problem.span.1],
        "line": problem.line,
        "column": problem.column,
    });
    if let Some(fix) = &problem.fix {
        let edits: Vec<_> = fix.edits.iter().map(edit_document).collect();
        document["fix"] = json!({"title": fix.title, "safe": fix.safe, "edits": edits});
    }
    document
}

fn edit_document(edit: &EditView) -> Value {
    let mut document =
        json!({"file": edit.file, "span": [edit.span.0, edit.span.1], "text": edit.text});
    // Where a fresh permanent id goes into the text.
    if let Some(at) = edit.id_at {
        document["id_at"] = at.into();
    }
    document
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
