//! Scorers that ask a model: whom they ask, and what they compare with. With which prompt shows only beside the rest of
//! the repository, see [`judge_prompts`].

use serde_json::Value;

use super::evals::in_evals;
use super::{MOST_FINDINGS, Subject};
use crate::closest::closest;
use crate::diagnostic::{Diagnostic, Report, name_list};
use crate::fix::{Edit, Fix};
use crate::{Files, Prompt, ScorerSpec, Span, codes};

/// The types of scorers that ask a model.
pub const JUDGE_TYPES: &[&str] = &[
    "llm-rubric",
    "g-eval",
    "factuality",
    "closed-qa",
    "pairwise",
    "faithfulness",
    "answer-relevance",
    "context-precision",
    "context-recall",
];

/// What can be said of one judge without the rest of the repository.
pub(super) fn check(subject: &Subject, index: usize, scorer: &ScorerSpec, report: &mut Report) {
    if !JUDGE_TYPES.contains(&scorer.kind.as_str()) {
        return;
    }
    model(subject, index, scorer, report);
    if scorer.kind == "pairwise" {
        baseline(subject, index, scorer, report);
    }
}

fn model(subject: &Subject, index: usize, scorer: &ScorerSpec, report: &mut Report) {
    let id = &scorer.id;
    let (key, message, hint) = match (says(scorer, "model"), says(scorer, "models")) {
        (false, false) => (
            "type",
            format!("the scorer `{id}` names no model to ask"),
            "add `model: provider/name`, or `models` for a panel",
        ),
        (true, true) => (
            "models",
            format!("the scorer `{id}` names both `model` and `models`"),
            "keep `model` for one judge, or `models` for a panel",
        ),
        _ => return,
    };
    let span = in_evals(subject, "scorers", index, key).unwrap_or(scorer.span);
    report.warning(codes::JUDGE_MODEL, span, message).hint(hint);
}

/// Whether a key of a judge says anything.
fn says(scorer: &ScorerSpec, key: &str) -> bool {
    match scorer.extra.get(key) {
        None | Some(Value::Null) => false,
        Some(Value::String(text)) => !text.trim().is_empty(),
        Some(Value::Array(items)) => !items.is_empty(),
        Some(_) => true,
    }
}

fn baseline(subject: &Subject, index: usize, scorer: &ScorerSpec, report: &mut Report) {
    let file = report.file;
    let variants = || subject.prompt.variants.iter().map(|variant| variant.id.as_str());
    let named = scorer.extra.get("baseline").and_then(Value::as_str).map(str::trim);
    let named = named.filter(|named| !named.is_empty());
    if named.is_some_and(|named| variants().any(|variant| variant == named)) {
        return;
    }
    let span = in_evals(subject, "scorers", index, "baseline");
    let message = match named {
        Some(named) => {
            format!(
                "the scorer `{}` compares with the variant `{named}`, which does not exist",
                scorer.id
            )
        }
        None => format!("the scorer `{}` compares with no variant", scorer.id),
    };
    let finding = report.warning(codes::UNKNOWN_BASELINE, span.unwrap_or(scorer.span), message);
    finding.hint(format!("`baseline` is one of the variants {}", name_list(variants())));
    let meant = named.and_then(|named| closest(named, variants()));
    if let Some((meant, span)) = meant.zip(span) {
        let edits = vec![Edit::replace(file, span, meant)];
        finding.fix(Fix::offered(format!("Change to `{meant}`"), edits));
    }
}

/// A prompt of the repository that a scorer asks with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgePrompt {
    /// The scorer's id.
    pub scorer: String,
    /// The prompt, by its folder or name.
    pub name: String,
    /// The file that names it, relative to the folder of the scorer's prompt.
    pub file: String,
    /// Where in that file.
    pub span: Span,
}

impl JudgePrompt {
    /// What is wrong when the repository has no such prompt.
    pub fn missing(&self) -> Diagnostic {
        let Self { scorer, name, file, span } = self;
        let message =
            format!("the scorer `{scorer}` asks with the prompt `{name}`, which does not exist");
        Diagnostic::error(codes::MISSING_JUDGE_PROMPT, file, *span, message)
            .with_hint("`assay judge add` copies a built-in judge prompt to `judges/`")
    }
}

