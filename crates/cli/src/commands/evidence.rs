//! `assay evidence`: what signed runs showed, also those of others.

use assay_app::App;
use assay_wire::{ApiError, EvidenceLine, ListEvidence};
use serde_json::json;

use super::review::{document, text};
use crate::arguments::Json;
use crate::exit::Exit;
use crate::output::Output;

pub(crate) fn execute(app: &App, _: &Json, output: &Output) -> Result<Exit, ApiError> {
    let lines = app.call(ListEvidence {})?;
    let line = |line: &EvidenceLine| {
        json!({
            "prompt": line.prompt,
            "variant": line.variant,
            "contentId": line.content,
            "current": line.current,
            "here": line.here,
            "evidence": document::evidence(&line.evidence),
        })
    };
    let document = json!({
        "schema": "assay.evidence/1",
        "evidence": lines.iter().map(line).collect::<Vec<_>>(),
    });
    output.show(&document, || match lines.as_slice() {
        [] => "no run was attested yet, or its statements are not here: assay sync".to_owned(),
        lines => lines.iter().map(text_of).collect(),
    })?;
    Ok(Exit::Done)
}

fn text_of(line: &EvidenceLine) -> String {
    let now = if line.current { "" } else { " (of other content than now)" };
    let evidence = &line.evidence;
    let outputs = match line.here {
        true => "its outputs are on this machine".to_owned(),
        false => format!("shared; its outputs are with {}", evidence.person),
    };
    let signed = jiff::Timestamp::from_second(evidence.time_s).map_or_else(
        |_| evidence.time_s.to_string(),
        |time| time.strftime("%F %R UTC").to_string(),
    );
    let cost = evidence.cost.map_or_else(String::new, |cost| format!("${cost:.4} · "));
    format!(
        "{}/{}{now}: {}\n    {signed} · {} · {cost}{}\n    {outputs}; root {}\n",
        line.prompt,
        line.variant,
        text::evidence(evidence),
        evidence.models.join(", "),
        evidence.tool,
        evidence.outputs,
    )
}
