//! `assay attest`: what a run showed, signed.

use assay_app::App;
use assay_wire::{ApiError, Attest, AttestedContentView};
use serde_json::json;

use super::review::{document, text};
use crate::arguments::AttestRun;
use crate::exit::Exit;
use crate::output::Output;

pub(crate) fn execute(app: &App, arguments: &AttestRun, output: &Output) -> Result<Exit, ApiError> {
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
