//! Judges in the matrix: which scorers ask a model, which cells wait for them, and whom they asked.
//!
//! Pure. Judging begins when the answers are there, so a cell has its output, and the scores of its other scorers, for a
//! while before its judges have said anything. A judge's score that is absent while the run goes on is one to come; once
//! the run has ended it is one that never came.

use assay_prompt::JUDGE_TYPES;
use assay_wire::{CellLine, CellState, ScoreView, SignatureView};

/// The type of a scorer of a prompt; empty where the run does not say.
pub fn kind<'s>(signatures: &'s [SignatureView], prompt: &str, scorer: &str) -> &'s str {
    let found = signatures.iter().find(|one| one.prompt == prompt && one.scorer == scorer);
    found.map_or("", |one| one.kind.as_str())
}

/// The scorers of a prompt that ask a model, by their place.
pub fn places(signatures: &[SignatureView], scorers: &[String], prompt: &str) -> Vec<usize> {
    let asks = |scorer: &str| JUDGE_TYPES.contains(&kind(signatures, prompt, scorer));
    (0..scorers.len()).filter(|place| asks(&scorers[*place])).collect()
}

/// Whether a cell of a run that goes on has an output that its judges have not come to.
pub fn awaits(cell: &CellLine, judges: &[usize]) -> bool {
    let is_absent = |place: &usize| cell.scores.get(*place).copied().flatten().is_none();
    cell.state == CellState::Done && judges.iter().any(is_absent)
}

/// The judges of those that have not said anything of a cell.
pub fn pending(judges: &[String], scores: &[ScoreView]) -> Vec<String> {
    let is_absent = |judge: &&String| scores.iter().all(|score| score.scorer != **judge);
    judges.iter().filter(is_absent).cloned().collect()
}

/// Whom a judge asked and with what, from its signature; nothing for a scorer that asks nobody.
pub fn asked(signature: &str) -> Option<String> {
    let mut parts = signature.split('|');
    let kind = parts.next().filter(|kind| JUDGE_TYPES.contains(kind))?;
    let part = |name: &str| {
        let of = |part: &&str| part.strip_prefix(name).is_some_and(|rest| rest.starts_with(':'));
        signature.split('|').find(of).map(|part| part[name.len() + 1..].replace('+', ", "))
    };
    let models = part("model")?;
    let prompt = part("prompt").map(|ids| format!(", prompt {ids}")).unwrap_or_default();
    Some(format!("{kind} asked {models}{prompt}"))
}

#[cfg(test)]
mod tests {
    use assay_wire::ScoreLine;

    use super::*;

    fn signed(scorer: &str, kind: &str) -> SignatureView {
        SignatureView {
            prompt: "p".to_owned(),
            scorer: scorer.to_owned(),
            kind: kind.to_owned(),
            signature: String::new(),
        }
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_judges_of_a_prompt_are_known_by_their_type() {
        let signatures = [signed("a", "equals"), signed("b", "g-eval"), signed("c", "pairwise")];
        let scorers = names(&["a", "b", "c", "d"]);
        assert_eq!(places(&signatures, &scorers, "p"), [1, 2]);
        assert_eq!(places(&signatures, &scorers, "other"), [0; 0]);
    }

    #[test]
    fn a_cell_waits_for_its_judges_once_it_has_an_output_and_until_all_have_answered() {
        let score = Some(ScoreLine { value: Some(1.0), pass: Some(true) });
        let cell = |state, scores: &[Option<ScoreLine>]| CellLine {
            state,
            scores: scores.to_vec(),
            ..CellLine::queued(0, 0, 0)
        };
        assert!(awaits(&cell(CellState::Done, &[score]), &[1]), "scores may end before it");
        assert!(awaits(&cell(CellState::Done, &[score, None, score]), &[1, 2]));
        assert!(!awaits(&cell(CellState::Done, &[None, score]), &[1]), "others are not waited for");
        assert!(!awaits(&cell(CellState::Running, &[]), &[1]), "there is nothing to judge yet");
        let failed = Some(ScoreLine { value: None, pass: None });
        assert!(
            !awaits(&cell(CellState::Done, &[None, failed]), &[1]),
            "a judge error is an answer"
        );
        assert!(!awaits(&cell(CellState::Done, &[]), &[]));
    }

    #[test]
    fn a_judge_is_pending_until_its_score_is_there() {
        let score = ScoreView {
            scorer: "b".to_owned(),
            value: None,
            pass: None,
            reason: String::new(),
            signature: String::new(),
        };
        assert_eq!(pending(&names(&["b", "c"]), &[score]), ["c"]);
    }

    #[test]
    fn a_signature_says_whom_a_judge_asked_and_with_which_prompt() {
        let signature = "llm-rubric|prompt:1a2b3c|model:a/b+c/d|asks:x|counts:y|v:1";
        assert_eq!(asked(signature).as_deref(), Some("llm-rubric asked a/b, c/d, prompt 1a2b3c"));
        assert_eq!(asked("equals|path:$.model:x|v:1"), None);
        assert_eq!(asked(""), None);
    }
}
