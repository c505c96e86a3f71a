//! `assay consent`: programs among the scorers, and which of them may run on this computer.

use assay_app::App;
use assay_wire::{
    ApiError, ConsentView, ConsentsView, GiveConsent, ListConsents, ProgramView, TakeConsent,
};
use serde_json::{Value, json};

use crate::arguments::Consent;
use crate::exit::Exit;
use crate::output::Output;

/// What a consent means, before anybody gives one.
const MEANING: &str = "A program that is allowed can do on this computer whatever you can: read your files and reach \
    the network.\nRead it first; `assay consent give HASH` allows exactly this text, and `assay consent take HASH` \
    takes that back.";

/// What else is needed, where nobody trusts the repository.
const UNTRUSTED: &str = "This repository is not trusted, so none of them runs, allowed or not; `assay trust grant` \
    trusts it.";

pub(crate) fn execute(app: &App, consent: &Consent, output: &Output) -> Result<Exit, ApiError> {
    let consents = match consent {
        Consent::List(_) => app.call(ListConsents {})?,
        Consent::Give { hash, .. } => app.call(GiveConsent { hash: hash.clone() })?,
        Consent::Take { hash, .. } => app.call(TakeConsent { hash: hash.clone() })?,
    };
    output.show(&document(&consents), || text(&consents))?;
    Ok(Exit::Done)
}

fn document(view: &ConsentsView) -> Value {
    let program = |program: &ProgramView| {
        json!({
            "prompt": program.prompt, "scorer": program.scorer, "type": program.kind,
            "hash": program.hash, "allowed": program.allowed, "source": program.source,
        })
    };
    let consent = |consent: &ConsentView| {
        json!({
            "hash": consent.hash, "type": consent.kind, "repository": consent.workspace,
            "atMs": consent.at_ms,
        })
    };
    json!({
        "schema": "assay.consents/1",
        "trusted": view.trusted,
        "programs": view.programs.iter().map(program).collect::<Vec<_>>(),
        "others": view.others.iter().map(consent).collect::<Vec<_>>(),
    })
}

fn text(view: &ConsentsView) -> String {
    let mut text: String = view.programs.iter().map(program_text).collect();
    if view.programs.is_empty() {
        text.push_str("No scorer of this repository is a program.\n");
    } else if view.programs.iter().any(|program| !program.allowed) {
        text.push_str(MEANING);
        text.push('\n');
    }
    if !view.programs.is_empty() && !view.trusted {
        text.push_str(UNTRUSTED);
        text.push('\n');
    }
    if !view.others.is_empty() {
        text.push_str("\nAllowed, and in no scorer of this repository:\n");
    }
    for consent in &view.others {
        let ConsentView { hash, kind, workspace, .. } = consent;
        text.push_str(&format!("  {hash}  {kind}, given in {workspace}\n"));
    }
    text
}

/// The whole text stands there: it is what is allowed.
fn program_text(program: &ProgramView) -> String {
    let ProgramView { prompt, scorer, kind, hash, source, allowed } = program;
    let state = if *allowed { "allowed" } else { "not allowed" };
    let lines: String = source.lines().map(|line| format!("    | {line}\n")).collect();
    format!("{prompt}: {scorer} ({kind}), {state}\n  {hash}\n{lines}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(allowed: bool) -> ProgramView {
        ProgramView {
            prompt: "prompts/greet".to_owned(),
            scorer: "short".to_owned(),
            kind: "python".to_owned(),
            source: "n = len(output)\nreturn n < 9".to_owned(),
            hash: "ab12".to_owned(),
            allowed,
        }
    }

    #[test]
    fn a_program_is_shown_whole_and_what_a_consent_means_while_one_is_missing() {
        let view = |allowed| ConsentsView {
            programs: vec![program(allowed)],
            others: Vec::new(),
            trusted: true,
        };
        let asked = text(&view(false));
        let shown = "prompts/greet: short (python), not allowed\n  ab12\n    | n = len(output)\n    | return n < 9\n\n";
        assert_eq!(asked, format!("{shown}{MEANING}\n"));
        let untrusted = text(&ConsentsView { trusted: false, ..view(true) });
        assert!(untrusted.contains(UNTRUSTED), "{untrusted}");
        let given = text(&view(true));
        assert!(given.contains("short (python), allowed\n") && !given.contains(MEANING), "{given}");
    }
}
