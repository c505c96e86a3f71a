//! `assay attest`: what a run showed, signed; and what signed runs showed.

use assay_app::App;
use assay_wire::{ApiError, Attest, AttestedContentView, EvidenceLine, ListEvidence};
use serde_json::json;

use super::review::{document, text};
use crate::arguments::AttestRun;
use crate::exit::Exit;
use crate::output::Output;

pub(crate) fn execute(app: &App, arguments: &AttestRun, output: &Output) -> Result<Exit, ApiError> {
    if arguments.list {
        return list(&app.call(ListEvidence {})?, output);
    }
    let (run, base) = (arguments.run.clone(), arguments.base.clone());
    let attested = app.call(Attest { run, base })?;
    let content = |content: &AttestedContentView| {
        json!({
            "prompt": content.prompt,
            "variant": content.variant,
            "contentId": content.content,
            "evidence": document::evidence(&content.evidence),
        })
    };
    let document = json!({
        "schema": "assay.attest/1",
        "run": attested.run,
        "contents": attested.contents.iter().map(content).collect::<Vec<_>>(),
    });
    output.show(&document, || {
        let line = |content: &AttestedContentView| {
            let evidence = text::evidence(&content.evidence);
            format!("{}/{}: {evidence}\n", content.prompt, content.variant)
        };
        let lines: String = attested.contents.iter().map(line).collect();
        format!("signed:\n{lines}assay sync sends it")
    })?;
    Ok(Exit::Done)
}

fn list(lines: &[EvidenceLine], output: &Output) -> Result<Exit, ApiError> {
    let line = |line: &EvidenceLine| {
        json!({
            "prompt": line.prompt,
            "variant": line.variant,
            "contentId": line.content,
            "current": line.current,
            "evidence": document::evidence(&line.evidence),
        })
    };
    let document = json!({
        "schema": "assay.evidence/1",
        "evidence": lines.iter().map(line).collect::<Vec<_>>(),
    });
    output.show(&document, || match lines {
        [] => "no run was attested yet, or its statements are not here: assay sync".to_owned(),
        lines => lines.iter().map(text_of).collect(),
    })?;
    Ok(Exit::Done)
}

fn text_of(line: &EvidenceLine) -> String {
    let now = if line.current { "" } else { " (of other content than now)" };
    format!("{}/{}{now}: {}\n", line.prompt, line.variant, text::evidence(&line.evidence))
}