/// The prompts of the repository that a prompt's scorers ask with. Whether they are there is for those to say who know
/// the repository.
pub fn judge_prompts(prompt: &Prompt, files: &Files) -> Vec<JudgePrompt> {
    let Some(file) = &prompt.evals.file else { return Vec::new() };
    let named = prompt.evals.scorers.iter().enumerate().filter_map(|(index, scorer)| {
        let judges = JUDGE_TYPES.contains(&scorer.kind.as_str());
        let name = scorer.extra.get("prompt").filter(|_| judges)?.as_str()?.trim();
        (!name.is_empty()).then_some((index, scorer, name))
    });
    let named: Vec<_> = named.take(MOST_FINDINGS).collect();
    if named.is_empty() {
        return Vec::new();
    }
    let subject = Subject::of(prompt, files);
    let wanted = named.into_iter().map(|(index, scorer, name)| JudgePrompt {
        scorer: scorer.id.clone(),
        name: name.to_owned(),
        file: file.clone(),
        span: in_evals(&subject, "scorers", index, "prompt").unwrap_or(scorer.span),
    });
    wanted.collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::parse_folder;

    const MANIFEST: &str = "format: assay/1\nid: 01J8ZZZZZZZZZZZZZZZZZZZZZZ\nvariants:\n  - {id: plain, file: plain.prompty}\n  - {id: warm, file: warm.prompty}\nevals: [evals.yaml]\n";

    /// A prompt of the variants `plain` and `warm` with one scorer.
    fn folder(scorer: &str) -> Files {
        let files = [
            ("prompt.yaml", MANIFEST.to_owned()),
            ("plain.prompty", "---\nname: a\n---\nuser:\nHello\n".to_owned()),
            ("warm.prompty", "---\nname: b\n---\nuser:\nHello there\n".to_owned()),
            ("evals.yaml", format!("scorers:\n  - {{id: s, {scorer}}}\n")),
        ];
        files.into_iter().map(|(name, text)| (name.to_owned(), text)).collect()
    }

    /// What is found in the evals file: code and marked text.
    fn found(scorer: &str) -> Vec<(&'static str, String)> {
        let files = folder(scorer);
        let prompt = parse_folder("p", &files);
        let found = prompt.diagnostics.iter().filter(|found| found.file == "evals.yaml");
        let text = |span: Span| files["evals.yaml"][span.start..span.end].to_owned();
        found.map(|found| (found.code, text(found.span))).collect()
    }

    #[test]
    fn a_judge_names_one_model_or_a_panel_and_not_both() {
        for fine in ["model: p/m", "models: [p/m, q/n]", "model: p/m, models: []"] {
            assert_eq!(found(&format!("type: factuality, {fine}")), [], "{fine}");
        }
        for none in ["weight: 1", "model: ''", "models: []"] {
            let marked = [(codes::JUDGE_MODEL, "closed-qa".to_owned())];
            assert_eq!(found(&format!("type: closed-qa, {none}")), marked, "{none}");
        }
        let both = found("type: g-eval, model: p/m, models: [q/n]");
        assert_eq!((both.len(), both[0].0), (1, codes::JUDGE_MODEL));
        assert_eq!(found("type: equals"), [], "an assertion asks nobody");
    }

    #[test]
    fn a_judge_of_pairs_compares_with_a_variant_that_there_is() {
        assert_eq!(found("type: pairwise, model: m, baseline: warm"), []);
        let gone = found("type: pairwise, model: m, baseline: warn");
        assert_eq!(gone, [(codes::UNKNOWN_BASELINE, "warn".to_owned())]);
        let none = found("type: pairwise, model: m");
        assert_eq!(none[0].0, codes::UNKNOWN_BASELINE);
        assert_eq!(found("type: llm-rubric, model: m, baseline: gone"), [], "it reads no baseline");
    }

    #[test]
    fn a_mistyped_variant_can_be_put_right() {
        let prompt = parse_folder("p", &folder("type: pairwise, model: m, baseline: warn"));
        let found = prompt.diagnostics.iter().filter(|found| found.code == codes::UNKNOWN_BASELINE);
        let fixes = found.filter_map(|found| found.fix.as_ref());
        let texts: Vec<&str> =
            fixes.flat_map(|fix| &fix.edits).map(|edit| edit.text.as_str()).collect();
        assert_eq!(texts, ["warm"]);
    }

    #[test]
    fn the_prompts_that_judges_ask_with_are_told_with_their_place() {
        let files = folder("type: llm-rubric, model: m, prompt: judges/strict");
        let asked = judge_prompts(&parse_folder("p", &files), &files);
        assert_eq!((asked.len(), asked[0].name.as_str()), (1, "judges/strict"));
        let span = asked[0].span;
        assert_eq!(&files["evals.yaml"][span.start..span.end], "judges/strict");
        assert_eq!(asked[0].missing().code, codes::MISSING_JUDGE_PROMPT);
        let files = folder("type: equals, prompt: judges/strict");
        assert_eq!(judge_prompts(&parse_folder("p", &files), &files), []);
    }
}
