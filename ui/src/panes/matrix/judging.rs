//! Judges in the matrix: which scorers ask a model, which cells wait for them, and whom they asked.
//!
//! Pure. Judging begins when the answers are there, so a cell has its output, and the scores of its other scorers, for a
//! while before its judges have said anything. A judge's score that is absent while the run goes on is one to come,
//! unless the judge skips the cell: because of the case's tags, because the variant is its baseline, or because there is
//! no answer. Once the run has ended it is one that never came.

use assay_prompt::JUDGE_TYPES;
use assay_wire::{CellLine, CellState, ScoreView, SignatureView};

/// The type of a scorer of a prompt; empty where the run does not say.
pub fn kind<'s>(signatures: &'s [SignatureView], prompt: &str, scorer: &str) -> &'s str {
    let found = signatures.iter().find(|one| one.prompt == prompt && one.scorer == scorer);
    found.map_or("", |one| one.kind.as_str())
}

/// A scorer that asks a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Judge {
    /// Its place among the run's scorers.
    pub place: usize,
    /// Its id.
    pub scorer: String,
    tags: Vec<String>,
    baseline: Option<String>,
}

/// What a judge may look at.
#[derive(Debug, Clone, Copy)]
pub struct Looked<'a> {
    /// The cell's state.
    pub state: CellState,
    /// The tags of its case.
    pub tags: &'a [String],
    /// The variant that answered it.
    pub variant: &'a str,
}

/// A judge without a score.
#[derive(Debug, Clone, PartialEq)]
pub struct Silent {
    /// The judge's id.
    pub judge: String,
    /// Why it has none.
    pub silence: Silence,
}

/// Why a judge has said nothing of a cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Silence {
    /// Its score is still to come.
    ToCome,
    /// The run stopped before it was asked, or before it answered.
    Stopped,
    /// It skips the cell, for this reason.
    Skips(String),
}

/// The scorers of a prompt that ask a model.
pub fn judges(signatures: &[SignatureView], scorers: &[String], prompt: &str) -> Vec<Judge> {
    let judge = |(place, scorer): (usize, &String)| {
        let found = signatures.iter().find(|one| one.prompt == prompt && one.scorer == *scorer)?;
        JUDGE_TYPES.contains(&found.kind.as_str()).then(|| Judge {
            place,
            scorer: scorer.clone(),
            tags: found.tags.clone(),
            baseline: found.baseline.clone(),
        })
    };
    scorers.iter().enumerate().filter_map(judge).collect()
}

impl Judge {
    /// Why it says nothing of a cell, however long one waits; none where it judges.
    pub fn skips(&self, looked: Looked<'_>) -> Option<String> {
        if self.baseline.as_deref() == Some(looked.variant) {
            return Some("the baseline is not compared with itself".to_owned());
        }
        if !self.tags.is_empty() && !self.tags.iter().any(|tag| looked.tags.contains(tag)) {
            return Some(format!("it looks at cases tagged {} only", self.tags.join(", ")));
        }
        match looked.state {
            CellState::Failed | CellState::Cancelled => Some("there is no answer".to_owned()),
            CellState::Skipped => Some("the cell is another shard's".to_owned()),
            CellState::Queued | CellState::Running | CellState::Done => None,
        }
    }
}

/// Whether a cell of a run that goes on has an output that its judges have not come to.
pub fn awaits(cell: &CellLine, judges: &[Judge], tags: &[String], variant: &str) -> bool {
    let looked = Looked { state: cell.state, tags, variant };
    let is_to_come = |judge: &Judge| {
        let is_absent = cell.scores.get(judge.place).copied().flatten().is_none();
        is_absent && judge.skips(looked).is_none()
    };
    cell.state == CellState::Done && judges.iter().any(is_to_come)
}

