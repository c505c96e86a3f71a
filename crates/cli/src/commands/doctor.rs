//! `assay doctor`: what is missing on this machine.

use assay_app::App;
use assay_wire::{ApiError, FindingView, Fitness, ReadMachine};
use serde_json::json;

use crate::exit::Exit;
use crate::output::Output;

pub(crate) fn execute(app: &App, output: &Output) -> Result<Exit, ApiError> {
    let findings = app.call(ReadMachine {})?.findings;
    let ok = findings.iter().all(|finding| finding.fitness != Fitness::Broken);
    let document = json!({"schema": "assay.doctor/1", "ok": ok, "findings": findings});
    output.show(&document, || findings.iter().map(line).collect::<Vec<_>>().join("\n"))?;
    Ok(if ok { Exit::Done } else { Exit::Failed })
}

fn line(finding: &FindingView) -> String {
    let FindingView { subject, fitness, message, hint } = finding;
    let word = match fitness {
        Fitness::Ok => "ok",
        Fitness::Missing => "missing",
        Fitness::Broken => "BROKEN",
    };
    let hint = hint.as_ref().map(|hint| format!("\n         {hint}")).unwrap_or_default();
    format!("{word:<8} {subject}: {message}{hint}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_a_line_and_its_hint_stands_below() {
        let found = FindingView {
            subject: "git".to_owned(),
            fitness: Fitness::Missing,
            message: "nobody is known to commit".to_owned(),
            hint: Some("set a name".to_owned()),
        };
        assert_eq!(line(&found), "missing  git: nobody is known to commit\n         set a name");
    }
}
