//! `assay attest`: what a run showed, signed.

use std::collections::BTreeSet;

use assay_app::App;
use assay_wire::{ApiError, Attest, AttestedContentView, ListEvidence};
use serde_json::json;

use super::review::{document, text};
use crate::arguments::AttestRun;
use crate::exit::Exit;
use crate::output::Output;

pub(crate) fn execute(app: &App, arguments: &AttestRun, output: &Output) -> Result<Exit, ApiError> {
    let (run, base) = (arguments.run.clone(), arguments.base.clone());
    let known = app.call(ListEvidence {})?;
    let known: BTreeSet<String> = known.into_iter().map(|line| line.evidence.statement).collect();
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
            let (statement, evidence) =
                (&content.evidence.statement, text::evidence(&content.evidence));
            let already = match known.contains(statement) {
                true => format!(" (signed already: {})", text::short(statement)),
                false => String::new(),
            };
            format!("  {}/{}{already}: {evidence}\n", content.prompt, content.variant)
        };
        let is_new = |content: &AttestedContentView| !known.contains(&content.evidence.statement);
        let heading = match attested.contents.iter().any(is_new) {
            true => "signed:",
            false => "nothing was signed, since it is signed already:",
        };
        let lines: String = attested.contents.iter().map(line).collect();
        format!("{heading}\n{lines}assay sync sends it")
    })?;
    Ok(Exit::Done)
}