/// The judges that have not said anything of a cell: those that skip it, those whose score is to come while the run goes
/// on, and those that it stopped before.
pub fn silent(
    judges: &[Judge],
    scores: &[ScoreView],
    looked: Looked<'_>,
    goes_on: bool,
) -> Vec<Silent> {
    let is_absent = |judge: &&Judge| scores.iter().all(|score| score.scorer != judge.scorer);
    let silent = |judge: &Judge| {
        let silence = match (judge.skips(looked), looked.state, goes_on) {
            (Some(why), ..) => Silence::Skips(why),
            (None, CellState::Done, true) => Silence::ToCome,
            (None, CellState::Done, false) => Silence::Stopped,
            (None, ..) => return None,
        };
        Some(Silent { judge: judge.scorer.clone(), silence })
    };
    judges.iter().filter(is_absent).filter_map(silent).collect()
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
            tags: Vec::new(),
            baseline: None,
        }
    }

    fn judge(place: usize) -> Judge {
        Judge { place, scorer: format!("j{place}"), tags: Vec::new(), baseline: None }
    }

    fn looked<'a>(state: CellState, tags: &'a [String], variant: &'a str) -> Looked<'a> {
        Looked { state, tags, variant }
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_judges_of_a_prompt_are_known_by_their_type() {
        let signatures = [signed("a", "equals"), signed("b", "g-eval"), signed("c", "pairwise")];
        let scorers = names(&["a", "b", "c", "d"]);
        let places = |prompt| {
            judges(&signatures, &scorers, prompt).iter().map(|j| j.place).collect::<Vec<_>>()
        };
        assert_eq!(places("p"), [1, 2]);
        assert_eq!(places("other"), [0; 0]);
    }

    #[test]
    fn a_cell_waits_for_its_judges_once_it_has_an_output_and_until_all_have_answered() {
        let score = Some(ScoreLine { value: Some(1.0), pass: Some(true) });
        let cell = |state, scores: &[Option<ScoreLine>]| CellLine {
            state,
            scores: scores.to_vec(),
            ..CellLine::queued(0, 0, 0)
        };
        let awaits = |cell: &CellLine, judges: &[Judge]| awaits(cell, judges, &[], "v");
        let one = [judge(1)];
        assert!(awaits(&cell(CellState::Done, &[score]), &one), "scores may end before it");
        assert!(awaits(&cell(CellState::Done, &[score, None, score]), &[judge(1), judge(2)]));
        assert!(!awaits(&cell(CellState::Done, &[None, score]), &one), "others are not waited for");
        assert!(!awaits(&cell(CellState::Running, &[]), &one), "there is nothing to judge yet");
        let failed = Some(ScoreLine { value: None, pass: None });
        assert!(
            !awaits(&cell(CellState::Done, &[None, failed]), &one),
            "a judge error is an answer"
        );
        assert!(!awaits(&cell(CellState::Done, &[]), &[]));
    }

    #[test]
    fn a_judge_that_skips_a_cell_is_not_waited_for_and_says_why() {
        let tagged = Judge { tags: names(&["hard"]), ..judge(0) };
        let pairs = Judge { baseline: Some("plain".to_owned()), ..judge(0) };
        let cell = CellLine { state: CellState::Done, ..CellLine::queued(0, 0, 0) };
        let (hard, easy) = (names(&["x", "hard"]), names(&["easy"]));
        assert!(awaits(&cell, std::slice::from_ref(&tagged), &hard, "v"));
        assert!(!awaits(&cell, std::slice::from_ref(&tagged), &easy, "v"));
        assert!(awaits(&cell, std::slice::from_ref(&pairs), &[], "warm"));
        assert!(!awaits(&cell, std::slice::from_ref(&pairs), &[], "plain"));
        let why = |judge: &Judge, state| judge.skips(looked(state, &easy, "plain"));
        assert!(why(&tagged, CellState::Done).is_some_and(|why| why.contains("hard")));
        assert!(why(&pairs, CellState::Done).is_some_and(|why| why.contains("baseline")));
        assert!(why(&judge(0), CellState::Failed).is_some_and(|why| why.contains("no answer")));
        assert_eq!(why(&judge(0), CellState::Done), None);
    }

    #[test]
    fn a_judge_is_silent_until_its_score_is_there() {
        let score = ScoreView {
            scorer: "j1".to_owned(),
            value: None,
            pass: None,
            reason: String::new(),
            signature: String::new(),
        };
        let (judges, scores) = ([judge(1), judge(2)], [score]);
        let silent = |state, goes_on| silent(&judges, &scores, looked(state, &[], "v"), goes_on);
        let second = |silence| [Silent { judge: "j2".to_owned(), silence }];
        assert_eq!(silent(CellState::Done, true), second(Silence::ToCome));
        assert_eq!(silent(CellState::Done, false), second(Silence::Stopped), "it never came");
        assert_eq!(silent(CellState::Running, true), [], "there is nothing to judge yet");
        let no_answer = Silence::Skips("there is no answer".to_owned());
        assert_eq!(silent(CellState::Failed, false), second(no_answer));
    }

    #[test]
    fn a_signature_says_whom_a_judge_asked_and_with_which_prompt() {
        let signature = "llm-rubric|prompt:1a2b3c|model:a/b+c/d|asks:x|counts:y|v:1";
        assert_eq!(asked(signature).as_deref(), Some("llm-rubric asked a/b, c/d, prompt 1a2b3c"));
        assert_eq!(asked("equals|path:$.model:x|v:1"), None);
        assert_eq!(asked(""), None);
    }
}
